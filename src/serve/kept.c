/* Answers kept for one generation: see kept.h. */
#include "serve/kept.h"

enum { KEPT_MAX = 2000, KEPT_BYTES = 64 << 20 };

struct kept {
    uint64_t generation;
    struct arena arena;
    size_t n, bytes;
    struct {
        uint64_t hash;
        struct sha_hex sha; /* of the declaration, as it was seen */
        struct str key, text;
    } v[KEPT_MAX];
};

void kept_free(struct kept *k)
{
    if (k)
        arena_fini(&k->arena);
    mem_free(k);
}

bool kept_get(struct app *app, const struct mesh *m, struct str key, struct buf *out)
{
    uint64_t hash = str_hash(key), generation = atomic_load(&app->generation);
    bool found = false;
    pthread_mutex_lock(&app->lock);
    const struct kept *k = app->kept;
    for (size_t i = 0; k && k->generation == generation && i < k->n && !found; i++)
        if (k->v[i].hash == hash && memcmp(k->v[i].sha.z, m->sha.z, sizeof m->sha.z) == 0 && str_eq(k->v[i].key, key)) {
            buf_add(out, k->v[i].text);
            found = true;
        }
    pthread_mutex_unlock(&app->lock);
    return found;
}

void kept_put(struct app *app, const struct mesh *m, uint64_t generation, struct str key, struct str text)
{
    if (atomic_load(&app->run_id) || generation != atomic_load(&app->generation))
        return;
    pthread_mutex_lock(&app->lock);
    if (!app->kept || app->kept->generation != generation) {
        kept_free(app->kept);
        app->kept = mem_alloc(sizeof *app->kept);
        arena_init(&app->kept->arena);
        app->kept->generation = generation;
    }
    struct kept *k = app->kept;
    if (k->n < KEPT_MAX && k->bytes + text.n < KEPT_BYTES) {
        k->v[k->n].hash = str_hash(key);
        k->v[k->n].sha = m->sha;
        k->v[k->n].key = arena_str(&k->arena, key);
        k->v[k->n].text = arena_str(&k->arena, text);
        k->bytes += text.n;
        k->n++;
    }
    pthread_mutex_unlock(&app->lock);
}
