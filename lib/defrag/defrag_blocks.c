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

static struct defrag_page *
page_of(const struct pal_defrag *tbl, const struct defrag_datagram *dg, uint32_t block)
{
	return &tbl->pages[dg->pages[block / DEFRAG_PAGE_BLOCKS]];
}

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

// The owner of a block; of nobody also where there is no page.
static struct defrag_owner
owner_of(const struct pal_defrag *tbl, const struct defrag_datagram *dg, uint32_t block)
{
	if (dg->page_blocks[block / DEFRAG_PAGE_BLOCKS] == 0)
		return (struct defrag_owner){0};
	return page_of(tbl, dg, block)->owners[block % DEFRAG_PAGE_BLOCKS];
}

static const uint8_t *
bytes_of(const struct pal_defrag *tbl, const struct defrag_datagram *dg, uint32_t block)
{
	return page_of(tbl, dg, block)->bytes + block % DEFRAG_PAGE_BLOCKS * DEFRAG_BLOCK;
}

// Bytes of a block that are known both of its owner and of a fragment.
static uint32_t
common_len(const struct defrag_owner *owner, const struct defrag_frag *frag, uint32_t block)
{
	if (owner->end == 0 || owner->start & DEFRAG_MISSING || !is_captured(frag, block))
		return 0;
	return block_len(block, min_u32(owner->end, frag->end));
}

struct defrag_overlap defrag_compare(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	const struct defrag_frag *frag
)
{
	struct defrag_overlap overlap = {.exact = true};
	uint32_t start = frag->off / DEFRAG_BLOCK, end = blocks_up_to(frag->end);

	for (uint32_t block = start; block < end; block++) {
		struct defrag_owner owner = owner_of(tbl, dg, block);
		uint32_t at = block * DEFRAG_BLOCK, len;

		if (owner.end == 0) {
			overlap.exact = false;
			// Nobody's page: the next one.
			if (dg->page_blocks[block / DEFRAG_PAGE_BLOCKS] == 0)
				block |= DEFRAG_PAGE_BLOCKS - 1;
			continue;
		}
		if (overlap.end == 0)
			overlap.off = at;
		overlap.end = at + block_len(block, frag->end);
		len = common_len(&owner, frag, block);
		overlap.differs |=
			len != 0 &&
			memcmp(bytes_of(tbl, dg, block), frag->bytes + (at - frag->off), len) != 0;
		overlap.exact &= (owner.start & ~DEFRAG_MISSING) == start && owner.end == frag->end;
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
		*ret_old = fnv1a(*ret_old, bytes_of(tbl, dg, block), len);
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

static void cover(struct defrag_datagram *dg, uint32_t block)
{
	dg->page_blocks[block / DEFRAG_PAGE_BLOCKS]++;
	dg->nb_covered += block < blocks_up_to(dg->end);
}

bool defrag_store(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct defrag_frag *frag
)
{
	uint32_t start = frag->off / DEFRAG_BLOCK, end = blocks_up_to(frag->end);
	bool has_first = false;

	for (uint32_t block = start; block < end; block++) {
		struct defrag_page *page = page_of(tbl, dg, block);
		struct defrag_owner *owner = &page->owners[block % DEFRAG_PAGE_BLOCKS];
		struct defrag_owner new = {(uint16_t)start, (uint16_t)frag->end};
		uint32_t at = block * DEFRAG_BLOCK;

		if (owner->end != 0 && !new_wins(dg->policy, owner, &new))
			continue;
		if (owner->end == 0)
			cover(dg, block);
		if (is_captured(frag, block)) {
			memcpy(page->bytes + at % DEFRAG_PAGE,
			       frag->bytes + (at - frag->off),
			       block_len(block, frag->end));
		} else {
			new.start |= DEFRAG_MISSING;
			dg->missing = true;
		}
		*owner = new;
		has_first |= block == 0;
	}
	return has_first;
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

static uint32_t known_len(const struct pal_defrag *tbl, const struct defrag_datagram *dg)
{
	uint32_t nb_blocks = blocks_up_to(dg->end);

	if (!dg->missing)
		return dg->end;
	for (uint32_t block = 0; block < nb_blocks; block++)
		if (owner_of(tbl, dg, block).start & DEFRAG_MISSING)
			return block * DEFRAG_BLOCK;
	return dg->end;
}

uint32_t defrag_copy(const struct pal_defrag *tbl, const struct defrag_datagram *dg, uint8_t *dst)
{
	uint32_t len = known_len(tbl, dg);

	for (uint32_t at = 0; dst != NULL && at < len; at += DEFRAG_PAGE)
		memcpy(dst + at,
		       page_of(tbl, dg, at / DEFRAG_BLOCK)->bytes,
		       min_u32(len - at, DEFRAG_PAGE));
	return len;
}
