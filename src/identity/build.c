/* The way in and out of the resolver for the builder: one call, in its transaction. Between calls the resolver stays in memory; after
 * a restart, or when a call did not commit, the port's own table says what it knew. */
#include "identity/identity_int.h"

#include <sodium.h>
#include <stdio.h>

#include "base/log.h"
#include "identity/review.h"

bool graph_open(struct state *s, const struct mesh_identity *rules, struct graph **out, struct err *e)
{
    struct graph *g = mem_alloc(sizeof *g);
    *out = NULL;
    g->sha = rules->sha;
    if (!secret_key(s->data_dir, IDENTITY_KEY_FILE, g->key, e) || !rules_open(rules, &g->rules, e)) {
        graph_close(g);
        return false;
    }
    g->r = resolve_new(rules_of(g->rules));
    *out = g;
    return true;
}

void graph_close(void *graph)
{
    struct graph *g = graph;
    if (!g)
        return;
    resolve_free(g->r);
    rules_close(g->rules);
    mem_free(g->decisions);
    sodium_memzero(g->key, sizeof g->key);
    mem_free(g);
}

struct customer_id graph_customer_id(struct graph *g, uint32_t customer)
{
    struct resolve_identifier first = resolve_identifier_get(g->r, customer);
    struct customer_id id;
    customer_id_make(g->key, rules_kind_name(g->rules, first.kind), first.value, &id);
    return id;
}

/* ---- With what the table was made ---- */

struct made { struct str table, token, rule_sha, decisions; };

static bool made_read(struct engine_conn *c, struct arena *a, struct made *out, struct err *e)
{
    struct str *cells[] = {&out->table, &out->token, &out->rule_sha, &out->decisions};
    static const char *const columns[] = {"table_name", "token", "rule_sha", "decisions"};
    bool null;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (!engine_value(c, arena_printf(a, "SELECT %s FROM mesh.identity.state", columns[i]), NULL, 0, a, cells[i], &null, e))
            return false;
    return true;
}

static bool made_write(struct graph *g, const struct identity_job *j, struct err *e)
{
    unsigned char random[16];
    struct buf b = BUF_INIT((size_t)1 << 20);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(g->token, sizeof g->token, random, sizeof random);
    buf_addz(&b, "DELETE FROM mesh.identity.state; INSERT INTO mesh.identity.state VALUES (");
    buf_sql_text(&b, j->table);
    buf_printf(&b, ", '%s', '%s', '%s')", g->token, g->sha.z, g->decisions);
    bool ok = buf_ok(&b, e) && engine_exec(j->c, buf_str(&b), e);
    snprintf(g->table, sizeof g->table, "%.*s", STR_FMT(j->table));
    buf_fini(&b);
    return ok;
}

/* ---- The call ---- */

struct call {
    const struct identity_job *j;
    struct identity_job with_links;
    struct arena a;
    struct graph *g;
    struct decision_made *decisions;
    size_t n_decisions;
    struct made made;
    struct evidences seen;
    bool whole;
    const char *cause;
};

static void decide(struct call *x, const struct str *only)
{
    struct resolve_decision *d;
    size_t n = decisions_resolve(x->decisions, x->n_decisions, x->g->rules, only, &x->a, &d);
    resolve_decide(x->g->r, d, n);
}

/* The resolver as it was when the table was made: the one in memory, or one made from the table. */
static bool take_state(struct call *x, struct err *e)
{
    struct graph *g = state_kept_take(x->j->s);
    if (g && str_eq(str_of(g->token), x->made.token) && str_eq(str_of(g->table), x->j->table) && str_eq(str_of(g->sha.z), str_of(x->j->m->identity.sha.z))) {
        x->g = g;
        return true;
    }
    graph_close(g);
    if (!graph_open(x->j->s, &x->j->m->identity, &x->g, e))
        return false;
    decide(x, &x->made.decisions);
    if (!graph_load(x->g, x->j->c, x->j->table, false, NULL, e))
        return false;
    resolve_all(x->g->r);
    log_event(LOG_INFO, "identity", "reloaded", "sets=%zu identifiers=%zu", resolve_sets(x->g->r), resolve_identifiers(x->g->r));
    return true;
}

/* Links of records that are no more alike: their sets go, and so do their rows. */
static bool unlink_gone(struct call *x, const struct fuzzy_links *links, struct err *e)
{
    const struct identity_job *j = x->j;
    if (links->n_gone == 0)
        return true;
    for (size_t i = 0; i < links->n_gone; i++)
        resolve_remove(x->g->r, links->gone[i]);
    return engine_exec(j->c, arena_printf(&x->a, "INSERT INTO %.*s SELECT DISTINCT evidence, customer_id FROM %.*s WHERE evidence IN (SELECT pair_id FROM temp.main.idt_link_gone);"
                                                 "DELETE FROM %.*s WHERE evidence IN (SELECT pair_id FROM temp.main.idt_link_gone)",
                                          STR_FMT(j->changed), STR_FMT(j->table), STR_FMT(j->table)), e);
}

