/* Observations out of the engine into the resolver, streamed: rows of one evidence come together and are one set. */
#include "identity/identity_int.h"

#include "base/buf.h"

enum { COL_EVIDENCE, COL_FIRST_SEEN, COL_SOURCE, COL_MESSAGE, COL_KIND, COL_VALUE };

/* One set as its rows come. Texts are kept in `text`, identifiers name them by place while it grows. */
struct row { size_t value, value_n; uint32_t kind; };
struct gather {
    struct graph *g;
    bool changes, open;
    struct evidences *seen;
    int64_t evidence, at_us;
    struct buf text, source, message;
    struct row *rows;
    size_t n, cap;
    struct resolve_identifier *identifiers;
};

static void set_end(struct gather *x)
{
    if (!x->open)
        return;
    for (size_t i = 0; i < x->n; i++)
        x->identifiers[i] = (struct resolve_identifier){x->rows[i].kind, {x->text.p + x->rows[i].value, x->rows[i].value_n}};
    struct resolve_set s = {.evidence = x->evidence, .at_us = x->at_us, .source = buf_str(&x->source), .message_id = buf_str(&x->message),
                            .identifiers = x->identifiers, .n = x->n};
    if (x->changes)
        resolve_put(x->g->r, &s);
    else
        resolve_load(x->g->r, &s);
    x->open = false;
}

static void set_begin(struct gather *x, int64_t evidence)
{
    set_end(x);
    x->open = true;
    x->evidence = evidence;
    x->n = 0;
    buf_reset(&x->text);
    buf_reset(&x->source);
    buf_reset(&x->message);
    if (!x->seen)
        return;
    if (x->seen->n == x->seen->cap) {
        x->seen->cap = x->seen->cap ? x->seen->cap * 2 : 256;
        x->seen->v = mem_realloc(x->seen->v, x->seen->cap * sizeof *x->seen->v);
    }
    x->seen->v[x->seen->n++] = evidence;
}

/* The first occurrence of a set is that of its first row. */
static void first_occurrence(struct gather *x, int64_t at_us, struct str source, struct str message)
{
    if (x->n > 0) {
        int c = at_us < x->at_us ? -1 : at_us > x->at_us ? 1 : str_cmp(source, buf_str(&x->source));
        if (c > 0 || (c == 0 && str_cmp(message, buf_str(&x->message)) >= 0))
            return;
    }
    x->at_us = at_us;
    buf_reset(&x->source);
    buf_add(&x->source, source);
    buf_reset(&x->message);
    buf_add(&x->message, message);
}

static void take_row(struct gather *x, const struct engine_chunk *ch, size_t row)
{
    int64_t evidence = engine_cell_i64(ch, COL_EVIDENCE, row);
    struct str value = engine_cell_str(ch, COL_VALUE, row), source = STR(""), message = STR("");
    if (!x->open || evidence != x->evidence)
        set_begin(x, evidence);
    if (!engine_cell_null(ch, COL_SOURCE, row))
        source = engine_cell_str(ch, COL_SOURCE, row);
    if (!engine_cell_null(ch, COL_MESSAGE, row))
        message = engine_cell_str(ch, COL_MESSAGE, row);
    first_occurrence(x, engine_cell_null(ch, COL_FIRST_SEEN, row) ? 0 : engine_cell_i64(ch, COL_FIRST_SEEN, row), source, message);
    if (x->n == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 16;
        x->rows = mem_realloc(x->rows, x->cap * sizeof *x->rows);
        x->identifiers = mem_realloc(x->identifiers, x->cap * sizeof *x->identifiers);
    }
    x->rows[x->n++] = (struct row){x->text.n, value.n, rules_kind(x->g->rules, engine_cell_str(ch, COL_KIND, row))};
    buf_add(&x->text, value);
}

bool graph_load(struct graph *g, struct engine_conn *c, struct str relation, bool changes, struct evidences *seen, struct err *e)
{
    enum { SET_MAX = 1 << 30 };
    struct arena a;
    struct gather x = {.g = g, .changes = changes, .seen = seen, .text = BUF_INIT(SET_MAX), .source = BUF_INIT(SET_MAX), .message = BUF_INIT(SET_MAX)};
    struct engine_result *result = NULL;
    struct engine_chunk *ch;
    bool ok = false;
    arena_init(&a);
    struct str sql = arena_printf(&a, "SELECT o.evidence, o.first_seen::TIMESTAMP, o.source, o.message_id, %.*s, %.*s FROM %.*s o"
                                      " WHERE o.evidence IS NOT NULL ORDER BY o.evidence",
                                  STR_FMT(rules_kind_sql(g->rules, &a, "o.")), STR_FMT(rules_value_sql(g->rules, &a, "o.")), STR_FMT(relation));
    if (!engine_query(c, sql, NULL, 0, &result, e))
        goto out;
    for (;;) {
        if (!engine_result_next(result, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t row = 0; row < engine_chunk_rows(ch); row++)
            take_row(&x, ch, row);
        if (!buf_ok(&x.text, e) || !buf_ok(&x.source, e) || !buf_ok(&x.message, e))
            goto out;
    }
    set_end(&x);
    ok = true;
out:
    engine_result_close(result);
    buf_fini(&x.text);
    buf_fini(&x.source);
    buf_fini(&x.message);
    mem_free(x.rows);
    mem_free(x.identifiers);
    arena_fini(&a);
    return ok;
}

bool identity_port_table(const struct mesh *m, struct engine_conn *c, struct arena *a, const struct mesh_port **port, struct str *table, struct err *e)
{
    *port = NULL;
    *table = STR("");
    for (size_t i = 0; i < m->n_ports && !*port; i++)
        if (m->ports[i]->materialization == MATERIALIZED_IDENTITY)
            *port = m->ports[i];
    if (!*port) {
        err_set(e, E_NOT_FOUND, "this mesh has no port of identity");
        err_hint(e, "trellis init writes shared.identity; trellis add events gives it something to resolve");
        return false;
    }
    struct engine_param p = {.type = ENGINE_TEXT, .s = (*port)->ref_major};
    struct str name = STR("");
    bool null = true;
    if (!engine_value(c, STR("SELECT table_name FROM mesh.sys.port_version WHERE port = $1 AND live"), &p, 1, a, &name, &null, e))
        return false;
    if (null)
        return true;
    struct buf b = BUF_INIT(4096);
    buf_addz(&b, "mesh.built.");
    buf_sql_ident(&b, name);
    *table = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return true;
}
