/* A run: load what is new, then build what is out of date, inputs first, independent ports side by side. A port that fails
 * takes only its descendants with it; they and it go on serving their last good version. */
#include "build/build.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "build/run_int.h"
#include "contract/contract.h"
#include "events/events.h"

/* Quiet runs: a view that shows new rows by itself is made anew, and so checked, when it is this old; logs are cleared this often. */
enum { QUIET_VIEWS_S = 3600, QUIET_COLLECT_S = 60 };

/* The port and everything that it reads. */
static void select_port(struct run *run, const struct mesh_port *p)
{
    if (run->tasks[p->index].state != TASK_NOT_SELECTED)
        return;
    run->tasks[p->index].state = TASK_WAITING;
    run->n_selected++;
    for (size_t i = 0; i < p->n_inputs; i++)
        if (p->inputs[i].port != NULL)
            select_port(run, p->inputs[i].port);
}

static bool select_ports(struct run *run, struct err *e)
{
    for (size_t i = 0; i < run->o->n_ports; i++) {
        const struct mesh_port *p = mesh_find_port(run->m, run->o->ports[i]);
        if (p == NULL) {
            struct str *names = arena_array(&run->arena, run->m->n_ports + 1, sizeof *names);
            for (size_t k = 0; k < run->m->n_ports; k++)
                names[k] = run->m->ports[k]->ref;
            int near = str_nearest(run->o->ports[i], names, run->m->n_ports);
            err_set(e, E_NOT_FOUND, "there is no port %.*s", STR_FMT(run->o->ports[i]));
            if (near >= 0)
                err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
            return false;
        }
        select_port(run, p);
    }
    for (size_t i = 0; run->o->n_ports == 0 && i < run->m->n_ports; i++)
        select_port(run, run->m->ports[i]);
    return true;
}

/* Streams that selected ports read. */
static size_t selected_streams(struct run *run, struct str **out)
{
    bool *wanted = arena_array(&run->arena, run->m->n_streams + 1, sizeof *wanted);
    size_t n = 0;
    for (size_t i = 0; i < run->m->n_ports; i++)
        for (size_t k = 0; run->tasks[i].state != TASK_NOT_SELECTED && k < run->m->ports[i]->n_inputs; k++)
            for (size_t s = 0; s < run->m->n_streams; s++)
                wanted[s] |= run->m->ports[i]->inputs[k].stream == run->m->streams[s];
    *out = arena_array(&run->arena, run->m->n_streams + 1, sizeof **out);
    for (size_t s = 0; s < run->m->n_streams; s++)
        if (wanted[s])
            (*out)[n++] = run->m->streams[s]->ref;
    return n;
}

/* Brings in what is in the spool. Damage of the spool goes to `es`. */
static bool load_events(struct run *run, struct err *e)
{
    const struct events_load_options o = {.cancel = run->o->cancel};
    struct events_report report;
    if (run->b->events == NULL)
        return true;
    bool ok = events_load(run->b->events, run->m, &o, &report, run->es, e);
    if (ok && report.events > 0)
        build_asof_invalidate(run->b);
    return ok;
}

/* Brings in new files. Errors of single files go to `es`; false: loading as a whole was impossible. */
static bool load(struct run *run, struct err *e)
{
    struct ingest_options io = {.program = run->o->program, .progress = run_load_progress, .ctx = run, .cancel = run->o->cancel};
    struct ingest_report report = {0};
    struct str *streams = NULL;
    if (run->o->n_ports > 0) {
        io.n_streams = selected_streams(run, &streams);
        io.streams = streams;
    }
    if ((run->o->n_ports > 0 && io.n_streams == 0) || run->m->n_streams == 0)
        return true;
    if (!load_events(run, e))
        return false;
    bool ok = ingest_run(run->b->s, run->m, &io, &run->arena, &report, run->es, e);
    if (report.n_changed > 0) {
        build_asof_invalidate(run->b);
        build_scan_loaded(run->b, run->m, report.changed_streams, report.n_changed);
    }
    fault_crash_point("build_after_load");
    return ok;
}

static bool start_workers(struct run *run, struct err *e)
{
    long cores = run->o->quiet ? 1 : run->m->engine_threads > 0 ? run->m->engine_threads : sysconf(_SC_NPROCESSORS_ONLN);
    size_t want = cores < 1 ? 1 : (size_t)cores;
    if (want > RUN_WORKERS_MAX)
        want = RUN_WORKERS_MAX;
    if (want > run->n_selected)
        want = run->n_selected;
    for (size_t i = 0; i < want; i++) {
        struct worker *w = &run->workers[i];
        w->run = run;
        if (!engine_connect(run->b->s->engine, &w->conn, e))
            return false;
        run->n_workers++;
        struct buf sql = BUF_INIT(4096);
        buf_addz(&sql, "SET preserve_insertion_order = false; USE ");
        buf_sql_ident(&sql, run->src);
        bool ok = engine_exec(w->conn, buf_str(&sql), e);
        buf_fini(&sql);
        if (!ok)
            return false;
    }
    size_t started = 0;
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < run->n_workers; i++) {
        struct worker *w = &run->workers[i];
        w->started = pthread_create(&w->thread, NULL, run_worker_main, w) == 0;
        started += w->started;
    }
    run->n_alive = started;
    pthread_mutex_unlock(&run->lock);
    return started > 0 || run->n_selected == 0 || err_set(e, E_MEMORY, "no thread could be started for the builders");
}

