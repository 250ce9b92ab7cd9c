/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QUIC_RECORD_H
#define QUIC_RECORD_H

/** @file EVE records of a QUIC connection: `quic` as Suricata has it, and `pal_quic` with what it has no place for. */

#include <pal_ja.h>
#include <pal_json.h>
#include <pal_quic.h>

/** A record has: texts of JA3, extensions, names. */
#define QUIC_RECORD_ROOM (64 * 1024)

/** The object `quic`. */
void quic_put(struct pal_json *j, struct pal_ja *ja, const struct pal_quic *quic);

/** The object `pal`. */
void quic_put_details(struct pal_json *j, const struct pal_quic *quic);

#endif
