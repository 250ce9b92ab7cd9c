/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The same TCP streams in other segments, for tests:
 *
 *      resegment SIZE PERCENT IN OUT
 *
 * Segments carry at most SIZE bytes of payload each, and so many of a hundred pairs of segments that follow each other in
 * one direction change places. All keep the time of the packet that brought them. What is no TCP, in a tunnel, in
 * fragments or cut off by the capture stays as it is, as do urgent segments.
 *
 * No segment is moved past one of the other side: that side would have answered to what it had not got.
 */
#include <pal_decode.h>
#include <pal_savefile_writer.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX (256 * 1024)

struct frame {
	struct pal_savefile_rec rec;
	struct pal_flow_key key;
	unsigned int sender;
	bool can_move;
	uint8_t data[FRAME_MAX];
};

static struct pal_savefile_writer *writer;
static struct frame waiting; // cap_len 0: none
static unsigned int percent;
static uint32_t lottery = 1;

static int put(const struct pal_savefile_rec *rec)
{
	return pal_savefile_writer_put(writer, rec);
}

static int put_waiting(void)
{
	int rc = waiting.rec.cap_len != 0 ? put(&waiting.rec) : 0;

	waiting.rec.cap_len = 0;
	return rc;
}

static bool wins(void)
{
	lottery = lottery * 1664525 + 1013904223;
	return lottery >> 8 < (UINT32_C(1) << 24) / 100 * percent;
}

// A segment, in its order, or after the next one of that side.
static int pass(const struct frame *f)
{
	int rc;

	if (waiting.rec.cap_len != 0) {
		bool swap = f->can_move && f->sender == waiting.sender &&
			    memcmp(&f->key, &waiting.key, sizeof(f->key)) == 0;

		if (!swap)
			rc = put_waiting();
		else
			rc = put(&f->rec);
		if (rc < 0 || swap)
			return rc < 0 ? rc : put_waiting();
	}
	if (!f->can_move || !wins())
		return put(&f->rec);
	waiting.rec = f->rec;
	waiting.key = f->key;
	waiting.sender = f->sender;
	memcpy(waiting.data, f->rec.data, f->rec.cap_len);
	waiting.rec.data = waiting.data;
	return 0;
}

static void store_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void store_be32(uint8_t *p, uint32_t v)
{
	store_be16(p, v >> 16);
	store_be16(p + 2, v);
}

// Bytes [at, at + len) of the payload in a frame of their own.
static void cut(struct frame *f, const struct pal_pkt *pkt, uint32_t at, uint32_t len)
{
	uint8_t *tcp = f->data + pkt->l4_off, *ip = f->data + pkt->l3_off;
	bool is_first = at == 0, is_last = at + len == pkt->payload_len;
	uint32_t seq = pkt->tcp_seq + at;

	memcpy(f->data, pkt->data, pkt->payload_off);
	memcpy(f->data + pkt->payload_off, pkt->data + pkt->payload_off + at, len);
	if (!is_first && (pkt->tcp_flags & PAL_TCP_SYN)) {
		tcp[13] &= (uint8_t)~PAL_TCP_SYN;
		seq++;
	}
	if (!is_last)
		tcp[13] &= (uint8_t) ~(PAL_TCP_FIN | PAL_TCP_PSH | PAL_TCP_RST);
	store_be32(tcp + 4, seq);
	if (pkt->key.ip_version == 4)
		store_be16(ip + 2, pkt->payload_off - pkt->l3_off + len);
	else
		store_be16(ip + 4, pkt->payload_off - pkt->l3_off - 40 + len);
	f->rec.data = f->data;
	f->rec.cap_len = f->rec.wire_len = pkt->payload_off + len;
	f->can_move = !(tcp[13] & (PAL_TCP_SYN | PAL_TCP_FIN | PAL_TCP_RST));
}

static bool can_cut(const struct pal_pkt *pkt)
{
	return pkt->drop == PAL_DROP_NONE && pkt->key.proto == IPPROTO_TCP &&
	       (pkt->flags & ~PAL_PKT_KEY_SWAPPED) == 0 && pkt->payload_len != 0 &&
	       pkt->payload_cap_len == pkt->payload_len &&
	       pkt->payload_off + pkt->payload_len <= FRAME_MAX && !(pkt->tcp_flags & PAL_TCP_URG);
}

static int take(const struct pal_savefile_rec *rec, uint32_t size)
{
	static struct pal_decode_stats stats;
	static struct frame f;
	struct pal_pkt pkt = {
		.wire_len = rec->wire_len,
		.linktype = rec->linktype,
		.data = rec->data,
		.cap_len = rec->cap_len,
	};

	pal_decode(&pkt, &stats);
	f.rec = *rec;
	f.key = pkt.key;
	f.sender = pal_pkt_sender(&pkt);
	f.can_move = false;
	if (!can_cut(&pkt))
		return pass(&f);
	for (uint32_t at = 0; at < pkt.payload_len; at += size) {
		uint32_t len = pkt.payload_len - at < size ? pkt.payload_len - at : size;
		int rc;

		cut(&f, &pkt, at, len);
		rc = pass(&f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void copy_block(void *, const struct pal_savefile_block *block)
{
	pal_savefile_writer_put_block(writer, block);
}

static void copy_piece(void *, const struct pal_savefile_piece *piece)
{
	pal_savefile_writer_put_piece(writer, piece);
}

int main(int argc, char **argv)
{
	const struct pal_savefile_conf conf = {.on_block = copy_block, .on_piece = copy_piece};
	const struct pal_savefile_writer_conf out = {0};
	struct pal_savefile_writer_stats stats;
	struct pal_savefile_reader *reader;
	struct pal_savefile_rec rec;
	char err[PAL_SAVEFILE_ERR_LEN];
	uint32_t size;
	int rc;

	if (argc != 5 || (size = (uint32_t)atoi(argv[1])) == 0) {
		fprintf(stderr, "usage: resegment SIZE PERCENT IN OUT\n");
		return 2;
	}
	percent = (unsigned int)atoi(argv[2]);
	reader = pal_savefile_open(argv[3], &conf, err);
	if (reader == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	writer = pal_savefile_writer_open(argv[4], &out, err);
	if (writer == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	if (pal_savefile_info(reader)->format == PAL_SAVEFILE_PCAP)
		pal_savefile_writer_copy_interface(writer, reader, 0);
	while ((rc = pal_savefile_next(reader, &rec)) > 0) {
		rc = take(&rec, size);
		if (rc < 0)
			break;
	}
	if (put_waiting() < 0)
		rc = -1;
	if (rc < 0)
		fprintf(stderr,
			"%s\n%s\n",
			pal_savefile_error(reader),
			pal_savefile_writer_error(writer));
	pal_savefile_close(reader);
	if (pal_savefile_writer_close(writer, &stats, err) < 0) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	return rc < 0;
}
