/* Pieces of files, kept below data/uploads until they are added or a day is over. The file's size tells what has come. */
#include "serve/uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/json.h"

enum { ID_BYTES = 16, NAME_MAX_BYTES = 120, HEAD_MAX_BYTES = 4096, AT_ONCE_MAX = 100 };
static const int64_t LIFE_S = 24 * 3600, SPARE_BYTES = (int64_t)256 << 20;

/* Two pieces of one file may come at once. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

struct str upload_safe_name(struct arena *a, struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '/' || name.p[i] == '\\') { /* a browser of old sends its own folders */
            name = (struct str){name.p + i + 1, name.n - i - 1};
            i = (size_t)-1;
        }
    if (!str_utf8_valid(name))
        return (struct str){NULL, 0};
    char *out = arena_alloc(a, name.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool odd = c < ' ' || c == 127 || strchr("*?[]{}<>:|\"'`$&;", c) != NULL;
        if (!odd || c == 0)
            out[n++] = c ? (char)c : '_';
        else
            out[n++] = '_';
    }
    struct str s = str_trim((struct str){out, n});
    while (s.n && (s.p[0] == '.' || s.p[0] == '-'))
        s = (struct str){s.p + 1, s.n - 1};
    if (s.n > NAME_MAX_BYTES) { /* the end tells what it is */
        size_t cut = s.n - NAME_MAX_BYTES;
        while (cut < s.n && ((unsigned char)s.p[cut] & 0xc0) == 0x80)
            cut++;
        s = (struct str){s.p + cut, s.n - cut};
    }
    return str_trim(s);
}

