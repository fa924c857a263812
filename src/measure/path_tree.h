/* The ways that people take from a step on, or to one: a tree of what came next, each person counted once. docs/attribution.md */
#ifndef MEASURE_PATH_TREE_H
#define MEASURE_PATH_TREE_H

#include "measure/steps.h"

/* What a way is made of: by itself, touches for touch: and conversion:, pages for page:, else events. */
enum path_of { PATH_BY_START, PATH_TOUCHES, PATH_PAGES, PATH_EVENTS, PATH_OFS };
const char *path_of_name(enum path_of o);
MUST_CHECK bool path_of_read(struct str text, enum path_of *out, struct err *e); /* empty: by start */

enum { PATH_DEPTH_MAX = 20, PATH_FANOUT_MAX = 50, PATH_NODES_MAX = 20000 };

/* ---- numbers in, numbers out ---- */
/* One person's way: labels of steps after (before) the start, nearest first; labels are numbers 0 … n-1. */
struct path_walk { const uint32_t *labels; size_t n; };
struct path_node { uint32_t label; bool rest; size_t parent; int depth; int64_t people, ends; }; /* rest: all next steps that are not shown, which end there */
/* The tree of all ways: node 0 is the start. At each node the `limit` steps that most people take are shown, of equal ones the lower label; the others
 * are one node. Of each node people = ends + people of its children. A parent stands before its children. At most PATH_NODES_MAX nodes. */
void path_tree_fold(const struct path_walk *walks, size_t n, int limit, int depth, struct arena *a, struct path_node **out, size_t *n_nodes);

/* ---- a question ---- */
struct path_ask {
    struct str start, end;           /* a step; one of both */
    enum path_of of;
    int depth, limit;
    int64_t window_s;                /* from the start; 0: 30 days for touches, else one */
    bool collapse;                   /* the same step again at once is one */
    bool has_from, has_to; int32_t from, to; /* days of the start */
    struct str as_of;
    void (*watch)(void *ctx, struct govern_result *r); void *watch_ctx;
};
struct path_label { struct str step, title; };
struct path_tree {
    struct path_node *nodes; size_t n;
    struct path_label *labels; size_t n_labels; /* label 0: the start */
    struct step start; bool backwards; enum path_of of; int64_t window_s;
    struct steps_span span; int64_t newest_us;
    struct str ports[4]; size_t n_ports;
};
/* As funnel_run. */
MUST_CHECK bool path_tree_run(const struct metric_asker *who, const struct path_ask *ask, struct arena *a, struct path_tree *out, struct err *e);

#endif
