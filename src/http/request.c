/* A request read piece by piece: llhttp's callbacks gather text and offsets into a draft, which becomes a
 * struct http_request when its last byte has come. On the way of every question: conn_feed -> here -> routes. */
#include "http/http_int.h"

#include <ctype.h>

enum { CLAIM_BYTES = 128 << 10 };

struct http_limits http_limits_default(void)
{
    return (struct http_limits){
#define X(name, value, text) .name = (value),
        HTTP_LIMITS(X)
#undef X
    };
}

static const struct http_limits *limits_of(const struct http_conn *c)
{
    return &c->server->limits;
}

struct http_draft *draft_new(const struct http_limits *l)
{
    struct http_draft *d = mem_alloc(sizeof *d);
    d->text = BUF_INIT((size_t)l->header_bytes);
    d->body = BUF_INIT((size_t)l->body_bytes);
    d->cap_headers = HTTP_SPANS_FIRST;
    d->names = mem_alloc(d->cap_headers * sizeof *d->names);
    d->values = mem_alloc(d->cap_headers * sizeof *d->values);
    return d;
}

void draft_free(struct http_draft *d)
{
    if (!d)
        return;
    buf_fini(&d->text);
    buf_fini(&d->body);
    mem_free(d->names);
    mem_free(d->values);
    mem_free(d->headers);
    mem_free(d->path);
    mem_free(d);
}

void draft_reset(struct http_draft *d)
{
    buf_reset(&d->text);
    buf_reset(&d->body);
    struct http_draft fresh = {.text = d->text,
                               .body = d->body,
                               .names = d->names,
                               .values = d->values,
                               .cap_headers = d->cap_headers,
                               .headers = d->headers,
                               .room_headers = d->room_headers,
                               .path = d->path,
                               .room_path = d->room_path};
    *d = fresh;
}

static int refuse(struct http_draft *d, int status, const char *text)
{
    if (!d->refuse_status) {
        d->refuse_status = status;
        d->refuse_text = text;
    }
    return HPE_USER;
}

static struct http_conn *conn_of(llhttp_t *p)
{
    return p->data;
}

static int add_text(struct http_draft *d, const char *at, size_t n, int status, const char *why)
{
    buf_add(&d->text, (struct str){at, n});
    return d->text.failed ? refuse(d, status, why) : 0;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    struct http_draft *d = conn_of(p)->draft;
    d->target.n += n;
    return add_text(d, at, n, 414, "the address is longer than the limit of header_bytes");
}

static void more_spans(struct http_draft *d)
{
    if (d->n_headers < d->cap_headers)
        return;
    size_t cap = d->cap_headers * 2;
    d->names = mem_realloc(d->names, cap * sizeof *d->names);
    d->values = mem_realloc(d->values, cap * sizeof *d->values);
    d->cap_headers = cap;
}

static int on_header_field(llhttp_t *p, const char *at, size_t n)
{
    struct http_conn *c = conn_of(p);
    struct http_draft *d = c->draft;
    if (d->n_headers == 0 || d->in_value) {
        if (d->n_headers >= (size_t)limits_of(c)->headers)
            return refuse(d, 431, "more header lines than the limit");
        more_spans(d);
        d->names[d->n_headers] = (struct span){d->text.n, 0};
        d->values[d->n_headers] = (struct span){0, 0};
        d->n_headers++;
        d->in_value = false;
    }
    d->names[d->n_headers - 1].n += n;
    return add_text(d, at, n, 431, "headers are larger than the limit of header_bytes");
}

static int on_header_value(llhttp_t *p, const char *at, size_t n)
{
    struct http_draft *d = conn_of(p)->draft;
    struct span *v = &d->values[d->n_headers - 1];
    if (!d->in_value) {
        v->at = d->text.n;
        d->in_value = true;
    }
    v->n += n;
    return add_text(d, at, n, 431, "headers are larger than the limit of header_bytes");
}

/* A header without a value gets no data callback: the next name must still begin a new one. */
static int on_value_complete(llhttp_t *p)
{
    struct http_draft *d = conn_of(p)->draft;
    if (!d->in_value) {
        d->values[d->n_headers - 1] = (struct span){d->text.n, 0};
        d->in_value = true;
    }
    return 0;
}

static bool span_is(const struct http_draft *d, struct span s, const char *text)
{
    return str_eq_nocase((struct str){d->text.p + s.at, s.n}, str_of(text));
}

