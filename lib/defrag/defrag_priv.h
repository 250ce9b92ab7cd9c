/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DEFRAG_PRIV_H
#define PAL_DEFRAG_PRIV_H

/**
 * @file
 * What the files of lib/defrag share: the table, a datagram in it, and the pages that its bytes are in.
 *
 *      defrag_table.c    datagrams found by key, listed by age; pages; who goes when there is no room
 *      defrag_blocks.c   the bytes of one fragment into pages, block by block; whose they are, what is covered
 *      defrag_header.c   the header of the whole datagram
 *      defrag_add.c      the life of a fragment, from the checks to the datagram
 */

#include "pal_defrag.h"

#define DEFRAG_BLOCK 8 /**< Bytes; the unit of fragment offsets. */
#define DEFRAG_PAGE_BLOCKS 128
#define DEFRAG_PAGE (DEFRAG_PAGE_BLOCKS * DEFRAG_BLOCK) /**< Bytes of a datagram in one page. */
#define DEFRAG_PAGES 64 /**< Of a datagram of DEFRAG_MAX bytes. */
#define DEFRAG_MAX 65535 /**< Bytes: RFC 791 section 3.1, RFC 8200 section 4.5. */

/**
 * Longest header kept: an IPv4 header has 60 bytes at most.
 * XXX: IPv6 extension headers in front of a fragment header may be longer; those seen (hop-by-hop options, segment
 * routing) are not, and every datagram would pay for the room. Such fragments are frag_invalid.
 */
#define DEFRAG_HDR_MAX 256

/** Whose the bytes of a block are: the fragment that a policy has chosen. */
struct defrag_owner {
	uint16_t start; /**< Its offset in blocks, and DEFRAG_MISSING. */
	uint16_t end; /**< One past its last byte; 0: nobody's. */
};

/** Set in defrag_owner.start: the capture does not have the whole block. */
#define DEFRAG_MISSING 0x8000

struct defrag_page {
	uint8_t bytes[DEFRAG_PAGE]; /**< Of a free page: the index of the next one. */
	struct defrag_owner owners[DEFRAG_PAGE_BLOCKS];
};

/** One fragment, checked. */
struct defrag_frag {
	const uint8_t *bytes; /**< That of offset off. */
	uint32_t off, end; /**< In the payload of the datagram; end is one past its last byte. */
	uint32_t cap_end; /**< Captured up to here; at most end. */
	bool more; /**< It is not the last. */
};

enum defrag_state {
	DEFRAG_HELD, /**< Fragments are held. */
	DEFRAG_WHOLE, /**< Complete, to be taken. */
	DEFRAG_DONE, /**< Taken; kept to know a repetition of its last fragment. */
	DEFRAG_DISCARDED, /**< Given up for ever, with what still comes: RFC 5722. */
};

/** Lists of datagrams, oldest first. */
enum defrag_list {
	DEFRAG_LIST_V4, /**< Held. One list for each timeout, so that a list is in the order of expiry. */
	DEFRAG_LIST_V6,
	DEFRAG_LIST_SPENT, /**< Done and discarded: they have no pages, and go first. */
	DEFRAG_LIST_COUNT,
};

struct defrag_datagram {
	struct pal_defrag_key key;
	uint32_t hash;
	uint32_t next; /**< In its hash chain, or in the free list. */
	uint32_t older, newer; /**< In its list. */
	uint64_t begun; /**< Counts datagrams: which one is older. */
	uint64_t clock_ns; /**< The table's clock when it began. */
	uint64_t first_time_ns, first_number;
	uint64_t wire_bytes;
	uint32_t nb_frags;
	uint32_t end; /**< Where it ends; 0: not known. */
	uint32_t max_end; /**< One past the last byte of all fragments. */
	uint32_t nb_covered; /**< Blocks below end that somebody owns; kept while end is known. */
	uint16_t input;
	uint16_t events; /**< Bit n: event n was reported. */
	uint16_t hdr_len; /**< 0: the fragment of offset 0 has not come. */
	uint8_t state; /**< enum defrag_state */
	uint8_t list; /**< enum defrag_list */
	uint8_t policy; /**< enum pal_defrag_policy */
	uint8_t proto; /**< Of the first fragment that came. */
	uint8_t hdr_proto; /**< Next header of the fragment that the header is from ... */
	bool missing; /**< Some block may be DEFRAG_MISSING. */
	bool overlap, conflict;
	uint16_t hdr_next_off; /**< ... and where it goes, IPv6 only. */
	/* where DONE: the fragment that completed it */
	uint32_t done_off, done_end;
	uint64_t done_hash;
	/* cleared up to here when a datagram begins */
	uint8_t page_blocks[DEFRAG_PAGES]; /**< Blocks of each page that somebody owns. */
	uint32_t pages[DEFRAG_PAGES]; /**< 0: none. */
	uint8_t hdr[DEFRAG_HDR_MAX];
};

