/* Columns of a file against what its stream had: new, gone, or of another nature. The stream's policy decides. */
#include <stdio.h>

#include "ingest/ingest_int.h"

struct last {
    struct arena *a;
    struct str *names;
    enum cell_look *looks;
    size_t n, cap;
};

static bool last_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct last *l = ctx;
    (void)e;
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->names = mem_realloc(l->names, l->cap * sizeof *l->names);
        l->looks = mem_realloc(l->looks, l->cap * sizeof *l->looks);
    }
    l->names[l->n] = arena_str(l->a, engine_cell_str(ch, 0, i));
    l->looks[l->n++] = cell_look_parse(engine_cell_str(ch, 1, i));
    return true;
}

struct event {
    struct str column;
    char change[64];
};
struct events {
    struct event *v;
    size_t n, cap;
    bool required_gone;
};

static void event_add(struct events *ev, struct str column, const char *change, const char *from, const char *to)
{
    if (ev->n == ev->cap) {
        ev->cap = ev->cap ? ev->cap * 2 : 16;
        ev->v = mem_realloc(ev->v, ev->cap * sizeof *ev->v);
    }
    struct event *at = &ev->v[ev->n++];
    at->column = column;
    if (from)
        snprintf(at->change, sizeof at->change, "%s from %s to %s", change, from, to);
    else
        snprintf(at->change, sizeof at->change, "%s", change);
}

static bool in_file(const struct loader_column *cols, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(cols[i].name, name))
            return true;
    }
    return false;
}

static void compare(const struct file_found *f, const struct raw_table *t, const struct last *last,
                    const struct loader_column *cols, size_t n, struct events *ev)
{
    const struct mesh_stream *st = f->stream;
    for (size_t i = 0; i < n && last->n; i++) {
        if (!raw_has(t, cols[i].name) && !stream_column(st, cols[i].name))
            event_add(ev, cols[i].name, "new column", NULL, NULL);
    }
    for (size_t i = 0; i < last->n; i++) {
        if (!in_file(cols, n, last->names[i])) {
            event_add(ev, last->names[i], "column missing", NULL, NULL);
            continue;
        }
        for (size_t k = 0; k < n; k++) {
            /* Typed columns are held to their type value by value; here a text column turns from numbers or days to words. */
            if (str_eq(cols[k].name, last->names[i]) && cols[k].type.type == ENGINE_TEXT && last->looks[i] != LOOK_EMPTY &&
                last->looks[i] != LOOK_TEXT && cell_look_join(last->looks[i], cols[k].look) == LOOK_TEXT &&
                cols[k].look != LOOK_EMPTY)
                event_add(ev, cols[k].name, "type changed", cell_look_text(last->looks[i]), cell_look_text(cols[k].look));
        }
    }
    for (size_t i = 0; st->contract && i < st->contract->n_columns; i++) {
        const struct mesh_column *c = &st->contract->columns[i];
        if (c->required && !in_file(cols, n, c->name)) {
            bool told = false;
            for (size_t k = 0; k < ev->n; k++)
                told = told || str_eq(ev->v[k].column, c->name);
            ev->required_gone = true;
            if (!told)
                event_add(ev, c->name, "column missing", NULL, NULL);
        }
    }
}

/* Once per file and change: a refused file is met again by every run. */
static bool events_store(struct engine_conn *c, const struct file_found *f, const struct events *ev, int64_t now_us,
                         struct err *e)
{
    for (size_t i = 0; i < ev->n; i++) {
        const struct engine_param p[] = {sql_text(f->stream->ref), sql_text(f->path), sql_text(ev->v[i].column),
                                         sql_text(str_of(ev->v[i].change)), sql_int(now_us)};
        if (!sql_run(
                c,
                STR("INSERT INTO mesh.sys.ingest_drift SELECT $1, $2, $3, $4, make_timestamp(CAST($5 AS BIGINT)) WHERE NOT EXISTS"
                    " (SELECT 1 FROM mesh.sys.ingest_drift WHERE stream = $1 AND path = $2 AND column_name = $3 AND change = "
                    "$4)"),
                p, 5, e))
            return false;
    }
    return true;
}

static void describe(const struct events *ev, struct buf *b)
{
    enum { SHOWN = 6 };
    for (size_t i = 0; i < ev->n && i < SHOWN; i++)
        buf_printf(b, "%s%.*s (%s)", i ? ", " : "", STR_FMT(ev->v[i].column), ev->v[i].change);
    if (ev->n > SHOWN)
        buf_printf(b, " and %zu more", ev->n - SHOWN);
}

bool drift_judge(struct engine_conn *c, const struct file_found *f, const struct raw_table *t, const struct loader_column *cols,
                 size_t n, int64_t now_us, struct arena *a, enum drift_verdict *out, struct err *why, struct errs *es,
                 struct err *e)
{
    struct last last = {.a = a};
    struct events ev = {0};
    struct buf text = BUF_INIT(4096);
    struct engine_param p = sql_text(f->stream->ref);
    enum mesh_drift policy = f->stream->source->drift;
    *out = DRIFT_NONE;
    bool ok =
        f->reread || sql_each(c, STR("SELECT column_name, look FROM mesh.sys.ingest_column WHERE stream = $1 ORDER BY position"),
                              &p, 1, last_row, &last, e);
    if (ok)
        compare(f, t, &last, cols, n, &ev);
    if (ok && ev.n) {
        describe(&ev, &text);
        ok = events_store(c, f, &ev, now_us, e);
        *out = policy == DRIFT_QUARANTINE && !f->reread   ? DRIFT_SET_ASIDE
               : policy == DRIFT_FAIL || ev.required_gone ? DRIFT_REFUSED
                                                          : DRIFT_TAKEN;
    }
    if (*out == DRIFT_REFUSED) {
        err_at(why, E_DRIFT, f->path, 0, 0, "its columns differ from what %.*s had: %s", STR_FMT(f->stream->ref), buf_z(&text));
        err_hint(why, policy == DRIFT_FAIL ? "nothing was loaded; `drift: evolve` in the source accepts such changes"
                                           : "nothing was loaded; the contract requires the missing column");
    } else if (*out == DRIFT_SET_ASIDE) {
        struct err *w =
            errs_warn(es, E_DRIFT, f->path, 0, 0, "all its rows went to quarantine, its columns differ: %s", buf_z(&text));
        err_hint(w, "with `drift: evolve` in the source the next run loads them");
    } else if (*out == DRIFT_TAKEN) {
        errs_warn(es, E_DRIFT, f->path, 0, 0, "its columns differ from what %.*s had: %s", STR_FMT(f->stream->ref), buf_z(&text));
    }
    buf_fini(&text);
    mem_free(last.names);
    mem_free(last.looks);
    mem_free(ev.v);
    return ok;
}

bool drift_remember(struct engine_conn *c, const struct mesh_stream *st, const struct loader_column *cols, size_t n,
                    struct err *e)
{
    struct engine_param p = sql_text(st->ref);
    struct engine_appender *ap = NULL;
    if (!sql_run(c, STR("DELETE FROM mesh.sys.ingest_column WHERE stream = $1"), &p, 1, e) ||
        !engine_append_open(c, STR("mesh"), STR("sys"), STR("ingest_column"), &ap, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        const struct engine_param row[] = {sql_text(st->ref), sql_int((int64_t)i), sql_text(cols[i].name),
                                           sql_text(str_of(cell_look_text(cols[i].look)))};
        ok = engine_append_row(ap, row, 4, e);
    }
    struct err ignored;
    if (!engine_append_close(ap, ok ? e : &ignored))
        ok = false;
    return ok;
}
