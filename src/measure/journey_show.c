/* Journeys of one customer: each conversion with its touches and what each rule credits them with, and what has led nowhere yet. Values of the
 * person are in none of it; each question names them, for the audit log. */
#include <stdlib.h>

#include "measure/attribution_int.h"
#include "measure/journeys_int.h"
#include "measure/rows.h"

enum { SQL_MAX = 8192, JOURNEYS_MAX = 2000 };

/* What a touch was, found again by its time and tie. */
struct known_touch { int64_t at_us; uint64_t tie; struct str id, channel, source, campaign, kind; };
struct showing {
    const struct metric_asker *who; struct str customer, as_of; struct arena *a; struct shown *out;
    struct known_touch *known; size_t n_known, cap_known;
};

static bool take_known(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct showing *s = ctx;
    for (size_t i = 0; i < rows; i++) {
        if (s->n_known == s->cap_known) {
            size_t cap = s->cap_known ? s->cap_known * 2 : 256;
            struct known_touch *v = mem_try_realloc(s->known, cap * sizeof *v);
            if (!v)
                return err_set(e, E_MEMORY, "there is not enough memory for %zu touches of one customer", cap);
            s->known = v;
            s->cap_known = cap;
        }
        s->known[s->n_known++] = (struct known_touch){engine_cell_i64(ch, 0, i), journey_tie(engine_cell_str(ch, 1, i)), arena_str(s->a, engine_cell_str(ch, 2, i)), arena_str(s->a, engine_cell_str(ch, 3, i)),
                                                      arena_str(s->a, engine_cell_str(ch, 4, i)), arena_str(s->a, engine_cell_str(ch, 5, i)), arena_str(s->a, engine_cell_str(ch, 6, i))};
    }
    return true;
}

static bool read_known(struct showing *s, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    const struct measure_sink sink = {.chunk = take_known, .ctx = s};
    buf_addz(&sql, "SELECT occurred_at, substr(touchpoint_id, 3, 12), touchpoint_id, channel_group, coalesce(nullif(lower(trim(utm_source)), ''), platform), campaign_name, kind "
                   "FROM shared.touchpoint WHERE customer_id = ");
    buf_sql_text(&sql, s->customer);
    const struct measure_read read = {.sql = buf_str(&sql), .as_of = s->as_of, .person = s->customer};
    bool ok = buf_ok(&sql, e) && measure_rows(s->who, &read, &sink, e);
    buf_fini(&sql);
    return ok;
}

static void fill_touch(const struct showing *s, const struct journeys *j, size_t touch, int64_t until_us, struct shown_touch *out)
{
    const struct journey_touch *t = &j->touches[touch];
    *out = (struct shown_touch){.at_us = t->at_us, .age_s = (until_us - t->at_us) / 1000000, .channel = arena_str(s->a, j->nodes[JOURNEY_CHANNEL][journeys_up(j, t->leaf, JOURNEY_CHANNEL)].key)};
    for (size_t i = 0; i < s->n_known; i++) {
        const struct known_touch *k = &s->known[i];
        if (k->at_us != t->at_us || k->tie != j->tie[touch])
            continue;
        out->touchpoint_id = k->id;
        out->source = k->source;
        out->campaign = k->campaign;
        out->kind = k->kind;
        return;
    }
}

static struct shown_journey *next(struct showing *s, const struct mesh_conversion *x)
{
    struct shown_journey *v = &s->out->v[s->out->n++];
    *v = (struct shown_journey){.conversion = x->name, .title = x->title};
    return v;
}

