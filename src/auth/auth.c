/* Sessions and tokens of requests: found by the hash of their secret, remembered for a few seconds. */
#include "auth/auth.h"

#include "auth/auth_int.h"
#include "base/clock.h"
#include "base/log.h"

enum { SECRET_BYTES = 32, SECRET_CHARACTERS = 64, TOKEN_CHARACTERS = 47, ADDRESS_MAX = 64, AGENT_MAX = 200 };
#define SEEN_FOR_US (5 * SECOND_US)

bool auth_open(struct state *s, struct audit *audit, struct auth **out, struct err *e)
{
    if (sodium_init() < 0)
        return err_set(e, E_INTERNAL, "the random generator did not start");
    struct auth *a = mem_alloc(sizeof *a);
    a->store = s->store;
    a->audit = audit;
    pthread_mutex_init(&a->changing, NULL);
    pthread_mutex_init(&a->lock, NULL);
    pthread_mutex_init(&a->hash_lock, NULL);
    pthread_cond_init(&a->hash_room, NULL);
    a->seen = mem_alloc(SEEN_SLOTS * sizeof *a->seen);
    a->addresses = mem_alloc(ADDRESS_SETS * sizeof *a->addresses);
    randombytes_buf(a->address_key, sizeof a->address_key);
    a->oidc = oidc_new();
    int64_t now = clock_now_us();
    if (!store_sessions_prune(a->store, now, SESSION_IDLE_US, e) || !store_failures_prune(a->store, now - DAY_US, e)) {
        auth_close(a);
        return false;
    }
    *out = a;
    return true;
}

static void seen_clear(struct auth_seen *x)
{
    mem_free(x->name);
    mem_free(x->title);
    mem_free(x->roles);
    mem_free(x->groups);
    mem_free(x->purposes);
    mem_free(x->issuer);
    *x = (struct auth_seen){0};
}

void auth_close(struct auth *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < SEEN_SLOTS; i++)
        seen_clear(&a->seen[i]);
    oidc_free(a->oidc);
    mem_free(a->seen);
    mem_free(a->addresses);
    pthread_mutex_destroy(&a->changing);
    pthread_mutex_destroy(&a->lock);
    pthread_mutex_destroy(&a->hash_lock);
    pthread_cond_destroy(&a->hash_room);
    mem_free(a);
}

void auth_forget_seen(struct auth *a)
{
    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < SEEN_SLOTS; i++)
        if (a->seen[i].read_mono_us)
            seen_clear(&a->seen[i]);
    pthread_mutex_unlock(&a->lock);
}

bool auth_refuse(struct err *e)
{
    err_set(e, E_UNAUTHENTICATED, "this request carries no valid session");
    err_hint(e, "sign in at /sign-in; programs send a service token as Authorization: Bearer");
    return false;
}

/* ---- lists as lines ---- */

struct mesh_strs auth_lines_read(struct str text, struct arena *arena)
{
    size_t n = 0;
    struct mesh_strs out = {0};
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    out.v = arena_array(arena, n + 1, sizeof *out.v);
    for (struct str rest = text; rest.p && rest.n;) {
        struct str one = str_cut(rest, '\n', &rest);
        if (one.n)
            out.v[out.n++] = arena_str(arena, one);
    }
    return out;
}

bool auth_lines_hold(struct mesh_strs list, struct str one)
{
    for (size_t i = 0; i < list.n; i++)
        if (str_eq(list.v[i], one))
            return true;
    return false;
}

struct str auth_lines_write(struct mesh_strs list, struct arena *arena)
{
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++)
        n += list.v[i].n + 1;
    char *p = arena_alloc(arena, n + 1);
    size_t at = 0;
    for (size_t i = 0; i < list.n; i++) {
        if (list.v[i].n == 0 || memchr(list.v[i].p, '\n', list.v[i].n))
            continue;
        memcpy(p + at, list.v[i].p, list.v[i].n);
        at += list.v[i].n;
        p[at++] = '\n';
    }
    return (struct str){p, at};
}

