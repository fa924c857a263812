/* What a check of a pack says: its own rules, and then what a mesh says that holds nothing but this pack, each at its place in
 * the pack's files. docs/packs.md names the rules. */
#include "mesh/mesh_pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mesh/mesh.h"
#include "mesh/names.h"
#include "mesh/schema.h"
#include "mesh/write_int.h"

enum { WORDS = 9, TEMP_PATH_MAX = 256 };
static const char *const word_names[WORDS] = {"domain", "source", "path", "currency", "reporting_currency", "owner_name", "owner_contact", "support_channel", "support_url"};

struct checked {
    const struct mesh_pack_file *file; /* as it stands in the pack */
    struct str place, text;            /* where it goes in the mesh, and with the words filled in; place empty: nowhere */
    const struct doc *doc;             /* of YAML that can be read */
};
struct check {
    struct arena *a;
    const struct mesh_pack_files *p;
    struct errs *es;
    struct template_word words[WORDS + 1];
    struct checked *v;                 /* one for each file of the pack */
    struct mesh_pack_files clean;      /* the pack with words that there are not made harmless */
};

static struct str named(const struct check *c, struct str path)
{
    return arena_printf(c->a, "%.*s%.*s", STR_FMT(c->p->folder), STR_FMT(path));
}

static void say(struct err *e, const char *hint)
{
    if (e)
        err_hint(e, "%s", hint);
}

/* ---- places ---- */

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static struct str line_of(struct str text, uint32_t line)
{
    struct str rest = text, at = {"", 0};
    for (uint32_t i = 0; i < line && rest.p; i++)
        at = str_cut(rest, '\n', &rest);
    return at;
}

static const struct template_word *word_find(const struct check *c, struct str name)
{
    for (const struct template_word *w = c->words; w->name; w++)
        if (str_eq(name, str_of(w->name)))
            return w;
    return NULL;
}

/* A column of a line with the words filled in, back to the column of the template's line. Inside of a word: where the word begins. */
static uint32_t column_back(const struct check *c, struct str line, uint32_t col)
{
    size_t here = 1, filled = 1, at = 0;
    for (;;) {
        size_t open = str_find(line, STR("{{"), at), close = open == SIZE_MAX ? SIZE_MAX : str_find(line, STR("}}"), open);
        size_t plain = characters((struct str){line.p + at, (close == SIZE_MAX ? line.n : open) - at});
        if (close == SIZE_MAX || col < filled + plain)
            return (uint32_t)(here + (col > filled ? col - filled : 0));
        here += plain;
        filled += plain;
        const struct template_word *w = word_find(c, (struct str){line.p + open + 2, close - open - 2});
        size_t value = w ? characters(w->value) : 1;
        if (col < filled + value)
            return (uint32_t)here;
        filled += value;
        here += characters((struct str){line.p + open, close + 2 - open});
        at = close + 2;
    }
}

/* Places of files that were filled in are told as they stand in the pack. False: the file is none of the pack's. */
static bool place_back(const struct check *c, struct err *e)
{
    struct str own = arena_printf(c->a, "packs/%.*s/", STR_FMT(c->p->name)), file = str_of(e->file);
    for (size_t i = 0; i < c->p->n_files; i++) {
        const struct checked *f = &c->v[i];
        bool is = f->place.n && str_eq(file, f->place);
        if (!is && !(str_starts(file, own) && str_eq((struct str){file.p + own.n, file.n - own.n}, f->file->path)))
            continue;
        if (is && e->line)
            e->col = column_back(c, line_of(f->file->text, e->line), e->col);
        snprintf(e->file, sizeof e->file, "%.*s%.*s", STR_FMT(c->p->folder), STR_FMT(f->file->path));
        return true;
    }
    return false;
}

static struct err *at_node(struct check *c, const struct checked *f, enum err_code code, const struct doc_node *n, const char *text)
{
    uint32_t col = column_back(c, line_of(f->file->text, n->line), n->col);
    return errs_add(c->es, code, named(c, f->file->path), n->line, col, "%s", text);
}

