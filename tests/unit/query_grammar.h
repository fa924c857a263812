/* Questions made from bytes by a grammar of the allowed language and some of what lies beyond it: the same bytes, the same question. For the test and the fuzz
 * target that look for hidden values in answers (governed_world.h). */
#ifndef QUERY_GRAMMAR_H
#define QUERY_GRAMMAR_H

#include <stdint.h>

#include "base/buf.h"

void grammar_query(const uint8_t *data, size_t size, struct buf *out);

#endif
