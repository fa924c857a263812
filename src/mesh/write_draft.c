/* Drafts: answers held to a table for each kind, then made into patches. Products have files of their own (write_draft_product.c). */
#include "mesh/mesh_draft.h"

#include <stdio.h>

#include "base/fs.h"
#include "mesh/mesh_pack.h"
#include "mesh/names.h"
#include "mesh/write_draft_int.h"

enum { ANSWER_MAX_BYTES = 20000, ANSWERS_KNOWN_MAX = 24, DRAFT_FILE_MAX_BYTES = 4 << 20 };

/* ---- answers ---- */
struct err *answer_wrong(struct drafting *p, enum err_code code, struct str field, const struct doc_node *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str text = arena_vprintf(p->a, fmt, ap);
    va_end(ap);
    return errs_add(p->es, code, arena_printf(p->a, MESH_DRAFT_ANSWERS "%.*s", STR_FMT(field)), at ? at->line : 0, at ? at->col : 0, "%.*s", STR_FMT(text));
}

static bool is_scalar(const struct doc_node *n)
{
    return n->kind != DOC_SEQ && n->kind != DOC_MAP;
}

/* Line ends and tabs are text; other control bytes are none, and no file could keep them. */
static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\t' && s.p[i] != '\r')
            return true;
    return false;
}

static bool all_texts(const struct doc *d, const struct doc_node *list)
{
    for (const struct doc_node *c = doc_first(d, list); c; c = doc_next(d, c))
        if (!is_scalar(c) || c->kind == DOC_NULL || str_trim(doc_text(d, c)).n == 0 || c->text_len > ANSWER_MAX_BYTES || has_control(doc_text(d, c)))
            return false;
    return true;
}

static void form_check(struct drafting *p, struct str field, const struct doc_node *n, enum answer_form form)
{
    static const char *const said[] = {[ANSWER_TEXT] = "a text", [ANSWER_NAME] = "a name", [ANSWER_TEXTS] = "a list of texts, none of them empty",
                                       [ANSWER_MAP] = "a group of answers", [ANSWER_LIST] = "a list", [ANSWER_ANY] = "one value"};
    bool fits = form == ANSWER_MAP ? n->kind == DOC_MAP : form == ANSWER_LIST || form == ANSWER_TEXTS ? n->kind == DOC_SEQ : is_scalar(n);
    if (!fits || (form == ANSWER_TEXTS && !all_texts(p->d, n)))
        answer_wrong(p, E_SCHEMA, field, n, "%s is expected here", said[form]);
    else if (is_scalar(n) && n->text_len > ANSWER_MAX_BYTES && !str_eq(field, STR("sql")))
        answer_wrong(p, E_TOO_LARGE, field, n, "this is longer than %d characters", ANSWER_MAX_BYTES);
    else if (is_scalar(n) && has_control(doc_text(p->d, n)))
        answer_wrong(p, E_SCHEMA, field, n, "this holds a character that cannot be shown");
    else if (form == ANSWER_NAME && !str_is_name(doc_text(p->d, n)))
        err_hint(answer_wrong(p, E_NAME, field, n, "\"%.*s\" cannot be a name", STR_FMT(doc_text(p->d, n))),
                 "names are lower-case letters, digits and single underscores, begin with a letter and do not end in _v1, _v2, …");
}

static bool is_empty(const struct doc *d, const struct doc_node *n)
{
    return !n || n->kind == DOC_NULL || (is_scalar(n) && str_trim(doc_text(d, n)).n == 0) || (!is_scalar(n) && n->n_children == 0);
}

void answers_check(struct drafting *p, const struct doc_node *map, const char *prefix, const struct answer *table)
{
    struct str known[ANSWERS_KNOWN_MAX];
    size_t n = 0;
    for (; table[n].name && n < ANSWERS_KNOWN_MAX; n++) {
        const struct doc_node *given = doc_get(p->d, map, table[n].name);
        struct str field = arena_printf(p->a, "%s%s", prefix, table[n].name);
        known[n] = str_of(table[n].name);
        if (!is_empty(p->d, given))
            form_check(p, field, given, table[n].form);
        else if (table[n].why)
            err_hint(answer_wrong(p, E_MISSING_KEY, field, given ? given : map, "%s is missing", field.p), "%s", table[n].why);
    }
    for (const struct doc_node *c = doc_first(p->d, map); c; c = doc_next(p->d, c)) {
        size_t i = 0;
        while (i < n && !str_eq(known[i], doc_key(p->d, c)))
            i++;
        if (i < n)
            continue;
        struct err *e = answer_wrong(p, E_UNKNOWN_KEY, arena_printf(p->a, "%s%.*s", prefix, STR_FMT(doc_key(p->d, c))), c, "nothing of this name is asked");
        int near = str_nearest(doc_key(p->d, c), known, n);
        if (near >= 0)
            err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    }
}

