/* Rows through the gate into packed touches and conversions (journeys_pack.c). Nothing is sorted by the engine: lists in order cost it ten times this. */
#include "measure/journeys.h"

#include "base/clock.h"
#include "govern/policy.h"
#include "measure/journeys_int.h"
#include "measure/rows.h"

enum { SQL_MAX = 256 << 10, TIMEOUT_MS = 120000, DAY_S = 86400, LOOKBACK_S = 30 * DAY_S };
#define ROWS_MAX ((int64_t)400 << 20)

static const char *const level_names[JOURNEY_LEVELS] = {"channel", "source", "campaign", "ad_group", "ad"};

const char *journey_level_name(enum journey_level l)
{
    return level_names[l];
}

bool journey_level_from(struct str text, enum journey_level *out)
{
    for (int l = 0; l < JOURNEY_LEVELS; l++)
        if (str_eq(text, str_of(level_names[l])) || (l == JOURNEY_AD_GROUP && str_eq(text, STR("ad_set")))) {
            *out = (enum journey_level)l;
            return true;
        }
    return false;
}

/* ---- rows ---- */

struct taking { struct journey_packing *r; bool touches; size_t columns; int64_t rows; };

static bool take_columns(void *ctx, const struct engine_column *columns, size_t n, struct err *e)
{
    (void)columns;
    return n == ((struct taking *)ctx)->columns || err_set(e, E_INTERNAL, "a question about journeys gave other columns than it asked for");
}

static bool take_chunk(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct taking *t = ctx;
    if (!journey_take(t->r, t->touches, ch, rows, e))
        return false;
    t->rows += (int64_t)rows;
    return t->rows < ROWS_MAX || err_set(e, E_TOO_LARGE, "there are more than %lld touches or conversions", (long long)ROWS_MAX);
}

static bool read_all(const struct metric_asker *who, const struct journey_ask *ask, struct journey_packing *r, bool touches, struct str sql, struct err *e)
{
    struct taking t = {.r = r, .touches = touches, .columns = touches ? (size_t)TOUCH_KEYS + 2 * ((size_t)ask->level + 1) : END_COLUMNS};
    const struct measure_read read = {.sql = sql, .as_of = ask->as_of, .row_limit = ROWS_MAX, .timeout_ms = TIMEOUT_MS, .person = ask->person, .watch = ask->watch, .watch_ctx = ask->watch_ctx};
    const struct measure_sink sink = {take_columns, take_chunk, &t};
    return measure_rows(who, &read, &sink, e);
}

/* ---- what is asked ---- */

bool journeys_may(const struct metric_asker *who, struct str ref, struct err *e)
{
    struct arena a;
    const struct mesh_port *p = mesh_find_port(who->mesh, ref);
    if (!p) {
        err_set(e, E_NOT_FOUND, "there is no port %.*s", STR_FMT(ref));
        if (str_starts(ref, STR("shared.")))
            err_hint(e, "journeys are made of shared.touchpoint and shared.conversion, which `trellis init` writes; ports of your own: --touches and --conversions");
        return false;
    }
    arena_init(&a);
    bool groups = p->person_column.n && policy_access(who->mesh, who->who, who->purpose.n ? who->purpose : STR("analytics"), p, &a).tier == TIER_AGGREGATED;
    arena_fini(&a);
    if (!groups)
        return true;
    err_set(e, E_DENIED, "journeys are made of the single rows of %.*s, which your role shows in groups of people only", STR_FMT(ref));
    err_hint(e, "credit in groups: trellis metric attributed_orders --by channel; or ask for a role of tier masked on %.*s", STR_FMT(ref));
    return false;
}

/* A key that is shown as one text for all would make everybody one customer. */
static bool key_shown(const struct metric_asker *who, struct str ref, struct str column, struct err *e)
{
    const struct mesh_port *p = mesh_find_port(who->mesh, ref);
    struct policy_mask k = policy_mask(who->mesh, who->who, who->purpose.n ? who->purpose : STR("analytics"), p, column);
    if (k.mask == MASK_NONE || k.mask == MASK_TOKENISE || k.mask == MASK_HASH)
        return true;
    err_set(e, E_DENIED, "column %.*s of %.*s is hidden from your role, so that one customer cannot be told from another", STR_FMT(column), STR_FMT(ref));
    err_hint(e, "a mask `tokenise` for it keeps customers apart without showing them; or read a port that numbers its customers");
    return false;
}

static bool column_there(const struct metric_asker *who, struct str ref, struct str column, struct err *e)
{
    const struct mesh_port *p = mesh_find_port(who->mesh, ref);
    const struct mesh_contract *c = p->contract;
    struct str names[400];
    size_t n = 0;
    if (!column.n)
        return true;
    for (int beyond = 0; c && beyond < 2; beyond++)
        for (size_t i = 0; i < (beyond ? c->n_beyond : c->n_columns) && n < sizeof names / sizeof *names; i++) {
            names[n] = (beyond ? c->beyond : c->columns)[i].name;
            if (str_eq_nocase(names[n++], column))
                return true;
        }
    int near = str_nearest(column, names, n);
    err_set(e, E_NOT_FOUND, "%.*s has no column %.*s", STR_FMT(ref), STR_FMT(column));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    return false;
}

static bool own_port(const struct metric_asker *who, const struct journey_port *p, enum journey_level level, bool touches, struct err *e)
{
    if (!journeys_may(who, p->port, e) || !column_there(who, p->port, p->customer, e) || !column_there(who, p->port, p->time, e) || !column_there(who, p->port, p->kind, e) ||
        !column_there(who, p->port, p->value, e) || !key_shown(who, p->port, p->customer, e))
        return false;
    for (int l = 0; touches && l < JOURNEY_LEVELS; l++)
        if (!column_there(who, p->port, p->level[l], e))
            return false;
    if (touches && !p->level[level].n)
        return err_set(e, E_USAGE, "the touches name no column for %s: %s=COLUMN", level_names[level], level_names[level]);
    return true;
}

