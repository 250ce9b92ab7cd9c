/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A fragment is dealt with block by block (8 bytes, the unit of offsets): whoever owns a block is in the page beside
 * its bytes, so that a fragment costs as much as it is long, however many came before.
 *
 *      datagram   | page 0                 | page 1 ...
 *      bytes      | 8 | 8 | 8 | 8 |    ... | 8 |
 *      owners     | A | A | B | - |    ... | B |        the start and end of the fragment that won: all that a
 *                                                       policy wants to know of it
 *
 * Only the last fragment ends inside a block, and only where the datagram ends. If that turns out to be later, the
 * block that it filled in part is nobody's again.
 */
#include "defrag_priv.h"

#include <string.h>

#define FNV_OFFSET 0xcbf29ce484222325
#define FNV_PRIME 0x100000001b3

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t blocks_up_to(uint32_t end)
{
	return (end + DEFRAG_BLOCK - 1) / DEFRAG_BLOCK;
}

// Bytes of a block that a fragment has which ends at end.
static uint32_t block_len(uint32_t block, uint32_t end)
{
	return min_u32(end - block * DEFRAG_BLOCK, DEFRAG_BLOCK);
}

static bool is_captured(const struct defrag_frag *frag, uint32_t block)
{
	return min_u32((block + 1) * DEFRAG_BLOCK, frag->end) <= frag->cap_end;
}

static struct defrag_page *
page_of(const struct pal_defrag *tbl, const struct defrag_datagram *dg, uint32_t block)
{
	return &tbl->pages[dg->pages[block / DEFRAG_PAGE_BLOCKS]];
}

// The owner of a block; nobody also where there is no page.
static struct defrag_owner
owner_of(const struct pal_defrag *tbl, const struct defrag_datagram *dg, uint32_t block)
{
	if (dg->page_blocks[block / DEFRAG_PAGE_BLOCKS] == 0)
		return (struct defrag_owner){0};
	return page_of(tbl, dg, block)->owners[block % DEFRAG_PAGE_BLOCKS];
}

/** Blocks start to end of a fragment, all in one page. */
struct run {
	uint32_t start, end;
	struct defrag_owner *owners; // of block start and those behind it
	uint8_t *bytes;
	const uint8_t *frag_bytes;
};

// What is in the same page as block, which has one.
static struct run
run_of(const struct pal_defrag *tbl,
       const struct defrag_datagram *dg,
       const struct defrag_frag *frag,
       uint32_t block)
{
	struct defrag_page *page = page_of(tbl, dg, block);
	uint32_t page_end = (block / DEFRAG_PAGE_BLOCKS + 1) * DEFRAG_PAGE_BLOCKS;

	return (struct run){
		.start = block,
		.end = min_u32(page_end, blocks_up_to(frag->end)),
		.owners = page->owners + block % DEFRAG_PAGE_BLOCKS,
		.bytes = page->bytes + block % DEFRAG_PAGE_BLOCKS * DEFRAG_BLOCK,
		.frag_bytes = frag->bytes + (block * DEFRAG_BLOCK - frag->off),
	};
}

// The usual case, one cheap pass over the owners.
static bool is_free(const struct run *run)
{
	uint32_t any = 0;

	for (uint32_t i = 0; i < run->end - run->start; i++)
		any |= run->owners[i].end;
	return any == 0;
}

// Bytes of a block that are known both of its owner and of a fragment.
static uint32_t
common_len(const struct defrag_owner *owner, const struct defrag_frag *frag, uint32_t block)
{
	if (owner->end == 0 || owner->start & DEFRAG_MISSING || !is_captured(frag, block))
		return 0;
	return block_len(block, min_u32(owner->end, frag->end));
}

static bool bytes_differ(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	uint64_t x, y;

	if (len != DEFRAG_BLOCK)
		return len != 0 && memcmp(a, b, len) != 0;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x != y;
}