/* ---- words ---- */

static void word_unknown(struct check *c, struct str path, uint32_t line, uint32_t col, struct str name)
{
    struct str known[WORDS];
    for (size_t i = 0; i < WORDS; i++)
        known[i] = str_of(word_names[i]);
    int near = str_nearest(str_trim(name), known, WORDS);
    struct err *e = errs_add(c->es, E_SCHEMA, path, line, col, "there is no word {{%.*s}}", STR_FMT(name));
    if (e && near >= 0)
        err_hint(e, "did you mean {{%.*s}}?", STR_FMT(known[near]));
    else
        say(e, "words are {{domain}} {{source}} {{path}} {{currency}} {{reporting_currency}} {{owner_name}} {{owner_contact}} {{support_channel}} {{support_url}}");
}

/* The text with its words looked at; those that are none are made harmless. */
static struct str words_check(struct check *c, struct str path, struct str text)
{
    struct buf out = BUF_INIT((size_t)64 << 20);
    uint32_t line = 1;
    size_t at = 0, line_start = 0;
    for (;;) {
        size_t open = str_find(text, STR("{{"), at);
        if (open == SIZE_MAX)
            break;
        for (size_t i = at; i < open; i++)
            if (text.p[i] == '\n') {
                line++;
                line_start = i + 1;
            }
        uint32_t col = (uint32_t)characters((struct str){text.p + line_start, open - line_start}) + 1;
        size_t close = str_find(text, STR("}}"), open), end = str_find(text, STR("\n"), open);
        if (close == SIZE_MAX || end < close) {
            say(errs_add(c->es, E_SCHEMA, path, line, col, "{{ opens a word that is not closed on this line"), "write }} after the word, as in {{source}}");
            buf_add(&out, (struct str){text.p + at, open - at});
            buf_addz(&out, "x ");
            at = open + 2;
            continue;
        }
        struct str name = {text.p + open + 2, close - open - 2};
        buf_add(&out, (struct str){text.p + at, open - at});
        if (word_find(c, name)) {
            buf_add(&out, (struct str){text.p + open, close + 2 - open});
        } else {
            word_unknown(c, path, line, col, name);
            buf_addz(&out, "x");
        }
        at = close + 2;
    }
    buf_add(&out, (struct str){text.p + at, text.n - at});
    struct str clean = buf_ok(&out, NULL) ? arena_str(c->a, buf_str(&out)) : text;
    buf_fini(&out);
    return clean;
}

/* ---- files ---- */

static bool is_template(struct str path)
{
    return str_eq(path, STR("source.yaml")) || str_eq(path, STR("source.odcs.yaml")) || str_starts(path, STR("plan/")) || pack_folder_is(path);
}

static void file_unknown(struct check *c, struct str path)
{
    static const char *const known_z[] = {"pack.yaml", "source.yaml", "source.odcs.yaml", "README.md", "LICENSE", "NOTICE", "products", "models", "metrics", "dashboards", "plan", "tests"};
    enum { KNOWN = sizeof known_z / sizeof known_z[0] };
    struct str known[KNOWN], rest, first = str_cut(path, '/', &rest);
    for (size_t i = 0; i < KNOWN; i++) {
        known[i] = str_of(known_z[i]);
        if (str_eq(path, known[i]))
            return;
    }
    if (str_starts(path, STR("tests/")))
        return;
    int near = str_nearest(first, known, KNOWN);
    struct err *e = errs_add(c->es, E_SCHEMA, named(c, path), 0, 0, "a pack has no place for this file");
    if (e && near >= 0)
        err_hint(e, "did you mean %.*s%s%.*s?", STR_FMT(known[near]), rest.p ? "/" : "", rest.p ? (int)rest.n : 0, rest.p ? rest.p : "");
    else
        say(e, "there may be pack.yaml, source.yaml, source.odcs.yaml, plan/, products/, models/, metrics/, dashboards/, tests/, README.md, LICENSE and NOTICE");
}

