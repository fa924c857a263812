/* What the resolver says, into tables, inside the caller's transaction: the port's rows, ids that are retired or new, what has changed. */
#include "identity/identity_int.h"

#include <stdlib.h>

#include "base/clock.h"

#define OF(cell) (sizeof(cell) / sizeof *(cell))

static struct engine_param text(struct str s)
{
    return (struct engine_param){.type = ENGINE_TEXT, .s = s, .null = s.p == NULL};
}

static struct engine_param number(int64_t i)
{
    return (struct engine_param){.type = ENGINE_INT, .i = i};
}

static bool run(struct write *w, struct str sql, struct err *e)
{
    return engine_exec(w->c, sql, e);
}

/* ---- What the resolver says, as tables of the connection ---- */

struct put { struct engine_appender *ap; uint32_t customer; struct customer_id id; };

static bool put_set(struct write *w, struct put *p, uint32_t set, struct err *e)
{
    uint32_t customer = resolve_set_customer(w->g->r, set);
    if (customer != p->customer) {
        p->id = graph_customer_id(w->g, customer);
        p->customer = customer;
    }
    struct engine_param cells[] = {number(resolve_set_evidence(w->g->r, set)), text(str_of(p->id.z))};
    return engine_append_row(p->ap, cells, OF(cells), e);
}

