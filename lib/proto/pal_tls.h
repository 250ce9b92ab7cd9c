/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TLS_H
#define PAL_TLS_H

/**
 * @file
 * TLS connections: SSL 3, TLS 1.0 to 1.3, and a ClientHello in the form of SSL 2.
 *
 *      bytes of one side, in order  ->  pal_tls_next()  ->  records, messages    put together, in place where they are whole
 *                                            |
 *                                      struct pal_tls_handshake    what is kept: hellos, certificates, alerts
 *                                            |
 *      pal_tls_client_hello(), pal_ja3(), pal_tls_cert_read(), ...    once, when it is over
 *
 * Reading ends with the handshake: what is encrypted is not looked at. Which side is the client is told by its
 * ClientHello, so that a connection may be joined late, and from either side.
 *
 * Memory is taken for bytes that have come, never for a length that was announced.
 */

#include "pal_tls_bytes.h"
#include "pal_tls_hello.h"

/** RFC 8446 section 5.1, and what older versions add to a record: RFC 5246 section 6.2.3. */
#define PAL_TLS_RECORD_HEADER_LEN 5
#define PAL_TLS_RECORD_MAX (16384 + 2048)

/** A longer message other than a hello is passed over. */
#define PAL_TLS_MESSAGE_MAX (512 * 1024)

enum pal_tls_record {
	PAL_TLS_RECORD_CHANGE_CIPHER = 20,
	PAL_TLS_RECORD_ALERT = 21,
	PAL_TLS_RECORD_HANDSHAKE = 22,
	PAL_TLS_RECORD_DATA = 23,
	PAL_TLS_RECORD_HEARTBEAT = 24,
};

enum pal_tls_message {
	PAL_TLS_MSG_CLIENT_HELLO = 1,
	PAL_TLS_MSG_SERVER_HELLO = 2,
	PAL_TLS_MSG_HELLO_VERIFY = 3, /**< DTLS only. */
	PAL_TLS_MSG_TICKET = 4,
	PAL_TLS_MSG_ENCRYPTED_EXTENSIONS = 8,
	PAL_TLS_MSG_CERTIFICATE = 11,
	PAL_TLS_MSG_SERVER_DONE = 14,
};

/* What is kept of a handshake: TLS, DTLS and QUIC */

#define PAL_TLS_ALERTS_MAX 4

struct pal_tls_alert {
	uint8_t side; /**< That sent it. */
	uint8_t level; /**< 1: warning, 2: fatal. */
	uint8_t description;
};

struct pal_tls_handshake {
	struct pal_tls_bytes
		client_hello; /**< Its body; where a retry was asked for, the first one. */
	struct pal_tls_bytes server_hello; /**< Its body; where there are several, the last one. */
	struct pal_tls_bytes server_cert, client_cert; /**< The first of the chain, in DER. */
	struct pal_tls_alert alerts[PAL_TLS_ALERTS_MAX]; /**< In the clear. */
	uint8_t nb_alerts;
	uint8_t client; /**< The side that sent the ClientHello. */
	bool is_v2; /**< client_hello is in the form of SSL 2. */
	bool has_client; /**< Which side is the client is known. */
	bool has_retry; /**< The server asked for another ClientHello. */
	bool has_done; /**< The server went through a full handshake, RFC 5246 section 7.3. */
	bool is_resumed;
	uint16_t record_version; /**< Of the record that the ClientHello began in. */
	uint16_t version; /**< Chosen by the server; 0: not known. */
};

enum pal_tls_take {
	PAL_TLS_TAKEN,
	PAL_TLS_BAD, /**< It breaks the rules; what could be read of it is kept. */
};

/** Take a whole message, without its header, in the clear. */
enum pal_tls_take pal_tls_handshake_take(
	struct pal_tls_handshake *hs,
	unsigned int side,
	uint8_t type,
	struct pal_cursor body,
	bool is_dtls
);

/** Are both hellos there, and everything that follows is encrypted? RFC 8446 section 2. */
bool pal_tls_handshake_is_1_3(const struct pal_tls_handshake *hs);

/** Hellos read again. false: there is none. */
bool pal_tls_handshake_client(
	const struct pal_tls_handshake *hs,
	bool is_dtls,
	struct pal_tls_hello *ret_hello
);
bool pal_tls_handshake_server(const struct pal_tls_handshake *hs, struct pal_tls_hello *ret_hello);

/** Something to show: a hello, a certificate or an alert. */
bool pal_tls_handshake_is_any(const struct pal_tls_handshake *hs);

void pal_tls_handshake_free(struct pal_tls_handshake *hs);

/* Connections over TCP */

/** What is done with the content of a record. */
enum pal_tls_mode {
	PAL_TLS_MODE_SKIP,
	PAL_TLS_MODE_READ,
	PAL_TLS_MODE_PEEK, /**< A handshake record where everything should be encrypted: its first bytes decide. */
	PAL_TLS_MODE_V2, /**< A ClientHello in the form of SSL 2. */
};

/** One direction. */
struct pal_tls_side {
	struct pal_tls_bytes msg; /**< A message that came in pieces, with its header. */
	uint32_t skip; /**< Bytes of a message that are passed over. */
	uint32_t left; /**< Bytes of the record still to come. */
	uint16_t record_len, record_version;
	uint16_t msg_version; /**< record_version where the message began. */
	uint8_t record_type; /**< enum pal_tls_record; 0: between records. */
	uint8_t mode; /**< enum pal_tls_mode */
	uint8_t nb_head; /**< Bytes held in head. */
	uint8_t head[PAL_TLS_RECORD_HEADER_LEN]; /**< Of a record, an alert, a heartbeat. */
	uint8_t nb_data; /**< Records of application data, PAL_TLS_DATA_MAX at most. */
	bool is_started; /**< A record was seen. */
	bool is_done; /**< What follows is encrypted. */
	bool is_lost; /**< Where a record begins is not known any more. */
};

/** After so many records of application data from one side, nothing is expected of the other one any more. */
#define PAL_TLS_DATA_MAX 8

/** All zero at first; ended with pal_tls_fini(). */
struct pal_tls {
	struct pal_tls_side sides[2];
	struct pal_tls_handshake hs;
	bool is_over;
};

enum pal_tls_event {
	PAL_TLS_MORE, /**< Everything was taken. */
	PAL_TLS_ALERT, /**< The last of hs.alerts is new. */
	PAL_TLS_HEARTBLEED, /**< A heartbeat that says to be longer than its record: CVE-2014-0160. */
	PAL_TLS_MALFORMED, /**< What came breaks the rules; this side is not read any more. */
	PAL_TLS_OVER, /**< The handshake is over; nothing is read any more. */
};

/**
 * Read on, until something happened.
 *
 * @param side
 *   0 or 1.
 * @param bytes
 *   What follows on that side; moved behind what was read. Call again until PAL_TLS_MORE or PAL_TLS_OVER.
 */
enum pal_tls_event pal_tls_next(struct pal_tls *tls, unsigned int side, struct pal_cursor *bytes);

/** Bytes of a side are missing. PAL_TLS_OVER or PAL_TLS_MORE. */
enum pal_tls_event pal_tls_gap(struct pal_tls *tls, unsigned int side);

void pal_tls_fini(struct pal_tls *tls);

#endif
