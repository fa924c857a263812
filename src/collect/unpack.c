/* Bodies that came compressed: gzip, deflate (with or without zlib's wrapping) and zstd, never to more than a body may have. */
#include "collect/collect_int.h"

#include <zlib.h>
#include <zstd.h>

enum { PIECE_BYTES = 64 << 10, ZSTD_WINDOW_LOG = 23 };

static bool broken(struct err *e, int *status, const char *what)
{
    *status = 400;
    err_set(e, E_EVENT, "the body is not whole %s data", what);
    err_hint(e, "its Content-Encoding says %s: compress the whole body, or send it plain", what);
    return false;
}

static bool too_large(struct err *e, int *status, size_t max_bytes)
{
    *status = 413;
    err_set(e, E_TOO_LARGE, "the body unpacks to more than %zu bytes", max_bytes);
    err_hint(e, "send smaller batches");
    return false;
}

static bool out_of_memory(struct err *e, int *status)
{
    *status = 503;
    return err_set(e, E_MEMORY, "there is not enough memory to unpack this body");
}

/* window_bits as inflateInit2 has them. Several gzip members count as one text. */
static bool inflate_all(struct str in, int window_bits, size_t max_bytes, struct buf *out, int *status, struct err *e)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n};
    bool good = false, ended = false;
    if (inflateInit2(&z, window_bits) != Z_OK)
        return out_of_memory(e, status);
    for (;;) {
        if (!buf_reserve(out, PIECE_BYTES)) {
            out->out_of_memory ? out_of_memory(e, status) : too_large(e, status, max_bytes);
            break;
        }
        z.next_out = (Bytef *)out->p + out->n;
        z.avail_out = PIECE_BYTES;
        int k = inflate(&z, Z_NO_FLUSH);
        out->n += PIECE_BYTES - z.avail_out;
        if (out->n > max_bytes) {
            too_large(e, status, max_bytes);
            break;
        }
        ended = k == Z_STREAM_END;
        if (ended && z.avail_in == 0) {
            good = true;
            break;
        }
        if (ended ? inflateReset(&z) != Z_OK : k != Z_OK || (z.avail_in == 0 && z.avail_out)) {
            broken(e, status, "compressed");
            break;
        }
    }
    inflateEnd(&z);
    return good;
}

static bool unpack_gzip(struct str in, size_t max_bytes, struct buf *out, int *status, struct err *e)
{
    return inflate_all(in, 15 + 16, max_bytes, out, status, e);
}

/* The standard means zlib's format; some clients send the bare one. */
static bool unpack_deflate(struct str in, size_t max_bytes, struct buf *out, int *status, struct err *e)
{
    bool wrapped = in.n >= 2 && (in.p[0] & 0x0f) == 8 && (((unsigned char)in.p[0] << 8) + (unsigned char)in.p[1]) % 31 == 0;
    return inflate_all(in, wrapped ? 15 : -15, max_bytes, out, status, e);
}

static bool unpack_zstd(struct str in, size_t max_bytes, struct buf *out, int *status, struct err *e)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    ZSTD_inBuffer from = {in.p, in.n, 0};
    bool good = false;
    if (!z)
        return out_of_memory(e, status);
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    for (;;) {
        if (!buf_reserve(out, PIECE_BYTES)) {
            out->out_of_memory ? out_of_memory(e, status) : too_large(e, status, max_bytes);
            break;
        }
        ZSTD_outBuffer to = {out->p + out->n, PIECE_BYTES, 0};
        size_t k = ZSTD_decompressStream(z, &to, &from);
        out->n += to.pos;
        if (out->n > max_bytes) {
            too_large(e, status, max_bytes);
            break;
        }
        if (ZSTD_isError(k) || (k != 0 && from.pos == from.size && to.pos < to.size)) {
            broken(e, status, "zstd");
            break;
        }
        if (k == 0 && from.pos == from.size) {
            good = true;
            break;
        }
    }
    ZSTD_freeDCtx(z);
    return good;
}

static const struct {
    struct str name;
    bool (*unpack)(struct str in, size_t max_bytes, struct buf *out, int *status, struct err *e);
} encodings[] = {
    {{"gzip", 4}, unpack_gzip},
    {{"x-gzip", 6}, unpack_gzip},
    {{"deflate", 7}, unpack_deflate},
    {{"zstd", 4}, unpack_zstd},
};

bool unpack(struct str encoding, struct str packed, size_t max_bytes, struct buf *out, int *status, struct err *e)
{
    buf_reset(out);
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
        if (str_eq_nocase(encodings[i].name, encoding))
            return encodings[i].unpack(packed, max_bytes, out, status, e);
    *status = 415;
    err_set(e, E_EVENT, "this Content-Encoding is not understood");
    err_hint(e, "gzip, deflate and zstd are; or leave the body plain");
    return false;
}
