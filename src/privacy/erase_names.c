/* Names of files: one that names the person is written nowhere any more. The ledger gets a mark in its place, the same that a load makes of it (suppressed_path); what
 * speaks of such a file elsewhere is found by its name. And what of the user's own names them: files that rows came from, files of the declaration. */
#include "privacy/erase_int.h"

#include <sodium.h>

#include "base/fs.h"
#include "base/secret.h"
#include "collect/suppress.h"
#include "ingest/people.h"
#include "store/privacy.h"

enum { DEPTH_MAX = 8, TEXT_MAX = 16 << 20 };

bool erase_listed(const struct privacy *v, const struct person *p, struct arena *a, struct store_suppressed **out, size_t *n, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    struct store_suppressed *list = arena_array(a, p->n_identifiers + p->n_records + 1, sizeof *list);
    struct suppress_hash *hashes = arena_array(a, p->n_identifiers + p->n_records + 1, sizeof *hashes);
    size_t k = 0;
    *out = list;
    *n = 0;
    if (!secret_key(v->s->data_dir, SUPPRESS_KEY_FILE, key, e))
        return false;
    for (size_t i = 0; i < p->n_identifiers; i++) {
        if (p->identifiers[i].shared)
            continue;
        suppress_hash(key, p->identifiers[i].kind, p->identifiers[i].value, &hashes[k]);
        list[k] = (struct store_suppressed){.hash = str_of(hashes[k].z), .kind = p->identifiers[i].kind, .reason = STR("erased")};
        k++;
    }
    for (size_t i = 0; i < p->n_records; i++) {
        struct str value = arena_printf(a, "%.*s__%.*s:%.*s", STR_FMT(p->records[i].source), STR_FMT(p->records[i].stream), STR_FMT(p->records[i].value));
        suppress_hash(key, STR("record"), value, &hashes[k]);
        list[k] = (struct store_suppressed){.hash = str_of(hashes[k].z), .kind = STR("record"), .reason = STR("erased")};
        k++;
    }
    sodium_memzero(key, sizeof key);
    *n = k;
    return true;
}

bool erase_marks(const struct privacy *v, const struct person *p, struct arena *a, struct suppressed **out, struct err *e)
{
    struct store_suppressed *list;
    size_t n;
    *out = NULL;
    return erase_listed(v, p, a, &list, &n, e) && suppressed_of(v->s, list, n, out, e);
}

/* Each part of a path that names them is one more word to look for. */
static void take_parts(struct person *p, const struct suppressed *names, const struct mesh *m, const struct mesh_stream *st, struct arena *a, struct str path)
{
    while (path.n) {
        struct str rest, part = str_cut(path, '/', &rest);
        if (part.n && !str_eq(suppressed_path(names, m, st, a, part), part))
            person_path_add(p, part);
        path = rest.p ? rest : STR("");
    }
}

static bool ledger_table(struct erase_find *f, const struct suppressed *names, struct str table, bool act, int64_t *cells, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    struct buf sql = BUF_INIT(ERASE_SQL_MAX);
    bool ok = engine_query(f->c, arena_printf(f->a, "SELECT stream, path, count(*) FROM mesh.sys.%.*s WHERE path IS NOT NULL GROUP BY 1, 2", STR_FMT(table)), NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            struct str ref = engine_cell_null(ch, 0, row) ? STR("") : engine_cell_str(ch, 0, row), path = engine_cell_str(ch, 1, row);
            const struct mesh_stream *st = mesh_find_stream(f->m, ref);
            struct str marked = suppressed_path(names, f->m, st, f->a, path);
            if (str_eq(marked, path))
                continue;
            *cells += engine_cell_i64(ch, 2, row);
            take_parts(f->p, names, f->m, st, f->a, path);
            buf_printf(&sql, "UPDATE mesh.sys.%.*s SET path = ", STR_FMT(table));
            buf_sql_text(&sql, marked);
            buf_addz(&sql, " WHERE path = ");
            buf_sql_text(&sql, path);
            buf_addz(&sql, " AND stream = ");
            buf_sql_text(&sql, ref);
            buf_addc(&sql, ';');
        }
    engine_result_close(r);
    ok = ok && (!act || erase_run(f->c, &sql, e));
    buf_fini(&sql);
    return ok;
}

/* What was said about a file that could not be read. */
static bool ledger_messages(struct erase_find *f, int64_t *cells, bool act, struct err *e)
{
    struct str pattern = person_pattern(f->p, f->a), condition = person_matches(f->a, pattern, STR("message"));
    int64_t n = 0;
    if (!pattern.n)
        return true;
    struct buf b = BUF_INIT(ERASE_SQL_MAX);
    bool ok = erase_count(f->c, f->a, &n, e, "SELECT count(*) FROM mesh.sys.ingest_problem WHERE %.*s", STR_FMT(condition));
    if (ok && n && act) {
        buf_addz(&b, "UPDATE mesh.sys.ingest_problem SET message = ");
        buf_add(&b, person_cleaned_sql(f->p, f->a, STR("message")));
        buf_printf(&b, " WHERE %.*s", STR_FMT(condition));
        ok = erase_run(f->c, &b, e);
    }
    *cells += n;
    buf_fini(&b);
    return ok;
}

