/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "pal_conf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct pal_conf *conf;
	char path[64];
	char err[PAL_CONF_ERR_LEN];
};

static int make_fixture(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	int fd;

	if (fx == NULL)
		return -1;
	snprintf(fx->path, sizeof(fx->path), "/tmp/pal-test-conf-XXXXXX");
	fd = mkstemp(fx->path);
	if (fd < 0)
		return -1;
	close(fd);
	fx->conf = pal_conf_create();
	*state = fx;
	return fx->conf == NULL ? -1 : 0;
}

static int free_fixture(void **state)
{
	struct fixture *fx = *state;

	unlink(fx->path);
	pal_conf_destroy(fx->conf);
	free(fx);
	return 0;
}

static int load_bytes(struct fixture *fx, const char *bytes, size_t len)
{
	FILE *f = fopen(fx->path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
	fx->err[0] = '\0';
	return pal_conf_load(fx->conf, fx->path, fx->err);
}

static int load(struct fixture *fx, const char *text)
{
	return load_bytes(fx, text, strlen(text));
}

// What follows the path in the error of a file that must not load.
static const char *error_of(struct fixture *fx, const char *text)
{
	assert_int_equal(load(fx, text), -EINVAL);
	assert_memory_equal(fx->err, fx->path, strlen(fx->path));
	return fx->err + strlen(fx->path);
}

static char *dump(const struct pal_conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	pal_conf_dump(conf, f);
	fclose(f);
	return text;
}

// The dump without its comments, in which origins are.
static char *dump_values(const struct pal_conf *conf)
{
	char *text = dump(conf);
	char *out = text;

	for (char *line = text, *next; *line != '\0'; line = next) {
		next = strchr(line, '\n') + 1;
		if (*line == '#')
			continue;
		memmove(out, line, (size_t)(next - line));
		out += next - line;
	}
	*out = '\0';
	return text;
}

/* defaults */

static void shipped_file_is_the_defaults(void **state)
{
	struct fixture *fx = *state;
	struct pal_conf *defaults = pal_conf_create();
	char path[PATH_MAX];
	char *a, *b, *plugins;

	snprintf(path, sizeof(path), "%s/../../config/pal.ini", getenv("PAL_TEST_DATA"));
	assert_int_equal(pal_conf_load(fx->conf, path, fx->err), 0);
	a = dump_values(defaults);
	b = dump_values(fx->conf);
	plugins = strstr(b, "\n[plugin."); // check_conf.py looks at these
	assert_non_null(plugins);
	*plugins = '\0';
	assert_string_equal(a, b);
	free(a);
	free(b);

	// Every key is in the file: none has kept the origin that it was made with.
	a = dump(fx->conf);
	assert_null(strstr(a, "(default)"));
	free(a);
	pal_conf_destroy(defaults);
}

static void dump_reads_back_as_itself(void **state)
{
	static const char *const odd[] = {"a;b", "a#b", "it's", "say \"x\"", " spaced ", "", "a=b"};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct pal_conf *other = pal_conf_create();
		char assignment[64];
		char *a, *b;

		snprintf(assignment, sizeof(assignment), "output.dir=%s", odd[i]);
		assert_int_equal(pal_conf_set(other, assignment, "--set", fx->err), 0);
		snprintf(assignment, sizeof(assignment), "plugin.dns.name=%s", odd[i]);
		assert_int_equal(pal_conf_set(other, assignment, "--set", fx->err), 0);
		a = dump(other);
		assert_int_equal(load(fx, a), 0);
		assert_string_equal(pal_conf_get(fx->conf)->output_dir, odd[i]);
		assert_string_equal(pal_conf_plugin_get(fx->conf, "dns", "name"), odd[i]);
		free(a);
		a = dump_values(other);
		b = dump_values(fx->conf);
		assert_string_equal(a, b);
		free(a);
		free(b);
		pal_conf_destroy(other);
	}
}

/* values */

