/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TLS_HELLO_H
#define PAL_TLS_HELLO_H

/**
 * @file
 * The two hellos of TLS, DTLS and QUIC, field by field, in the message itself: RFC 8446 section 4.1, RFC 5246 section
 * 7.4.1, RFC 6347 section 4.3.2. Nothing is copied.
 */

#include <pal_cursor.h>

/** A longer hello is not read. One with keys and a ticket of the largest kind in use is a quarter of this. */
#define PAL_TLS_HELLO_MAX 16384

enum pal_tls_version {
	PAL_TLS_SSL2 = 0x0002,
	PAL_TLS_SSL3 = 0x0300,
	PAL_TLS_1_0 = 0x0301,
	PAL_TLS_1_1 = 0x0302,
	PAL_TLS_1_2 = 0x0303,
	PAL_TLS_1_3 = 0x0304,
	PAL_DTLS_1_0 = 0xfeff,
	PAL_DTLS_1_2 = 0xfefd,
	PAL_DTLS_1_3 = 0xfefc,
};

enum pal_tls_extension {
	PAL_TLS_EXT_SNI = 0,
	PAL_TLS_EXT_GROUPS = 10,
	PAL_TLS_EXT_POINT_FORMATS = 11,
	PAL_TLS_EXT_SIGNATURES = 13,
	PAL_TLS_EXT_ALPN = 16,
	PAL_TLS_EXT_PRE_SHARED_KEY = 41,
	PAL_TLS_EXT_VERSIONS = 43,
	PAL_TLS_EXT_QUIC = 57,
	PAL_TLS_EXT_QUIC_DRAFT = 0xffa5,
};

/** Values that say nothing, to be passed over: RFC 8701. */
static inline bool pal_tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

struct pal_tls_hello {
	bool is_client;
	bool is_retry; /**< A ServerHello that asks for another ClientHello: RFC 8446 section 4.1.4. */
	bool is_malformed; /**< Its extensions end too early, or too late. */
	bool is_v2; /**< In the form of SSL 2: ciphers have three bytes, there are no extensions. */
	uint16_t version; /**< As the field says; pal_tls_hello_version() knows better. */
	uint16_t cipher; /**< Of a ServerHello. */
	struct pal_cursor session_id;
	struct pal_cursor ciphers; /**< Of a ClientHello. */
	struct pal_cursor extensions;
};

/** A ClientHello without the header of its message. Of DTLS there is a cookie in it. false: it breaks the rules. */
bool pal_tls_client_hello(struct pal_cursor body, bool is_dtls, struct pal_tls_hello *ret_hello);

/** A ServerHello without the header of its message. */
bool pal_tls_server_hello(struct pal_cursor body, struct pal_tls_hello *ret_hello);

/** A ClientHello in the form of SSL 2, from its type on: RFC 5246 appendix E.2. */
bool pal_tls_client_hello_v2(struct pal_cursor body, struct pal_tls_hello *ret_hello);

/** The next extension. false: there is none, or it cannot be read. */
bool pal_tls_ext_next(struct pal_cursor *exts, uint16_t *ret_type, struct pal_cursor *ret_data);

/** The first extension of that type. */
bool pal_tls_ext_find(
	const struct pal_tls_hello *hello,
	uint16_t type,
	struct pal_cursor *ret_data
);

/** The next cipher of a ClientHello. */
bool pal_tls_cipher_next(
	const struct pal_tls_hello *hello,
	struct pal_cursor *ciphers,
	uint16_t *ret_cipher
);

/** A list of numbers in an extension of a ClientHello: groups, signatures; empty where there is none. */
struct pal_cursor pal_tls_ext_list(const struct pal_tls_hello *hello, uint16_t type);

/** Versions that are offered, or the one that was chosen; empty where the extension is not there. */
struct pal_cursor pal_tls_versions(const struct pal_tls_hello *hello);

/** Names of ALPN, offered or chosen, for pal_tls_alpn_next(). */
struct pal_cursor pal_tls_alpn(const struct pal_tls_hello *hello);
bool pal_tls_alpn_next(struct pal_cursor *list, struct pal_cursor *ret_name);

/** The name of the server, RFC 6066 section 3. */
bool pal_tls_sni(const struct pal_tls_hello *hello, struct pal_cursor *ret_name);

/** The version that was chosen; of a ClientHello the highest that is offered. */
uint16_t pal_tls_hello_version(const struct pal_tls_hello *hello);

/** As Suricata prints them: `TLS 1.2`, `TLSv1`, `DTLS 1.2`; NULL for one without a name. Static strings. */
const char *pal_tls_version_name(uint16_t version);
/** `TLS_AES_128_GCM_SHA256`; NULL for one without a name. Static strings. */
const char *pal_tls_cipher_name(uint16_t cipher);
/** `handshake_failure`, `server_name`; NULL for one without a name. Static strings. */
const char *pal_tls_alert_name(uint8_t description);
const char *pal_tls_extension_name(uint16_t type);

#endif
