/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_NTP_H
#define PAL_NTP_H

/**
 * @file
 * NTP, versions 1 to 4: RFC 1059, 1119, 1305, 5905. A packet of a clock, or of those who control one.
 */

#include <pal_cursor.h>

/** Of a packet of a clock; extension fields and a digest may follow. */
#define PAL_NTP_LEN 48

enum pal_ntp_mode {
	PAL_NTP_UNSPECIFIED, /**< What version 1 has. */
	PAL_NTP_SYMMETRIC_ACTIVE,
	PAL_NTP_SYMMETRIC_PASSIVE,
	PAL_NTP_CLIENT,
	PAL_NTP_SERVER,
	PAL_NTP_BROADCAST,
	PAL_NTP_CONTROL,
	PAL_NTP_PRIVATE,
};

/** Which fields are set follows from the mode. */
struct pal_ntp {
	uint8_t leap; /**< Modes below CONTROL. */
	uint8_t version;
	uint8_t mode; /**< enum pal_ntp_mode */

	/* modes below CONTROL */
	uint8_t stratum;
	uint32_t root_delay, root_dispersion; /**< Seconds in 16.16. */
	const uint8_t *reference_id; /**< Four bytes, in the packet. */
	uint64_t reference, origin, receive, transmit; /**< As sent; pal_ntp_time_ns(). */

	/* CONTROL and PRIVATE */
	bool is_response;
	bool is_error; /**< CONTROL */
	bool has_more; /**< CONTROL: another packet of this response follows. */
	uint8_t opcode; /**< CONTROL */
	uint16_t sequence;
	uint16_t association; /**< CONTROL */
	uint8_t implementation,
		request_code; /**< PRIVATE: 42 is the list of peers that is abused. */
};

/** Read a packet. false: it is too short for its mode, or of no known version. */
bool pal_ntp_read(struct pal_ntp *ntp, struct pal_cursor msg);

/**
 * Time of a timestamp, ns since the Unix epoch.
 *
 * RFC 4330 section 3: with the upper bit it is one of 1968 to 2036, without it one of 2036 to 2104.
 *
 * @return
 *   0: it is not set, or before 1970.
 */
uint64_t pal_ntp_time_ns(uint64_t timestamp);

#endif
