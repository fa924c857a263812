/* Consent as it holds, as it was known on a day and as it held then, of one person; and its figures. Rows of shared.consent* come through the gate, as the
 * program's own question: who may be here has the right to state consent. */
#include "serve/routes_consent.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "identity/key.h"
#include "serve/put.h"

enum { STATEMENTS = 1000, ROWS = 5000, DAYS = 90 };

struct held { struct str purpose, status, source; bool granted, said; int64_t since_us, expires_us; const char *from; };
struct person_words {
    struct call *c;
    struct engine_conn *conn;
    struct str kind, value, customer_id;
};

/* ---- asking ---- */

typedef void (*row_fn)(void *ctx, const struct engine_chunk *ch, size_t row);

/* False with E_NOT_FOUND or E_NOT_BUILT where the mesh has no such port. */
static bool gate_ask(struct call *c, struct str sql, const struct engine_param *p, size_t n, struct str as_of, row_fn each, void *ctx, struct err *e)
{
    const struct govern_request q = {.principal = &GOVERN_ITSELF, .sql = sql, .params = p, .n_params = n, .as_of = as_of, .row_limit = ROWS};
    struct govern_result *r = NULL;
    struct engine_chunk *ch = NULL;
    size_t rows = 0;
    bool ok = govern_query(c->app->govern, &q, &r, e);
    while (ok && (ok = govern_result_next(r, &ch, &rows, e)) && ch)
        for (size_t row = 0; row < rows; row++)
            each(ctx, ch, row);
    govern_result_close(r);
    return ok;
}

/* A mesh without shared.consent, or before its first build, has the desk alone. */
static bool or_nothing(bool ok, struct err *e)
{
    if (ok || (e->code != E_NOT_FOUND && e->code != E_NOT_BUILT && e->code != E_SQL))
        return ok;
    *e = (struct err){0};
    return true;
}

static bool trusted_ask(struct engine_conn *conn, struct str sql, const struct engine_param *p, size_t n, row_fn each, void *ctx, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    bool ok = engine_query(conn, sql, p, n, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++)
            each(ctx, ch, row);
    engine_result_close(r);
    return ok;
}

static struct str text_of(struct arena *a, const struct engine_chunk *ch, size_t col, size_t row)
{
    return engine_cell_null(ch, col, row) ? STR("") : arena_str(a, engine_cell_str(ch, col, row));
}

static int64_t int_of(const struct engine_chunk *ch, size_t col, size_t row)
{
    return engine_cell_null(ch, col, row) ? 0 : engine_cell_i64(ch, col, row);
}

static struct engine_param text_param(struct str s)
{
    return (struct engine_param){.type = ENGINE_TEXT, .s = s};
}

/* ---- what holds, by purpose ---- */

struct holding { struct call *c; struct held *v; size_t n; const char *from; bool newer_only; };

static void holding_open(struct holding *h, struct call *c)
{
    *h = (struct holding){.c = c, .n = c->whole->consent.n_purposes};
    h->v = arena_array(c->a, h->n + 1, sizeof *h->v);
    for (size_t i = 0; i < h->n; i++) {
        const struct mesh_purpose *p = &c->whole->consent.purposes[i];
        h->v[i] = (struct held){.purpose = p->name, .status = STR("unknown"), .granted = p->fail_open, .source = STR("policy"), .from = "default"};
    }
}

/* Columns: purpose, status, granted, source, since, expires_at. */
static void hold(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct holding *h = ctx;
    struct str purpose = text_of(h->c->a, ch, 0, row);
    for (size_t i = 0; i < h->n; i++) {
        struct held *x = &h->v[i];
        int64_t since = int_of(ch, 4, row);
        if (!str_eq(x->purpose, purpose) || (h->newer_only && x->said && since < x->since_us))
            continue;
        x->status = text_of(h->c->a, ch, 1, row);
        x->granted = int_of(ch, 2, row) != 0;
        x->source = text_of(h->c->a, ch, 3, row);
        x->since_us = since;
        x->expires_us = int_of(ch, 5, row);
        x->said = !str_eq(x->status, STR("unknown"));
        x->from = x->said ? h->from : "default";
    }
}

