/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet grows at its end; each header that has to be completed leaves a note of where it is. Completion
 * goes through the notes from the last to the first, so that checksums cover what is inside them.
 */
#include "pktbuild.h"

#include <pal_mbuf.h>
#include <pal_pkt.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX 64
#define NO_TYPE SIZE_MAX
#define check(cond) ((cond) ? (void)0 : fail(__func__, #cond))

enum note_kind {
	NOTE_LENGTH,
	NOTE_LENGTH_802_3,
	NOTE_IPV4,
	NOTE_IPV6,
	NOTE_TCP,
	NOTE_UDP,
	NOTE_SCTP,
	NOTE_ICMP,
};

struct note {
	enum note_kind kind;
	size_t off;
	int more; /**< NOTE_LENGTH */
};

struct pktbuild {
	uint16_t linktype;
	bool family_le,
		family_be; /**< The next type is an address family, and how it is written. */
	size_t type_off; /**< Where the type of what follows goes; NO_TYPE if nowhere. */
	size_t len;
	size_t datagram_len; /**< len without padding; 0 while there is none. */
	bool complete;
	int nb_notes;
	struct note notes[NOTES_MAX];
	uint8_t bytes[PKTBUILD_MAX];
};

static void fail(const char *func, const char *cond)
{
	fprintf(stderr, "%s: %s does not hold\n", func, cond);
	abort();
}

static void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void store_be32(uint8_t *p, uint32_t v)
{
	store_be16(p, (uint16_t)(v >> 16));
	store_be16(p + 2, (uint16_t)v);
}

static uint8_t *append(struct pktbuild *pb, size_t len)
{
	uint8_t *p = pb->bytes + pb->len;

	check(!pb->complete && pb->datagram_len == 0 && pb->len + len <= PKTBUILD_MAX);
	pb->len += len;
	return p;
}

static void note(struct pktbuild *pb, enum note_kind kind)
{
	check(pb->nb_notes < NOTES_MAX);
	pb->notes[pb->nb_notes++] = (struct note){.kind = kind, .off = pb->len};
}

struct pktbuild *pktbuild_bare(uint16_t linktype)
{
	struct pktbuild *pb = calloc(1, sizeof(*pb));

	check(pb != NULL);
	pb->linktype = linktype;
	pb->type_off = NO_TYPE;
	return pb;
}

void pktbuild_frame(struct pktbuild *pb)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

	memcpy(append(pb, 14), macs, sizeof(macs));
	pb->type_off = pb->len - 2;
}

struct pktbuild *pktbuild_eth(void)
{
	struct pktbuild *pb = pktbuild_bare(1);

	pktbuild_frame(pb);
	return pb;
}

struct pktbuild *pktbuild_raw(void)
{
	return pktbuild_bare(101);
}

struct pktbuild *pktbuild_sll(void)
{
	struct pktbuild *pb = pktbuild_bare(113);

	store_be16(append(pb, 16) + 2, 1); // ARPHRD_ETHER
	pb->type_off = 14;
	return pb;
}

struct pktbuild *pktbuild_sll2(void)
{
	struct pktbuild *pb = pktbuild_bare(276);

	store_be16(append(pb, 20) + 8, 1);
	pb->type_off = 0;
	return pb;
}

struct pktbuild *pktbuild_null(void)
{
	struct pktbuild *pb = pktbuild_bare(0);

	append(pb, 4);
	pb->family_le = true;
	return pb;
}

struct pktbuild *pktbuild_loop(void)
{
	struct pktbuild *pb = pktbuild_bare(108);

	append(pb, 4);
	pb->family_be = true;
	return pb;
}

void pktbuild_free(struct pktbuild *pb)
{
	free(pb);
}

static void set_type(struct pktbuild *pb, uint16_t ethertype)
{
	uint8_t family = ethertype == 0x0800 ? 2 : 30;

	if (pb->family_le)
		pb->bytes[0] = family;
	else if (pb->family_be)
		pb->bytes[3] = family;
	else if (pb->type_off != NO_TYPE)
		store_be16(pb->bytes + pb->type_off, ethertype);
	pb->family_le = pb->family_be = false;
	pb->type_off = NO_TYPE;
}

