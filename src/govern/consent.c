/* Consent as it stands now: the desk's statements, and what corrects shared.consent until it is built again. Writers follow one another (the tables are
 * small and made anew), so that no transaction of the engine finds another's rows changed under it; readers never wait. */
#include "govern/consent.h"

#include <pthread.h>
#include <stdio.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"

enum { SQL_MAX = 1 << 20, ID_BYTES = 10 };
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static bool run(struct engine_conn *c, struct buf *b, struct err *e)
{
    return buf_ok(b, e) && engine_exec(c, buf_str(b), e);
}

static bool rolled_back(struct engine_conn *c)
{
    if (!engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "consent", "rollback", "already ended");
    return false;
}

/* ---- what is live ---- */

struct live {
    struct str consent, statement;  /* SQL names; empty: not live, or not of this shape */
    bool expires, since;            /* columns of consent */
};

static bool has(const struct engine_column *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(v[i].name, str_of(name)))
            return true;
    return false;
}

/* The live view of a port with at least these columns. */
static bool live_view(struct engine_conn *c, struct arena *a, const struct mesh *m, const char *ref, const char *const *columns, struct str *name,
                      struct engine_column **cols, size_t *n, struct err *e)
{
    const struct mesh_port *p = mesh_find_port(m, str_of(ref));
    int64_t live = 0;
    *name = STR("");
    *n = 0;
    if (!p)
        return true;
    struct engine_param param = {.type = ENGINE_TEXT, .s = p->ref_major};
    if (!engine_value_i64(c, STR("SELECT count(*) FROM mesh.sys.port_version WHERE live AND port = $1"), &param, 1, &live, e))
        return false;
    if (live == 0)
        return true;
    struct buf b = BUF_INIT(4096);
    buf_addz(&b, "mesh.live.");
    buf_sql_ident(&b, p->ref_major);
    struct str view = arena_str(a, buf_str(&b));
    buf_fini(&b);
    if (!engine_describe(c, arena_printf(a, "SELECT * FROM %.*s", STR_FMT(view)), a, cols, n, e))
        return false;
    for (size_t i = 0; columns[i]; i++)
        if (!has(*cols, *n, columns[i])) {
            log_event(LOG_ERROR, "consent", "shape", "port=%s column=%s is missing: what it says is not held to", ref, columns[i]);
            return true;
        }
    *name = view;
    return true;
}

static bool live_read(struct engine_conn *c, struct arena *a, const struct mesh *m, struct live *out, struct err *e)
{
    static const char *const of_consent[] = {"customer_id", "purpose", "granted", NULL};
    static const char *const of_statement[] = {"customer_id", "purpose", "status", "evidence", "system", "record", NULL};
    struct engine_column *cols = NULL;
    size_t n = 0;
    *out = (struct live){0};
    if (!live_view(c, a, m, "shared.consent", of_consent, &out->consent, &cols, &n, e))
        return false;
    out->expires = has(cols, n, "expires_at");
    out->since = has(cols, n, "since");
    return live_view(c, a, m, "shared.consent_statement", of_statement, &out->statement, &cols, &n, e);
}