static void holding_put(const struct holding *h, struct buf *b, const char *key, int64_t now_us)
{
    put_open(b, key, '[');
    for (size_t i = 0; i < h->n; i++) {
        const struct held *x = &h->v[i];
        const struct mesh_purpose *p = &h->c->whole->consent.purposes[i];
        bool expired = x->granted && x->expires_us > 0 && x->expires_us <= now_us;
        put_open(b, NULL, '{');
        put_str(b, "purpose", x->purpose);
        put_str(b, "status", x->status);
        put_bool(b, "granted", expired ? p->fail_open : x->granted);
        put_opt(b, "source", x->source);
        put_time(b, "since", x->since_us);
        put_time(b, "expires_at", x->expires_us);
        put_bool(b, "expired", expired);
        put_str(b, "from", str_of(x->from));
        put_close(b, '}');
    }
    put_close(b, ']');
}

#define EXPIRES "epoch_us(occurred_at + to_seconds((SELECT max(expires_s) FROM mesh.govern.consent_purpose AS e WHERE e.purpose = s.purpose)))"
/* Of the desk: what somebody said by this identifier, or as this customer under any id that led to them. */
#define THEIRS "((s.kind = $1 AND lower(trim(s.value)) = lower(trim($2))) OR ($3 <> '' AND (s.customer_id = $3 OR s.customer_id IN (SELECT old_id FROM mesh.identity.redirect WHERE customer_id = $3))))"

static bool hold_product(struct person_words *w, struct holding *h, struct str as_of, struct err *e)
{
    const struct engine_param p = text_param(w->customer_id);
    h->from = "product";
    return w->customer_id.n == 0 ||
           or_nothing(gate_ask(w->c, STR("SELECT purpose, status, granted, source, epoch_us(since), epoch_us(expires_at) FROM shared.consent WHERE customer_id = $1"), &p, 1, as_of, hold, h, e), e);
}

/* What the gate's view corrects by now. */
static bool hold_now(struct person_words *w, struct holding *h, struct err *e)
{
    const struct engine_param p = text_param(w->customer_id);
    if (!hold_product(w, h, STR(""), e))
        return false;
    h->from = "desk";
    if (w->customer_id.n)
        return trusted_ask(w->conn,
                           STR("SELECT d.purpose, s.status, d.says, s.source, epoch_us(d.since), epoch_us(d.expires_at) FROM mesh.govern.consent_desk AS d"
                               " JOIN mesh.govern.consent_said AS s ON s.statement_id = d.statement_id WHERE d.customer_id = $1"),
                           &p, 1, hold, h, e);
    /* Nobody knows them yet: their word waits, and is shown as it will hold. */
    const struct engine_param who[] = {text_param(w->kind), text_param(w->value), text_param(STR(""))};
    return trusted_ask(w->conn, STR("SELECT purpose, status, status = 'granted', source, epoch_us(occurred_at), CASE WHEN status = 'granted' THEN " EXPIRES " END FROM mesh.govern.consent_said AS s WHERE " THEIRS
                                    " QUALIFY row_number() OVER (PARTITION BY purpose ORDER BY occurred_at DESC, status = 'granted', seq DESC) = 1"),
                       who, 3, hold, h, e);
}

/* The desk's newest words until a moment, by when they were recorded or by when they were said. */
static bool hold_desk_until(struct person_words *w, struct holding *h, const char *column, int64_t until_us, struct err *e)
{
    const struct engine_param p[] = {text_param(w->kind), text_param(w->value), text_param(w->customer_id), {.type = ENGINE_INT, .i = until_us}};
    h->from = "desk";
    h->newer_only = true;
    return trusted_ask(w->conn,
                       arena_printf(w->c->a,
                                    "SELECT purpose, status, status = 'granted', source, epoch_us(occurred_at), CASE WHEN status = 'granted' THEN " EXPIRES " END FROM mesh.govern.consent_said AS s WHERE " THEIRS
                                    " AND s.%s < make_timestamp($4::BIGINT) QUALIFY row_number() OVER (PARTITION BY purpose ORDER BY occurred_at DESC, status = 'granted', seq DESC) = 1",
                                    column),
                       p, 4, hold, h, e);
}

