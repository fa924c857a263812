/* Sending what is due. One sender at a time; a channel that fails is left alone until its next turn. */
#include "notify/notify_int.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/net.h"

enum { AT_ONCE = 50, BODY_MAX = 256 << 10 };
static const int64_t FIRST_WAIT_US = INT64_C(60) * 1000000, LONGEST_WAIT_US = INT64_C(3600) * 1000000,
                     GIVEN_UP_US = INT64_C(86400) * 1000000;

static pthread_mutex_t sending = PTHREAD_MUTEX_INITIALIZER;

static bool by_webhook(const struct notify *n, const struct store_message *msg, struct arena *a, struct err *e)
{
    struct net_limits limits = net_limits_default();
    struct buf json = BUF_INIT((size_t)BODY_MAX);
    char *url;
    int status;
    limits.cancel = n->cancel;
    if (!n->mesh->alerts.webhook.n)
        return err_set(e, E_NOT_FOUND, "alerts: webhook is not declared any more");
    say_webhook(msg->subject, msg->body, &json);
    bool ok = secret_get(n->mesh, n->mesh->alerts.webhook, "webhook", a, &url, e) && buf_ok(&json, e) &&
              net_post_json(url, buf_str(&json), &limits, &status, e);
    buf_fini(&json);
    return ok;
}

static bool by_mail(const struct notify *n, const struct store_message *msg, struct arena *a, struct err *e)
{
    const struct mesh_alerts *to = &n->mesh->alerts;
    struct net_limits limits = net_limits_default();
    char *user = NULL, *password = NULL;
    limits.cancel = n->cancel;
    if (!to->smtp_url.n || !to->n_mail_to)
        return err_set(e, E_NOT_FOUND, "alerts: mail is not declared any more");
    if ((to->smtp_user.n && !secret_get(n->mesh, to->smtp_user, "mail: user", a, &user, e)) ||
        (to->smtp_password.n && !secret_get(n->mesh, to->smtp_password, "mail: password", a, &password, e)))
        return false;
    struct net_mail mail = {.server = arena_strz(a, to->smtp_url),
                            .user = user,
                            .password = password,
                            .from = to->mail_from,
                            .to = to->mail_to,
                            .n_to = to->n_mail_to,
                            .subject = msg->subject,
                            .text = msg->body,
                            .at_us = msg->made_at_us};
    return net_mail_send(&mail, &limits, e);
}

/* 1, 2, 4 … minutes, at most an hour; after a day the message is news no more. 0: given up. */
static int64_t next_try(const struct store_message *msg, int64_t now_us)
{
    int64_t wait = FIRST_WAIT_US;
    for (int i = 0; i < msg->attempts && wait < LONGEST_WAIT_US; i++)
        wait *= 2;
    wait = wait < LONGEST_WAIT_US ? wait : LONGEST_WAIT_US;
    return now_us + wait - msg->made_at_us > GIVEN_UP_US ? 0 : now_us + wait;
}

static bool try_one(const struct notify *n, const struct store_message *msg, bool again, struct arena *a, struct notify_sent *out,
                    bool *delivered, struct err *e)
{
    struct err why = {0};
    bool mail = str_eq(msg->channel, STR("mail"));
    *delivered = mail ? by_mail(n, msg, a, &why) : by_webhook(n, msg, a, &why);
    if (!*delivered && why.code == E_CANCELLED)
        return true; /* the program ends: the message waits as it is */
    int64_t next = *delivered || !again ? 0 : next_try(msg, clock_now_us());
    if (*delivered) {
        out->sent++;
        log_event(LOG_INFO, "notify", "sent", "message=%lld channel=%.*s", (long long)msg->id, STR_FMT(msg->channel));
    } else {
        out->failed++;
        out->given_up += next == 0;
        out->problem = why.hint[0] ? arena_printf(a, "%s (%s)", why.text, why.hint) : arena_str(a, str_of(why.text));
        if (again)
            log_err(next ? LOG_WARN : LOG_ERROR, "notify", next ? "not_sent" : "given_up", &why);
    }
    return store_message_tried(n->state->store, msg->id, *delivered, next, *delivered ? STR("") : out->problem, e);
}

bool notify_send(const struct notify *n, struct arena *a, struct notify_sent *out, struct err *e)
{
    struct store_message *v;
    size_t count;
    bool down[2] = {false, false};
    *out = (struct notify_sent){0};
    pthread_mutex_lock(&sending);
    bool ok = store_messages(n->state->store, a, true, AT_ONCE, &v, &count, e);
    for (size_t i = 0; ok && i < count && !(n->cancel && atomic_load(n->cancel)); i++) {
        bool mail = str_eq(v[i].channel, STR("mail")), delivered = false;
        if (down[mail])
            continue;
        ok = try_one(n, &v[i], true, a, out, &delivered, e);
        down[mail] = !delivered;
    }
    pthread_mutex_unlock(&sending);
    return ok;
}

bool notify_test(const struct notify *n, struct arena *a, struct notify_sent *out, struct err *e)
{
    struct store_message told[2];
    struct str mesh = n->mesh->title.n ? n->mesh->title : n->mesh->name;
    if (!notify_configured(n->mesh)) {
        err_set(e, E_USAGE, "nobody is told: mesh.yaml has no `alerts:`");
        err_hint(e, "add alerts: {webhook: env:TRELLIS_WEBHOOK} and set that variable to the address");
        return false;
    }
    size_t count =
        say_to_all(n->mesh, "test", arena_printf(a, "%.*s: a test", STR_FMT(mesh)),
                   STR("This is a test of Trellis's alerts. Nothing is wrong, and there is nothing to do."), STR(""), told);
    *out = (struct notify_sent){0};
    pthread_mutex_lock(&sending);
    bool ok = store_alerts_write(n->state->store, NULL, 0, NULL, 0, told, count, e);
    struct store_message *v = NULL;
    size_t all = 0;
    ok = ok && store_messages(n->state->store, a, false, AT_ONCE, &v, &all, e);
    for (size_t i = 0; ok && i < all; i++) {
        bool delivered;
        if (str_eq(v[i].kind, STR("test")) && v[i].attempts == 0)
            ok = try_one(n, &v[i], false, a, out, &delivered, e); /* whoever tests is told the outcome now */
    }
    pthread_mutex_unlock(&sending);
    return ok;
}
