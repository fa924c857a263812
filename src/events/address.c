#include "events/address.h"

#include <ctype.h>

enum { VALUE_MAX_BYTES = 2048, SCHEME_MAX_BYTES = 32 };

static size_t find_any(struct str s, const char *set, size_t from)
{
    for (size_t i = from; i < s.n; i++)
        if (strchr(set, s.p[i]) && s.p[i])
            return i;
    return s.n;
}

static struct str part(struct str s, size_t from, size_t to)
{
    return (struct str){s.p + from, to - from};
}

/* Length of "scheme://" at the beginning; 0: none. */
static size_t scheme_of(struct str url)
{
    size_t i = 0;
    while (i < url.n && i < SCHEME_MAX_BYTES && (isalnum((unsigned char)url.p[i]) || strchr("+-.", url.p[i])))
        i++;
    return i > 0 && url.n >= i + 3 && memcmp(url.p + i, "://", 3) == 0 ? i + 3 : 0;
}

static struct str lower(struct str s, struct arena *a)
{
    char *out = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        out[i] = (char)tolower((unsigned char)s.p[i]);
    return (struct str){out, s.n};
}

struct address address_of(struct str url, struct arena *a)
{
    struct address out = {.path = {"", 0}, .host = {"", 0}, .scheme = {"", 0}, .query = {"", 0}};
    url = str_trim(url);
    size_t at = scheme_of(url), end;
    if (at) {
        out.scheme = lower(part(url, 0, at - 3), a);
        end = find_any(url, "/?#", at);
        struct str authority = part(url, at, end);
        for (size_t i = authority.n; i > 0; i--)
            if (authority.p[i - 1] == '@') {
                authority = part(authority, i, authority.n);
                break;
            }
        size_t port = authority.n && authority.p[0] == '[' ? find_any(authority, "]", 0) : 0;
        size_t colon = find_any(authority, ":", port);
        struct str host = part(authority, 0, colon);
        while (host.n && host.p[host.n - 1] == '.')
            host.n--;
        out.host = lower(host, a);
        out.has_host = host.n > 0;
        at = end;
    }
    end = find_any(url, "?#", at);
    out.path = part(url, at, end);
    if (end < url.n && url.p[end] == '?')
        out.query = part(url, end + 1, find_any(url, "#", end + 1));
    return out;
}

struct str address_plain(struct str url, struct arena *a)
{
    url = str_trim(url);
    size_t at = scheme_of(url), end = find_any(url, "?#", 0);
    struct str whole = part(url, 0, end);
    if (!at || at > end)
        return arena_str(a, whole);
    size_t slash = find_any(whole, "/", at), user = at;
    for (size_t i = at; i < slash; i++)
        if (whole.p[i] == '@')
            user = i + 1;
    return arena_printf(a, "%.*s%.*s", (int)at, whole.p, (int)(whole.n - user), whole.p + user);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct str decode(struct str s, struct arena *a)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? digit(s.p[i + 1]) : -1, low = high >= 0 ? digit(s.p[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[n++] = s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    struct str decoded = str_trim((struct str){out, n});
    return str_utf8_valid(decoded) && !memchr(decoded.p, 0, decoded.n) ? decoded : (struct str){"", 0};
}

struct str address_param(struct str query, const char *name, struct arena *a)
{
    struct str wanted = str_of(name), rest = query;
    while (rest.p && rest.n) {
        struct str pair = str_cut(rest, '&', &rest), value, key = str_cut(pair, '=', &value);
        if (str_eq_nocase(key, wanted) && value.p && value.n && value.n <= VALUE_MAX_BYTES)
            return decode(value, a);
    }
    return (struct str){"", 0};
}

static struct str without_www(struct str host)
{
    return str_starts(host, STR("www.")) ? part(host, 4, host.n) : host;
}

bool address_host_within(struct str host, struct str domain)
{
    host = without_www(host);
    domain = without_www(domain);
    if (host.n == domain.n)
        return str_eq_nocase(host, domain);
    return host.n > domain.n && host.p[host.n - domain.n - 1] == '.' &&
           str_eq_nocase(part(host, host.n - domain.n, host.n), domain);
}
