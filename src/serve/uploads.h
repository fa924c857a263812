/* Files on their way in: one folder each below data/uploads, made of pieces, gone after a day. Nothing here knows HTTP. */
#ifndef SERVE_UPLOADS_H
#define SERVE_UPLOADS_H

#include "base/arena.h"
#include "base/error.h"

enum { UPLOAD_PART_BYTES = 1 << 20 };
#define UPLOAD_MAX_BYTES ((int64_t)2 << 30)

struct upload {
    struct str id, name; /* name: as the person calls the file, without folders and odd characters */
    struct str folder, path;
    int64_t bytes, received;
};

/* A name that can stand in a folder; empty when nothing of it can. */
struct str upload_safe_name(struct arena *a, struct str name);
/* ".csv", ".csv.gz"; lower case; empty when the name has none that we know how to read. */
struct str upload_extension(struct arena *a, struct str name);

MUST_CHECK bool upload_begin(struct arena *a, const char *data_dir, struct str name, int64_t bytes, struct upload *out, struct err *e);
MUST_CHECK bool upload_find(struct arena *a, const char *data_dir, struct str id, struct upload *out, struct err *e);
/* A piece may be sent again; one that leaves a gap is refused. `received` is brought up to date. */
MUST_CHECK bool upload_piece(struct upload *u, int64_t offset, struct str piece, struct err *e);
MUST_CHECK bool upload_whole(const struct upload *u, struct err *e); /* E_USAGE while pieces are missing */
void upload_end(const struct upload *u);                            /* takes the folder away */
void uploads_clean(struct arena *a, const char *data_dir, int64_t now_us);

#endif
