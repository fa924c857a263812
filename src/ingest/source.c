/* File -> bytes -> decompressed -> UTF-8, in pieces, with the head kept as a sample for detection. */
#include "ingest/source.h"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/fault.h"

enum { INPUT_BYTES = 256 << 10, SAMPLE_BYTES = 256 << 10 };

struct source {
    int fd;
    enum source_compression compression;
    enum source_encoding encoding;
    size_t bom_bytes;
    int64_t position;
    /* Compressed or plain bytes as read. */
    char *in;
    size_t in_at, in_n;
    bool file_end;
    z_stream gz;
    bool gz_open, gz_between; /* between: a member has ended, another may follow */
    ZSTD_DStream *zstd;
    size_t zstd_hint; /* 0: at a frame boundary */
    /* Decompressed bytes that wait to be transcoded. */
    char *raw;
    size_t raw_at, raw_n;
    bool raw_end;
    struct buf sample; /* decoded */
};

static const char *const compression_names[] = {"none", "gzip", "zstd"};
static const char *const encoding_names[] = {"utf-8", "utf-16le", "utf-16be", "iso-8859-1", "windows-1252"};

const char *source_compression_name(const struct source *s)
{
    return compression_names[s->compression];
}

const char *source_encoding_name(const struct source *s)
{
    return encoding_names[s->encoding];
}

int64_t source_position(const struct source *s)
{
    return s->position;
}

struct str source_sample(const struct source *s)
{
    return s->sample.n ? buf_str(&s->sample) : STR("");
}