static void
compare_run(const struct defrag_frag *frag, const struct run *run, struct defrag_overlap *overlap)
{
	for (uint32_t block = run->start, i = 0; block < run->end; block++, i++) {
		struct defrag_owner owner = run->owners[i];

		if (owner.end == 0) {
			overlap->exact = false;
			continue;
		}
		if (overlap->end == 0)
			overlap->off = block * DEFRAG_BLOCK;
		overlap->end = block * DEFRAG_BLOCK + block_len(block, frag->end);
		overlap->differs |= bytes_differ(
			run->bytes + i * DEFRAG_BLOCK,
			run->frag_bytes + i * DEFRAG_BLOCK,
			common_len(&owner, frag, block)
		);
		overlap->exact &=
			(owner.start & ~DEFRAG_MISSING) * DEFRAG_BLOCK == (int)frag->off &&
			owner.end == frag->end;
	}
}

struct defrag_overlap defrag_compare(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	const struct defrag_frag *frag
)
{
	struct defrag_overlap overlap = {.exact = true};
	uint32_t block = frag->off / DEFRAG_BLOCK, end = blocks_up_to(frag->end);

	while (block < end) {
		if (dg->page_blocks[block / DEFRAG_PAGE_BLOCKS] == 0) {
			overlap.exact = false;
			block = (block / DEFRAG_PAGE_BLOCKS + 1) * DEFRAG_PAGE_BLOCKS;
		} else {
			struct run run = run_of(tbl, dg, frag, block);

			if (is_free(&run))
				overlap.exact = false;
			else
				compare_run(frag, &run, &overlap);
			block = run.end;
		}
	}
	overlap.exact &= !overlap.differs;
	return overlap;
}

static uint64_t fnv1a(uint64_t hash, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * FNV_PRIME;
	return hash;
}

void defrag_hash_both(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	const struct defrag_frag *frag,
	const struct defrag_overlap *overlap,
	uint64_t *ret_old,
	uint64_t *ret_new
)
{
	uint32_t end = blocks_up_to(overlap->end);

	*ret_old = *ret_new = FNV_OFFSET;
	for (uint32_t block = overlap->off / DEFRAG_BLOCK; block < end; block++) {
		struct defrag_owner owner = owner_of(tbl, dg, block);
		uint32_t len = common_len(&owner, frag, block);

		if (len == 0)
			continue;
		*ret_old =
			fnv1a(*ret_old,
			      page_of(tbl, dg, block)->bytes +
				      block % DEFRAG_PAGE_BLOCKS * DEFRAG_BLOCK,
			      len);
		*ret_new = fnv1a(*ret_new, frag->bytes + (block * DEFRAG_BLOCK - frag->off), len);
	}
}

/*
 * The policies, as hosts were found to behave: U. Shankar, V. Paxson, "Active Mapping: Resisting NIDS Evasion
 * Without Altering Traffic", 2003; J. Novak, "Target-Based Fragmentation Reassembly", 2005.
 */
static bool new_wins(
	enum pal_defrag_policy policy,
	const struct defrag_owner *old,
	const struct defrag_owner *new
)
{
	uint32_t old_start = old->start & ~DEFRAG_MISSING, new_start = new->start & ~DEFRAG_MISSING;

	switch (policy) {
	case PAL_DEFRAG_LAST:
		return true;
	case PAL_DEFRAG_BSD:
		return new_start < old_start;
	case PAL_DEFRAG_BSD_RIGHT:
		return new->end > old->end || (new->end == old->end &&new_start <= old_start);
	case PAL_DEFRAG_LINUX:
		return new_start <= old_start;
	case PAL_DEFRAG_WINDOWS:
		return new_start<old_start &&new->end> old->end;
	case PAL_DEFRAG_SOLARIS:
		return new_start < old_start && new->end >= old->end;
	case PAL_DEFRAG_FIRST:
	case PAL_DEFRAG_DISCARD: // only exact repetitions come here
	case PAL_DEFRAG_POLICY_COUNT:
		break;
	}
	return false;
}

static void cover(struct defrag_datagram *dg, uint32_t start, uint32_t nb_blocks)
{
	uint32_t end = blocks_up_to(dg->end);

	dg->page_blocks[start / DEFRAG_PAGE_BLOCKS] += (uint8_t)nb_blocks;
	if (start < end)
		dg->nb_covered += min_u32(nb_blocks, end - start);
}

