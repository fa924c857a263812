/* What is made of a declaration when it is first asked for, and kept: the index of the search with the use of each port, the lineage of columns, the
 * states of all ports. An older one is answered from while one caller makes the newer. */
#include "serve/app.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/store_audit.h"

enum { INDEX_KEPT_US = 600 * 1000000, USES_DAYS = 90, STATES_KEPT_US = 30 * 1000000, STATES_KEPT_IN_RUN_US = 1000000 };

struct known_index {
    atomic_int refs;
    int64_t made_us;
    struct find *find;
    int64_t *uses;
};

struct known {
    const struct mesh *m;
    struct known *of; /* NULL: made of a whole declaration; else of what somebody sees of it, and the columns are those of the whole */
    struct columns *columns;
    pthread_mutex_t lock; /* the two pointers */
    pthread_mutex_t making_index, making_states;
    struct known_index *index;
    struct known_states *states;
};

struct known *known_new_seen(const struct mesh *m, struct known *of)
{
    struct known *k = mem_alloc(sizeof *k);
    k->m = m;
    k->of = of;
    k->columns = of ? of->columns : columns_new(m);
    pthread_mutex_init(&k->lock, NULL);
    pthread_mutex_init(&k->making_index, NULL);
    pthread_mutex_init(&k->making_states, NULL);
    return k;
}

struct known *known_new(const struct mesh *m)
{
    return known_new_seen(m, NULL);
}

const struct mesh *known_whole(const struct known *k)
{
    return k->of ? k->of->m : k->m;
}

static void index_put(struct known_index *x)
{
    if (!x || atomic_fetch_sub(&x->refs, 1) != 1)
        return;
    find_close(x->find);
    mem_free(x->uses);
    mem_free(x);
}

void known_states_put(struct known_states *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    arena_fini(&s->arena);
    mem_free(s);
}

void known_free(struct known *k)
{
    if (!k)
        return;
    index_put(k->index);
    known_states_put(k->states);
    if (!k->of)
        columns_free(k->columns);
    pthread_mutex_destroy(&k->lock);
    pthread_mutex_destroy(&k->making_index);
    pthread_mutex_destroy(&k->making_states);
    mem_free(k);
}

struct columns *known_columns(struct known *k)
{
    return k->columns;
}

/* ---- search ---- */
static bool count_uses(struct app *app, const struct mesh *m, int64_t *uses, struct err *e)
{
    struct arena a;
    struct store_use *v;
    size_t n;
    arena_init(&a);
    bool good = store_uses(app->state->audit, &a, clock_now_us() - (int64_t)USES_DAYS * 86400 * 1000000, &v, &n, e);
    for (size_t i = 0; good && i < n; i++) {
        const struct mesh_port *p = mesh_find_port(m, v[i].ref);
        if (p)
            uses[p->index] += v[i].questions;
    }
    arena_fini(&a);
    return good;
}

static struct known_index *make_index(struct app *app, const struct mesh *m, struct err *e)
{
    struct known_index *x = mem_alloc(sizeof *x);
    int64_t begun = clock_mono_us();
    x->uses = mem_alloc((m->n_ports + 1) * sizeof *x->uses);
    atomic_init(&x->refs, 1);
    if (!count_uses(app, m, x->uses, e) || !find_open(m, x->uses, &x->find, e)) {
        index_put(x);
        return NULL;
    }
    x->made_us = clock_mono_us();
    log_event(LOG_DEBUG, "serve", "search_indexed", "entries=%zu elapsed_ms=%lld", find_size(x->find).entries, (long long)(x->made_us - begun) / 1000);
    return x;
}

static struct known_index *index_take(struct known *k, bool *fresh)
{
    pthread_mutex_lock(&k->lock);
    struct known_index *x = k->index;
    if (x)
        atomic_fetch_add(&x->refs, 1);
    pthread_mutex_unlock(&k->lock);
    *fresh = x && clock_mono_us() - x->made_us < INDEX_KEPT_US;
    return x;
}

static struct known_index *index_get(struct app *app, struct known *k, struct err *e)
{
    bool fresh;
    struct known_index *x = index_take(k, &fresh), *made;
    if (fresh)
        return x;
    if (!x)
        pthread_mutex_lock(&k->making_index);
    else if (pthread_mutex_trylock(&k->making_index) != 0)
        return x;
    index_put(x);
    x = index_take(k, &fresh); /* somebody may have been at it */
    if (!fresh && (made = make_index(app, k->m, e)) != NULL) {
        atomic_fetch_add(&made->refs, 1);
        pthread_mutex_lock(&k->lock);
        struct known_index *old = k->index;
        k->index = made;
        pthread_mutex_unlock(&k->lock);
        index_put(old);
        index_put(x);
        x = made;
    }
    pthread_mutex_unlock(&k->making_index);
    return x;
}

bool known_find(struct app *app, struct known *k, const struct find_ask *ask, struct arena *a, struct find_result *out, struct err *e)
{
    struct known_index *x = index_get(app, k, e);
    if (!x)
        return false;
    bool good = find_query(x->find, ask, a, out, e);
    index_put(x);
    return good;
}

