/* Customers: the list, one of them whole, what happened in order, consent as it was said, and personal values when somebody has to
 * see them. Rows come through the gate with personal columns masked; a reveal is written down before it is read (govern/reveal.h). */
#include "serve/gate_rows.h"
#include "serve/put.h"

#include "base/json.h"
#include "govern/reveal.h"
#include "identity/ask.h"
#include "identity/decisions.h"
#include "govern/audit.h"
#include "govern/policy.h"

enum { SHOWN = 50, SHOWN_MAX = 500, TIMELINE = 100, ID_LENGTH = 28, KIND_MAX = 64, FIELDS_MAX = 60, REASON_MIN = 3, REASON_MAX = 500, BEFORE_MAX = 600, FOREVER = 200000 };
#define CUSTOMERS "shared.customer"

static struct engine_param text_param(struct str s)
{
    return (struct engine_param){.type = ENGINE_TEXT, .s = s};
}

static struct engine_param int_param(int64_t v)
{
    return (struct engine_param){.type = ENGINE_INT, .i = v};
}

/* ---- the list ---- */

static const struct {
    const char *name, *order;
} orders[] = {{"recent", "last_seen_at DESC NULLS LAST, customer_id"},
              {"value", "revenue_reporting DESC NULLS LAST, orders DESC, customer_id"},
              {"new", "first_seen_at DESC NULLS LAST, customer_id"}};

bool route_customers(struct call *c, struct err *e)
{
    struct str sort = STR(""), known = STR("");
    int64_t limit, offset;
    size_t n, k = 0;
    http_query_param(c->req, c->a, "sort", &sort);
    http_query_param(c->req, c->a, "known", &known);
    if (!call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e) || !call_int(c, "offset", 0, 0, FOREVER, &offset, e))
        return false;
    while (sort.n && k < sizeof orders / sizeof *orders && !str_eq(sort, str_of(orders[k].name)))
        k++;
    if (k == sizeof orders / sizeof *orders)
        return err_set(e, E_USAGE, "sort is one of recent, value, new");
    const char *where = str_eq(known, STR("true")) ? " WHERE is_known" : "";
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool ok = gate_rows(c, &b, "counts", STR("SELECT count(*) AS customers, count(*) FILTER (is_known) AS known, count(*) FILTER (orders > 0) AS buyers, "
                                             "CAST(sum(revenue_reporting) AS DECIMAL(18,2)) AS revenue, max(last_seen_at) AS last_seen_at FROM " CUSTOMERS),
                        NULL, 0, 1, &n, e) &&
              gate_rows(c, &b, "customers",
                        arena_printf(c->a,
                                     "SELECT customer_id, is_known, first_seen_at, last_seen_at, sessions, orders, revenue_reporting, reporting_currency, "
                                     "first_channel_group, country, identifiers, granted_purposes, denied_purposes, consent_conflict FROM " CUSTOMERS
                                     "%s ORDER BY %s LIMIT %lld OFFSET %lld",
                                     where, orders[k].order, (long long)limit, (long long)offset),
                        NULL, 0, limit, &n, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

/* ---- one ---- */

bool call_no_customer(struct err *e)
{
    err_set(e, E_NOT_FOUND, "there is no customer of this id");
    err_hint(e, "an e-mail or user id is searched by: trellis identity explain EMAIL_OR_ID");
    return false;
}

/* c_ and 26 characters: what somebody is known by has no place in an address. */
static bool is_customer_id(struct str s)
{
    bool good = s.n == ID_LENGTH && s.p[0] == 'c' && s.p[1] == '_';
    for (size_t i = 2; i < s.n && good; i++)
        good = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '2' && s.p[i] <= '7');
    return good;
}

/* Does the gate show this customer to them, for this purpose? Else the same words as for one that is not there. */
bool call_sees_customer(struct call *c, struct str id, struct err *e)
{
    const struct engine_param p = text_param(id);
    struct buf unused = call_buf();
    struct err why = {0};
    size_t n = 0;
    bool ok = gate_rows(c, &unused, "seen", STR("SELECT customer_id FROM " CUSTOMERS " WHERE customer_id = $1"), &p, 1, 1, &n, &why);
    buf_fini(&unused);
    if (!ok && why.code != E_NOT_FOUND && why.code != E_NOT_BUILT)
        return (*e = why, false);
    return n > 0 || call_no_customer(e);
}

