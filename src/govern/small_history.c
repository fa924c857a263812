/* What was shown of groups of people, to anybody: sets by port and version, in memory and in the store; and the questions of a day. */
#include "govern/small_int.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/released.h"

enum { PORTS_MAX = 64, SETS_MAX = 20000, DAY_S = 86400, EVERY = 0 /* instead of a version: of all of a port that is kept up by key */ };

struct port_history {
    char ref[256];
    int64_t version_id, used_us;
    struct small_set *v;
    size_t n, room;
};
struct small_history {
    pthread_mutex_t lock;
    struct port_history ports[PORTS_MAX];
};

struct small_history *small_history_new(void)
{
    struct small_history *h = mem_alloc(sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

void small_history_free(struct small_history *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < PORTS_MAX; i++)
        mem_free(h->ports[i].v);
    pthread_mutex_destroy(&h->lock);
    mem_free(h);
}

bool small_budget(struct govern *g, struct str principal, int questions_per_day, struct err *e)
{
    int64_t n;
    if (!store_question_count(g->state->store, principal, (int32_t)(clock_now_us() / 1000000 / DAY_S), &n, e))
        return false;
    if (n <= questions_per_day)
        return true;
    err_set(e, E_RATE, "the %d questions about groups of people that one may ask in a day are asked", questions_per_day);
    err_hint(e, "the count starts anew at midnight UTC; small_groups in governance/policies.yaml sets it");
    return false;
}

static void add(struct port_history *p, const struct small_set *s)
{
    if (p->n == p->room) {
        size_t room = p->room ? p->room * 2 : 64;
        p->v = mem_realloc(p->v, room * sizeof *p->v);
        p->room = room;
    }
    p->v[p->n++] = *s;
}

/* Rows, figure, print and then the sketch, as they lie in memory: the file is this machine's own. */
enum { HEAD = sizeof(int64_t) + 2 * sizeof(uint64_t) };
_Static_assert(offsetof(struct small_set, sketch) - offsetof(struct small_set, rows) == HEAD, "what is kept of a set lies together");

static size_t bytes_of(const struct small_set *s)
{
    return HEAD + s->n * sizeof s->sketch[0];
}

static void add_kept(struct port_history *p, const struct store_released *r)
{
    struct small_set s = {.people = r->people};
    size_t n = r->sketch.n < HEAD ? 0 : (r->sketch.n - HEAD) / sizeof s.sketch[0];
    if (r->sketch.n < HEAD)
        return;
    s.n = (uint32_t)(n > SMALL_SKETCH ? SMALL_SKETCH : n);
    memcpy(&s.rows, r->sketch.p, bytes_of(&s));
    add(p, &s);
}

/* lock held: the history of the port's present version; the one unused for longest makes way. */
static struct port_history *find(struct govern *g, struct str ref, bool by_key, struct err *e)
{
    struct small_history *h = g->small;
    struct port_history *p = &h->ports[0];
    struct store_released *kept;
    size_t n = 0;
    struct arena a;
    const struct engine_param port = {.type = ENGINE_TEXT, .s = ref};
    int64_t version = EVERY;
    struct engine_conn *c = NULL;
    bool ok = by_key || (engine_connect(g->state->engine, &c, e) &&
              engine_value_i64(c, STR("SELECT max(version_id) FROM mesh.sys.port_version WHERE port = $1 AND live"), &port, 1, &version, e));
    if (c)
        engine_disconnect(c);
    if (!ok)
        return NULL;
    for (size_t i = 0; i < PORTS_MAX; i++) {
        if (str_eq(str_of(h->ports[i].ref), ref)) {
            p = &h->ports[i];
            break;
        }
        if (h->ports[i].used_us < p->used_us)
            p = &h->ports[i];
    }
    p->used_us = clock_mono_us();
    if (str_eq(str_of(p->ref), ref) && p->version_id == version)
        return p;
    arena_init(&a);
    ok = store_released(g->state->store, &a, ref, version, &kept, &n, e);
    if (ok) {
        snprintf(p->ref, sizeof p->ref, "%.*s", STR_FMT(ref));
        p->version_id = version;
        p->n = 0;
        for (size_t i = 0; i < n; i++)
            add_kept(p, &kept[i]);
    }
    arena_fini(&a);
    return ok ? p : NULL;
}

static bool known(const struct port_history *p, const struct small_set *s)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].people == s->people && p->v[i].print == s->print && p->v[i].rows == s->rows && p->v[i].figure == s->figure)
            return true;
    return false;
}

/* lock held: what is shown now stands in the store before it is shown. */
static bool remember(struct govern *g, struct port_history *p, const struct small_group *groups, size_t n, struct err *e)
{
    struct arena a;
    size_t first = p->n, fresh = 0;
    bool ok = true;
    arena_init(&a);
    for (size_t i = 0; i < n; i++)
        for (size_t s = 0; groups[i].shown && s < groups[i].n_sets; s++)
            if (groups[i].sets[s].people && !known(p, &groups[i].sets[s]))
                add(p, &groups[i].sets[s]);
    if (p->n > SETS_MAX && p->version_id == EVERY) { /* no run begins it anew: the oldest half makes way */
        size_t gone = first / 2;
        memmove(p->v, p->v + gone, (p->n - gone) * sizeof *p->v);
        p->n -= gone;
        first -= gone;
    }
    if (p->n > SETS_MAX) {
        p->n = first;
        err_set(e, E_RATE, "too much was asked of groups of this port in its present version");
        err_hint(e, "ask again after its next run");
        ok = false;
    }
    struct store_released *rows = arena_array(&a, p->n - first + 1, sizeof *rows);
    for (size_t i = first; ok && i < p->n; i++)
        rows[fresh++] = (struct store_released){p->v[i].people, {(const char *)&p->v[i].rows, bytes_of(&p->v[i])}};
    ok = ok && (fresh == 0 || store_released_add(g->state->store, str_of(p->ref), p->version_id, rows, fresh, e));
    if (!ok)
        p->n = first;
    arena_fini(&a);
    return ok;
}

bool small_judge(struct govern *g, struct str ref, bool by_key, struct small_group *groups, size_t n, int minimum, struct err *e)
{
    pthread_mutex_lock(&g->small->lock);
    struct port_history *p = find(g, ref, by_key, e);
    if (p)
        small_decide(groups, n, p->v, p->n, minimum);
    bool ok = p && remember(g, p, groups, n, e);
    pthread_mutex_unlock(&g->small->lock);
    return ok;
}