static void name_words_check(struct check *c, struct str path)
{
    size_t before = c->es->n_errors;
    (void)words_check(c, named(c, path), path);
    for (size_t i = 2; i < WORDS && c->es->n_errors == before; i++)
        if (str_find(path, arena_printf(c->a, "{{%s}}", word_names[i]), 0) != SIZE_MAX)
            say(errs_add(c->es, E_NAME, named(c, path), 0, 0, "the name of a file may only hold {{source}} and {{domain}}"), "name it by these words alone");
}

static void files_check(struct check *c)
{
    c->v = arena_array(c->a, c->p->n_files + 1, sizeof *c->v);
    c->clean = *c->p;
    c->clean.files = arena_array(c->a, c->p->n_files + 1, sizeof *c->clean.files);
    for (size_t i = 0; i < c->p->n_files; i++) {
        const struct mesh_pack_file *f = &c->p->files[i];
        struct checked *v = &c->v[i];
        *v = (struct checked){.file = f};
        c->clean.files[i] = *f;
        if (!is_template(f->path)) {
            file_unknown(c, f->path);
            continue;
        }
        name_words_check(c, f->path);
        struct err e = {0};
        c->clean.files[i].text = words_check(c, named(c, f->path), f->text);
        if (!pack_place(c->a, f->path, c->words, &v->place, &e) || !mesh_template_render(c->a, named(c, f->path), c->clean.files[i].text, c->words, &v->text, &e))
            v->place = (struct str){"", 0}; /* an unknown word in its name, which was told */
        else if (str_ends(f->path, STR(".yaml")) && !document_parse(c->a, named(c, f->path), v->text, &v->doc, NULL))
            v->doc = NULL; /* the mesh says why */
    }
}

static const struct checked *file_at(const struct check *c, struct str path)
{
    for (size_t i = 0; i < c->p->n_files; i++)
        if (str_eq(c->p->files[i].path, path))
            return &c->v[i];
    return NULL;
}

/* ---- pack.yaml ---- */

static void missing(struct check *c, const char *what, const char *why)
{
    say(errs_add(c->es, E_MISSING_KEY, named(c, str_of(what)), 0, 0, "%s is missing", what), why);
}

static bool head_check(struct check *c)
{
    struct str path = named(c, STR("pack.yaml"));
    const struct mesh_pack_file *f = mesh_pack_file(c->p, STR("pack.yaml"));
    const struct doc *d = f ? doc_parse_yaml(c->a, path, f->text, c->es) : NULL;
    if (!f)
        missing(c, "pack.yaml", "it says name, kind, title and summary");
    if (!d || !schema_check(schema_get(SCHEMA_PACK), d, c->es))
        return false;
    const struct doc_node *root = doc_root(d), *name = doc_get(d, root, "name");
    static const char *const taken[] = {"files", "domain", "product", "init", "demo", "templates"};
    if (!str_eq(doc_text(d, name), c->p->name))
        say(errs_add(c->es, E_NAME, path, name->line, name->col, "the pack is called %.*s and its folder %.*s", STR_FMT(doc_text(d, name)), STR_FMT(c->p->name)),
            "give both the same name");
    else if (!str_is_name(c->p->name) || name_is_reserved(c->p->name))
        say(errs_add(c->es, E_NAME, path, name->line, name->col, "\"%.*s\" cannot be the name of a pack", STR_FMT(c->p->name)),
            "names are lower-case letters, digits and single underscores, begin with a letter and do not end in _v1, _v2, …");
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (str_eq(c->p->name, str_of(taken[i])))
            say(errs_add(c->es, E_NAME, path, name->line, name->col, "\"%s\" is a word of `trellis add` and cannot be a pack", taken[i]), "choose another name");
    if (c->p->hides)
        say(errs_warn(c->es, E_DUPLICATE, path, name->line, name->col, "the program has a pack %.*s as well; in this mesh, this one is meant", STR_FMT(c->p->name)),
            "rename it if both are wanted: trellis pack copy NAME --as OTHER");
    bool source = str_eq(doc_str(d, root, "kind"), STR("source"));
    const struct doc_node *domain = doc_get(d, root, "domain");
    if (domain && !str_is_name(doc_text(d, domain)))
        say(errs_add(c->es, E_NAME, path, domain->line, domain->col, "\"%.*s\" cannot be the name of a domain", STR_FMT(doc_text(d, domain))), "such as: acquisition");
    if (source && !mesh_pack_file(c->p, STR("source.yaml")))
        missing(c, "source.yaml", "a pack of kind source says where its files land");
    for (size_t i = 0; i < c->p->n_files; i++)
        if (str_starts(c->p->files[i].path, STR("plan/")) && !mesh_pack_events(c->a, c->p)) {
            say(errs_add(c->es, E_SCHEMA, named(c, c->p->files[i].path), 0, 0, "only a source of events has a tracking plan"), "say kind: events in source.yaml, or take the folder plan away");
            break;
        }
    if (!source && mesh_pack_file(c->p, STR("source.yaml")))
        say(errs_add(c->es, E_SCHEMA, named(c, STR("source.yaml")), 0, 0, "a pack of kind product has no source"), "say kind: source in pack.yaml, or take this file away");
    return true;
}

