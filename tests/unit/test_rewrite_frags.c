/* SPDX-License-Identifier: BSD-3-Clause */
#include "rewrite_bed.h"

#define A "10.0.0.1"
#define B "10.0.0.2"

static struct bed bed;

static int setup(void **state)
{
	bed = (struct bed){0};
	return scratch_setup(state);
}

static int teardown(void **state)
{
	bed_clear(&bed);
	return scratch_teardown(state);
}

static const char *five_tuple(const char *action)
{
	char head[32];

	snprintf(head, sizeof(head), "Dispatch:sdipsdp%%%s%%", action);
	return bed_keyfile(head, A "," B ",17,1000,53\n");
}

static void later_fragments_follow_the_first(void **)
{
	bed_add(&bed, bed_frag4(A, B, 7, true, 1000, 53));
	bed_add(&bed, bed_frag4(A, B, 8, true, 1000, 54)); // another datagram
	bed_add(&bed, bed_frag4(A, B, 8, false, 0, 0));
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed_add(&bed, bed_frag4(B, A, 7, false, 0, 0)); // not its direction
	bed_assert(&bed, five_tuple("k"), "k..k.");
	bed_assert(&bed, five_tuple("d"), ".kk.k");
}

static void a_fragment_before_its_first_takes_looking_ahead(void **)
{
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed_add(&bed, bed_frag4(A, B, 9, false, 0, 0)); // its first never comes
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed_add(&bed, bed_frag4(A, B, 8, false, 0, 0));
	bed_add(&bed, bed_frag4(A, B, 8, true, 1000, 54));
	bed_add(&bed, bed_frag4(A, B, 7, true, 1000, 53));
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed_assert(&bed, five_tuple("k"), "k.k..kk");
	bed_assert(&bed, five_tuple("d"), ".k.kk..");
}

static void without_looking_ahead_it_is_told(void **)
{
	struct rw_packet p;

	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed_add(&bed, bed_frag4(A, B, 7, true, 1000, 53));
	assert_int_equal(rw_filters_add(&bed.sel.filters, five_tuple("k")), 0);
	assert_int_equal(rw_select_start(&bed.sel), 0);
	bed_packet(&bed, 0, &p);
	assert_int_equal(rw_select(&bed.sel, &p), RW_LOOK_AHEAD);
	rw_select_looked(&bed.sel); // nobody looked
	bed_packet(&bed, 0, &p);
	assert_int_equal(rw_select(&bed.sel, &p), RW_DROP);
	assert_int_equal(rw_frags_orphans(bed.sel.frags), 1);
	bed_packet(&bed, 1, &p);
	assert_int_equal(rw_select(&bed.sel, &p), RW_KEEP);
	rw_select_fini(&bed.sel);
}

static void filters_of_addresses_need_no_first_fragment(void **)
{
	struct rw_packet p;

	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	assert_int_equal(rw_filters_add(&bed.sel.filters, "IP:" A), 0);
	assert_int_equal(
		rw_filters_add(&bed.sel.filters, bed_keyfile("Dispatch:si%k%", A "\n")), 0
	);
	assert_int_equal(rw_select_start(&bed.sel), 0);
	bed_packet(&bed, 0, &p);
	assert_int_equal(rw_select(&bed.sel, &p), RW_KEEP);
	rw_select_fini(&bed.sel);
}

static void a_first_fragment_is_forgotten_after_a_minute(void **)
{
	bed_add(&bed, bed_frag4(A, B, 7, true, 1000, 53));
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed.time_ns[1] = bed.time_ns[0] + RW_FRAGS_TIMEOUT_NS;
	bed.time_ns[2] = bed.time_ns[0] + RW_FRAGS_TIMEOUT_NS + 1;
	bed_assert(&bed, five_tuple("k"), "kk.");
}

static void vlans_keep_datagrams_apart(void **)
{
	for (int i = 0; i < 4; i++) {
		struct pktbuild *pb = pktbuild_eth();

		pktbuild_vlan(pb, (uint16_t)(1 + i % 2));
		pktbuild_ipv4(pb, A, B, IPPROTO_UDP);
		pktbuild_ipv4_fragment(pb, 7, i < 2 ? 0 : 8, i < 2);
		if (i < 2)
			pktbuild_udp(pb, 1000, (uint16_t)(53 + i));
		pktbuild_text(pb, "16 bytes or less");
		bed_add(&bed, pb);
	}
	bed_assert(&bed, five_tuple("k"), "k.k.");
}

