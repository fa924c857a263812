/* Where things come from and who reads them: the graph at three levels, and the way of one column. */
#include <stdlib.h>

#include "serve/kept.h"
#include "serve/put.h"
#include "serve/routes.h"

enum { NODES = 2000, NODES_MAX = 20000, STEPS_MAX = 100, COUNTED_EDGES = 400 };

static bool call_steps(struct call *c, const char *name, int *out, struct err *e)
{
    int64_t n;
    if (!call_int(c, name, -1, -1, STEPS_MAX, &n, e))
        return false;
    *out = (int)n;
    return true;
}

static bool call_level(struct call *c, enum graph_level *out, struct err *e)
{
    struct str text = STR("");
    *out = GRAPH_PRODUCT;
    if (!http_query_param(c->req, c->a, "level", &text) || !text.n)
        return true;
    for (int l = GRAPH_DOMAIN; l <= GRAPH_PORT; l++)
        if (str_eq(text, str_of(graph_level_text((enum graph_level)l)))) {
            *out = (enum graph_level)l;
            return true;
        }
    return err_set(e, E_USAGE, "level is one of domain, product and port");
}

/* The state of every stream, a line each in the order of the mesh. Asking the engine for each takes milliseconds: kept until the next load. */
static bool stream_lines(struct call *c, struct buf *lines, struct err *e)
{
    struct engine_conn *conn = NULL;
    uint64_t generation = atomic_load(&c->app->generation);
    if (kept_get(c->app, c->mesh, STR("stream_states"), lines)) /* of the streams that are seen */
        return true;
    bool good = engine_connect(c->app->state->engine, &conn, e);
    buf_reset(lines);
    for (size_t i = 0; good && i < c->mesh->n_streams; i++) {
        struct ingest_stream_state st = {0};
        good = ingest_stream_state(conn, c->mesh->streams[i], c->a, &st, e);
        if (good) {
            buf_add(lines, shape_stream_state(&st));
            buf_addc(lines, '\n');
        }
    }
    if (conn)
        engine_disconnect(conn);
    good = good && buf_ok(lines, e);
    if (good)
        kept_put(c->app, c->mesh, generation, STR("stream_states"), buf_str(lines));
    return good;
}

struct stream_line {
    struct str ref, state;
};

static int line_order(const void *x, const void *y)
{
    return str_cmp(((const struct stream_line *)x)->ref, ((const struct stream_line *)y)->ref);
}

static bool stream_states(struct call *c, struct graph *g, struct err *e)
{
    size_t n = c->mesh->n_streams, shown = 0;
    struct buf lines = BUF_INIT((size_t)8 << 20);
    for (size_t i = 0; i < g->n_nodes; i++)
        shown += str_eq(g->nodes[i].kind, STR("stream"));
    bool good = !shown || stream_lines(c, &lines, e);
    struct stream_line *v = arena_array(c->a, n + 1, sizeof *v);
    struct str rest = arena_str(c->a, buf_str(&lines));
    for (size_t i = 0; good && shown && i < n; i++)
        v[i] = (struct stream_line){c->mesh->streams[i]->ref, rest.p ? str_cut(rest, '\n', &rest) : STR("")};
    if (good && shown)
        qsort(v, n, sizeof *v, line_order);
    for (size_t i = 0; good && i < g->n_nodes; i++) {
        struct stream_line key = {.ref = g->nodes[i].ref}, *at = NULL;
        if (str_eq(g->nodes[i].kind, STR("stream")))
            at = bsearch(&key, v, n, sizeof *v, line_order);
        if (at)
            g->nodes[i].state = at->state;
    }
    buf_fini(&lines);
    return good;
}

/* How many columns an edge carries takes reading SQL: told for graphs that one can look at. */
static bool count_columns(struct call *c, struct graph *g, struct err *e)
{
    for (size_t i = 0; g->n_edges <= COUNTED_EDGES && i < g->n_edges; i++) {
        const struct mesh_port *to = g->nodes[g->edges[i].to].port;
        if (to && !catalog_columns_between(known_columns(c->known), c->app->build, g->nodes[g->edges[i].from].ref, call_whole_port(c, to), &g->edges[i].columns, e))
            return false;
    }
    return true;
}

