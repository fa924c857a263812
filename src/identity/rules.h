/* The declared rules (struct mesh_identity), made ready: kinds by name, values and patterns that link nobody, and how values are made
 * comparable, in SQL. */
#ifndef IDENTITY_RULES_H
#define IDENTITY_RULES_H

#include "identity/resolve.h"
#include "mesh/mesh.h"

struct rules;
MUST_CHECK bool rules_open(const struct mesh_identity *declared, struct rules **out, struct err *e); /* copies what it needs */
void rules_close(struct rules *x);
const struct resolve_rules *rules_of(const struct rules *x);
uint32_t rules_kind(const struct rules *x, struct str name); /* RESOLVE_KIND_UNKNOWN: not declared */
struct str rules_kind_name(const struct rules *x, uint32_t kind); /* "evidence" of a set whose identifiers all link nobody; "?" of those not declared */
/* SQL over columns `kind` and `value` of `from` ("o."): the kind, '?' where it is not declared; the value as it is compared, never NULL. */
struct str rules_kind_sql(const struct rules *x, struct arena *a, const char *from);
struct str rules_value_sql(const struct rules *x, struct arena *a, const char *from);

#endif
