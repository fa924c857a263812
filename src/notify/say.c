/* Words of a message. They name things, owners and counts: never a value of a row; of a metric that is
 * out of the ordinary its figure, and where it moved. */
#include "notify/notify_int.h"

#include <stdio.h>

enum { AFFECTED_SHOWN = 5 };

static const struct {
    const char *kind, *title;
} titles[] = {
    {"source_late", "is late"},
    {"source_failed", "could not be loaded"},
    {"volume_unusual", "brought less than usual"},
    {"quarantine", "has rows set aside"},
    {"drift", "changed its columns"},
    {"run_failed", "could not be built"},
    {"check_failed", "breaks its contract"},
    {"port_stale", "is older than promised"},
    {"metric_unusual", "is out of the ordinary"},
};

static const char *title_of(struct str kind)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (str_eq(kind, str_of(titles[i].kind)))
            return titles[i].title;
    return "needs a look";
}

struct str say_trouble(const struct notify_trouble *t, struct str page, struct arena *a)
{
    struct buf b = BUF_INIT((size_t)16384);
    buf_printf(&b, "%.*s %s", STR_FMT(t->title), title_of(t->kind));
    if (!str_eq(t->title, t->ref))
        buf_printf(&b, " (%.*s)", STR_FMT(t->ref));
    buf_printf(&b, ": %.*s.\n", STR_FMT(t->text));
    buf_printf(&b, "Owner: %.*s%s%.*s. Next: %.*s.", STR_FMT(t->owner.name), t->owner.name.n && t->owner.contact.n ? ", " : "",
               STR_FMT(t->owner.contact), STR_FMT(t->step));
    for (size_t i = 0; i < t->n_affected && i < AFFECTED_SHOWN; i++)
        buf_printf(&b, "%s%.*s", i ? ", " : "\nAffects ", STR_FMT(t->affected[i]));
    if (t->n_affected > AFFECTED_SHOWN)
        buf_printf(&b, " and %zu more", t->n_affected - AFFECTED_SHOWN);
    if (t->n_affected)
        buf_addc(&b, '.');
    if (t->href.n && page.n)
        buf_printf(&b, "\n%.*s%.*s", STR_FMT(page), STR_FMT(t->href));
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

struct str say_subject(const struct mesh *m, const struct notify_trouble *raised, size_t n_raised, size_t n_mended,
                       struct arena *a)
{
    struct str mesh = m->title.n ? m->title : m->name;
    if (n_raised == 1)
        return arena_printf(a, "%.*s: %.*s %s", STR_FMT(mesh), STR_FMT(raised->title), title_of(raised->kind));
    if (n_raised > 1)
        return arena_printf(a, "%.*s: %zu things need a look", STR_FMT(mesh), n_raised);
    return arena_printf(a, "%.*s: %zu mended", STR_FMT(mesh), n_mended);
}

size_t say_to_all(const struct mesh *m, const char *kind, struct str subject, struct str body, struct str once,
                  struct store_message out[2])
{
    size_t n = 0;
    const struct store_message one = {.kind = str_of(kind), .subject = subject, .body = body, .once = once};
    if (m->alerts.webhook.n) {
        out[n] = one;
        out[n++].channel = STR("webhook");
    }
    if (m->alerts.smtp_url.n && m->alerts.n_mail_to) {
        out[n] = one;
        out[n++].channel = STR("mail");
    }
    return n;
}

bool notify_configured(const struct mesh *m)
{
    return m->alerts.webhook.n || (m->alerts.smtp_url.n && m->alerts.n_mail_to);
}

/* Slack reads &, < and > as marks: a name must not be able to call a channel together. */
static void put_escaped(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '&')
            buf_addz(b, "&amp;");
        else if (s.p[i] == '<')
            buf_addz(b, "&lt;");
        else if (s.p[i] == '>')
            buf_addz(b, "&gt;");
        else
            buf_addc(b, s.p[i]);
    }
}

void say_webhook(struct str subject, struct str body, struct buf *json)
{
    struct buf text = BUF_INIT(json->max);
    buf_addc(&text, '*');
    put_escaped(&text, subject);
    buf_addz(&text, "*\n");
    put_escaped(&text, body);
    buf_addz(json, "{\"text\":");
    buf_json_str(json, buf_str(&text));
    buf_addc(json, '}');
    buf_fini(&text);
}
