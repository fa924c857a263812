/* The state of one mesh: its folder `data/`, the lock, the engine and the control store, opened together
 * in the one safe order and closed in the reverse. Exactly one process has it open. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <pthread.h>

#include "base/error.h"
#include "engine/engine.h"

struct store;

struct state {
    char *dir;      /* mesh folder, absolute */
    char *data_dir; /* dir/data */
    int lock_fd;
    bool held; /* data_dir is held under its key, where it has one: store/encryption.h */
    struct engine *engine; /* locked, `mesh` attached, migrated */
    struct store *store;
    struct store *audit;   /* the rows of the audit log (store_audit.h); written by govern/audit.h alone */
    pthread_mutex_t kept_lock; /* guards kept, kept_free */
    void *kept;                /* state_kept_take */
    void (*kept_free)(void *kept);
};

struct state_options {
    int threads;
    uint64_t memory_limit_bytes;
};

/* Takes the lock (E_BUSY with the holder's pid in the hint), opens and migrates both stores (backup first; a newer one is
 * E_STATE_NEWER), reconciles SQLite to the ledger, drops unreferenced built tables. */
MUST_CHECK bool state_open(const char *mesh_dir, const struct state_options *o, struct state **out, struct err *e);
void state_close(struct state *s);

/* What the resolver of identities holds in memory between two calls (identity/identity.h): taken for a call, so that one has it at a time,
 * and given back; freed with the state. NULL: there is none, or somebody has it. */
void *state_kept_take(struct state *s);
void state_kept_give(struct state *s, void *kept, void (*free_it)(void *kept)); /* moved; one that is there already is freed */

#endif
