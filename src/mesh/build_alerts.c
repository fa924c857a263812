/* Second stage: `alerts:` of mesh.yaml, and secrets anywhere in it. A secret is a reference, and what stands there instead of one is not repeated in a
 * message, since it may be the secret itself. */
#include "mesh/mesh_int.h"

enum { DIGEST_HOUR_DEFAULT = 8 };

static bool is_variable(struct str s)
{
    if (s.n == 0 || (s.p[0] >= '0' && s.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

struct str secret_of(struct load *l, const struct doc *d, const struct doc_node *map, const char *key, const char *variable, bool command)
{
    const struct doc_node *n = doc_get(d, map, key);
    struct str s = doc_text(d, n), name;
    if (!n)
        return s;
    (void)str_cut(s, ':', &name);
    if (str_starts(s, STR("env:"))) {
        if (!is_variable(name))
            hint(at_value(l, E_SCHEMA, d, n, "%s names no environment variable after env:", key), "write env:%s", variable);
        return s;
    }
    if (str_starts(s, STR("file:"))) {
        if (str_trim(name).n == 0)
            hint(at_value(l, E_SCHEMA, d, n, "%s names no file after file:", key), "write file: and the path of a file that only you may read");
        return s;
    }
    if (command && str_starts(s, STR("command:"))) {
        if (str_trim(name).n == 0)
            hint(at_value(l, E_SCHEMA, d, n, "%s names no command after command:", key), "write command: and the program that prints it");
        return s;
    }
    hint(at_value(l, E_SCHEMA, d, n, "%s stands here in clear text; this file is shared and kept in git", key),
         "put it into an environment variable or a file of mode 0600, and write env:%s or file:PATH; then change the secret", variable);
    return (struct str){NULL, 0};
}

static void mail(struct load *l, const struct doc *d, const struct doc_node *n)
{
    struct mesh_alerts *a = &l->m->alerts;
    const struct doc_node *smtp = doc_get(d, n, "smtp");
    a->smtp_url = doc_text(d, smtp);
    a->mail_from = doc_str(d, n, "from");
    a->mail_to = text_list(l, d, doc_get(d, n, "to"), &a->n_mail_to);
    a->smtp_user = secret_of(l, d, n, "user", "SMTP_USER", false);
    a->smtp_password = secret_of(l, d, n, "password", "SMTP_PASSWORD", false);
    if (!str_starts(a->smtp_url, STR("smtp://")) && !str_starts(a->smtp_url, STR("smtps://")))
        hint(at_value(l, E_SCHEMA, d, smtp, "smtp is no address of a mail server"), "write smtp://mail.example.org:587 or smtps://mail.example.org:465");
    else if (memchr(a->smtp_url.p, '@', a->smtp_url.n))
        hint(at_value(l, E_SCHEMA, d, smtp, "smtp holds a user and perhaps a password in clear text"), "write the server alone, and user: and password: as env:NAME");
    if (a->smtp_password.n && !a->smtp_user.n)
        hint(at_value(l, E_MISSING_KEY, d, n, "a password needs user beside it"), "add user: env:SMTP_USER");
}

void build_alerts(struct load *l, const struct doc *d)
{
    const struct doc_node *alerts = doc_get(d, doc_root(d), "alerts"), *m = alerts ? doc_get(d, alerts, "mail") : NULL;
    const struct doc_node *digest = alerts ? doc_get(d, alerts, "digest") : NULL;
    if (!alerts)
        return;
    l->m->alerts.webhook = secret_of(l, d, alerts, "webhook", "TRELLIS_WEBHOOK", false);
    l->m->alerts.page = doc_str(d, alerts, "page");
    if (l->m->alerts.page.n && !str_starts(l->m->alerts.page, STR("https://")) && !str_starts(l->m->alerts.page, STR("http://")))
        hint(at_value(l, E_SCHEMA, d, doc_get(d, alerts, "page"), "page is no address of a page"), "write https://trellis.example.org");
    while (str_ends(l->m->alerts.page, STR("/")))
        l->m->alerts.page.n--;
    if (m)
        mail(l, d, m);
    if (digest) {
        l->m->alerts.digest_day = doc_str(d, digest, "day");
        l->m->alerts.digest_hour = (int)doc_int(d, digest, "hour", DIGEST_HOUR_DEFAULT);
    }
}
