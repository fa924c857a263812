/* Changes of the declaration made from outside of an editor: each is one value in one file, shown as a patch, tried on a copy of the
 * declaration, and only then written. Nothing else in the file moves. */
#ifndef MESH_MESH_EDIT_H
#define MESH_MESH_EDIT_H

#include "base/buf.h"
#include "base/yaml_edit.h"
#include "mesh/mesh.h"

/* kind: product port column domain source term goal dashboard identity (its rules, a whole file) role mask rows tier retention. ref: "domain.product", "domain.port", "domain", "domain.source", "term" or "domain.term"
 * (goals too), "domain.dashboard", an annotation's title. column: of kind column; of a dashboard the panel's title, of an annotation its day (which has to be there then). The value's kind is checked against the field's. */
enum { MESH_FILE_VERSION = 12 }; /* so many digits of a file's sum are its version */
struct mesh_edit {
    struct str kind, ref, column, field;
    struct yaml_value value;
};
struct mesh_patch {
    struct str path, before, after; /* before.p NULL: a new file */
};

bool mesh_edit_of_policy(struct str kind); /* role mask rows tier retention: who may see what */
/* The fields of a kind that can be changed, for the reference and for "did you mean"; ends with NULL. */
const char *const *mesh_edit_fields(struct str kind);
/* One patch for each file that is touched. All that is wrong goes to `es`; false then. */
MUST_CHECK bool mesh_edit_plan(struct arena *a, const struct mesh *m, const struct mesh_edit *v, size_t n, struct mesh_patch **out, size_t *n_out, struct errs *es);

/* Unified diff, as `git apply` reads it. */
void mesh_patch_diff(struct arena *a, const struct mesh_patch *v, size_t n, struct buf *out);
/* The declaration with the patches in it, to be freed; it lies in a folder that is gone. NULL: what they would break is in `es`. */
struct mesh *mesh_patch_load(struct arena *a, struct str dir, const struct mesh_patch *v, size_t n, const struct mesh_load_options *o, struct errs *es);
/* Loads a copy of the declaration with the patches in it; false: what they would break is in `es`. */
MUST_CHECK bool mesh_patch_try(struct arena *a, struct str dir, const struct mesh_patch *v, size_t n, const struct mesh_load_options *o, struct errs *es);
/* Writes all or none. E_BUSY: a file has changed since the patch was made. */
MUST_CHECK bool mesh_patch_apply(struct arena *a, struct str dir, const struct mesh_patch *v, size_t n, struct err *e);

#endif
