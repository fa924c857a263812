/* The ledger: tables of schema mesh.sys, written by the caller's connection inside the caller's transaction,
 * so that what they say and the data they speak of commit together. Tables: docs/storage.md. */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "base/arena.h"
#include "base/error.h"
#include "engine/engine.h"

MUST_CHECK bool ledger_migrate(struct engine_conn *c, const char *backup_path, struct err *e);
MUST_CHECK bool ledger_next_id(struct engine_conn *c, struct str sequence, int64_t *out,
                               struct err *e); /* file_load, port_version */

struct ledger_file {
    int64_t file_id;
    struct str stream, path, sha256, format;
    int64_t size_bytes, rows_loaded, rows_quarantined, replaced_rows, learned_at_us;
    int32_t day_from, day_to;
    bool has_days, superseded;
};
MUST_CHECK bool ledger_file_add(struct engine_conn *c, const struct ledger_file *f, struct err *e);
MUST_CHECK bool ledger_file_supersede(struct engine_conn *c, int64_t file_id, int64_t at_us, struct err *e);
MUST_CHECK bool ledger_file_move(struct engine_conn *c, int64_t file_id, struct str path, struct err *e); /* the same content, now found there */
/* Files of one stream, or of all (stream empty), newest first. */
MUST_CHECK bool ledger_files(struct engine_conn *c, struct arena *a, struct str stream, struct ledger_file **out, size_t *n,
                             struct err *e);

struct ledger_version {
    int64_t version_id, rows, built_at_us, run_id;
    struct str port, fingerprint, table_name, data_from, data_to;
    bool live;
};
MUST_CHECK bool ledger_version_add(struct engine_conn *c, const struct ledger_version *v, struct err *e);
MUST_CHECK bool ledger_version_go_live(struct engine_conn *c, struct str port, int64_t version_id, struct err *e);
MUST_CHECK bool ledger_versions_live(struct engine_conn *c, struct arena *a, struct ledger_version **out, size_t *n,
                                     struct err *e);
/* Physical tables that are neither live nor the one before it. */
MUST_CHECK bool ledger_versions_garbage(struct engine_conn *c, struct arena *a, struct ledger_version **out, size_t *n,
                                        struct err *e);
MUST_CHECK bool ledger_version_forget(struct engine_conn *c, int64_t version_id, struct err *e);

#endif
