/* Starting a loader child with nothing but its three pipes and the one file, and reading what it sends. Silence, death
 * and nonsense of the child are errors of the file, never a hang. */
#include "ingest/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"

enum { FD_CLEAR = 10, POLL_MS = 100, IDLE_MS = 120000, EXIT_MS = 10000, PIPE_BYTES = 1 << 20, SPOOL_PIECE = 1 << 16, PROGRESS_US = 100000 };

struct block {
    struct engine_pipe_block b; /* first: the engine hands it back */
    struct engine_pipe_cells *cells;
    char *payload; /* 8-aligned */
    size_t cap;
    struct block *next;
};

struct loader {
    struct loader_options o;
    pid_t pid; /* 0: collected */
    int status;
    int to_child, from_child, spool;
    unsigned char spool_key[crypto_stream_xchacha20_KEYBYTES];
    off_t spool_at;
    const struct engine_pipe_type *types;
    size_t n_types;
    pthread_mutex_t lock; /* guards all below: one thread reads from the pipe at a time */
    struct block *idle;
    bool ended, broken; /* END has come; an error has been given */
    int64_t rows, rejected, bytes, told_rows, told_rejected, left_out, left_out_line, progress_us;
};

/* ---- Start ---- */

static int fd_above(int fd)
{
    int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_CLEAR);
    if (fd >= 0)
        close(fd);
    return up;
}

/* The way to the child is a socket, for which writing to a dead one is an error and not a signal. */
static bool pipe_above(int ends[2], bool socket, struct err *e)
{
    if (fault_fires(FAULT_OPEN) ||
        (socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC)) != 0)
        return err_errno(e, errno, "making a pipe to the loader process");
    ends[0] = fd_above(ends[0]);
    ends[1] = fd_above(ends[1]);
    return (ends[0] >= 0 && ends[1] >= 0) || err_errno(e, errno, "making a pipe to the loader process");
}

/* Nothing secret and nothing that changes behaviour; what sanitizers, coverage and crash tests need. */
static void environment(char **out, size_t max)
{
    static const char *const kept[] = {"ASAN_OPTIONS=",      "UBSAN_OPTIONS=", "LSAN_OPTIONS=",      "TSAN_OPTIONS=",
                                       "LLVM_PROFILE_FILE=", "GCOV_PREFIX=",   "GCOV_PREFIX_STRIP=", "TRELLIS_CRASH_AT="};
    size_t n = 0;
    for (char **v = environ; *v; v++) {
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
            if (strncmp(*v, kept[i], strlen(kept[i])) == 0 && n + 1 < max)
                out[n++] = *v;
        }
    }
    out[n] = NULL;
}

static bool spawn(struct loader *l, int in, int out, int file, struct err *e)
{
    char *argv[] = {(char *)(uintptr_t)l->o.program, (char *)(uintptr_t) "loader-child", NULL};
    char *env[16];
    environment(env, 16);
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&fa);
    posix_spawnattr_init(&at);
    posix_spawn_file_actions_adddup2(&fa, in, 0);
    posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&fa, out, 3);
    posix_spawn_file_actions_adddup2(&fa, file, 4);
    posix_spawn_file_actions_addclosefrom_np(&fa, 5);
    posix_spawnattr_setsigmask(&at, &none);
    posix_spawnattr_setsigdefault(&at, &all);
    posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn(&l->pid, l->o.program, &fa, &at, argv, env);
    posix_spawn_file_actions_destroy(&fa);
    posix_spawnattr_destroy(&at);
    if (failed) {
        l->pid = 0;
        err_errno(e, failed, "starting the loader process %s", l->o.program);
        return false;
    }
    return true;
}

