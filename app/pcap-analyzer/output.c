/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Where results go. */
#include "app.h"

#include <pal_err.h>

#include <string.h>
#include <sys/stat.h>

static int make_outdir(const char *dir)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return pal_err(ENAMETOOLONG);
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0755); // what matters is whether the last one is there
		*p = '/';
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int open_eve(struct run *run)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);

	run->eve_sink = -1;
	if (run->args.json || (v->eve && strcmp(v->eve_file, "-") == 0))
		snprintf(run->eve_path, sizeof(run->eve_path), "-");
	else if (!v->eve)
		return 0;
	else if (v->eve_file[0] == '/')
		snprintf(run->eve_path, sizeof(run->eve_path), "%s", v->eve_file);
	else if (snprintf(run->eve_path, sizeof(run->eve_path), "%s/%s", v->output_dir, v->eve_file) >= PATH_MAX)
		return pal_err(ENAMETOOLONG);
	run->eve_sink = pal_writer_open(run->writer, run->eve_path, &pal_sink_lines);
	if (run->eve_sink < 0)
		app_error(
			"%s: cannot write: %s. Try: another -o",
			run->eve_path,
			strerror(-run->eve_sink)
		);
	return run->eve_sink;
}

static int open_pcap(struct run *run)
{
	static const struct pal_sink_frame frame = {0};

	run->pcap_sink = -1;
	if (run->args.write_path == NULL)
		return 0;
	run->pcap_sink = pal_writer_open(run->writer, run->args.write_path, &frame);
	if (run->pcap_sink < 0)
		app_error(
			"-w %s: cannot write: %s", run->args.write_path, strerror(-run->pcap_sink)
		);
	return run->pcap_sink;
}

int app_output_open(struct run *run)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);
	struct pal_plugins_env env = {.outdir = run->args.json ? NULL : v->output_dir};
	char err[PAL_PLUGINS_ERR_LEN];
	int rc = env.outdir == NULL ? 0 : make_outdir(env.outdir);

	if (rc < 0) {
		app_error(
			"%s: cannot make this folder: %s. Try: another -o",
			env.outdir,
			strerror(-rc)
		);
		return rc;
	}
	run->writer = pal_writer_create(&(struct pal_writer_conf){
		.live = run->live,
		.nb_outs = pal_pipeline_nb_lcores(run->nb_workers, run->live) + 1,
	});
	if (run->writer == NULL) {
		app_error("cannot start the writer: %s", strerror(errno));
		return -errno;
	}
	run->out = pal_out_create(run->writer);
	rc = open_eve(run);
	if (rc >= 0)
		rc = open_pcap(run);
	if (rc < 0)
		return rc;
	run->events = (struct pal_events){.out = run->out, .sink = run->eve_sink};
	env.writer = run->writer;
	env.out = run->out;
	env.events = &run->events;
	rc = pal_plugins_init(run->plugins, &env, err);
	if (rc < 0)
		app_error("%s", err);
	return rc;
}
