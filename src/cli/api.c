/* The routes asked in process or over the socket: see api.h. */
#include "cli/api.h"

#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "cli/remote.h"
#include "serve/app.h"
#include "serve/routes.h"

enum { ERROR_BYTES = 1 << 20, TEXT_BYTES = 256 << 20 };

struct api {
    struct app *app; /* NULL: remote */
    char *data_dir;
    struct str role, purpose; /* of the command line; empty: none */
};

bool api_open(struct cli *c, struct str mesh_dir, struct api **out, struct errs *es, struct err *e)
{
    struct api *a = mem_alloc(sizeof *a);
    struct err busy = {0};
    int fd;
    char *dir = arena_strz(&c->arena, mesh_dir);
    a->data_dir = mem_strdup(fs_join(&c->arena, mesh_dir, STR("data")));
    a->role = c->role;
    a->purpose = c->purpose;
    *out = a;
    if (app_open(dir, c->program, &a->app, es, e))
        return true;
    if (e->code == E_BUSY && remote_dial(a->data_dir, &fd, &busy)) {
        close(fd); /* it was only to see whether a server is there */
        *e = (struct err){0};
        return true;
    }
    api_close(a);
    *out = NULL;
    return false;
}

void api_close(struct api *a)
{
    if (!a)
        return;
    app_close(a->app);
    mem_free(a->data_dir);
    mem_free(a);
}

bool api_is_remote(const struct api *a)
{
    return a->app == NULL;
}

void api_err(yyjson_val *object, struct err *e)
{
    struct str name = json_str(object, "name"), file = json_str(object, "file"), hint = json_str(object, "hint");
    enum err_code code = E_INTERNAL;
    for (int i = 1; i < E_COUNT; i++)
        if (str_eq(name, str_of(err_info_get((enum err_code)i)->name)))
            code = (enum err_code)i;
    struct str text = json_str(object, "message");
    err_at(e, code, file, (uint32_t)json_int(object, "line", 0), (uint32_t)json_int(object, "col", 0), "%.*s", STR_FMT(text));
    if (hint.n)
        err_hint(e, "%.*s", STR_FMT(hint));
}

/* ---- one request ---- */
struct exchange {
    const int *status;
    api_data_fn data;
    void *ctx;
    struct buf error;
};

static bool take(void *ctx, struct str bytes)
{
    struct exchange *x = ctx;
    if (*x->status < 400)
        return x->data(x->ctx, bytes);
    buf_add(&x->error, bytes);
    return true;
}

static bool answered(struct exchange *x, struct err *e)
{
    if (*x->status < 400)
        return true;
    struct err ignored = {0};
    yyjson_doc *doc = json_parse(buf_str(&x->error), &ignored);
    yyjson_val *object = doc ? yyjson_obj_get(yyjson_doc_get_root(doc), "error") : NULL;
    if (object)
        api_err(object, e);
    else
        err_set(e, E_IO, "the server answered with status %d", *x->status);
    yyjson_doc_free(doc);
    return false;
}

bool api_stream(struct api *a, enum http_verb verb, const char *target, struct str body, api_data_fn data, void *ctx,
                struct err *e)
{
    struct exchange x = {.data = data, .ctx = ctx, .error = BUF_INIT((size_t)ERROR_BYTES)};
    bool good;
    if (a->app) {
        struct http_memory m = {.data = take, .ctx = &x};
        x.status = &m.status;
        routes_call_as(a->app, verb, target, body, a->role, a->purpose, &m);
        good = answered(&x, e);
    } else {
        struct remote_answer r = {.data = take, .ctx = &x, .role = a->role, .purpose = a->purpose};
        int fd;
        x.status = &r.status;
        good = remote_dial(a->data_dir, &fd, e) && remote_ask(fd, verb, target, body, &r, e) && answered(&x, e);
    }
    buf_fini(&x.error);
    return good;
}

static bool into_buf(void *ctx, struct str bytes)
{
    struct buf *b = ctx;
    buf_add(b, bytes);
    return !b->failed;
}

bool api_text(struct api *a, enum http_verb verb, const char *target, struct str body, struct buf *out, struct err *e)
{
    out->max = TEXT_BYTES;
    return api_stream(a, verb, target, body, into_buf, out, e) && buf_ok(out, e);
}

void api_cancel(struct api *a)
{
    struct buf b = BUF_INIT((size_t)4096);
    struct err ignored = {0};
    if (a->app)
        atomic_store(&a->app->cancel, true);
    else
        (void)!api_text(a, VERB_POST, "/api/v1/cancel", STR("{}"), &b, &ignored);
    buf_fini(&b);
}

/* ---- lines ---- */
bool lines_data(void *ctx, struct str bytes)
{
    struct lines *l = ctx;
    l->rest.max = TEXT_BYTES;
    while (bytes.n) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
        buf_add(&l->rest, (struct str){bytes.p, n});
        if (l->rest.failed)
            return false;
        if (end && !lines_end(l))
            return false;
        n += end != NULL;
        bytes = (struct str){bytes.p + n, bytes.n - n};
    }
    return true;
}

bool lines_end(struct lines *l)
{
    bool good = l->rest.n == 0 || l->line(l->ctx, buf_str(&l->rest));
    buf_reset(&l->rest);
    return good;
}
