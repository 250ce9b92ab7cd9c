/* SPDX-License-Identifier: BSD-3-Clause */
#include "keys.h"
#include "rewrite_bed.h"

#include <arpa/inet.h>

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

static void assert_refused(const char *spec)
{
	struct rw_filters fs = {0};

	if (rw_filters_add(&fs, spec) == 0)
		fail_msg("%s is taken", spec);
	assert_int_equal(fs.nb, 0);
	rw_filters_fini(&fs);
}

/* addresses */

static void ip_matches_either_address_and_source_one(void **)
{
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 2));
	bed_add(&bed, bed_tcp4("10.0.0.2", 2, "10.0.0.1", 1));
	bed_add(&bed, bed_tcp4("10.0.1.3", 2, "10.0.1.4", 1));
	bed_add(&bed, bed_udp6("2001:db8::1", 1, "2001:db8::2", 2));
	bed_add(&bed, bed_arp());
	bed_assert(&bed, "IP:10.0.0.1", "kk...");
	bed_assert(&bed, "IP:!10.0.0.1", "..kkk");
	bed_assert(&bed, "Source:10.0.0.1", "k....");
	bed_assert(&bed, "Source:!10.0.0.1", ".kkkk");
	bed_assert(&bed, "IP:2001:db8::2", "...k.");
	bed_assert(&bed, "IP:10.0.0.0/16", "kkk..");
	bed_assert(&bed, "IP:10.0.1.0/24", "..k..");
	bed_assert(&bed, "IP:::/0", "...k.");
	assert_refused("IP:10.0.0");
	assert_refused("IP");
	assert_refused("Source:!");
}

static void filters_are_anded_and_count_what_they_drop(void **)
{
	struct rw_filters *fs = &bed.sel.filters;
	struct rw_packet p;

	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 80));
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 81));
	bed_add(&bed, bed_tcp4("10.0.0.3", 1, "10.0.0.2", 80));
	assert_string_equal(bed_run(&bed, "Source:10.0.0.1", "tcp port 80"), "k..");
	assert_int_equal(rw_filters_add(fs, "Source:10.0.0.1"), 0);
	assert_int_equal(rw_filters_add(fs, "tcp port 80"), 0);
	assert_int_equal(rw_select_start(&bed.sel), 0);
	for (unsigned int i = 0; i < bed.nb; i++) {
		bed_packet(&bed, i, &p);
		rw_select(&bed.sel, &p);
	}
	assert_int_equal(fs->filters[0].dropped_pkts, 1);
	assert_int_equal(fs->filters[1].dropped_pkts, 1);
	assert_int_equal(fs->filters[1].dropped_bytes, p.pkt.cap_len);
	rw_select_fini(&bed.sel);
}

/* key files */

static void add_pair(void)
{
	bed_add(&bed, bed_tcp4("10.0.0.1", 1000, "10.0.0.2", 80));
	bed_add(&bed, bed_tcp4("10.0.0.2", 80, "10.0.0.1", 1000));
	bed_add(&bed, bed_tcp4("10.0.0.3", 1000, "10.0.0.2", 80));
	bed_add(&bed, bed_udp6("2001:db8::1", 53, "2001:db8::2", 5353));
}

static void dispatch_matches_what_its_key_names(void **)
{
	add_pair();
	bed_assert(&bed, bed_keyfile("Dispatch:si%k%", "10.0.0.2\n"), ".k..");
	bed_assert(&bed, bed_keyfile("Dispatch:di%k%", "10.0.0.2\n"), "k.k.");
	bed_assert(&bed, bed_keyfile("Dispatch:sdi%k%", "10.0.0.2\n"), "kkk.");
	bed_assert(&bed, bed_keyfile("Dispatch:sdi%d%", "10.0.0.2\n"), "...k");
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "10.0.0.1,6,80\n"), "k...");
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "2001:db8::1,17,5353\n"), "...k");
	bed_assert(
		&bed, bed_keyfile("Dispatch:sdipsdp%k%", "10.0.0.1,10.0.0.2,6,1000,80\n"), "kk.."
	);
	bed_assert(
		&bed, bed_keyfile("Dispatch:sdipsdp%k%", "10.0.0.2,10.0.0.1,6,80,1000\n"), "kk.."
	);
	bed_assert(
		&bed, bed_keyfile("Dispatch:sdipsdp%d%", "10.0.0.2,10.0.0.1,17,80,1000\n"), "kkkk"
	);
}

