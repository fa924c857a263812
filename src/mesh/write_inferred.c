/* `trellis add files`: source, contract and a simple product for files of any kind, from the columns found in them. */
#include "mesh/mesh_write.h"

#include <stdlib.h>

#include "mesh/mesh.h"
#include "mesh/table.h"
#include "mesh/types.h"
#include "mesh/write_int.h"

enum { DECLARATION_MAX_BYTES = 8 << 20, COLUMNS_MAX = 4096 };

struct str mesh_propose_class(struct str column)
{
    return mesh_name_personal(column) || str_eq(column, STR("name")) ? STR("personal") : STR("internal");
}

struct str mesh_normal_column(struct arena *a, struct str name)
{
    if (str_starts(name, STR("\xEF\xBB\xBF")))
        name = (struct str){name.p + 3, name.n - 3};
    name = str_trim(name);
    char *out = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++) {
        char c = out[i] >= 'A' && out[i] <= 'Z' ? (char)(out[i] + 32) : out[i];
        out[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
    }
    return name.n ? (struct str){out, name.n} : STR("column");
}

/* The name of a raw column as a port may publish it: begins with a letter, single underscores, no _vN at the end. */
struct str published_name(struct arena *a, struct table *taken, struct str raw)
{
    char *out = arena_alloc(a, raw.n + 16);
    size_t n = 0;
    if (raw.n && !(raw.p[0] >= 'a' && raw.p[0] <= 'z') && raw.p[0] != '_') {
        out[n++] = 'c';
        out[n++] = '_';
    }
    for (size_t i = 0; i < raw.n; i++)
        if (raw.p[i] != '_' || (n > 0 && out[n - 1] != '_'))
            out[n++] = raw.p[i];
    while (n > 0 && out[n - 1] == '_')
        n--;
    struct str base = n ? (struct str){out, n} : STR("column");
    if (base.p[0] >= '0' && base.p[0] <= '9')
        base = arena_printf(a, "c_%.*s", STR_FMT(base));
    if (!str_is_name(base))
        base = arena_printf(a, "%.*s_value", STR_FMT(base));
    struct str name = base;
    for (unsigned k = 2; table_put(taken, a, name, taken); k++)
        name = arena_printf(a, "%.*s_%u", STR_FMT(base), k);
    return name;
}

static void yaml_text(struct buf *b, struct str s)
{
    buf_json_str(b, s); /* a JSON string is a YAML string */
}

struct inferred {
    struct arena *a;
    const struct mesh_add_options *o;
    const struct mesh_add_table *t;
    struct str name;
    const struct mesh_inferred_column *columns;
    struct str *published;
    size_t n;
};

static bool is_folder(const struct plan *p, struct str path)
{
    return fs_is_dir(arena_strz(p->a, fs_join(p->a, p->dir, path)));
}

static void source_yaml(struct buf *b, const struct plan *p, const struct inferred *in)
{
    bool folder = is_folder(p, in->t->path);
    buf_printf(b, "name: %.*s\nkind: files\ntitle: ", STR_FMT(in->name));
    yaml_text(b, in->t->title.n ? in->t->title : in->name);
    buf_addz(b, "\ndescription: ");
    yaml_text(b, in->t->description.n ? in->t->description : STR("Added with trellis add files; say here what comes in and from where."));
    buf_addz(b, "\npath: ");
    yaml_text(b, in->t->path);
    if (in->o->currency.n)
        buf_printf(b, "\ncurrency: %.*s", STR_FMT(in->o->currency));
    if (in->o->time_zone.n)
        buf_printf(b, "\ntime_zone: %.*s", STR_FMT(in->o->time_zone));
    buf_addz(b, "\ndrift: evolve\nstreams:\n  - name: data\n    path: ");
    yaml_text(b, folder ? arena_printf(in->a, "%.*s/*.{csv,tsv,json,ndjson,jsonl,parquet,xlsx}{,.gz,.zst}", STR_FMT(in->t->path)) : in->t->path);
    if (in->t->optional)
        buf_addz(b, "\n    optional: true        # no file yet is fine");
    buf_addz(b, "\n    load: snapshot        # a changed file replaces what it gave before; see replace_days and append\n");
    if (in->o->options.n)
        buf_printf(b, "    options: {%.*s}   # found in the data\n", STR_FMT(in->o->options));
}

