/* Second stage: columns of one's own in the streams of events (`enrich:`): an expression over the raw columns of one event. It is
 * held to the gate's list and bound by the engine to each stream; a stream has the column where that succeeds. */
#include "mesh/mesh_int.h"

#include "mesh/event_columns.h"
#include "mesh/types.h"
#include "sql/sql.h"

enum { STATEMENT_MAX_BYTES = 4 << 20 };

struct enrich_columns { struct str *v; size_t n; enum mesh_class *classes; };

/* The columns that an expression may name: those of every event and those of the plan. */
static struct enrich_columns columns_of(struct load *l, const struct mesh_source *s, unsigned stream, struct str **types)
{
    struct event_plan_column *planned;
    size_t n_planned = event_plan_columns(l->a, s->events, stream, &planned), most = EVENT_COLUMNS + n_planned;
    struct enrich_columns c = {arena_array(l->a, most, sizeof *c.v), 0, arena_array(l->a, most, sizeof *c.classes)};
    *types = arena_array(l->a, most, sizeof **types);
    for (int i = 0; i < EVENT_COLUMNS; i++)
        if (event_columns[i].streams & stream) {
            c.classes[c.n] = event_columns[i].class_;
            (*types)[c.n] = str_of(event_column_type(event_columns[i].type));
            c.v[c.n++] = str_of(event_columns[i].name);
        }
    for (size_t i = 0; i < n_planned; i++) {
        c.classes[c.n] = planned[i].class_;
        (*types)[c.n] = str_of(event_column_type(planned[i].type));
        c.v[c.n++] = planned[i].name;
    }
    return c;
}

/* The columns of one stream as a table of one row. In a condition, so that aggregates and windows, which are not of one event, are
 * no part of it. */
static void statement(struct load *l, const struct mesh_source *s, unsigned stream, const struct mesh_enrich *x, struct buf *b)
{
    struct str *types;
    struct enrich_columns c = columns_of(l, s, stream, &types);
    buf_addz(b, "WITH event AS (SELECT ");
    for (size_t i = 0; i < c.n; i++) {
        buf_printf(b, "%sCAST(NULL AS %.*s) AS ", i ? ", " : "", STR_FMT(types[i]));
        buf_sql_ident(b, c.v[i]);
    }
    buf_printf(b, ")\nSELECT 1 FROM event WHERE CAST((%.*s\n) AS %.*s) IS NOT NULL", STR_FMT(x->sql), STR_FMT(x->type));
}

/* The streams that have all it names. Where none has: *e is what is wrong with the first, *beyond whether it looks beyond one row. */
static unsigned streams_of(struct load *l, const struct mesh_source *s, const struct mesh_enrich *x, bool *beyond, struct err *e)
{
    unsigned found = 0;
    *beyond = false;
    for (int i = 0; i < EVENT_STREAMS; i++) {
        struct buf b = BUF_INIT(STATEMENT_MAX_BYTES);
        struct engine_column *out;
        struct arena scratch;
        struct err here = {0};
        size_t n;
        arena_init(&scratch);
        statement(l, s, event_streams[i].bit, x, &b);
        if (buf_ok(&b, &here) && engine_describe(l->parser, buf_str(&b), &scratch, &out, &n, &here)) {
            found |= event_streams[i].bit;
        } else {
            const char *said = engine_last_message(l->parser);
            *beyond = *beyond || (said && (strstr(said, "cannot contain aggregates") || strstr(said, "cannot contain window functions")));
            if (i == 0)
                *e = here;
        }
        arena_fini(&scratch);
        buf_fini(&b);
    }
    return found;
}

static bool lineage_columns(void *ctx, struct str ref, struct str **columns, size_t *n)
{
    const struct enrich_columns *c = ctx;
    (void)ref;
    *columns = c->v;
    *n = c->n;
    return true;
}

