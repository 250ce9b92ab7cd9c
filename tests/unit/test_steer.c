/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "pal_steer.h"
#include "pal_toeplitz.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

// Key and results: Microsoft, "Verifying the RSS Hash Calculation".
static const uint8_t ms_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	const char *dst, *src;
	uint16_t dst_port, src_port;
	uint32_t with_ports, without_ports;
} ms_vectors[] = {
	{"161.142.100.80", "66.9.149.187", 1766, 2794, 0x51ccc178, 0x323e8fc2},
	{"65.69.140.83", "199.92.111.2", 4739, 14230, 0xc626b0ea, 0xd718262a},
	{"12.22.207.184", "24.19.198.95", 38024, 12898, 0x5c2b394a, 0xd2d0a5de},
	{"209.142.163.6", "38.27.205.30", 2217, 48228, 0xafc7327f, 0x82989176},
	{"202.188.127.2", "153.39.163.191", 1303, 44251, 0x10e828a2, 0x5d1809c5},
	{"3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794, 0x40207d3d, 0x2cc18cd5},
	{"ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230, 0xdde51bbf, 0x0f0c461c},
	{"fe80::200:f8ff:fe21:67cf",
	 "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
	 38024,
	 44251,
	 0x02d1feef,
	 0x4b61e985},
};

// Input of RSS: source address, destination address, source port, destination port.
static size_t put_input(
	uint8_t *dst,
	int family,
	const void *src_addr,
	const void *dst_addr,
	uint16_t sport,
	uint16_t dport
)
{
	size_t alen = family == AF_INET ? 4 : 16;

	memcpy(dst, src_addr, alen);
	memcpy(dst + alen, dst_addr, alen);
	dst[2 * alen] = (uint8_t)(sport >> 8);
	dst[2 * alen + 1] = (uint8_t)sport;
	dst[2 * alen + 2] = (uint8_t)(dport >> 8);
	dst[2 * alen + 3] = (uint8_t)dport;
	return 2 * alen + 4;
}

static void equals_published_vectors(void **)
{
	for (size_t i = 0; i < sizeof(ms_vectors) / sizeof(ms_vectors[0]); i++) {
		int family = strchr(ms_vectors[i].src, ':') != NULL ? AF_INET6 : AF_INET;
		uint8_t src[16], dst[16], input[36];
		size_t len;

		assert_int_equal(inet_pton(family, ms_vectors[i].src, src), 1);
		assert_int_equal(inet_pton(family, ms_vectors[i].dst, dst), 1);
		len = put_input(
			input, family, src, dst, ms_vectors[i].src_port, ms_vectors[i].dst_port
		);
		assert_int_equal(pal_toeplitz(ms_key, input, len), ms_vectors[i].with_ports);
		assert_int_equal(pal_toeplitz(ms_key, input, len - 4), ms_vectors[i].without_ports);
	}
}

static void symmetric_equals_definition_for_every_word(void **)
{
	static const uint8_t key[6] = {0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a};

	for (uint32_t word = 0; word < 0x10000; word++) {
		uint8_t data[2] = {(uint8_t)(word >> 8), (uint8_t)word};

		assert_int_equal(
			pal_toeplitz_symmetric((uint16_t)word), pal_toeplitz(key, data, 2)
		);
	}
}

static uint32_t key_hash(const struct pal_flow_key *key)
{
	struct pal_pkt pkt = {.key = *key};

	pal_steer_hash(&pkt);
	return pkt.steer_hash;
}

// What a NIC with the symmetric key would compute for the datagram from endpoint `from` to the other one.
static uint32_t nic_hash(const struct pal_flow_key *key, unsigned int from, bool with_ports)
{
	uint8_t nic_key[40], input[36];
	size_t len;

	for (size_t i = 0; i < sizeof(nic_key); i++)
		nic_key[i] = i % 2 ? PAL_RSS_KEY_WORD & 0xff : PAL_RSS_KEY_WORD >> 8;
	len = put_input(
		input,
		key->ip_version == 4 ? AF_INET : AF_INET6,
		&key->addr[from],
		&key->addr[!from],
		key->port[from],
		key->port[!from]
	);
	return pal_toeplitz(nic_key, input, with_ports ? len : len - 4);
}

static void random_key(struct pal_flow_key *key, int ip_version, uint8_t proto)
{
	memset(key, 0, sizeof(*key));
	for (int e = 0; e < 2; e++) {
		for (int i = 0; i < (ip_version == 4 ? 4 : 16); i++)
			key->addr[e].b[i] = (uint8_t)rand();
		key->port[e] = (uint16_t)rand();
	}
	key->ip_version = (uint8_t)ip_version;
	key->proto = proto;
}

static void equals_nic_in_both_directions(void **)
{
	static const uint8_t protos[] = {6, 17, 132, 1, 58, 47};
	struct pal_flow_key key;

	srand(1);
	for (int n = 0; n < 20000; n++) {
		uint8_t proto = protos[n % 6];
		bool ports = n % 6 < 3;

		random_key(&key, n & 1 ? 4 : 6, proto);
		assert_int_equal(key_hash(&key), nic_hash(&key, 0, ports));
		assert_int_equal(key_hash(&key), nic_hash(&key, 1, ports));
	}
}

static void hash_of_addresses_is_that_without_ports(void **)
{
	struct pal_flow_key key;

	srand(3);
	for (int n = 0; n < 1000; n++) {
		random_key(&key, n & 1 ? 4 : 6, 6);
		assert_int_equal(pal_steer_hash_addrs(&key), nic_hash(&key, 0, false));
		assert_int_equal(pal_steer_hash_addrs(&key), nic_hash(&key, 1, false));
	}
}

static void shards_are_evenly_used(void **)
{
	uint32_t count[PAL_SHARDS] = {0};
	struct pal_flow_key key;

	srand(2);
	for (int n = 0; n < 512 * 200; n++) {
		random_key(&key, 4, 6);
		count[key_hash(&key) & (PAL_SHARDS - 1)]++;
	}
	for (int i = 0; i < PAL_SHARDS; i++)
		assert_in_range(count[i], 120, 280);
}

static void every_shard_has_an_owner(void **)
{
	struct pal_steer_map map;
	unsigned int count[5] = {0};

	pal_steer_deal(&map, 1, 4);
	for (int i = 0; i < PAL_SHARDS; i++) {
		assert_in_range(map.owner[i], 1, 4);
		count[map.owner[i]]++;
	}
	for (int i = 1; i <= 4; i++)
		assert_int_equal(count[i], PAL_SHARDS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_published_vectors),
		cmocka_unit_test(symmetric_equals_definition_for_every_word),
		cmocka_unit_test(equals_nic_in_both_directions),
		cmocka_unit_test(hash_of_addresses_is_that_without_ports),
		cmocka_unit_test(shards_are_evenly_used),
		cmocka_unit_test(every_shard_has_an_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