void pktbuild_ethertype(struct pktbuild *pb, uint16_t ethertype)
{
	set_type(pb, ethertype);
}

void pktbuild_vlan_tpid(struct pktbuild *pb, uint16_t tpid, uint16_t tci)
{
	set_type(pb, tpid);
	store_be16(append(pb, 4), tci);
	pb->type_off = pb->len - 2;
}

void pktbuild_vlan(struct pktbuild *pb, uint16_t vlan_id)
{
	pktbuild_vlan_tpid(pb, 0x8100, vlan_id);
}

void pktbuild_snap(struct pktbuild *pb)
{
	static const uint8_t llc_snap[] = {0xaa, 0xaa, 0x03, 0, 0, 0};

	check(pb->linktype == 1 && pb->type_off == pb->len - 2);
	note(pb, NOTE_LENGTH_802_3);
	memcpy(append(pb, sizeof(llc_snap) + 2), llc_snap, sizeof(llc_snap));
	pb->type_off = pb->len - 2;
}

void pktbuild_ipv4(struct pktbuild *pb, const char *src, const char *dst, uint8_t proto)
{
	uint8_t *hdr;

	set_type(pb, 0x0800);
	note(pb, NOTE_IPV4);
	hdr = append(pb, 20);
	hdr[0] = 0x45;
	hdr[8] = 64;
	hdr[9] = proto;
	check(inet_pton(AF_INET, src, hdr + 12) == 1);
	check(inet_pton(AF_INET, dst, hdr + 16) == 1);
}

/** The last header that was appended, which has to be of that kind. */
static uint8_t *last(struct pktbuild *pb, enum note_kind kind)
{
	check(pb->nb_notes > 0 && pb->notes[pb->nb_notes - 1].kind == kind);
	return pb->bytes + pb->notes[pb->nb_notes - 1].off;
}

void pktbuild_ipv4_options(struct pktbuild *pb, size_t len)
{
	check(len % 4 == 0);
	memset(append(pb, len), 1, len);
	*last(pb, NOTE_IPV4) += (uint8_t)(len / 4);
}

void pktbuild_ipv4_fragment(struct pktbuild *pb, uint16_t id, uint16_t offset, bool more)
{
	uint8_t *hdr = last(pb, NOTE_IPV4);

	check(offset % 8 == 0);
	store_be16(hdr + 4, id);
	store_be16(hdr + 6, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)));
}

void pktbuild_ipv6(struct pktbuild *pb, const char *src, const char *dst, uint8_t next)
{
	uint8_t *hdr;

	set_type(pb, 0x86dd);
	note(pb, NOTE_IPV6);
	hdr = append(pb, 40);
	hdr[0] = 0x60;
	hdr[6] = next;
	hdr[7] = 64;
	check(inet_pton(AF_INET6, src, hdr + 8) == 1);
	check(inet_pton(AF_INET6, dst, hdr + 24) == 1);
}

void pktbuild_ipv6_ext(struct pktbuild *pb, uint8_t next, size_t len)
{
	uint8_t *hdr = append(pb, len);

	check(len >= 8 && len % 8 == 0);
	hdr[0] = next;
	hdr[1] = (uint8_t)(len / 8 - 1);
}

void pktbuild_ipv6_fragment(
	struct pktbuild *pb,
	uint8_t next,
	uint32_t id,
	uint16_t offset,
	bool more
)
{
	uint8_t *hdr = append(pb, 8);

	check(offset % 8 == 0);
	hdr[0] = next;
	store_be16(hdr + 2, offset | more);
	store_be32(hdr + 4, id);
}

void pktbuild_ah(struct pktbuild *pb, uint8_t next, size_t icv_len)
{
	uint8_t *hdr = append(pb, 12 + icv_len);

	check(icv_len % 4 == 0);
	hdr[0] = next;
	hdr[1] = (uint8_t)((12 + icv_len) / 4 - 2);
}

