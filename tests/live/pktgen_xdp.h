/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_PKTGEN_XDP_H
#define PAL_TEST_PKTGEN_XDP_H

#include <stddef.h>
#include <stdint.h>

/** Longest frame that pktgen -x sends; as in pktgen.bpf.c. */
#define PKTGEN_XDP_MAX_FRAME 2044

struct pktgen_frame {
	uint8_t *data;
	uint32_t len;
};

/**
 * Send frames[0], frames[1], ... and from the start again, nb_pkts in all, by BPF_F_TEST_XDP_LIVE_FRAMES.
 *
 * @return
 *   0; -1 with errno set.
 */
int pktgen_xdp_run(
	int ifindex,
	const struct pktgen_frame *frames,
	size_t nb_frames,
	uint64_t nb_pkts
);

#endif
