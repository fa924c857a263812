/* Where the nodes of a graph stand: layers by the longest way, order within them by the middle of the neighbours. */
#include "catalog/graph_int.h"

#include <stdlib.h>

enum { SWEEPS = 6 };

void graph_links_make(const struct graph *g, bool back, struct arena *a, struct graph_links *out)
{
    out->first = arena_array(a, g->n_nodes + 2, sizeof *out->first);
    out->to = arena_array(a, g->n_edges + 1, sizeof *out->to);
    size_t *at = arena_array(a, g->n_nodes + 1, sizeof *at);
    for (size_t i = 0; i < g->n_edges; i++)
        out->first[(back ? g->edges[i].to : g->edges[i].from) + 1]++;
    for (size_t i = 0; i < g->n_nodes; i++)
        out->first[i + 1] += out->first[i];
    memcpy(at, out->first, g->n_nodes * sizeof *at);
    for (size_t i = 0; i < g->n_edges; i++) {
        size_t from = back ? g->edges[i].to : g->edges[i].from;
        out->to[at[from]++] = back ? g->edges[i].from : g->edges[i].to;
    }
}

/* ---- layers ---- */
/* Takes nodes whose inputs are all taken; where none is left, the one with the fewest open inputs, which opens a circle. */
static void layers(struct graph *g, const struct graph_links *down, struct arena *a)
{
    size_t n = g->n_nodes, *open = arena_array(a, n + 1, sizeof *open), *queue = arena_array(a, n + 1, sizeof *queue), head = 0, tail = 0;
    bool *taken = arena_array(a, n + 1, sizeof *taken);
    for (size_t i = 0; i < g->n_edges; i++)
        open[g->edges[i].to]++;
    for (size_t i = 0; i < n; i++)
        if (open[i] == 0) {
            taken[i] = true;
            queue[tail++] = i;
        }
    while (tail < n || head < tail) {
        if (head == tail) {
            size_t best = SIZE_MAX;
            for (size_t i = 0; i < n; i++)
                if (!taken[i] && (best == SIZE_MAX || open[i] < open[best]))
                    best = i;
            taken[best] = true;
            queue[tail++] = best;
        }
        size_t i = queue[head++];
        for (size_t k = down->first[i]; k < down->first[i + 1]; k++) {
            size_t to = down->to[k];
            if (taken[to])
                continue;
            if (g->nodes[to].layer <= g->nodes[i].layer)
                g->nodes[to].layer = g->nodes[i].layer + 1;
            if (--open[to] == 0) {
                taken[to] = true;
                queue[tail++] = to;
            }
        }
    }
}

/* A node without inputs stands right before the first that reads it, rather than far from it. */
static void pull_sources(struct graph *g, const struct graph_links *down, const struct graph_links *up)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        int nearest = -1;
        if (up->first[i] != up->first[i + 1])
            continue;
        for (size_t k = down->first[i]; k < down->first[i + 1]; k++) {
            int layer = g->nodes[down->to[k]].layer;
            nearest = nearest < 0 || layer < nearest ? layer : nearest;
        }
        if (nearest > 1 && !str_eq(g->nodes[i].kind, STR("source")))
            g->nodes[i].layer = nearest - 1;
    }
}

/* ---- order within the layers ---- */
struct place {
    double middle;
    size_t node;
};

static int place_order(const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    if (a->middle < b->middle || a->middle > b->middle)
        return a->middle < b->middle ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

static double middle_of(const struct graph *g, size_t node, const struct graph_links *links)
{
    double sum = 0;
    size_t from = links->first[node], to = links->first[node + 1];
    for (size_t k = from; k < to; k++)
        sum += g->nodes[links->to[k]].order;
    return to > from ? sum / (double)(to - from) : g->nodes[node].order;
}

static void sort_layer(struct graph *g, struct place *v, size_t n, const struct graph_links *links)
{
    for (size_t i = 0; i < n; i++)
        v[i].middle = links ? middle_of(g, v[i].node, links) : g->nodes[v[i].node].order;
    qsort(v, n, sizeof *v, place_order);
    for (size_t i = 0; i < n; i++)
        g->nodes[v[i].node].order = (int)i;
}

void graph_lay_out(struct graph *g, struct arena *a)
{
    struct graph_links down, up;
    int deepest = 0;
    graph_links_make(g, false, a, &down);
    graph_links_make(g, true, a, &up);
    layers(g, &down, a);
    pull_sources(g, &down, &up);
    for (size_t i = 0; i < g->n_nodes; i++)
        deepest = g->nodes[i].layer > deepest ? g->nodes[i].layer : deepest;
    size_t n_layers = (size_t)deepest + 1, *first = arena_array(a, n_layers + 2, sizeof *first);
    struct place *v = arena_array(a, g->n_nodes + 1, sizeof *v);
    for (size_t i = 0; i < g->n_nodes; i++)
        first[g->nodes[i].layer + 1]++;
    for (size_t i = 0; i < n_layers; i++)
        first[i + 1] += first[i];
    size_t *at = arena_array(a, n_layers + 1, sizeof *at);
    memcpy(at, first, n_layers * sizeof *at);
    for (size_t i = 0; i < g->n_nodes; i++) {
        size_t layer = (size_t)g->nodes[i].layer;
        g->nodes[i].order = (int)(at[layer] - first[layer]);
        v[at[layer]++].node = i;
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t k = 0; k < n_layers; k++) {
            size_t layer = sweep % 2 ? n_layers - 1 - k : k;
            sort_layer(g, v + first[layer], first[layer + 1] - first[layer], sweep % 2 ? &down : &up);
        }
}

void graph_keep(struct graph *g, const bool *keep, struct arena *a)
{
    size_t *place = arena_array(a, g->n_nodes + 1, sizeof *place), n = 0, edges = 0;
    for (size_t i = 0; i < g->n_nodes; i++)
        if (keep[i]) {
            place[i] = n;
            g->nodes[n++] = g->nodes[i];
        }
    for (size_t i = 0; i < g->n_edges; i++)
        if (keep[g->edges[i].from] && keep[g->edges[i].to])
            g->edges[edges++] = (struct graph_edge){place[g->edges[i].from], place[g->edges[i].to], g->edges[i].columns};
    g->hidden += g->n_nodes - n;
    g->n_nodes = n;
    g->n_edges = edges;
}
