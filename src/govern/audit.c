/* The writer of the audit log: a bounded queue, and one thread that writes groups of entries in one transaction each. Whoever
 * waits for an entry is woken when its group is on disk. */
#include "govern/audit.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/secret.h"
#include "govern/audit_int.h"

#define BEGUN "audit_begun" /* of the settings: a checkpoint was signed once */
enum { QUEUE_MAX = 16384, SHAPE_MAX = 16384, TEXT_MAX = 4096, TEXTS = 8 };
enum { NOTE_DELAY_US = 250000, SIGN_AFTER_US = 60000000, RETRY_US = 1000000, FULL_WAIT_US = 2000000 };

struct audit_wait {
    bool done, ok;
    struct err err;
};
struct audit_item {
    struct audit_item *next;
    struct audit_entry x;
    struct audit_wait *wait; /* on the stack of whoever waits; NULL: nobody */
    int64_t came_us;         /* monotonic */
    bool sign;
    char text[];
};

static const char *const kinds[] = {
#define X(id, text) text,
    AUDIT_KINDS(X)
#undef X
};

const char *audit_kind_text(enum audit_kind k)
{
    return (unsigned)k < AUDIT_KIND_COUNT ? kinds[k] : "system";
}

int audit_kind_find(struct str text)
{
    for (int i = 0; i < AUDIT_KIND_COUNT; i++)
        if (str_eq(text, str_of(kinds[i])))
            return i;
    return -1;
}

/* ---- the queue ---- */

static size_t cut(struct str s, size_t max)
{
    size_t n = s.p ? s.n : 0;
    if (n <= max)
        return n;
    for (n = max; n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80;) /* not in the middle of a character */
        n--;
    return n;
}

/* What is written has to come out of an export as it is: no bytes that are no text. */
static struct str copy_text(char **to, struct str s, size_t max)
{
    struct str out = {*to, cut(s, max)};
    if (out.n)
        memcpy(*to, s.p, out.n);
    bool valid = str_utf8_valid(out);
    for (size_t i = 0; i < out.n; i++)
        if ((!valid && (unsigned char)(*to)[i] >= 0x80) || (*to)[i] == '\0')
            (*to)[i] = '?';
    *to += out.n;
    return out;
}

static struct audit_item *item_new(const struct audit_entry *x)
{
    const struct str *from[TEXTS] = {&x->principal, &x->roles,   &x->purpose, &x->what,
                                     &x->sql_shape, &x->verdict, &x->detail,  &x->person};
    size_t bytes = 0, max[TEXTS];
    for (int i = 0; i < TEXTS; i++) {
        max[i] = from[i] == &x->sql_shape ? SHAPE_MAX : TEXT_MAX;
        bytes += cut(*from[i], max[i]);
    }
    struct audit_item *it = mem_alloc(sizeof *it + bytes + 1);
    char *to = it->text;
    it->x = *x;
    it->x.at_us = x->at_us ? x->at_us : clock_now_us();
    it->came_us = clock_mono_us();
    struct str *into[TEXTS] = {&it->x.principal, &it->x.roles,   &it->x.purpose, &it->x.what,
                               &it->x.sql_shape, &it->x.verdict, &it->x.detail,  &it->x.person};
    for (int i = 0; i < TEXTS; i++)
        *into[i] = copy_text(&to, *from[i], max[i]);
    return it;
}

static void wait_us(pthread_cond_t *c, pthread_mutex_t *m, int64_t us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + us % 1000000 * 1000;
    t.tv_sec += us / 1000000 + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(c, m, &t);
}

/* `lock` held. False: the disk has taken nothing for so long that there is no room. */
static bool room_wait(struct audit *a)
{
    int64_t until = clock_mono_us() + FULL_WAIT_US, left;
    while (a->queued >= QUEUE_MAX && (left = until - clock_mono_us()) > 0)
        wait_us(&a->done, &a->lock, left);
    return a->queued < QUEUE_MAX;
}

/* `lock` held. */
static void push(struct audit *a, struct audit_item *it)
{
    *a->last = it;
    a->last = &it->next;
    a->queued++;
    a->noted++;
    a->urgent += it->wait != NULL;
    /* The writer sleeps until the first one's time has come; more of them need not wake it. */
    if (a->queued == 1 || a->queued == AUDIT_GROUP_MAX || it->wait)
        pthread_cond_signal(&a->work);
}

