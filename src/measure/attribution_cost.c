/* What stands beside the credit: touches that consent left out, money spent, and what each model would move between paid channels. */
#include "measure/attribution_int.h"

#include "base/clock.h"
#include "measure/rows.h"

#define CONSENT_PORT "shared.touch_consent"
enum { SQL_MAX = 4096 };

static void note(struct attribution *out, struct str text)
{
    if (out->n_notes < sizeof out->notes / sizeof *out->notes)
        out->notes[out->n_notes++] = text;
}

/* ---- consent ---- */

static bool take_consent(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct attribution *out = ctx;
    (void)e;
    for (size_t i = 0; i < rows; i++) {
        out->has_consent = !engine_cell_null(ch, 0, i);
        out->consent_touches = engine_cell_i64(ch, 0, i);
        out->consent_left_out = engine_cell_i64(ch, 1, i);
    }
    return true;
}

bool attribution_consent(const struct metric_asker *who, const struct attribution_ask *ask, struct arena *a, struct attribution *out, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    const struct measure_sink sink = {.chunk = take_consent, .ctx = out};
    struct err why = {0};
    if (!ask->journeys.conversion || !mesh_find_port(who->mesh, STR(CONSENT_PORT)))
        return true;
    buf_addz(&sql, "SELECT CAST(sum(touches) AS BIGINT), CAST(sum(left_out) AS BIGINT) FROM " CONSENT_PORT);
    if (out->has_days) /* of the days in which touches could have a part */
        buf_printf(&sql, " WHERE date_day BETWEEN DATE '%s' AND DATE '%s'", clock_date(out->from - (int32_t)((out->lookback_s + 86399) / 86400)).z, clock_date(out->to).z);
    const struct measure_read read = {.sql = buf_str(&sql), .as_of = ask->journeys.as_of};
    bool ok = measure_rows(who, &read, &sink, &why);
    buf_fini(&sql);
    if (ok)
        out->ports[out->n_ports++] = STR(CONSENT_PORT);
    else if (why.code == E_NOT_BUILT || why.code == E_NOT_FOUND || why.code == E_DENIED || why.code == E_SQL_REFUSED)
        note(out, arena_printf(a, "How many touches were left out for want of consent is not known: %s", why.text));
    else
        return *e = why, false;
    return true;
}

/* ---- money ---- */

#define SPEND "spend"
static const char *const spend_by[JOURNEY_LEVELS] = {[JOURNEY_CHANNEL] = "channel", [JOURNEY_CAMPAIGN] = "campaign"}; /* the latter by name */

static bool has_dimension(const struct metric_asker *who, const struct mesh_metric *x, const char *name, struct arena *a)
{
    struct metric_dimension *v;
    size_t n;
    metric_dimensions(who->mesh, x, a, &v, &n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].name, str_of(name)))
            return true;
    return false;
}

/* The one row of this channel, or of the campaign of this name; NULL: none, or several, between which the money cannot be told apart. */
static struct attribution_row *row_of(struct attribution *out, enum journey_level level, struct str key, size_t *found)
{
    struct attribution_row *row = NULL;
    *found = 0;
    for (size_t i = 0; i < out->n_rows; i++)
        if (!out->rows[i].none && str_eq(level == JOURNEY_CHANNEL ? out->rows[i].key[level] : out->rows[i].title, key)) {
            row = &out->rows[i];
            ++*found;
        }
    return *found == 1 ? row : NULL;
}

/* A channel that costs money and is in no journey has a row all the same. */
static struct attribution_row *row_add(const struct attribution_ask *ask, struct attribution *out, struct str key, struct arena *a)
{
    struct attribution_row *v = arena_array(a, out->n_rows + 1, sizeof *v), *row;
    memcpy(v, out->rows, out->n_rows * sizeof *v);
    out->rows = v;
    row = &v[out->n_rows++];
    if (out->n_rows > 1 && row[-1].none) { /* which stays the last */
        row[0] = row[-1];
        row--;
    }
    *row = (struct attribution_row){.title = key, .cells = arena_array(a, ask->n_models + 1, sizeof *row->cells)};
    row->key[JOURNEY_CHANNEL] = key;
    out->n_all++;
    return row;
}

