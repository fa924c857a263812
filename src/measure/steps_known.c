/* What may be a step: names, pages, channels and conversions that rows tell of, as far as who asks sees them. */
#include "measure/steps.h"

#include <stdlib.h>

#include "base/clock.h"
#include "measure/rows.h"
#include "measure/steps_int.h"

enum { SQL_MAX = 60 << 10, KNOWN_MAX = 20000, PAGES_MAX = 500 };

struct finding {
    const struct mesh *mesh;
    struct arena *a;
    struct str q;
    struct step_known *v; size_t n, cap;
    enum step_kind kind; bool by_kind; /* rows name their kind: interactions */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool holds(struct str s, struct str q)
{
    for (size_t i = 0; i + q.n <= s.n; i++) {
        size_t k = 0;
        while (k < q.n && lower(s.p[i + k]) == lower(q.p[k]))
            k++;
        if (k == q.n)
            return true;
    }
    return false;
}

static void add(struct finding *f, enum step_kind kind, struct str name, int64_t count)
{
    struct step s;
    if (!name.n || f->n >= KNOWN_MAX)
        return;
    step_make(f->mesh, f->a, kind, name, &s);
    if (f->q.n && !holds(s.text, f->q) && !holds(s.title, f->q))
        return;
    for (size_t i = f->n; i > 0 && f->v[i - 1].kind == kind; i--)
        if (str_eq(f->v[i - 1].step, s.text)) { /* an order in another state is an order */
            f->v[i - 1].count += count;
            return;
        }
    if (f->n == f->cap) {
        struct step_known *more = arena_array(f->a, f->cap ? f->cap * 2 : 64, sizeof *more);
        if (f->n)
            memcpy(more, f->v, f->n * sizeof *more);
        f->v = more;
        f->cap = f->cap ? f->cap * 2 : 64;
    }
    f->v[f->n++] = (struct step_known){kind, s.text, s.title, count};
}

/* kind, name, count */
static bool take(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct finding *f = ctx;
    (void)e;
    for (size_t i = 0; i < rows; i++) {
        struct str kind = engine_cell_null(ch, 0, i) ? STR("") : engine_cell_str(ch, 0, i), name = engine_cell_null(ch, 1, i) ? STR("") : engine_cell_str(ch, 1, i);
        int64_t count = engine_cell_i64(ch, 2, i);
        enum step_kind of = f->kind;
        if (f->by_kind && str_eq(kind, STR("order")))
            of = STEP_ORDER;
        else if (f->by_kind && str_eq(kind, STR("ticket")))
            of = STEP_TICKET;
        else if (f->by_kind)
            of = str_eq(kind, STR("email")) ? STEP_EMAIL : STEP_EVENT;
        if (of == STEP_ORDER && str_eq(name, STR("cancelled")))
            continue;
        add(f, of, of == STEP_ORDER || of == STEP_TICKET ? str_of(step_kind_name(of)) : name, count);
    }
    return true;
}

/* A port that is not there, not built or not theirs has no steps, and is no error. */
static bool ask_one(const struct metric_asker *who, struct finding *f, const char *port, const char *sql, bool filtered, struct err *e)
{
    struct err quiet = {0};
    struct buf b = BUF_INIT((size_t)SQL_MAX);
    if (!steps_may(who, str_of(port), &quiet))
        return true;
    buf_addz(&b, sql);
    if (filtered && f->q.n) {
        buf_addz(&b, " AND contains(lower(page_path), lower(");
        buf_sql_text(&b, f->q);
        buf_addz(&b, "))");
    }
    buf_printf(&b, " GROUP BY ALL ORDER BY 3 DESC, 1, 2 LIMIT %d", filtered ? PAGES_MAX : KNOWN_MAX);
    struct measure_read read = {.sql = buf_str(&b)};
    struct measure_sink sink = {.chunk = take, .ctx = f};
    bool good = buf_ok(&b, e) && (measure_rows(who, &read, &sink, &quiet) || quiet.code == E_NOT_BUILT || quiet.code == E_NOT_FOUND);
    if (!good && quiet.code != E_OK)
        *e = quiet;
    buf_fini(&b);
    return good;
}

static int most_first(const void *a, const void *b)
{
    const struct step_known *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->count != y->count ? (x->count > y->count ? -1 : 1) : str_cmp(x->step, y->step);
}

bool steps_known(const struct metric_asker *who, struct str q, size_t max, struct arena *a, struct step_known **out, size_t *n, struct err *e)
{
    struct finding f = {.mesh = who->mesh, .a = a, .q = q};
    if (!steps_may(who, STR(STEPS_DONE), e))
        return false;
    f.by_kind = true;
    if (!ask_one(who, &f, STEPS_DONE, "SELECT kind, name, count(*) FROM " STEPS_DONE " WHERE " STEPS_PEOPLE_ONLY, false, e))
        return false;
    f.by_kind = false;
    f.kind = STEP_PAGE;
    if (!ask_one(who, &f, STEPS_DONE, "SELECT 'page', page_path, count(*) FROM " STEPS_DONE " WHERE kind IN ('page', 'screen') AND page_path IS NOT NULL AND " STEPS_PEOPLE_ONLY, true, e))
        return false;
    f.kind = STEP_SCREEN;
    if (!ask_one(who, &f, STEPS_DONE, "SELECT 'screen', page_title, count(*) FROM " STEPS_DONE " WHERE kind = 'screen' AND " STEPS_PEOPLE_ONLY, false, e))
        return false;
    f.kind = STEP_TOUCH;
    if (!ask_one(who, &f, STEPS_TOUCHES, "SELECT 'touch', channel_group, count(*) FROM " STEPS_TOUCHES " WHERE true", false, e))
        return false;
    f.kind = STEP_CONVERSION;
    if (!ask_one(who, &f, STEPS_ENDS, "SELECT 'conversion', conversion, count(*) FROM " STEPS_ENDS " WHERE true", false, e))
        return false;
    if (f.n)
        qsort(f.v, f.n, sizeof *f.v, most_first);
    *out = f.v;
    *n = max && f.n > max ? max : f.n;
    return true;
}

/* ---- is there such a thing? ---- */

static bool take_count(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    (void)e;
    if (rows > 0 && !engine_cell_null(ch, 0, 0))
        *(int64_t *)ctx = engine_cell_i64(ch, 0, 0);
    return true;
}

static bool declared(const struct metric_asker *who, const struct step *s)
{
    for (size_t i = 0; s->kind == STEP_CONVERSION && i < who->mesh->attribution.n_conversions; i++)
        if (str_eq(who->mesh->attribution.conversions[i].name, s->name))
            return true;
    return s->kind == STEP_ORDER || s->kind == STEP_TICKET;
}

static bool missing(const struct metric_asker *who, const struct step *s, struct err *e)
{
    struct arena a;
    struct step_known *v = NULL;
    size_t n = 0;
    arena_init(&a);
    bool good = steps_known(who, STR(""), 0, &a, &v, &n, e);
    if (good) {
        struct str *names = arena_array(&a, n + 1, sizeof *names);
        for (size_t i = 0; i < n; i++)
            names[i] = v[i].step;
        int near = str_nearest(s->text, names, n);
        for (size_t i = 0; near < 0 && i < n; i++) /* "viewed" for "Product Viewed" */
            if (holds(v[i].step, s->name) || holds(v[i].title, s->name))
                near = (int)i;
        err_set(e, E_NOT_FOUND, "nobody has ever done `%.*s`", STR_FMT(s->text));
        if (near >= 0)
            err_hint(e, "did you mean `%.*s`?", STR_FMT(names[near]));
        else
            err_hint(e, "trellis funnel --list names what people do here");
        good = false;
    }
    arena_fini(&a);
    return good;
}

bool steps_exist(const struct metric_asker *who, const struct steps_ask *ask, const struct step_events *v, struct err *e)
{
    for (size_t i = 0; i < ask->n; i++) {
        int64_t count = 0;
        if (v->rows[i] || declared(who, &ask->steps[i]))
            continue;
        struct buf b = BUF_INIT((size_t)SQL_MAX);
        buf_printf(&b, "SELECT count(*) FROM %s WHERE ", step_kind_port(ask->steps[i].kind));
        step_condition(&b, &ask->steps[i]);
        struct measure_read read = {.sql = buf_str(&b), .as_of = ask->as_of};
        struct measure_sink sink = {.chunk = take_count, .ctx = &count};
        bool good = buf_ok(&b, e) && measure_rows(who, &read, &sink, e);
        buf_fini(&b);
        if (!good || (count == 0 && !missing(who, &ask->steps[i], e)))
            return false;
    }
    return true;
}

/* ---- how far rows go ---- */

bool steps_newest(const struct metric_asker *who, struct str as_of, int64_t *out, struct err *e)
{
    int64_t now = clock_now_us();
    struct measure_read read = {.sql = STR("SELECT epoch_us(max(occurred_at)) FROM " STEPS_DONE), .as_of = as_of};
    struct measure_sink sink = {.chunk = take_count, .ctx = out};
    *out = now;
    if (!steps_may(who, STR(STEPS_DONE), e) || !measure_rows(who, &read, &sink, e))
        return false;
    *out = *out > now ? now : *out;
    return true;
}
