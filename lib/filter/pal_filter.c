/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_filter.h"

#include <pal_err.h>

#include <pcap/pcap.h>

#include <stdio.h>
#include <stdlib.h>

// LINKTYPE_ values are below this; those that a capture file holds and libpcap does not know never match.
#define MAX_LINKTYPE 320
#define SNAPLEN (256 << 20)

struct pal_filter {
	struct bpf_program programs[MAX_LINKTYPE]; // bf_insns is NULL where it does not compile
};

// The few link types whose number in a file is not the DLT of this system's libpcap.
static int dlt_of(uint16_t linktype)
{
	switch (linktype) {
	case 101: // LINKTYPE_RAW
		return DLT_RAW;
	default:
		return linktype;
	}
}

struct pal_filter *pal_filter_create(const char *expression, char *err)
{
	struct pal_filter *filter = calloc(1, sizeof(*filter));
	int nb_compiled = 0;

	if (filter == NULL)
		return pal_err_null(ENOMEM);
	err[0] = '\0';
	for (uint16_t linktype = 0; linktype < MAX_LINKTYPE; linktype++) {
		pcap_t *dead = pcap_open_dead(dlt_of(linktype), SNAPLEN);

		if (dead == NULL)
			continue;
		if (pcap_compile(
			    dead, &filter->programs[linktype], expression, 1, PCAP_NETMASK_UNKNOWN
		    ) == 0)
			nb_compiled++;
		else if (linktype == DLT_EN10MB || err[0] == '\0')
			snprintf(err, PAL_FILTER_ERR_LEN, "%s", pcap_geterr(dead));
		pcap_close(dead);
	}
	if (nb_compiled > 0)
		return filter;
	pal_filter_destroy(filter);
	return pal_err_null(EINVAL);
}

void pal_filter_destroy(struct pal_filter *filter)
{
	if (filter == NULL)
		return;
	for (int i = 0; i < MAX_LINKTYPE; i++)
		pcap_freecode(&filter->programs[i]);
	free(filter);
}

bool pal_filter_match(const struct pal_filter *filter, const struct pal_pkt *pkt)
{
	const struct bpf_program *program;

	if (pkt->linktype >= MAX_LINKTYPE)
		return false;
	program = &filter->programs[pkt->linktype];
	return program->bf_insns != NULL &&
	       bpf_filter(program->bf_insns, pkt->data, pkt->wire_len, pkt->cap_len) != 0;
}
