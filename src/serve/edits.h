/* What the routes that write declarations share: try patches, tell them, write them. */
#ifndef SERVE_EDITS_H
#define SERVE_EDITS_H

#include "mesh/mesh_edit.h"
#include "serve/routes.h"

/* Member "changes" of a body, each of them something that `who` may change: E_DENIED. */
MUST_CHECK bool edits_read(struct call *c, yyjson_val *root, struct mesh_edit **out, size_t *n, struct err *e);
/* Tries the patches; with `apply` and nothing wrong, writes them and takes the new declaration in. What is wrong goes to `es`. False: it could
 * not even be tried. */
MUST_CHECK bool edits_carry_out(struct call *c, const struct mesh_patch *v, size_t n, bool apply, bool *applied, struct errs *es, struct err *e);
/* Writes patches that were decided on elsewhere, without a trial, and takes the new declaration in where it can be loaded. */
MUST_CHECK bool edits_write(struct call *c, const struct mesh_patch *v, size_t n, struct err *e);
/* The declaration with the patches in it: mesh_free. NULL: `es`, or `e` where it could not even be tried. */
struct mesh *edits_load(struct call *c, const struct mesh_patch *v, size_t n, struct errs *es, struct err *e);
/* Whether a change keeps to what its writer may see: no personal column loses its class, and no product is built over rows that they see in part or in groups
 * alone. For who looks after privacy, or administers the whole mesh, anything does. `m`: the declaration with the change in it. */
MUST_CHECK bool edits_guard(struct call *c, const struct mesh *m, struct err *e);
/* Members "patch", "files", "applied", "errors" of the answer. */
void edits_put(struct call *c, struct buf *b, const struct mesh_patch *v, size_t n, bool applied, const struct errs *es);

#endif
