/* JSON: one object per line (NDJSON), or an array or a sequence of objects. Two passes: the first finds every key, so
 * that none is lost whatever line it first appears in; the second makes rows. Numbers stay the text they were written
 * as; nested values become JSON text, or, where the stream wants it, columns named by their path. */
#include <yyjson.h>

#include "ingest/reader.h"

enum { KEYS_MAX = 4096, SLOTS = 16384, LOOKED_AT = 1000, POOL_MARGIN = 1024, PATH_DEEP = 512, WRAPPED_DEEP = 2 };
#define READ_FLAGS YYJSON_READ_NUMBER_AS_RAW

struct json {
    struct window w;
    bool lines;            /* NDJSON */
    bool in_array, closed; /* closed: the array's end was met */
    bool wrapped;          /* the objects stand in an array inside of one object */
    size_t start;          /* of the array in such a file, and its line */
    int64_t start_line;
    int64_t line;
    bool discarding;
    /* Keys as written, in order of appearance, found by hash. */
    struct str *keys;
    size_t n_keys;
    uint32_t slots[SLOTS]; /* index + 1 */
    struct str *fields;
    struct buf nested; /* texts of nested values of one row */
    struct buf path;   /* of a value within objects: the key of its column */
    char *work;        /* the record, padded, and yyjson's own room */
    size_t work_cap;
};

static long key_find(const struct json *j, struct str key)
{
    for (uint64_t h = str_hash(key);; h++) {
        uint32_t at = j->slots[h % SLOTS];
        if (!at)
            return -1;
        if (str_eq(j->keys[at - 1], key))
            return (long)at - 1;
    }
}

static bool key_add(struct reading *r, struct json *j, struct str key, struct err *e)
{
    if (key_find(j, key) >= 0)
        return true;
    if (j->n_keys == KEYS_MAX) {
        err_set(e, E_SOURCE_FILE, "its objects have more than %d different keys", KEYS_MAX);
        err_hint(e, "keys that are data belong into a nested object, which is kept as text");
        return false;
    }
    j->keys[j->n_keys] = arena_str(&r->arena, key);
    for (uint64_t h = str_hash(key);; h++) {
        if (!j->slots[h % SLOTS]) {
            j->slots[h % SLOTS] = (uint32_t)++j->n_keys;
            return true;
        }
    }
}

/* ---- Records ---- */

enum piece { PIECE_RECORD, PIECE_MORE, PIECE_END };

static int64_t count_lines(struct str s)
{
    int64_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
        n++;
    return n;
}

static enum piece next_line(struct json *j, struct str *out, size_t *used)
{
    const char *from = j->w.p + j->w.at, *nl = memchr(from, '\n', j->w.n - j->w.at);
    if (!nl && !j->w.end)
        return PIECE_MORE;
    size_t n = nl ? (size_t)(nl - from) : j->w.n - j->w.at;
    if (!nl && n == 0)
        return PIECE_END;
    *out = str_trim((struct str){from, n});
    *used = n + (nl != NULL);
    return PIECE_RECORD;
}

/* The end of a value that starts at `s`: brackets and texts are followed, nothing more. 0: not within the window. */
static size_t value_end(struct str s)
{
    size_t depth = 0;
    bool text = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                text = false;
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return i ? i : 1;
            if (--depth == 0)
                return i + 1;
        } else if (depth == 0 && (c == ',' || c == '\n')) {
            return i;
        }
    }
    return 0;
}

static enum piece next_value(struct json *j, struct str *out, size_t *used)
{
    if (j->wrapped && j->closed) /* what follows the array describes it */
        return PIECE_END;
    while (j->w.at < j->w.n) {
        char c = j->w.p[j->w.at];
        if (c == '\n')
            j->line++;
        else if (c == '[' && !j->in_array)
            j->in_array = true;
        else if (c == ']') {
            j->closed = true;
            if (j->wrapped)
                return PIECE_END;
        } else if (!(c == ' ' || c == '\t' || c == '\r' || c == ','))
            break;
        j->w.at++;
    }
    struct str rest = {j->w.p + j->w.at, j->w.n - j->w.at};
    if (!rest.n)
        return j->w.end ? PIECE_END : PIECE_MORE;
    size_t n = value_end(rest);
    if (!n && !j->w.end)
        return PIECE_MORE;
    *out = (struct str){rest.p, n ? n : rest.n};
    *used = out->n;
    return PIECE_RECORD;
}

