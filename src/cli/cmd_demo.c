/* trellis demo: makes the demo mesh once, runs it, serves it, and while it is served sends a few visitors to its collector. An existing demo
 * is run again, which loads and builds nothing new. */
#include "cli/api.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "cli/demo/demo.h"
#include "cli/demo/events.h"
#include "cli/demo/people.h"
#include "cli/demo/records.h"

enum { DEFAULT_PORT = 8080, DEFAULT_SEED = 7, COLLECTOR_PORT = 8081, PORTS_TRIED = 20, TEXT_MAX_BYTES = 1 << 16, SECRET_MODE = 0600 };

struct making {
    struct cli *c;
    uint64_t seed;
};

static bool run_mesh(void *ctx, const char *dir, struct err *e)
{
    const struct making *m = ctx;
    return cli_run_mesh(m->c, dir, false) == 0 || err_set(e, E_CHECK_FAILED, "the demo did not build; the lines above say why");
}

/* ---- who sends, and who is not kept ---- */

static bool key_make(struct cli *c, struct api *api, const char *dir, struct err *e)
{
    struct buf answer = BUF_INIT(TEXT_MAX_BYTES);
    bool ok = api_text(api, VERB_POST, "/api/v1/keys", STR("{\"source\":\"" DEMO_EVENT_SOURCE "\",\"label\":\"Website and app\"}"), &answer, e);
    yyjson_doc *doc = ok ? json_parse(buf_str(&answer), e) : NULL;
    ok = doc && fs_write_atomic(arena_printf(&c->arena, "%s/%s", dir, DEMO_KEY_FILE).p, json_str(yyjson_doc_get_root(doc), "key"), SECRET_MODE, e);
    yyjson_doc_free(doc);
    buf_fini(&answer);
    return ok;
}

static bool suppress(struct api *api, const char *identifier, const char *kind, struct err *e)
{
    struct buf body = BUF_INIT(TEXT_MAX_BYTES), answer = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&body, "{\"identifier\":");
    buf_json_str(&body, str_of(identifier));
    buf_printf(&body, ",\"kind\":\"%s\",\"reason\":\"asked to be forgotten\"}", kind);
    bool ok = api_text(api, VERB_POST, "/api/v1/suppressed", buf_str(&body), &answer, e);
    buf_fini(&body);
    buf_fini(&answer);
    return ok;
}

static bool forgotten_suppress(struct api *api, uint64_t seed, struct err *e)
{
    const struct demo_world w = {.seed = seed};
    bool ok = true;
    int customer;
    for (int i = 0; ok && (customer = demo_forgotten(i)) >= 0; i++) {
        struct demo_person p = demo_customer(&w, customer);
        char id[DEMO_USER_ID_BYTES];
        demo_user_id(customer, id);
        ok = suppress(api, p.email, "email", e) && suppress(api, id, "user_id", e);
    }
    return ok;
}

static bool people_make(void *ctx, const char *dir, struct err *e)
{
    const struct making *m = ctx;
    struct errs es = {0};
    struct api *api = NULL;
    bool ok = api_open(m->c, str_of(dir), &api, &es, e) && key_make(m->c, api, dir, e) && forgotten_suppress(api, m->seed, e);
    api_close(api);
    errs_fini(&es);
    return ok;
}

static bool prepare(struct cli *c, const char *dir, int64_t seed, struct err *e)
{
    struct making m = {c, (uint64_t)seed};
    if (fs_exists(arena_printf(&c->arena, "%s/mesh.yaml", dir).p)) {
        cli_advice(c, "%s is there already: loading and building what is new", dir);
        return run_mesh(&m, dir, e);
    }
    int64_t began_us = clock_mono_us();
    struct demo_options o = {
        .dir = dir, .program = c->program, .seed = (uint64_t)seed, .quiet = c->quiet, .run = run_mesh, .people = people_make, .ctx = &m};
    if (!demo_make(&o, e))
        return false;
    cli_advice(c, "the demo was made in %.1f s", (double)(clock_mono_us() - began_us) / 1e6);
    return true;
}

/* ---- serving ---- */

/* The first port from `first` that is free now; 0: none of those tried. */
static int free_port(int first)
{
    for (int port = first; port < first + PORTS_TRIED && port <= 65535; port++) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        bool free = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
        if (fd >= 0)
            close(fd);
        if (free)
            return port;
    }
    return 0;
}

static int serve(struct cli *c, const char *dir, uint64_t seed, int port, bool live)
{
    struct err e = {0};
    struct demo_trickle *trickle = NULL;
    int collector = free_port(port == COLLECTOR_PORT ? COLLECTOR_PORT + 1 : COLLECTOR_PORT);
    const char *address = arena_printf(&c->arena, "127.0.0.1:%d", collector).p;
    bool has_key = fs_exists(arena_printf(&c->arena, "%s/%s", dir, DEMO_KEY_FILE).p);
    if (!collector)
        cli_advice(c, "no free port for the collector from %d on: events are not taken", COLLECTOR_PORT);
    else if (live && has_key && demo_trickle_start(dir, seed, collector, &trickle, &e))
        cli_advice(c, "a few visitors come while this runs: an event each second or so, sent to the collector (--no-live: none)");
    else if (live && has_key)
        return cli_fail(c, &e);
    int code = cli_serve_mesh(c, dir, NULL, port, collector ? address : NULL);
    demo_trickle_stop(trickle);
    return code;
}

int cmd_demo(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    int64_t seed, port;
    const char *named = cli_opt(args, "--dir");
    if (!cli_int(args, "--seed", DEFAULT_SEED, 0, INT32_MAX, &seed, &e) ||
        !cli_int(args, "--port", DEFAULT_PORT, 0, 65535, &port, &e) || !fs_mkdirs(named ? named : "demo", 0755, &e))
        return cli_fail(c, &e);
    char dir[PATH_MAX];
    if (!realpath(named ? named : "demo", dir)) {
        err_set(&e, E_IO, "the folder %s cannot be reached", named ? named : "demo");
        return cli_fail(c, &e);
    }
    if (!prepare(c, dir, seed, &e))
        return cli_fail(c, &e);
    return cli_has(args, "--no-serve") ? 0 : serve(c, dir, (uint64_t)seed, (int)port, !cli_has(args, "--no-live"));
}
