/* Column types: what a contract's logicalType and physicalType mean to the engine. */
#ifndef MESH_TYPES_H
#define MESH_TYPES_H

#include "base/arena.h"

/* The engine's name of a physical type ("varchar(20)" -> VARCHAR, "numeric(10,2)" -> DECIMAL(10,2)); p == NULL: no such
 * type, then *near names the nearest, if any. */
struct str type_canonical(struct arena *a, struct str text, struct str *near);
/* The engine's type for a logical type without a physical one; `format` and `zoned` are its logicalTypeOptions. Empty for array. */
struct str type_of_logical(struct str logical, struct str format, bool zoned);
/* Whether values of the canonical physical type are what the logical type promises. */
bool type_fits(struct str logical, struct str physical);

#endif
