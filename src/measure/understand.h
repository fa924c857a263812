/* Plain words to a question: "what did facebook cost in september", "best channel by cac", "revenue germany vs france". Names, titles and synonyms of metrics and dimensions, verbs that ask
 * for a number, grains, periods, comparisons, what stands first, and values with the names that people call them. Pure: nothing is asked but the values that the caller knows. */
#ifndef MEASURE_UNDERSTAND_H
#define MEASURE_UNDERSTAND_H

#include "measure/metric.h"

enum word_kind { WORD_METRIC, WORD_DIMENSION, WORD_GRAIN, WORD_RANGE, WORD_VALUE, WORD_COMPARE, WORD_TOP, WORD_ORDER };
const char *word_kind_text(enum word_kind k); /* metric dimension grain range value compare top order */
struct understood_word { struct str text; enum word_kind kind; struct str ref, title; };
struct understood {
    struct metric_ask ask;                 /* where: of the values that were found */
    struct understood_word *words; size_t n_words;
    struct str *left; size_t n_left;       /* words that match nothing */
};
struct understand_values {
    /* Looks a text up among values of dimensions, in the days of `ask` where it has some: true with the dimension's name and the value as it is written. */
    bool (*find)(void *ctx, const struct metric_ask *ask, const struct mesh_metric *m, struct str text, struct str *dimension, struct str *value);
    /* Whether the metric may be asked by the dimension. */
    bool (*can)(void *ctx, const struct mesh_metric *m, struct str dimension);
    void *ctx;
};
/* today: in the mesh's time zone. Everything lives in the arena. values NULL: none are known. */
void understand(const struct mesh *m, struct str text, int32_t today, const struct understand_values *values, struct arena *a, struct understood *out);

/* Whether people say `said` (lower case, blanks) when they mean the value: as it is written but for case and dashes, its first word ("google" of google_ads), or another name of it ("newsletter" of
 * email, "germany" and "german" of DE). A noun that says nothing more ("mobile users") may follow. */
bool understand_means(struct str said, struct str value);
/* The code of a country that is called so; empty: none is. */
struct str understand_country(struct str said);

#endif
