/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which frames are PAL's.
 *
 *      frame on rx queue q ──► pal_xsks[q] set? ── yes ──► AF_XDP socket of q
 *                                      └────────── no ───► the kernel, as if PAL were not there
 *
 * A frame can only go to a socket of its own queue, so the map has one socket a queue and nothing to
 * decide. What the socket cannot take (ring full, no buffer) is counted by the kernel in the socket's
 * XDP_STATISTICS; nothing needs counting here.
 */
// The helpers' declarations need the types of the first.
// clang-format off
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// clang-format on

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1); // the loader sets it to the number of queues
	__type(key, __u32);
	__type(value, __u32);
} pal_xsks SEC(".maps");

SEC("xdp")
int pal_xdp_rx(struct xdp_md *ctx)
{
	return bpf_redirect_map(&pal_xsks, ctx->rx_queue_index, XDP_PASS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