struct mesh_strs auth_roles_of(const struct mesh *m, struct str roles, struct str groups, struct arena *arena)
{
    struct mesh_strs own = auth_lines_read(roles, arena), in = auth_lines_read(groups, arena), out = {0};
    size_t n_roles = m ? m->policy.n_roles : 0;
    out.v = arena_array(arena, own.n + n_roles + 1, sizeof *out.v);
    for (size_t i = 0; i < own.n; i++)
        if (!auth_lines_hold(out, own.v[i]))
            out.v[out.n++] = own.v[i];
    for (size_t i = 0; in.n && i < n_roles; i++) {
        const struct mesh_role *r = &m->policy.roles[i];
        bool mapped = false;
        for (size_t k = 0; !mapped && k < r->groups.n; k++)
            mapped = auth_lines_hold(in, r->groups.v[k]);
        if (mapped && !auth_lines_hold(out, r->name))
            out.v[out.n++] = arena_str(arena, r->name);
    }
    return out;
}

void auth_code(char code[CODE_CHARACTERS + 1], struct sha *hash)
{
    unsigned char random[SECRET_BYTES];
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(code, CODE_CHARACTERS + 1, random, sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof random);
    sha_bytes((struct str){code, CODE_CHARACTERS}, hash);
}

/* ---- what was seen a moment ago ---- */

static char *owned(struct str s)
{
    return mem_strdup(s.p ? s : STR(""));
}

static struct auth_seen *slot_of(struct auth *a, const unsigned char *hash)
{
    uint32_t at;
    memcpy(&at, hash, sizeof at);
    return &a->seen[at % SEEN_SLOTS];
}

static void hash_of(struct str secret, unsigned char hash[crypto_hash_sha256_BYTES], struct sha *hex)
{
    crypto_hash_sha256(hash, (const unsigned char *)secret.p, secret.n);
    sodium_bin2hex(hex->hex, sizeof hex->hex, hash, crypto_hash_sha256_BYTES);
}

/* What a change in this session has to carry: tied to the secret, and no way back to it. */
static struct str csrf_of(struct str secret, struct arena *arena)
{
    unsigned char out[16];
    char *hex = arena_alloc(arena, sizeof out * 2 + 1);
    static const unsigned char what[] = "trellis csrf";
    crypto_generichash(out, sizeof out, what, sizeof what - 1, (const unsigned char *)secret.p, secret.n < crypto_generichash_KEYBYTES_MAX ? secret.n : crypto_generichash_KEYBYTES_MAX);
    sodium_bin2hex(hex, sizeof out * 2 + 1, out, sizeof out);
    return str_of(hex);
}

static void session_out(const struct auth_seen *x, const struct mesh *m, struct str secret, struct arena *arena, struct auth_session *out)
{
    struct mesh_strs roles = auth_roles_of(m, str_of(x->roles), str_of(x->groups), arena), purposes = auth_lines_read(str_of(x->purposes), arena);
    *out = (struct auth_session){.title = arena_str(arena, str_of(x->title)), .id = x->token ? 0 : x->id, .expires_at_us = x->expires_at_us, .has_password = x->has_password};
    out->who = (struct govern_principal){.name = arena_str(arena, str_of(x->name)),
                                         .kind = x->token ? GOVERN_TOKEN : GOVERN_USER,
                                         .roles = roles.v,
                                         .n_roles = roles.n};
    if (x->token) {
        out->who.purposes = purposes.v;
        out->who.n_purposes = purposes.n;
    } else {
        out->csrf = csrf_of(secret, arena);
    }
}

static bool still_good(const struct auth_seen *x, int64_t now)
{
    return now < x->expires_at_us && (x->ends_at_us == 0 || now < x->ends_at_us) && (x->token || x->touched_us > now - SESSION_IDLE_US);
}