bool audit_takes(struct audit *a, struct err *e)
{
    pthread_mutex_lock(&a->lock);
    bool stuck = a->failed_us && a->queued >= QUEUE_MAX / 2; /* the other half is for what is under way */
    pthread_mutex_unlock(&a->lock);
    if (!stuck)
        return true;
    err_set(e, E_STORE, "the audit log cannot be written, and nobody is shown anything that does not stand in it");
    err_hint(e, "is the disk full? the server's log says more; questions are answered again as soon as it can be written");
    return false;
}

void audit_note(struct audit *a, const struct audit_entry *x)
{
    struct audit_item *it = item_new(x);
    pthread_mutex_lock(&a->lock);
    bool room = a->queued < QUEUE_MAX || room_wait(a);
    if (room)
        push(a, it);
    else
        a->lost++;
    pthread_mutex_unlock(&a->lock);
    if (!room)
        mem_free(it);
}

static bool write_wait(struct audit *a, const struct audit_entry *x, bool sign, struct err *e)
{
    struct audit_wait w = {0};
    struct audit_item *it = item_new(x);
    it->wait = &w;
    it->sign = sign;
    pthread_mutex_lock(&a->lock);
    bool room = a->queued < QUEUE_MAX || room_wait(a);
    if (room)
        push(a, it);
    while (room && !w.done)
        pthread_cond_wait(&a->done, &a->lock);
    pthread_mutex_unlock(&a->lock);
    if (!room) {
        mem_free(it);
        return err_set(e, E_STORE, "the audit log cannot be written, so that nothing is done that has to stand in it");
    }
    if (!w.ok) {
        if (e)
            *e = w.err;
        err_prefix(e, "the audit log cannot be written");
    }
    return w.ok;
}

bool audit_write(struct audit *a, const struct audit_entry *x, struct err *e)
{
    return write_wait(a, x, false, e);
}

bool audit_write_signed(struct audit *a, const struct audit_entry *x, struct err *e)
{
    return write_wait(a, x, true, e);
}

bool audit_flush(struct audit *a, struct err *e)
{
    pthread_mutex_lock(&a->lock);
    uint64_t all = a->noted;
    int64_t asked = clock_mono_us();
    while (a->written < all && a->failed_us < asked) {
        a->flush = true;
        pthread_cond_signal(&a->work);
        pthread_cond_wait(&a->done, &a->lock);
    }
    bool ok = a->written >= all;
    pthread_mutex_unlock(&a->lock);
    return ok || err_set(e, E_STORE, "the audit log cannot be written");
}

/* ---- groups ---- */

static void note_checkpoint(struct audit *a)
{
    struct buf b = BUF_INIT((size_t)4096);
    struct err e = {0};
    chain_seal_put(&b, &a->keys, &a->signed_at);
    if (!buf_ok(&b, &e) || !fs_write_atomic(a->head_path, buf_str(&b), 0600, &e))
        log_err(LOG_WARN, "audit", "head_not_written", &e);
    else if (!a->begun && !(a->begun = store_setting_set(a->state->store, STR(BEGUN), STR("true"), &e)))
        log_err(LOG_WARN, "audit", "begin_not_written", &e);
    buf_fini(&b);
}

bool audit_begun(struct audit *a, bool *begun, struct err *e)
{
    struct arena arena;
    struct str text = STR("");
    arena_init(&arena);
    bool ok = store_setting_get(a->state->store, &arena, STR(BEGUN), &text, e);
    *begun = text.n > 0;
    arena_fini(&arena);
    return ok;
}

/* A log that was signed once and is not there any more was taken away, with its head. */
static bool begun_check(struct audit *a, struct str *problem, struct err *e)
{
    if (!audit_begun(a, &a->begun, e))
        return false;
    if (a->begun && a->head.id == 0 && !problem->n)
        *problem = STR("the whole log is gone, and audit.head with it");
    return true;
}

/* person_lock held. */
static bool row_of(struct audit *a, struct arena *arena, const struct audit_entry *x, struct store_audit *out, struct err *e)
{
    struct audit_pseudonym p;
    if (!audit_pseudonym(a, x->person, true, &p, e))
        return false;
    *out = (struct store_audit){.id = ++a->head.id,
                                .at_us = x->at_us,
                                .kind = str_of(audit_kind_text(x->kind)),
                                .principal = x->principal,
                                .roles = x->roles,
                                .purpose = x->purpose,
                                .what = x->what,
                                .sql_shape = x->sql_shape,
                                .verdict = x->verdict,
                                .detail = x->detail,
                                .person = p.z[0] ? arena_str(arena, str_of(p.z)) : STR(""),
                                .rows = x->rows,
                                .bytes = x->bytes,
                                .elapsed_us = x->elapsed_us,
                                .quiet = x->quiet,
                                .signed_id = a->signed_at.id};
    if (x->detail.n) {
        unsigned char *salt = arena_alloc(arena, AUDIT_SALT_BYTES), *h = arena_alloc(arena, AUDIT_HASH_BYTES);
        randombytes_buf(salt, AUDIT_SALT_BYTES);
        chain_detail(x->detail, salt, h);
        out->salt = (struct str){(const char *)salt, AUDIT_SALT_BYTES};
        out->detail_hash = (struct str){(const char *)h, AUDIT_HASH_BYTES};
    }
    unsigned char *h = arena_alloc(arena, AUDIT_HASH_BYTES);
    chain_hash(a->head.hash, out, h);
    memcpy(a->head.hash, h, AUDIT_HASH_BYTES);
    a->head.at_us = x->at_us;
    out->hash = (struct str){(const char *)h, AUDIT_HASH_BYTES};
    return true;
}

