/* Copies of single files under the key of another folder. */
#include <sodium.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/secret.h"
#include "store/encryption_int.h"
#include "store/store_int.h"

enum { SECRET_FILE_MAX = 4096 };

/* Page by page through SQLite, so that each side passes through its own layer (vfs.c). */
bool exchange_store(const char *from, const char *to, struct err *e)
{
    sqlite3 *in = NULL, *out = NULL;
    sqlite3_backup *b = NULL;
    bool ok = sqlite3_open_v2(from, &in, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, store_vfs_for(from)) == SQLITE_OK || store_fail(in, e);
    ok = ok && (sqlite3_open_v2(to, &out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, store_vfs_for(to)) == SQLITE_OK || store_fail(out, e));
    ok = ok && store_exec(out, "PRAGMA temp_store = MEMORY; PRAGMA journal_mode = DELETE", e);
    if (ok) {
        b = sqlite3_backup_init(out, "main", in, "main");
        ok = b && sqlite3_backup_step(b, -1) == SQLITE_DONE;
        ok = sqlite3_backup_finish(b) == SQLITE_OK && ok;
        if (!ok)
            store_fail(out, e);
    }
    ok = ok && store_exec(out, "PRAGMA wal_checkpoint(TRUNCATE)", e);
    sqlite3_close(in);
    sqlite3_close(out);
    if (ok)
        chmod(to, 0600);
    else
        err_prefix(e, "copying %s", from);
    return ok;
}

/* Files of this ending that are no key of ours (the demo's write key, which is public) stay where they are. */
static bool is_secret(const char *path, bool *is, struct err *e)
{
    struct arena a;
    struct str text;
    arena_init(&a);
    bool ok = fs_read(&a, path, SECRET_FILE_MAX, &text, e);
    text = ok ? str_trim(text) : STR("");
    *is = cipher_text_is_sealed(text) || (text.n == 2 * SECRET_BYTES && strspn(text.p, "0123456789abcdefABCDEF") >= text.n);
    arena_fini(&a);
    return ok;
}

bool exchange_secret(const char *from_dir, const char *to_dir, const char *name, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    struct arena a;
    bool ours = false;
    arena_init(&a);
    bool ok = is_secret(arena_printf(&a, "%s/%s", from_dir, name).p, &ours, e);
    arena_fini(&a);
    if (!ok || !ours)
        return ok;
    ok = secret_key(from_dir, name, key, e) && secret_write(to_dir, name, key, e);
    sodium_memzero(key, sizeof key);
    return ok;
}
