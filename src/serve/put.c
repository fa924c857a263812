/* JSON writer of the API's shapes: see put.h. */
#include "serve/put.h"

#include <math.h>

#include "base/clock.h"

static void lead(struct buf *b, const char *key)
{
    char last = b->n ? b->p[b->n - 1] : '\n';
    if (last != '{' && last != '[' && last != ':' && last != '\n')
        buf_addc(b, ',');
    if (key)
        buf_json_key(b, key);
}

void put_open(struct buf *b, const char *key, char bracket)
{
    lead(b, key);
    buf_addc(b, bracket);
}

void put_close(struct buf *b, char bracket)
{
    buf_addc(b, bracket);
}

void put_str(struct buf *b, const char *key, struct str s)
{
    lead(b, key);
    buf_json_str(b, s.p ? s : STR(""));
}

void put_opt(struct buf *b, const char *key, struct str s)
{
    if (s.n)
        put_str(b, key, s);
    else
        put_null(b, key);
}

void put_int(struct buf *b, const char *key, int64_t v)
{
    lead(b, key);
    buf_printf(b, "%lld", (long long)v);
}

void put_num(struct buf *b, const char *key, double v)
{
    lead(b, key);
    if (isfinite(v))
        buf_printf(b, "%.6g", v);
    else
        buf_addz(b, "null");
}

void put_bool(struct buf *b, const char *key, bool v)
{
    lead(b, key);
    buf_addz(b, v ? "true" : "false");
}

void put_null(struct buf *b, const char *key)
{
    lead(b, key);
    buf_addz(b, "null");
}

void put_time(struct buf *b, const char *key, int64_t us)
{
    if (us)
        put_str(b, key, str_of(clock_iso(us).z));
    else
        put_null(b, key);
}

void put_raw(struct buf *b, const char *key, struct str json)
{
    lead(b, key);
    buf_add(b, json);
}

void put_err(struct buf *b, const char *key, const struct err *e)
{
    lead(b, key);
    err_json(e, b);
}

void put_texts(struct buf *b, const char *key, const struct str *v, size_t n)
{
    put_open(b, key, '[');
    for (size_t i = 0; i < n; i++)
        put_str(b, NULL, v[i]);
    put_close(b, ']');
}
