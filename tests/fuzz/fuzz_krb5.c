/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as a message of Kerberos, as a stream of them, and as what recognition looks at.
 *
 * What is read lies inside the message; the stream gives the same however it is cut: the first byte of the input
 * says where.
 */

#include "messages.h"

#include <pal_krb5.h>

#define MAX_INPUT 4096

// A sum over what a message says.
static uint64_t read_message(struct pal_cursor msg)
{
	struct pal_krb5 krb5;
	char text[100];
	uint64_t sum;

	if (!pal_krb5_read(msg, &krb5))
		return 1;
	within(krb5.realm, msg);
	within(krb5.cname, msg);
	within(krb5.sname, msg);
	sum = krb5.type + krb5.error_code + (uint32_t)krb5.etype;
	for (size_t room = 0; room <= sizeof(text); room += 50) {
		size_t len = pal_krb5_name_text(krb5.sname, text, room);

		REQUIRE(len <= room);
		sum = sum * 31 + len;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct message_protocol krb5 = {
		.probe = pal_krb5_probe,
		.len_of = pal_krb5_len,
		.max = PAL_KRB5_MESSAGE_MAX,
		.head_len = 4,
		.read = read_message,
	};

	if (size >= 2 && size <= MAX_INPUT)
		check_messages(&krb5, data, size);
	return 0;
}
