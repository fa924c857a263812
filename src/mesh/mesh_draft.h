/* New things of the mesh from the answers of a form: a product, a source, a domain, a dashboard, a term, a goal, what happened on a day. A draft is a set of patches
 * (mesh_edit.h), which are shown, tried and written like every other change. */
#ifndef MESH_MESH_DRAFT_H
#define MESH_MESH_DRAFT_H

#include "mesh/mesh_edit.h"
#include "mesh/mesh_write.h"

/* What is wrong with an answer stands in `errs` under this "file" and the answer's name: "answers.columns[2].name". */
#define MESH_DRAFT_ANSWERS "answers."

/* What only the engine knows. Each may be NULL. */
struct mesh_draft_engine {
    void *ctx;
    /* Columns of a stream as it is loaded, all that its contract does not name. */
    bool (*stream)(void *ctx, struct arena *a, const struct mesh_stream *st, struct mesh_inferred_column **out, size_t *n);
    /* Holds a SELECT to what ports may say; with `out` also its columns. */
    bool (*select)(void *ctx, struct arena *a, struct str sql, struct mesh_inferred_column **out, size_t *n, struct err *e);
};

struct mesh_draft_next { struct str title, command, href; }; /* command, href: may be empty */
enum { MESH_DRAFT_NEXT_MAX = 4 };
struct mesh_draft {
    struct mesh_patch *patches; size_t n;
    struct str ref, href;                    /* of what is made */
    struct mesh_draft_next next[MESH_DRAFT_NEXT_MAX]; size_t n_next;
};

extern const char *const mesh_draft_kinds[]; /* product source domain dashboard term goal annotation; ends with NULL */
/* False: all that is wrong is in `es`, which comes in empty. */
MUST_CHECK bool mesh_draft_make(struct arena *a, const struct mesh *m, struct str kind, const struct doc *answers, const struct doc_node *root,
                                const struct mesh_draft_engine *engine, struct mesh_draft *out, struct errs *es);

#endif
