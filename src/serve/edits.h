/* What the routes that write declarations share: try patches, tell them, write them. */
#ifndef SERVE_EDITS_H
#define SERVE_EDITS_H

#include "mesh/mesh_edit.h"
#include "serve/routes.h"

/* Tries the patches; with `apply` and nothing wrong, writes them and takes the new declaration in. What is wrong goes to `es`. False: it could
 * not even be tried. */
MUST_CHECK bool edits_carry_out(struct call *c, const struct mesh_patch *v, size_t n, bool apply, bool *applied, struct errs *es, struct err *e);
/* Members "patch", "files", "applied", "errors" of the answer. */
void edits_put(struct call *c, struct buf *b, const struct mesh_patch *v, size_t n, bool applied, const struct errs *es);

#endif
