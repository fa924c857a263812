/* Alerts begin and end by comparing what is wrong now with the alerts that last. */
#include "notify/notify_int.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

enum { TOLD_AT_ONCE = 20, BODY_MAX = 64 << 10 };

/* Two looks at a time would tell the same twice. */
static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER;

static const struct store_alert *lasting(const struct store_alert *v, size_t n, const struct notify_trouble *t)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].kind, t->kind) && str_eq(v[i].ref, t->ref))
            return &v[i];
    return NULL;
}

static bool still_wrong(const struct notify_trouble *v, size_t n, const struct store_alert *o)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].kind, o->kind) && str_eq(v[i].ref, o->ref))
            return true;
    return false;
}

static struct str first_line(struct str s)
{
    struct str rest;
    return str_cut(s, '\n', &rest);
}

/* Of what nobody was told, nobody needs to hear the end. */
static size_t only_told(const struct store_alert *v, size_t n, struct store_alert *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i].told)
            out[kept++] = v[i];
    return kept;
}

static void put_mended(struct buf *b, const struct store_alert *v, size_t n)
{
    for (size_t i = 0; i < n && i < TOLD_AT_ONCE; i++) {
        struct str was = first_line(v[i].message);
        buf_printf(b, "%sMended: %.*s is in order again, after an alert of %.16sZ (%.*s)", b->n ? "\n" : "", STR_FMT(v[i].ref),
                   clock_iso(v[i].raised_at_us).z, STR_FMT(was));
    }
    if (n > TOLD_AT_ONCE)
        buf_printf(b, "\nand %zu more that are mended", n - TOLD_AT_ONCE);
}

static bool write_down(const struct notify *n, const struct notify_trouble *fresh, size_t n_fresh,
                       const struct store_alert *mended, size_t n_mended, struct arena *a, struct err *e)
{
    struct store_alert *raised = arena_array(a, n_fresh + 1, sizeof *raised),
                       *ended = arena_array(a, n_mended + 1, sizeof *ended);
    size_t n_ended = only_told(mended, n_mended, ended);
    struct store_message told[2];
    struct buf body = BUF_INIT((size_t)BODY_MAX);
    for (size_t i = 0; i < n_fresh; i++) {
        raised[i] =
            (struct store_alert){.kind = fresh[i].kind, .ref = fresh[i].ref, .message = say_trouble(&fresh[i], STR(""), a)};
        if (i < TOLD_AT_ONCE) {
            buf_addz(&body, i ? "\n\n" : "");
            buf_add(&body, say_trouble(&fresh[i], n->page, a));
        }
    }
    if (n_fresh > TOLD_AT_ONCE)
        buf_printf(&body, "\n\nand %zu more: `trellis alerts` lists all", n_fresh - TOLD_AT_ONCE);
    if (n_fresh && n_ended)
        buf_addc(&body, '\n');
    put_mended(&body, ended, n_ended);
    size_t n_told = 0;
    if (n_fresh || n_ended)
        n_told = say_to_all(n->mesh, "alert", say_subject(n->mesh, fresh, n_fresh, n_ended, a), buf_str(&body), STR(""), told);
    bool ok = buf_ok(&body, e) && store_alerts_write(n->state->store, raised, n_fresh, mended, n_mended, told, n_told, e);
    buf_fini(&body);
    return ok;
}

static bool look(const struct notify *n, struct arena *a, struct notify_seen *out, struct err *e)
{
    struct notify_trouble *now;
    struct store_alert *open;
    size_t n_now, n_open, n_new = 0, n_fresh = 0, n_mended = 0;
    if (!notify_troubles(n, a, &now, &n_now, e) || !store_alerts(n->state->store, a, true, 0, &open, &n_open, e))
        return false;
    struct notify_trouble *fresh = arena_array(a, n_now + 1, sizeof *fresh);
    struct store_alert *mended = arena_array(a, n_open + 1, sizeof *mended);
    for (size_t i = 0; i < n_now; i++) {
        const struct store_alert *o = lasting(open, n_open, &now[i]);
        n_new += o == NULL;
        if (!o || (!o->told && notify_configured(n->mesh))) /* it began when nobody was there to be told */
            fresh[n_fresh++] = now[i];
    }
    for (size_t i = 0; i < n_open; i++)
        if (!still_wrong(now, n_now, &open[i]))
            mended[n_mended++] = open[i];
    *out = (struct notify_seen){n_new, n_mended, n_open + n_new - n_mended};
    if (!n_fresh && !n_mended)
        return true;
    log_event(LOG_INFO, "notify", "looked", "raised=%zu mended=%zu open=%zu", out->raised, out->mended, out->open);
    return write_down(n, fresh, n_fresh, mended, n_mended, a, e);
}

bool notify_look(const struct notify *n, struct notify_seen *out, struct err *e)
{
    struct arena a;
    arena_init(&a);
    pthread_mutex_lock(&looking);
    bool ok = look(n, &a, out, e);
    pthread_mutex_unlock(&looking);
    arena_fini(&a);
    return ok;
}
