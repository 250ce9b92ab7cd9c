/* SPDX-License-Identifier: BSD-3-Clause */
/* Link types beside Ethernet: serial lines, wireless networks, and what a capturing machine puts in front. */
#include "decode_test.h"

static struct pktbuild *start(uint16_t linktype, const char *header)
{
	struct pktbuild *pb = pktbuild_bare(linktype);

	pktbuild_hex(pb, header);
	return pb;
}

static struct pal_pkt decode_start(uint16_t linktype, const char *header)
{
	return decode(start(linktype, header));
}

struct start_case {
	uint16_t linktype;
	const char *header;
	int version; // of IP behind it
};

static void assert_reach_ip(const struct start_case *cases, size_t nb_cases)
{
	for (size_t i = 0; i < nb_cases; i++) {
		for (int cut = 0; cut < 2; cut++) {
			struct pktbuild *pb = start(cases[i].linktype, cases[i].header);

			if (cases[i].version == 4)
				tcp4(pb, A4, B4);
			else
				udp6(pb, A6, B6);
			if (cut) {
				assert_cut_anywhere_is_named(pb);
			} else {
				struct pal_pkt pkt = decode(pb);

				assert_delivered(pkt);
				assert_int_equal(pkt.key.ip_version, cases[i].version);
				assert_int_equal(pkt.payload_len, 5);
			}
		}
	}
}

#define assert_all_reach_ip(cases) assert_reach_ip(cases, sizeof(cases) / sizeof((cases)[0]))

/* ---- serial lines ---- */

static void hdlc_of_cisco_reaches_ip(void **)
{
	static const struct start_case cases[] = {
		{104, "0f00 0800", 4},
		{104, "8f00 86dd", 6},
		{104, "0f00 8847 000111ff", 4},
		{205, "01 0f00 0800", 4},
		{50, "0f00 0800", 4},
	};

	assert_all_reach_ip(cases);
}

static void hdlc_of_cisco_without_ip_has_a_name(void **)
{
	assert_drop(decode_start(104, "8f00 8035 00000002"), "link_control"); // keepalive
	assert_drop(decode_start(104, "8f00 2000 02b4"), "link_control");
	assert_drop(decode_start(104, "0f00 0123"), "link_payload_unknown");
	assert_drop(decode_start(104, "0f00 fefe"), "ethertype_unknown");
}

static void ppp_of_every_link_type_reaches_ip(void **)
{
	static const struct start_case cases[] = {
		{9, "ff03 0021", 4},
		{9, "0057", 6},
		{50, "ff03 0021", 4},
		{51, "1100 0001 002f 0021", 4},
		{166, "00 ff03 0021", 4},
		{204, "01 0057", 6},
	};

	assert_all_reach_ip(cases);
	assert_drop(decode_start(51, "1109 0000 0000"), "ethertype_not_ip");
	assert_int_equal(stats.layers[PAL_LAYER_PPPOE_DISCOVERY], 1);
}

static void frame_relay_reaches_ip(void **)
{
	static const struct start_case cases[] = {
		{107, "1841 03 cc", 4}, // RFC 2427
		{107, "1841 03 8e", 6},
		{107, "1841 03 cf 0021", 4},
		{107, "1841 03 00 80 000000 0800", 4}, // padded, SNAP
		{107, "1841 03 00 80 000000 86dd", 6},
		{107, "1841 03 00 80 0080c2 0007 020000000002 020000000001 0800", 4}, // bridged
		{107, "1841 0800", 4}, // Cisco
		{107, "184081 03 cc", 4}, // longer addresses
		{107, "18404081 86dd", 6},
		{206, "01 1841 03 cc", 4},
	};

	assert_all_reach_ip(cases);
}

static void frame_relay_without_ip_has_a_name(void **)
{
	assert_drop(decode_start(107, "0001 03 08 00 75"), "link_control"); // Q.933
	assert_drop(decode_start(107, "0001 03 09"), "link_control");
	assert_drop(decode_start(107, "1841 03 81"), "link_payload_unknown");
	assert_drop(decode_start(107, "1841 03 00 80 0080c2 0009"), "link_payload_unknown");
	assert_drop(decode_start(107, "1841 0100"), "link_payload_unknown");
	assert_drop(decode_start(107, "1840404040 03 cc"), "link_invalid"); // address without end
	assert_drop(decode_start(107, "19 03 cc"), "link_invalid"); // ... that ends at once
}

/* ---- what Linux puts in front ---- */

static void nflog_payload_is_found_behind_other_attributes(void **)
{
	static const struct start_case cases[] = {
		{239, "02 00 0000 3100 0900", 4}, // little endian; 45 bytes and 4
		{239, "02 00 0000 0031 0009", 4}, // big endian
		{239, "0a 00 0001 3900 0900", 6},
		{239, "02 00 0000 0500 0a00 61000000 0800 0500 00000002 3100 0900", 4}, // padded
	};

	assert_all_reach_ip(cases);
}

