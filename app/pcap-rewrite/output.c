/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"
#include "output_priv.h"
#include "rewrite.h"

#include <pal_cursor.h>
#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

struct rw_output *rw_output_create(const struct rw_output_conf *conf)
{
	struct rw_output *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return pal_err_null(ENOMEM);
	o->conf = *conf;
	o->split = conf->split;
	return o;
}

void rw_output_destroy(struct rw_output *o)
{
	if (o == NULL)
		return;
	for (unsigned int i = 0; i < o->nb_parts; i++)
		output_part_fini(o, &o->parts[i]);
	output_preamble_clear(o, NULL);
	free(o->preamble);
	free(o->parts);
	free(o->options);
	free(o);
}

int output_fail(struct rw_output *o, int rc, const char *why)
{
	if (o->failed != 0)
		return -errno;
	o->failed = rc;
	// Who reads our standard output may stop when he has seen enough.
	if (rc != -EPIPE)
		rw_error("%s", why);
	return pal_err(-rc);
}

/* start */

static bool adopts_header(
	const struct rw_output *o,
	const struct rw_inputs_traits *traits,
	enum pal_savefile_write_format format
)
{
	const struct pal_savefile_info *info = pal_savefile_info(traits->first);

	if (traits->nb_files != 1 || info->format != PAL_SAVEFILE_PCAP ||
	    rw_convert_writes(&o->conf.convert))
		return false;
	return format == PAL_SAVEFILE_WRITE_PCAP ||
	       (format == PAL_SAVEFILE_WRITE_PCAP_NS) == info->nanoseconds;
}

static enum pal_savefile_write_format
choose_format(const struct rw_output *o, const struct rw_inputs_traits *traits)
{
	const struct pal_savefile_info *info = pal_savefile_info(traits->first);
	enum pal_savefile_write_format format = o->conf.format;

	if (format == PAL_SAVEFILE_WRITE_BY_NAME && !rw_name_has_format(o->conf.path))
		format = info->format == PAL_SAVEFILE_PCAP ? PAL_SAVEFILE_WRITE_PCAP
							   : PAL_SAVEFILE_WRITE_PCAPNG;
	if (format == PAL_SAVEFILE_WRITE_BY_NAME)
		format = rw_name_is_pcap(o->conf.path) ? PAL_SAVEFILE_WRITE_PCAP
						       : PAL_SAVEFILE_WRITE_PCAPNG;
	// The unit must do for all files.
	if (format == PAL_SAVEFILE_WRITE_PCAP && traits->nb_files > 1)
		format = traits->nanoseconds ? PAL_SAVEFILE_WRITE_PCAP_NS
					     : PAL_SAVEFILE_WRITE_PCAP_US;
	return format;
}

static void limit_snaplen(struct rw_output *o, bool big_endian)
{
	uint8_t *field = o->pcap_header + 16;
	uint32_t snaplen = big_endian ? pal_load_be32(field) : pal_load_le32(field);
	uint32_t limit = o->conf.convert.snaplen;

	if (limit == 0 || (snaplen != 0 && snaplen <= limit))
		return;
	limit = big_endian ? __builtin_bswap32(limit) : limit;
	memcpy(field, &limit, sizeof(limit));
}

static int on_start(void *arg, const struct rw_inputs_traits *traits)
{
	struct rw_output *o = arg;
	const struct pal_savefile_info *info = pal_savefile_info(traits->first);

	o->single = traits->nb_files == 1;
	o->writer_conf.format = choose_format(o, traits);
	o->pcapng = o->writer_conf.format == PAL_SAVEFILE_WRITE_PCAPNG;
	o->mirror = o->pcapng && o->single && info->format == PAL_SAVEFILE_PCAPNG &&
		    !rw_convert_writes(&o->conf.convert);
	if (o->single)
		o->writer_conf.big_endian = info->big_endian;
	if (!o->pcapng && o->conf.convert.snaplen != 0)
		o->writer_conf.snaplen = o->conf.convert.snaplen;
	if (!o->pcapng && adopts_header(o, traits, o->writer_conf.format)) {
		memcpy(o->pcap_header,
		       pal_savefile_pcap_header(traits->first),
		       sizeof(o->pcap_header));
		limit_snaplen(o, info->big_endian);
		o->writer_conf.pcap_header = o->pcap_header;
		o->adopted_linktype = pal_savefile_interface(traits->first, 0)->linktype;
	}
	return output_parts_start(o);
}

