/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of the reader become mbufs here. Records that found no mbuf wait in recs[] until the next call; the
 * reader is not asked for more before that, so its buffer stays where it is.
 */
#include "pal_source.h"
#include "source_buffer.h"

#include <pal_err.h>
#include <pal_mbuf.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_NB_MBUFS 17408
#define DEFAULT_BUFFER_BYTES (256 * 1024)
#define DEFAULT_NB_BUFFERS 16

#define MBUFS_MIN 256
#define MBUF_CACHE 128 // of each lcore that frees; small, as what rests there is missing here
#define BUFFERS_MIN 4
#define BUFFER_BYTES_MIN 4096
// rte_mbuf_ext_shared_info counts to 65535, and a record has at least 16 bytes of header.
#define BUFFER_BYTES_MAX (1020 * 1024)

#define SEGMENT_BYTES UINT16_MAX // rte_mbuf.data_len
#define INTERFACES_MAX 65536 // of one section: what they cost in memory has to have a bound

struct source_file {
	struct pal_source src;
	struct pal_source_file_conf conf;
	struct source_buffers *bufs;
	struct pal_savefile_alloc alloc;
	struct rte_mempool *mp;
	struct pal_savefile_reader *reader; // NULL between files
	unsigned int nb_recs, next_rec;
	uint32_t max_segs;
	struct rte_mbuf **segs; // of the chain that is being made
	struct pal_savefile_rec recs[PAL_BURST_MAX];

	// rx: wo, control: ro
	uint64_t offered_pkts, offered_bytes;
	uint64_t nb_damaged;
	uint64_t file_bytes_read, file_size_bytes;
	size_t path_index;
	bool ended;
};

// Read by other threads while the RX lcore counts.
#define PUBLISH(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)
#define READ(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

static void next_file(struct source_file *s, const char *error)
{
	const char *path = s->conf.paths[s->path_index];

	if (error != NULL) {
		PUBLISH(s->nb_damaged, s->nb_damaged + 1);
		if (s->conf.on_error != NULL)
			s->conf.on_error(s->conf.on_error_arg, path, error);
	}
	pal_savefile_close(s->reader);
	s->reader = NULL;
	PUBLISH(s->path_index, s->path_index + 1);
}

static bool is_stopped(const struct source_file *s)
{
	return s->conf.stop != NULL && *s->conf.stop;
}

static bool open_file(struct source_file *s)
{
	const struct pal_savefile_conf conf = {
		.alloc = &s->alloc,
		.chunk_bytes = s->conf.buffer_bytes,
		.stop = s->conf.stop,
		.max_interfaces = INTERFACES_MAX,
	};
	char err[PAL_SAVEFILE_ERR_LEN];

	PUBLISH(s->file_bytes_read, 0);
	PUBLISH(s->file_size_bytes, 0);
	s->reader = pal_savefile_open(s->conf.paths[s->path_index], &conf, err);
	if (s->reader == NULL) {
		if (!is_stopped(s))
			next_file(s, err);
		return false;
	}
	PUBLISH(s->file_size_bytes, pal_savefile_info(s->reader)->size_bytes);
	return true;
}

// Records for this call, from the file whose turn it is. False when there are none now.
static bool read_records(struct source_file *s)
{
	s->nb_recs = s->next_rec = 0;
	while (s->path_index < s->conf.nb_paths && !is_stopped(s)) {
		int rc;

		if (s->reader == NULL && !open_file(s))
			continue;
		rc = pal_savefile_next_burst(s->reader, s->recs, PAL_BURST_MAX);
		PUBLISH(s->file_bytes_read, pal_savefile_stored_bytes(s->reader));
		if (rc > 0) {
			s->nb_recs = (unsigned int)rc;
			return true;
		}
		if (rc == -EAGAIN)
			return false;
		if (rc == -ECANCELED)
			break; // not a fault of the file
		next_file(s, rc < 0 ? pal_savefile_error(s->reader) : NULL);
	}
	PUBLISH(s->ended, true);
	return false;
}

static inline void
attach(struct rte_mbuf *m, const uint8_t *data, uint16_t len, struct source_buffer *buf)
{
	// The bytes are never written through the mbuf; DPDK has no const for that.
	rte_pktmbuf_attach_extbuf(m, (void *)(uintptr_t)data, RTE_BAD_IOVA, len, &buf->shinfo);
	m->data_len = len;
}

