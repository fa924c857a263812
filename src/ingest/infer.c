/* What a file looks like, for `trellis add files`: a child samples it, names and types are proposed. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/json.h"
#include "ingest/ingest_int.h"
#include "mesh/mesh_write.h"

enum { WIDE_MAX = 400 }; /* more columns than that of nested objects are keys that are data */

static bool ends_with_id(struct str name)
{
    static const char *const ends[] = {"id", "_id", "_key", "_code", "zip", "phone"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (str_eq(name, str_of(ends[i])) || (ends[i][0] == '_' && str_ends(name, str_of(ends[i]))))
            return true;
    }
    return str_ends(name, STR("zip")) || str_ends(name, STR("phone"));
}

/* Identifiers are text even where they are all digits: nobody adds them up, and leading zeros count. */
static void propose(struct mesh_column *c, enum cell_look look)
{
    static const struct {
        const char *logical, *physical;
    } types[LOOK_COUNT] = {
        [LOOK_EMPTY] = {"string", "VARCHAR"},          [LOOK_BOOL] = {"boolean", "BOOLEAN"},
        [LOOK_INTEGER] = {"integer", "BIGINT"},        [LOOK_DECIMAL] = {"number", "DECIMAL(18,6)"},
        [LOOK_NUMBER] = {"number", "DOUBLE"},          [LOOK_DATE] = {"date", "DATE"},
        [LOOK_TIMESTAMP] = {"timestamp", "TIMESTAMP"}, [LOOK_TEXT] = {"string", "VARCHAR"},
    };
    if (look >= LOOK_INTEGER && look <= LOOK_NUMBER && ends_with_id(c->name))
        look = LOOK_TEXT;
    c->logical_type = str_of(types[look].logical);
    c->physical_type = str_of(types[look].physical);
}

static bool day_name(struct str name)
{
    static const char *const names[] = {"date", "day", "date_day", "stat_date", "report_date"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq(name, str_of(names[i])))
            return true;
    }
    return false;
}

/* ---- What the child found ---- */

struct looking {
    const struct ingest_look_options *o;
    struct arena *a;
    yyjson_val *found, *columns; /* the child's answer; columns: its `looked` */
    bool nested;                 /* values of nested objects have columns */
    size_t *at;                  /* index in the file of each column that is proposed */
    struct ingest_inferred *out;
};

static struct str text_of(const struct looking *l, yyjson_val *o, const char *key)
{
    return arena_str(l->a, json_str(o, key));
}

static void columns_propose(struct looking *l, const struct loader_shape *shape)
{
    struct ingest_inferred *out = l->out;
    size_t day = SIZE_MAX;
    out->columns = arena_array(l->a, shape->n_cols + 1, sizeof *out->columns);
    l->at = arena_array(l->a, shape->n_cols + 1, sizeof *l->at);
    for (size_t i = 0; i < shape->n_cols; i++) {
        yyjson_val *v = yyjson_arr_get(l->columns, i);
        if (json_bool(v, "void", false))
            continue;
        size_t k = out->n_columns++;
        struct mesh_column *c = &out->columns[k];
        l->at[k] = i;
        c->name = shape->cols[i].name;
        c->business_name = text_of(l, v, "title");
        if (!c->business_name.n || detect_control(c->business_name)) /* YAML has no such character */
            c->business_name = c->name;
        enum cell_look look = cell_look_parse(json_str(v, "look"));
        propose(c, look);
        bool person = json_bool(v, "emails", false);
        c->class_text = person ? STR("personal") : mesh_propose_class(c->name);
        c->class_ = str_eq(c->class_text, STR("personal")) ? CLASS_PERSONAL : CLASS_INTERNAL;
        bool is_day = look == LOOK_DATE || (look == LOOK_TIMESTAMP && day_name(c->name));
        if (is_day && (day == SIZE_MAX || (day_name(c->name) && !day_name(out->columns[day].name))))
            day = k;
    }
    if (day != SIZE_MAX)
        out->day_column = out->columns[day].name;
}

