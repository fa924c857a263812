/* Requests of people about their data: when they are due, and how the identifier is kept sealed until the request is closed. */
#include "privacy/erase.h"

#include <sodium.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"

#define REQUEST_KEY_FILE "request.key"
enum { SEALED_MAX = 32 << 20, NOTE_MAX = 2000, MONTHS = 1, MONTHS_MORE = 2 };

int64_t request_due(int64_t received_us, int months)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    time_t at = (time_t)(received_us / 1000000);
    struct tm t;
    gmtime_r(&at, &t);
    t.tm_mon += months;
    t.tm_year += t.tm_mon / 12;
    t.tm_mon %= 12;
    int year = t.tm_year + 1900;
    int most = days[t.tm_mon] + (t.tm_mon == 1 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
    if (t.tm_mday > most)
        t.tm_mday = most;
    return (int64_t)timegm(&t) * 1000000 + received_us % 1000000;
}

bool request_overdue(const struct store_privacy *r, int64_t now_us)
{
    return !r->closed_at_us && now_us > r->due_at_us;
}

bool request_seal(const char *data_dir, struct str plain, struct buf *out, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    if (!secret_key(data_dir, REQUEST_KEY_FILE, key, e))
        return false;
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n, room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
    unsigned char *box = mem_alloc(n);
    randombytes_buf(box, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.p, plain.n, box, key);
    if (buf_reserve(out, room)) {
        sodium_bin2base64(out->p + out->n, room, box, n, sodium_base64_VARIANT_ORIGINAL);
        out->n += room - 1;
    }
    sodium_memzero(key, sizeof key);
    mem_free(box);
    return buf_ok(out, e);
}

bool request_unseal(const char *data_dir, struct str sealed, struct buf *out, struct err *e)
{
    unsigned char key[SECRET_BYTES], *box = mem_alloc(sealed.n + 1);
    size_t n = 0;
    bool ok = false;
    if (!secret_key(data_dir, REQUEST_KEY_FILE, key, e))
        goto out;
    if (sodium_base642bin(box, sealed.n, sealed.p, sealed.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
        n >= crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES && buf_reserve(out, n)) {
        n -= crypto_secretbox_NONCEBYTES;
        ok = crypto_secretbox_open_easy((unsigned char *)out->p + out->n, box + crypto_secretbox_NONCEBYTES, n, box, key) == 0;
        out->n += ok ? n - crypto_secretbox_MACBYTES : 0;
    }
    if (!ok) {
        err_set(e, E_STORE, "the identifier of this request cannot be read: data/" REQUEST_KEY_FILE " is not the key it was sealed with");
        err_hint(e, "restore that file; else close the request and ask anew");
    }
out:
    sodium_memzero(key, sizeof key);
    mem_free(box);
    return ok;
}

static bool kind_known(struct str kind, struct err *e)
{
    static const char *const kinds[] = {"erase", "access", "export", "rectify", "object"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(kind, str_of(kinds[i])))
            return true;
    return err_set(e, E_USAGE, "`kind` is one of erase, access, export, rectify, object");
}

bool request_add(const struct privacy *v, struct str kind, struct str identifier, int64_t received_us, struct str note, struct arena *a, struct store_privacy *out,
                 struct err *e)
{
    int64_t now = clock_now_us();
    struct str value;
    struct person *p = NULL;
    struct buf sealed = BUF_INIT(SEALED_MAX);
    if (!kind_known(kind, e))
        return false;
    if (note.n > NOTE_MAX)
        return err_set(e, E_USAGE, "`note` is longer than %d characters", NOTE_MAX);
    if (received_us > now)
        return err_set(e, E_USAGE, "`received_at` lies in the future");
    if (!person_find(v->s, v->m, identifier, &p, e)) /* what cannot be looked for is said now, not in a month */
        return false;
    *out = (struct store_privacy){.kind = arena_str(a, kind),
                                  .identifier_kind = arena_str(a, p->asked_kind),
                                  .note = arena_str(a, note),
                                  .asked_by = arena_str(a, v->by),
                                  .received_at_us = received_us ? received_us : now};
    person_free(p);
    (void)str_cut(identifier, ':', &value);
    out->due_at_us = request_due(out->received_at_us, MONTHS);
    bool ok = request_seal(v->s->data_dir, str_trim(identifier), &sealed, e);
    out->sealed = ok ? arena_str(a, buf_str(&sealed)) : STR("");
    ok = ok && store_privacy_add(v->s->store, out, e);
    buf_fini(&sealed);
    return ok;
}

bool request_identifier(struct state *s, const struct store_privacy *r, struct arena *a, struct str *out, struct err *e)
{
    struct buf b = BUF_INIT(SEALED_MAX);
    if (!r->sealed.n)
        return err_set(e, E_NOT_FOUND, "request %lld is closed: its identifier is no longer kept", (long long)r->id);
    bool ok = request_unseal(s->data_dir, r->sealed, &b, e);
    *out = ok ? arena_str(a, buf_str(&b)) : STR("");
    if (b.p)
        sodium_memzero(b.p, b.cap);
    buf_fini(&b);
    return ok;
}

bool request_extend(struct state *s, struct store_privacy *r, struct str reason, struct err *e)
{
    if (r->closed_at_us)
        return err_set(e, E_USAGE, "request %lld is closed", (long long)r->id);
    if (r->extension_reason.n)
        return err_set(e, E_USAGE, "request %lld was extended already: it may be, once", (long long)r->id);
    if (!str_trim(reason).n || reason.n > NOTE_MAX)
        return err_set(e, E_USAGE, "an extension needs a `reason` of at most %d characters, which the person is told", NOTE_MAX);
    r->extension_reason = str_trim(reason);
    r->due_at_us = request_due(r->received_at_us, MONTHS + MONTHS_MORE);
    return store_privacy_write(s->store, r, e);
}

bool request_close(struct state *s, struct store_privacy *r, struct str state, struct str answer, struct str by, struct err *e)
{
    if (r->closed_at_us)
        return err_set(e, E_USAGE, "request %lld is closed already", (long long)r->id);
    if (str_eq(r->state, STR("running")) && !str_eq(state, STR("done")))
        return err_set(e, E_BUSY, "request %lld is being carried out", (long long)r->id);
    if (!str_eq(state, STR("done")) && !str_eq(state, STR("declined")))
        return err_set(e, E_USAGE, "`state` is done or declined");
    r->state = state;
    r->answer = answer;
    r->closed_by = by;
    r->closed_at_us = clock_now_us();
    r->sealed = r->note = r->problem = STR("");
    r->extension_reason = r->extension_reason.n ? STR("extended") : STR("");
    return store_privacy_write(s->store, r, e);
}
