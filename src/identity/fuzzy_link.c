/* Records that are alike as observations: pairs at or above `link` that nothing disputes are sets of two records (source `fuzzy`); the other
 * ones down to `review` wait. All records are compared anew when their port or the rules have changed, else what was found before holds. */
#include "identity/review.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "identity/identity_int.h"

static int64_t pair_id_of(struct arena *a, struct str x, struct str y)
{
    return (int64_t)(str_hash(arena_printf(a, "fuzzy:%.*s\n%.*s", STR_FMT(x), STR_FMT(y))) & INT64_MAX);
}

static struct str levels_text(struct arena *a, const struct person_fields *f, const uint8_t *levels)
{
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < f->n; i++)
        buf_printf(&b, "%s%s:%d", i ? " " : "", f->fields[i].name, levels[i]);
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

/* A link follows the records that it joins. */
static int64_t link_us(const struct person_records *r, const struct fuzzy_pair *p)
{
    int64_t a = r->seen_us[p->a], b = r->seen_us[p->b];
    return (a > b ? a : b) + 1;
}

static bool put_pairs(const struct identity_job *j, struct arena *a, const struct person_records *r, const struct fuzzy_result *found, struct err *e)
{
    struct engine_appender *ap = NULL;
    bool ok = engine_append_open(j->c, STR("mesh"), STR("identity"), STR("review"), &ap, e);
    for (size_t i = 0; i < found->n && ok; i++) {
        const struct fuzzy_pair *p = &found->pairs[i];
        struct str x = r->keys[p->a], y = r->keys[p->b];
        enum fuzzy_verdict verdict = fuzzy_judge(r->fields.fields, r->fields.n, p->levels);
        bool linked = p->probability >= j->m->identity.fuzzy.link && verdict == FUZZY_UNDISPUTED;
        if (verdict == FUZZY_REFUTED)
            continue;
        const struct engine_param cells[] = {
            {.type = ENGINE_INT, .i = pair_id_of(a, x, y)}, {.type = ENGINE_TEXT, .s = x}, {.type = ENGINE_TEXT, .s = y},
            {.type = ENGINE_DOUBLE, .f = p->probability}, {.type = ENGINE_DOUBLE, .f = p->weight}, {.type = ENGINE_TEXT, .s = levels_text(a, &r->fields, p->levels)},
            {.type = ENGINE_BOOL, .i = linked}, {.type = ENGINE_TIMESTAMP, .i = link_us(r, p)},
        };
        ok = engine_append_row(ap, cells, sizeof cells / sizeof *cells, e);
    }
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    return ok;
}

/* Columns of which nobody says anything tell nothing, and cost a comparison each. */
static void drop_empty(struct person_records *r)
{
    size_t kept = 0, n = r->fields.n;
    bool told[FUZZY_FIELDS_MAX] = {false};
    for (size_t i = 0; i < r->n * n; i++)
        told[i % n] |= r->values[i].n > 0;
    for (size_t f = 0; f < n; f++)
        kept += told[f];
    if (kept == n)
        return;
    size_t to = 0;
    for (size_t i = 0; i < r->n * n; i++)
        if (told[i % n])
            r->values[to++] = r->values[i];
    r->fields.n = 0;
    for (size_t f = 0; f < n; f++)
        if (told[f])
            r->fields.fields[r->fields.n++] = r->fields.fields[f];
}

static bool compare(const struct identity_job *j, struct str table, int64_t version_id, struct err *e)
{
    struct arena a;
    struct person_fields fields;
    struct person_records r = {.n = 0};
    struct fuzzy_result found = {0};
    arena_init(&a);
    bool ok = person_fields_of(&j->m->identity.fuzzy, j->c, &a, table, &fields, e) && person_records_read(&fields, j->c, &a, table, NULL, 0, &r, e);
    if (ok && r.n > 0)
        drop_empty(&r);
    ok = ok && (r.fields.n == 0 || fuzzy_match(r.fields.fields, r.fields.n, r.values, r.n, j->m->identity.fuzzy.review, &a, &found, e)) && put_pairs(j, &a, &r, &found, e) &&
         engine_exec(j->c, arena_printf(&a, "INSERT INTO mesh.identity.alike VALUES (%lld, '%s', %zu, %zu, %zu, %d)", (long long)version_id, j->m->identity.sha.z, r.n,
                                        found.candidates, found.blocks_passed_over, found.model.rounds), e);
    if (ok)
        log_event(LOG_INFO, "identity", "compared", "records=%zu pairs=%zu passed_over=%zu found=%zu", r.n, found.candidates, found.blocks_passed_over, found.n);
    arena_fini(&a);
    return ok;
}