static void stop_workers(struct run *run)
{
    for (size_t i = 0; i < run->n_workers; i++) {
        if (run->workers[i].started)
            pthread_join(run->workers[i].thread, NULL);
        engine_disconnect(run->workers[i].conn);
    }
}

static bool all_up_to_date(struct run *run)
{
    bool *will_build = arena_array(&run->arena, run->m->n_ports + 1, sizeof *will_build);
    struct str because;
    for (size_t i = 0; i < run->m->n_ports; i++)
        if (run->tasks[i].state != TASK_NOT_SELECTED &&
            build_reason_of(run->m, &run->facts, run->prints, run->m->ports[i], will_build, &run->arena, &because) != REASON_NONE)
            return false;
    return !run->o->full;
}

/* Builds; `c` is the run's own connection. */
static bool build_all(struct run *run, struct engine_conn *c, struct err *e)
{
    bool ok = false;
    bool quiet = run->o->quiet;
    if (!build_facts_read(c, run->m, &run->arena, &run->facts, e) ||
        !build_facts_identity(run->b->s, run->m, &run->arena, &run->facts, e) ||
        !(quiet ? build_prints_kept(run->b, run->m, &run->arena, &run->prints, e) : build_prints(run->m, &run->arena, &run->prints, e)))
        return false;
    run->facts.views_stand = quiet;
    run->facts.views_since_us = clock_now_us() - (int64_t)QUIET_VIEWS_S * 1000000;
    run->src = arena_printf(&run->arena, "src_%u", ++run->b->generation);
    bool idle = all_up_to_date(run); /* the workers then only count and need no views */
    if (idle && quiet) {
        run->r->unchanged = run->n_selected;
        return true;
    }
    if (idle || quiet ? !build_catalog_base(c, run->m, run->src, e) : !build_src_make(c, run->m, &run->facts, run->src, e))
        goto out;
    if (!quiet)
        run_usual_times(run);
    for (size_t i = 0; i < run->m->n_ports && !idle && !quiet; i++)
        run->tasks[i].referred = contract_referred(run->m, run->m->ports[i], &run->arena, &run->tasks[i].n_referred);
    ok = start_workers(run, e);
    if (ok)
        run_watch(run);
out:
    stop_workers(run);
    build_catalog_drop(c, run->src);
    return ok;
}

static int exit_code(const struct run *run, size_t first_error)
{
    const struct build_report *r = run->r;
    int load_code = 0;
    for (size_t i = first_error; i < run->es->n && load_code == 0; i++)
        if (!run->es->warning[i])
            load_code = err_info_get(run->es->v[i].code)->exit_code;
    if (r->cancelled)
        return err_info_get(E_CANCELLED)->exit_code;
    if (r->refused > 0)
        return err_info_get(E_CHECK_FAILED)->exit_code;
    if (r->failed > 0)
        return 1;
    return load_code;
}

static bool begin(struct run *run, struct err *e)
{
    pthread_condattr_t attr;
    arena_init(&run->arena);
    pthread_mutex_init(&run->lock, NULL);
    pthread_mutex_init(&run->event_lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&run->changed, &attr);
    pthread_condattr_destroy(&attr);
    run->tasks = arena_array(&run->arena, run->m->n_ports + 1, sizeof *run->tasks);
    run->started_us = clock_mono_us();
    if (run->o->quiet)
        return select_ports(run, e);
    return select_ports(run, e) && store_run_begin(run->b->s->store, STR("run"), run->o->trigger, &run->run_id, e);
}

/* Writes the outcome of the run down. */
static void finish(struct run *run, bool whole, size_t first_error, int64_t started_at_us, struct err *e)
{
    struct build_report *r = run->r;
    struct err broken = {0};
    struct store_run row = {.run_id = run->run_id,
                            .started_at_us = started_at_us,
                            .finished_at_us = clock_now_us(),
                            .kind = STR("run"),
                            .trigger = run->o->trigger,
                            .ports_built = (int64_t)r->built,
                            .ports_failed = (int64_t)(r->failed + r->refused),
                            .ports_skipped = (int64_t)r->skipped,
                            .rows = r->rows};
    r->cancelled = atomic_load(&run->cancelled);
    r->exit_code = exit_code(run, first_error);
    row.status = r->cancelled ? RUN_CANCELLED : !whole || r->exit_code != 0 ? RUN_FAILED : RUN_SUCCEEDED;
    row.message = !whole && e != NULL
                      ? str_of(e->text)
                      : arena_printf(&run->arena, "%zu built, %zu unchanged, %zu failed, %zu refused, %zu skipped", r->built,
                                     r->unchanged, r->failed, r->refused, r->skipped);
    if (run->run_id == 0) /* nothing worth a line */
        return;
    if (!store_run_finish(run->b->s->store, &row, &broken)) {
        log_err(LOG_ERROR, "build", "run_not_recorded", &broken);
        run_push_error(run, &broken);
    }
    struct build_event done = {.kind = BUILD_RUN_DONE,
                               .status = str_of(run_status_text(row.status)),
                               .message = row.message,
                               .rows = r->rows,
                               .elapsed_ms = (clock_mono_us() - run->started_us) / 1000,
                               .fraction = 1,
                               .done = run->n_done,
                               .total = run->n_selected};
    run_emit(run, &done);
}

