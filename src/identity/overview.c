/* Identity at a glance, and its ledger page by page. */
#include "identity/review.h"

#include <stdio.h>

#include "identity/identity_int.h"

static bool count_actions(const struct ask *q, struct identity_overview *o, struct err *e)
{
    const struct { const char *sql; int64_t *to; } counts[] = {
        {"SELECT count(*) FROM mesh.identity.customer", &o->customers},
        {"SELECT count(*) FROM mesh.identity.redirect", &o->retired},
        {"SELECT count(*) FROM mesh.identity.ledger WHERE action = 'created'", &o->created},
        {"SELECT count(*) FROM mesh.identity.ledger WHERE action = 'merged'", &o->merged},
        {"SELECT count(*) FROM mesh.identity.ledger WHERE action = 'refused'", &o->refused},
        {"SELECT count(*) FROM mesh.identity.ledger WHERE action = 'split'", &o->split},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (!engine_value_i64(q->c, str_of(counts[i].sql), NULL, 0, counts[i].to, e))
            return false;
    return true;
}

static bool count_kinds(const struct ask *q, const struct rules *rules, struct str table, struct identity_overview *o, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = false;
    size_t n = q->m->identity.n_kinds;
    o->kinds = arena_array(q->a, n + 1, sizeof *o->kinds);
    for (size_t i = 0; i < n; i++)
        o->kinds[i].kind = q->m->identity.kinds[i].name;
    o->n_kinds = n;
    if (!engine_query(q->c, arena_printf(q->a, "SELECT o.kind, count(DISTINCT %.*s) FILTER (o.admitted), count(*) FILTER (NOT o.admitted) FROM %.*s o GROUP BY o.kind",
                                         STR_FMT(rules_value_sql(rules, q->a, "o.")), STR_FMT(table)), NULL, 0, &r, e))
        goto out;
    for (;;) {
        if (!engine_result_next(r, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            uint32_t kind = engine_cell_null(ch, 0, i) ? RESOLVE_KIND_UNKNOWN : rules_kind(rules, engine_cell_str(ch, 0, i));
            if (kind < n) {
                o->kinds[kind].identifiers = engine_cell_i64(ch, 1, i);
                o->kinds[kind].left_out = engine_cell_i64(ch, 2, i);
            }
        }
    }
    ok = true;
out:
    engine_result_close(r);
    return ok;
}

static bool find_largest(const struct ask *q, const struct rules *rules, struct str table, struct identity_overview *o, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = false;
    if (!engine_query(q->c, arena_printf(q->a, "SELECT o.customer_id, count(DISTINCT hash(o.kind, %.*s)) AS n, count(DISTINCT o.evidence) FROM %.*s o WHERE o.admitted"
                                               " GROUP BY o.customer_id ORDER BY n DESC, o.customer_id LIMIT %d",
                                         STR_FMT(rules_value_sql(rules, q->a, "o.")), STR_FMT(table), PREVIEW_LARGEST), NULL, 0, &r, e))
        goto out;
    for (;;) {
        if (!engine_result_next(r, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t i = 0; i < engine_chunk_rows(ch) && o->n_largest < PREVIEW_LARGEST; i++)
            o->largest[o->n_largest++] = (struct identity_largest){arena_str(q->a, engine_cell_str(ch, 0, i)), engine_cell_i64(ch, 1, i), engine_cell_i64(ch, 2, i)};
    }
    ok = true;
out:
    engine_result_close(r);
    return ok;
}

static bool count_review(const struct ask *q, struct identity_overview *o, struct err *e)
{
    struct review r;
    const struct review_query none = {.limit = 0};
    bool ok = identity_review(q, &none, &r, e);
    o->review = r.counts[REVIEW_WAITING];
    return ok;
}

bool identity_overview_get(const struct ask *q, struct identity_overview *out, struct err *e)
{
    struct rules *rules = NULL;
    struct str table;
    *out = (struct identity_overview){0};
    bool ok = identity_port_table(q->m, q->c, q->a, &out->port, &table, e) && rules_open(&q->m->identity, &rules, e) && count_actions(q, out, e) && count_review(q, out, e);
    out->built = ok && table.n > 0;
    if (out->built)
        ok = count_kinds(q, rules, table, out, e) && find_largest(q, rules, table, out, e);
    rules_close(rules);
    return ok;
}

/* ---- The ledger ---- */

static struct str kept(const struct ask *q, const struct engine_chunk *ch, size_t col, size_t row)
{
    return engine_cell_null(ch, col, row) ? STR("") : arena_str(q->a, engine_cell_str(ch, col, row));
}

static int64_t whole(const struct engine_chunk *ch, size_t col, size_t row)
{
    return engine_cell_null(ch, col, row) ? 0 : engine_cell_i64(ch, col, row);
}

/* "at_us.evidence.seq" */
static bool cursor_read(struct str cursor, int64_t v[3])
{
    for (size_t i = 0; i < 3; i++)
        if (!str_to_i64(str_cut(cursor, '.', &cursor), &v[i]))
            return false;
    return cursor.p == NULL;
}

bool identity_ledger(const struct ask *q, const struct ledger_ask *ask, struct ledger_entry **out, size_t *n, int64_t *total, struct err *e)
{
    int64_t at[3] = {INT64_MAX, 0, 0};
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = false;
    *n = 0;
    *out = arena_array(q->a, ask->limit + 1, sizeof **out);
    if (ask->before.n && !cursor_read(ask->before, at))
        return err_set(e, E_USAGE, "before is the cursor of an entry that the ledger showed");
    struct engine_param p[] = {{.type = ENGINE_TEXT, .s = ask->customer.n ? ask->customer : STR("")},
                               {.type = ENGINE_TEXT, .s = ask->action.n ? ask->action : STR("")},
                               {.type = ENGINE_INT, .i = at[0]},
                               {.type = ENGINE_INT, .i = at[1]},
                               {.type = ENGINE_INT, .i = at[2]},
                               {.type = ENGINE_INT, .i = (int64_t)ask->limit}};
    static const char base[] = "WITH asked AS (SELECT $1 AS id UNION SELECT old_id FROM mesh.identity.redirect WHERE customer_id = $1)"
                               " SELECT %s FROM mesh.identity.ledger WHERE ($1 = '' OR customer_id IN (FROM asked) OR other_id IN (FROM asked)) AND ($2 = '' OR action = $2)%s";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    struct str counting = arena_printf(q->a, base, "count(*)", "");
    struct str listing = arena_printf(q->a, base, "epoch_us(occurred_at) AS at_us, evidence, seq, decision_id, action, cause, kind, refused_by, customer_id, other_id, rule_sha, source,"
                                                  " message_id", " AND (epoch_us(occurred_at), evidence, seq) < ($3, $4, $5) ORDER BY at_us DESC, evidence DESC, seq DESC LIMIT $6");
#pragma GCC diagnostic pop
    if (!engine_value_i64(q->c, counting, p, 2, total, e) || !engine_query(q->c, listing, p, 6, &r, e))
        goto out;
    for (;;) {
        if (!engine_result_next(r, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t i = 0; i < engine_chunk_rows(ch) && *n < ask->limit; i++) {
            struct ledger_entry *x = &(*out)[(*n)++];
            *x = (struct ledger_entry){.at_us = whole(ch, 0, i), .evidence = whole(ch, 1, i), .seq = whole(ch, 2, i), .decision_id = whole(ch, 3, i), .action = kept(q, ch, 4, i),
                                       .cause = kept(q, ch, 5, i), .kind = kept(q, ch, 6, i), .refused_by = kept(q, ch, 7, i), .customer_id = kept(q, ch, 8, i),
                                       .other_id = kept(q, ch, 9, i), .rule_sha = kept(q, ch, 10, i), .source = kept(q, ch, 11, i), .message_id = kept(q, ch, 12, i)};
            x->cursor = arena_printf(q->a, "%lld.%lld.%lld", (long long)x->at_us, (long long)x->evidence, (long long)x->seq);
        }
    }
    ok = true;
out:
    engine_result_close(r);
    return ok;
}
