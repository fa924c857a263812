/* Packs written into a mesh: a copy of another, a small one to begin with, or one made of a source that stands there. */
#include "mesh/mesh_pack.h"

#include "base/embed.h"
#include "base/yaml_edit.h"
#include "mesh/names.h"
#include "mesh/write_int.h"

enum { MADE_FILE_MAX_BYTES = 1 << 20 };

static bool name_check(struct str name, struct err *e)
{
    if (str_is_name(name) && !name_is_reserved(name))
        return true;
    err_set(e, E_NAME, "\"%.*s\" cannot be the name of a pack", STR_FMT(name));
    err_hint(e, "names are lower-case letters, digits and single underscores, begin with a letter and do not end in _v1, _v2, …");
    return false;
}

static void made(struct plan *p, struct str pack, struct str path, struct str text)
{
    plan_add(p, arena_printf(p->a, "packs/%.*s/%.*s", STR_FMT(pack), STR_FMT(path)), text, false);
}

static bool set_text(struct arena *a, struct str file, struct str *text, const struct yaml_step *path, size_t n, struct str value, struct err *e)
{
    const struct yaml_value v = {.kind = YAML_TEXT, .text = value};
    return yaml_set(a, file, *text, path, n, &v, text, e);
}

static bool set_key(struct arena *a, struct str file, struct str *text, const char *key, struct str value, struct err *e)
{
    const struct yaml_step step = {.key = str_of(key)};
    return set_text(a, file, text, &step, 1, value, e);
}

static bool drop_key(struct arena *a, struct str file, struct str *text, const char *key, struct err *e)
{
    const struct yaml_step step = {.key = str_of(key)};
    const struct yaml_value v = {.kind = YAML_REMOVE};
    return yaml_set(a, file, *text, &step, 1, &v, text, e);
}

static bool set_json(struct arena *a, struct str file, struct str *text, const char *key, const char *json, struct err *e)
{
    const struct yaml_step step = {.key = str_of(key)};
    const struct yaml_value v = {.kind = YAML_JSON, .text = str_of(json)};
    return yaml_set(a, file, *text, &step, 1, &v, text, e);
}

/* The name of an entry of a list, set by its place: what finds the entry cannot be changed by yaml_set. */
static bool set_name(struct arena *a, struct str file, struct str *text, const char *list, const char *where, struct str equals, struct str value, struct err *e)
{
    const struct doc *d;
    if (!document_parse(a, file, *text, &d, e))
        return false;
    const struct doc_node *entries = doc_get(d, doc_root(d), list), *n = entries ? doc_first(d, entries) : NULL;
    while (n && !str_eq(doc_str(d, n, where), equals))
        n = doc_next(d, n);
    const struct doc_node *name = n ? doc_get(d, n, "name") : NULL;
    struct str old = name ? doc_text(d, name) : (struct str){"", 0}, rest = *text;
    for (uint32_t i = 1; name && i < name->line && rest.p; i++)
        (void)str_cut(rest, '\n', &rest);
    size_t at = name && rest.p ? (size_t)(rest.p - text->p) + name->col - 1 + name->quoted : SIZE_MAX; /* names are ASCII, and so is what stands before one */
    if (at == SIZE_MAX || at + old.n + name->quoted > text->n || memcmp(text->p + at, old.p, old.n) != 0) {
        err_at(e, E_SCHEMA, file, name ? name->line : 0, name ? name->col : 0, "a name in `%s` is not written in a way that can be turned into a word", list);
        err_hint(e, "write it on one line, as in: name: %.*s", STR_FMT(old));
        return false;
    }
    struct str head = {text->p, at - name->quoted}, tail = {text->p + at + old.n + name->quoted, text->n - at - old.n - name->quoted};
    *text = arena_printf(a, "%.*s\"%.*s\"%.*s", STR_FMT(head), STR_FMT(value), STR_FMT(tail));
    return true;
}

/* ---- a copy ---- */