/* An object of the record, or NULL with the reason. The document lives in j->work until the next one. */
static yyjson_val *object_parse(struct json *j, struct str s, yyjson_doc **doc, enum reject_reason *why, struct err *e)
{
    *why = REJECT_COUNT;
    if (!str_utf8_valid(s)) {
        *why = REJECT_ENCODING;
        return NULL;
    }
    size_t need = yyjson_read_max_memory_usage(s.n, READ_FLAGS);
    if (need + POOL_MARGIN > j->work_cap) {
        need = (need + POOL_MARGIN) * 2;
        char *p = mem_try_realloc(j->work, need);
        if (!p) {
            err_set(e, E_MEMORY, "no memory for a record of %zu bytes", s.n);
            return NULL;
        }
        j->work = p;
        j->work_cap = need;
    }
    yyjson_alc alc;
    yyjson_alc_pool_init(&alc, j->work, j->work_cap);
    yyjson_read_err parse_error;
    *doc = yyjson_read_opts((char *)(uintptr_t)s.p, s.n, READ_FLAGS, &alc, &parse_error);
    if (!*doc && parse_error.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        err_set(e, E_MEMORY, "no memory for a record of %zu bytes", s.n);
        return NULL;
    }
    yyjson_val *root = yyjson_doc_get_root(*doc);
    if (!yyjson_is_obj(root)) {
        *why = REJECT_JSON;
        return NULL;
    }
    return root;
}

static struct str value_text(struct json *j, yyjson_val *v)
{
    switch (yyjson_get_type(v)) {
    case YYJSON_TYPE_RAW:
        return (struct str){yyjson_get_raw(v), yyjson_get_len(v)};
    case YYJSON_TYPE_STR:
        return (struct str){yyjson_get_str(v), yyjson_get_len(v)};
    case YYJSON_TYPE_BOOL:
        return yyjson_get_bool(v) ? STR("true") : STR("false");
    case YYJSON_TYPE_NULL:
        return (struct str){0};
    default: {
        size_t n = 0, from = j->nested.n;
        char *text = yyjson_val_write(v, 0, &n);
        if (text)
            buf_add(&j->nested, (struct str){text, n});
        free(text); /* banned-ok: yyjson allocated it */
        return (struct str){j->nested.p + from, j->nested.n - from};
    }
    }
}

/* ---- An array inside of one object ---- */

static size_t blanks(struct str s, size_t i)
{
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n'))
        i++;
    return i;
}

static size_t text_end(struct str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++)
        i += s.p[i] == '\\';
    return i + 1;
}

struct wrapped {
    size_t at, bytes;
    bool open;   /* the array does not end within the window */
    bool record; /* the outer object is a record itself */
};

/* An object with a member that the stream's contract knows is a record, whatever arrays are in it. */
static bool is_known(const struct reading *r, struct str key)
{
    for (size_t i = 0; i < r->job.n_columns; i++) {
        if (str_eq_nocase(key, r->job.columns[i].name))
            return true;
    }
    return false;
}

/* The longest array of objects among the members of the object at `i`; the end of the object, or 0 where the window ends first.
 */
static size_t members(const struct reading *r, struct str s, size_t i, int depth, struct wrapped *best)
{
    for (i = blanks(s, i + 1); i < s.n && s.p[i] == '"';) {
        size_t key = i + 1;
        i = text_end(s, i);
        best->record =
            best->record || (depth == WRAPPED_DEEP && i > key && i <= s.n && is_known(r, (struct str){s.p + key, i - 1 - key}));
        i = blanks(s, i);
        if (i >= s.n || s.p[i] != ':')
            return 0;
        i = blanks(s, i + 1);
        if (i >= s.n)
            return 0;
        size_t inner = blanks(s, i + 1), n = value_end((struct str){s.p + i, s.n - i});
        if (s.p[i] == '[' && inner < s.n && s.p[inner] == '{' && (n == 0 || n > best->bytes))
            *best = (struct wrapped){i, n ? n : s.n - i, n == 0, best->record};
        else if (s.p[i] == '{' && depth > 0)
            (void)members(r, s, i, depth - 1, best);
        if (n == 0)
            return 0;
        i = blanks(s, i + n);
        if (i < s.n && s.p[i] == ',')
            i = blanks(s, i + 1);
    }
    return i < s.n && s.p[i] == '}' ? i + 1 : 0;
}

static bool ends_as_lines(struct str name)
{
    return str_find(name, STR(".ndjson"), 0) != SIZE_MAX || str_find(name, STR(".jsonl"), 0) != SIZE_MAX;
}

static void wrapped_find(struct reading *r, struct json *j)
{
    struct str s = {j->w.p, j->w.n};
    struct wrapped best = {0};
    size_t i = blanks(s, 0);
    if (str_eq_nocase(r->job.format, STR("ndjson")) || ends_as_lines(r->job.file_name) || i >= s.n || s.p[i] != '{')
        return;
    size_t end = members(r, s, i, WRAPPED_DEEP, &best);
    bool alone = end ? blanks(s, end) == s.n && j->w.end : best.open || !j->w.end;
    if (best.bytes == 0 || !alone || best.record)
        return;
    j->wrapped = true;
    j->lines = false;
    j->start = best.at;
    j->start_line = 1 + count_lines((struct str){s.p, best.at});
    r->format = FORMAT_JSON;
}