static int on_headers_complete(llhttp_t *p)
{
    struct http_conn *c = conn_of(p);
    struct http_draft *d = c->draft;
    if (p->http_major != 1)
        return refuse(d, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (p->method == HTTP_CONNECT)
        return refuse(d, 405, "this is no proxy");
    p->upgrade = 0; /* an offer to upgrade may be ignored, and is */
    d->http_1_0 = p->http_minor == 0;
    if ((p->flags & F_CONTENT_LENGTH) && p->content_length > (uint64_t)limits_of(c)->body_bytes)
        return refuse(d, 413, "the body is larger than the limit of body_bytes");
    for (size_t i = 0; i < d->n_headers; i++)
        if (span_is(d, d->names[i], "expect")) {
            if (!span_is(d, d->values[i], "100-continue"))
                return refuse(d, 417, "an expectation that is not 100-continue");
            d->expect_continue = !d->http_1_0;
        }
    d->head_done = true;
    if (p->flags & F_CONTENT_LENGTH) /* no growing step by step; but who only claims to send much gets little */
        buf_reserve(&d->body, p->content_length < CLAIM_BYTES ? (size_t)p->content_length : CLAIM_BYTES);
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct http_draft *d = conn_of(p)->draft;
    if (d->body.p && at == d->body.p + d->body.n) { /* it was read to where it belongs */
        d->body.n += n;
        return 0;
    }
    buf_add(&d->body, (struct str){at, n});
    return d->body.failed ? refuse(d, 413, "the body is larger than the limit of body_bytes") : 0;
}

/* A chunk says its size first: what cannot fit is not waited for. */
static int on_chunk_header(llhttp_t *p)
{
    struct http_draft *d = conn_of(p)->draft;
    return p->content_length > d->body.max - d->body.n ? refuse(d, 413, "the body is larger than the limit of body_bytes") : 0;
}

static int on_message_complete(llhttp_t *p)
{
    struct http_draft *d = conn_of(p)->draft;
    d->complete = true;
    d->keep_alive = llhttp_should_keep_alive(p);
    return HPE_PAUSED;
}

const llhttp_settings_t http_parse_settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_message_complete = on_message_complete,
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_decode(struct str s, bool form, char *out, size_t *n)
{
    size_t k = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '%') {
            int hi = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1, lo = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
            if (hi < 0 || lo < 0)
                return false;
            c = (unsigned char)(hi * 16 + lo);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return false;
        out[k++] = (char)c;
    }
    *n = k;
    return true;
}

static const struct {
    uint8_t parser;
    enum http_verb verb;
} verbs[] = {
    {HTTP_GET, VERB_GET}, {HTTP_HEAD, VERB_HEAD},     {HTTP_POST, VERB_POST},
    {HTTP_PUT, VERB_PUT}, {HTTP_DELETE, VERB_DELETE}, {HTTP_OPTIONS, VERB_OPTIONS},
};

static enum http_verb verb_of(uint8_t parser_method)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (verbs[i].parser == parser_method)
            return verbs[i].verb;
    return VERB_OTHER;
}

static struct str span_text(const struct http_draft *d, struct span s)
{
    return s.n ? (struct str){d->text.p + s.at, s.n} : STR("");
}

static void resolve_headers(struct http_draft *d)
{
    if (d->room_headers < d->n_headers + 1) {
        d->room_headers = d->cap_headers + 1;
        d->headers = mem_realloc(d->headers, d->room_headers * sizeof *d->headers);
    }
    for (size_t i = 0; i < d->n_headers; i++) {
        for (size_t k = 0; k < d->names[i].n; k++) {
            char *at = d->text.p + d->names[i].at + k;
            *at = (char)tolower((unsigned char)*at);
        }
        d->headers[i] = (struct http_header){span_text(d, d->names[i]), str_trim(span_text(d, d->values[i]))};
    }
    d->req.headers = d->headers;
    d->req.n_headers = d->n_headers;
}

bool draft_finish(struct http_draft *d, const struct http_conn *c, uint8_t parser_method)
{
    resolve_headers(d);
    struct http_request *q = &d->req;
    q->verb = verb_of(parser_method);
    q->trusted = c->trusted;
    q->peer = str_of(c->peer);
    q->body = d->body.n ? buf_str(&d->body) : STR("");
    q->target = span_text(d, d->target);
    size_t hosts = http_request_header_count(q, "host");
    if (hosts > 1 || (hosts == 0 && !d->http_1_0)) {
        refuse(d, 400, "exactly one Host header is needed");
        return false;
    }
    struct str path = str_cut(q->target, '?', &q->query);
    if (!q->query.p)
        q->query = STR("");
    if (path.n == 0 || path.p[0] != '/') {
        refuse(d, 400, "the address must begin with a slash");
        return false;
    }
    if (d->room_path < path.n + 1) {
        d->room_path = path.n + 64;
        d->path = mem_realloc(d->path, d->room_path);
    }
    size_t n = 0;
    if (!http_decode(path, false, d->path, &n)) {
        refuse(d, 400, "a broken %-escape in the address");
        return false;
    }
    q->path = (struct str){d->path, n};
    return true;
}

struct str http_request_header(const struct http_request *q, const char *lower_name)
{
    struct str name = str_of(lower_name);
    for (size_t i = 0; i < q->n_headers; i++)
        if (str_eq(q->headers[i].name, name))
            return q->headers[i].value;
    return STR("");
}

size_t http_request_header_count(const struct http_request *q, const char *lower_name)
{
    struct str name = str_of(lower_name);
    size_t n = 0;
    for (size_t i = 0; i < q->n_headers; i++)
        n += str_eq(q->headers[i].name, name);
    return n;
}

bool http_query_param(const struct http_request *q, struct arena *a, const char *name, struct str *value)
{
    struct str rest = q->query, want = str_of(name);
    while (rest.p && rest.n) {
        struct str pair = str_cut(rest, '&', &rest), text;
        struct str key = str_cut(pair, '=', &text);
        char *room = arena_alloc(a, pair.n + 1);
        size_t n = 0;
        if (!http_decode(key, true, room, &n) || !str_eq((struct str){room, n}, want))
            continue;
        if (!text.p)
            text = STR("");
        if (!http_decode(text, true, room, &n))
            return false;
        *value = (struct str){room, n};
        return true;
    }
    return false;
}
