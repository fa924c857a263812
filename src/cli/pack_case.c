/* tests/<case>/expect.yaml of a pack, read. */
#include "cli/pack_test.h"

#include "base/fs.h"
#include "mesh/schema.h"

static struct str in_case(struct arena *a, const struct pack_case *k, struct str file)
{
    return arena_printf(a, "tests/%.*s/%.*s", STR_FMT(k->name), STR_FMT(file));
}

struct reading {
    struct arena *a;
    const struct mesh_pack_files *p;
    struct pack_case *k;
    const struct doc *d;
    struct errs *es;
    bool accepting; /* answers that are missing will be written */
};

static void missing_file(struct reading *r, const struct doc_node *n, struct str file)
{
    struct err *e = errs_add(r->es, E_DANGLING, r->k->file, n->line, n->col, "the case has no file %.*s", STR_FMT(file));
    if (e)
        err_hint(e, "it would be %.*s%.*s; --accept writes the answers that are missing", STR_FMT(r->p->folder), STR_FMT(in_case(r->a, r->k, file)));
}

static bool has_folder(struct reading *r, struct str folder)
{
    struct str prefix = arena_printf(r->a, "%.*s/", STR_FMT(in_case(r->a, r->k, folder)));
    for (size_t i = 0; i < r->p->n_files; i++)
        if (str_starts(r->p->files[i].path, prefix))
            return true;
    return false;
}

static size_t count(const struct doc_node *list)
{
    return list && list->kind == DOC_SEQ ? list->n_children : 0;
}

static struct str ref_of(struct reading *r, struct str port)
{
    return memchr(port.p, '.', port.n) ? port : arena_printf(r->a, "%.*s.%.*s", STR_FMT(r->k->domain), STR_FMT(port));
}

static struct str *texts(struct reading *r, const struct doc_node *list, size_t *n)
{
    struct str *v = arena_array(r->a, count(list) + 1, sizeof *v);
    *n = 0;
    for (const struct doc_node *c = count(list) ? doc_first(r->d, list) : NULL; c; c = doc_next(r->d, c))
        v[(*n)++] = doc_text(r->d, c);
    return v;
}

static void read_with(struct reading *r, const struct doc_node *list)
{
    struct pack_case *k = r->k;
    k->with = arena_array(r->a, count(list) + 1, sizeof *k->with);
    for (const struct doc_node *c = count(list) ? doc_first(r->d, list) : NULL; c; c = doc_next(r->d, c)) {
        struct case_with *w = &k->with[k->n_with++];
        *w = (struct case_with){doc_str(r->d, c, "pack"), doc_str(r->d, c, "name"), doc_str(r->d, c, "files"), doc_str(r->d, c, "currency"), doc_str(r->d, c, "domain")};
        if (w->files.n && !has_folder(r, w->files))
            missing_file(r, c, w->files);
    }
}

static void read_streams(struct reading *r, const struct doc_node *list)
{
    struct pack_case *k = r->k;
    k->streams = arena_array(r->a, count(list) + 1, sizeof *k->streams);
    for (const struct doc_node *c = count(list) ? doc_first(r->d, list) : NULL; c; c = doc_next(r->d, c)) {
        struct case_stream *s = &k->streams[k->n_streams++];
        const struct doc_node *reasons = doc_get(r->d, c, "reasons");
        *s = (struct case_stream){.stream = doc_str(r->d, c, "stream"), .rows = doc_int(r->d, c, "rows", -1), .quarantined = doc_int(r->d, c, "quarantined", -1), .line = c->line, .col = c->col};
        s->reasons = arena_array(r->a, reasons ? reasons->n_children + 1 : 1, sizeof *s->reasons);
        for (const struct doc_node *x = reasons ? doc_first(r->d, reasons) : NULL; x; x = doc_next(r->d, x))
            s->reasons[s->n_reasons++] = (struct case_reason){doc_key(r->d, x), x->v.i};
    }
}

/* The expected rows: beside, or in the text. A file that is not there yet is only an error where nothing is to be accepted. */
static void read_expected(struct reading *r, const struct doc_node *c, struct case_result *q)
{
    const struct doc_node *text = doc_get(r->d, c, "expect");
    q->file = doc_str(r->d, c, "file");
    q->expected = text ? doc_text(r->d, text) : (struct str){"", 0};
    q->has_expected = text != NULL;
    if (!q->file.n)
        return;
    const struct mesh_pack_file *f = mesh_pack_file(r->p, in_case(r->a, r->k, q->file));
    if (f) {
        q->expected = f->text;
        q->has_expected = true;
    } else if (!r->accepting) {
        missing_file(r, c, q->file);
    }
}

static void read_results(struct reading *r, const struct doc_node *ports, const struct doc_node *queries)
{
    struct pack_case *k = r->k;
    k->results = arena_array(r->a, count(ports) + count(queries) + 1, sizeof *k->results);
    for (const struct doc_node *c = count(ports) ? doc_first(r->d, ports) : NULL; c; c = doc_next(r->d, c)) {
        struct str ref = ref_of(r, doc_str(r->d, c, "port"));
        struct case_result *q = &k->results[k->n_results++];
        *q = (struct case_result){.title = ref, .port = ref, .rows = doc_int(r->d, c, "rows", -1), .sql = arena_printf(r->a, "SELECT * FROM %.*s", STR_FMT(ref)), .line = c->line, .col = c->col};
        read_expected(r, c, q);
    }
    for (const struct doc_node *c = count(queries) ? doc_first(r->d, queries) : NULL; c; c = doc_next(r->d, c)) {
        struct case_result *q = &k->results[k->n_results++];
        struct str name = doc_str(r->d, c, "name");
        *q = (struct case_result){.rows = -1, .sql = doc_str(r->d, c, "sql"), .ordered = doc_bool(r->d, c, "ordered", false), .line = c->line, .col = c->col};
        q->title = name.n ? name : arena_printf(r->a, "query %zu", k->n_results - count(ports));
        read_expected(r, c, q);
        if (!q->has_expected && !q->file.n) {
            struct err *e = errs_add(r->es, E_MISSING_KEY, k->file, c->line, c->col, "this query has no answer to compare with");
            if (e)
                err_hint(e, "add expect: with CSV text, or file: with the name of a CSV file of this case");
        }
    }
}

