/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MAIL_FIELDS_H
#define MAIL_FIELDS_H

/**
 * @file
 * What is kept of one mail until its record is written: addresses of the envelope, and header fields.
 */

#include <pal_cursor.h>
#include <pal_json.h>

/** Bytes of all fields of one mail; what comes after that is left out. */
#define MAIL_FIELDS_MAX 16384
#define MAIL_HELO_MAX 255

enum mail_field {
	MAIL_FROM, /**< Of the envelope, as the two that follow. */
	MAIL_RCPT,
	MAIL_HEADER_FROM,
	MAIL_HEADER_TO,
	MAIL_HEADER_CC,
	MAIL_HEADER_SUBJECT,
	MAIL_HEADER_DATE,
	MAIL_HEADER_MESSAGE_ID,
	MAIL_HEADER_X_MAILER,
	MAIL_HEADER_OTHER, /**< Not kept. */
};

/** All zero at first. */
struct mail_fields {
	uint8_t *bytes; /**< Fields one after the other: which, two bytes of length, text. */
	uint32_t len, room;
	uint32_t last; /**< Where the one begins that may go on. */
	bool goes_on;
	bool has_content; /**< Its header was begun. */
	bool is_body;
};

void mail_fields_add(struct mail_fields *f, enum mail_field which, struct pal_cursor text);

/** A line of the content: header fields are kept, the body is not. RFC 5322 section 2.2. */
void mail_fields_line(struct mail_fields *f, struct pal_cursor line);

/** `smtp`, and `email` where there was content. */
void mail_fields_put(struct pal_json *j, const struct mail_fields *f, struct pal_cursor helo);

void mail_fields_clear(struct mail_fields *f);

#endif