static void values_are_read(void **state)
{
	struct fixture *fx = *state;
	const struct pal_conf_values *v = pal_conf_get(fx->conf);

	assert_int_equal(
		load(fx,
		     "# comment\n; comment\n\n[output]\ndir = /tmp/out ; comment\nEVE = No\n"
		     "[FLOW]\r\n  tcp-new=5  \r\n[eal]\nhugepages = 'yes'\n"
		     "[output]\neve-file = \"a;b#c\"\n[plugin.dns]\nPort = 53\n[threads]\nworkers "
		     "= 7"),
		0
	);
	assert_string_equal(v->output_dir, "/tmp/out");
	assert_false(v->eve);
	assert_int_equal(v->timeout_s[0][0], 5);
	assert_string_equal(v->hugepages, "yes");
	assert_string_equal(v->eve_file, "a;b#c");
	assert_int_equal(v->workers, 7);
	assert_int_equal(v->inbox_pkts, 4096); // not in the file
	assert_string_equal(pal_conf_plugin_get(fx->conf, "dns", "port"), "53");
	assert_null(pal_conf_plugin_get(fx->conf, "dns", "no-such"));
}

static void booleans_have_eight_words(void **state)
{
	static const char *const words[] = {"yes", "no", "True", "false", "ON", "off", "1", "0"};
	struct fixture *fx = *state;

	for (int i = 0; i < 8; i++) {
		char text[64];

		snprintf(text, sizeof(text), "capture.promisc=%s", words[i]);
		assert_int_equal(pal_conf_set(fx->conf, text, "--set", fx->err), 0);
		assert_int_equal(pal_conf_get(fx->conf)->capture_promisc, i % 2 == 0);
	}
}

static void limits_are_inclusive(void **state)
{
	static const struct {
		const char *value;
		bool good;
	} cases[] = {
		{"64", true},
		{"1048576", true},
		{"63", false},
		{"1048577", false},
		{"-64", false},
		{"+64", false},
		{"64k", false},
		{"0x40", false},
		{"", false},
		{"4294967360", false}, // 64 in 32 bits
		{"18446744073709551680", false}, // 64 in 64 bits
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "threads.inbox=%s", cases[i].value);
		assert_int_equal(
			pal_conf_set(fx->conf, text, "--set", fx->err), cases[i].good ? 0 : -EINVAL
		);
	}
	assert_int_equal(pal_conf_get(fx->conf)->inbox_pkts, 1048576); // of the last good one
}

static void command_line_wins_and_says_so(void **state)
{
	struct fixture *fx = *state;
	char origin[128];
	char *text;

	assert_int_equal(load(fx, "[threads]\nworkers = 3\ninbox = 128\n"), 0);
	assert_int_equal(pal_conf_set(fx->conf, "threads.workers=5", "-j", fx->err), 0);
	assert_int_equal(pal_conf_get(fx->conf)->workers, 5);
	text = dump(fx->conf);
	assert_non_null(strstr(text, "(-j)\nworkers = 5\n"));
	snprintf(origin, sizeof(origin), "(%s:3)\ninbox = 128\n", fx->path);
	assert_non_null(strstr(text, origin));
	assert_non_null(strstr(text, "(default)\nidle-sleep-us = 50\n"));
	free(text);
}

static void assignment_needs_section_and_key(void **state)
{
	static const char *const bad[] = {
		"", "=", "x", "x=1", ".x=1", "threads.=1", "threads.workers"};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pal_conf_set(fx->conf, bad[i], "--set", fx->err), -EINVAL);
		assert_non_null(strstr(fx->err, "must be section.key=value"));
	}
	assert_int_equal(pal_conf_set(fx->conf, "plugin.dns.port=53", "--set", fx->err), 0);
	assert_string_equal(pal_conf_plugin_get(fx->conf, "dns", "port"), "53");
}

/* errors */

