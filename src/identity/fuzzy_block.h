/* Which pairs are compared at all: those that share a key. */
#ifndef IDENTITY_FUZZY_BLOCK_H
#define IDENTITY_FUZZY_BLOCK_H

#include "identity/fuzzy.h"

/* values: normalised. Pairs as a << 32 | b, a < b, sorted, without repetition; owned: mem_free. NULL: out of memory. */
uint64_t *fuzzy_block(const struct fuzzy_field *fields, size_t n_fields, const struct str *values, size_t n_records, size_t *n_pairs, size_t *passed_over);

#endif
