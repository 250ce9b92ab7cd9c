/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other byte order for what pcapng gives a form, draft-ietf-opsawg-pcapng: needed only where a block or an
 * option goes into a section that has not its own.
 */
#include "savefile_pcapng.h"
#include "savefile_writer_priv.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

#define VERDICT_EBPF_TC 1
#define VERDICT_EBPF_XDP 2

static void swap(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t byte = p[i];

		p[i] = p[len - 1 - i];
		p[len - 1 - i] = byte;
	}
}

// Numbers of `width` bytes at the start of an option's value; 0: text or bytes.
static const struct {
	uint8_t kind, width, count; // enum pal_savefile_block_kind
	uint16_t code;
} forms[] = {
	{PAL_SAVEFILE_BLOCK_EPB, 4, 1, 2}, // epb_flags
	{PAL_SAVEFILE_BLOCK_EPB, 8, 1, 4}, // epb_dropcount
	{PAL_SAVEFILE_BLOCK_EPB, 8, 1, 5}, // epb_packetid
	{PAL_SAVEFILE_BLOCK_EPB, 4, 1, 6}, // epb_queue
	{PAL_SAVEFILE_BLOCK_EPB, 4, 2, 8}, // epb_processid_threadid
	{PAL_SAVEFILE_BLOCK_IDB, 8, 1, 8}, // if_speed
	{PAL_SAVEFILE_BLOCK_IDB, 4, 1, 10}, // if_tzone
	{PAL_SAVEFILE_BLOCK_IDB, 8, 1, 14}, // if_tsoffset
	{PAL_SAVEFILE_BLOCK_IDB, 8, 1, 16}, // if_txspeed
	{PAL_SAVEFILE_BLOCK_IDB, 8, 1, 17}, // if_rxspeed
	{PAL_SAVEFILE_BLOCK_ISB,
	 4,
	 2,
	 2}, // isb_starttime: a word of the upper bits, one of the lower
	{PAL_SAVEFILE_BLOCK_ISB, 4, 2, 3}, // isb_endtime
	{PAL_SAVEFILE_BLOCK_ISB, 8, 1, 4}, // isb_ifrecv
	{PAL_SAVEFILE_BLOCK_ISB, 8, 1, 5}, // isb_ifdrop
	{PAL_SAVEFILE_BLOCK_ISB, 8, 1, 6}, // isb_filteraccept
	{PAL_SAVEFILE_BLOCK_ISB, 8, 1, 7}, // isb_osdrop
	{PAL_SAVEFILE_BLOCK_ISB, 8, 1, 8}, // isb_usrdeliv
};

// Section 3.5.1: custom options begin with the number of an enterprise.
static bool is_custom(uint16_t code)
{
	return code == 2988 || code == 2989 || code == 19372 || code == 19373;
}

// Section 4.3.1: a byte of kind, then a number for those of eBPF.
static bool is_ebpf_verdict(const uint8_t *value, uint16_t len)
{
	return len == 9 && (value[0] == VERDICT_EBPF_TC || value[0] == VERDICT_EBPF_XDP);
}

void savefile_swap_value(
	uint8_t *value,
	uint16_t len,
	enum pal_savefile_block_kind kind,
	uint16_t code
)
{
	if (is_custom(code) && len >= 4)
		swap(value, 4);
	if (kind == PAL_SAVEFILE_BLOCK_EPB && code == SAVEFILE_OPT_EPB_VERDICT &&
	    is_ebpf_verdict(value, len))
		swap(value + 1, 8);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].kind != kind || forms[i].code != code ||
		    len != forms[i].width * forms[i].count)
			continue;
		for (uint8_t n = 0; n < forms[i].count; n++)
			swap(value + n * forms[i].width, forms[i].width);
	}
}

void savefile_swap_options(
	uint8_t *options,
	size_t len,
	enum pal_savefile_block_kind kind,
	bool from_big_endian
)
{
	struct pal_savefile_options it = pal_savefile_options_of(options, len, from_big_endian);
	struct pal_savefile_option opt;
	const uint8_t *head = options;

	if (len == 0)
		return;
	while (pal_savefile_option_next(&it, &opt)) {
		uint8_t *p = options + (head - options);

		savefile_swap_value(p + 4, opt.len, kind, opt.code);
		swap(p, 2);
		swap(p + 2, 2);
		head = it.cur.pos;
	}
	// The end, or an option that is cut off.
	if ((size_t)(options + len - head) >= 4) {
		swap(options + (head - options), 2);
		swap(options + (head - options) + 2, 2);
	}
}

// Section 4.5: records like options, but their end has to be there, and their values are addresses and names.
static size_t swap_names(uint8_t *body, size_t len, bool from_big_endian)
{
	size_t at = 0;

	while (len - at >= 4) {
		uint16_t code = savefile_load16(body + at, from_big_endian);
		size_t value_len = savefile_load16(body + at + 2, from_big_endian);

		swap(body + at, 2);
		swap(body + at + 2, 2);
		at += 4;
		if (code == 0)
			break;
		value_len = (value_len + 3) & ~(size_t)3;
		at += value_len < len - at ? value_len : len - at;
	}
	return at;
}

// Swap what comes before the options: how long that is, or -1 where the form is not known.
static int64_t
swap_fixed(enum pal_savefile_block_kind kind, uint8_t *body, size_t len, bool from_big_endian)
{
	size_t secrets;

	switch (kind) {
	case PAL_SAVEFILE_BLOCK_IDB:
		if (len < SAVEFILE_IDB_FIXED_LEN)
			return -1;
		swap(body, 2);
		swap(body + 2, 2);
		swap(body + 4, 4);
		return SAVEFILE_IDB_FIXED_LEN;
	case PAL_SAVEFILE_BLOCK_NRB:
		return (int64_t)swap_names(body, len, from_big_endian);
	case PAL_SAVEFILE_BLOCK_ISB:
		if (len < 12)
			return -1;
		for (size_t at = 0; at < 12; at += 4)
			swap(body + at, 4);
		return 12;
	case PAL_SAVEFILE_BLOCK_DSB:
		if (len < 8)
			return -1;
		secrets = savefile_load32(body + 4, from_big_endian);
		swap(body, 4);
		swap(body + 4, 4);
		secrets = (secrets + 3) & ~(size_t)3;
		return (int64_t)(secrets < len - 8 ? 8 + secrets : len);
	case PAL_SAVEFILE_BLOCK_SJE:
		return (int64_t)len;
	default:
		return -1;
	}
}

bool savefile_swap_block(uint8_t *raw, const struct pal_savefile_block *block)
{
	uint8_t *body = raw + 8;
	int64_t fixed = swap_fixed(block->kind, body, block->body_len, block->big_endian);

	if (fixed < 0)
		return false;
	swap(raw, 4);
	swap(raw + 4, 4);
	swap(body + block->body_len, 4);
	savefile_swap_options(
		body + fixed, block->body_len - (size_t)fixed, block->kind, block->big_endian
	);
	return true;
}
