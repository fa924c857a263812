#include "serve/metrics.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"

enum { NAMES_MAX = 32, LIMIT_MAX = 1000000 };

struct metric_asker metrics_asker(struct call *c)
{
    return (struct metric_asker){.gate = c->app->govern, .who = &c->who, .purpose = call_purpose(c), .mesh = c->mesh};
}

bool metrics_purpose_read(struct call *c, yyjson_val *body, struct metric_asker *who, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(body, "purpose");
    if (!v || yyjson_is_null(v))
        return true;
    if (!yyjson_is_str(v))
        return err_set(e, E_USAGE, "purpose is a text");
    if (yyjson_get_len(v))
        who->purpose = arena_str(c->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    return true;
}

static bool names_read(struct call *c, yyjson_val *v, const char *key, const struct str **out, size_t *n, struct err *e)
{
    size_t i, max;
    yyjson_val *x;
    *n = 0;
    if (yyjson_is_null(v) || !v)
        return true;
    if (!yyjson_is_arr(v) || yyjson_arr_size(v) > NAMES_MAX) {
        err_set(e, E_USAGE, "%s is a list of at most %d names", key, NAMES_MAX);
        err_hint(e, "as in {\"metrics\": [\"cac\"], \"by\": [\"channel\"]}");
        return false;
    }
    struct str *names = arena_array(c->a, yyjson_arr_size(v) + 1, sizeof *names);
    yyjson_arr_foreach(v, i, max, x)
    {
        if (!yyjson_is_str(x))
            return err_set(e, E_USAGE, "%s is a list of names: number %zu is no text", key, i + 1);
        names[(*n)++] = arena_str(c->a, (struct str){yyjson_get_str(x), yyjson_get_len(x)});
    }
    *out = names;
    return true;
}

static bool text_read(struct call *c, yyjson_val *body, const char *key, struct str *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(body, key);
    *out = STR("");
    if (!v || yyjson_is_null(v))
        return true;
    if (!yyjson_is_str(v))
        return err_set(e, E_USAGE, "%s is a text", key);
    *out = arena_str(c->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    return true;
}

static bool day_read(struct call *c, yyjson_val *body, const char *key, bool *has, int32_t *day, struct err *e)
{
    struct str s;
    if (!text_read(c, body, key, &s, e))
        return false;
    *has = s.n > 0;
    if (*has && !clock_parse_date(s, day)) {
        err_set(e, E_USAGE, "%s is no day: \"%.*s\"", key, STR_FMT(s));
        err_hint(e, "write it as 2026-01-31");
        return false;
    }
    return true;
}

static bool grain_read(struct call *c, yyjson_val *body, struct metric_ask *out, struct err *e)
{
    static const struct str words[] = {{"day", 3}, {"week", 4}, {"month", 5}, {"quarter", 7}, {"year", 4}};
    struct str s;
    if (!text_read(c, body, "grain", &s, e))
        return false;
    if (metric_grain_from(s, &out->grain))
        return true;
    int near = str_nearest(s, words, sizeof words / sizeof *words);
    err_set(e, E_USAGE, "there is no grain \"%.*s\"", STR_FMT(s));
    err_hint(e, near >= 0 ? "did you mean %s?" : "day, week, month, quarter or year; left out: one figure for the whole range%s", near >= 0 ? words[near].p : "");
    return false;
}

static bool compare_read(struct call *c, yyjson_val *body, struct metric_ask *out, struct err *e)
{
    struct str s;
    if (!text_read(c, body, "compare", &s, e))
        return false;
    out->compare = str_eq(s, STR("previous")) ? COMPARE_PREVIOUS : str_eq(s, STR("year")) ? COMPARE_YEAR : COMPARE_NONE;
    if (out->compare != COMPARE_NONE || !s.n || str_eq(s, STR("none")))
        return true;
    err_set(e, E_USAGE, "nothing is compared with \"%.*s\"", STR_FMT(s));
    err_hint(e, "previous, year or none");
    return false;
}

bool metrics_ask_read(struct call *c, yyjson_val *body, struct metric_ask *out, struct err *e)
{
    static const char *const known[] = {"metrics", "by", "grain", "from", "to", "where", "compare", "order", "limit", "as_of", "format", "purpose", "key", "range"};
    size_t i, max;
    yyjson_val *k, *v, *limit = yyjson_obj_get(body, "limit");
    *out = (struct metric_ask){0};
    yyjson_obj_foreach(body, i, max, k, v)
    {
        bool is = false;
        for (size_t w = 0; w < sizeof known / sizeof *known; w++)
            is = is || strcmp(yyjson_get_str(k), known[w]) == 0;
        if (!is)
            return err_set(e, E_USAGE, "a question to metrics has no \"%.40s\"", yyjson_get_str(k));
    }
    if (yyjson_is_str(yyjson_obj_get(body, "range")) && !(yyjson_is_str(yyjson_obj_get(body, "from")) && yyjson_is_str(yyjson_obj_get(body, "to"))))
        return err_set(e, E_USAGE, "range only says how the days were chosen: from and to have to say them");
    if (limit && !yyjson_is_null(limit)) {
        if (!yyjson_is_int(limit) || yyjson_get_sint(limit) < 1 || yyjson_get_sint(limit) > LIMIT_MAX)
            return err_set(e, E_USAGE, "limit is a number from 1 to %d", LIMIT_MAX);
        out->limit = yyjson_get_sint(limit);
    }
    return names_read(c, yyjson_obj_get(body, "metrics"), "metrics", &out->metrics, &out->n_metrics, e) && names_read(c, yyjson_obj_get(body, "by"), "by", &out->by, &out->n_by, e) &&
           grain_read(c, body, out, e) && compare_read(c, body, out, e) && day_read(c, body, "from", &out->has_from, &out->from, e) && day_read(c, body, "to", &out->has_to, &out->to, e) &&
           text_read(c, body, "where", &out->where, e) && text_read(c, body, "order", &out->order, e) && text_read(c, body, "as_of", &out->as_of, e);
}

const struct mesh_metric *metrics_find(struct call *c, struct str name, struct err *e)
{
    bool several = false;
    const struct mesh_metric *m = mesh_find_metric(c->mesh, name, &several);
    if (m)
        return m;
    if (several) {
        err_set(e, E_METRIC, "several domains declare the metric \"%.*s\"", STR_FMT(name));
        err_hint(e, "say whose, as in domain.%.*s", STR_FMT(name));
        return NULL;
    }
    struct str *names = arena_array(c->a, c->mesh->n_metrics + 1, sizeof *names);
    for (size_t i = 0; i < c->mesh->n_metrics; i++)
        names[i] = c->mesh->metrics[i]->name;
    (void)call_missing(e, "metric", name, names, c->mesh->n_metrics);
    return NULL;
}

void metrics_put_day(struct buf *b, const char *key, int32_t day)
{
    put_str(b, key, str_of(clock_date(day).z));
}

void metrics_put_cell(struct buf *b, const char *key, const struct metric_cell *x)
{
    char text[40];
    if (!x->known || !isfinite(x->v)) {
        put_null(b, key);
        return;
    }
    if (x->text.n) { /* an exact number beyond what a double holds is still one */
        put_raw(b, key, x->text);
        return;
    }
    snprintf(text, sizeof text, "%.15g", x->v);
    put_raw(b, key, str_of(text));
}

static void put_port(struct call *c, struct buf *b, const struct mesh_port *p, const struct build_port_status *s)
{
    put_open(b, NULL, '{');
    put_str(b, "ref", p->ref);
    put_str(b, "title", p->product->title.n ? p->product->title : p->product->name);
    put_str(b, "product", arena_printf(c->a, "%.*s.%.*s", STR_FMT(p->product->domain->name), STR_FMT(p->product->name)));
    put_str(b, "owner", p->product->owner.name);
    put_str(b, "state", str_of(port_state_text(s->state)));
    put_opt(b, "why", call_text(c, s->reason));
    put_time(b, "built_at", s->built_at_us);
    put_opt(b, "data_to", s->data_to);
    put_open(b, "checks", '{');
    put_int(b, "passed", (int64_t)s->checks_passed);
    put_int(b, "all", (int64_t)(s->checks_passed + s->checks_warned + s->checks_failed + s->checks_not_evaluated));
    put_close(b, '}');
    put_close(b, '}');
}

bool metrics_put_ports(struct call *c, struct buf *b, const char *key, const struct metric_leg *legs, size_t n, struct err *e)
{
    const struct build_port_status *states = call_states(c, e);
    bool *seen = arena_array(c->a, c->mesh->n_ports + 1, sizeof *seen);
    if (!states)
        return false;
    put_open(b, key, '[');
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < legs[i].n_ports; k++) {
            size_t at = legs[i].ports[k]->index;
            if (!seen[at])
                put_port(c, b, legs[i].ports[k], &states[at]);
            seen[at] = true;
        }
    put_close(b, ']');
    return true;
}

void metrics_put_definitions(struct call *c, struct buf *b, const struct metric_table *t)
{
    put_open(b, "definitions", '[');
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct mesh_metric *m = t->columns[i].role == COLUMN_VALUE ? t->columns[i].metric : NULL;
        if (!m)
            continue;
        put_open(b, NULL, '{');
        put_str(b, "metric", m->ref);
        put_str(b, "title", m->title.n ? m->title : m->name);
        put_str(b, "version", (struct str){m->sha.z, 12});
        put_str(b, "owner", m->owner.name.n ? m->owner.name : m->domain->owner.name);
        put_str(b, "formula", metric_formula(m, c->a));
        put_str(b, "unit", str_of(mesh_unit_text(m->unit)));
        put_str(b, "direction", m->better > 0 ? STR("up") : m->better < 0 ? STR("down") : STR("none"));
        put_opt(b, "description", m->description);
        put_close(b, '}');
    }
    put_close(b, ']');
}
