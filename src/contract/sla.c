/* Service level items: how old the data may be, how long it is kept, from when to when it is offered. They warn, never refuse. */
#include "contract/contract_int.h"

#include "base/clock.h"

static const struct {
    const char *name, *synonym;
    enum contract_sla_kind kind;
} properties[] = {
    {"latency", "ly", SLA_FRESHNESS},
    {"freshness", "fr", SLA_FRESHNESS},
    {"frequency", "fy", SLA_FREQUENCY},
    {"retention", "re", SLA_RETENTION},
    {"generalAvailability", "ga", SLA_AVAILABLE_FROM},
    {"endOfSupport", "es", SLA_ENDS},
    {"endOfLife", "el", SLA_ENDS},
};

static const struct {
    const char *words[6];
    int64_t seconds;
} units[] = {
    {{"s", "sec", "second", "seconds"}, 1},      {{"m", "min", "minute", "minutes"}, 60},
    {{"h", "hr", "hour", "hours"}, 3600},        {{"d", "day", "days"}, 86400},
    {{"w", "week", "weeks"}, 7 * 86400},         {{"mo", "month", "months"}, 30 * 86400},
    {{"y", "yr", "year", "years"}, 365 * 86400},
};

static int64_t unit_seconds(struct str unit)
{
    if (!unit.n)
        return 86400; /* days are the standard's habit */
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t k = 0; k < 6 && units[i].words[k]; k++)
            if (str_eq_nocase(unit, str_of(units[i].words[k])))
                return units[i].seconds;
    return -1;
}

const struct doc_node *contract_slas(const struct mesh_contract *c)
{
    return doc_first(c->doc, doc_get(c->doc, doc_root(c->doc), "slaProperties"));
}

/* The element is "table.column", "column" or "table", or several by commas: then the first of this table counts. */
static bool element_column(const struct mesh_contract *c, struct str element, struct str *column)
{
    *column = STR("");
    if (!element.n)
        return true;
    for (struct str rest = element; rest.p;) {
        struct str one = str_trim(str_cut(rest, ',', &rest)), after;
        struct str table = str_cut(one, '.', &after);
        if (after.p && str_eq_nocase(table, c->object_name)) {
            *column = after;
            return true;
        }
        if (!after.p) {
            if (contract_column(c, one))
                *column = one;
            if (column->n || str_eq_nocase(one, c->object_name))
                return true;
        }
    }
    return false;
}

bool contract_sla_read(const struct mesh_contract *c, const struct doc_node *node, struct contract_sla *out)
{
    const struct doc_node *value = doc_get(c->doc, node, "value");
    struct str text = doc_text(c->doc, value), unit = doc_str(c->doc, node, "unit");
    *out = (struct contract_sla){
        .node = node, .property = doc_str(c->doc, node, "property"), .element = doc_str(c->doc, node, "element"), .limit_s = -1};
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if (str_eq_nocase(out->property, str_of(properties[i].name)) ||
            str_eq_nocase(out->property, str_of(properties[i].synonym)))
            out->kind = properties[i].kind;
    double number;
    int64_t seconds = unit_seconds(unit);
    if (seconds > 0 && str_to_f64(text, &number) && number >= 0 && number * (double)seconds < 9e15)
        out->limit_s = (int64_t)(number * (double)seconds);
    return element_column(c, out->element, &out->column);
}

/* ---- How old ---- */

/* "2026-01-31", or the engine's text of a moment (UTC unless it says an offset): the moment up to which the data reaches. */
bool contract_data_end_us(struct str text, struct str zone, int64_t *out)
{
    int32_t day;
    struct str date = {text.p, text.n < 10 ? text.n : 10};
    if (!clock_parse_date(date, &day))
        return false;
    if (text.n == 10)
        return clock_day_end_us(date, zone, out) || clock_day_end_us(date, STR("UTC"), out);
    int64_t h, m, s;
    if (text.n < 19 || !str_to_i64((struct str){text.p + 11, 2}, &h) || !str_to_i64((struct str){text.p + 14, 2}, &m) ||
        !str_to_i64((struct str){text.p + 17, 2}, &s))
        return false;
    int64_t offset_s = 0;
    for (size_t i = 19; i < text.n; i++)
        if (text.p[i] == '+' || text.p[i] == '-') {
            int64_t oh = 0, om = 0;
            struct str rest, hours = str_cut((struct str){text.p + i + 1, text.n - i - 1}, ':', &rest);
            if (!str_to_i64(hours, &oh) || (rest.n && !str_to_i64(rest, &om)))
                return false;
            offset_s = (text.p[i] == '-' ? -1 : 1) * (oh * 3600 + om * 60);
            break;
        }
    *out = ((int64_t)day * 86400 + h * 3600 + m * 60 + s - offset_s) * 1000000;
    return true;
}

void contract_freshness(const struct mesh_port *port, int64_t built_at_us, struct str data_to, struct str time_zone,
                        int64_t now_us, struct contract_freshness *out)
{
    *out = (struct contract_freshness){.limit_s = -1};
    if (!port->contract)
        return;
    for (const struct doc_node *n = contract_slas(port->contract); n; n = doc_next(port->contract->doc, n)) {
        struct contract_sla s;
        if (!contract_sla_read(port->contract, n, &s) || s.limit_s < 0 || (s.kind != SLA_FRESHNESS && s.kind != SLA_FREQUENCY))
            continue;
        int64_t reaches_us = built_at_us;
        if (s.kind == SLA_FRESHNESS && data_to.n && !contract_data_end_us(data_to, time_zone, &reaches_us))
            continue;
        int64_t age_s = now_us > reaches_us ? (now_us - reaches_us) / 1000000 : 0;
        bool late = age_s > s.limit_s;
        if (out->limit_s < 0 || (late && !out->late) || (late == out->late && age_s - s.limit_s > out->age_s - out->limit_s))
            *out = (struct contract_freshness){
                .limit_s = s.limit_s, .age_s = age_s, .late = late, .element = s.element.n ? s.element : s.property};
    }
}

