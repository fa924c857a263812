/* What a person provided, to take along: rows of raw streams as they came, as JSON and CSV in one zip. Values that were made of them here are left out. */
#include "privacy/access.h"

#include <stdlib.h>

#include <sodium.h>
#include <zip.h>

#include "base/clock.h"
#include "privacy/erase_int.h"

struct portable {
    struct erase_find f;
    zip_t *zip;
    zip_source_t *source;
    struct buf index;
    size_t files;
    int64_t rows;
};

/* Columns of event streams that were inferred from what was sent, and those of the load. */
static bool is_inferred(const struct erase_table *t, struct str column)
{
    static const char *const made[] = {"evidence", "clock", "is_late", "is_bot", "bot_name", "is_internal", "browser", "browser_version", "operating_system", "device_category",
                                       "referrer_medium", "referrer_source", "click_id_type", "channel_group", "write_key_id"};
    if (str_starts(column, STR("_file_id")) || str_eq(column, STR("_line")) || str_starts(column, STR("_learned")))
        return true;
    for (size_t i = 0; t->event && i < sizeof made / sizeof *made; i++)
        if (str_eq(column, str_of(made[i])))
            return true;
    const struct mesh_events *ev = t->event ? t->stream->source->events : NULL;
    for (size_t i = 0; ev && i < ev->n_enrich; i++)
        if (str_eq(column, ev->enrich[i].name))
            return true;
    return false;
}

static bool add_file(struct portable *x, struct str name, const struct buf *content, struct err *e)
{
    char *copy = malloc(content->n ? content->n : 1); /* banned-ok: libzip frees it */
    if (!copy)
        return err_set(e, E_MEMORY, "no memory for a file of the export");
    memcpy(copy, content->p ? content->p : "", content->n);
    zip_source_t *s = zip_source_buffer(x->zip, copy, content->n, 1);
    if (!s) {
        free(copy); /* banned-ok: of malloc above */
        return err_set(e, E_MEMORY, "no memory for a file of the export");
    }
    if (zip_file_add(x->zip, arena_strz(x->f.a, name), s, ZIP_FL_ENC_UTF_8 | ZIP_FL_OVERWRITE) >= 0)
        return true;
    zip_source_free(s);
    return err_set(e, E_IO, "the export cannot be packed: %s", zip_strerror(x->zip));
}

/* What a question gives, as `base`.json and .csv. */
static bool add_rows(struct portable *x, struct str base, struct str title, struct str sql, struct err *e)
{
    struct buf json = BUF_INIT((size_t)ACCESS_MAX_BYTES), csv = BUF_INIT((size_t)ACCESS_MAX_BYTES), cell = BUF_INIT((size_t)64 << 20);
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    const struct engine_column *cols;
    size_t made = 0;
    bool ok = engine_query(x->f.c, sql, NULL, 0, &r, e);
    const size_t n = ok ? engine_result_columns(r, &cols) : 0;
    for (size_t k = 0; k < n; k++) {
        buf_addz(&csv, k ? "," : "");
        buf_csv_cell(&csv, cols[k].name);
    }
    buf_addz(&csv, "\r\n");
    buf_addc(&json, '[');
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++, made++) {
            bool first = true;
            buf_addz(&json, made ? ",\n{" : "\n{");
            for (size_t k = 0; k < n; k++) {
                buf_reset(&cell);
                engine_cell_text(ch, k, row, &cell);
                buf_addz(&csv, k ? "," : "");
                buf_csv_cell(&csv, buf_str(&cell));
                if (engine_cell_null(ch, k, row))
                    continue;
                buf_addz(&json, first ? "" : ",");
                first = false;
                buf_json_str(&json, cols[k].name);
                buf_addc(&json, ':');
                engine_cell_json(ch, k, row, &json);
            }
            buf_addc(&json, '}');
            buf_addz(&csv, "\r\n");
        }
    buf_addz(&json, "\n]\n");
    engine_result_close(r);
    ok = ok && buf_ok(&json, e) && buf_ok(&csv, e) && add_file(x, arena_printf(x->f.a, "%.*s.json", STR_FMT(base)), &json, e) &&
         add_file(x, arena_printf(x->f.a, "%.*s.csv", STR_FMT(base)), &csv, e);
    if (ok) {
        buf_addz(&x->index, x->files++ ? "," : "");
        buf_addz(&x->index, "\n{\"name\":");
        buf_json_str(&x->index, base);
        buf_addz(&x->index, ",\"source\":");
        buf_json_str(&x->index, title);
        buf_printf(&x->index, ",\"rows\":%zu}", made);
        x->rows += (int64_t)made;
    }
    struct buf *const all[] = {&json, &csv, &cell};
    for (size_t i = 0; i < 3; i++) {
        if (all[i]->p)
            sodium_memzero(all[i]->p, all[i]->cap);
        buf_fini(all[i]);
    }
    return ok;
}

