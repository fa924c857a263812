/* A batch of events and what lives as long as it does: documents, texts, entries. */
#include "events/events_int.h"

static void *alc_malloc(void *ctx, size_t size)
{
    return arena_alloc(ctx, size);
}

static void *alc_realloc(void *ctx, void *p, size_t old, size_t size)
{
    if (size <= old)
        return p;
    void *q = arena_alloc(ctx, size);
    memcpy(q, p, old);
    return q;
}

static void alc_free(void *ctx, void *p)
{
    (void)ctx;
    (void)p;
}

yyjson_alc event_alc(struct arena *a)
{
    return (yyjson_alc){alc_malloc, alc_realloc, alc_free, a};
}

void event_batch_init(struct event_batch *b, const struct mesh *m)
{
    *b = (struct event_batch){.m = m};
    arena_init(&b->a);
}

void event_batch_clear(struct event_batch *b)
{
    for (size_t i = 0; i < b->n_docs; i++)
        yyjson_doc_free(b->docs[i]);
    b->n_docs = b->n = b->events = 0;
    arena_fini(&b->a);
    arena_init(&b->a);
}

void event_batch_fini(struct event_batch *b)
{
    event_batch_clear(b);
    arena_fini(&b->a);
    mem_free(b->v);
    mem_free(b->docs);
    *b = (struct event_batch){0};
}

struct event_entry *event_batch_add(struct event_batch *b)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 256;
        b->v = mem_realloc(b->v, b->cap * sizeof(struct event_entry *));
    }
    struct event_entry *x = arena_alloc(&b->a, sizeof *x);
    b->v[b->n++] = x;
    return x;
}

yyjson_doc *event_batch_parse(struct event_batch *b, struct str json)
{
    if (!json.n)
        return NULL;
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)json.p, json.n, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL);
    if (!doc)
        return NULL;
    if (b->n_docs == b->cap_docs) {
        b->cap_docs = b->cap_docs ? b->cap_docs * 2 : 64;
        b->docs = mem_realloc(b->docs, b->cap_docs * sizeof(yyjson_doc *));
    }
    return b->docs[b->n_docs++] = doc;
}

struct str event_json(struct arena *a, yyjson_val *v)
{
    yyjson_alc alc = event_alc(a);
    size_t n = 0;
    char *p = v ? yyjson_val_write_opts(v, YYJSON_WRITE_NOFLAG, &alc, &n, NULL) : NULL;
    return p ? (struct str){p, n} : (struct str){0};
}

yyjson_val *event_frozen(struct arena *a, yyjson_mut_doc *doc)
{
    yyjson_alc alc = event_alc(a);
    return yyjson_doc_get_root(yyjson_mut_doc_imut_copy(doc, &alc));
}

void event_refuse(struct event_batch *b, struct event_entry *x, const char *reason, struct str field, const char *message)
{
    struct event_refusal *more = arena_array(&b->a, x->n_why + 1, sizeof *more);
    if (x->n_why)
        memcpy(more, x->why, x->n_why * sizeof *more);
    more[x->n_why++] = (struct event_refusal){reason, field, str_of(message)};
    x->why = more;
    x->verdict = EVENT_QUARANTINED;
}
