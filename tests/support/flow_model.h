/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FLOW_MODEL_H
#define PAL_FLOW_MODEL_H

/**
 * @file
 * Random packets, and a slow, obvious model of the flow table: a list of flows, searched from end to end, and the rules of
 * the manual. It follows each packet: which flow it belongs to, what ends before it, and why.
 */

#include "flow_bed.h"

#define NB_PKTS 10000
#define NB_SHARDS_USED 3
#define KEYS_PER_SHARD 12
#define NB_KEYS (NB_SHARDS_USED * KEYS_PER_SHARD)

static uint64_t random_state;

// splitmix64: the same numbers everywhere.
static inline uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint32_t random_below(uint32_t n)
{
	return (uint32_t)(random_u64() % n);
}

/* traffic */

struct gen_pkt {
	struct pal_pkt pkt;
	uint8_t bytes[96];
};

/** What both directions of a key's packets look like. */
static struct gen_pkt templates[NB_KEYS][PAL_DIR_COUNT];
static struct gen_pkt traffic[NB_PKTS];

static inline void make_template(struct gen_pkt *t, struct pktbuild *pb)
{
	t->pkt = bed_decode(pb, 0);
	assert_true(t->pkt.cap_len <= sizeof(t->bytes));
	memcpy(t->bytes, t->pkt.data, t->pkt.cap_len);
	free((void *)(uintptr_t)t->pkt.data);
}

// Ports do not tell TCP from UDP: a key is every second time one, every second time the other.
static inline void make_key(unsigned int k, uint16_t port)
{
	if (k % 3 == 2) {
		make_template(&templates[k][0], udp_pkt(A4, port, B4, 80, "question"));
		make_template(&templates[k][1], udp_pkt(B4, 80, A4, port, "answer"));
	} else {
		make_template(&templates[k][0], tcp_pkt(A4, port, B4, 80, 0, 0, 0, "data"));
		make_template(&templates[k][1], tcp_pkt(B4, 80, A4, port, 0, 0, 0, ""));
	}
}

static inline int make_keys(void **)
{
	static const uint16_t shards[NB_SHARDS_USED] = {5, 6, 300};
	unsigned int nb_found[NB_SHARDS_USED] = {0};
	unsigned int nb_keys = 0;

	for (uint32_t port = 1; port <= UINT16_MAX && nb_keys < NB_KEYS - 2; port++) {
		struct pal_pkt pkt = bed_decode(udp_pkt(A4, (uint16_t)port, B4, 80, ""), 0);

		free((void *)(uintptr_t)pkt.data);
		for (int s = 0; s < NB_SHARDS_USED; s++)
			if (pal_steer_shard(&pkt) == shards[s] && nb_found[s]++ < KEYS_PER_SHARD &&
			    nb_keys < NB_KEYS - 2)
				make_key(nb_keys++, (uint16_t)port);
	}
	assert_int_equal(nb_keys, NB_KEYS - 2);
	make_template(&templates[nb_keys][0], icmp_pkt(A4, B4, 8));
	make_template(&templates[nb_keys][1], icmp_pkt(B4, A4, 0));
	make_template(&templates[nb_keys + 1][0], other_pkt(A4, B4));
	make_template(&templates[nb_keys + 1][1], other_pkt(B4, A4));
	return 0;
}

static inline uint64_t step_time(uint64_t now_ns)
{
	uint32_t dice = random_below(1000);
	uint64_t some_s = random_below(100) * SEC + random_below(3) - 1; // near whole seconds, too

	if (dice < 900)
		return now_ns + random_below(2000) * PAL_NS_PER_MS;
	if (dice < 950)
		return now_ns + some_s;
	if (dice < 980)
		return now_ns - some_s;
	if (dice < 999)
		return now_ns + random_below(5000) * SEC;
	return random_below(10) == 0 ? now_ns + 10 * 365 * 86400 * SEC : now_ns;
}