void pktbuild_tcp(
	struct pktbuild *pb,
	uint16_t src_port,
	uint16_t dst_port,
	uint8_t flags,
	uint32_t seq,
	uint32_t ack
)
{
	uint8_t *hdr;

	note(pb, NOTE_TCP);
	hdr = append(pb, 20);
	store_be16(hdr, src_port);
	store_be16(hdr + 2, dst_port);
	store_be32(hdr + 4, seq);
	store_be32(hdr + 8, ack);
	hdr[12] = 5 << 4;
	hdr[13] = flags;
	store_be16(hdr + 14, UINT16_MAX);
}

void pktbuild_tcp_window(struct pktbuild *pb, uint16_t window)
{
	store_be16(last(pb, NOTE_TCP) + 14, window);
}

void pktbuild_tcp_urgent(struct pktbuild *pb, uint16_t pointer)
{
	store_be16(last(pb, NOTE_TCP) + 18, pointer);
}

void pktbuild_tcp_options(struct pktbuild *pb, const void *options, size_t len)
{
	check(len % 4 == 0);
	memcpy(append(pb, len), options, len);
	last(pb, NOTE_TCP)[12] += (uint8_t)(len / 4 << 4);
}

void pktbuild_udp(struct pktbuild *pb, uint16_t src_port, uint16_t dst_port)
{
	uint8_t *hdr;

	note(pb, NOTE_UDP);
	hdr = append(pb, 8);
	store_be16(hdr, src_port);
	store_be16(hdr + 2, dst_port);
}

void pktbuild_sctp(struct pktbuild *pb, uint16_t src_port, uint16_t dst_port)
{
	uint8_t *hdr;

	note(pb, NOTE_SCTP);
	hdr = append(pb, 12);
	store_be16(hdr, src_port);
	store_be16(hdr + 2, dst_port);
}

void pktbuild_icmp(struct pktbuild *pb, uint8_t type, uint8_t code)
{
	uint8_t *hdr;

	note(pb, NOTE_ICMP);
	hdr = append(pb, 8);
	hdr[0] = type;
	hdr[1] = code;
}

static uint8_t hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = strchr(digits, c);

	check(digit != NULL && c != '\0');
	return (uint8_t)(digit - digits);
}

void pktbuild_hex(struct pktbuild *pb, const char *digits)
{
	uint8_t *half = NULL;

	for (; *digits != '\0'; digits++) {
		if (*digits == ' ')
			continue;
		if (half == NULL) {
			half = append(pb, 1);
			*half = (uint8_t)(hex_digit(*digits) << 4);
		} else {
			*half |= hex_digit(*digits);
			half = NULL;
		}
	}
	check(half == NULL);
	pb->type_off = NO_TYPE;
}

void pktbuild_length(struct pktbuild *pb, int more)
{
	note(pb, NOTE_LENGTH);
	pb->notes[pb->nb_notes - 1].more = more;
	append(pb, 2);
}

void pktbuild_payload(struct pktbuild *pb, const void *data, size_t len)
{
	memcpy(append(pb, len), data, len);
}

void pktbuild_text(struct pktbuild *pb, const char *text)
{
	pktbuild_payload(pb, text, strlen(text));
}

void pktbuild_pad(struct pktbuild *pb, size_t frame_len)
{
	check(!pb->complete && frame_len >= pb->len && frame_len <= PKTBUILD_MAX);
	pb->datagram_len = pb->len;
	pb->len = frame_len;
}

/** Sum of 16-bit words, RFC 1071. */
static uint32_t sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return sum;
}