/* Well-formed, of the allowed language, reading no table. */
static bool stays_inside(struct load *l, const struct mesh_enrich *x, struct err *e)
{
    struct arena scratch;
    struct sql_ast *ast = NULL;
    struct sql_ref *refs;
    size_t n = 0;
    arena_init(&scratch);
    bool good = sql_parse(l->parser, &scratch, arena_printf(&scratch, "SELECT (%.*s\n)", STR_FMT(x->sql)), &ast, e) && sql_gate(ast, SQL_QUESTION, e) &&
                sql_refs(ast, &scratch, &refs, &n, e);
    if (good && n) {
        good = err_set(e, E_SQL_REFUSED, "it reads %.*s%s%.*s", STR_FMT(refs[0].schema), refs[0].schema.n ? "." : "", STR_FMT(refs[0].table));
        err_hint(e, "an expression sees the columns of one event; put joins into a port's SQL");
    }
    sql_ast_free(ast);
    arena_fini(&scratch);
    return good;
}

/* The strictest class of the columns that it names; personal where that cannot be told. */
static enum mesh_class class_read(struct load *l, const struct mesh_source *s, unsigned streams, const struct mesh_enrich *x)
{
    struct arena scratch;
    struct sql_ast *ast = NULL;
    struct sql_column_lineage *lineage;
    struct str *types;
    struct err none = {0};
    enum mesh_class reads = CLASS_PERSONAL;
    size_t n = 0;
    int first = 0;
    while (first + 1 < EVENT_STREAMS && !(streams & event_streams[first].bit))
        first++;
    struct enrich_columns c = columns_of(l, s, event_streams[first].bit, &types);
    arena_init(&scratch);
    if (sql_parse(l->parser, &scratch, arena_printf(&scratch, "SELECT (%.*s\n) AS v FROM web.event", STR_FMT(x->sql)), &ast, &none) &&
        sql_lineage(ast, &scratch, lineage_columns, &c, &lineage, &n, &none) && n == 1 && !lineage[0].uncertain) {
        reads = CLASS_INTERNAL;
        for (size_t k = 0; k < lineage[0].n_from; k++)
            for (size_t j = 0; j < c.n; j++)
                if (str_eq(c.v[j], lineage[0].from[k].column) && c.classes[j] > reads)
                    reads = c.classes[j];
    }
    sql_ast_free(ast);
    arena_fini(&scratch);
    return reads;
}

/* ---- what was found before, by content: a name for each stream that has the column, and the class as its line ---- */

static void cache_key(struct load *l, const struct mesh_source *s, const struct mesh_enrich *x, struct sha *out)
{
    struct buf b = BUF_INIT(EVENT_STREAMS * STATEMENT_MAX_BYTES);
    buf_addz(&b, "-- a column of events\n"); /* no port's SQL has this content: the cache holds those too */
    for (int i = 0; i < EVENT_STREAMS; i++)
        statement(l, s, event_streams[i].bit, x, &b);
    for (int i = 0; i < EVENT_STREAMS; i++) {
        struct str *types;
        struct enrich_columns c = columns_of(l, s, event_streams[i].bit, &types);
        for (size_t k = 0; k < c.n; k++)
            buf_addc(&b, (char)('0' + c.classes[k]));
    }
    sha_bytes(buf_str(&b), out);
    buf_fini(&b);
}

static bool cached(struct load *l, const struct sha *key, struct enriched *out)
{
    struct sql_ref *refs;
    size_t n;
    if (!l->cache || !cache_refs(l->cache, l->a, key, &refs, &n) || n == 0)
        return false;
    out->streams = 0;
    for (size_t i = 0; i < n; i++)
        out->streams |= event_stream_bit(refs[i].table);
    out->class_ = (enum mesh_class)refs[0].line;
    return true;
}

static void cache_it(struct load *l, const struct sha *key, unsigned streams, enum mesh_class reads)
{
    struct sql_ref refs[EVENT_STREAMS] = {0};
    size_t n = 0;
    for (int i = 0; i < EVENT_STREAMS; i++)
        if (streams & event_streams[i].bit)
            refs[n++] = (struct sql_ref){.table = str_of(event_streams[i].name), .line = (uint32_t)reads};
    if (l->cache)
        cache_put_refs(l->cache, key, refs, n);
}

