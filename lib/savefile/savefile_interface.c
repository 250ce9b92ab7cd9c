/* SPDX-License-Identifier: BSD-3-Clause */
#include "savefile_priv.h"

#include <pal_err.h>
#include <pal_time.h>

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 savefile_u128;
__extension__ typedef __int128 savefile_i128;

struct pal_savefile_interface *savefile_interface_add(struct pal_savefile_reader *r)
{
	struct pal_savefile_interface *iface;

	if (r->nb_interfaces == r->room_interfaces) {
		uint32_t room = r->room_interfaces == 0 ? 4 : 2 * r->room_interfaces;

		iface = room == 0 ? NULL : realloc(r->interfaces, room * sizeof(*iface));
		if (iface == NULL)
			return NULL;
		r->interfaces = iface;
		r->room_interfaces = room;
	}
	iface = &r->interfaces[r->nb_interfaces++];
	memset(iface, 0, sizeof(*iface));
	return iface;
}

void savefile_interfaces_clear(struct pal_savefile_reader *r)
{
	for (uint32_t i = 0; i < r->nb_interfaces; i++)
		free((uint8_t *)(uintptr_t)r->interfaces[i].options);
	r->nb_interfaces = 0;
	r->options_kept = 0;
}

// if_fcslen is in bits, but the draft's own example is 4 and writers followed that: no FCS has 4 bits.
static uint8_t fcs_bytes(uint8_t fcslen)
{
	return fcslen < 8 ? fcslen : fcslen / 8;
}

void savefile_interface_option(
	struct pal_savefile_interface *iface,
	const struct pal_savefile_option *opt,
	bool big_endian
)
{
	switch (opt->code) {
	case SAVEFILE_OPT_IF_TSRESOL:
		if (opt->len >= 1)
			savefile_interface_set_tsresol(iface, opt->value[0]);
		break;
	case SAVEFILE_OPT_IF_FCSLEN:
		if (opt->len >= 1)
			iface->fcs_len = fcs_bytes(opt->value[0]);
		break;
	case SAVEFILE_OPT_IF_TSOFFSET:
		if (opt->len >= 8)
			iface->tsoffset_s = (int64_t)savefile_load64(opt->value, big_endian);
		break;
	default:
		break;
	}
}

void savefile_interface_parse(
	struct pal_savefile_interface *iface,
	struct pal_cursor body,
	bool big_endian
)
{
	const uint8_t *p = pal_cursor_take(&body, SAVEFILE_IDB_FIXED_LEN);
	struct pal_savefile_options it = {.cur = body, .big_endian = big_endian};
	struct pal_savefile_option opt;

	iface->linktype = pal_savefile_linktype(savefile_load16(p, big_endian));
	iface->snaplen = savefile_load32(p + 4, big_endian);
	savefile_interface_set_tsresol(iface, 6);
	while (pal_savefile_option_next(&it, &opt))
		savefile_interface_option(iface, &opt, big_endian);
}

static uint64_t pow10_u64(unsigned int exponent)
{
	uint64_t v = 1;

	while (exponent-- > 0)
		v *= 10;
	return v;
}

void savefile_interface_set_tsresol(struct pal_savefile_interface *iface, uint8_t tsresol)
{
	unsigned int exponent = tsresol & 0x7f;

	iface->tsresol = tsresol;
	iface->mul = 1;
	iface->div = 1;
	iface->shift = 0;
	if ((tsresol & 0x80) != 0) {
		iface->mul = PAL_NS_PER_S;
		iface->shift = (uint8_t)exponent;
	} else if (exponent <= 9) {
		iface->mul = pow10_u64(9 - exponent);
	} else if (exponent - 9 <= 19) {
		iface->div = pow10_u64(exponent - 9);
	} else {
		// 2^64 ticks are less than a nanosecond.
		iface->mul = 0;
	}
}

