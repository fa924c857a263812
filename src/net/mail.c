/* Mail by SMTP: one text message in UTF-8. */
#include "net/net_int.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/fs.h"

enum { LINE_BYTES = 57, MESSAGE_MAX = 4 << 20 }; /* 57 bytes are 76 characters of Base64 */

/* A header's value stands on one line, whatever it holds. */
static void put_line(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f)
            buf_addc(b, s.p[i]);
}

static void put_base64(struct buf *b, struct str s)
{
    char text[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(text, sizeof text, (const unsigned char *)s.p, s.n, sodium_base64_VARIANT_ORIGINAL);
    buf_addz(b, text);
}

/* Encoded words of at most 45 bytes, cut between characters. */
static void put_subject(struct buf *b, struct str s)
{
    for (size_t at = 0; at < s.n;) {
        size_t n = s.n - at > 45 ? 45 : s.n - at;
        while (at + n < s.n && n > 1 && ((unsigned char)s.p[at + n] & 0xC0) == 0x80)
            n--;
        buf_addz(b, at ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        put_base64(b, (struct str){s.p + at, n});
        buf_addz(b, "?=");
        at += n;
    }
}

static void put_date(struct buf *b, int64_t us)
{
    static const char *const week[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* 1970-01-01 was a Thursday */
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct clock_text t = clock_iso(us); /* 2026-11-21T10:00:00.123456Z */
    int64_t month = 1;
    if (!str_to_i64((struct str){t.z + 5, 2}, &month) || month < 1 || month > 12)
        month = 1;
    buf_printf(b, "%s, %.2s %s %.4s %.8s +0000", week[(us / 86400000000) % 7], t.z + 8, months[month - 1], t.z, t.z + 11);
}

void net_mail_write(const struct net_mail *m, struct buf *b)
{
    struct sha id;
    struct buf all = BUF_INIT((size_t)MESSAGE_MAX);
    buf_printf(&all, "%lld ", (long long)m->at_us);
    buf_add(&all, m->subject);
    buf_add(&all, m->text);
    sha_bytes(buf_str(&all), &id);
    buf_fini(&all);
    buf_addz(b, "Date: ");
    put_date(b, m->at_us);
    buf_addz(b, "\r\nFrom: ");
    put_line(b, m->from);
    for (size_t i = 0; i < m->n_to; i++) {
        buf_addz(b, i ? ",\r\n " : "\r\nTo: ");
        put_line(b, m->to[i]);
    }
    buf_addz(b, "\r\nSubject: ");
    put_subject(b, m->subject);
    buf_printf(b, "\r\nMessage-ID: <%.32s@trellis>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n", id.hex);
    buf_addz(b, "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n");
    for (size_t at = 0; at < m->text.n; at += LINE_BYTES) {
        put_base64(b, (struct str){m->text.p + at, m->text.n - at > LINE_BYTES ? LINE_BYTES : m->text.n - at});
        buf_addz(b, "\r\n");
    }
}

struct reading {
    struct str left;
};

static size_t give(char *p, size_t size, size_t n, void *ctx)
{
    struct reading *r = ctx;
    size_t most = size * n < r->left.n ? size * n : r->left.n;
    memcpy(p, r->left.p, most);
    r->left = (struct str){r->left.p + most, r->left.n - most};
    return most;
}

/* smtp://127.0.0.1:25, smtp://localhost, smtp://[::1]:25 */
static bool is_here(const char *server)
{
    static const struct str hosts[] = {{"127.0.0.1", 9}, {"localhost", 9}, {"[::1]", 5}};
    struct str s = str_of(server);
    size_t at = str_find(s, STR("://"), 0);
    s = at == SIZE_MAX ? s : (struct str){s.p + at + 3, s.n - at - 3};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (str_starts(s, hosts[i]) && (s.n == hosts[i].n || strchr(":/", s.p[hosts[i].n])))
            return true;
    return false;
}

static struct curl_slist *recipients(const struct curl_calls *c, const struct net_mail *m)
{
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < m->n_to; i++) {
        struct buf one = BUF_INIT((size_t)1024);
        buf_addc(&one, '<');
        put_line(&one, m->to[i]);
        buf_addc(&one, '>');
        struct curl_slist *more = c->slist_append(list, buf_z(&one));
        buf_fini(&one);
        if (!more) {
            c->slist_free(list);
            return NULL;
        }
        list = more;
    }
    return list;
}

bool net_mail_send(const struct net_mail *m, const struct net_limits *limits, struct err *e)
{
    struct str server = str_of(m->server);
    const struct curl_calls *c;
    if (!str_starts(server, STR("smtp://")) && !str_starts(server, STR("smtps://")))
        return err_set(e, E_USAGE, "the mail server's address does not begin with smtp:// or smtps://");
    if (!(c = curl_get(e)))
        return false;
    CURL *h = curl_begin(c, limits, e);
    if (!h)
        return false;
    struct buf text = BUF_INIT((size_t)MESSAGE_MAX), from = BUF_INIT((size_t)1024);
    struct curl_slist *to = recipients(c, m);
    net_mail_write(m, &text);
    buf_addc(&from, '<');
    put_line(&from, m->from);
    buf_addc(&from, '>');
    bool ok = buf_ok(&text, e) && buf_ok(&from, e) && (to || err_set(e, E_USAGE, "there is nobody to send mail to"));
    if (ok) {
        struct reading r = {buf_str(&text)};
        c->setopt(h, CURLOPT_URL, m->server);
        c->setopt(h, CURLOPT_USE_SSL,
                  is_here(m->server) ? (long)CURLUSESSL_NONE
                  : m->password      ? (long)CURLUSESSL_ALL
                                     : (long)CURLUSESSL_TRY);
        if (m->user)
            c->setopt(h, CURLOPT_USERNAME, m->user);
        if (m->password)
            c->setopt(h, CURLOPT_PASSWORD, m->password);
        c->setopt(h, CURLOPT_MAIL_FROM, buf_z(&from));
        c->setopt(h, CURLOPT_MAIL_RCPT, to);
        c->setopt(h, CURLOPT_UPLOAD, 1L);
        c->setopt(h, CURLOPT_READFUNCTION, give);
        c->setopt(h, CURLOPT_READDATA, &r);
        ok = curl_carry_out(c, h, "the mail server", e);
        long code = 0;
        c->getinfo(h, CURLINFO_RESPONSE_CODE, &code);
        if (!ok && code >= 400 && code < 600 && e->code == E_IO)
            err_prefix(e, "after its answer %ld", code);
    }
    c->slist_free(to);
    c->cleanup(h);
    buf_fini(&text);
    buf_fini(&from);
    return ok;
}
