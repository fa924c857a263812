/* Rows of steps: one question for all of them, its answer packed by person and time. Customers come as 63 bits of the engine's hash: what they are
 * called is not needed, and eight bytes of each row are less than thirty. */
#include "measure/steps.h"

#include <stdlib.h>

#include "base/clock.h"
#include "measure/journeys.h"
#include "measure/rows.h"
#include "measure/steps_int.h"
#include "mesh/table.h"

enum { SQL_MAX = 60 << 10, EVENTS_MAX = 100 * 1000 * 1000, NAMES_MAX = 200000, SPREAD_BITS = 12 };
enum { COL_PERSON, COL_AT, COL_MASK, COL_FITS, COL_VALUES };

/* ---- the question ---- */

static void like(struct buf *b, const char *column, struct str pattern)
{
    if (str_find(pattern, STR("*"), 0) == SIZE_MAX) {
        buf_printf(b, "%s = ", column);
        buf_sql_text(b, pattern);
        return;
    }
    struct buf text = BUF_INIT((size_t)SQL_MAX);
    for (size_t i = 0; i < pattern.n; i++) {
        char ch = pattern.p[i];
        if (ch == '%' || ch == '_' || ch == '\\')
            buf_addc(&text, '\\');
        buf_addc(&text, ch == '*' ? '%' : ch);
    }
    buf_printf(b, "%s LIKE ", column);
    buf_sql_text(b, buf_str(&text));
    buf_addz(b, " ESCAPE '\\'");
    buf_fini(&text);
}

void step_condition(struct buf *b, const struct step *s)
{
    static const struct {
        const char *first, *column; /* what holds for all of the kind; where the name is looked for */
    } of[STEP_KINDS] = {
        [STEP_EVENT] = {"kind NOT IN ('email', 'order', 'ticket') AND ", "name"},
        [STEP_PAGE] = {"kind IN ('page', 'screen') AND ", "page_path"},
        [STEP_SCREEN] = {"kind = 'screen' AND ", "page_title"},
        [STEP_EMAIL] = {"kind = 'email' AND ", "name"},
        [STEP_ORDER] = {"kind = 'order' AND name <> 'cancelled'", NULL},
        [STEP_TICKET] = {"kind = 'ticket'", NULL},
        [STEP_TOUCH] = {"", "channel_group"},
        [STEP_CONVERSION] = {"", "conversion"},
    };
    buf_addz(b, "coalesce(");
    buf_addz(b, of[s->kind].first);
    if (of[s->kind].column)
        like(b, of[s->kind].column, s->name);
    buf_addz(b, ", false)");
}

static void moment(struct buf *b, int64_t us)
{
    struct clock_text t = clock_iso(us);
    buf_printf(b, "TIMESTAMP '%.10s %.15s'", t.z, t.z + 11);
}

void steps_moments(struct buf *b, int64_t from_us, int64_t until_us)
{
    if (from_us != INT64_MIN) {
        buf_addz(b, " AND occurred_at >= ");
        moment(b, from_us);
    }
    if (until_us != INT64_MAX) {
        buf_addz(b, " AND occurred_at < ");
        moment(b, until_us);
    }
}

/* The rows of one port that are any of the steps. */
static void rows_of(struct buf *b, const struct steps_ask *ask, const char *port, bool *first)
{
    static const struct { const char *port, *device, *only; } of[] = {
        {STEPS_DONE, "device_category", STEPS_PEOPLE_ONLY}, {STEPS_TOUCHES, "device_category", "true"}, {STEPS_ENDS, "NULL", "true"}};
    size_t k = 0, n = 0;
    while (strcmp(of[k].port, port) != 0)
        k++;
    for (size_t i = 0; i < ask->n; i++)
        n += strcmp(step_kind_port(ask->steps[i].kind), port) == 0;
    if (!n)
        return;
    buf_printf(b, "%s    SELECT customer_id, occurred_at AS at, %s AS device, ", *first ? "" : "    UNION ALL\n", of[k].device);
    *first = false;
    for (size_t i = 0, put = 0; i < ask->n; i++) {
        if (strcmp(step_kind_port(ask->steps[i].kind), port) != 0)
            continue;
        buf_printf(b, "%sCASE WHEN ", put++ ? " + " : "");
        step_condition(b, &ask->steps[i]);
        buf_printf(b, " THEN %u ELSE 0 END", 1U << i);
    }
    buf_printf(b, " AS mask FROM %s WHERE %s", port, of[k].only);
    steps_moments(b, ask->from_us, ask->until_us);
    buf_addc(b, '\n');
}

static bool any_wanted(const struct steps_ask *ask)
{
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        if (ask->wanted[d])
            return true;
    return false;
}

static bool port_wanted(const bool *wanted, const char *port)
{
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        if (wanted[d] && strcmp(step_dimension_port((enum step_dimension)d), port) == 0)
            return true;
    return false;
}

/* Values are asked of rows of the first step alone: others have no key to be joined by. */
#define OF_FIRST "CASE WHEN step.mask % 2 = 1 THEN step.customer_id END"

