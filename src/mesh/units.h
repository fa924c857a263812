/* Spans of time and sizes as people write them: "30d", "5min", "32KB". */
#ifndef MESH_UNITS_H
#define MESH_UNITS_H

#include "base/str.h"

bool unit_seconds(struct str s, int64_t *out); /* s, min or m, h, d */
bool unit_bytes(struct str s, int64_t *out);   /* KB of 1,024 bytes, MB */

#endif