/* What had been said until then, as is known today: of one set of identifiers the newest word, then as the merge rule says. */
static bool hold_then(struct person_words *w, struct holding *h, int64_t until_us, struct err *e)
{
    const struct engine_param p[] = {text_param(w->customer_id), text_param(str_of(clock_iso(until_us).z))};
    const char *order = w->c->whole->consent.newest_wins ? "occurred_at DESC, yes" : "yes, occurred_at DESC";
    h->from = "product";
    if (w->customer_id.n &&
        !or_nothing(gate_ask(w->c,
                             arena_printf(w->c->a,
                                          "WITH word AS (SELECT purpose, status, status = 'granted' AS yes, system, occurred_at, evidence FROM shared.consent_statement WHERE customer_id = $1 AND purpose IS NOT NULL AND"
                                          " status <> 'unknown' AND occurred_at < CAST($2 AS TIMESTAMP) QUALIFY row_number() OVER (PARTITION BY purpose, evidence ORDER BY occurred_at DESC, status = 'granted') = 1)"
                                          " SELECT purpose, status, yes, system, epoch_us(occurred_at), CAST(NULL AS BIGINT) FROM word QUALIFY row_number() OVER (PARTITION BY purpose ORDER BY %s) = 1",
                                          order),
                             p, 2, STR(""), hold, h, e),
                    e))
        return false;
    return hold_desk_until(w, h, "occurred_at", until_us, e);
}

/* ---- what was said ---- */

struct saying { struct call *c; struct buf *b; };

/* Columns: occurred_at, recorded_at, purpose, status, system, source, kind, proof, actor, waiting. */
static void said_put(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct saying *s = ctx;
    struct arena *a = s->c->a;
    put_open(s->b, NULL, '{');
    put_time(s->b, "at", int_of(ch, 0, row));
    put_time(s->b, "recorded_at", int_of(ch, 1, row));
    put_opt(s->b, "purpose", text_of(a, ch, 2, row));
    put_str(s->b, "status", text_of(a, ch, 3, row));
    put_str(s->b, "system", text_of(a, ch, 4, row));
    put_opt(s->b, "source", text_of(a, ch, 5, row));
    put_opt(s->b, "kind", text_of(a, ch, 6, row));
    put_bool(s->b, "proof", int_of(ch, 7, row) != 0);
    put_opt(s->b, "actor", text_of(a, ch, 8, row));
    put_bool(s->b, "waiting", int_of(ch, 9, row) != 0);
    put_close(s->b, '}');
}

static bool statements_put(struct person_words *w, struct buf *b, struct err *e)
{
    const struct engine_param p = text_param(w->customer_id), who[] = {text_param(w->kind), text_param(w->value), text_param(w->customer_id)};
    struct saying s = {w->c, b};
    put_open(b, "statements", '[');
    bool ok = trusted_ask(w->conn,
                          STR("SELECT epoch_us(occurred_at), epoch_us(recorded_at), purpose, status, 'desk', source, kind, proof IS NOT NULL, actor, NOT taken FROM mesh.govern.consent_said AS s WHERE " THEIRS
                              " ORDER BY occurred_at DESC, seq DESC LIMIT 1000"),
                          who, 3, said_put, &s, e) &&
              (w->customer_id.n == 0 ||
               or_nothing(gate_ask(w->c,
                                   STR("SELECT epoch_us(occurred_at), CAST(NULL AS BIGINT), purpose, status, system, source, CAST(NULL AS VARCHAR), proof IS NOT NULL, CAST(NULL AS VARCHAR), false"
                                       " FROM shared.consent_statement WHERE customer_id = $1 AND system <> 'desk' ORDER BY occurred_at DESC, purpose, statement_id LIMIT 1000"),
                                   &p, 1, STR(""), said_put, &s, e),
                          e));
    put_close(b, ']');
    return ok;
}

