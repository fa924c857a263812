/* For the tests of src/ingest: a folder, an opened state, and a mesh of one source put together by hand. */
#ifndef TEST_INGEST_FIXTURE_H
#define TEST_INGEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "ingest/ingest_int.h"

struct fixture {
    struct arena a;
    struct state *state;
    struct engine_conn *conn;
    struct mesh mesh;
    struct mesh_domain domain;
    struct mesh_source source;
    struct mesh_stream *streams[256], room[256];
    struct ingest_report report;
    struct errs es;
    struct err e;
    char dir[64];
};

static inline void must(struct fixture *f, bool ok)
{
    if (!ok)
        fail_msg("%s: %s (%s) %s", f->e.file, f->e.text, f->e.hint, f->conn ? engine_last_message(f->conn) : "");
}

static inline void fixture_open(struct fixture *f)
{
    struct state_options o = {.threads = 2, .memory_limit_bytes = 1ull << 30};
    must(f, state_open(f->dir, &o, &f->state, &f->e));
    must(f, engine_connect(f->state->engine, &f->conn, &f->e));
}

static inline void fixture_close(struct fixture *f)
{
    engine_disconnect(f->conn);
    f->conn = NULL;
    state_close(f->state);
    f->state = NULL;
}

static inline void fixture_mesh(struct fixture *f)
{
    f->domain.name = STR("d");
    f->source = (struct mesh_source){
        .domain = &f->domain, .name = STR("s"), .kind = STR("files"), .drift = DRIFT_EVOLVE, .streams = f->room};
    f->mesh.dir = str_of(f->dir);
    f->mesh.streams = f->streams;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->a);
    snprintf(f->dir, sizeof f->dir, "/tmp/trellis-ingest-XXXXXX");
    if (!f || !mkdtemp(f->dir))
        return 1;
    clock_set_us(1768435200000000); /* 2026-01-15 */
    fixture_mesh(f);
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    errs_fini(&f->es);
    arena_fini(&f->a);
    clock_set_us(0);
    bool gone = fs_remove_tree(f->dir, &f->e);
    free(f);
    return gone ? 0 : 1;
}

static inline void fixture_bytes(struct fixture *f, const char *name, struct str data)
{
    const char *path = arena_printf(&f->a, "%s/%s", f->dir, name).p;
    struct str dir = fs_dirname(str_of(path));
    must(f, fs_mkdirs(arena_strz(&f->a, dir), 0755, &f->e));
    must(f, fs_write_atomic(path, data, 0644, &f->e));
}

static inline void fixture_file(struct fixture *f, const char *name, const char *text)
{
    fixture_bytes(f, name, str_of(text));
}

static inline struct mesh_stream *fixture_stream(struct fixture *f, const char *name, const char *path)
{
    struct mesh_stream *st = &f->room[f->mesh.n_streams];
    *st = (struct mesh_stream){.source = &f->source,
                               .name = str_of(name),
                               .ref = arena_printf(&f->a, "d.s__%s", name),
                               .path = str_of(path),
                               .header = -1,
                               .skip_rows = -1,
                               .load = LOAD_SNAPSHOT};
    f->streams[f->mesh.n_streams++] = st;
    f->source.n_streams = f->mesh.n_streams;
    return st;
}

static inline struct mesh_column *fixture_column(struct fixture *f, struct mesh_stream *st, const char *name, const char *type,
                                                 bool required)
{
    if (!st->contract) {
        st->contract = arena_alloc(&f->a, sizeof *st->contract);
        st->contract->columns = arena_array(&f->a, 64, sizeof *st->contract->columns);
    }
    struct mesh_column *c = &st->contract->columns[st->contract->n_columns++];
    *c =
        (struct mesh_column){.name = str_of(name), .physical_type = str_of(type), .required = required, .class_ = CLASS_INTERNAL};
    return c;
}

/* Loads; refused files stay in f->es. */
static inline void fixture_run_streams(struct fixture *f, const struct str *streams, size_t n)
{
    struct ingest_options o = {.program = "/proc/self/exe", .streams = streams, .n_streams = n};
    errs_fini(&f->es);
    f->es = (struct errs){0};
    must(f, ingest_run(f->state, &f->mesh, &o, &f->a, &f->report, &f->es, &f->e));
}

static inline void fixture_run(struct fixture *f)
{
    fixture_run_streams(f, NULL, 0);
}

/* The answer's first row, cells joined by a blank. */
static inline struct str fixture_ask(struct fixture *f, const char *sql)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct buf b = BUF_INIT(1 << 20);
    must(f, engine_query(f->conn, str_of(sql), NULL, 0, &r, &f->e));
    must(f, engine_result_next(r, &ch, &f->e));
    const struct engine_column *cols;
    size_t n = engine_result_columns(r, &cols);
    for (size_t i = 0; ch && i < n; i++) {
        if (i)
            buf_addc(&b, ' ');
        if (engine_cell_null(ch, i, 0))
            buf_addz(&b, "NULL");
        else
            engine_cell_text(ch, i, 0, &b);
    }
    struct str out = arena_str(&f->a, buf_str(&b));
    buf_fini(&b);
    engine_result_close(r);
    return out;
}

static inline void fixture_expect(struct fixture *f, const char *sql, const char *answer)
{
    assert_string_equal(fixture_ask(f, sql).p, answer);
}

#endif
