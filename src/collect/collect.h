/* The collector: a listener of its own that takes events over HTTP, puts them into the spool and answers when they are on disk.
 * Stateless but for data/spool: keys, limits and the suppression list come from spool/collector.json (docs/events.md), which
 * the process that holds the mesh writes; so that `trellis collect` runs without the mesh. */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "base/buf.h"
#include "base/error.h"

struct collect;
struct spool_writer;
struct collect_options {
    const char *data_dir;     /* of the mesh */
    const char *host;         /* "127.0.0.1"; may be any address: the collector serves ingest routes alone */
    int port;                 /* 0: any free one */
    const char *tls_certificate, *tls_key; /* both or none */
};
/* Opens the spool for writing, reads collector.json, listens and answers on threads of its own. */
MUST_CHECK bool collect_open(const struct collect_options *o, struct collect **out, struct err *e);
int collect_port(const struct collect *c);
struct spool_writer *collect_spool(struct collect *c);
/* {"requests":..,"events":..,"refused":{"TR205":..},"bytes":..,"spool":{..}} by source, for status and the page. */
void collect_stats_json(struct collect *c, struct buf *out);
void collect_close(struct collect *c); /* answers what is in flight, then ends; NULL-safe */

#endif
