/* Questions to metrics: rows, what a dimension's values are, and why a figure is what it is. */
#include "serve/metrics.h"

#include "base/clock.h"
#include "base/json.h"

enum { VALUES_SHOWN = 200, VALUES_MAX = 2000 };

/* ---- query ---- */
static const char *role_text(enum metric_role r)
{
    static const char *const texts[] = {[COLUMN_KEY] = "key", [COLUMN_TIME] = "time", [COLUMN_VALUE] = "value", [COLUMN_BEFORE] = "before", [COLUMN_CHANGE] = "change"};
    return texts[r];
}

static void put_columns(struct buf *b, const struct metric_table *t)
{
    put_open(b, "columns", '[');
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct metric_column *x = &t->columns[i];
        put_open(b, NULL, '{');
        put_str(b, "name", x->name);
        put_str(b, "title", x->title);
        put_str(b, "type", x->role == COLUMN_TIME ? STR("date") : x->role == COLUMN_KEY ? STR("text") : STR("number"));
        put_str(b, "role", str_of(role_text(x->role)));
        if (x->metric) {
            put_str(b, "metric", x->metric->ref);
            put_str(b, "unit", x->role == COLUMN_CHANGE ? STR("change") : str_of(mesh_unit_text(x->metric->unit)));
        }
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void put_cell(struct buf *b, const struct metric_column *column, const struct metric_cell *x)
{
    if (column->role == COLUMN_TIME && x->known)
        metrics_put_day(b, NULL, (int32_t)x->v);
    else if (column->role == COLUMN_KEY && x->known)
        put_str(b, NULL, x->text);
    else
        metrics_put_cell(b, NULL, x);
}

static void put_row(struct buf *b, const char *key, const struct metric_table *t, const struct metric_cell *cells)
{
    put_open(b, key, '[');
    for (size_t i = 0; i < t->n_columns; i++)
        put_cell(b, &t->columns[i], &cells[i]);
    put_close(b, ']');
}

static bool put_answer(struct call *c, struct buf *b, const struct metric_ask *ask, const struct metric_table *t, struct err *e)
{
    put_open(b, NULL, '{');
    put_columns(b, t);
    put_open(b, "rows", '[');
    for (size_t i = 0; i < t->n_rows; i++)
        put_row(b, NULL, t, &t->cells[i * t->n_columns]);
    put_close(b, ']');
    if (t->total)
        put_row(b, "total", t, t->total);
    else
        put_null(b, "total");
    metrics_put_day(b, "from", t->from);
    metrics_put_day(b, "to", t->to);
    put_str(b, "range_said", t->range_given ? arena_printf(c->a, "%s to %s", clock_date(t->from).z, clock_date(t->to).z)
                                            : arena_printf(c->a, t->newest_known ? "the last %d days that have data" : "the last %d days", t->to - t->from + 1));
    if (ask->compare == COMPARE_NONE) {
        put_null(b, "compare");
    } else {
        put_open(b, "compare", '{');
        metrics_put_day(b, "from", t->before_from);
        metrics_put_day(b, "to", t->before_to);
        put_close(b, '}');
    }
    put_str(b, "grain", str_of(metric_grain_text(ask->grain)));
    put_str(b, "currency", c->mesh->reporting_currency);
    put_str(b, "time_zone", c->mesh->time_zone);
    put_str(b, "sql", t->sql);
    if (!metrics_put_ports(c, b, "ports", t->legs, t->n_legs, e))
        return false;
    metrics_put_definitions(c, b, t);
    put_texts(b, "notes", t->notes, t->n_notes);
    put_bool(b, "truncated", t->truncated);
    put_close(b, '}');
    return true;
}

static void csv_cell(struct buf *b, const struct metric_column *column, const struct metric_cell *x)
{
    struct buf one = BUF_INIT((size_t)1 << 16);
    if (column->role == COLUMN_KEY && x->known)
        buf_csv_cell(b, x->text);
    else if (column->role == COLUMN_TIME && x->known)
        buf_addz(b, clock_date((int32_t)x->v).z);
    else if (x->known) {
        metrics_put_cell(&one, NULL, x);
        buf_add(b, buf_str(&one));
    }
    buf_fini(&one);
}

static void put_csv(struct buf *b, const struct metric_table *t)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        buf_addz(b, i ? "," : "");
        buf_csv_field(b, t->columns[i].name);
    }
    buf_addz(b, "\r\n");
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t i = 0; i < t->n_columns; i++) {
            buf_addz(b, i ? "," : "");
            csv_cell(b, &t->columns[i], &t->cells[r * t->n_columns + i]);
        }
        buf_addz(b, "\r\n");
    }
}

