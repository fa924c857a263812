/* Attribution, the paths people take, the time it took them, and what platforms claim. All of it is read as who asks (src/measure). */
#include "serve/put.h"
#include "serve/routes.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "measure/attribution.h"
#include "measure/rows.h"
#include "mesh/units.h"

enum { LIMIT_MAX = 100000, WORDS_MAX = 2048, NOTES_MAX = 8 };

/* ---- what is asked ---- */

/* From the moment on when a question can be called off, the client's leaving does so. */
static void call_off(void *ctx)
{
    govern_result_cancel(ctx);
}

static void watch(void *ctx, struct govern_result *r)
{
    http_reply_on_gone(ctx, r ? call_off : NULL, r);
}

static struct metric_asker asker(struct call *c, struct str purpose)
{
    return (struct metric_asker){.gate = c->app->govern, .who = &c->who, .purpose = purpose.n ? purpose : call_purpose(c), .mesh = c->mesh};
}

struct body_member { const char *name; char kind; }; /* s text, i whole number, b boolean, a texts, o object */

/* Names and types of all members: a misspelt one must not pass for one left out. */
static bool check_body(yyjson_val *root, const struct body_member *members, size_t n, struct err *e)
{
    struct str names[24];
    size_t i, max;
    yyjson_val *key, *v;
    if (!yyjson_is_obj(root))
        return err_set(e, E_USAGE, "the body must be a JSON object");
    for (size_t k = 0; k < n; k++)
        names[k] = str_of(members[k].name);
    yyjson_obj_foreach(root, i, max, key, v)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        size_t k = 0;
        while (k < n && !str_eq(names[k], name))
            k++;
        if (k == n) {
            int near = str_nearest(name, names, n);
            err_set(e, E_USAGE, "unknown member %.*s", STR_FMT(name));
            if (near >= 0)
                err_hint(e, "did you mean %s?", members[near].name);
            return false;
        }
        char kind = members[k].kind;
        bool fits = kind == 's' ? yyjson_is_str(v) : kind == 'i' ? yyjson_is_int(v) : kind == 'b' ? yyjson_is_bool(v) : kind == 'a' ? yyjson_is_arr(v) : yyjson_is_obj(v) || yyjson_is_str(v);
        if (!fits && !yyjson_is_null(v))
            return err_set(e, E_USAGE, "member %s must be %s", members[k].name, kind == 's' ? "a text" : kind == 'i' ? "a whole number" : kind == 'b' ? "true or false" : kind == 'a' ? "a list of texts" : "an object");
    }
    return true;
}

static bool day_of(struct str text, const char *name, bool *has, int32_t *out, struct err *e)
{
    *has = text.n > 0;
    return !text.n || clock_parse_date(text, out) || err_set(e, E_USAGE, "%s must be a day, YYYY-MM-DD; not %.*s", name, STR_FMT(text));
}

static bool lookback_of(struct str text, int64_t *out, struct err *e)
{
    *out = 0;
    if (!text.n || (unit_seconds(text, out) && *out > 0))
        return true;
    err_set(e, E_USAGE, "the lookback '%.*s' is no span of time", STR_FMT(text));
    return err_hint(e, "30d, 12h"), false;
}

static bool level_of(struct str text, enum journey_level *out, struct err *e)
{
    struct str names[JOURNEY_LEVELS];
    *out = JOURNEY_CHANNEL;
    if (!text.n || journey_level_from(text, out))
        return true;
    for (int l = 0; l < JOURNEY_LEVELS; l++)
        names[l] = str_of(journey_level_name((enum journey_level)l));
    int near = str_nearest(text, names, JOURNEY_LEVELS);
    err_set(e, E_USAGE, "credit cannot be told by %.*s", STR_FMT(text));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    else
        err_hint(e, "by channel, source, campaign, ad_group or ad");
    return false;
}

/* A port of one's own: its words as on the command line. */
static bool own_port(yyjson_val *root, const char *name, bool touches, struct arena *a, struct journey_port *out, struct err *e)
{
    struct str text = arena_str(a, json_str(root, name));
    if (text.n > WORDS_MAX)
        return err_set(e, E_TOO_LARGE, "%s is longer than %d bytes", name, WORDS_MAX);
    if (journey_port_read(text, touches, out, e))
        return true;
    err_prefix(e, "%s", name);
    return false;
}

