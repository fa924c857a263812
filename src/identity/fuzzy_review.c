/* What people are asked about records that are alike, and what they answer. An answer is a decision like any other (merge, or a split that
 * holds the two apart): it is never asked again while it is in force, and withdrawing it brings the question back. */
#include "identity/review.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

static const struct str state_names[REVIEW_STATES] = {{"waiting", 7}, {"linked", 6}, {"same", 4}, {"different", 9}};
static const struct str contact = {"contact", 7};

struct str review_state_name(enum review_state s)
{
    return state_names[s];
}

static bool is_about(const struct identifier *x, const struct identifier *y, struct str a, struct str b)
{
    return str_eq(x->kind, contact) && str_eq(y->kind, contact) && ((str_eq(x->value, a) && str_eq(y->value, b)) || (str_eq(x->value, b) && str_eq(y->value, a)));
}

/* The newest decision in force about just these two. */
static const struct decision_made *decision_about(const struct decision_made *d, size_t n, struct str a, struct str b)
{
    while (n-- > 0) {
        if (d[n].withdrawn_at_us != 0)
            continue;
        if (d[n].split ? d[n].n_out == 1 && d[n].n_rest == 1 && is_about(&d[n].out[0], &d[n].rest[0], a, b)
                       : d[n].n_out == 2 && is_about(&d[n].out[0], &d[n].out[1], a, b))
            return &d[n];
    }
    return NULL;
}

/* "first_name:3 last_name:255" */
static void read_levels(const struct ask *q, struct str text, struct review_pair *p)
{
    struct str rest = text;
    p->fields = arena_array(q->a, FUZZY_FIELDS_MAX, sizeof *p->fields);
    while (rest.p && p->n_fields < FUZZY_FIELDS_MAX) {
        struct str level, word = str_cut(rest, ' ', &rest), name = str_cut(word, ':', &level);
        int64_t n;
        if (!name.n || !str_to_i64(level, &n))
            continue;
        enum fuzzy_kind k = person_field_kind(name);
        p->fields[p->n_fields++] = (struct review_field){.name = arena_str(q->a, name), .a = STR(""), .b = STR(""), .level = (int)n, .levels = fuzzy_levels(k),
                                                         .words = fuzzy_level_words(k, (int)n)};
    }
}