static bool read_session(struct auth *a, struct str hash, struct arena *arena, int64_t now, struct auth_seen *x, bool *found, struct err *e)
{
    struct store_session s;
    struct store_user u;
    if (!store_session_find(a->store, arena, hash, now, SESSION_IDLE_US, &s, &u, found, e))
        return false;
    if (*found)
        *x = (struct auth_seen){.id = s.id,
                                .expires_at_us = s.expires_at_us,
                                .touched_us = s.seen_at_us,
                                .has_password = u.password.n > 0,
                                .name = owned(u.name),
                                .title = owned(u.title),
                                .roles = owned(u.roles),
                                .groups = owned(u.groups),
                                .purposes = owned(STR("")),
                                .issuer = owned(u.issuer)};
    return true;
}

static bool read_token(struct auth *a, struct str hash, struct arena *arena, int64_t now, struct auth_seen *x, bool *found, struct err *e)
{
    struct store_token t;
    (void)now;
    if (!store_token_find(a->store, arena, hash, &t, found, e))
        return false;
    if (*found)
        *x = (struct auth_seen){.id = t.id,
                                .token = true,
                                .expires_at_us = t.expires_at_us,
                                .ends_at_us = t.ended_at_us,
                                .touched_us = t.used_at_us,
                                .name = owned(arena_printf(arena, "token:%lld", (long long)t.id)),
                                .title = owned(t.title),
                                .roles = owned(t.roles),
                                .groups = owned(STR("")),
                                .purposes = owned(t.purposes),
                                .issuer = owned(STR(""))};
    return true;
}

/* The way by which they came in is still one: the provider that vouched for them, or passwords. */
static bool way_is_open(const struct auth_seen *x, const struct mesh *m)
{
    if (x->token || !m)
        return true;
    return x->issuer[0] ? str_eq(str_of(x->issuer), m->sign_on.issuer) : m->sign_on.issuer.n == 0 || m->sign_on.password;
}

typedef bool (*read_fn)(struct auth *a, struct str hash, struct arena *arena, int64_t now, struct auth_seen *x, bool *found, struct err *e);

/* The time of the newest request is kept to the minute. */
static void touch(struct auth *a, bool token, int64_t id, struct str name, int64_t now)
{
    struct err e = {0};
    bool good = token ? store_token_used(a->store, id, now, &e) : store_session_touch(a->store, id, now, &e) && store_user_seen(a->store, name, now, &e);
    if (!good)
        log_err(LOG_WARN, "auth", "seen_not_kept", &e);
}

static bool find(struct auth *a, const struct mesh *m, struct str secret, read_fn reader, struct arena *arena, struct auth_session *out, struct err *e)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    struct sha hex;
    bool good = true, found = false, stale = false;
    int64_t now = clock_now_us(), mono = clock_mono_us(), id = 0;
    hash_of(secret, hash, &hex);
    pthread_mutex_lock(&a->lock); /* while it is read, too: a session that ends meanwhile must not be remembered afterwards */
    struct auth_seen *x = slot_of(a, hash);
    found = x->read_mono_us && sodium_memcmp(x->hash, hash, sizeof hash) == 0 && mono - x->read_mono_us < SEEN_FOR_US;
    if (!found) {
        seen_clear(x);
        good = reader(a, str_of(hex.hex), arena, now, x, &found, e);
        if (good && found) {
            memcpy(x->hash, hash, sizeof hash);
            x->read_mono_us = mono ? mono : 1;
        }
    }
    found = good && found && still_good(x, now) && way_is_open(x, m);
    if (found) {
        session_out(x, m, secret, arena, out);
        id = x->id;
        stale = now - x->touched_us >= MINUTE_US;
        if (stale)
            x->touched_us = now;
    }
    bool token = found && x->token;
    pthread_mutex_unlock(&a->lock);
    if (stale)
        touch(a, token, id, out->who.name, now);
    return good && (found || auth_refuse(e));
}

bool auth_session_of(struct auth *a, const struct mesh *m, struct str secret, struct arena *arena, struct auth_session *out, struct err *e)
{
    return secret.n == SECRET_CHARACTERS ? find(a, m, secret, read_session, arena, out, e) : auth_refuse(e);
}