struct str answer_text(struct drafting *p, const struct doc_node *map, const char *name)
{
    const struct doc_node *n = doc_get(p->d, map, name);
    return n && is_scalar(n) && n->kind != DOC_NULL ? str_trim(doc_text(p->d, n)) : STR("");
}

struct str *answer_texts(struct drafting *p, const struct doc_node *map, const char *name, size_t *n)
{
    const struct doc_node *list = doc_get(p->d, map, name);
    struct str *v = arena_array(p->a, list && list->kind == DOC_SEQ ? list->n_children + 1 : 1, sizeof *v);
    *n = 0;
    for (const struct doc_node *c = list && list->kind == DOC_SEQ ? doc_first(p->d, list) : NULL; c; c = doc_next(p->d, c))
        v[(*n)++] = str_trim(doc_text(p->d, c));
    return v;
}

const struct mesh_domain *answer_domain(struct drafting *p, const struct doc_node *root)
{
    struct str name = answer_text(p, root, "domain"), *known = arena_array(p->a, p->m->n_domains + 1, sizeof *known);
    const struct mesh_domain *d = name.n ? mesh_find_domain(p->m, name) : NULL;
    if (d || !name.n)
        return d;
    for (size_t i = 0; i < p->m->n_domains; i++)
        known[i] = p->m->domains[i].name;
    struct err *e = answer_wrong(p, E_NOT_FOUND, STR("domain"), doc_get(p->d, root, "domain"), "there is no domain \"%.*s\"", STR_FMT(name));
    int near = str_nearest(name, known, p->m->n_domains);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    else
        err_hint(e, "make it first: trellis add domain %.*s --template web", STR_FMT(name));
    return NULL;
}

struct draft_owner answer_owner(struct drafting *p, const struct doc_node *root, const struct mesh_person *otherwise)
{
    static const struct answer owner_answers[] = {
        {"name", ANSWER_TEXT, "an owner is a person or team that answers for the data"},
        {"contact", ANSWER_TEXT, "how to reach the owner, such as ana@example.org"}, {NULL, ANSWER_ANY, NULL}};
    const struct doc_node *map = doc_get(p->d, root, "owner");
    if (is_empty(p->d, map) || map->kind != DOC_MAP || (!answer_text(p, map, "name").n && !answer_text(p, map, "contact").n))
        return otherwise ? (struct draft_owner){otherwise->name, otherwise->contact} : (struct draft_owner){{NULL, 0}, {NULL, 0}};
    answers_check(p, map, "owner.", owner_answers);
    return (struct draft_owner){answer_text(p, map, "name"), answer_text(p, map, "contact")};
}

/* ---- patches ---- */
void draft_patch(struct drafting *p, struct str path, struct str before, struct str after)
{
    if (p->out->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 8;
        struct mesh_patch *v = arena_array(p->a, cap, sizeof *v);
        if (p->out->n)
            memcpy(v, p->out->patches, p->out->n * sizeof *v);
        p->out->patches = v;
        p->cap = cap;
    }
    p->out->patches[p->out->n++] = (struct mesh_patch){.path = path, .before = before, .after = after};
}

void draft_file(struct drafting *p, struct str path, struct buf *b)
{
    struct err e = {0};
    if (fs_exists(arena_strz(p->a, fs_join(p->a, p->m->dir, path)))) {
        err_hint(answer_wrong(p, E_DUPLICATE, STR("name"), NULL, "the file %.*s is there already", STR_FMT(path)), "choose another name, or change that file");
    } else if (!buf_ok(b, &e)) {
        errs_push(p->es, &e);
    } else {
        draft_patch(p, path, (struct str){NULL, 0}, arena_str(p->a, buf_str(b)));
    }
    buf_reset(b);
}

