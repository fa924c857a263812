/* A small mesh whose hidden values are canaries, a gate over it, and principals: one who must not see any canary, and one who sees them all. What is hidden:
 * personal values (masked), rows outside of a grant, rows of people who said no, a product, a raw stream, rows that broke a check. */
#ifndef GOVERNED_WORLD_H
#define GOVERNED_WORLD_H

#include "govern/govern.h"

#define WORLD_CANARY "QZCANARY"
#define WORLD_NUMBER "918273645"

struct world { struct state *s; struct mesh *m; struct govern *g; struct engine_conn *admin; char dir[64]; };
bool world_open(struct world *w, struct err *e);
void world_close(struct world *w);

struct world_answer { bool ok; bool canary; /* in rows, error, hint, or the log's entry */ struct err e; };
/* blind: the one who must not see. Rows are read to the end, 2,000 at most. */
void world_ask(struct world *w, bool blind, struct str sql, struct world_answer *out);

#endif