static bool read_pairs(const struct ask *q, const struct review_query *query, const struct decision_made *d, size_t n_d, struct review *out, struct err *e)
{
    struct engine_result *result = NULL;
    struct engine_chunk *ch;
    int64_t n = 0;
    bool ok = false;
    if (!engine_value_i64(q->c, STR("SELECT count(*) FROM mesh.identity.review"), NULL, 0, &n, e))
        return false;
    out->pairs = arena_array(q->a, (query->id || (size_t)n < query->limit ? (size_t)n : query->limit) + 1, sizeof *out->pairs);
    if (!engine_query(q->c, STR("SELECT pair_id, a, b, probability, linked, levels FROM mesh.identity.review ORDER BY probability DESC, pair_id"), NULL, 0, &result, e))
        return false;
    for (;;) {
        if (!engine_result_next(result, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            const struct decision_made *by = decision_about(d, n_d, engine_cell_str(ch, 1, row), engine_cell_str(ch, 2, row));
            enum review_state state = by ? by->split ? REVIEW_DIFFERENT : REVIEW_SAME : engine_cell_i64(ch, 4, row) ? REVIEW_LINKED : REVIEW_WAITING;
            int64_t id = engine_cell_i64(ch, 0, row);
            out->counts[state]++;
            if (query->id ? id != query->id || out->n > 0 : out->n >= query->limit || (!query->every && state != query->state))
                continue;
            struct review_pair *p = &out->pairs[out->n++];
            *p = (struct review_pair){.id = id, .a = arena_str(q->a, engine_cell_str(ch, 1, row)), .b = arena_str(q->a, engine_cell_str(ch, 2, row)),
                                      .probability = engine_cell_f64(ch, 3, row), .state = state};
            if (by) {
                p->decision_id = by->id;
                p->decided_us = by->at_us;
                p->decided_by = by->who;
                p->reason = by->reason;
            }
            read_levels(q, engine_cell_str(ch, 5, row), p);
        }
    }
    ok = true;
out:
    engine_result_close(result);
    return ok;
}

static int by_key(const void *key, const void *record)
{
    return str_cmp(*(const struct str *)key, *(const struct str *)record);
}

/* What the two records say. One that is gone since says nothing. */
static bool read_values(const struct ask *q, struct review *out, struct err *e)
{
    struct str table, *keys = arena_array(q->a, out->n * 2 + 1, sizeof *keys);
    int64_t version_id;
    struct person_fields fields;
    struct person_records r;
    if (out->n == 0 || !out->on)
        return true;
    for (size_t i = 0; i < out->n; i++) {
        keys[2 * i] = out->pairs[i].a;
        keys[2 * i + 1] = out->pairs[i].b;
    }
    if (!person_table(q->m, q->c, q->a, &table, &version_id, e))
        return false;
    if (!table.n)
        return true;
    if (!person_fields_of(&q->m->identity.fuzzy, q->c, q->a, table, &fields, e) || !person_records_read(&fields, q->c, q->a, table, keys, out->n * 2, &r, e))
        return false;
    for (size_t i = 0; i < out->n && r.n; i++) {
        struct review_pair *p = &out->pairs[i];
        const struct str *a = bsearch(&p->a, r.keys, r.n, sizeof *r.keys, by_key), *b = bsearch(&p->b, r.keys, r.n, sizeof *r.keys, by_key);
        for (size_t f = 0; f < fields.n; f++)
            for (size_t k = 0; k < p->n_fields; k++) {
                if (!str_eq(str_of(fields.fields[f].name), p->fields[k].name))
                    continue;
                if (a)
                    p->fields[k].a = r.values[(size_t)(a - r.keys) * fields.n + f];
                if (b)
                    p->fields[k].b = r.values[(size_t)(b - r.keys) * fields.n + f];
            }
    }
    return true;
}

static bool read_run(const struct ask *q, struct review *out, struct err *e)
{
    static const char *const columns[] = {"records", "compared", "passed_over"};
    int64_t *cells[] = {&out->records, &out->compared, &out->passed_over};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (!engine_value_i64(q->c, arena_printf(q->a, "SELECT coalesce(max(%s), 0) FROM mesh.identity.alike", columns[i]), NULL, 0, cells[i], e))
            return false;
    return true;
}

bool identity_review(const struct ask *q, const struct review_query *query, struct review *out, struct err *e)
{
    struct decision_made *d;
    size_t n;
    *out = (struct review){.on = q->m->identity.fuzzy.on};
    return identity_decisions(q, &d, &n, e) && read_run(q, out, e) && read_pairs(q, query, d, n, out, e) && read_values(q, out, e);
}

bool identity_review_decide(const struct ask *q, int64_t id, bool same, struct str reason, struct str by, struct decision_made **out, struct err *e)
{
    struct review r;
    const struct review_query query = {.id = id};
    struct decision_made *d = arena_alloc(q->a, sizeof *d);
    *out = d;
    if (!identity_review(q, &query, &r, e))
        return false;
    if (r.n == 0) {
        err_set(e, E_NOT_FOUND, "no pair of records has the number %lld", (long long)id);
        err_hint(e, "trellis identity review lists those that wait");
        return false;
    }
    const struct review_pair *p = &r.pairs[0];
    if (p->decision_id) {
        err_set(e, E_USAGE, "this pair is decided already: %.*s (decision %lld)", STR_FMT(review_state_name(p->state)), (long long)p->decision_id);
        err_hint(e, "trellis identity withdraw %lld takes that back", (long long)p->decision_id);
        return false;
    }
    *d = (struct decision_made){.split = !same, .out = arena_array(q->a, 2, sizeof *d->out), .rest = arena_array(q->a, 1, sizeof *d->rest)};
    d->out[d->n_out++] = (struct identifier){contact, p->a};
    if (same)
        d->out[d->n_out++] = (struct identifier){contact, p->b};
    else
        d->rest[d->n_rest++] = (struct identifier){contact, p->b};
    return identity_decide(q, d, reason.n ? reason : STR("the two records were compared"), by, e);
}
