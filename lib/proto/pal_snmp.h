/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SNMP_H
#define PAL_SNMP_H

/**
 * @file
 * SNMP messages: version 1 (RFC 1157), 2c (RFC 1901, 3416) and 3 (RFC 3412, 3414). Read where they lie.
 */

#include <pal_ber.h>

/** Operations: tags of their context. */
enum pal_snmp_pdu {
	PAL_SNMP_GET,
	PAL_SNMP_GET_NEXT,
	PAL_SNMP_RESPONSE,
	PAL_SNMP_SET,
	PAL_SNMP_TRAP_V1,
	PAL_SNMP_GET_BULK,
	PAL_SNMP_INFORM,
	PAL_SNMP_TRAP_V2,
	PAL_SNMP_REPORT,
	PAL_SNMP_PDU_COUNT,
};

struct pal_snmp {
	uint8_t version; /**< 1, 2, 3. */
	bool is_encrypted; /**< Version 3: nothing below `user` is known. */
	struct pal_cursor community; /**< Versions 1 and 2; pos is NULL in others. */
	struct pal_cursor
		user; /**< Version 3 with the user-based security model; otherwise pos is NULL. */
	enum pal_snmp_pdu pdu;
	uint32_t generic_trap; /**< This and the next two: of PAL_SNMP_TRAP_V1. */
	struct pal_cursor enterprise; /**< For pal_ber_oid_text(). */
	struct pal_cursor agent; /**< An IPv4 address. */
	struct pal_cursor vars; /**< For pal_snmp_var_next(). */
};

/** Read a message. false: it is none, or is cut. */
bool pal_snmp_read(struct pal_cursor message, struct pal_snmp *ret_snmp);

/** The next variable: its name. false: there is none. */
bool pal_snmp_var_next(struct pal_cursor *vars, struct pal_cursor *ret_oid);

/** Suricata's: `get_next_request`, `linkDown`; NULL for one without a name. */
const char *pal_snmp_pdu_name(enum pal_snmp_pdu pdu);
const char *pal_snmp_trap_name(uint32_t generic_trap);

#endif