static void on_opened(void *arg, struct rw_input *in)
{
	struct rw_output *o = arg;
	const struct pal_savefile_interface *iface = pal_savefile_interface(in->reader, 0);

	if (o->failed != 0 || pal_savefile_info(in->reader)->format != PAL_SAVEFILE_PCAP)
		return;
	output_note_interface(o, in, iface, 0);
}

/* records */

int rw_output_failed(const struct rw_output *o)
{
	return o->failed;
}

bool rw_output_takes_raw(const struct rw_output *o, const struct rw_input *in)
{
	const struct rw_part *part = &o->parts[o->nb_parts - 1];

	if (rw_convert_works(&o->conf.convert) || (o->pcapng && !o->mirror))
		return false;
	// Of a sequence that has not begun it is asked again.
	return part->writer == NULL || pal_savefile_writer_takes_raw(part->writer, in->reader);
}

int rw_output_raw(struct rw_output *o, const struct pal_savefile_rec *recs, unsigned int nb_recs)
{
	struct pal_savefile_writer *w = o->parts[0].writer;
	int rc = pal_savefile_writer_put_raw(w, recs, nb_recs);

	return rc < 0 ? output_fail(o, rc, pal_savefile_writer_error(w)) : 0;
}

// The output a packet belongs to; in a sequence the next one is begun where it is time.
static struct rw_part *
choose_part(struct rw_output *o, const struct rw_packet *p, const struct pal_savefile_rec *rec)
{
	struct pal_savefile_writer_stats stats = {0};
	uint32_t before = o->split.number, part;

	if (o->split.max_bytes != 0 && o->parts[0].writer != NULL)
		pal_savefile_writer_stats(o->parts[0].writer, &stats);
	part = rw_split_part(&o->split, p, rec->time_ns, stats.bytes);
	if (!rw_split_is_sequence(&o->split))
		return &o->parts[part];
	if ((part != before || o->parts[0].writer == NULL) &&
	    output_part_next(o, part, rec->time_ns) < 0)
		return NULL;
	return &o->parts[0];
}

int rw_output_put(
	struct rw_output *o,
	const struct rw_packet *p,
	const struct rw_input *in,
	const struct pal_savefile_rec *rec,
	bool raw,
	enum rw_lost *ret_lost
)
{
	struct rw_part *part = choose_part(o, p, rec);
	struct pal_savefile_rec out = *rec;
	int64_t number = rec->interface;
	int rc;

	*ret_lost = RW_LOST_NONE;
	if (part == NULL)
		return -errno;
	if (raw && pal_savefile_writer_takes_raw(part->writer, in->reader)) {
		rc = pal_savefile_writer_put_raw(part->writer, rec, 1);
	} else {
		if (!o->mirror)
			number = output_interface(o, part, in, rec->interface, rec->linktype);
		if (number < 0)
			return output_fail(o, (int)number, pal_savefile_writer_error(part->writer));
		if (!o->pcapng && rec->linktype != part->linktype) {
			*ret_lost = RW_LOST_OTHER_LINKTYPE;
			return 0;
		}
		out.interface = (uint32_t)number;
		if (rw_convert_writes(&o->conf.convert) && output_clean_options(o, &out) < 0)
			return output_fail(o, -ENOMEM, "out of memory");
		rc = pal_savefile_writer_put(part->writer, &out);
	}
	return rc < 0 ? output_fail(o, rc, pal_savefile_writer_error(part->writer)) : 0;
}

const struct rw_inputs_ops rw_output_ops = {
	.start = on_start,
	.opened = on_opened,
	.block = output_on_block,
	.piece = output_on_piece,
};
