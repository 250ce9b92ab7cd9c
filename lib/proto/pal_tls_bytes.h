/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TLS_BYTES_H
#define PAL_TLS_BYTES_H

/** @file Bytes in memory of their own, which grows with them. */

#include <pal_cursor.h>

struct pal_tls_bytes {
	uint8_t *data; /**< NULL: none. */
	uint32_t len, room;
};

static inline struct pal_cursor pal_tls_cursor(const struct pal_tls_bytes *bytes)
{
	return bytes->data == NULL ? (struct pal_cursor){0}
				   : pal_cursor_of(bytes->data, bytes->len);
}

/** Add bytes. false: there is no memory. */
bool pal_tls_bytes_add(struct pal_tls_bytes *bytes, const uint8_t *data, size_t len);
void pal_tls_bytes_free(struct pal_tls_bytes *bytes);

#endif