/* A condition may name each dimension, so that each has to be there; columns of those not wanted are not read. */
static void question(struct buf *b, const struct steps_ask *ask, const bool *made)
{
    bool first = true;
    buf_addz(b, "SELECT person, at_us, mask, ");
    if (ask->where.n) {
        buf_addz(b, "coalesce((");
        buf_add(b, ask->where);
        buf_addz(b, "\n), false)");
    } else {
        buf_addz(b, "true");
    }
    buf_addz(b, " AS fits");
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        if (ask->wanted[d])
            buf_printf(b, ", %s", step_dimension_name((enum step_dimension)d));
    buf_addz(b, "\nFROM (\n  SELECT CAST(hash(step.customer_id) >> 1 AS BIGINT) AS person, epoch_us(step.at) AS at_us, step.mask");
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        if (made[d])
            buf_printf(b, ",\n    %s AS %s", step_dimension_sql((enum step_dimension)d), step_dimension_name((enum step_dimension)d));
    buf_addz(b, "\n  FROM (\n");
    rows_of(b, ask, STEPS_DONE, &first);
    rows_of(b, ask, STEPS_TOUCHES, &first);
    rows_of(b, ask, STEPS_ENDS, &first);
    buf_addz(b, "  ) AS step");
    if (port_wanted(made, STEPS_TOUCHES)) {
        buf_addz(b, "\n  ASOF LEFT JOIN (SELECT * FROM " STEPS_TOUCHES " WHERE occurred_at IS NOT NULL");
        steps_moments(b, ask->from_us == INT64_MIN ? INT64_MIN : ask->from_us - STEPS_TOUCHED_US, ask->entry_until_us);
        buf_addz(b, ") AS touch ON " OF_FIRST " = touch.customer_id AND step.at >= touch.occurred_at");
    }
    if (port_wanted(made, STEPS_PEOPLE))
        buf_addz(b, "\n  LEFT JOIN " STEPS_PEOPLE " AS who ON " OF_FIRST " = who.customer_id");
    buf_addz(b, "\n  WHERE step.mask <> 0 AND step.customer_id IS NOT NULL AND step.at IS NOT NULL\n)");
}

/* ---- the answer ---- */

struct reading {
    const struct steps_ask *ask;
    struct step_events *out;
    struct table known[STEP_DIMENSIONS]; /* name -> its place, as a pointer */
    size_t cap_names[STEP_DIMENSIONS];
};

static bool grow(void **v, size_t *cap, size_t n, size_t size, struct err *e)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 4096;
    void *p = mem_try_realloc(*v, more * size);
    if (!p)
        return err_set(e, E_MEMORY, "not enough memory for the steps of these people; ask for fewer days");
    *v = p;
    *cap = more;
    return true;
}

bool step_events_add(struct step_events *v, const struct step_event *x, struct err *e)
{
    if (!grow((void **)&v->v, &v->cap, v->n, sizeof *v->v, e))
        return false;
    v->v[v->n++] = *x;
    return true;
}

static bool name_number(struct reading *r, int d, struct str s, uint32_t *out, struct err *e)
{
    struct step_events *v = r->out;
    void *at = table_get(&r->known[d], s);
    if (at) {
        *out = (uint32_t)(uintptr_t)at;
        return true;
    }
    if (v->n_names[d] >= NAMES_MAX) { /* of so many values none is told apart */
        *out = 0;
        return true;
    }
    struct str kept = arena_str(&v->a, s);
    if (!grow((void **)&v->names[d], &r->cap_names[d], v->n_names[d], sizeof *v->names[d], e))
        return false;
    *out = (uint32_t)v->n_names[d];
    v->names[d][v->n_names[d]++] = kept;
    (void)table_put(&r->known[d], &v->a, kept, (void *)(uintptr_t)*out);
    return true;
}

static bool entry_take(struct reading *r, const struct engine_chunk *ch, size_t row, uint32_t *entry, struct err *e)
{
    struct step_events *v = r->out;
    size_t col = COL_VALUES, cap = v->cap_entries;
    for (int d = 0; d < STEP_DIMENSIONS; d++) {
        uint32_t value = 0;
        if (!r->ask->wanted[d])
            continue;
        size_t own = v->cap_entries;
        if (!grow((void **)&v->values[d], &own, v->n_entries, sizeof *v->values[d], e))
            return false;
        cap = own;
        if (!engine_cell_null(ch, col, row) && !name_number(r, d, engine_cell_str(ch, col, row), &value, e))
            return false;
        v->values[d][v->n_entries] = value;
        col++;
    }
    v->cap_entries = cap;
    *entry = (uint32_t)v->n_entries++;
    return true;
}

