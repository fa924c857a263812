/* What is held about a person, or what they provided, as the answer to a request. It is noted in the audit log before anybody has it. */
#include "serve/routes_privacy.h"

#include <sodium.h>

#include "privacy/access.h"

bool privacy_document(struct call *c, bool portable, struct str identifier, struct store_privacy *r, struct err *e)
{
    struct buf b = BUF_INIT((size_t)ACCESS_MAX_BYTES);
    const struct privacy v = call_privacy(c);
    struct person *p = NULL;
    int64_t rows = 0;
    bool ok = (portable ? portable_write(&v, identifier, &b, &rows, e) : access_write(&v, identifier, &b, &rows, e)) &&
              person_find(v.s, v.m, identifier, &p, e) &&
              call_audit(c, &(struct audit_entry){.kind = portable ? AUDIT_EXPORT : AUDIT_ACCESS, .what = arena_printf(c->a, "privacy request %lld", (long long)r->id),
                                                  .person = p->customer_id, .rows = rows, .bytes = (int64_t)b.n}, e) &&
              request_close(c->app->state, r, STR("done"), STR("handed out"), v.by, e);
    if (ok) {
        http_reply_header(c->reply, "Cache-Control", STR("no-store"));
        if (portable)
            http_reply_header(c->reply, "Content-Disposition", STR("attachment; filename=\"personal-data.zip\""));
        http_reply_whole(c->reply, 200, portable ? STR("application/zip") : STR("application/json; charset=utf-8"), buf_str(&b), false);
    }
    person_free(p);
    if (b.p)
        sodium_memzero(b.p, b.cap);
    buf_fini(&b);
    return ok;
}
