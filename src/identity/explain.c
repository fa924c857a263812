/* Why these identifiers are one customer: the sets that hold them together, and the shortest way through those from one to each other. */
#include "identity/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "identity/identity_int.h"

enum { ROWS_MAX = 200000, LEFT_OUT_MAX = 200 };

struct row { int64_t evidence, first_us, last_us; struct str kind, value, source, message_id, reason; size_t identifier, set; };
struct look {
    const struct ask *q;
    struct rules *rules;
    unsigned char key[SECRET_BYTES];
    struct str table, asked_kind, asked_value;
    struct row *rows;
    size_t n, cap;
    struct why *out;
};

/* ---- Whom they mean ---- */

/* A value as it is compared. */
static bool comparable(struct look *x, struct str kind, struct str value, struct str *out, struct err *e)
{
    struct engine_param p[] = {{.type = ENGINE_TEXT, .s = kind}, {.type = ENGINE_TEXT, .s = value}};
    bool null;
    return engine_value(x->q->c, arena_printf(x->q->a, "SELECT %.*s FROM (SELECT $1 AS kind, $2 AS value) p", STR_FMT(rules_value_sql(x->rules, x->q->a, "p."))), p, 2, x->q->a,
                        out, &null, e);
}

static bool retired(struct look *x, struct str id, struct err *e)
{
    struct engine_param p = {.type = ENGINE_TEXT, .s = id};
    bool null;
    int64_t there = 0;
    x->out->customer_id = id;
    if (!engine_value_i64(x->q->c, STR("SELECT count(*) FROM mesh.identity.customer WHERE customer_id = $1"), &p, 1, &there, e))
        return false;
    if (there)
        return true;
    if (!engine_value(x->q->c, STR("SELECT customer_id FROM mesh.identity.redirect WHERE old_id = $1"), &p, 1, x->q->a, &x->out->customer_id, &null, e) ||
        (!null && !engine_value(x->q->c, STR("SELECT cause FROM mesh.identity.redirect WHERE old_id = $1"), &p, 1, x->q->a, &x->out->cause, &null, e)))
        return false;
    x->out->retired_id = id;
    if (!null && x->out->customer_id.n)
        return true;
    err_set(e, E_NOT_FOUND, "there is no customer %.*s", STR_FMT(id));
    err_hint(e, "ids begin with c_; a customer is also found by an identifier, such as email:NAME@HOST");
    return false;
}

static bool by_identifier(struct look *x, struct str kind, struct str value, struct str *id, bool *several, struct err *e)
{
    struct str v, list;
    bool null;
    *id = STR("");
    *several = false;
    if (!comparable(x, kind, value, &v, e))
        return false;
    struct engine_param p[] = {{.type = ENGINE_TEXT, .s = kind}, {.type = ENGINE_TEXT, .s = v}};
    if (!engine_value(x->q->c, arena_printf(x->q->a, "SELECT string_agg(DISTINCT o.customer_id, ',') FROM %.*s o WHERE o.admitted AND o.kind = $1 AND %.*s = $2", STR_FMT(x->table),
                                            STR_FMT(rules_value_sql(x->rules, x->q->a, "o."))), p, 2, x->q->a, &list, &null, e))
        return false;
    if (null)
        return true;
    struct str rest;
    *id = str_cut(list, ',', &rest);
    *several = rest.p != NULL;
    x->asked_kind = kind;
    x->asked_value = v;
    return true;
}

/* KIND:VALUE of a declared kind; false: something else. */
static bool named(struct look *x, struct str text, struct str *kind, struct str *value)
{
    *kind = str_cut(text, ':', value);
    return value->p != NULL && rules_kind(x->rules, *kind) != RESOLVE_KIND_UNKNOWN;
}

static bool find_customer(struct look *x, struct str who, struct err *e)
{
    struct str kind, value, found = STR(""), id;
    bool several = false;
    who = str_trim(who);
    if (customer_id_is(who))
        return retired(x, who, e);
    if (named(x, who, &kind, &value)) {
        if (!by_identifier(x, kind, value, &found, &several, e))
            return false;
    } else {
        for (size_t k = 0; k < x->q->m->identity.n_kinds && !several; k++) {
            struct str asked_kind = x->asked_kind, asked_value = x->asked_value;
            if (!by_identifier(x, x->q->m->identity.kinds[k].name, who, &id, &several, e))
                return false;
            if (!id.n)
                continue;
            if (found.n) {
                several |= !str_eq(found, id);
                x->asked_kind = asked_kind;
                x->asked_value = asked_value;
            } else {
                found = id;
            }
        }
    }
    if (several) {
        err_set(e, E_USAGE, "this value names several customers, as identifiers of several kinds");
        err_hint(e, "say which kind is meant: KIND:VALUE, such as email:NAME@HOST");
        return false;
    }
    if (!found.n) {
        err_set(e, E_NOT_FOUND, "no customer has this identifier");
        err_hint(e, "identifiers are compared whole; one that is blocked, or beyond a limit everywhere, is nobody's");
        return false;
    }
    x->out->customer_id = found;
    return true;
}