bool route_lineage(struct call *c, struct err *e)
{
    struct graph_ask ask = {.focus = STR(""), .domain = STR("")};
    struct graph g;
    int64_t limit;
    http_query_param(c->req, c->a, "focus", &ask.focus);
    http_query_param(c->req, c->a, "domain", &ask.domain);
    if (!call_level(c, &ask.level, e) || !call_steps(c, "up", &ask.up, e) || !call_steps(c, "down", &ask.down, e) ||
        !call_int(c, "limit", NODES, 1, NODES_MAX, &limit, e))
        return false;
    ask.limit = (size_t)limit;
    struct known_states *st = known_states_get(c->app, c->known, e);
    if (!st)
        return false;
    if (!catalog_graph(c->mesh, st->ports, &ask, c->a, &g, e) || !stream_states(c, &g, e) || !count_columns(c, &g, e)) {
        known_states_put(st);
        return false;
    }
    known_states_put(st);
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "level", str_of(graph_level_text(ask.level)));
    put_opt(&b, "focus", g.focus.n ? g.focus : ask.focus);
    put_open(&b, "nodes", '[');
    for (size_t i = 0; i < g.n_nodes; i++) {
        const struct graph_node *n = &g.nodes[i];
        put_open(&b, NULL, '{');
        put_str(&b, "id", n->id);
        put_str(&b, "kind", n->kind);
        put_str(&b, "ref", n->ref);
        put_str(&b, "label", n->label);
        put_opt(&b, "domain", n->domain);
        put_opt(&b, "product", n->product);
        put_opt(&b, "state", n->state);
        put_int(&b, "layer", n->layer);
        put_int(&b, "order", n->order);
        put_int(&b, "inside", (int64_t)n->inside);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_open(&b, "edges", '[');
    for (size_t i = 0; i < g.n_edges; i++) {
        put_open(&b, NULL, '{');
        put_int(&b, "from", (int64_t)g.edges[i].from);
        put_int(&b, "to", (int64_t)g.edges[i].to);
        put_int(&b, "columns", (int64_t)g.edges[i].columns);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_int(&b, "hidden", (int64_t)g.hidden);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

static bool is_hidden(const struct mesh_port *p, struct str column)
{
    for (size_t i = 0; p && p->contract && i < p->contract->n_columns; i++)
        if (str_eq(p->contract->columns[i].name, column))
            return mesh_column_hidden(&p->contract->columns[i]);
    return false;
}

/* The way goes through the whole mesh; what is not seen on it is left out with what hangs on it. */
static void leave_out(struct call *c, struct column_graph *g)
{
    size_t *to = arena_array(c->a, g->n_nodes + 1, sizeof *to), nodes = 0, edges = 0;
    if (call_whole(c))
        return;
    for (size_t i = 0; i < g->n_nodes; i++) {
        bool seen = g->nodes[i].port ? mesh_find_port(c->mesh, g->nodes[i].port->ref_major) != NULL : call_sees(c, g->nodes[i].ref);
        to[i] = seen ? nodes : SIZE_MAX;
        if (seen)
            g->nodes[nodes++] = g->nodes[i];
    }
    for (size_t i = 0; i < g->n_edges; i++)
        if (to[g->edges[i].from] != SIZE_MAX && to[g->edges[i].to] != SIZE_MAX)
            g->edges[edges++] = (struct column_edge){to[g->edges[i].from], to[g->edges[i].to]};
    g->n_nodes = nodes;
    g->n_edges = edges;
}

bool route_column(struct call *c, struct err *e)
{
    const struct mesh_port *p = call_port(c, e);
    struct column_graph g;
    struct str column = STR("");
    int up, down;
    if (!p || !call_steps(c, "up", &up, e) || !call_steps(c, "down", &down, e))
        return false;
    if (!http_query_param(c->req, c->a, "column", &column) || !column.n) {
        err_set(e, E_USAGE, "name the column: ?column=NAME");
        return false;
    }
    if (!catalog_column(known_columns(c->known), c->app->build, call_whole_port(c, p), column, up, down, c->a, &g, e))
        return false;
    leave_out(c, &g);
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "ref", p->is_default ? p->ref : p->ref_major);
    put_str(&b, "column", g.nodes[0].column);
    put_open(&b, "nodes", '[');
    for (size_t i = 0; i < g.n_nodes; i++) {
        const struct column_node *n = &g.nodes[i];
        put_open(&b, NULL, '{');
        put_str(&b, "ref", n->ref);
        put_str(&b, "column", n->column);
        put_str(&b, "kind", n->port ? STR("port") : STR("stream"));
        put_opt(&b, "domain", n->port ? n->port->product->domain->name : STR(""));
        put_opt(&b, "product", n->port ? n->port->product->name : STR(""));
        put_int(&b, "layer", n->layer);
        put_bool(&b, "uncertain", n->uncertain);
        put_bool(&b, "hidden", is_hidden(n->port, n->column));
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_open(&b, "edges", '[');
    for (size_t i = 0; i < g.n_edges; i++) {
        put_open(&b, NULL, '{');
        put_int(&b, "from", (int64_t)g.edges[i].from);
        put_int(&b, "to", (int64_t)g.edges[i].to);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_bool(&b, "cut", g.cut);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