/* Values that speak of a person end here. */
static void sample_take(struct looking *l)
{
    struct ingest_inferred *out = l->out;
    yyjson_val *rows = yyjson_obj_get(l->found, "sample"), *row;
    size_t i, n;
    out->rows = arena_array(l->a, yyjson_arr_size(rows) * out->n_columns + 1, sizeof *out->rows);
    out->examples = arena_array(l->a, out->n_columns + 1, sizeof *out->examples);
    yyjson_arr_foreach(rows, i, n, row)
    {
        struct str *to = out->rows + out->n_rows++ * out->n_columns;
        for (size_t k = 0; k < out->n_columns; k++) {
            yyjson_val *v = yyjson_arr_get(row, l->at[k]);
            struct ingest_examples *x = &out->examples[k];
            if (!yyjson_is_str(v))
                continue;
            bool hidden = out->columns[k].class_ == CLASS_PERSONAL;
            to[k] = hidden ? STR(INGEST_HIDDEN) : arena_str(l->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
            bool known = x->n == INGEST_EXAMPLES;
            for (size_t z = 0; z < x->n && !known; z++)
                known = str_eq(x->v[z], to[k]);
            if (!known)
                x->v[x->n++] = to[k];
        }
    }
}

static struct str *texts_take(struct looking *l, const char *key, size_t *n)
{
    yyjson_val *list = yyjson_obj_get(l->found, key), *v;
    size_t i, max;
    struct str *out = arena_array(l->a, yyjson_arr_size(list) + 1, sizeof *out);
    yyjson_arr_foreach(list, i, max, v) out[(*n)++] = arena_str(l->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    return out;
}

static void problems_take(struct looking *l)
{
    yyjson_val *list = yyjson_obj_get(l->found, "problems"), *v;
    size_t i, n;
    l->out->problems = arena_array(l->a, yyjson_arr_size(list) + 1, sizeof *l->out->problems);
    yyjson_arr_foreach(list, i, n, v) l->out->problems[l->out->n_problems++] =
        (struct ingest_said){text_of(l, v, "message"), text_of(l, v, "hint")};
}

/* ---- The stream's options ---- */

static void option(struct buf *b, const char *key)
{
    buf_printf(b, "%s%s: ", b->n ? ", " : "", key);
}

static void option_text(struct buf *b, const char *key, struct str value)
{
    option(b, key);
    buf_json_str(b, value); /* a JSON string is a YAML string */
}

static void formats_write(struct looking *l, struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < l->out->n_columns; i++) {
        struct str form = json_str(yyjson_arr_get(l->columns, l->at[i]), "format");
        if (!form.n || str_eq(l->out->columns[i].physical_type, STR("VARCHAR")))
            continue;
        if (n++ == 0) {
            option(b, "formats");
            buf_addc(b, '{');
        } else {
            buf_addz(b, ", ");
        }
        buf_json_str(b, l->out->columns[i].name);
        buf_addz(b, ": ");
        buf_json_str(b, form);
    }
    buf_addz(b, n ? "}" : "");
}

/* What only whole columns tell, and what a person has chosen. Encoding, compression and titles above the table are found anew in
 * each file: they differ from export to export. */
static void options_write(struct looking *l)
{
    struct ingest_inferred *out = l->out;
    struct buf b = BUF_INIT(1u << 20);
    size_t n_none = 0;
    struct str *none = texts_take(l, "none", &n_none);
    if (out->sheet.n && out->n_sheets > 1)
        option_text(&b, "sheet", out->sheet);
    if (out->delimiter.n && !str_eq(out->delimiter, STR(",")))
        option_text(&b, "delimiter", out->delimiter);
    if (json_int(l->found, "header_rows", 0) == 2) {
        option(&b, "header_rows");
        buf_addc(&b, '2');
    }
    if (out->decimal_separator.n)
        option_text(&b, "decimal_separator", out->decimal_separator);
    if (l->nested) {
        option(&b, "nested");
        buf_addz(&b, "columns");
    }
    if (n_none) {
        option(&b, "null_texts");
        buf_addz(&b, "[\"\"");
        for (size_t i = 0; i < n_none; i++) {
            buf_addz(&b, ", ");
            buf_json_str(&b, none[i]);
        }
        buf_addc(&b, ']');
    }
    formats_write(l, &b);
    out->options = arena_str(l->a, buf_str(&b));
    buf_fini(&b);
}

static void found_take(struct looking *l, const struct loader_shape *shape)
{
    struct ingest_inferred *out = l->out;
    l->columns = yyjson_obj_get(l->found, "looked");
    out->format = shape->format;
    out->encoding = text_of(l, l->found, "encoding");
    out->compression = text_of(l, l->found, "compression");
    out->delimiter = text_of(l, l->found, "delimiter");
    if (str_eq(out->delimiter, STR("\t")))
        out->delimiter = STR("\\t");
    out->sheet = text_of(l, l->found, "sheet");
    out->sheets = texts_take(l, "sheets", &out->n_sheets);
    out->header_row = json_int(l->found, "header_row", 0);
    out->rows_sampled = json_int(l->found, "sampled", 0);
    out->rows_left_out = json_int(l->found, "left_out", 0);
    if (str_eq(json_str(l->found, "decimal"), STR(",")))
        out->decimal_separator = STR(",");
    columns_propose(l, shape);
    sample_take(l);
    problems_take(l);
    options_write(l);
}

/* ---- Asking ---- */

static bool ask(const struct ingest_look_options *o, int fd, bool nested, struct arena *a, struct loader_shape *shape,
                struct err *e)
{
    struct buf job = BUF_INIT(8192);
    struct loader *l = NULL;
    struct str name = o->name.n ? o->name : fs_basename(str_of(o->path));
    buf_addc(&job, '{');
    buf_json_key(&job, "file_name");
    buf_json_str(&job, name);
    if (o->sheet.n) {
        buf_addz(&job, ",\"sheet\":");
        buf_json_str(&job, o->sheet);
    }
    buf_addz(&job, nested ? ",\"nested\":true,\"look\":true}" : ",\"look\":true}");
    const struct loader_options lo = {.program = o->program, .shown = o->name.n ? o->name : str_of(o->path)};
    bool ok = (lseek(fd, 0, SEEK_SET) == 0 || err_errno(e, errno, "reading %.*s", STR_FMT(name))) && buf_ok(&job, e) &&
              loader_start(&lo, fd, buf_str(&job), &l, e) && loader_schema(l, a, shape, e);
    loader_close(l);
    buf_fini(&job);
    return ok;
}

bool ingest_look(const struct ingest_look_options *o, struct arena *a, struct ingest_inferred *out, struct err *e)
{
    struct loader_shape shape = {0};
    struct looking l = {.o = o, .a = a, .out = out};
    yyjson_doc *doc = NULL;
    *out = (struct ingest_inferred){0};
    int fd = fault_fires(FAULT_OPEN) ? (errno = EIO, -1) : open(o->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_at(e, E_SOURCE_FILE, o->name.n ? o->name : str_of(o->path), 0, 0,
               "the file cannot be opened: it is not there, or not allowed");
        return false;
    }
    bool ok = ask(o, fd, false, a, &shape, e) && (doc = json_parse(shape.found, e));
    if (ok && json_bool(yyjson_doc_get_root(doc), "nested", false)) { /* objects within objects: their values as columns */
        struct loader_shape wide = {0};
        struct err too_many = {0};
        l.nested = ask(o, fd, true, a, &wide, &too_many) && wide.n_cols <= WIDE_MAX;
        if (l.nested) {
            shape = wide;
            yyjson_doc_free(doc);
            ok = (doc = json_parse(shape.found, e)) != NULL;
        }
    }
    if (ok) {
        l.found = yyjson_doc_get_root(doc);
        found_take(&l, &shape);
    }
    yyjson_doc_free(doc);
    close(fd);
    return ok;
}

bool ingest_infer(const char *program, const char *path, struct arena *a, struct ingest_inferred *out, struct err *e)
{
    const struct ingest_look_options o = {.program = program, .path = path};
    return ingest_look(&o, a, out, e);
}
