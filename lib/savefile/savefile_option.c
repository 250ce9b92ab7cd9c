/* SPDX-License-Identifier: BSD-3-Clause */
#include "savefile_priv.h"

bool pal_savefile_option_next(
	struct pal_savefile_options *it,
	struct pal_savefile_option *ret_option
)
{
	struct pal_cursor cur = it->cur;
	const uint8_t *head = pal_cursor_take(&cur, 4);
	struct pal_savefile_option opt;
	size_t pad;

	if (head == NULL)
		return false;
	opt.code = savefile_load16(head, it->big_endian);
	opt.len = savefile_load16(head + 2, it->big_endian);
	// draft-ietf-opsawg-pcapng section 3.5: opt_endofopt is 0.
	if (opt.code == 0)
		return false;
	opt.value = pal_cursor_take(&cur, opt.len);
	if (opt.value == NULL)
		return false;
	// The last option of a block is found without its padding, too.
	pad = -(size_t)opt.len & 3;
	if (!pal_cursor_skip(&cur, pad))
		cur.pos = cur.end;
	it->cur = cur;
	*ret_option = opt;
	return true;
}
