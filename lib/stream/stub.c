#include "pal_stream.h"
struct pal_streams *pal_streams_create(const struct pal_streams_conf *c,uint32_t n){(void)n;return (void*)c;}
void pal_streams_destroy(struct pal_streams *t){(void)t;}
size_t pal_streams_bytes(const struct pal_streams *t){(void)t;return 0;}
bool pal_stream_segment(struct pal_streams *a,struct pal_stream *b,struct pal_flow *c,struct rte_mbuf *m){(void)a;(void)b;(void)c;(void)m;return false;}
void pal_stream_close(struct pal_streams *a,struct pal_stream *b,struct pal_flow *c){(void)a;(void)b;(void)c;}
void pal_stream_stop(struct pal_streams *a,struct pal_stream *b,struct pal_flow *c,enum pal_dir d){(void)a;(void)b;(void)c;(void)d;}
void pal_streams_flush(struct pal_streams *a){(void)a;}
static struct pal_streams_stats st;
const struct pal_streams_stats *pal_streams_stats_get(const struct pal_streams *a){(void)a;return &st;}
const char *pal_stream_event_name(enum pal_stream_event e){(void)e;return "x";}
const char *pal_stream_event_suricata(enum pal_stream_event e){(void)e;return "x";}
enum pal_stream_kind pal_stream_event_kind(enum pal_stream_event e){(void)e;return 0;}
