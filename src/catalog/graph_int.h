/* What the files of the graph share. */
#ifndef CATALOG_GRAPH_INT_H
#define CATALOG_GRAPH_INT_H

#include "catalog/catalog.h"

struct graph_links { /* edges by node: those of node i stand from first[i] to first[i + 1] */
    size_t *first, *to;
};
void graph_links_make(const struct graph *g, bool back, struct arena *a, struct graph_links *out);
/* Longest way from the left; circles (of domains, of products) are opened where they are met. Then places within the layers, with few crossings. */
void graph_lay_out(struct graph *g, struct arena *a);
/* Keeps the nodes that `keep` marks, and the edges between them. */
void graph_keep(struct graph *g, const bool *keep, struct arena *a);

#endif