static inline void put_tcp(struct gen_pkt *g)
{
	static const uint8_t flags[] = {
		PAL_TCP_SYN,
		PAL_TCP_SYN,
		PAL_TCP_SYN | PAL_TCP_ACK,
		PAL_TCP_SYN | PAL_TCP_ACK,
		PAL_TCP_ACK,
		PAL_TCP_ACK,
		PAL_TCP_ACK,
		PAL_TCP_ACK | PAL_TCP_PSH,
		PAL_TCP_FIN | PAL_TCP_ACK,
		PAL_TCP_FIN | PAL_TCP_ACK,
		PAL_TCP_RST,
		PAL_TCP_RST | PAL_TCP_ACK,
		PAL_TCP_SYN | PAL_TCP_FIN,
		PAL_TCP_FIN,
		0,
	};
	uint8_t *hdr = g->bytes + g->pkt.l4_off;

	g->pkt.tcp_flags = hdr[13] = flags[random_below(sizeof(flags))];
	g->pkt.tcp_seq = UINT32_MAX - 8 + random_below(16);
	g->pkt.tcp_ack = UINT32_MAX - 8 + random_below(16);
	if (g->pkt.tcp_flags == PAL_TCP_RST && random_below(2) == 0)
		g->pkt.tcp_seq += 60000 + random_below(12000); // near the end of the window
	memcpy(hdr + 4, &g->pkt.tcp_seq, 4); // for the id: any bytes do
	memcpy(hdr + 8, &g->pkt.tcp_ack, 4);
}

static inline void make_traffic(uint64_t seed, uint32_t nb_keys_used)
{
	uint64_t now_ns = T0;

	random_state = seed;
	for (int i = 0; i < NB_PKTS; i++) {
		struct gen_pkt *g = &traffic[i];

		*g = templates[NB_KEYS - 1 - random_below(nb_keys_used)][random_below(2)];
		now_ns = step_time(now_ns);
		g->pkt.time_ns = now_ns;
		g->pkt.data = g->bytes;
		g->pkt.number = (uint64_t)i + 1;
		g->bytes[g->pkt.l3_off + 5] = (uint8_t)random_below(8); // IP id
		if (g->pkt.key.proto == IPPROTO_TCP)
			put_tcp(g);
	}
}

/* the model */

struct model_flow {
	struct pal_flow_key key;
	uint16_t shard;
	unsigned int initiator;
	uint64_t first_ns, last_ns, heard_ns, first_number;
	uint64_t pkts[PAL_DIR_COUNT], bytes[PAL_DIR_COUNT];
	enum pal_tcp_state tcp;
	bool is_established; // of what is not TCP
	uint8_t flags[PAL_DIR_COUNT];
	uint32_t isn[PAL_DIR_COUNT],
		sent[PAL_DIR_COUNT]; // sent: after all that it sent, at most a FIN
	bool fin[PAL_DIR_COUNT], heard[PAL_DIR_COUNT]; // heard: by something that was no reset
	bool window_is_known; // both SYNs were seen: a window is what it says
	bool is_open;
};

static struct {
	struct model_flow flows[NB_PKTS];
	int nb_flows;
	uint64_t clock_ns[PAL_SHARDS];
	uint32_t cap;

	/* of the packet under way */
	const struct pal_pkt *pkt; // NULL: the run is over
	uint64_t now_ns;
	int current; // flow that it belongs to; -1: a new one
	int reused; // flow that it replaces by tcp_reuse, or -1
	bool check_victims;
	uint64_t nb_forced;
} model;

static inline enum pal_flow_state model_state(const struct model_flow *f)
{
	if (f->key.proto != IPPROTO_TCP)
		return f->is_established ? PAL_FLOW_ESTABLISHED : PAL_FLOW_NEW;
	switch (f->tcp) {
	case PAL_TCP_NONE:
	case PAL_TCP_SYN_SENT:
	case PAL_TCP_SYN_RECV:
		return PAL_FLOW_NEW;
	case PAL_TCP_CLOSED:
	case PAL_TCP_LAST_ACK:
	case PAL_TCP_TIME_WAIT:
		return PAL_FLOW_CLOSED;
	default:
		return PAL_FLOW_ESTABLISHED;
	}
}