/* ---- Rows ---- */

static bool row_fill(struct json *j, yyjson_val *object, bool nested, bool *nul, bool *changed)
{
    size_t i, n, from = j->path.n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(object, i, n, key, v)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (nested) {
            j->path.n = from;
            buf_addz(&j->path, from ? "_" : "");
            buf_add(&j->path, name);
            name = buf_str(&j->path);
            if (j->path.failed)
                return false;
            if (yyjson_is_obj(v) && yyjson_obj_size(v) && from < PATH_DEEP) {
                if (!row_fill(j, v, nested, nul, changed))
                    return false;
                continue;
            }
        }
        long at = key_find(j, name);
        if (at < 0) {
            *changed = true;
            return true;
        }
        j->fields[at] = value_text(j, v);
        *nul = *nul || (j->fields[at].n && memchr(j->fields[at].p, 0, j->fields[at].n));
    }
    j->path.n = from;
    return true;
}

static bool row_make(struct reading *r, struct json *j, yyjson_val *object, struct str raw, struct err *e)
{
    memset(j->fields, 0, j->n_keys * sizeof *j->fields);
    buf_reset(&j->nested);
    if (!buf_reserve(&j->nested, raw.n * 6 + 64)) /* fields point into it; escapes grow a byte sixfold at most */
        return buf_ok(&j->nested, e);
    bool nul = false, changed = false;
    buf_reset(&j->path);
    if (!row_fill(j, object, r->job.nested, &nul, &changed))
        return buf_ok(&j->path, e);
    if (changed)
        return err_set(e, E_SOURCE_FILE, "the file changed while it was read");
    if (!buf_ok(&j->nested, e))
        return false;
    if (nul)
        return rows_reject(
            &r->rows, &(struct wire_reject){j->line, REJECT_ENCODING, WIRE_NO_COLUMN, STR("it holds a NUL character"), raw}, e);
    return rows_put(&r->rows, j->line, j->fields, raw, e);
}

/* Keys and looks of one object (first pass). */
static bool keys_of(struct reading *r, struct json *j, yyjson_val *object, bool looked_at, enum cell_look *looks, struct err *e)
{
    size_t i, n, from = j->path.n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(object, i, n, key, v)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        r->nested = r->nested || (yyjson_is_obj(v) && yyjson_obj_size(v));
        if (r->job.nested) {
            j->path.n = from;
            buf_addz(&j->path, from ? "_" : "");
            buf_add(&j->path, name);
            if (!buf_ok(&j->path, e))
                return false;
            name = buf_str(&j->path);
            if (yyjson_is_obj(v) && yyjson_obj_size(v) && from < PATH_DEEP) {
                if (!keys_of(r, j, v, looked_at, looks, e))
                    return false;
                continue;
            }
        }
        if (!key_add(r, j, name, e))
            return false;
        if (looked_at) {
            long at = key_find(j, name);
            enum cell_look look = yyjson_is_ctn(v) ? LOOK_TEXT : yyjson_is_null(v) ? LOOK_EMPTY : LOOK_COUNT;
            if (look == LOOK_COUNT)
                look = cell_look(value_text(j, v), '.');
            looks[at] = cell_look_join(looks[at], look);
        }
    }
    j->path.n = from;
    return true;
}

static bool keys_take(struct reading *r, struct json *j, yyjson_val *object, int64_t nth, enum cell_look *looks, struct err *e)
{
    buf_reset(&j->path);
    buf_reset(&j->nested);
    r->sampled += nth < LOOKED_AT;
    return keys_of(r, j, object, nth < LOOKED_AT, looks, e);
}

