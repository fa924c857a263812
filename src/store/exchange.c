/* All files of data/ under another key, at once. Copies are prepared below data/next, each written by the means of its kind and brought onto
 * the disk; then data/encryption.json names the new key, and that is the moment: before it the old files count and data/next is thrown
 * away, after it the new files count and those that still lie in data/next are put into their places, by whoever opens the mesh next. */
#include "store/encryption.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/yaml_edit.h"
#include "engine/engine.h"
#include "spool/place.h"
#include "spool/spool.h"
#include "store/encryption_int.h"

#define SPOOL_UNLIMITED (UINT64_C(1) << 62)

struct exchange {
    const struct encryption_exchange *o;
    struct arena *a;
    char *dir, *data, *next;
    int lock_fd;
    struct cipher *old_key, *new_key; /* until they are held */
    bool old_held, new_held;
    struct encryption_note note, after;
    int spool_dir_fd, spool_lock_fd; /* hold collectors off */
    struct encryption_done *done;
};

static const char *in(const struct exchange *x, const char *dir, const char *name)
{
    return encryption_path(x->a, dir, name);
}

static void told(const struct exchange *x, const char *what, struct str name)
{
    if (x->o->progress)
        x->o->progress(x->o->ctx, what, name);
}

/* ---- Onto the disk ---- */

