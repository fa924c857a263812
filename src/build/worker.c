/* A worker of a run: takes the next port whose inputs are done, builds it (or finds it up to date, or skips it because
 * something above it failed), tells and records the outcome. */
#include "build/run_int.h"

#include "base/clock.h"
#include "base/log.h"

static bool is_good(const struct task *t)
{
    return t->state == TASK_DONE && (t->outcome == OUTCOME_BUILT || t->outcome == OUTCOME_UNCHANGED);
}

/* Whether a port that the checks of this one look at is still to come, so that they would see its old rows. */
static bool is_early(const struct run *run, const struct task *t)
{
    for (size_t i = 0; i < t->n_referred; i++) {
        enum task_state s = run->tasks[t->referred[i]->index].state;
        if (s == TASK_WAITING || s == TASK_RUNNING)
            return true;
    }
    return false;
}

/* The first waiting port, in build order, whose inputs are all done; NULL: none now. One that is early waits, unless nothing else
 * goes on: then ports refer to each other in a circle, which is broken at the first. Caller holds the lock. */
static const struct mesh_port *take_ready(struct run *run)
{
    const struct mesh_port *early = NULL;
    bool running = false;
    for (size_t i = 0; i < run->m->n_ports; i++) {
        const struct mesh_port *p = run->m->ports[i];
        bool ready = run->tasks[i].state == TASK_WAITING;
        running |= run->tasks[i].state == TASK_RUNNING;
        for (size_t k = 0; ready && k < p->n_inputs; k++)
            ready = p->inputs[k].port == NULL || run->tasks[p->inputs[k].port->index].state == TASK_DONE;
        if (ready && !is_early(run, &run->tasks[i]))
            return p;
        if (ready && early == NULL)
            early = p;
    }
    return running ? NULL : early;
}

static bool any_waiting(const struct run *run)
{
    for (size_t i = 0; i < run->m->n_ports; i++)
        if (run->tasks[i].state == TASK_WAITING)
            return true;
    return false;
}

/* The port, direct input or further up, for which p cannot be built; NULL: it can. Caller holds the lock. */
static const struct mesh_port *blocked_by(const struct run *run, const struct mesh_port *p)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_port *in = p->inputs[i].port;
        if (in == NULL || is_good(&run->tasks[in->index]))
            continue;
        return run->tasks[in->index].cause != NULL ? run->tasks[in->index].cause : in;
    }
    return NULL;
}

/* An unchanged port is only worth a line when its last one speaks of a failure. */
static bool worth_recording(struct run *run, const struct mesh_port *p)
{
    struct arena a;
    struct store_run_port *rows = NULL;
    size_t n = 0;
    arena_init(&a);
    bool worth = store_port_history(run->b->s->store, &a, p->ref_major, 1, &rows, &n, NULL) && n > 0 &&
                 !str_eq(rows[0].status, build_outcome_text(OUTCOME_BUILT)) &&
                 !str_eq(rows[0].status, build_outcome_text(OUTCOME_UNCHANGED));
    arena_fini(&a);
    return worth;
}

/* A quiet run is written down when a port has something to tell: it failed otherwise than the last time, or all of it was checked. */
static bool worth_a_line(struct run *run, struct build_job *j, const struct build_event *ev)
{
    struct arena a;
    struct store_run_port *rows = NULL;
    size_t n = 0;
    struct err e = {0};
    bool worth = j->outcome == OUTCOME_BUILT && j->checked_whole;
    arena_init(&a);
    if (j->outcome == OUTCOME_FAILED || j->outcome == OUTCOME_REFUSED)
        worth = !store_port_history(run->b->s->store, &a, j->p->ref_major, 1, &rows, &n, NULL) || n == 0 ||
                !str_eq(rows[0].status, ev->status) || !str_eq(rows[0].message, ev->message);
    else if (j->outcome == OUTCOME_BUILT || j->outcome == OUTCOME_UNCHANGED)
        worth = worth || worth_recording(run, j->p); /* it is well again */
    arena_fini(&a);
    if (worth && run->run_id == 0 && !store_run_begin(run->b->s->store, STR("run"), run->o->trigger, &run->run_id, &e)) {
        log_err(LOG_ERROR, "build", "run_not_recorded", &e);
        return false;
    }
    for (size_t i = 0; worth && j->checked && i < j->report.n; i++)
        j->report.checks[i].run_id = run->run_id;
    if (worth && j->checked && j->report.n > 0 && (j->checked_whole || j->outcome == OUTCOME_REFUSED) &&
        !store_checks_add(run->b->s->store, j->report.checks, j->report.n, &e))
        log_err(LOG_ERROR, "build", "checks_not_recorded", &e);
    return worth;
}

