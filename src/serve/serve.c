/* The server as a whole: opens the mesh, listens, prints where, serves until told to stop, closes in order. */
#include "serve/serve.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "collect/collect.h"
#include "serve/alerting.h"
#include "serve/app.h"
#include "http/http.h"
#include "serve/live.h"
#include "serve/living.h"
#include "serve/retaining.h"
#include "serve/loading.h"
#include "serve/routes_privacy.h"
#include "serve/routes.h"
#include "serve/session.h"
#include "serve/watch.h"

enum { WORKERS_MIN = 4, WORKERS_MAX = 64, END_SECONDS = 20 };

/* What the signal handler may touch. */
static struct http_server *stopping_server;
static struct app *stopping_app;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stopping_app->closing, true);
    atomic_store(&stopping_app->cancel, true); /* a run in work ends cleanly; what it has built stays */
    http_server_stop(stopping_server);
}

static void catch_signals(struct http_server *s, struct app *a)
{
    struct sigaction act = {.sa_handler = on_signal};
    sigemptyset(&act.sa_mask);
    stopping_server = s;
    stopping_app = a;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* A question deep in the engine's planner notices nothing. What is committed is safe, so the process need not wait for it. */
static void end_now(int number)
{
    (void)number;
    _exit(0);
}

static void let_signals_go(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGALRM, end_now);
    alarm(END_SECONDS);
}

static bool fast(void *ctx, const struct http_request *q, struct http_reply *r)
{
    return routes_answer_fast(ctx, q, r);
}

static void slow(void *ctx, const struct http_request *q, struct http_reply *r)
{
    routes_answer(ctx, q, r);
}

static int worker_count(int wanted)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (wanted <= 0)
        wanted = (int)(cores > 0 ? cores * 2 : WORKERS_MIN);
    return wanted < WORKERS_MIN ? WORKERS_MIN : wanted > WORKERS_MAX ? WORKERS_MAX : wanted;
}

/* The lines for whoever started the server: where it is, and the link that makes the first administrator. */
static bool announce(const struct serve_options *o, const struct session *s, const char *host, const char *collector, int64_t started_us, struct err *e)
{
    struct arena a;
    struct str code = STR("");
    char at[400];
    arena_init(&a);
    if ((s->outside || o->welcome) && !auth_welcome(s->auth, &a, &code, e)) {
        arena_fini(&a);
        return false;
    }
    if (s->base[0])
        snprintf(at, sizeof at, "%s", s->base);
    else
        snprintf(at, sizeof at, strchr(host, ':') ? "%s://[%s]:%d" : "%s://%s:%d", s->tls ? "https" : "http", host, s->port);
    if (s->token[0])
        printf("%s/?token=%s\n", at, s->token);
    else
        printf("%s/\n", at);
    if (code.n)
        printf("%s/welcome?code=%.*s\n", at, STR_FMT(code));
    if (collector[0])
        printf("collector %s\n", collector);
    fflush(stdout);
    if (!o->quiet)
        fprintf(stderr, "Serving %s; ready in %lld ms. Open the address above; Ctrl-C stops.\n", o->mesh_dir,
                (long long)((clock_mono_us() - started_us) / 1000));
    if (!o->quiet && code.n)
        fprintf(stderr, "Nobody has an account yet. The second address makes the first administrator; it works once, for %d hours.\n", AUTH_LINK_HOURS);
    arena_fini(&a);
    return true;
}

/* Where the page and the API listen, and whether anybody but this machine can ask there. */
struct listening {
    struct serve_address at;
    bool outside, tls;
};

static bool is_loopback(const char *host)
{
    struct str h = str_of(host);
    return str_starts(h, STR("127.")) || str_eq(h, STR("::1")) || str_eq(h, STR("localhost"));
}

static bool find_place(const struct serve_options *o, struct listening *p, struct err *e)
{
    *p = (struct listening){.at = {.port = o->port}};
    if (o->listen) {
        if (!serve_address_parse(o->listen, &p->at, e))
            return false;
    } else {
        snprintf(p->at.host, sizeof p->at.host, "%s", o->host && o->host[0] ? o->host : "127.0.0.1");
    }
    p->tls = o->listen && o->tls_certificate && o->tls_key && !o->behind_proxy;
    p->outside = o->behind_proxy || !is_loopback(p->at.host);
    if (o->behind_proxy && !o->public_url) {
        err_set(e, E_USAGE, "behind a proxy the address that people use must be known");
        err_hint(e, "add --public-url https://mesh.example.org: Host and Origin are held to it");
        return false;
    }
    if (o->public_url && !p->outside) {
        err_set(e, E_USAGE, "--public-url is for a server that other machines reach");
        err_hint(e, "add --behind-proxy, or --listen with --tls-certificate and --tls-key");
        return false;
    }
    if (!p->outside || p->tls || o->behind_proxy)
        return true;
    err_set(e, E_DENIED, "without encryption the page and the API may only listen on this machine itself, not on %s", p->at.host);
    err_hint(e, "add --listen %s:%d --tls-certificate FILE --tls-key FILE, or --behind-proxy where a proxy ends TLS; from one other machine, forward the port: ssh -L",
             p->at.shown[0] ? p->at.shown : p->at.host, p->at.port);
    return false;
}