// A record longer than an mbuf can say. Returns its segments; 0 when there are not enough mbufs now.
static uint32_t attach_chain(
	struct source_file *s,
	struct rte_mbuf *m,
	const struct pal_savefile_rec *rec,
	struct source_buffer *buf
)
{
	uint32_t nb_segs = (rec->cap_len + SEGMENT_BYTES - 1) / SEGMENT_BYTES;
	const uint8_t *data = rec->data;
	uint32_t left = rec->cap_len;
	struct rte_mbuf *seg = m;

	if (nb_segs > s->max_segs) {
		nb_segs = s->max_segs;
		left = nb_segs * SEGMENT_BYTES;
	}
	if (rte_pktmbuf_alloc_bulk(s->mp, s->segs, nb_segs - 1) != 0)
		return 0;
	m->pkt_len = left;
	m->nb_segs = (uint16_t)nb_segs;
	for (uint32_t i = 0;; i++) {
		uint16_t len = (uint16_t)RTE_MIN(left, SEGMENT_BYTES);

		attach(seg, data, len, buf);
		data += len;
		left -= len;
		if (left == 0)
			return nb_segs;
		seg->next = s->segs[i];
		seg = seg->next;
	}
}

static inline uint32_t attach_record(
	struct source_file *s,
	struct rte_mbuf *m,
	const struct pal_savefile_rec *rec,
	struct source_buffer *buf
)
{
	uint32_t nb_segs = 1;
	struct pal_pkt *pkt;

	if (likely(rec->cap_len <= SEGMENT_BYTES)) {
		attach(m, rec->data, (uint16_t)rec->cap_len, buf);
		m->pkt_len = rec->cap_len;
	} else {
		nb_segs = attach_chain(s, m, rec, buf);
		if (nb_segs == 0)
			return 0;
	}
	pkt = pal_mbuf_pkt(m);
	pkt->time_ns = rec->time_ns;
	pkt->wire_len = rec->wire_len;
	pkt->linktype = rec->linktype;
	pkt->input = (uint16_t)(s->conf.first_input + s->path_index);
	pkt->data = rec->data;
	pkt->cap_len = m->data_len;
	return nb_segs;
}

// As many as there are, so that a pool that is nearly empty still moves on.
static uint16_t alloc_mbufs(struct rte_mempool *mp, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	while (nb_pkts > 0 && rte_pktmbuf_alloc_bulk(mp, pkts, nb_pkts) != 0)
		nb_pkts /= 2;
	return nb_pkts;
}

static uint16_t
file_rx_burst(struct pal_source *src, uint16_t, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct source_file *s = (struct source_file *)src;
	struct source_buffer *buf;
	uint32_t nb_refs = 0;
	uint64_t bytes = 0;
	uint16_t nb_alloc, nb;

	if (is_stopped(s)) {
		PUBLISH(s->ended, true);
		return 0;
	}
	if (s->next_rec == s->nb_recs && !read_records(s))
		return 0;
	nb_alloc = alloc_mbufs(s->mp, pkts, RTE_MIN(nb_pkts, s->nb_recs - s->next_rec));
	buf = source_buffer_of(pal_savefile_current_chunk(s->reader));
	for (nb = 0; nb < nb_alloc; nb++) {
		const struct pal_savefile_rec *rec = &s->recs[s->next_rec];
		uint32_t nb_segs = attach_record(s, pkts[nb], rec, buf);

		if (nb_segs == 0)
			break;
		nb_refs += nb_segs;
		bytes += rec->wire_len;
		s->next_rec++;
	}
	// For the whole burst at once, before anyone else can see its mbufs; the reader holds the buffer until then.
	if (nb > 0)
		rte_mbuf_ext_refcnt_update(&buf->shinfo, (int16_t)nb_refs);
	if (nb < nb_alloc)
		rte_pktmbuf_free_bulk(pkts + nb, nb_alloc - nb);
	PUBLISH(s->offered_pkts, s->offered_pkts + nb);
	PUBLISH(s->offered_bytes, s->offered_bytes + bytes);
	return nb;
}

static bool file_ended(const struct pal_source *src, uint16_t)
{
	return READ(((const struct source_file *)src)->ended);
}

static void file_stats(struct pal_source *src, struct pal_source_stats *ret_stats)
{
	const struct source_file *s = (const struct source_file *)src;

	*ret_stats = (struct pal_source_stats){
		.offered_pkts = READ(s->offered_pkts),
		.offered_bytes = READ(s->offered_bytes),
		.errors = READ(s->nb_damaged),
	};
}