static bool take(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct reading *r = ctx;
    struct step_events *v = r->out;
    bool values = any_wanted(r->ask);
    for (size_t i = 0; i < rows; i++) {
        struct step_event x = {.at_us = engine_cell_i64(ch, COL_AT, i), .person = (uint64_t)engine_cell_i64(ch, COL_PERSON, i), .mask = (uint32_t)engine_cell_i64(ch, COL_MASK, i),
                               .entry = NO_ENTRY, .fits = engine_cell_i64(ch, COL_FITS, i) != 0};
        for (size_t s = 0; s < r->ask->n; s++)
            v->rows[s] += x.mask >> s & 1;
        if (x.at_us >= r->ask->entry_until_us)
            x.mask &= ~1U;
        if (!x.mask)
            continue;
        if ((values && x.mask & 1 && !entry_take(r, ch, i, &x.entry, e)) || !step_events_add(v, &x, e))
            return false;
    }
    return true;
}

static int by_person_time(const void *a, const void *b)
{
    const struct step_event *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    if (x->mask != y->mask)
        return x->mask < y->mask ? -1 : 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* Spread by the top bits of the hash, then sorted piece by piece: pieces fit the cache. */
static bool sort(struct step_events *v, struct err *e)
{
    enum { PIECES = 1 << SPREAD_BITS };
    size_t *at = mem_alloc((PIECES + 1) * sizeof *at);
    struct step_event *to = mem_try_alloc((v->n + 1) * sizeof *to);
    if (!to) {
        mem_free(at);
        return err_set(e, E_MEMORY, "not enough memory for the steps of these people; ask for fewer days");
    }
    for (size_t i = 0; i < v->n; i++)
        at[(v->v[i].person >> (63 - SPREAD_BITS)) + 1]++;
    for (size_t i = 0; i < PIECES; i++)
        at[i + 1] += at[i];
    for (size_t i = 0; i < v->n; i++)
        to[at[v->v[i].person >> (63 - SPREAD_BITS)]++] = v->v[i];
    for (size_t i = 0, begin = 0; i < PIECES; begin = at[i++])
        qsort(to + begin, at[i] - begin, sizeof *to, by_person_time);
    mem_free(at);
    mem_free(v->v);
    v->v = to;
    v->cap = v->n + 1;
    return true;
}

static bool mark_people(struct step_events *v, struct err *e)
{
    size_t n = 0, k = 0;
    for (size_t i = 0; i < v->n; i++)
        n += i == 0 || v->v[i].person != v->v[i - 1].person;
    v->first = mem_try_alloc((n + 1) * sizeof *v->first);
    if (!v->first)
        return err_set(e, E_MEMORY, "not enough memory for the steps of these people; ask for fewer days");
    for (size_t i = 0; i < v->n; i++)
        if (i == 0 || v->v[i].person != v->v[i - 1].person)
            v->first[k++] = i;
    v->first[n] = v->n;
    v->n_people = n;
    return true;
}

bool step_events_sort(struct step_events *v, struct err *e)
{
    return sort(v, e) && mark_people(v, e);
}

/* Places in the question are not the asker's: an error in it is one of their condition. */
static void of_condition(const struct steps_ask *ask, const bool *made, struct err *e)
{
    if (!ask->where.n || (e->code != E_SQL && e->code != E_SQL_REFUSED))
        return;
    struct buf b = BUF_INIT((size_t)sizeof e->hint);
    e->line = e->col = 0;
    err_prefix(e, "the condition `%.*s`", STR_FMT(ask->where));
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        if (made[d])
            buf_printf(&b, "%s%s", b.n ? ", " : "", step_dimension_name((enum step_dimension)d));
    err_hint(e, "it is asked of the first step and may name %s", buf_z(&b));
    buf_fini(&b);
}

bool steps_read(const struct metric_asker *who, const struct steps_ask *ask, struct step_events *out, struct err *e)
{
    struct reading r = {.ask = ask, .out = out};
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    bool made[STEP_DIMENSIONS];
    *out = (struct step_events){0};
    arena_init(&out->a);
    for (int d = 0; d < STEP_DIMENSIONS; d++) {
        made[d] = ask->wanted[d] || (ask->where.n && step_dimension_there(who, (enum step_dimension)d));
        if (ask->wanted[d] && !grow((void **)&out->names[d], &r.cap_names[d], 0, sizeof *out->names[d], e))
            return false;
        if (ask->wanted[d])
            out->names[d][out->n_names[d]++] = STR("");
    }
    if (ask->where.n && !journeys_condition(ask->where, e))
        return false;
    question(&sql, ask, made);
    struct measure_read read = {.sql = buf_str(&sql), .as_of = ask->as_of, .row_limit = EVENTS_MAX, .watch = ask->watch, .watch_ctx = ask->watch_ctx};
    struct measure_sink sink = {.chunk = take, .ctx = &r};
    bool good = buf_ok(&sql, e) && measure_rows(who, &read, &sink, e);
    if (!good)
        of_condition(ask, made, e);
    buf_fini(&sql);
    return good && step_events_sort(out, e);
}

void steps_fini(struct step_events *v)
{
    for (int d = 0; d < STEP_DIMENSIONS; d++) {
        mem_free(v->values[d]);
        mem_free(v->names[d]);
    }
    mem_free(v->v);
    mem_free(v->first);
    arena_fini(&v->a);
}