static struct pktbuild *frag6(uint32_t id, uint16_t offset, bool more, uint8_t next)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv6(pb, "2001:db8::1", "2001:db8::2", 44);
	pktbuild_ipv6_fragment(pb, next, id, offset, more);
	return pb;
}

/* The seed took IPv6's destination for its source, and never looked behind extension headers. */
static void ipv6_fragments_find_ports_behind_extension_headers(void **)
{
	struct pktbuild *pb = frag6(7, 0, true, 60);

	pktbuild_ipv6_ext(pb, 17, 8);
	pktbuild_udp(pb, 1000, 53);
	bed_add(&bed, pb);
	// RFC 8200 section 4.5: later fragments may name another next header.
	bed_add(&bed, frag6(7, 16, false, 17));
	bed_add(&bed, frag6(8, 16, false, 17));
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "2001:db8::1,17,53\n"), "kk.");
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "2001:db8::2,17,1000\n"), "...");
	bed_assert(
		&bed,
		bed_keyfile("Dispatch:sdipsdp%k%", "2001:db8::2,2001:db8::1,17,53,1000\n"),
		"kk."
	);
}

static void an_atomic_fragment_is_whole(void **)
{
	struct pktbuild *pb = frag6(7, 0, false, 17);

	pktbuild_udp(pb, 1000, 53);
	bed_add(&bed, pb);
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "2001:db8::1,17,53\n"), "k");
	bed_assert(&bed, "Fragmentation:si%k", ".");
}

static void fragmentation_selects_all_of_who_fragments(void **)
{
	struct pktbuild *pb;

	bed_add(&bed, bed_tcp4(A, 1, B, 53));
	bed_add(&bed, bed_tcp4(B, 53, A, 1));
	bed_add(&bed, bed_tcp4("10.0.0.3", 1, B, 53));
	bed_add(&bed, bed_frag4(A, B, 7, true, 1000, 53));
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	pb = pktbuild_eth(); // the answer
	pktbuild_ipv4(pb, B, A, IPPROTO_UDP);
	pktbuild_udp(pb, 53, 1000);
	bed_add(&bed, pb);
	bed_add(&bed, bed_arp());
	bed_assert(&bed, "Fragmentation:si%k", "k..kk.k");
	bed_assert(&bed, "Fragmentation:si%d", ".kk..kk");
	bed_assert(&bed, "Fragmentation:di%k", "k.kkk.k");
	bed_assert(&bed, "Fragmentation:sdi%k", "kkkkkkk");
	bed_assert(&bed, "Fragmentation:sdi%d", "......k");
	bed_assert(&bed, "Fragmentation:sipdp%k", "...kkkk");
	bed_assert(&bed, "Fragmentation:sdipsdp%k", "...kkkk");
	bed_assert(&bed, "Fragmentation:sdipsdp%drop", "kkk...k");
}

static void a_later_fragment_alone_is_no_reason(void **)
{
	bed_add(&bed, bed_frag4(A, B, 7, false, 0, 0));
	bed_assert(&bed, "Fragmentation:si%k", ".");
	bed_assert(&bed, "Fragmentation:si%d", "k");
	bed_assert(&bed, "Fragmentation:sdipsdp%d", "k");
}

static void community_ids_of_fragments_are_those_of_the_datagram(void **)
{
	const char *whole = "CommunityID:1:d/FP5EW3wiY1vCndhwleRRKHowQ="; // UDP, from the baseline
	const char *src = "192.168.1.52", *dst = "8.8.8.8";
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, src, dst, IPPROTO_UDP);
	pktbuild_udp(pb, 54585, 53);
	bed_add(&bed, pb);
	bed_add(&bed, bed_frag4(src, dst, 1, false, 0, 0));
	bed_add(&bed, bed_frag4(src, dst, 1, true, 54585, 53));
	bed_add(&bed, bed_frag4(src, dst, 2, true, 54585, 54));
	bed_add(&bed, bed_frag4(src, dst, 2, false, 0, 0));
	bed_assert(&bed, whole, "kkk..");
}

int main(void)
{
#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		t(later_fragments_follow_the_first),
		t(a_fragment_before_its_first_takes_looking_ahead),
		t(without_looking_ahead_it_is_told),
		t(filters_of_addresses_need_no_first_fragment),
		t(a_first_fragment_is_forgotten_after_a_minute),
		t(vlans_keep_datagrams_apart),
		t(ipv6_fragments_find_ports_behind_extension_headers),
		t(an_atomic_fragment_is_whole),
		t(fragmentation_selects_all_of_who_fragments),
		t(a_later_fragment_alone_is_no_reason),
		t(community_ids_of_fragments_are_those_of_the_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