static bool resolve_delta(struct call *x, struct err *e)
{
    const struct identity_job *j = x->j;
    struct fuzzy_links links;
    bool same_rules = str_eq(x->made.rule_sha, str_of(j->m->identity.sha.z));
    x->whole = !same_rules || !str_eq(x->made.table, j->table);
    if (!take_state(x, e))
        return false;
    decide(x, NULL);
    if (!identity_fuzzy_observations(j, false, &x->a, &links, e) ||
        !engine_exec(j->c, arena_printf(&x->a, "CREATE OR REPLACE TEMP TABLE idt_seen AS SELECT evidence, kind, value, first_seen::TIMESTAMP AS first_seen,"
                                               " last_seen::TIMESTAMP AS last_seen, source, message_id FROM %.*s WHERE evidence IS NOT NULL%s%.*s",
                                        STR_FMT(j->observations), links.put.n ? " UNION ALL " : "", STR_FMT(links.put)), e) ||
        !graph_load(x->g, j->c, STR("temp.main.idt_seen"), true, &x->seen, e) || !unlink_gone(x, &links, e))
        return false;
    if (x->whole)
        resolve_all(x->g->r);
    else
        resolve_changes(x->g->r);
    return true;
}

static bool resolve_whole(struct call *x, struct err *e)
{
    const struct identity_job *j = x->j;
    struct fuzzy_links links;
    graph_close(state_kept_take(j->s)); /* before the new one takes as much memory */
    x->whole = true;
    if (!graph_open(j->s, &j->m->identity, &x->g, e))
        return false;
    decide(x, NULL);
    if (!identity_fuzzy_observations(j, true, &x->a, &links, e))
        return false;
    if (links.put.n) {
        x->with_links = *j;
        x->with_links.observations = arena_printf(&x->a, "(SELECT evidence, kind, value, first_seen, last_seen, source, message_id FROM %.*s UNION ALL %.*s)",
                                                  STR_FMT(j->observations), STR_FMT(links.put));
        x->j = j = &x->with_links;
    }
    if (!graph_load(x->g, j->c, j->observations, false, NULL, e))
        return false;
    resolve_all(x->g->r);
    return true;
}

static void count(struct call *x, struct identity_report *r)
{
    struct resolve_outcome o;
    struct resolve_counts n = resolve_counts_get(x->g->r);
    resolve_outcome_get(x->g->r, &o);
    r->evidences = (int64_t)n.sets;
    r->identifiers = (int64_t)n.identifiers;
    r->customers = (int64_t)n.customers;
    r->changed = x->whole ? (int64_t)n.sets : (int64_t)o.n_changed;
}

bool identity_build(const struct identity_job *j, struct identity_report *r, struct err *e)
{
    struct call x = {.j = j};
    unsigned char key[SECRET_BYTES];
    bool ok = false;
    *r = (struct identity_report){0};
    arena_init(&x.a);
    if (!secret_key(j->s->data_dir, IDENTITY_KEY_FILE, key, e) || !made_read(j->c, &x.a, &x.made, e) ||
        !decisions_read(j->s->store, key, &x.a, &x.decisions, &x.n_decisions, e) || !(j->delta ? resolve_delta(&x, e) : resolve_whole(&x, e)))
        goto out;
    struct str decisions = decisions_text(x.decisions, x.n_decisions, &x.a);
    x.cause = !str_eq(x.made.rule_sha, str_of(x.g->sha.z)) ? "rules" : !str_eq(x.made.decisions, decisions) ? "decision" : "late";
    mem_free(x.g->decisions);
    x.g->decisions = mem_strdup(decisions);
    struct write w = {.g = x.g, .c = j->c, .a = &x.a, .job = x.j, .whole = x.whole, .cause = x.cause, .seen = &x.seen, .report = r};
    ok = identity_write(&w, e) && made_write(x.g, j, e);
    if (ok)
        count(&x, r);
out:
    if (ok)
        state_kept_give(j->s, x.g, graph_close);
    else
        graph_close(x.g);
    mem_free(x.seen.v);
    sodium_memzero(key, sizeof key);
    arena_fini(&x.a);
    return ok;
}

/* Not the key itself, but whether it is the same one. */
bool identity_print(struct state *s, const struct mesh *m, struct buf *out, struct err *e)
{
    struct arena a;
    struct store_decision *d;
    size_t n;
    unsigned char key[SECRET_BYTES];
    struct customer_id probe;
    arena_init(&a);
    bool ok = secret_key(s->data_dir, IDENTITY_KEY_FILE, key, e) && store_decisions(s->store, &a, &d, &n, e);
    if (ok) {
        customer_id_make(key, STR(""), STR(""), &probe);
        buf_printf(out, "identity %s %s", m->identity.sha.z, probe.z);
        for (size_t i = 0; i < n; i++)
            if (d[i].withdrawn_at_us == 0)
                buf_printf(out, " %lld", (long long)d[i].id);
        ok = buf_ok(out, e);
    }
    sodium_memzero(key, sizeof key);
    arena_fini(&a);
    return ok;
}
