/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: link type (2 bytes, big endian), bytes cut off by the capture (1 byte), frame. Whatever the frame is, the
 * packet is consistent, and so is what is found inside of it, and what is put together of it; the books balance;
 * and the answer to it belongs to the same flow, also inside.
 */
#include "../support/decode_check.h"

#include <pal_checksum.h>
#include <pal_cursor.h>

/** Every book: what was given in is a datagram, or has left under a name. */
static void
check_books(const struct pal_decode_stats *stats, uint64_t pkts, uint64_t inner, uint64_t whole)
{
	for (int i = 1; i < PAL_DROP_COUNT; i++) {
		pkts += stats->exits.pkts[i];
		inner += stats->inner_exits.pkts[i];
		whole += stats->whole_exits.pkts[i];
	}
	decode_must(
		stats->pkts == pkts && stats->inner_pkts == inner && stats->whole_pkts == whole
	);
}

/** What a datagram holds, from the outside in. */
struct nest {
	int nb_pkts;
	bool guessed; /**< A layer on the way does not say what follows. */
	struct pal_pkt pkts[PAL_TUNNEL_MAX + 2];
};

static void follow(struct nest *nest, struct pal_decode_stats *stats)
{
	struct pal_pkt *pkt = &nest->pkts[nest->nb_pkts - 1];

	while (pkt->drop == PAL_DROP_NONE && pkt->inner_layer != PAL_LAYER_END) {
		bool found = pal_decode_inner(pkt + 1, pkt, stats);

		pkt++;
		nest->nb_pkts++;
		decode_check(pkt);
		decode_must(found == (pkt->drop == PAL_DROP_NONE));
		decode_must(pkt->number == nest->pkts[0].number);
	}
}

static uint64_t nb_datagrams(const struct nest *nest, int from)
{
	uint64_t n = 0;

	for (int i = from; i < nest->nb_pkts; i++)
		n += nest->pkts[i].drop == PAL_DROP_NONE;
	return n;
}

/** A fragment is put together with nothing: its payload is the whole of the datagram. */
static void check_datagram(const struct pal_pkt *last)
{
	uint32_t left = last->cap_len - last->l4_off;
	uint32_t payload_len = left < last->l3_payload_len ? left : last->l3_payload_len;
	uint32_t hdr_len = last->key.ip_version == 4 ? last->l4_off - last->l3_off : 40;
	struct pal_decode_stats stats = {0};
	struct nest nest = {.nb_pkts = 1};
	struct pal_pkt *whole = nest.pkts;
	uint8_t *bytes = malloc(hdr_len + payload_len);

	decode_must(bytes != NULL);
	memcpy(bytes, last->data + last->l3_off, hdr_len);
	memcpy(bytes + hdr_len, last->data + last->l4_off, payload_len);
	if (last->key.ip_version == 4)
		bytes[6] = bytes[7] = 0;
	else
		bytes[6] = last->key.proto;
	whole->data = bytes;
	whole->cap_len = whole->wire_len = hdr_len + payload_len;
	pal_decode_datagram(whole, last, &stats);
	decode_check(whole);
	decode_must(whole->flags & PAL_PKT_REASSEMBLED);
	decode_must(whole->depth == last->depth && whole->key.tunnel == last->key.tunnel);
	follow(&nest, &stats);
	check_books(&stats, 0, nb_datagrams(&nest, 1), whole->drop == PAL_DROP_NONE);
	free(bytes);
}

static void
decode(struct nest *nest, uint16_t linktype, uint32_t wire_len, const uint8_t *frame, size_t len)
{
	struct pal_decode_stats stats = {0};

	nest->nb_pkts = 1;
	nest->pkts[0] = (struct pal_pkt){
		.linktype = linktype,
		.number = 7,
		.wire_len = wire_len,
		.data = frame,
		.cap_len = (uint32_t)len,
	};
	pal_decode(&nest->pkts[0], &stats);
	decode_check(&nest->pkts[0]);
	follow(nest, &stats);
	nest->guessed = stats.layers[PAL_LAYER_MPLS] != 0 || stats.tunnels[PAL_TUNNEL_L2TPV3] != 0;
	check_books(&stats, nest->pkts[0].drop == PAL_DROP_NONE, nb_datagrams(nest, 1), 0);
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	while (n-- > 0) {
		uint8_t byte = a[n];

		a[n] = b[n];
		b[n] = byte;
	}
}

/** Addresses of one datagram change places, in the bytes at data, and ports if they are to. */
static void turn_around(const struct pal_pkt *pkt, uint8_t *data, bool ports)
{
	size_t addr_off = pkt->l3_off + (pkt->key.ip_version == 4 ? 12 : 8);
	size_t addr_len = pkt->key.ip_version == 4 ? 4 : 16;

	swap(data + addr_off, data + addr_off + addr_len, addr_len);
	if (ports && (pkt->key.port[0] != 0 || pkt->key.port[1] != 0))
		swap(data + pkt->l4_off, data + pkt->l4_off + 2, 2);
}

/** Sender and receiver change places, and so do the ends of all tunnels: the key stays, the direction turns. */
static void check_answer(const struct nest *nest, const uint8_t *frame)
{
	static struct nest answer;
	const struct pal_pkt *first = nest->pkts, *last = first + nest->nb_pkts - 1, *back;
	const struct pal_flow_key *key = &last->key;
	bool same_endpoint;
	uint8_t *copy;

	if (last->drop != PAL_DROP_NONE || key->proto == 1 || key->proto == 58)
		return; // an answer of ICMP has another type
	copy = malloc(first->cap_len);
	decode_must(copy != NULL);
	memcpy(copy, frame, first->cap_len);
	// A tunnel is known by the port of its receiver: both ends send to it.
	for (const struct pal_pkt *pkt = first; pkt <= last; pkt++)
		turn_around(pkt, copy + (pkt->data - frame), pkt == last);

	decode(&answer, first->linktype, first->wire_len, copy, first->cap_len);
	decode_must(answer.nb_pkts >= nest->nb_pkts);
	back = &answer.pkts[nest->nb_pkts - 1];
	decode_must(back->drop == PAL_DROP_NONE);
	decode_must(memcmp(key, &back->key, sizeof(*key)) == 0);
	same_endpoint = memcmp(&key->addr[0], &key->addr[1], sizeof(key->addr[0])) == 0 &&
			key->port[0] == key->port[1];
	decode_must(pal_pkt_sender(last) != pal_pkt_sender(back) || same_endpoint);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nest nest;
	size_t len;

	if (size < 3)
		return 0;
	len = size - 3;
	// More was on the wire than was captured.
	decode(&nest, pal_load_be16(data), (uint32_t)(len + data[2]), data + 3, len);
	for (int i = 0; i < nest.nb_pkts; i++) {
		const struct pal_pkt *pkt = &nest.pkts[i];

		if (pkt->drop != PAL_DROP_NONE)
			break;
		pal_checksum_ok(pkt);
		if (pkt->flags & PAL_PKT_FRAGMENT)
			check_datagram(pkt);
	}
	// Where a frame is guessed by its bytes, an address may speak for one.
	if (!nest.guessed)
		check_answer(&nest, data + 3);
	return 0;
}