static bool name_is_taken(struct load *l, const struct mesh_source *s, struct str name)
{
    struct str *types;
    for (int i = 0; i < EVENT_STREAMS; i++) {
        struct enrich_columns c = columns_of(l, s, event_streams[i].bit, &types);
        for (size_t k = 0; k < c.n; k++)
            if (str_eq(c.v[k], name))
                return true;
    }
    return str_starts(name, STR("_"));
}

/* Text out of personal columns may say anything of a person; a flag or a number is what its author made of them. */
static enum mesh_class class_of(struct str type, enum mesh_class reads)
{
    return str_eq(type, STR("VARCHAR")) || str_eq(type, STR("JSON")) ? reads : CLASS_INTERNAL;
}

static void one_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_source *s, struct mesh_enrich *x, struct enriched *out)
{
    const struct doc_node *name = doc_get(d, n, "name"), *type = doc_get(d, n, "type"), *sql = doc_get(d, n, "sql"), *class_ = doc_get(d, n, "classification");
    struct str near;
    struct err e = {0};
    *x = (struct mesh_enrich){.name = doc_text(d, name), .sql = doc_text(d, sql), .pos = pos_of(d, n)};
    bool fits = build_raw_name_fits(x->name), taken = name_is_taken(l, s, x->name);
    if (!fits)
        hint(at_value(l, E_NAME, d, name, "\"%.*s\" cannot be a column of a raw stream", STR_FMT(x->name)), "write lower-case letters, digits and underscores");
    else if (taken)
        hint(at_value(l, E_DUPLICATE, d, name, "the streams have a column \"%.*s\" already", STR_FMT(x->name)), "choose another name");
    x->type = type_canonical(l->a, doc_text(d, type), &near);
    if (!x->type.p) {
        hint(at_value(l, E_SCHEMA, d, type, "\"%.*s\" is not a type that a column can have", STR_FMT(doc_text(d, type))), near.p ? "did you mean \"%.*s\"?" : "types are DuckDB's: VARCHAR, BIGINT, DOUBLE, DATE, TIMESTAMP, BOOLEAN, …%.*s",
             STR_FMT(near));
        x->type = STR("VARCHAR");
    }
    out->streams = fits && !taken ? EVENT_ALL : 0;
    enum mesh_class said = class_ ? build_class_of(l, d, class_) : CLASS_PERSONAL;
    out->class_ = said;
    if (!l->parser || !out->streams)
        return;
    bool beyond;
    struct sha key;
    cache_key(l, s, x, &key);
    if (!cached(l, &key, out)) {
        if (!stays_inside(l, x, &e)) {
            hint(at_value(l, e.code, d, sql, "this SQL cannot be asked of an event: %s", e.text), "%s", e.hint[0] ? e.hint : "write an expression over the raw columns, such as properties->>'plan' = 'member'");
            return;
        }
        out->streams = streams_of(l, s, x, &beyond, &e);
        if (!out->streams) {
            if (beyond)
                hint(at_value(l, E_SQL, d, sql, "this SQL is an aggregate or a window, which no single event has"), "put it into a port's SQL; here stands what is known of one event");
            else
                hint(at_value(l, e.code, d, sql, "no stream has all that this SQL names: %s", e.text), "%s", e.hint[0] ? e.hint : "columns of events are listed in docs/events.md");
            return;
        }
        out->class_ = class_read(l, s, out->streams, x);
        cache_it(l, &key, out->streams, out->class_);
    }
    if (!class_)
        said = class_of(x->type, out->class_);
    out->class_ = said;
}

struct enriched *build_enrich(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_source *s)
{
    struct mesh_events *ev = s->events;
    size_t most = list ? list->n_children : 0;
    struct enriched *out = arena_array(l->a, most + 1, sizeof *out);
    struct table seen = {0};
    ev->enrich = arena_array(l->a, most + 1, sizeof *ev->enrich);
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        struct mesh_enrich *x = &ev->enrich[ev->n_enrich];
        one_read(l, d, n, s, x, &out[ev->n_enrich]);
        if (table_put(&seen, l->a, x->name, x))
            hint(at_value(l, E_DUPLICATE, d, doc_get(d, n, "name"), "the column \"%.*s\" is given twice", STR_FMT(x->name)), "remove one of them");
        else
            ev->n_enrich++;
    }
    return out;
}