bool route_metrics_query(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    struct metric_asker who = metrics_asker(c);
    struct metric_ask ask;
    struct metric_table t;
    struct buf b = call_buf();
    struct str format = json_str(doc ? yyjson_doc_get_root(doc) : NULL, "format");
    bool good = doc && metrics_purpose_read(c, yyjson_doc_get_root(doc), &who, e) && metrics_ask_read(c, yyjson_doc_get_root(doc), &ask, e);
    if (good && format.n && !str_eq(format, STR("csv")) && !str_eq(format, STR("json")))
        good = err_set(e, E_USAGE, "format is json or csv");
    good = good && metric_ask_run(&who, &ask, c->a, &t, e);
    if (good && str_eq(format, STR("csv"))) {
        put_csv(&b, &t);
        good = buf_ok(&b, e);
        if (good)
            http_reply_whole(c->reply, 200, STR("text/csv; charset=utf-8"), buf_str(&b), false);
    } else if (good && (good = put_answer(c, &b, &ask, &t, e))) {
        call_json(c, &b);
    }
    buf_fini(&b);
    yyjson_doc_free(doc);
    return good;
}

/* ---- values of a dimension ---- */
static bool holds(struct str text, struct str part)
{
    for (size_t i = 0; i + part.n <= text.n; i++)
        if (str_eq_nocase((struct str){text.p + i, part.n}, part))
            return true;
    return false;
}

static bool values_ask(struct call *c, const struct mesh_metric *m, struct str dimension, struct metric_table *t, struct err *e)
{
    struct metric_asker who = metrics_asker(c);
    struct metric_ask ask = {.metrics = &m->ref, .n_metrics = 1, .by = &dimension, .n_by = 1, .limit = 100000, .has_from = true, .from = -25567, .has_to = true, .to = 65380};
    return metric_ask_run(&who, &ask, c->a, t, e);
}

static bool is_own(const struct mesh_metric *m, struct str dimension)
{
    for (size_t i = 0; i < m->model->n_dimensions; i++)
        if (str_eq(m->model->dimensions[i].name, dimension))
            return true;
    return false;
}

static bool reached(const struct call *c, const struct mesh_metric *m, struct str dimension)
{
    struct metric_dimension *dims;
    size_t n;
    metric_dimensions(c->mesh, m, c->a, &dims, &n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(dims[i].name, dimension))
            return true;
    return false;
}

/* Of no metric in particular: of the first plain figure whose rows have the dimension themselves, else of one that reaches it; who may not ask the one may ask the next. */
static bool values_of_any(struct call *c, struct str dimension, struct metric_table *t, struct err *e)
{
    struct err first = {0};
    for (int joined = 0; joined < 2; joined++) {
        const struct mesh_model *tried = NULL;
        for (size_t i = 0; i < c->mesh->n_metrics; i++) {
            const struct mesh_metric *m = c->mesh->metrics[i];
            struct err why = {0};
            if (m->type != METRIC_SIMPLE || m->model == tried || is_own(m, dimension) == (joined == 1) || !reached(c, m, dimension))
                continue;
            tried = m->model;
            if (values_ask(c, m, dimension, t, &why))
                return true;
            first = first.code == E_OK ? why : first;
            if (why.code != E_DENIED)
                break;
        }
    }
    if (first.code != E_OK)
        *e = first;
    else
        err_set(e, E_NOT_FOUND, "no metric can be asked by \"%.*s\"", STR_FMT(dimension));
    return false;
}

bool route_metrics_values(struct call *c, struct err *e)
{
    struct str name = {0}, dimension = {0}, q = {0};
    const struct mesh_metric *m = NULL;
    int64_t limit;
    (void)http_query_param(c->req, c->a, "metric", &name);
    (void)http_query_param(c->req, c->a, "dimension", &dimension);
    (void)http_query_param(c->req, c->a, "q", &q);
    if (!dimension.n)
        return err_set(e, E_USAGE, "dimension= is missing: of which dimension?");
    if (!call_int(c, "limit", VALUES_SHOWN, 1, VALUES_MAX, &limit, e))
        return false;
    if (name.n && !(m = metrics_find(c, name, e)))
        return false;
    struct metric_table t;
    struct buf b = call_buf();
    if (!(m ? values_ask(c, m, dimension, &t, e) : values_of_any(c, dimension, &t, e)))
        return false;
    int64_t shown = 0, all = 0;
    put_open(&b, NULL, '{');
    put_open(&b, "values", '[');
    for (size_t i = 0; i < t.n_rows; i++) {
        struct metric_cell *x = &t.cells[i * t.n_columns];
        if (!x->known || (q.n && !holds(x->text, q)))
            continue;
        if (all++ < limit) {
            put_str(&b, NULL, x->text);
            shown++;
        }
    }
    put_close(&b, ']');
    put_bool(&b, "more", all > shown);
    put_close(&b, '}');
    call_json(c, &b);
    buf_fini(&b);
    return true;
}
