/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_pcapng.h"

#include <string.h>

#define BLOCK_SHB 0x0a0d0d0a
#define BLOCK_IDB 1
#define BLOCK_EPB 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define OPTION_IF_TSRESOL 9

static uint8_t *put16(uint8_t *dst, uint16_t v)
{
	memcpy(dst, &v, sizeof(v)); // the section header says that we are little endian
	return dst + sizeof(v);
}

static uint8_t *put32(uint8_t *dst, uint32_t v)
{
	memcpy(dst, &v, sizeof(v));
	return dst + sizeof(v);
}

void pal_pcapng_put_shb(uint8_t *dst)
{
	dst = put32(dst, BLOCK_SHB);
	dst = put32(dst, PAL_PCAPNG_SHB_LEN);
	dst = put32(dst, BYTE_ORDER_MAGIC);
	dst = put16(dst, 1);
	dst = put16(dst, 0);
	memset(dst, 0xff, 8); // length of the section: not known
	put32(dst + 8, PAL_PCAPNG_SHB_LEN);
}

void pal_pcapng_put_idb(uint8_t *dst, uint16_t linktype, uint32_t snaplen)
{
	static const uint8_t tsresol[4] = {9, 0, 0, 0}; // 10^-9, padded

	dst = put32(dst, BLOCK_IDB);
	dst = put32(dst, PAL_PCAPNG_IDB_LEN);
	dst = put16(dst, linktype);
	dst = put16(dst, 0);
	dst = put32(dst, snaplen);
	dst = put16(dst, OPTION_IF_TSRESOL);
	dst = put16(dst, 1);
	memcpy(dst, tsresol, sizeof(tsresol));
	dst = put32(dst + sizeof(tsresol), 0); // end of options
	put32(dst, PAL_PCAPNG_IDB_LEN);
}

void pal_pcapng_put_epb_head(
	uint8_t *dst,
	uint32_t interface,
	uint64_t time_ns,
	uint32_t cap_len,
	uint32_t wire_len
)
{
	dst = put32(dst, BLOCK_EPB);
	dst = put32(dst, (uint32_t)PAL_PCAPNG_EPB_LEN(cap_len));
	dst = put32(dst, interface);
	dst = put32(dst, (uint32_t)(time_ns >> 32));
	dst = put32(dst, (uint32_t)time_ns);
	dst = put32(dst, cap_len);
	put32(dst, wire_len);
}

void pal_pcapng_put_epb_tail(uint8_t *dst, uint32_t cap_len)
{
	size_t padding = -(size_t)cap_len & 3;

	memset(dst, 0, padding);
	put32(dst + padding, (uint32_t)PAL_PCAPNG_EPB_LEN(cap_len));
}
