/* The digest: last week against the week before, targets, goals, and what waits for somebody. Every line that cannot be had says
 * why. */
#include "notify/notify_int.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

enum { TIMEOUT_MS = 30000, LINES_SHOWN = 6, TEXT_MAX = 64 << 10 };

/* ---- words ---- */

/* 1,234,567 or 12.34 */
static void put_number(struct buf *b, double v)
{
    char text[64];
    bool whole = fabs(v) >= 1000 || v == floor(v);
    int n = snprintf(text, sizeof text, whole ? "%.0f" : "%.2f", v);
    int end = 0;
    while (end < n && text[end] != '.')
        end++;
    for (int i = 0; i < n; i++) {
        buf_addc(b, text[i]);
        if (i + 1 < end && (end - i - 1) % 3 == 0 && text[i] != '-')
            buf_addc(b, ',');
    }
}

static void put_change(struct buf *b, double now, double before)
{
    if (before == 0)
        buf_addz(b, now == 0 ? "" : " (none in the 7 days before)");
    else
        buf_printf(b, " (%+.0f%% on the 7 days before)", (now / before - 1) * 100);
}

static struct str because(const struct err *e, struct arena *a)
{
    return arena_str(a, str_of(e->text));
}

/* ---- spend, conversions, value ---- */
struct week {
    bool known;
    int32_t last_day;
    double now[3], before[3];
};

static const struct mesh_port *daily_port(const struct mesh *m)
{
    const struct mesh_port *found = NULL;
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        if (!p->is_default || !str_eq(p->name, STR("campaign_daily")))
            continue;
        for (size_t k = 0; p->contract && k < p->contract->n_columns; k++)
            if (str_eq(p->contract->columns[k].name, STR("spend_reporting")))
                found = p; /* inputs stand before what they feed: the last is the most complete */
    }
    return found;
}

static bool ask_week(const struct notify *n, const struct mesh_port *p, int32_t today, struct week *w, struct err *e)
{
    static const char *const measures[] = {"spend_reporting", "conversions", "conversions_value_reporting"};
    struct govern_result *r = NULL;
    struct engine_chunk *ch = NULL;
    size_t rows = 0;
    struct buf sql = BUF_INIT((size_t)8192);
    struct str name, domain = str_cut(p->ref, '.', &name);
    buf_printf(&sql,
               "WITH d AS (SELECT * FROM %.*s.%.*s WHERE date_day < DATE '%s'), n AS (SELECT max(date_day) AS day FROM d) SELECT "
               "(SELECT day FROM n)",
               STR_FMT(domain), STR_FMT(name), clock_date(today).z);
    for (size_t i = 0; i < 3; i++)
        buf_printf(&sql,
                   ", CAST(sum(%s) FILTER (date_day > (SELECT day FROM n) - 7) AS DOUBLE), CAST(sum(%s) FILTER (date_day <= "
                   "(SELECT day FROM"
                   " n) - 7) AS DOUBLE)",
                   measures[i], measures[i]);
    buf_addz(&sql, " FROM d WHERE date_day > (SELECT day FROM n) - 14");
    struct govern_request q = {.principal = &GOVERN_ITSELF, .sql = buf_str(&sql), .row_limit = 1, .timeout_ms = TIMEOUT_MS};
    bool ok = govern_query(n->govern, &q, &r, e);
    if (ok && (ok = govern_result_next(r, &ch, &rows, e)) && ch && rows == 1 && !engine_cell_null(ch, 0, 0)) {
        w->known = true;
        w->last_day = (int32_t)engine_cell_i64(ch, 0, 0);
        for (size_t i = 0; i < 3; i++) {
            w->now[i] = engine_cell_null(ch, 1 + 2 * i, 0) ? 0 : engine_cell_f64(ch, 1 + 2 * i, 0);
            w->before[i] = engine_cell_null(ch, 2 + 2 * i, 0) ? 0 : engine_cell_f64(ch, 2 + 2 * i, 0);
        }
    }
    if (r)
        govern_result_close(r);
    buf_fini(&sql);
    return ok;
}

static void put_week(const struct notify *n, int32_t today, struct buf *b, struct arena *a)
{
    static const char *const titles[] = {"Spend", "Conversions", "Value of conversions"};
    const struct mesh_port *p = daily_port(n->mesh);
    struct week w = {0};
    struct err e = {0};
    if (!p)
        return;
    if (!ask_week(n, p, today, &w, &e)) {
        buf_printf(b, "Spend and conversions are not known: %.*s\n\n", STR_FMT(because(&e, a)));
        return;
    }
    if (!w.known)
        return;
    buf_printf(b, "Seven days up to %s\n", clock_date(w.last_day).z);
    for (size_t i = 0; i < 3; i++) {
        buf_printf(b, "  %s: ", titles[i]);
        put_number(b, w.now[i]);
        if (i != 1)
            buf_printf(b, " %.*s", STR_FMT(n->mesh->reporting_currency));
        put_change(b, w.now[i], w.before[i]);
        buf_addc(b, '\n');
    }
    if (w.now[0] > 0) {
        buf_addz(b, "  Value for each unit spent: ");
        put_number(b, w.now[2] / w.now[0]);
        buf_addc(b, '\n');
    }
    buf_addc(b, '\n');
}