static bool read_journeys(struct call *c, yyjson_val *root, struct journey_ask *out, struct err *e)
{
    struct str from = json_str(root, "from"), to = json_str(root, "to");
    *out = (struct journey_ask){.where = arena_str(c->a, str_trim(json_str(root, "where"))), .as_of = arena_str(c->a, json_str(root, "as_of")), .once = json_bool(root, "once", false), .watch = watch, .watch_ctx = c->reply};
    if (!day_of(from, "from", &out->has_from, &out->from, e) || !day_of(to, "to", &out->has_to, &out->to, e) || !lookback_of(json_str(root, "lookback"), &out->lookback_s, e) ||
        !level_of(json_str(root, "by"), &out->level, e))
        return false;
    bool touches = yyjson_is_str(yyjson_obj_get(root, "touches")), ends = yyjson_is_str(yyjson_obj_get(root, "conversions"));
    if (touches != ends) {
        err_set(e, E_USAGE, "ports of one's own are both given: touches and conversions");
        return err_hint(e, "both may name the same port"), false;
    }
    if (!touches)
        return attribution_conversion(c->mesh, json_str(root, "conversion"), &out->conversion, e);
    return own_port(root, "touches", true, c->a, &out->touches, e) && own_port(root, "conversions", false, c->a, &out->conversions, e);
}

/* ---- writing ---- */

/* Millionths as an exact decimal. */
static void put_millionths(struct buf *b, const char *key, int64_t v)
{
    char text[32];
    uint64_t size = v < 0 ? -(uint64_t)v : (uint64_t)v;
    int n = snprintf(text, sizeof text, "%s%llu.%06llu", v < 0 ? "-" : "", (unsigned long long)(size / 1000000), (unsigned long long)(size % 1000000));
    while (n > 2 && text[n - 1] == '0' && text[n - 2] != '.')
        n--;
    if (n > 2 && text[n - 1] == '0')
        n -= 2;
    put_raw(b, key, (struct str){text, (size_t)n});
}

static void put_days(struct buf *b, bool has, int32_t from, int32_t to)
{
    put_opt(b, "from", has ? str_of(clock_date(from).z) : STR(""));
    put_opt(b, "to", has ? str_of(clock_date(to).z) : STR(""));
}

static void put_known(struct buf *b, const char *key, bool known, double v)
{
    char text[40];
    int n = snprintf(text, sizeof text, "%.12g", v);
    if (known && isfinite(v))
        put_raw(b, key, (struct str){text, (size_t)n});
    else
        put_null(b, key);
}

static void put_cell(struct buf *b, const struct attribution_row *row, size_t i, const char *name, bool has_value)
{
    const struct attribution_cell *x = &row->cells[i];
    double conversions = (double)x->conversions / 1e6;
    put_open(b, name, '{');
    put_millionths(b, "conversions", x->conversions);
    if (has_value)
        put_millionths(b, "value", x->value);
    else
        put_null(b, "value");
    put_known(b, "low", x->interval, x->low);
    put_known(b, "high", x->interval, x->high);
    put_known(b, "value_low", x->interval && has_value, x->value_low);
    put_known(b, "value_high", x->interval && has_value, x->value_high);
    put_known(b, "cost_per", row->has_spend && x->conversions > 0, row->spend / (conversions > 0 ? conversions : 1));
    put_known(b, "return", row->has_spend && has_value && row->spend > 0, (double)x->value / 1e6 / (row->spend > 0 ? row->spend : 1));
    put_close(b, '}');
}

static void put_row(struct buf *b, const struct attribution_ask *ask, const struct attribution *r, const struct attribution_row *row)
{
    put_open(b, NULL, '{');
    put_open(b, "key", '{');
    for (int l = 0; l <= (int)(row->none ? JOURNEY_CHANNEL : ask->journeys.level); l++)
        put_opt(b, journey_level_name((enum journey_level)l), row->key[l]);
    put_close(b, '}');
    put_str(b, "title", row->title);
    put_known(b, "spend", row->has_spend, row->spend);
    put_int(b, "touches", row->touches);
    put_open(b, "credits", '{');
    for (size_t i = 0; i < ask->n_models; i++)
        put_cell(b, row, i, attribution_models[ask->models[i]].name, r->has_value);
    put_close(b, '}');
    put_close(b, '}');
}

