/* A case of a pack in a throw-away mesh: made, filled, run, asked, and compared with what the case expects and what holds for
 * every pack. */
#include "cli/pack_test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "cli/api.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "serve/put.h"
#include "serve/run_event.h"

enum { TEMP_PATH_MAX = 256, BODY_MAX_BYTES = 4 << 20, ROWS_MAX = 100000 };

struct loaded { struct str stream, file; int64_t records; /* loaded or set aside */ };

struct trial {
    struct cli *c;
    struct arena *a;
    const struct mesh_pack_files *p;
    struct pack_case *k;
    bool bare;             /* without the files of optional streams */
    bool events;           /* the source takes requests, not files */
    struct case_told *told;
    char dir[TEMP_PATH_MAX];
    struct api *api;
    struct loaded *loads;  /* of the last run */
    size_t n_loads, cap_loads;
    int64_t records_seen;  /* by its last event */
    struct str *refused; size_t n_refused, cap_refused;
    struct errs run_errors;
};

static struct buf *differs(struct trial *t)
{
    t->told->differences++;
    return &t->told->text;
}

/* ---- the mesh ---- */

static struct str domain_of(const struct trial *t, const struct case_with *w)
{
    return w->domain.n ? w->domain : t->k->domain;
}

static bool domain_make(struct trial *t, struct str domain, struct err *e)
{
    const struct mesh_domain_options o = {.name = domain, .template_name = STR("acquisition"), .owner_name = STR("Ana Ruiz"), .owner_contact = STR("ana@example.org")};
    struct mesh_written *files;
    size_t n;
    return fs_is_dir(arena_printf(t->a, "%s/domains/%.*s", t->dir, STR_FMT(domain)).p) || mesh_add_domain(t->a, t->dir, &o, &files, &n, e);
}

static bool file_write(struct trial *t, struct str path, struct str text, struct err *e)
{
    char *full = arena_strz(t->a, fs_join(t->a, str_of(t->dir), path));
    return fs_mkdirs(arena_strz(t->a, fs_dirname(str_of(full))), 0755, e) && fs_write_atomic(full, text, 0644, e);
}

/* Files of one folder of the case, to where the source looks for them. */
static bool land(struct trial *t, struct str folder, const char *to, struct err *e)
{
    struct str prefix = arena_printf(t->a, "tests/%.*s/%.*s/", STR_FMT(t->k->name), STR_FMT(folder));
    for (size_t i = 0; i < t->p->n_files; i++) {
        const struct mesh_pack_file *f = &t->p->files[i];
        if (str_starts(f->path, prefix) &&
            !file_write(t, arena_printf(t->a, "%s/%.*s", to, (int)(f->path.n - prefix.n), f->path.p + prefix.n), f->text, e))
            return false;
    }
    return true;
}

static bool withs_add(struct trial *t, struct err *e)
{
    struct mesh_written *files;
    size_t n;
    for (size_t i = 0; i < t->k->n_with; i++) {
        const struct case_with *w = &t->k->with[i];
        const char *landed = arena_printf(t->a, "landed_%zu", i + 1).p;
        const struct mesh_add_options o = {.domain = domain_of(t, w), .name = w->name, .currency = w->currency, .path = w->files.n ? str_of(landed) : (struct str){"", 0}};
        if (!domain_make(t, o.domain, e) || !land(t, w->files.n ? w->files : STR("?"), landed, e) || !mesh_add(t->a, t->dir, w->pack, &o, &files, &n, e))
            return false;
    }
    return true;
}

static bool mesh_make(struct trial *t, struct err *e)
{
    const struct pack_case *k = t->k;
    const struct mesh_init_options init = {.name = STR("packtest"), .owner_name = STR("Ana Ruiz"), .owner_contact = STR("ana@example.org"), .time_zone = k->time_zone, .reporting_currency = k->reporting_currency};
    const bool source = mesh_pack_file(t->p, STR("source.yaml")) != NULL && !t->events;
    const struct mesh_add_options add = {.domain = k->domain, .name = k->source, .currency = k->currency, .path = source ? STR("landed") : (struct str){"", 0}};
    struct mesh_pack_files bare = *t->p;
    struct mesh_written *files;
    size_t n;
    if (!mesh_init(t->a, t->dir, &init, &files, &n, e) || !domain_make(t, k->domain, e))
        return false;
    if (k->rates.n && !file_write(t, STR("governance/rates.csv"), mesh_pack_file(t->p, arena_printf(t->a, "tests/%.*s/%.*s", STR_FMT(k->name), STR_FMT(k->rates)))->text, e))
        return false;
    /* The mesh holds the pack too: by it the union is known. */
    bare.n_files = 0;
    bare.files = arena_array(t->a, t->p->n_files + 1, sizeof *bare.files);
    for (size_t i = 0; i < t->p->n_files; i++)
        if (!str_starts(t->p->files[i].path, STR("tests/")))
            bare.files[bare.n_files++] = t->p->files[i];
    return mesh_pack_copy(t->a, t->dir, &bare, bare.name, true, &files, &n, e) && withs_add(t, e) && mesh_pack_add(t->a, t->dir, &bare, &add, &files, &n, e);
}

