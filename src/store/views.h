/* Saved explorations: a question to metrics under a title, of one person, or shared with everybody. The question's text names metrics and dimensions; whoever opens it
 * asks it for themselves. */
#ifndef STORE_VIEWS_H
#define STORE_VIEWS_H

#include "store/store.h"

struct store_view { int64_t id, at_us; struct str owner, title, ask /* JSON */, chart; bool shared; };
MUST_CHECK bool store_view_add(struct store *s, struct store_view *v /* id and time are set */, struct err *e);
MUST_CHECK bool store_view_change(struct store *s, const struct store_view *v /* title, shared */, struct err *e);
MUST_CHECK bool store_view_delete(struct store *s, int64_t id, struct err *e);
/* Those of `owner` and those that are shared, newest first. */
MUST_CHECK bool store_views(struct store *s, struct arena *a, struct str owner, struct store_view **out, size_t *n, struct err *e);
MUST_CHECK bool store_view_find(struct store *s, struct arena *a, int64_t id, struct store_view *out, struct err *e); /* E_NOT_FOUND */

#endif