void draft_next(struct drafting *p, const char *title, struct str command, struct str href)
{
    if (p->out->n_next < MESH_DRAFT_NEXT_MAX)
        p->out->next[p->out->n_next++] = (struct mesh_draft_next){str_of(title), command, href};
}

/* What `trellis add` would write, as patches. */
static void patches_of(struct drafting *p, const struct mesh_written *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (files[i].how != WRITTEN_SAME)
            draft_patch(p, files[i].path, files[i].before, files[i].after);
}

/* ---- YAML ---- */
void draft_yaml_text(struct buf *b, struct str s)
{
    buf_json_str(b, s);
}

void draft_yaml_texts(struct buf *b, const struct str *v, size_t n)
{
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_addz(b, i ? ", " : "");
        draft_yaml_text(b, v[i]);
    }
    buf_addc(b, ']');
}

void draft_yaml_name(struct buf *b, struct str s)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    bool quote = !str_is_name(s);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        quote = quote || str_eq(s, str_of(words[i]));
    if (quote)
        draft_yaml_text(b, s);
    else
        buf_add(b, s);
}

void draft_yaml_node(struct buf *b, const struct doc *d, const struct doc_node *n)
{
    if (n->kind == DOC_STRING || n->quoted) {
        draft_yaml_text(b, doc_text(d, n));
    } else if (n->kind == DOC_SEQ || n->kind == DOC_MAP) {
        buf_addc(b, n->kind == DOC_SEQ ? '[' : '{');
        for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c)) {
            buf_addz(b, c == doc_first(d, n) ? "" : ", ");
            if (n->kind == DOC_MAP) {
                draft_yaml_name(b, doc_key(d, c));
                buf_addz(b, ": ");
            }
            draft_yaml_node(b, d, c);
        }
        buf_addc(b, n->kind == DOC_SEQ ? ']' : '}');
    } else {
        buf_add(b, doc_text(d, n));
    }
}

/* ---- kinds ---- */

/* What a writer of files refuses belongs to the answer that it is about. */
static void take_err(struct drafting *p, const char *field, const struct doc_node *root, const struct err *e)
{
    const struct doc_node *at = doc_get(p->d, root, field);
    struct err *said = answer_wrong(p, e->code, str_of(field), at ? at : root, "%s", e->text);
    if (e->hint[0])
        err_hint(said, "%s", e->hint);
}

static void draft_source(struct drafting *p, const struct doc_node *root)
{
    static const struct answer answers[] = {
        {"pack", ANSWER_NAME, "choose one of the packs, such as google_ads"}, {"domain", ANSWER_NAME, "choose the domain that owns the data"},
        {"name", ANSWER_NAME, NULL}, {"path", ANSWER_TEXT, NULL}, {"currency", ANSWER_TEXT, NULL}, {"time_zone", ANSWER_TEXT, NULL}, {NULL, ANSWER_ANY, NULL}};
    answers_check(p, root, "", answers);
    const struct mesh_domain *domain = answer_domain(p, root);
    if (p->es->n_errors || !domain)
        return;
    struct str pack = answer_text(p, root, "pack"), name = answer_text(p, root, "name");
    struct mesh_add_options o = {.domain = domain->name, .name = name, .path = answer_text(p, root, "path"), .currency = answer_text(p, root, "currency"),
                                 .time_zone = answer_text(p, root, "time_zone"), .dry = true};
    struct mesh_written *files;
    size_t n;
    struct err e = {0};
    if (!mesh_add(p->a, arena_strz(p->a, p->m->dir), pack, &o, &files, &n, &e)) {
        const char *field = strstr(e.text, "pack \"") ? "pack" : strstr(e.text, "--path") ? "path" : strstr(e.text, "currency") ? "currency" : strstr(e.text, "zone") ? "time_zone" : "name";
        take_err(p, field, root, &e);
        return;
    }
    patches_of(p, files, n);
    struct mesh_pack_files opened;
    struct str source = name.n ? name : pack;
    bool events = mesh_pack_open(p->a, p->m->dir, pack, false, &opened, &e) && mesh_pack_events(p->a, &opened);
    p->out->ref = arena_printf(p->a, "%.*s.%.*s", STR_FMT(domain->name), STR_FMT(source));
    p->out->href = o.path.n || events ? arena_printf(p->a, "/sources/%.*s/%.*s", STR_FMT(domain->name), STR_FMT(source))
                                      : arena_printf(p->a, "/catalog/%.*s/%.*s", STR_FMT(domain->name), STR_FMT(source));
    if (events)
        draft_next(p, "Make a write key for its senders", arena_printf(p->a, "trellis key create %.*s.%.*s", STR_FMT(domain->name), STR_FMT(source)), p->out->href);
    draft_next(p, "Load and build it", STR("trellis run"), STR("/runs"));
    draft_next(p, "Look at it", STR(""), p->out->href);
}