/* ---- a run ---- */

static struct loaded *load_of(struct trial *t, struct str stream, struct str file)
{
    for (size_t i = 0; i < t->n_loads; i++)
        if (str_eq(t->loads[i].stream, stream) && str_eq(t->loads[i].file, file))
            return &t->loads[i];
    if (t->n_loads == t->cap_loads) {
        size_t cap = t->cap_loads ? t->cap_loads * 2 : 16;
        struct loaded *v = arena_array(t->a, cap, sizeof *v);
        if (t->n_loads)
            memcpy(v, t->loads, t->n_loads * sizeof *v);
        t->loads = v;
        t->cap_loads = cap;
    }
    struct loaded *l = &t->loads[t->n_loads++];
    *l = (struct loaded){.stream = stream, .file = file};
    return l;
}

static void refused_add(struct trial *t, struct str ref)
{
    if (t->n_refused == t->cap_refused) {
        size_t cap = t->cap_refused ? t->cap_refused * 2 : 8;
        struct str *v = arena_array(t->a, cap, sizeof *v);
        if (t->n_refused)
            memcpy(v, t->refused, t->n_refused * sizeof *v);
        t->refused = v;
        t->cap_refused = cap;
    }
    t->refused[t->n_refused++] = ref;
}

static bool is_in(struct str s, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i], s))
            return true;
    return false;
}

/* Streams and files are named from the mesh's folder; the case knows them below its own. */
static bool run_line(void *ctx, struct str line)
{
    struct trial *t = ctx;
    struct build_event ev;
    if (!run_event_read(line, t->a, &ev))
        return true;
    if (ev.kind == BUILD_LOAD) {
        struct loaded *l = load_of(t, ev.ref, ev.file); /* an event counts from the run's beginning, file after file */
        l->records += ev.rows + ev.quarantined - t->records_seen;
        t->records_seen = ev.rows + ev.quarantined;
    } else if (ev.kind == BUILD_PORT_DONE && str_eq(ev.status, STR("refused"))) {
        refused_add(t, ev.ref);
        if (!is_in(ev.ref, t->k->refused, t->k->n_refused))
            buf_printf(differs(t), "  %.*s was refused by its checks: %.*s\n", STR_FMT(ev.ref), STR_FMT(ev.message));
    } else if (ev.kind == BUILD_PORT_DONE && !str_eq(ev.status, STR("built")) && !str_eq(ev.status, STR("unchanged")) && !t->k->n_refused) {
        buf_printf(differs(t), "  %.*s %.*s: %.*s\n", STR_FMT(ev.ref), STR_FMT(ev.status), STR_FMT(ev.message));
    } else if (ev.kind == BUILD_RUN_DONE) {
        yyjson_doc *doc = json_parse(line, NULL);
        yyjson_val *v, *list = doc ? yyjson_obj_get(yyjson_doc_get_root(doc), "errors") : NULL;
        size_t i, max;
        yyjson_arr_foreach(list, i, max, v)
        {
            struct err e = {0};
            api_err(v, &e);
            errs_push(&t->run_errors, &e);
        }
        yyjson_doc_free(doc);
    }
    return true;
}

static bool run(struct trial *t, struct err *e)
{
    struct lines lines = {.line = run_line, .ctx = t};
    t->n_loads = t->n_refused = 0;
    t->records_seen = 0;
    errs_fini(&t->run_errors);
    t->run_errors = (struct errs){0};
    bool good = api_stream(t->api, VERB_POST, "/api/v1/run", STR("{}"), lines_data, &lines, e) && lines_end(&lines);
    buf_fini(&lines.rest);
    for (size_t i = 0; good && i < t->run_errors.n; i++) {
        const struct err *x = &t->run_errors.v[i];
        if (x->code == E_CHECK_FAILED || x->code == E_UPSTREAM)
            continue; /* told by the port */
        buf_printf(differs(t), "  %s%s%s\n", x->file, x->file[0] ? ": " : "", x->text);
    }
    return good;
}