static bool ledger(struct erase_find *f, const struct suppressed *names, struct erase_report *r, bool act, struct err *e)
{
    static const char *const tables[] = {"file_load", "ingest_seen", "ingest_drift", "ingest_problem"};
    int64_t cells = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++)
        ok = ledger_table(f, names, str_of(tables[i]), act, &cells, e);
    ok = ok && ledger_messages(f, &cells, act, e);
    if (ok)
        erase_report_add(r, "ledger", STR("names of files"), "marked", 0, cells);
    return ok;
}

/* Files that the rows came from: they are the user's. */
static bool row_files(struct erase_find *f, const struct suppressed *names, struct erase_report *report, struct err *e)
{
    for (size_t i = 0; i < f->n; i++) {
        struct engine_result *r = NULL;
        struct engine_chunk *ch;
        const struct erase_table *t = &f->tables[i];
        if (t->event || t->rows + t->mentions == 0)
            continue;
        bool ok = engine_query(f->c,
                               arena_printf(f->a,
                                            "SELECT DISTINCT l.path FROM mesh.sys.file_load l WHERE l.file_id IN (SELECT _file_id FROM %.*s WHERE rowid IN (SELECT rid FROM erase_hit_%zu"
                                            " UNION ALL SELECT rid FROM erase_mention_%zu)) ORDER BY 1",
                                            STR_FMT(t->sql), t->no, t->no),
                               NULL, 0, &r, e);
        while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
            for (size_t row = 0; row < engine_chunk_rows(ch); row++)
                erase_report_left(report, suppressed_path(names, f->m, t->stream, f->a, engine_cell_str(ch, 0, row)),
                                  STR("a file of yours, which Trellis reads and does not change; rows of this person are left out when it is loaded again"));
        engine_result_close(r);
        if (!ok)
            return false;
    }
    return true;
}

struct declared {
    struct erase_find *f;
    const struct suppressed *names;
    struct person_cleaner *cleaner;
    struct erase_report *r;
};

static bool declared_in(struct declared *d, struct str dir, struct str shown, int depth, struct err *e)
{
    struct str *names, text;
    size_t n;
    struct buf scratch = BUF_INIT((size_t)2 * TEXT_MAX);
    if (depth > DEPTH_MAX || !fs_is_dir(dir.p))
        return true;
    bool ok = fs_list(d->f->a, dir.p, &names, &n, e);
    for (size_t i = 0; ok && i < n; i++) {
        struct str path = fs_join(d->f->a, dir, names[i]), name = shown.n ? fs_join(d->f->a, shown, names[i]) : names[i];
        if (fs_is_dir(path.p)) {
            ok = declared_in(d, path, name, depth + 1, e);
            continue;
        }
        buf_reset(&scratch);
        if (!(str_ends(name, STR(".yaml")) || str_ends(name, STR(".sql")) || str_ends(name, STR(".md"))) || !fs_read(d->f->a, path.p, TEXT_MAX, &text, NULL))
            continue;
        if (person_clean(d->cleaner, text, &scratch))
            erase_report_left(d->r, suppressed_path(d->names, d->f->m, NULL, d->f->a, name),
                              STR("a file of the declaration, which is yours, names this person: take it out; Trellis keeps a copy of what is declared in data/cache"));
    }
    buf_fini(&scratch);
    return ok;
}

static bool declared(struct erase_find *f, const struct suppressed *names, struct erase_report *r, struct err *e)
{
    static const char *const folders[] = {"domains", "governance"};
    struct declared d = {.f = f, .names = names, .r = r};
    bool ok = person_cleaner_new(f->p, &d.cleaner, e);
    for (size_t i = 0; ok && i < sizeof folders / sizeof *folders; i++)
        ok = declared_in(&d, fs_join(f->a, f->m->dir, str_of(folders[i])), str_of(folders[i]), 0, e);
    person_cleaner_free(d.cleaner);
    return ok;
}

bool erase_names(const struct privacy *v, struct erase_find *f, struct erase_report *r, bool act, struct err *e)
{
    struct suppressed *names = NULL;
    bool ok = erase_marks(v, f->p, f->a, &names, e) && row_files(f, names, r, e) && ledger(f, names, r, act, e) && declared(f, names, r, e);
    suppressed_free(names);
    return ok;
}