bool auth_token_of(struct auth *a, const struct mesh *m, struct str bearer, struct arena *arena, struct auth_session *out, struct err *e)
{
    return bearer.n == TOKEN_CHARACTERS && str_starts(bearer, STR("trt_")) ? find(a, m, bearer, read_token, arena, out, e) : auth_refuse(e);
}

/* ---- begin and end ---- */

static struct str clipped(struct str s, size_t max, struct arena *arena)
{
    char *p = arena_alloc(arena, max + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < max; i++)
        if ((unsigned char)s.p[i] >= 0x20 && (unsigned char)s.p[i] < 0x7f)
            p[n++] = s.p[i];
    return (struct str){p, n};
}

bool auth_session_begin(struct auth *a, const struct mesh *m, const struct store_user *u, const struct auth_from *from, struct arena *arena,
                        char secret[65], struct auth_session *out, struct err *e)
{
    unsigned char random[SECRET_BYTES];
    struct sha hash;
    int64_t now = clock_now_us();
    struct mesh_strs roles = auth_roles_of(m, u->roles, u->groups, arena);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(secret, SECRET_CHARACTERS + 1, random, sizeof random);
    sodium_memzero(random, sizeof random);
    sha_bytes((struct str){secret, SECRET_CHARACTERS}, &hash);
    struct store_session s = {.hash = str_of(hash.hex),
                              .user = u->name,
                              .created_at_us = now,
                              .seen_at_us = now,
                              .expires_at_us = now + SESSION_MAX_US,
                              .address = clipped(from->address, ADDRESS_MAX, arena),
                              .agent = clipped(from->agent, AGENT_MAX, arena)};
    if (!store_session_add(a->store, &s, e) || !store_user_seen(a->store, u->name, now, e) ||
        !store_sessions_prune(a->store, now, SESSION_IDLE_US, e))
        return false;
    *out = (struct auth_session){.title = u->title, .id = s.id, .expires_at_us = s.expires_at_us, .has_password = u->password.n > 0};
    out->who = (struct govern_principal){.name = u->name, .kind = GOVERN_USER, .roles = roles.v, .n_roles = roles.n};
    out->csrf = csrf_of((struct str){secret, SECRET_CHARACTERS}, arena);
    return true;
}

bool auth_sign_out(struct auth *a, struct str name, int64_t session_id, struct err *e)
{
    bool found = false;
    bool good = store_session_end(a->store, name, session_id, &found, e);
    auth_forget_seen(a);
    if (found)
        auth_note_sign_in(a, name, STR("sign-out"), E_OK);
    return good;
}

bool auth_session_end(struct auth *a, struct str name, int64_t id, struct err *e)
{
    bool found;
    if (!store_session_end(a->store, name, id, &found, e))
        return false;
    auth_forget_seen(a);
    if (found)
        auth_note_sign_in(a, name, STR("one of the own sessions ended"), E_OK);
    return found || err_set(e, E_NOT_FOUND, "there is no session %lld", (long long)id);
}

bool auth_sessions_end(struct auth *a, struct str name, struct str by, struct err *e)
{
    struct arena arena;
    arena_init(&arena);
    bool good = auth_note_change(a, by, arena_printf(&arena, "sessions of %.*s end", STR_FMT(name)), e) && store_sessions_end(a->store, name, 0, e);
    arena_fini(&arena);
    auth_forget_seen(a);
    return good;
}

bool auth_sessions(struct auth *a, struct str name, int64_t own_id, struct arena *arena, struct auth_session_row **out, size_t *n, struct err *e)
{
    struct store_session *s;
    if (!store_sessions(a->store, arena, name, clock_now_us(), SESSION_IDLE_US, &s, n, e))
        return false;
    *out = arena_array(arena, *n + 1, sizeof **out);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = (struct auth_session_row){.id = s[i].id,
                                              .created_at_us = s[i].created_at_us,
                                              .seen_at_us = s[i].seen_at_us,
                                              .expires_at_us = s[i].expires_at_us,
                                              .address = s[i].address,
                                              .agent = s[i].agent,
                                              .own = s[i].id == own_id};
    return true;
}
