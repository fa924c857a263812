/* Paths asked: what each person did after their first start (before their last end), cut at the window, and folded to a tree. */
#include "measure/path_tree.h"

#include "measure/rows.h"
#include "measure/steps_int.h"
#include "mesh/table.h"

enum { SQL_MAX = 60 << 10, EVENTS_MAX = 100 * 1000 * 1000, LABELS_MAX = 200000, DAY_S = 86400, WINDOW_DAYS_MAX = 366, START = -1 };
enum { COL_PERSON, COL_AT, COL_KIND, COL_NAME };

static const char *const of_names[PATH_OFS] = {"", "touches", "pages", "events"};

const char *path_of_name(enum path_of o)
{
    return of_names[o];
}

bool path_of_read(struct str text, enum path_of *out, struct err *e)
{
    for (int o = 0; o < PATH_OFS; o++)
        if (str_eq(text, str_of(of_names[o]))) {
            *out = (enum path_of)o;
            return true;
        }
    return err_set(e, E_USAGE, "a way is made of touches, pages or events; not of %.*s", STR_FMT(text));
}

/* ---- the question ---- */

static void rows_of(struct buf *b, const char *kind, const char *name, const char *port, const char *where, int64_t from_us, int64_t until_us)
{
    buf_printf(b, "  SELECT customer_id, occurred_at, %s AS kind, %s AS name FROM %s WHERE %s", kind, name, port, where);
    steps_moments(b, from_us, until_us);
    buf_addc(b, '\n');
}

static void question(const struct metric_asker *who, struct buf *b, const struct path_tree *t, int64_t from_us, int64_t until_us)
{
    struct err quiet = {0};
    struct buf word = BUF_INIT((size_t)SQL_MAX), where = BUF_INIT((size_t)SQL_MAX);
    buf_addz(b, "SELECT " STEPS_PERSON ", epoch_us(occurred_at), kind, name FROM (\n");
    step_condition(&where, &t->start);
    buf_printf(&where, " AND %s", t->start.kind == STEP_TOUCH || t->start.kind == STEP_CONVERSION ? "true" : STEPS_PEOPLE_ONLY);
    rows_of(b, "-1", "NULL", step_kind_port(t->start.kind), buf_z(&where), t->span.from_us, t->span.until_us);
    if (t->of == PATH_TOUCHES) {
        buf_printf(&word, "%d", STEP_TOUCH);
        buf_addz(b, "  UNION ALL\n");
        rows_of(b, buf_z(&word), "coalesce(channel_group, 'direct')", STEPS_TOUCHES, "true", from_us, until_us);
        if (steps_may(who, STR(STEPS_ENDS), &quiet)) {
            buf_reset(&word);
            buf_printf(&word, "%d", STEP_CONVERSION);
            buf_addz(b, "  UNION ALL\n");
            rows_of(b, buf_z(&word), "conversion", STEPS_ENDS, "conversion IS NOT NULL", from_us, until_us);
        }
    } else {
        buf_printf(&word, "CASE kind WHEN 'order' THEN %d WHEN 'ticket' THEN %d WHEN 'email' THEN %d ELSE %d END", STEP_ORDER, STEP_TICKET, STEP_EMAIL, t->of == PATH_PAGES ? STEP_PAGE : STEP_EVENT);
        buf_addz(b, "  UNION ALL\n");
        if (t->of == PATH_PAGES)
            rows_of(b, buf_z(&word), "CASE kind WHEN 'order' THEN '' ELSE page_path END", STEPS_DONE,
                    STEPS_PEOPLE_ONLY " AND ((kind IN ('page', 'screen') AND page_path IS NOT NULL) OR (kind = 'order' AND name <> 'cancelled'))", from_us, until_us);
        else
            rows_of(b, buf_z(&word), "CASE WHEN kind IN ('order', 'ticket') THEN '' ELSE name END", STEPS_DONE,
                    STEPS_PEOPLE_ONLY " AND name IS NOT NULL AND ((kind = 'track') OR (kind = 'order' AND name <> 'cancelled') OR kind = 'ticket' OR (kind = 'email' AND name IN ('open', 'click')))", from_us, until_us);
    }
    buf_addz(b, ") WHERE customer_id IS NOT NULL AND occurred_at IS NOT NULL");
    buf_fini(&word);
    buf_fini(&where);
}

