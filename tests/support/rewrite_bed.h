/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_REWRITE_BED_H
#define PAL_TEST_REWRITE_BED_H

/** @file What the tests of pcap-rewrite have in common: packets through filters. */

#include "check.h"
#include "pktbuild.h"
#include "scratch.h"
#include "select.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/** Packets of a test, numbered from 1 and a second apart. */
struct bed {
	struct pktbuild *built[64];
	uint64_t time_ns[64];
	unsigned int nb;
	struct rw_select sel;
};

static inline void bed_add(struct bed *bed, struct pktbuild *pb)
{
	bed->built[bed->nb] = pb;
	bed->time_ns[bed->nb] = (1000 + (uint64_t)bed->nb) * 1000000000;
	bed->nb++;
}

static inline struct pktbuild *
bed_tcp4(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, src, dst, IPPROTO_TCP);
	pktbuild_tcp(pb, sport, dport, 0x10, 1, 1);
	pktbuild_text(pb, "payload");
	return pb;
}

static inline struct pktbuild *
bed_udp6(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv6(pb, src, dst, IPPROTO_UDP);
	pktbuild_udp(pb, sport, dport);
	pktbuild_text(pb, "payload");
	return pb;
}

/** One of two fragments of UDP over IPv4: the first has the ports. */
static inline struct pktbuild *
bed_frag4(const char *src, const char *dst, uint16_t id, bool first, uint16_t sport, uint16_t dport)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, src, dst, IPPROTO_UDP);
	pktbuild_ipv4_fragment(pb, id, first ? 0 : 16, first);
	if (first)
		pktbuild_udp(pb, sport, dport);
	pktbuild_text(pb, "16 bytes or less");
	return pb;
}

static inline struct pktbuild *bed_arp(void)
{
	static const uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1};
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ethertype(pb, 0x0806);
	pktbuild_payload(pb, arp, sizeof(arp));
	return pb;
}

static inline void bed_packet(const struct bed *bed, unsigned int i, struct rw_packet *p)
{
	size_t len;
	struct pal_savefile_rec rec = {
		.data = pktbuild_bytes(bed->built[i], &len),
		.linktype = pktbuild_linktype(bed->built[i]),
		.time_ns = bed->time_ns[i],
	};

	rec.cap_len = (uint32_t)len;
	rec.wire_len = (uint32_t)len;
	rw_packet_fill(p, &rec, i + 1);
}

static inline void bed_look(struct bed *bed)
{
	struct rw_packet p;

	for (unsigned int i = 0; i < bed->nb; i++) {
		bed_packet(bed, i, &p);
		assert_int_equal(rw_select_look(&bed->sel, &p), 0);
	}
	rw_select_looked(&bed->sel);
}

/** Through these filters, which may be NULL at the end: `k` for a packet that is kept, `.` for one that is not. */
static inline const char *bed_run(struct bed *bed, const char *spec1, const char *spec2)
{
	static char text[65];
	struct rw_packet p;

	bed->sel = (struct rw_select){0};
	assert_int_equal(rw_filters_add(&bed->sel.filters, spec1), 0);
	if (spec2 != NULL)
		assert_int_equal(rw_filters_add(&bed->sel.filters, spec2), 0);
	assert_int_equal(rw_select_start(&bed->sel), 0);
	if (bed->sel.filters.wants & RW_WANT_LOOK)
		bed_look(bed);
	for (unsigned int i = 0; i < bed->nb; i++) {
		enum rw_verdict verdict;

		bed_packet(bed, i, &p);
		verdict = rw_select(&bed->sel, &p);
		if (verdict == RW_LOOK_AHEAD) {
			bed_look(bed);
			bed_packet(bed, i, &p);
			verdict = rw_select(&bed->sel, &p);
		}
		assert_int_not_equal(verdict, RW_LOOK_AHEAD);
		text[i] = verdict == RW_KEEP ? 'k' : '.';
	}
	text[bed->nb] = '\0';
	rw_select_fini(&bed->sel);
	return text;
}

static inline void bed_clear(struct bed *bed)
{
	for (unsigned int i = 0; i < bed->nb; i++)
		pktbuild_free(bed->built[i]);
	*bed = (struct bed){0};
}

#define bed_assert(bed, spec, want) assert_string_equal(bed_run(bed, spec, NULL), want)

/** A file with this text in the scratch folder; a filter that names it. */
static inline const char *bed_keyfile(const char *head, const char *text)
{
	static char spec[256];
	static int nb;
	char name[16];
	FILE *f;

	snprintf(name, sizeof(name), "keys%d", nb++);
	f = fopen(scratch_path(name), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	snprintf(spec, sizeof(spec), "%s%s", head, scratch_path(name));
	return spec;
}

#endif