static bool opened(struct trial *t, struct errs *es, struct err *e)
{
    return t->api || api_open(t->c, str_of(t->dir), &t->api, es, e);
}

/* Each record of each landed file is in or set aside, and each file is somebody's. A file that is there as it was before is not loaded again. */
static void lossless(struct trial *t, struct str folder)
{
    struct str prefix = arena_printf(t->a, "tests/%.*s/%.*s/", STR_FMT(t->k->name), STR_FMT(folder));
    for (size_t i = 0; i < t->p->n_files; i++) {
        const struct mesh_pack_file *f = &t->p->files[i];
        if (!str_starts(f->path, prefix))
            continue;
        struct str inside = {f->path.p + prefix.n, f->path.n - prefix.n}, ending = arena_printf(t->a, "landed/%.*s", STR_FMT(inside));
        int64_t records = records_count(f->path, f->text), rows = 0;
        bool found = false;
        for (size_t k = 0; k < t->n_loads; k++)
            if (str_ends(t->loads[k].file, ending)) {
                found = true;
                rows += t->loads[k].records;
            }
        if (!found)
            buf_printf(differs(t), "  the file %.*s/%.*s was found by no stream\n", STR_FMT(folder), STR_FMT(inside));
        else if (records >= 0 && rows != records)
            buf_printf(differs(t), "  of the %lld records of %.*s/%.*s, %lld came in or were set aside\n", (long long)records, STR_FMT(folder), STR_FMT(inside), (long long)rows);
    }
}

/* ---- asking ---- */

struct answer {
    struct trial *t;
    struct cells cells;
    bool *numeric;
    size_t cap;
    struct err e;
};

static bool is_number(struct str type)
{
    return str_starts(type, STR("DECIMAL")) || str_ends(type, STR("INT")) || str_ends(type, STR("INTEGER")) || str_eq(type, STR("DOUBLE")) || str_eq(type, STR("FLOAT"));
}

static struct str text_of(struct arena *a, yyjson_val *v)
{
    if (yyjson_is_null(v))
        return (struct str){NULL, 0};
    if (yyjson_is_str(v))
        return yyjson_get_len(v) ? arena_str(a, (struct str){yyjson_get_str(v), yyjson_get_len(v)}) : (struct str){"", 0};
    if (yyjson_is_raw(v))
        return arena_str(a, (struct str){yyjson_get_raw(v), yyjson_get_len(v)});
    if (yyjson_is_bool(v))
        return yyjson_get_bool(v) ? STR("true") : STR("false");
    size_t n = 0;
    char *z = yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n);
    struct str s = z ? arena_str(a, (struct str){z, n}) : STR("");
    free(z); /* banned-ok: yyjson's own allocation */
    return s;
}

