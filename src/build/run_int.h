/* One run in the making; shared by run.c (what and when), worker.c (who does it) and progress.c (what is told of it). */
#ifndef BUILD_RUN_INT_H
#define BUILD_RUN_INT_H

#include "build/build_int.h"

#define RUN_WORKERS_MAX 8

enum task_state { TASK_NOT_SELECTED, TASK_WAITING, TASK_RUNNING, TASK_DONE };

struct task {
    enum task_state state;
    enum build_outcome outcome;    /* when DONE */
    const struct mesh_port *cause; /* SKIPPED: the port that failed */
    struct str message;            /* why failed, refused or skipped */
    int64_t usual_ms;              /* of earlier runs; 0: unknown */
    const struct mesh_port **referred; /* ports that its checks look at: built first where that can be */
    size_t n_referred;
};

struct run;
struct worker {
    struct run *run;
    pthread_t thread;
    bool started;
    struct engine_conn *conn;
    atomic_bool interruptible;
    const struct mesh_port *port; /* at work on, guarded by run->lock; NULL: none */
    int64_t since_us;             /* monotonic */
};

struct run {
    struct build *b;
    const struct mesh *m;
    const struct build_options *o;
    struct build_report *r;
    struct errs *es;
    struct arena arena; /* guarded by lock once workers are there */
    int64_t run_id, started_us;
    struct build_facts facts;
    struct build_print *prints;
    struct str src;
    struct buf later; /* of a quiet run: see struct build_job */
    atomic_bool cancelled;

    pthread_mutex_t lock; /* guards tasks, facts, report, arena */
    pthread_cond_t changed;
    struct task *tasks; /* by port index */
    size_t n_selected, n_done;
    struct worker workers[RUN_WORKERS_MAX];
    size_t n_workers, n_alive;

    pthread_mutex_t event_lock; /* guards es and the caller's event function; taken after lock, never before */
};

/* worker.c */
void *run_worker_main(void *worker);

/* progress.c */
void run_emit(struct run *run, const struct build_event *ev);
void run_push_error(struct run *run, const struct err *e);
void run_usual_times(struct run *run);
void run_watch(struct run *run); /* until all workers have ended: progress events, cancelling */
void run_load_progress(void *ctx, const struct ingest_progress *p);

#endif
