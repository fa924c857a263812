/* A word at the desk: understood, written to the audit log, made to count, and told by a receipt that the gate's own answers before and after make up. */
#include "privacy/consent.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/ask.h"
#include "identity/consenting.h"
#include "privacy/consent_int.h"
#include "privacy/person.h"
#include "privacy/receipt.h"

enum { VALUE_MAX = 320, TEXT_MAX = 500, FUTURE_US = 300 * 1000000, RECEIPT_MAX = 1 << 20 };

/* ---- what is meant ---- */

static bool identifier_form(const struct desk *d, struct err *e)
{
    struct buf b = BUF_INIT(1024);
    for (size_t i = 0; i < d->m->identity.n_kinds; i++)
        buf_printf(&b, "%s%.*s", i ? ", " : "", STR_FMT(d->m->identity.kinds[i].name));
    err_set(e, E_USAGE, "an identifier is KIND:VALUE, such as email:ana@example.org, or customer:ID");
    err_hint(e, "kinds of this mesh: %s", buf_z(&b));
    buf_fini(&b);
    return false;
}

bool desk_identifier(const struct desk *d, struct str text, struct str *kind, struct str *value, struct str *customer_id, struct err *e)
{
    struct why w = {0};
    struct err absent = {0};
    struct engine_conn *c = NULL;
    bool by_id, known = false;
    *kind = str_cut(str_trim(text), ':', value);
    *customer_id = STR("");
    *value = str_trim(*value);
    if (!value->p || value->n == 0 || value->n > VALUE_MAX || !person_text_plain(*value))
        return identifier_form(d, e);
    by_id = str_eq(*kind, STR("customer"));
    for (size_t i = 0; i < d->m->identity.n_kinds; i++)
        known |= str_eq(d->m->identity.kinds[i].name, *kind);
    if (!known && !by_id)
        return identifier_form(d, e);
    if (!engine_connect(d->s->engine, &c, e))
        return false;
    const struct ask q = {.s = d->s, .m = d->m, .c = c, .a = d->a};
    bool found = identity_why(&q, by_id ? *value : arena_printf(d->a, "%.*s:%.*s", STR_FMT(*kind), STR_FMT(*value)), STR(""), &w, &absent);
    engine_disconnect(c);
    if (!found && (by_id || (absent.code != E_NOT_FOUND && absent.code != E_NOT_BUILT))) {
        if (e)
            *e = absent;
        return false;
    }
    if (found)
        *customer_id = w.customer_id;
    if (!by_id)
        return true;
    if (w.n == 0) {
        err_set(e, E_USAGE, "this customer has no identifier by which they could be found again");
        err_hint(e, "name one: KIND:VALUE");
        return false;
    }
    *kind = w.identifiers[w.from].kind;
    *value = w.identifiers[w.from].value;
    return true;
}

static bool two_digits(struct str s, size_t at, int max, int *out)
{
    if (at + 2 > s.n || s.p[at] < '0' || s.p[at] > '9' || s.p[at + 1] < '0' || s.p[at + 1] > '9')
        return false;
    *out = (s.p[at] - '0') * 10 + (s.p[at + 1] - '0');
    return *out <= max;
}

/* Z, +HH:MM, +HHMM, or nothing: UTC. */
static bool zone_of(struct str s, int64_t *offset_s)
{
    int h = 0, m = 0;
    *offset_s = 0;
    if (s.n == 0 || str_eq(s, STR("Z")) || str_eq(s, STR("z")))
        return true;
    if ((s.p[0] != '+' && s.p[0] != '-') || !two_digits(s, 1, 14, &h))
        return false;
    size_t at = s.n > 3 && s.p[3] == ':' ? 4 : 3;
    if (at < s.n && !two_digits(s, at, 59, &m))
        return false;
    if (at < s.n && at + 2 != s.n)
        return false;
    *offset_s = ((int64_t)h * 3600 + (int64_t)m * 60) * (s.p[0] == '-' ? -1 : 1);
    return true;
}

bool desk_time(struct str text, int64_t *out)
{
    int32_t days = 0;
    int h = 0, m = 0, s = 0;
    int64_t micros = 0, scale = 100000, offset = 0;
    size_t at = 10;
    if (text.n < 10 || !clock_parse_date((struct str){text.p, 10}, &days))
        return false;
    if (text.n > at) {
        if ((text.p[at] != 'T' && text.p[at] != ' ') || !two_digits(text, at + 1, 23, &h) || at + 3 >= text.n || text.p[at + 3] != ':' || !two_digits(text, at + 4, 59, &m))
            return false;
        at += 6;
        if (at < text.n && text.p[at] == ':') {
            if (!two_digits(text, at + 1, 59, &s))
                return false;
            at += 3;
        }
        if (at < text.n && text.p[at] == '.')
            for (at++; at < text.n && text.p[at] >= '0' && text.p[at] <= '9'; at++, scale /= 10)
                micros += (text.p[at] - '0') * scale;
        if (!zone_of((struct str){text.p + at, text.n - at}, &offset))
            return false;
    }
    *out = ((int64_t)days * 86400 + h * 3600 + m * 60 + s - offset) * 1000000 + micros;
    return true;
}