/* One pass over the file. `looks` set: the first one, which only learns. */
static bool pass(struct reading *r, struct json *j, enum cell_look *looks, struct err *e)
{
    int64_t nth = 0;
    j->line = j->wrapped ? j->start_line : 1;
    for (;;) {
        if (!looks && rows_enough(&r->rows))
            return true;
        struct str piece = {0};
        size_t used = 0;
        bool full = false;
        enum piece got = PIECE_MORE;
        r->line = j->line;
        if (!j->discarding)
            got = j->lines ? next_line(j, &piece, &used) : next_value(j, &piece, &used);
        if (got == PIECE_END && j->in_array && !j->closed) {
            err_set(e, E_SOURCE_FILE, "its array is not closed: the file was not written or copied whole");
            err_hint(e, "export or copy the file again");
            return false;
        }
        if (got == PIECE_END)
            return true;
        if (got == PIECE_MORE) {
            if (j->discarding) { /* the rest of a line that was too long */
                const char *nl = memchr(j->w.p + j->w.at, '\n', j->w.n - j->w.at);
                j->discarding = !nl;
                j->line += nl != NULL;
                j->w.at = nl ? (size_t)(nl - j->w.p) + 1 : j->w.n;
                if (nl || (j->w.end && j->w.at == j->w.n)) {
                    j->discarding = false;
                    continue;
                }
            }
            if (!window_more(&j->w, r->source, &full, e))
                return false;
            if (!looks)
                r->rows.source_bytes = source_position(r->source);
            if (full) {
                struct wire_reject w = {j->line, REJECT_OVERSIZED, WIRE_NO_COLUMN, STR(""), {j->w.p + j->w.at, j->w.n - j->w.at}};
                if (!looks && !rows_reject(&r->rows, &w, e))
                    return false;
                j->discarding = true;
                j->line += count_lines(w.raw);
                j->w.at = j->w.n;
            }
            continue;
        }
        if (piece.n) {
            enum reject_reason why;
            yyjson_doc *doc = NULL;
            yyjson_val *object = object_parse(j, piece, &doc, &why, e);
            bool ok = object ? (looks ? keys_take(r, j, object, nth++, looks, e) : row_make(r, j, object, piece, e))
                             : why != REJECT_COUNT;
            if (ok && !object && !looks)
                ok = rows_reject(&r->rows, &(struct wire_reject){j->line, why, WIRE_NO_COLUMN, STR(""), piece}, e);
            if (!ok)
                return false;
        }
        j->line += count_lines((struct str){j->w.p + j->w.at, used});
        j->w.at += used;
    }
}

static bool window_restart(struct reading *r, struct json *j, struct err *e)
{
    bool full = false;
    j->w.at = j->w.n = 0;
    j->w.end = false;
    j->in_array = j->closed = j->discarding = false;
    do {
        if (!window_more(&j->w, r->source, &full, e))
            return false;
    } while (j->wrapped && j->w.n <= j->start && !full && !j->w.end);
    if (j->wrapped && j->w.n <= j->start)
        return err_set(e, E_SOURCE_FILE, "the file changed while it was read");
    j->w.at = j->start;
    return true;
}

/* As much of the file as the window holds, to see whether its objects stand inside of another one. */
static bool window_widen(struct reading *r, struct json *j, struct err *e)
{
    struct str s = {j->w.p, j->w.n};
    size_t i = blanks(s, 0);
    bool full = i < s.n && s.p[i] != '{';
    while (!full && !j->w.end) {
        if (!window_more(&j->w, r->source, &full, e))
            return false;
    }
    return true;
}

static bool json_open(struct reading *r, struct err *e)
{
    struct json *j = mem_alloc(sizeof *j);
    r->state = j;
    j->lines = r->format == FORMAT_NDJSON;
    j->nested = BUF_INIT((size_t)WIRE_RECORD_MAX * 8);
    j->keys = arena_array(&r->arena, KEYS_MAX, sizeof *j->keys);
    enum cell_look *looks = arena_array(&r->arena, KEYS_MAX, sizeof *looks);
    j->path = BUF_INIT(64u << 10);
    if (!window_init(&j->w, e) || !window_restart(r, j, e) || !window_widen(r, j, e))
        return false;
    wrapped_find(r, j);
    if (!source_rewind(r->source, e) || !window_restart(r, j, e))
        return false;
    if (!buf_reserve(&j->nested, 4096) || !pass(r, j, looks, e))
        return false;
    if (j->n_keys == 0) {
        err_set(e, E_SOURCE_FILE, "there is no JSON object in it");
        err_hint(e, "expected are objects, one per line, or an array of objects");
        return false;
    }
    r->rows.n_cols = j->n_keys;
    r->rows.cols = arena_array(&r->arena, j->n_keys + 1, sizeof *r->rows.cols);
    for (size_t i = 0; i < j->n_keys; i++) {
        r->rows.cols[i].title = j->keys[i];
        r->rows.cols[i].name = column_normal(&r->arena, j->keys[i], i);
        r->rows.cols[i].look = looks[i];
    }
    columns_unique(&r->arena, r->rows.cols, j->n_keys);
    reading_types(r);
    j->fields = arena_array(&r->arena, j->n_keys + 1, sizeof *j->fields);
    return true;
}

static bool json_run(struct reading *r, struct err *e)
{
    struct json *j = r->state;
    return source_rewind(r->source, e) && window_restart(r, j, e) && pass(r, j, NULL, e) && rows_end(&r->rows, e);
}

static void json_close(struct reading *r)
{
    struct json *j = r->state;
    if (!j)
        return;
    window_fini(&j->w);
    buf_fini(&j->nested);
    buf_fini(&j->path);
    mem_free(j->work);
    mem_free(j);
    r->state = NULL;
}

const struct reader reader_json = {"json", json_open, json_run, json_close};
const struct reader reader_ndjson = {"ndjson", json_open, json_run, json_close};
