/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

#include <pal_dns.h>
#include <pal_plugin.h>

/** How records are written: keys of [plugin.dns]. */
struct dns_format {
	bool detailed, grouped;
};

/** The body of a record about one question. The object `dns` is opened and closed here, as below. */
void dns_put_query(
	struct pal_json *j,
	const struct pal_dns *dns,
	const struct pal_dns_rr *question,
	uint32_t tx_id
);

/** The body of a record about a response: dns as it was opened. */
void dns_put_answer(
	struct pal_json *j,
	const struct pal_dns *dns,
	uint16_t rcode,
	const struct dns_format *format
);

#endif
