/* The control store under a key: a layer below SQLite that encrypts what goes to the disk, so that tables, log and copies are sealed alike
 * and no statement knows of it. AES-256-XTS by sectors of 512 bytes, each under a tweak of its own number and kind of file, as disks are
 * encrypted: it hides, and does not prove that nobody exchanged a sector. Files are as long as SQLite makes them, rounded up to whole
 * sectors; the rest of a last sector is zeros. Only the process that has the mesh open has such a file open. */
#include "store/store_int.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

#include "base/cipher.h"
#include "base/mem.h"

enum { SECTOR = 512, TWEAK_BYTES = 16, XTS_KEY_BYTES = 64, RUN_SECTORS = 16 };

struct sealed_file {
    sqlite3_file base;
    EVP_CIPHER_CTX *in, *out;
    unsigned char kind; /* part of the tweak: the same sector of two files looks different */
    sqlite3_file *real; /* behind this */
};

static sqlite3_vfs *below(void)
{
    return sqlite3_vfs_find(NULL);
}

/* A page in the log does not end with a sector, so that the next page's write touches its last one; who reads must not see half of that. */
static pthread_rwlock_t log_lock = PTHREAD_RWLOCK_INITIALIZER;
enum { KIND_MAIN = 1, KIND_LOG, KIND_OTHER };

/* ---- Sectors ---- */

static bool crypt_sectors(struct sealed_file *f, bool encrypt, unsigned char *p, size_t n, uint64_t first)
{
    for (size_t i = 0; i < n; i++, p += SECTOR) {
        unsigned char tweak[TWEAK_BYTES] = {0};
        uint64_t number = first + i;
        int got = 0;
        for (int k = 0; k < 8; k++)
            tweak[k] = (unsigned char)(number >> (8 * k));
        tweak[TWEAK_BYTES - 1] = f->kind;
        if (!encrypt && sodium_is_zero(p, SECTOR)) /* never written: a hole */
            continue;
        EVP_CIPHER_CTX *x = encrypt ? f->out : f->in;
        if (EVP_CipherInit_ex(x, NULL, NULL, NULL, tweak, -1) != 1 || EVP_CipherUpdate(x, p, &got, p, SECTOR) != 1 || got != SECTOR)
            return false;
    }
    return true;
}

/* Whole sectors as text; beyond the file's end they are zeros. *size: of the file. */
static int read_sectors(struct sealed_file *f, unsigned char *p, size_t n, uint64_t first, sqlite3_int64 *size)
{
    int rc = f->real->pMethods->xFileSize(f->real, size);
    uint64_t whole = (uint64_t)*size / SECTOR, have = whole > first ? whole - first : 0;
    if (rc != SQLITE_OK)
        return rc;
    if (have > n)
        have = n;
    memset(p + have * SECTOR, 0, (n - have) * SECTOR);
    if (have)
        rc = f->real->pMethods->xRead(f->real, p, (int)(have * SECTOR), (sqlite3_int64)(first * SECTOR));
    if (rc == SQLITE_OK && !crypt_sectors(f, false, p, have, first))
        rc = SQLITE_IOERR_READ;
    return rc;
}

static int sealed_read(sqlite3_file *base, void *to, int amount, sqlite3_int64 at)
{
    struct sealed_file *f = (struct sealed_file *)base;
    unsigned char run[RUN_SECTORS * SECTOR];
    uint64_t pos = (uint64_t)at, end = pos + (uint64_t)amount;
    unsigned char *out = to;
    sqlite3_int64 size = 0;
    int rc = SQLITE_OK;
    if (f->kind == KIND_LOG)
        pthread_rwlock_rdlock(&log_lock);
    while (pos < end && rc == SQLITE_OK) {
        uint64_t first = pos / SECTOR, skip = pos % SECTOR, sectors = (end + SECTOR - 1) / SECTOR - first;
        size_t n = sectors < RUN_SECTORS ? (size_t)sectors : RUN_SECTORS;
        rc = read_sectors(f, run, n, first, &size);
        size_t take = n * SECTOR - skip;
        if (take > end - pos)
            take = (size_t)(end - pos);
        memcpy(out, run + skip, take);
        out += take;
        pos += take;
    }
    if (f->kind == KIND_LOG)
        pthread_rwlock_unlock(&log_lock);
    sodium_memzero(run, sizeof run);
    return rc == SQLITE_OK && end > (uint64_t)size ? SQLITE_IOERR_SHORT_READ : rc;
}

static int sealed_write(sqlite3_file *base, const void *from, int amount, sqlite3_int64 at)
{
    struct sealed_file *f = (struct sealed_file *)base;
    unsigned char run[RUN_SECTORS * SECTOR];
    uint64_t pos = (uint64_t)at, end = pos + (uint64_t)amount;
    const unsigned char *in = from;
    sqlite3_int64 size;
    int rc = SQLITE_OK;
    if (f->kind == KIND_LOG)
        pthread_rwlock_wrlock(&log_lock);
    while (pos < end && rc == SQLITE_OK) {
        uint64_t first = pos / SECTOR, skip = pos % SECTOR, sectors = (end + SECTOR - 1) / SECTOR - first;
        size_t n = sectors < RUN_SECTORS ? (size_t)sectors : RUN_SECTORS, take = n * SECTOR - skip;
        if (take > end - pos)
            take = (size_t)(end - pos);
        /* Sectors that are written in part keep their other bytes. */
        if (skip)
            rc = read_sectors(f, run, 1, first, &size);
        if (rc == SQLITE_OK && (skip + take) % SECTOR && (n > 1 || !skip))
            rc = read_sectors(f, run + (n - 1) * SECTOR, 1, first + n - 1, &size);
        if (rc != SQLITE_OK)
            break;
        memcpy(run + skip, in, take);
        if (!crypt_sectors(f, true, run, n, first))
            rc = SQLITE_IOERR_WRITE;
        else
            rc = f->real->pMethods->xWrite(f->real, run, (int)(n * SECTOR), (sqlite3_int64)(first * SECTOR));
        in += take;
        pos += take;
    }
    if (f->kind == KIND_LOG)
        pthread_rwlock_unlock(&log_lock);
    sodium_memzero(run, sizeof run);
    return rc;
}

