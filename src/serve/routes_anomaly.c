/* What is out of the ordinary and why, what came of something that happened, what happened when, and how many would come without ads. */
#include "serve/metrics.h"

#include <math.h>

#include "base/clock.h"
#include "base/json.h"
#include "measure/watch.h"

enum { DAYS_SHOWN = 28, EXPLAINED = 6, EXPLAINED_DIMENSIONS = 64, NEAR_DAYS = 2, FOUND_MOST = 500, HISTORY_DAYS = 400 };

static bool today_of(struct call *c, int32_t *today)
{
    return clock_day_of(clock_now_us(), c->mesh->time_zone, today) || (*today = (int32_t)(clock_now_us() / 86400000000), true);
}

static bool day_read(struct str text, const char *name, bool *has, int32_t *day, struct err *e)
{
    *has = text.n > 0;
    if (!text.n || clock_parse_date(text, day))
        return true;
    err_set(e, E_USAGE, "%s is no day: \"%.*s\"", name, STR_FMT(text));
    return err_hint(e, "write it as 2026-01-31"), false;
}

static bool day_param(struct call *c, const char *name, bool *has, int32_t *day, struct err *e)
{
    struct str text = STR("");
    (void)http_query_param(c->req, c->a, name, &text);
    return day_read(text, name, has, day, e);
}

/* What is not known is null. */
static void put_known(struct buf *b, const char *key, double v)
{
    metrics_put_cell(b, key, &(struct metric_cell){.known = isfinite(v), .v = v});
}

static struct str title_of(const struct mesh_metric *m)
{
    return m->title.n ? m->title : m->name;
}

/* ---- drivers ---- */
static void put_driver(struct buf *b, const struct watch_driver *d, bool exact)
{
    put_open(b, NULL, '{');
    put_str(b, "dimension", d->dimension);
    put_str(b, "title", d->title);
    if (d->unknown)
        put_null(b, "value");
    else
        put_str(b, "value", d->value);
    put_known(b, "change", d->change);
    put_known(b, "share", exact ? d->share : NAN);
    put_known(b, "before", d->before);
    put_known(b, "after", d->after);
    put_known(b, "rate", d->is_ratio ? d->rate : NAN);
    put_known(b, "mix", d->is_ratio ? d->mix : NAN);
    put_close(b, '}');
}

static void put_drivers(struct buf *b, const struct watch_drivers *d, size_t most)
{
    put_open(b, "drivers", '[');
    for (size_t i = 0; i < d->n && i < most; i++)
        put_driver(b, &d->v[i], d->exact);
    put_close(b, ']');
}

/* ---- annotations ---- */
static void put_annotation(struct buf *b, const struct annotation *x)
{
    put_open(b, NULL, '{');
    metrics_put_day(b, "day", x->day);
    if (x->until > x->day)
        metrics_put_day(b, "until", x->until);
    else
        put_null(b, "until");
    put_str(b, "title", x->title);
    put_str(b, "kind", x->kind);
    put_opt(b, "ref", x->ref);
    put_opt(b, "href", x->href);
    put_str(b, "source", x->source);
    put_close(b, '}');
}

