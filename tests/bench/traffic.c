/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSS 1448
#define NB_LIVE 4096 // flows under way at once

struct file {
	FILE *f;
	uint64_t bytes;
	uint64_t pkts;
	uint64_t time_us;
};

/** One TCP connection or UDP exchange that is being written. */
struct talk {
	uint32_t client, server; // addresses, host order
	uint16_t cport, sport;
	uint32_t seq[2];
	int step, nb_steps;
	int nb_data; // segments of the answer
	bool udp;
};

static uint64_t rng = 1;

static uint32_t next_random(void)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(rng >> 32);
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

// Ethernet, IPv4, TCP or UDP, and a payload of text-like bytes. Checksums are left to the NIC.
static void
put_packet(struct file *out, const struct talk *t, bool from_server, uint8_t flags, uint32_t len)
{
	static uint8_t buf[16 + 66 + MSS];
	uint32_t l4 = t->udp ? 8 : 32;
	uint32_t frame = 14 + 20 + l4 + len;
	uint32_t head[4] = {
		(uint32_t)(out->time_us / 1000000),
		(uint32_t)(out->time_us % 1000000),
		frame,
		frame};
	uint8_t *p = buf + 16;

	memcpy(buf, head, 16);
	memset(p, 0, 14 + 20 + l4);
	p[5] = from_server ? 1 : 2;
	p[11] = from_server ? 2 : 1;
	put_be16(p + 12, 0x0800);
	p += 14;
	p[0] = 0x45;
	put_be16(p + 2, (uint16_t)(20 + l4 + len));
	put_be16(p + 4, (uint16_t)next_random());
	p[8] = 64;
	p[9] = t->udp ? 17 : 6;
	put_be32(p + 12, from_server ? t->server : t->client);
	put_be32(p + 16, from_server ? t->client : t->server);
	p += 20;
	put_be16(p, from_server ? t->sport : t->cport);
	put_be16(p + 2, from_server ? t->cport : t->sport);
	if (t->udp) {
		put_be16(p + 4, (uint16_t)(8 + len));
	} else {
		put_be32(p + 4, t->seq[from_server]);
		put_be32(p + 8, t->seq[!from_server]);
		p[12] = 0x80;
		p[13] = flags;
		put_be16(p + 14, 0xffff);
		p[20] = 1; // NOP, NOP, timestamps
		p[21] = 1;
		p[22] = 8;
		p[23] = 10;
	}
	fwrite(buf, 1, 16 + frame, out->f);
	out->bytes += 16 + frame;
	out->pkts++;
}

static void
send_tcp(struct file *out, struct talk *t, bool from_server, uint8_t flags, uint32_t len)
{
	put_packet(out, t, from_server, flags, len);
	t->seq[from_server] += len + ((flags & 0x03) != 0);
}

// HTTP and TLS alike: handshake, request, answer with an ACK every second segment, both sides close.
static void step_tcp(struct file *out, struct talk *t)
{
	int data = t->step - 5;
	int nb_answer = t->nb_data + t->nb_data / 2;

	switch (t->step) {
	case 0:
		send_tcp(out, t, false, 0x02, 0);
		break;
	case 1:
		send_tcp(out, t, true, 0x12, 0);
		break;
	case 2:
		send_tcp(out, t, false, 0x10, 0);
		break;
	case 3:
		send_tcp(out, t, false, 0x18, 200 + next_random() % 400);
		break;
	case 4:
		send_tcp(out, t, true, 0x10, 0);
		break;
	default:
		if (data < nb_answer)
			send_tcp(
				out,
				t,
				data % 3 != 2,
				0x18,
				data % 3 == 2 ? 0 : 100 + next_random() % (MSS - 99)
			);
		else if (data == nb_answer)
			send_tcp(out, t, true, 0x11, 0);
		else if (data == nb_answer + 1)
			send_tcp(out, t, false, 0x11, 0);
		else
			send_tcp(out, t, true, 0x10, 0);
	}
}

static void begin_short(struct talk *t)
{
	static const uint16_t ports[] = {80, 443, 443, 443, 8080};

	*t = (struct talk){
		.client = 0x0a000000 | (next_random() & 0xffff),
		.server = 0xc0000000 | (next_random() & 0x0fffff),
		.cport = (uint16_t)(1024 + next_random() % 64000),
		.seq = {next_random(), next_random()},
	};
	t->udp = next_random() % 10 == 0;
	t->sport = t->udp ? 53 : ports[next_random() % 5];
	t->nb_data = 3 + (int)(next_random() % 8);
	t->nb_steps = t->udp ? 2 : 5 + t->nb_data + t->nb_data / 2 + 3;
}

static void step_short(struct file *out, struct talk *t)
{
	if (t->udp)
		put_packet(out, t, t->step == 1, 0, t->step == 1 ? 120 : 40);
	else
		step_tcp(out, t);
	t->step++;
}

static void make_short(struct file *out, uint64_t bytes)
{
	struct talk *talks = calloc(NB_LIVE, sizeof(*talks));

	while (out->bytes < bytes) {
		struct talk *t = &talks[next_random() % NB_LIVE];

		if (t->step == t->nb_steps)
			begin_short(t);
		step_short(out, t);
		out->time_us += 33; // 30 000 packets, 2000 flows a second
	}
	free(talks);
}

static void make_long(struct file *out, uint64_t bytes)
{
	struct talk talks[200];

	for (int i = 0; i < 200; i++) {
		begin_short(&talks[i]);
		talks[i].udp = false;
		for (talks[i].step = 0; talks[i].step < 5;)
			step_short(out, &talks[i]);
	}
	while (out->bytes < bytes) {
		struct talk *t = &talks[next_random() % 200];

		for (int i = 0; i < 8; i++)
			send_tcp(out, t, i % 3 != 2, 0x18, i % 3 == 2 ? 0 : MSS);
		out->time_us += 10;
	}
}

void traffic_make(const char *path, uint64_t bytes, enum traffic_kind kind)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
	struct file out = {.f = fopen(path, "wb"), .time_us = UINT64_C(1700000000) * 1000000};

	if (out.f == NULL) {
		perror(path);
		exit(1);
	}
	fwrite(header, 1, sizeof(header), out.f);
	if (kind == TRAFFIC_SHORT)
		make_short(&out, bytes);
	else
		make_long(&out, bytes);
	if (fclose(out.f) != 0) {
		perror(path);
		exit(1);
	}
	fprintf(stderr, "%s: %" PRIu64 " packets, %" PRIu64 " bytes\n", path, out.pkts, out.bytes);
}
