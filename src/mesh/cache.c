/* What was found good before, by content hash: checked documents, and the names that SQL reads. One file, read whole at
 * open and written whole (beside, then renamed) when something is new, so that concurrent writers leave one or the other.
 *
 *   header   magic, fingerprint of schemas and layouts, number of entries, bytes behind the header, their checksum
 *   index    per entry: hash of the content (64 hexadecimal digits), kind, offset and length in the bodies
 *   bodies   doc_save blocks; for SQL: per name three texts, line and column; per result column what its value comes from
 *
 * A file that is torn, of another version or of other schemas is passed over: everything is then checked again. */
#include "mesh/mesh_int.h"

#include "base/log.h"
#include "sql/sql.h"

enum { CACHE_MAX_BYTES = 512 << 20, CACHE_LAYOUT = 2, KIND_REFS = 'r', KIND_LINEAGE = 'l', KIND_DOC = 'A', HEX = 64, KEY_BYTES = HEX + 1, BODY_ALIGN = 8 };

static const char cache_magic[8] = "TRMESH1";

struct cache_header {
    char magic[8];
    uint64_t fingerprint, n_entries, bytes, checksum;
};

struct cache_entry {
    char key[KEY_BYTES]; /* hash, then kind */
    char pad[7];
    uint64_t offset, length;
};

struct cached { struct str key, body; bool used; };

struct mesh_cache {
    struct arena a;
    struct str path;
    struct cached *v;
    size_t n, cap;
    struct table index; /* key -> struct cached, by position + 1 */
    bool changed;
};

static uint64_t fingerprint_now(void)
{
    const uint32_t layout[] = {CACHE_LAYOUT, sizeof(struct doc_node), sizeof(struct cache_entry)};
    return schema_fingerprint() ^ str_hash((struct str){(const char *)layout, sizeof layout}) ^ str_hash(STR(TRELLIS_VERSION));
}

static void key_make(char out[KEY_BYTES], const struct sha *sha, int kind)
{
    memcpy(out, sha->hex, HEX);
    out[HEX] = (char)kind;
}

static void add(struct mesh_cache *c, struct str key, struct str body, bool used)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 256;
        struct cached *v = arena_array(&c->a, cap, sizeof *v);
        if (c->n)
            memcpy(v, c->v, c->n * sizeof *v);
        c->v = v;
        c->cap = cap;
    }
    c->v[c->n++] = (struct cached){key, body, used};
    (void)table_put(&c->index, &c->a, key, (void *)(uintptr_t)c->n);
}

static struct cached *find(struct mesh_cache *c, const struct sha *sha, int kind)
{
    char key[KEY_BYTES];
    key_make(key, sha, kind);
    uintptr_t at = (uintptr_t)table_get(&c->index, (struct str){key, sizeof key});
    return at ? &c->v[at - 1] : NULL;
}

static void put(struct mesh_cache *c, const struct sha *sha, int kind, struct str body)
{
    char key[KEY_BYTES];
    key_make(key, sha, kind);
    if (find(c, sha, kind))
        return; /* two files of the same content */
    add(c, arena_str(&c->a, (struct str){key, sizeof key}), arena_str(&c->a, body), true);
    c->changed = true;
}

static void read_entries(struct mesh_cache *c, struct str bytes)
{
    struct cache_header h;
    if (bytes.n < sizeof h)
        return;
    memcpy(&h, bytes.p, sizeof h);
    struct str rest = {bytes.p + sizeof h, bytes.n - sizeof h};
    if (memcmp(h.magic, cache_magic, sizeof h.magic) != 0 || h.fingerprint != fingerprint_now() || h.bytes != rest.n ||
        h.n_entries > rest.n / sizeof(struct cache_entry) || h.checksum != str_hash(rest))
        return;
    struct str bodies = {rest.p + h.n_entries * sizeof(struct cache_entry), rest.n - h.n_entries * sizeof(struct cache_entry)};
    for (size_t i = 0; i < h.n_entries; i++) {
        struct cache_entry entry;
        const char *at = rest.p + i * sizeof entry;
        memcpy(&entry, at, sizeof entry);
        if (entry.offset > bodies.n || entry.length > bodies.n - entry.offset)
            return;
        add(c, (struct str){at, KEY_BYTES}, (struct str){bodies.p + entry.offset, entry.length}, false);
    }
}