bool route_annotations(struct call *c, struct err *e)
{
    struct annotation *v;
    struct str domain = STR("");
    bool has_from, has_to;
    int32_t from, to, today;
    size_t n;
    (void)http_query_param(c->req, c->a, "domain", &domain);
    if (!today_of(c, &today) || !day_param(c, "from", &has_from, &from, e) || !day_param(c, "to", &has_to, &to, e))
        return false;
    if (!has_to)
        to = has_from && from > today ? from : today;
    if (!has_from)
        from = to - DAYS_SHOWN + 1;
    if (to < from)
        return err_set(e, E_USAGE, "to lies before from");
    if (domain.n && !mesh_find_domain(c->mesh, domain))
        return err_set(e, E_NOT_FOUND, "there is no domain \"%.*s\"", STR_FMT(domain));
    if (!catalog_annotations(c->app->state, c->app->govern, &c->who, c->mesh, from, to, domain, c->a, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "annotations", '[');
    for (size_t i = 0; i < n; i++)
        put_annotation(&b, &v[i]);
    put_close(&b, ']');
    metrics_put_day(&b, "from", from);
    metrics_put_day(&b, "to", to);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- what is out of the ordinary ---- */
static void put_unusual(struct buf *b, const struct unusual *u, const struct annotation *notes, size_t n_notes)
{
    put_open(b, NULL, '{');
    put_str(b, "metric", u->metric->ref);
    put_str(b, "title", title_of(u->metric));
    put_str(b, "unit", str_of(mesh_unit_text(u->metric->unit)));
    metrics_put_day(b, "day", u->day);
    put_known(b, "value", u->found.value);
    put_known(b, "expected", u->found.expected);
    put_known(b, "low", u->found.low);
    put_known(b, "high", u->found.high);
    put_str(b, "kind", str_of(anomaly_kind_text(u->found.kind)));
    put_str(b, "severity", str_of(anomaly_severity(u->found.score)));
    metrics_put_day(b, "since", u->since);
    if (u->found.lasts)
        put_null(b, "until");
    else
        metrics_put_day(b, "until", u->until);
    put_bool(b, "returns", u->found.returns);
    put_drivers(b, &u->drivers, WATCH_DRIVERS);
    put_open(b, "annotations", '[');
    for (size_t i = 0; i < n_notes; i++) /* near its beginning: what still goes on a month later has not caused it */
        if (notes[i].day <= u->since + NEAR_DAYS && notes[i].until >= u->since - NEAR_DAYS)
            put_annotation(b, &notes[i]);
    put_close(b, ']');
    put_close(b, '}');
}

static void put_alarms(struct buf *b)
{
    put_open(b, "false_alarms", '{');
    put_num(b, "per_year", ANOMALY_FALSE_PER_YEAR);
    put_str(b, "how", STR("At most, for each metric, where nothing but chance is at work: measured over generated years of normal noise, with and without seasons and growth. Where levels wander by "
                          "themselves, or single days are wild (one large order), more is reported: two to seven a year in the same measurement."));
    put_close(b, '}');
}

static void put_seen(struct buf *b, const struct watched *w, const struct annotation *notes, size_t n_notes)
{
    put_open(b, NULL, '{');
    put_open(b, "anomalies", '[');
    for (size_t i = 0; i < w->n && i < FOUND_MOST; i++)
        put_unusual(b, &w->v[i], notes, n_notes);
    put_close(b, ']');
    put_int(b, "watched", (int64_t)w->metrics);
    put_int(b, "judged", w->judged);
    put_alarms(b);
    put_open(b, "problems", '[');
    for (size_t i = 0; i < w->n_problems; i++) {
        put_open(b, NULL, '{');
        put_str(b, "metric", w->problems[i].metric->ref);
        put_str(b, "message", w->problems[i].text);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
}

bool route_anomalies(struct call *c, struct err *e)
{
    struct metric_asker who = metrics_asker(c);
    struct watch_ask ask = {0};
    struct watched w;
    struct annotation *notes = NULL;
    struct str metric = STR("");
    size_t n_notes = 0;
    int64_t days, explained;
    (void)http_query_param(c->req, c->a, "metric", &metric);
    if (!call_int(c, "days", DAYS_SHOWN, 1, WATCH_DAYS_MOST, &days, e) || !call_int(c, "explained", EXPLAINED, 0, FOUND_MOST, &explained, e) || !today_of(c, &ask.today))
        return false;
    if (metric.n && !(ask.metric = metrics_find(c, metric, e)))
        return false;
    ask.days = (int)days;
    ask.explained = (size_t)explained;
    if (!watch_run(&who, &ask, c->a, &w, e))
        return false;
    if (w.n) {
        int32_t from = w.v[0].since, to = w.v[0].until;
        for (size_t i = 1; i < w.n; i++) {
            from = w.v[i].since < from ? w.v[i].since : from;
            to = w.v[i].until > to ? w.v[i].until : to;
        }
        if (!catalog_annotations(c->app->state, c->app->govern, &c->who, c->mesh, from - NEAR_DAYS, to + NEAR_DAYS, STR(""), c->a, &notes, &n_notes, e))
            return false;
    }
    struct buf b = call_buf();
    put_seen(&b, &w, notes, n_notes);
    call_json(c, &b);
    return true;
}

bool route_anomaly_explain(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct metric_asker who = metrics_asker(c);
    struct watch_explain ask = {.dimensions_most = EXPLAINED_DIMENSIONS, .each = 5};
    struct watch_drivers d;
    bool has = false, good = doc && metrics_purpose_read(c, root, &who, e) && (ask.metric = metrics_find(c, json_str(root, "metric"), e)) && day_read(json_str(root, "day"), "day", &has, &ask.from, e) && (has || err_set(e, E_USAGE, "day is missing: of which day?"));
    if (good && !watch_against_from(json_str(root, "against"), &ask.against)) {
        good = err_set(e, E_USAGE, "nothing is compared with \"%.*s\"", STR_FMT(json_str(root, "against")));
        err_hint(e, "expected, day before or week before");
    }
    if (good) {
        struct watch_series s;
        struct watch_span span = {.has_to = true, .to = ask.from, .back = HISTORY_DAYS, .where = arena_str(c->a, json_str(root, "where"))};
        ask.to = ask.from;
        ask.where = span.where;
        if ((good = watch_series(&who, ask.metric, &span, c->a, &s, e)) && ask.against == AGAINST_EXPECTED && s.n && s.last == ask.from) {
            struct anomalies found;
            anomalies_find(&(struct anomaly_series){.v = s.v, .known = s.known, .weight = s.weight, .n = s.n, .count = s.count}, c->a, &found);
            ask.has_expected = found.days[s.n - 1].judged;
            ask.expected = found.days[s.n - 1].expected;
        }
        good = good && watch_drivers(&who, &ask, c->a, &d, e);
    }
    yyjson_doc_free(doc);
    if (!good)
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "metric", ask.metric->ref);
    put_str(&b, "title", title_of(ask.metric));
    metrics_put_day(&b, "day", ask.from);
    put_known(&b, "before", d.before);
    put_known(&b, "after", d.after);
    put_known(&b, "change", d.after - d.before);
    metrics_put_day(&b, "before_from", d.before_from);
    metrics_put_day(&b, "before_to", d.before_to);
    put_bool(&b, "exact", d.exact);
    put_int(&b, "dimensions", (int64_t)d.looked);
    put_drivers(&b, &d, SIZE_MAX);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- effects ---- */
static void put_range(struct buf *b, const char *key, struct impact_range r)
{
    put_open(b, key, '{');
    put_known(b, "value", r.value);
    put_known(b, "low", r.low);
    put_known(b, "high", r.high);
    put_close(b, '}');
}

static void put_sums(struct buf *b, const char *key, double actual, double predicted, struct impact_range effect)
{
    put_open(b, key, '{');
    put_known(b, "actual", actual);
    put_known(b, "predicted", predicted);
    put_known(b, "value", effect.value);
    put_known(b, "low", effect.low);
    put_known(b, "high", effect.high);
    put_close(b, '}');
}

static void put_effect(struct call *c, struct buf *b, const struct effect_ask *ask, const struct effect *x)
{
    const struct impact *m = &x->impact;
    put_open(b, NULL, '{');
    put_str(b, "metric", ask->metric->ref);
    put_open(b, "days", '[');
    for (int32_t d = x->first; d <= ask->to; d++) {
        const struct impact_day *day = &m->days[d - x->first];
        put_open(b, NULL, '{');
        metrics_put_day(b, "day", d);
        put_known(b, "actual", day->known ? day->actual : NAN);
        put_known(b, "predicted", day->predicted ? day->expected : NAN);
        put_known(b, "low", day->predicted ? day->low : NAN);
        put_known(b, "high", day->predicted ? day->high : NAN);
        put_close(b, '}');
    }
    put_close(b, ']');
    metrics_put_day(b, "post_from", ask->post_from);
    put_int(b, "post_days", (int64_t)m->post_days);
    put_sums(b, "average", m->average.actual, m->average.predicted, m->average.effect);
    put_sums(b, "cumulative", m->cumulative.actual, m->cumulative.predicted, m->cumulative.effect);
    put_range(b, "relative", m->relative);
    put_known(b, "p", m->p);
    put_bool(b, "effect", m->effect);
    put_str(b, "method", arena_printf(c->a, "Local level and regression on %zu of %zu controls%s, estimated on the days before, projected after; 95 %% intervals. It tells an effect of that day from chance, not from "
                                            "something else that happened on it, and holds where the controls were not moved by it.",
                                      m->controls, ask->n_controls, m->weekly ? " and the day of the week" : ""));
    put_close(b, '}');
}

static bool controls_read(struct call *c, yyjson_val *list, struct effect_ask *ask, struct err *e)
{
    size_t i, max;
    yyjson_val *x;
    if (!list || yyjson_is_null(list))
        return true;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > IMPACT_CONTROLS_MAX)
        return err_set(e, E_USAGE, "controls is a list of at most %d metrics", IMPACT_CONTROLS_MAX);
    yyjson_arr_foreach(list, i, max, x)
    {
        struct str name = {yyjson_get_str(x), yyjson_get_len(x)};
        if (!yyjson_is_str(x))
            return err_set(e, E_USAGE, "controls is a list of names: number %zu is no text", i + 1);
        const struct mesh_metric *m = metrics_find(c, name, e);
        if (!m)
            return false;
        if (m == ask->metric)
            return err_set(e, E_USAGE, "%.*s cannot be a control of itself", STR_FMT(m->ref));
        ask->controls[ask->n_controls++] = m;
    }
    return true;
}

bool route_effects(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct metric_asker who = metrics_asker(c);
    struct effect_ask ask = {0};
    struct effect x;
    int32_t today = 0;
    bool has_to = false, has_post = false;
    bool good = doc && metrics_purpose_read(c, root, &who, e) && (ask.metric = metrics_find(c, json_str(root, "metric"), e)) && day_read(json_str(root, "from"), "from", &ask.has_from, &ask.from, e) && day_read(json_str(root, "to"), "to", &has_to, &ask.to, e) &&
                day_read(json_str(root, "post_from"), "post_from", &has_post, &ask.post_from, e) && controls_read(c, yyjson_obj_get(root, "controls"), &ask, e) && today_of(c, &today);
    if (good && !has_post) {
        good = err_set(e, E_USAGE, "post_from is missing: on which day did it happen?");
        err_hint(e, "post_from is the first day on which it could show");
    }
    if (good) {
        ask.where = arena_str(c->a, json_str(root, "where"));
        if (!has_to)
            ask.to = today - 1 > ask.post_from + DAYS_SHOWN - 1 ? ask.post_from + DAYS_SHOWN - 1 : today - 1;
        good = effect_run(&who, &ask, c->a, &x, e);
    }
    yyjson_doc_free(doc);
    if (!good)
        return false;
    struct buf b = call_buf();
    put_effect(c, &b, &ask, &x);
    call_json(c, &b);
    return true;
}

/* ---- the organic baseline ---- */
static void put_baseline_range(struct buf *b, const char *key, struct baseline_range r, bool known)
{
    if (known)
        put_range(b, key, (struct impact_range){r.value, r.low, r.high});
    else
        put_null(b, key);
}

bool route_baseline(struct call *c, struct err *e)
{
    struct metric_asker who = metrics_asker(c);
    struct organic o;
    bool has_from, has_to;
    int32_t from = 0, to = 0, today;
    if (!today_of(c, &today) || !day_param(c, "from", &has_from, &from, e) || !day_param(c, "to", &has_to, &to, e))
        return false;
    if (has_from != has_to)
        return err_set(e, E_USAGE, "from and to are given both or not at all");
    if (!organic_run(&who, has_from, from, to, today, c->a, &o, e))
        return false;
    const struct baseline *f = &o.found;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "days", '[');
    for (size_t i = 0; i < o.n; i++) {
        put_open(&b, NULL, '{');
        metrics_put_day(&b, "day", o.first + (int32_t)i);
        put_known(&b, "actual", o.customers[i]);
        put_known(&b, "baseline", f->known ? f->days[i].baseline : NAN);
        put_known(&b, "low", f->known ? f->days[i].low : NAN);
        put_known(&b, "high", f->known ? f->days[i].high : NAN);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_known(&b, "new_customers", f->customers);
    put_known(&b, "spend", f->spend);
    put_baseline_range(&b, "incremental", f->incremental, f->known);
    put_baseline_range(&b, "organic", f->organic, f->known);
    put_baseline_range(&b, "true_cac", f->true_cac, f->known);
    put_known(&b, "total_cac", f->customers > 0 ? f->spend / f->customers : NAN);
    put_bool(&b, "known", f->known);
    if (f->known)
        put_null(&b, "why");
    else
        put_str(&b, "why", str_of(f->why));
    put_str(&b, "source", STR("baseline"));
    put_known(&b, "spend_varies", f->varies);
    put_str(&b, "method", STR("Robust regression of new customers a day on ad spend of the day, the day of the week and time, slope not negative; 95 % intervals from weeks drawn again. Where spend follows demand (more ads before Christmas) it "
                              "takes demand for the ads' work, and days without any are beyond what it has seen: an experiment (incremental: in governance/attribution.yaml) knows better."));
    if (o.n)
        metrics_put_day(&b, "as_of", o.first + (int32_t)o.n - 1);
    else
        put_null(&b, "as_of");
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
