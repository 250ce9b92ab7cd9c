/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_DEFRAG_BED_H
#define PAL_TEST_DEFRAG_BED_H

/**
 * @file
 * A defragmentation table to put fragments into, and a record of what it said. One bed a test.
 *
 *      bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_LINUX});
 *      assert_held(frag4(7, 0, true, "AAAAAAAA"));
 *      assert_whole(frag4(7, 8, false, "BBB"), "AAAAAAAABBB");
 *      bed_end();
 */

#include "check.h"
#include "defrag_frag.h"

#include <pal_defrag.h>
#include <pal_time.h>

#define SEC PAL_NS_PER_S
#define T0 (UINT64_C(1700000000) * SEC)
#define BED_MAX 64

static struct {
	struct pal_defrag *tbl;
	uint64_t now_ns;
	uint64_t number; /**< Of the last fragment. */
	struct pal_defrag_whole whole; /**< The last answer. */
	uint8_t datagram[65536 + 256]; /**< The last datagram. */
	unsigned int nb_events[PAL_DEFRAG_EVENT_COUNT];
	struct pal_defrag_event_info event; /**< The last one. */
	struct pal_defrag_key event_key;
	unsigned int nb_lost;
	struct pal_defrag_lost lost; /**< The last one. */
	uint64_t lost_frags, lost_bytes;
	uint64_t whole_frags, whole_bytes, dropped_frags, dropped_bytes;
} bed;

static inline void
bed_on_event(void *, enum pal_defrag_event event, const struct pal_defrag_event_info *info)
{
	bed.nb_events[event]++;
	bed.event = *info;
	bed.event_key = *info->key;
}

static inline void bed_on_lost(void *, const struct pal_defrag_lost *lost)
{
	assert_true(lost->nb_frags > 0);
	bed.nb_lost++;
	bed.lost = *lost;
	bed.lost_frags += lost->nb_frags;
	bed.lost_bytes += lost->wire_bytes;
}

static inline void bed_start(const struct pal_defrag_conf *given)
{
	struct pal_defrag_conf conf = *given;

	pal_defrag_destroy(bed.tbl);
	memset(&bed, 0, sizeof(bed));
	conf.hooks = (struct pal_defrag_hooks){bed_on_event, bed_on_lost, NULL};
	bed.tbl = pal_defrag_create(&conf);
	assert_non_null(bed.tbl);
	bed.now_ns = T0;
}

static inline int bed_teardown(void **)
{
	pal_defrag_destroy(bed.tbl);
	memset(&bed, 0, sizeof(bed));
	return 0;
}

/** Every frame added is held, whole, dropped or lost; the table's count and ours agree. */
static inline void bed_check_books(void)
{
	const struct pal_defrag_stats *s = pal_defrag_stats_get(bed.tbl);
	uint64_t gone = 0, gone_bytes = 0;

	for (int i = 0; i < PAL_DROP_COUNT; i++) {
		gone += s->exits.pkts[i];
		gone_bytes += s->exits.bytes[i];
	}
	assert_int_equal(s->frags, s->held_frags + s->whole_frags + gone);
	assert_int_equal(s->bytes, s->held_bytes + s->whole_bytes + gone_bytes);
	assert_int_equal(
		s->frags, s->held_frags + bed.whole_frags + bed.dropped_frags + bed.lost_frags
	);
	assert_int_equal(
		s->bytes, s->held_bytes + bed.whole_bytes + bed.dropped_bytes + bed.lost_bytes
	);
}

/** Add a packet; a datagram that is whole is taken. */
static inline enum pal_defrag_result bed_add_pkt(const struct pal_pkt *pkt)
{
	enum pal_defrag_result result = pal_defrag_add(bed.tbl, pkt, &bed.whole);

	if (result == PAL_DEFRAG_WHOLE) {
		bed.whole_frags += bed.whole.nb_frags;
		bed.whole_bytes += bed.whole.wire_bytes;
		memset(bed.datagram, 0xa5, bed.whole.total_len);
		assert_int_equal(
			pal_defrag_take(bed.tbl, &bed.whole, bed.datagram), bed.whole.cap_len
		);
	} else if (result == PAL_DEFRAG_DROPPED) {
		bed.dropped_frags++;
		bed.dropped_bytes += pkt->wire_len;
	}
	return result;
}

