/* What platforms say of their campaigns: when they begin and end, and from when on they had another budget or state. A platform's own history tells the
 * moment; of platforms without one, the versions that landed on two days are compared. */
#include "catalog/annotations_int.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"

enum { CAMPAIGNS_READ = 20000, EDITS_READ = 4000, ONE_BY_ONE = 3, VERSIONS_COMPARED = 20, SQL_MAX = 8192, TIMEOUT_MS = 10000 };

struct campaign { struct str key, platform, name, status; double budget; bool has_budget, has_start, has_end; int32_t start, end; };
struct campaigns { struct arena *a; struct campaign *v; size_t n, cap; };

static struct str text_of(struct campaigns *c, const struct engine_chunk *ch, size_t column, size_t row)
{
    return engine_cell_null(ch, column, row) ? STR("") : arena_str(c->a, engine_cell_str(ch, column, row));
}

static void take_campaign(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct campaigns *c = ctx;
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 256;
        struct campaign *v = arena_array(c->a, cap, sizeof *v);
        if (c->n)
            memcpy(v, c->v, c->n * sizeof *v);
        c->v = v;
        c->cap = cap;
    }
    struct campaign *x = &c->v[c->n++];
    *x = (struct campaign){.key = text_of(c, ch, 0, row), .platform = text_of(c, ch, 1, row), .name = text_of(c, ch, 2, row), .status = text_of(c, ch, 3, row)};
    x->has_budget = !engine_cell_null(ch, 4, row);
    x->budget = x->has_budget ? engine_cell_f64(ch, 4, row) : 0;
    x->has_start = !engine_cell_null(ch, 5, row);
    x->start = x->has_start ? (int32_t)engine_cell_i64(ch, 5, row) : 0;
    x->has_end = !engine_cell_null(ch, 6, row);
    x->end = x->has_end ? (int32_t)engine_cell_i64(ch, 6, row) : 0;
}

static bool read_campaigns(struct govern *g, const struct govern_principal *who, const struct mesh_port *p, struct str as_of, struct campaigns *out, struct err *e)
{
    struct govern_result *r = NULL;
    struct engine_chunk *ch = NULL;
    size_t rows = 0;
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    buf_addz(&sql, "SELECT campaign_key, platform, campaign_name, status, CAST(budget_amount AS DOUBLE), start_date, end_date FROM ");
    sql_ref(&sql, p);
    buf_addz(&sql, " ORDER BY campaign_key");
    struct govern_request q = {.principal = who ? who : &GOVERN_ITSELF, .sql = buf_str(&sql), .as_of = as_of, .row_limit = CAMPAIGNS_READ, .timeout_ms = TIMEOUT_MS};
    bool ok = govern_query(g, &q, &r, e);
    while (ok && (ok = govern_result_next(r, &ch, &rows, e)) && ch)
        for (size_t i = 0; i < rows; i++)
            take_campaign(out, ch, i);
    if (r)
        govern_result_close(r);
    buf_fini(&sql);
    return ok;
}

struct event { int32_t day; struct str platform, name, key, what; };
static int by_day(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    int c = str_cmp(x->platform, y->platform);
    c = c ? c : str_cmp(x->what, y->what);
    return c ? c : str_cmp(x->name, y->name);
}

/* Many of one kind on a day are told in one line. */
static void tell(struct annotation_list *l, struct event *v, size_t n, const struct mesh_port *p)
{
    if (n)
        qsort(v, n, sizeof *v, by_day);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && v[end].day == v[i].day && str_eq(v[end].platform, v[i].platform) && str_eq(v[end].what, v[i].what);)
            end++;
        struct annotation x = {.day = v[i].day, .until = v[i].day, .kind = STR("campaign"), .ref = p->ref, .href = port_href(p, l->a), .source = STR("platform")};
        if (end - i > ONE_BY_ONE) {
            x.title = arena_printf(l->a, "%.*s: %zu campaigns %.*s", STR_FMT(v[i].platform), end - i, STR_FMT(v[i].what));
            annotations_add(l, x);
        }
        for (size_t k = i; k < end && end - i <= ONE_BY_ONE; k++) {
            x.title = arena_printf(l->a, "%.*s: %.*s %.*s", STR_FMT(v[k].platform), STR_FMT(v[k].name), STR_FMT(v[k].what));
            x.ref = v[k].key;
            annotations_add(l, x);
        }
    }
}

