/* Second stage: how a port is built, by its customProperties: table, view, by days, by key, or as identity. */
#include "mesh/mesh_int.h"

enum { LOOKBACK_DAYS_MAX = 3660 };

static const struct mesh_column *port_column(struct load *l, const struct mesh_port *p, const struct doc *d, const struct doc_node *n,
                                             const char *property)
{
    struct str s = doc_text(d, n);
    struct str *names = arena_array(l->a, p->contract->n_columns + 1, sizeof *names);
    for (size_t i = 0; i < p->contract->n_columns; i++) {
        names[i] = p->contract->columns[i].name;
        if (str_eq(names[i], s))
            return &p->contract->columns[i];
    }
    hint_nearest(at_value(l, E_CONTRACT, d, n, "%s names \"%.*s\", which is not a column of the contract", property, STR_FMT(s)), s, names,
                 p->contract->n_columns);
    return NULL;
}

static void check_key(struct load *l, struct mesh_port *p, const struct doc *d, const struct doc_node *key)
{
    struct table seen = {0};
    for (const struct doc_node *n = key ? doc_first(d, key) : NULL; n; n = doc_next(d, n)) {
        if (table_put(&seen, l->a, doc_text(d, n), p))
            hint(at_value(l, E_DUPLICATE, d, n, "trellisKey names \"%.*s\" twice", STR_FMT(doc_text(d, n))), "remove one of them");
        else if (p->contract)
            (void)port_column(l, p, d, n, "trellisKey");
    }
}

static void check_time_column(struct load *l, const struct mesh_port *p, const struct doc *d, const struct doc_node *n)
{
    const struct mesh_column *c = n && p->contract ? port_column(l, p, d, n, "trellisTimeColumn") : NULL;
    if (c && !str_eq(c->physical_type, STR("DATE")) && !str_starts(c->physical_type, STR("TIMESTAMP")))
        hint(at_value(l, E_CONTRACT, d, n, "trellisTimeColumn names \"%.*s\", which is a %.*s", STR_FMT(c->name), STR_FMT(c->physical_type)),
             "it must be a date or a timestamp");
}

/* Built by the values of one column that changed. */
static void port_by_key(struct load *l, struct mesh_port *p, const struct doc *d, const struct doc_node *port)
{
    const struct doc_node *by = custom_get(d, port, "trellisIncrementalBy");
    p->by_key = doc_text(d, by);
    if (p->materialization == MATERIALIZED_BY_KEY && !by)
        hint(at_value(l, E_MISSING_KEY, d, doc_get(d, port, "name"), "the port \"%.*s\" is built by key and does not say by which", STR_FMT(p->name)),
             "add trellisIncrementalBy: the column by whose values rows depend on rows of the inputs");
    if (p->materialization == MATERIALIZED_BY_KEY && p->n_key == 0)
        hint(at_value(l, E_MISSING_KEY, d, doc_get(d, port, "name"), "the port \"%.*s\" is built by key and has no trellisKey", STR_FMT(p->name)),
             "add trellisKey: the columns that name a row");
    if (by && p->materialization != MATERIALIZED_BY_KEY)
        hint(at_value(l, E_SCHEMA, d, by, "trellisIncrementalBy is only used by ports that are built by key"), "remove it, or write trellisMaterialization: by_key");
    else if (by && p->contract)
        (void)port_column(l, p, d, by, "trellisIncrementalBy");
}

/* What identity makes of observations has these columns, whatever else its contract says of them. */
static void check_identity(struct load *l, const struct mesh_port *p, const struct doc *d, const struct doc_node *name)
{
    static const struct { const char *column, *type; } needed[] = {
        {"evidence", "BIGINT"}, {"kind", "VARCHAR"}, {"value", "VARCHAR"}, {"customer_id", "VARCHAR"}, {"admitted", "BOOLEAN"}, {"reason", "VARCHAR"},
        {"first_seen", "TIMESTAMP"}, {"last_seen", "TIMESTAMP"}, {"source", "VARCHAR"}, {"message_id", "VARCHAR"},
    };
    for (size_t i = 0; p->contract && i < sizeof needed / sizeof needed[0]; i++) {
        const struct mesh_column *found = NULL;
        for (size_t k = 0; k < p->contract->n_columns && !found; k++)
            if (str_eq(p->contract->columns[k].name, str_of(needed[i].column)))
                found = &p->contract->columns[k];
        if (!found)
            hint(at_value(l, E_CONTRACT, d, name, "the contract of the identity port \"%.*s\" has no column %s", STR_FMT(p->name), needed[i].column),
                 "add it with physicalType: %s; docs/identity.md lists them all", needed[i].type);
        else if (!str_eq(found->physical_type, str_of(needed[i].type)))
            hint(errs_add(l->es, E_CONTRACT, found->pos.file, found->pos.line, found->pos.col, "the column \"%s\" of an identity port is a %s, here it is a %.*s",
                          needed[i].column, needed[i].type, STR_FMT(found->physical_type)), "write physicalType: %s", needed[i].type);
    }
}

