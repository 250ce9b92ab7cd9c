/* SPDX-License-Identifier: BSD-3-Clause */
/** @file What people see: the progress line and the six lines at the end. */
#include "app.h"

#include <pal_time.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_LEN 48

// 41203551 -> 41,203,551
static const char *grouped(uint64_t v, char *dst)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, v);
	char *out = dst;

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return dst;
}

// 27912345678 -> 27.9 GB: three digits that count
static const char *scaled(double v, const char *unit, char *dst)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
	int i = 0;

	while (v >= 999.5 && i < 5) {
		v /= 1000;
		i++;
	}
	snprintf(
		dst,
		TEXT_LEN,
		v < 9.995 && i > 0   ? "%.2f %s%s"
		: v < 99.95 && i > 0 ? "%.1f %s%s"
				     : "%.0f %s%s",
		v,
		prefixes[i],
		unit
	);
	return dst;
}

static const char *utc(uint64_t time_ns, char *dst)
{
	time_t t = (time_t)(time_ns / PAL_NS_PER_S);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(dst, TEXT_LEN, "%Y-%m-%d %H:%M:%S", &tm);
	return dst;
}

static const char *duration(uint64_t ns, char *dst)
{
	uint64_t s = ns / PAL_NS_PER_S;

	snprintf(
		dst,
		TEXT_LEN,
		"%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
		s / 3600,
		s / 60 % 60,
		s % 60
	);
	return dst;
}

static void print_packets(FILE *out, const struct pal_stats *stats, const struct app_summary *sum)
{
	const struct pal_lcore_stats *p = &stats->pipeline;
	double wall_s = (double)sum->wall_ns / 1e9;
	char a[TEXT_LEN], b[TEXT_LEN], c[TEXT_LEN], d[TEXT_LEN], e[TEXT_LEN];

	fprintf(out,
		"packets %s  bytes %s  span %s +%s  wall %.1f s (%s, %u %s)\n",
		grouped(p->received.pkts, a),
		scaled((double)p->received.bytes, "B", b),
		p->first_ns == 0 ? "none" : utc(p->first_ns, c),
		duration(p->last_ns - p->first_ns, d),
		wall_s,
		scaled(wall_s > 0 ? (double)p->received.pkts / wall_s : 0, "pps", e),
		sum->nb_lcores,
		sum->nb_lcores == 1 ? "lcore" : "lcores");
}

// Red where there should be none.
static const char *alarm_colour(FILE *out, uint64_t nb_bad)
{
	return nb_bad == 0 ? "" : app_colour(out, APP_RED);
}

static const char *calm_colour(FILE *out, uint64_t nb_bad)
{
	return nb_bad == 0 ? "" : app_colour(out, APP_PLAIN);
}

static void print_flows(FILE *out, const struct pal_stats *stats)
{
	const struct pal_flow_stats *f = &stats->flow;
	uint64_t nb_lost = pal_stats_lost(stats);
	char a[TEXT_LEN], b[TEXT_LEN], c[TEXT_LEN], d[TEXT_LEN], e[TEXT_LEN], g[TEXT_LEN],
		h[TEXT_LEN];

	fprintf(out,
		"flows %s (tcp %s udp %s icmp %s other %s)  anomalies %s  %slost %s%s\n",
		grouped(f->opened, a),
		grouped(f->opened_by[PAL_FLOW_TCP], b),
		grouped(f->opened_by[PAL_FLOW_UDP], c),
		grouped(f->opened_by[PAL_FLOW_ICMP], d),
		grouped(f->opened_by[PAL_FLOW_OTHER], e),
		grouped(pal_stats_anomalies(stats), h),
		alarm_colour(out, nb_lost),
		grouped(nb_lost, g),
		calm_colour(out, nb_lost));
}

static void print_exits(FILE *out, const struct pal_stats *stats)
{
	struct pal_books books;
	const char *separator = ": ";
	char a[TEXT_LEN];

	pal_stats_books(stats, PAL_BOOK_FRAMES, PAL_STAGE_COUNT, &books);
	fprintf(out, "not in a flow %s", grouped(books.exits.pkts, a));
	for (enum pal_drop drop = PAL_DROP_NONE + 1; drop < PAL_DROP_COUNT; drop++) {
		struct pal_amount left = pal_stats_exit(stats, PAL_BOOK_FRAMES, drop);

		if (left.pkts == 0)
			continue;
		fprintf(out, "%s%s %s", separator, pal_drop_name(drop), grouped(left.pkts, a));
		separator = ", ";
	}
	fputc('\n', out);
}