/* After a quiet run: what was replaced goes at once, lines of logs now and then. */
static void collect_between(struct run *run, struct engine_conn *c)
{
    int64_t now = clock_mono_us();
    if (run->r->whole == 0 && now - run->b->collected_us < (int64_t)QUIET_COLLECT_S * 1000000)
        return;
    run->b->collected_us = now;
    build_collect(run->b, c, run->m, false);
}

/* What ports that stay as they are have seen: forgotten, it would only be looked at once more. */
static bool write_later(struct run *run, struct engine_conn *c, struct err *e)
{
    if (run->later.n == 0)
        return true;
    pthread_mutex_lock(&run->b->writer_lock);
    bool ok = buf_ok(&run->later, e) && engine_exec(c, STR("BEGIN"), e);
    if (ok && !(ok = engine_exec(c, buf_str(&run->later), e) && engine_exec(c, STR("COMMIT"), e)) && !engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "a quiet run's last transaction has already ended");
    pthread_mutex_unlock(&run->b->writer_lock);
    return ok;
}

static bool carry_out(struct run *run, struct err *e)
{
    struct engine_conn *c = NULL;
    bool ok = false;
    bool everything = run->o->n_ports == 0;
    if (!engine_connect(run->b->s->engine, &c, e))
        return false;
    ok = run->o->quiet || load(run, e);
    if (run->o->cancel != NULL && atomic_load(run->o->cancel))
        atomic_store(&run->cancelled, true);
    if (!ok && atomic_load(&run->cancelled))
        ok = true; /* a wish fulfilled is no failure of the run */
    else if (ok && !atomic_load(&run->cancelled))
        ok = build_all(run, c, e);
    fault_crash_point("build_after_ports");
    if (ok && run->o->quiet) {
        ok = write_later(run, c, e);
        collect_between(run, c);
    } else if (ok && !atomic_load(&run->cancelled)) {
        build_collect(run->b, c, run->m, everything && run->r->failed + run->r->refused + run->r->skipped == 0);
        ok = !everything || build_deployed_save(run->b, run->m, e);
    }
    engine_disconnect(c);
    return ok;
}

/* A run waits for no other run, but for a quiet one, which steps aside. */
static bool take_turn(struct build *b, const struct build_options *o)
{
    if (o->quiet)
        return atomic_load(&b->waiting) == 0 && pthread_mutex_trylock(&b->work_lock) == 0;
    if (pthread_mutex_trylock(&b->run_lock) != 0)
        return false;
    atomic_fetch_add(&b->waiting, 1);
    pthread_mutex_lock(&b->work_lock);
    atomic_fetch_sub(&b->waiting, 1);
    return true;
}

void build_hold(struct build *b)
{
    pthread_mutex_lock(&b->run_lock);
    atomic_fetch_add(&b->waiting, 1);
    pthread_mutex_lock(&b->work_lock);
    atomic_fetch_sub(&b->waiting, 1);
}

void build_release(struct build *b)
{
    pthread_mutex_unlock(&b->work_lock);
    pthread_mutex_unlock(&b->run_lock);
}

bool build_run(struct build *b, const struct mesh *m, const struct build_options *o, struct build_report *r, struct errs *es,
               struct err *e)
{
    struct run run = {.b = b, .m = m, .o = o, .r = r, .es = es, .later = BUF_INIT(BUILD_SQL_MAX)};
    bool ok = false;
    size_t first_error = es->n;
    int64_t started_at_us = clock_now_us();
    *r = (struct build_report){0};
    if (!take_turn(b, o)) {
        r->exit_code = err_info_get(E_BUSY)->exit_code;
        return err_set(e, E_BUSY, "another run is going on");
    }
    if (!begin(&run, e)) {
        r->exit_code = err_info_get(e != NULL ? e->code : E_INTERNAL)->exit_code;
        goto out;
    }
    r->run_id = run.run_id;
    struct build_event started = {.kind = BUILD_RUN_STARTED, .total = run.n_selected, .eta_s = -1};
    if (!o->quiet)
        run_emit(&run, &started);
    ok = carry_out(&run, e);
    finish(&run, ok, first_error, started_at_us, e);
    if (!ok && r->exit_code == 0)
        r->exit_code = err_info_get(e != NULL ? e->code : E_INTERNAL)->exit_code;
out:
    buf_fini(&run.later);
    pthread_cond_destroy(&run.changed);
    pthread_mutex_destroy(&run.lock);
    pthread_mutex_destroy(&run.event_lock);
    arena_fini(&run.arena);
    pthread_mutex_unlock(&b->work_lock);
    if (!o->quiet)
        pthread_mutex_unlock(&b->run_lock);
    return ok;
}
