/* One visit while it is told: what calls.c writes and journeys.c decides. */
#ifndef CLI_DEMO_TELLER_H
#define CLI_DEMO_TELLER_H

#include "cli/demo/visits.h"

struct teller {
    struct buf *out;
    const struct demo_world *w;
    const struct demo_visit *v;
    int only, n;
    bool app, inside;     /* inside: the person is signed in */
    int64_t now_ms, ms;   /* ms: of the next call */
    const char *path, *title, *before, *query, *referrer;
};

double teller_chance(const struct teller *t, uint64_t what);
size_t teller_pick(const struct teller *t, uint64_t what, size_t n);
void teller_text(struct buf *b, const char *name, const char *value); /* "name":"value" */
void teller_money(struct buf *b, const char *name, int64_t cents);

/* Begins a call, to be ended by teller_call_end; false: it is not asked for. */
bool teller_call(struct teller *t, const char *type);
void teller_call_end(struct teller *t);
/* Goes to a page of the site, or a screen of the app. */
void teller_page(struct teller *t, const char *name, const char *path, const char *title);
/* Begins an event and its properties, to be ended by teller_track_end; false: it is not asked for. */
bool teller_track(struct teller *t, const char *event);
void teller_track_end(struct teller *t);
void teller_product(struct buf *b, const struct demo_product *p, int64_t cents, bool as_text);

/* journeys.c: the whole visit, call by call. */
void teller_visit(struct teller *t);

#endif