static void draft_domain(struct drafting *p, const struct doc_node *root)
{
    static const struct answer answers[] = {
        {"name", ANSWER_NAME, "a short name, such as retention"}, {"template", ANSWER_NAME, "choose a template: acquisition, brand, lifecycle, retention or web"},
        {"title", ANSWER_TEXT, NULL}, {"owner", ANSWER_MAP, "who answers for the data of this domain: name and contact"}, {NULL, ANSWER_ANY, NULL}};
    answers_check(p, root, "", answers);
    struct draft_owner owner = answer_owner(p, root, NULL);
    if (p->es->n_errors)
        return;
    const struct mesh_domain_options o = {.name = answer_text(p, root, "name"), .template_name = answer_text(p, root, "template"), .title = answer_text(p, root, "title"),
                                          .owner_name = owner.name, .owner_contact = owner.contact, .dry = true};
    struct mesh_written *files;
    size_t n;
    struct err e = {0};
    if (!mesh_add_domain(p->a, arena_strz(p->a, p->m->dir), &o, &files, &n, &e)) {
        take_err(p, strstr(e.text, "template") ? "template" : "name", root, &e);
        return;
    }
    patches_of(p, files, n);
    p->out->ref = o.name;
    p->out->href = arena_printf(p->a, "/domains/%.*s", STR_FMT(o.name));
    draft_next(p, "See what the domain still lacks", arena_printf(p->a, "trellis ready %.*s", STR_FMT(o.name)), p->out->href);
    draft_next(p, "Add its first source", arena_printf(p->a, "trellis add PACK --domain %.*s --path FOLDER", STR_FMT(o.name)), STR("/add"));
}

static void draft_dashboard(struct drafting *p, const struct doc_node *root)
{
    static const struct answer answers[] = {
        {"domain", ANSWER_NAME, "choose the domain that owns the dashboard"}, {"name", ANSWER_NAME, "a short name, such as weekly"}, {"title", ANSWER_TEXT, "the title that people read"},
        {"description", ANSWER_TEXT, NULL}, {"owner", ANSWER_MAP, NULL}, {"panels", ANSWER_LIST, "a dashboard has at least one panel"}, {NULL, ANSWER_ANY, NULL}};
    answers_check(p, root, "", answers);
    const struct mesh_domain *domain = answer_domain(p, root);
    struct draft_owner owner = answer_owner(p, root, NULL);
    if (p->es->n_errors || !domain)
        return;
    struct str name = answer_text(p, root, "name"), description = answer_text(p, root, "description");
    struct buf b = BUF_INIT((size_t)DRAFT_FILE_MAX_BYTES);
    buf_addz(&b, "name: ");
    draft_yaml_name(&b, name);
    buf_addz(&b, "\ntitle: ");
    draft_yaml_text(&b, answer_text(p, root, "title"));
    if (description.n) {
        buf_addz(&b, "\ndescription: ");
        draft_yaml_text(&b, description);
    }
    if (owner.name.n) {
        buf_addz(&b, "\nowner: {name: ");
        draft_yaml_text(&b, owner.name);
        buf_addz(&b, ", contact: ");
        draft_yaml_text(&b, owner.contact);
        buf_addc(&b, '}');
    }
    buf_addz(&b, "\npanels:\n");
    const struct doc_node *panels = doc_get(p->d, root, "panels");
    for (const struct doc_node *c = doc_first(p->d, panels); c; c = doc_next(p->d, c)) {
        const char *start = "  - ";
        if (c->kind != DOC_MAP || c->n_children == 0)
            answer_wrong(p, E_SCHEMA, STR("panels"), c, "a panel is a group of answers: title, port, chart, …");
        for (const struct doc_node *k = c->kind == DOC_MAP ? doc_first(p->d, c) : NULL; k; k = doc_next(p->d, k), start = "    ") {
            buf_addz(&b, start);
            draft_yaml_name(&b, doc_key(p->d, k));
            buf_addz(&b, ": ");
            draft_yaml_node(&b, p->d, k);
            buf_addc(&b, '\n');
        }
    }
    draft_file(p, arena_printf(p->a, "domains/%.*s/dashboards/%.*s.yaml", STR_FMT(domain->name), STR_FMT(name)), &b);
    buf_fini(&b);
    p->out->ref = arena_printf(p->a, "%.*s.%.*s", STR_FMT(domain->name), STR_FMT(name));
    p->out->href = arena_printf(p->a, "/dashboards/%.*s/%.*s", STR_FMT(domain->name), STR_FMT(name));
    draft_next(p, "Look at it", STR(""), p->out->href);
}

