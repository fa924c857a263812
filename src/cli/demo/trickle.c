/* Visitors who come while the demo is served: three at a time, each a step or two in a second, sent over HTTP like anybody's events. */
#include "cli/demo/events.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"
#include "net/net.h"

enum { AT_A_TIME = 3, WORLD_DAYS = 365, KEY_MAX_BYTES = 256, BODY_MAX_BYTES = 1 << 20, PAUSE_LEAST_MS = 700, PAUSE_MORE_MS = 1100, PATIENCE = 5 };

struct demo_trickle {
    struct arena a;
    struct demo_world world;
    struct str key;
    char url[64];
    pthread_t thread;
    sem_t end;
    atomic_bool stop;
    struct { struct demo_visit visit; int next; bool here; } guests[AT_A_TIME];
    uint64_t came, sent;
};

/* False: it is time to end. */
static bool pause_ms(struct demo_trickle *t, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until); /* banned-ok: sem_timedwait counts by this clock */
    int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    int r;
    while ((r = sem_timedwait(&t->end, &until)) != 0 && errno == EINTR) {
    }
    return r != 0;
}

/* One call of one visitor. A visit that is over makes room for the next. */
static bool step(struct demo_trickle *t, struct buf *body, struct err *e)
{
    int64_t now_ms = clock_now_us() / 1000;
    size_t i = (size_t)(demo_number(t->world.seed, (uint64_t)now_ms, t->sent, 3) % AT_A_TIME);
    if (!t->guests[i].here) {
        t->guests[i].visit = demo_visit_now(&t->world, now_ms, t->came++);
        t->guests[i].next = 0;
        t->guests[i].here = true;
    }
    buf_reset(body);
    int n = demo_visit_write(body, &t->world, &t->guests[i].visit, t->guests[i].next++, now_ms);
    t->guests[i].here = t->guests[i].next < n;
    body->n--; /* the object's end */
    buf_addz(body, ",\"writeKey\":");
    buf_json_str(body, t->key);
    buf_addc(body, '}');
    struct net_limits limits = net_limits_default();
    limits.cancel = &t->stop;
    int status;
    t->sent++;
    return buf_ok(body, e) && net_post_json(t->url, buf_str(body), &limits, &status, e);
}

static void *trickle_main(void *arg)
{
    struct demo_trickle *t = arg;
    struct buf body = BUF_INIT(BODY_MAX_BYTES);
    struct err e = {0};
    int failures = 0;
    for (int64_t ms = 1500; pause_ms(t, ms) && failures < PATIENCE;) {
        failures = step(t, &body, &e) ? 0 : failures + 1;
        ms = PAUSE_LEAST_MS + (int64_t)(PAUSE_MORE_MS * demo_chance(t->world.seed, t->sent, t->came, 4)) + failures * 2000;
    }
    buf_fini(&body);
    return NULL;
}

bool demo_trickle_start(const char *dir, uint64_t seed, int port, struct demo_trickle **out, struct err *e)
{
    struct demo_trickle *t = mem_alloc(sizeof *t);
    sigset_t all, before;
    *t = (struct demo_trickle){.came = 0};
    arena_init(&t->a);
    sem_init(&t->end, 0, 0);
    demo_world_make(&t->a, seed, (int32_t)(clock_now_us() / 86400000000) - 1, WORLD_DAYS, 0, &t->world);
    snprintf(t->url, sizeof t->url, "http://127.0.0.1:%d/v1/batch", port);
    bool ok = fs_read(&t->a, arena_printf(&t->a, "%s/%s", dir, DEMO_KEY_FILE).p, KEY_MAX_BYTES, &t->key, e);
    t->key = str_trim(t->key);
    if (ok) {
        sigfillset(&all); /* signals are the server's */
        pthread_sigmask(SIG_BLOCK, &all, &before);
        ok = pthread_create(&t->thread, NULL, trickle_main, t) == 0 || err_set(e, E_MEMORY, "no thread could be started for the demo's visitors");
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (!ok) {
        sem_destroy(&t->end);
        arena_fini(&t->a);
        mem_free(t);
        return false;
    }
    *out = t;
    return true;
}

void demo_trickle_stop(struct demo_trickle *t)
{
    if (!t) {
        return;
    }
    atomic_store(&t->stop, true);
    sem_post(&t->end);
    pthread_join(t->thread, NULL);
    sem_destroy(&t->end);
    arena_fini(&t->a);
    mem_free(t);
}
