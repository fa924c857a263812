/* The state of one mesh: its folder `data/`, the lock, the engine and the control store, opened together
 * in the one safe order and closed in the reverse. Exactly one process has it open. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "base/error.h"
#include "engine/engine.h"

struct store;

struct state {
    char *dir;      /* mesh folder, absolute */
    char *data_dir; /* dir/data */
    int lock_fd;
    struct engine *engine; /* locked, `mesh` attached, migrated */
    struct store *store;
};

struct state_options {
    int threads;
    uint64_t memory_limit_bytes;
};

/* Takes the lock (E_BUSY with the holder's pid in the hint), opens and migrates both stores (backup first; a newer one is
 * E_STATE_NEWER), reconciles SQLite to the ledger, drops unreferenced built tables. */
MUST_CHECK bool state_open(const char *mesh_dir, const struct state_options *o, struct state **out, struct err *e);
void state_close(struct state *s);

#endif