static void errors_name_line_and_suggestion(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"[output]\ndirr = x\n", ":2: unknown key output.dirr. Did you mean output.dir?"},
		{"\n[threads]\npromisc = no\n",
		 ":3: unknown key threads.promisc. Did you mean capture.promisc?"},
		{"[output]\nzzzzzzzzzzzzzzzzzzzzzzzzzzz = 1\n",
		 ":2: unknown key output.zzzzzzzzzzzzzzzzzzzzzzzzzzz. Try: pcap-analyzer "
		 "--dump-config lists all keys"},
		{"# x\n[outptu]\n", ":2: unknown section [outptu]. Did you mean [output]?"},
		{"[xyzzyxyzzy]\n",
		 ":1: unknown section [xyzzyxyzzy]. Try: pcap-analyzer --dump-config lists all"},
		{"[threads]\nworkers = many\n",
		 ":2: workers = many: must be a whole number from 0 to 126"},
		{"[output]\neve = maybe\n", ":2: eve = maybe: must be yes or no"},
		{"[decode]\nchecksums = some\n", ":2: checksums = some: must be one of none|all"},
		{"[decode]\nchecksums =\n", ":2: checksums = : must be one of none|all"},
		{"[output]\ndir = a\n\nDIR = b\n", ":4: dir was set on line 2 already"},
		{"[plugin.x]\na = 1\n[output]\n[plugin.x]\na = 2\n",
		 ":5: a was set on line 2 already"},
		{"[output\n", ":1: not a section: [output"},
		{"[out:put]\n", ":1: not a section: [out:put]"},
		{"[output] # x\n", ":1: nothing may follow a [section]: # x"},
		{"[output]\nnonsense\n", ":2: neither [section] nor key = value: nonsense"},
		{"[output]\n= x\n", ":2: neither [section] nor key = value: = x"},
		{"dir = x\n", ":1: key before the first [section]"},
		{"# comment\\\n[output]\n", ":1: a line cannot end in a backslash"},
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(error_of(fx, cases[i].text), cases[i].error);
}

static void long_lines_are_refused(void **state)
{
	struct fixture *fx = *state;
	char text[4096];

	for (int pad = 900; pad < 3000; pad++) {
		snprintf(text, sizeof(text), "[output]\ndir = %0*d\n", pad, 7);
		if (pad + 7 <= 1000) {
			assert_int_equal(load(fx, text), 0);
			assert_int_equal(strlen(pal_conf_get(fx->conf)->output_dir), pad);
		} else {
			assert_string_equal(error_of(fx, text), ":2: longer than 1000 bytes");
		}
	}
}

static void nul_bytes_are_refused(void **state)
{
	static const char text[] = "[output]\ndir = a\0b\n";
	struct fixture *fx = *state;

	assert_int_equal(load_bytes(fx, text, sizeof(text) - 1), -EINVAL);
	assert_string_equal(fx->err + strlen(fx->path), ":2: has a NUL byte");
}

static void too_many_keys_are_refused(void **state)
{
	struct fixture *fx = *state;
	char *text = calloc(1025, 32);
	size_t len = 0;

	assert_non_null(text);
	len += (size_t)sprintf(text, "[plugin.x]\n");
	for (int i = 0; i < 1025; i++)
		len += (size_t)sprintf(text + len, "k%d = 1\n", i);
	assert_string_equal(error_of(fx, text), ":1026: more than 1024 keys");
	free(text);
}

static void what_is_no_file_is_refused(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(pal_conf_load(fx->conf, "/no/such", fx->err), -ENOENT);
	assert_string_equal(fx->err, "/no/such: No such file or directory");
	assert_int_equal(pal_conf_load(fx->conf, "/tmp", fx->err), -EINVAL);
	assert_string_equal(fx->err, "/tmp: not a plain file");
	assert_int_equal(pal_conf_load(fx->conf, "/dev/null", fx->err), -EINVAL);
	assert_string_equal(fx->err, "/dev/null: not a plain file");
}

static void an_empty_file_changes_nothing(void **state)
{
	struct fixture *fx = *state;
	char *a = dump(fx->conf), *b;

	assert_int_equal(load(fx, ""), 0);
	assert_int_equal(load(fx, "\n\r\n# x\n"), 0);
	b = dump(fx->conf);
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void closest_word(void **state)
{
	static const char *const words[] = {"flows", "dns", "tls", NULL};

	(void)state;
	assert_string_equal(pal_conf_closest("flow", words), "flows");
	assert_string_equal(pal_conf_closest("flwos", words), "flows");
	assert_null(pal_conf_closest("community", words));
	assert_null(pal_conf_closest("", words));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_fixture, free_fixture)
	const struct CMUnitTest tests[] = {
		TEST(shipped_file_is_the_defaults),
		TEST(dump_reads_back_as_itself),
		TEST(values_are_read),
		TEST(booleans_have_eight_words),
		TEST(limits_are_inclusive),
		TEST(command_line_wins_and_says_so),
		TEST(assignment_needs_section_and_key),
		TEST(errors_name_line_and_suggestion),
		TEST(long_lines_are_refused),
		TEST(nul_bytes_are_refused),
		TEST(too_many_keys_are_refused),
		TEST(what_is_no_file_is_refused),
		TEST(an_empty_file_changes_nothing),
		TEST(closest_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
