/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_tls_hello.h"

const char *pal_tls_version_name(uint16_t version)
{
	switch (version) {
	case PAL_TLS_SSL2:
		return "SSLv2";
	case PAL_TLS_SSL3:
		return "SSLv3";
	case PAL_TLS_1_0:
		return "TLSv1";
	case PAL_TLS_1_1:
		return "TLS 1.1";
	case PAL_TLS_1_2:
		return "TLS 1.2";
	case PAL_TLS_1_3:
		return "TLS 1.3";
	case PAL_DTLS_1_0:
		return "DTLS 1.0";
	case PAL_DTLS_1_2:
		return "DTLS 1.2";
	case PAL_DTLS_1_3:
		return "DTLS 1.3";
	default:
		return NULL;
	}
}

const char *pal_tls_cipher_name(uint16_t cipher)
{
	switch (cipher) {
#define PAL_TLS_CIPHER(value, name)                                                                \
	case value:                                                                                \
		return name;
#include "tls_names.def"
	default:
		return NULL;
	}
}

const char *pal_tls_alert_name(uint8_t description)
{
	switch (description) {
#define PAL_TLS_ALERT(value, name)                                                                 \
	case value:                                                                                \
		return name;
#include "tls_names.def"
	default:
		return NULL;
	}
}

const char *pal_tls_extension_name(uint16_t type)
{
	switch (type) {
#define PAL_TLS_EXTENSION(value, name)                                                             \
	case value:                                                                                \
		return name;
#include "tls_names.def"
	default:
		return NULL;
	}
}
