/* Shared by understand*.c alone. */
#ifndef MEASURE_UNDERSTAND_INT_H
#define MEASURE_UNDERSTAND_INT_H

#include "measure/understand.h"

enum { WORDS_MAX = 64, PHRASE_MAX = 6, FOUND_MAX = 16 };

struct reading {
    const struct mesh *m;
    struct arena *a;
    const struct understand_values *values;
    int32_t today;
    struct str word[WORDS_MAX]; size_t n;  /* lower case */
    bool code[WORDS_MAX];                  /* two capitals: AT is a country, at is none */
    size_t at;
    struct understood *out;
    const struct mesh_metric *metrics[FOUND_MAX]; size_t n_metrics;
    struct str by[FOUND_MAX];
    struct wanted { struct str dimension, value; bool negated; } where[FOUND_MAX];
    size_t n_where;
    bool comparing;                        /* "compare … with …" */
    int first; const struct mesh_metric *first_of; /* what stands first: 0 nothing was said, else enum superlative; of which metric, NULL: the first */
    size_t first_at;
};

/* understand.c */
struct str reading_phrase(const struct reading *r, size_t n);
void reading_note(struct reading *r, size_t n, enum word_kind k, struct str ref, struct str title);

/* understand_time.c */
bool take_grain(struct reading *r, struct str said, size_t n);
bool take_range(struct reading *r);
bool take_compare(struct reading *r);
void range_of_year(struct reading *r);       /* where no days were asked for */
bool understand_number(struct str word, int64_t *n); /* 7, seven */

/* understand_words.c */
bool word_is_filler(struct str w);
bool word_is_us(struct str before, struct str w); /* "cost us", and not the US */
bool word_is_negation(struct str w);
bool word_is_weak(struct str w);            /* a verb that says nothing where a number is named: "brought most orders" */
bool word_says_whose(struct str w);        /* "from", "on": what comes is rather a value than a dimension */
bool word_joins(struct str w);             /* "and", "or" */
bool word_names_value(struct str said);      /* "paid social": one of the names that values have for people */
enum superlative { FIRST_BEST = 1, FIRST_WORST, FIRST_MOST, FIRST_LEAST };
int word_superlative(struct str said);     /* 0: none */
const char *const *words_of_verb(struct str said); /* names that a metric may have which is asked for so, best first, ends with NULL; NULL: none */

#endif
