/* One thread looks at the tail of events several times a second while somebody watches. A watcher who does not keep up is let go:
 * the browser comes back by itself and says what it saw last. */
#include "serve/live.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/arena.h"
#include "base/mem.h"
#include "serve/put.h"

enum { WATCHERS_MAX = 64, LOOK_MS = 100, ALIVE_LOOKS = 150 /* a sign of life each 15 s */, BATCH_MAX = 200, FIRST_EVENTS = 50, SOURCE_BYTES = 160, TAIL_MAX = 4096 };

struct watcher {
    struct http_stream *stream;
    int64_t seq;
    char source[SOURCE_BYTES];
    unsigned idle; /* looks without a word */
};
struct live {
    struct events *ev;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct watcher watchers[WATCHERS_MAX];
    size_t n;
    bool stop;
};

void live_event_json(struct buf *b, const struct events_seen *v)
{
    put_open(b, NULL, '{');
    put_int(b, "seq", v->seq);
    put_time(b, "received_at", v->received_us);
    put_time(b, "loaded_at", v->loaded_us);
    put_str(b, "source", v->source);
    put_str(b, "type", v->type);
    put_str(b, "name", v->name);
    put_str(b, "message_id", v->message_id);
    put_str(b, "verdict", v->verdict);
    put_opt(b, "reason", v->reason);
    put_raw(b, "summary", v->summary);
    put_close(b, '}');
}

/* False: the watcher is gone or too far behind. */
static bool tell(struct live *l, struct watcher *w, struct arena *a)
{
    struct events_seen *v;
    struct buf b = BUF_INIT((size_t)8 << 20);
    size_t n = events_tail(l->ev, w->seq, str_of(w->source), a, &v, BATCH_MAX);
    /* The ring is younger than what was seen last: say so, rather than leave a gap that looks like calm. */
    if (n && w->seq > 0 && !w->source[0] && v[0].seq > w->seq + 1)
        buf_printf(&b, "event: missed\ndata: {\"missed\":%lld}\n\n", (long long)(v[0].seq - w->seq - 1));
    for (size_t i = 0; i < n; i++) {
        struct buf json = BUF_INIT((size_t)1 << 20);
        live_event_json(&json, &v[i]);
        buf_printf(&b, "id: %lld\ndata: ", (long long)v[i].seq);
        buf_add(&b, json.failed ? STR("{}") : buf_str(&json));
        buf_addz(&b, "\n\n");
        buf_fini(&json);
        w->seq = v[i].seq;
    }
    w->idle = n ? 0 : w->idle + 1;
    if (w->idle >= ALIVE_LOOKS) {
        buf_addz(&b, ": still here\n\n");
        w->idle = 0;
    }
    bool ok = !b.failed && (b.n == 0 || http_stream_send(w->stream, buf_str(&b)));
    buf_fini(&b);
    return ok;
}

static void *live_main(void *ctx)
{
    struct live *l = ctx;
    struct arena a;
    arena_init(&a);
    pthread_mutex_lock(&l->lock);
    while (!l->stop) {
        struct timespec until;
        for (size_t i = 0; i < l->n;) {
            if (tell(l, &l->watchers[i], &a)) {
                i++;
                continue;
            }
            http_stream_close(l->watchers[i].stream);
            l->watchers[i] = l->watchers[--l->n];
        }
        arena_fini(&a);
        arena_init(&a);
        if (l->n == 0) {
            pthread_cond_wait(&l->changed, &l->lock);
            continue;
        }
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        while (!l->stop && pthread_cond_timedwait(&l->changed, &l->lock, &until) != ETIMEDOUT) {
        }
    }
    pthread_mutex_unlock(&l->lock);
    arena_fini(&a);
    return NULL;
}

bool live_start(struct events *ev, struct live **out, struct err *e)
{
    struct live *l = mem_alloc(sizeof *l);
    pthread_condattr_t attr;
    l->ev = ev;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    int failed = pthread_create(&l->thread, NULL, live_main, l);
    if (failed) {
        pthread_cond_destroy(&l->changed);
        pthread_mutex_destroy(&l->lock);
        mem_free(l);
        return err_errno(e, failed, "starting to watch events");
    }
    *out = l;
    return true;
}

bool live_watch(struct live *l, struct http_stream *s, int64_t after, struct str source)
{
    struct arena a;
    struct events_seen *v;
    bool ok = false;
    pthread_mutex_lock(&l->lock);
    if (l->n < WATCHERS_MAX && !l->stop && source.n < SOURCE_BYTES) {
        struct watcher *w = &l->watchers[l->n++];
        *w = (struct watcher){.stream = s, .seq = after, .idle = ALIVE_LOOKS}; /* a word at once: the page knows that it is connected */
        memcpy(w->source, source.p ? source.p : "", source.n);
        if (after < 0) {
            arena_init(&a);
            size_t n = events_tail(l->ev, 0, source, &a, &v, TAIL_MAX);
            w->seq = n > FIRST_EVENTS ? v[n - FIRST_EVENTS - 1].seq : 0;
            arena_fini(&a);
        }
        pthread_cond_signal(&l->changed);
        ok = true;
    }
    pthread_mutex_unlock(&l->lock);
    return ok;
}

void live_stop(struct live *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    for (size_t i = 0; i < l->n; i++)
        http_stream_close(l->watchers[i].stream);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}
