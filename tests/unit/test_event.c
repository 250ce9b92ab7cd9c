/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Records: what all of them share is there and right, annotators add to it, what is lost is counted. */
#include "eal.h"
#include "scratch.h"

#include <pal_event.h>
#include <pal_input.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>

#define T0 UINT64_C(1425669142414373000)
#define T0_TEXT "2015-03-06T19:12:22.414373+0000"

static struct {
	struct pal_writer *writer;
	struct pal_events events;
} bed;

static void start(bool live, const char *name)
{
	const struct pal_writer_conf conf = {.live = live, .nb_outs = 1};

	memset(&bed, 0, sizeof(bed));
	bed.writer = pal_writer_create(&conf);
	assert_non_null(bed.writer);
	bed.events.sink = pal_writer_open(bed.writer, scratch_path(name), &pal_sink_lines);
	assert_true(bed.events.sink >= 0);
	bed.events.out = pal_out_create(bed.writer);
	assert_non_null(bed.events.out);
}

static void finish(void)
{
	pal_out_destroy(bed.events.out);
	pal_writer_destroy(bed.writer);
}

/** A flow from 10.0.0.2, the greater endpoint of the key, to 10.0.0.1. */
static struct pal_flow make_flow(uint8_t proto)
{
	struct pal_flow flow = {
		.key = {.port = {53, 40000}, .proto = proto, .ip_version = 4},
		.initiator = 1,
		.id = 1234567890123456,
		.first_number = 7,
		.icmp_type = 8,
		.icmp_code = 3,
	};

	inet_pton(AF_INET, "10.0.0.1", flow.key.addr[0].b);
	inet_pton(AF_INET, "10.0.0.2", flow.key.addr[1].b);
	return flow;
}

static void write_flow(struct pal_flow *flow)
{
	assert_non_null(pal_event_begin_flow(&bed.events, "flow", flow, T0));
	pal_event_end(&bed.events);
}

#define HEAD "{\"timestamp\":\"" T0_TEXT "\",\"flow_id\":1234567890123456,"
#define FILE_HEAD HEAD "\"pcap_filename\":\"in.pcap\",\"pcap_cnt\":7,\"event_type\":\"flow\","

/* what all records share */

static void record_without_flow_has_time_and_type(void **)
{
	struct pal_json *j;

	start(false, "eve");
	j = pal_event_begin(&bed.events, "stats", T0);
	assert_non_null(j);
	pal_json_u64(j, "uptime", 5);
	pal_event_end(&bed.events);
	assert_int_equal(bed.events.nb_records, 1);
	finish();
	scratch_assert(
		"eve", "{\"timestamp\":\"" T0_TEXT "\",\"event_type\":\"stats\",\"uptime\":5}\n"
	);
}

static void source_is_the_initiator(void **)
{
	struct pal_flow flow = make_flow(IPPROTO_UDP);

	start(false, "eve");
	write_flow(&flow);
	flow.initiator = 0;
	write_flow(&flow);
	finish();
	scratch_assert(
		"eve",
		FILE_HEAD "\"src_ip\":\"10.0.0.2\",\"src_port\":40000,\"dest_ip\":\"10.0.0.1\","
			  "\"dest_port\":53,\"proto\":\"UDP\"}\n" //
		FILE_HEAD "\"src_ip\":\"10.0.0.1\",\"src_port\":53,\"dest_ip\":\"10.0.0.2\","
			  "\"dest_port\":40000,\"proto\":\"UDP\"}\n"
	);
}

static void live_flow_names_its_interface(void **)
{
	struct pal_flow flow = make_flow(IPPROTO_TCP);

	start(true, "eve");
	flow.input = 1;
	write_flow(&flow);
	finish();
	scratch_assert(
		"eve",
		HEAD "\"in_iface\":\"eth2\",\"event_type\":\"flow\",\"src_ip\":\"10.0.0.2\",\"src_"
		     "port\":"
		     "40000,\"dest_ip\":\"10.0.0.1\",\"dest_port\":53,\"proto\":\"TCP\"}\n"
	);
}

