/* Regular expressions over text from outside (PCRE2, JIT where there is one), with limits that hold on hostile input. */
#ifndef EVENTS_PATTERN_H
#define EVENTS_PATTERN_H

#include "base/error.h"
#include "base/str.h"

struct pattern;
enum pattern_flags { PATTERN_NOCASE = 1 };
/* E_USAGE with what is wrong and where in the pattern. Owned: pattern_free. */
MUST_CHECK bool pattern_new(struct str text, unsigned flags, struct pattern **out, struct err *e);
void pattern_free(struct pattern *p); /* NULL-safe */
/* Found anywhere in `s`. Beyond the limits it counts as not found. One thread at a time. */
bool pattern_find(struct pattern *p, struct str s);
/* The same with groups: groups[0] is the whole, borrowed from `s`; those that took no part are empty with p == NULL. */
bool pattern_groups(struct pattern *p, struct str s, struct str *groups, size_t n);

#endif