struct mesh_cache *cache_open(const char *path)
{
    struct mesh_cache *c = mem_alloc(sizeof *c);
    struct str bytes;
    arena_init(&c->a);
    c->path = arena_str(&c->a, str_of(path));
    if (fs_exists(path) && fs_read(&c->a, path, CACHE_MAX_BYTES, &bytes, NULL))
        read_entries(c, bytes);
    return c;
}

const struct doc *cache_doc(struct mesh_cache *c, struct arena *a, enum schema_kind kind, struct str file, const struct sha *sha)
{
    struct cached *hit = find(c, sha, KIND_DOC + kind);
    size_t consumed;
    const struct doc *d = hit ? doc_load(a, file, hit->body, &consumed) : NULL;
    if (!d || d->n_nodes == 0)
        return NULL;
    hit->used = true;
    return d;
}

void cache_put_doc(struct mesh_cache *c, enum schema_kind kind, const struct sha *sha, const struct doc *d)
{
    struct buf b = BUF_INIT(CACHE_MAX_BYTES);
    doc_save(d, &b);
    if (buf_ok(&b, NULL))
        put(c, sha, KIND_DOC + kind, buf_str(&b));
    buf_fini(&b);
}

/* ---- Names of SQL ---- */

static void put_text(struct buf *b, struct str s)
{
    uint32_t n = (uint32_t)s.n;
    buf_add(b, (struct str){(const char *)&n, sizeof n});
    buf_add(b, s);
}

static bool take(struct str *from, void *to, size_t n)
{
    if (from->n < n)
        return false;
    memcpy(to, from->p, n);
    from->p += n;
    from->n -= n;
    return true;
}

static bool take_text(struct str *from, struct arena *a, struct str *s)
{
    uint32_t n;
    if (!take(from, &n, sizeof n) || from->n < n)
        return false;
    *s = arena_str(a, (struct str){from->p, n});
    from->p += n;
    from->n -= n;
    return true;
}

bool cache_refs(struct mesh_cache *c, struct arena *a, const struct sha *sha, struct sql_ref **refs, size_t *n)
{
    struct cached *hit = find(c, sha, KIND_REFS);
    struct str at = hit ? hit->body : (struct str){NULL, 0};
    uint32_t count;
    if (!hit || !take(&at, &count, sizeof count) || count > at.n)
        return false;
    struct sql_ref *v = arena_array(a, (size_t)count + 1, sizeof *v);
    for (uint32_t i = 0; i < count; i++)
        if (!take_text(&at, a, &v[i].catalog) || !take_text(&at, a, &v[i].schema) || !take_text(&at, a, &v[i].table) ||
            !take(&at, &v[i].line, sizeof v[i].line) || !take(&at, &v[i].col, sizeof v[i].col))
            return false;
    hit->used = true;
    *refs = v;
    *n = count;
    return true;
}

void cache_put_refs(struct mesh_cache *c, const struct sha *sha, const struct sql_ref *refs, size_t n)
{
    struct buf b = BUF_INIT(1 << 24);
    uint32_t count = (uint32_t)n;
    buf_add(&b, (struct str){(const char *)&count, sizeof count});
    for (size_t i = 0; i < n; i++) {
        put_text(&b, refs[i].catalog);
        put_text(&b, refs[i].schema);
        put_text(&b, refs[i].table);
        buf_add(&b, (struct str){(const char *)&refs[i].line, sizeof refs[i].line});
        buf_add(&b, (struct str){(const char *)&refs[i].col, sizeof refs[i].col});
    }
    if (buf_ok(&b, NULL))
        put(c, sha, KIND_REFS, buf_str(&b));
    buf_fini(&b);
}

/* ---- Lineage: what a class is carried by ---- */