/* ---- metrics that are watched ---- */
static void put_unusual(const struct notify *n, struct buf *b, struct arena *a)
{
    struct unusual_found *v;
    size_t count, watched = 0;
    for (size_t i = 0; i < n->mesh->n_metrics; i++)
        watched += n->mesh->metrics[i]->watch;
    if (watched == 0)
        return;
    unusual_now(n, a, &v, &count);
    buf_addz(b, "Out of the ordinary\n");
    for (size_t i = 0; i < count && i < LINES_SHOWN; i++) {
        const struct mesh_metric *m = mesh_find_metric(n->mesh, v[i].ref, NULL);
        struct str title = m && m->title.n ? m->title : v[i].ref;
        buf_printf(b, "  %.*s: %.*s\n", STR_FMT(title), STR_FMT(v[i].text));
    }
    if (count > LINES_SHOWN)
        buf_printf(b, "  and %zu more\n", count - LINES_SHOWN);
    if (count == 0)
        buf_printf(b, "  nothing, of %zu metrics\n", watched);
    buf_addc(b, '\n');
}

/* ---- targets and goals ---- */
static void put_pacing(const struct notify *n, int32_t today, struct buf *b, struct arena *a)
{
    struct pacing p = {0};
    struct err e = {0};
    size_t shown = 0, on = 0;
    if (n->mesh->n_targets == 0)
        return;
    if (!catalog_pacing(n->govern, NULL, n->mesh, today, a, &p, &e) || p.problem.n) {
        buf_printf(b, "Pacing is not known: %.*s\n\n", STR_FMT(p.problem.n ? p.problem : because(&e, a)));
        return;
    }
    buf_addz(b, "Pacing against targets\n");
    for (size_t i = 0; i < p.n; i++) {
        const struct mesh_target *t = p.v[i].target;
        if (t->day_from > today || t->day_to < today || !p.v[i].known || p.v[i].expected <= 0)
            continue;
        double share = p.v[i].actual / p.v[i].expected;
        if (share >= 0.9 && share <= 1.1) {
            on++;
            continue;
        }
        if (shown++ >= LINES_SHOWN)
            continue;
        buf_printf(b, "  %.*s%s%.*s%s%.*s is %s: %.0f%% of what was due by %s\n", STR_FMT(t->metric), t->platform.n ? " on " : "",
                   STR_FMT(t->platform), t->campaign_id.n ? ", campaign " : "", STR_FMT(t->campaign_id),
                   share < 1 ? "behind" : "ahead", share * 100, clock_date(p.v[i].last_day).z);
    }
    if (shown > LINES_SHOWN)
        buf_printf(b, "  and %zu more off their pace\n", shown - LINES_SHOWN);
    buf_printf(b, "  %zu on their pace\n\n", on);
}

static void put_goals(const struct notify *n, struct buf *b, struct arena *a)
{
    if (n->mesh->n_goals == 0)
        return;
    buf_addz(b, "Goals\n");
    for (size_t i = 0; i < n->mesh->n_goals && i < LINES_SHOWN; i++) {
        const struct mesh_goal *g = &n->mesh->goals[i];
        struct goal_state s = {0};
        struct err e = {0};
        struct str title = g->title.n ? g->title : g->name;
        buf_printf(b, "  %.*s: ", STR_FMT(title));
        if (!catalog_goal(n->govern, NULL, n->mesh, g, a, &s, &e) || !s.known) {
            struct str why = s.problem.n ? s.problem : because(&e, a);
            buf_printf(b, "not known%s%.*s\n", why.n ? ": " : "", STR_FMT(why));
            continue;
        }
        put_number(b, s.value);
        if (!str_eq(g->number.unit, STR("count")) && !str_eq(g->number.unit, STR("ratio")))
            buf_printf(b, " %.*s",
                       STR_FMT(str_eq(g->number.unit, STR("currency")) ? n->mesh->reporting_currency : g->number.unit));
        if (g->has_target) {
            buf_addz(b, ", target ");
            put_number(b, g->target);
        }
        if (g->has_target && g->has_baseline)
            buf_printf(b, ", %.0f%% of the way", s.progress * 100);
        buf_addc(b, '\n');
    }
    if (n->mesh->n_goals > LINES_SHOWN)
        buf_printf(b, "  and %zu more\n", n->mesh->n_goals - LINES_SHOWN);
    buf_addc(b, '\n');
}

