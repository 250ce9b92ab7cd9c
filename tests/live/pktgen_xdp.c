/* SPDX-License-Identifier: BSD-3-Clause */
#include "pktgen_xdp.h"

#include "pktgen.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <string.h>

// One call costs tens of milliseconds before its first frame.
#define FRAMES_A_CALL (1 << 20)

static int fill_map(struct pktgen_bpf *skel, const struct pktgen_frame *frames, size_t nb_frames)
{
	int fd = bpf_map__fd(skel->maps.frames);
	struct {
		uint32_t len;
		uint8_t data[PKTGEN_XDP_MAX_FRAME];
	} value;

	for (uint32_t i = 0; i < nb_frames; i++) {
		value.len = frames[i].len;
		memcpy(value.data, frames[i].data, frames[i].len);
		if (bpf_map_update_elem(fd, &i, &value, BPF_ANY) != 0)
			return -1;
	}
	return 0;
}

static int run(struct pktgen_bpf *skel, uint64_t nb_pkts)
{
	uint8_t frame[64] = {0}; // the program gives it contents and length
	LIBBPF_OPTS(
		bpf_test_run_opts,
		opts,
		.data_in = frame,
		.data_size_in = sizeof(frame),
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.batch_size = 64
	);

	while (nb_pkts > 0) {
		opts.repeat = (int)(nb_pkts < FRAMES_A_CALL ? nb_pkts : FRAMES_A_CALL);
		if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.pktgen_send), &opts) != 0)
			return -1;
		nb_pkts -= (uint64_t)opts.repeat;
	}
	return 0;
}

int pktgen_xdp_run(
	int ifindex,
	const struct pktgen_frame *frames,
	size_t nb_frames,
	uint64_t nb_pkts
)
{
	struct pktgen_bpf *skel = pktgen_bpf__open();
	int code, ret;

	if (skel == NULL)
		return -1;
	skel->rodata->tx_ifindex = (uint32_t)ifindex;
	skel->rodata->nb_frames = (uint32_t)nb_frames;
	bpf_map__set_max_entries(skel->maps.frames, (uint32_t)nb_frames);
	ret = pktgen_bpf__load(skel);
	if (ret == 0)
		ret = fill_map(skel, frames, nb_frames);
	if (ret == 0)
		ret = run(skel, nb_pkts);
	if (ret == 0 && skel->bss->nb_failed != 0) {
		errno = EIO;
		ret = -1;
	}
	code = errno;
	pktgen_bpf__destroy(skel);
	errno = code;
	return ret == 0 ? 0 : -1;
}