static void key_files_hold_networks(void **)
{
	add_pair();
	bed_assert(&bed, bed_keyfile("Dispatch:si%k%", "10.0.0.2/31\n2001:db8::/32\n"), ".kkk");
	bed_assert(&bed, bed_keyfile("Dispatch:si%k%", "0.0.0.0/0\n"), "kkk.");
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "10.0.0.0/8,6,80\n"), "k.k.");
	bed_assert(
		&bed, bed_keyfile("Dispatch:sdipsdp%k%", "10.0.0.0/30,10.0.0.2,6,1000,80\n"), "kkk."
	);
}

static void key_files_are_read_as_csv(void **)
{
	add_pair();
	bed_assert(
		&bed,
		bed_keyfile("Dispatch:sipdp%keep%", "# c\r\n\r\n\"10.0.0.1\", 6 ,\"80\"\r\n"),
		"k..."
	);
	bed_assert(&bed, bed_keyfile("Dispatch:si%drop%", ""), "kkkk");
	assert_refused(bed_keyfile("Dispatch:si%k%", "10.0.0.1,6\n"));
	assert_refused(bed_keyfile("Dispatch:si%k%", "10.0.0.1\n10.0.0.256\n"));
	assert_refused(bed_keyfile("Dispatch:sipdp%k%", "10.0.0.1,tcp,80\n"));
	assert_refused(bed_keyfile("Dispatch:sipdp%k%", "10.0.0.1,256,80\n"));
	assert_refused(bed_keyfile("Dispatch:sipdp%k%", "10.0.0.1,6,65536\n"));
	assert_refused(bed_keyfile("Dispatch:sipdp%k%", "10.0.0.1,6\n"));
	assert_refused(bed_keyfile("Dispatch:sdipsdp%k%", "10.0.0.1,::1,6,1,1\n"));
	assert_refused("Dispatch:si%k%/no/such/file");
	assert_refused("Dispatch:si%k");
	assert_refused("Dispatch:si%k%");
	assert_refused("Dispatch:fk%fa");
	assert_refused("Dispatch:si%x%/dev/null");
	assert_refused("Dispatch");
	assert_refused("Fragmentation:si");
	assert_refused("Fragmentation:si%k%x");
}

/* The seed gave up on all but plain Ethernet, or looked for addresses 4 bytes off behind a VLAN tag. */
static void keys_are_found_behind_any_link_layer(void **)
{
	static const uint8_t lldp[4] = {2, 7, 4, 0};
	struct pktbuild *pb[6] = {
		pktbuild_eth(),
		pktbuild_eth(),
		pktbuild_raw(),
		pktbuild_sll(),
		pktbuild_sll2(),
		pktbuild_null()};

	pktbuild_vlan(pb[0], 5);
	pktbuild_vlan_tpid(pb[1], 0x88a8, 7);
	pktbuild_vlan(pb[1], 5);
	for (int i = 0; i < 6; i++) {
		pktbuild_ipv6(pb[i], "2001:db8::1", "2001:db8::2", IPPROTO_UDP);
		pktbuild_udp(pb[i], 53, 5353); // without payload: less than 20 bytes of transport
		bed_add(&bed, pb[i]);
	}
	bed_add(&bed, bed_arp());
	pb[0] = pktbuild_eth();
	pktbuild_ethertype(pb[0], 0x88cc);
	pktbuild_payload(pb[0], lldp, sizeof(lldp));
	bed_add(&bed, pb[0]);
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "2001:db8::1,17,5353\n"), "kkkkkkkk");
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%d%", "2001:db8::1,17,5353\n"), "......kk");
	bed_assert(&bed, bed_keyfile("Dispatch:si%d%", "2001:db8::2\n"), "kkkkkkkk");
	bed_assert(&bed, "IP:2001:db8::1", "kkkkkk..");
}

/* The seed dropped them for keep and for drop. */
static void a_packet_without_ports_is_in_no_set(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
	pktbuild_payload(pb, "\0", 1); // a header of one byte
	bed_add(&bed, pb);
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "10.0.0.1,6,0\n"), ".");
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%d%", "10.0.0.1,6,0\n"), "k");
	bed_assert(&bed, bed_keyfile("Dispatch:sdipsdp%d%", "10.0.0.1,10.0.0.2,6,0,0\n"), "k");
	bed_assert(&bed, bed_keyfile("Dispatch:si%k%", "10.0.0.1\n"), "k");
}

static void other_protocols_have_port_0(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_ICMP);
	pktbuild_icmp(pb, 8, 0);
	bed_add(&bed, pb);
	bed_assert(&bed, bed_keyfile("Dispatch:sipdp%k%", "10.0.0.1,1,0\n"), "k");
	bed_assert(&bed, bed_keyfile("Dispatch:sdipsdp%k%", "10.0.0.2,10.0.0.1,1,0,0\n"), "k");
}

