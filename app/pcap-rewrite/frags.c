/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking ahead goes through the same steps as tracking does later, with a table of its own, and notes the numbers
 * of the fragments that come before their first. Those of one datagram are chained until its first comes:
 *
 *      ahead.waiting   datagram -> last of its early fragments
 *      early[]         | number, ports or none, the one before of its datagram | ...   in order of numbers
 */
#include "frags.h"

#include "map.h"

#include <pal_cursor.h>
#include <pal_err.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct frag_key {
	union pal_addr src, dst;
	uint32_t id;
	uint16_t vlan[PAL_VLAN_MAX];
	uint8_t version;
	uint8_t proto; // of IPv4; an IPv6 datagram is told by its identification alone
};

struct transport {
	uint16_t sport, dport;
	uint8_t proto;
	bool has_ports;
};

struct first {
	uint64_t time_ns;
	struct transport transport;
};

struct waiting {
	uint64_t time_ns;
	uint32_t last; // in early[], from 1
};

struct early {
	uint64_t number;
	struct transport transport;
	uint32_t before; // of the same datagram, from 1; 0: none, or resolved
};

struct rw_frags {
	struct rw_recent *firsts;
	/* looking ahead */
	struct rw_recent *ahead_firsts, *waiting;
	struct early *early;
	uint32_t nb_early, room_early, next_early;
	bool looked_ahead;
	uint64_t orphans;
};

struct rw_frags *rw_frags_create(void)
{
	struct rw_frags *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return pal_err_null(ENOMEM);
	f->firsts = rw_recent_create(sizeof(struct frag_key), sizeof(struct first), RW_FRAGS_MAX);
	if (f->firsts != NULL)
		return f;
	free(f);
	return pal_err_null(ENOMEM);
}

static void stop_looking(struct rw_frags *f)
{
	rw_recent_destroy(f->ahead_firsts);
	rw_recent_destroy(f->waiting);
	f->ahead_firsts = NULL;
	f->waiting = NULL;
}

void rw_frags_destroy(struct rw_frags *f)
{
	if (f == NULL)
		return;
	stop_looking(f);
	rw_recent_destroy(f->firsts);
	free(f->early);
	free(f);
}

static void key_of(const struct rw_packet *p, struct frag_key *key)
{
	const struct pal_pkt *pkt = &p->pkt;

	memset(key, 0, sizeof(*key));
	key->src = *p->tuple.src;
	key->dst = *p->tuple.dst;
	key->id = pkt->frag_id;
	memcpy(key->vlan, pkt->key.vlan, sizeof(key->vlan));
	key->version = p->tuple.version;
	// RFC 8200 section 4.5: only the first fragment's next header counts.
	if (key->version == 4)
		key->proto = p->tuple.proto;
}

// RFC 8200 section 4.1: headers that may stand between the fragment header and the transport.
static bool skip_ipv6_ext(struct pal_cursor *cur, uint8_t *proto)
{
	while (*proto == IPPROTO_HOPOPTS || *proto == IPPROTO_ROUTING || *proto == IPPROTO_DSTOPTS
	) {
		const uint8_t *hdr = pal_cursor_peek(cur, 8);

		if (hdr == NULL || !pal_cursor_skip(cur, (hdr[1] + 1u) * 8))
			return false;
		*proto = hdr[0];
	}
	return true;
}

// What the first fragment says about its datagram.
static struct transport transport_of(const struct rw_packet *p)
{
	const struct pal_pkt *pkt = &p->pkt;
	struct pal_cursor cur = pal_cursor_of(pkt->data + pkt->l4_off, pkt->cap_len - pkt->l4_off);
	struct transport t = {.proto = p->tuple.proto};
	const uint8_t *ports;

	pal_cursor_limit(&cur, pkt->l3_payload_len);
	if (p->tuple.version == 6 && !skip_ipv6_ext(&cur, &t.proto))
		return t;
	t.has_ports = true;
	if (!rw_proto_has_ports(t.proto))
		return t;
	ports = pal_cursor_take(&cur, 4);
	t.has_ports = ports != NULL;
	if (ports != NULL) {
		t.sport = pal_load_be16(ports);
		t.dport = pal_load_be16(ports + 2);
	}
	return t;
}

static void complete(struct rw_packet *p, const struct transport *t)
{
	p->tuple.sport = t->sport;
	p->tuple.dport = t->dport;
	p->tuple.proto = t->proto;
	p->tuple.has_ports = t->has_ports;
}

static bool in_time(uint64_t a_ns, uint64_t b_ns)
{
	return (a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns) <= RW_FRAGS_TIMEOUT_NS;
}