bool known_uses(struct app *app, struct known *k, struct arena *a, int64_t **out, struct err *e)
{
    struct known_index *x = index_get(app, k, e);
    if (!x)
        return false;
    *out = arena_array(a, k->m->n_ports + 1, sizeof **out);
    memcpy(*out, x->uses, k->m->n_ports * sizeof **out);
    index_put(x);
    return true;
}

/* ---- states ---- */
static bool is_source(const struct mesh *m, struct str ref)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        struct str name, domain = str_cut(ref, '.', &name);
        if (name.p && str_eq(m->sources[i]->domain->name, domain) && str_eq(m->sources[i]->name, name))
            return true;
    }
    return false;
}

/* May the reason of a port be told as it is? It speaks of the port itself, or of what is to blame for it. */
static bool is_told(const struct mesh *m, const struct mesh_port *p, const struct build_port_status *s)
{
    static const struct str source = {"source:", 7};
    struct str ref = s->stale_cause_ref;
    const struct mesh_port *cause = mesh_find_port(m, ref);
    if (ref.n == 0)
        return !p->veiled;
    if (str_starts(ref, source))
        return is_source(m, (struct str){ref.p + source.n, ref.n - source.n});
    return cause && !cause->veiled;
}

static struct build_port_status seen_status(const struct mesh *m, const struct mesh_port *p, struct build_port_status s, struct arena *a)
{
    static const char *const instead[] = {
        [PORT_FRESH] = "",
        [PORT_STALE] = "serves older figures, because something that it reads is not up to date",
        [PORT_FAILING] = "the last build failed or was refused; the version before is served",
        [PORT_NEVER_BUILT] = "it has not been built yet",
    };
    if (is_told(m, p, &s)) {
        s.reason = arena_str(a, s.reason);
        s.stale_cause_ref = arena_str(a, s.stale_cause_ref);
        s.stale_cause = arena_str(a, s.stale_cause);
    } else {
        s.reason = str_of(instead[s.state]);
        s.stale_cause_ref = s.stale_cause = (struct str){"", 0};
    }
    s.data_from = arena_str(a, s.data_from);
    s.data_to = arena_str(a, s.data_to);
    return s;
}

static struct known_states *states_new(struct app *app)
{
    struct known_states *s = mem_alloc(sizeof *s);
    atomic_init(&s->refs, 1);
    arena_init(&s->arena);
    s->generation = atomic_load(&app->generation);
    s->in_run = atomic_load(&app->run_id) != 0;
    return s;
}

/* Of what somebody sees: the states of the whole, without what they may not know. */
static struct known_states *states_seen(struct app *app, struct known *k, struct err *e)
{
    struct known_states *all = known_states_get(app, k->of, e), *s;
    if (!all)
        return NULL;
    s = states_new(app);
    s->generation = all->generation;
    s->in_run = all->in_run;
    s->made_us = all->made_us;
    s->ports = arena_array(&s->arena, k->m->n_ports + 1, sizeof *s->ports);
    for (size_t i = 0; i < k->m->n_ports; i++)
        s->ports[i] = seen_status(k->m, k->m->ports[i], all->ports[mesh_find_port(k->of->m, k->m->ports[i]->ref_major)->index], &s->arena);
    known_states_put(all);
    return s;
}

static struct known_states *make_states(struct app *app, struct known *k, struct err *e)
{
    if (k->of)
        return states_seen(app, k, e);
    struct known_states *s = states_new(app);
    if (!catalog_status(app->build, app->state, k->m, &s->arena, &s->ports, e)) {
        known_states_put(s);
        return NULL;
    }
    s->made_us = clock_mono_us();
    return s;
}

static struct known_states *states_take(struct app *app, struct known *k, bool *fresh, bool *usable)
{
    bool run = atomic_load(&app->run_id) != 0;
    pthread_mutex_lock(&k->lock);
    struct known_states *s = k->states;
    if (s)
        atomic_fetch_add(&s->refs, 1);
    pthread_mutex_unlock(&k->lock);
    *usable = s && s->generation == atomic_load(&app->generation) && s->in_run == run;
    *fresh = *usable && clock_mono_us() - s->made_us < (run ? STATES_KEPT_IN_RUN_US : STATES_KEPT_US);
    return s;
}

struct known_states *known_states_get(struct app *app, struct known *k, struct err *e)
{
    bool fresh, usable;
    struct known_states *s = states_take(app, k, &fresh, &usable), *made;
    if (fresh)
        return s;
    if (!usable)
        pthread_mutex_lock(&k->making_states);
    else if (pthread_mutex_trylock(&k->making_states) != 0)
        return s;
    known_states_put(s);
    s = states_take(app, k, &fresh, &usable);
    if (!fresh) {
        known_states_put(s);
        s = made = make_states(app, k, e);
        if (made) {
            atomic_fetch_add(&made->refs, 1);
            pthread_mutex_lock(&k->lock);
            struct known_states *old = k->states;
            k->states = made;
            pthread_mutex_unlock(&k->lock);
            known_states_put(old);
        }
    }
    pthread_mutex_unlock(&k->making_states);
    return s;
}