/* 'analytics', 'service': where a yes that has run out counts like one that was never given, which is a yes. */
static struct str open_purposes(const struct mesh *m, struct arena *a)
{
    struct buf b = BUF_INIT(SQL_MAX);
    buf_addz(&b, "''");
    for (size_t i = 0; i < m->consent.n_purposes; i++)
        if (m->consent.purposes[i].fail_open) {
            buf_addz(&b, ", ");
            buf_sql_text(&b, m->consent.purposes[i].name);
        }
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

/* The view is made again only where it has to be: readers would have to bind anew. */
static bool put_view(struct engine_conn *c, const struct mesh *m, struct arena *a, const struct live *l, struct err *e)
{
    struct str was = STR("");
    bool null = true;
    struct str open = open_purposes(m, a);
    struct str now = arena_printf(a, "%.*s%s%.*s", STR_FMT(l->consent), l->expires ? " expires " : "", STR_FMT(l->expires ? open : STR("")));
    if (!engine_value(c, STR("SELECT value FROM mesh.sys.meta WHERE key = 'consent_live'"), NULL, 0, a, &was, &null, e))
        return false;
    if (str_eq(was, now) && (!null || now.n == 0))
        return true;
    struct buf b = BUF_INIT(SQL_MAX);
    buf_addz(&b, "CREATE OR REPLACE VIEW mesh.govern.consent_live AS SELECT ");
    if (l->consent.n)
        buf_printf(&b, "CAST(customer_id AS VARCHAR) AS customer_id, CAST(purpose AS VARCHAR) AS purpose, CAST(granted AS BOOLEAN) AS granted,"
                       " CAST(CASE WHEN purpose NOT IN (%.*s) THEN %s END AS TIMESTAMP) AS expires_at FROM %.*s;",
                   STR_FMT(open), l->expires ? "expires_at" : "NULL", STR_FMT(l->consent));
    else
        buf_addz(&b, "NULL::VARCHAR AS customer_id, NULL::VARCHAR AS purpose, NULL::BOOLEAN AS granted, NULL::TIMESTAMP AS expires_at WHERE false;");
    buf_addz(&b, "DELETE FROM mesh.sys.meta WHERE key = 'consent_live'; INSERT INTO mesh.sys.meta VALUES ('consent_live', ");
    buf_sql_text(&b, now);
    buf_addc(&b, ')');
    bool ok = run(c, &b, e);
    buf_fini(&b);
    return ok;
}

/* Whose evidence may not be shown, by the live table of identity. */
static bool put_evidence(struct engine_conn *c, struct arena *a, const struct consent_look *look, struct err *e)
{
    struct str was = STR("");
    bool null = true;
    if (!engine_value(c, STR("SELECT value FROM mesh.sys.meta WHERE key = 'consent_evidence'"), NULL, 0, a, &was, &null, e))
        return false;
    if (str_eq(was, look->identity) && (!null || look->identity.n == 0))
        return true;
    struct buf b = BUF_INIT(SQL_MAX);
    buf_addz(&b, "CREATE OR REPLACE VIEW mesh.govern.consent_no_evidence AS SELECT ");
    if (look->identity.n)
        buf_printf(&b, "n.purpose, i.evidence FROM %.*s AS i JOIN mesh.govern.consent_no AS n ON n.customer_id = i.customer_id;", STR_FMT(look->identity));
    else
        buf_addz(&b, "NULL::VARCHAR AS purpose, NULL::BIGINT AS evidence WHERE false;");
    buf_addz(&b, "DELETE FROM mesh.sys.meta WHERE key = 'consent_evidence'; INSERT INTO mesh.sys.meta VALUES ('consent_evidence', ");
    buf_sql_text(&b, look->identity);
    buf_addc(&b, ')');
    bool ok = run(c, &b, e);
    buf_fini(&b);
    return ok;
}

/* ---- the parts of a refresh, inside of a transaction ---- */

static bool put_purposes(struct engine_conn *c, const struct mesh *m, struct err *e)
{
    struct buf b = BUF_INIT(SQL_MAX);
    buf_addz(&b, "DELETE FROM mesh.govern.consent_purpose;");
    for (size_t i = 0; i < m->consent.n_purposes; i++) {
        const struct mesh_purpose *p = &m->consent.purposes[i];
        buf_addz(&b, "INSERT INTO mesh.govern.consent_purpose VALUES (");
        buf_sql_text(&b, p->name);
        buf_printf(&b, ", %s, ", p->fail_open ? "true" : "false");
        buf_printf(&b, p->expires_s > 0 ? "%lld);" : "NULL);", (long long)p->expires_s);
    }
    bool ok = run(c, &b, e);
    buf_fini(&b);
    return ok;
}

/* What shared.consent was built from needs no correction any more. */
static bool put_taken(struct engine_conn *c, struct arena *a, const struct live *l, struct err *e)
{
    struct str in = l->consent.n && l->statement.n
                        ? arena_printf(a, "statement_id IN (SELECT record FROM %.*s WHERE system = 'desk')", STR_FMT(l->statement))
                        : STR("false");
    return engine_exec(c, arena_printf(a, "UPDATE mesh.govern.consent_said SET taken = NOT taken WHERE taken <> (%.*s)", STR_FMT(in)), e);
}

/* One row for each customer and purpose: the word of the desk that holds until the next build. A no holds against an older yes. A yes holds against an older
 * no of the same identifier; where another identifier of the customer ever said no, the build decides. */
static void desk_sql(const struct mesh *m, const struct consent_look *look, const struct live *l, struct buf *b)
{
    bool newest = m->consent.newest_wins;
    buf_printf(b,
               "INSERT INTO mesh.govern.consent_desk WITH pending AS MATERIALIZED (SELECT statement_id, seq, kind, %.*s AS v, purpose, status = 'granted' AS says, occurred_at"
               " FROM mesh.govern.consent_said AS s WHERE NOT taken), asked AS MATERIALIZED (SELECT DISTINCT kind, v FROM pending), known AS MATERIALIZED (SELECT"
               " DISTINCT i.kind, asked.v, i.customer_id, i.evidence FROM %.*s AS i JOIN asked ON i.kind = asked.kind AND %.*s = asked.v WHERE i.admitted),"
               " word AS (SELECT p.*, k.customer_id FROM pending AS p JOIN (SELECT DISTINCT kind, v, customer_id FROM known) AS k ON p.kind = k.kind AND p.v = k.v"
               " QUALIFY row_number() OVER (PARTITION BY k.customer_id, p.purpose, p.kind, p.v ORDER BY occurred_at DESC, says, seq DESC) = 1),"
               " one AS MATERIALIZED (SELECT * FROM word QUALIFY row_number() OVER (PARTITION BY customer_id, purpose ORDER BY %s, occurred_at DESC, says, seq DESC) = 1)",
               STR_FMT(look->said_value), STR_FMT(look->identity), STR_FMT(look->identity_value), newest ? "0" : "says");
    bool others = l->consent.n && l->statement.n && !newest;
    if (others)
        buf_printf(b,
                   ", other AS (SELECT DISTINCT one.customer_id, one.purpose FROM one JOIN %.*s AS t ON t.customer_id = one.customer_id AND t.purpose = one.purpose"
                   " LEFT JOIN known AS k ON k.evidence = t.evidence AND k.kind = one.kind AND k.v = one.v"
                   " WHERE one.says AND t.status IN ('denied', 'withdrawn') AND k.evidence IS NULL)",
                   STR_FMT(l->statement));
    buf_addz(b, " SELECT one.statement_id, one.customer_id, one.purpose, one.says, one.occurred_at,"
                " CASE WHEN one.says AND p.expires_s > 0 THEN one.occurred_at + to_seconds(p.expires_s) END"
                " FROM one LEFT JOIN mesh.govern.consent_purpose AS p ON p.purpose = one.purpose");
    if (l->consent.n && l->since)
        buf_printf(b, " LEFT JOIN %.*s AS l ON l.customer_id = one.customer_id AND l.purpose = one.purpose WHERE (l.since IS NULL OR l.since <= one.occurred_at)", STR_FMT(l->consent));
    else
        buf_addz(b, " WHERE true");
    if (others)
        buf_addz(b, " AND (NOT one.says OR (one.customer_id, one.purpose) NOT IN (SELECT (customer_id, purpose) FROM other))");
    buf_addc(b, ';');
}

static bool put_desk(struct engine_conn *c, const struct mesh *m, const struct consent_look *look, const struct live *l, struct err *e)
{
    int64_t pending = 0, there = 0;
    if (!engine_value_i64(c, STR("SELECT count(*) FROM mesh.govern.consent_said WHERE NOT taken"), NULL, 0, &pending, e) ||
        !engine_value_i64(c, STR("SELECT count(*) FROM mesh.govern.consent_desk"), NULL, 0, &there, e))
        return false;
    if (pending == 0 && there == 0)
        return true;
    struct buf b = BUF_INIT(SQL_MAX);
    buf_addz(&b, "DELETE FROM mesh.govern.consent_desk;");
    if (look->identity.n && pending > 0) {
        buf_printf(&b, "UPDATE mesh.govern.consent_said AS s SET customer_id = k.customer_id FROM (SELECT kind, %.*s AS v, min(customer_id) AS customer_id FROM %.*s AS i"
                       " WHERE admitted AND kind IN (SELECT kind FROM mesh.govern.consent_said WHERE NOT taken AND customer_id IS NULL) GROUP BY ALL) AS k WHERE s.customer_id IS NULL AND NOT s.taken"
                       " AND s.kind = k.kind AND %.*s = k.v;",
                   STR_FMT(look->identity_value), STR_FMT(look->identity), STR_FMT(look->said_value));
        desk_sql(m, look, l, &b);
    }
    bool ok = run(c, &b, e);
    buf_fini(&b);
    return ok;
}

/* Customers whose id leads on, while shared.consent still speaks of the old one: what they said holds for the new one, too. */
static bool put_moved(struct engine_conn *c, struct err *e)
{
    return engine_exec(c,
                       STR("DELETE FROM mesh.govern.consent_moved; INSERT INTO mesh.govern.consent_moved SELECT old_id, customer_id FROM mesh.identity.redirect"
                           " WHERE old_id IN (SELECT customer_id FROM mesh.govern.consent_live)"),
                       e);
}

bool consent_refresh(struct engine_conn *c, const struct mesh *m, const struct consent_look *look, enum consent_event why, struct err *e)
{
    struct arena a;
    struct live l;
    arena_init(&a);
    pthread_mutex_lock(&writing);
    bool ok = engine_exec(c, STR("BEGIN"), e);
    if (ok) {
        ok = live_read(c, &a, m, &l, e) && (why == CONSENT_IDENTITY_LIVE || put_view(c, m, &a, &l, e)) && (why != CONSENT_DECLARED || put_purposes(c, m, e)) &&
             (why == CONSENT_IDENTITY_LIVE || put_taken(c, &a, &l, e)) && put_evidence(c, &a, look, e) && put_desk(c, m, look, &l, e) && put_moved(c, e) && engine_exec(c, STR("COMMIT"), e);
        if (!ok)
            rolled_back(c);
    }
    pthread_mutex_unlock(&writing);
    arena_fini(&a);
    if (!ok)
        err_prefix(e, "bringing consent up to date");
    return ok;
}

/* ---- saying ---- */

static void time_put(struct buf *b, int64_t us)
{
    buf_printf(b, "make_timestamp(%lld::BIGINT)", (long long)us);
}

static void text_or_null(struct buf *b, struct str s)
{
    if (s.n)
        buf_sql_text(b, s);
    else
        buf_addz(b, "NULL");
}

static void statement_put(struct buf *b, int64_t seq, const struct consent_statement *s)
{
    const struct str texts[] = {s->statement_id, s->kind, s->value, s->customer_id, s->purpose, s->status, s->source, s->proof};
    buf_printf(b, "(%lld", (long long)seq);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        buf_addz(b, ", ");
        text_or_null(b, texts[i]);
    }
    buf_addz(b, ", ");
    time_put(b, s->occurred_at_us);
    buf_addz(b, ", ");
    time_put(b, s->recorded_at_us);
    buf_addz(b, ", ");
    text_or_null(b, s->actor);
    buf_addz(b, ", false)");
}