static struct str json_of(struct drafting *p, const struct doc_node *n)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    doc_json(p->d, n, &b);
    struct str s = arena_str(p->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static bool is_taken(const struct drafting *p, bool is_term, const struct mesh_domain *domain, struct str name)
{
    for (size_t i = 0; i < p->m->n_terms && is_term; i++)
        if (str_eq(p->m->terms[i].name, name) && p->m->terms[i].domain == domain)
            return true;
    for (size_t i = 0; i < p->m->n_goals && !is_term; i++)
        if (str_eq(p->m->goals[i].name, name) && p->m->goals[i].domain == domain)
            return true;
    return false;
}

/* An entry of a list is an edit for each of its fields; the first one makes the entry, and the file if need be. */
static void draft_listed(struct drafting *p, const struct doc_node *root, bool is_term)
{
    static const struct answer term[] = {
        {"domain", ANSWER_NAME, NULL}, {"name", ANSWER_NAME, "a short name, such as conversion"}, {"title", ANSWER_TEXT, NULL},
        {"definition", ANSWER_TEXT, "what the word means, in one or two sentences"}, {"not_this", ANSWER_TEXT, NULL}, {"synonyms", ANSWER_TEXTS, NULL},
        {"columns", ANSWER_TEXTS, NULL}, {"owner", ANSWER_MAP, NULL}, {"status", ANSWER_TEXT, NULL}, {NULL, ANSWER_ANY, NULL}};
    static const struct answer goal[] = {
        {"domain", ANSWER_NAME, NULL}, {"name", ANSWER_NAME, "a short name, such as return_on_spend"}, {"title", ANSWER_TEXT, "the title that people read"},
        {"question", ANSWER_TEXT, "the question that the number answers"}, {"owner", ANSWER_MAP, NULL}, {"number", ANSWER_MAP, "a port and an aggregate: port, value, unit, direction"},
        {"target", ANSWER_MAP, NULL}, {"products", ANSWER_TEXTS, NULL}, {NULL, ANSWER_ANY, NULL}};
    static const char *const texts[] = {"title", "definition", "not_this", "question", "status"}, *const lists[] = {"synonyms", "columns", "products"};
    answers_check(p, root, "", is_term ? term : goal);
    const struct mesh_domain *domain = answer_domain(p, root);
    struct draft_owner owner = answer_owner(p, root, NULL);
    struct str name = answer_text(p, root, "name");
    if (!domain && !owner.name.n && !answer_text(p, root, "domain").n)
        err_hint(answer_wrong(p, E_OWNER, STR("owner"), root, "what holds for the whole mesh needs an owner of its own"), "name and contact; or choose a domain, whose owner it then has");
    if (!p->es->n_errors && is_taken(p, is_term, domain, name))
        err_hint(answer_wrong(p, E_DUPLICATE, STR("name"), doc_get(p->d, root, "name"), "%.*s is there already", STR_FMT(name)), "choose another name, or change the one that is there");
    if (p->es->n_errors)
        return;
    struct str kind = is_term ? STR("term") : STR("goal"), ref = domain ? arena_printf(p->a, "%.*s.%.*s", STR_FMT(domain->name), STR_FMT(name)) : name;
    struct mesh_edit edits[ANSWERS_KNOWN_MAX];
    size_t n = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct str v = answer_text(p, root, texts[i]);
        if (v.n)
            edits[n++] = (struct mesh_edit){kind, ref, {NULL, 0}, str_of(texts[i]), {YAML_TEXT, v, NULL, 0}};
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct yaml_value v = {.kind = YAML_TEXTS};
        v.list = answer_texts(p, root, lists[i], &v.n);
        if (v.n)
            edits[n++] = (struct mesh_edit){kind, ref, {NULL, 0}, str_of(lists[i]), v};
    }
    if (owner.name.n) {
        edits[n++] = (struct mesh_edit){kind, ref, {NULL, 0}, STR("owner_name"), {YAML_TEXT, owner.name, NULL, 0}};
        edits[n++] = (struct mesh_edit){kind, ref, {NULL, 0}, STR("owner_contact"), {YAML_TEXT, owner.contact, NULL, 0}};
    }
    const struct doc_node *number = is_term ? NULL : doc_get(p->d, root, "number"), *target = is_term ? NULL : doc_get(p->d, root, "target");
    if (number)
        edits[n++] = (struct mesh_edit){kind, ref, {NULL, 0}, STR("number"), {YAML_JSON, json_of(p, number), NULL, 0}};
    if (target && answer_text(p, target, "value").n)
        edits[n++] = (struct mesh_edit){kind, ref, {NULL, 0}, STR("target"), {YAML_BARE, answer_text(p, target, "value"), NULL, 0}};
    if (target && answer_text(p, target, "by").n)
        edits[n++] = (struct mesh_edit){kind, ref, {NULL, 0}, STR("target_by"), {YAML_TEXT, answer_text(p, target, "by"), NULL, 0}};
    if (!mesh_edit_plan(p->a, p->m, edits, n, &p->out->patches, &p->out->n, p->es))
        return;
    p->out->ref = ref;
    p->out->href = arena_printf(p->a, "%s%.*s", is_term ? "/glossary?term=" : "/goals?goal=", STR_FMT(name));
    if (is_term)
        draft_next(p, "Look at it, with whoever else claims the word", STR(""), p->out->href);
    else
        draft_next(p, "Freeze the baseline", arena_printf(p->a, "trellis goals freeze %.*s --from DAY --to DAY", STR_FMT(name)), p->out->href);
}

