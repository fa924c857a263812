/* Expressions over metrics: + - * / ( ) numbers, names, and nullif coalesce abs greatest least. A value that is not known makes what is computed from it
 * unknown (but for coalesce, greatest, least); a division by 0 is not known. */
#ifndef MEASURE_FORMULA_H
#define MEASURE_FORMULA_H

#include "base/arena.h"
#include "base/buf.h"

struct formula;
struct formula_value { bool known; double v; };
/* names: what may stand in it. E_METRIC with the column in the text. Lives in the arena. */
MUST_CHECK bool formula_read(struct arena *a, struct str text, const struct str *names, size_t n, struct formula **out, struct err *e);
struct formula_value formula_work_out(const struct formula *f, const struct formula_value *values); /* as names */
/* As SQL, each name replaced by texts[i]; divisions are of doubles and NULL by 0. */
void formula_sql(const struct formula *f, const struct str *texts, struct buf *out);
/* In words, each name replaced by texts[i]: "revenue - spend". */
void formula_words(const struct formula *f, const struct str *texts, struct buf *out);

#endif
