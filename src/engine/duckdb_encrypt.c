/* Encryption of the data file by the engine. The engine writes encrypted files only with the cryptography of its own extension
 * `httpfs` (OpenSSL); its built-in one is not for writing, and the setting that lifts this (force_mbedtls_unsafe) is never used. So the
 * extension is found and loaded, or nothing is opened. */
#include "engine/duckdb_int.h"

#include <dlfcn.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"

static const char extension_file[] = "httpfs.duckdb_extension";

/* ---- What a file is ---- */

enum { LOOK_BYTES = 28, MAGIC_AT = 8, FLAGS_AT = 20 };

enum engine_file engine_file_look(const char *path)
{
    unsigned char head[LOOK_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ENGINE_FILE_NONE : ENGINE_FILE_OTHER;
    ssize_t n = pread(fd, head, sizeof head, 0);
    close(fd);
    uint64_t flags;
    if (n == 0)
        return ENGINE_FILE_NONE;
    if (n != LOOK_BYTES || memcmp(head + MAGIC_AT, "DUCK", 4) != 0)
        return ENGINE_FILE_OTHER;
    memcpy(&flags, head + FLAGS_AT, sizeof flags);
    return le64toh(flags) & 1 ? ENGINE_FILE_ENCRYPTED : ENGINE_FILE_PLAIN;
}

/* ---- The extension ---- */

/* <folder>/v1.5.5/httpfs.duckdb_extension, or without the folder of the version: the engine itself refuses another version's. */
static const char *extension_in(struct arena *a, struct str folder)
{
    if (!folder.n)
        return NULL;
    const char *versioned = arena_printf(a, "%.*s/%s/%s", STR_FMT(folder), duckdb_library_version(), extension_file).p;
    if (fs_exists(versioned))
        return versioned;
    const char *flat = arena_printf(a, "%.*s/%s", STR_FMT(folder), extension_file).p;
    return fs_exists(flat) ? flat : NULL;
}

/* A folder named by TRELLIS_EXTENSIONS holds alone; else beside the program, and beside the engine's library. */
static const char *extension_find(struct arena *a)
{
    const char *named = getenv("TRELLIS_EXTENSIONS"), *found = NULL;
    if (named && named[0])
        return extension_in(a, str_of(named));
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);
    if (n > 0 && (size_t)n < sizeof exe) {
        static const char *const beside[] = {"extensions", "../lib/trellis/extensions", "../.deps/duckdb/extensions"};
        struct str dir = fs_dirname((struct str){exe, (size_t)n});
        for (size_t i = 0; !found && i < sizeof beside / sizeof beside[0]; i++)
            found = extension_in(a, arena_printf(a, "%.*s/%s", STR_FMT(dir), beside[i]));
    }
    Dl_info library;
    if (!found && dladdr((const void *)(uintptr_t)duckdb_library_version, &library) && library.dli_fname) {
        struct str dir = fs_dirname(str_of(library.dli_fname));
        found = extension_in(a, arena_printf(a, "%.*s/../extensions", STR_FMT(dir)));
        found = found ? found : extension_in(a, arena_printf(a, "%.*s/extensions", STR_FMT(dir)));
    }
    return found;
}

bool engine_can_encrypt(void)
{
    struct arena a;
    arena_init(&a);
    bool there = extension_find(&a) != NULL;
    arena_fini(&a);
    return there;
}

bool duck_encryption_load(struct engine_conn *c, struct err *e)
{
    struct arena a;
    struct buf sql = BUF_INIT(16384);
    struct err why = {0};
    arena_init(&a);
    bool ok = false;
    const char *path = extension_find(&a);
    if (!path) {
        err_set(e, E_ENCRYPTION, "the engine's extension for encryption (%s for %s) is not on this machine", extension_file, duckdb_library_version());
        err_hint(e, "run scripts/setup.sh, or name the folder that holds it: TRELLIS_EXTENSIONS=/folder");
        goto out;
    }
    buf_addz(&sql, "LOAD ");
    buf_sql_text(&sql, str_of(path));
    buf_addz(&sql, "; SET GLOBAL temp_file_encryption = true");
    if (!buf_ok(&sql, e))
        goto out;
    ok = engine_exec(c, buf_str(&sql), &why);
    if (!ok) {
        err_set(e, E_ENCRYPTION, "the engine does not take its extension for encryption, %s: it is not the one of %s, or damaged", path, duckdb_library_version());
        err_hint(e, "put the file of exactly this version there (scripts/setup.sh fetches it)");
    }
out:
    buf_fini(&sql);
    arena_fini(&a);
    return ok;
}

/* ---- Attaching ---- */

static bool fits(const char *path, const unsigned char *key, struct err *e)
{
    switch (engine_file_look(path)) {
    case ENGINE_FILE_PLAIN:
        if (!key)
            return true;
        err_set(e, E_ENCRYPTION, "%s is not encrypted, though a key is given for it", path);
        err_hint(e, "trellis encrypt makes an encrypted mesh of a plain one");
        return false;
    case ENGINE_FILE_ENCRYPTED:
        if (key)
            return true;
        err_set(e, E_ENCRYPTION, "%s is encrypted and no key is given", path);
        err_hint(e, "name the key in mesh.yaml: encryption: {key: env:TRELLIS_KEY}");
        return false;
    case ENGINE_FILE_NONE:
    case ENGINE_FILE_OTHER:
        break;
    }
    return true;
}

bool duck_attach(struct engine_conn *c, const char *path, const char *alias, const unsigned char *key, struct err *e)
{
    char hex[2 * ENGINE_KEY_BYTES + 1];
    struct buf sql = BUF_INIT(16384);
    struct err why = {0};
    bool ok = false;
    if (!fits(path, key, e))
        return false;
    buf_addz(&sql, "ATTACH ");
    buf_sql_text(&sql, str_of(path));
    buf_printf(&sql, " AS %s", alias);
    if (key) {
        sodium_bin2hex(hex, sizeof hex, key, ENGINE_KEY_BYTES);
        buf_printf(&sql, " (ENCRYPTION_KEY '%s', ENCRYPTION_CIPHER 'GCM')", hex);
        sodium_memzero(hex, sizeof hex);
    }
    if (buf_ok(&sql, e))
        ok = engine_exec(c, buf_str(&sql), &why);
    if (!ok && why.code != E_OK) {
        if (key && strstr(engine_last_message(c), "Wrong encryption key")) {
            err_set(e, E_ENCRYPTION, "the key is not the one that %s is encrypted with", path);
            err_hint(e, "name the right key in mesh.yaml; nothing was changed");
        } else if (e) {
            *e = why;
            err_prefix(e, "opening %s%s", path, key ? " (its key is right, or its head is damaged)" : "");
        }
    }
    if (sql.p)
        sodium_memzero(sql.p, sql.n);
    buf_fini(&sql);
    return ok;
}
