/* Consent: words at the desk and from lists, their receipts, and whether a receipt is whole. What held and was known stands in routes_consent_held.c. */
#include "serve/routes_consent.h"

#include <sodium.h>

#include "base/json.h"
#include "privacy/receipt.h"
#include "serve/living.h"
#include "serve/put.h"

enum { RECEIPTS = 50, RECEIPTS_MAX = 500, RECEIPT_MAX = 4 << 20, FOREVER = 1000000 };

struct desk call_desk(struct call *c)
{
    struct audit_entry named = {0};
    audit_who(&named, &c->who, c->a);
    return (struct desk){.s = c->app->state, .govern = c->app->govern, .audit = govern_audit(c->app->govern), .m = c->whole, .a = c->a, .who = &c->who, .actor = named.principal};
}

static void answer(struct call *c, struct str json)
{
    struct buf b = call_buf();
    buf_add(&b, json);
    call_json(c, &b);
}

bool route_consent_say(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct buf receipt = BUF_INIT((size_t)RECEIPT_MAX);
    if (!doc)
        return false;
    const struct desk d = call_desk(c);
    const struct desk_word w = {.identifier = arena_str(c->a, json_str(root, "identifier")),
                                .purpose = arena_str(c->a, json_str(root, "purpose")),
                                .status = arena_str(c->a, json_str(root, "status")),
                                .source = arena_str(c->a, json_str(root, "source")),
                                .proof = arena_str(c->a, json_str(root, "proof")),
                                .occurred_at = arena_str(c->a, json_str(root, "occurred_at"))};
    bool ok = desk_say(&d, &w, &receipt, e);
    if (ok) {
        living_wake(c->app->living);
        answer(c, buf_str(&receipt));
    }
    sodium_memzero((char *)(uintptr_t)w.identifier.p, w.identifier.n);
    buf_fini(&receipt);
    yyjson_doc_free(doc);
    return ok;
}

bool route_consent_import(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct buf receipt = BUF_INIT((size_t)RECEIPT_MAX);
    struct desk_import r;
    if (!doc)
        return false;
    const struct desk d = call_desk(c);
    bool ok = desk_import(&d, json_str(root, "text"), arena_str(c->a, json_str(root, "format")), arena_str(c->a, json_str(root, "source")), &r, &receipt, e);
    if (ok) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_int(&b, "statements", (int64_t)r.statements);
        put_int(&b, "refused", (int64_t)r.refused);
        put_open(&b, "problems", '[');
        for (size_t i = 0; i < r.n_problems; i++) {
            put_open(&b, NULL, '{');
            put_int(&b, "line", (int64_t)r.problems[i].line);
            put_opt(&b, "field", r.problems[i].field);
            put_str(&b, "message", r.problems[i].message);
            put_close(&b, '}');
        }
        put_close(&b, ']');
        if (r.statements)
            put_raw(&b, "receipt", buf_str(&receipt));
        else
            put_null(&b, "receipt");
        put_close(&b, '}');
        call_json(c, &b);
        if (r.statements)
            living_wake(c->app->living);
    }
    buf_fini(&receipt);
    yyjson_doc_free(doc);
    return ok;
}

bool route_consent_receipts(struct call *c, struct err *e)
{
    int64_t limit, offset;
    struct str *texts;
    size_t n, total;
    if (!call_int(c, "limit", RECEIPTS, 1, RECEIPTS_MAX, &limit, e) || !call_int(c, "offset", 0, 0, FOREVER, &offset, e) ||
        !receipt_list(c->app->state->data_dir, STR("consent"), (size_t)offset, (size_t)limit, c->a, &texts, &n, &total, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "receipts", '[');
    for (size_t i = 0; i < n; i++)
        put_raw(&b, NULL, texts[i]);
    put_close(&b, ']');
    put_int(&b, "total", (int64_t)total);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_consent_receipt(struct call *c, struct err *e)
{
    struct str text;
    if (!receipt_read(c->app->state->data_dir, c->args[0], c->a, &text, e))
        return false;
    answer(c, text);
    return true;
}

bool route_receipt_verify(struct call *c, struct err *e)
{
    struct receipt_verdict v;
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *receipt = doc ? yyjson_obj_get(yyjson_doc_get_root(doc), "receipt") : NULL;
    size_t n = 0;
    if (!doc)
        return false;
    /* As text: so that every byte counts that was sent, however it is laid out. */
    char *text = yyjson_is_str(receipt) ? NULL : yyjson_val_write(receipt, 0, &n);
    struct str json = yyjson_is_str(receipt) ? (struct str){yyjson_get_str(receipt), yyjson_get_len(receipt)} : (struct str){text, n};
    bool ok = receipt != NULL || err_set(e, E_USAGE, "`receipt` is needed: the receipt as it was written");
    ok = ok && receipt_verify(c->app->state->data_dir, json, c->a, &v, e);
    if (ok) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_bool(&b, "valid", v.valid);
        put_bool(&b, "ours", v.ours);
        put_opt(&b, "problem", v.problem);
        put_opt(&b, "receipt_id", v.receipt_id);
        put_opt(&b, "kind", v.kind);
        put_opt(&b, "at", v.at);
        put_close(&b, '}');
        call_json(c, &b);
    }
    free(text); /* banned-ok: the JSON library allocated it */
    yyjson_doc_free(doc);
    return ok;
}