struct pal_defrag {
	struct defrag_datagram *datagrams; // index 0 is not used
	struct defrag_page *pages; // nor here
	uint32_t *heads; // of hash chains
	uint64_t seed;
	uint64_t clock_ns; // latest time of any fragment
	uint64_t nb_begun;
	uint64_t timeout_ns[2];
	uint32_t mask;
	uint32_t nb_pages, free_pages; // in all, and not in use
	uint32_t page_list; // free ones that were in use before
	uint32_t pages_touched; // pages below this were in use before
	uint32_t datagram_list, datagrams_touched;
	uint32_t pending; // whole, not taken yet; 0: none
	uint32_t oldest[DEFRAG_LIST_COUNT], newest[DEFRAG_LIST_COUNT];
	struct pal_defrag_conf conf;
	struct pal_defrag_stats stats;
};

static inline unsigned int defrag_is_v6(const struct defrag_datagram *dg)
{
	return dg->key.ip_version == 6;
}

static inline uint32_t defrag_index(const struct pal_defrag *tbl, const struct defrag_datagram *dg)
{
	return (uint32_t)(dg - tbl->datagrams);
}

/* defrag_table.c */

/** The datagram of that key; NULL. One whose timeout has passed is given up and not found. */
struct defrag_datagram *
defrag_lookup(struct pal_defrag *tbl, const struct pal_defrag_key *key, uint32_t hash);

/** Begin a datagram, in place of the oldest if need be. */
struct defrag_datagram *defrag_begin(
	struct pal_defrag *tbl,
	const struct pal_defrag_key *key,
	uint32_t hash,
	const struct pal_pkt *frag
);

/** Give a datagram the pages it lacks for bytes off to end, those of the oldest ones if need be. */
void defrag_give_pages(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	uint32_t off,
	uint32_t end
);

/** Give up everything. */
void defrag_flush(struct pal_defrag *tbl);

/** Take its pages back; it is DONE or DISCARDED now. */
void defrag_spend(struct pal_defrag *tbl, struct defrag_datagram *dg, enum defrag_state state);

/** Forget a datagram that is spent. */
void defrag_forget(struct pal_defrag *tbl, struct defrag_datagram *dg);

/** The fragments held leave by that exit, and are reported. The datagram stays. */
void defrag_lose(struct pal_defrag *tbl, struct defrag_datagram *dg, enum pal_drop drop);

/** Give up datagrams whose timeout has passed, at most max of each list. */
void defrag_sweep(struct pal_defrag *tbl, unsigned int max);

/** Move the clock forward to now_ns; not back. */
void defrag_set_clock(struct pal_defrag *tbl, uint64_t now_ns);

/** Report an event: count it, and call on_event the first time in a datagram (dg may be NULL). */
void defrag_report(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	enum pal_defrag_event event,
	const struct pal_defrag_event_info *info
);

/* defrag_blocks.c */

/** How a fragment lies over those before it. */
struct defrag_overlap {
	uint32_t off, end; /**< From the first to the last block that somebody owns; 0: none. */
	bool exact; /**< All of them, the same fragment's, which has the same bytes. */
	bool differs; /**< Some have other bytes. */
};

/** Compare a fragment with what is held. */
struct defrag_overlap defrag_compare(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	const struct defrag_frag *frag
);

/** FNV-1a of the bytes that are both held and in the fragment: as held, and as in the fragment. */
void defrag_hash_both(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	const struct defrag_frag *frag,
	const struct defrag_overlap *overlap,
	uint64_t *ret_old,
	uint64_t *ret_new
);

/**
 * Put a fragment's bytes where the policy gives them to it; its pages are there.
 *
 * @return
 *   Whether the first block of the datagram is now its own.
 */
bool defrag_store(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct defrag_frag *frag
);

/** The datagram ends later than was thought, or it was not known where. */
void defrag_set_end(struct pal_defrag *tbl, struct defrag_datagram *dg, uint32_t end);

/** Bytes of the payload of a whole datagram up to the first block that is missing. */
uint32_t defrag_known_len(const struct pal_defrag *tbl, const struct defrag_datagram *dg);

/** Copy the first len bytes of the payload. */
void defrag_copy(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	uint8_t *dst,
	uint32_t len
);

/* defrag_header.c */

/** Length of what is in front of the payload, without an IPv6 fragment header. */
uint32_t defrag_hdr_len(const struct pal_pkt *frag);

/** Keep the header of the fragment that has the first block. */
void defrag_keep_hdr(struct defrag_datagram *dg, const struct pal_pkt *frag);

/** Bytes that count against DEFRAG_MAX beside the payload: the IPv4 header, IPv6 extension headers. */
uint32_t defrag_hdr_counted(uint8_t ip_version, uint32_t hdr_len);

/** Write the header of the whole datagram, dg->hdr_len bytes. */
void defrag_put_hdr(const struct defrag_datagram *dg, uint8_t *dst);

#endif
