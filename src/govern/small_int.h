/* What the files of small groups share: small.c runs a question, small_history.c remembers what was shown. */
#ifndef GOVERN_SMALL_INT_H
#define GOVERN_SMALL_INT_H

#include "govern/small.h"
#include "govern/small_rules.h"

/* Counts one question of the day; E_RATE where they are used up. Kept over a restart. */
MUST_CHECK bool small_budget(struct govern *g, struct str principal, int questions_per_day, struct err *e);
/* Decides over the groups of a port against all that was shown of its present version (by_key: of any), to anybody; remembers what is shown now, before it is. */
MUST_CHECK bool small_judge(struct govern *g, struct str ref, bool by_key, struct small_group *groups, size_t n, int minimum, struct err *e);

#endif