static bool sign_due(const struct audit *a)
{
    return a->head.id - a->signed_at.id >= AUDIT_CHECKPOINT_ENTRIES ||
           (a->unsigned_since_us && clock_mono_us() - a->unsigned_since_us >= SIGN_AFTER_US);
}

/* All of them, and what was lost before, or none. `sign`: with a checkpoint. */
static bool write_rows(struct audit *a, const struct audit_item *first, size_t n, int64_t lost, bool sign, struct err *e)
{
    struct arena arena;
    struct chain_head before = a->head;
    struct store_checkpoint c = {0};
    unsigned char signature[crypto_sign_BYTES];
    arena_init(&arena);
    struct store_audit *v = arena_array(&arena, n + 1, sizeof *v);
    size_t rows = 0;
    bool ok = true;
    pthread_mutex_lock(&a->person_lock);
    if (lost) {
        const struct audit_entry x = {.at_us = clock_now_us(),
                                      .kind = AUDIT_SYSTEM,
                                      .principal = GOVERN_ITSELF.name,
                                      .what = STR("audit lost"),
                                      .verdict = STR("E_STORE"),
                                      .rows = lost,
                                      .detail = STR("entries could not be written for want of a disk that takes them")};
        ok = row_of(a, &arena, &x, &v[rows++], e);
    }
    for (const struct audit_item *it = first; ok && it; it = it->next)
        ok = row_of(a, &arena, &it->x, &v[rows++], e);
    sign = (sign || sign_due(a)) && a->head.id > a->signed_at.id;
    if (ok && sign) {
        struct chain_head h = a->head;
        h.at_us = clock_now_us();
        chain_sign(&a->keys, &h, signature);
        c = (struct store_checkpoint){.id = h.id,
                                      .at_us = h.at_us,
                                      .hash = {(const char *)h.hash, sizeof h.hash},
                                      .signature = {(const char *)signature, sizeof signature}};
        ok = store_audit_append(a->state->audit, v, rows, &c, e);
        if (ok)
            a->signed_at = h;
    } else if (ok && rows) {
        ok = store_audit_append(a->state->audit, v, rows, NULL, e);
    }
    pthread_mutex_unlock(&a->person_lock);
    arena_fini(&arena);
    if (!ok)
        a->head = before;
    else if (sign)
        note_checkpoint(a);
    if (ok)
        a->unsigned_since_us = a->head.id == a->signed_at.id ? 0 : a->unsigned_since_us ? a->unsigned_since_us : clock_mono_us();
    return ok;
}

/* `lock` held. The first ones, as a list of their own. */
static struct audit_item *take(struct audit *a, size_t *n, bool *sign)
{
    struct audit_item *first = a->first, **at = &a->first;
    for (*n = 0, *sign = false; *at && *n < AUDIT_GROUP_MAX; at = &(*at)->next, ++*n) {
        *sign = *sign || (*at)->sign;
        a->urgent -= (*at)->wait != NULL;
    }
    struct audit_item *rest = *at;
    *at = NULL;
    a->first = rest;
    if (!rest)
        a->last = &a->first;
    a->queued -= *n;
    return *n ? first : NULL;
}

/* `lock` held. Whoever waits is told; notes of a group that failed go back to the front, and are lost only where the process
 * ends. */
static void settle(struct audit *a, struct audit_item *list, bool ok, const struct err *e)
{
    struct audit_item *back = NULL, **end = &back;
    for (struct audit_item *it = list, *next; it; it = next) {
        next = it->next;
        if (it->wait)
            *it->wait = (struct audit_wait){.done = true, .ok = ok, .err = *e};
        if (!ok && !it->wait && !a->closing) {
            *end = it;
            end = &it->next;
            a->queued++;
            continue;
        }
        a->lost += !ok && !it->wait;
        a->written++;
        mem_free(it);
    }
    if (back) {
        *end = a->first;
        if (!a->first)
            a->last = end;
        a->first = back;
    }
    a->failed_us = ok ? 0 : clock_mono_us();
    pthread_cond_broadcast(&a->done);
}