static void nflog_payload_ends_where_its_attribute_does(void **)
{
	struct pktbuild *pb = start(239, "02 00 0000 2100 0900");
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_udp(pb, 1, 2);
	pktbuild_text(pb, "q");
	pktbuild_pad(pb, 60);
	pktbuild_bytes(pb, NULL)[8 + 3] = 50;
	pktbuild_bytes(pb, NULL)[8 + 25] = 30;
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_int_equal(pkt.payload_cap_len, 1);
}

static void nflog_without_ip_has_a_name(void **)
{
	assert_drop(decode_start(239, "02 00 0000 0800 0500 00000002"), "link_payload_unknown");
	assert_drop(decode_start(239, "07 00 0000 3100 0900"), "link_payload_unknown"); // bridge
	assert_drop(decode_start(239, "02 01 0000 3100 0900"), "link_payload_unknown"); // version
	assert_drop(decode_start(239, "02 00 0000 0300 0500"), "link_invalid");
	assert_drop(decode_start(239, "02 00 0000 ffff 0500"), "link_truncated");
}

static void cooked_frames_of_all_devices_are_read(void **)
{
	static const struct start_case cases[] = {
		{113, "0000 030a 0000 0000000000000000 0800", 4}, // GRE: the protocol of GRE
		{113, "0000 0302 0000 0000000000000000 0000 1841 03 cc", 4}, // frame relay
		{276, "0000 0000 00000001 0302 00 00 0000000000000000 1841 03 8e", 6},
		// radiotap
		{113,
		 "0000 0323 0000 0000000000000000 0019"
		 "0000 0800 00000000 0801 0000 020000000002 020000000001 020000000001 0000"
		 "aaaa03 000000 0800",
		 4},
	};

	assert_all_reach_ip(cases);
}

/* ---- IEEE 802.11 ---- */

#define ADDRESSES "020000000002 020000000001 020000000001" // three of them
#define ADDRESS "020000000003"
#define SNAP4 "aaaa03 000000 0800"
#define SNAP6 "aaaa03 000000 86dd"

static void wlan_header_is_as_long_as_its_flags_say(void **)
{
	static const struct start_case cases[] = {
		{105, "0801 0000" ADDRESSES "0000" SNAP4, 4},
		{105, "0802 0000" ADDRESSES "1000" SNAP6, 6},
		{105, "8801 0000" ADDRESSES "0000 0000" SNAP4, 4}, // QoS
		{105, "8881 0000" ADDRESSES "0000 0000 00000000" SNAP4, 4}, // ... and HT control
		{105, "0803 0000" ADDRESSES "0000" ADDRESS SNAP4, 4}, // between access points
		{105, "8883 0000" ADDRESSES "0000" ADDRESS "0000 00000000" SNAP6, 6},
	};

	assert_all_reach_ip(cases);
}

static void wlan_frames_without_data_in_the_clear_have_a_name(void **)
{
	assert_drop(decode_start(105, "8000 0000" ADDRESSES "0000"), "link_control"); // beacon
	assert_drop(decode_start(105, "d400 0000" ADDRESS), "link_control"); // acknowledgement
	assert_drop(decode_start(105, "4801 0000" ADDRESSES "0000"), "link_control"); // null
	assert_drop(decode_start(105, "c801 0000" ADDRESSES "0000 0000"), "link_control");
	assert_drop(decode_start(105, "0841 0000" ADDRESSES "0000" SNAP4), "encrypted");
	assert_drop(decode_start(105, "0805 0000" ADDRESSES "0000"), "link_payload_unknown");
	assert_drop(decode_start(105, "0801 0000" ADDRESSES "0100"), "link_payload_unknown");
	assert_drop(decode_start(105, "8801 0000" ADDRESSES "0000 8000"), "link_payload_unknown");
	assert_drop(decode_start(105, "0901 0000" ADDRESSES "0000" SNAP4), "link_invalid");
	assert_drop(decode_start(105, "0c01 0000" ADDRESSES "0000" SNAP4), "link_invalid");
}

#define WLAN4 "0801 0000" ADDRESSES "0000" SNAP4

static void headers_of_capturing_machines_are_passed_over(void **)
{
	static const struct start_case cases[] = {
		{127, "0000 0800 00000000" WLAN4, 4},
		{127, "0000 0900 02000000 00" WLAN4, 4},
		{127, "0000 1200 03000000 0102030405060708 00 00" WLAN4, 4},
		// Another word of fields, so that the time starts at 16.
		{127, "0000 1900 030000a0 02000000 00000000 0102030405060708 00" WLAN4, 4},
		// What follows the header is aligned to 4 bytes.
		{127, "0000 0900 02000000 20 8801 0000" ADDRESSES "0000 0000 0000" SNAP6, 6},
		{192, "00 00 0800 69000000" WLAN4, 4},
		{192, "00 00 1000 69000000 0100 0400 00000000" WLAN4, 4},
		{192, "00 00 0800 01000000 020000000002 020000000001 0800", 4},
		{163, "80211001 00000010 00000000 00000000" WLAN4, 4},
		{119, "44000000 10000000 00000000 00000000" WLAN4, 4},
		{119, "00000044 0000000c 00000000" WLAN4, 4},
		{119, "80211002 0000000c 00000000" WLAN4, 4},
	};

	assert_all_reach_ip(cases);
}