static bool add_table(struct portable *x, const struct erase_table *t, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)1 << 20);
    size_t n = 0;
    buf_addz(&sql, "SELECT ");
    for (size_t i = 0; i < t->n; i++) {
        if (is_inferred(t, t->columns[i]))
            continue;
        buf_addz(&sql, n++ ? ", " : "");
        buf_sql_ident(&sql, t->columns[i]);
    }
    buf_printf(&sql, " FROM %.*s WHERE rowid IN (SELECT rid FROM erase_hit_%zu)", STR_FMT(t->sql), t->no);
    bool ok = n == 0 || (buf_ok(&sql, e) && add_rows(x, arena_printf(x->f.a, "%.*s%s", STR_FMT(t->name), str_eq(t->schema, STR("hist")) ? ".earlier" : ""),
                                                     t->stream ? t->stream->source->title : t->source, buf_str(&sql), e));
    buf_fini(&sql);
    return ok;
}

/* What they said about consent when they were asked, or told us. */
static bool add_said(struct portable *x, struct err *e)
{
    struct str where = person_said(x->f.p, x->f.a);
    int64_t n;
    return erase_count(x->f.c, x->f.a, &n, e, "SELECT count(*) FROM mesh.govern.consent_said WHERE %.*s", STR_FMT(where)) &&
           (n == 0 || add_rows(x, STR("consent_said"), STR("What was said about consent"),
                               arena_printf(x->f.a, "SELECT kind, value, purpose, status, source, occurred_at FROM mesh.govern.consent_said WHERE %.*s ORDER BY seq", STR_FMT(where)), e));
}

static bool pack(struct portable *x, struct buf *out, struct err *e)
{
    zip_stat_t st;
    zip_error_t error;
    zip_error_init(&error);
    x->source = zip_source_buffer_create(NULL, 0, 0, &error);
    x->zip = x->source ? zip_open_from_source(x->source, ZIP_TRUNCATE, &error) : NULL;
    if (!x->zip) {
        zip_source_free(x->source);
        zip_error_fini(&error);
        return err_set(e, E_MEMORY, "no memory for the export");
    }
    zip_error_fini(&error);
    zip_source_keep(x->source);
    bool ok = true;
    struct clock_text at = clock_iso(clock_now_us());
    buf_printf(&x->index, "{\"made_at\":\"%s\",\"files\":[", at.z);
    for (size_t i = 0; ok && i < x->f.n; i++)
        if (x->f.tables[i].rows)
            ok = add_table(x, &x->f.tables[i], e);
    ok = ok && add_said(x, e);
    buf_addz(&x->index, "\n]}\n");
    ok = ok && buf_ok(&x->index, e) && add_file(x, STR("index.json"), &x->index, e);
    if (!ok)
        zip_discard(x->zip);
    else if (zip_close(x->zip) != 0) {
        ok = err_set(e, E_IO, "the export cannot be packed: %s", zip_strerror(x->zip));
        zip_discard(x->zip);
    }
    if (ok && (zip_source_stat(x->source, &st) != 0 || !buf_reserve(out, st.size) || zip_source_open(x->source) != 0))
        ok = err_set(e, E_MEMORY, "no memory for the export");
    if (ok) {
        zip_int64_t got = zip_source_read(x->source, out->p + out->n, st.size);
        zip_source_close(x->source);
        ok = got == (zip_int64_t)st.size || err_set(e, E_IO, "the export cannot be packed");
        out->n += ok ? (size_t)got : 0;
    }
    zip_source_free(x->source);
    return ok;
}

bool portable_write(const struct privacy *v, struct str identifier, struct buf *out, int64_t *rows, struct err *e)
{
    struct arena a;
    struct person *p = NULL;
    struct portable x = {.f = {.m = v->m, .a = &a, .rows_alone = true}, .index = BUF_INIT((size_t)1 << 20)};
    bool ok = false;
    arena_init(&a);
    if (person_find(v->s, v->m, identifier, &p, e) && engine_connect(v->s->engine, &x.f.c, e)) {
        x.f.p = p;
        ok = engine_exec(x.f.c, STR("BEGIN"), e);
        if (ok) {
            ok = erase_find_rows(&x.f, e) && pack(&x, out, e);
            if (!engine_exec(x.f.c, STR("ROLLBACK"), NULL))
                ok = ok && err_set(e, E_ENGINE, "the engine failed internally");
        }
    }
    *rows = x.rows;
    engine_disconnect(x.f.c);
    person_free(p);
    buf_fini(&x.index);
    arena_fini(&a);
    return ok;
}
