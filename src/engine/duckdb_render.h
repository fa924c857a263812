/* Dates, times and intervals as text; the rest of rendering is private to duckdb_render.c. */
#ifndef ENGINE_DUCKDB_RENDER_H
#define ENGINE_DUCKDB_RENDER_H

#include "engine/duckdb_int.h"

/* DATE, TIME, TIME_TZ, TIME_NS and the TIMESTAMPs: as CAST AS VARCHAR writes them, or ISO 8601. */
void render_time(struct buf *b, duckdb_type id, int64_t v, bool iso);
void render_interval(struct buf *b, duckdb_interval v);

#endif