static bool one_of(struct str s, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(s, v[i]))
            return true;
    return false;
}

bool desk_word_read(const struct desk *d, const struct desk_word *w, struct consent_statement *out, const char **field, struct err *e)
{
    static const struct str statuses[] = {{"granted", 7}, {"denied", 6}, {"withdrawn", 9}};
    int64_t now = clock_now_us();
    *out = (struct consent_statement){.purpose = str_trim(w->purpose), .status = str_trim(w->status), .source = str_trim(w->source), .proof = w->proof, .actor = d->actor, .occurred_at_us = now};
    *field = "purpose";
    if (!one_of(out->purpose, d->m->purposes, d->m->n_purposes)) {
        err_set(e, E_USAGE, "\"%.*s\" is no purpose of this mesh", STR_FMT(out->purpose));
        struct buf b = BUF_INIT(200);
        for (size_t i = 0; i < d->m->n_purposes; i++)
            buf_printf(&b, "%s%.*s", i ? ", " : "", STR_FMT(d->m->purposes[i]));
        err_hint(e, "mesh.yaml names: %s", buf_z(&b));
        buf_fini(&b);
        return false;
    }
    *field = "status";
    if (!one_of(out->status, statuses, sizeof statuses / sizeof *statuses))
        return err_set(e, E_USAGE, "the status is granted, denied or withdrawn");
    *field = "source";
    if (out->source.n == 0)
        out->source = STR("desk");
    if (out->source.n > TEXT_MAX || out->proof.n > TEXT_MAX) {
        *field = out->proof.n > TEXT_MAX ? "proof" : "source";
        return err_set(e, E_USAGE, "%s has at most %d bytes", *field, TEXT_MAX);
    }
    *field = "occurred_at";
    struct str at = str_trim(w->occurred_at);
    if (at.n && !desk_time(at, &out->occurred_at_us)) {
        err_set(e, E_USAGE, "the time is not understood");
        err_hint(e, "2026-01-31, 2026-01-31T12:00:00Z or with +01:00; without a zone it is UTC");
        return false;
    }
    if (out->occurred_at_us > now + FUTURE_US)
        return err_set(e, E_USAGE, "the time lies ahead: nobody has said that yet");
    *field = "identifier";
    return true;
}

bool desk_audit(const struct desk *d, const struct consent_statement *s, struct str what, int64_t rows, struct err *e)
{
    struct audit_entry x = {.kind = AUDIT_CONSENT, .purpose = s ? s->purpose : STR(""), .what = what, .verdict = STR("ok"), .person = s ? s->customer_id : STR(""), .rows = rows};
    if (!d->audit)
        return true;
    audit_who(&x, d->who, d->a);
    return audit_write(d->audit, &x, e);
}

/* ---- one word ---- */

bool desk_say(const struct desk *d, const struct desk_word *w, struct buf *receipt, struct err *e)
{
    struct consent_statement s;
    struct engine_conn *c = NULL;
    struct desk_effect before = {0}, after = {0};
    struct receipt_id id;
    const char *field;
    struct str kind, value, customer, was = STR("");
    struct buf b = BUF_INIT((size_t)RECEIPT_MAX);
    bool ok = false;
    if (!desk_word_read(d, w, &s, &field, e) || !desk_identifier(d, w->identifier, &kind, &value, &customer, e) || !engine_connect(d->s->engine, &c, e))
        goto out;
    s.kind = kind;
    s.value = value;
    s.customer_id = customer;
    receipt_id_make(&id);
    if (!desk_status(d, c, customer, s.purpose, &was, e) || !desk_effect_read(d, c, customer, s.purpose, &before, e))
        goto out;
    if (!desk_audit(d, &s, arena_printf(d->a, "consent %.*s %.*s", STR_FMT(s.purpose), STR_FMT(s.status)), 1, e) || !identity_consent_say(d->m, c, d->a, &s, 1, e))
        goto out;
    int64_t seen_from = clock_now_us();
    /* It stands. That the receipt cannot be made is told, and does not undo it. */
    if (!desk_effect_read(d, c, customer, s.purpose, &after, e))
        goto out;
    buf_printf(&b, "{\"receipt_id\":\"%s\",\"kind\":\"consent\",\"at\":\"%s\",\"identifier_kind\":", id.z, clock_iso(s.recorded_at_us).z);
    buf_json_str(&b, kind);
    desk_member(&b, "customer_id", customer);
    desk_member(&b, "purpose", s.purpose);
    desk_member(&b, "status", s.status);
    desk_member(&b, "source", s.source);
    desk_member(&b, "before", was);
    desk_member(&b, "by", d->actor);
    buf_addz(&b, ",\"statements\":1");
    desk_effect_put(d, &b, &before, &after);
    if (!desk_reads_put(d, &b, &before, s.purpose, seen_from, e))
        goto out;
    buf_printf(&b, ",\"seen_from\":\"%s\"}", clock_iso(seen_from).z);
    ok = buf_ok(&b, e) && receipt_keep(d->s->data_dir, str_of(id.z), buf_str(&b), receipt, e);
out:
    engine_disconnect(c);
    buf_fini(&b);
    return ok;
}
