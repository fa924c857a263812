/* Planned properties as typed columns of their streams, and a value's way into a cell. Which columns there are is the
 * declaration's matter (event_plan_columns). */
#include "events/plan_int.h"

#include <stdlib.h>

void plan_columns_make(struct plan *p)
{
    for (size_t s = 0; s < EVENT_STREAMS; s++) {
        struct plan_stream *st = &p->streams[s];
        struct event_plan_column *v;
        st->n_columns = event_plan_columns(&p->arena, p->source->events, event_streams[s].bit, &v);
        st->columns = arena_array(&p->arena, st->n_columns + 1, sizeof *st->columns);
        st->types = arena_alloc(&p->arena, st->n_columns + 1);
        for (size_t i = 0; i < st->n_columns; i++) {
            st->columns[i] = (struct plan_column){v[i].name, str_of(event_column_type(v[i].type))};
            st->types[i] = v[i].type;
        }
    }
}

bool plan_column_find(const struct plan *p, enum event_stream stream, struct str name, size_t *place)
{
    const struct plan_stream *st = &p->streams[plan_stream_place(stream)];
    for (*place = 0; *place < st->n_columns; (*place)++)
        if (str_eq(st->columns[*place].name, name))
            return true;
    return false;
}

/* A value as text: texts as they are, numbers as sent, the rest as JSON. */
static bool text_fill(yyjson_val *v, struct arena *a, struct event_cell *out)
{
    size_t n = 0;
    if (yyjson_is_str(v)) {
        *out = (struct event_cell){.set = true, .s = {yyjson_get_str(v), yyjson_get_len(v)}};
        return true;
    }
    char *json = yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n);
    if (!json)
        return false;
    *out = (struct event_cell){.set = true, .s = arena_str(a, (struct str){json, n})};
    free(json); /* banned-ok: yyjson's own allocation */
    return true;
}

static bool moment_fill(bool days, struct str s, struct event_cell *out)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t us;
    if (!plan_moment_parse(s, PLAN_MOMENT_DATE | PLAN_MOMENT_TIME, &us) && !plan_moment_parse(s, PLAN_MOMENT_DATE, &us))
        return false;
    *out = (struct event_cell){.set = true, .i = days ? us / day_us - (us % day_us < 0) : us};
    return true;
}

static bool decimal_fill(yyjson_val *v, int scale, int64_t limit, struct event_cell *out)
{
    struct plan_number number;
    int64_t i;
    if (!plan_number_of(v, &number) || !plan_number_scaled(&number, scale, &i) || i > limit || i < -limit)
        return false;
    *out = (struct event_cell){.set = true, .i = i};
    return true;
}

bool plan_cell_fill(char type, yyjson_val *v, struct arena *a, struct event_cell *out)
{
    *out = (struct event_cell){0};
    switch (type) {
    case 'B':
        *out = (struct event_cell){.set = yyjson_is_bool(v), .i = yyjson_get_bool(v)};
        return out->set;
    case 'I':
        return decimal_fill(v, 0, INT64_MAX, out);
    case 'D':
        return decimal_fill(v, 6, INT64_C(999999999999999999), out);
    case 'M':
    case 'Y':
        return yyjson_is_str(v) && moment_fill(type == 'Y', (struct str){yyjson_get_str(v), yyjson_get_len(v)}, out);
    default:
        return text_fill(v, a, out);
    }
}
