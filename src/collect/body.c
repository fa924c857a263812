/* Is a body what its route needs: JSON of valid UTF-8, nested within reason. yyjson reads it into a pool that is kept. */
#include "collect/collect_int.h"

#include <yyjson.h>

enum { POOL_KEPT_BYTES = 4 << 20 };

/* Containers lie before what they hold, so that one pass over the values and a stack of ends measures the depth. What holds
 * fewer values than there are levels left cannot be too deep and is stepped over: in a batch that is nearly all. */
static bool too_deep(yyjson_doc *doc)
{
    yyjson_val *end[BODY_MAX_DEPTH + 1], *v = yyjson_doc_get_root(doc), *last = v + yyjson_doc_get_val_count(doc);
    size_t depth = 0;
    while (v < last) {
        while (depth && v >= end[depth - 1])
            depth--;
        yyjson_val *next = unsafe_yyjson_is_ctn(v) ? unsafe_yyjson_get_next(v) : v + 1;
        if (depth + (size_t)(next - v) <= BODY_MAX_DEPTH) {
            v = next;
            continue;
        }
        if (unsafe_yyjson_is_ctn(v)) {
            if (depth == BODY_MAX_DEPTH)
                return true;
            end[depth++] = next;
        }
        v++;
    }
    return false;
}

yyjson_doc *body_read(struct scratch *s, struct str text, bool raw_numbers, struct err *e)
{
    yyjson_alc alc;
    yyjson_read_err why = {0};
    yyjson_read_flag flags = raw_numbers ? YYJSON_READ_NUMBER_AS_RAW : YYJSON_READ_NOFLAG;
    size_t need = yyjson_read_max_memory_usage(text.n, flags);
    if (s->pool_bytes < need) {
        mem_free(s->pool);
        s->pool_bytes = 0;
        s->pool = mem_try_alloc(need);
        if (!s->pool) {
            err_set(e, E_MEMORY, "there is not enough memory to read this body");
            return NULL;
        }
        s->pool_bytes = need;
    }
    yyjson_alc_pool_init(&alc, s->pool, s->pool_bytes);
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, flags, &alc, &why);
    if (!doc) {
        err_set(e, why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? E_MEMORY : E_EVENT,
                "the body is not valid JSON: %s at byte %zu", why.msg ? why.msg : "unknown", why.pos + 1);
        err_hint(e, "send one JSON object in UTF-8");
        return NULL;
    }
    if (too_deep(doc)) {
        err_set(e, E_EVENT, "the body is nested deeper than %d levels", BODY_MAX_DEPTH);
        return NULL;
    }
    return doc;
}

struct scratch *scratch_take(struct collect *c)
{
    pthread_mutex_lock(&c->lock);
    struct scratch *s = c->scratch;
    if (s)
        c->scratch = s->next;
    pthread_mutex_unlock(&c->lock);
    if (!s) {
        s = mem_alloc(sizeof *s);
        s->meta = BUF_INIT((size_t)16 << 10);
        s->plain = s->made = BUF_INIT((size_t)16 << 20);
    }
    return s;
}

static void slim(struct buf *b)
{
    if (b->cap > POOL_KEPT_BYTES)
        buf_fini(b);
    else
        buf_reset(b);
}

void scratch_give(struct collect *c, struct scratch *s)
{
    slim(&s->plain);
    slim(&s->made);
    if (s->pool_bytes > POOL_KEPT_BYTES) {
        mem_free(s->pool);
        s->pool = NULL;
        s->pool_bytes = 0;
    }
    pthread_mutex_lock(&c->lock);
    s->next = c->scratch;
    c->scratch = s;
    pthread_mutex_unlock(&c->lock);
}
