/* Ways folded to a tree, level by level: no engine, no mesh, no clock. */
#include "measure/path_tree.h"

#include <stdlib.h>

struct piece { size_t from, to; }; /* the walks that reach a node */
struct at_step { uint32_t label; size_t walk; };
struct child { uint32_t label; size_t from, to; };

static int by_label(const void *a, const void *b)
{
    const struct at_step *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return x->walk < y->walk ? -1 : x->walk > y->walk;
}

static int most_first(const void *a, const void *b)
{
    const struct child *x = a, *y = b;
    if (x->to - x->from != y->to - y->from)
        return x->to - x->from > y->to - y->from ? -1 : 1;
    return x->label < y->label ? -1 : x->label > y->label;
}

struct folding { const struct path_walk *walks; size_t *order; struct at_step *next; struct child *kids; struct path_node *nodes; struct piece *pieces; size_t n; int limit; };

/* The walks of a node that go on, put in front of its piece by their next label. */
static size_t going_on(struct folding *f, size_t node)
{
    struct piece p = f->pieces[node];
    size_t depth = (size_t)f->nodes[node].depth, n = 0, k = 0;
    for (size_t i = p.from; i < p.to; i++)
        if (f->walks[f->order[i]].n > depth)
            f->next[n++] = (struct at_step){f->walks[f->order[i]].labels[depth], f->order[i]};
    if (n)
        qsort(f->next, n, sizeof *f->next, by_label);
    for (size_t i = 0; i < n; i++) {
        f->order[p.from + i] = f->next[i].walk;
        if (i == 0 || f->next[i].label != f->next[i - 1].label)
            f->kids[k++] = (struct child){.label = f->next[i].label, .from = p.from + i};
        f->kids[k - 1].to = p.from + i + 1;
    }
    f->nodes[node].ends = f->nodes[node].people - (int64_t)n;
    return k;
}

static void unfold(struct folding *f, size_t node)
{
    size_t kids = going_on(f, node), shown = kids;
    int64_t rest = 0;
    if (kids)
        qsort(f->kids, kids, sizeof *f->kids, most_first);
    if (shown > (size_t)f->limit)
        shown = (size_t)f->limit;
    if (f->n + shown + 1 > PATH_NODES_MAX)
        shown = 0;
    for (size_t i = 0; i < shown; i++) {
        f->pieces[f->n] = (struct piece){f->kids[i].from, f->kids[i].to};
        f->nodes[f->n++] = (struct path_node){.label = f->kids[i].label, .parent = node, .depth = f->nodes[node].depth + 1, .people = (int64_t)(f->kids[i].to - f->kids[i].from)};
    }
    for (size_t i = shown; i < kids; i++)
        rest += (int64_t)(f->kids[i].to - f->kids[i].from);
    if (rest)
        f->nodes[f->n++] = (struct path_node){.rest = true, .parent = node, .depth = f->nodes[node].depth + 1, .people = rest, .ends = rest};
}

void path_tree_fold(const struct path_walk *walks, size_t n, int limit, int depth, struct arena *a, struct path_node **out, size_t *n_nodes)
{
    enum { ROOM = 2 * PATH_NODES_MAX + 2 }; /* where the tree is full, each node may still get one for the rest */
    struct folding f = {.walks = walks, .limit = limit, .n = 1};
    f.order = mem_alloc((n + 1) * sizeof *f.order);
    f.next = mem_alloc((n + 1) * sizeof *f.next);
    f.kids = mem_alloc((n + 1) * sizeof *f.kids);
    f.pieces = mem_alloc(ROOM * sizeof *f.pieces);
    f.nodes = mem_alloc(ROOM * sizeof *f.nodes);
    for (size_t i = 0; i < n; i++)
        f.order[i] = i;
    f.nodes[0].people = (int64_t)n;
    f.pieces[0].to = n;
    for (size_t i = 0; i < f.n; i++) {
        if (f.nodes[i].rest)
            continue;
        if (f.nodes[i].depth < depth)
            unfold(&f, i);
        else
            f.nodes[i].ends = f.nodes[i].people;
    }
    *out = arena_array(a, f.n, sizeof **out);
    memcpy(*out, f.nodes, f.n * sizeof **out);
    *n_nodes = f.n;
    mem_free(f.order);
    mem_free(f.next);
    mem_free(f.kids);
    mem_free(f.pieces);
    mem_free(f.nodes);
}