void build_materialization(struct load *l, struct mesh_port *p, const struct doc *d, const struct doc_node *port)
{
    static const struct str words[] = {
        [MATERIALIZED_TABLE] = {"table", 5}, [MATERIALIZED_VIEW] = {"view", 4}, [MATERIALIZED_INCREMENTAL] = {"incremental", 11},
        [MATERIALIZED_BY_KEY] = {"by_key", 6}, [MATERIALIZED_IDENTITY] = {"identity", 8},
    };
    enum { WORDS = sizeof words / sizeof words[0] };
    const struct doc_node *how = custom_get(d, port, "trellisMaterialization"), *key = custom_get(d, port, "trellisKey");
    const struct doc_node *time = custom_get(d, port, "trellisTimeColumn"), *lookback = custom_get(d, port, "trellisLookback");
    const struct doc_node *name = doc_get(d, port, "name"), *live = custom_get(d, port, "trellisLive");
    size_t i = 0;
    while (how && i < WORDS && !str_eq(doc_text(d, how), words[i]))
        i++;
    p->materialization = MATERIALIZED_TABLE;
    if (how && i < WORDS)
        p->materialization = (enum mesh_materialization)i;
    else if (how)
        hint_nearest(at_value(l, E_SCHEMA, d, how, "\"%.*s\" is not a materialization", STR_FMT(doc_text(d, how))), doc_text(d, how), words, WORDS);
    p->live = live && live->v.b;
    p->key = text_list(l, d, key, &p->n_key);
    p->time_column = doc_text(d, time);
    check_key(l, p, d, key);
    check_time_column(l, p, d, time);
    if (!how || i < WORDS)
        port_by_key(l, p, d, port);
    if (p->materialization == MATERIALIZED_IDENTITY)
        check_identity(l, p, d, name);
    if (p->materialization == MATERIALIZED_INCREMENTAL && (p->n_key == 0 || !time))
        hint(at_value(l, E_MISSING_KEY, d, name, "the port \"%.*s\" is incremental and has no %s", STR_FMT(p->name),
                      p->n_key && !time ? "trellisTimeColumn" : time ? "trellisKey" : "trellisKey and no trellisTimeColumn"),
             "an incremental port needs trellisKey (columns that name a row) and trellisTimeColumn");
    if (!lookback)
        return;
    if (lookback->v.i < 0 || lookback->v.i > LOOKBACK_DAYS_MAX)
        hint(at_value(l, E_SCHEMA, d, lookback, "trellisLookback must be between 0 and %d days, this is %.*s", LOOKBACK_DAYS_MAX, STR_FMT(doc_text(d, lookback))),
             "30 covers what ad platforms restate");
    else if (p->materialization != MATERIALIZED_INCREMENTAL)
        hint(at_value(l, E_SCHEMA, d, lookback, "trellisLookback is only used by incremental ports"), "remove it, or write trellisMaterialization: incremental");
    else
        p->lookback_days = (int)lookback->v.i;
}

/* The ledger of identity is one. */
void build_check_identity_once(struct load *l)
{
    const struct mesh *m = l->m;
    const struct mesh_port *first = NULL;
    for (size_t i = 0; i < m->n_products; i++)
        for (size_t k = 0; k < m->products[i]->n_ports; k++) {
            const struct mesh_port *p = m->products[i]->ports[k];
            if (p->materialization != MATERIALIZED_IDENTITY)
                continue;
            if (first)
                hint(errs_add(l->es, E_DUPLICATE, p->pos.file, p->pos.line, p->pos.col, "a mesh has one port of identity, this is a second; the first is %.*s (%.*s:%u)",
                              STR_FMT(first->ref), STR_FMT(first->pos.file), first->pos.line), "give this one another trellisMaterialization");
            first = first ? first : p;
        }
}
