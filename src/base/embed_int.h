/* What the generated embedded.c gives to embed.c. */
#ifndef BASE_EMBED_INT_H
#define BASE_EMBED_INT_H

#include "base/embed.h"

extern const struct embed_file embed_table[]; /* sorted by path in byte order; one unused row at the end */
extern const size_t embed_table_count;

#endif