bool cache_lineage(struct mesh_cache *c, struct arena *a, const struct sha *key, struct sql_column_lineage **v, size_t *n)
{
    struct cached *hit = find(c, key, KIND_LINEAGE);
    struct str at = hit ? hit->body : (struct str){NULL, 0};
    uint32_t columns, origins;
    unsigned char flag;
    if (!hit || !take(&at, &columns, sizeof columns) || columns > at.n)
        return false;
    struct sql_column_lineage *x = arena_array(a, (size_t)columns + 1, sizeof *x);
    for (uint32_t i = 0; i < columns; i++) {
        if (!take_text(&at, a, &x[i].column) || !take(&at, &flag, sizeof flag) || !take(&at, &origins, sizeof origins) || origins > at.n)
            return false;
        x[i].uncertain = x[i].uncertain_kept = flag != 0;
        x[i].from = arena_array(a, (size_t)origins + 1, sizeof *x[i].from);
        for (; x[i].n_from < origins; x[i].n_from++) {
            struct sql_origin *o = &x[i].from[x[i].n_from];
            o->kept = true;
            if (!take_text(&at, a, &o->ref) || !take_text(&at, a, &o->column))
                return false;
        }
    }
    hit->used = true;
    *v = x;
    *n = columns;
    return true;
}

/* Only what keeps its value. */
void cache_put_lineage(struct mesh_cache *c, const struct sha *key, const struct sql_column_lineage *v, size_t n)
{
    struct buf b = BUF_INIT(1 << 24);
    uint32_t columns = (uint32_t)n;
    buf_add(&b, (struct str){(const char *)&columns, sizeof columns});
    for (size_t i = 0; i < n; i++) {
        uint32_t origins = 0;
        for (size_t k = 0; k < v[i].n_from; k++)
            origins += v[i].from[k].kept;
        put_text(&b, v[i].column);
        buf_addc(&b, v[i].uncertain_kept ? 1 : 0);
        buf_add(&b, (struct str){(const char *)&origins, sizeof origins});
        for (size_t k = 0; k < v[i].n_from; k++)
            if (v[i].from[k].kept) {
                put_text(&b, v[i].from[k].ref);
                put_text(&b, v[i].from[k].column);
            }
    }
    if (buf_ok(&b, NULL))
        put(c, key, KIND_LINEAGE, buf_str(&b));
    buf_fini(&b);
}

/* ---- Writing ---- */

static bool write_file(const struct mesh_cache *c, struct err *e)
{
    struct buf b = BUF_INIT(CACHE_MAX_BYTES);
    struct cache_header h = {.fingerprint = fingerprint_now()};
    uint64_t offset = 0;
    memcpy(h.magic, cache_magic, sizeof h.magic);
    buf_add(&b, (struct str){(const char *)&h, sizeof h});
    for (size_t i = 0; i < c->n; i++) {
        struct cache_entry entry = {.offset = offset, .length = c->v[i].body.n};
        if (!c->v[i].used) /* of a file that is gone or was changed */
            continue;
        memcpy(entry.key, c->v[i].key.p, KEY_BYTES);
        buf_add(&b, (struct str){(const char *)&entry, sizeof entry});
        offset += (entry.length + BODY_ALIGN - 1) / BODY_ALIGN * BODY_ALIGN;
        h.n_entries++;
    }
    for (size_t i = 0; i < c->n; i++) {
        static const char zeros[BODY_ALIGN] = {0};
        struct str body = c->v[i].body;
        if (!c->v[i].used)
            continue;
        buf_add(&b, body);
        buf_add(&b, (struct str){zeros, (BODY_ALIGN - body.n % BODY_ALIGN) % BODY_ALIGN});
    }
    bool good = buf_ok(&b, e);
    if (good) {
        h.bytes = b.n - sizeof h;
        h.checksum = str_hash((struct str){b.p + sizeof h, b.n - sizeof h});
        memcpy(b.p, &h, sizeof h);
        good = fs_write_atomic(c->path.p, buf_str(&b), 0600, e);
    }
    buf_fini(&b);
    return good;
}

void cache_close(struct mesh_cache *c)
{
    struct err e = {0};
    if (!c)
        return;
    /* Without a cache the next load is slower, nothing else: not worth failing a load that is good. */
    if (c->changed && fs_is_dir(arena_strz(&c->a, fs_dirname(c->path))) && !write_file(c, &e))
        log_err(LOG_WARN, "mesh", "cache_not_written", &e);
    arena_fini(&c->a);
    mem_free(c);
}