static bool put_statements(struct engine_conn *c, struct arena *a, struct consent_statement *v, size_t n, struct err *e)
{
    enum { AT_ONCE = 500 };
    int64_t newest = 0, now = clock_now_us();
    if (!consent_said_mark(c, &newest, e))
        return false;
    struct buf b = BUF_INIT((size_t)64 << 20);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        unsigned char bytes[ID_BYTES];
        char hex[ID_BYTES * 2 + 1];
        randombytes_buf(bytes, sizeof bytes);
        sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
        v[i].statement_id = arena_printf(a, "d_%s", hex);
        v[i].recorded_at_us = now;
        buf_addz(&b, i % AT_ONCE == 0 ? "INSERT INTO mesh.govern.consent_said VALUES " : ", ");
        statement_put(&b, newest + (int64_t)i + 1, &v[i]);
        if (i % AT_ONCE == AT_ONCE - 1 || i + 1 == n) {
            ok = run(c, &b, e);
            sodium_memzero(b.p, b.n);
            buf_reset(&b);
        }
    }
    buf_fini(&b);
    return ok;
}

bool consent_say(struct engine_conn *c, const struct mesh *m, const struct consent_look *look, struct arena *a, struct consent_statement *v, size_t n, struct err *e)
{
    struct live l;
    pthread_mutex_lock(&writing);
    bool ok = engine_exec(c, STR("BEGIN"), e);
    if (ok) {
        ok = live_read(c, a, m, &l, e) && put_statements(c, a, v, n, e) && put_desk(c, m, look, &l, e) && engine_exec(c, STR("COMMIT"), e);
        if (!ok)
            rolled_back(c);
    }
    pthread_mutex_unlock(&writing);
    if (!ok)
        err_prefix(e, "writing down what was said about consent");
    return ok;
}

