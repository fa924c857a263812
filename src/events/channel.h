/* The channel of a visit, from where it came: rules of governance/channels.yaml first, then GA4's default channel groups. docs/events.md, "Channels". */
#ifndef EVENTS_CHANNEL_H
#define EVENTS_CHANNEL_H

#include "events/referrer.h"
#include "mesh/mesh.h"

struct visit { /* empty: not given */
    struct str source, medium, campaign, term, content, utm_id, click_id_type, referrer_host, page_host, page_path;
    struct referrer referrer; /* of the referring host */
    bool internal_referrer;   /* from the page's own site */
};
struct channels;
struct channels *channels_new(const struct mesh *m);
void channels_free(struct channels *x);
/* A word of channel_names, or of a rule; empty: the visitor moved within the site, or there is no page. Lives as long as `x`. */
struct str channel_classify(struct channels *x, const struct referrers *r, const struct visit *v);
extern const char *const channel_names[]; /* ends with NULL */

#endif
