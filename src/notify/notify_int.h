/* What the files of this module share. */
#ifndef NOTIFY_NOTIFY_INT_H
#define NOTIFY_NOTIFY_INT_H

#include "base/buf.h"
#include "notify/notify.h"

/* ---- secret.c ---- */
/* What `env:NAME` or `file:PATH` (relative to the mesh folder, mode 0600) leads to, without the blanks around it. */
MUST_CHECK bool secret_get(const struct mesh *m, struct str reference, const char *key, struct arena *a, char **out,
                           struct err *e);

/* ---- unusual.c ---- */
struct unusual_found { struct str ref, text; }; /* a metric and what is out of the ordinary about it, as a part of a sentence */
void unusual_now(const struct notify *n, struct arena *a, struct unusual_found **out, size_t *count); /* what cannot be asked is not told */

/* ---- say.c ---- */
struct str say_trouble(const struct notify_trouble *t, struct str page, struct arena *a); /* one paragraph */
struct str say_subject(const struct mesh *m, const struct notify_trouble *raised, size_t n_raised, size_t n_mended,
                       struct arena *a);
/* One message for each channel that is configured. */
size_t say_to_all(const struct mesh *m, const char *kind, struct str subject, struct str body, struct str once,
                  struct store_message out[2]);
void say_webhook(struct str subject, struct str body, struct buf *json); /* Slack's form */

#endif