static bool show_end(struct showing *s, struct journeys *j, const struct rule_setting *set, const struct mesh_conversion *x, size_t end, struct journey_touched *t, struct share_room *room, struct err *e)
{
    struct shown_journey *v = next(s, x);
    if (!journeys_touched(j, end, t, e))
        return false;
    v->at_us = j->ends[end].at_us;
    v->value = j->ends[end].value;
    v->has_value = j->has_value;
    v->n_touches = t->n;
    v->touches = arena_array(s->a, t->n + 1, sizeof *v->touches);
    for (size_t i = 0; i < t->n; i++)
        fill_touch(s, j, t->v[i], v->at_us, &v->touches[i]);
    for (int m = 0; t->n && m < RULE_MODELS; m++) {
        if (!attribution_share(j, set, &j->ends[end], t, (enum rule_model)m, room, e))
            return false;
        for (size_t i = 0; i < t->n; i++) {
            v->touches[i].conversions[m] = room->conversions[i];
            v->touches[i].value[m] = room->value[i];
        }
    }
    return true;
}

/* The touches after the last conversion. */
static void show_open(struct showing *s, const struct journeys *j, const struct mesh_conversion *x)
{
    int64_t last = INT64_MIN;
    size_t from = 0;
    for (size_t i = 0; i < j->n_ends; i++)
        last = j->ends[i].at_us > last ? j->ends[i].at_us : last;
    while (from < j->n_touches && j->touches[from].at_us <= last)
        from++;
    if (from == j->n_touches)
        return;
    struct shown_journey *v = next(s, x);
    v->open = true;
    v->at_us = j->touches[j->n_touches - 1].at_us;
    v->n_touches = j->n_touches - from;
    v->touches = arena_array(s->a, v->n_touches + 1, sizeof *v->touches);
    for (size_t i = from; i < j->n_touches; i++)
        fill_touch(s, j, i, v->at_us, &v->touches[i - from]);
}

static bool show_conversion(struct showing *s, const struct mesh_conversion *x, bool open, struct err *e)
{
    const struct journey_ask ask = {.conversion = x, .level = JOURNEY_CHANNEL, .person = s->customer, .as_of = s->as_of};
    struct journeys j;
    struct rule_setting set = {0};
    struct journey_touched t = {0};
    struct share_room room = {0};
    bool ok = journeys_read(s->who, &ask, &j, e);
    if (ok)
        rule_setting_make(s->who->mesh, &j, &set);
    for (size_t i = 0; ok && i < j.n_ends && s->out->n < JOURNEYS_MAX; i++)
        ok = show_end(s, &j, &set, x, i, &t, &room, e);
    if (ok && open)
        show_open(s, &j, x);
    mem_free(set.direct);
    mem_free(t.v);
    mem_free(room.all);
    journeys_fini(&j);
    return ok;
}

static int newest_first(const void *a, const void *b)
{
    const struct shown_journey *x = a, *y = b;
    if (x->open != y->open)
        return x->open ? -1 : 1;
    return x->at_us != y->at_us ? (x->at_us > y->at_us ? -1 : 1) : str_cmp(x->conversion, y->conversion);
}

bool journey_show(const struct metric_asker *who, struct str customer, struct str conversion, struct str as_of, struct arena *a, struct shown *out, struct err *e)
{
    const struct mesh_attribution *at = &who->mesh->attribution;
    const struct mesh_conversion *only = NULL;
    struct showing s = {.who = who, .customer = customer, .as_of = as_of, .a = a, .out = out};
    *out = (struct shown){.v = arena_array(a, JOURNEYS_MAX + at->n_conversions + 1, sizeof *out->v)};
    bool ok = (!conversion.n || attribution_conversion(who->mesh, conversion, &only, e)) && journeys_may(who, STR("shared.touchpoint"), e) && read_known(&s, e);
    bool opened = false;
    for (size_t i = 0; ok && i < at->n_conversions; i++) {
        const struct mesh_conversion *x = &at->conversions[i];
        if (x->by_account || (only && x != only))
            continue; /* of an account are the journeys of several people */
        ok = show_conversion(&s, x, !opened, e);
        opened = true;
    }
    mem_free(s.known);
    qsort(out->v, out->n, sizeof *out->v, newest_first);
    return ok;
}
