/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

// RFC 3261 section 7.1: method, space, URI. The scheme tells it from HTTP and RTSP.
static enum pal_probe probe_request(struct pal_cursor bytes, const char *method)
{
	enum pal_probe answer = probe_begins(bytes, method, strlen(method));

	if (answer != PAL_PROBE_YES)
		return answer;
	pal_cursor_skip(&bytes, strlen(method));
	return probe_or(
		PROBE_BEGINS(bytes, " sip:"),
		probe_or(PROBE_BEGINS(bytes, " sips:"), PROBE_BEGINS(bytes, " tel:"))
	);
}

enum pal_probe pal_sip_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	// IANA: "Methods and Response Codes" of SIP.
	static const char *const methods[] = {
		"ACK",
		"BYE",
		"CANCEL",
		"INFO",
		"INVITE",
		"MESSAGE",
		"NOTIFY",
		"OPTIONS",
		"PRACK",
		"PUBLISH",
		"REFER",
		"REGISTER",
		"SUBSCRIBE",
		"UPDATE",
	};
	enum pal_probe answer = PROBE_BEGINS(bytes, "SIP/2.0 ");

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		answer = probe_or(answer, probe_request(bytes, methods[i]));
	return answer;
}