static void file_close(struct pal_source *src)
{
	struct source_file *s = (struct source_file *)src;

	pal_savefile_close(s->reader);
	// Someone still has a packet: better lose the memory than take it away from under it.
	if (s->mp == NULL || rte_mempool_full(s->mp)) {
		rte_mempool_free(s->mp);
		source_buffers_destroy(s->bufs);
	}
	free(s->segs);
	free(s);
}

static const struct pal_source_ops file_ops = {
	.close = file_close,
	.rx_burst = file_rx_burst,
	.ended = file_ended,
	.stats = file_stats,
};

static int check_conf(const struct pal_source_file_conf *conf, char *err)
{
	if (conf->nb_paths == 0)
		snprintf(err, PAL_SOURCE_ERR_LEN, "no capture file given");
	else if (conf->nb_paths > (size_t)UINT16_MAX - conf->first_input)
		snprintf(err, PAL_SOURCE_ERR_LEN, "more than %u capture files", UINT16_MAX);
	else if (conf->nb_mbufs < MBUFS_MIN)
		snprintf(err, PAL_SOURCE_ERR_LEN, "a file needs at least %d mbufs", MBUFS_MIN);
	else if (conf->nb_buffers < BUFFERS_MIN)
		snprintf(
			err,
			PAL_SOURCE_ERR_LEN,
			"a file needs at least %d read buffers",
			BUFFERS_MIN
		);
	else if (conf->buffer_bytes < BUFFER_BYTES_MIN || conf->buffer_bytes > BUFFER_BYTES_MAX)
		snprintf(
			err,
			PAL_SOURCE_ERR_LEN,
			"a read buffer has %d to %d bytes, not %u",
			BUFFER_BYTES_MIN,
			BUFFER_BYTES_MAX,
			conf->buffer_bytes
		);
	else
		return 0;
	return pal_err(EINVAL);
}

static struct rte_mempool *create_pool(uint32_t nb_mbufs)
{
	static unsigned int nb_pools;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(
		name,
		sizeof(name),
		"pal_file_%u",
		__atomic_fetch_add(&nb_pools, 1, __ATOMIC_RELAXED)
	);
	// No data room: the data is in the read buffers.
	return rte_pktmbuf_pool_create(
		name,
		nb_mbufs,
		RTE_MIN(nb_mbufs / 8, (uint32_t)MBUF_CACHE),
		PAL_MBUF_PRIV_SIZE,
		0,
		SOCKET_ID_ANY
	);
}

static void set_defaults(struct pal_source_file_conf *conf)
{
	if (conf->nb_mbufs == 0)
		conf->nb_mbufs = DEFAULT_NB_MBUFS;
	if (conf->buffer_bytes == 0)
		conf->buffer_bytes = DEFAULT_BUFFER_BYTES;
	if (conf->nb_buffers == 0)
		conf->nb_buffers = DEFAULT_NB_BUFFERS;
}

struct pal_source *pal_source_file_open(const struct pal_source_file_conf *conf, char *err)
{
	struct source_file *s = calloc(1, sizeof(*s));

	if (s == NULL)
		goto no_memory;
	s->conf = *conf;
	set_defaults(&s->conf);
	if (check_conf(&s->conf, err) < 0) {
		free(s);
		return pal_err_null(EINVAL);
	}
	s->src.ops = &file_ops;
	s->src.info = (struct pal_source_info){.name = conf->paths[0], .nb_queues = 1};
	s->max_segs = RTE_MIN(s->conf.nb_mbufs / 4, (uint32_t)UINT16_MAX / 2);
	s->segs = calloc(s->max_segs, sizeof(struct rte_mbuf *));
	s->bufs = source_buffers_create(s->conf.nb_buffers, s->conf.buffer_bytes);
	s->mp = create_pool(s->conf.nb_mbufs);
	if (s->segs == NULL || s->bufs == NULL || s->mp == NULL)
		goto close;
	s->alloc = source_buffers_alloc(s->bufs);
	return &s->src;

close:
	file_close(&s->src);
no_memory:
	snprintf(
		err,
		PAL_SOURCE_ERR_LEN,
		"no memory for %u mbufs and %u read buffers",
		conf->nb_mbufs,
		conf->nb_buffers
	);
	return pal_err_null(ENOMEM);
}

void pal_source_file_progress(
	const struct pal_source *src,
	struct pal_source_file_progress *ret_progress
)
{
	const struct source_file *s = (const struct source_file *)src;

	*ret_progress = (struct pal_source_file_progress){
		.path_index = READ(s->path_index),
		.file_bytes_read = READ(s->file_bytes_read),
		.file_size_bytes = READ(s->file_size_bytes),
		.damaged = READ(s->nb_damaged),
	};
}
