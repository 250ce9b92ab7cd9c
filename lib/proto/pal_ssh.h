/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SSH_H
#define PAL_SSH_H

/**
 * @file
 * SSH: what one side says in the clear before keys are exchanged. RFC 4253 sections 4.2 and 7.1.
 *
 *      line ... line  SSH-2.0-software comments CR LF     KEXINIT packet
 *                     PAL_SSH_IDENT                       PAL_SSH_KEXINIT, PAL_SSH_DONE
 *
 * Nothing is read after that.
 */

#include "pal_gather.h"

/** A line before, or with, the identification; a longer one is none. */
#define PAL_SSH_LINE_MAX 1024
/** RFC 4253 section 6.1. */
#define PAL_SSH_PACKET_MAX 35000
/** Lines before the identification, and packets before KEXINIT. */
#define PAL_SSH_SKIPPED_MAX 32

enum pal_ssh_event {
	PAL_SSH_MORE, /**< All bytes are read. */
	PAL_SSH_IDENT, /**< item.ident */
	PAL_SSH_KEXINIT, /**< item.kexinit */
	PAL_SSH_DONE, /**< There will be no more of this side. */
	PAL_SSH_BROKEN, /**< The same, because it breaks the rules. */
};

/** `2.0` and `OpenSSH_9.4`; comments are left out. */
struct pal_ssh_ident {
	struct pal_cursor proto_version, software_version;
};

/** Name lists, in the order of the message. */
enum pal_ssh_list {
	PAL_SSH_KEX,
	PAL_SSH_HOST_KEY,
	PAL_SSH_CIPHER_CTOS, /**< What the client sends. */
	PAL_SSH_CIPHER_STOC,
	PAL_SSH_MAC_CTOS,
	PAL_SSH_MAC_STOC,
	PAL_SSH_COMPRESSION_CTOS,
	PAL_SSH_COMPRESSION_STOC,
	PAL_SSH_LANGUAGE_CTOS,
	PAL_SSH_LANGUAGE_STOC,
	PAL_SSH_LIST_COUNT,
};

struct pal_ssh_kexinit {
	struct pal_cursor lists[PAL_SSH_LIST_COUNT]; /**< Names joined by commas, as they came. */
};

/** What came with an event: in the caller's bytes or in the side's buffer, until the next call. */
union pal_ssh_item {
	struct pal_ssh_ident ident;
	struct pal_ssh_kexinit kexinit;
};

/** What one side sends. All zero at the beginning; pal_ssh_stop() at the end. */
struct pal_ssh_side {
	struct pal_gather gather;
	uint8_t state;
	uint8_t nb_skipped;
};

/** Read on. Takes bytes off the cursor; call until it says PAL_SSH_MORE. */
enum pal_ssh_event
pal_ssh_next(struct pal_ssh_side *side, struct pal_cursor *bytes, union pal_ssh_item *ret_item);

/** Read no more: bytes are missing, or nobody is interested. Frees what waits. */
void pal_ssh_stop(struct pal_ssh_side *side);

/** Will nothing more come of this side? */
bool pal_ssh_is_over(const struct pal_ssh_side *side);

/** Lists of which HASSH is made, joined by `;`: of what a client offers, or a server. */
#define PAL_SSH_HASSH_LISTS 4

/**
 * The text whose MD5 is HASSH (of a client), or hasshServer.
 *
 * @return
 *   Its length; 0 when it does not fit in `room` bytes.
 */
size_t
pal_ssh_hassh(const struct pal_ssh_kexinit *kexinit, bool is_server, char *ret_text, size_t room);

#endif
