/* SPDX-License-Identifier: BSD-3-Clause */
#include "info.h"

#include <pal_time.h>

#include <inttypes.h>
#include <stdlib.h>

#define BAR_WIDTH 40
#define MAX_ROWS 40

static void bar(FILE *out, uint64_t v, uint64_t max)
{
	// What is there at all is seen.
	unsigned int n = max == 0 ? 0 : (unsigned int)((double)v / (double)max * BAR_WIDTH);

	if (v > 0 && n == 0)
		n = 1;
	fprintf(out, " |");
	while (n-- > 0)
		fputc('#', out);
	fputc('\n', out);
}

static void plot_sizes(FILE *out, const struct info *info)
{
	uint64_t max = 0;

	for (unsigned int i = 0; i < INFO_NB_SIZES; i++)
		if (info->sizes[i].packets > max)
			max = info->sizes[i].packets;
	fprintf(out, "\n%-29s %12s %16s\n", "Packet size (bytes)", "Packets", "Bytes");
	for (unsigned int i = 0; i < INFO_NB_SIZES; i++) {
		char range[32];
		uint32_t from, to;

		info_size_bounds(i, &from, &to);
		if (to == UINT32_MAX)
			snprintf(range, sizeof(range), "%u and more", from);
		else
			snprintf(range, sizeof(range), "%u - %u", from, to);
		fprintf(out,
			"%-29s %12" PRIu64 " %16" PRIu64,
			range,
			info->sizes[i].packets,
			info->sizes[i].bytes);
		bar(out, info->sizes[i].packets, max);
	}
}

static void plot_time(FILE *out, const struct info_rows *rows)
{
	// As many digits as an interval has.
	unsigned int digits = 9;
	uint64_t max = 0, width_ns = rows->width_ns;
	char label[INFO_TEXT_LEN];

	for (; digits > 0 && width_ns % 10 == 0; digits--)
		width_ns /= 10;
	for (uint32_t i = 0; i < rows->nb_rows; i++)
		if (rows->rows[i].bytes > max)
			max = rows->rows[i].bytes;
	snprintf(label, sizeof(label), "From, UTC (by %g s)", (double)rows->width_ns / 1e9);
	fprintf(out, "\n%-29s %12s %16s\n", label, "Packets", "Bytes");
	for (uint32_t i = 0; i < rows->nb_rows; i++) {
		uint64_t ns = rows->start_ns + i * rows->width_ns;
		const struct info_time t = {
			(int64_t)(ns / PAL_NS_PER_S), (uint32_t)(ns % PAL_NS_PER_S)};

		info_format_time(label, &t, digits, false, ' ');
		fprintf(out,
			"%-29s %12" PRIu64 " %16" PRIu64,
			label,
			rows->rows[i].packets,
			rows->rows[i].bytes);
		bar(out, rows->rows[i].bytes, max);
	}
}

int info_print_plot(FILE *out, const struct info *info)
{
	struct info_rows rows;
	int rc = info_rows_of(info, MAX_ROWS, &rows);

	if (rc < 0)
		return rc;
	plot_sizes(out, info);
	if (rows.nb_rows > 0)
		plot_time(out, &rows);
	free(rows.rows);
	return 0;
}