static inline uint64_t model_timeout_ns(const struct model_flow *f)
{
	enum pal_flow_proto proto = f->key.proto == IPPROTO_TCP	   ? PAL_FLOW_TCP
				    : f->key.proto == IPPROTO_UDP  ? PAL_FLOW_UDP
				    : f->key.proto == IPPROTO_ICMP ? PAL_FLOW_ICMP
								   : PAL_FLOW_OTHER;

	return bed_timeout_s[proto][model_state(f)] * SEC;
}

static inline bool model_is_over(const struct model_flow *f, uint64_t now_ns)
{
	return now_ns - f->heard_ns > model_timeout_ns(f);
}

static inline enum pal_dir model_dir(const struct model_flow *f, const struct pal_pkt *pkt)
{
	return pal_pkt_sender(pkt) == f->initiator ? PAL_DIR_TO_SERVER : PAL_DIR_TO_CLIENT;
}

static inline bool model_is_reuse(const struct model_flow *f, const struct pal_pkt *pkt)
{
	enum pal_dir dir = model_dir(f, pkt);
	bool is_syn = pkt->tcp_flags & PAL_TCP_SYN && !(pkt->tcp_flags & PAL_TCP_RST);
	bool is_syn_ack = is_syn && pkt->tcp_flags & PAL_TCP_ACK;
	bool syn_seen = f->flags[dir] & PAL_TCP_SYN;
	bool is_repeated = syn_seen && f->isn[dir] == pkt->tcp_seq;
	enum pal_flow_state state = model_state(f);

	if (is_syn_ack)
		return state == PAL_FLOW_CLOSED && !is_repeated;
	if (!is_syn || f->key.proto != IPPROTO_TCP)
		return false;
	return state == PAL_FLOW_CLOSED || (f->fin[dir] && !is_repeated) ||
	       (state == PAL_FLOW_NEW && syn_seen && !is_repeated);
}

// All windows of the traffic are 65535 bytes, none is scaled.
static inline bool
model_accepts_rst(const struct model_flow *f, const struct pal_pkt *pkt, enum pal_dir dir)
{
	int64_t window = f->window_is_known ? 65535 : (int64_t)65535 << 14;
	int64_t away = (int32_t)(pkt->tcp_seq - f->sent[dir]);
	int64_t acked = (int32_t)(pkt->tcp_ack - f->isn[!dir]);

	if (!f->heard[dir] && f->tcp == PAL_TCP_SYN_SENT)
		return pkt->tcp_flags & PAL_TCP_ACK && acked > 0 &&
		       acked <= (int32_t)(f->sent[!dir] - f->isn[!dir]);
	if (!f->heard[dir] && !(f->flags[!dir] & PAL_TCP_ACK))
		return true;
	if (!f->heard[!dir])
		window = 1 << 30;
	return away >= -window && away <= window;
}

static inline void
model_note_sent(struct model_flow *f, const struct pal_pkt *pkt, enum pal_dir dir)
{
	bool syn = pkt->tcp_flags & PAL_TCP_SYN, fin = pkt->tcp_flags & PAL_TCP_FIN;
	bool first_syn = syn && !(f->flags[dir] & PAL_TCP_SYN);
	uint32_t end = pkt->tcp_seq + syn + pkt->payload_len + fin;
	int64_t ahead = (int32_t)(end - f->sent[dir]);

	if (pkt->tcp_flags & PAL_TCP_RST)
		return;
	if (first_syn)
		f->isn[dir] = pkt->tcp_seq;
	if (fin || first_syn || !f->heard[dir] || (!f->fin[dir] && ahead > 0 && ahead < 1 << 30))
		f->sent[dir] = end;
	if (fin)
		f->fin[dir] = true;
	if (!f->heard[!dir] && pkt->tcp_flags & PAL_TCP_ACK)
		f->sent[!dir] = pkt->tcp_ack;
	f->heard[dir] = true;
}

