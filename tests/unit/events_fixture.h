/* For the tests of src/events: a folder, an opened state, a spool, and a mesh of one event source put together by hand. */
#ifndef TEST_EVENTS_FIXTURE_H
#define TEST_EVENTS_FIXTURE_H

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
#include "events/events_int.h"

#define FIXTURE_NOW INT64_C(1767607325000000) /* 2026-01-05T10:02:05Z */

struct fixture {
    struct state *state;
    struct engine_conn *conn;
    struct events *events;
    struct spool_writer *spool;
    struct mesh mesh;
    struct mesh_domain domain;
    struct mesh_source source, *sources[1];
    struct mesh_events rules;
    struct mesh_identifier_kind kinds[7];
    struct mesh_enrich enrich[4];
    struct events_report report;
    struct errs es;
    struct err e;
    char dir[64], spool_dir[96];
};

static inline void must(struct fixture *f, bool ok)
{
    if (!ok)
        fail_msg("%s: %s (%s) %s", f->e.file, f->e.text, f->e.hint, f->conn ? engine_last_message(f->conn) : "");
}

static inline void fixture_mesh(struct fixture *f)
{
    static const char *const kinds[] = {"user_id", "email", "phone", "contact", "device_id", "advertising_id", "anonymous_id"};
    f->domain.name = STR("web");
    f->rules = (struct mesh_events){.dedup_window_s = 30 * 86400,
                                    .rate_per_s = 1000,
                                    .batch_bytes = 512000,
                                    .event_bytes = 32768,
                                    .batch_events = 2500,
                                    .late_after_s = 3600,
                                    .future_s = 300,
                                    .enrich = f->enrich};
    f->source = (struct mesh_source){.domain = &f->domain, .name = STR("site"), .kind = STR("events"), .events = &f->rules};
    for (size_t i = 0; i < 7; i++)
        f->kinds[i] = (struct mesh_identifier_kind){.name = str_of(kinds[i]),
                                                    .normalise = i == 1   ? STR("email")
                                                                 : i == 2 ? STR("phone")
                                                                          : STR("none"),
                                                    .limit = 5};
    f->kinds[6].per_s = 7 * 86400;
    f->sources[0] = &f->source;
    f->mesh.dir = str_of(f->dir);
    f->mesh.name = STR("test");
    f->mesh.sources = f->sources;
    f->mesh.n_sources = 1;
    f->mesh.identity.kinds = f->kinds;
    f->mesh.identity.n_kinds = 7;
}

static inline void fixture_open(struct fixture *f)
{
    struct state_options o = {.threads = 2, .memory_limit_bytes = 1ull << 30};
    must(f, state_open(f->dir, &o, &f->state, &f->e));
    must(f, engine_connect(f->state->engine, &f->conn, &f->e));
    must(f, events_open(f->state, &f->events, &f->e));
    must(f, events_prepare(f->events, &f->mesh, &f->e));
}

static inline void fixture_close(struct fixture *f)
{
    events_close(f->events);
    engine_disconnect(f->conn);
    state_close(f->state);
    f->events = NULL;
    f->conn = NULL;
    f->state = NULL;
}

static inline void fixture_spool(struct fixture *f)
{
    const struct spool_options o = {.dir = f->spool_dir, .segment_bytes = 1 << 20};
    must(f, spool_writer_open(&o, &f->spool, &f->e));
}

static inline struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/trellis-events-XXXXXX");
    if (!f || !mkdtemp(f->dir))
        return NULL;
    snprintf(f->spool_dir, sizeof f->spool_dir, "%s/data/spool", f->dir);
    clock_set_us(FIXTURE_NOW);
    fixture_mesh(f);
    return f;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = fixture_new();
    if (!f)
        return 1;
    fixture_open(f);
    fixture_spool(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    spool_writer_close(f->spool);
    fixture_close(f);
    errs_fini(&f->es);
    clock_set_us(0);
    bool removed = fs_remove_tree(f->dir, &f->e);
    free(f);
    return removed ? 0 : 1;
}

static inline void fixture_send(struct fixture *f, enum spool_kind kind, const char *body)
{
    struct spool_record r = {
        .received_us = clock_now_us(), .kind = kind, .source = STR("web.site"), .meta = STR("{\"key\":7}"), .body = str_of(body)};
    must(f, spool_append_wait(f->spool, &r, &f->e));
}

static inline void fixture_load(struct fixture *f)
{
    must(f, events_load(f->events, &f->mesh, NULL, &f->report, &f->es, &f->e));
}

/* One value of a question, as text. */
static inline void ask(struct fixture *f, const char *sql, const char *expected)
{
    struct arena a;
    struct str got = {0};
    bool null = false;
    arena_init(&a);
    must(f, engine_value(f->conn, str_of(sql), NULL, 0, &a, &got, &null, &f->e));
    if (null)
        got = STR("NULL");
    if (!str_eq(got, str_of(expected)))
        fail_msg("%s\n  gave     %.*s\n  expected %s", sql, STR_FMT(got), expected);
    arena_fini(&a);
}

#endif
