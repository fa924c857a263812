/* Decisions of the council as files of governance/approvals/: what a decision on a loosening rule would write. */
#ifndef MESH_MESH_COUNCIL_H
#define MESH_MESH_COUNCIL_H

#include "mesh/mesh_edit.h"

/* What waits and what was decided, from the files as they are now, also where they cannot be loaded. *out lives in `a`. False: there is no mesh. */
MUST_CHECK bool mesh_council(struct arena *a, struct str dir, struct engine_conn *parser, const char *cache_path, struct mesh_loosenings *out, struct err *e);
const struct mesh_loosening *mesh_council_find(const struct mesh_loosenings *l, struct str id, struct err *e); /* NULL: E_NOT_FOUND */
/* The patch that notes the decision of `by` at the time `at_us`. Approvals of the same words are added to; a decision of other words is replaced.
 * E_USAGE: they have approved it already, or it is decided. */
MUST_CHECK bool mesh_council_patch(struct arena *a, struct str dir, const struct mesh_loosening *l, bool approve, struct str by, struct str reason, int64_t at_us,
                                   struct mesh_patch *out, struct err *e);

#endif