static bool file_fill(struct source *s, struct err *e)
{
    if (s->in_at < s->in_n || s->file_end)
        return true;
    ssize_t n;
    do {
        if (fault_fires(FAULT_READ)) {
            errno = EIO;
            n = -1;
            break;
        }
        n = read(s->fd, s->in, INPUT_BYTES);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(e, errno, "reading the file");
    s->in_at = 0;
    s->in_n = (size_t)n;
    s->position += n;
    s->file_end = n == 0;
    return true;
}

static bool cut_short(struct err *e)
{
    err_set(e, E_SOURCE_FILE, "the compressed data ends early: the file was not written or copied whole");
    err_hint(e, "export or copy the file again");
    return false;
}

static bool damaged(struct err *e, const char *kind)
{
    err_set(e, E_SOURCE_FILE, "the %s data is damaged", kind);
    err_hint(e, "export or copy the file again; test it with `%s -t FILE`", kind);
    return false;
}

static bool gzip_read(struct source *s, char *p, size_t n, size_t *got, struct err *e)
{
    s->gz.next_out = (Bytef *)p;
    s->gz.avail_out = (uInt)n;
    while (s->gz.avail_out == n) {
        if (!file_fill(s, e))
            return false;
        if (s->in_at == s->in_n) {
            if (!s->gz_between)
                return cut_short(e);
            break;
        }
        if (s->gz_between) {
            if ((unsigned char)s->in[s->in_at] != 0x1f) { /* padding after the last member */
                s->in_at = s->in_n;
                continue;
            }
            inflateReset(&s->gz);
            s->gz_between = false;
        }
        s->gz.next_in = (Bytef *)s->in + s->in_at;
        s->gz.avail_in = (uInt)(s->in_n - s->in_at);
        int r = inflate(&s->gz, Z_NO_FLUSH);
        s->in_at = s->in_n - s->gz.avail_in;
        if (r == Z_STREAM_END)
            s->gz_between = true;
        else if (r == Z_MEM_ERROR)
            return err_set(e, E_MEMORY, "no memory to decompress the file");
        else if (r != Z_OK && r != Z_BUF_ERROR)
            return damaged(e, "gzip");
    }
    *got = n - s->gz.avail_out;
    return true;
}

static bool zstd_read(struct source *s, char *p, size_t n, size_t *got, struct err *e)
{
    ZSTD_outBuffer out = {p, n, 0};
    while (out.pos == 0) {
        if (!file_fill(s, e))
            return false;
        bool end = s->in_at == s->in_n;
        if (end && s->zstd_hint == 0)
            break;
        ZSTD_inBuffer in = {s->in, s->in_n, s->in_at};
        size_t before = s->in_at;
        size_t hint = ZSTD_decompressStream(s->zstd, &out, &in);
        if (ZSTD_isError(hint))
            return damaged(e, "zstd");
        s->zstd_hint = hint;
        s->in_at = in.pos;
        if (end && out.pos == 0 && in.pos == before)
            return cut_short(e);
    }
    *got = out.pos;
    return true;
}

/* Decompressed bytes. */
static bool raw_read(struct source *s, char *p, size_t n, size_t *got, struct err *e)
{
    if (s->compression == COMPRESSION_GZIP)
        return gzip_read(s, p, n, got, e);
    if (s->compression == COMPRESSION_ZSTD)
        return zstd_read(s, p, n, got, e);
    if (!file_fill(s, e))
        return false;
    *got = s->in_n - s->in_at < n ? s->in_n - s->in_at : n;
    memcpy(p, s->in + s->in_at, *got);
    s->in_at += *got;
    return true;
}

static bool raw_fill(struct source *s, struct err *e)
{
    memmove(s->raw, s->raw + s->raw_at, s->raw_n - s->raw_at);
    s->raw_n -= s->raw_at;
    s->raw_at = 0;
    while (!s->raw_end && s->raw_n < SAMPLE_BYTES) {
        size_t got;
        if (!raw_read(s, s->raw + s->raw_n, SAMPLE_BYTES - s->raw_n, &got, e))
            return false;
        s->raw_n += got;
        s->raw_end = got == 0;
    }
    return true;
}

/* A lone surrogate comes out as three bytes that no UTF-8 reader takes, so its row is rejected. */
static size_t utf8_put(char *p, uint32_t c)
{
    if (c < 0x80) {
        p[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (char)(0xc0 | c >> 6);
        p[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (char)(0xe0 | c >> 12);
        p[1] = (char)(0x80 | (c >> 6 & 0x3f));
        p[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    p[0] = (char)(0xf0 | c >> 18);
    p[1] = (char)(0x80 | (c >> 12 & 0x3f));
    p[2] = (char)(0x80 | (c >> 6 & 0x3f));
    p[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static uint32_t windows1252(unsigned char c)
{
    static const uint16_t high[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
                                      0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
                                      0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};
    return c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c;
}

static uint16_t unit16(const struct source *s, size_t at)
{
    unsigned char a = (unsigned char)s->raw[at], b = (unsigned char)s->raw[at + 1];
    return (uint16_t)(s->encoding == ENCODING_UTF16LE ? a | (unsigned)b << 8 : (unsigned)a << 8 | b);
}

/* One character from `raw`; false: more bytes are needed to tell. An odd byte at the end is an invalid one. */
static bool utf16_next(struct source *s, uint32_t *c)
{
    size_t left = s->raw_n - s->raw_at;
    if (left < 2) {
        if (!s->raw_end)
            return false;
        s->raw_at = s->raw_n;
        *c = 0xdfff;
        return true;
    }
    uint32_t u = unit16(s, s->raw_at);
    if (u >= 0xd800 && u < 0xdc00) {
        if (left < 4 && !s->raw_end)
            return false;
        uint32_t v = left >= 4 ? unit16(s, s->raw_at + 2) : 0;
        if (v >= 0xdc00 && v < 0xe000) {
            s->raw_at += 4;
            *c = 0x10000 + ((u - 0xd800) << 10) + (v - 0xdc00);
            return true;
        }
    }
    s->raw_at += 2;
    *c = u;
    return true;
}

static size_t transcode(struct source *s, char *p, size_t n)
{
    size_t at = 0;
    bool utf16 = s->encoding == ENCODING_UTF16LE || s->encoding == ENCODING_UTF16BE;
    while (n - at >= 4 && s->raw_at < s->raw_n) {
        uint32_t c;
        if (!utf16) {
            unsigned char b = (unsigned char)s->raw[s->raw_at++];
            c = s->encoding == ENCODING_WINDOWS1252 ? windows1252(b) : b;
        } else if (!utf16_next(s, &c)) {
            break;
        }
        at += utf8_put(p + at, c);
    }
    return at;
}

bool source_read(struct source *s, char *p, size_t n, size_t *got, struct err *e)
{
    if (s->encoding == ENCODING_UTF8) {
        if (s->raw_at < s->raw_n) {
            *got = s->raw_n - s->raw_at < n ? s->raw_n - s->raw_at : n;
            memcpy(p, s->raw + s->raw_at, *got);
            s->raw_at += *got;
            return true;
        }
        *got = 0;
        return s->raw_end || raw_read(s, p, n, got, e);
    }
    *got = 0;
    for (;;) {
        *got = transcode(s, p, n);
        if (*got || (s->raw_end && s->raw_at == s->raw_n))
            return true;
        if (!raw_fill(s, e))
            return false;
        if (s->raw_end && s->raw_at == s->raw_n)
            return true;
    }
}

static bool codec_start(struct source *s, struct err *e)
{
    s->in_at = s->in_n = s->raw_at = s->raw_n = 0;
    s->position = 0;
    s->file_end = s->raw_end = false;
    if (s->compression == COMPRESSION_GZIP) {
        if (s->gz_open)
            inflateEnd(&s->gz);
        s->gz = (z_stream){0};
        s->gz_open = inflateInit2(&s->gz, 15 + 16) == Z_OK;
        s->gz_between = false;
        if (!s->gz_open)
            return err_set(e, E_MEMORY, "no memory to decompress the file");
    }
    if (s->compression == COMPRESSION_ZSTD) {
        if (!s->zstd)
            s->zstd = ZSTD_createDStream();
        if (!s->zstd)
            return err_set(e, E_MEMORY, "no memory to decompress the file");
        s->zstd_hint = ZSTD_initDStream(s->zstd);
    }
    return true;
}

bool source_rewind(struct source *s, struct err *e)
{
    if (lseek(s->fd, 0, SEEK_SET) != 0)
        return err_errno(e, errno, "reading the file again from its start");
    if (!codec_start(s, e) || !raw_fill(s, e))
        return false;
    s->raw_at = s->bom_bytes < s->raw_n ? s->bom_bytes : s->raw_n;
    return true;
}

static bool compression_choose(struct source *s, struct str declared, struct err *e)
{
    struct str head = {s->in, s->in_n};
    const char *hint, *refused = detect_refused(head, &hint);
    if (refused) {
        err_set(e, E_SOURCE_FILE, "it is %s, which is not a format that is read", refused);
        err_hint(e, "%s", hint);
        return false;
    }
    s->compression = detect_compression(head);
    if (!declared.n || str_eq(declared, STR("auto")))
        return true;
    bool gzip = str_eq_nocase(declared, STR("gzip")) || str_eq_nocase(declared, STR("gz"));
    bool zstd = str_eq_nocase(declared, STR("zstd")) || str_eq_nocase(declared, STR("zst"));
    bool none = str_eq_nocase(declared, STR("none"));
    if (!gzip && !zstd && !none)
        return err_set(e, E_SOURCE_FILE, "compression \"%.*s\" is not known; auto, none, gzip and zstd are", STR_FMT(declared));
    if ((gzip && s->compression != COMPRESSION_GZIP) || (zstd && s->compression != COMPRESSION_ZSTD)) {
        err_set(e, E_SOURCE_FILE, "the file is declared as %.*s, but does not start like one", STR_FMT(declared));
        err_hint(e, "remove `compression` from the stream's options to have it detected");
        return false;
    }
    if (none)
        s->compression = COMPRESSION_NONE;
    return true;
}

static bool encoding_choose(struct source *s, struct str declared, struct err *e)
{
    static const struct {
        const char *name;
        enum source_encoding encoding;
    } known[] = {
        {"utf-8", ENCODING_UTF8},         {"utf8", ENCODING_UTF8},         {"ascii", ENCODING_UTF8},
        {"us-ascii", ENCODING_UTF8},      {"utf-16le", ENCODING_UTF16LE},  {"utf-16be", ENCODING_UTF16BE},
        {"utf-16", ENCODING_UTF16LE},     {"utf16", ENCODING_UTF16LE},     {"latin-1", ENCODING_LATIN1},
        {"latin1", ENCODING_LATIN1},      {"iso-8859-1", ENCODING_LATIN1}, {"windows-1252", ENCODING_WINDOWS1252},
        {"cp1252", ENCODING_WINDOWS1252},
    };
    struct str sample = {s->raw, s->raw_n};
    enum source_encoding found = detect_encoding(sample, s->raw_end, &s->bom_bytes);
    if (!declared.n || str_eq(declared, STR("auto"))) {
        s->encoding = found;
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_eq_nocase(declared, str_of(known[i].name))) {
            s->encoding = known[i].encoding;
            if (s->encoding == ENCODING_UTF16LE && found == ENCODING_UTF16BE && declared.n <= 6)
                s->encoding = found; /* "utf-16": the byte order mark decides */
            else if (s->bom_bytes && s->encoding != found)
                s->bom_bytes = 0;
            return true;
        }
    }
    err_set(e, E_SOURCE_FILE, "encoding \"%.*s\" is not known", STR_FMT(declared));
    err_hint(e, "utf-8, utf-16, utf-16le, utf-16be, latin-1 and windows-1252 are");
    return false;
}

static bool sample_take(struct source *s, struct err *e)
{
    char *p = mem_try_alloc(SAMPLE_BYTES);
    size_t got = 1;
    bool ok = p != NULL;
    if (!ok)
        err_set(e, E_MEMORY, "no memory for a sample of the file");
    while (ok && got && s->sample.n < SAMPLE_BYTES) {
        ok = source_read(s, p, SAMPLE_BYTES - s->sample.n < 16 ? 16 : SAMPLE_BYTES - s->sample.n, &got, e);
        if (ok)
            buf_add(&s->sample, (struct str){p, got});
    }
    mem_free(p);
    return ok && buf_ok(&s->sample, e) && source_rewind(s, e);
}

bool source_open(int fd, struct str compression, struct str encoding, struct source **out, struct err *e)
{
    struct source *s = mem_alloc(sizeof *s);
    s->fd = fd;
    s->sample = BUF_INIT(SAMPLE_BYTES * 2);
    s->in = mem_try_alloc(INPUT_BYTES);
    s->raw = mem_try_alloc(SAMPLE_BYTES);
    bool ok = s->in && s->raw;
    if (!ok)
        err_set(e, E_MEMORY, "no memory to read the file");
    ok = ok && file_fill(s, e) && compression_choose(s, compression, e);
    if (ok && lseek(fd, 0, SEEK_SET) != 0)
        ok = err_errno(e, errno, "reading the file again from its start");
    ok = ok && codec_start(s, e) && raw_fill(s, e) && encoding_choose(s, encoding, e);
    if (ok) {
        s->raw_at = s->bom_bytes < s->raw_n ? s->bom_bytes : s->raw_n;
        ok = sample_take(s, e);
    }
    if (!ok) {
        source_close(s);
        s = NULL;
    }
    *out = s;
    return ok;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    if (s->gz_open)
        inflateEnd(&s->gz);
    ZSTD_freeDStream(s->zstd);
    buf_fini(&s->sample);
    mem_free(s->in);
    mem_free(s->raw);
    mem_free(s);
}
