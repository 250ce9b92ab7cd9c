/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What formatting a flow record costs, by pal_json.h and by yajl, one JSON line each.
 *
 * Both write the same bytes, which is checked first. Reported is the median of several runs, with the fastest and the
 * slowest beside it.
 */

#include <pal_json.h>
#include <pal_pkt.h>
#include <pal_time.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#define NB_RECORDS 512
#define NB_ROUNDS 400
#define NB_RUNS 9

struct record {
	char time[PAL_TIME_ISO_LEN];
	union pal_addr addr[2];
	uint64_t flow_id;
	uint64_t number;
	uint64_t pkts[2];
	uint64_t bytes[2];
	uint16_t port[2];
	uint8_t flags;
};

static struct record records[NB_RECORDS];
static const char file_name[] = "/var/spool/captures/2015-03-06.pcap";
static const char community_id[] = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
static char text[4096];

static void make_records(void)
{
	struct pal_time_cache cache = {0};
	uint64_t random = 1;

	for (int i = 0; i < NB_RECORDS; i++) {
		struct record *r = &records[i];

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		pal_time_iso(&cache, UINT64_C(1425669142414373000) + (random >> 24), r->time);
		r->addr[0].w[0] = htonl(0x0a000000 | (uint32_t)(random >> 44));
		r->addr[1].w[0] = htonl((uint32_t)(random >> 32));
		r->flow_id = random >> 13;
		r->number = random >> 40;
		r->pkts[0] = random >> 56;
		r->pkts[1] = random >> 54;
		r->bytes[0] = r->pkts[0] * 90;
		r->bytes[1] = r->pkts[1] * 1100;
		r->port[0] = (uint16_t)(random >> 48);
		r->port[1] = 443;
		r->flags = (uint8_t)(random >> 50);
	}
}

static size_t write_pal(const struct record *r)
{
	struct pal_json j = pal_json_of(text, sizeof(text));

	pal_json_open_obj(&j);
	pal_json_str(&j, "timestamp", r->time);
	pal_json_u64(&j, "flow_id", r->flow_id);
	pal_json_str(&j, "pcap_filename", file_name);
	pal_json_u64(&j, "pcap_cnt", r->number);
	pal_json_str(&j, "event_type", "flow");
	pal_json_addr(&j, "src_ip", &r->addr[0], 4);
	pal_json_u64(&j, "src_port", r->port[0]);
	pal_json_addr(&j, "dest_ip", &r->addr[1], 4);
	pal_json_u64(&j, "dest_port", r->port[1]);
	pal_json_str(&j, "proto", "TCP");
	pal_json_str(&j, "community_id", community_id);
	pal_json_open(&j, "flow", '{');
	pal_json_u64(&j, "pkts_toserver", r->pkts[0]);
	pal_json_u64(&j, "pkts_toclient", r->pkts[1]);
	pal_json_u64(&j, "bytes_toserver", r->bytes[0]);
	pal_json_u64(&j, "bytes_toclient", r->bytes[1]);
	pal_json_str(&j, "start", r->time);
	pal_json_str(&j, "end", r->time);
	pal_json_u64(&j, "age", r->number >> 16);
	pal_json_str(&j, "state", "established");
	pal_json_str(&j, "reason", "timeout");
	pal_json_bool(&j, "alerted", false);
	pal_json_close(&j, '}');
	pal_json_open(&j, "tcp", '{');
	pal_json_hex8(&j, "tcp_flags", r->flags);
	pal_json_bool(&j, "syn", true);
	pal_json_bool(&j, "ack", true);
	pal_json_str(&j, "state", "established");
	pal_json_close(&j, '}');
	pal_json_close(&j, '}');
	return pal_json_len(&j);
}

static void gen_str(yajl_gen g, const char *s)
{
	yajl_gen_string(g, (const unsigned char *)s, strlen(s));
}

#define gen_u64(g, key, v) (gen_str(g, key), yajl_gen_integer(g, (long long)(v)))
#define gen_text(g, key, s) (gen_str(g, key), gen_str(g, s))
#define gen_bool(g, key, v) (gen_str(g, key), yajl_gen_bool(g, v))

static void gen_addr(yajl_gen g, const char *key, const union pal_addr *addr)
{
	char digits[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, addr->b, digits, sizeof(digits));
	gen_text(g, key, digits);
}