bool mesh_pack_copy(struct arena *a, const char *dir, const struct mesh_pack_files *pack, struct str as, bool force, struct mesh_written **files, size_t *n,
                    struct err *e)
{
    struct plan p;
    if (!plan_open(&p, a, dir, e) || !name_check(as, e))
        return false;
    for (size_t i = 0; i < pack->n_files; i++) {
        struct str path = pack->files[i].path, text = pack->files[i].text, named = arena_printf(a, "%.*s%.*s", STR_FMT(pack->folder), STR_FMT(path));
        bool renamed = !str_eq(as, pack->name);
        if (renamed && str_eq(path, STR("pack.yaml")) && !set_key(a, named, &text, "name", as, e))
            return false;
        if (renamed && str_eq(path, STR("source.yaml")) && !set_key(a, named, &text, "pack", as, e))
            return false;
        made(&p, as, path, text);
    }
    return plan_commit(&p, force, files, n, e);
}

/* ---- a small one to begin with ---- */

static struct str replaced(struct arena *a, struct str text, struct str word, struct str by)
{
    struct buf b = BUF_INIT(MADE_FILE_MAX_BYTES);
    size_t at = 0;
    for (size_t found; (found = str_find(text, word, at)) != SIZE_MAX; at = found + word.n) {
        buf_add(&b, (struct str){text.p + at, found - at});
        buf_add(&b, by);
    }
    buf_add(&b, (struct str){text.p + at, text.n - at});
    struct str out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out;
}

/* podcast_ads -> Podcast ads */
static struct str title_of(struct arena *a, struct str name)
{
    char *z = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        if (z[i] == '_')
            z[i] = ' ';
    z[0] = (char)(z[0] - 'a' + 'A');
    return (struct str){z, name.n};
}

/* packs/new_pack/ is no pack: its files are those of the small one, with PACK_NAME and PACK_TITLE in them. */
static void plan_small(struct plan *p, struct str name)
{
    static const struct str prefix = {"packs/new_pack/files/", 21};
    for (const struct embed_file *f = embed_next(prefix, NULL); f; f = embed_next(prefix, f)) {
        struct str text = replaced(p->a, f->data, STR("PACK_NAME"), name);
        made(p, name, (struct str){f->path.p + prefix.n, f->path.n - prefix.n}, replaced(p->a, text, STR("PACK_TITLE"), title_of(p->a, name)));
    }
}

/* ---- of what stands in the mesh ---- */

struct turned {
    struct plan *p;
    struct str pack, domain, source; /* source: its name in the mesh */
    struct str *ports; size_t n_ports; /* names of the ports that go into the pack */
    struct str *foreign; size_t n_foreign, cap_foreign;
};

/* What is called after the source, or gets its name before it. */
static struct str turned_name(struct turned *t, struct str name)
{
    struct arena *a = t->p->a;
    if (str_starts(name, t->source) && (name.n == t->source.n || name.p[t->source.n] == '_'))
        return arena_printf(a, "{{source}}%.*s", (int)(name.n - t->source.n), name.p + t->source.n);
    return arena_printf(a, "{{source}}_%.*s", STR_FMT(name));
}

static void foreign_add(struct turned *t, struct str ref)
{
    for (size_t i = 0; i < t->n_foreign; i++)
        if (str_eq(t->foreign[i], ref))
            return;
    if (t->n_foreign == t->cap_foreign) {
        size_t cap = t->cap_foreign ? t->cap_foreign * 2 : 8;
        struct str *v = arena_array(t->p->a, cap, sizeof *v);
        if (t->n_foreign)
            memcpy(v, t->foreign, t->n_foreign * sizeof *v);
        t->foreign = v;
        t->cap_foreign = cap;
    }
    t->foreign[t->n_foreign++] = ref;
}

static bool is_port(const struct turned *t, struct str name)
{
    for (size_t i = 0; i < t->n_ports; i++)
        if (str_eq(t->ports[i], name))
            return true;
    return false;
}