/** A datagram that claims 4 bytes more than it has; a checksum is behind it. */
static struct pal_pkt decode_with_fcs(struct pktbuild *pb)
{
	size_t len;
	uint8_t *bytes;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_udp(pb, 1, 2);
	pktbuild_text(pb, "query+++");
	bytes = pktbuild_bytes(pb, &len);
	return decode_bytes(pktbuild_linktype(pb), bytes, len, len);
}

static void checksum_behind_a_wlan_frame_is_no_payload(void **)
{
	static const struct {
		uint16_t linktype;
		const char *header;
		uint32_t payload_len;
	} cases[] = {
		{127, "0000 0900 02000000 00" WLAN4, 8},
		{127, "0000 0900 02000000 10" WLAN4, 4},
		{127, "0000 1200 03000000 0102030405060708 10 00" WLAN4, 4},
		{192, "00 00 1800 69000000 0200 0c00 0000000000000000 0100 0000" WLAN4, 4},
		{192, "00 00 1800 69000000 0200 0c00 0000000000000000 0000 0000" WLAN4, 8},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = start(cases[i].linktype, cases[i].header);
		struct pal_pkt pkt = decode_with_fcs(pb);

		assert_delivered(pkt);
		assert_int_equal(pkt.payload_cap_len, cases[i].payload_len);
		pktbuild_free(pb);
	}
}

static void damaged_captures_of_wlan_are_invalid(void **)
{
	assert_drop(decode_start(127, "0000 0900 02000000 40" WLAN4), "link_invalid"); // bad FCS
	assert_drop(
		decode_start(192, "00 00 1800 69000000 0200 0c00 0000000000000000 0500 0000" WLAN4),
		"link_invalid"
	);
	assert_drop(decode_start(127, "0100 0800 00000000" WLAN4), "link_invalid");
	assert_drop(decode_start(127, "0000 0700 00000000" WLAN4), "link_invalid");
	assert_drop(decode_start(127, "0000 ffff 00000000" WLAN4), "link_truncated");
	assert_drop(decode_start(192, "01 00 0800 69000000" WLAN4), "link_invalid");
	assert_drop(decode_start(192, "00 00 0700 69000000" WLAN4), "link_invalid");
	assert_drop(decode_start(192, "00 00 0800 00000100" WLAN4), "link_invalid");
	assert_drop(decode_start(192, "00 00 0800 d0070000" WLAN4), "linktype_unknown");
	assert_drop(decode_start(163, "12345678 00000010" WLAN4), "link_invalid");
	assert_drop(decode_start(163, "80211001 00000007" WLAN4), "link_invalid");
	// Headers that announce more than there is of them.
	assert_delivered(decode(tcp4(start(127, "0000 0800 03000080" WLAN4), A4, B4)));
	assert_delivered(decode(tcp4(start(127, "0000 0a00 03000000 0102" WLAN4), A4, B4)));
	assert_delivered(decode(tcp4(start(192, "00 00 0c00 69000000 0200 ffff" WLAN4), A4, B4)));
}

/* ---- the others ---- */

static void link_types_that_are_not_opened_have_a_name(void **)
{
	static const struct {
		uint16_t linktype;
		enum pal_layer layer;
	} cases[] = {
		{10, PAL_LAYER_FDDI},
		{117, PAL_LAYER_PFLOG},
		{187, PAL_LAYER_BLUETOOTH},
		{220, PAL_LAYER_USB},
		{226, PAL_LAYER_IPNET},
		{227, PAL_LAYER_CAN},
		{247, PAL_LAYER_INFINIBAND},
		{252, PAL_LAYER_UPPER_PDU},
		{253, PAL_LAYER_NETLINK},
		{284, PAL_LAYER_DSA},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_drop(decode_start(cases[i].linktype, "4500"), "linktype_not_ip");
		assert_int_equal(stats.layers[cases[i].layer], 1);
	}
	assert_int_equal(stats.unknown_linktype[0].pkts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(hdlc_of_cisco_reaches_ip),
		decode_test(hdlc_of_cisco_without_ip_has_a_name),
		decode_test(ppp_of_every_link_type_reaches_ip),
		decode_test(frame_relay_reaches_ip),
		decode_test(frame_relay_without_ip_has_a_name),
		decode_test(nflog_payload_is_found_behind_other_attributes),
		decode_test(nflog_payload_ends_where_its_attribute_does),
		decode_test(nflog_without_ip_has_a_name),
		decode_test(cooked_frames_of_all_devices_are_read),
		decode_test(wlan_header_is_as_long_as_its_flags_say),
		decode_test(wlan_frames_without_data_in_the_clear_have_a_name),
		decode_test(headers_of_capturing_machines_are_passed_over),
		decode_test(checksum_behind_a_wlan_frame_is_no_payload),
		decode_test(damaged_captures_of_wlan_are_invalid),
		decode_test(link_types_that_are_not_opened_have_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
