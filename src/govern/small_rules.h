/* Which groups of an answer may be shown: pure rules over counts and sketches of people (docs/gate.md, small groups). */
#ifndef GOVERN_SMALL_RULES_H
#define GOVERN_SMALL_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SMALL_SKETCH = 64 };
/* A set of people: how many, all their hashes by exclusive or (0 for nobody), and the smallest of them in ascending order (all, where there are no more). */
/* rows: of theirs behind the figure; figure: what is added up of them, as a hash (0: the rows are counted). */
struct small_set { int64_t people, rows; uint64_t figure, print, sketch[SMALL_SKETCH]; uint32_t n; };
/* A group: its first set is everybody in it, the others stand behind single figures. */
struct small_group { const struct small_set *sets; size_t n_sets; double dominance; /* the largest share of one row in a sum; 0: no sum */ bool shown; };

/* Whether both shown would tell of fewer than `minimum` people: sets that differ, and by fewer than that. Exact where both are whole sketches; else as far as the
 * smallest hashes of the union can tell (Jaccard by bottom-k), in doubt yes. The same people with other rows, fewer than `minimum` more or less: what the few rows hold. */
bool small_too_close(const struct small_set *a, const struct small_set *b, int64_t minimum);
/* Sets `shown` of each. history: of answers given before. What is left out in one answer is never fewer than `minimum` people in all. */
void small_decide(struct small_group *groups, size_t n, const struct small_set *history, size_t n_history, int64_t minimum);

#endif
