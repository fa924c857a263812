/* Files that are part of the program: "packs/...", "schemas/...", "web/..." (the built user interface).
 * scripts/embed.py makes the table at build time; everything here lives as long as the process. */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include "base/str.h"

struct embed_file {
    struct str path;    /* as in "packs/google_ads/pack.yaml" */
    struct str data;    /* the file's bytes; a NUL follows them that is not counted */
    struct str gzip;    /* the same, compressed, where that is smaller (web files only); otherwise p == NULL */
    const char *sha256; /* lower-case hexadecimal, NUL-terminated; "..." around it makes an ETag */
};

/* Borrowed; NULL when the program carries no such file. Logarithmic. */
const struct embed_file *embed_find(struct str path);

/* Walks the files whose path starts with `prefix`, in byte order of their paths: the first for `after` == NULL,
 * then the one after `after`; NULL at the end. */
const struct embed_file *embed_next(struct str prefix, const struct embed_file *after);

#endif