/* ---- the answer ---- */

struct reading {
    const struct metric_asker *who;
    struct arena *a;
    struct path_tree *out;
    struct step_events events;
    struct table known;
    size_t cap_labels;
    int64_t starts;
};

static bool label_of(struct reading *r, enum step_kind kind, struct str name, uint32_t *out, struct err *e)
{
    struct path_tree *t = r->out;
    struct step s;
    struct buf key = BUF_INIT((size_t)1 << 20);
    buf_printf(&key, "%c%.*s", 'a' + (int)kind, STR_FMT(name));
    void *at = table_get(&r->known, buf_str(&key));
    bool good = true;
    if (at) {
        *out = (uint32_t)(uintptr_t)at;
    } else if (t->n_labels >= LABELS_MAX) {
        good = err_set(e, E_TOO_LARGE, "there are more than %d different steps", LABELS_MAX);
    } else {
        if (t->n_labels == r->cap_labels) {
            struct path_label *more = arena_array(r->a, r->cap_labels * 2, sizeof *more);
            memcpy(more, t->labels, t->n_labels * sizeof *more);
            t->labels = more;
            r->cap_labels *= 2;
        }
        step_make(r->who->mesh, r->a, kind, name, &s);
        *out = (uint32_t)t->n_labels;
        t->labels[t->n_labels++] = (struct path_label){s.text, s.title};
        (void)table_put(&r->known, r->a, arena_str(r->a, buf_str(&key)), (void *)(uintptr_t)*out);
    }
    buf_fini(&key);
    return good;
}

static bool take(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct reading *r = ctx;
    for (size_t i = 0; i < rows; i++) {
        int64_t kind = engine_cell_i64(ch, COL_KIND, i);
        struct step_event x = {.at_us = engine_cell_i64(ch, COL_AT, i), .person = (uint64_t)engine_cell_i64(ch, COL_PERSON, i), .mask = kind == START};
        if (kind == START)
            r->starts++;
        else if (!label_of(r, (enum step_kind)kind, engine_cell_null(ch, COL_NAME, i) ? STR("") : engine_cell_str(ch, COL_NAME, i), &x.entry, e))
            return false;
        if (!step_events_add(&r->events, &x, e))
            return false;
    }
    return true;
}

/* ---- ways ---- */

struct ways { struct path_walk *v; uint32_t *labels; size_t n, n_labels; };

/* From the first start on, or back from the last end; what happened in the same moment is neither after nor before it. */
static void way(const struct path_ask *ask, const struct path_tree *t, const struct step_event *v, size_t from, size_t to, uint32_t own, struct ways *w)
{
    size_t at = to, n = 0;
    int64_t window_us = t->window_s * 1000000;
    for (size_t i = from; i < to && (at == to || t->backwards); i++)
        if (v[i].mask)
            at = i;
    if (at == to)
        return;
    uint32_t *labels = w->labels + w->n_labels, last = own;
    for (size_t k = 0; n < (size_t)ask->depth && k < to - from; k++) {
        size_t i = t->backwards ? at - k : at + k;
        if (t->backwards ? k > at - from : i >= to)
            break;
        int64_t far = t->backwards ? v[at].at_us - v[i].at_us : v[i].at_us - v[at].at_us;
        if (far > window_us)
            break;
        if (v[i].mask || far == 0 || (ask->collapse && v[i].entry == last))
            continue;
        labels[n++] = last = v[i].entry;
    }
    w->v[w->n++] = (struct path_walk){labels, n};
    w->n_labels += n;
}