// What a tick is in ns, which may be before 1970 or after 2554.
static savefile_i128 tick_ns(const struct pal_savefile_interface *iface, uint64_t ticks)
{
	savefile_u128 ns = ((savefile_u128)ticks * iface->mul >> iface->shift) / iface->div;

	return (savefile_i128)ns + (savefile_i128)iface->tsoffset_s * (int64_t)PAL_NS_PER_S;
}

uint64_t savefile_interface_time_ns(
	const struct pal_savefile_interface *iface,
	uint64_t ticks,
	bool *ret_saturated
)
{
	uint64_t ns;
	savefile_i128 sum;

	if (iface->div == 1 && iface->shift == 0 && iface->tsoffset_s == 0 &&
	    !__builtin_mul_overflow(ticks, iface->mul, &ns))
		return ns;
	sum = tick_ns(iface, ticks);
	if (sum >= 0 && sum <= UINT64_MAX)
		return (uint64_t)sum;
	*ret_saturated = true;
	return sum < 0 ? 0 : UINT64_MAX;
}

void pal_savefile_time(
	const struct pal_savefile_interface *iface,
	uint64_t ticks,
	int64_t *ret_s,
	uint32_t *ret_ns
)
{
	savefile_i128 ns = tick_ns(iface, ticks);
	savefile_i128 fraction = ns % (int64_t)PAL_NS_PER_S;
	savefile_i128 seconds;

	if (fraction < 0)
		fraction += (int64_t)PAL_NS_PER_S;
	seconds = (ns - fraction) / (int64_t)PAL_NS_PER_S;
	*ret_s = seconds > INT64_MAX   ? INT64_MAX
		 : seconds < INT64_MIN ? INT64_MIN
				       : (int64_t)seconds;
	*ret_ns = (uint32_t)fraction;
}

bool savefile_interface_is_exact(const struct pal_savefile_interface *iface, uint64_t ticks)
{
	savefile_u128 scaled = (savefile_u128)ticks * iface->mul;

	if (iface->mul == 0)
		return ticks == 0;
	return scaled >> iface->shift << iface->shift == scaled &&
	       (scaled >> iface->shift) % iface->div == 0;
}

uint64_t savefile_interface_ticks(const struct pal_savefile_interface *iface, uint64_t time_ns)
{
	savefile_i128 ns =
		(savefile_i128)time_ns - (savefile_i128)iface->tsoffset_s * (int64_t)PAL_NS_PER_S;
	savefile_u128 ticks;
	bool saturated;

	// More than 10^28 ticks a second: 2^64 of them are less than a nanosecond.
	if (ns <= 0 || iface->mul == 0)
		return ns <= 0 ? 0 : UINT64_MAX;
	if (ns > UINT64_MAX)
		ns = UINT64_MAX;
	if (iface->shift > 64)
		return UINT64_MAX;
	if (iface->shift == 64) // ns * 2^64 / 10^9
		return ns >= (savefile_i128)PAL_NS_PER_S
			       ? UINT64_MAX
			       : (uint64_t)(((savefile_u128)ns << 64) / iface->mul);
	ticks = ((savefile_u128)ns << iface->shift) / iface->mul;
	if (iface->div != 1)
		ticks = (savefile_u128)ns * iface->div;
	if (ticks > UINT64_MAX)
		return UINT64_MAX;
	// Of a unit that does not divide a nanosecond the next tick may be the one that reads as this time.
	if (ticks < UINT64_MAX &&
	    savefile_interface_time_ns(iface, (uint64_t)ticks + 1, &saturated) <= time_ns)
		ticks++;
	return (uint64_t)ticks;
}

const struct pal_savefile_interface *
pal_savefile_interface(const struct pal_savefile_reader *r, uint32_t index)
{
	return index < r->nb_interfaces ? &r->interfaces[index] : NULL;
}

uint32_t pal_savefile_nb_interfaces(const struct pal_savefile_reader *r)
{
	return r->nb_interfaces;
}
