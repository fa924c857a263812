/* The functions that a mesh gives to SQL: mesh_reporting_currency(), mesh_consent_rules() … docs/entities.md, "Functions for SQL". */
#ifndef MESH_FUNCTIONS_H
#define MESH_FUNCTIONS_H

#include "base/buf.h"
#include "mesh/mesh.h"

enum mesh_function_kind {
    FUNCTION_TEXT,  /* a constant text */
    FUNCTION_TABLE, /* FROM name(): a constant table */
    FUNCTION_OF_TEXT, /* name(text) */
};
/* The one whose rows change without a change of the declaration: what people said at the desk, recorded at `recorded_at`, counted by `seq`. */
#define MESH_CONSENT_SAID "mesh_consent_said"
bool mesh_function_called(struct str sql, const char *name); /* the SQL speaks of it */
/* NULL: not one of them. */
const char *mesh_function_find(struct str name, enum mesh_function_kind *kind);
/* What the function stands for, as SQL: an expression, a SELECT, or an expression over the name `argument`. */
void mesh_function_sql(const struct mesh *m, const char *name, struct buf *out);
/* CREATE MACRO statements for all of them, in `catalog`.main. */
void mesh_functions_create(const struct mesh *m, struct str catalog, struct buf *out);
/* What those that `sql` names say, for fingerprints: nothing where it names none. */
void mesh_functions_print(const struct mesh *m, struct str sql, struct buf *out);

#endif
