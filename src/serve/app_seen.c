/* The declaration as each principal sees it, made when somebody with these roles first asks, and kept for those who ask next. */
#include "serve/app.h"

#include "govern/policy.h"
#include "mesh/seen.h"

enum { SIGHTS_KEPT = 32, KEY_MAX = 1 << 16 };

struct app_seen {
    char *key; /* roles and purposes */
    struct mesh *mesh;
    struct known *known;
    uint64_t used; /* by the count of questions */
    int refs;      /* of calls, and one of the list; guarded by its lock */
};

struct sights {
    pthread_mutex_t lock;
    struct app_seen *kept[SIGHTS_KEPT];
    uint64_t asked;
};

struct sights *sights_new(void)
{
    struct sights *s = mem_alloc(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void seen_free(struct app_seen *x)
{
    known_free(x->known);
    mesh_free(x->mesh);
    mem_free(x->key);
    mem_free(x);
}

void sights_free(struct sights *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SIGHTS_KEPT; i++)
        if (s->kept[i])
            seen_free(s->kept[i]);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

bool app_sees_whole(const struct mesh *m, const struct govern_principal *who)
{
    for (size_t i = 0; i < who->n_roles; i++) {
        const struct mesh_role *r = policy_role(m, who->roles[i]);
        if (r && r->admin)
            return true;
    }
    return false;
}

/* ---- what is seen ---- */
struct asking {
    const struct mesh *m;
    const struct govern_principal *who;
};

static bool sees_port(void *ctx, const struct mesh_port *p)
{
    const struct asking *k = ctx;
    return policy_tier_any(k->m, k->who, p) != TIER_NONE;
}

/* Figures of the whole would tell of rows that the gate leaves out: of a grant's, of groups that are too small, or of all real ones. Whom consent leaves out
 * for a purpose is no secret of this kind. */
static bool sees_part(void *ctx, const struct mesh_port *p)
{
    const struct asking *k = ctx;
    struct arena a;
    bool part = true; /* until one purpose gives all of it */
    arena_init(&a);
    for (size_t i = 0; part && i < k->m->n_purposes; i++) {
        struct policy_access x = policy_access(k->m, k->who, k->m->purposes[i], p, &a);
        part = !(x.tier >= TIER_MASKED || (x.tier == TIER_AGGREGATED && !p->person_column.n)) || x.rows.n;
    }
    arena_fini(&a);
    return part;
}

static bool sees_stream(void *ctx, const struct mesh_stream *s)
{
    const struct asking *k = ctx;
    return policy_sees_stream(k->m, k->who, s);
}

/* Who builds in a domain works in it before anything stands there. */
static bool sees_domain(void *ctx, const struct mesh_domain *d)
{
    const struct asking *k = ctx;
    return policy_may(k->m, k->who, RIGHT_BUILD, d);
}

static struct app_seen *make(const struct mesh *m, struct known *of, const struct govern_principal *who, struct str key)
{
    struct app_seen *x = mem_alloc(sizeof *x);
    struct asking k = {m, who};
    x->mesh = mesh_seen(m, &(struct mesh_sight){sees_port, sees_part, sees_stream, sees_domain, &k, key});
    x->known = known_new_seen(x->mesh, of);
    x->key = mem_strdup(key);
    return x;
}

static void put_list(struct buf *b, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%zu:%.*s,", v[i].n, STR_FMT(v[i]));
    buf_addc(b, ';');
}

/* ---- the list ---- */
static struct app_seen *find_locked(struct sights *s, struct str key)
{
    for (size_t i = 0; i < SIGHTS_KEPT; i++)
        if (s->kept[i] && str_eq(str_of(s->kept[i]->key), key)) {
            s->kept[i]->used = ++s->asked;
            s->kept[i]->refs++;
            return s->kept[i];
        }
    return NULL;
}

/* Puts `x` into the place of the one that was asked for longest ago, which is returned where nobody uses it. */
static struct app_seen *keep_locked(struct sights *s, struct app_seen *x)
{
    size_t at = 0;
    for (size_t i = 0; i < SIGHTS_KEPT; i++) {
        if (!s->kept[i]) {
            at = i;
            break;
        }
        if (s->kept[i]->used < s->kept[at]->used)
            at = i;
    }
    struct app_seen *old = s->kept[at];
    s->kept[at] = x;
    x->refs = 2;
    x->used = ++s->asked;
    return old && --old->refs == 0 ? old : NULL;
}

struct app_seen *sights_get(struct sights *s, const struct mesh *m, struct known *of, const struct govern_principal *who)
{
    if (app_sees_whole(m, who))
        return NULL;
    struct buf key = BUF_INIT((size_t)KEY_MAX);
    put_list(&key, who->roles, who->n_roles);
    put_list(&key, who->purposes, who->n_purposes);
    buf_addc(&key, who->purposes ? 'p' : '-');
    pthread_mutex_lock(&s->lock);
    struct app_seen *x = key.failed ? NULL : find_locked(s, buf_str(&key));
    pthread_mutex_unlock(&s->lock);
    if (!x) {
        struct app_seen *made = make(m, of, who, buf_str(&key)), *gone = NULL;
        pthread_mutex_lock(&s->lock);
        x = key.failed ? NULL : find_locked(s, buf_str(&key)); /* somebody may have been at it */
        if (x) {
            gone = made;
        } else {
            x = made;
            gone = keep_locked(s, made);
        }
        pthread_mutex_unlock(&s->lock);
        if (gone)
            seen_free(gone);
    }
    buf_fini(&key);
    return x;
}

void sights_put(struct sights *s, struct app_seen *x)
{
    if (!x)
        return;
    pthread_mutex_lock(&s->lock);
    bool last = --x->refs == 0;
    pthread_mutex_unlock(&s->lock);
    if (last)
        seen_free(x);
}

const struct mesh *app_seen_mesh(const struct app_seen *x)
{
    return x->mesh;
}

struct known *app_seen_known(const struct app_seen *x)
{
    return x->known;
}