static struct defrag_owner as_owner(const struct defrag_frag *frag)
{
	return (struct defrag_owner){(uint16_t)(frag->off / DEFRAG_BLOCK), (uint16_t)frag->end};
}

// Nobody has any of it, and it was captured.
static void
fill_run(struct defrag_datagram *dg, const struct defrag_frag *frag, const struct run *run)
{
	const struct defrag_owner new = as_owner(frag);
	uint32_t nb_blocks = run->end - run->start;

	for (uint32_t i = 0; i < nb_blocks; i++)
		run->owners[i] = new;
	memcpy(run->bytes,
	       run->frag_bytes,
	       min_u32(run->end * DEFRAG_BLOCK, frag->end) - run->start * DEFRAG_BLOCK);
	cover(dg, run->start, nb_blocks);
}

static void
fight_for_run(struct defrag_datagram *dg, const struct defrag_frag *frag, const struct run *run)
{
	for (uint32_t block = run->start, i = 0; block < run->end; block++, i++) {
		struct defrag_owner *owner = &run->owners[i], new = as_owner(frag);

		if (owner->end != 0 && !new_wins(dg->policy, owner, &new))
			continue;
		if (owner->end == 0)
			cover(dg, block, 1);
		if (is_captured(frag, block)) {
			memcpy(run->bytes + i * DEFRAG_BLOCK,
			       run->frag_bytes + i * DEFRAG_BLOCK,
			       block_len(block, frag->end));
		} else {
			new.start |= DEFRAG_MISSING;
			dg->missing = true;
		}
		*owner = new;
	}
}

bool defrag_store(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct defrag_frag *frag
)
{
	struct defrag_owner first = owner_of(tbl, dg, 0), new = as_owner(frag);
	bool gets_first = frag->off == 0 && (first.end == 0 || new_wins(dg->policy, &first, &new));
	uint32_t block = frag->off / DEFRAG_BLOCK, end = blocks_up_to(frag->end);

	while (block < end) {
		struct run run = run_of(tbl, dg, frag, block);

		if (is_captured(frag, run.end - 1) && is_free(&run))
			fill_run(dg, frag, &run);
		else
			fight_for_run(dg, frag, &run);
		block = run.end;
	}
	return gets_first;
}

void defrag_set_end(struct pal_defrag *tbl, struct defrag_datagram *dg, uint32_t end)
{
	uint32_t nb_blocks = blocks_up_to(end), full = nb_blocks / DEFRAG_PAGE_BLOCKS;

	if (dg->end % DEFRAG_BLOCK != 0) {
		uint32_t block = dg->end / DEFRAG_BLOCK;

		if (owner_of(tbl, dg, block).end == dg->end) {
			page_of(tbl, dg, block)->owners[block % DEFRAG_PAGE_BLOCKS].end = 0;
			dg->page_blocks[block / DEFRAG_PAGE_BLOCKS]--;
		}
	}
	dg->end = end;
	dg->nb_covered = 0;
	for (uint32_t i = 0; i < full; i++)
		dg->nb_covered += dg->page_blocks[i];
	for (uint32_t block = full * DEFRAG_PAGE_BLOCKS; block < nb_blocks; block++)
		dg->nb_covered += owner_of(tbl, dg, block).end != 0;
}

uint32_t defrag_known_len(const struct pal_defrag *tbl, const struct defrag_datagram *dg)
{
	uint32_t nb_blocks = blocks_up_to(dg->end);

	if (!dg->missing)
		return dg->end;
	for (uint32_t block = 0; block < nb_blocks; block++)
		if (owner_of(tbl, dg, block).start & DEFRAG_MISSING)
			return block * DEFRAG_BLOCK;
	return dg->end;
}

void defrag_copy(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	uint8_t *dst,
	uint32_t len
)
{
	for (uint32_t at = 0; at < len; at += DEFRAG_PAGE)
		memcpy(dst + at,
		       page_of(tbl, dg, at / DEFRAG_BLOCK)->bytes,
		       min_u32(len - at, DEFRAG_PAGE));
}