static bool ports_check(const struct metric_asker *who, const struct journey_ask *ask, struct journeys *j, struct err *e)
{
    if (!ask->conversion) {
        j->ports[j->n_ports++] = ask->touches.port;
        if (!str_eq(ask->touches.port, ask->conversions.port))
            j->ports[j->n_ports++] = ask->conversions.port;
        return own_port(who, &ask->touches, ask->level, true, e) && own_port(who, &ask->conversions, JOURNEY_CHANNEL, false, e);
    }
    static const struct { const char *port, *key; bool account; } shared[] = {
        {JOURNEY_ENDS, "customer_id", false}, {JOURNEY_TOUCHES, "customer_id", false}, {JOURNEY_ACCOUNT_ENDS, "account_id", true}, {JOURNEY_ACCOUNTS, "account_id", true},
        {JOURNEY_CONTACTS, "evidence", true}, {JOURNEY_IDENTITY, "evidence", true}};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        struct str ref = str_of(shared[i].port);
        if (shared[i].account && !ask->conversion->by_account)
            continue;
        if (!journeys_may(who, ref, e) || !key_shown(who, ref, str_of(shared[i].key), e))
            return false;
        j->ports[j->n_ports++] = ref;
    }
    return true;
}

static bool span_set(const struct metric_asker *who, const struct journey_ask *ask, struct journeys *j, struct err *e)
{
    int64_t end;
    j->has_from = ask->has_from;
    j->has_to = ask->has_to;
    if (ask->has_from && ask->has_to && ask->from > ask->to)
        return err_set(e, E_USAGE, "the first day, %s, is after the last, %s", clock_date(ask->from).z, clock_date(ask->to).z);
    if (ask->has_from) {
        if (!clock_day_end_us(str_of(clock_date(ask->from - 1).z), who->mesh->time_zone, &end))
            return err_set(e, E_USAGE, "%s is no day of the calendar", clock_date(ask->from).z);
        j->from_us = end;
    }
    if (ask->has_to) {
        if (!clock_day_end_us(str_of(clock_date(ask->to).z), who->mesh->time_zone, &end))
            return err_set(e, E_USAGE, "%s is no day of the calendar", clock_date(ask->to).z);
        j->to_us = end;
    }
    return true;
}

static int64_t lookback_us(const struct journey_ask *ask)
{
    return (ask->lookback_s ? ask->lookback_s : ask->conversion ? ask->conversion->lookback_s : LOOKBACK_S) * 1000000;
}

/* By kind; asked for, one lookback holds for all. */
static bool windows_set(const struct journey_ask *ask, struct journeys *j, struct err *e)
{
    j->window_us = mem_try_alloc((j->n_kinds + 1) * sizeof *j->window_us);
    if (!j->window_us)
        return err_set(e, E_MEMORY, "there is not enough memory for %zu kinds of touches", j->n_kinds);
    for (size_t k = 0; k < j->n_kinds; k++) {
        j->window_us[k] = lookback_us(ask);
        for (size_t i = 0; !ask->lookback_s && ask->conversion && i < ask->conversion->n_windows; i++)
            if (str_eq(ask->conversion->windows[i].kind, j->kinds[k]))
                j->window_us[k] = ask->conversion->windows[i].lookback_s * 1000000;
    }
    return true;
}

static void longest_set(const struct journey_ask *ask, struct journeys *j)
{
    j->lookback_us = j->longest_us = lookback_us(ask);
    for (size_t i = 0; !ask->lookback_s && ask->conversion && i < ask->conversion->n_windows; i++)
        if (ask->conversion->windows[i].lookback_s * 1000000 > j->longest_us)
            j->longest_us = ask->conversion->windows[i].lookback_s * 1000000;
}

bool journeys_read(const struct metric_asker *who, const struct journey_ask *ask, struct journeys *out, struct err *e)
{
    struct journey_packing r = {0};
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    *out = (struct journeys){.level = ask->level, .once = ask->once, .has_value = ask->conversion ? ask->conversion->value.n > 0 : ask->conversions.value.n > 0};
    arena_init(&out->a);
    longest_set(ask, out);
    bool ok = journeys_condition(ask->where, e) && journeys_condition(ask->touches.where, e) && journeys_condition(ask->conversions.where, e) && ports_check(who, ask, out, e) &&
              span_set(who, ask, out, e) && journey_packing_begin(&r, out, who->mesh->engine_threads, e);
    r.keep_ties = ask->person.n > 0;
    if (ok)
        journey_ends_sql(who, ask, out, &sql);
    ok = ok && buf_ok(&sql, e) && read_all(who, ask, &r, false, buf_str(&sql), e);
    buf_reset(&sql);
    if (ok)
        journey_touches_sql(who, ask, out, &sql);
    ok = ok && buf_ok(&sql, e) && read_all(who, ask, &r, true, buf_str(&sql), e) && journey_packing_end(&r, e) && windows_set(ask, out, e);
    journey_packing_fini(&r);
    buf_fini(&sql);
    return ok;
}

void journeys_fini(struct journeys *j)
{
    for (int l = 0; l < JOURNEY_LEVELS; l++)
        mem_free(j->nodes[l]);
    mem_free(j->touches);
    mem_free(j->tie);
    mem_free(j->ends);
    mem_free(j->first_touch);
    mem_free(j->first_end);
    mem_free(j->hash);
    mem_free(j->platforms);
    mem_free(j->kinds);
    mem_free(j->window_us);
    arena_fini(&j->a);
}
