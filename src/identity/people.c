/* What people decide: these two are one; those identifiers are somebody else's; never mind. */
#include "identity/ask.h"

#include "identity/identity_int.h"

static bool reason_given(struct str reason, struct err *e)
{
    if (str_trim(reason).n)
        return true;
    err_set(e, E_USAGE, "a decision about people needs its reason");
    err_hint(e, "say it with --reason TEXT: whoever looks at it later should learn why");
    return false;
}

bool identity_decide(const struct ask *q, struct decision_made *d, struct str reason, struct str by, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    d->reason = reason;
    d->who = by;
    return reason_given(reason, e) && secret_key(q->s->data_dir, IDENTITY_KEY_FILE, key, e) && decision_write(q->s->store, key, d, e);
}

/* By what a customer is known in a decision: its first identifier. */
static bool first_of(const struct why *w, struct identifier *out, struct err *e)
{
    if (w->n == 0) {
        err_set(e, E_USAGE, "customer %.*s has no identifier that could link it: all of them are blocked", STR_FMT(w->customer_id));
        err_hint(e, "governance/identity.yaml says what is blocked");
        return false;
    }
    *out = (struct identifier){w->identifiers[w->from].kind, w->identifiers[w->from].value};
    return true;
}

bool identity_merge_plan(const struct ask *q, struct str who_a, struct str who_b, struct decision_made **out, struct err *e)
{
    struct why a, b;
    struct decision_made *d = arena_alloc(q->a, sizeof *d);
    *d = (struct decision_made){.out = arena_array(q->a, 2, sizeof *d->out), .n_out = 2};
    *out = d;
    if (!identity_why(q, who_a, STR(""), &a, e) || !identity_why(q, who_b, STR(""), &b, e) || !first_of(&a, &d->out[0], e) ||
        !first_of(&b, &d->out[1], e))
        return false;
    if (str_eq(a.customer_id, b.customer_id)) {
        err_set(e, E_USAGE, "both are customer %.*s already", STR_FMT(a.customer_id));
        err_hint(e, "trellis identity explain shows by what");
        return false;
    }
    return true;
}

static bool side_of(const struct ask *q, struct str who, const struct why *w, struct str text, bool *is_out, struct err *e)
{
    struct why from; /* finds it by ref or by KIND:VALUE */
    if (!identity_why(q, who, text, &from, e)) {
        err_prefix(e, "an identifier of --out");
        return false;
    }
    for (size_t i = 0; i < w->n; i++)
        if (str_eq(w->identifiers[i].ref, from.identifiers[from.from].ref))
            is_out[i] = true;
    return true;
}

bool identity_split_plan(const struct ask *q, struct str who, const struct str *out_texts, size_t n, struct decision_made **out, struct err *e)
{
    struct why w;
    struct decision_made *d = arena_alloc(q->a, sizeof *d);
    *d = (struct decision_made){.split = true};
    *out = d;
    if (!identity_why(q, who, STR(""), &w, e))
        return false;
    bool *is_out = arena_array(q->a, w.n + 1, sizeof *is_out);
    d->out = arena_array(q->a, w.n + 1, sizeof *d->out);
    d->rest = arena_array(q->a, w.n + 1, sizeof *d->rest);
    for (size_t i = 0; i < n; i++)
        if (!side_of(q, who, &w, out_texts[i], is_out, e))
            return false;
    for (size_t i = 0; i < w.n; i++) {
        struct identifier x = {w.identifiers[i].kind, w.identifiers[i].value};
        if (is_out[i])
            d->out[d->n_out++] = x;
        else
            d->rest[d->n_rest++] = x;
    }
    if (d->n_out == 0 || d->n_rest == 0) {
        err_set(e, E_USAGE, d->n_out == 0 ? "nothing was named that should be somebody else's" : "these are all identifiers of the customer: there is nothing to split them from");
        err_hint(e, "trellis identity explain CUSTOMER lists them; name some of them with --out KIND:VALUE");
        return false;
    }
    return true;
}

bool identity_withdraw(const struct ask *q, int64_t id, struct str by, struct err *e)
{
    return store_decision_withdraw(q->s->store, id, by, e);
}

bool identity_decisions(const struct ask *q, struct decision_made **out, size_t *n, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    return secret_key(q->s->data_dir, IDENTITY_KEY_FILE, key, e) && decisions_read(q->s->store, key, q->a, out, n, e);
}
