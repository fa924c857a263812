/* A small mesh in a temporary folder for the tests of the build module: one domain `acquisition` with the source `ads` (stream
 * `stats`: day, account, campaign, spend, clicks; partitions are (account, day)) and ports as the test declares them. */
#ifndef TESTS_BUILD_WORLD_H
#define TESTS_BUILD_WORLD_H

#include <sys/types.h>

#include "build/build.h"
#include "store/store.h"

struct world {
    char dir[256];
    struct state *state;
    struct engine_conn *conn; /* for looking and for parsing */
    struct mesh *mesh, *before;
    struct build *build;
    struct build_report report;
    struct errs errs;
    struct err err;
    struct arena arena;
};

/* The test program itself is the loader's child and a runner to be killed: call this first in main; as those it does not return.
 */
void world_main(int argc, char **argv);
extern char world_program[512];

void world_init(struct world *w);                /* the folder and the declaration, no port yet */
void world_at(struct world *w, const char *dir); /* an existing one */
void world_fini(struct world *w);                /* closes and removes the folder */
void world_leave(struct world *w);               /* closes, keeps the folder */
void world_open(struct world *w);
void world_close(struct world *w);
void world_load(struct world *w); /* reads the declaration (again) */
bool world_try_load(struct world *w);

void world_put(struct world *w, const char *path, const char *text);
void world_remove(struct world *w, const char *path);
/* Rows as "day,account,campaign,spend,clicks\n..." without header, into landing/<name>_stats.csv. */
void world_land(struct world *w, const char *name, const char *rows);

struct world_port {
    const char *name, *materialization /* NULL: table */, *time_column /* NULL: day */, *sql;
    const char *columns; /* "day DATE, spend DECIMAL(18,6)" */
    const char *quality; /* YAML lines of six spaces, or NULL */
    int lookback;
    const char *by;  /* of by_key: trellisIncrementalBy */
    const char *key; /* columns of the key, with commas; marked in the contract. NULL: `by`, and not marked */
    bool live;
};
void world_port(struct world *w, const struct world_port *p);
void world_drop_port(struct world *w, const char *name);

bool world_run(struct world *w);                              /* everything; the report is in w->report */
bool world_run_with(struct world *w, struct build_options o); /* program and trigger are filled in */
/* The same in a process of its own (the world must be closed): exit code of the run, or dead at the crash point. */
pid_t world_spawn_run(struct world *w, const char *crash_at);
const char *world_value(struct world *w, const char *sql, ...) __attribute__((format(printf, 2, 3)));
struct build_port_status world_status(struct world *w, const char *ref);

#endif