static void gen_hex8(yajl_gen g, const char *key, uint8_t v)
{
	static const char hex[] = "0123456789abcdef";
	const char digits[3] = {hex[v >> 4], hex[v & 15], '\0'};

	gen_text(g, key, digits);
}

static size_t write_yajl(yajl_gen g, const struct record *r)
{
	const unsigned char *made;
	size_t len;

	yajl_gen_clear(g);
	yajl_gen_reset(g, NULL);
	yajl_gen_map_open(g);
	gen_text(g, "timestamp", r->time);
	gen_u64(g, "flow_id", r->flow_id);
	gen_text(g, "pcap_filename", file_name);
	gen_u64(g, "pcap_cnt", r->number);
	gen_text(g, "event_type", "flow");
	gen_addr(g, "src_ip", &r->addr[0]);
	gen_u64(g, "src_port", r->port[0]);
	gen_addr(g, "dest_ip", &r->addr[1]);
	gen_u64(g, "dest_port", r->port[1]);
	gen_text(g, "proto", "TCP");
	gen_text(g, "community_id", community_id);
	gen_str(g, "flow");
	yajl_gen_map_open(g);
	gen_u64(g, "pkts_toserver", r->pkts[0]);
	gen_u64(g, "pkts_toclient", r->pkts[1]);
	gen_u64(g, "bytes_toserver", r->bytes[0]);
	gen_u64(g, "bytes_toclient", r->bytes[1]);
	gen_text(g, "start", r->time);
	gen_text(g, "end", r->time);
	gen_u64(g, "age", r->number >> 16);
	gen_text(g, "state", "established");
	gen_text(g, "reason", "timeout");
	gen_bool(g, "alerted", false);
	yajl_gen_map_close(g);
	gen_str(g, "tcp");
	yajl_gen_map_open(g);
	gen_hex8(g, "tcp_flags", r->flags);
	gen_bool(g, "syn", true);
	gen_bool(g, "ack", true);
	gen_text(g, "state", "established");
	yajl_gen_map_close(g);
	yajl_gen_map_close(g);
	yajl_gen_get_buf(g, &made, &len);
	memcpy(text, made, len); // into the block that the writer takes
	return len;
}

static size_t write_record(yajl_gen g, const struct record *r)
{
	return g == NULL ? write_pal(r) : write_yajl(g, r);
}

static void check_that_both_are_the_same(yajl_gen g)
{
	static char ours[sizeof(text)];

	for (int i = 0; i < NB_RECORDS; i++) {
		size_t len = write_pal(&records[i]);

		memcpy(ours, text, len);
		if (write_yajl(g, &records[i]) == len && memcmp(ours, text, len) == 0)
			continue;
		fprintf(stderr, "not the same:\n%.*s\n%s\n", (int)len, ours, text);
		exit(1);
	}
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *writer, yajl_gen g)
{
	double ns[NB_RUNS];
	uint64_t nb_bytes = 0;

	for (int run = 0; run < NB_RUNS; run++) {
		uint64_t start_ns = pal_time_mono_ns();

		for (int round = 0; round < NB_ROUNDS; round++)
			for (int i = 0; i < NB_RECORDS; i++)
				nb_bytes += write_record(g, &records[i]);
		ns[run] = (double)(pal_time_mono_ns() - start_ns) / NB_ROUNDS / NB_RECORDS;
	}
	qsort(ns, NB_RUNS, sizeof(ns[0]), compare_doubles);
	printf("{\"bench\":\"json\",\"writer\":\"%s\",\"bytes_per_record\":%.0f,\"ns_per_record\":%"
	       ".0f,"
	       "\"min\":%.0f,\"max\":%.0f}\n",
	       writer,
	       (double)nb_bytes / NB_RUNS / NB_ROUNDS / NB_RECORDS,
	       ns[NB_RUNS / 2],
	       ns[0],
	       ns[NB_RUNS - 1]);
}

int main(void)
{
	yajl_gen g = yajl_gen_alloc(NULL);

	make_records();
	check_that_both_are_the_same(g);
	measure("pal", NULL);
	measure("yajl", g);
	yajl_gen_free(g);
	return 0;
}