static void print_ledger(FILE *out, const struct pal_stats *stats)
{
	struct pal_books books, inner;
	char a[TEXT_LEN], b[TEXT_LEN], c[TEXT_LEN];

	pal_stats_books(stats, PAL_BOOK_FRAMES, PAL_STAGE_COUNT, &books);
	pal_stats_books(stats, PAL_BOOK_INNER, PAL_STAGE_COUNT, &inner);
	fprintf(out,
		"ledger offered %s = delivered %s + exits %s, %sresidual %" PRId64 "%s",
		grouped(books.in.pkts, a),
		grouped(books.out.pkts, b),
		grouped(books.exits.pkts, c),
		alarm_colour(out, books.residual.pkts),
		(int64_t)books.residual.pkts,
		calm_colour(out, books.residual.pkts));
	if (inner.in.pkts != 0)
		fprintf(out,
			"; from tunnels %s = %s + %s, residual %" PRId64,
			grouped(inner.in.pkts, a),
			grouped(inner.out.pkts, b),
			grouped(inner.exits.pkts, c),
			(int64_t)inner.residual.pkts);
	fputc('\n', out);
}

static void print_memory(FILE *out, const struct pal_stats *stats, const struct app_summary *sum)
{
	const struct pal_pipeline_memory *m = &sum->memory;
	char a[TEXT_LEN], b[TEXT_LEN];

	fprintf(out,
		"memory %s reserved, flows %zu B each, at most %s at once",
		scaled((double)(m->flows + m->fragments + m->streams), "B", a),
		m->bytes_per_flow,
		grouped(stats->flow.max_active, b));
	if (!sum->live)
		fprintf(out,
			"  files %" PRIu64 " (%sdamaged %" PRIu64 "%s)",
			sum->nb_files,
			alarm_colour(out, sum->nb_damaged),
			sum->nb_damaged,
			calm_colour(out, sum->nb_damaged));
	fputc('\n', out);
}

static void print_next(FILE *out, const struct app_summary *sum)
{
	char a[TEXT_LEN];

	if (sum->eve_path == NULL)
		return;
	if (strcmp(sum->eve_path, "-") == 0) {
		fprintf(out, "wrote %s records to standard output\n", grouped(sum->eve_records, a));
		return;
	}
	fprintf(out,
		"wrote %s (%s records)  next: jq -c 'select(.event_type==\"flow\")|"
		"[.src_ip,.dest_ip,.proto,.flow.bytes_toclient]' %s\n",
		sum->eve_path,
		grouped(sum->eve_records, a),
		sum->eve_path);
}

void app_print_summary(FILE *out, const struct pal_stats *stats, const struct app_summary *sum)
{
	if (sum->interrupted)
		fputs("interrupted: what was read until then is complete\n", out);
	print_packets(out, stats, sum);
	print_flows(out, stats);
	print_exits(out, stats);
	if (sum->verbose)
		pal_stats_print(stats, out);
	print_ledger(out, stats);
	print_memory(out, stats, sum);
	print_next(out, sum);
}

/* progress */

static void put_eta(char *dst, uint64_t left_bytes, double bytes_per_s)
{
	uint64_t s = bytes_per_s > 0 ? (uint64_t)((double)left_bytes / bytes_per_s) : 0;

	snprintf(dst, TEXT_LEN, "%02" PRIu64 ":%02" PRIu64, s / 60, s % 60);
}

void app_progress_show(
	struct app_progress *progress,
	const struct pal_stats *stats,
	const struct pal_source *src,
	char *const *paths,
	size_t nb_paths
)
{
	const struct pal_lcore_stats *p = &stats->pipeline;
	struct pal_source_file_progress file = {0};
	uint64_t now_ns = pal_time_mono_ns();
	double seconds = (double)(now_ns - progress->last_ns) / 1e9;
	char a[TEXT_LEN], b[TEXT_LEN], c[TEXT_LEN], eta[TEXT_LEN] = "--:--", percent[TEXT_LEN] = "";
	const char *name = "live";

	if (src != NULL) {
		double rate;

		pal_source_file_progress(src, &file);
		name = file.path_index < nb_paths ? paths[file.path_index] : "done";
		rate = (double)(file.file_bytes_read - progress->last_file_bytes) / seconds;
		if (file.file_size_bytes != 0 && file.file_bytes_read <= file.file_size_bytes) {
			snprintf(
				percent,
				sizeof(percent),
				"%3.0f%%  ",
				100.0 * (double)file.file_bytes_read / (double)file.file_size_bytes
			);
			put_eta(eta, file.file_size_bytes - file.file_bytes_read, rate);
		}
	}
	fprintf(stderr,
		"\r\033[K%s%.40s%s  %s%s  %s  flows %s  %sdamaged %" PRIu64 "%s  ETA %s",
		app_colour(stderr, APP_BOLD),
		name,
		app_colour(stderr, APP_PLAIN),
		percent,
		scaled((double)(p->received.bytes - progress->last_bytes) / seconds, "B/s", a),
		scaled((double)(p->received.pkts - progress->last_pkts) / seconds, "pps", b),
		scaled((double)stats->flow.opened, "", c),
		alarm_colour(stderr, file.damaged),
		file.damaged,
		calm_colour(stderr, file.damaged),
		eta);
	fflush(stderr);
	progress->last_ns = now_ns;
	progress->last_pkts = p->received.pkts;
	progress->last_bytes = p->received.bytes;
	progress->last_file_bytes = file.file_bytes_read;
	progress->shown = true;
}

void app_progress_clear(struct app_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