static void record(struct run *run, const struct build_job *j, const struct build_event *ev)
{
    struct store_run_port row = {.run_id = run->run_id,
                                 .ref = j->p->ref_major,
                                 .status = ev->status,
                                 .message = ev->message,
                                 .rows = ev->rows,
                                 .elapsed_ms = ev->elapsed_ms,
                                 .finished_at_us = clock_now_us(),
                                 .version_id = j->version.version_id,
                                 .data_to = j->version.data_to};
    struct err e = {0};
    if (j->outcome == OUTCOME_UNCHANGED && !worth_recording(run, j->p))
        return;
    if (j->outcome == OUTCOME_FAILED || j->outcome == OUTCOME_REFUSED || j->outcome == OUTCOME_SKIPPED)
        row.code = str_of(err_info_get(j->err.code)->code);
    if (!store_run_port_add(run->b->s->store, &row, &e)) {
        log_err(LOG_ERROR, "build", "outcome_not_recorded", &e);
        run_push_error(run, &e);
    }
}

/* Fills in the job from what is known now. Caller holds the lock. */
static void prepare(struct run *run, struct worker *w, const struct mesh_port *p, struct arena *a, struct build_job *j)
{
    struct build_print old;
    struct build_facts *facts = arena_alloc(a, sizeof *facts);
    *facts = run->facts;
    facts->by_port = arena_array(a, run->m->n_ports + 1, sizeof *facts->by_port);
    memcpy(facts->by_port, run->facts.by_port, run->m->n_ports * sizeof *facts->by_port);
    *j = (struct build_job){.b = run->b,
                            .facts = facts,
                            .m = run->m,
                            .p = p,
                            .print = run->prints[p->index],
                            .previous = run->facts.by_port[p->index],
                            .src = run->src,
                            .quiet = run->o->quiet,
                            .later = run->o->quiet ? &run->later : NULL,
                            .run_id = run->run_id,
                            .conn = w->conn,
                            .interruptible = &w->interruptible,
                            .cancelled = &run->cancelled,
                            .a = a};
    build_print_data(run->m, &run->facts, p, &j->print);
    if (j->previous == NULL || run->o->full || !build_print_parse(j->previous->fingerprint, &old))
        return;
    const struct build_part *now[] = {&j->print.sql, &j->print.contract, &j->print.settings, &j->print.engine, &j->print.defs};
    const struct build_part *then[] = {&old.sql, &old.contract, &old.settings, &old.engine, &old.defs};
    j->may_increment = true;
    for (size_t i = 0; i < sizeof now / sizeof *now; i++)
        j->may_increment &= str_eq(str_of(now[i]->z), str_of(then[i]->z));
    if (j->may_increment && p->materialization == MATERIALIZED_INCREMENTAL)
        j->touched_known = build_facts_touched(run->m, &run->facts, p, old.files, &j->touched_any, &j->touched_day);
}

static void skip(struct build_job *j, const struct mesh_port *cause)
{
    j->outcome = OUTCOME_SKIPPED;
    err_set(&j->err, E_UPSTREAM, "not built because %.*s failed; %.*s", STR_FMT(cause->ref),
            STR_FMT(build_serving_text(j->previous, j->a)));
    err_hint(&j->err, "mend %.*s first", STR_FMT(cause->ref));
}

/* Counts the outcome and lets dependants go on. Caller holds the lock. */
static void settle(struct run *run, struct build_job *j, const struct mesh_port *cause)
{
    struct task *t = &run->tasks[j->p->index];
    run->r->whole += j->outcome == OUTCOME_BUILT && !j->incremental;
    t->state = TASK_DONE;
    t->outcome = j->outcome;
    t->cause = j->outcome == OUTCOME_SKIPPED ? cause : NULL;
    size_t *const counters[] = {
        [OUTCOME_BUILT] = &run->r->built,     [OUTCOME_UNCHANGED] = &run->r->unchanged, [OUTCOME_FAILED] = &run->r->failed,
        [OUTCOME_REFUSED] = &run->r->refused, [OUTCOME_SKIPPED] = &run->r->skipped,     [OUTCOME_CANCELLED] = NULL};
    if (counters[j->outcome] != NULL)
        ++*counters[j->outcome];
    if (j->outcome == OUTCOME_BUILT) {
        struct ledger_version *v = arena_alloc(&run->arena, sizeof *v);
        *v = j->version;
        v->port = j->p->ref_major;
        v->fingerprint = arena_str(&run->arena, j->version.fingerprint);
        v->table_name = arena_str(&run->arena, j->version.table_name);
        v->data_from = arena_str(&run->arena, j->version.data_from);
        v->data_to = arena_str(&run->arena, j->version.data_to);
        run->facts.by_port[j->p->index] = v;
        run->r->rows += j->version.rows;
    }
    run->n_done++;
    pthread_cond_broadcast(&run->changed);
}

