/* Third stage: the order in which ports are built, inputs first; and the circles that have none. */
#include "mesh/mesh_int.h"

enum { CIRCLE_TEXT_MAX = 400 };
enum colour { WHITE, GREY, BLACK };

struct step { struct mesh_port *port; size_t next_input; };

/* The circle is the part of the path from the port that is met again. */
static void report_circle(struct load *l, const struct step *path, size_t n, const struct mesh_port *again, const struct mesh_input *at)
{
    char text[CIRCLE_TEXT_MAX];
    size_t used = 0, from = 0;
    while (path[from].port != again)
        from++;
    for (size_t i = from; i < n && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s reads ", STR_FMT(path[i].port->ref));
    if (used < sizeof text)
        snprintf(text + used, sizeof text - used, "%.*s", STR_FMT(again->ref));
    struct err *e = errs_add(l->es, E_CYCLE, path[n - 1].port->sql_file, at->line, at->col, n - from == 1 ? "the port reads itself: %s" : "ports feed each other in a circle: %s", text);
    hint(e, n - from == 1 ? "read its inputs instead; a recursive query is written WITH RECURSIVE"
                          : "move what they share into a port that both read");
}

/* Depth first without recursion, since a chain may be as long as the mesh is large. */
static void visit(struct load *l, struct mesh_port *root, unsigned char *colours, struct step *path)
{
    struct mesh *m = l->m;
    size_t n = 0;
    path[n++] = (struct step){root, 0};
    colours[root->index] = GREY;
    while (n > 0) {
        struct step *s = &path[n - 1];
        if (s->next_input == s->port->n_inputs) {
            colours[s->port->index] = BLACK;
            m->ports[m->n_ports++] = s->port;
            n--;
            continue;
        }
        const struct mesh_input *in = &s->port->inputs[s->next_input++];
        if (!in->port || colours[in->port->index] == BLACK)
            continue;
        if (colours[in->port->index] == GREY) {
            report_circle(l, path, n, in->port, in);
            continue;
        }
        colours[in->port->index] = GREY;
        path[n++] = (struct step){in->port, 0};
    }
}

void graph_order(struct load *l)
{
    struct mesh *m = l->m;
    size_t n = 0;
    for (size_t i = 0; i < m->n_products; i++)
        n += m->products[i]->n_ports;
    struct mesh_port **all = arena_array(l->a, n + 1, sizeof *all);
    m->ports = arena_array(l->a, n + 1, sizeof(struct mesh_port *));
    n = 0;
    for (size_t i = 0; i < m->n_products; i++)
        for (size_t k = 0; k < m->products[i]->n_ports; k++) {
            all[n] = m->products[i]->ports[k];
            all[n]->index = n;
            n++;
        }
    unsigned char *colours = arena_alloc(l->a, n + 1);
    struct step *path = arena_array(l->a, n + 1, sizeof *path);
    for (size_t i = 0; i < n; i++)
        if (colours[i] == WHITE)
            visit(l, all[i], colours, path);
    for (size_t i = 0; i < m->n_ports; i++)
        m->ports[i]->index = i;
}