/* ---- Their rows ---- */

static struct str kept(struct look *x, const struct engine_chunk *ch, size_t col, size_t row)
{
    return engine_cell_null(ch, col, row) ? STR("") : arena_str(x->q->a, engine_cell_str(ch, col, row));
}

static void row_add(struct look *x, struct row r)
{
    if (x->n == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 1024;
        x->rows = mem_realloc(x->rows, x->cap * sizeof *x->rows);
    }
    x->rows[x->n++] = r;
}

static bool read_rows(struct look *x, struct err *e)
{
    struct engine_param p = {.type = ENGINE_TEXT, .s = x->out->customer_id};
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = false;
    struct str sql = arena_printf(x->q->a, "SELECT o.evidence, o.first_seen, o.last_seen, o.kind, %.*s, o.source, o.message_id, o.reason FROM %.*s o WHERE o.customer_id = $1"
                                           " ORDER BY o.first_seen, o.source, o.message_id, o.evidence LIMIT %d",
                                  STR_FMT(rules_value_sql(x->rules, x->q->a, "o.")), STR_FMT(x->table), ROWS_MAX);
    if (!engine_query(x->q->c, sql, &p, 1, &r, e))
        goto out;
    for (;;) {
        if (!engine_result_next(r, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t i = 0; i < engine_chunk_rows(ch); i++)
            row_add(x, (struct row){.evidence = engine_cell_i64(ch, 0, i), .first_us = engine_cell_null(ch, 1, i) ? 0 : engine_cell_i64(ch, 1, i),
                                    .last_us = engine_cell_null(ch, 2, i) ? 0 : engine_cell_i64(ch, 2, i), .kind = kept(x, ch, 3, i), .value = kept(x, ch, 4, i),
                                    .source = kept(x, ch, 5, i), .message_id = kept(x, ch, 6, i), .reason = kept(x, ch, 7, i)});
    }
    ok = true;
out:
    engine_result_close(r);
    return ok;
}

/* What people merged by hand holds identifiers together like a set. */
static bool read_decisions(struct look *x, struct err *e)
{
    struct decision_made *d;
    size_t n;
    if (!decisions_read(x->q->s->store, x->key, x->q->a, &d, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool theirs = !d[i].split && d[i].withdrawn_at_us == 0;
        for (size_t k = 0; k < d[i].n_out && theirs; k++) {
            theirs = false;
            for (size_t j = 0; j < x->n && !theirs; j++)
                theirs = !x->rows[j].reason.n && str_eq(x->rows[j].kind, d[i].out[k].kind) && str_eq(x->rows[j].value, d[i].out[k].value);
        }
        for (size_t k = 0; k < d[i].n_out && theirs; k++)
            row_add(x, (struct row){.evidence = -d[i].id, .first_us = d[i].at_us, .last_us = d[i].at_us, .kind = d[i].out[k].kind, .value = d[i].out[k].value,
                                    .source = STR("decision")});
    }
    return true;
}

/* ---- Their graph ---- */

static int by_identifier_cmp(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
    int c = str_cmp(x->kind, y->kind);
    return c ? c : str_cmp(x->value, y->value);
}

static int by_set_cmp(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
    if (x->first_us != y->first_us)
        return x->first_us < y->first_us ? -1 : 1;
    int c = str_cmp(x->source, y->source);
    if (!c)
        c = str_cmp(x->message_id, y->message_id);
    return c ? c : (x->evidence > y->evidence) - (x->evidence < y->evidence);
}

static int by_evidence_cmp(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
    return x->evidence != y->evidence ? (x->evidence > y->evidence) - (x->evidence < y->evidence) : by_set_cmp(a, b);
}

static struct str ref_of(struct look *x, struct str kind, struct str value)
{
    struct identifier_hash h;
    identifier_hash_make(x->key, kind, value, &h);
    return arena_str(x->q->a, str_of(h.z));
}

/* Numbers the sets by first occurrence. */
static void number_sets(struct look *x, struct row **by)
{
    struct arena *a = x->q->a;
    struct row **firsts = arena_array(a, x->n + 1, sizeof(struct row *));
    struct why *w = x->out;
    qsort(by, x->n, sizeof(struct row *), by_evidence_cmp);
    for (size_t i = 0; i < x->n; i++)
        if (i == 0 || by[i]->evidence != by[i - 1]->evidence)
            firsts[w->n_evidence++] = by[i];
    qsort(firsts, w->n_evidence, sizeof(struct row *), by_set_cmp);
    w->evidence = arena_array(a, w->n_evidence + 1, sizeof *w->evidence);
    for (size_t i = 0; i < w->n_evidence; i++) {
        const struct row *r = firsts[i];
        w->evidence[i] = (struct why_evidence){r->evidence, r->first_us, r->last_us, str_eq(r->source, STR("decision")) ? -r->evidence : 0, r->source, r->message_id};
        firsts[i]->set = i;
    }
    for (size_t i = 1; i < x->n; i++)
        if (by[i]->evidence == by[i - 1]->evidence) {
            struct why_evidence *v = &w->evidence[by[i]->set = by[i - 1]->set];
            v->last_us = by[i]->last_us > v->last_us ? by[i]->last_us : v->last_us;
        }
}

static void number_identifiers(struct look *x, struct row **by)
{
    struct why *w = x->out;
    qsort(by, x->n, sizeof(struct row *), by_identifier_cmp);
    w->identifiers = arena_array(x->q->a, x->n + 1, sizeof *w->identifiers);
    for (size_t i = 0; i < x->n; i++) {
        struct row *r = by[i];
        r->identifier = SIZE_MAX;
        if (r->reason.n)
            continue;
        struct why_identifier *last = w->n ? &w->identifiers[w->n - 1] : NULL;
        if (!last || !str_eq(last->kind, r->kind) || !str_eq(last->value, r->value)) {
            last = &w->identifiers[w->n++];
            *last = (struct why_identifier){.kind = r->kind, .value = r->value, .ref = ref_of(x, r->kind, r->value), .first_us = INT64_MAX, .last_us = INT64_MIN, .via = SIZE_MAX,
                                            .evidence = SIZE_MAX, .steps = SIZE_MAX};
        }
        r->identifier = w->n - 1;
        last->evidences++;
        last->first_us = r->first_us < last->first_us ? r->first_us : last->first_us;
        last->last_us = r->last_us > last->last_us ? r->last_us : last->last_us;
    }
}

/* Breadth first from w->from: through each set once. by: rows by identifier; of: rows by set. */
static void walk(struct look *x, struct row **by)
{
    struct why *w = x->out;
    struct arena *a = x->q->a;
    size_t *from = arena_array(a, w->n + 2, sizeof *from), *set_from = arena_array(a, w->n_evidence + 2, sizeof *set_from);
    size_t *queue = arena_array(a, w->n + 1, sizeof *queue), head = 0, tail = 0;
    struct row **of = arena_array(a, x->n + 1, sizeof(struct row *));
    bool *seen = arena_array(a, w->n_evidence + 1, sizeof *seen);
    for (size_t i = 0; i < x->n; i++)
        set_from[by[i]->set + 1]++;
    for (size_t i = 0; i < w->n_evidence; i++)
        set_from[i + 1] += set_from[i];
    size_t *at = arena_array(a, w->n_evidence + 1, sizeof *at);
    memcpy(at, set_from, w->n_evidence * sizeof *at);
    for (size_t i = 0; i < x->n; i++)
        of[at[by[i]->set]++] = by[i];
    for (size_t i = x->n; i-- > 0;)
        if (by[i]->identifier != SIZE_MAX)
            from[by[i]->identifier] = i;
    w->identifiers[w->from].steps = 0;
    queue[tail++] = w->from;
    while (head < tail) {
        size_t id = queue[head++];
        for (size_t i = from[id]; i < x->n && (by[i]->identifier == id || by[i]->identifier == SIZE_MAX); i++) {
            size_t set = by[i]->set;
            if (by[i]->identifier != id || seen[set])
                continue;
            seen[set] = true;
            for (size_t k = set_from[set]; k < set_from[set + 1]; k++) {
                size_t other = of[k]->identifier;
                if (other == SIZE_MAX || w->identifiers[other].steps != SIZE_MAX)
                    continue;
                w->identifiers[other].steps = w->identifiers[id].steps + 1;
                w->identifiers[other].via = id;
                w->identifiers[other].evidence = set;
                queue[tail++] = other;
            }
        }
    }
}

/* The customer is called after it. */
static bool is_first(struct look *x, const struct why_identifier *id)
{
    struct customer_id c;
    customer_id_make(x->key, id->kind, id->value, &c);
    return str_eq(str_of(c.z), x->out->customer_id);
}

static bool start_at(struct look *x, struct str from, struct err *e)
{
    struct why *w = x->out;
    struct str kind = x->asked_kind, value = x->asked_value, v;
    if (from.n && named(x, from, &kind, &value)) {
        if (!comparable(x, kind, value, &v, e))
            return false;
        value = v;
    } else if (from.n) {
        kind = STR("");
    }
    for (size_t i = 0; i < w->n; i++) {
        const struct why_identifier *id = &w->identifiers[i];
        bool is_named = kind.n && str_eq(id->kind, kind) && str_eq(id->value, value);
        if (from.n ? is_named || str_eq(id->ref, from) : kind.n ? is_named : is_first(x, id)) {
            w->from = i;
            return true;
        }
    }
    return !from.n || err_set(e, E_NOT_FOUND, "this customer has no such identifier");
}

/* To whom a left-out identifier belongs. */
static bool left_out(struct look *x, struct err *e)
{
    struct why *w = x->out;
    w->left_out = arena_array(x->q->a, LEFT_OUT_MAX, sizeof *w->left_out);
    for (size_t i = 0; i < x->n && w->n_left_out < LEFT_OUT_MAX; i++) {
        const struct row *r = &x->rows[i];
        struct why_left_out *l = &w->left_out[w->n_left_out];
        bool several;
        if (!r->reason.n)
            continue;
        *l = (struct why_left_out){.kind = r->kind, .value = r->value, .ref = ref_of(x, r->kind, r->value), .reason = r->reason, .evidence = r->set, .customer_id = STR("")};
        bool again = false;
        for (size_t k = 0; k < w->n_left_out && !again; k++)
            again = str_eq(w->left_out[k].ref, l->ref) && str_eq(w->left_out[k].reason, l->reason);
        if (again)
            continue;
        if (!str_eq(l->reason, STR("blocked")) && !by_identifier(x, l->kind, l->value, &l->customer_id, &several, e))
            return false;
        w->n_left_out++;
    }
    return true;
}

bool identity_why(const struct ask *q, struct str who, struct str from, struct why *out, struct err *e)
{
    struct look x = {.q = q, .out = out};
    const struct mesh_port *port;
    bool ok = false;
    *out = (struct why){.customer_id = STR(""), .retired_id = STR(""), .cause = STR("")};
    if (!identity_port_table(q->m, q->c, q->a, &port, &x.table, e) || !secret_key(q->s->data_dir, IDENTITY_KEY_FILE, x.key, e) || !rules_open(&q->m->identity, &x.rules, e))
        goto out;
    if (!x.table.n) {
        err_set(e, E_NOT_BUILT, "%.*s has not been built yet", STR_FMT(port->ref));
        err_hint(e, "trellis run builds it");
        goto out;
    }
    if (!find_customer(&x, who, e) || !read_rows(&x, e) || !read_decisions(&x, e))
        goto out;
    struct row **by = arena_array(q->a, x.n + 1, sizeof(struct row *));
    for (size_t i = 0; i < x.n; i++)
        by[i] = &x.rows[i];
    number_sets(&x, by);
    number_identifiers(&x, by);
    if (!start_at(&x, from, e))
        goto out;
    if (out->n)
        walk(&x, by);
    ok = left_out(&x, e);
out:
    mem_free(x.rows);
    rules_close(x.rules);
    return ok;
}

/* The first characters of one byte each, at most n. */
static int plain(struct str s, size_t n)
{
    size_t i = 0;
    while (i < n && i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return (int)i;
}

/* Enough to know it again, not to learn it. */
struct str identity_masked(struct arena *a, struct str value)
{
    struct str host, name = str_cut(value, '@', &host);
    if (host.p && host.n > 2)
        return arena_printf(a, "%.*s…@%.*s…", plain(name, name.n > 2), name.p, plain(host, 1), host.p);
    return arena_printf(a, "%.*s…", plain(value, value.n >= 12 ? 2 : value.n >= 4 ? 1 : 0), value.p);
}