/* ---- contracts and products ---- */

static void contract_columns(struct check *c, const struct checked *f, bool port)
{
    const struct doc *d = f->doc;
    const struct doc_node *objects = d ? doc_get(d, doc_root(d), "schema") : NULL;
    for (const struct doc_node *o = objects ? doc_first(d, objects) : NULL; o; o = doc_next(d, o)) {
        const struct doc_node *columns = doc_get(d, o, "properties");
        for (const struct doc_node *n = columns ? doc_first(d, columns) : NULL; n; n = doc_next(d, n)) {
            const char *name = arena_strz(c->a, doc_str(d, n, "name"));
            if (!doc_str(d, n, "classification").n)
                say(at_node(c, f, E_MISSING_KEY, n, arena_printf(c->a, "the column %s has no classification", name).p),
                    "add: classification: internal; or personal, for what tells of a person");
            if (port && !doc_str(d, n, "description").n)
                say(at_node(c, f, E_MISSING_KEY, n, arena_printf(c->a, "the column %s has no description", name).p), "say in a sentence what it holds");
        }
    }
}

static void product_ports(struct check *c, const struct checked *f)
{
    const struct doc *d = f->doc;
    const struct doc_node *ports = d ? doc_get(d, doc_root(d), "outputPorts") : NULL;
    struct str source = c->words[1].value;
    for (const struct doc_node *n = ports ? doc_first(d, ports) : NULL; n; n = doc_next(d, n)) {
        const struct doc_node *custom = doc_get(d, n, "customProperties"), *name = doc_get(d, n, "name");
        bool keyed = false;
        for (const struct doc_node *k = custom ? doc_first(d, custom) : NULL; k; k = doc_next(d, k))
            keyed = keyed || str_eq(doc_str(d, k, "property"), STR("trellisKey"));
        if (!keyed)
            say(at_node(c, f, E_MISSING_KEY, n, "this port names no key"), "add to customProperties: - {property: trellisKey, value: [column, …]}");
        if (name && mesh_pack_file(c->p, STR("source.yaml")) && !str_starts(doc_text(d, name), source))
            say(at_node(c, f, E_NAME, name, "the name of this port does not begin with {{source}}"), "so that a second account of the platform can be added under another name");
    }
}

static const struct checked *port_file(const struct check *c, struct str suffix)
{
    for (size_t i = 0; i < c->p->n_files; i++)
        if (str_starts(c->p->files[i].path, STR("products/")) && str_eq(fs_basename(c->p->files[i].path), suffix))
            return &c->v[i];
    return NULL;
}