static void put_moves(struct buf *b, const struct attribution_ask *ask, const struct attribution *r)
{
    put_open(b, "budget", '[');
    for (size_t i = 0; i < r->n_moves; i++) {
        put_open(b, NULL, '{');
        put_str(b, "channel", r->moves[i].channel);
        put_known(b, "now", true, r->moves[i].now);
        put_open(b, "by_model", '{');
        for (size_t k = 0; k < ask->n_models; k++)
            put_known(b, attribution_models[ask->models[k]].name, true, r->moves[i].by_model[k]);
        put_close(b, '}');
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void put_answer(struct call *c, struct buf *b, const struct attribution_ask *ask, const struct attribution *r)
{
    put_open(b, NULL, '{');
    put_opt(b, "conversion", ask->journeys.conversion ? ask->journeys.conversion->name : STR(""));
    put_opt(b, "title", ask->journeys.conversion ? ask->journeys.conversion->title : STR(""));
    put_str(b, "by", str_of(journey_level_name(ask->journeys.level)));
    put_days(b, r->has_days, r->from, r->to);
    put_int(b, "lookback_s", r->lookback_s);
    put_open(b, "models", '[');
    for (size_t i = 0; i < ask->n_models; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", str_of(attribution_models[ask->models[i]].name));
        put_str(b, "title", str_of(attribution_models[ask->models[i]].title));
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "rows", '[');
    for (size_t i = 0; i < r->n_rows; i++)
        put_row(b, ask, r, &r->rows[i]);
    put_close(b, ']');
    put_int(b, "all", (int64_t)r->n_all);
    put_open(b, "total", '{');
    put_int(b, "conversions", r->conversions);
    if (r->has_value)
        put_millionths(b, "value", r->value);
    else
        put_null(b, "value");
    put_int(b, "journeys", r->journeys);
    put_int(b, "open_journeys", r->open);
    put_int(b, "untouched", r->untouched);
    put_close(b, '}');
    if (r->has_consent) {
        put_open(b, "consent", '{');
        put_int(b, "touches", r->consent_touches);
        put_int(b, "left_out", r->consent_left_out);
        put_known(b, "share", r->consent_touches > 0, (double)r->consent_left_out / (double)(r->consent_touches > 0 ? r->consent_touches : 1));
        put_close(b, '}');
    } else {
        put_null(b, "consent");
    }
    put_str(b, "currency", c->mesh->reporting_currency);
    put_texts(b, "ports", r->ports, r->n_ports);
    put_texts(b, "notes", r->notes, r->n_notes);
    put_moves(b, ask, r);
    put_close(b, '}');
}

/* ---- POST /api/v1/attribution ---- */

static bool read_models(yyjson_val *root, struct arena *a, struct attribution_ask *ask, struct err *e)
{
    struct buf words = BUF_INIT((size_t)WORDS_MAX);
    size_t i, max;
    yyjson_val *v, *list = yyjson_obj_get(root, "models");
    yyjson_arr_foreach(list, i, max, v)
    {
        if (i)
            buf_addc(&words, ',');
        buf_addz(&words, yyjson_is_str(v) ? yyjson_get_str(v) : "?");
    }
    struct str text = words.n ? arena_str(a, buf_str(&words)) : STR("all");
    bool ok = buf_ok(&words, e) && attribution_models_read(text, ask->models, &ask->n_models, e);
    buf_fini(&words);
    return ok;
}

bool route_attribution(struct call *c, struct err *e)
{
    static const struct body_member members[] = {{"conversion", 's'}, {"models", 'a'}, {"by", 's'}, {"from", 's'}, {"to", 's'}, {"lookback", 's'}, {"where", 's'}, {"order", 'i'},
                                                 {"intervals", 'b'}, {"limit", 'i'}, {"once", 'b'}, {"touches", 's'}, {"conversions", 's'}, {"as_of", 's'}, {"purpose", 's'}};
    struct attribution_ask ask = {0};
    struct attribution r;
    yyjson_doc *doc = call_body(c, "{}", e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    bool ok = doc && check_body(root, members, sizeof members / sizeof *members, e) && read_journeys(c, root, &ask.journeys, e) && read_models(root, c->a, &ask, e);
    int64_t order = json_int(root, "order", 0);
    struct metric_asker who = asker(c, arena_str(c->a, json_str(root, "purpose")));
    ask.limit = json_int(root, "limit", 0);
    ask.intervals = json_bool(root, "intervals", false);
    ask.spend = true;
    if (ok && (order < 0 || order > 4))
        ok = err_set(e, E_USAGE, "the order of a Markov chain is 1 to 4");
    if (ok && (ask.limit < 0 || ask.limit > LIMIT_MAX))
        ok = err_set(e, E_USAGE, "limit may be at most %d", LIMIT_MAX);
    ask.order = (int)order;
    yyjson_doc_free(doc);
    if (!ok || !attribution_run(&who, &ask, c->a, &r, e))
        return false;
    struct buf b = call_buf();
    put_answer(c, &b, &ask, &r);
    call_json(c, &b);
    return true;
}

/* ---- GET /api/v1/attribution/conversions ---- */

struct counted { const struct mesh_attribution *at; int64_t *count, *newest_us; bool known; };

static bool take_counts(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct counted *k = ctx;
    (void)e;
    for (size_t i = 0; i < rows; i++)
        for (size_t x = 0; x < k->at->n_conversions; x++)
            if (str_eq(k->at->conversions[x].name, engine_cell_str(ch, 0, i))) {
                k->count[x] = engine_cell_i64(ch, 1, i);
                k->newest_us[x] = engine_cell_i64(ch, 2, i);
            }
    return true;
}

/* How many there are is left out where it cannot be known: not built, or seen in groups only. */
static bool count_conversions(struct call *c, struct counted *k, struct err *e)
{
    const struct metric_asker who = asker(c, STR(""));
    const struct measure_read read = {.sql = STR("SELECT conversion, count(*), max(occurred_at) FROM shared.conversion GROUP BY conversion")};
    const struct measure_read of_accounts = {.sql = STR("SELECT conversion, count(DISTINCT conversion_id), max(converted_at) FROM shared.account_credit GROUP BY conversion")};
    const struct measure_sink sink = {.chunk = take_counts, .ctx = k};
    struct err why = {0};
    k->count = arena_array(c->a, k->at->n_conversions + 1, sizeof *k->count);
    k->newest_us = arena_array(c->a, k->at->n_conversions + 1, sizeof *k->newest_us);
    k->known = mesh_find_port(c->mesh, STR("shared.conversion")) && measure_rows(&who, &read, &sink, &why);
    for (size_t i = 0; k->known && i < k->at->n_conversions; i++)
        if (k->at->conversions[i].by_account && mesh_find_port(c->mesh, STR("shared.account_credit"))) {
            k->known = measure_rows(&who, &of_accounts, &sink, &why);
            break;
        }
    return k->known || why.code == E_OK || why.code == E_NOT_BUILT || why.code == E_NOT_FOUND || why.code == E_DENIED || why.code == E_SQL_REFUSED || (*e = why, false);
}

static void put_conversion(struct buf *b, const struct counted *k, size_t i)
{
    static const char *const from[] = {[CONVERSION_ORDERS] = "orders", [CONVERSION_OPPORTUNITIES] = "opportunities", [CONVERSION_EVENTS] = "events"};
    const struct mesh_conversion *x = &k->at->conversions[i];
    put_open(b, NULL, '{');
    put_str(b, "name", x->name);
    put_str(b, "title", x->title);
    put_str(b, "from", str_of(from[x->from]));
    put_str(b, "by", x->by_account ? STR("account") : STR("customer"));
    put_int(b, "lookback_s", x->lookback_s);
    put_bool(b, "has_value", x->value.n > 0);
    if (k->known)
        put_int(b, "count", k->count[i]);
    else
        put_null(b, "count");
    put_time(b, "newest", k->known ? k->newest_us[i] : 0);
    put_close(b, '}');
}

bool route_attribution_conversions(struct call *c, struct err *e)
{
    const struct mesh_attribution *at = &c->mesh->attribution;
    struct counted k = {.at = at};
    struct str levels[JOURNEY_LEVELS];
    if (!count_conversions(c, &k, e))
        return false;
    for (int l = 0; l < JOURNEY_LEVELS; l++)
        levels[l] = str_of(journey_level_name((enum journey_level)l));
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "conversions", '[');
    /* What is declared of conversions is told to whoever sees rows that it made. */
    bool seen = mesh_find_port(c->mesh, STR("shared.conversion")) || mesh_find_port(c->mesh, STR("shared.credit")) || mesh_find_port(c->mesh, STR("shared.account_credit"));
    for (size_t i = 0; seen && i < at->n_conversions; i++)
        put_conversion(&b, &k, i);
    put_close(&b, ']');
    put_open(&b, "models", '[');
    for (int m = 0; m < ATTRIBUTION_MODELS; m++) {
        put_open(&b, NULL, '{');
        put_str(&b, "name", str_of(attribution_models[m].name));
        put_str(&b, "title", str_of(attribution_models[m].title));
        put_str(&b, "kind", attribution_models[m].data ? STR("data") : STR("rule"));
        put_str(&b, "about", str_of(attribution_models[m].about));
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_str(&b, "default", at->default_model);
    put_texts(&b, "levels", levels, JOURNEY_LEVELS);
    put_texts(&b, "paid", at->paid.v, at->paid.n);
    put_open(&b, "consent", '{');
    put_str(&b, "purpose", at->consent_purpose);
    put_str(&b, "touches", at->consent_keep ? STR("keep") : STR("exclude"));
    put_close(&b, '}');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- POST /api/v1/attribution/paths, /lag ---- */

bool route_attribution_paths(struct call *c, struct err *e)
{
    static const struct body_member members[] = {{"conversion", 's'}, {"from", 's'}, {"to", 's'}, {"lookback", 's'}, {"where", 's'}, {"limit", 'i'}, {"fold", 'b'}, {"once", 'b'},
                                                 {"touches", 's'}, {"conversions", 's'}, {"as_of", 's'}, {"purpose", 's'}};
    struct journey_ask ask;
    struct path_list r;
    yyjson_doc *doc = call_body(c, "{}", e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    bool ok = doc && check_body(root, members, sizeof members / sizeof *members, e) && read_journeys(c, root, &ask, e), fold = json_bool(root, "fold", false);
    int64_t limit = json_int(root, "limit", 0);
    struct metric_asker who = asker(c, arena_str(c->a, json_str(root, "purpose")));
    yyjson_doc_free(doc);
    if (ok && (limit < 0 || limit > LIMIT_MAX))
        ok = err_set(e, E_USAGE, "limit may be at most %d", LIMIT_MAX);
    if (!ok || !journey_paths_list(&who, &ask, fold, limit, c->a, &r, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_days(&b, r.has_days, r.from, r.to);
    put_open(&b, "paths", '[');
    for (size_t i = 0; i < r.n_rows; i++) {
        put_open(&b, NULL, '{');
        put_texts(&b, "path", r.rows[i].steps, r.rows[i].n_steps);
        put_int(&b, "conversions", r.rows[i].conversions);
        put_millionths(&b, "value", r.rows[i].value);
        put_int(&b, "open", r.rows[i].open);
        if (r.rows[i].median_lag_s >= 0)
            put_int(&b, "median_lag_s", r.rows[i].median_lag_s);
        else
            put_null(&b, "median_lag_s");
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_int(&b, "all", (int64_t)r.n_all);
    put_int(&b, "conversions", r.conversions);
    put_int(&b, "open", r.open);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_attribution_lag(struct call *c, struct err *e)
{
    static const struct body_member members[] = {{"conversion", 's'}, {"by", 's'}, {"from", 's'}, {"to", 's'}, {"lookback", 's'}, {"where", 's'}, {"once", 'b'},
                                                 {"touches", 's'}, {"conversions", 's'}, {"as_of", 's'}, {"purpose", 's'}};
    struct journey_ask ask;
    struct lag_list r;
    yyjson_doc *doc = call_body(c, "{}", e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    bool ok = doc && check_body(root, members, sizeof members / sizeof *members, e) && read_journeys(c, root, &ask, e);
    struct metric_asker who = asker(c, arena_str(c->a, json_str(root, "purpose")));
    yyjson_doc_free(doc);
    if (ok && ask.level != JOURNEY_CHANNEL)
        ok = err_set(e, E_USAGE, "lag is told by channel");
    if (!ok || !journey_lag_list(&who, &ask, c->a, &r, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_days(&b, r.has_days, r.from, r.to);
    put_open(&b, "buckets", '[');
    for (size_t i = 0; i < r.n_buckets; i++) {
        put_open(&b, NULL, '{');
        put_int(&b, "from_s", r.buckets[i].from_s);
        if (r.buckets[i].to_s == INT64_MAX)
            put_null(&b, "to_s");
        else
            put_int(&b, "to_s", r.buckets[i].to_s);
        put_int(&b, "conversions", r.buckets[i].conversions);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_open(&b, "by", '[');
    for (size_t i = 0; i < r.n_rows; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "key", r.rows[i].key);
        put_int(&b, "median_s", r.rows[i].median_s);
        put_int(&b, "p90_s", r.rows[i].p90_s);
        put_int(&b, "conversions", r.rows[i].conversions);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_int(&b, "conversions", r.conversions);
    put_int(&b, "median_s", r.median_s);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- GET /api/v1/attribution/claimed ---- */

bool route_attribution_claimed(struct call *c, struct err *e)
{
    struct journey_ask ask = {.watch = watch, .watch_ctx = c->reply};
    struct claimed r;
    struct str conversion = STR(""), from = STR(""), to = STR("");
    const struct metric_asker who = asker(c, STR(""));
    http_query_param(c->req, c->a, "conversion", &conversion);
    http_query_param(c->req, c->a, "from", &from);
    http_query_param(c->req, c->a, "to", &to);
    if (!day_of(from, "from", &ask.has_from, &ask.from, e) || !day_of(to, "to", &ask.has_to, &ask.to, e) || !attribution_conversion(c->mesh, conversion, &ask.conversion, e) ||
        !claimed_run(&who, &ask, c->a, &r, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "rows", '[');
    for (size_t i = 0; i < r.n_rows; i++) {
        const struct claimed_row *x = &r.rows[i];
        put_open(&b, NULL, '{');
        put_str(&b, "platform", x->platform);
        put_known(&b, "claimed", x->has_claimed, x->claimed);
        put_int(&b, "clicked", x->clicked);
        put_int(&b, "touched", x->touched);
        put_millionths(&b, "credited", x->credited);
        put_known(&b, "over_claim", x->has_claimed && x->touched > 0, x->claimed / (double)(x->touched > 0 ? x->touched : 1));
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_days(&b, r.has_days, r.from, r.to);
    put_str(&b, "conversion", ask.conversion->name);
    put_int(&b, "conversions", r.conversions);
    put_str(&b, "model", r.model);
    put_texts(&b, "ports", r.ports, r.n_ports);
    put_texts(&b, "notes", r.notes, r.n_notes);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- GET /api/v1/journeys/CUSTOMER ---- */

static void put_shown_touch(struct buf *b, const struct shown_journey *v, const struct shown_touch *t)
{
    put_open(b, NULL, '{');
    put_opt(b, "touchpoint_id", t->touchpoint_id);
    put_time(b, "at", t->at_us);
    put_str(b, "channel", t->channel);
    put_opt(b, "source", t->source);
    put_opt(b, "campaign", t->campaign);
    put_opt(b, "kind", t->kind);
    put_int(b, "age_s", t->age_s);
    put_open(b, "credits", '{');
    for (int m = 0; !v->open && m < RULE_MODELS; m++) {
        put_open(b, attribution_models[m].name, '{');
        put_millionths(b, "conversions", t->conversions[m]);
        if (v->has_value)
            put_millionths(b, "value", t->value[m]);
        else
            put_null(b, "value");
        put_close(b, '}');
    }
    put_close(b, '}');
    put_close(b, '}');
}

bool route_journeys(struct call *c, struct err *e)
{
    struct str id, cause, conversion = STR("");
    struct shown r;
    const struct metric_asker who = asker(c, STR(""));
    http_query_param(c->req, c->a, "conversion", &conversion);
    if (!call_customer_in_use(c, c->args[0], &id, &cause, e) || !call_sees_customer(c, id, e) || !journey_show(&who, id, conversion, STR(""), c->a, &r, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "customer_id", id);
    put_opt(&b, "redirected_from", str_eq(id, c->args[0]) ? STR("") : c->args[0]);
    put_opt(&b, "redirect_cause", cause);
    put_open(&b, "journeys", '[');
    for (size_t i = 0; i < r.n; i++) {
        const struct shown_journey *v = &r.v[i];
        put_open(&b, NULL, '{');
        put_str(&b, "conversion", v->conversion);
        put_str(&b, "title", v->title);
        put_time(&b, "at", v->at_us);
        if (v->has_value && !v->open)
            put_millionths(&b, "value", v->value);
        else
            put_null(&b, "value");
        put_bool(&b, "open", v->open);
        put_open(&b, "touches", '[');
        for (size_t k = 0; k < v->n_touches; k++)
            put_shown_touch(&b, v, &v->touches[k]);
        put_close(&b, ']');
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