static bool put_left_out(struct write *w, struct engine_appender *ap, uint32_t set, struct err *e)
{
    for (size_t i = 0, n = resolve_set_size(w->g->r, set); i < n; i++) {
        enum resolve_reason reason;
        uint32_t id = resolve_set_identifier(w->g->r, set, i, &reason);
        if (reason == RESOLVE_ADMITTED)
            continue;
        struct resolve_identifier x = resolve_identifier_get(w->g->r, id);
        struct engine_param cells[] = {number(resolve_set_evidence(w->g->r, set)), text(rules_kind_name(w->g->rules, x.kind)), text(x.value),
                                       text(str_of(resolve_reason_text(reason)))};
        if (!engine_append_row(ap, cells, OF(cells), e))
            return false;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The sets whose rows are written: those that changed, and those whose observations came. */
static uint32_t *sets_to_write(struct write *w, size_t *n)
{
    struct resolve_outcome o;
    uint32_t *v;
    size_t kept = 0;
    *n = 0;
    if (w->whole) {
        v = mem_alloc((resolve_sets(w->g->r) + 1) * sizeof *v);
        for (uint32_t id = 0; id < resolve_identifiers(w->g->r); id++) /* a customer's together */
            if (resolve_is_customer(w->g->r, id))
                for (uint32_t s = resolve_customer_first(w->g->r, id); s != RESOLVE_NONE; s = resolve_customer_next(w->g->r, id, s))
                    v[(*n)++] = s;
        return v;
    }
    resolve_outcome_get(w->g->r, &o);
    v = mem_alloc((o.n_changed + w->seen->n + 1) * sizeof *v);
    for (size_t i = 0; i < o.n_changed; i++)
        v[(*n)++] = o.changed[i].set;
    for (size_t i = 0; i < w->seen->n; i++)
        v[(*n)++] = resolve_set_find(w->g->r, w->seen->v[i]);
    qsort(v, *n, sizeof *v, by_number);
    for (size_t i = 0; i < *n; i++)
        if (i == 0 || v[i] != v[kept - 1])
            v[kept++] = v[i];
    *n = kept;
    return v;
}

static bool put_sets(struct write *w, struct err *e)
{
    size_t n;
    uint32_t *sets = sets_to_write(w, &n);
    struct put p = {.customer = RESOLVE_NONE};
    struct engine_appender *ap = NULL;
    bool ok = engine_append_open(w->c, STR("temp"), STR("main"), STR("idt_set"), &p.ap, e);
    for (size_t i = 0; i < n && ok; i++)
        ok = put_set(w, &p, sets[i], e);
    if (p.ap && !engine_append_close(p.ap, ok ? e : NULL))
        ok = false;
    ok = ok && engine_append_open(w->c, STR("temp"), STR("main"), STR("idt_left_out"), &ap, e);
    for (size_t i = 0; i < n && ok; i++)
        ok = put_left_out(w, ap, sets[i], e);
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    mem_free(sets);
    return ok;
}

static bool put_customer(struct write *w, struct engine_appender *ap, uint32_t id, struct err *e)
{
    struct customer_id c = graph_customer_id(w->g, id);
    struct engine_param cells[] = {text(str_of(c.z)), number(resolve_set_evidence(w->g->r, resolve_customer_first(w->g->r, id)))};
    return engine_append_row(ap, cells, OF(cells), e);
}

static bool put_customers(struct write *w, struct err *e)
{
    struct resolve_outcome o;
    struct engine_appender *ap = NULL;
    resolve_outcome_get(w->g->r, &o);
    bool ok = engine_append_open(w->c, STR("temp"), STR("main"), STR("idt_customer"), &ap, e);
    if (w->whole) {
        for (uint32_t id = 0; id < resolve_identifiers(w->g->r) && ok; id++)
            if (resolve_is_customer(w->g->r, id))
                ok = put_customer(w, ap, id, e);
    } else {
        for (size_t i = 0; i < o.n_born && ok; i++)
            ok = put_customer(w, ap, o.born[i], e);
    }
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    ap = NULL;
    if (!ok || w->whole)
        return ok;
    ok = engine_append_open(w->c, STR("temp"), STR("main"), STR("idt_gone"), &ap, e);
    for (size_t i = 0; i < o.n_gone && ok; i++) {
        struct customer_id c = graph_customer_id(w->g, o.gone[i]);
        struct engine_param cell = text(str_of(c.z));
        ok = engine_append_row(ap, &cell, 1, e);
    }
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    return ok;
}

/* Those that went by a merge, in the order of things: their redirect is as old as the merge. */
static bool put_merged(struct write *w, struct err *e)
{
    struct resolve_outcome o;
    struct engine_appender *ap = NULL;
    resolve_outcome_get(w->g->r, &o);
    bool ok = engine_append_open(w->c, STR("temp"), STR("main"), STR("idt_merged"), &ap, e);
    for (size_t i = 0; i < o.n_lines && ok; i++) {
        const struct resolve_line *l = &o.lines[i];
        if (l->action != RESOLVE_MERGED)
            continue;
        struct customer_id old = graph_customer_id(w->g, l->other), now = graph_customer_id(w->g, resolve_identifier_customer(w->g->r, l->other));
        struct engine_param cells[] = {text(str_of(old.z)), text(str_of(now.z)),
                                       {.type = ENGINE_TIMESTAMP, .i = resolve_set_at_us(w->g->r, l->set)},
                                       number(resolve_set_evidence(w->g->r, l->founded_by))};
        ok = engine_append_row(ap, cells, OF(cells), e);
    }
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    ap = NULL;
    if (!ok || w->whole)
        return ok;
    ok = engine_append_open(w->c, STR("temp"), STR("main"), STR("idt_redone"), &ap, e);
    for (size_t i = 0; i < o.n_redone && ok; i++) {
        struct engine_param cell = number(resolve_set_evidence(w->g->r, o.redone[i]));
        ok = engine_append_row(ap, &cell, 1, e);
    }
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    return ok;
}

/* ---- The port's table ---- */

#define ROW_COLUMNS                                                                                                     \
    "o.evidence, o.kind, o.value, s.customer_id, x.reason IS NULL AS admitted, x.reason, o.first_seen::TIMESTAMP AS first_seen," \
    " o.last_seen::TIMESTAMP AS last_seen, o.source, o.message_id"

static struct str rows_sql(struct write *w, const char *observations)
{
    return arena_printf(w->a,
                        "SELECT " ROW_COLUMNS " FROM %s o JOIN temp.main.idt_set s ON s.evidence = o.evidence"
                        " LEFT JOIN temp.main.idt_left_out x ON x.evidence = o.evidence AND x.kind = %.*s AND x.value = %.*s",
                        observations, STR_FMT(rules_kind_sql(w->g->rules, w->a, "o.")), STR_FMT(rules_value_sql(w->g->rules, w->a, "o.")));
}

static bool write_rows(struct write *w, struct err *e)
{
    const struct identity_job *j = w->job;
    struct str table = j->table, changed = j->changed;
    if (!j->delta)
        return run(w, arena_printf(w->a, "CREATE TABLE %.*s AS %.*s", STR_FMT(table), STR_FMT(rows_sql(w, arena_strz(w->a, j->observations)))), e);
    return run(w,
               arena_printf(w->a,
                            "INSERT INTO %.*s SELECT DISTINCT t.evidence, t.customer_id FROM %.*s t WHERE t.evidence IN (SELECT evidence FROM temp.main.idt_set);"
                            "CREATE OR REPLACE TEMP TABLE idt_row AS SELECT evidence, kind, value, first_seen, last_seen, source, message_id FROM temp.main.idt_seen"
                            " UNION ALL SELECT t.evidence, t.kind, t.value, t.first_seen, t.last_seen, t.source, t.message_id FROM %.*s t"
                            " WHERE t.evidence IN (SELECT evidence FROM temp.main.idt_set) AND t.evidence NOT IN (SELECT evidence FROM temp.main.idt_seen WHERE"
                            " evidence IS NOT NULL);"
                            "DELETE FROM %.*s WHERE evidence IN (SELECT evidence FROM temp.main.idt_set);"
                            "INSERT INTO %.*s (evidence, kind, value, customer_id, admitted, reason, first_seen, last_seen, source, message_id) %.*s;"
                            "INSERT INTO %.*s SELECT DISTINCT s.evidence, s.customer_id FROM temp.main.idt_set s"
                            " WHERE s.evidence IN (SELECT evidence FROM temp.main.idt_row)"
                            " AND NOT EXISTS (SELECT 1 FROM %.*s k WHERE k.evidence = s.evidence AND k.customer_id = s.customer_id)",
                            STR_FMT(changed), STR_FMT(table), STR_FMT(table), STR_FMT(table), STR_FMT(table), STR_FMT(rows_sql(w, "temp.main.idt_row")),
                            STR_FMT(changed), STR_FMT(changed)),
               e);
}

/* ---- Retired ids ---- */

/* An id that was ever in the port's table is in `customer`, or leads on from `redirect`. A retired one leads to whom the set that
 * founded it belongs now; where that is gone, to where it led last. */
static bool write_redirects(struct write *w, struct err *e)
{
    const char *gone = w->whole ? "CREATE OR REPLACE TEMP TABLE idt_gone AS SELECT c.customer_id FROM mesh.identity.customer c"
                                  " WHERE c.customer_id NOT IN (SELECT customer_id FROM temp.main.idt_customer);"
                                : "";
    const char *redone = w->whole ? "true" : "evidence IN (SELECT evidence FROM temp.main.idt_redone)";
    struct clock_text now = clock_iso(clock_now_us());
    return run(w,
               arena_printf(w->a,
                            "%s"
                            "UPDATE mesh.identity.redirect SET cause = '%s' WHERE cause = 'merged' AND %s;"
                            "UPDATE mesh.identity.redirect SET customer_id = s.customer_id FROM temp.main.idt_set s WHERE redirect.evidence = s.evidence"
                            " AND redirect.customer_id IS DISTINCT FROM s.customer_id;"
                            "INSERT INTO mesh.identity.redirect SELECT c.customer_id, s.customer_id, TIMESTAMP '%.26s', '%s', c.evidence"
                            " FROM mesh.identity.customer c LEFT JOIN temp.main.idt_set s ON s.evidence = c.evidence"
                            " WHERE c.customer_id IN (SELECT customer_id FROM temp.main.idt_gone) AND c.customer_id NOT IN (SELECT old_id FROM mesh.identity.redirect);"
                            "DELETE FROM mesh.identity.redirect WHERE old_id IN (SELECT old_id FROM temp.main.idt_merged);"
                            "INSERT INTO mesh.identity.redirect SELECT old_id, customer_id, since, 'merged', evidence FROM temp.main.idt_merged;"
                            "DELETE FROM mesh.identity.redirect WHERE old_id IN (SELECT customer_id FROM temp.main.idt_customer);"
                            "DELETE FROM mesh.identity.customer WHERE %s customer_id IN (SELECT customer_id FROM temp.main.idt_gone);"
                            "INSERT INTO mesh.identity.customer SELECT customer_id, evidence FROM temp.main.idt_customer",
                            gone, w->cause, redone, now.z, w->cause, w->whole ? "true OR" : ""),
               e);
}

static const char tables_before[] =
    "CREATE OR REPLACE TEMP TABLE idt_set (evidence BIGINT, customer_id VARCHAR);"
    "CREATE OR REPLACE TEMP TABLE idt_left_out (evidence BIGINT, kind VARCHAR, value VARCHAR, reason VARCHAR);"
    "CREATE OR REPLACE TEMP TABLE idt_customer (customer_id VARCHAR, evidence BIGINT);"
    "CREATE OR REPLACE TEMP TABLE idt_gone (customer_id VARCHAR);"
    "CREATE OR REPLACE TEMP TABLE idt_merged (old_id VARCHAR, customer_id VARCHAR, since TIMESTAMP, evidence BIGINT);"
    "CREATE OR REPLACE TEMP TABLE idt_redone (evidence BIGINT)";
static const char tables_after[] =
    "DROP TABLE IF EXISTS temp.main.idt_set; DROP TABLE IF EXISTS temp.main.idt_left_out; DROP TABLE IF EXISTS temp.main.idt_customer;"
    "DROP TABLE IF EXISTS temp.main.idt_gone; DROP TABLE IF EXISTS temp.main.idt_merged; DROP TABLE IF EXISTS temp.main.idt_redone;"
    "DROP TABLE IF EXISTS temp.main.idt_row; DROP TABLE IF EXISTS temp.main.idt_seen";

bool identity_write(struct write *w, struct err *e)
{
    return run(w, str_of(tables_before), e) && put_sets(w, e) && put_customers(w, e) && put_merged(w, e) && write_rows(w, e) &&
           write_redirects(w, e) && identity_write_ledger(w, e) && run(w, str_of(tables_after), e);
}