static bool fold(const struct path_ask *ask, struct reading *r, struct err *e)
{
    struct path_tree *t = r->out;
    const struct step_events *v = &r->events;
    struct ways w = {0};
    uint32_t own = NO_ENTRY; /* the start's own label, where it is one of the steps */
    for (size_t i = 1; i < t->n_labels; i++)
        if (str_eq(t->labels[i].step, t->start.text))
            own = (uint32_t)i;
    w.v = mem_try_alloc((v->n_people + 1) * sizeof *w.v);
    w.labels = mem_try_alloc((v->n + 1) * sizeof *w.labels); /* of a person there are no more than events */
    bool good = (w.v && w.labels) || err_set(e, E_MEMORY, "not enough memory for these paths; ask for fewer days");
    for (size_t i = 0; good && i < v->n_people; i++)
        way(ask, t, v->v, v->first[i], v->first[i + 1], own, &w);
    if (good)
        path_tree_fold(w.v, w.n, ask->limit, ask->depth, r->a, &t->nodes, &t->n);
    mem_free(w.v);
    mem_free(w.labels);
    return good;
}

static enum path_of by_start(enum step_kind k)
{
    return k == STEP_TOUCH || k == STEP_CONVERSION ? PATH_TOUCHES : k == STEP_PAGE ? PATH_PAGES : PATH_EVENTS;
}

static bool set(const struct metric_asker *who, const struct path_ask *ask, struct arena *a, struct path_tree *t, struct err *e)
{
    if (!ask->start.n == !ask->end.n) {
        err_set(e, E_USAGE, "a path has a start or an end, and not both");
        err_hint(e, "{\"start\":\"touch:paid_search\"} for what came next, {\"end\":\"order\"} for what came before");
        return false;
    }
    t->backwards = ask->end.n > 0;
    if (!step_read(who, t->backwards ? ask->end : ask->start, a, &t->start, e))
        return false;
    t->of = ask->of == PATH_BY_START ? by_start(t->start.kind) : ask->of;
    t->window_s = ask->window_s ? ask->window_s : (t->of == PATH_TOUCHES ? 30 : 1) * (int64_t)DAY_S;
    if (t->window_s > (int64_t)WINDOW_DAYS_MAX * DAY_S)
        return err_set(e, E_USAGE, "a window lasts from a second to %d days", WINDOW_DAYS_MAX);
    const char *port = t->of == PATH_TOUCHES ? STEPS_TOUCHES : STEPS_DONE;
    t->ports[t->n_ports++] = str_of(port);
    if (strcmp(step_kind_port(t->start.kind), port) != 0)
        t->ports[t->n_ports++] = str_of(step_kind_port(t->start.kind));
    return steps_may(who, str_of(port), e) && steps_newest(who, ask->as_of, &t->newest_us, e) &&
           steps_span(who, ask->has_from ? &ask->from : NULL, ask->has_to ? &ask->to : NULL, t->newest_us, &t->span, e);
}

bool path_tree_run(const struct metric_asker *who, const struct path_ask *ask, struct arena *a, struct path_tree *out, struct err *e)
{
    struct reading r = {.who = who, .a = a, .out = out, .cap_labels = 256};
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    *out = (struct path_tree){0};
    if (!set(who, ask, a, out, e))
        return false;
    out->labels = arena_array(a, r.cap_labels, sizeof *out->labels);
    out->labels[out->n_labels++] = (struct path_label){out->start.text, out->start.title};
    arena_init(&r.events.a);
    int64_t window_us = out->window_s * 1000000;
    question(who, &sql, out, out->span.from_us - (out->backwards ? window_us : 0), out->span.until_us + (out->backwards ? 0 : window_us));
    struct measure_read read = {.sql = buf_str(&sql), .as_of = ask->as_of, .row_limit = EVENTS_MAX, .watch = ask->watch, .watch_ctx = ask->watch_ctx};
    struct measure_sink sink = {.chunk = take, .ctx = &r};
    bool good = buf_ok(&sql, e) && measure_rows(who, &read, &sink, e);
    if (good && !r.starts) {
        const struct steps_ask rows = {.steps = &out->start, .n = 1, .as_of = ask->as_of};
        good = steps_exist(who, &rows, &r.events, e);
    }
    good = good && step_events_sort(&r.events, e) && fold(ask, &r, e);
    steps_fini(&r.events);
    buf_fini(&sql);
    return good;
}