/* The id in use for an id that may be retired. Neither known: as asked, the rows then say that there is none. */
bool call_customer_in_use(struct call *c, struct str asked, struct str *now, struct str *cause, struct err *e)
{
    struct ask q = {.s = c->app->state, .m = c->whole, .a = c->a};
    struct why w;
    struct err absent = {0};
    *now = asked;
    *cause = STR("");
    if (!is_customer_id(asked))
        return call_no_customer(e);
    if (!engine_connect(c->app->state->engine, &q.c, e))
        return false;
    bool ok = identity_why(&q, asked, STR(""), &w, &absent);
    engine_disconnect(q.c);
    if (ok) {
        *now = w.customer_id;
        *cause = w.retired_id.n ? w.cause : STR("");
    }
    c->person = *now;
    if (!call_whole(c) && !call_sees_customer(c, *now, e)) /* not that there was one, nor under which id */
        return false;
    return ok || absent.code == E_NOT_FOUND || absent.code == E_NOT_BUILT || absent.code == E_USAGE || err_set(e, absent.code, "%s", absent.text);
}

/* Rows one by one, not groups of people alone. */
static bool sees_rows(struct call *c, const char *ref)
{
    const struct mesh_port *p = mesh_find_port(c->mesh, str_of(ref));
    return p && policy_access(c->whole, &c->who, STR("analytics"), p, c->a).tier != TIER_AGGREGATED;
}

/* As gate_rows; empty where they do not see rows of one of the ports that the part is made of. */
static bool part(struct call *c, struct buf *b, const char *key, const char *const *ports, struct str sql, const struct engine_param *p, size_t n_params, int64_t limit, struct err *e)
{
    size_t n;
    for (size_t i = 0; !call_whole(c) && ports[i]; i++)
        if (!sees_rows(c, ports[i])) {
            put_raw(b, key, STR("[]"));
            return true;
        }
    return gate_rows(c, b, key, sql, p, n_params, limit, &n, e);
}

