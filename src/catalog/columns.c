/* The way of one column: up through the SQL of the ports that feed it, down through those that read it. What a port's SQL says of its columns
 * is read once per declaration and kept. */
#include "catalog/catalog.h"

#include <pthread.h>

#include "sql/sql.h"

enum { NODES_MAX = 5000 };

struct read_columns {
    struct sql_column_lineage *v;
    size_t n;
    bool known;
};

struct columns {
    const struct mesh *m;
    pthread_mutex_t lock;
    struct arena arena;
    struct read_columns *ports; /* by place in the mesh */
    size_t *first_reader;       /* ports that read port i: readers[first_reader[i]] to before first_reader[i + 1] */
    const struct mesh_port **readers;
};

struct columns *columns_new(const struct mesh *m)
{
    struct columns *c = mem_alloc(sizeof *c);
    c->m = m;
    pthread_mutex_init(&c->lock, NULL);
    arena_init(&c->arena);
    c->ports = arena_array(&c->arena, m->n_ports + 1, sizeof *c->ports);
    c->first_reader = arena_array(&c->arena, m->n_ports + 2, sizeof *c->first_reader);
    size_t all = 0;
    for (size_t i = 0; i < m->n_ports; i++)
        for (size_t k = 0; k < m->ports[i]->n_inputs; k++)
            if (m->ports[i]->inputs[k].port) {
                c->first_reader[m->ports[i]->inputs[k].port->index + 1]++;
                all++;
            }
    for (size_t i = 0; i < m->n_ports; i++)
        c->first_reader[i + 1] += c->first_reader[i];
    c->readers = arena_array(&c->arena, all + 1, sizeof *c->readers);
    size_t *at = arena_array(&c->arena, m->n_ports + 1, sizeof *at);
    memcpy(at, c->first_reader, m->n_ports * sizeof *at);
    for (size_t i = 0; i < m->n_ports; i++)
        for (size_t k = 0; k < m->ports[i]->n_inputs; k++)
            if (m->ports[i]->inputs[k].port)
                c->readers[at[m->ports[i]->inputs[k].port->index]++] = m->ports[i];
    return c;
}

void columns_free(struct columns *c)
{
    if (!c)
        return;
    arena_fini(&c->arena);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

/* The caller holds the lock. */
static struct read_columns *read_port(struct columns *c, struct build *b, const struct mesh_port *p, struct err *e)
{
    struct read_columns *r = &c->ports[p->index];
    if (!r->known) {
        if (!build_lineage(b, c->m, p, &c->arena, &r->v, &r->n, e))
            return NULL;
        r->known = true;
    }
    return r;
}

/* ---- walking ---- */
struct walking {
    struct columns *c;
    struct build *b;
    struct arena *a;
    struct column_graph *g;
    size_t cap_nodes, cap_edges, *slots, n_slots;
};

static struct str shown(const struct mesh_port *p)
{
    return p->is_default ? p->ref : p->ref_major;
}

static size_t slot_of(const struct walking *k, struct str ref, struct str column)
{
    size_t at = (size_t)(str_hash(ref) * 31 + str_hash(column)) & (k->n_slots - 1);
    while (k->slots[at] && !(str_eq(k->g->nodes[k->slots[at] - 1].ref, ref) && str_eq(k->g->nodes[k->slots[at] - 1].column, column)))
        at = (at + 1) & (k->n_slots - 1);
    return at;
}

/* SIZE_MAX: no room for another. */
static size_t node_of(struct walking *k, struct str ref, const struct mesh_port *port, struct str column, int layer, bool *is_new)
{
    struct column_graph *g = k->g;
    size_t slot = slot_of(k, ref, column);
    *is_new = !k->slots[slot];
    if (k->slots[slot])
        return k->slots[slot] - 1;
    if (g->n_nodes == NODES_MAX) {
        g->cut = true;
        return SIZE_MAX;
    }
    if (g->n_nodes == k->cap_nodes) {
        struct column_node *more = arena_array(k->a, k->cap_nodes * 2, sizeof *more);
        memcpy(more, g->nodes, g->n_nodes * sizeof *more);
        g->nodes = more;
        k->cap_nodes *= 2;
    }
    g->nodes[g->n_nodes] = (struct column_node){.ref = arena_str(k->a, ref), .column = arena_str(k->a, column), .port = port, .layer = layer};
    k->slots[slot] = ++g->n_nodes;
    return g->n_nodes - 1;
}

static void edge_add(struct walking *k, size_t from, size_t to)
{
    struct column_graph *g = k->g;
    /* Edges of one node come together; a ref may be written with its major and without. */
    for (size_t i = g->n_edges; i-- > 0 && (g->edges[i].from == from || g->edges[i].to == to);)
        if (g->edges[i].from == from && g->edges[i].to == to)
            return;
    if (g->n_edges == k->cap_edges) {
        struct column_edge *more = arena_array(k->a, k->cap_edges * 2, sizeof *more);
        memcpy(more, g->edges, g->n_edges * sizeof *more);
        g->edges = more;
        k->cap_edges *= 2;
    }
    g->edges[g->n_edges++] = (struct column_edge){from, to};
}

static const struct sql_column_lineage *column_of(const struct read_columns *r, struct str column)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq_nocase(r->v[i].column, column))
            return &r->v[i];
    return NULL;
}