static void read_case(struct reading *r, const struct doc_node *root)
{
    struct pack_case *k = r->k;
    const struct doc_node *mesh = doc_get(r->d, root, "mesh"), *loads = doc_get(r->d, root, "loads");
    static const struct str plain = {"files", 5};
    k->title = doc_str(r->d, root, "title");
    if (mesh) {
        k->reporting_currency = doc_str(r->d, mesh, "reporting_currency");
        k->time_zone = doc_str(r->d, mesh, "time_zone");
        k->rates = doc_str(r->d, mesh, "rates");
        if (k->rates.n && !mesh_pack_file(r->p, in_case(r->a, k, k->rates)))
            missing_file(r, mesh, k->rates);
    }
    read_with(r, doc_get(r->d, root, "with"));
    k->loads = texts(r, loads, &k->n_loads);
    if (!loads) {
        k->loads[0] = plain;
        k->n_loads = 1;
    }
    bool source = mesh_pack_file(r->p, STR("source.yaml")) != NULL;
    for (size_t i = 0; source && i < k->n_loads; i++)
        if (!has_folder(r, k->loads[i]))
            missing_file(r, loads ? loads : root, arena_printf(r->a, "%.*s/…", STR_FMT(k->loads[i])));
    read_streams(r, doc_get(r->d, root, "streams"));
    read_results(r, doc_get(r->d, root, "ports"), doc_get(r->d, root, "queries"));
    k->refused = texts(r, doc_get(r->d, root, "refused"), &k->n_refused);
    for (size_t i = 0; i < k->n_refused; i++)
        k->refused[i] = ref_of(r, k->refused[i]);
}

static void case_read(struct arena *a, const struct mesh_pack_files *p, const struct mesh_pack_file *f, bool accepting, struct pack_case *k, struct errs *es)
{
    struct reading r = {.a = a, .p = p, .k = k, .es = es, .accepting = accepting};
    struct err e = {0};
    struct str filled, of_pack = p->doc ? doc_str(p->doc, doc_root(p->doc), "domain") : (struct str){"", 0};
    const struct doc *raw = doc_parse_yaml(a, k->file, f->text, es);
    if (!raw || (doc_root(raw)->kind != DOC_NULL && !schema_check(schema_get(SCHEMA_EXPECT), raw, es)))
        return;
    const struct doc_node *add = doc_root(raw)->kind == DOC_MAP ? doc_get(raw, doc_root(raw), "add") : NULL;
    k->source = add && doc_str(raw, add, "name").n ? doc_str(raw, add, "name") : p->name;
    k->domain = add && doc_str(raw, add, "domain").n ? doc_str(raw, add, "domain") : of_pack.n ? of_pack : STR("acquisition");
    k->currency = add ? doc_str(raw, add, "currency") : (struct str){"", 0};
    const struct template_word words[] = {{"domain", k->domain}, {"source", k->source}, {NULL, {NULL, 0}}};
    if (!mesh_template_render(a, k->file, f->text, words, &filled, &e)) {
        struct err *told = errs_add(es, E_SCHEMA, k->file, 1, 1, "%s", e.text);
        if (told)
            err_hint(told, "a case knows the words {{domain}} and {{source}}");
        return;
    }
    r.d = doc_parse_yaml(a, k->file, filled, es);
    if (r.d)
        read_case(&r, doc_root(r.d));
}

void pack_cases_read(struct arena *a, const struct mesh_pack_files *p, bool accepting, struct pack_case **out, size_t *n, struct errs *es)
{
    *n = 0;
    *out = arena_array(a, p->n_files + 1, sizeof **out);
    for (size_t i = 0; i < p->n_files; i++) {
        struct str rest, path = p->files[i].path;
        if (!str_starts(path, STR("tests/")))
            continue;
        struct str name = str_cut((struct str){path.p + 6, path.n - 6}, '/', &rest);
        struct pack_case *last = *n ? &(*out)[*n - 1] : NULL;
        if (last && str_eq(last->name, name))
            continue;
        struct pack_case *k = &(*out)[*n];
        *k = (struct pack_case){.name = name, .file = arena_printf(a, "%.*stests/%.*s/expect.yaml", STR_FMT(p->folder), STR_FMT(name))};
        const struct mesh_pack_file *f = rest.p ? mesh_pack_file(p, arena_printf(a, "tests/%.*s/expect.yaml", STR_FMT(name))) : NULL;
        if (!f) {
            struct err *e = errs_add(es, E_MISSING_KEY, k->file, 0, 0, "the case %.*s has no expect.yaml", STR_FMT(name));
            if (e)
                err_hint(e, "a case is a folder below tests/ with expect.yaml and landed files");
            continue;
        }
        ++*n;
        case_read(a, p, f, accepting, k, es);
    }
}
