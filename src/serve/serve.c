/* The server as a whole: opens the mesh, listens, prints where, serves until told to stop, closes in order. */
#include "serve/serve.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/alerting.h"
#include "serve/app.h"
#include "serve/http.h"
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

static void announce(const struct serve_options *o, const struct session *s, int64_t started_us)
{
    const char *host = o->host && o->host[0] ? o->host : "127.0.0.1";
    const char *open = host[0] == ':' ? "[" : "", *close = host[0] == ':' ? "]" : "";
    printf("http://%s%s%s:%d/?token=%s\n", open, host, close, s->port, s->token);
    fflush(stdout);
    if (!o->quiet)
        fprintf(stderr, "Serving %s; ready in %lld ms. Open the address above; Ctrl-C stops.\n", o->mesh_dir,
                (long long)((clock_mono_us() - started_us) / 1000));
}

bool serve_run(const struct serve_options *o, struct errs *es, struct err *e)
{
    int64_t started = clock_mono_us();
    struct app *app = NULL;
    struct http_server *server = NULL;
    struct watch *watch = NULL;
    struct session session = {0};
    struct http_limits limits = http_limits_default();
    struct buf sock = BUF_INIT((size_t)8192);
    int port = 0;
    bool good = app_open(o->mesh_dir, o->program, &app, es, e);
    if (!good)
        goto out;
    struct http_handlers handlers = {fast, slow, app};
    buf_printf(&sock, "%s/trellis.sock", app->state->data_dir);
    good = http_server_open(&limits, worker_count(o->workers), &handlers, &server, e) &&
           http_server_listen_tcp(server, o->host && o->host[0] ? o->host : "127.0.0.1", o->port, &port, e) &&
           session_open(&session, app->state->data_dir, port, e) && http_server_listen_unix(server, buf_z(&sock), e);
    if (!good)
        goto out;
    app->session = &session;
    catch_signals(server, app);
    good = alerting_start(app, &app->alerting, e) && watch_start(app, &watch, e);
    if (!good)
        goto out;
    announce(o, &session, started);
    http_server_run(server);
    let_signals_go();
    log_event(LOG_INFO, "serve", "stopped", "port=%d", port);
out:
    watch_stop(watch);
    http_server_close(server); /* waits for its workers, which use the rest */
    if (app)
        alerting_stop(app->alerting);
    app_close(app);
    alarm(0);
    buf_fini(&sock);
    return good;
}