static bool walk_up(struct walking *k, int steps, struct err *e)
{
    struct column_graph *g = k->g;
    for (size_t i = 0; i < g->n_nodes; i++) {
        struct column_node at = g->nodes[i];
        if (!at.port || (steps >= 0 && -at.layer >= steps))
            continue;
        const struct read_columns *r = read_port(k->c, k->b, at.port, e);
        if (!r)
            return false;
        const struct sql_column_lineage *l = column_of(r, at.column);
        if (!l)
            continue;
        g->nodes[i].uncertain = l->uncertain;
        for (size_t n = 0; n < l->n_from; n++) {
            const struct mesh_port *port = mesh_find_port(k->c->m, l->from[n].ref);
            bool is_new;
            size_t from = node_of(k, port ? shown(port) : l->from[n].ref, port, l->from[n].column, at.layer - 1, &is_new);
            if (from != SIZE_MAX)
                edge_add(k, from, i);
        }
    }
    return true;
}

/* Columns of `reader` that come from the node. */
static void read_by(struct walking *k, size_t node, const struct mesh_port *reader, const struct read_columns *r)
{
    for (size_t c = 0; c < r->n; c++)
        for (size_t n = 0; n < r->v[c].n_from; n++) {
            struct column_node at = k->g->nodes[node];
            if (!str_eq_nocase(r->v[c].from[n].column, at.column) || mesh_find_port(k->c->m, r->v[c].from[n].ref) != at.port)
                continue;
            bool is_new;
            size_t to = node_of(k, shown(reader), reader, r->v[c].column, at.layer + 1, &is_new);
            if (to == SIZE_MAX)
                return;
            if (is_new)
                k->g->nodes[to].uncertain = r->v[c].uncertain;
            edge_add(k, node, to);
            break;
        }
}

/* Begins at the column asked for: those above it have layers below 0. */
static bool walk_down(struct walking *k, int steps, struct err *e)
{
    struct columns *c = k->c;
    for (size_t i = 0; i < k->g->n_nodes; i++) {
        struct column_node at = k->g->nodes[i];
        if (!at.port || at.layer < 0 || (steps >= 0 && at.layer >= steps))
            continue;
        for (size_t r = c->first_reader[at.port->index]; r < c->first_reader[at.port->index + 1]; r++) {
            const struct read_columns *read = read_port(c, k->b, c->readers[r], e);
            if (!read)
                return false;
            read_by(k, i, c->readers[r], read);
        }
    }
    return true;
}

/* A short way may have met a node before a long one: every edge goes to a later layer in the end. */
static void settle(struct column_graph *g)
{
    bool moved = true;
    for (size_t round = 0; moved && round < g->n_nodes; round++) {
        moved = false;
        for (size_t i = 0; i < g->n_edges; i++) {
            struct column_node *from = &g->nodes[g->edges[i].from], *to = &g->nodes[g->edges[i].to];
            if (from->layer < to->layer)
                continue;
            if (to->layer <= 0)
                from->layer = to->layer - 1;
            else
                to->layer = from->layer + 1;
            moved = true;
        }
    }
}

bool catalog_column(struct columns *c, struct build *b, const struct mesh_port *p, struct str column, int up, int down, struct arena *a,
                    struct column_graph *out, struct err *e)
{
    struct walking k = {.c = c, .b = b, .a = a, .g = out, .cap_nodes = 64, .cap_edges = 64, .n_slots = 16384};
    *out = (struct column_graph){.nodes = arena_array(a, k.cap_nodes, sizeof *out->nodes), .edges = arena_array(a, k.cap_edges, sizeof *out->edges)};
    k.slots = arena_array(a, k.n_slots, sizeof *k.slots);
    pthread_mutex_lock(&c->lock);
    const struct read_columns *r = read_port(c, b, p, e);
    bool good = r != NULL, is_new;
    const struct sql_column_lineage *l = r ? column_of(r, column) : NULL;
    if (r && !l) {
        struct str *known = arena_array(a, r->n + 1, sizeof *known);
        for (size_t i = 0; i < r->n; i++)
            known[i] = r->v[i].column;
        int near = str_nearest(column, known, r->n);
        good = err_set(e, E_NOT_FOUND, "%.*s has no column %.*s", STR_FMT(shown(p)), column.n < 120 ? (int)column.n : 120, column.p);
        if (near >= 0)
            err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    }
    if (good) {
        node_of(&k, shown(p), p, l->column, 0, &is_new);
        good = walk_up(&k, up, e);
    }
    good = good && walk_down(&k, down, e);
    pthread_mutex_unlock(&c->lock);
    settle(out);
    return good;
}

bool catalog_columns_between(struct columns *c, struct build *b, struct str from, const struct mesh_port *to, size_t *n, struct err *e)
{
    const struct mesh_port *port = mesh_find_port(c->m, from);
    *n = 0;
    pthread_mutex_lock(&c->lock);
    const struct read_columns *r = read_port(c, b, to, e);
    for (size_t i = 0; r && i < r->n; i++)
        for (size_t k = 0; k < r->v[i].n_from; k++)
            if (port ? mesh_find_port(c->m, r->v[i].from[k].ref) == port : str_eq(r->v[i].from[k].ref, from)) {
                ++*n;
                break;
            }
    pthread_mutex_unlock(&c->lock);
    return r != NULL;
}
