/* Time zones, currencies and reserved words known to the program. */
#ifndef MESH_NAMES_H
#define MESH_NAMES_H

#include "base/str.h"

bool name_is_zone(struct str s);     /* IANA name, exact case */
bool name_is_currency(struct str s); /* ISO 4217, upper case */
bool name_is_reserved(struct str s);
bool name_is_sql_word(struct str s);
struct str name_nearest_zone(struct str s); /* p == NULL: none is near */
struct str name_nearest_currency(struct str s);

#endif