static bool show(struct person_words *w, struct str on, struct err *e)
{
    struct call *c = w->c;
    struct holding now;
    int64_t until = 0;
    if (on.n && !clock_day_end_us(on, c->whole->time_zone, &until))
        return err_set(e, E_USAGE, "`on` is a day: YYYY-MM-DD");
    if (!engine_connect(c->app->state->engine, &w->conn, e))
        return false;
    struct buf b = call_buf();
    holding_open(&now, c);
    put_open(&b, NULL, '{');
    put_bool(&b, "known", w->customer_id.n > 0);
    put_opt(&b, "customer_id", w->customer_id);
    put_opt(&b, "on", on);
    bool ok = hold_now(w, &now, e);
    if (ok)
        holding_put(&now, &b, "purposes", clock_now_us());
    if (ok && on.n) {
        struct holding known, then;
        holding_open(&known, c);
        holding_open(&then, c);
        ok = hold_product(w, &known, on, e) && hold_desk_until(w, &known, "recorded_at", until, e) && hold_then(w, &then, until, e);
        if (ok) {
            holding_put(&known, &b, "known_then", until);
            holding_put(&then, &b, "held_then", until);
        }
    } else if (ok) {
        put_null(&b, "known_then");
        put_null(&b, "held_then");
    }
    ok = ok && statements_put(w, &b, e);
    put_close(&b, '}');
    engine_disconnect(w->conn);
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

bool route_consent_show(struct call *c, struct err *e)
{
    struct person_words w = {.c = c};
    const struct desk d = call_desk(c);
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    bool ok = doc && desk_identifier(&d, arena_str(c->a, json_str(root, "identifier")), &w.kind, &w.value, &w.customer_id, e) && show(&w, arena_str(c->a, json_str(root, "on")), e);
    yyjson_doc_free(doc);
    return ok;
}

bool route_consent_history(struct call *c, struct err *e)
{
    struct person_words w = {.c = c};
    const struct desk d = call_desk(c);
    struct str on = STR("");
    http_query_param(c->req, c->a, "on", &on);
    if (!customer_id_is(c->args[0])) {
        err_set(e, E_NOT_FOUND, "there is no customer of this id");
        err_hint(e, "whoever is known by an e-mail or user id is asked for by POST /api/v1/consent/show");
        return false;
    }
    return desk_identifier(&d, arena_printf(c->a, "customer:%.*s", STR_FMT(c->args[0])), &w.kind, &w.value, &w.customer_id, e) && show(&w, on, e);
}

/* ---- figures ---- */

struct figures { struct call *c; struct buf *b; size_t seen; int64_t customers; bool built; };

/* Columns: purpose, granted, denied, expired, unknown, conflicts, counts_as_granted. */
static void purpose_put(void *ctx, const struct engine_chunk *ch, size_t row)
{
    static const char *const names[] = {"granted", "denied", "expired", "unknown", "conflicts", "counts_as_granted"};
    struct figures *f = ctx;
    struct str purpose = text_of(f->c->a, ch, 0, row);
    int64_t all = 0;
    put_open(f->b, NULL, '{');
    put_str(f->b, "purpose", purpose);
    for (size_t i = 0; i < f->c->whole->consent.n_purposes; i++) {
        const struct mesh_purpose *p = &f->c->whole->consent.purposes[i];
        if (!str_eq(p->name, purpose))
            continue;
        put_str(f->b, "title", p->title);
        put_str(f->b, "default", p->fail_open ? STR("granted") : STR("denied"));
        if (p->expires_s)
            put_int(f->b, "expires_s", p->expires_s);
        else
            put_null(f->b, "expires_s");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int64_t n = int_of(ch, i + 1, row);
        put_int(f->b, names[i], n);
        all += i < 4 ? n : 0;
    }
    put_close(f->b, '}');
    f->built = true;
    f->customers = all > f->customers ? all : f->customers;
}

static void source_put(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct figures *f = ctx;
    put_open(f->b, NULL, '{');
    put_str(f->b, "purpose", text_of(f->c->a, ch, 0, row));
    put_str(f->b, "source", text_of(f->c->a, ch, 1, row));
    put_int(f->b, "granted", int_of(ch, 2, row));
    put_int(f->b, "denied", int_of(ch, 3, row));
    put_close(f->b, '}');
}

static void day_put(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct figures *f = ctx;
    put_open(f->b, NULL, '{');
    put_str(f->b, "day", text_of(f->c->a, ch, 0, row));
    put_str(f->b, "purpose", text_of(f->c->a, ch, 1, row));
    put_int(f->b, "granted", int_of(ch, 2, row));
    put_int(f->b, "denied", int_of(ch, 3, row));
    put_close(f->b, '}');
}

static void desk_put(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct figures *f = ctx;
    put_open(f->b, NULL, '{');
    put_str(f->b, "purpose", text_of(f->c->a, ch, 0, row));
    put_str(f->b, "status", text_of(f->c->a, ch, 1, row));
    put_int(f->b, "statements", int_of(ch, 2, row));
    put_close(f->b, '}');
}

static void purposes_without_rows(struct figures *f)
{
    for (size_t i = 0; i < f->c->whole->consent.n_purposes; i++) {
        const struct mesh_purpose *p = &f->c->whole->consent.purposes[i];
        put_open(f->b, NULL, '{');
        put_str(f->b, "purpose", p->name);
        put_str(f->b, "title", p->title);
        put_str(f->b, "default", p->fail_open ? STR("granted") : STR("denied"));
        if (p->expires_s)
            put_int(f->b, "expires_s", p->expires_s);
        else
            put_null(f->b, "expires_s");
        static const char *const names[] = {"granted", "denied", "expired", "unknown", "conflicts", "counts_as_granted"};
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            put_int(f->b, names[k], 0);
        put_close(f->b, '}');
    }
}

#define FIGURES \
    "WITH word AS (SELECT purpose, status, granted, conflict, granted AND expires_at IS NOT NULL AND expires_at <= CAST($1 AS TIMESTAMP) AS expired FROM shared.consent)" \
    " SELECT purpose, count(*) FILTER (status = 'granted' AND NOT expired), count(*) FILTER (status IN ('denied', 'withdrawn')), count(*) FILTER (expired)," \
    " count(*) FILTER (status = 'unknown'), count(*) FILTER (conflict), count(*) FILTER (CASE WHEN expired THEN purpose IN (%s) ELSE granted END) FROM word GROUP BY purpose ORDER BY purpose"

static struct str open_purposes(struct call *c)
{
    struct buf b = BUF_INIT(1 << 16);
    buf_addz(&b, "''");
    for (size_t i = 0; i < c->whole->consent.n_purposes; i++)
        if (c->whole->consent.purposes[i].fail_open) {
            buf_addz(&b, ", ");
            buf_sql_text(&b, c->whole->consent.purposes[i].name);
        }
    struct str s = arena_str(c->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

bool route_consent(struct call *c, struct err *e)
{
    struct buf b = call_buf();
    struct figures f = {.c = c, .b = &b};
    struct engine_conn *conn = NULL;
    int64_t now = clock_now_us(), waiting = 0;
    const struct engine_param p = text_param(str_of(clock_iso(now).z)), since = text_param(str_of(clock_iso(now - (int64_t)DAYS * 86400 * 1000000).z));
    bool ok = engine_connect(c->app->state->engine, &conn, e);
    put_open(&b, NULL, '{');
    put_open(&b, "purposes", '[');
    struct str open = open_purposes(c);
    ok = ok && or_nothing(gate_ask(c, arena_printf(c->a, FIGURES, arena_strz(c->a, open)), &p, 1, STR(""), purpose_put, &f, e), e);
    if (ok && !f.built)
        purposes_without_rows(&f);
    put_close(&b, ']');
    put_int(&b, "customers", f.customers);
    put_bool(&b, "built", f.built);
    put_str(&b, "merge", c->whole->consent.newest_wins ? STR("newest_wins") : STR("denied_wins"));
    ok = ok && engine_value_i64(conn, STR("SELECT count(*) FROM mesh.govern.consent_said WHERE NOT taken"), NULL, 0, &waiting, e);
    put_int(&b, "waiting", waiting);
    put_open(&b, "sources", '[');
    ok = ok && or_nothing(gate_ask(c, STR("SELECT purpose, source, count(*) FILTER (granted), count(*) FILTER (NOT granted) FROM shared.consent WHERE status <> 'unknown' GROUP BY purpose, source ORDER BY purpose, source"),
                                   NULL, 0, STR(""), source_put, &f, e),
                          e);
    put_close(&b, ']');
    put_open(&b, "days", '[');
    ok = ok && or_nothing(gate_ask(c, STR("SELECT CAST(CAST(occurred_at AS DATE) AS VARCHAR), purpose, count(*) FILTER (status = 'granted'), count(*) FILTER (status IN ('denied', 'withdrawn')) FROM shared.consent_statement"
                                          " WHERE purpose IS NOT NULL AND occurred_at >= CAST($1 AS TIMESTAMP) GROUP BY 1, 2 ORDER BY 1, 2"),
                                   &since, 1, STR(""), day_put, &f, e),
                          e);
    put_close(&b, ']');
    put_open(&b, "desk", '[');
    ok = ok && trusted_ask(conn, STR("SELECT purpose, status, count(*) FROM mesh.govern.consent_said GROUP BY ALL ORDER BY ALL"), NULL, 0, desk_put, &f, e);
    put_close(&b, ']');
    put_close(&b, '}');
    engine_disconnect(conn);
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}
