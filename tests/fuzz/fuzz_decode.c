/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: link type (2 bytes, big endian), bytes cut off by the capture (1 byte), frame. Whatever the frame is, the packet is consistent,
 * the books balance, and the answer to it belongs to the same flow.
 */
#include "../support/decode_check.h"

#include <pal_cursor.h>

static struct pal_pkt decode(uint16_t linktype, uint32_t wire_len, const uint8_t *frame, size_t len)
{
	struct pal_pkt pkt = {
		.linktype = linktype,
		.wire_len = wire_len,
		.data = frame,
		.cap_len = (uint32_t)len,
	};
	struct pal_decode_stats stats = {0};
	uint64_t dropped = 0;

	pal_decode(&pkt, &stats);
	decode_check(&pkt);
	for (int i = 0; i < PAL_DROP_COUNT; i++)
		dropped += stats.exits.pkts[i];
	decode_must(stats.pkts == 1 && dropped == (pkt.drop != PAL_DROP_NONE));
	return pkt;
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	while (n-- > 0) {
		uint8_t byte = a[n];

		a[n] = b[n];
		b[n] = byte;
	}
}

/** Sender and receiver change places: the key stays, the direction turns. */
static void check_answer(const struct pal_pkt *pkt, const uint8_t *frame)
{
	const struct pal_flow_key *key = &pkt->key;
	size_t addr_off = pkt->l3_off + (key->ip_version == 4 ? 12 : 8);
	size_t addr_len = key->ip_version == 4 ? 4 : 16;
	struct pal_pkt answer;
	bool same_endpoint;
	uint8_t *copy;

	if (key->proto == 1 || key->proto == 58)
		return; // an answer has another type
	copy = malloc(pkt->cap_len);
	decode_must(copy != NULL);
	memcpy(copy, frame, pkt->cap_len);
	swap(copy + addr_off, copy + addr_off + addr_len, addr_len);
	if (key->port[0] != 0 || key->port[1] != 0)
		swap(copy + pkt->l4_off, copy + pkt->l4_off + 2, 2);

	answer = decode(pkt->linktype, pkt->wire_len, copy, pkt->cap_len);
	decode_must(answer.drop == PAL_DROP_NONE);
	decode_must(memcmp(key, &answer.key, sizeof(*key)) == 0);
	same_endpoint = memcmp(&key->addr[0], &key->addr[1], sizeof(key->addr[0])) == 0 &&
			key->port[0] == key->port[1];
	decode_must(pal_pkt_sender(pkt) != pal_pkt_sender(&answer) || same_endpoint);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_pkt pkt;
	size_t len;

	if (size < 3)
		return 0;
	len = size - 3;
	// More was on the wire than was captured.
	pkt = decode(pal_load_be16(data), (uint32_t)(len + data[2]), data + 3, len);
	if (pkt.drop == PAL_DROP_NONE)
		check_answer(&pkt, data + 3);
	return 0;
}