/* ---- What is passed on ---- */

#define REAL(base) (((struct sealed_file *)(base))->real)

static int sealed_close(sqlite3_file *base)
{
    struct sealed_file *f = (struct sealed_file *)base;
    EVP_CIPHER_CTX_free(f->in);
    EVP_CIPHER_CTX_free(f->out);
    return f->real->pMethods ? f->real->pMethods->xClose(f->real) : SQLITE_OK;
}

static int sealed_truncate(sqlite3_file *b, sqlite3_int64 size)
{
    return REAL(b)->pMethods->xTruncate(REAL(b), (size + SECTOR - 1) / SECTOR * SECTOR);
}

static int sealed_sync(sqlite3_file *b, int flags)
{
    return REAL(b)->pMethods->xSync(REAL(b), flags);
}

static int sealed_size(sqlite3_file *b, sqlite3_int64 *size)
{
    return REAL(b)->pMethods->xFileSize(REAL(b), size);
}

static int sealed_lock(sqlite3_file *b, int level)
{
    return REAL(b)->pMethods->xLock(REAL(b), level);
}

static int sealed_unlock(sqlite3_file *b, int level)
{
    return REAL(b)->pMethods->xUnlock(REAL(b), level);
}

static int sealed_check_lock(sqlite3_file *b, int *out)
{
    return REAL(b)->pMethods->xCheckReservedLock(REAL(b), out);
}

static int sealed_control(sqlite3_file *b, int op, void *arg)
{
    return REAL(b)->pMethods->xFileControl(REAL(b), op, arg);
}

static int sealed_sector_size(sqlite3_file *b)
{
    return REAL(b)->pMethods->xSectorSize(REAL(b));
}

static int sealed_device(sqlite3_file *b)
{
    return REAL(b)->pMethods->xDeviceCharacteristics(REAL(b)) & SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int sealed_shm_map(sqlite3_file *b, int page, int bytes, int extend, void volatile **out)
{
    return REAL(b)->pMethods->xShmMap(REAL(b), page, bytes, extend, out);
}

static int sealed_shm_lock(sqlite3_file *b, int offset, int n, int flags)
{
    return REAL(b)->pMethods->xShmLock(REAL(b), offset, n, flags);
}

static void sealed_shm_barrier(sqlite3_file *b)
{
    REAL(b)->pMethods->xShmBarrier(REAL(b));
}

static int sealed_shm_unmap(sqlite3_file *b, int remove)
{
    return REAL(b)->pMethods->xShmUnmap(REAL(b), remove);
}

/* Version 2: no access by mapped memory, which would pass by this layer. The index of the log (-shm) holds numbers of pages alone. */
static const sqlite3_io_methods methods = {
    2,           sealed_close,      sealed_read,    sealed_write,       sealed_truncate, sealed_sync,    sealed_size,     sealed_lock,        sealed_unlock,
    sealed_check_lock, sealed_control, sealed_sector_size, sealed_device, sealed_shm_map, sealed_shm_lock, sealed_shm_barrier, sealed_shm_unmap, NULL, NULL,
};

static bool keys_set(struct sealed_file *f, const char *name)
{
    unsigned char key[XTS_KEY_BYTES];
    const struct cipher *c = name ? cipher_for(name) : NULL;
    if (name && !c)
        return false;
    if (c)
        cipher_subkey(c, CIPHER_STORE, key, sizeof key);
    else
        randombytes_buf(key, sizeof key); /* a file without a name lives as long as it is open */
    f->in = EVP_CIPHER_CTX_new();
    f->out = EVP_CIPHER_CTX_new();
    bool ok = f->in && f->out && EVP_DecryptInit_ex(f->in, EVP_aes_256_xts(), NULL, key, NULL) == 1 &&
              EVP_EncryptInit_ex(f->out, EVP_aes_256_xts(), NULL, key, NULL) == 1;
    sodium_memzero(key, sizeof key);
    return ok;
}

static int sealed_open(sqlite3_vfs *v, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    struct sealed_file *f = (struct sealed_file *)base;
    (void)v;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(f + 1);
    f->real->pMethods = NULL;
    f->kind = (unsigned char)(flags & SQLITE_OPEN_MAIN_DB ? KIND_MAIN : flags & SQLITE_OPEN_WAL ? KIND_LOG : KIND_OTHER);
    int rc = keys_set(f, name) ? below()->xOpen(below(), name, f->real, flags, out_flags) : SQLITE_CANTOPEN;
    f->base.pMethods = &methods;
    if (rc != SQLITE_OK) {
        sealed_close(base);
        f->base.pMethods = NULL;
    }
    return rc;
}

const char *store_vfs_for(const char *path)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static sqlite3_vfs sealed;
    if (!cipher_for(path))
        return NULL;
    pthread_mutex_lock(&lock);
    if (!sealed.zName) {
        sqlite3_initialize();
        sealed = *below();
        sealed.zName = "trellis-sealed";
        sealed.pNext = NULL;
        sealed.szOsFile = (int)(sizeof(struct sealed_file) + (size_t)below()->szOsFile);
        sealed.xOpen = sealed_open;
        sqlite3_vfs_register(&sealed, 0);
    }
    pthread_mutex_unlock(&lock);
    return sealed.zName;
}
