/* Claimed and real: conversions that platforms report for themselves beside those in whose journeys they had a part. Each platform counts a
 * conversion as its own where it saw any touch, so that their sum is more than there were. */
#include <stdlib.h>

#include "base/clock.h"
#include "measure/attribution_int.h"
#include "measure/rows.h"

enum { SQL_MAX = 4096, ROWS_MAX = JOURNEY_KINDS + 200 };

struct claiming { struct arena *a; struct claimed *out; };

static struct claimed_row *row_of(struct claiming *k, struct str platform)
{
    struct claimed *out = k->out;
    for (size_t i = 0; i < out->n_rows; i++)
        if (str_eq(out->rows[i].platform, platform))
            return &out->rows[i];
    if (out->n_rows == ROWS_MAX)
        return NULL;
    out->rows[out->n_rows] = (struct claimed_row){.platform = arena_str(k->a, platform)};
    return &out->rows[out->n_rows++];
}

static bool take_claims(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < rows; i++) {
        struct claimed_row *row = row_of(ctx, engine_cell_str(ch, 0, i));
        if (!row)
            continue;
        row->has_claimed = !engine_cell_null(ch, 1, i);
        row->claimed = engine_cell_f64(ch, 1, i);
    }
    return true;
}

/* The port of what ad platforms report, whatever domain it is in. */
static const struct mesh_port *reports(const struct mesh *m)
{
    for (size_t i = 0; i < m->n_ports; i++)
        if (str_eq(m->ports[i]->name, STR("campaign_daily")) && m->ports[i]->is_default)
            return m->ports[i];
    return NULL;
}

static void note(struct claimed *out, struct str text)
{
    if (out->n_notes < sizeof out->notes / sizeof *out->notes)
        out->notes[out->n_notes++] = text;
}

/* What cannot be read is left out, and said. */
static bool read_claims(const struct metric_asker *who, struct str as_of, struct claiming *k, struct err *e)
{
    const struct mesh_port *p = reports(who->mesh);
    const struct measure_sink sink = {.chunk = take_claims, .ctx = k};
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    struct err why = {0};
    if (!p) {
        note(k->out, STR("What platforms claim is not known: no campaign_daily is in the mesh, or you do not see it."));
        return true;
    }
    buf_addz(&sql, "SELECT platform, CAST(sum(conversions) AS DOUBLE) FROM ");
    buf_add(&sql, p->ref);
    if (k->out->has_days)
        buf_printf(&sql, " WHERE date_day BETWEEN DATE '%s' AND DATE '%s'", clock_date(k->out->from).z, clock_date(k->out->to).z);
    buf_addz(&sql, " GROUP BY platform ORDER BY platform");
    const struct measure_read read = {.sql = buf_str(&sql), .as_of = as_of};
    bool ok = measure_rows(who, &read, &sink, &why);
    buf_fini(&sql);
    if (ok)
        k->out->ports[k->out->n_ports++] = arena_str(k->a, p->ref);
    else if (why.code == E_NOT_BUILT || why.code == E_NOT_FOUND || why.code == E_DENIED || why.code == E_SQL_REFUSED)
        note(k->out, arena_printf(k->a, "What platforms claim is not known: %s", why.text));
    else
        return *e = why, false;
    return true;
}

static int default_rule(const struct mesh *m)
{
    for (int r = 0; r < RULE_MODELS; r++)
        if (str_eq(m->attribution.default_model, str_of(attribution_models[r].name)))
            return r;
    return RULE_LAST_NON_DIRECT;
}

struct real { int64_t clicked, touched, credited; };

/* One conversion counts once for each platform that had a part in it. */
static bool real_one(struct journeys *j, const struct rule_setting *set, int model, size_t end, struct journey_touched *t, struct share_room *room, struct real *real, struct err *e)
{
    bool clicked[JOURNEY_KINDS + 1] = {0}, touched[JOURNEY_KINDS + 1] = {0};
    if (!journeys_touched(j, end, t, e) || (t->n && !attribution_share(j, set, &j->ends[end], t, (enum rule_model)model, room, e)))
        return false;
    for (size_t i = 0; i < t->n; i++) {
        const struct journey_touch *x = &j->touches[t->v[i]];
        touched[x->platform] = true;
        clicked[x->platform] = clicked[x->platform] || x->clicked;
        real[x->platform].credited += room->conversions[i];
    }
    for (size_t p = 0; p < j->n_platforms; p++) {
        real[p].touched += touched[p];
        real[p].clicked += clicked[p];
    }
    return true;
}

static int claimed_order(const void *a, const void *b)
{
    const struct claimed_row *x = a, *y = b;
    if (x->has_claimed != y->has_claimed)
        return x->has_claimed ? -1 : 1;
    if (x->claimed < y->claimed || x->claimed > y->claimed)
        return x->claimed > y->claimed ? -1 : 1;
    return x->touched != y->touched ? (x->touched > y->touched ? -1 : 1) : str_cmp(x->platform, y->platform);
}

bool claimed_run(const struct metric_asker *who, const struct journey_ask *ask, struct arena *a, struct claimed *out, struct err *e)
{
    struct journey_ask with = *ask;
    struct journeys j;
    struct journey_touched t = {0};
    struct share_room room = {0};
    struct rule_setting set = {0};
    struct real real[JOURNEY_KINDS + 1] = {0};
    struct claiming k = {a, out};
    int model = default_rule(who->mesh);
    *out = (struct claimed){.rows = arena_array(a, ROWS_MAX, sizeof *out->rows), .model = str_of(attribution_models[model].name)};
    with.level = JOURNEY_CHANNEL;
    with.platform = true;
    bool ok = journeys_read(who, &with, &j, e);
    if (ok)
        rule_setting_make(who->mesh, &j, &set);
    for (size_t i = 0; ok && i < j.n_ends; i++) {
        if (!j.ends[i].counted)
            continue;
        out->conversions++;
        ok = real_one(&j, &set, model, i, &t, &room, real, e);
    }
    if (ok)
        out->has_days = attribution_days(who->mesh, ask, &j, &out->from, &out->to);
    for (size_t i = 0; ok && i < j.n_ports; i++)
        out->ports[out->n_ports++] = arena_str(a, j.ports[i]);
    ok = ok && read_claims(who, ask->as_of, &k, e);
    for (size_t p = JOURNEY_NO_PLATFORM + 1; ok && p < j.n_platforms; p++) {
        struct claimed_row *row = row_of(&k, j.platforms[p]);
        if (!row)
            continue;
        row->clicked = real[p].clicked;
        row->touched = real[p].touched;
        row->credited = real[p].credited;
    }
    qsort(out->rows, out->n_rows, sizeof *out->rows, claimed_order);
    mem_free(set.direct);
    mem_free(t.v);
    mem_free(room.all);
    journeys_fini(&j);
    return ok;
}
