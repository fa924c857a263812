/* In the loader child: what the values of whole columns tell. Types, decimal commas, the order of day and month, signs, words
 * that stand for no value: one value never decides, the column does; what it does not decide is said and stays text. */
#ifndef INGEST_LOOK_H
#define INGEST_LOOK_H

#include "base/arena.h"
#include "base/buf.h"
#include "ingest/cell.h"

struct column_seen {
    int64_t values;            /* without words for "none" */
    enum cell_look dot, comma; /* of all values, bare of signs, with either decimal separator */
    uint64_t forms;            /* of LOOK_FORMS that fit every value so far, inverted */
    int64_t dated, percents, emails;
    struct str sign;
    bool mixed_signs, unsigned_too, not_ymd;
    int64_t least, most; /* of whole numbers */
    uint32_t none_words; /* bit by word */
};
void column_see(struct column_seen *c, struct str text);

/* The verdict on one column. */
struct column_verdict {
    enum cell_look look;
    struct str format;        /* for the stream's `formats`; empty: none */
    const char *doubt, *hint; /* what a person should know; NULL: nothing */
};
struct looks_verdict {
    char decimal;
    bool comma_doubt; /* columns disagree about the decimal separator, or the delimiter forbids the comma */
    uint32_t none_words;
};
/* `names`: as the table has them. `fixed`: the decimal separator is known (0: not). */
struct looks_verdict looks_judge(const struct column_seen *seen, const struct str *names, size_t n, char fixed, bool comma_free,
                                 struct column_verdict *out);
const char *look_none_word(unsigned bit); /* NULL: no more */

#endif