static void draft_term(struct drafting *p, const struct doc_node *root)
{
    draft_listed(p, root, true);
}

static void draft_goal(struct drafting *p, const struct doc_node *root)
{
    draft_listed(p, root, false);
}

/* ---- the whole ---- */
const char *const mesh_draft_kinds[] = {"product", "source", "domain", "dashboard", "term", "goal", "annotation", NULL};
static void (*const makers[])(struct drafting *, const struct doc_node *) = {draft_product, draft_source, draft_domain, draft_dashboard, draft_term, draft_goal, draft_annotation};

bool mesh_draft_make(struct arena *a, const struct mesh *m, struct str kind, const struct doc *answers, const struct doc_node *root,
                     const struct mesh_draft_engine *engine, struct mesh_draft *out, struct errs *es)
{
    struct drafting p = {.a = a, .m = m, .d = answers, .engine = engine, .out = out, .es = es};
    struct str names[sizeof makers / sizeof *makers];
    size_t i = 0;
    *out = (struct mesh_draft){0};
    for (; mesh_draft_kinds[i] && !str_eq(str_of(mesh_draft_kinds[i]), kind); i++)
        names[i] = str_of(mesh_draft_kinds[i]);
    if (!mesh_draft_kinds[i]) {
        int near = str_nearest(kind, names, i);
        struct err *e = errs_add(es, E_USAGE, STR(""), 0, 0, "there is no draft of kind \"%.*s\"", kind.n < 60 ? (int)kind.n : 60, kind.p ? kind.p : "");
        if (near >= 0)
            err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
        else
            err_hint(e, "kinds are product, source, domain, dashboard, term, goal and annotation");
        return false;
    }
    if (!root || root->kind != DOC_MAP) {
        errs_add(es, E_USAGE, STR(""), 0, 0, "the answers are a group of names and values");
        return false;
    }
    makers[i](&p, root);
    if (es->n_errors == 0 && out->n > 0 && i < 4) {
        struct buf b = BUF_INIT((size_t)1 << 16);
        buf_addz(&b, "git add");
        for (size_t k = 0; k < out->n; k++)
            buf_printf(&b, " %.*s", STR_FMT(out->patches[k].path));
        draft_next(&p, "Hand it in for review", arena_str(a, buf_str(&b)), (struct str){NULL, 0});
        buf_fini(&b);
    }
    return es->n_errors == 0;
}
