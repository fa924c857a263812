/* What a user agent says: browser, system, kind of device, bot. Patterns of uap-core and isbot, which are data of the program. */
#ifndef EVENTS_AGENT_H
#define EVENTS_AGENT_H

#include "base/error.h"
#include "base/str.h"

struct agents;
/* Patterns are compiled when the first user agent is asked for. Owned: agents_free. One thread at a time. */
struct agents *agents_new(void);
void agents_free(struct agents *x);

struct agent {
    struct str browser, browser_version, operating_system, bot_name; /* empty: not known; live as long as `agents` */
    const char *device_category;                                     /* desktop mobile tablet tv console bot other */
    bool is_bot;
};
/* The answer is remembered, for some ten thousand user agents. */
const struct agent *agent_of(struct agents *x, struct str user_agent);

#endif
