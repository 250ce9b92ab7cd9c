/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Turns the blank frames of BPF_F_TEST_XDP_LIVE_FRAMES into those of a map, one after the other, and sends
 * them out of an interface.
 */
// The helpers' declarations need the types of the first.
// clang-format off
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#define MAX_FRAME 2044
#define MIN_FRAME 14

struct frame {
	__u32 len;
	__u8 data[MAX_FRAME];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); // the loader sets it
	__type(key, __u32);
	__type(value, struct frame);
} frames SEC(".maps");

const volatile __u32 tx_ifindex;
const volatile __u32 nb_frames;
__u32 next_frame;
__u64 nb_failed;

SEC("xdp")
int pktgen_send(struct xdp_md *ctx)
{
	__u32 number = next_frame;
	struct frame *frame = bpf_map_lookup_elem(&frames, &number);
	__u32 len;

	next_frame = number + 1 == nb_frames ? 0 : number + 1;
	if (!frame)
		goto failed;
	len = frame->len;
	if (len < MIN_FRAME || len > MAX_FRAME)
		goto failed;
	if (bpf_xdp_adjust_tail(ctx, (int)len - (int)bpf_xdp_get_buff_len(ctx)) != 0)
		goto failed;
	if (bpf_xdp_store_bytes(ctx, 0, frame->data, len) != 0)
		goto failed;
	return bpf_redirect(tx_ifindex, 0);

failed:
	nb_failed++;
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
