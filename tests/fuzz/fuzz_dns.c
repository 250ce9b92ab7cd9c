/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as a DNS message, as a stream of messages with their lengths, and as what recognition looks at.
 *
 * Reading ends; what is read lies inside the message; names and text keep to their limits. The stream gives the same
 * messages however it is cut: the first byte of the input says where.
 */

#include "messages.h"

#include <pal_dns.h>

#define MAX_INPUT 4096

static void read_data(const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	struct pal_cursor rdata = rr->rdata, part;
	struct pal_dns_sshfp sshfp;
	struct pal_dns_name name;
	struct pal_dns_soa soa;
	struct pal_dns_srv srv;
	char text[PAL_DNS_TEXT_MAX];
	uint16_t code;
	size_t len;

	REQUIRE(rdata.pos >= dns->msg.pos && rdata.end <= dns->msg.end && rdata.pos <= rdata.end);
	len = pal_dns_rdata_text(dns, rr, text, sizeof(text));
	REQUIRE(len <= sizeof(text));
	if (len != 0)
		REQUIRE(pal_dns_rdata_text(dns, rr, text, len - 1) == 0);
	if (pal_dns_rdata_name(dns, rr, &name))
		REQUIRE(name.len <= PAL_DNS_NAME_MAX - 2);
	(void)pal_dns_rdata_soa(dns, rr, &soa);
	(void)pal_dns_rdata_srv(dns, rr, &srv);
	(void)pal_dns_rdata_sshfp(rr, &sshfp);
	while (pal_dns_txt_next(&rdata, &part))
		REQUIRE(part.end <= rr->rdata.end);
	rdata = rr->rdata;
	while (pal_dns_option_next(&rdata, &code, &part))
		REQUIRE(part.end <= rr->rdata.end);
}

// A sum over what a message says.
static uint64_t read_message(struct pal_cursor msg)
{
	struct pal_dns dns;
	struct pal_dns_rr rr;
	uint64_t sum = 0;
	size_t nb = 0;

	if (!pal_dns_open(&dns, msg))
		return 1;
	while (pal_dns_next(&dns, &rr)) {
		// A question has five bytes at least: no more of them than bytes.
		REQUIRE(++nb <= pal_cursor_left(&msg));
		REQUIRE(rr.name.len <= PAL_DNS_NAME_MAX - 2);
		read_data(&dns, &rr);
		sum = sum * 31 + rr.type + rr.name.len;
	}
	return sum + dns.is_malformed;
}

static size_t len_of(struct pal_cursor head)
{
	uint16_t len;

	return pal_cursor_be16(&head, &len) ? 2u + len : PAL_GATHER_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct message_protocol dns = {
		.probe = pal_dns_probe,
		.len_of = len_of,
		.max = 2 + UINT16_MAX,
		.head_len = 2,
		.any_length = true,
		.read = read_message,
	};

	if (size >= 2 && size <= MAX_INPUT)
		check_messages(&dns, data, size);
	return 0;
}
