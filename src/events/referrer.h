/* Who sends visitors: the host of a referrer, or the name in utm_source, to a medium and a name. Data of referer-parser and a list of our own
 * for what is newer. */
#ifndef EVENTS_REFERRER_H
#define EVENTS_REFERRER_H

#include "base/str.h"

struct referrers;
struct referrers *referrers_new(void);
void referrers_free(struct referrers *x);
struct referrer {
    const char *medium; /* search social email video shopping ai; NULL: not known */
    struct str name;    /* "Google" */
};
/* Of a host: itself, then its parents ("www.google.de" -> "google.de"). */
struct referrer referrer_of_host(const struct referrers *x, struct str host);
/* Of a word as in utm_source: a host, or a name without regard to case and spaces ("google", "Facebook", "fb"). */
struct referrer referrer_of_word(const struct referrers *x, struct str word);

#endif
