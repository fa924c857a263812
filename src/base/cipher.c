#include "base/cipher.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

struct cipher {
    unsigned char *key; /* in memory that is locked and guarded */
};

static const char kdf_context[crypto_kdf_CONTEXTBYTES] = {'t', 'r', 'e', 'l', 'l', 'i', 's', '1'};

_Static_assert(CIPHER_KEY_BYTES == crypto_kdf_KEYBYTES, "one length of keys");
_Static_assert(CIPHER_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "one length of keys");
_Static_assert(CIPHER_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(CIPHER_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

/* ---- The process while it holds a key ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards open_count, was_dumpable, held */
static size_t open_count;
static int was_dumpable;

/* Leak detection of test builds traces its own process, which this would forbid. */
static void dumps(bool off)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (off) {
        was_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    } else if (was_dumpable == 1) {
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    }
#else
    (void)off;
    (void)was_dumpable;
#endif
}

bool cipher_of_key(const unsigned char key[CIPHER_KEY_BYTES], struct cipher **out, struct err *e)
{
    *out = NULL;
    if (sodium_init() < 0)
        return err_set(e, E_ENCRYPTION, "there is no source of random numbers");
    struct cipher *c = mem_alloc(sizeof *c);
    c->key = sodium_malloc(CIPHER_KEY_BYTES);
    if (!c->key) {
        mem_free(c);
        err_set(e, E_MEMORY, "no locked memory for a key");
        err_hint(e, "raise the limit of locked memory (ulimit -l)");
        return false;
    }
    memcpy(c->key, key, CIPHER_KEY_BYTES);
    sodium_mprotect_readonly(c->key);
    pthread_mutex_lock(&lock);
    if (open_count++ == 0)
        dumps(true);
    pthread_mutex_unlock(&lock);
    *out = c;
    return true;
}

void cipher_close(struct cipher *c)
{
    if (!c)
        return;
    sodium_free(c->key);
    mem_free(c);
    pthread_mutex_lock(&lock);
    if (--open_count == 0)
        dumps(false);
    pthread_mutex_unlock(&lock);
}

/* ---- References ---- */

enum { KEY_TEXT_MAX = 256 };

struct key_text {
    char text[KEY_TEXT_MAX];
    size_t n;
};

static bool key_decode(const struct key_text *t, struct str said, unsigned char key[CIPHER_KEY_BYTES], struct err *e)
{
    struct str s = str_trim((struct str){t->text, t->n});
    size_t n = 0;
    static const int variants[] = {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE,
                                   sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    if (s.n == 2 * CIPHER_KEY_BYTES && sodium_hex2bin(key, CIPHER_KEY_BYTES, s.p, s.n, NULL, &n, NULL) == 0 && n == CIPHER_KEY_BYTES)
        return true;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        if (sodium_base642bin(key, CIPHER_KEY_BYTES, s.p, s.n, NULL, &n, NULL, variants[i]) == 0 && n == CIPHER_KEY_BYTES)
            return true;
    err_set(e, E_ENCRYPTION, "%.*s holds no key: it has to be 32 bytes, as 64 hexadecimal digits or base64", STR_FMT(said));
    err_hint(e, "make one with: openssl rand -hex 32");
    return false;
}

static bool from_env(struct str name, struct str said, struct arena *a, struct key_text *t, struct err *e)
{
    const char *v = getenv(arena_strz(a, name));
    if (!v || !v[0]) {
        err_set(e, E_ENCRYPTION, "the key of this mesh is not there: %.*s is not set", STR_FMT(said));
        err_hint(e, "set it in the environment of the program, or name another place in mesh.yaml: encryption: {key: file:PATH}");
        return false;
    }
    t->n = strlen(v) < sizeof t->text ? strlen(v) : 0;
    memcpy(t->text, v, t->n);
    return true;
}

static bool from_file(const char *dir, struct str name, struct str said, struct arena *a, struct key_text *t, struct err *e)
{
    const char *path = fs_join(a, str_of(dir), name).p;
    struct stat st;
    if (stat(path, &st) != 0) {
        err_set(e, E_ENCRYPTION, "the key of this mesh is not there: %.*s cannot be read: %s", STR_FMT(said), strerror(errno));
        err_hint(e, "put the file back, or bring the disk that holds it");
        return false;
    }
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        err_set(e, E_ENCRYPTION, "the key of this mesh, %.*s, may be read by others", STR_FMT(said));
        err_hint(e, "chmod 600 %s", path);
        return false;
    }
    FILE *f = fopen(path, "re");
    if (!f) {
        err_set(e, E_ENCRYPTION, "the key of this mesh is not there: %.*s cannot be read: %s", STR_FMT(said), strerror(errno));
        return false;
    }
    setvbuf(f, NULL, _IONBF, 0);
    t->n = fread(t->text, 1, sizeof t->text, f);
    fclose(f);
    return true;
}

static bool run_to(int to, const char *dir, const char *command, pid_t *pid)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command, NULL};
    posix_spawn_file_actions_t fa;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_adddup2(&fa, to, 1);
    posix_spawn_file_actions_addchdir_np(&fa, dir);
    int failed = posix_spawn(pid, argv[0], &fa, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&fa);
    return failed == 0;
}

