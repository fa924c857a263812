/* What a person may ask to see: what is held about them, and what they themselves provided. */
#ifndef PRIVACY_ACCESS_H
#define PRIVACY_ACCESS_H

#include "privacy/erase.h"

enum { ACCESS_MAX_BYTES = 256 << 20 };
/* One JSON object: who, purposes with consent, products with their rows, sources, recipients, how long it is kept. *rows: shown. */
MUST_CHECK bool access_write(const struct privacy *v, struct str identifier, struct buf *out, int64_t *rows, struct err *e);
MUST_CHECK bool access_page(struct str json, struct buf *out, struct err *e); /* the same as a page to print */
/* A zip: for each stream with rows of theirs a CSV and a JSON file, as they were provided, and index.json. */
MUST_CHECK bool portable_write(const struct privacy *v, struct str identifier, struct buf *out, int64_t *rows, struct err *e);

#endif