static const struct doc_node *column_find(const struct doc *d, const struct doc_node *columns, struct str name)
{
    for (const struct doc_node *n = columns ? doc_first(d, columns) : NULL; n; n = doc_next(d, n))
        if (str_eq(doc_str(d, n, "name"), name))
            return n;
    return NULL;
}

/* The port of a union: there, and with the columns that the union reads. */
static void union_check(struct check *c, const struct doc_node *entry, struct str name)
{
    struct mesh_union_column *cols;
    size_t n;
    struct str sql = arena_printf(c->a, "{{source}}_%.*s.sql", STR_FMT(name)), contract = arena_printf(c->a, "{{source}}_%.*s.odcs.yaml", STR_FMT(name));
    if (!mesh_union_columns(c->a, name, &cols, &n, NULL))
        return; /* the schema has told it */
    if (!port_file(c, sql)) {
        struct err *e = errs_add(c->es, E_DANGLING, named(c, STR("pack.yaml")), entry->line, entry->col, "it provides %.*s and has no port for it", STR_FMT(name));
        if (e)
            err_hint(e, "add products/{{source}}/%.*s with its contract, or take the word away", STR_FMT(sql));
        return;
    }
    const struct checked *f = port_file(c, contract);
    if (!f || !f->doc)
        return;
    const struct doc_node *object = doc_get(f->doc, doc_root(f->doc), "schema"), *first = object ? doc_first(f->doc, object) : NULL;
    const struct doc_node *columns = first ? doc_get(f->doc, first, "properties") : NULL;
    for (size_t i = 0; columns && i < n; i++)
        if (!column_find(f->doc, columns, cols[i].name)) {
            struct err *e = at_node(c, f, E_CONTRACT, columns, arena_printf(c->a, "the union %.*s reads the column %.*s, which is not here", STR_FMT(name), STR_FMT(cols[i].name)).p);
            if (e)
                err_hint(e, "add it as %.*s; CAST(NULL AS %.*s) where the platform does not tell", STR_FMT(cols[i].type), STR_FMT(cols[i].type));
        }
}

static void parts_check(struct check *c)
{
    const struct checked *source = file_at(c, STR("source.yaml"));
    const struct doc *d = c->p->doc;
    bool products = false;
    for (size_t i = 0; i < c->p->n_files; i++) {
        const struct checked *f = &c->v[i];
        products = products || str_starts(f->file->path, STR("products/"));
        if (f->place.n && str_ends(f->file->path, STR(".odcs.yaml")))
            contract_columns(c, f, str_starts(f->file->path, STR("products/")));
        if (f->place.n && str_eq(fs_basename(f->file->path), STR("product.yaml")))
            product_ports(c, f);
    }
    if (!products)
        missing(c, "products/{{source}}/product.yaml", "a pack publishes at least one product");
    if (source && source->doc && !str_eq(doc_str(source->doc, doc_root(source->doc), "pack"), c->p->name)) {
        const struct doc_node *n = doc_get(source->doc, doc_root(source->doc), "pack");
        struct err *e = at_node(c, source, E_DANGLING, n ? n : doc_root(source->doc), n ? "`pack` names another pack" : "`pack` is missing: it tells which unions the source joins");
        if (e)
            err_hint(e, "write: pack: %.*s", STR_FMT(c->p->name));
    }
    const struct doc_node *list = d ? doc_get(d, doc_root(d), "provides") : NULL;
    for (const struct doc_node *n = list && list->kind == DOC_SEQ ? doc_first(d, list) : NULL; n; n = doc_next(d, n))
        union_check(c, n, doc_text(d, n));
}

/* ---- the mesh with nothing but this pack ---- */

static void foreign_say(struct check *c, const struct err *e)
{
    struct str path = named(c, STR("pack.yaml"));
    if (e->file[0])
        say(errs_add(c->es, e->code, path, 0, 0, "in a mesh with this pack, %s:%u:%u: %s", e->file, (unsigned)e->line, (unsigned)e->col, e->text), e->hint);
    else
        say(errs_add(c->es, e->code, path, 0, 0, "%s", e->text), e->hint);
}

