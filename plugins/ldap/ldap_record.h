/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LDAP_RECORD_H
#define LDAP_RECORD_H

#include <pal_ldap.h>
#include <pal_plugin.h>

/**
 * The body of an EVE `ldap` record.
 *
 * @param messages
 *   One behind the other: of a request, if there is one, and of responses. What cannot be read ends them.
 */
void ldap_put(struct pal_json *j, struct pal_cursor messages);

#endif
