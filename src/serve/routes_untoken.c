/* The value behind a token: for who holds the right, with a reason, written down before it is given. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/json.h"
#include "govern/reveal.h"

enum { REASON_MIN = 3, REASON_MAX = 500 };

bool route_untoken(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct str token = arena_str(c->a, str_trim(json_str(root, "token"))), reason = arena_str(c->a, str_trim(json_str(root, "reason"))), value;
    bool ok = doc != NULL;
    yyjson_doc_free(doc);
    if (ok && (reason.n < REASON_MIN || reason.n > REASON_MAX))
        ok = err_set(e, E_USAGE, "say why in `reason`: it is written down with your name");
    if (!ok || !govern_untoken(c->app->govern, &c->who, token, reason, c->a, &value, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "value", value);
    put_close(&b, '}');
    http_reply_header(c->reply, "Cache-Control", STR("no-store"));
    call_json(c, &b);
    return true;
}
