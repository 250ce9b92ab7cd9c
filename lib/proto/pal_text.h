/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEXT_H
#define PAL_TEXT_H

/**
 * @file
 * Protocols of lines: SMTP (RFC 5321), FTP (RFC 959), POP3 (RFC 1939) and IMAP (RFC 9051). A client commands, a server
 * replies, in order, and after a certain command and its reply the connection is TLS.
 *
 *      struct pal_text_event ev;
 *
 *      while (pal_text_next(&text, dir, &cursor, &ev) > 0)
 *              ...
 *
 * Bytes are taken as they come, in whatever pieces; the events are the same. A line is gathered in memory that grows with
 * what has really come, up to PAL_TEXT_LINE_MAX bytes; what is longer is cut there.
 */

#include <pal_cursor.h>

#include <stdbool.h>
#include <stdint.h>

#define PAL_TEXT_LINE_MAX 4096
/** Commands without a reply that are remembered; a client that is further ahead is not followed. */
#define PAL_TEXT_AHEAD_MAX 64
#define PAL_TEXT_TAG_MAX 31

enum pal_text_kind {
	PAL_TEXT_SMTP,
	PAL_TEXT_FTP,
	PAL_TEXT_POP3,
	PAL_TEXT_IMAP,
};

/** Who speaks; as enum pal_dir. */
enum pal_text_side {
	PAL_TEXT_CLIENT,
	PAL_TEXT_SERVER,
};

enum pal_text_type {
	PAL_TEXT_COMMAND, /**< A line of the client. */
	PAL_TEXT_ANSWER, /**< A line of the client that is no command: what the server asked for (AUTH). */
	PAL_TEXT_REPLY, /**< A line of the server; IMAP: also what no command asked for. */
	PAL_TEXT_DATA, /**< A line of content: SMTP's DATA, POP3's replies of several lines. Dots are as they were meant. */
	PAL_TEXT_DATA_END,
};

/** What a line says about TLS. */
enum pal_text_tls {
	PAL_TEXT_TLS_NONE,
	PAL_TEXT_TLS_ASKED, /**< By this command. */
	PAL_TEXT_TLS_AGREED, /**< By this reply: what follows is no text any more. */
	PAL_TEXT_TLS_REFUSED,
};

/** One line. Its text is valid until the next call about that side. */
struct pal_text_event {
	enum pal_text_type type;
	enum pal_text_tls tls;
	struct pal_cursor
		text; /**< Without the end of line; of a reply with a code, what follows that. */
	uint16_t
		code; /**< SMTP, FTP: of a reply. POP3: 200 for +OK, 500 for -ERR, 300 for +. Else 0. */
	bool is_last; /**< Of a reply: it is complete. */
	bool is_cut; /**< The line was longer. */
};

/** One side. lib/proto only. */
struct pal_text_half {
	uint8_t *bytes; /**< Of a line that is not there yet; NULL: none. */
	uint32_t len, room;
	bool is_cut;
	bool is_lost; /**< Up to the end of the line, bytes are missing. */
	bool is_given; /**< The line in bytes was handed out. */
	uint64_t skip; /**< Bytes to come that are no lines. */
};

/** A connection. All zero but `kind` at first; pal_text_fini() at the end. */
struct pal_text {
	uint8_t kind; /**< enum pal_text_kind */
	uint8_t mode;
	bool wants_answer; /**< The client's next line is no command. */
	bool is_resync; /**< Bytes were missing: replies are counted anew with the next command. */
	uint16_t multi_code; /**< Of the reply that goes on. */
	uint32_t nb_commands, nb_replies;
	uint32_t data_index,
		tls_index; /**< Number of the command that waits for its reply; 0: none. */
	uint64_t multi; /**< POP3: bit n: command n's reply has several lines. */
	uint8_t tag_len; /**< IMAP: of the command that asked for TLS. */
	uint8_t tag[PAL_TEXT_TAG_MAX];
	struct pal_text_half half[2];
};

/**
 * The next line of one side.
 *
 * @param cur
 *   Bytes that follow those of the last call about this side; moved behind the line.
 * @return
 *   1: there is one; 0: it needs more bytes, cur is empty; -EPROTO: this is not the protocol; -ENOMEM.
 */
int pal_text_next(
	struct pal_text *t,
	enum pal_text_side side,
	struct pal_cursor *cur,
	struct pal_text_event *ret_event
);

/** Bytes of one side are missing. Goes on with the next line. */
void pal_text_gap(struct pal_text *t, enum pal_text_side side, uint64_t len);

/** Free what is held. */
void pal_text_fini(struct pal_text *t);

/** The first word of a line, and what follows it after spaces. */
void pal_text_split(
	struct pal_cursor line,
	struct pal_cursor *ret_word,
	struct pal_cursor *ret_rest
);

/** Is a word this one, whatever its case? `name` is in upper case. */
bool pal_text_is(struct pal_cursor word, const char *name);

/** Where FTP's data connection will be. */
struct pal_ftp_port {
	uint8_t ip_version; /**< Of addr; 0: not said, it is that of the control connection. */
	uint8_t addr[4];
	uint16_t port;
};

/** h1,h2,h3,h4,p1,p2 of PORT, or within the text of reply 227. */
bool pal_ftp_port(struct pal_cursor text, struct pal_ftp_port *ret_port);

/** |1|132.235.1.2|6275| of EPRT, or (|||6446|) within the text of reply 229. */
bool pal_ftp_eport(struct pal_cursor text, struct pal_ftp_port *ret_port);

#endif