/* Rules stand where the rows are published; what comes in is held to names and types. */
static void contract_yaml(struct buf *b, const struct inferred *in, bool raw)
{
    struct str d = in->o->domain, s = in->name;
    struct mesh_contract_head head = {
        .comment = in->t->columns->class_text.n ? STR("") : STR("Types were inferred from the data and classes from the names: check both."),
        .id = raw ? arena_printf(in->a, "%.*s.%.*s", STR_FMT(d), STR_FMT(s)) : arena_printf(in->a, "%.*s.%.*s.%.*s", STR_FMT(d), STR_FMT(s), STR_FMT(s)),
        .name = s, .version = STR("1.0.0"), .status = STR("active"), .domain = d, .object = raw ? STR("data") : s,
        .title = in->t->title, .description = in->t->description};
    struct mesh_inferred_column *columns = arena_array(in->a, in->n, sizeof *columns);
    for (size_t i = 0; i < in->n; i++) {
        columns[i] = in->columns[i];
        columns[i].name = raw ? in->columns[i].name : in->published[i];
    }
    mesh_contract_write(b, &head, columns, in->n, !raw);
}

static void product_yaml(struct buf *b, const struct inferred *in, const struct domain_words *dw)
{
    struct str d = in->o->domain, s = in->name;
    buf_printf(b, "apiVersion: v1.0.0\nkind: DataProduct\nid: %.*s.%.*s\nname: %.*s\nversion: 1.0.0\nstatus: draft\ndomain: %.*s\n", STR_FMT(d), STR_FMT(s),
               STR_FMT(s), STR_FMT(d));
    buf_addz(b, "description:\n  purpose: ");
    yaml_text(b, in->t->description.n ? in->t->description
                                      : arena_printf(in->a, "Rows of the source %.*s as they land; say here what they are for.", STR_FMT(s)));
    if (in->t->title.n) {
        buf_addz(b, "\ncustomProperties:\n  - {property: trellisTitle, value: ");
        yaml_text(b, in->t->title);
        buf_addc(b, '}');
    }
    buf_addc(b, '\n');
    buf_printf(b, "outputPorts:\n  - name: %.*s\n    version: 1.0.0\n    type: tables\n    contractId: %.*s.%.*s.%.*s\n", STR_FMT(s), STR_FMT(d), STR_FMT(s), STR_FMT(s));
    buf_addz(b, "    customProperties:\n      - {property: trellisMaterialization, value: table}\nteam:\n  members:\n    - {username: ");
    yaml_text(b, dw->owner_contact);
    buf_addz(b, ", name: ");
    yaml_text(b, dw->owner_name);
    buf_addz(b, ", role: owner}\nsupport:\n  - {channel: ");
    yaml_text(b, dw->support_channel);
    buf_addz(b, ", url: ");
    yaml_text(b, dw->support_url);
    buf_addz(b, "}\n");
}

static void port_sql(struct buf *b, const struct inferred *in)
{
    buf_printf(b, "-- Every column of the source %.*s.\nSELECT ", STR_FMT(in->name));
    for (size_t i = 0; i < in->n; i++) {
        buf_addz(b, i ? ",\n       " : "");
        buf_sql_ident(b, in->columns[i].name);
        if (!str_eq(in->columns[i].name, in->published[i])) {
            buf_addz(b, " AS ");
            buf_sql_ident(b, in->published[i]);
        }
    }
    buf_printf(b, "\nFROM %.*s.%.*s__data\n", STR_FMT(in->o->domain), STR_FMT(in->name));
}

static bool plan_text(struct plan *p, struct buf *b, struct err *e, struct str path)
{
    bool good = buf_ok(b, e);
    if (good)
        plan_add(p, path, arena_str(p->a, buf_str(b)), false);
    buf_reset(b);
    return good;
}