static bool send_all(struct loader *l, struct str s, struct err *e)
{
    while (s.n) {
        ssize_t n = send(l->to_child, s.p, s.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(e, errno, "asking the loader process");
        s.p += n;
        s.n -= (size_t)n;
    }
    return true;
}

static int spool_open(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    struct buf b = BUF_INIT(8192); /* a file system without O_TMPFILE */
    buf_printf(&b, "%s/spool.XXXXXX", dir);
    fd = b.failed ? -1 : mkostemp((char *)(uintptr_t)buf_z(&b), O_CLOEXEC);
    if (fd >= 0)
        unlink(buf_z(&b));
    buf_fini(&b);
    return fd;
}

bool loader_start(const struct loader_options *o, int file, struct str job, struct loader **out, struct err *e)
{
    struct loader *l = mem_alloc(sizeof *l);
    int in[2] = {-1, -1}, data[2] = {-1, -1}, high = -1;
    bool ok = false;
    *l = (struct loader){.o = *o, .to_child = -1, .from_child = -1, .spool = -1};
    pthread_mutex_init(&l->lock, NULL);
    randombytes_buf(l->spool_key, sizeof l->spool_key);
    if (!l->o.idle_ms)
        l->o.idle_ms = IDLE_MS;
    if (!pipe_above(in, true, e) || !pipe_above(data, false, e))
        goto out;
    high = fcntl(file, F_DUPFD_CLOEXEC, FD_CLEAR);
    if (o->spool_dir)
        l->spool = spool_open(o->spool_dir);
    if (high < 0 || (o->spool_dir && l->spool < 0)) {
        err_errno(e, errno, "preparing to read %.*s", STR_FMT(o->shown));
        goto out;
    }
    (void)fcntl(data[1], F_SETPIPE_SZ, PIPE_BYTES); /* smaller is only slower */
    if (!spawn(l, in[0], data[1], high, e))
        goto out;
    l->to_child = in[1];
    l->from_child = data[0];
    in[1] = data[0] = -1;
    ok = send_all(l, job, e) && send_all(l, STR("\n"), e);
    if (!ok && e && e->code == E_IO) /* it died on us: say how, not that a pipe broke */
        ok = true;
out:
    for (int i = 0; i < 2; i++) {
        if (in[i] >= 0)
            close(in[i]);
        if (data[i] >= 0)
            close(data[i]);
    }
    if (high >= 0)
        close(high);
    if (!ok) {
        loader_close(l);
        l = NULL;
    }
    *out = l;
    return ok;
}

/* Waits for the end of the child, at most so long; false: it still runs. */
static bool collect(struct loader *l, int64_t most_ms)
{
    int64_t until = clock_mono_us() + most_ms * 1000;
    while (l->pid) {
        pid_t got = waitpid(l->pid, &l->status, WNOHANG);
        if (got == l->pid || (got < 0 && errno == ECHILD)) {
            l->pid = 0;
        } else if (clock_mono_us() >= until) {
            return false;
        } else {
            poll(NULL, 0, 2);
        }
    }
    return true;
}

void loader_close(struct loader *l)
{
    if (!l)
        return;
    if (l->to_child >= 0)
        close(l->to_child);
    if (l->from_child >= 0)
        close(l->from_child);
    if (l->pid) {
        kill(l->pid, SIGKILL);
        collect(l, EXIT_MS);
    }
    if (l->spool >= 0)
        close(l->spool);
    while (l->idle) {
        struct block *b = l->idle;
        l->idle = b->next;
        mem_free(b->payload);
        mem_free(b->cells);
        mem_free(b);
    }
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

/* ---- Frames ---- */

static bool died(struct loader *l, struct err *e)
{
    collect(l, EXIT_MS);
    if (!l->pid && WIFSIGNALED(l->status)) {
        err_at(e, E_SOURCE_FILE, l->o.shown, 0, 0, "the process that read the file was ended by signal %d%s", WTERMSIG(l->status),
               WTERMSIG(l->status) == SIGKILL ? " (by hand, or for lack of memory)" : "");
        err_hint(e, "nothing of the file was loaded; run again, and report it if it happens again");
    } else {
        err_at(e, E_SOURCE_FILE, l->o.shown, 0, 0, "the process that read the file ended too early");
        err_hint(e, "nothing of the file was loaded; see the log");
    }
    return false;
}

static bool nonsense(struct loader *l, struct err *e)
{
    return err_at(e, E_INTERNAL, l->o.shown, 0, 0, "the process that read the file sent something that is no frame");
}

/* All of `n` bytes; watches for cancel, silence and the end. */
static bool take(struct loader *l, void *to, size_t n, struct err *e)
{
    char *p = to;
    int64_t heard = clock_mono_us();
    while (n) {
        if (l->o.cancel && atomic_load(l->o.cancel))
            return err_set(e, E_CANCELLED, "cancelled while reading %.*s", STR_FMT(l->o.shown));
        struct pollfd pfd = {.fd = l->from_child, .events = POLLIN};
        int ready = poll(&pfd, 1, POLL_MS);
        if (ready < 0 && errno != EINTR)
            return err_errno(e, errno, "reading from the loader process");
        if (ready <= 0) {
            if (clock_mono_us() - heard > l->o.idle_ms * 1000) {
                kill(l->pid, SIGKILL);
                err_at(e, E_TIMEOUT, l->o.shown, 0, 0, "the process that reads the file said nothing for %lld s and was ended",
                       (long long)(l->o.idle_ms / 1000));
                err_hint(e, "nothing of the file was loaded; is its disk or network share slow?");
                return false;
            }
            continue;
        }
        ssize_t got = read(l->from_child, p, n);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return died(l, e);
        p += got;
        n -= (size_t)got;
        heard = clock_mono_us();
    }
    return true;
}

static bool failure(struct loader *l, struct str json, struct err *e)
{
    struct err ignored;
    yyjson_doc *doc = json_parse(json, &ignored);
    if (!doc)
        return nonsense(l, e);
    yyjson_val *o = yyjson_doc_get_root(doc);
    int64_t code = json_int(o, "code", E_SOURCE_FILE), line = json_int(o, "line", 0);
    if (code <= E_OK || code >= E_COUNT)
        code = E_SOURCE_FILE;
    struct str text = json_str(o, "text"), hint = json_str(o, "hint");
    err_at(e, (enum err_code)code, l->o.shown, (uint32_t)line, 0, "%.*s", STR_FMT(text));
    if (hint.n)
        err_hint(e, "%.*s", STR_FMT(hint));
    yyjson_doc_free(doc);
    return false;
}

static struct block *block_get(struct loader *l)
{
    struct block *b = l->idle;
    if (b) {
        l->idle = b->next;
    } else {
        b = mem_alloc(sizeof *b);
        b->cells = mem_alloc((l->n_types + 1) * sizeof *b->cells);
        b->b.cols = b->cells;
    }
    return b;
}

static void block_put(struct loader *l, struct block *b)
{
    b->next = l->idle;
    l->idle = b;
}

static bool payload_take(struct loader *l, struct block *b, size_t n, struct err *e)
{
    if (n > b->cap) {
        mem_free(b->payload);
        b->cap = 0;
        b->payload = mem_try_alloc(n + n / 4 + 4096);
        if (!b->payload)
            return err_set(e, E_MEMORY, "no memory for a block of %zu bytes", n);
        b->cap = n + n / 4 + 4096;
    }
    return take(l, b->payload, n, e);
}

/* What is set aside lies on the disk under a key that nobody but this loader ever has; each part under its own place in the file. */
static void spool_crypt(const struct loader *l, unsigned char *to, const void *from, size_t n, off_t part, size_t skip)
{
    unsigned char nonce[crypto_stream_xchacha20_NONCEBYTES] = {0};
    memcpy(nonce, &part, sizeof part);
    crypto_stream_xchacha20_xor_ic(to, from, n, nonce, skip / 64, l->spool_key);
}

static bool spool_put(struct loader *l, const unsigned char *p, size_t n, struct err *e)
{
    while (n) {
        ssize_t put = fault_fires(FAULT_WRITE) ? (errno = ENOSPC, -1) : write(l->spool, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return err_errno(e, errno, "setting rejected rows aside");
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static bool spool_write(struct loader *l, const struct wire_head *h, struct str payload, struct err *e)
{
    unsigned char piece[SPOOL_PIECE];
    const struct str parts[2] = {{(const char *)h, sizeof *h}, payload};
    for (int i = 0; i < 2; i++) {
        for (size_t done = 0, n; done < parts[i].n; done += n) {
            n = parts[i].n - done < sizeof piece ? parts[i].n - done : sizeof piece;
            spool_crypt(l, piece, parts[i].p + done, n, l->spool_at, done);
            if (!spool_put(l, piece, n, e))
                return false;
        }
        l->spool_at += (off_t)parts[i].n;
    }
    return true;
}

static void progress(struct loader *l)
{
    int64_t now = clock_mono_us();
    if (l->o.progress && (l->ended || now - l->progress_us >= PROGRESS_US)) {
        l->progress_us = now;
        l->o.progress(l->o.ctx, l->rows, l->rejected, l->bytes);
    }
}

/* The next frame of interest into `b`: SCHEMA, ROWS or END; rejects go to the spool on the way. */
static bool frame_next(struct loader *l, struct block *b, struct wire_head *h, struct err *e)
{
    for (;;) {
        if (!take(l, h, sizeof *h, e))
            return false;
        if (h->magic != WIRE_MAGIC || h->payload_bytes > WIRE_PAYLOAD_MAX)
            return nonsense(l, e);
        if (!payload_take(l, b, (size_t)h->payload_bytes, e))
            return false;
        struct str payload = {b->payload, (size_t)h->payload_bytes};
        l->bytes = h->source_bytes > l->bytes ? h->source_bytes : l->bytes;
        if (h->kind == WIRE_FAILED)
            return failure(l, payload, e);
        if (h->kind == WIRE_REJECTS) {
            if (l->spool < 0 || !spool_write(l, h, payload, e))
                return l->spool < 0 ? nonsense(l, e) : false;
            l->rejected += h->rows;
        }
        progress(l);
        if (h->kind != WIRE_REJECTS && h->kind != WIRE_PROGRESS)
            return true;
    }
}

bool loader_schema(struct loader *l, struct arena *a, struct loader_shape *out, struct err *e)
{
    struct wire_head h;
    struct block *b = block_get(l);
    yyjson_doc *doc = NULL;
    bool ok = frame_next(l, b, &h, e);
    if (ok && (h.kind != WIRE_SCHEMA || !(doc = json_parse((struct str){b->payload, (size_t)h.payload_bytes}, e))))
        ok = nonsense(l, e);
    if (ok) {
        yyjson_val *o = yyjson_doc_get_root(doc), *list = yyjson_obj_get(o, "columns"), *v;
        size_t i, k;
        out->format = arena_str(a, json_str(o, "format"));
        out->found = arena_str(a, (struct str){b->payload, (size_t)h.payload_bytes});
        out->n_cols = yyjson_arr_size(list);
        out->cols = arena_array(a, out->n_cols + 1, sizeof *out->cols);
        yyjson_arr_foreach(list, i, k, v)
        {
            out->cols[i] = (struct loader_column){.name = arena_str(a, json_str(v, "name")),
                                                  .type = {.type = ENGINE_TEXT},
                                                  .look = cell_look_parse(json_str(v, "look"))};
        }
        ok = out->n_cols > 0 || nonsense(l, e);
    }
    yyjson_doc_free(doc);
    mem_free(b->payload); /* not pooled: its cells were made before the columns were known */
    mem_free(b->cells);
    mem_free(b);
    return ok;
}

bool loader_go(struct loader *l, char what, const struct engine_pipe_type *types, size_t n, struct err *e)
{
    l->types = types;
    l->n_types = n;
    return send_all(l, (struct str){&what, 1}, e);
}

static bool ended(struct loader *l, struct str json, struct err *e)
{
    yyjson_doc *doc = json_parse(json, e);
    if (!doc)
        return nonsense(l, e);
    yyjson_val *o = yyjson_doc_get_root(doc);
    l->told_rows = json_int(o, "rows", -1);
    l->told_rejected = json_int(o, "rejected", -1);
    l->left_out = json_int(o, "left_out", 0);
    l->left_out_line = json_int(o, "left_out_line", 0);
    l->ended = true;
    yyjson_doc_free(doc);
    progress(l);
    return true;
}

static bool loader_next(void *ctx, struct engine_pipe_block **out, struct err *e)
{
    struct loader *l = ctx;
    struct wire_head h;
    bool ok = true;
    *out = NULL;
    pthread_mutex_lock(&l->lock);
    if (l->broken)
        ok = err_set(e, E_IO, "reading stopped");
    if (ok && !l->ended) {
        struct block *b = block_get(l);
        ok = frame_next(l, b, &h, e);
        struct str payload = {b->payload, ok ? (size_t)h.payload_bytes : 0};
        if (ok && h.kind == WIRE_ROWS) {
            ok = wire_rows_parse(payload, h.rows, l->types, l->n_types, b->cells) || nonsense(l, e);
            b->b.rows = h.rows;
            l->rows += h.rows;
        } else if (ok) {
            ok = h.kind == WIRE_END ? ended(l, payload, e) : nonsense(l, e);
        }
        if (ok && !l->ended)
            *out = &b->b;
        else
            block_put(l, b);
        l->broken = !ok;
    }
    pthread_mutex_unlock(&l->lock);
    return ok;
}

static void loader_release(void *ctx, struct engine_pipe_block *block)
{
    struct loader *l = ctx;
    pthread_mutex_lock(&l->lock);
    block_put(l, (struct block *)(void *)block);
    pthread_mutex_unlock(&l->lock);
}

struct engine_pipe_source loader_source(struct loader *l)
{
    return (struct engine_pipe_source){l, loader_next, loader_release};
}

bool loader_finish(struct loader *l, int64_t *rows, int64_t *rejected, struct err *e)
{
    if (!l->ended) { /* nobody has asked for rows: all went to quarantine */
        struct engine_pipe_block *b;
        if (!loader_next(l, &b, e))
            return false;
        if (b) {
            loader_release(l, b);
            return nonsense(l, e);
        }
    }
    close(l->to_child);
    l->to_child = -1;
    if (!collect(l, EXIT_MS) || !WIFEXITED(l->status) || WEXITSTATUS(l->status) != 0)
        return died(l, e);
    if (l->rows != l->told_rows || l->rejected != l->told_rejected)
        return err_at(e, E_INTERNAL, l->o.shown, 0, 0, "%lld rows and %lld rejected rows arrived, %lld and %lld were sent",
                      (long long)l->rows, (long long)l->rejected, (long long)l->told_rows, (long long)l->told_rejected);
    *rows = l->rows;
    *rejected = l->rejected;
    return true;
}

int64_t loader_left_out(const struct loader *l, int64_t *line)
{
    *line = l->left_out_line;
    return l->left_out;
}

static bool spool_read(struct loader *l, void *to, size_t n, off_t *at, struct err *e)
{
    char *p = to;
    size_t whole = n;
    off_t part = *at;
    while (n) {
        ssize_t got = fault_fires(FAULT_READ) ? (errno = EIO, -1) : pread(l->spool, p, n, *at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_errno(e, got < 0 ? errno : EIO, "reading rejected rows back");
        p += got;
        n -= (size_t)got;
        *at += got;
    }
    spool_crypt(l, to, to, whole, part, 0);
    return true;
}

bool loader_rejects(struct loader *l, bool (*row)(void *ctx, const struct wire_reject *r, struct err *e), void *ctx,
                    struct err *e)
{
    int64_t left = l->rejected;
    off_t at = 0;
    bool ok = true;
    char *p = NULL;
    while (ok && left > 0) {
        struct wire_head h;
        ok = spool_read(l, &h, sizeof h, &at, e);
        if (!ok)
            break;
        mem_free(p);
        p = mem_try_alloc((size_t)h.payload_bytes + 1);
        ok = p ? spool_read(l, p, (size_t)h.payload_bytes, &at, e) : err_set(e, E_MEMORY, "no memory for rejected rows");
        struct str rest = {p, ok ? (size_t)h.payload_bytes : 0};
        for (uint32_t i = 0; ok && i < h.rows; i++) {
            struct wire_reject r;
            ok = wire_reject_take(&rest, &r) ? row(ctx, &r, e) : nonsense(l, e);
            left--;
        }
    }
    mem_free(p);
    return ok;
}
