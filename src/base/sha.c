/* SHA-256 of bytes and files, by libsodium. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"

static void hex_of(const unsigned char digest[crypto_hash_sha256_BYTES], struct sha *out)
{
    sodium_bin2hex(out->hex, sizeof out->hex, digest, crypto_hash_sha256_BYTES);
}

void sha_bytes(struct str data, struct sha *out)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)(data.p ? data.p : ""), data.n);
    hex_of(digest, out);
}

bool sha_file(const char *path, struct sha *out, struct err *e)
{
    enum { CHUNK = 1 << 16 };
    int fd = fault_fires(FAULT_OPEN) ? (errno = EIO, -1) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot read %s", path);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    crypto_hash_sha256_state st;
    crypto_hash_sha256_init(&st);
    unsigned char chunk[CHUNK];
    bool ok = false;
    for (;;) {
        ssize_t n = fault_fires(FAULT_READ) ? (errno = EIO, -1) : read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_errno(e, errno, "cannot read %s", path);
            goto out;
        }
        if (n == 0)
            break;
        crypto_hash_sha256_update(&st, chunk, (unsigned long long)n);
    }
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&st, digest);
    hex_of(digest, out);
    ok = true;
out:
    close(fd);
    return ok;
}