static bool sync_one(const char *path, int flags, struct err *e)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool ok = fd >= 0 && !fault_fires(FAULT_SYNC) && fsync(fd) == 0;
    if (!ok)
        err_errno(e, errno, "cannot bring %s onto the disk", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool sync_tree(struct arena *a, const char *dir, struct err *e)
{
    struct str *names;
    size_t n;
    if (!fs_list(a, dir, &names, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *path = fs_join(a, str_of(dir), names[i]).p;
        if (!(fs_is_dir(path) ? sync_tree(a, path, e) : sync_one(path, O_RDONLY, e)))
            return false;
    }
    return sync_one(dir, O_RDONLY | O_DIRECTORY, e);
}

/* ---- The exchange itself: also what is left of it after a crash ---- */

/* What belongs to a file that is about to be replaced: logs of the old one would be taken for the new one's. */
static void forget_logs(struct arena *a, const char *path)
{
    static const char *const ends[] = {"-wal", "-shm", "-journal", ".wal", ".wal.checkpoint", ".wal.recovery"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        unlink(arena_printf(a, "%s%s", path, ends[i]).p);
}

static bool put(struct arena *a, const char *from, const char *to, struct err *e)
{
    if (!fs_is_dir(from))
        forget_logs(a, to);
    else if (!fs_remove_tree(to, e)) /* the spool: a whole folder */
        return false;
    fault_crash_point("exchange_before_rename");
    return (!fault_fires(FAULT_RENAME) && rename(from, to) == 0) || err_errno(e, errno, "cannot put %s into its place", to);
}

static bool put_all(struct arena *a, const char *data_dir, struct encryption_note *n, struct err *e)
{
    const char *next = encryption_path(a, data_dir, ENCRYPTION_NEXT);
    struct str *names = NULL;
    size_t count = 0;
    if (fs_exists(next) && !fs_list(a, next, &names, &count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!put(a, fs_join(a, str_of(next), names[i]).p, fs_join(a, str_of(data_dir), names[i]).p, e))
            return false;
    if (!sync_one(data_dir, O_RDONLY | O_DIRECTORY, e))
        return false;
    fault_crash_point("exchange_before_note");
    n->exchanging = false;
    if (n->plain ? unlink(encryption_path(a, data_dir, ENCRYPTION_NOTE)) != 0 && errno != ENOENT : !encryption_note_write(data_dir, n, e))
        return n->plain ? err_errno(e, errno, "cannot remove %s", ENCRYPTION_NOTE) : false;
    return fs_remove_tree(next, e);
}

bool encryption_repair(const char *data_dir, struct err *e)
{
    struct arena a;
    struct encryption_note n;
    arena_init(&a);
    const char *next = encryption_path(&a, data_dir, ENCRYPTION_NEXT);
    bool ok = encryption_note_read(data_dir, &a, &n, e);
    if (ok && n.exchanging) {
        ok = put_all(&a, data_dir, &n, e);
        if (ok)
            log_event(LOG_INFO, "store", "exchange_finished", "reference=%.*s", STR_FMT(n.reference));
    } else if (ok && fs_exists(next)) {
        ok = fs_remove_tree(next, e);
        log_event(LOG_INFO, "store", "exchange_cleared", "result=%d", ok);
    }
    arena_fini(&a);
    return ok;
}

/* ---- Keys ---- */

/* The key that the files are under now: by mesh.yaml, or by what the note remembers where mesh.yaml names the new one already. */
static bool old_key(struct exchange *x, struct err *e)
{
    struct str named;
    char mark[2 * CIPHER_MARK_BYTES + 1];
    struct err first = {0};
    if (!encryption_note_read(x->data, x->a, &x->note, e) || !encryption_reference(x->o->dir, x->a, &named, e))
        return false;
    bool lost = !x->note.there && engine_file_look(in(x, x->data, "mesh.duckdb")) == ENGINE_FILE_ENCRYPTED;
    if (!x->note.there && !lost)
        return true;
    const struct str tries[] = {named, x->note.reference};
    for (size_t i = 0; i < 2 && !x->old_key; i++) {
        if (!tries[i].n || !cipher_open(x->dir, tries[i], &x->old_key, i ? NULL : &first))
            continue;
        cipher_mark(x->old_key, mark);
        if (lost || str_eq(x->note.mark, str_of(mark))) {
            x->done->before = tries[i];
            break;
        }
        cipher_close(x->old_key);
        x->old_key = NULL;
    }
    if (x->old_key)
        return true;
    err_set(e, E_ENCRYPTION, "the key that the data is encrypted with now is not at hand: it was taken from %.*s", STR_FMT(x->note.reference));
    err_hint(e, "%s", first.code != E_OK && first.text[0] ? first.text : "both keys are needed to exchange one for the other");
    return false;
}

static bool keys(struct exchange *x, struct err *e)
{
    char old_mark[2 * CIPHER_MARK_BYTES + 1] = "", new_mark[2 * CIPHER_MARK_BYTES + 1] = "";
    if (!old_key(x, e))
        return false;
    if ((x->old_key || x->o->reference.n) && !encryption_can(e))
        return false;
    if (x->o->reference.n && !cipher_open(x->dir, x->o->reference, &x->new_key, e))
        return false;
    if (x->old_key)
        cipher_mark(x->old_key, old_mark);
    if (x->new_key)
        cipher_mark(x->new_key, new_mark);
    if (strcmp(old_mark, new_mark) == 0) {
        if (!x->new_key)
            return err_set(e, E_USAGE, "the data of this mesh is not encrypted already");
        err_set(e, E_USAGE, "the data of this mesh is under this very key already");
        err_hint(e, "another key: trellis encrypt --rotate --new-key env:NAME");
        return false;
    }
    encryption_note_make(&x->after, x->a, x->new_key, x->o->reference);
    x->done->after = x->o->reference;
    x->old_held = cipher_hold(x->data, x->old_key, e);
    if (x->old_held)
        x->old_key = NULL;
    return x->old_held;
}

/* ---- Preparing ---- */

static bool prepare_folder(struct exchange *x, struct err *e)
{
    if (!fs_remove_tree(x->next, e) || !fs_mkdirs(x->next, 0700, e))
        return false;
    x->new_held = cipher_hold(x->next, x->new_key, e);
    if (x->new_held)
        x->new_key = NULL;
    return x->new_held;
}

static void counted(struct exchange *x, const char *path)
{
    struct fs_stat st;
    x->done->files++;
    if (fs_stat(path, &st))
        x->done->bytes += st.size_bytes;
}

/* An engine's file; of the data file itself also how far the spool is loaded. */
static bool copy_engine(struct exchange *x, const char *name, struct spool_position *place, struct err *e)
{
    unsigned char from_key[ENGINE_KEY_BYTES], to_key[ENGINE_KEY_BYTES];
    const char *from = in(x, x->data, name), *to = in(x, x->next, name);
    const struct cipher *old = cipher_for(from), *new = cipher_for(to);
    struct engine *g = NULL;
    struct engine_conn *c = NULL;
    int64_t segment = 0, offset = 0;
    if (old)
        cipher_subkey(old, CIPHER_ENGINE, from_key, sizeof from_key);
    if (new)
        cipher_subkey(new, CIPHER_ENGINE, to_key, sizeof to_key);
    const struct engine_options o = {.data_path = from, .temp_dir = in(x, x->data, "tmp"), .key = old ? from_key : NULL};
    bool ok = engine_open(&o, &g, e) && engine_connect(g, &c, e);
    if (ok && place) {
        int64_t known = 0;
        ok = engine_value_i64(c, STR("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = 'sys' AND table_name = 'event_place'"), NULL,
                              0, &known, e) &&
             (known == 0 || (engine_value_i64(c, STR("SELECT max(segment) FROM mesh.sys.event_place"), NULL, 0, &segment, e) &&
                             engine_value_i64(c, STR("SELECT max(\"offset\") FROM mesh.sys.event_place"), NULL, 0, &offset, e)));
        *place = (struct spool_position){(uint64_t)segment, (uint64_t)offset};
    }
    engine_disconnect(c);
    ok = ok && engine_copy(g, to, new ? to_key : NULL, e);
    engine_close(g);
    explicit_bzero(from_key, sizeof from_key);
    explicit_bzero(to_key, sizeof to_key);
    if (ok)
        counted(x, to);
    return ok;
}

/* A backup of an upgrade has a log beside it, which opening it brings into the copy. */
static bool is_log(struct str name)
{
    static const struct str ends[] = {{"-wal", 4}, {"-shm", 4}, {"-journal", 8}, {".wal", 4}, {".copy", 5}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (str_ends(name, ends[i]))
            return true;
    return false;
}

static bool prepare_files(struct exchange *x, struct spool_position *place, struct err *e)
{
    struct str *names;
    size_t n;
    bool ok = fs_list(x->a, x->data, &names, &n, e);
    for (size_t i = 0; ok && i < n; i++) {
        const char *name = arena_strz(x->a, names[i]), *path = in(x, x->data, name);
        bool engine = str_starts(names[i], STR("mesh.duckdb")), store = str_find(names[i], STR(".sqlite"), 0) != SIZE_MAX, key = str_ends(names[i], STR(".key"));
        if (fs_is_dir(path) || is_log(names[i]) || !(engine || store || key))
            continue;
        told(x, "copying", names[i]);
        if (engine) {
            ok = copy_engine(x, name, strcmp(name, "mesh.duckdb") == 0 ? place : NULL, e);
        } else {
            ok = store ? exchange_store(path, in(x, x->next, name), e) : exchange_secret(x->data, x->next, name, e);
            if (ok && fs_exists(in(x, x->next, name)))
                counted(x, in(x, x->next, name));
        }
    }
    return ok;
}

/* What is not loaded yet is written into new segments, whose numbers lie behind the place up to which the ledger says it is loaded. */
static bool prepare_spool(struct exchange *x, struct spool_position place, struct err *e)
{
    const char *from = in(x, x->data, "spool"), *to = in(x, x->next, "spool");
    struct spool_reader *r = NULL;
    struct spool_writer *w = NULL;
    struct spool_entry entry;
    struct str settings;
    bool got = true;
    if (!fs_is_dir(from))
        return true;
    told(x, "copying", STR("spool"));
    bool ok = fs_mkdirs(to, 0700, e) && spool_loaded_set(to, place, e) && spool_writer_open(&(struct spool_options){.dir = to, .limit_bytes = SPOOL_UNLIMITED}, &w, e) &&
              spool_reader_open(from, place, &r, e);
    while (ok && got) {
        struct err damaged;
        ok = spool_next(r, &entry, &got, &damaged);
        if (!ok && damaged.code == E_SPOOL) { /* told once, passed over, as the loader does */
            log_err(LOG_ERROR, "store", "exchange_spool_damaged", &damaged);
            ok = got = true;
            continue;
        }
        if (!ok && e)
            *e = damaged;
        if (ok && got && (ok = spool_append_wait(w, &entry.record, e)))
            x->done->events++;
    }
    spool_reader_close(r);
    spool_writer_close(w);
    const char *config = encryption_path(x->a, from, "collector.json");
    if (ok && fs_exists(config))
        ok = fs_read(x->a, config, 64u << 20, &settings, e) && fs_write_atomic(encryption_path(x->a, to, "collector.json"), settings, 0600, e);
    if (ok)
        counted(x, to);
    return ok;
}

/* ---- mesh.yaml ---- */

static bool declare(struct exchange *x, struct err *e)
{
    const char *path = in(x, x->dir, "mesh.yaml");
    static const struct yaml_step steps[] = {{.key = {"encryption", 10}}, {.key = {"key", 3}}};
    const struct yaml_value v = {.kind = x->o->reference.n ? YAML_TEXT : YAML_REMOVE, .text = x->o->reference};
    struct str text, out;
    if (!fs_exists(path))
        return true;
    return fs_read(x->a, path, 1 << 20, &text, e) && yaml_set(x->a, STR("mesh.yaml"), text, steps, v.kind == YAML_TEXT ? 2 : 1, &v, &out, e) &&
           (str_eq(text, out) || fs_write_atomic(path, out, 0644, e));
}

/* ---- All of it ---- */

static bool lock_take(struct exchange *x, struct err *e)
{
    struct str pid;
    const char *path = in(x, x->data, "trellis.lock");
    if (!fs_is_dir(x->data)) {
        err_set(e, E_NOT_FOUND, "this mesh has no data yet");
        err_hint(e, "write into mesh.yaml: encryption: {key: env:TRELLIS_KEY}, and its data is encrypted from the beginning");
        return false;
    }
    if (fs_lock(path, &x->lock_fd, e))
        return true;
    if (e && e->code == E_BUSY && fs_read(x->a, path, 32, &pid, NULL) && pid.n)
        err_hint(e, "process %.*s has this mesh open; stop it first", STR_FMT(str_trim(pid)));
    return false;
}

/* A writer that opens and closes puts its end right; then nobody else may become one. */
static bool spool_hold(struct exchange *x, struct err *e)
{
    const char *dir = in(x, x->data, "spool");
    struct spool_writer *w;
    if (!spool_writer_open(&(struct spool_options){.dir = dir, .limit_bytes = SPOOL_UNLIMITED}, &w, e))
        return false;
    spool_writer_close(w);
    x->spool_dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (x->spool_dir_fd < 0)
        return err_errno(e, errno, "cannot open the folder %s", dir);
    return spool_lock_take(x->spool_dir_fd, dir, &x->spool_lock_fd, e);
}

static bool prepare(struct exchange *x, struct err *e)
{
    struct spool_position place = {0, 0};
    if (!prepare_folder(x, e) || !prepare_files(x, &place, e))
        return false;
    if (fs_is_dir(in(x, x->data, "spool")) && !spool_hold(x, e))
        return false;
    return prepare_spool(x, place, e) && sync_tree(x->a, x->next, e);
}

bool encryption_exchange(const struct encryption_exchange *o, struct arena *a, struct encryption_done *out, struct err *e)
{
    struct exchange x = {.o = o, .a = a, .lock_fd = -1, .spool_dir_fd = -1, .spool_lock_fd = -1, .done = out};
    bool ok = false, decided = false;
    *out = (struct encryption_done){0};
    char *real = realpath(o->dir, NULL);
    if (!real) {
        err_errno(e, errno, "there is no folder %s", o->dir);
        goto out;
    }
    x.dir = arena_strz(a, str_of(real));
    x.data = arena_strz(a, fs_join(a, str_of(real), STR("data")));
    x.next = arena_strz(a, fs_join(a, str_of(x.data), STR(ENCRYPTION_NEXT)));
    if (!lock_take(&x, e) || !encryption_repair(x.data, e) || !keys(&x, e) || !prepare(&x, e))
        goto out;
    fault_crash_point("exchange_before_decision");
    x.after.exchanging = true;
    told(&x, "exchanging", STR(""));
    if (!encryption_note_write(x.data, &x.after, e))
        goto out;
    decided = true;
    fault_crash_point("exchange_after_decision");
    ok = put_all(a, x.data, &x.after, e) && (fault_crash_point("exchange_before_declaration"), declare(&x, e));
    if (!ok)
        err_hint(e, "the new key counts already; trellis status finishes the exchange, and mesh.yaml has to name %.*s", STR_FMT(o->reference));
out:
    free(real); /* banned-ok: realpath allocated it */
    if (x.new_held)
        cipher_release(x.next);
    for (int i = 0; i < 2; i++)
        if ((i ? x.spool_dir_fd : x.spool_lock_fd) >= 0)
            close(i ? x.spool_dir_fd : x.spool_lock_fd);
    if (x.old_held)
        cipher_release(x.data);
    cipher_close(x.new_key);
    cipher_close(x.old_key);
    if (!decided && x.next && x.lock_fd >= 0 && fs_exists(x.next) && !fs_remove_tree(x.next, NULL))
        log_event(LOG_WARN, "store", "exchange_not_cleared", "folder=%s", x.next);
    fs_unlock(&x.lock_fd);
    return ok;
}