/* What the mesh says, but for what was told already at the same place. */
static void mesh_say(struct check *c, const struct errs *found)
{
    size_t before = c->es->n;
    for (size_t i = 0; i < found->n; i++) {
        struct err e = found->v[i];
        bool told = false, mine = place_back(c, &e);
        for (size_t k = 0; k < before && !told; k++)
            told = strcmp(c->es->v[k].file, e.file) == 0 && c->es->v[k].line == e.line && c->es->v[k].line != 0;
        if (told || (found->warning[i] && !mine))
            continue;
        if (!mine)
            foreign_say(c, &e);
        else if (found->warning[i])
            say(errs_warn(c->es, e.code, str_of(e.file), e.line, e.col, "%s", e.text), e.hint);
        else
            errs_push(c->es, &e);
    }
}

static bool mesh_check(struct check *c, const char *dir, struct engine_conn *parser, struct err *e)
{
    const struct mesh_init_options init = {.name = STR("packcheck"), .owner_name = c->words[5].value, .owner_contact = c->words[6].value};
    const bool source = str_eq(doc_str(c->p->doc, doc_root(c->p->doc), "kind"), STR("source")) && !mesh_pack_events(c->a, c->p);
    const struct mesh_add_options add = {.domain = c->words[0].value, .name = c->words[1].value, .path = source ? c->words[2].value : (struct str){"", 0}};
    const struct mesh_domain_options domain = {.name = add.domain, .template_name = STR("acquisition"), .owner_name = init.owner_name, .owner_contact = init.owner_contact};
    struct mesh_written *files;
    struct errs found = {0};
    size_t n;
    if (!mesh_init(c->a, dir, &init, &files, &n, e))
        return false;
    if (!fs_is_dir(arena_printf(c->a, "%s/domains/%.*s", dir, STR_FMT(add.domain)).p) && !mesh_add_domain(c->a, dir, &domain, &files, &n, e))
        return false;
    struct err refused = {0};
    if (!mesh_pack_copy(c->a, dir, &c->clean, c->clean.name, true, &files, &n, &refused) || !mesh_pack_add(c->a, dir, &c->clean, &add, &files, &n, &refused)) {
        errs_push(&found, &refused);
    } else {
        const struct mesh_load_options lo = {.parser = parser};
        mesh_free(mesh_load(dir, &lo, &found));
    }
    mesh_say(c, &found);
    errs_fini(&found);
    return true;
}

bool mesh_pack_check(struct arena *a, const struct mesh_pack_files *p, struct engine_conn *parser, struct errs *es, struct err *e)
{
    struct check c = {.a = a, .p = p, .es = es};
    struct str domain = p->doc ? doc_str(p->doc, doc_root(p->doc), "domain") : (struct str){"", 0};
    struct str values[WORDS] = {str_is_name(domain) ? domain : STR("acquisition"), str_is_name(p->name) && !name_is_reserved(p->name) ? p->name : STR("pack"), STR("incoming"), STR("USD"), STR("USD"),
                                STR("Ana Ruiz"), STR("ana@example.org"), STR("ana@example.org"), STR("mailto:ana@example.org")};
    for (size_t i = 0; i < WORDS; i++)
        c.words[i] = (struct template_word){word_names[i], values[i]};
    bool head = head_check(&c);
    files_check(&c);
    parts_check(&c);
    if (!head)
        return true; /* without it nothing can be made of the rest */
    char dir[TEMP_PATH_MAX];
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/trellis-pack-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        return err_errno(e, errno, "a throw-away mesh cannot be made below %s", tmp && *tmp ? tmp : "/tmp");
    bool good = mesh_check(&c, dir, parser, e);
    (void)!fs_remove_tree(dir, NULL);
    return good;
}