/* `lock` held. How long until there is something to do; 0: now; -1: until somebody comes. */
static int64_t idle_us(const struct audit *a)
{
    int64_t now = clock_mono_us(), wait = -1;
    if (a->closing || a->urgent || (a->flush && a->queued))
        return 0;
    if (a->failed_us)
        return a->failed_us + RETRY_US > now ? a->failed_us + RETRY_US - now : 0;
    if (a->queued >= AUDIT_GROUP_MAX)
        return 0;
    if (a->first)
        wait = a->first->came_us + NOTE_DELAY_US - now;
    if (a->unsigned_since_us) {
        int64_t sign = a->unsigned_since_us + SIGN_AFTER_US - now;
        wait = a->first && wait < sign ? wait : sign;
    }
    return wait < 0 && (a->first || a->unsigned_since_us) ? 0 : wait;
}

static void *writer(void *arg)
{
    struct audit *a = arg;
    bool more = true;
    pthread_mutex_lock(&a->lock);
    while (more) {
        for (int64_t us; (us = idle_us(a)) != 0;) {
            if (us < 0)
                pthread_cond_wait(&a->work, &a->lock);
            else
                wait_us(&a->work, &a->lock, us);
        }
        size_t n;
        bool sign;
        struct err e = {0};
        int64_t lost = a->lost;
        struct audit_item *list = take(a, &n, &sign);
        bool last = a->closing && !a->first;
        a->flush = a->flush && a->first;
        pthread_mutex_unlock(&a->lock);
        bool failed_before = a->failed_us != 0, ok = write_rows(a, list, n, lost, sign || last, &e);
        if (!ok && !failed_before)
            log_err(LOG_ERROR, "audit", "not_written", &e);
        pthread_mutex_lock(&a->lock);
        if (ok)
            a->lost -= lost;
        settle(a, list, ok, &e);
        more = !(a->closing && !a->first);
    }
    if (a->lost)
        log_event(LOG_ERROR, "audit", "lost", "entries=%lld", (long long)a->lost);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* ---- opening ---- */

static bool keys_open(struct audit *a, struct err *e)
{
    unsigned char seed[SECRET_BYTES], sign[crypto_sign_SEEDBYTES];
    if (sodium_init() < 0)
        return err_set(e, E_INTERNAL, "the library of ciphers does not start");
    if (!secret_key(a->state->data_dir, "audit.key", seed, e))
        return false;
    crypto_kdf_derive_from_key(sign, sizeof sign, 1, "audit_01", seed);
    crypto_sign_seed_keypair(a->keys.public_key, a->keys.secret_key, sign);
    crypto_kdf_derive_from_key(a->keys.lookup, sizeof a->keys.lookup, 2, "audit_01", seed);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(sign, sizeof sign);
    return true;
}

static bool tail_row(void *ctx, const struct store_audit *x, const struct store_checkpoint *c)
{
    (void)c;
    return chain_check_entry(ctx, x);
}

/* From the last checkpoint to the end, and what audit.head says: what is wrong goes to *problem. */
static bool tail_check(struct audit *a, struct arena *arena, struct str *problem, int64_t *unsigned_entries, struct err *e)
{
    struct audit_verdict v;
    struct chain_check k;
    struct store_checkpoint c;
    struct store_audit newest;
    struct store *s = a->state->audit;
    chain_check_init(&k, arena, &v);
    memcpy(k.public_key, a->keys.public_key, sizeof k.public_key);
    k.export_part = true;
    if (!chain_seal_read(a->head_path, &k.seal, e) || !store_checkpoint_newest(s, arena, INT64_MAX, INT64_MAX, &c, e) ||
        !store_audit_newest(s, arena, &newest, e))
        return false;
    struct chain_seal seal = k.seal;
    bool head_good =
        seal.there && chain_signed(k.public_key, &seal.head, (struct str){(const char *)seal.signature, sizeof seal.signature});
    if (c.id)
        chain_check_base(&k, &c);
    if (c.id && !seal.there)
        chain_bad(&k, c.id, "audit.head is gone");
    if (head_good && seal.head.id < c.id)
        k.seal.there = false; /* a process died between writing the two */
    if (!store_audit_each(s, c.id, tail_row, &k, e))
        return false;
    chain_check_end(&k);
    *problem = v.problem;
    a->signed_at = k.signed_at;
    *unsigned_entries = v.entries;
    a->head = (struct chain_head){.id = newest.id > c.id ? newest.id : c.id, .at_us = newest.at_us};
    if (newest.hash.n == AUDIT_HASH_BYTES && newest.id >= c.id)
        memcpy(a->head.hash, newest.hash.p, AUDIT_HASH_BYTES);
    else if (c.hash.n == AUDIT_HASH_BYTES)
        memcpy(a->head.hash, c.hash.p, AUDIT_HASH_BYTES);
    if (head_good && seal.head.id > a->head.id)
        a->head.id = seal.head.id; /* numbers are not used twice: the gap stays to be seen */
    return true;
}

/* The questions and reveals of older versions become the first entries. Where a process died over it, those that are there are
 * passed over. */
static bool take_over(struct audit *a, struct arena *arena, int64_t there, struct err *e)
{
    struct store_audit *v;
    size_t n;
    if (!store_audit_older(a->state->store, arena, &v, &n, e))
        return false;
    for (size_t i = (size_t)there; i < n; i++) {
        const struct audit_entry x = {.at_us = v[i].at_us,
                                      .kind = (enum audit_kind)audit_kind_find(v[i].kind),
                                      .principal = v[i].principal,
                                      .purpose = v[i].purpose,
                                      .what = v[i].what,
                                      .sql_shape = v[i].sql_shape,
                                      .verdict = v[i].verdict,
                                      .detail = v[i].detail,
                                      .person = v[i].person,
                                      .rows = v[i].rows,
                                      .elapsed_us = v[i].elapsed_us,
                                      .quiet = v[i].quiet};
        audit_note(a, &x);
    }
    return audit_flush(a, e) && store_audit_older_done(a->state->store, e);
}

static bool tell(struct audit *a, struct arena *arena, struct str problem, int64_t unsigned_entries, struct err *e)
{
    struct audit_entry x = {.kind = AUDIT_SYSTEM, .principal = GOVERN_ITSELF.name};
    if (problem.n) {
        log_event(LOG_ERROR, "audit", "broken", "problem=%.*s", STR_FMT(problem));
        x.what = AUDIT_ITSELF;
        x.verdict = STR("E_STORE");
        x.detail = problem;
    } else if (unsigned_entries) {
        x.what = STR("audit opened");
        x.verdict = STR("ok");
        x.rows = unsigned_entries;
        x.detail =
            arena_printf(arena, "%lld entries of a process that ended abruptly were not signed", (long long)unsigned_entries);
    } else {
        return true;
    }
    return audit_write_signed(a, &x, e);
}

bool audit_open(struct state *s, struct audit **out, struct err *e)
{
    struct audit *a = mem_alloc(sizeof *a);
    struct arena arena;
    pthread_condattr_t attr;
    struct str problem = STR("");
    int64_t unsigned_entries = 0;
    *out = NULL;
    arena_init(&arena);
    a->state = s;
    a->last = &a->first;
    a->path = mem_strdup(fs_join(&arena, str_of(s->data_dir), STR("audit.sqlite")));
    a->head_path = mem_strdup(fs_join(&arena, str_of(s->data_dir), STR("audit.head")));
    pthread_mutex_init(&a->person_lock, NULL);
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->work, &attr);
    pthread_cond_init(&a->done, &attr);
    pthread_condattr_destroy(&attr);
    bool ok = keys_open(a, e) && tail_check(a, &arena, &problem, &unsigned_entries, e) && begun_check(a, &problem, e);
    if (ok && pthread_create(&a->thread, NULL, writer, a) != 0)
        ok = err_set(e, E_MEMORY, "no thread can be made for the audit log");
    else if (ok)
        a->started = true;
    ok = ok && take_over(a, &arena, a->head.id, e) && tell(a, &arena, problem, unsigned_entries, e);
    arena_fini(&arena);
    if (!ok) {
        err_prefix(e, "opening the audit log");
        audit_close(a);
        return false;
    }
    *out = a;
    return true;
}

void audit_close(struct audit *a)
{
    if (!a)
        return;
    if (a->started) {
        pthread_mutex_lock(&a->lock);
        a->closing = true;
        pthread_cond_signal(&a->work);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    sodium_memzero(&a->keys, sizeof a->keys);
    pthread_cond_destroy(&a->done);
    pthread_cond_destroy(&a->work);
    pthread_mutex_destroy(&a->lock);
    pthread_mutex_destroy(&a->person_lock);
    mem_free(a->head_path);
    mem_free(a->path);
    mem_free(a);
}
