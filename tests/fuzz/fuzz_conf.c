/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Reads any bytes as a configuration file, and as an assignment of --set. What loads must read back from its own
 * dump; what does not must say why.
 */

#include "require.h"

#include <pal_conf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int load(struct pal_conf *conf, const void *data, size_t size)
{
	char err[PAL_CONF_ERR_LEN] = "";
	char path[32];
	int fd = memfd_create("pal.ini", 0);
	int rc;

	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = pal_conf_load(conf, path, err);
	close(fd);
	REQUIRE((rc < 0) == (err[0] != '\0'));
	REQUIRE(memchr(err, '\0', sizeof(err)) != NULL);
	if (rc < 0)
		REQUIRE(strncmp(err, path, strlen(path)) == 0);
	return rc;
}

static char *dump(const struct pal_conf *conf, size_t *ret_size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_size);

	REQUIRE(f != NULL);
	pal_conf_dump(conf, f);
	fclose(f);
	return text;
}

static void check_limits(const struct pal_conf_values *v)
{
	REQUIRE(v->workers <= 256);
	REQUIRE(v->inbox_pkts >= 64 && v->inbox_pkts <= 1048576);
	REQUIRE(v->max_flows >= 512);
	REQUIRE(strcmp(v->checksums, "none") == 0 || strcmp(v->checksums, "all") == 0);
	REQUIRE(v->output_dir != NULL && v->plugins != NULL && v->plugin_dir != NULL);
}

// INI has no way to write a value with both quotes, and a long one may not fit in the line of the dump.
static bool can_be_dumped(const char *value)
{
	return strlen(value) < 900 && (strchr(value, '"') == NULL || strchr(value, '\'') == NULL);
}

static int is_plugin_value_odd(void *, const char *, const char *, const char *value, const char *)
{
	return !can_be_dumped(value);
}

static void check_read_back(const struct pal_conf *conf)
{
	const struct pal_conf_values *v = pal_conf_get(conf);
	struct pal_conf *again;
	size_t size;
	char *text;

	if (!can_be_dumped(v->output_dir) || !can_be_dumped(v->eve_file) ||
	    !can_be_dumped(v->plugins) || !can_be_dumped(v->stream_policies) ||
	    !can_be_dumped(v->defrag_policies) || !can_be_dumped(v->plugin_dir))
		return;
	if (pal_conf_plugin_each(conf, is_plugin_value_odd, NULL) != 0)
		return;
	again = pal_conf_create();
	text = dump(conf, &size);
	REQUIRE(again != NULL);
	REQUIRE(load(again, text, size) == 0);
	REQUIRE(strcmp(pal_conf_get(again)->output_dir, v->output_dir) == 0);
	REQUIRE(strcmp(pal_conf_get(again)->eve_file, v->eve_file) == 0);
	REQUIRE(pal_conf_get(again)->workers == v->workers);
	free(text);
	pal_conf_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_conf *conf = pal_conf_create();
	char err[PAL_CONF_ERR_LEN];
	char *text;

	REQUIRE(conf != NULL);
	if (size > 65536)
		size = 65536;
	if (load(conf, data, size) == 0)
		check_read_back(conf);
	check_limits(pal_conf_get(conf));

	text = malloc(size + 1);
	REQUIRE(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	(void)pal_conf_set(conf, text, "--set", err);
	check_limits(pal_conf_get(conf));
	free(text);
	pal_conf_destroy(conf);
	return 0;
}
