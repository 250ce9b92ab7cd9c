/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MPLS, RFC 3032: a stack of labels, taken off in one go. What is below says nothing of itself: it is guessed.
 *
 *      nibble 4, 6     IP, or a frame to an address that starts like that
 *      nibble 0        a frame of a pseudo-wire behind a control word (RFC 4385), or one that starts like that
 *      nibble 1        an associated channel (RFC 4385 section 5): control
 *      otherwise       a frame of a pseudo-wire
 */
#include "decode_priv.h"

#define LABEL_LEN 4
#define LABEL_BOTTOM 0x100
#define LABEL(entry) ((entry) >> 12)

/* RFC 3032 section 2.1, RFC 5586 section 4. */
#define LABEL_IPV4_NULL 0
#define LABEL_IPV6_NULL 2
#define LABEL_GAL 13

#define CONTROL_WORD_LEN 4

/** RFC 4385 section 3: the length is that of control word and frame, where padding hides it; 0 otherwise. */
static enum pal_layer control_word(struct decode_ctx *ctx)
{
	const uint8_t *word = pal_cursor_take(&ctx->cur, CONTROL_WORD_LEN);
	uint32_t len = word[1] & 0x3f;

	if (len >= CONTROL_WORD_LEN)
		decode_bound(ctx, len - CONTROL_WORD_LEN);
	return PAL_LAYER_ETHERNET;
}

/** Does a datagram of that version end where the frame does? */
static bool fits(const struct decode_ctx *ctx, enum pal_layer layer)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, 6);
	uint32_t left = decode_wire_left(ctx);

	if (hdr == NULL)
		return false;
	if (layer == PAL_LAYER_IPV6)
		return pal_load_be16(hdr + 4) + 40u == left;
	return pal_load_be16(hdr + 2) == left;
}

static bool is_frame_behind_word(const struct decode_ctx *ctx)
{
	struct decode_ctx behind = *ctx;

	return pal_cursor_skip(&behind.cur, CONTROL_WORD_LEN) && decode_is_frame(&behind);
}

static enum pal_layer guess(struct decode_ctx *ctx)
{
	enum pal_layer ip = decode_ip_version(ctx);
	const uint8_t *word = pal_cursor_peek(&ctx->cur, CONTROL_WORD_LEN);

	if (ip != PAL_LAYER_END)
		return fits(ctx, ip) || !decode_is_frame(ctx) ? ip : PAL_LAYER_ETHERNET;
	if (word == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	switch (word[0] >> 4) {
	case 0:
		// XXX: addresses that start with 0 are many. A frame that makes sense settles it.
		if (decode_is_frame(ctx) && !is_frame_behind_word(ctx))
			return PAL_LAYER_ETHERNET;
		return control_word(ctx);
	case 1:
		if (!decode_is_frame(ctx))
			return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
		return PAL_LAYER_ETHERNET;
	}
	return PAL_LAYER_ETHERNET;
}

enum pal_layer decode_mpls(struct decode_ctx *ctx)
{
	uint32_t entry;

	do {
		if (!pal_cursor_be32(&ctx->cur, &entry))
			return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	} while (!(entry & LABEL_BOTTOM));

	switch (LABEL(entry)) {
	case LABEL_IPV4_NULL:
		return PAL_LAYER_IPV4;
	case LABEL_IPV6_NULL:
		return PAL_LAYER_IPV6;
	case LABEL_GAL:
		return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
	}
	return guess(ctx);
}