static void icmp_has_type_and_code_for_ports(void **)
{
	struct pal_flow flow = make_flow(IPPROTO_ICMPV6);

	start(false, "eve");
	memset(flow.key.addr, 0, sizeof(flow.key.addr));
	flow.key.ip_version = 6;
	flow.key.addr[0].b[15] = 1;
	write_flow(&flow);
	finish();
	scratch_assert(
		"eve",
		FILE_HEAD "\"src_ip\":\"::\",\"dest_ip\":\"::1\",\"proto\":\"IPv6-ICMP\","
			  "\"icmp_type\":8,\"icmp_code\":3}\n"
	);
}

static void vlans_are_ids_from_the_outermost(void **)
{
	struct pal_flow flow = make_flow(IPPROTO_GRE);

	start(false, "eve");
	flow.key.vlan[0] = PAL_VLAN_TAGGED | 4094;
	write_flow(&flow);
	flow.key.vlan[1] = PAL_VLAN_TAGGED; // a priority tag
	flow.key.vlan[2] = PAL_VLAN_TAGGED | 1;
	write_flow(&flow);
	finish();
	scratch_assert(
		"eve",
		FILE_HEAD
		"\"vlan\":[4094],\"src_ip\":\"10.0.0.2\",\"dest_ip\":\"10.0.0.1\",\"proto\":"
		"\"GRE\"}\n" //
		FILE_HEAD "\"vlan\":[4094,0,1],\"src_ip\":\"10.0.0.2\",\"dest_ip\":\"10.0.0.1\","
		"\"proto\":\"GRE\"}\n"
	);
}

static void every_protocol_has_a_name_of_its_own(void **)
{
	char *text;

	start(false, "eve");
	for (unsigned int i = 0; i < 256; i++) {
		struct pal_flow flow = make_flow((uint8_t)i);
		const char *name = pal_event_proto_name((uint8_t)i);

		for (unsigned int k = 0; name != NULL && k < i; k++) {
			const char *other = pal_event_proto_name((uint8_t)k);

			assert_true(other == NULL || strcmp(name, other) != 0);
		}
		write_flow(&flow);
	}
	assert_string_equal(pal_event_proto_name(IPPROTO_SCTP), "SCTP");
	finish();
	text = scratch_read("eve", NULL);
	for (unsigned int i = 0; i < 256; i++) {
		const char *name = pal_event_proto_name((uint8_t)i);
		char number[4], want[32];

		snprintf(number, sizeof(number), "%03u", i);
		snprintf(want, sizeof(want), "\"proto\":\"%s\"", name == NULL ? number : name);
		assert_non_null(strstr(text, want));
	}
	free(text);
}

/* annotators */

static void add_number(void *state, struct pal_flow *flow, struct pal_json *j)
{
	pal_json_key_str(j, state);
	pal_json_put_u64(j, flow->first_number);
}

static void annotators_add_to_flows_in_order(void **)
{
	struct pal_flow flow = make_flow(IPPROTO_IPIP);

	start(false, "eve");
	assert_int_equal(pal_events_annotate(&bed.events, add_number, "first"), 0);
	assert_int_equal(pal_events_annotate(&bed.events, add_number, "second"), 0);
	write_flow(&flow);
	assert_non_null(pal_event_begin(&bed.events, "stats", T0)); // about no flow
	pal_event_end(&bed.events);
	finish();
	scratch_assert(
		"eve",
		FILE_HEAD "\"src_ip\":\"10.0.0.2\",\"dest_ip\":\"10.0.0.1\",\"proto\":\"IPv4\","
			  "\"first\":7,\"second\":7}\n"
			  "{\"timestamp\":\"" T0_TEXT "\",\"event_type\":\"stats\"}\n"
	);
}