void consent_hold(void)
{
    pthread_mutex_lock(&writing);
}

void consent_release(void)
{
    pthread_mutex_unlock(&writing);
}

bool consent_said_mark(struct engine_conn *c, int64_t *out, struct err *e)
{
    return engine_value_i64(c, STR("SELECT coalesce(max(seq), 0) FROM mesh.govern.consent_said"), NULL, 0, out, e);
}

void consent_condition_put(struct buf *b, struct str purpose, struct str column)
{
    buf_printf(b, "(%.*s IS NULL OR %.*s NOT IN (SELECT customer_id FROM mesh.govern.consent_no WHERE customer_id IS NOT NULL AND purpose = ", STR_FMT(column), STR_FMT(column));
    buf_sql_text(b, purpose);
    buf_addz(b, "))");
}

/* By the evidence that shared.contact gives to a contact: mesh_hash63('contact:' || contact_key). Not correlated: of an expression the engine would make a loop over all pairs. */
void consent_contact_put(struct buf *b, struct str purpose, struct str column)
{
    buf_printf(b, "(%.*s IS NULL OR CAST('0x' || substr(md5('contact:' || %.*s), 1, 15) AS BIGINT) NOT IN (SELECT evidence FROM mesh.govern.consent_no_evidence WHERE evidence IS NOT NULL AND purpose = ", STR_FMT(column),
               STR_FMT(column));
    buf_sql_text(b, purpose);
    buf_addz(b, "))");
}

void consent_evidence_put(struct buf *b, struct str purpose, struct str column)
{
    buf_addz(b, "NOT EXISTS (SELECT 1 FROM mesh.govern.consent_no_evidence AS trellis__no WHERE trellis__no.purpose = ");
    buf_sql_text(b, purpose);
    buf_printf(b, " AND trellis__no.evidence = %.*s)", STR_FMT(column));
}