static void
remember(struct rw_recent *firsts, const struct rw_packet *p, const struct frag_key *key)
{
	struct first *first = rw_recent_use(firsts, key);

	first->time_ns = p->pkt.time_ns;
	first->transport = transport_of(p);
}

static const struct first *
recall(struct rw_recent *firsts, const struct rw_packet *p, const struct frag_key *key)
{
	const struct first *first = rw_recent_find(firsts, key);

	return first != NULL && in_time(first->time_ns, p->pkt.time_ns) ? first : NULL;
}

static bool is_fragment(const struct rw_packet *p)
{
	return rw_packet_is_ip(p) && (p->pkt.flags & PAL_PKT_FRAGMENT) != 0;
}

static bool is_first(const struct rw_packet *p)
{
	return (p->pkt.flags & PAL_PKT_FRAGMENT_FIRST) != 0;
}

// The early fragments are looked for in the order in which they were found.
static bool find_early(struct rw_frags *f, struct rw_packet *p)
{
	while (f->next_early < f->nb_early && f->early[f->next_early].number < p->pkt.number)
		f->next_early++;
	if (f->next_early == f->nb_early || f->early[f->next_early].number != p->pkt.number)
		return false;
	complete(p, &f->early[f->next_early].transport);
	return p->tuple.has_ports;
}

bool rw_frags_track(struct rw_frags *f, struct rw_packet *p)
{
	const struct first *first;
	struct transport t;
	struct frag_key key;

	if (!is_fragment(p))
		return true;
	key_of(p, &key);
	if (is_first(p)) {
		remember(f->firsts, p, &key);
		t = transport_of(p);
		complete(p, &t);
		return true;
	}
	first = recall(f->firsts, p, &key);
	if (first != NULL) {
		complete(p, &first->transport);
		return true;
	}
	if (!f->looked_ahead)
		return false;
	f->orphans += !find_early(f, p);
	return true;
}

static int start_looking(struct rw_frags *f)
{
	f->ahead_firsts =
		rw_recent_create(sizeof(struct frag_key), sizeof(struct first), RW_FRAGS_MAX);
	f->waiting =
		rw_recent_create(sizeof(struct frag_key), sizeof(struct waiting), RW_FRAGS_MAX);
	if (f->ahead_firsts != NULL && f->waiting != NULL)
		return 0;
	stop_looking(f);
	return pal_err(ENOMEM);
}

static int add_early(struct rw_frags *f, const struct rw_packet *p, const struct frag_key *key)
{
	struct waiting *waiting;
	uint32_t room = f->room_early == 0 ? 256 : 2 * f->room_early;
	struct early *early;

	if (f->nb_early == RW_FRAGS_EARLY_MAX)
		return 0; // it will be counted as an orphan
	if (f->nb_early == f->room_early) {
		early = realloc(f->early, room * sizeof(*early));
		if (early == NULL)
			return pal_err(ENOMEM);
		f->early = early;
		f->room_early = room;
	}
	waiting = rw_recent_use(f->waiting, key);
	if (!in_time(waiting->time_ns, p->pkt.time_ns))
		waiting->last = 0;
	f->early[f->nb_early] = (struct early){.number = p->pkt.number, .before = waiting->last};
	waiting->last = ++f->nb_early;
	waiting->time_ns = p->pkt.time_ns;
	return 0;
}

static void resolve(struct rw_frags *f, const struct rw_packet *p, const struct frag_key *key)
{
	struct waiting *waiting = rw_recent_find(f->waiting, key);
	struct transport t;
	uint32_t at, before;

	if (waiting == NULL)
		return;
	t = transport_of(p);
	if (in_time(waiting->time_ns, p->pkt.time_ns)) {
		for (at = waiting->last; at != 0; at = before) {
			before = f->early[at - 1].before;
			f->early[at - 1].transport = t;
			f->early[at - 1].before = 0;
		}
	}
	waiting->last = 0;
}

int rw_frags_look_ahead(struct rw_frags *f, struct rw_packet *p)
{
	struct transport t;
	struct frag_key key;

	if (!is_fragment(p))
		return 0;
	if (f->ahead_firsts == NULL && start_looking(f) < 0)
		return -ENOMEM;
	key_of(p, &key);
	if (is_first(p)) {
		remember(f->ahead_firsts, p, &key);
		resolve(f, p, &key);
		t = transport_of(p);
		complete(p, &t);
		return 0;
	}
	return recall(f->ahead_firsts, p, &key) != NULL ? 0 : add_early(f, p, &key);
}

void rw_frags_looked_ahead(struct rw_frags *f)
{
	stop_looking(f);
	f->looked_ahead = true;
}

uint64_t rw_frags_orphans(const struct rw_frags *f)
{
	return f->orphans;
}
