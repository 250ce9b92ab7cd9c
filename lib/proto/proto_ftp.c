/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Where FTP's data connections will be. */
#include "pal_text.h"

static bool take_number(struct pal_cursor *cur, unsigned int max, unsigned int *ret_number)
{
	unsigned int number = 0, nb = 0;

	for (; cur->pos < cur->end && *cur->pos >= '0' && *cur->pos <= '9' && nb < 6; nb++)
		number = number * 10 + (unsigned int)(*cur->pos++ - '0');
	*ret_number = number;
	return nb != 0 && number <= max;
}

// RFC 959 section 4.1.2, PORT; RFC 1123 section 4.1.2.6 has the parentheses of a reply 227 left out by some.
bool pal_ftp_port(struct pal_cursor text, struct pal_ftp_port *ret_port)
{
	struct pal_ftp_port port = {.ip_version = 4};
	unsigned int n[6];

	while (text.pos < text.end && (*text.pos < '0' || *text.pos > '9'))
		text.pos++;
	for (int i = 0; i < 6; i++) {
		if (i != 0 && (text.pos == text.end || *text.pos++ != ','))
			return false;
		if (!take_number(&text, 255, &n[i]))
			return false;
	}
	for (int i = 0; i < 4; i++)
		port.addr[i] = (uint8_t)n[i];
	port.port = (uint16_t)(n[4] << 8 | n[5]);
	*ret_port = port;
	return true;
}

// RFC 2428 section 2 and 3: |protocol|address|port|, with a delimiter of one's own choice; a reply 229 has the port only.
// XXX: the address of EPRT is not read: it is that of the control connection, or a server that is careful refuses.
bool pal_ftp_eport(struct pal_cursor text, struct pal_ftp_port *ret_port)
{
	const uint8_t *open = memchr(text.pos, '(', pal_cursor_left(&text));
	unsigned int number, nb_delimiters = 1;
	uint8_t delimiter;

	if (open != NULL)
		text.pos = open + 1;
	if (!pal_cursor_u8(&text, &delimiter))
		return false;
	for (; nb_delimiters < 3 && text.pos < text.end; text.pos++)
		nb_delimiters += *text.pos == delimiter;
	if (!take_number(&text, UINT16_MAX, &number) || text.pos == text.end ||
	    *text.pos != delimiter)
		return false;
	*ret_port = (struct pal_ftp_port){.port = (uint16_t)number};
	return true;
}
