/* Request bytes through the parser's callbacks, in pieces whose sizes the input itself decides, then every accessor that
 * routes use on the outcome. The first byte is the size of a piece. */
#include "http/http_int.h"

#include <stdlib.h>

static void use(const struct http_request *q)
{
    struct arena a;
    struct str value;
    static const char *const names[] = {"limit", "token", "", "a"};
    arena_init(&a);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (http_query_param(q, &a, names[i], &value) && value.n > q->query.n)
            abort();
    for (size_t i = 0; i < q->n_headers; i++) {
        char name[64];
        if (q->headers[i].name.n < sizeof name) {
            memcpy(name, q->headers[i].name.p, q->headers[i].name.n);
            name[q->headers[i].name.n] = 0;
            if (strlen(name) == q->headers[i].name.n && http_request_header_count(q, name) == 0)
                abort(); /* a header that is listed must be found */
        }
    }
    if (q->path.n == 0 || memchr(q->path.p, 0, q->path.n))
        abort();
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_server server;
    static struct http_conn conn;
    if (size < 1)
        return 0;
    server.limits = http_limits_default();
    server.limits.header_bytes = 4096;
    server.limits.body_bytes = 4096;
    conn = (struct http_conn){.server = &server, .draft = draft_new(&server.limits)};
    llhttp_init(&conn.parser, HTTP_REQUEST, &http_parse_settings);
    conn.parser.data = &conn;
    size_t piece = (size_t)data[0] + 1, at = 1;
    while (at < size) {
        size_t n = size - at < piece ? size - at : piece;
        const char *p = (const char *)data + at;
        llhttp_errno_t code = llhttp_execute(&conn.parser, p, n);
        if (code == HPE_PAUSED && conn.draft->complete) {
            const char *pos = llhttp_get_error_pos(&conn.parser);
            if (pos < p || pos > p + n)
                abort();
            if (draft_finish(conn.draft, &conn, llhttp_get_method(&conn.parser)))
                use(&conn.draft->req);
            else if (!conn.draft->refuse_status)
                abort(); /* a refusal always has its status */
            draft_reset(conn.draft);
            llhttp_resume(&conn.parser);
            at += (size_t)(pos - p);
            if (pos == p)
                break;
        } else if (code != HPE_OK) {
            break;
        } else {
            at += n;
        }
    }
    draft_free(conn.draft);
    return 0;
}