static void take_spend(const struct attribution_ask *ask, const struct metric_table *t, enum journey_level level, struct arena *a, struct attribution *out)
{
    size_t key = SIZE_MAX, value = SIZE_MAX, found;
    bool unclear = false;
    for (size_t k = 0; k < t->n_columns; k++) {
        if (t->columns[k].role == COLUMN_KEY)
            key = k;
        if (t->columns[k].role == COLUMN_VALUE)
            value = k;
    }
    for (size_t i = 0; key != SIZE_MAX && value != SIZE_MAX && i < t->n_rows; i++) {
        const struct metric_cell *k = &t->cells[i * t->n_columns + key], *v = &t->cells[i * t->n_columns + value];
        if (!v->known || !k->text.n)
            continue;
        struct attribution_row *row = row_of(out, level, k->text, &found);
        if (!row && found == 0 && level == JOURNEY_CHANNEL)
            row = row_add(ask, out, k->text, a);
        unclear = unclear || found > 1;
        if (!row)
            continue;
        row->has_spend = true;
        row->spend = v->v;
    }
    if (unclear)
        note(out, STR("What was spent on campaigns that brought people by several ways stands in none of their rows."));
}

/* The money of paid channels as each model would share it: by value, or by conversions where there is none. */
static void moves_make(const struct metric_asker *who, const struct attribution_ask *ask, struct arena *a, struct attribution *out)
{
    double total = 0, credit[ATTRIBUTION_MODELS] = {0};
    out->moves = arena_array(a, out->n_rows + 1, sizeof *out->moves);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < out->n_rows; i++) {
            const struct attribution_row *row = &out->rows[i];
            if (row->none || !mesh_strs_have(who->mesh->attribution.paid, row->key[JOURNEY_CHANNEL]))
                continue;
            struct attribution_move *move = pass ? &out->moves[out->n_moves++] : NULL;
            total += pass ? 0 : row->spend;
            if (pass)
                *move = (struct attribution_move){.channel = row->key[JOURNEY_CHANNEL], .now = row->spend};
            for (size_t m = 0; m < ask->n_models; m++) {
                double c = (double)(out->value != 0 ? row->cells[m].value : row->cells[m].conversions);
                c = c > 0 ? c : 0;
                if (pass)
                    move->by_model[m] = credit[m] > 0 ? total * c / credit[m] : row->spend;
                else
                    credit[m] += c;
            }
        }
    if (!(total > 0))
        out->n_moves = 0;
}

bool attribution_costs(const struct metric_asker *who, const struct attribution_ask *ask, struct arena *a, struct attribution *out, struct err *e)
{
    const struct mesh_metric *spend = mesh_find_metric(who->mesh, STR(SPEND), NULL);
    enum journey_level level = ask->journeys.level;
    struct metric_table t;
    struct err why = {0};
    if (!ask->spend || !ask->journeys.conversion || !out->has_days)
        return true;
    if (!spend || !spend_by[level] || !has_dimension(who, spend, spend_by[level], a)) {
        note(out, spend ? arena_printf(a, "What was spent is not known by %s.", journey_level_name(level)) : STR("What was spent is not known: there is no metric spend, or you do not see it."));
        return true;
    }
    const struct str metrics[] = {STR(SPEND)}, by[] = {str_of(spend_by[level])};
    const struct metric_ask q = {.metrics = metrics, .n_metrics = 1, .by = by, .n_by = 1, .has_from = true, .has_to = true, .from = out->from, .to = out->to, .as_of = ask->journeys.as_of};
    if (!metric_ask_run(who, &q, a, &t, &why)) {
        if (why.code == E_CANCELLED || why.code == E_TIMEOUT || why.code == E_MEMORY)
            return *e = why, false;
        note(out, arena_printf(a, "What was spent is not known: %s", why.text));
        return true;
    }
    take_spend(ask, &t, level, a, out);
    for (size_t i = 0; i < t.n_legs; i++)
        for (size_t p = 0; p < t.legs[i].n_ports && out->n_ports < sizeof out->ports / sizeof *out->ports; p++) {
            bool there = false;
            for (size_t k = 0; k < out->n_ports; k++)
                there = there || str_eq(out->ports[k], t.legs[i].ports[p]->ref);
            if (!there)
                out->ports[out->n_ports++] = arena_str(a, t.legs[i].ports[p]->ref);
        }
    if (level == JOURNEY_CHANNEL)
        moves_make(who, ask, a, out);
    return true;
}
