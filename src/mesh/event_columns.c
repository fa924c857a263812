#include "mesh/event_columns.h"

#include <stdlib.h>

#include "mesh/mesh_write.h"

#define X(id, name, type, class_, streams, title) {name, title, type, CLASS_##class_, streams},
const struct event_column_info event_columns[EVENT_COLUMNS] = {EVENT_COLUMNS_TABLE(X)};
#undef X

const struct event_stream_info event_streams[EVENT_STREAMS] = {
    {"track", EVENT_TRACK}, {"page", EVENT_PAGE},   {"screen", EVENT_SCREEN},   {"identify", EVENT_IDENTIFY},
    {"group", EVENT_GROUP}, {"alias", EVENT_ALIAS}, {"consent", EVENT_CONSENT},
};

const char *event_column_type(char type)
{
    switch (type) {
    case 'M': return "TIMESTAMP";
    case 'B': return "BOOLEAN";
    case 'I': return "BIGINT";
    case 'Y': return "DATE";
    case 'D': return "DECIMAL(18,6)";
    default: return "VARCHAR";
    }
}

unsigned event_stream_bit(struct str type)
{
    for (int i = 0; i < EVENT_STREAMS; i++)
        if (str_eq(type, str_of(event_streams[i].name)))
            return event_streams[i].bit;
    return 0;
}

struct str event_planned_name(struct arena *a, struct str property)
{
    return arena_printf(a, "p_%.*s", STR_FMT(mesh_normal_column(a, property)));
}

char event_planned_type(const struct mesh_planned *p, size_t column)
{
    static const struct { const char *begins; char type; } types[] = {
        {"BOOLEAN", 'B'}, {"TIMESTAMP", 'M'}, {"DATE", 'Y'}, {"BIGINT", 'I'}, {"INTEGER", 'I'}, {"SMALLINT", 'I'}, {"TINYINT", 'I'},
        {"UINTEGER", 'I'}, {"USMALLINT", 'I'}, {"UTINYINT", 'I'}, {"DECIMAL", 'D'}, {"DOUBLE", 'D'}, {"FLOAT", 'D'},
    };
    const struct mesh_column *c = &p->contract->columns[column];
    if (str_eq(c->logical_type, STR("object")) || str_eq(c->logical_type, STR("array")) || str_find(p->paths[column], STR("[*]"), 0) != SIZE_MAX)
        return 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (str_starts(c->physical_type, str_of(types[i].begins)))
            return types[i].type;
    return 'T';
}

static int column_order(const void *a, const void *b)
{
    return str_cmp(((const struct event_plan_column *)a)->name, ((const struct event_plan_column *)b)->name);
}

size_t event_plan_columns(struct arena *a, const struct mesh_events *ev, unsigned stream, struct event_plan_column **out)
{
    size_t most = 0, n = 0, kept = 0;
    for (size_t i = 0; i < ev->n_planned; i++)
        most += event_stream_bit(ev->planned[i].type) == stream ? ev->planned[i].contract->n_columns : 0;
    struct event_plan_column *v = *out = arena_array(a, most + 1, sizeof *v);
    for (size_t i = 0; i < ev->n_planned; i++) {
        const struct mesh_planned *p = &ev->planned[i];
        for (size_t k = 0; event_stream_bit(p->type) == stream && k < p->contract->n_columns; k++) {
            const struct mesh_column *c = &p->contract->columns[k];
            char type = event_planned_type(p, k);
            if (type)
                v[n++] = (struct event_plan_column){event_planned_name(a, c->name), c->business_name, c->description, type, c->class_};
        }
    }
    if (n)
        qsort(v, n, sizeof *v, column_order);
    for (size_t i = 0; i < n; i++) {
        struct event_plan_column *last = kept ? &v[kept - 1] : NULL;
        if (!last || !str_eq(last->name, v[i].name))
            v[kept++] = v[i];
        else if (v[i].class_ > last->class_)
            last->class_ = v[i].class_;
    }
    return kept;
}
