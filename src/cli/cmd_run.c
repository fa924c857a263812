/* trellis run: load and build, with progress on standard error and a summary on standard output. The same events come from
 * a builder in this process or from a server. Ctrl-C asks for a clean end; a second one leaves at once. */
#include "cli/api.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "serve/put.h"
#include "serve/run_event.h"

enum { REDRAW_US = 100000, BAR = 20 };

struct running {
    struct cli *c;
    struct arena events;
    size_t ports, done;
    int64_t last_draw_us, started_us, building_us; /* building_us: since the first port; 0: none yet */
    bool drawn;
    struct str loading; /* file named in the last plain line, in c->arena */
    struct buf report;  /* the last line */
};

/* ---- progress ---- */
static void erase(struct running *r)
{
    if (r->drawn)
        fputs("\r\033[K", stderr);
    r->drawn = false;
}

static struct str short_count(struct arena *a, int64_t n)
{
    if (n < 10000)
        return arena_printf(a, "%lld", (long long)n);
    if (n < 10000000)
        return arena_printf(a, "%.1fk", (double)n / 1e3);
    return arena_printf(a, "%.1fM", (double)n / 1e6);
}

static size_t columns(void)
{
    struct winsize w = {0};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

/* Time left by what the part that is done has taken; nothing is said before there is something to go by. */
static double time_left_s(const struct running *r, double fraction)
{
    double elapsed_s = (double)(clock_mono_us() - r->building_us) / 1e6;
    return r->building_us && fraction > 0.05 ? elapsed_s * (1 - fraction) / fraction : 0;
}

static void draw(struct running *r, double fraction, struct str what, int64_t rows, double eta_s)
{
    int64_t now = clock_mono_us();
    size_t room = columns();
    if (!r->c->live || r->c->quiet || r->c->json || now - r->last_draw_us < REDRAW_US)
        return;
    r->last_draw_us = now;
    int full = fraction > 0 ? (int)(fraction * (double)BAR + 0.5) : 0;
    fputs("\r\033[K[", stderr);
    for (int i = 0; i < BAR; i++)
        fputc(i < full ? '#' : '.', stderr);
    size_t others = BAR + 16 + (rows > 0 ? 14 : 0); /* the bar, the rows, the time */
    room = room > others + 8 ? room - others : 8;   /* a line that wraps could not be drawn over */
    fprintf(stderr, "] %.*s", what.n > room ? (int)room : (int)what.n, what.p);
    if (rows > 0)
        fprintf(stderr, "  %.*s rows", STR_FMT(short_count(&r->events, rows)));
    if (eta_s >= 1)
        fprintf(stderr, "  %d:%02d left", (int)eta_s / 60, (int)eta_s % 60);
    fflush(stderr);
    r->drawn = true;
}

static void plain(struct running *r, const char *style, const char *word, struct str what, struct str tail)
{
    if (r->c->quiet || r->c->json)
        return;
    erase(r);
    fprintf(stderr, "%s%-10s%s %.*s%s%.*s\n", cli_paint(r->c->color_err, style), word, cli_paint(r->c->color_err, ""),
            STR_FMT(what), tail.n ? "  " : "", STR_FMT(tail));
}

static void on_load(struct running *r, const struct build_event *ev)
{
    double fraction = ev->total ? (double)ev->done / (double)ev->total : 0;
    if (!str_eq(r->loading, ev->file)) {
        r->loading = arena_str(&r->c->arena, ev->file);
        if (!r->c->live)
            plain(r, "dim", "loading", ev->ref, ev->file);
    }
    draw(r, fraction, arena_printf(&r->events, "loading %.*s", STR_FMT(ev->ref)), ev->rows, 0);
}

static void on_port_done(struct running *r, const struct build_event *ev)
{
    static const struct {
        const char *status, *style;
    } styles[] = {{"built", "green"}, {"unchanged", "dim"},  {"failed", "red"},
                  {"refused", "red"}, {"skipped", "yellow"}, {"cancelled", "yellow"}};
    const char *style = "";
    r->done++;
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        if (str_eq(ev->status, str_of(styles[i].status)))
            style = styles[i].style;
    if (str_eq(ev->status, STR("unchanged")))
        return;
    struct str tail = ev->message.n ? ev->message
                                    : arena_printf(&r->events, "%.*s rows, %lld ms", STR_FMT(short_count(&r->events, ev->rows)),
                                                   (long long)ev->elapsed_ms);
    plain(r, style, arena_strz(&r->events, ev->status), ev->ref, tail);
}

static bool take_line(void *ctx, struct str line)
{
    struct running *r = ctx;
    struct build_event ev;
    arena_fini(&r->events);
    arena_init(&r->events);
    if (!run_event_read(line, &r->events, &ev))
        return true;
    switch (ev.kind) {
    case BUILD_RUN_STARTED:
        r->ports = ev.total;
        break;
    case BUILD_LOAD:
        on_load(r, &ev);
        break;
    case BUILD_PORT_STARTED:
    case BUILD_PROGRESS: {
        double part = ev.kind == BUILD_PROGRESS && ev.fraction > 0 ? ev.fraction : 0;
        double whole = r->ports ? ((double)r->done + part) / (double)r->ports : part, left_s = time_left_s(r, whole);
        if (!r->building_us)
            r->building_us = clock_mono_us();
        draw(r, whole, arena_printf(&r->events, "%zu/%zu %.*s", r->done + 1, r->ports, STR_FMT(ev.ref)), ev.rows,
             ev.eta_s > left_s ? ev.eta_s : left_s);
        break;
    }
    case BUILD_PORT_DONE:
        on_port_done(r, &ev);
        break;
    case BUILD_RUN_DONE:
        buf_reset(&r->report);
        buf_add(&r->report, line);
        break;
    }
    return true;
}

/* ---- calling off ---- */
static sem_t interrupted; /* the handler only posts; a thread does the rest */
static volatile sig_atomic_t interrupts;

static void on_interrupt(int number)
{
    interrupts++;
    if (interrupts > 1)
        _exit(128 + number); /* every store commits whole: nothing is left half-way */
    sem_post(&interrupted);
}

struct watch {
    struct api *api;
    bool over;
};

static void *watch_main(void *arg)
{
    struct watch *w = arg;
    while (sem_wait(&interrupted) != 0) {
    }
    if (!w->over) {
        fputs("\ncalling the run off; once more to leave at once\n", stderr);
        api_cancel(w->api);
    }
    return NULL;
}

/* ---- summary ---- */
static void print_problems(struct cli *c, yyjson_val *root, const char *key, bool warning)
{
    struct errs es = {0};
    size_t i, max;
    yyjson_val *v, *list = yyjson_obj_get(root, key);
    yyjson_arr_foreach(list, i, max, v)
    {
        struct err e = {0};
        api_err(v, &e);
        if (warning)
            errs_warn(&es, e.code, str_of(e.file), e.line, e.col, "%s", e.text);
        else
            errs_push(&es, &e);
    }
    cli_diagnostics(c, &es, stderr);
    errs_fini(&es);
}

static int summarise(struct running *r, struct err *e)
{
    yyjson_doc *doc = r->report.n ? json_parse(buf_str(&r->report), e) : NULL;
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    if (!root) {
        err_set(e, E_IO, "the run's report did not arrive");
        err_hint(e, "trellis status shows how it went");
        return cli_fail(r->c, e);
    }
    int code = (int)json_int(root, "exit_code", 1);
    struct str status = json_str(root, "status");
    if (r->c->json) {
        buf_addc(&r->report, '\n');
        cli_print(&r->report);
    } else {
        print_problems(r->c, root, "warnings", true);
        print_problems(r->c, root, "errors", false);
        printf("%sRun %lld %.*s%s: %lld built, %lld unchanged, %lld failed, %lld refused, %lld skipped, in %.1f s\n",
               cli_paint(r->c->color, code ? "red" : "green"), (long long)json_int(root, "run_id", 0), STR_FMT(status),
               cli_paint(r->c->color, ""), (long long)json_int(root, "built", 0), (long long)json_int(root, "unchanged", 0),
               (long long)json_int(root, "failed", 0), (long long)json_int(root, "refused", 0),
               (long long)json_int(root, "skipped", 0), (double)(clock_mono_us() - r->started_us) / 1e6);
    }
    yyjson_doc_free(doc);
    return code;
}

static int run(struct cli *c, struct str dir, struct str body)
{
    struct err e = {0};
    struct errs es = {0};
    struct running r = {.c = c, .report = BUF_INIT((size_t)64 << 20), .started_us = clock_mono_us()};
    struct lines lines = {.line = take_line, .ctx = &r};
    struct watch w = {0};
    struct sigaction act = {.sa_handler = on_interrupt}, before_int, before_term;
    pthread_t watcher;
    int code;
    arena_init(&r.events);
    if (!api_open(c, dir, &w.api, &es, &e)) {
        code = cli_fail_all(c, &es, &e);
        goto out;
    }
    interrupts = 0;
    sem_init(&interrupted, 0, 0);
    bool watched = pthread_create(&watcher, NULL, watch_main, &w) == 0;
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, &before_int);
    sigaction(SIGTERM, &act, &before_term);
    bool good = api_stream(w.api, VERB_POST, "/api/v1/run", body, lines_data, &lines, &e) && lines_end(&lines);
    sigaction(SIGINT, &before_int, NULL);
    sigaction(SIGTERM, &before_term, NULL);
    w.over = interrupts == 0;
    sem_post(&interrupted);
    if (watched)
        pthread_join(watcher, NULL);
    sem_destroy(&interrupted);
    erase(&r);
    code = good ? summarise(&r, &e) : cli_fail(c, &e);
    cli_alerts_after_run(c, w.api);
out:
    api_close(w.api);
    buf_fini(&r.report);
    buf_fini(&lines.rest);
    arena_fini(&r.events);
    errs_fini(&es);
    return code;
}

int cli_run_mesh(struct cli *c, const char *dir, bool full)
{
    return run(c, str_of(dir), full ? STR("{\"full\":true}") : STR("{}"));
}

int cmd_run(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str dir;
    if (!cli_mesh_dir(c, &dir, &e))
        return cli_fail(c, &e);
    struct buf body = BUF_INIT((size_t)4 << 20);
    put_open(&body, NULL, '{');
    put_bool(&body, "full", cli_has(args, "--full"));
    put_open(&body, "ports", '[');
    for (int i = 0; i < args->n_words; i++)
        put_str(&body, NULL, str_of(args->words[i]));
    put_close(&body, ']');
    put_close(&body, '}');
    int code = run(c, dir, buf_str(&body));
    buf_fini(&body);
    return code;
}
