/* Workers and their bounded queue. A full queue is an answer (503), never a wait: the loop pushes and goes on. */
#include "http/http_int.h"

#include <stdio.h>

struct http_pool {
    pthread_mutex_t lock; /* ring, closing */
    pthread_cond_t filled;
    struct http_conn **ring;
    size_t cap, head, n;
    bool closing;
    void (*work)(struct http_conn *c);
    pthread_t *threads;
    int n_threads;
};

static void *worker_main(void *arg)
{
    struct http_pool *p = arg;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        while (p->n == 0 && !p->closing)
            pthread_cond_wait(&p->filled, &p->lock);
        if (p->n == 0) {
            pthread_mutex_unlock(&p->lock);
            return NULL;
        }
        struct http_conn *c = p->ring[p->head];
        p->head = (p->head + 1) % p->cap;
        p->n--;
        pthread_mutex_unlock(&p->lock);
        p->work(c);
    }
}

bool pool_open(int workers, int queue, void (*work)(struct http_conn *c), struct http_pool **out, struct err *e)
{
    struct http_pool *p = mem_alloc(sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->filled, NULL);
    p->cap = (size_t)queue;
    p->ring = mem_alloc(p->cap * sizeof(struct http_conn *));
    p->work = work;
    p->threads = mem_alloc((size_t)workers * sizeof *p->threads);
    for (int i = 0; i < workers; i++) {
        int failed = pthread_create(&p->threads[i], NULL, worker_main, p);
        if (failed) {
            pool_close(p);
            return err_errno(e, failed, "cannot start worker %d of %d", i + 1, workers);
        }
        char name[16];
        snprintf(name, sizeof name, "worker-%u", (unsigned)i % 1000);
        pthread_setname_np(p->threads[i], name);
        p->n_threads++;
    }
    *out = p;
    return true;
}

bool pool_push(struct http_pool *p, struct http_conn *c)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->n < p->cap && !p->closing;
    if (room) {
        p->ring[(p->head + p->n) % p->cap] = c;
        p->n++;
        pthread_cond_signal(&p->filled);
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

void pool_close(struct http_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->filled);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_threads; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->filled);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->threads);
    mem_free(p->ring);
    mem_free(p);
}
