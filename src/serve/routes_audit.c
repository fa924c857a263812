/* The audit log over HTTP: asking, verifying, exporting; and what other handlers write into it. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "base/json.h"
#include "govern/audit.h"
#include "privacy/person.h"

enum { SHOWN = 50, SHOWN_MAX = 1000, FIELDS_MAX = 2048 };

/* ---- for other handlers ---- */

bool call_audit(struct call *c, const struct audit_entry *x, struct err *e)
{
    struct audit_entry y = *x;
    audit_who(&y, &c->who, c->a);
    if (!y.verdict.n)
        y.verdict = STR("ok");
    c->told = true;
    return audit_write(govern_audit(c->app->govern), &y, e);
}

/* Parts of an address may name a person; a refused one may be anything. */
bool call_after(struct call *c, const struct route *rt, bool allowed, bool good, struct err *e)
{
    bool change = rt->verb != VERB_GET && !(rt->flags & ROUTE_READS);
    bool refused =
        !good && (e->code == E_DENIED || e->code == E_HELD) && (!allowed || change); /* a question is the gate's to note */
    struct audit_entry x = {.kind = change ? AUDIT_CHANGE : AUDIT_READ, .what = str_of(rt->id)};
    if (refused) {
        x.verdict = str_of(err_info_get(e->code)->name);
        audit_who(&x, &c->who, c->a);
        audit_note(govern_audit(c->app->govern), &x);
        return true;
    }
    return !good || !change || c->told || (rt->flags & (ROUTE_TELLS | ROUTE_OPEN)) || call_audit(c, &x, e);
}

bool call_changed(struct call *c, struct str what, struct str why, struct err *e)
{
    const struct audit_entry x = {.kind = AUDIT_CHANGE, .what = what, .detail = why};
    return call_audit(c, &x, e);
}

/* "shared.customer: email phone": what was shown, and which of its fields. */
bool call_reveal(struct call *c, struct str what, struct str fields, struct str reason, struct str person, struct err *e)
{
    struct buf text = BUF_INIT((size_t)FIELDS_MAX);
    buf_printf(&text, "%.*s: ", STR_FMT(what));
    for (size_t i = 0; i < fields.n; i++)
        buf_addc(&text, fields.p[i] == ',' ? ' ' : fields.p[i]);
    const struct audit_entry x = {.kind = AUDIT_REVEAL, .what = buf_str(&text), .detail = reason, .person = person, .rows = 1};
    bool ok = buf_ok(&text, e) && call_audit(c, &x, e);
    buf_fini(&text);
    return ok;
}

struct str call_revealed(struct call *c, struct str what)
{
    size_t at = str_find(what, STR(": "), 0);
    if (at == SIZE_MAX)
        return STR("");
    char *fields = arena_strz(c->a, (struct str){what.p + at + 2, what.n - at - 2});
    for (char *p = fields; *p; p++)
        *p = *p == ' ' ? ',' : *p;
    return str_of(fields);
}

/* ---- asking ---- */

/* YYYY-MM-DD in the time zone of the mesh: its beginning, or its end. */
static bool read_moment(struct call *c, const char *name, bool end, int64_t *out, struct err *e)
{
    struct str text = STR(""), zone = c->mesh->time_zone.n ? c->mesh->time_zone : STR("UTC");
    int32_t day;
    *out = 0;
    if (!http_query_param(c->req, c->a, name, &text) || !text.n)
        return true;
    if (clock_parse_date(text, &day)) {
        struct clock_text before = clock_date(end ? day : day - 1);
        if (clock_day_end_us(str_of(before.z), zone, out))
            return true;
    }
    return err_set(e, E_USAGE, "`%s` is a day: YYYY-MM-DD", name);
}

static bool read_flag(struct call *c, const char *name, bool *out, struct err *e)
{
    struct str text = STR("");
    *out = false;
    if (!http_query_param(c->req, c->a, name, &text) || !text.n || str_eq(text, STR("false")))
        return true;
    *out = str_eq(text, STR("true"));
    return *out || err_set(e, E_USAGE, "`%s` is true or false", name);
}

static bool read_kind(struct call *c, int *out, struct err *e)
{
    struct str text = STR("");
    *out = -1;
    if (!http_query_param(c->req, c->a, "kind", &text) || !text.n || (*out = audit_kind_find(text)) >= 0)
        return true;
    struct buf known = BUF_INIT((size_t)512);
    for (int i = 0; i < AUDIT_KIND_COUNT; i++)
        buf_printf(&known, "%s%s", i ? ", " : "", audit_kind_text((enum audit_kind)i));
    err_set(e, E_USAGE, "there is no such kind of entry");
    err_hint(e, "one of %s", buf_z(&known));
    buf_fini(&known);
    return false;
}

static void put_roles(struct buf *b, struct str roles)
{
    put_open(b, "roles", '[');
    for (struct str rest = roles; rest.p && rest.n;)
        put_str(b, NULL, str_cut(rest, ',', &rest));
    put_close(b, ']');
}

static void put_entry(struct buf *b, const struct audit_entry *x)
{
    put_open(b, NULL, '{');
    put_int(b, "id", x->id);
    put_time(b, "at", x->at_us);
    put_str(b, "kind", str_of(audit_kind_text(x->kind)));
    put_str(b, "principal", x->principal);
    put_roles(b, x->roles);
    put_str(b, "purpose", x->purpose);
    put_str(b, "what", x->what);
    put_opt(b, "sql", x->sql_shape);
    put_str(b, "verdict", x->verdict);
    put_opt(b, "detail", x->detail);
    put_opt(b, "person", x->person);
    put_int(b, "rows", x->rows);
    put_int(b, "bytes", x->bytes);
    put_int(b, "elapsed_us", x->elapsed_us);
    put_bool(b, "program", x->quiet);
    put_close(b, '}');
}