static bool columns_check(struct inferred *in, struct err *e)
{
    struct table raw = {0}, taken = {0};
    if (in->n == 0 || in->n > COLUMNS_MAX)
        return err_set(e, E_SOURCE_FILE, in->n ? "the file has %zu columns, more than %d" : "the file has %zu columns; at most %d are read", in->n, COLUMNS_MAX);
    in->published = arena_array(in->a, in->n, sizeof *in->published);
    for (size_t i = 0; i < in->n; i++) {
        struct str near, type = type_canonical(in->a, in->columns[i].physical_type, &near);
        if (!type.p)
            return err_set(e, E_INTERNAL, "the inferred type %.*s is not one that a contract can name", STR_FMT(in->columns[i].physical_type));
        if (table_put(&raw, in->a, in->columns[i].name, in))
            return err_set(e, E_DUPLICATE, "two inferred columns are named %.*s", STR_FMT(in->columns[i].name));
        in->published[i] = published_name(in->a, &taken, in->columns[i].name);
    }
    return true;
}

static bool table_check(const struct mesh_add_options *o, const struct mesh_add_table *t, struct err *e)
{
    if (t->name.n && t->path.n)
        return true;
    err_set(e, E_USAGE, "files need a %s", t->name.n ? "path" : "name");
    err_hint(e, "for example: trellis add files --name budget --path budget.csv --domain %.*s", STR_FMT(o->domain.n ? o->domain : STR("acquisition")));
    return false;
}

static bool plan_table(struct plan *p, struct inferred *in, const struct domain_words *dw, struct err *e)
{
    struct arena *a = in->a;
    struct buf b = BUF_INIT(DECLARATION_MAX_BYTES);
    struct str sources = arena_printf(a, "domains/%.*s/sources/%.*s", STR_FMT(in->o->domain), STR_FMT(in->name));
    struct str product = arena_printf(a, "domains/%.*s/products/%.*s", STR_FMT(in->o->domain), STR_FMT(in->name));
    bool good;
    source_yaml(&b, p, in);
    good = plan_text(p, &b, e, arena_printf(a, "%.*s.yaml", STR_FMT(sources)));
    contract_yaml(&b, in, true);
    good = good && plan_text(p, &b, e, arena_printf(a, "%.*s.odcs.yaml", STR_FMT(sources)));
    product_yaml(&b, in, dw);
    good = good && plan_text(p, &b, e, arena_printf(a, "%.*s/product.yaml", STR_FMT(product)));
    contract_yaml(&b, in, false);
    good = good && plan_text(p, &b, e, arena_printf(a, "%.*s/%.*s.odcs.yaml", STR_FMT(product), STR_FMT(in->name)));
    port_sql(&b, in);
    good = good && plan_text(p, &b, e, arena_printf(a, "%.*s/%.*s.sql", STR_FMT(product), STR_FMT(in->name)));
    buf_fini(&b);
    return good;
}

bool mesh_add_tables(struct arena *a, const char *dir, const struct mesh_add_options *o, const struct mesh_add_table *tables, size_t n_tables,
                     struct mesh_written **files, size_t *n, struct err *e)
{
    struct plan p;
    struct domain_words dw;
    bool opened = false;
    for (size_t i = 0; i < n_tables; i++) {
        const struct mesh_add_table *t = &tables[i];
        struct inferred in = {.a = a, .o = o, .t = t, .name = t->name, .columns = t->columns, .n = t->n_columns};
        if (!table_check(o, t, e))
            return false;
        if (!opened && !plan_open(&p, a, dir, e))
            return false;
        opened = true;
        p.dry = o->dry;
        if (!add_options_check(o, t->name, e) || !domain_read(&p, o->domain, &dw, e) || !columns_check(&in, e))
            return false;
        if (o->owner_name.n && o->owner_contact.n) {
            dw.owner_name = o->owner_name;
            dw.owner_contact = o->owner_contact;
        }
        if (!plan_table(&p, &in, &dw, e))
            return false;
    }
    return opened ? plan_commit(&p, o->force, files, n, e) : err_set(e, E_USAGE, "there is no table to add");
}

bool mesh_add_files(struct arena *a, const char *dir, const struct mesh_add_options *o, const struct mesh_inferred_column *columns, size_t n_columns,
                    struct mesh_written **files, size_t *n, struct err *e)
{
    struct mesh_add_table t = {.name = o->name, .path = o->path, .columns = columns, .n_columns = n_columns};
    return mesh_add_tables(a, dir, o, &t, 1, files, n, e);
}
