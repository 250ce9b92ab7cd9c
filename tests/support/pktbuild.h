/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_PKTBUILD_H
#define PAL_TEST_PKTBUILD_H

/**
 * @file
 * Packets from calls that one can read. Each call appends a header, as it comes on the wire; what depends on
 * what follows (types, lengths, checksums) is filled in when the bytes are asked for.
 *
 *      struct pktbuild *pb = pktbuild_eth();
 *
 *      pktbuild_vlan(pb, 5);
 *      pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
 *      pktbuild_tcp(pb, 1234, 80, PAL_TCP_SYN, 1000, 0);
 *      m = pktbuild_mbuf(pb, pool, now_ns);
 *      pktbuild_free(pb);
 *
 * A call that makes no sense (no room, an address that is none) aborts the test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pktbuild;
struct rte_mbuf;
struct rte_mempool;

/** Room for the longest packet. */
#define PKTBUILD_MAX (128 * 1024)

/** Start a frame with the header of its link type; what comes next fills in the type. */
struct pktbuild *pktbuild_eth(void);
struct pktbuild *pktbuild_raw(void);
struct pktbuild *pktbuild_sll(void);
struct pktbuild *pktbuild_sll2(void);
struct pktbuild *pktbuild_null(void); /**< Family in little endian. */
struct pktbuild *pktbuild_loop(void); /**< Family in big endian. */

/** Start with nothing: bytes follow. */
struct pktbuild *pktbuild_bare(uint16_t linktype);

/** NULL is a no-op. */
void pktbuild_free(struct pktbuild *pb);

/* link */
void pktbuild_vlan(struct pktbuild *pb, uint16_t vlan_id);
void pktbuild_vlan_tpid(struct pktbuild *pb, uint16_t tpid, uint16_t tci);
void pktbuild_frame(struct pktbuild *pb); /**< Another Ethernet header, inside of something. */
void pktbuild_snap(struct pktbuild *pb); /**< The frame becomes an IEEE 802.3 one. */
void pktbuild_ethertype(struct pktbuild *pb, uint16_t ethertype); /**< Of bytes that follow. */

/* network; the protocol is the caller's, so that nonsense can be built as well */
void pktbuild_ipv4(struct pktbuild *pb, const char *src, const char *dst, uint8_t proto);
void pktbuild_ipv4_options(struct pktbuild *pb, size_t len); /**< No Operation, len % 4 == 0. */
void pktbuild_ipv4_fragment(struct pktbuild *pb, uint16_t id, uint16_t offset, bool more);
void pktbuild_ipv6(struct pktbuild *pb, const char *src, const char *dst, uint8_t next);
void pktbuild_ipv6_ext(struct pktbuild *pb, uint8_t next, size_t len); /**< Zeros, len % 8 == 0. */
void pktbuild_ipv6_fragment(
	struct pktbuild *pb,
	uint8_t next,
	uint32_t id,
	uint16_t offset,
	bool more
);
void pktbuild_ah(struct pktbuild *pb, uint8_t next, size_t icv_len);

/* transport */
void pktbuild_tcp(
	struct pktbuild *pb,
	uint16_t src_port,
	uint16_t dst_port,
	uint8_t flags,
	uint32_t seq,
	uint32_t ack
);
void pktbuild_tcp_options(
	struct pktbuild *pb,
	const void *options,
	size_t len
); /**< len % 4 == 0 */
void pktbuild_tcp_window(struct pktbuild *pb, uint16_t window); /**< 65535 otherwise. */
void pktbuild_tcp_urgent(struct pktbuild *pb, uint16_t pointer);
void pktbuild_udp(struct pktbuild *pb, uint16_t src_port, uint16_t dst_port);
void pktbuild_sctp(struct pktbuild *pb, uint16_t src_port, uint16_t dst_port);
void pktbuild_icmp(struct pktbuild *pb, uint8_t type, uint8_t code); /**< 8 bytes; either version */

/** Headers that have no call of their own: bytes as hexadecimal digits, blanks between them as one likes. */
void pktbuild_hex(struct pktbuild *pb, const char *digits);

/** Two bytes that say how many follow, with more or fewer of them counted. */
void pktbuild_length(struct pktbuild *pb, int more);

/** Bytes that belong to the datagram. */
void pktbuild_payload(struct pktbuild *pb, const void *data, size_t len);
void pktbuild_text(struct pktbuild *pb, const char *text);

/** Bytes behind the datagram: zeros, until the frame is frame_len long. */
void pktbuild_pad(struct pktbuild *pb, size_t frame_len);

/**
 * The bytes, complete. Nothing can be appended any more; what is changed in them stays changed.
 *
 * @param ret_len
 *   Their number. May be NULL.
 */
uint8_t *pktbuild_bytes(struct pktbuild *pb, size_t *ret_len);

uint16_t pktbuild_linktype(const struct pktbuild *pb);

/** An mbuf with the bytes in it, and the source's part of struct pal_pkt, data and cap_len filled in. */
struct rte_mbuf *pktbuild_mbuf(struct pktbuild *pb, struct rte_mempool *pool, uint64_t time_ns);

#endif
