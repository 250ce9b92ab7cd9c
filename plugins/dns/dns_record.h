/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

#include <pal_dns.h>
#include <pal_plugin.h>

/** How records are written: keys of [plugin.dns]. */
struct dns_format {
	bool detailed, grouped;
	bool is_v3; /**< As Suricata 8 writes them: a record a message. */
};

/** What is known of a message beside its bytes. */
struct dns_message {
	struct pal_dns dns; /**< As it was opened. */
	uint16_t rcode; /**< With the upper bits that OPT has. */
	uint32_t tx_id; /**< Version 2: of a question; version 3: of the message. */
};

/* The body of a record: the object `dns` is opened and closed here. */
/** Version 2, about one question. */
void dns_put_query(
	struct pal_json *j,
	const struct dns_message *msg,
	const struct pal_dns_rr *question
);

/** Version 2, about a response. */
void dns_put_answer(
	struct pal_json *j,
	const struct dns_message *msg,
	const struct dns_format *format
);

/** Version 3, about a request or a response. */
void dns_put_message(
	struct pal_json *j,
	const struct dns_message *msg,
	const struct dns_format *format
);

#endif
