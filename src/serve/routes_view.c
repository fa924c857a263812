/* Saved explorations. A view is a question, not an answer: whoever opens a shared one asks it with their own rights. One that names what somebody does not see is not there for them. */
#include "serve/metrics.h"

#include "base/json.h"
#include "store/views.h"

enum { TITLE_MAX = 120, ASK_MAX = 16 << 10, CHART_MAX = 40, FIRST_DAY = 20000 };

/* All metrics of the question are there for who looks; of what somebody else saved, also all that it asks by and where. */
static bool seen(struct call *c, const struct store_view *v)
{
    const struct metric_asker who = metrics_asker(c);
    struct metric_ask ask;
    struct metric_plan *plan;
    struct err none = {0};
    yyjson_doc *doc = json_parse(v->ask, &none);
    yyjson_val *names = yyjson_obj_get(yyjson_doc_get_root(doc), "metrics"), *x;
    size_t i, max;
    bool all = doc != NULL;
    yyjson_arr_foreach(names, i, max, x)
        all = all && mesh_find_metric(c->mesh, (struct str){yyjson_get_str(x), yyjson_get_len(x)}, NULL) != NULL;
    if (all && !str_eq(v->owner, c->who.name)) {
        all = metrics_ask_read(c, yyjson_doc_get_root(doc), &ask, &none);
        if (!ask.has_from || !ask.has_to) /* which days does not matter here, and is not looked up */
            ask.from = ask.to = FIRST_DAY;
        ask.has_from = ask.has_to = true;
        all = all && metric_plan_make(&who, &ask, c->a, &plan, &none);
    }
    yyjson_doc_free(doc);
    return all;
}

static void put_view(const struct call *c, struct buf *b, const struct store_view *v)
{
    put_open(b, NULL, '{');
    put_int(b, "id", v->id);
    put_str(b, "title", v->title);
    put_raw(b, "ask", v->ask);
    put_opt(b, "chart", v->chart);
    put_str(b, "owner", v->owner);
    put_bool(b, "mine", str_eq(v->owner, c->who.name));
    put_bool(b, "shared", v->shared);
    put_time(b, "at", v->at_us);
    put_close(b, '}');
}

bool route_views(struct call *c, struct err *e)
{
    struct store_view *v;
    size_t n;
    struct buf b = call_buf();
    if (!store_views(c->app->state->store, c->a, c->who.name, &v, &n, e))
        return false;
    put_open(&b, NULL, '{');
    put_open(&b, "views", '[');
    for (size_t i = 0; i < n; i++)
        if (seen(c, &v[i]))
            put_view(c, &b, &v[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    buf_fini(&b);
    return true;
}

static bool title_read(yyjson_val *root, struct arena *a, struct str *out, struct err *e)
{
    *out = str_trim(arena_str(a, json_str(root, "title")));
    if (out->n == 0 || out->n > TITLE_MAX)
        return err_set(e, E_USAGE, "title is a text of 1 to %d characters", TITLE_MAX);
    return true;
}

bool route_view_add(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = yyjson_doc_get_root(doc), *asked = yyjson_obj_get(root, "ask");
    struct store_view v = {.owner = c->who.name};
    struct metric_ask ask;
    struct buf b = call_buf();
    bool good = doc && title_read(root, c->a, &v.title, e) && (yyjson_is_obj(asked) || err_set(e, E_USAGE, "ask is missing: the question that is kept")) && metrics_ask_read(c, asked, &ask, e);
    for (size_t i = 0; good && i < ask.n_metrics; i++)
        good = metrics_find(c, ask.metrics[i], e) != NULL;
    if (good && ask.n_metrics == 0)
        good = err_set(e, E_USAGE, "the question names no metric");
    if (good) {
        size_t n = 0;
        char *text = yyjson_val_write(asked, 0, &n);
        v.ask = arena_str(c->a, (struct str){text ? text : "", text ? n : 0});
        mem_free(text);
        v.chart = arena_str(c->a, json_str(root, "chart"));
        v.shared = json_bool(root, "shared", false);
        good = (v.ask.n && v.ask.n <= ASK_MAX && v.chart.n <= CHART_MAX) || err_set(e, E_TOO_LARGE, "the question is too large to be kept");
    }
    good = good && store_view_add(c->app->state->store, &v, e) && call_changed(c, arena_printf(c->a, "view %lld saved", (long long)v.id), STR(""), e);
    if (good) {
        put_view(c, &b, &v);
        call_json(c, &b);
    }
    buf_fini(&b);
    yyjson_doc_free(doc);
    return good;
}

/* Another title, shared or not, or gone: for whoever saved it. To others one of another is not there, shared or not, so that nobody takes it away. */
bool route_view_change(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct store_view v;
    struct buf b = call_buf();
    int64_t id = 0;
    bool good = doc && (str_to_i64(c->args[0], &id) || err_set(e, E_NOT_FOUND, "there is no saved view \"%.*s\"", STR_FMT(c->args[0]))) && store_view_find(c->app->state->store, c->a, id, &v, e);
    if (good && !str_eq(v.owner, c->who.name))
        good = v.shared ? err_set(e, E_DENIED, "only %.*s can change this view; save one of your own", STR_FMT(v.owner)) : err_set(e, E_NOT_FOUND, "there is no saved view %lld", (long long)id);
    bool gone = good && json_bool(root, "delete", false);
    if (good && !gone && yyjson_obj_get(root, "title"))
        good = title_read(root, c->a, &v.title, e);
    if (good && !gone) {
        v.shared = json_bool(root, "shared", v.shared);
        good = store_view_change(c->app->state->store, &v, e);
    } else if (good) {
        good = store_view_delete(c->app->state->store, id, e);
    }
    good = good && call_changed(c, arena_printf(c->a, "view %lld %s", (long long)id, gone ? "deleted" : "changed"), STR(""), e);
    if (good) {
        put_view(c, &b, &v);
        call_json(c, &b);
    }
    buf_fini(&b);
    yyjson_doc_free(doc);
    return good;
}
