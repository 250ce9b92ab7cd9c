/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_tcp.h"

#include <pal_cursor.h>

#define TCP_LEN 20

const uint8_t *
pal_tcp_option_find(const struct pal_pkt *pkt, enum pal_tcp_option option, uint8_t len)
{
	struct pal_cursor cur;
	uint8_t kind, option_len;

	if (pkt->l4_hdr_len <= TCP_LEN)
		return NULL;
	cur = pal_cursor_of(pkt->data + pkt->l4_off, pkt->l4_hdr_len);
	pal_cursor_skip(&cur, TCP_LEN);
	while (pal_cursor_u8(&cur, &kind) && kind != PAL_TCP_OPTION_END) {
		const uint8_t *value;

		if (kind == PAL_TCP_OPTION_NOP)
			continue;
		if (!pal_cursor_u8(&cur, &option_len) || option_len < 2)
			return NULL;
		value = pal_cursor_take(&cur, option_len - 2u);
		if (value == NULL)
			return NULL;
		if (kind == option && option_len == len + 2)
			return value;
	}
	return NULL;
}
