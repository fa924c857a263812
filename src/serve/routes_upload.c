/* Own files from the page: sent in pieces, looked into, added as a source with contract and product. The file then lies in uploads/<domain>/
 * of the mesh: not in data/, which may be thrown away and made again, and kept out of git, since it may hold anything. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "mesh/mesh_write.h"
#include "mesh/types.h"
#include "serve/edits.h"
#include "serve/put.h"
#include "serve/uploads.h"

enum { COLUMNS_TOLD_MAX = 4096 };

static struct str told(struct call *c, yyjson_val *root, const char *key)
{
    return str_trim(arena_str(c->a, json_str(root, key)));
}

/* ---- pieces ---- */
bool route_upload_begin(struct call *c, struct err *e)
{
    struct upload u;
    yyjson_doc *body = call_body(c, NULL, e);
    if (!body)
        return false;
    struct str name = told(c, yyjson_doc_get_root(body), "name");
    int64_t bytes = json_int(yyjson_doc_get_root(body), "bytes", 0);
    yyjson_doc_free(body);
    uploads_clean(c->a, c->app->state->data_dir, clock_now_us());
    if (!upload_begin(c->a, c->app->state->data_dir, name, bytes, &u, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "id", u.id);
    put_str(&b, "name", u.name);
    put_int(&b, "part_bytes", UPLOAD_PART_BYTES);
    put_int(&b, "received", 0);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_upload_piece(struct call *c, struct err *e)
{
    struct upload u;
    int64_t offset;
    if (!str_to_i64(c->args[1], &offset) || offset < 0)
        return err_set(e, E_USAGE, "the address of a piece ends in the place of its first byte");
    if (!upload_find(c->a, c->app->state->data_dir, c->args[0], &u, e) || !upload_piece(&u, offset, c->req->body, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "received", u.received);
    put_int(&b, "bytes", u.bytes);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- looking ---- */
static bool look(struct call *c, const struct upload *u, struct str sheet, struct ingest_inferred *found, struct err *e)
{
    const struct ingest_look_options o = {.program = c->app->program, .path = u->path.p, .name = u->name, .sheet = sheet};
    *found = (struct ingest_inferred){0};
    return upload_whole(u, e) && ingest_look(&o, c->a, found, e);
}

/* "Media Budget 2026.xlsx" -> media_budget_2026, and the same as people read it. */
static void suggest(struct call *c, struct str file, struct str *name, struct str *title)
{
    struct str end = upload_extension(c->a, file);
    struct str base = str_trim((struct str){file.p, file.n - end.n});
    char *out = arena_alloc(c->a, base.n + 16);
    size_t n = 0;
    for (size_t i = 0; i < base.n && n < 60; i++) {
        char ch = base.p[i] >= 'A' && base.p[i] <= 'Z' ? (char)(base.p[i] + 32) : base.p[i];
        if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9' && n > 0))
            out[n++] = ch;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    *name = n ? (struct str){out, n} : STR("own_data");
    if (!str_is_name(*name))
        *name = arena_printf(c->a, "%.*s_data", STR_FMT(*name));
    *title = base.n ? base : *name;
}

static void put_found(struct call *c, struct buf *b, const struct upload *u, const struct ingest_inferred *f)
{
    struct str name, title;
    put_str(b, "format", f->format);
    put_opt(b, "compression", f->compression);
    put_texts(b, "sheets", f->sheets, f->n_sheets);
    put_opt(b, "sheet", f->sheet);
    put_opt(b, "encoding", f->encoding);
    put_opt(b, "delimiter", f->delimiter);
    put_int(b, "header_row", f->header_row);
    put_int(b, "rows_sampled", f->rows_sampled);
    put_int(b, "rows_left_out", f->rows_left_out);
    put_opt(b, "day_column", f->day_column);
    put_open(b, "problems", '[');
    for (size_t i = 0; i < f->n_problems; i++) {
        put_open(b, NULL, '{');
        put_str(b, "message", f->problems[i].message);
        put_opt(b, "hint", f->problems[i].hint);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "columns", '[');
    for (size_t i = 0; i < f->n_columns; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", f->columns[i].name);
        put_opt(b, "title", f->columns[i].business_name);
        put_str(b, "type", f->columns[i].physical_type);
        put_str(b, "classification", f->columns[i].class_text);
        put_bool(b, "required", f->columns[i].required);
        put_texts(b, "examples", f->examples[i].v, f->examples[i].n);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "rows", '[');
    for (size_t r = 0; r < f->n_rows; r++) {
        put_open(b, NULL, '[');
        for (size_t i = 0; i < f->n_columns; i++) {
            struct str v = f->rows[r * f->n_columns + i];
            if (v.p)
                put_str(b, NULL, v);
            else
                put_null(b, NULL);
        }
        put_close(b, ']');
    }
    put_close(b, ']');
    suggest(c, u->name, &name, &title);
    put_open(b, "suggested", '{');
    put_str(b, "name", name);
    put_str(b, "title", title);
    put_close(b, '}');
}

bool route_upload_look(struct call *c, struct err *e)
{
    struct upload u;
    struct ingest_inferred found;
    yyjson_doc *body = call_body(c, "{}", e);
    if (!body)
        return false;
    struct str sheet = told(c, yyjson_doc_get_root(body), "sheet");
    yyjson_doc_free(body);
    if (!upload_find(c->a, c->app->state->data_dir, c->args[0], &u, e) || !look(c, &u, sheet, &found, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_found(c, &b, &u, &found);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- adding ---- */
struct adding {
    struct upload u;
    struct str domain, name, title, description, sheet, currency, owner_name, owner_contact, path;
    struct mesh_inferred_column *columns;
    size_t n;
    bool replace, apply;
};

static bool take_columns(struct call *c, yyjson_val *list, const struct ingest_inferred *f, struct adding *v, struct err *e)
{
    static const char *const classes[] = {"public", "internal", "confidential", "personal", "sensitive"};
    size_t i, max;
    yyjson_val *one;
    v->columns = arena_array(c->a, f->n_columns + 1, sizeof *v->columns);
    v->n = f->n_columns;
    struct str *names = arena_array(c->a, f->n_columns + 1, sizeof *names);
    for (size_t k = 0; k < f->n_columns; k++) {
        names[k] = f->columns[k].name;
        v->columns[k] = (struct mesh_inferred_column){.name = f->columns[k].name, .logical_type = f->columns[k].logical_type, .physical_type = f->columns[k].physical_type,
                                                      .required = f->columns[k].required, .class_text = f->columns[k].class_text,
                                                      .title = str_eq_nocase(f->columns[k].business_name, f->columns[k].name) ? STR("") : f->columns[k].business_name};
    }
    if (list && (!yyjson_is_arr(list) || yyjson_arr_size(list) > COLUMNS_TOLD_MAX))
        return err_set(e, E_USAGE, "columns is a list of at most %d columns", COLUMNS_TOLD_MAX);
    yyjson_arr_foreach(list, i, max, one)
    {
        struct str name = told(c, one, "name"), type = told(c, one, "type"), class_text = told(c, one, "classification"), title = told(c, one, "title"),
                   description = told(c, one, "description"), near;
        size_t k = 0;
        while (k < f->n_columns && !str_eq(names[k], name))
            k++;
        if (k == f->n_columns)
            return call_missing(e, "column", name, names, f->n_columns);
        bool class_known = class_text.n == 0;
        for (size_t j = 0; j < sizeof classes / sizeof *classes; j++)
            class_known = class_known || str_eq(class_text, str_of(classes[j]));
        if (!class_known) {
            err_set(e, E_SCHEMA, "\"%.*s\" is no classification for %.*s", STR_FMT(class_text), STR_FMT(name));
            err_hint(e, "public, internal, confidential, personal or sensitive");
            return false;
        }
        struct str canonical = type.n ? type_canonical(c->a, type, &near) : v->columns[k].physical_type;
        if (!canonical.p) {
            err_set(e, E_SCHEMA, "there is no type \"%.*s\" for %.*s", STR_FMT(type), STR_FMT(name));
            err_hint(e, "VARCHAR, BIGINT, DECIMAL(18,6), DOUBLE, DATE, TIMESTAMP or BOOLEAN");
            return false;
        }
        if (!str_eq(canonical, v->columns[k].physical_type)) {
            static const char *const logicals[] = {"string", "date", "timestamp", "integer", "number", "boolean", "time"};
            v->columns[k].physical_type = canonical;
            for (size_t j = 0; j < sizeof logicals / sizeof *logicals; j++)
                if (type_fits(str_of(logicals[j]), canonical)) {
                    v->columns[k].logical_type = str_of(logicals[j]);
                    break;
                }
        }
        v->columns[k].class_text = class_text.n ? class_text : v->columns[k].class_text;
        v->columns[k].title = title.n ? title : v->columns[k].title;
        v->columns[k].description = description;
    }
    return true;
}

static const struct mesh_source *source_of(const struct mesh *m, struct str domain, struct str name)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (str_eq(m->sources[i]->domain->name, domain) && str_eq(m->sources[i]->name, name))
            return m->sources[i];
    return NULL;
}

/* The folder keeps itself out of git. */
static bool place(struct call *c, const struct adding *v, struct err *e)
{
    struct str root = fs_join(c->a, str_of(c->app->dir), STR("uploads")), full = fs_join(c->a, str_of(c->app->dir), v->path);
    struct str ignore = fs_join(c->a, root, STR(".gitignore"));
    if (!call_changed(c, arena_printf(c->a, "files %.*s", STR_FMT(v->path)), STR(""), e) || !fs_mkdirs(arena_strz(c->a, fs_dirname(full)), 0700, e))
        return false;
    if (!fs_exists(ignore.p) && !fs_write_atomic(ignore.p, STR("# Files that people have sent: data, not declarations.\n*\n"), 0600, e))
        return false;
    return rename(v->u.path.p, full.p) == 0 || err_errno(e, errno, "the file cannot be moved to %.*s", STR_FMT(v->path));
}

static void take_back(struct call *c, const struct adding *v)
{
    (void)!rename(fs_join(c->a, str_of(c->app->dir), v->path).p, v->u.path.p);
}

static void answer(struct call *c, const struct adding *v, const struct mesh_patch *patches, size_t n, bool applied, bool replaced, const struct errs *es)
{
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    edits_put(c, &b, patches, n, applied, es);
    put_str(&b, "port", arena_printf(c->a, "%.*s.%.*s", STR_FMT(v->domain), STR_FMT(v->name)));
    put_str(&b, "href", arena_printf(c->a, "/catalog/%.*s/%.*s", STR_FMT(v->domain), STR_FMT(v->name)));
    put_bool(&b, "replaced", replaced);
    put_close(&b, '}');
    call_json(c, &b);
}

static bool exchange(struct call *c, const struct adding *v, const struct mesh_source *s, struct err *e)
{
    struct errs none = {0};
    bool ours = str_eq(s->path, v->path);
    if (!ours && str_starts(s->path, STR("uploads/"))) {
        err_set(e, E_SOURCE_FILE, "%.*s.%.*s is read from %.*s, this is another kind of file", STR_FMT(v->domain), STR_FMT(v->name), STR_FMT(s->path));
        err_hint(e, "save it as the same kind of file, or add it under another name");
        return false;
    }
    if (!ours || !v->replace) {
        err_set(e, E_DUPLICATE, "%.*s has a source \"%.*s\" already", STR_FMT(v->domain), STR_FMT(v->name));
        err_hint(e, ours ? "replace its file, or choose another name" : "choose another name");
        return false;
    }
    if (v->apply) {
        if (!place(c, v, e))
            return false;
        upload_end(&v->u);
    }
    answer(c, v, NULL, 0, v->apply, true, &none);
    return true;
}

static bool plan(struct call *c, const struct adding *v, struct str options, struct mesh_patch **out, size_t *n, struct err *e)
{
    const struct mesh_add_options o = {.domain = v->domain, .options = options, .currency = v->currency, .owner_name = v->owner_name, .owner_contact = v->owner_contact, .dry = true};
    const struct mesh_add_table t = {.name = v->name, .path = v->path, .title = v->title, .description = v->description, .columns = v->columns, .n_columns = v->n};
    struct mesh_written *files;
    size_t n_files;
    if (!mesh_add_tables(c->a, c->app->dir, &o, &t, 1, &files, &n_files, e))
        return false;
    *out = arena_array(c->a, n_files + 1, sizeof **out);
    *n = 0;
    for (size_t i = 0; i < n_files; i++)
        if (files[i].how != WRITTEN_SAME)
            (*out)[(*n)++] = (struct mesh_patch){files[i].path, files[i].before, files[i].after};
    return true;
}

/* Tried first; then the file goes to its place, then the declaration that reads it. */
static bool carry_out(struct call *c, struct adding *v, struct str options, struct err *e)
{
    struct mesh_patch *patches;
    struct errs es = {0};
    size_t n;
    bool applied = false, good = plan(c, v, options, &patches, &n, e) && edits_carry_out(c, patches, n, false, &applied, &es, e);
    if (good && v->apply && es.n_errors == 0) {
        if (fs_exists(fs_join(c->a, str_of(c->app->dir), v->path).p)) {
            err_set(e, E_DUPLICATE, "the file %.*s is there already", STR_FMT(v->path));
            err_hint(e, "choose another name");
            good = false;
        } else {
            good = place(c, v, e);
            if (good && !(good = edits_carry_out(c, patches, n, true, &applied, &es, e) && applied))
                take_back(c, v);
            good = good || es.n_errors > 0;
        }
    }
    if (good && applied)
        upload_end(&v->u);
    if (good)
        answer(c, v, patches, n, applied, false, &es);
    errs_fini(&es);
    return good;
}

bool route_upload_add(struct call *c, struct err *e)
{
    struct adding v = {.replace = false};
    struct ingest_inferred found;
    yyjson_doc *body = call_body(c, NULL, e);
    if (!body)
        return false;
    yyjson_val *root = yyjson_doc_get_root(body), *owner = yyjson_obj_get(root, "owner");
    v.domain = told(c, root, "domain");
    v.name = told(c, root, "name");
    v.title = told(c, root, "title");
    v.description = told(c, root, "description");
    v.sheet = told(c, root, "sheet");
    v.currency = told(c, root, "currency");
    v.owner_name = told(c, owner, "name");
    v.owner_contact = told(c, owner, "contact");
    v.replace = json_bool(root, "replace", false);
    v.apply = json_bool(root, "apply", true);
    bool good = upload_find(c->a, c->app->state->data_dir, c->args[0], &v.u, e) && look(c, &v.u, v.sheet, &found, e) &&
                take_columns(c, yyjson_obj_get(root, "columns"), &found, &v, e);
    yyjson_doc_free(body);
    if (!good)
        return false;
    if (!str_is_name(v.name)) {
        err_set(e, E_NAME, "\"%.*s\" cannot be a name", v.name.n < 60 ? (int)v.name.n : 60, v.name.p ? v.name.p : "");
        err_hint(e, "names are lower-case letters, digits and single underscores, begin with a letter and do not end in _v1, _v2, …");
        return false;
    }
    struct str *domains = arena_array(c->a, c->mesh->n_domains + 1, sizeof *domains);
    for (size_t i = 0; i < c->mesh->n_domains; i++)
        domains[i] = c->mesh->domains[i].name;
    if (!mesh_find_domain(c->mesh, v.domain))
        return call_missing(e, "domain", v.domain, domains, c->mesh->n_domains);
    v.path = arena_printf(c->a, "uploads/%.*s/%.*s%.*s", STR_FMT(v.domain), STR_FMT(v.name), STR_FMT(upload_extension(c->a, v.u.name)));
    const struct mesh_source *there = source_of(c->mesh, v.domain, v.name);
    return there ? exchange(c, &v, there, e) : carry_out(c, &v, found.options, e);
}
