/* What is answered from memory: health, the API's description, the page's files that are part of the program. */
#include "base/embed.h"
#include "serve/put.h"
#include "serve/routes.h"
#include "serve/session.h"

#include <stdio.h>

bool route_healthz(struct call *c, struct err *e)
{
    (void)e;
    http_reply_whole(c->reply, 200, STR("application/json; charset=utf-8"),
                     STR("{\"status\":\"ok\",\"version\":\"" TRELLIS_VERSION "\"}\n"), true);
    return true;
}

bool route_openapi(struct call *c, struct err *e)
{
    (void)e;
    struct buf b = call_buf();
    openapi_write(&b);
    call_json(c, &b);
    return true;
}

static const struct {
    struct str suffix;
    const char *type;
} types[] = {
    {{".html", 5}, "text/html; charset=utf-8"},
    {{".js", 3}, "text/javascript; charset=utf-8"},
    {{".css", 4}, "text/css; charset=utf-8"},
    {{".svg", 4}, "image/svg+xml"},
    {{".png", 4}, "image/png"},
    {{".ico", 4}, "image/x-icon"},
    {{".json", 5}, "application/json"},
    {{".woff2", 6}, "font/woff2"},
    {{".txt", 4}, "text/plain; charset=utf-8"},
    {{".webmanifest", 12}, "application/manifest+json"},
};

static const char *type_of(struct str path)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_ends(path, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}

/* The last part of the path has a dot: a file is meant, not a view of the page. */
static bool names_a_file(struct str path)
{
    for (size_t i = path.n; i > 0 && path.p[i - 1] != '/'; i--)
        if (path.p[i - 1] == '.')
            return true;
    return false;
}

static const struct embed_file *file_of(struct call *c, struct str path)
{
    return embed_find(arena_printf(c->a, "web%.*s", STR_FMT(path)));
}

/* One of the encodings offered is gzip, and not with weight zero. */
static bool accepts_gzip(const struct http_request *q)
{
    struct str rest = http_request_header(q, "accept-encoding");
    while (rest.p && rest.n) {
        struct str weight, one = str_cut(rest, ',', &rest);
        struct str name = str_trim(str_cut(one, ';', &weight));
        if (!str_eq_nocase(name, STR("gzip")))
            continue;
        weight = str_trim(weight.p ? weight : STR(""));
        return !(str_eq(weight, STR("q=0")) || str_starts(weight, STR("q=0.0")));
    }
    return false;
}

/* If-None-Match is a list of tags, weak or strong, or a star. */
static bool holds_tag(struct str list, struct str tag)
{
    while (list.p && list.n) {
        struct str one = str_trim(str_cut(list, ',', &list));
        if (str_starts(one, STR("W/")))
            one = (struct str){one.p + 2, one.n - 2};
        if (str_eq(one, tag) || str_eq(one, STR("*")))
            return true;
    }
    return false;
}

static void send_file(struct call *c, const struct embed_file *f)
{
    bool gzip = f->gzip.p && accepts_gzip(c->req), hashed = str_starts(f->path, STR("web/assets/"));
    struct str tag = arena_printf(c->a, "\"%.32s%s\"", f->sha256, gzip ? "-gz" : "");
    http_reply_header(c->reply, "ETag", tag);
    /* Files under assets/ carry a hash of their content in their name. */
    http_reply_header(c->reply, "Cache-Control", hashed ? STR("private, max-age=31536000, immutable") : STR("no-cache"));
    if (f->gzip.p)
        http_reply_header(c->reply, "Vary", STR("Accept-Encoding"));
    if (holds_tag(http_request_header(c->req, "if-none-match"), tag)) {
        http_reply_whole(c->reply, 304, STR(""), STR(""), true);
        return;
    }
    if (gzip)
        http_reply_header(c->reply, "Content-Encoding", STR("gzip"));
    http_reply_whole(c->reply, 200, str_of(type_of(f->path)), gzip ? f->gzip : f->data, true);
}

static const char no_page[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Trellis</title><h1>Trellis</h1>"
    "<p>This program was built without its page. The API is here: <a href=\"/openapi.json\">/openapi.json</a>. "
    "To have the page, run <code>make</code> again once <code>web/dist</code> is built.</p>\n";

bool route_page(struct call *c, struct err *e)
{
    struct str path = c->req->path;
    if (c->app->session && session_take_token(c->app->session, c->req, c->reply))
        return true;
    const struct embed_file *f = path.n > 1 ? file_of(c, path) : NULL;
    if (!f && names_a_file(path))
        return err_set(e, E_NOT_FOUND, "there is no file %.*s", STR_FMT(path));
    if (!f)
        f = file_of(c, STR("/index.html")); /* a view of the page; its script reads the address */
    if (f)
        send_file(c, f);
    else
        http_reply_whole(c->reply, 200, STR("text/html; charset=utf-8"), str_of(no_page), true);
    return true;
}