static void too_many_annotators_are_refused(void **)
{
	start(false, "eve");
	for (int i = 0; i < PAL_EVENT_MAX_ANNOTATORS; i++)
		assert_int_equal(pal_events_annotate(&bed.events, add_number, "x"), 0);
	assert_int_equal(pal_events_annotate(&bed.events, add_number, "x"), -ENOSPC);
	assert_int_equal(bed.events.nb_annotators, PAL_EVENT_MAX_ANNOTATORS);
	finish();
}

/* what is lost */

static void record_that_does_not_fit_is_lost_alone(void **)
{
	static char big[PAL_WRITER_BLOCK_BYTES];
	struct pal_json *j;

	start(false, "eve");
	memset(big, 'x', sizeof(big));
	for (uint64_t i = 0; i < 3; i++) {
		j = pal_event_begin(&bed.events, "stats", T0);
		assert_non_null(j);
		pal_json_u64(j, "i", i);
		if (i == 1)
			pal_json_strn(j, "big", big, sizeof(big));
		pal_event_end(&bed.events);
	}
	assert_int_equal(bed.events.nb_records, 2);
	assert_int_equal(pal_out_lost(bed.events.out), 1);
	finish();
	scratch_assert(
		"eve",
		"{\"timestamp\":\"" T0_TEXT "\",\"event_type\":\"stats\",\"i\":0}\n"
		"{\"timestamp\":\"" T0_TEXT "\",\"event_type\":\"stats\",\"i\":2}\n"
	);
}

static void live_records_without_room_are_counted(void **)
{
	struct pal_flow flow = make_flow(IPPROTO_TCP);
	uint64_t nb_tries = 0, nb_lines = 0;
	static char text[4096];
	ssize_t n;
	int fd;

	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	fd = open(scratch_path("fifo"), O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	start(true, "fifo");
	while (pal_out_lost(bed.events.out) < 100) { // nobody reads
		if (pal_event_begin_flow(&bed.events, "flow", &flow, T0) != NULL)
			pal_event_end(&bed.events);
		nb_tries++;
		assert_true(nb_tries < 1000000);
	}
	assert_int_equal(bed.events.nb_records + pal_out_lost(bed.events.out), nb_tries);
	pal_out_flush(bed.events.out);
	while (nb_lines < bed.events.nb_records) {
		n = read(fd, text, sizeof(text));
		for (ssize_t i = 0; i < n; i++)
			nb_lines += text[i] == '\n';
		if (n <= 0)
			usleep(200);
	}
	finish();
	assert_int_equal(read(fd, text, sizeof(text)), 0); // the end, and no line too many
	assert_int_equal(nb_lines, bed.events.nb_records);
	close(fd);
}

static void nobody_asks_for_records(void **)
{
	struct pal_flow flow = make_flow(IPPROTO_TCP);

	start(false, "eve");
	bed.events.sink = -1;
	assert_null(pal_event_begin(&bed.events, "stats", T0));
	assert_null(pal_event_begin_flow(&bed.events, "flow", &flow, T0));
	assert_int_equal(bed.events.nb_records, 0);
	assert_int_equal(pal_out_lost(bed.events.out), 0); // not asked for is not lost
	finish();
	scratch_assert("eve", "");
}

static int setup(void **)
{
	pal_test_eal_start();
	assert_int_equal(pal_input_add("in.pcap", false), 0);
	assert_int_equal(pal_input_add("eth2", true), 1);
	return 0;
}

static int teardown(void **)
{
	pal_input_clear();
	return 0;
}

#define scratch_test(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(record_without_flow_has_time_and_type),
		scratch_test(source_is_the_initiator),
		scratch_test(live_flow_names_its_interface),
		scratch_test(icmp_has_type_and_code_for_ports),
		scratch_test(vlans_are_ids_from_the_outermost),
		scratch_test(every_protocol_has_a_name_of_its_own),
		scratch_test(annotators_add_to_flows_in_order),
		scratch_test(too_many_annotators_are_refused),
		scratch_test(record_that_does_not_fit_is_lost_alone),
		scratch_test(live_records_without_room_are_counted),
		scratch_test(nobody_asks_for_records),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