static void began_and_ended(struct annotation_list *l, const struct campaigns *c, const struct mesh_port *p)
{
    struct event *v = arena_array(l->a, 2 * c->n + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct campaign *x = &c->v[i];
        struct str name = x->name.n ? x->name : x->key;
        if (x->has_start && x->start >= l->from && x->start <= l->to)
            v[n++] = (struct event){x->start, x->platform, name, x->key, STR("began")};
        if (x->has_end && x->end >= l->from && x->end <= l->to)
            v[n++] = (struct event){x->end, x->platform, name, x->key, STR("ended")};
    }
    tell(l, v, n, p);
}

static void edited(struct event *v, size_t *n, const struct campaign *was, const struct campaign *x, int32_t day, struct arena *a)
{
    struct str name = x->name.n ? x->name : x->key;
    if (x->has_budget && was->has_budget && fabs(x->budget - was->budget) > 1e-9)
        v[(*n)++] = (struct event){day, x->platform, name, x->key, arena_printf(a, "has a budget of %.10g after %.10g", x->budget, was->budget)};
    if (x->status.n && was->status.n && !str_eq(x->status, was->status))
        v[(*n)++] = (struct event){day, x->platform, name, x->key, arena_printf(a, "is %.*s after %.*s", STR_FMT(x->status), STR_FMT(was->status))};
}

/* ---- the platforms' own histories ---- */
struct history { struct arena *a; struct str zone, *platforms; size_t n_platforms, cap_platforms; struct event *v; size_t n, cap; };

static bool has_history(const struct history *h, struct str platform)
{
    for (size_t i = 0; i < h->n_platforms; i++)
        if (str_eq(h->platforms[i], platform))
            return true;
    return false;
}

static void take_platform(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct history *h = ctx;
    if (h->n_platforms < h->cap_platforms)
        h->platforms[h->n_platforms++] = arena_str(h->a, engine_cell_str(ch, 0, row));
}

static void take_edit(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct history *h = ctx;
    struct campaigns c = {.a = h->a};
    int32_t day;
    if (!clock_day_of(engine_cell_i64(ch, 7, row), h->zone, &day) || h->n + 2 > h->cap)
        return;
    struct campaign now = {.key = text_of(&c, ch, 0, row), .platform = text_of(&c, ch, 1, row), .name = text_of(&c, ch, 2, row), .status = text_of(&c, ch, 3, row), .has_budget = !engine_cell_null(ch, 4, row)};
    struct campaign was = {.status = text_of(&c, ch, 5, row), .has_budget = !engine_cell_null(ch, 6, row)};
    now.budget = now.has_budget ? engine_cell_f64(ch, 4, row) : 0;
    was.budget = was.has_budget ? engine_cell_f64(ch, 6, row) : 0;
    edited(h->v, &h->n, &was, &now, day, h->a);
}

