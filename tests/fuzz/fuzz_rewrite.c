/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: link type (2 bytes, big endian), bytes cut off by the capture (1 byte), what to do (1 byte), frame. Whatever the
 * frame is, what comes out is consistent; a datagram that is alone is one, and has a right checksum if it had.
 */
#include "anonymise.h"
#include "convert.h"
#include "frags.h"
#include "link.h"

#include <pal_checksum.h>
#include <pal_cursor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(cond) ((cond) ? (void)0 : fail(__LINE__, #cond))

static void fail(int line, const char *cond)
{
	fprintf(stderr, "fuzz_rewrite.c:%d: %s does not hold\n", line, cond);
	abort();
}

static struct pal_decode_stats stats;

static struct rw_convert_conf conf_of(uint8_t what)
{
	struct rw_convert_conf conf = {
		.decap = (what & 1) != 0,
		.linktype = (what & 2) == 0   ? 0
			    : (what & 4) == 0 ? RW_LINKTYPE_RAW
					      : RW_LINKTYPE_ETHERNET,
		.strip_vlans = (what & 8) != 0,
		.strip_payload = (what & 16) != 0,
		.snaplen = (what & 64) != 0 ? 60 : 0,
		.shift_ns = (what & 128) != 0 ? -1 : 0,
	};
	static const uint8_t key[RW_CRYPTOPAN_KEY_LEN] = {1};
	static struct rw_cryptopan *pan;

	if (pan == NULL)
		pan = rw_cryptopan_create(key);
	must(pan != NULL);
	if ((what & 32) != 0)
		conf.cryptopan = pan;
	return conf;
}

static struct pal_pkt decode(const struct pal_savefile_rec *rec)
{
	struct pal_pkt pkt = {
		.linktype = rec->linktype,
		.data = rec->data,
		.cap_len = rec->cap_len,
		.wire_len = rec->wire_len,
	};

	pal_decode(&pkt, &stats);
	return pkt;
}

// A right checksum is right again, if it is still the same kind of packet: what is in MPLS and some tunnels is guessed
// from bytes that may be those of an address.
static void
check_checksum(const struct pal_savefile_rec *before, const struct pal_savefile_rec *after)
{
	struct pal_pkt a = decode(before), b = decode(after);

	if (a.drop != PAL_DROP_NONE || b.drop != PAL_DROP_NONE || a.l3_off != b.l3_off ||
	    a.l4_off != b.l4_off || a.inner_layer != b.inner_layer)
		return;
	must(!pal_checksum_ok(&a) || pal_checksum_ok(&b));
}

static void check_result(
	const struct rw_convert_conf *conf,
	const struct pal_savefile_rec *before,
	const struct pal_savefile_rec *after
)
{
	if (conf->snaplen != 0)
		must(after->cap_len <= conf->snaplen);
	if (rw_convert_writes(conf))
		must(after->cap_len <= after->wire_len);
	if (conf->linktype != 0)
		must(after->linktype == conf->linktype);
	if (conf->linktype == RW_LINKTYPE_RAW && before->linktype != RW_LINKTYPE_RAW &&
	    after->cap_len > 0)
		must(after->data[0] >> 4 == 4 || after->data[0] >> 4 == 6);
	if (conf->cryptopan != NULL && !rw_convert_relinks(conf) && !conf->strip_payload &&
	    !conf->strip_vlans && conf->snaplen == 0)
		check_checksum(before, after);
}

static void check_fragments(struct rw_packet *p)
{
	static struct rw_frags *frags;

	if (frags == NULL)
		frags = rw_frags_create();
	must(frags != NULL);
	rw_packet_decode(p, &stats);
	rw_frags_track(frags, p);
	if (p->tuple.has_ports && !rw_proto_has_ports(p->tuple.proto))
		must(p->tuple.sport == 0 && p->tuple.dport == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pal_savefile_interface iface = {.mul = 1000, .div = 1};
	struct pal_savefile_rec before, after;
	struct rw_convert_conf conf;
	struct rw_convert c;
	struct rw_packet p;

	if (size < 4)
		return 0;
	before = (struct pal_savefile_rec){
		.linktype = pal_load_be16(data),
		.data = data + 4,
		.cap_len = (uint32_t)(size - 4),
		.wire_len = (uint32_t)(size - 4) + data[2],
		.has_time = true,
	};
	conf = conf_of(data[3]);
	rw_packet_fill(&p, &before, 1);
	check_fragments(&p);
	rw_convert_init(&c, &conf);
	after = before;
	if (rw_convert(&c, &p, &iface, &after) == RW_LOST_NONE)
		check_result(&conf, &before, &after);
	rw_convert_fini(&c);
	return 0;
}