static inline enum pal_defrag_result bed_add(const struct frag_spec *spec)
{
	struct frag_spec f = *spec;
	enum pal_defrag_result result;
	struct pal_pkt pkt;

	f.number = ++bed.number;
	if (f.time_ns == 0)
		f.time_ns = bed.now_ns;
	pkt = frag_build(&f);
	result = bed_add_pkt(&pkt);
	free((void *)(uintptr_t)pkt.data);
	return result;
}

/** Everything is given up, and the books balance with nothing held. */
static inline void bed_end(void)
{
	pal_defrag_flush(bed.tbl, bed.now_ns);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->held_frags, 0);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->active, 0);
	bed_check_books();
}

/* fragments of 10.0.0.1 -> 10.0.0.2 and 2001:db8::1 -> 2001:db8::2 */

static inline struct frag_spec frag4(uint32_t id, uint16_t off, bool more, const char *text)
{
	return (struct frag_spec){
		.src = 1,
		.dst = 2,
		.id = id,
		.off = off,
		.more = more,
		.data = (const uint8_t *)text,
		.len = (uint32_t)strlen(text),
	};
}

static inline struct frag_spec frag6(uint32_t id, uint16_t off, bool more, const char *text)
{
	struct frag_spec f = frag4(id, off, more, text);

	f.v6 = true;
	return f;
}

#define assert_held(spec)                                                                          \
	do {                                                                                       \
		struct frag_spec f_ = (spec);                                                      \
		assert_int_equal(bed_add(&f_), PAL_DEFRAG_HELD);                                   \
	} while (0)

#define assert_dropped(spec, name)                                                                 \
	do {                                                                                       \
		struct frag_spec f_ = (spec);                                                      \
		assert_int_equal(bed_add(&f_), PAL_DEFRAG_DROPPED);                                \
		assert_string_equal(pal_drop_name(bed.whole.drop), name);                          \
	} while (0)

/** It completes a datagram with that payload behind a header without options. */
#define assert_whole(spec, text)                                                                   \
	do {                                                                                       \
		struct frag_spec f_ = (spec);                                                      \
		uint32_t hdr_len_ = f_.v6 ? 40 : 20;                                               \
		assert_int_equal(bed_add(&f_), PAL_DEFRAG_WHOLE);                                  \
		assert_int_equal(bed.whole.total_len, hdr_len_ + strlen(text));                    \
		assert_int_equal(bed.whole.cap_len, bed.whole.total_len);                          \
		assert_memory_equal(bed.datagram + hdr_len_, text, strlen(text));                  \
	} while (0)

#define assert_events(event, n) assert_int_equal(bed.nb_events[PAL_DEFRAG_EVENT_##event], n)

#define defrag_test(name) cmocka_unit_test_teardown(name, bed_teardown)

static uint8_t many[65536];

static inline struct frag_spec big4(uint16_t off, uint32_t len, bool more)
{
	struct frag_spec f = frag4(1, off, more, "");

	f.data = many;
	f.len = len;
	return f;
}

// What decode says of the last datagram.
static inline struct pal_pkt
decode_whole(const struct frag_spec *last, struct pal_decode_stats *stats)
{
	struct pal_pkt frag = frag_build(last);
	struct pal_pkt pkt = {
		.data = bed.datagram,
		.cap_len = bed.whole.cap_len,
		.wire_len = bed.whole.total_len,
	};

	assert_true(pal_decode_datagram(&pkt, &frag, stats));
	free((void *)(uintptr_t)frag.data);
	return pkt;
}

#endif