static bool read_history(struct annotation_list *l, struct govern *g, const struct govern_principal *who, const struct mesh_port *p, struct history *h)
{
    enum { PLATFORMS_MAX = 64 };
    struct err unread = {0};
    struct buf known = BUF_INIT((size_t)SQL_MAX), edits = BUF_INIT((size_t)SQL_MAX);
    h->cap = 2 * EDITS_READ;
    h->cap_platforms = PLATFORMS_MAX;
    h->v = arena_array(l->a, h->cap, sizeof *h->v);
    h->platforms = arena_array(l->a, h->cap_platforms, sizeof *h->platforms);
    buf_addz(&known, "SELECT DISTINCT platform FROM ");
    sql_ref(&known, p);
    buf_addz(&edits, "SELECT campaign_key, platform, campaign_name, status, CAST(budget_amount AS DOUBLE), previous_status, CAST(previous_budget AS DOUBLE), epoch_us(changed_at) FROM ");
    sql_ref(&edits, p);
    buf_addz(&edits, " WHERE (status <> previous_status OR budget_amount <> previous_budget) AND changed_at >= CAST(");
    sql_day(&edits, l->from - 1); /* days are the mesh's, moments are UTC */
    buf_addz(&edits, " AS TIMESTAMP) AND changed_at < CAST(");
    sql_day(&edits, l->to + 2);
    buf_addz(&edits, " AS TIMESTAMP) ORDER BY changed_at, campaign_key");
    bool good = ask_rows(g, who, buf_str(&known), PLATFORMS_MAX, take_platform, h, &unread) && ask_rows(g, who, buf_str(&edits), EDITS_READ, take_edit, h, &unread);
    buf_fini(&known);
    buf_fini(&edits);
    return good;
}

/* ---- of platforms without one: what a landed version has and the one before it had not ---- */
static size_t differ(const struct campaigns *old, const struct campaigns *now, const struct history *h, int32_t day, struct arena *a, struct event *v)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < now->n; i++) {
        const struct campaign *x = &now->v[i];
        while (k < old->n && str_cmp(old->v[k].key, x->key) < 0)
            k++;
        if (k == old->n || !str_eq(old->v[k].key, x->key))
            continue;
        if (!has_history(h, x->platform))
            edited(v, &n, &old->v[k], x, day, a);
    }
    return n;
}

static bool changed(struct annotation_list *l, struct state *s, struct govern *g, const struct govern_principal *who, const struct mesh_port *p, const struct history *h, struct err *e)
{
    struct store_run_port *runs;
    struct campaigns before = {.a = l->a};
    size_t n, first;
    bool have = false;
    int32_t last = 0;
    if (!store_port_history(s->store, l->a, p->ref_major, VERSIONS_COMPARED, &runs, &n, e))
        return false;
    for (first = 0; first < n; first++) { /* newest first: one before the first day is what that day is compared with */
        int32_t day;
        if (runs[first].finished_at_us && clock_day_of(runs[first].finished_at_us, l->m->time_zone, &day) && day < l->from)
            break;
    }
    for (size_t i = first < n ? first + 1 : n; i-- > 0;) {
        struct campaigns now = {.a = l->a};
        struct err gone = {0};
        int32_t day;
        if (!str_eq(runs[i].status, STR("built")) || !clock_day_of(runs[i].finished_at_us, l->m->time_zone, &day) || day > l->to || (have && day == last))
            continue;
        if (!read_campaigns(g, who, p, arena_printf(l->a, "%s", clock_date(day).z), &now, &gone))
            continue; /* versions are not kept for ever */
        last = day;
        if (have) {
            struct event *v = arena_array(l->a, 2 * now.n + 1, sizeof *v);
            tell(l, v, differ(&before, &now, h, day, l->a, v), p);
        }
        before = now;
        have = true;
    }
    return true;
}

bool annotations_of_campaigns(struct annotation_list *l, struct state *s, struct govern *g, const struct govern_principal *who, struct err *e)
{
    const struct mesh_port *p = port_called(l->m, STR("campaign"), STR("budget_amount")), *history = port_called(l->m, STR("campaign_version"), STR("previous_budget"));
    struct campaigns c = {.a = l->a};
    struct history h = {.a = l->a, .zone = l->m->time_zone};
    struct err unread = {0};
    if (history && read_history(l, g, who, history, &h))
        tell(l, h.v, h.n, history);
    else
        h.n_platforms = 0;
    if (!p || !port_has(p, STR("start_date")) || !port_has(p, STR("campaign_key")) || !read_campaigns(g, who, p, STR(""), &c, &unread))
        return true;
    began_and_ended(l, &c, p);
    return changed(l, s, g, who, p, &h, e);
}
