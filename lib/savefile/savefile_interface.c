/* SPDX-License-Identifier: BSD-3-Clause */
#include "savefile_priv.h"

#include <pal_err.h>
#include <pal_time.h>

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 savefile_u128;
__extension__ typedef __int128 savefile_i128;

uint16_t pal_savefile_linktype(uint16_t number)
{
	// What systems wrote before link types had numbers of their own: their DLT_ values.
	switch (number) {
	case 11: // DLT_ATM_RFC1483
		return 100;
	case 12: // DLT_RAW
	case 14: // DLT_RAW of OpenBSD
		return 101;
	case 19: // DLT_CIP of Linux
		return 106;
	default:
		return number;
	}
}

struct pal_savefile_interface *savefile_interface_add(struct pal_savefile_reader *r)
{
	struct pal_savefile_interface *iface;

	if (r->nb_interfaces == r->max_interfaces) {
		uint32_t max = r->max_interfaces == 0 ? 4 : 2 * r->max_interfaces;

		iface = realloc(r->interfaces, max * sizeof(*iface));
		if (iface == NULL)
			return NULL;
		r->interfaces = iface;
		r->max_interfaces = max;
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
	sum = (savefile_i128)(((savefile_u128)ticks * iface->mul >> iface->shift) / iface->div);
	sum += (savefile_i128)iface->tsoffset_s * (int64_t)PAL_NS_PER_S;
	if (sum >= 0 && sum <= UINT64_MAX)
		return (uint64_t)sum;
	*ret_saturated = true;
	return sum < 0 ? 0 : UINT64_MAX;
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