/* Keys and packets at random against a loop over all keys. */

static void random_addr(char *text)
{
	sprintf(text, rand() % 2 ? "10.%d.%d.1" : "fd00:%d:%d::1", rand() % 2, rand() % 3);
}

static bool in_prefix(const union pal_addr *addr, uint8_t version, const struct rw_prefix *prefix)
{
	if (version != prefix->version)
		return false;
	for (int bit = 0; bit < prefix->len; bit++)
		if ((addr->b[bit / 8] ^ prefix->addr.b[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return true;
}

static bool model_match(enum rw_key_kind kind, const struct rw_key *k, const struct rw_tuple *t)
{
	bool src = in_prefix(t->src, t->version, &k->a), dst = in_prefix(t->dst, t->version, &k->a);

	switch (kind) {
	case RW_KEY_SI:
		return src;
	case RW_KEY_DI:
		return dst;
	case RW_KEY_SDI:
		return src || dst;
	case RW_KEY_SIPDP:
		return src && t->proto == k->proto && t->dport == k->a_port;
	default:
		return t->proto == k->proto && ((src && in_prefix(t->dst, t->version, &k->b) &&
						 t->sport == k->a_port && t->dport == k->b_port) ||
						(dst && in_prefix(t->src, t->version, &k->b) &&
						 t->dport == k->a_port && t->sport == k->b_port));
	}
}

static struct rw_key random_key(void)
{
	char text[64], other[64];
	struct rw_key k = {
		.proto = rand() % 2 ? 6 : 17,
		.a_port = (uint16_t)(rand() % 3),
		.b_port = (uint16_t)(rand() % 3),
	};

	do {
		random_addr(text);
		random_addr(other);
	} while ((strchr(text, ':') == NULL) != (strchr(other, ':') == NULL));
	if (rand() % 3 == 0)
		sprintf(text + strlen(text), "/%d", rand() % 33);
	if (rand() % 3 == 0)
		sprintf(other + strlen(other), "/%d", rand() % 33);
	assert_int_equal(rw_parse_prefix(text, &k.a), 0);
	assert_int_equal(rw_parse_prefix(other, &k.b), 0);
	return k;
}

static void keys_match_as_a_loop_over_them_does(void **)
{
	uint64_t matches = 0, misses = 0;

	srand(4);
	for (int round = 0; round < 400; round++) {
		enum rw_key_kind kind = (enum rw_key_kind)(round % RW_KEY_COUNT);
		struct rw_keys *keys = rw_keys_create(kind);
		struct rw_key list[12];
		int nb = rand() % 12;

		for (int i = 0; i < nb; i++) {
			struct rw_key k = random_key();

			list[i] = k;
			if (!rw_key_wants_ports(kind))
				k = (struct rw_key){.a = k.a};
			else if (kind == RW_KEY_SIPDP)
				k = (struct rw_key){.a = k.a, .proto = k.proto, .a_port = k.a_port};
			assert_int_equal(rw_keys_add(keys, &k), 0);
		}
		for (int i = 0; i < 200; i++) {
			struct rw_key p = random_key();
			struct rw_tuple t = {
				.src = &p.a.addr,
				.dst = &p.b.addr,
				.sport = p.a_port,
				.dport = p.b_port,
				.version = p.a.version,
				.proto = p.proto,
				.has_ports = true,
			};
			bool want = false;

			for (int k = 0; k < nb; k++)
				want |= model_match(kind, &list[k], &t);
			assert_int_equal(rw_keys_match(keys, &t), want);
			matches += want;
			misses += !want;
		}
		rw_keys_destroy(keys);
	}
	assert_true(matches > 5000 && misses > 5000);
}

/* the others */

static void community_ids_are_those_of_the_specification(void **)
{
	// From the baseline of the specification: TCP 128.232.110.120:34855 to 66.35.250.204:80.
	bed_add(&bed, bed_tcp4("128.232.110.120", 34855, "66.35.250.204", 80));
	bed_add(&bed, bed_tcp4("66.35.250.204", 80, "128.232.110.120", 34855));
	bed_add(&bed, bed_tcp4("66.35.250.204", 80, "128.232.110.120", 34856));
	bed_add(&bed, bed_arp());
	bed_assert(&bed, "CommunityID:1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "kk..");
	bed_assert(&bed, "CommunityID:!1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "..kk");
	bed_assert(&bed, "CommunityID:seed=1,1:3V71V58M3Ksw/yuFALMcW0LAHvc=", "kk..");
	bed_assert(
		&bed,
		bed_keyfile("CommunityID:", "# one a line\n1:LQU9qZlK+B5F3KDmev6m5PMibrg=\n"),
		"kk.."
	);
	assert_refused("CommunityID:1:short=");
	assert_refused("CommunityID:1:LQU9qZlK+B5F3KDmev6m5PMibr!=");
	assert_refused("CommunityID:seed=x,1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	assert_refused("CommunityID:/no/such/file");
}

static void time_limits_are_from_and_before(void **)
{
	for (int i = 0; i < 5; i++)
		bed_add(&bed, bed_arp());
	bed_assert(&bed, "From:1002", "..kkk");
	bed_assert(&bed, "Until:1002", "kk...");
	bed_assert(&bed, "From:1970-01-01T00:16:43Z", "...kk");
	assert_string_equal(bed_run(&bed, "From:1001", "Until:1003.000000001"), ".kkk.");
	assert_refused("From:yesterday");
}

static void packets_are_chosen_by_number(void **)
{
	for (int i = 0; i < 9; i++)
		bed_add(&bed, bed_arp());
	bed_assert(&bed, "Packets:1", "k........");
	bed_assert(&bed, "Packets:2-4", ".kkk.....");
	bed_assert(&bed, "Packets:8-", ".......kk");
	bed_assert(&bed, "Packets:-2", "kk.......");
	bed_assert(&bed, "Packets:7,1-3,2-5,7", "kkkkk.k..");
	bed_assert(&bed, "Packets:!2-8", "k.......k");
	bed_assert(&bed, "Packets:100", ".........");
	assert_refused("Packets:");
	assert_refused("Packets:-");
	assert_refused("Packets:5-3");
	assert_refused("Packets:1,,2");
	assert_refused("Packets:a");
}

static void a_sample_has_whole_flows(void **)
{
	unsigned int kept = 0;

	for (int n = 0; n < 400; n++) {
		const char *got;
		char src[32];

		sprintf(src, "10.0.%d.%d", n / 200, n % 200);
		bed_clear(&bed);
		bed_add(&bed, bed_tcp4(src, (uint16_t)n, "10.9.9.9", 80));
		bed_add(&bed, bed_tcp4("10.9.9.9", 80, src, (uint16_t)n));
		got = bed_run(&bed, "Sample:4", NULL);
		assert_int_equal(got[0], got[1]);
		kept += got[0] == 'k';
	}
	assert_in_range(kept, 70, 130);
	bed_assert(&bed, "Sample:1", "kk");
	assert_refused("Sample:0");
	assert_refused("Sample:2/x");
}

static void duplicates_are_dropped_in_a_window(void **)
{
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 1));
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 1)); // 1 packet and 1 s later
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 2));
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 3));
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 1)); // 3 after the last one like it
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 2)); // 3
	bed_assert(&bed, "Dedup:1", "k.kkkk");
	bed_assert(&bed, "Dedup:2", "k.kkkk");
	bed_assert(&bed, "Dedup:3", "k.kk..");
	bed_assert(&bed, "Dedup:0.5s", "kkkkkk");
	bed_assert(&bed, "Dedup:1s", "k.kkkk");
	bed_assert(&bed, "Dedup:3s", "k.kk..");
	assert_refused("Dedup:0");
	assert_refused("Dedup:-1s");
	assert_refused("Dedup:s");
	assert_refused("Dedup:1000001");
}

static void what_is_no_filter_is_bpf(void **)
{
	bed_add(&bed, bed_tcp4("10.0.0.1", 1, "10.0.0.2", 80));
	bed_add(&bed, bed_arp());
	bed_assert(&bed, "tcp port 80", "k.");
	bed_assert(&bed, "ether dst 0:0:0:0:0:0 or arp", ".k");
	bed_assert(&bed, "BPF:arp", ".k");
	assert_refused("tcp and");
	assert_refused("Nonsense:args");
}

int main(void)
{
#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		t(ip_matches_either_address_and_source_one),
		t(filters_are_anded_and_count_what_they_drop),
		t(dispatch_matches_what_its_key_names),
		t(key_files_hold_networks),
		t(key_files_are_read_as_csv),
		t(keys_are_found_behind_any_link_layer),
		t(a_packet_without_ports_is_in_no_set),
		t(other_protocols_have_port_0),
		t(keys_match_as_a_loop_over_them_does),
		t(community_ids_are_those_of_the_specification),
		t(time_limits_are_from_and_before),
		t(packets_are_chosen_by_number),
		t(a_sample_has_whole_flows),
		t(duplicates_are_dropped_in_a_window),
		t(what_is_no_filter_is_bpf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
