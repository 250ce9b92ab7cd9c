/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dispatch:KEY%ACTION%FILE: the keys of a file. Fragmentation:KEY%ACTION: those of all datagrams that came in
 * fragments, found in a pass of its own. What has no IP header that can be read is kept by both.
 *
 * A packet without ports (a cut header, a fragment whose first is missing) is in no set of keys with ports: `keep`
 * drops it, `drop` keeps it.
 */
#include "filter.h"
#include "keys.h"
#include "rewrite.h"

#include <pal_err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct selection {
	struct rw_keys *keys;
	bool keep; // what is in the set; else what is not
};

static int take_action(struct selection *sel, const char *action)
{
	static const char *const words[] = {"k", "keep", "d", "drop"};

	for (int i = 0; i < 4; i++) {
		if (strcmp(words[i], action) != 0)
			continue;
		sel->keep = i < 2;
		return 0;
	}
	return pal_err(EINVAL);
}

// KEY%ACTION at the head of args; *ret_rest is what follows a second %, or NULL.
static int selection_create(struct rw_filter *filter, const char *args, const char **ret_rest)
{
	struct selection *sel = calloc(1, sizeof(*sel));
	char head[32], *action, *rest = NULL;
	enum rw_key_kind kind;

	filter->data = sel;
	if (sel == NULL)
		return pal_err(ENOMEM);
	snprintf(head, sizeof(head), "%s", args);
	action = strchr(head, '%');
	if (action != NULL) {
		*action++ = '\0';
		rest = strchr(action, '%');
		if (rest != NULL)
			*rest++ = '\0';
	}
	if (action == NULL)
		return rw_refuse("-f %s: needs %s", filter->text, filter->ops->usage);
	kind = rw_key_kind_of(head);
	if (kind == RW_KEY_COUNT)
		return rw_refuse(
			"-f %s: no key is called '%s': si, di, sdi, sipdp or sdipsdp",
			filter->text,
			head
		);
	if (take_action(sel, action) < 0)
		return rw_refuse(
			"-f %s: no action is called '%s': keep (k) or drop (d)",
			filter->text,
			action
		);
	*ret_rest = rest == NULL ? NULL : args + (rest - head);
	if (rw_key_wants_ports(kind))
		filter->wants |= RW_WANT_PORTS;
	sel->keys = rw_keys_create(kind);
	return sel->keys == NULL ? -ENOMEM : 0;
}

static void selection_destroy(struct rw_filter *filter)
{
	struct selection *sel = filter->data;

	if (sel != NULL)
		rw_keys_destroy(sel->keys);
	free(sel);
}

static bool selection_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	const struct selection *sel = filter->data;

	return !rw_packet_is_ip(p) || rw_keys_match(sel->keys, &p->tuple) == sel->keep;
}

static int dispatch_create(struct rw_filter *filter, const char *args)
{
	const char *path;
	int rc = selection_create(filter, args, &path);

	if (rc < 0)
		return rc;
	if (path == NULL || *path == '\0')
		return rw_refuse("-f %s: needs %s", filter->text, filter->ops->usage);
	return rw_keys_load(((struct selection *)filter->data)->keys, path);
}

static int fragmentation_create(struct rw_filter *filter, const char *args)
{
	const char *rest;
	int rc = selection_create(filter, args, &rest);

	if (rc == 0 && rest != NULL)
		return rw_refuse("-f %s: needs %s", filter->text, filter->ops->usage);
	return rc;
}

static int fragmentation_look(struct rw_filter *filter, const struct rw_packet *p)
{
	struct selection *sel = filter->data;
	int rc;

	if (!rw_packet_is_ip(p) || (p->pkt.flags & PAL_PKT_FRAGMENT_FIRST) == 0)
		return 0;
	rc = rw_keys_add_tuple(sel->keys, &p->tuple);
	if (rc < 0)
		rw_error(
			"-f %s: %s", filter->text, rc == -ENOSPC ? "too many keys" : strerror(-rc)
		);
	return rc;
}

const struct rw_filter_ops rw_filter_dispatch = {
	.name = "Dispatch",
	.usage = "KEY%ACTION%FILE",
	.wants = RW_WANT_DECODE,
	.create = dispatch_create,
	.destroy = selection_destroy,
	.keep = selection_keep,
};

const struct rw_filter_ops rw_filter_fragmentation = {
	.name = "Fragmentation",
	.usage = "KEY%ACTION",
	.wants = RW_WANT_DECODE | RW_WANT_PORTS | RW_WANT_LOOK,
	.create = fragmentation_create,
	.destroy = selection_destroy,
	.look = fragmentation_look,
	.keep = selection_keep,
};