static bool is_word(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static size_t word_end(struct str s, size_t at)
{
    while (at < s.n && is_word(s.p[at]))
        at++;
    return at;
}

/* How far a comment or a quoted text at `at` goes; `at` itself: it is neither. */
static size_t aside_end(struct str s, size_t at)
{
    char c = s.p[at];
    size_t end = at;
    if (c == '-' && at + 1 < s.n && s.p[at + 1] == '-')
        end = str_find(s, STR("\n"), at);
    else if (c == '/' && at + 1 < s.n && s.p[at + 1] == '*')
        end = str_find(s, STR("*/"), at);
    else if (c == '\'' || c == '"')
        end = str_find(s, (struct str){s.p + at, 1}, at + 1);
    return end == at ? at : end == SIZE_MAX ? s.n : c == '-' ? end : end + 1;
}

/* SQL with the streams of the source and the ports of the pack named by words. */
static struct str turned_sql(struct turned *t, struct str sql)
{
    struct arena *a = t->p->a;
    struct buf b = BUF_INIT(MADE_FILE_MAX_BYTES * 4);
    struct str streams = arena_printf(a, "%.*s__", STR_FMT(t->source));
    for (size_t at = 0; at < sql.n;) {
        size_t end = aside_end(sql, at);
        if (end == at && is_word(sql.p[at])) {
            end = word_end(sql, at);
            struct str first = {sql.p + at, end - at}, second = {"", 0};
            bool member = at > 0 && sql.p[at - 1] == '.'; /* of something: no schema */
            size_t second_end = end < sql.n && sql.p[end] == '.' && !member ? word_end(sql, end + 1) : end;
            if (second_end > end + 1 && str_eq(first, t->domain)) {
                second = (struct str){sql.p + end + 1, second_end - end - 1};
                if (str_starts(second, streams))
                    buf_printf(&b, "{{domain}}.{{source}}__%.*s", (int)(second.n - streams.n), second.p + streams.n);
                else if (is_port(t, second))
                    buf_printf(&b, "{{domain}}.%.*s", STR_FMT(turned_name(t, second)));
                else {
                    foreign_add(t, arena_printf(a, "%.*s.%.*s", STR_FMT(first), STR_FMT(second)));
                    buf_printf(&b, "%.*s.%.*s", STR_FMT(first), STR_FMT(second));
                }
                at = second_end;
                continue;
            }
        }
        if (end == at)
            end++;
        buf_add(&b, (struct str){sql.p + at, end - at});
        at = end;
    }
    struct str out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out;
}

static bool read_file(struct turned *t, struct str path, struct str *text, struct err *e)
{
    return fs_read(t->p->a, arena_strz(t->p->a, fs_join(t->p->a, t->p->dir, path)), MADE_FILE_MAX_BYTES, text, e);
}

/* The table that a file's name stands for: its stem, where that is plain. Empty: it is not. */
static struct str stem_of(struct arena *a, struct str path)
{
    struct str rest, stem = str_cut(fs_basename(path), '.', &rest);
    for (size_t i = 0; i < stem.n; i++)
        if (!is_word(stem.p[i]))
            return (struct str){"", 0};
    return mesh_normal_column(a, stem);
}

/* A stream that named the source's one file finds it by its table, so that the pack takes a folder too. */
static bool streams_turn(struct turned *t, struct str path, const struct doc *d, struct str *text, struct err *e)
{
    struct arena *a = t->p->a;
    const struct doc_node *root = doc_root(d), *list = doc_get(d, root, "streams");
    struct str of_source = doc_str(d, root, "path"), table = stem_of(a, of_source);
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        struct str name = doc_str(d, n, "name"), own = doc_str(d, n, "path");
        struct yaml_step at[2] = {{.key = STR("streams"), .where = STR("name"), .equals = name}, {.key = STR("path")}};
        const struct yaml_value gone = {.kind = YAML_REMOVE};
        if (!own.n)
            continue;
        if (!str_eq(own, of_source)) {
            err_at(e, E_USAGE, path, n->line, n->col, "the stream %.*s has a path of its own, which a pack cannot know", STR_FMT(name));
            err_hint(e, "let its files be found by `table` below the source's path, then make the pack");
            return false;
        }
        if (!table.n) {
            if (!set_text(a, path, text, at, 2, STR("{{path}}"), e))
                return false;
            continue;
        }
        if (!yaml_set(a, path, *text, at, 2, &gone, text, e))
            return false;
        at[1].key = STR("table");
        if (!set_text(a, path, text, at, 2, table, e))
            return false;
    }
    return true;
}

