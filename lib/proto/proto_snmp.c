/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"
#include "pal_snmp.h"

#define USM 3 // RFC 3411 section 5: the user-based security model
#define FLAG_PRIV 2 // RFC 3412 section 6.4

static bool skip(struct pal_cursor *cur, uint8_t id)
{
	struct pal_cursor body;

	return pal_ber_open(cur, id, &body);
}

// RFC 1157 section 4.1.6.
static bool read_trap(struct pal_cursor body, struct pal_snmp *snmp)
{
	return pal_ber_open(&body, PAL_BER_OID, &snmp->enterprise) &&
	       pal_ber_open(&body, PAL_BER_APPLICATION(0), &snmp->agent) &&
	       pal_cursor_left(&snmp->agent) == 4 &&
	       pal_ber_u32(&body, PAL_BER_INTEGER, &snmp->generic_trap) &&
	       skip(&body, PAL_BER_INTEGER) && skip(&body, PAL_BER_APPLICATION(3)) &&
	       pal_ber_open(&body, PAL_BER_SEQUENCE, &snmp->vars);
}

// RFC 3416 section 3. All others have three numbers first.
static bool read_pdu(struct pal_cursor *cur, struct pal_snmp *snmp)
{
	struct pal_ber pdu;

	if (!pal_ber_next(cur, &pdu) ||
	    (pdu.id & 0xe0) != (PAL_BER_CONTEXT(0) | PAL_BER_CONSTRUCTED) ||
	    (pdu.id & 0x1f) >= PAL_SNMP_PDU_COUNT)
		return false;
	snmp->pdu = pdu.id & 0x1f;
	if (snmp->pdu == PAL_SNMP_TRAP_V1)
		return read_trap(pdu.body, snmp);
	for (int i = 0; i < 3; i++)
		if (!skip(&pdu.body, PAL_BER_INTEGER))
			return false;
	return pal_ber_open(&pdu.body, PAL_BER_SEQUENCE, &snmp->vars);
}

// RFC 3414 section 2.4.
static bool read_user(struct pal_cursor params, struct pal_snmp *snmp)
{
	struct pal_cursor seq;

	return pal_ber_open(&params, PAL_BER_SEQUENCE, &seq) && skip(&seq, PAL_BER_OCTETS) &&
	       skip(&seq, PAL_BER_INTEGER) && skip(&seq, PAL_BER_INTEGER) &&
	       pal_ber_open(&seq, PAL_BER_OCTETS, &snmp->user);
}

// RFC 3412 section 6.
static bool read_v3(struct pal_cursor *seq, struct pal_snmp *snmp)
{
	struct pal_cursor header, flags, params, scoped;
	uint32_t model;

	if (!pal_ber_open(seq, PAL_BER_SEQUENCE, &header) || !skip(&header, PAL_BER_INTEGER) ||
	    !skip(&header, PAL_BER_INTEGER) || !pal_ber_open(&header, PAL_BER_OCTETS, &flags) ||
	    pal_cursor_left(&flags) != 1 || !pal_ber_u32(&header, PAL_BER_INTEGER, &model) ||
	    !pal_ber_open(seq, PAL_BER_OCTETS, &params))
		return false;
	if (model == USM && !read_user(params, snmp))
		return false;
	snmp->is_encrypted = flags.pos[0] & FLAG_PRIV;
	if (snmp->is_encrypted)
		return skip(seq, PAL_BER_OCTETS);
	return pal_ber_open(seq, PAL_BER_SEQUENCE, &scoped) && skip(&scoped, PAL_BER_OCTETS) &&
	       skip(&scoped, PAL_BER_OCTETS) && read_pdu(&scoped, snmp);
}

bool pal_snmp_read(struct pal_cursor message, struct pal_snmp *ret_snmp)
{
	struct pal_snmp snmp = {0};
	struct pal_cursor seq;
	uint32_t version;
	bool ok;

	if (!pal_ber_open(&message, PAL_BER_SEQUENCE, &seq) ||
	    !pal_ber_u32(&seq, PAL_BER_INTEGER, &version))
		return false;
	// 0 is version 1, 1 is 2c, 3 is 3.
	if (version > 3 || version == 2)
		return false;
	snmp.version = version == 3 ? 3 : (uint8_t)(version + 1);
	if (version == 3)
		ok = read_v3(&seq, &snmp);
	else
		ok = pal_ber_open(&seq, PAL_BER_OCTETS, &snmp.community) && read_pdu(&seq, &snmp);
	if (ok)
		*ret_snmp = snmp;
	return ok;
}

bool pal_snmp_var_next(struct pal_cursor *vars, struct pal_cursor *ret_oid)
{
	struct pal_cursor at = *vars, var;

	if (!pal_ber_open(&at, PAL_BER_SEQUENCE, &var) || !pal_ber_open(&var, PAL_BER_OID, ret_oid))
		return false;
	*vars = at;
	return true;
}

enum pal_probe pal_snmp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	struct pal_snmp snmp;

	return pal_snmp_read(bytes, &snmp) ? PAL_PROBE_YES : PAL_PROBE_NO;
}

const char *pal_snmp_pdu_name(enum pal_snmp_pdu pdu)
{
	static const char *const names[PAL_SNMP_PDU_COUNT] = {
		[PAL_SNMP_GET] = "get_request",
		[PAL_SNMP_GET_NEXT] = "get_next_request",
		[PAL_SNMP_RESPONSE] = "response",
		[PAL_SNMP_SET] = "set_request",
		[PAL_SNMP_TRAP_V1] = "trap_v1",
		[PAL_SNMP_GET_BULK] = "get_bulk_request",
		[PAL_SNMP_INFORM] = "inform_request",
		[PAL_SNMP_TRAP_V2] = "trap_v2",
		[PAL_SNMP_REPORT] = "report",
	};

	return pdu < PAL_SNMP_PDU_COUNT ? names[pdu] : NULL;
}

// RFC 1157 section 4.1.6.
const char *pal_snmp_trap_name(uint32_t generic_trap)
{
	static const char *const names[] = {
		"coldStart",
		"warmStart",
		"linkDown",
		"linkUp",
		"authenticationFailure",
		"egpNeighborLoss",
		"enterpriseSpecific",
	};

	return generic_trap < sizeof(names) / sizeof(names[0]) ? names[generic_trap] : NULL;
}