struct str upload_extension(struct arena *a, struct str name)
{
    static const char *const kinds[] = {".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".parquet", ".xlsx"}, *const packed[] = {"", ".gz", ".zst"};
    char *z = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        z[i] = (char)(z[i] >= 'A' && z[i] <= 'Z' ? z[i] + 32 : z[i]);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (size_t k = 0; k < sizeof packed / sizeof *packed; k++) {
            struct str end = arena_printf(a, "%s%s", kinds[i], packed[k]);
            if (str_ends((struct str){z, name.n}, end))
                return end;
        }
    return (struct str){NULL, 0};
}

static struct str folder_of(struct arena *a, const char *data_dir, struct str id)
{
    return arena_printf(a, "%s/uploads/%.*s", data_dir, STR_FMT(id));
}

static void describe(struct arena *a, struct upload *u)
{
    u->path = fs_join(a, u->folder, arena_printf(a, "file%.*s", STR_FMT(upload_extension(a, u->name))));
}

static bool room(const char *data_dir, int64_t bytes, struct err *e)
{
    struct statvfs v;
    if (statvfs(data_dir, &v) != 0 || (int64_t)v.f_bavail * (int64_t)v.f_frsize > bytes + SPARE_BYTES)
        return true;
    err_set(e, E_TOO_LARGE, "there is not enough free space for this file");
    err_hint(e, "make room on the disk that holds the mesh, or send a part of it");
    return false;
}

bool upload_begin(struct arena *a, const char *data_dir, struct str name, int64_t bytes, struct upload *out, struct err *e)
{
    unsigned char random[ID_BYTES];
    char id[2 * ID_BYTES + 1];
    *out = (struct upload){.name = upload_safe_name(a, name), .bytes = bytes};
    struct str *others = NULL;
    size_t n_others = 0;
    if (!out->name.n)
        return err_set(e, E_USAGE, "the file has no usable name");
    if (bytes < 1)
        return err_set(e, E_USAGE, "the file is empty, or its size is not told");
    if (bytes > UPLOAD_MAX_BYTES) {
        err_set(e, E_TOO_LARGE, "the file is larger than 2 GB");
        err_hint(e, "put it into a folder that the mesh can read: trellis add files --path FILE --name NAME --domain DOMAIN");
        return false;
    }
    if (!upload_extension(a, out->name).n) {
        err_set(e, E_SOURCE_FILE, "%.*s is no kind of file that can be read here", STR_FMT(out->name));
        err_hint(e, "CSV, TSV, TXT, XLSX, JSON, NDJSON or Parquet, also as .gz or .zst; save a workbook of another kind as .xlsx or .csv");
        return false;
    }
    (void)!fs_list(a, arena_printf(a, "%s/uploads", data_dir).p, &others, &n_others, NULL);
    if (n_others >= AT_ONCE_MAX)
        return err_set(e, E_BUSY, "%zu uploads are unfinished; they go after a day", n_others);
    if (sodium_init() < 0)
        return err_set(e, E_INTERNAL, "the random generator did not start");
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(id, sizeof id, random, sizeof random);
    out->id = arena_str(a, str_of(id));
    out->folder = folder_of(a, data_dir, out->id);
    struct buf head = BUF_INIT((size_t)HEAD_MAX_BYTES);
    buf_addz(&head, "{\"name\":");
    buf_json_str(&head, out->name);
    buf_printf(&head, ",\"bytes\":%lld}\n", (long long)bytes);
    bool good = room(data_dir, bytes, e) && fs_mkdirs(out->folder.p, 0700, e) && buf_ok(&head, e) &&
                fs_write_atomic(arena_printf(a, "%.*s/upload.json", STR_FMT(out->folder)).p, buf_str(&head), 0600, e);
    buf_fini(&head);
    describe(a, out);
    return good;
}

bool upload_find(struct arena *a, const char *data_dir, struct str id, struct upload *out, struct err *e)
{
    struct str text;
    bool hex = id.n == (size_t)2 * ID_BYTES;
    for (size_t i = 0; i < id.n; i++)
        hex = hex && ((id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'a' && id.p[i] <= 'f'));
    *out = (struct upload){.id = id};
    if (hex)
        out->folder = folder_of(a, data_dir, id);
    if (!hex || !fs_exists(arena_printf(a, "%.*s/upload.json", STR_FMT(out->folder)).p)) {
        err_set(e, E_NOT_FOUND, "there is no such upload");
        err_hint(e, "it was added already, or is older than a day: send the file again");
        return false;
    }
    if (!fs_read(a, arena_printf(a, "%.*s/upload.json", STR_FMT(out->folder)).p, HEAD_MAX_BYTES, &text, e))
        return false;
    yyjson_doc *doc = json_parse(text, e);
    if (!doc)
        return false;
    out->name = arena_str(a, json_str(yyjson_doc_get_root(doc), "name"));
    out->bytes = json_int(yyjson_doc_get_root(doc), "bytes", 0);
    yyjson_doc_free(doc);
    describe(a, out);
    struct fs_stat st;
    out->received = fs_stat(out->path.p, &st) ? (int64_t)st.size_bytes : 0;
    return true;
}

static bool write_at(const struct upload *u, int64_t offset, struct str piece, struct err *e)
{
    int fd = open(u->path.p, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(e, E_IO, "the upload cannot be written");
    bool good = true;
    for (size_t done = 0; good && done < piece.n;) {
        ssize_t k = pwrite(fd, piece.p + done, piece.n - done, (off_t)(offset + (int64_t)done));
        if (k > 0)
            done += (size_t)k;
        else if (k == 0 || errno != EINTR)
            good = err_errno(e, errno, "the upload cannot be written");
    }
    if (close(fd) != 0 && good)
        good = err_errno(e, errno, "the upload cannot be written");
    return good;
}

bool upload_piece(struct upload *u, int64_t offset, struct str piece, struct err *e)
{
    if (piece.n == 0)
        return err_set(e, E_USAGE, "the piece is empty");
    if (piece.n > UPLOAD_PART_BYTES)
        return err_set(e, E_TOO_LARGE, "a piece is at most %d bytes", UPLOAD_PART_BYTES);
    if (offset < 0 || offset + (int64_t)piece.n > u->bytes)
        return err_set(e, E_USAGE, "the piece reaches beyond the %lld bytes that were told", (long long)u->bytes);
    struct fs_stat st;
    pthread_mutex_lock(&writing);
    u->received = fs_stat(u->path.p, &st) ? (int64_t)st.size_bytes : 0;
    bool good = offset <= u->received;
    if (!good) {
        err_set(e, E_USAGE, "a piece before this one is missing: %lld bytes have come", (long long)u->received);
        err_hint(e, "go on with PUT …/%lld", (long long)u->received);
    } else {
        good = write_at(u, offset, piece, e);
    }
    if (good && offset + (int64_t)piece.n > u->received)
        u->received = offset + (int64_t)piece.n;
    pthread_mutex_unlock(&writing);
    return good;
}

bool upload_whole(const struct upload *u, struct err *e)
{
    if (u->received == u->bytes)
        return true;
    err_set(e, E_USAGE, "only %lld of %lld bytes have come", (long long)u->received, (long long)u->bytes);
    err_hint(e, "send the rest first");
    return false;
}

void upload_end(const struct upload *u)
{
    (void)!fs_remove_tree(u->folder.p, NULL);
}

void uploads_clean(struct arena *a, const char *data_dir, int64_t now_us)
{
    struct str *ids = NULL, folder = arena_printf(a, "%s/uploads", data_dir);
    size_t n = 0;
    if (!fs_is_dir(folder.p) || !fs_list(a, folder.p, &ids, &n, NULL))
        return;
    for (size_t i = 0; i < n; i++) {
        struct str one = fs_join(a, folder, ids[i]), *files = NULL;
        struct fs_stat st;
        size_t n_files = 0;
        int64_t newest_ns = 0;
        if (fs_stat(one.p, &st))
            newest_ns = st.mtime_ns;
        (void)!fs_list(a, one.p, &files, &n_files, NULL);
        for (size_t k = 0; k < n_files; k++)
            if (fs_stat(fs_join(a, one, files[k]).p, &st) && st.mtime_ns > newest_ns)
                newest_ns = st.mtime_ns;
        if (newest_ns / 1000 + LIFE_S * 1000000 < now_us)
            (void)!fs_remove_tree(one.p, NULL);
    }
}