/* ---- what waits for somebody ---- */
static bool put_waiting(const struct notify *n, struct buf *b, struct arena *a, struct err *e)
{
    struct source_health *h;
    struct store_request *requests;
    struct store_alert *alerts;
    struct naming naming = {0};
    struct err unknown = {0};
    size_t n_requests, n_alerts, late = 0, shown = 0;
    struct store_request_ask ask = {.state = STR("open")};
    if (!catalog_sources(n->state, n->mesh, a, &h, e) || !store_requests(n->state->store, a, &ask, &requests, &n_requests, e) ||
        !store_alerts(n->state->store, a, true, 0, &alerts, &n_alerts, e))
        return false;
    for (size_t i = 0; i < n->mesh->n_sources; i++)
        late += h[i].state == SOURCE_LATE || h[i].state == SOURCE_FAILED || h[i].state == SOURCE_NEVER;
    buf_addz(b, "Waiting for somebody\n");
    buf_printf(b, "  %zu of %zu sources late or failed\n", late, n->mesh->n_sources);
    for (size_t i = 0; i < n->mesh->n_sources; i++) {
        if ((h[i].state != SOURCE_LATE && h[i].state != SOURCE_FAILED && h[i].state != SOURCE_NEVER) || shown++ >= LINES_SHOWN)
            continue;
        const struct mesh_source *s = h[i].source;
        buf_printf(b, "    %.*s: %.*s\n", STR_FMT(s->title.n ? s->title : s->name), STR_FMT(h[i].reason));
    }
    if (shown > LINES_SHOWN)
        buf_printf(b, "    and %zu more\n", shown - LINES_SHOWN);
    buf_printf(b, "  %zu open alert%s\n  %zu open request%s", n_alerts, n_alerts == 1 ? "" : "s", n_requests,
               n_requests == 1 ? "" : "s");
    if (n_requests)
        buf_printf(b, ", the oldest %lld days old",
                   (long long)((clock_now_us() - requests[n_requests - 1].asked_at_us) / 86400000000));
    buf_addc(b, '\n');
    if (n->mesh->n_naming == 0)
        return true;
    if (catalog_naming(n->govern, NULL, n->mesh, 1, a, &naming, &unknown) && !naming.problem.n)
        buf_printf(b, "  %zu names of campaigns, ad groups and ads that break a rule\n", naming.total);
    else
        buf_printf(b, "  mis-tagged campaigns are not known: %.*s\n",
                   STR_FMT(naming.problem.n ? naming.problem : because(&unknown, a)));
    return true;
}

bool notify_digest(const struct notify *n, struct arena *a, struct notify_digest *out, struct err *e)
{
    struct buf b = BUF_INIT((size_t)TEXT_MAX);
    const struct mesh *m = n->mesh;
    int32_t today;
    if (!clock_day_of(clock_now_us(), m->time_zone, &today))
        today = (int32_t)(clock_now_us() / 86400000000);
    out->title = arena_printf(a, "%.*s: digest of %s", STR_FMT(m->title.n ? m->title : m->name), clock_date(today).z);
    put_week(n, today, &b, a);
    put_unusual(n, &b, a);
    put_pacing(n, today, &b, a);
    put_goals(n, &b, a);
    bool ok = put_waiting(n, &b, a, e);
    if (n->page.n)
        buf_printf(&b, "\n%.*s/", STR_FMT(n->page));
    ok = ok && buf_ok(&b, e);
    out->text = arena_str(a, str_trim(buf_str(&b)));
    buf_fini(&b);
    return ok;
}

bool notify_digest_tell(const struct notify *n, struct str once, struct arena *a, struct notify_digest *out, struct err *e)
{
    struct store_message told[2];
    if (!notify_configured(n->mesh)) {
        err_set(e, E_USAGE, "nobody is told: mesh.yaml has no `alerts:`");
        err_hint(e, "add alerts: {webhook: env:TRELLIS_WEBHOOK} and set that variable to the address");
        return false;
    }
    if (!notify_digest(n, a, out, e))
        return false;
    size_t count = say_to_all(n->mesh, "digest", out->title, out->text, once, told);
    return store_alerts_write(n->state->store, NULL, 0, NULL, 0, told, count, e) &&
           (!once.n || store_setting_set(n->state->store, STR("digest_told"), once, e));
}

bool notify_digest_due(const struct mesh *m, int64_t now_us, struct arena *a, struct str *once)
{
    static const struct str week[] = {{"thursday", 8}, {"friday", 6},  {"saturday", 8}, {"sunday", 6},
                                      {"monday", 6},   {"tuesday", 7}, {"wednesday", 9}}; /* 1970-01-01 was a Thursday */
    const struct mesh_alerts *al = &m->alerts;
    int32_t today;
    int64_t midnight_us;
    if (!al->digest_day.n || !notify_configured(m) || !clock_day_of(now_us, m->time_zone, &today) || today < 0 ||
        !clock_day_end_us(str_of(clock_date(today - 1).z), m->time_zone, &midnight_us))
        return false;
    if (!str_eq(al->digest_day, STR("daily")) && !str_eq(al->digest_day, week[today % 7]))
        return false;
    if (now_us - midnight_us < (int64_t)al->digest_hour * 3600 * 1000000)
        return false;
    *once = arena_printf(a, "digest %s", clock_date(today).z);
    return true;
}