/* Who is meant: one customer_id, in the address; or anything that names a person, in the body (addresses are kept in histories
 * and logs). All ids that the person had, with commas. */
static bool read_customer(struct call *c, struct str *out, struct err *e)
{
    struct str named = STR("");
    struct person *p = NULL;
    if (http_query_param(c->req, c->a, "customer", &named) && str_find(named, STR(":"), 0) != SIZE_MAX) {
        err_set(e, E_USAGE, "`customer` is a customer_id here");
        return err_hint(e, "an e-mail address or another identifier belongs in the body of a POST: {\"customer\":\"email:…\"}"),
               false;
    }
    if (c->req->verb != VERB_GET) {
        yyjson_doc *doc = call_body(c, "{}", e);
        if (!doc)
            return false;
        struct str told = str_trim(json_str(yyjson_doc_get_root(doc), "customer"));
        named = told.n ? arena_str(c->a, told) : named;
        yyjson_doc_free(doc);
    }
    *out = named = str_trim(named);
    if (!named.n)
        return true;
    bool id = str_find(named, STR(":"), 0) == SIZE_MAX;
    if (!person_find(c->app->state, c->whole, id ? arena_printf(c->a, "customer:%.*s", STR_FMT(named)) : named, &p, e)) {
        bool gone = id && e->code == E_NOT_FOUND; /* the graph has forgotten them; the log may not */
        *e = gone ? (struct err){0} : *e;
        return gone;
    }
    *out = p->customer_ids.n ? STR("") : id ? named : STR("-"); /* "-": nobody */
    for (size_t i = 0; i < p->customer_ids.n; i++)
        *out = arena_printf(c->a, "%.*s%s%.*s", STR_FMT(*out), i ? "," : "", STR_FMT(p->customer_ids.v[i]));
    person_free(p);
    return true;
}

bool route_audit(struct call *c, struct err *e)
{
    struct audit_ask ask = {0};
    struct audit_entry *v;
    size_t n;
    int64_t limit;
    http_query_param(c->req, c->a, "principal", &ask.principal);
    http_query_param(c->req, c->a, "what", &ask.what);
    http_query_param(c->req, c->a, "purpose", &ask.purpose);
    http_query_param(c->req, c->a, "text", &ask.text);
    if (!read_customer(c, &ask.person, e) || !read_kind(c, &ask.kind, e) || !read_moment(c, "from", false, &ask.from_us, e) ||
        !read_moment(c, "to", true, &ask.to_us, e) || !read_flag(c, "refused", &ask.refused, e) ||
        !read_flag(c, "programs", &ask.programs, e) || !call_int(c, "before", 0, 0, INT64_MAX, &ask.before_id, e) ||
        !call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e))
        return false;
    ask.limit = (size_t)limit + 1; /* one more tells whether there is a next page */
    if (!audit_find(govern_audit(c->app->govern), c->a, &ask, &v, &n, e))
        return false;
    bool more = n > (size_t)limit;
    n = more ? (size_t)limit : n;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "entries", '[');
    for (size_t i = 0; i < n; i++)
        put_entry(&b, &v[i]);
    put_close(&b, ']');
    if (more)
        put_int(&b, "next", v[n - 1].id);
    else
        put_null(&b, "next");
    put_open(&b, "kinds", '[');
    for (int i = 0; i < AUDIT_KIND_COUNT; i++)
        put_str(&b, NULL, str_of(audit_kind_text((enum audit_kind)i)));
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- verifying, exporting ---- */

bool route_audit_verify(struct call *c, struct err *e)
{
    struct audit_verdict v;
    struct str head = STR("");
    int64_t begun = clock_mono_us();
    http_query_param(c->req, c->a, "head", &head);
    if (!audit_verify(govern_audit(c->app->govern), c->a, head, &v, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_bool(&b, "whole", v.whole);
    put_opt(&b, "problem", v.problem);
    if (v.whole)
        put_null(&b, "first_bad_id");
    else
        put_int(&b, "first_bad_id", v.first_bad_id);
    put_int(&b, "first_id", v.first_id);
    put_int(&b, "last_id", v.last_id);
    put_int(&b, "entries", v.entries);
    put_int(&b, "checkpoints", v.checkpoints);
    put_int(&b, "blanked", v.blanked);
    put_str(&b, "head", str_of(v.head));
    put_str(&b, "public_key", str_of(v.public_key));
    put_int(&b, "elapsed_ms", (clock_mono_us() - begun) / 1000);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

static bool line_out(void *ctx, struct str text)
{
    return http_reply_write(ctx, text);
}

bool route_audit_export(struct call *c, struct err *e)
{
    int64_t from_us;
    if (!read_moment(c, "from", false, &from_us, e))
        return false;
    const struct audit_entry x = {.kind = AUDIT_EXPORT, .what = STR("audit")};
    if (!call_audit(c, &x, e))
        return false;
    http_reply_header(c->reply, "Content-Disposition", STR("attachment; filename=\"audit.ndjson\""));
    http_reply_begin(c->reply, 200, STR("application/x-ndjson"));
    bool ok = audit_export(govern_audit(c->app->govern), from_us, line_out, c->reply, e);
    if (ok)
        http_reply_end(c->reply);
    else
        http_reply_abort(c->reply); /* no line says that it is not whole: the stream breaks off */
    return ok;
}