static bool read_gone(struct engine_conn *c, struct arena *a, struct fuzzy_links *out, struct err *e)
{
    struct engine_result *result = NULL;
    struct engine_chunk *ch;
    int64_t n = 0;
    bool ok = false;
    if (!engine_value_i64(c, STR("SELECT count(*) FROM temp.main.idt_link_gone"), NULL, 0, &n, e))
        return false;
    out->gone = arena_array(a, (size_t)n + 1, sizeof *out->gone);
    if (!engine_query(c, STR("SELECT pair_id FROM temp.main.idt_link_gone ORDER BY pair_id"), NULL, 0, &result, e))
        return false;
    for (;;) {
        if (!engine_result_next(result, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t row = 0; row < engine_chunk_rows(ch) && out->n_gone < (size_t)n; row++)
            out->gone[out->n_gone++] = engine_cell_i64(ch, 0, row);
    }
    ok = true;
out:
    engine_result_close(result);
    return ok;
}

static const char links_before[] = "CREATE OR REPLACE TEMP TABLE idt_link_was AS SELECT pair_id, seen_at FROM mesh.identity.review WHERE linked;"
                                   "DELETE FROM mesh.identity.review; DELETE FROM mesh.identity.alike";
static const char links_after[] =
    "CREATE OR REPLACE TEMP TABLE idt_link_new AS SELECT r.pair_id FROM mesh.identity.review r WHERE r.linked AND NOT EXISTS"
    " (SELECT 1 FROM temp.main.idt_link_was w WHERE w.pair_id = r.pair_id AND w.seen_at = r.seen_at);"
    "CREATE OR REPLACE TEMP TABLE idt_link_gone AS SELECT pair_id FROM temp.main.idt_link_was WHERE pair_id NOT IN"
    " (SELECT pair_id FROM mesh.identity.review WHERE linked);"
    "DROP TABLE temp.main.idt_link_was";

bool identity_fuzzy_observations(const struct identity_job *j, bool all, struct arena *a, struct fuzzy_links *out, struct err *e)
{
    struct str table = STR("");
    int64_t version_id = 0, same = 0, links = 0;
    *out = (struct fuzzy_links){.n_gone = 0};
    if (j->m->identity.fuzzy.on && !person_table(j->m, j->c, a, &table, &version_id, e))
        return false;
    if (!table.n) { /* off, or nothing to compare */
        if (!engine_value_i64(j->c, STR("SELECT count(*) FROM mesh.identity.alike"), NULL, 0, &same, e))
            return false;
        same = same == 0;
    } else if (!engine_value_i64(j->c, arena_printf(a, "SELECT count(*) FROM mesh.identity.alike WHERE version_id = %lld AND rule_sha = '%s'", (long long)version_id,
                                                    j->m->identity.sha.z), NULL, 0, &same, e)) {
        return false;
    }
    if (!same && !(engine_exec(j->c, str_of(links_before), e) && (!table.n || compare(j, table, version_id, e)) && engine_exec(j->c, str_of(links_after), e) &&
                   read_gone(j->c, a, out, e)))
        return false;
    if (same && !all)
        return true;
    if (!engine_value_i64(j->c, STR("SELECT count(*) FROM mesh.identity.review WHERE linked"), NULL, 0, &links, e))
        return false;
    if (links)
        out->put = arena_printf(a, "SELECT pair_id AS evidence, 'contact' AS kind, unnest([a, b]) AS value, seen_at AS first_seen, seen_at AS last_seen, 'fuzzy' AS source,"
                                   " CAST(pair_id AS VARCHAR) AS message_id FROM mesh.identity.review WHERE linked%s",
                                all ? "" : " AND pair_id IN (SELECT pair_id FROM temp.main.idt_link_new)");
    return true;
}