/** The pseudo-header of the IP header that note i lies in; ICMP over IPv4 has none. */
static uint32_t sum_pseudo(const struct pktbuild *pb, int i, size_t len)
{
	uint8_t proto[] = {[NOTE_TCP] = 6, [NOTE_UDP] = 17, [NOTE_SCTP] = 132, [NOTE_ICMP] = 58};
	enum note_kind kind = pb->notes[i].kind;
	uint32_t sum = proto[kind] + (uint32_t)len;

	while (--i >= 0) {
		const uint8_t *hdr = pb->bytes + pb->notes[i].off;

		if (pb->notes[i].kind == NOTE_IPV4)
			return kind == NOTE_ICMP ? 0 : sum_words(sum, hdr + 12, 8);
		if (pb->notes[i].kind == NOTE_IPV6)
			return sum_words(sum, hdr + 8, 32);
	}
	return 0;
}

static uint16_t checksum(const struct pktbuild *pb, int i, size_t len)
{
	const uint8_t *hdr = pb->bytes + pb->notes[i].off;

	return (uint16_t)~sum_words(sum_pseudo(pb, i, len), hdr, len);
}

/** RFC 9260 appendix A. */
static uint32_t crc32c(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return __builtin_bswap32(~crc);
}

static void complete(struct pktbuild *pb)
{
	size_t end = pb->datagram_len != 0 ? pb->datagram_len : pb->len;

	for (int i = pb->nb_notes - 1; i >= 0; i--) {
		uint8_t *hdr = pb->bytes + pb->notes[i].off;
		size_t len = end - pb->notes[i].off;
		uint16_t sum;

		// A length that does not fit is 0: a jumbogram, or what segmentation offload shows.
		switch (pb->notes[i].kind) {
		case NOTE_LENGTH:
			store_be16(hdr, (uint16_t)((int)len - 2 + pb->notes[i].more));
			break;
		case NOTE_LENGTH_802_3:
			check(len <= 1500);
			store_be16(hdr - 2, (uint16_t)len);
			break;
		case NOTE_IPV4:
			store_be16(hdr + 2, len <= UINT16_MAX ? (uint16_t)len : 0);
			store_be16(hdr + 10, (uint16_t)~sum_words(0, hdr, (hdr[0] & 15) * 4u));
			break;
		case NOTE_IPV6:
			store_be16(hdr + 4, len - 40 <= UINT16_MAX ? (uint16_t)(len - 40) : 0);
			break;
		case NOTE_TCP:
			store_be16(hdr + 16, checksum(pb, i, len));
			break;
		case NOTE_UDP:
			store_be16(hdr + 4, len <= UINT16_MAX ? (uint16_t)len : 0);
			sum = checksum(pb, i, len);
			store_be16(hdr + 6, sum != 0 ? sum : UINT16_MAX);
			break;
		case NOTE_SCTP:
			store_be32(hdr + 8, crc32c(hdr, len));
			break;
		case NOTE_ICMP:
			store_be16(hdr + 2, checksum(pb, i, len));
			break;
		}
	}
	pb->complete = true;
}

uint8_t *pktbuild_bytes(struct pktbuild *pb, size_t *ret_len)
{
	if (!pb->complete)
		complete(pb);
	if (ret_len != NULL)
		*ret_len = pb->len;
	return pb->bytes;
}

uint16_t pktbuild_linktype(const struct pktbuild *pb)
{
	return pb->linktype;
}

struct rte_mbuf *pktbuild_mbuf(struct pktbuild *pb, struct rte_mempool *pool, uint64_t time_ns)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	const uint8_t *bytes;
	struct pal_pkt *pkt;
	char *data;
	size_t len;

	check(m != NULL);
	bytes = pktbuild_bytes(pb, &len);
	check(len <= rte_pktmbuf_tailroom(m));
	data = rte_pktmbuf_append(m, (uint16_t)len);
	memcpy(data, bytes, len);

	pkt = pal_mbuf_pkt(m);
	memset(pkt, 0, sizeof(*pkt));
	pkt->time_ns = time_ns;
	pkt->wire_len = (uint32_t)len;
	pkt->linktype = pb->linktype;
	pkt->data = (const uint8_t *)data;
	pkt->cap_len = (uint32_t)len;
	return m;
}