/* Its first line is the key; what else it says is read and forgotten, so that it does not wait for a reader. */
static bool from_command(const char *dir, struct str command, struct str said, struct arena *a, struct key_text *t, struct err *e)
{
    int ends[2], status = 0;
    pid_t pid;
    char more[KEY_TEXT_MAX];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, errno, "making a pipe to %.*s", STR_FMT(said));
    bool ok = run_to(ends[1], dir, arena_strz(a, command), &pid);
    close(ends[1]);
    for (ssize_t n = 1; ok && (n > 0 || (n < 0 && errno == EINTR));) {
        bool room = t->n < sizeof t->text;
        n = read(ends[0], room ? t->text + t->n : more, room ? sizeof t->text - t->n : sizeof more);
        t->n += room && n > 0 ? (size_t)n : 0;
    }
    sodium_memzero(more, sizeof more);
    close(ends[0]);
    while (ok && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    struct str rest, first = str_cut((struct str){t->text, t->n}, '\n', &rest);
    t->n = first.n;
    if (ok && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    err_set(e, E_ENCRYPTION, "the key of this mesh is not there: %.*s did not end well", STR_FMT(said));
    err_hint(e, "run the command by hand in the mesh's folder: it has to print the key and end with 0");
    return false;
}

bool cipher_open(const char *dir, struct str reference, struct cipher **out, struct err *e)
{
    static const struct str env = {"env:", 4}, file = {"file:", 5}, command = {"command:", 8};
    unsigned char key[CIPHER_KEY_BYTES];
    struct key_text t = {.n = 0};
    struct arena a;
    bool ok = false;
    *out = NULL;
    arena_init(&a);
    if (str_starts(reference, env))
        ok = from_env((struct str){reference.p + env.n, reference.n - env.n}, reference, &a, &t, e);
    else if (str_starts(reference, file))
        ok = from_file(dir, (struct str){reference.p + file.n, reference.n - file.n}, reference, &a, &t, e);
    else if (str_starts(reference, command))
        ok = from_command(dir, (struct str){reference.p + command.n, reference.n - command.n}, reference, &a, &t, e);
    else {
        err_set(e, E_ENCRYPTION, "encryption.key is not a place of a key"); /* it may be a key: it is not repeated */
        err_hint(e, "write env:NAME, file:PATH or command:CMD; the key itself never stands in mesh.yaml");
    }
    ok = ok && key_decode(&t, reference, key, e) && cipher_of_key(key, out, e);
    sodium_memzero(&t, sizeof t);
    sodium_memzero(key, sizeof key);
    arena_fini(&a);
    return ok;
}

/* ---- Derived keys, sealing ---- */

void cipher_subkey(const struct cipher *c, enum cipher_use use, unsigned char *key, size_t bytes)
{
    crypto_kdf_derive_from_key(key, bytes, (uint64_t)use, kdf_context, c->key);
}

void cipher_mark(const struct cipher *c, char mark[2 * CIPHER_MARK_BYTES + 1])
{
    unsigned char raw[CIPHER_MARK_BYTES];
    cipher_subkey(c, CIPHER_MARK, raw, sizeof raw);
    sodium_bin2hex(mark, 2 * CIPHER_MARK_BYTES + 1, raw, sizeof raw);
}

void cipher_seal(const unsigned char key[CIPHER_KEY_BYTES], struct str about, char *p, size_t n)
{
    unsigned char *nonce = (unsigned char *)p + n + CIPHER_TAG_BYTES;
    unsigned long long tag_bytes;
    randombytes_buf(nonce, CIPHER_NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached((unsigned char *)p, (unsigned char *)p + n, &tag_bytes, (const unsigned char *)p, n,
                                                        (const unsigned char *)about.p, about.n, NULL, nonce, key);
}

bool cipher_unseal(const unsigned char key[CIPHER_KEY_BYTES], struct str about, const char *sealed, size_t n, char *to)
{
    if (n < CIPHER_SEAL_BYTES)
        return false;
    const unsigned char *p = (const unsigned char *)sealed;
    size_t m = n - CIPHER_SEAL_BYTES;
    return crypto_aead_xchacha20poly1305_ietf_decrypt_detached((unsigned char *)to, NULL, p, m, p + m, (const unsigned char *)about.p, about.n,
                                                               p + m + CIPHER_TAG_BYTES, key) == 0;
}

static const struct str sealed_begins = {"sealed:", 7};
enum { TEXT_VARIANT = sodium_base64_VARIANT_ORIGINAL_NO_PADDING };

bool cipher_text_is_sealed(struct str text)
{
    return str_starts(text, sealed_begins);
}

void cipher_text_seal(const struct cipher *c, enum cipher_use use, struct str about, struct str plain, struct buf *out)
{
    unsigned char key[CIPHER_KEY_BYTES];
    struct arena a;
    arena_init(&a);
    size_t n = plain.n + CIPHER_SEAL_BYTES, text_bytes = sodium_base64_ENCODED_LEN(n, TEXT_VARIANT);
    char *p = arena_alloc(&a, n), *text = arena_alloc(&a, text_bytes);
    if (plain.n)
        memcpy(p, plain.p, plain.n);
    cipher_subkey(c, use, key, sizeof key);
    cipher_seal(key, about, p, plain.n);
    sodium_memzero(key, sizeof key);
    buf_add(out, sealed_begins);
    buf_addz(out, sodium_bin2base64(text, text_bytes, (unsigned char *)p, n, TEXT_VARIANT));
    arena_fini(&a);
}

bool cipher_text_unseal(const struct cipher *c, enum cipher_use use, struct str about, struct str text, struct arena *a, struct str *plain, struct err *e)
{
    unsigned char key[CIPHER_KEY_BYTES];
    size_t n = 0;
    *plain = STR("");
    if (!cipher_text_is_sealed(text))
        return err_set(e, E_ENCRYPTION, "a text that should be sealed is not");
    text = (struct str){text.p + sealed_begins.n, text.n - sealed_begins.n};
    unsigned char *raw = arena_alloc(a, text.n + 1);
    char *to = arena_alloc(a, text.n + 1);
    if (sodium_base642bin(raw, text.n, text.p, text.n, NULL, &n, NULL, TEXT_VARIANT) != 0)
        return err_set(e, E_ENCRYPTION, "a sealed text is damaged");
    cipher_subkey(c, use, key, sizeof key);
    bool ok = cipher_unseal(key, about, (char *)raw, n, to);
    sodium_memzero(key, sizeof key);
    if (!ok)
        return err_set(e, E_ENCRYPTION, "a sealed text does not open: it was sealed with another key, or changed");
    to[n - CIPHER_SEAL_BYTES] = 0;
    *plain = (struct str){to, n - CIPHER_SEAL_BYTES};
    return true;
}

/* ---- Whose files are under which key ---- */

struct holding {
    char *path; /* to let go of a folder that is gone meanwhile */
    dev_t dev;
    ino_t ino;
    struct cipher *cipher;
    struct holding *next;
};
static struct holding *held;
static atomic_size_t n_held; /* the common case, none, costs nothing */

static struct holding **find(dev_t dev, ino_t ino)
{
    struct holding **h = &held;
    while (*h && ((*h)->dev != dev || (*h)->ino != ino))
        h = &(*h)->next;
    return h;
}

bool cipher_hold(const char *dir, struct cipher *c, struct err *e)
{
    struct stat st;
    if (stat(dir, &st) != 0)
        return err_errno(e, errno, "there is no folder %s", dir);
    struct holding *h = mem_alloc(sizeof *h);
    *h = (struct holding){.path = mem_strdup(str_of(dir)), .dev = st.st_dev, .ino = st.st_ino, .cipher = c};
    pthread_mutex_lock(&lock);
    h->next = held; /* the newest counts */
    held = h;
    atomic_fetch_add(&n_held, 1);
    pthread_mutex_unlock(&lock);
    return true;
}

void cipher_release(const char *dir)
{
    struct stat st;
    struct cipher *c = NULL;
    if (atomic_load(&n_held) == 0)
        return;
    bool there = stat(dir, &st) == 0;
    pthread_mutex_lock(&lock);
    struct holding **h = there ? find(st.st_dev, st.st_ino) : &held;
    while (!there && *h && strcmp((*h)->path, dir) != 0)
        h = &(*h)->next;
    struct holding *gone = *h;
    if (gone) {
        c = gone->cipher;
        *h = gone->next;
        mem_free(gone->path);
        mem_free(gone);
        atomic_fetch_sub(&n_held, 1);
    }
    pthread_mutex_unlock(&lock);
    cipher_close(c);
}

const struct cipher *cipher_for(const char *path)
{
    enum { LEVELS = 4 };
    if (atomic_load(&n_held) == 0)
        return NULL;
    struct arena a;
    struct cipher *c = NULL;
    arena_init(&a);
    struct str at = str_of(path);
    for (int i = 0; i < LEVELS; i++, at = fs_dirname(at)) {
        struct stat st;
        if (stat(arena_strz(&a, at), &st) != 0)
            continue;
        pthread_mutex_lock(&lock);
        struct holding *h = *find(st.st_dev, st.st_ino);
        c = h ? h->cipher : NULL;
        pthread_mutex_unlock(&lock);
        if (h)
            break;
    }
    arena_fini(&a);
    return c;
}