bool serve_address_parse(const char *text, struct serve_address *out, struct err *e)
{
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
    struct str host = colon ? (struct str){text, (size_t)(colon - text)} : STR("");
    int64_t n;
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = (struct str){host.p + 1, host.n - 2};
    if (host.n == 0)
        host = STR("127.0.0.1");
    if (host.n >= sizeof out->host || !str_to_i64(str_of(port), &n) || n < 0 || n > 65535) {
        err_set(e, E_USAGE, "\"%.60s\" is no address to listen at", text);
        err_hint(e, "write HOST:PORT, such as 127.0.0.1:8081, or a port alone");
        return false;
    }
    memcpy(out->host, host.p, host.n);
    out->host[host.n] = '\0';
    out->port = (int)n;
    snprintf(out->shown, sizeof out->shown, memchr(host.p, ':', host.n) ? "[%s]" : "%s", out->host);
    return true;
}

static bool collector_start(const struct serve_options *o, struct app *app, struct err *e)
{
    struct serve_address at;
    if (!o->collector_listen)
        return true;
    if (!serve_address_parse(o->collector_listen, &at, e))
        return false;
    struct collect_options c = {.data_dir = app->state->data_dir,
                                .host = at.host,
                                .port = at.port,
                                .tls_certificate = o->tls_certificate,
                                .tls_key = o->tls_key};
    if (!collect_open(&c, &app->collect, e))
        return false;
    snprintf(app->collect_address, sizeof app->collect_address, "%s://%s:%d", o->tls_certificate ? "https" : "http", at.shown,
             collect_port(app->collect));
    return true;
}

bool serve_run(const struct serve_options *o, struct errs *es, struct err *e)
{
    int64_t started = clock_mono_us();
    struct app *app = NULL;
    struct http_server *server = NULL;
    struct watch *watch = NULL;
    struct retaining *retaining = NULL;
    struct loading *loading = NULL;
    struct session session = {0};
    struct http_limits limits = http_limits_default();
    struct buf sock = BUF_INIT((size_t)8192);
    int port = 0;
    struct listening place;
    bool good = find_place(o, &place, e) && app_open(o->mesh_dir, o->program, &app, es, e);
    if (!good)
        goto out;
    privacy_finish(app);
    struct http_handlers handlers = {fast, slow, app};
    buf_printf(&sock, "%s/trellis.sock", app->state->data_dir);
    good = http_server_open(&limits, worker_count(o->workers), &handlers, &server, e) &&
           (!place.tls || http_server_tls(server, o->tls_certificate, o->tls_key, e)) &&
           (place.outside ? http_server_listen_any(server, place.at.host, place.at.port, &port, e)
                          : http_server_listen_tcp(server, place.at.host, place.at.port, &port, e));
    const struct session_options so = {.data_dir = app->state->data_dir,
                                       .host = place.at.host,
                                       .port = port,
                                       .outside = place.outside,
                                       .proxied = o->behind_proxy,
                                       .public_url = o->public_url,
                                       .certificate = place.tls ? o->tls_certificate : NULL,
                                       .auth = app->auth};
    if (place.outside && good)
        http_server_strict(server);
    good = good && session_open(&session, &so, e) && http_server_listen_unix(server, buf_z(&sock), e);
    if (!good)
        goto out;
    app->session = &session;
    catch_signals(server, app);
    good = collector_start(o, app, e) && live_start(app->events, &app->live, e) && loading_start(app, &loading, e) && living_start(app, &app->living, e) && retaining_start(app, &retaining, e) &&
           alerting_start(app, &app->alerting, e) && watch_start(app, &watch, e);
    if (!good)
        goto out;
    good = announce(o, &session, place.at.host, app->collect_address, started, e);
    if (!good)
        goto out;
    http_server_run(server);
    let_signals_go();
    log_event(LOG_INFO, "serve", "stopped", "port=%d", port);
out:
    watch_stop(watch);
    if (app)
        live_stop(app->live); /* streams end before their server does */
    http_server_close(server); /* waits for its workers, which use the rest */
    if (app)
        collect_close(app->collect); /* what it took last is loaded by the next server */
    if (app) {
        retaining_stop(retaining);
        living_stop(app->living);
        app->living = NULL;
    }
    loading_stop(loading);
    if (app)
        alerting_stop(app->alerting);
    app_close(app);
    session_close(&session);
    alarm(0);
    buf_fini(&sock);
    return good;
}
