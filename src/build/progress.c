/* What a run tells while it goes: events, the share done of each port, and the time left, from the engine's own count where it
 * has one and from earlier runs' durations otherwise. Also turns the caller's wish to cancel into interrupts. */
#include "build/run_int.h"

#include <time.h>

#include "base/clock.h"

#define WATCH_STEP_MS     50
#define PROGRESS_EVERY_US 400000

void run_emit(struct run *run, const struct build_event *ev)
{
    struct build_event full = *ev;
    full.run_id = run->run_id;
    pthread_mutex_lock(&run->event_lock);
    if (run->o->event != NULL)
        run->o->event(run->o->ctx, &full);
    pthread_mutex_unlock(&run->event_lock);
}

void run_push_error(struct run *run, const struct err *e)
{
    pthread_mutex_lock(&run->event_lock);
    errs_push(run->es, e);
    pthread_mutex_unlock(&run->event_lock);
}

void run_load_progress(void *ctx, const struct ingest_progress *p)
{
    struct run *run = ctx;
    struct build_event ev = {.kind = BUILD_LOAD,
                             .ref = p->stream,
                             .file = p->file,
                             .rows = p->rows,
                             .quarantined = p->quarantined,
                             .done = p->file_no,
                             .total = p->files,
                             .eta_s = -1};
    if (p->bytes_total > 0)
        ev.fraction = (double)p->bytes_done / (double)p->bytes_total;
    ev.elapsed_ms = (clock_mono_us() - run->started_us) / 1000;
    run_emit(run, &ev);
}

/* The median of the last builds of each selected port. */
void run_usual_times(struct run *run)
{
    for (size_t i = 0; i < run->m->n_ports; i++) {
        struct arena a;
        struct store_run_port *rows = NULL;
        size_t n = 0, built = 0;
        int64_t times[5] = {0};
        if (run->tasks[i].state == TASK_NOT_SELECTED)
            continue;
        arena_init(&a);
        if (store_port_history(run->b->s->store, &a, run->m->ports[i]->ref_major, 8, &rows, &n, NULL))
            for (size_t k = 0; k < n && built < 5; k++) {
                if (!str_eq(rows[k].status, build_outcome_text(OUTCOME_BUILT)))
                    continue;
                size_t at = built++;
                for (; at > 0 && times[at - 1] > rows[k].elapsed_ms; at--)
                    times[at] = times[at - 1];
                times[at] = rows[k].elapsed_ms;
            }
        run->tasks[i].usual_ms = built > 0 ? times[built / 2] : 0;
        arena_fini(&a);
    }
}

/* Caller holds run->lock. */
static struct build_event progress_of(struct run *run, struct worker *w)
{
    uint64_t done = 0, total = 0;
    int64_t elapsed_ms = (clock_mono_us() - w->since_us) / 1000, usual_ms = run->tasks[w->port->index].usual_ms;
    double fraction = engine_progress(w->conn, &done, &total);
    struct build_event ev = {.kind = BUILD_PROGRESS,
                             .ref = w->port->ref_major,
                             .rows = (int64_t)done,
                             .elapsed_ms = elapsed_ms,
                             .eta_s = -1,
                             .done = run->n_done,
                             .total = run->n_selected};
    if (fraction <= 0 && usual_ms > 0) {
        fraction = (double)elapsed_ms / (double)usual_ms;
        if (fraction > 0.95)
            fraction = 0.95;
    }
    ev.fraction = fraction > 0 ? fraction : 0;
    if (fraction > 0.02)
        ev.eta_s = (double)elapsed_ms / 1000.0 * (1.0 - fraction) / fraction;
    else if (usual_ms > elapsed_ms)
        ev.eta_s = (double)(usual_ms - elapsed_ms) / 1000.0;
    return ev;
}

void run_watch(struct run *run)
{
    int64_t told_us = clock_mono_us();
    pthread_mutex_lock(&run->lock);
    while (run->n_alive > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WATCH_STEP_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&run->changed, &run->lock, &until);
        if ((run->o->cancel != NULL && atomic_load(run->o->cancel)) || (run->o->quiet && atomic_load(&run->b->waiting) > 0))
            atomic_store(&run->cancelled, true);
        for (size_t i = 0; atomic_load(&run->cancelled) && i < run->n_workers; i++)
            if (run->workers[i].port != NULL && atomic_load(&run->workers[i].interruptible))
                engine_interrupt(run->workers[i].conn);
        if (clock_mono_us() - told_us < PROGRESS_EVERY_US || run->o->event == NULL)
            continue;
        told_us = clock_mono_us();
        struct build_event evs[RUN_WORKERS_MAX];
        size_t n = 0;
        for (size_t i = 0; i < run->n_workers; i++)
            if (run->workers[i].port != NULL)
                evs[n++] = progress_of(run, &run->workers[i]);
        pthread_mutex_unlock(&run->lock);
        for (size_t i = 0; i < n; i++)
            run_emit(run, &evs[i]);
        pthread_mutex_lock(&run->lock);
    }
    pthread_mutex_unlock(&run->lock);
}
