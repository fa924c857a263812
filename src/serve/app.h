/* An opened mesh: state, builder, gate, and the declaration in its newest valid form. The server holds one for as long
 * as it runs; a command holds one for its own time when no server does. Safe from any thread. */
#ifndef SERVE_APP_H
#define SERVE_APP_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/auth.h"
#include "build/build.h"
#include "catalog/catalog.h"
#include "govern/govern.h"
#include "mesh/mesh.h"
#include "store/state.h"
#include "store/store.h"

struct kept;
struct alerting;
struct living;
struct app_mesh; /* a declaration, counted: lives while a request or the gate uses it */

struct app {
    char *dir;
    char *program; /* this binary, for the loader child */
    struct state *state;
    struct build *build;
    struct govern *govern;
    struct auth *auth;
    struct events *events;   /* what brings events in */
    struct collect *collect; /* the collector of this server; NULL: none */
    char collect_address[128];
    struct live *live; /* of the server: who watches events; NULL in a command */
    const struct session *session; /* of the server; NULL in a command */
    struct alerting *alerting;     /* of the server; NULL in a command */
    struct living *living;         /* of the server; NULL in a command */

    pthread_mutex_t lock; /* current, broken, tree, checked_us, look_us, sources */
    struct app_mesh *current;
    struct buf broken; /* JSON array of what is wrong with a newer declaration; empty: nothing */
    uint64_t tree;     /* fingerprint of the files at the last load */
    int64_t checked_us, look_us; /* when its files were looked at last, and how long that took */

    struct kept *kept;        /* kept.h; guarded by `lock`; NULL: nothing yet */
    struct buf sources;       /* answer of the last question for sources; guarded by `lock` */
    uint64_t sources_of;      /* generation it belongs to; 0: none */
    int64_t sources_us;       /* when it was made, by the monotonic clock: lags grow */
    atomic_ullong generation; /* counts declarations and loads: what was answered from an older one is stale */

    pthread_mutex_t
        reload;          /* held by a reload and by a run: the declaration stands still while ports are built. Before `lock`. */
    atomic_bool running; /* somebody has a run in work, or waits to begin it */
    atomic_llong run_id; /* of the run in work; 0: none */
    atomic_bool first_build; /* living.c builds what was never built: other runs wait for it */
    pthread_t first_builder; /* written before first_build is set */
    atomic_bool cancel;  /* asks the run in work to stop */
    atomic_bool closing; /* the process is about to end: no run begins any more */
};

/* Takes the lock, opens the stores, loads the declaration. E_BUSY: another process has it. What is wrong with the declaration
 * goes to `es` and makes this false with its first error in `e`. */
MUST_CHECK bool app_open(const char *mesh_dir, const char *program, struct app **out, struct errs *es, struct err *e);
void app_close(struct app *a);

/* The declaration to answer with; files that changed since are loaded first (looked at once a second, more rarely where
 * they are so many that looking takes long; or at once with `now`). A broken change keeps the old one. Give it back with app_mesh_put. */
struct app_mesh *app_mesh_get(struct app *a, bool now);
struct app_mesh *app_mesh_get_locked(struct app *a); /* looks at once; the caller holds `reload`, so that it stays the newest */
const struct mesh *app_mesh_of(const struct app_mesh *m);
void app_mesh_put(struct app_mesh *m);

/* ---- app_known.c: what is made of a declaration when it is first asked for; lives as long as the declaration ---- */
struct known;
struct known *app_mesh_known(const struct app_mesh *m);
struct known *known_new(const struct mesh *m);
struct known *known_new_seen(const struct mesh *seen, struct known *of); /* of what somebody sees of `of`'s declaration: states and columns come from there */
const struct mesh *known_whole(const struct known *k);                   /* the declaration that it was made of, or that `of` was */
void known_free(struct known *k);
MUST_CHECK bool known_find(struct app *a, struct known *k, const struct find_ask *ask, struct arena *arena, struct find_result *out,
                           struct err *e);
/* Questions of the last 90 days by port, as mesh.ports; some minutes old. */
MUST_CHECK bool known_uses(struct app *a, struct known *k, struct arena *arena, int64_t **out, struct err *e);
struct columns *known_columns(struct known *k);
/* The states of all ports: of the newest load and run, half a minute old at most. Give them back; NULL: `e` says why. */
struct known_states {
    struct build_port_status *ports; /* as mesh.ports */
    atomic_int refs;
    uint64_t generation;
    bool in_run;
    int64_t made_us;
    struct arena arena;
};
struct known_states *known_states_get(struct app *a, struct known *k, struct err *e);
void known_states_put(struct known_states *s);

/* ---- app_seen.c: the declaration as a principal sees it ---- */
struct sights;
struct app_seen;
struct sights *sights_new(void);
void sights_free(struct sights *s);
bool app_sees_whole(const struct mesh *m, const struct govern_principal *who); /* an administrator: without a copy */
/* NULL: the whole. Give it back before the declaration. */
struct app_seen *app_seen_get(const struct app_mesh *m, const struct govern_principal *who);
void app_seen_put(const struct app_mesh *m, struct app_seen *x);
struct app_seen *sights_get(struct sights *s, const struct mesh *m, struct known *of, const struct govern_principal *who);
void sights_put(struct sights *s, struct app_seen *x);
const struct mesh *app_seen_mesh(const struct app_seen *x);
struct known *app_seen_known(const struct app_seen *x);

/* Takes `reload` for a run, or for what may not go on beside one. Another run is not waited for (E_BUSY); what is short is: a declaration that is just being
 * loaded, retention, an erasure. */
MUST_CHECK bool app_turn_take(struct app *a, struct err *e);
void app_turn_give(struct app *a);
/* JSON array of the errors of a newer declaration, or empty. */
void app_broken(struct app *a, struct buf *out);

#endif
