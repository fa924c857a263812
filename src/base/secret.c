#include "base/secret.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/cipher.h"
#include "base/fs.h"

enum { FILE_MAX_BYTES = 512 };

/* Under encryption at rest the file holds the key sealed, for its name: one cannot be put in another's place. */
static bool opened(struct arena *a, const char *path, struct str *text, struct err *e)
{
    const struct cipher *c = cipher_for(path);
    struct str plain;
    if (cipher_text_is_sealed(*text) && !c)
        return err_set(e, E_ENCRYPTION, "%s is sealed, and this mesh is opened without a key", path);
    if (!c)
        return true;
    if (!cipher_text_unseal(c, CIPHER_SECRETS, fs_basename(str_of(path)), *text, a, &plain, e)) {
        err_prefix(e, "%s", path);
        return false;
    }
    *text = plain;
    return true;
}

static bool read_key(struct arena *a, const char *path, unsigned char key[SECRET_BYTES], struct err *e)
{
    struct stat st;
    struct str text;
    size_t n = 0;
    if (stat(path, &st) != 0)
        return err_set(e, E_IO, "%s cannot be looked at: %s", path, strerror(errno));
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        err_set(e, E_DENIED, "%s may be read by others", path);
        err_hint(e, "chmod 600 %s", path);
        return false;
    }
    if (!fs_read(a, path, FILE_MAX_BYTES, &text, e))
        return false;
    text = str_trim(text);
    if (!opened(a, path, &text, e))
        return false;
    if (sodium_hex2bin(key, SECRET_BYTES, text.p, text.n, NULL, &n, NULL) == 0 && n == SECRET_BYTES && text.n == 2 * SECRET_BYTES)
        return true;
    err_set(e, E_IO, "%s is no key: it holds 64 hexadecimal digits", path);
    err_hint(e, "put it back from a backup; without it, what was made with it no longer fits together");
    return false;
}

/* there: as in fs_write_new; NULL to replace. */
static bool write_key(const char *path, const unsigned char key[SECRET_BYTES], bool *there, struct err *e)
{
    char hex[2 * SECRET_BYTES + 1];
    struct buf text = BUF_INIT(FILE_MAX_BYTES);
    const struct cipher *c = cipher_for(path);
    sodium_bin2hex(hex, sizeof hex, key, SECRET_BYTES);
    if (c)
        cipher_text_seal(c, CIPHER_SECRETS, fs_basename(str_of(path)), str_of(hex), &text);
    else
        buf_addz(&text, hex);
    buf_addc(&text, '\n');
    bool ok = buf_ok(&text, e) && (there ? fs_write_new(path, buf_str(&text), 0600, there, e) : fs_write_atomic(path, buf_str(&text), 0600, e));
    sodium_memzero(hex, sizeof hex);
    if (text.p)
        sodium_memzero(text.p, text.n);
    buf_fini(&text);
    return ok;
}

bool secret_write(const char *dir, const char *name, const unsigned char key[SECRET_BYTES], struct err *e)
{
    struct arena a;
    arena_init(&a);
    bool ok = write_key(arena_printf(&a, "%s/%s", dir, name).p, key, NULL, e);
    arena_fini(&a);
    return ok;
}

bool secret_key(const char *dir, const char *name, unsigned char key[SECRET_BYTES], struct err *e)
{
    struct arena a;
    arena_init(&a);
    const char *path = arena_printf(&a, "%s/%s", dir, name).p;
    bool there = fs_exists(path), ok = true;
    if (!there) {
        randombytes_buf(key, SECRET_BYTES);
        ok = write_key(path, key, &there, e); /* another thread may have been first: then its key is the one */
    }
    if (ok && there)
        ok = read_key(&a, path, key, e);
    arena_fini(&a);
    return ok;
}
