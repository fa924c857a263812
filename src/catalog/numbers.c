/* Numbers of products for the catalog's own pages: asked through the gate like anybody's, for who looks at them or in the program's own name. */
#include "catalog/catalog_int.h"

#include "base/clock.h"
#include "measure/rows.h"

enum { TIMEOUT_MS = 10000 };

struct asking { void (*row)(void *ctx, const struct engine_chunk *ch, size_t row); void *ctx; };

static bool take_chunk(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    const struct asking *x = ctx;
    (void)e;
    for (size_t i = 0; i < rows; i++)
        x->row(x->ctx, ch, i);
    return true;
}

bool ask_rows(struct govern *g, const struct govern_principal *who, struct str sql, int64_t limit, void (*row)(void *ctx, const struct engine_chunk *ch, size_t row),
              void *ctx, struct err *e)
{
    struct metric_asker asker = {.gate = g, .who = who ? who : &GOVERN_ITSELF};
    struct asking x = {row, ctx};
    struct measure_read read = {.sql = sql, .row_limit = limit, .timeout_ms = TIMEOUT_MS};
    struct measure_sink sink = {.chunk = take_chunk, .ctx = &x};
    return measure_rows(&asker, &read, &sink, e);
}

struct str ask_problem(const struct err *e, struct arena *a)
{
    struct str text = str_of(e->text), hint = str_of(e->hint);
    return hint.n ? arena_printf(a, "%.*s (%.*s)", STR_FMT(text), STR_FMT(hint)) : arena_str(a, text);
}

void sql_ref(struct buf *b, const struct mesh_port *p)
{
    struct str name, domain = str_cut(port_shown(p), '.', &name);
    buf_sql_ident(b, domain);
    buf_addc(b, '.');
    buf_sql_ident(b, name);
}

void sql_day(struct buf *b, int32_t day)
{
    buf_printf(b, "DATE '%s'", clock_date(day).z);
}

bool port_has(const struct mesh_port *p, struct str column)
{
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++)
        if (str_eq(p->contract->columns[i].name, column))
            return true;
    return false;
}

const struct mesh_port *port_called(const struct mesh *m, struct str name, struct str column)
{
    const struct mesh_port *found = NULL;
    for (size_t i = 0; i < m->n_ports; i++) /* inputs stand before what they feed: the last is the most complete */
        if (m->ports[i]->is_default && str_eq(m->ports[i]->name, name) && port_has(m->ports[i], column))
            found = m->ports[i];
    return found;
}