static bool answer_line(void *ctx, struct str line)
{
    struct answer *w = ctx;
    struct arena *a = w->t->a;
    yyjson_doc *doc = yyjson_read(line.p, line.n, YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *v, *root = doc ? yyjson_doc_get_root(doc) : NULL, *columns = yyjson_obj_get(root, "columns");
    size_t i, max;
    struct cells *x = &w->cells;
    if (columns) {
        x->names = arena_array(a, yyjson_arr_size(columns) + 1, sizeof *x->names);
        w->numeric = arena_array(a, yyjson_arr_size(columns) + 1, sizeof *w->numeric);
        yyjson_arr_foreach(columns, i, max, v)
        {
            x->names[x->n_columns] = arena_str(a, json_str(v, "name"));
            w->numeric[x->n_columns++] = is_number(json_str(v, "type"));
        }
    } else if (yyjson_is_arr(root) && x->n_columns) {
        if (x->n_rows == w->cap) {
            w->cap = w->cap ? w->cap * 2 : 64;
            struct str *grown = arena_array(a, w->cap * x->n_columns, sizeof *grown);
            if (x->n_rows)
                memcpy(grown, x->v, x->n_rows * x->n_columns * sizeof *grown);
            x->v = grown;
        }
        yyjson_arr_foreach(root, i, max, v) x->v[x->n_rows * x->n_columns + i] = text_of(a, v);
        x->n_rows++;
    } else if (yyjson_obj_get(root, "error")) {
        api_err(yyjson_obj_get(root, "error"), &w->e);
    }
    yyjson_doc_free(doc);
    return root != NULL;
}

static bool ask(struct trial *t, struct str sql, struct answer *w, struct err *e)
{
    struct buf body = BUF_INIT((size_t)BODY_MAX_BYTES);
    struct lines lines = {.line = answer_line, .ctx = w};
    *w = (struct answer){.t = t};
    put_open(&body, NULL, '{');
    put_str(&body, "sql", sql);
    put_str(&body, "format", STR("ndjson"));
    put_int(&body, "limit", ROWS_MAX);
    put_close(&body, '}');
    bool good = api_stream(t->api, VERB_POST, "/api/v1/query", buf_str(&body), lines_data, &lines, e) && lines_end(&lines);
    if (good && w->e.code != E_OK) {
        *e = w->e;
        good = false;
    }
    buf_fini(&body);
    buf_fini(&lines.rest);
    return good;
}

/* ---- what the case expects ---- */

static void stream_compare(struct trial *t, const struct case_stream *s, yyjson_val *v)
{
    yyjson_val *list = yyjson_obj_get(v, "quarantine"), *x;
    int64_t rows = json_int(v, "rows", 0), quarantined = json_int(v, "rows_quarantined", 0);
    size_t i, max;
    if (s->rows >= 0 && rows != s->rows)
        buf_printf(differs(t), "  stream %.*s: expected %lld rows, got %lld\n", STR_FMT(s->stream), (long long)s->rows, (long long)rows);
    if (s->quarantined >= 0 && quarantined != s->quarantined)
        buf_printf(differs(t), "  stream %.*s: expected %lld rows set aside, got %lld\n", STR_FMT(s->stream), (long long)s->quarantined, (long long)quarantined);
    for (size_t k = 0; k < s->n_reasons; k++) {
        int64_t n = 0;
        yyjson_arr_foreach(list, i, max, x) n += str_eq(json_str(x, "reason"), s->reasons[k].reason) ? json_int(x, "count", 0) : 0;
        if (n != s->reasons[k].count)
            buf_printf(differs(t), "  stream %.*s: expected %lld rows set aside as %.*s, got %lld\n", STR_FMT(s->stream), (long long)s->reasons[k].count,
                       STR_FMT(s->reasons[k].reason), (long long)n);
    }
}

static bool streams_compare(struct trial *t, struct err *e)
{
    struct buf text = BUF_INIT(0);
    bool good = api_text(t->api, VERB_GET, "/api/v1/sources", STR(""), &text, e);
    yyjson_doc *doc = good ? json_parse(buf_str(&text), e) : NULL;
    yyjson_val *sources = doc ? yyjson_obj_get(yyjson_doc_get_root(doc), "sources") : NULL, *v, *x;
    size_t i, max, j, most;
    for (size_t k = 0; k < t->k->n_streams; k++) {
        bool found = false;
        yyjson_arr_foreach(sources, i, max, v)
        {
            if (!str_eq(json_str(v, "name"), t->k->source) || !str_eq(json_str(v, "domain"), t->k->domain))
                continue;
            yyjson_arr_foreach(yyjson_obj_get(v, "streams"), j, most, x) if (str_eq(json_str(x, "name"), t->k->streams[k].stream))
            {
                stream_compare(t, &t->k->streams[k], x);
                found = true;
            }
        }
        if (!found)
            buf_printf(differs(t), "  the source has no stream %.*s\n", STR_FMT(t->k->streams[k].stream));
    }
    yyjson_doc_free(doc);
    buf_fini(&text);
    return doc != NULL;
}

/* What came out, into the file that the case names; its columns are those that the file has, or all. */
static bool result_write(struct trial *t, const struct case_result *q, const struct answer *w, const char *dir, struct err *e)
{
    struct cells old = {0};
    bool *keep = NULL;
    if (!q->file.n)
        return true;
    if (q->has_expected && cells_parse_csv(t->a, q->expected, &old, NULL)) {
        keep = arena_array(t->a, w->cells.n_columns + 1, sizeof *keep);
        for (size_t i = 0; i < w->cells.n_columns; i++)
            keep[i] = is_in(w->cells.names[i], old.names, old.n_columns);
    }
    struct buf b = BUF_INIT((size_t)BODY_MAX_BYTES);
    cells_write_csv(&w->cells, keep, &b);
    struct str path = arena_printf(t->a, "%s/tests/%.*s/%.*s", dir, STR_FMT(t->k->name), STR_FMT(q->file));
    bool good = buf_ok(&b, e) && fs_write_atomic(path.p, buf_str(&b), 0644, e);
    buf_fini(&b);
    return good;
}

static bool result_compare(struct trial *t, const struct case_result *q, const char *accept_dir, struct err *e)
{
    struct answer w;
    struct cells expected;
    struct err refused = {0};
    if (q->port.n && is_in(q->port, t->refused, t->n_refused)) {
        buf_printf(differs(t), "  %.*s: it was refused and has no rows to compare\n", STR_FMT(q->title));
        return true;
    }
    struct str sql = q->sql;
    if (q->port.n && accept_dir)
        sql = arena_printf(t->a, "%.*s ORDER BY ALL", STR_FMT(sql));
    if (!ask(t, sql, &w, &refused)) {
        buf_printf(differs(t), "  %.*s: %s\n", STR_FMT(q->title), refused.text);
        return true;
    }
    if (accept_dir)
        return result_write(t, q, &w, accept_dir, e);
    if (q->rows >= 0 && (int64_t)w.cells.n_rows != q->rows)
        buf_printf(differs(t), "  %.*s: expected %lld rows, got %zu\n", STR_FMT(q->title), (long long)q->rows, w.cells.n_rows);
    if (!q->has_expected)
        return true;
    if (!cells_parse_csv(t->a, q->expected, &expected, &refused)) {
        buf_printf(differs(t), "  %.*s: %s\n", STR_FMT(q->title), refused.text);
        return true;
    }
    struct buf lines = BUF_INIT((size_t)BODY_MAX_BYTES);
    size_t n = cells_compare(t->a, &expected, &w.cells, w.numeric, q->ordered, &lines);
    if (n) {
        t->told->differences += n;
        buf_printf(&t->told->text, "  %.*s:\n%.*s", STR_FMT(q->title), STR_FMT(buf_str(&lines)));
    }
    buf_fini(&lines);
    return true;
}

/* ---- what holds for every pack ---- */

static bool key_unique(struct trial *t, const struct mesh_port *port, struct err *e)
{
    struct answer w;
    struct buf sql = BUF_INIT((size_t)BODY_MAX_BYTES);
    struct str name = port->is_default ? port->ref : port->ref_major;
    if (!port->n_key || is_in(port->ref, t->refused, t->n_refused))
        return true;
    buf_printf(&sql, "SELECT count(*) AS n FROM (SELECT 1 FROM %.*s GROUP BY ", STR_FMT(name));
    for (size_t i = 0; i < port->n_key; i++) {
        buf_addz(&sql, i ? ", " : "");
        buf_sql_ident(&sql, port->key[i]);
    }
    buf_addz(&sql, " HAVING count(*) > 1) AS twice");
    bool good = ask(t, buf_str(&sql), &w, e);
    buf_fini(&sql);
    if (good && (w.cells.n_rows != 1 || !str_eq(w.cells.v[0], STR("0"))))
        buf_printf(differs(t), "  %.*s: %.*s keys stand in several rows\n", STR_FMT(port->ref), STR_FMT(w.cells.n_rows ? w.cells.v[0] : STR("?")));
    return good;
}

struct declared { struct engine *engine; struct engine_conn *parser; struct mesh *m; };

static bool declared_open(struct trial *t, struct declared *d, struct errs *es, struct err *e)
{
    struct engine_options o = {.threads = 1, .locked = true};
    if (!engine_open(&o, &d->engine, e) || !engine_connect(d->engine, &d->parser, e))
        return false;
    const struct mesh_load_options lo = {.parser = d->parser};
    d->m = mesh_load(t->dir, &lo, es);
    return d->m || err_set(e, E_SCHEMA, "the throw-away mesh is not in order");
}

static void declared_close(struct declared *d)
{
    mesh_free(d->m);
    if (d->parser)
        engine_disconnect(d->parser);
    if (d->engine)
        engine_close(d->engine);
}

static bool of_pack(const struct trial *t, const struct mesh_product *p)
{
    if (!str_eq(p->domain->name, t->k->domain))
        return false;
    return str_eq(p->name, t->k->source) || (str_starts(p->name, t->k->source) && p->name.p[t->k->source.n] == '_');
}

static bool keys_unique(struct trial *t, const struct mesh *m, struct err *e)
{
    for (size_t i = 0; i < m->n_ports; i++)
        if (of_pack(t, m->ports[i]->product) && !key_unique(t, m->ports[i], e))
            return false;
    return true;
}

/* The files of optional streams, away before the first run. A file is of the stream that finds it: asked of a mesh that has loaded them all. */
static bool optional_away(struct trial *t, const struct mesh *m, struct err *e)
{
    for (size_t i = 0; i < t->n_loads; i++) {
        struct mesh_stream *s = mesh_find_stream(m, t->loads[i].stream);
        if (!s || !s->optional || !str_eq(s->source->name, t->k->source))
            continue;
        char *path = arena_strz(t->a, fs_join(t->a, str_of(t->dir), t->loads[i].file));
        if (unlink(path) != 0 && errno != ENOENT)
            return err_errno(e, errno, "%s cannot be taken away", path);
    }
    api_close(t->api);
    t->api = NULL;
    return fs_remove_tree(arena_printf(t->a, "%s/data", t->dir).p, e);
}

/* ---- a case ---- */

static bool compare_all(struct trial *t, const char *accept_dir, struct err *e)
{
    for (size_t i = 0; i < t->k->n_refused; i++)
        if (!is_in(t->k->refused[i], t->refused, t->n_refused))
            buf_printf(differs(t), "  %.*s was expected to be refused by its checks and was not\n", STR_FMT(t->k->refused[i]));
    if (!accept_dir && t->k->n_streams && !streams_compare(t, e))
        return false;
    for (size_t i = 0; i < t->k->n_results; i++)
        if (!result_compare(t, &t->k->results[i], accept_dir, e))
            return false;
    return true;
}

/* What one load of the case brings: files, or requests. */
static bool bring(struct trial *t, struct str folder, struct err *e)
{
    if (!t->events)
        return land(t, folder, "landed", e);
    if (t->bare)
        return true;
    return pack_events_give(t->a, t->dir, t->p, arena_printf(t->a, "tests/%.*s/%.*s/", STR_FMT(t->k->name), STR_FMT(folder)),
                            arena_printf(t->a, "%.*s.%.*s", STR_FMT(t->k->domain), STR_FMT(t->k->source)), e);
}

static bool go(struct trial *t, struct declared *d, const char *accept_dir, struct errs *es, struct err *e)
{
    bool source = mesh_pack_file(t->p, STR("source.yaml")) != NULL;
    t->events = mesh_pack_events(t->a, t->p);
    if (!mesh_make(t, e) || !declared_open(t, d, es, e))
        return false;
    for (size_t i = 0; i < (source && !t->bare ? t->k->n_loads : 1); i++) {
        if ((source && !bring(t, t->k->loads[i], e)) || !opened(t, es, e) || !run(t, e))
            return false;
        if (source && !t->bare && !t->events)
            lossless(t, t->k->loads[i]);
    }
    if (!t->bare)
        return compare_all(t, accept_dir, e) && keys_unique(t, d->m, e);
    t->told->differences = 0; /* the whole case was told before; this is about what is left */
    buf_reset(&t->told->text);
    return !source || (optional_away(t, d->m, e) && opened(t, es, e) && run(t, e));
}

bool pack_case_run(struct cli *c, const struct mesh_pack_files *p, struct pack_case *k, bool bare, const char *accept_dir, struct case_told *out, struct errs *es,
                   struct err *e)
{
    struct arena a;
    struct trial t = {.c = c, .a = &a, .p = p, .k = k, .bare = bare, .told = out};
    struct declared d = {0};
    const char *tmp = getenv("TMPDIR");
    snprintf(t.dir, sizeof t.dir, "%s/trellis-pack-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(t.dir))
        return err_errno(e, errno, "a throw-away mesh cannot be made below %s", tmp && *tmp ? tmp : "/tmp");
    arena_init(&a);
    bool good = go(&t, &d, accept_dir, es, e);
    api_close(t.api);
    declared_close(&d);
    errs_fini(&t.run_errors);
    (void)!fs_remove_tree(t.dir, NULL);
    arena_fini(&a);
    return good;
}