/* The folder beside a source of events. */
static bool tracking_plan_turn(struct turned *t, struct err *e)
{
    struct arena *a = t->p->a;
    struct str dir = arena_printf(a, "domains/%.*s/sources/%.*s", STR_FMT(t->domain), STR_FMT(t->source)), *names = NULL, text;
    const char *full = arena_strz(a, fs_join(a, t->p->dir, dir));
    size_t n = 0;
    if (fs_is_dir(full) && !fs_list(a, full, &names, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct str path = fs_join(a, dir, names[i]), stem = {names[i].p, names[i].n - (sizeof ".odcs.yaml" - 1)};
        if (!str_ends(names[i], STR(".odcs.yaml")))
            continue;
        if (!read_file(t, path, &text, e) || !set_key(a, path, &text, "id", arena_printf(a, "{{domain}}.{{source}}.%.*s", STR_FMT(stem)), e) ||
            !set_key(a, path, &text, "domain", STR("{{domain}}"), e))
            return false;
        made(t->p, t->pack, arena_printf(a, "plan/%.*s", STR_FMT(names[i])), text);
    }
    return true;
}

static bool source_turn(struct turned *t, struct str *title, struct err *e)
{
    struct arena *a = t->p->a;
    struct str path = arena_printf(a, "domains/%.*s/sources/%.*s.yaml", STR_FMT(t->domain), STR_FMT(t->source)), text;
    const struct doc *d;
    if (!fs_exists(arena_strz(a, fs_join(a, t->p->dir, path)))) {
        err_set(e, E_NOT_FOUND, "the mesh has no source %.*s.%.*s", STR_FMT(t->domain), STR_FMT(t->source));
        err_hint(e, "a source is named as domain.source, such as acquisition.budget");
        return false;
    }
    if (!read_file(t, path, &text, e) || !document_parse(a, path, text, &d, e) || !streams_turn(t, path, d, &text, e))
        return false;
    *title = doc_str(d, doc_root(d), "title");
    if (doc_get(d, doc_root(d), "currency") && !set_key(a, path, &text, "currency", STR("{{currency}}"), e))
        return false;
    bool events = str_eq(doc_str(d, doc_root(d), "kind"), STR("events"));
    if (!set_key(a, path, &text, "name", STR("{{source}}"), e) || !set_key(a, path, &text, "pack", t->pack, e) ||
        (!events && !set_key(a, path, &text, "path", STR("{{path}}"), e)) || !drop_key(a, path, &text, "owner", e))
        return false;
    made(t->p, t->pack, STR("source.yaml"), text);
    if (events)
        return tracking_plan_turn(t, e);
    path = arena_printf(a, "domains/%.*s/sources/%.*s.odcs.yaml", STR_FMT(t->domain), STR_FMT(t->source));
    if (!fs_exists(arena_strz(a, fs_join(a, t->p->dir, path))))
        return true;
    if (!read_file(t, path, &text, e) || !set_key(a, path, &text, "id", STR("{{domain}}.{{source}}"), e) || !set_key(a, path, &text, "name", STR("{{source}}"), e) ||
        !set_key(a, path, &text, "domain", STR("{{domain}}"), e))
        return false;
    made(t->p, t->pack, STR("source.odcs.yaml"), text);
    return true;
}

static struct str turned_id(struct turned *t, struct str product, struct str port)
{
    return arena_printf(t->p->a, "{{domain}}.%.*s.%.*s", STR_FMT(product), STR_FMT(port));
}

static bool contract_turn(struct turned *t, struct str path, struct str product, struct str port, struct str *text, struct err *e)
{
    struct arena *a = t->p->a;
    const struct doc *d;
    if (!document_parse(a, path, *text, &d, e))
        return false;
    const struct doc_node *objects = doc_get(d, doc_root(d), "schema"), *first = objects ? doc_first(d, objects) : NULL;
    return set_key(a, path, text, "id", turned_id(t, product, port), e) && set_key(a, path, text, "name", port, e) && set_key(a, path, text, "domain", STR("{{domain}}"), e) &&
           (!first || set_name(a, path, text, "schema", "name", doc_str(d, first, "name"), port, e));
}

static bool product_turn(struct turned *t, struct str path, struct str product, struct str *text, struct err *e)
{
    struct arena *a = t->p->a;
    const struct doc *d;
    if (!document_parse(a, path, *text, &d, e))
        return false;
    const struct doc_node *ports = doc_get(d, doc_root(d), "outputPorts");
    for (const struct doc_node *n = ports ? doc_first(d, ports) : NULL; n; n = doc_next(d, n)) {
        struct str name = doc_str(d, n, "name"), fresh = turned_name(t, name);
        const struct yaml_step at[2] = {{.key = STR("outputPorts"), .where = STR("name"), .equals = name}, {.key = STR("contractId")}};
        for (const struct doc_node *k = doc_first(d, ports); k != n; k = doc_next(d, k))
            if (str_eq(doc_str(d, k, "name"), name)) {
                err_at(e, E_USAGE, path, n->line, n->col, "the port %.*s has several majors; a pack is made of the one that is meant to stay", STR_FMT(name));
                err_hint(e, "take the older major away first");
                return false;
            }
        if (doc_get(d, n, "contractId") && !set_text(a, path, text, at, 2, turned_id(t, product, fresh), e))
            return false;
        if (!set_name(a, path, text, "outputPorts", "name", name, fresh, e))
            return false;
    }
    return set_key(a, path, text, "id", arena_printf(a, "{{domain}}.%.*s", STR_FMT(product)), e) && set_key(a, path, text, "name", product, e) &&
           set_key(a, path, text, "domain", STR("{{domain}}"), e) && drop_key(a, path, text, "inputPorts", e) &&
           set_json(a, path, text, "team", "{\"members\":[{\"username\":\"{{owner_contact}}\",\"name\":\"{{owner_name}}\",\"role\":\"owner\"}]}", e) &&
           set_json(a, path, text, "support", "[{\"channel\":\"{{support_channel}}\",\"url\":\"{{support_url}}\"}]", e);
}

/* Names in the product's folder, and whether its SQL reads the source. */
static bool product_reads(struct turned *t, struct str dir, struct str **names, size_t *n, bool *reads, struct err *e)
{
    struct arena *a = t->p->a;
    struct str wanted = arena_printf(a, "%.*s.%.*s__", STR_FMT(t->domain), STR_FMT(t->source)), text;
    *reads = false;
    if (!fs_list(a, arena_strz(a, fs_join(a, t->p->dir, dir)), names, n, e))
        return false;
    for (size_t i = 0; i < *n; i++) {
        if (!str_ends((*names)[i], STR(".sql")))
            continue;
        if (!read_file(t, fs_join(a, dir, (*names)[i]), &text, e))
            return false;
        *reads = *reads || str_find(text, wanted, 0) != SIZE_MAX;
    }
    return true;
}

static bool product_files_turn(struct turned *t, struct str dir, struct str product, const struct str *names, size_t n, struct err *e)
{
    struct arena *a = t->p->a;
    for (size_t i = 0; i < n; i++) {
        struct str path = fs_join(a, dir, names[i]), text, ext = {"", 0}, port = {"", 0};
        static const struct str endings[] = {{".odcs.yaml", 10}, {".sql", 4}};
        for (size_t k = 0; k < 2 && !ext.n; k++)
            if (str_ends(names[i], endings[k])) {
                ext = endings[k];
                port = turned_name(t, (struct str){names[i].p, names[i].n - ext.n});
            }
        if (!read_file(t, path, &text, e))
            return false;
        bool good = str_eq(names[i], STR("product.yaml")) ? product_turn(t, path, product, &text, e)
                    : str_eq(ext, STR(".odcs.yaml"))      ? contract_turn(t, path, product, port, &text, e)
                                                          : true;
        if (!good)
            return false;
        if (str_eq(ext, STR(".sql")))
            text = turned_sql(t, text);
        made(t->p, t->pack, arena_printf(a, "products/%.*s/%.*s%.*s", STR_FMT(product), STR_FMT(ext.n ? port : names[i]), STR_FMT(ext)), text);
    }
    return true;
}

static bool products_turn(struct turned *t, struct err *e)
{
    struct arena *a = t->p->a;
    struct str folder = arena_printf(a, "domains/%.*s/products", STR_FMT(t->domain)), *products = NULL, *names;
    size_t n = 0, n_names, taken = 0;
    bool reads;
    const char *full = arena_strz(a, fs_join(a, t->p->dir, folder));
    if (fs_is_dir(full) && !fs_list(a, full, &products, &n, e))
        return false;
    for (int pass = 0; pass < 2; pass++) /* first which ports there are, as their SQL may read one another */
        for (size_t i = 0; i < n; i++) {
            struct str dir = fs_join(a, folder, products[i]);
            if (!product_reads(t, dir, &names, &n_names, &reads, e))
                return false;
            if (!reads)
                continue;
            taken++;
            if (pass == 1) {
                if (!product_files_turn(t, dir, turned_name(t, products[i]), names, n_names, e))
                    return false;
                continue;
            }
            struct str *ports = arena_array(a, t->n_ports + n_names + 1, sizeof *ports);
            if (t->n_ports)
                memcpy(ports, t->ports, t->n_ports * sizeof *ports);
            for (size_t k = 0; k < n_names; k++)
                if (str_ends(names[k], STR(".sql")))
                    ports[t->n_ports++] = (struct str){names[k].p, names[k].n - 4};
            t->ports = ports;
        }
    if (taken)
        return true;
    err_set(e, E_NOT_FOUND, "no product of the domain %.*s reads %.*s, so there is nothing to publish", STR_FMT(t->domain), STR_FMT(t->source));
    err_hint(e, "a pack is a source and the product made of it; write the product first");
    return false;
}

static bool plan_from(struct turned *t, struct err *e)
{
    struct arena *a = t->p->a;
    struct str title = {"", 0};
    struct buf b = BUF_INIT(MADE_FILE_MAX_BYTES);
    if (!str_is_name(t->domain) || !str_is_name(t->source)) {
        err_set(e, E_USAGE, "--from wants a source as domain.source");
        err_hint(e, "as in: trellis pack new budget_plan --from acquisition.budget");
        return false;
    }
    if (!source_turn(t, &title, e) || !products_turn(t, e))
        return false;
    buf_printf(&b, "name: %.*s\nkind: source\ntitle: ", STR_FMT(t->pack));
    buf_json_str(&b, title.n ? title : title_of(a, t->pack));
    buf_printf(&b, "\nsummary: \"Made of the source %.*s.%.*s; say here what it brings in\"\ndomain: %.*s\n", STR_FMT(t->domain), STR_FMT(t->source), STR_FMT(t->domain));
    made(t->p, t->pack, STR("pack.yaml"), arena_str(a, buf_str(&b)));
    buf_fini(&b);
    return true;
}

bool mesh_pack_new(struct arena *a, const char *dir, struct str name, struct str from, bool force, struct mesh_written **files, size_t *n, struct str **foreign,
                   size_t *n_foreign, struct err *e)
{
    struct plan p;
    struct turned t = {.p = &p, .pack = name};
    *n_foreign = 0;
    *foreign = NULL;
    if (!plan_open(&p, a, dir, e) || !name_check(name, e))
        return false;
    if (from.n) {
        t.domain = str_cut(from, '.', &t.source);
        if (!plan_from(&t, e))
            return false;
    } else {
        plan_small(&p, name);
    }
    *foreign = t.foreign;
    *n_foreign = t.n_foreign;
    return plan_commit(&p, force, files, n, e);
}