/* ---- As checks ---- */

static struct str duration_text(struct arena *a, int64_t s)
{
    if (s >= 3 * 86400)
        return arena_printf(a, "%.4g days", (double)s / 86400);
    return s >= 3600 ? arena_printf(a, "%.3g h", (double)s / 3600) : arena_printf(a, "%lld s", (long long)s);
}

/* The zone of the mesh, as the builder's catalog tells; UTC elsewhere. */
static struct str zone_of(struct contract_run *run)
{
    struct str zone;
    bool null;
    return engine_value(run->conn, STR("SELECT mesh_time_zone()"), NULL, 0, run->a, &zone, &null, NULL) && !null ? zone
                                                                                                                 : STR("UTC");
}

static void check_freshness(struct contract_run *run, const struct contract_sla *s, struct str column, struct store_check *k)
{
    struct str newest;
    bool null;
    struct err said = {0};
    int64_t reaches_us;
    if (!engine_value(run->conn,
                      arena_printf(run->a, "SELECT CAST(max(%.*s) AS VARCHAR) FROM %.*s", STR_FMT(contract_ident(run, column)),
                                   STR_FMT(run->table)),
                      NULL, 0, run->a, &newest, &null, &said)) {
        if (run->e)
            *run->e = said;
        run->broken = true;
        return;
    }
    if (null) {
        contract_judge(k, false, arena_printf(run->a, "the table has no %.*s at all", STR_FMT(column)));
        return;
    }
    if (!contract_data_end_us(newest, zone_of(run), &reaches_us)) {
        contract_not_evaluated(k, arena_printf(run->a, "%.*s is no date or moment", STR_FMT(column)));
        return;
    }
    int64_t age_s = run->now_us > reaches_us ? (run->now_us - reaches_us) / 1000000 : 0;
    k->measured = duration_text(run->a, age_s);
    contract_judge(k, age_s <= s->limit_s,
                   arena_printf(run->a, "the newest data is %.*s old; the contract promises at most %.*s", STR_FMT(k->measured),
                                STR_FMT(k->expected)));
}

static void check_retention(struct contract_run *run, const struct contract_sla *s, struct str column, struct store_check *k)
{
    int64_t older, oldest_us = run->now_us - s->limit_s * 1000000;
    struct str why;
    struct str old = arena_printf(run->a, "%.*s < CAST(make_timestamp(%lld) AS %.*s)", STR_FMT(contract_ident(run, column)),
                                  (long long)oldest_us, STR_FMT(contract_table_column(run, column)->type_name));
    struct str sql = arena_printf(run->a, "SELECT count(*) FROM %.*s WHERE %.*s", STR_FMT(run->table), STR_FMT(old));
    if (!contract_count(run, sql, &older, &why)) {
        contract_not_evaluated(k, why);
        return;
    }
    k->measured = arena_printf(run->a, "%lld older", (long long)older);
    contract_judge(k, older == 0,
                   arena_printf(run->a, "%lld rows are older than the %.*s that the contract keeps", (long long)older,
                                STR_FMT(k->expected)));
    contract_failing_where(run, k, old);
}

/* A day on which something begins or ends. */
static void check_day(struct contract_run *run, const struct contract_sla *s, struct store_check *k)
{
    struct str value = doc_text(run->d, doc_get(run->d, s->node, "value"));
    int64_t at_us;
    int32_t day;
    k->expected = value;
    if (value.n < 10 || !clock_parse_date((struct str){value.p, 10}, &day)) {
        contract_not_evaluated(k, STR("the value is no day"));
        return;
    }
    at_us = day * INT64_C(86400000000);
    bool begins = s->kind == SLA_AVAILABLE_FROM, holds = begins ? run->now_us >= at_us : run->now_us < at_us;
    contract_judge(
        k, holds,
        arena_printf(run->a,
                     begins ? "by its contract the data is offered from %.*s on" : "by its contract the data ended on %.*s", 10,
                     value.p));
}

static void check_item(struct contract_run *run, const struct contract_sla *s)
{
    struct store_check *k = contract_add(run, s->property, s->column, "sla", "timeliness", STR("warning"));
    struct str column = s->column.n ? s->column : run->port->time_column;
    if (s->limit_s >= 0)
        k->expected = duration_text(run->a, s->limit_s);
    bool by_column = s->kind == SLA_FRESHNESS || s->kind == SLA_RETENTION;
    if (s->kind == SLA_AVAILABLE_FROM || s->kind == SLA_ENDS)
        check_day(run, s, k);
    else if (s->kind == SLA_OTHER)
        contract_not_evaluated(k, STR("a table does not show this"));
    else if (s->limit_s < 0)
        contract_not_evaluated(k, STR("the value and unit are no duration"));
    else if (s->kind == SLA_FREQUENCY)
        k->measured = STR("just built"); /* later judged against the time of the build */
    else if (by_column && (!column.n || !contract_table_column(run, column)))
        contract_not_evaluated(k, STR("no column tells the time of a row: name one in element, or a time column at the port"));
    else if (s->kind == SLA_FRESHNESS)
        check_freshness(run, s, column, k);
    else
        check_retention(run, s, column, k);
}

void contract_check_sla(struct contract_run *run)
{
    for (const struct doc_node *n = contract_slas(run->c); n && !run->broken; n = doc_next(run->d, n)) {
        struct contract_sla s;
        if (contract_sla_read(run->c, n, &s))
            check_item(run, &s);
    }
}