static inline enum pal_tcp_state
model_next(const struct model_flow *f, const struct pal_pkt *pkt, enum pal_dir dir)
{
	bool syn = pkt->tcp_flags & PAL_TCP_SYN, ack = pkt->tcp_flags & PAL_TCP_ACK;
	bool fin = pkt->tcp_flags & PAL_TCP_FIN, to_server = dir == PAL_DIR_TO_SERVER;
	bool acks_fin = ack && f->fin[!dir] && (int32_t)(pkt->tcp_ack - f->sent[!dir]) >= 0;

	if (pkt->tcp_flags & PAL_TCP_RST)
		return f->tcp;
	switch (f->tcp) {
	case PAL_TCP_NONE:
	case PAL_TCP_SYN_SENT:
	case PAL_TCP_SYN_RECV:
		if (syn && ack)
			return to_server ? f->tcp : PAL_TCP_SYN_RECV;
		if (syn)
			return f->tcp == PAL_TCP_NONE ? PAL_TCP_SYN_SENT : f->tcp;
		if (fin)
			return to_server ? PAL_TCP_FIN_WAIT1 : PAL_TCP_CLOSE_WAIT;
		return ack ? PAL_TCP_ESTABLISHED : f->tcp;
	case PAL_TCP_ESTABLISHED:
		return !fin ? f->tcp : to_server ? PAL_TCP_FIN_WAIT1 : PAL_TCP_CLOSE_WAIT;
	case PAL_TCP_FIN_WAIT1:
		if (to_server || (!fin && !acks_fin))
			return f->tcp;
		return !fin ? PAL_TCP_FIN_WAIT2 : acks_fin ? PAL_TCP_TIME_WAIT : PAL_TCP_CLOSING;
	case PAL_TCP_FIN_WAIT2:
		return fin && !to_server ? PAL_TCP_TIME_WAIT : f->tcp;
	case PAL_TCP_CLOSING:
		return acks_fin ? PAL_TCP_TIME_WAIT : f->tcp;
	case PAL_TCP_CLOSE_WAIT:
		return fin && to_server ? PAL_TCP_LAST_ACK : f->tcp;
	case PAL_TCP_LAST_ACK:
		return acks_fin && !to_server ? PAL_TCP_CLOSED : f->tcp;
	case PAL_TCP_TIME_WAIT:
		return acks_fin && to_server ? PAL_TCP_CLOSED : f->tcp;
	default:
		return f->tcp;
	}
}

static inline void model_count(struct model_flow *f, const struct pal_pkt *pkt)
{
	enum pal_dir dir = model_dir(f, pkt);
	enum pal_tcp_state next;
	bool is_reset;

	f->pkts[dir]++;
	f->bytes[dir] += pkt->wire_len;
	f->heard_ns = model.now_ns;
	if (pkt->time_ns > f->last_ns)
		f->last_ns = pkt->time_ns;
	if (dir == PAL_DIR_TO_CLIENT)
		f->is_established = true;
	if (pkt->tcp_flags == 0)
		return;
	is_reset = pkt->tcp_flags & PAL_TCP_RST && model_accepts_rst(f, pkt, dir);
	model_note_sent(f, pkt, dir);
	next = is_reset ? PAL_TCP_CLOSED : model_next(f, pkt, dir);
	f->flags[dir] |= pkt->tcp_flags;
	f->window_is_known = f->flags[0] & f->flags[1] & PAL_TCP_SYN;
	f->tcp = next;
}

// What must happen to this packet.
static inline void model_expect(const struct pal_pkt *pkt)
{
	uint16_t shard = pal_steer_shard(pkt);

	if (pkt->time_ns > model.clock_ns[shard])
		model.clock_ns[shard] = pkt->time_ns;
	model.now_ns = model.clock_ns[shard];
	model.pkt = pkt;
	model.current = model.reused = -1;
	for (int i = 0; i < model.nb_flows; i++) {
		const struct model_flow *f = &model.flows[i];

		if (!f->is_open || memcmp(&f->key, &pkt->key, sizeof(f->key)) != 0 ||
		    model_is_over(f, model.now_ns))
			continue;
		assert_int_equal(model.current, -1); // one flow a key
		if (model_is_reuse(f, pkt))
			model.reused = i;
		else
			model.current = i;
	}
}

#endif