bool route_customer(struct call *c, struct err *e)
{
    struct str id, cause;
    size_t n = 0;
    if (!call_customer_in_use(c, c->args[0], &id, &cause, e))
        return false;
    const struct engine_param p = text_param(id);
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "customer_id", id);
    put_opt(&b, "redirected_from", str_eq(id, c->args[0]) ? STR("") : c->args[0]);
    put_opt(&b, "redirect_cause", cause);
    bool ok = gate_rows(c, &b, "profile", STR("SELECT * FROM " CUSTOMERS " WHERE customer_id = $1"), &p, 1, 1, &n, e);
    if (ok && n == 0)
        ok = call_no_customer(e);
    ok = ok &&
         part(c, &b, "traits", (const char *const[]){"shared.customer_trait", NULL}, STR("SELECT name, value, rule, origin, source, told_at, times_told FROM shared.customer_trait WHERE customer_id = $1 ORDER BY name"), &p, 1, 200, e) &&
         part(c, &b, "sightings", (const char *const[]){"shared.identity", NULL},
                   STR("SELECT kind, source, count(DISTINCT evidence) AS times, nullif(min(first_seen), TIMESTAMP '1970-01-01') AS first_seen, max(last_seen) AS last_seen "
                       "FROM shared.identity WHERE customer_id = $1 AND admitted GROUP BY kind, source ORDER BY kind, source"),
                   &p, 1, 500, e) &&
         part(c, &b, "consent", (const char *const[]){"shared.consent", NULL}, STR("SELECT purpose, status, granted, source, since, expires_at, conflict, policy_version FROM shared.consent WHERE customer_id = $1 ORDER BY purpose"), &p, 1, 50, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

bool route_customer_timeline(struct call *c, struct err *e)
{
    struct str id, cause, before = STR(""), kind = STR("");
    int64_t limit;
    http_query_param(c->req, c->a, "before", &before);
    http_query_param(c->req, c->a, "kind", &kind);
    if (!call_int(c, "limit", TIMELINE, 1, SHOWN_MAX, &limit, e) || !call_customer_in_use(c, c->args[0], &id, &cause, e))
        return false;
    if (before.n > BEFORE_MAX || kind.n > KIND_MAX)
        return err_set(e, E_USAGE, "`before` is the time and the id of an entry, `kind` one of its kinds");
    /* `before` is "time|interaction_id" of the last one seen: times alone are not unique. */
    struct str rest, at = str_cut(before, '|', &rest);
    const struct engine_param p[] = {text_param(id), text_param(at), text_param(kind), int_param(limit), text_param(rest.p ? rest : STR(""))};
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool ok = part(c, &b, "timeline", (const char *const[]){"shared.interaction", "shared.touchpoint", NULL},
                        STR("SELECT i.interaction_id, i.occurred_at, i.kind, i.name, i.channel_group, i.campaign_name, i.page_host, i.page_path, i.page_title, i.order_id, "
                            "i.revenue_reporting, i.device_category, i.is_bot, i.is_internal, i.source, t.session_id, t.begins_session FROM shared.interaction AS i "
                            "LEFT JOIN shared.touchpoint AS t ON t.customer_id = i.customer_id AND t.interaction_id = i.interaction_id WHERE i.customer_id = $1 "
                            "AND ($2 = '' OR i.occurred_at < TRY_CAST($2 AS TIMESTAMP) OR (i.occurred_at = TRY_CAST($2 AS TIMESTAMP) AND i.interaction_id > $5)) AND ($3 = '' OR i.kind = $3) "
                            "ORDER BY i.occurred_at DESC, i.interaction_id LIMIT $4"),
                        p, 5, limit, e) &&
              part(c, &b, "kinds", (const char *const[]){"shared.interaction", NULL}, STR("SELECT kind, count(*) AS n FROM shared.interaction WHERE customer_id = $1 GROUP BY kind ORDER BY kind"), p, 1, 50, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

bool route_customer_consent(struct call *c, struct err *e)
{
    struct str id, cause;
    if (!call_customer_in_use(c, c->args[0], &id, &cause, e))
        return false;
    const struct engine_param p = text_param(id);
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool ok = part(c, &b, "statements", (const char *const[]){"shared.consent_statement", NULL},
                        STR("SELECT occurred_at, purpose, status, system, category, policy_version, source FROM shared.consent_statement WHERE customer_id = $1 ORDER BY occurred_at DESC, "
                            "purpose, statement_id LIMIT 500"),
                        &p, 1, 500, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

/* ---- a reveal ---- */

/* The names of `fields`; what is no personal column of the port the gate refuses. */
static bool fields_read(struct call *c, yyjson_val *list, struct str **out, size_t *n, struct err *e)
{
    size_t i, max;
    yyjson_val *v;
    *n = 0;
    *out = arena_array(c->a, FIELDS_MAX + 1, sizeof **out);
    yyjson_arr_foreach(list, i, max, v)
    {
        if (!yyjson_is_str(v) || *n == FIELDS_MAX)
            return err_set(e, E_USAGE, "`fields` names personal columns of " CUSTOMERS ", at most %d", FIELDS_MAX);
        (*out)[(*n)++] = arena_str(c->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    }
    return *n > 0 || (err_set(e, E_USAGE, "`fields` is empty"), err_hint(e, "{\"fields\":[\"email\"],\"reason\":\"support call 17\"}"), false);
}

bool route_customer_reveal(struct call *c, struct err *e)
{
    struct reveal_ask ask = {.principal = &c->who, .port = STR(CUSTOMERS), .purpose = call_purpose(c)};
    struct reveal_value *values;
    struct str cause, *fields = NULL;
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    ask.reason = arena_str(c->a, str_trim(json_str(root, "reason")));
    bool ok = doc != NULL;
    if (ok && (ask.reason.n < REASON_MIN || ask.reason.n > REASON_MAX))
        ok = err_set(e, E_USAGE, "say why in `reason`: it is written down with your name, the customer and the fields");
    ok = ok && fields_read(c, yyjson_obj_get(root, "fields"), &fields, &ask.n_fields, e);
    yyjson_doc_free(doc);
    ask.fields = fields;
    if (!ok || !call_customer_in_use(c, c->args[0], &ask.customer_id, &cause, e) || !govern_reveal(c->app->govern, &ask, c->a, &values, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "customer_id", ask.customer_id);
    put_open(&b, "values", '{');
    for (size_t i = 0; i < ask.n_fields; i++)
        put_raw(&b, arena_strz(c->a, values[i].name), values[i].json);
    put_close(&b, '}');
    put_close(&b, '}');
    http_reply_header(c->reply, "Cache-Control", STR("no-store"));
    call_json(c, &b);
    return true;
}

bool route_customer_reveals(struct call *c, struct err *e)
{
    struct str id, cause;
    struct audit_entry *v;
    size_t n;
    if (!call_customer_in_use(c, c->args[0], &id, &cause, e))
        return false;
    const struct audit_ask ask = {.kind = AUDIT_REVEAL, .person = id, .limit = SHOWN};
    if (!audit_find(govern_audit(c->app->govern), c->a, &ask, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "reveals", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(&b, NULL, '{');
        put_time(&b, "at", v[i].at_us);
        put_str(&b, "principal", v[i].principal);
        put_str(&b, "fields", call_revealed(c, v[i].what));
        put_str(&b, "reason", v[i].detail);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
