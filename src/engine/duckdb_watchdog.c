/* Ends calls that outlive their deadline. The engine has no statement timeout, and an interrupt that falls between
 * planning and execution is lost, so the thread repeats it until the call has returned. */
#include "engine/duckdb_int.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

enum { REPEAT_US = 20000 };

struct watchdog {
    pthread_t thread;
    pthread_mutex_t lock;     /* guards conns, their due_us and `stop` */
    pthread_cond_t changed;
    struct engine_conn *conns;
    bool stop;
};

/* Interrupts what is due and returns the next moment to look, 0 for none. */
static int64_t sweep(struct watchdog *w, int64_t now)
{
    int64_t next = 0;
    for (struct engine_conn *c = w->conns; c; c = c->next) {
        int64_t due = c->due_us;
        if (due != 0 && due <= now) {
            atomic_store(&c->timed_out, true);
            duckdb_interrupt(c->conn);
            due = now + REPEAT_US;
        } else if (atomic_load(&c->interrupted) && atomic_load(&c->calls) > 0) {
            duckdb_interrupt(c->conn);
            due = now + REPEAT_US;
        }
        if (due != 0 && (next == 0 || due < next))
            next = due;
    }
    return next;
}

static void *watchdog_main(void *arg)
{
    struct watchdog *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        int64_t next = sweep(w, clock_mono_us());
        if (next == 0) {
            pthread_cond_wait(&w->changed, &w->lock);
        } else {
            struct timespec ts = {next / 1000000, (next % 1000000) * 1000};
            pthread_cond_timedwait(&w->changed, &w->lock, &ts);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct watchdog *watchdog_new(struct err *e)
{
    struct watchdog *w = mem_alloc(sizeof *w);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&w->lock, NULL);
    int rc = pthread_create(&w->thread, NULL, watchdog_main, w);
    if (rc != 0) {
        pthread_cond_destroy(&w->changed);
        pthread_mutex_destroy(&w->lock);
        mem_free(w);
        err_errno(e, rc, "the thread that ends long queries could not be started");
        return NULL;
    }
    return w;
}

void watchdog_free(struct watchdog *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

void watchdog_add(struct watchdog *w, struct engine_conn *c)
{
    pthread_mutex_lock(&w->lock);
    c->next = w->conns;
    w->conns = c;
    pthread_mutex_unlock(&w->lock);
}

void watchdog_remove(struct watchdog *w, struct engine_conn *c)
{
    pthread_mutex_lock(&w->lock);
    for (struct engine_conn **p = &w->conns; *p; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            break;
        }
    }
    pthread_mutex_unlock(&w->lock);
}

void watchdog_arm(struct watchdog *w, struct engine_conn *c, int64_t due_us)
{
    pthread_mutex_lock(&w->lock);
    c->due_us = due_us;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void watchdog_wake(struct watchdog *w)
{
    pthread_mutex_lock(&w->lock);
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}
