/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_DEFRAG_FRAG_H
#define PAL_TEST_DEFRAG_FRAG_H

/** @file Fragments from a description of them, decoded. For the tests of lib/defrag and its fuzz target. */

#include <pal_decode.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Like assert(), and there in release builds, too. */
#define frag_must(cond)                                                                            \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/** One fragment. Zero means usual. */
struct frag_spec {
	bool v6;
	uint8_t src, dst; /**< Last byte of 10.0.0.0 or 2001:db8::. */
	uint32_t id;
	uint8_t proto; /**< 0: UDP. */
	uint8_t hdr_extra; /**< Bytes of options (multiple of 4) or extension header (multiple of 8). */
	bool more;
	uint16_t off; /**< Bytes, a multiple of 8. */
	const uint8_t *data;
	uint32_t len; /**< Bytes of payload on the wire ... */
	uint32_t cut; /**< ... of which so many were not captured. */
	uint64_t time_ns;
	uint64_t number;
};

#define FRAG_ROOM (60 + 40 + 256 + 65535)

static inline void frag_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void frag_put32(uint8_t *p, uint32_t v)
{
	frag_put16(p, v >> 16);
	frag_put16(p + 2, v);
}

static inline uint32_t frag_hdr4(const struct frag_spec *f, uint8_t *p)
{
	uint32_t len = 20 + f->hdr_extra;

	memset(p, 0, len);
	p[0] = (uint8_t)(0x40 | len / 4);
	frag_put16(p + 2, len + f->len);
	frag_put16(p + 4, f->id);
	frag_put16(p + 6, (f->more ? 0x2000u : 0) | f->off / 8);
	p[8] = 64;
	p[9] = f->proto ? f->proto : IPPROTO_UDP;
	memcpy(p + 12, (const uint8_t[]){10, 0, 0, f->src, 10, 0, 0, f->dst}, 8);
	memset(p + 20, 1, f->hdr_extra); // No Operation
	return len;
}

static inline uint32_t frag_hdr6(const struct frag_spec *f, uint8_t *p)
{
	uint32_t len = 40;

	memset(p, 0, 48 + f->hdr_extra);
	p[0] = 0x60;
	frag_put16(p + 4, f->hdr_extra + 8 + f->len);
	p[6] = IPPROTO_FRAGMENT;
	p[7] = 64;
	frag_put32(p + 8, 0x20010db8);
	frag_put32(p + 24, 0x20010db8);
	p[23] = f->src;
	p[39] = f->dst;
	if (f->hdr_extra != 0) {
		p[6] = IPPROTO_DSTOPTS;
		p[40] = IPPROTO_FRAGMENT;
		p[41] = (uint8_t)(f->hdr_extra / 8 - 1);
		len += f->hdr_extra;
	}
	p[len] = f->proto ? f->proto : IPPROTO_UDP;
	frag_put16(p + len + 2, f->off | (f->more ? 1u : 0));
	frag_put32(p + len + 4, f->id);
	return len + 8;
}

/**
 * Build and decode.
 *
 * @return
 *   The packet. Its data is of the exact size captured, to be freed by the caller.
 */
static inline struct pal_pkt frag_build(const struct frag_spec *f)
{
	struct pal_decode_stats stats = {0};
	struct pal_pkt pkt = {
		.time_ns = f->time_ns,
		.number = f->number,
		.linktype = 101, // LINKTYPE_RAW
	};
	uint8_t hdr[40 + 8 + 256];
	uint32_t hdr_len = f->v6 ? frag_hdr6(f, hdr) : frag_hdr4(f, hdr);
	uint8_t *bytes;

	frag_must(f->cut <= f->len && hdr_len + f->len <= UINT16_MAX + 40u);
	pkt.wire_len = hdr_len + f->len;
	pkt.cap_len = pkt.wire_len - f->cut;
	bytes = malloc(pkt.cap_len);
	frag_must(bytes != NULL);
	memcpy(bytes, hdr, hdr_len);
	if (f->len != f->cut)
		memcpy(bytes + hdr_len, f->data, f->len - f->cut);
	pkt.data = bytes;
	pal_decode(&pkt, &stats);
	frag_must(pkt.drop == PAL_DROP_NONE && pkt.flags & PAL_PKT_FRAGMENT);
	return pkt;
}

#endif