/* Caller holds the lock; it is given back while the port is built. */
static void do_port(struct run *run, struct worker *w, const struct mesh_port *p)
{
    struct arena a;
    struct build_job j;
    struct str because;
    int64_t since = clock_mono_us();
    arena_init(&a);
    run->tasks[p->index].state = TASK_RUNNING;
    const struct mesh_port *cause = blocked_by(run, p);
    prepare(run, w, p, &a, &j);
    enum build_reason reason =
        run->o->full ? REASON_FORCED : build_reason_of(run->m, &run->facts, run->prints, p, NULL, &a, &because);
    if (cause != NULL) {
        skip(&j, cause);
    } else if (run->o->quiet && reason != REASON_NONE && reason != REASON_UPSTREAM && reason != REASON_NEW_DATA) {
        skip(&j, p); /* what is declared otherwise waits for a run that somebody asks for */
    } else if (reason == REASON_NONE) {
        j.outcome = OUTCOME_UNCHANGED;
        j.version = *j.previous;
    } else {
        w->port = p;
        w->since_us = since;
        struct build_event started = {
            .kind = BUILD_PORT_STARTED, .ref = p->ref_major, .done = run->n_done, .total = run->n_selected, .eta_s = -1};
        if (run->tasks[p->index].usual_ms > 0)
            started.eta_s = (double)run->tasks[p->index].usual_ms / 1000.0;
        pthread_mutex_unlock(&run->lock);
        if (!run->o->quiet)
            run_emit(run, &started);
        build_port(&j);
        if (j.outcome == OUTCOME_BUILT && !run->o->quiet && !build_src_add_port(w->conn, run->src, p, &j.err))
            log_err(LOG_ERROR, "build", "src_view", &j.err);
        pthread_mutex_lock(&run->lock);
        w->port = NULL;
    }
    struct build_event done = {.kind = BUILD_PORT_DONE,
                               .ref = p->ref_major,
                               .status = build_outcome_text(j.outcome),
                               .rows = j.version.rows,
                               .elapsed_ms = (clock_mono_us() - since) / 1000,
                               .fraction = 1,
                               .message = STR("")};
    if (j.outcome != OUTCOME_BUILT && j.outcome != OUTCOME_UNCHANGED)
        done.message = str_of(j.err.text);
    else if (j.incremental)
        done.message = str_of(j.how);
    pthread_mutex_unlock(&run->lock);
    bool told = !run->o->quiet || worth_a_line(run, &j, &done);
    if (told)
        record(run, &j, &done);
    if (told && (j.outcome == OUTCOME_FAILED || j.outcome == OUTCOME_REFUSED)) {
        err_prefix(&j.err, "%.*s", STR_FMT(p->ref_major));
        run_push_error(run, &j.err);
        log_err(LOG_WARN, "build", done.status.p, &j.err);
    }
    pthread_mutex_lock(&run->lock);
    if (j.outcome == OUTCOME_BUILT && j.warned.n > 0)
        errs_warn(run->es, E_CHECK_WARNED, p->contract->pos.file, 0, 0, "%.*s", STR_FMT(j.warned));
    settle(run, &j, cause);
    done.done = run->n_done;
    done.total = run->n_selected;
    pthread_mutex_unlock(&run->lock);
    if (!run->o->quiet)
        run_emit(run, &done);
    pthread_mutex_lock(&run->lock);
    arena_fini(&a);
}

void *run_worker_main(void *arg)
{
    struct worker *w = arg;
    struct run *run = w->run;
    pthread_mutex_lock(&run->lock);
    while (!atomic_load(&run->cancelled) && any_waiting(run)) {
        const struct mesh_port *p = take_ready(run);
        if (p != NULL)
            do_port(run, w, p);
        else
            pthread_cond_wait(&run->changed, &run->lock);
    }
    run->n_alive--;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    return NULL;
}
