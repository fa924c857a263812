/* A new product from its brief: what it is for, whose it is, who uses it, what it promises and by what it is judged; one port from a SQL
 * text or from columns chosen of what is there. */
#include "mesh/write_draft_int.h"

#include "mesh/schema.h"
#include "mesh/table.h"
#include "mesh/types.h"

enum { PRODUCT_FILE_MAX_BYTES = 4 << 20 };

static const struct answer brief[] = {
    {"domain", ANSWER_NAME, "choose the domain that owns the product"},
    {"name", ANSWER_NAME, "a short name, such as weekly_spend"},
    {"title", ANSWER_TEXT, NULL},
    {"purpose", ANSWER_TEXT, "say what decision or question the product is for"},
    {"limitations", ANSWER_TEXT, NULL},
    {"usage", ANSWER_TEXT, NULL},
    {"owner", ANSWER_MAP, NULL},
    {"consumers", ANSWER_TEXTS, "name at least one person, team or dashboard that will use it"},
    {"success_metrics", ANSWER_TEXTS, "say at least one thing by which you will know that it was worth it"},
    {"sla", ANSWER_MAP, "say at least how old the data may be, such as freshness: 26h"},
    {"support", ANSWER_MAP, NULL},
    {"tags", ANSWER_TEXTS, NULL},
    {"from", ANSWER_TEXT, NULL},
    {"sql", ANSWER_TEXT, NULL},
    {"port", ANSWER_NAME, NULL},
    {"description", ANSWER_TEXT, NULL},
    {"materialization", ANSWER_TEXT, NULL},
    {"key", ANSWER_TEXTS, NULL},
    {"time_column", ANSWER_TEXT, NULL},
    {"columns", ANSWER_LIST, NULL},
    {"where", ANSWER_LIST, NULL},
    {"measures", ANSWER_LIST, NULL},
    {NULL, ANSWER_ANY, NULL},
};

struct product {
    struct str domain, name, title, purpose, port, description, materialization;
    struct draft_owner owner;
    struct mesh_channel support;
    struct str *consumers, *metrics, *tags; size_t n_consumers, n_metrics, n_tags;
    struct str fresh_number, fresh_unit, availability;
    struct draft_rows rows;
    const struct mesh_domain *in;
};

/* "26h" -> 26 and h. */
static bool duration(struct str s, struct str *number, struct str *unit)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    *number = (struct str){s.p, n};
    *unit = str_trim((struct str){s.p + n, s.n - n});
    return n > 0 && n < 6 && number->p[0] != '0' && (str_eq(*unit, STR("m")) || str_eq(*unit, STR("h")) || str_eq(*unit, STR("d")));
}

static void read_sla(struct drafting *p, const struct doc_node *root, struct product *v)
{
    static const struct answer answers[] = {{"freshness", ANSWER_TEXT, "how old may the newest data be? For example 26h, 3d"}, {"availability", ANSWER_ANY, NULL}, {NULL, ANSWER_ANY, NULL}};
    const struct doc_node *sla = doc_get(p->d, root, "sla");
    double share = 100;
    if (!sla || sla->kind != DOC_MAP || sla->n_children == 0)
        return;
    answers_check(p, sla, "sla.", answers);
    struct str fresh = answer_text(p, sla, "freshness");
    v->availability = answer_text(p, sla, "availability");
    if (fresh.n && !duration(fresh, &v->fresh_number, &v->fresh_unit))
        err_hint(answer_wrong(p, E_SCHEMA, STR("sla.freshness"), doc_get(p->d, sla, "freshness"), "\"%.*s\" is no duration", fresh.n < 60 ? (int)fresh.n : 60, fresh.p),
                 "a number and m, h or d: 90m, 26h, 3d");
    if (v->availability.n && str_ends(v->availability, STR("%")))
        v->availability = str_trim((struct str){v->availability.p, v->availability.n - 1});
    if (v->availability.n && (!str_to_f64(v->availability, &share) || !(share > 0 && share <= 100)))
        err_hint(answer_wrong(p, E_SCHEMA, STR("sla.availability"), doc_get(p->d, sla, "availability"), "availability is a percentage"), "a number up to 100, such as 99.5");
}

static void read_support(struct drafting *p, const struct doc_node *root, struct product *v)
{
    static const struct answer answers[] = {{"channel", ANSWER_TEXT, NULL}, {"url", ANSWER_TEXT, NULL}, {"tool", ANSWER_TEXT, NULL}, {NULL, ANSWER_ANY, NULL}};
    const struct doc_node *s = doc_get(p->d, root, "support");
    if (v->in)
        v->support = v->in->support;
    if (s && s->kind == DOC_MAP && s->n_children) {
        answers_check(p, s, "support.", answers);
        struct str channel = answer_text(p, s, "channel"), url = answer_text(p, s, "url"), tool = answer_text(p, s, "tool");
        if (channel.n || url.n)
            v->support = (struct mesh_channel){channel, url, tool};
    }
    if (!v->support.channel.n)
        v->support.channel = v->owner.contact;
    if (!v->support.url.n && str_find(v->owner.contact, STR("@"), 0) != SIZE_MAX)
        v->support.url = arena_printf(p->a, "mailto:%.*s", STR_FMT(v->owner.contact));
    if (v->in && !schema_text_is_uri(v->support.url))
        err_hint(answer_wrong(p, E_SCHEMA, STR("support.url"), s ? s : root, "people need an address where they can ask"), "such as https://… or mailto:team@example.org");
}

/* ---- columns of an own SQL text ---- */
static void told_columns(struct drafting *p, const struct doc_node *list, struct draft_rows *rows)
{
    static const struct answer answers[] = {{"name", ANSWER_NAME, "the column's name in the SELECT"}, {"type", ANSWER_TEXT, NULL}, {"title", ANSWER_TEXT, NULL},
                                            {"description", ANSWER_TEXT, NULL}, {"classification", ANSWER_TEXT, NULL}, {NULL, ANSWER_ANY, NULL}};
    struct mesh_inferred_column *found = rows->columns;
    size_t n_found = rows->n, i = 0;
    struct mesh_inferred_column *v = arena_array(p->a, n_found + list->n_children + 1, sizeof *v);
    size_t n = n_found;
    if (n_found)
        memcpy(v, found, n_found * sizeof *v);
    for (const struct doc_node *c = doc_first(p->d, list); c; c = doc_next(p->d, c), i++) {
        struct str field = arena_printf(p->a, "columns[%zu]", i), near;
        if (c->kind != DOC_MAP) {
            answer_wrong(p, E_SCHEMA, field, c, "each entry is a group of answers, as in {name: …, type: …}");
            continue;
        }
        answers_check(p, c, arena_printf(p->a, "%.*s.", STR_FMT(field)).p, answers);
        struct str name = answer_text(p, c, "name"), type = answer_text(p, c, "type"), title = answer_text(p, c, "title"),
                   description = answer_text(p, c, "description"), class_text = answer_text(p, c, "classification");
        struct mesh_inferred_column *at = NULL;
        for (size_t k = 0; k < n && !at; k++)
            at = str_eq(v[k].name, name) ? &v[k] : NULL;
        if (!at && n_found) {
            answer_wrong(p, E_NOT_FOUND, arena_printf(p->a, "%.*s.name", STR_FMT(field)), c, "the SELECT gives no column \"%.*s\"", STR_FMT(name));
            continue;
        }
        if (at && !n_found) {
            answer_wrong(p, E_DUPLICATE, arena_printf(p->a, "%.*s.name", STR_FMT(field)), c, "%.*s is told twice", STR_FMT(name));
            continue;
        }
        if (!at) {
            at = &v[n++];
            *at = (struct mesh_inferred_column){.name = name, .class_text = mesh_propose_class(name)};
        }
        struct str canonical = type.n ? type_canonical(p->a, type, &near) : at->physical_type;
        if (!canonical.p || !canonical.n)
            err_hint(answer_wrong(p, E_SCHEMA, arena_printf(p->a, "%.*s.type", STR_FMT(field)), c, type.n ? "there is no type \"%.*s\"" : "%.*sthe column needs a type", STR_FMT(type)),
                     "such as VARCHAR, BIGINT, DECIMAL(18,6), DATE or TIMESTAMP");
        at->physical_type = canonical;
        at->title = title.n ? title : at->title;
        at->description = description.n ? description : at->description;
        at->class_text = class_text.n ? class_text : at->class_text;
    }
    rows->columns = v;
    rows->n = n;
}

static struct str logical_of(struct str type)
{
    static const struct { const char *logical; } logicals[] = {{"string"}, {"date"}, {"timestamp"}, {"integer"}, {"number"}, {"boolean"}, {"time"}, {"array"}, {"object"}};
    for (size_t i = 0; i < sizeof logicals / sizeof *logicals; i++)
        if (type_fits(str_of(logicals[i].logical), type))
            return str_of(logicals[i].logical);
    return STR("string");
}

static void rows_of_sql(struct drafting *p, const struct doc_node *root, struct draft_rows *rows)
{
    struct str sql = str_trim(doc_text(p->d, doc_get(p->d, root, "sql")));
    const struct doc_node *list = doc_get(p->d, root, "columns");
    struct err e = {0};
    bool told = list && list->kind == DOC_SEQ && list->n_children;
    while (sql.n && sql.p[sql.n - 1] == ';')
        sql = str_trim((struct str){sql.p, sql.n - 1});
    *rows = (struct draft_rows){.sql = arena_printf(p->a, "%.*s\n", STR_FMT(sql))};
    if (p->engine && p->engine->select && !p->engine->select(p->engine->ctx, p->a, sql, &rows->columns, &rows->n, &e)) {
        struct err *said = answer_wrong(p, e.code, STR("sql"), NULL, "%s", e.text);
        said->line = e.line;
        said->col = e.col;
        if (e.hint[0])
            err_hint(said, "%s", e.hint);
        return;
    }
    if (told)
        told_columns(p, list, rows);
    if (rows->n == 0)
        err_hint(answer_wrong(p, E_MISSING_KEY, STR("columns"), list ? list : root, "what comes out of the SQL is not known yet"),
                 "list the columns with name and type, or build what it reads first: trellis run");
    for (size_t i = 0; i < rows->n; i++) {
        rows->columns[i].logical_type = logical_of(rows->columns[i].physical_type);
        if (!rows->time_column.n && draft_is_time(rows->columns[i].physical_type))
            rows->time_column = rows->columns[i].name;
    }
}

static bool has_column(const struct draft_rows *rows, struct str name, struct str *type)
{
    for (size_t i = 0; i < rows->n; i++)
        if (str_eq(rows->columns[i].name, name)) {
            *type = rows->columns[i].physical_type;
            return true;
        }
    return false;
}

static void read_rows(struct drafting *p, const struct doc_node *root, struct product *v)
{
    struct str sql = answer_text(p, root, "sql"), from = answer_text(p, root, "from"), time_column = answer_text(p, root, "time_column"), type;
    size_t n_key;
    struct str *key = answer_texts(p, root, "key", &n_key);
    if (sql.n && from.n)
        answer_wrong(p, E_SCHEMA, STR("sql"), doc_get(p->d, root, "sql"), "both sql and from are given; give one of them");
    else if (!sql.n && !from.n)
        err_hint(answer_wrong(p, E_MISSING_KEY, STR("from"), root, "from is missing"), "choose the port that it is made from, or write sql");
    else if (sql.n)
        rows_of_sql(p, root, &v->rows);
    else
        draft_rows_of(p, root, v->in, &v->rows);
    if (!v->rows.n)
        return;
    for (size_t i = 0; i < n_key; i++)
        if (!has_column(&v->rows, key[i], &type))
            answer_wrong(p, E_NOT_FOUND, STR("key"), doc_get(p->d, root, "key"), "the product has no column \"%.*s\"", STR_FMT(key[i]));
    if (n_key) {
        v->rows.key = key;
        v->rows.n_key = n_key;
    }
    if (time_column.n && (!has_column(&v->rows, time_column, &type) || !draft_is_time(type)))
        answer_wrong(p, E_NOT_FOUND, STR("time_column"), doc_get(p->d, root, "time_column"), "the product has no day or moment \"%.*s\"", STR_FMT(time_column));
    if (time_column.n)
        v->rows.time_column = time_column;
    for (size_t i = 0; i < v->rows.n; i++)
        for (size_t k = 0; k < v->rows.n_key; k++)
            if (str_eq(v->rows.columns[i].name, v->rows.key[k]))
                v->rows.columns[i].key_position = (int)k + 1;
}

static void read_names(struct drafting *p, const struct doc_node *root, struct product *v)
{
    const struct doc_node *at = doc_get(p->d, root, "name");
    if (!v->in || !v->name.n)
        return;
    if (mesh_find_product(p->m, v->domain, v->name))
        err_hint(answer_wrong(p, E_DUPLICATE, STR("name"), at, "%.*s has a product \"%.*s\" already", STR_FMT(v->domain), STR_FMT(v->name)), "choose another name, or change that product");
    else if (mesh_find_port(p->m, arena_printf(p->a, "%.*s.%.*s", STR_FMT(v->domain), STR_FMT(v->port))))
        err_hint(answer_wrong(p, E_DUPLICATE, answer_text(p, root, "port").n ? STR("port") : STR("name"), at, "%.*s has a port \"%.*s\" already", STR_FMT(v->domain), STR_FMT(v->port)),
                 "give the port another name");
    if (!str_eq(v->materialization, STR("table")) && !str_eq(v->materialization, STR("view")))
        err_hint(answer_wrong(p, E_SCHEMA, STR("materialization"), doc_get(p->d, root, "materialization"), "\"%.*s\" is no way to keep rows", STR_FMT(v->materialization)),
                 "table (kept, quick to ask) or view (made anew at each question)");
}

/* ---- files ---- */
static void put_line(struct buf *b, const char *before, struct str s)
{
    if (!s.n)
        return;
    buf_addz(b, before);
    draft_yaml_text(b, s);
}

static void put_texts(struct buf *b, const char *before, const struct str *v, size_t n, const char *after)
{
    if (!n)
        return;
    buf_addz(b, before);
    draft_yaml_texts(b, v, n);
    buf_addz(b, after);
}

static void product_yaml(struct drafting *p, const struct doc_node *root, struct buf *b, const struct product *v)
{
    buf_printf(b, "apiVersion: v1.0.0\nkind: DataProduct\nid: %.*s.%.*s\nname: ", STR_FMT(v->domain), STR_FMT(v->name));
    draft_yaml_name(b, v->name);
    buf_printf(b, "\nversion: 1.0.0\nstatus: proposed\ndomain: %.*s\ndescription:", STR_FMT(v->domain));
    put_line(b, "\n  purpose: ", v->purpose);
    put_line(b, "\n  limitations: ", answer_text(p, root, "limitations"));
    put_line(b, "\n  usage: ", answer_text(p, root, "usage"));
    put_texts(b, "\ntags: ", v->tags, v->n_tags, "");
    buf_addz(b, "\ncustomProperties:");
    buf_addz(b, "\n  - {property: trellisTitle, value: ");
    draft_yaml_text(b, v->title);
    buf_addc(b, '}');
    put_texts(b, "\n  - {property: trellisConsumers, value: ", v->consumers, v->n_consumers, "}");
    put_texts(b, "\n  - {property: trellisSuccessMetrics, value: ", v->metrics, v->n_metrics, "}");
    buf_addz(b, "\noutputPorts:\n  - name: ");
    draft_yaml_name(b, v->port);
    buf_addz(b, "\n    version: 1.0.0\n    type: tables");
    put_line(b, "\n    description: ", v->description);
    buf_printf(b, "\n    contractId: %.*s.%.*s.%.*s\n    customProperties:\n      - {property: trellisMaterialization, value: %.*s}", STR_FMT(v->domain), STR_FMT(v->name),
               STR_FMT(v->port), STR_FMT(v->materialization));
    put_texts(b, "\n      - {property: trellisKey, value: ", v->rows.key, v->rows.n_key, "}");
    if (v->rows.time_column.n) {
        buf_addz(b, "\n      - {property: trellisTimeColumn, value: ");
        draft_yaml_name(b, v->rows.time_column);
        buf_addc(b, '}');
    }
    buf_addz(b, "\nteam:\n  members:\n    - {username: ");
    draft_yaml_text(b, v->owner.contact);
    put_line(b, ", name: ", v->owner.name);
    buf_addz(b, ", role: owner}\nsupport:\n  - {channel: ");
    draft_yaml_text(b, v->support.channel);
    put_line(b, ", url: ", v->support.url);
    put_line(b, ", tool: ", v->support.tool);
    buf_addz(b, "}\n");
}

static void contract_yaml(struct drafting *p, struct buf *b, const struct product *v)
{
    const struct mesh_contract_head head = {.id = arena_printf(p->a, "%.*s.%.*s.%.*s", STR_FMT(v->domain), STR_FMT(v->name), STR_FMT(v->port)), .name = v->port,
                                            .version = STR("1.0.0"), .status = STR("proposed"), .domain = v->domain, .object = v->port, .title = v->title, .description = v->description};
    mesh_contract_write(b, &head, v->rows.columns, v->rows.n, true);
    bool by_day = v->rows.time_column.n > 0 && !v->rows.coarse; /* without days, what can be promised is how often it is made anew */
    buf_printf(b, "slaProperties:\n  - {property: %s, value: %.*s, unit: %.*s", by_day ? "latency" : "frequency", STR_FMT(v->fresh_number), STR_FMT(v->fresh_unit));
    if (by_day) {
        buf_addz(b, ", element: ");
        draft_yaml_name(b, v->rows.time_column);
    }
    buf_addz(b, ", description: ");
    draft_yaml_text(b, by_day ? STR("How old the newest rows may be.") : STR("How long ago it may have been built."));
    buf_addz(b, "}\n");
    if (v->availability.n)
        buf_printf(b, "  - {property: availability, value: %.*s, unit: percent, description: \"Share of the time in which it can be asked.\"}\n", STR_FMT(v->availability));
}

static void readme(struct drafting *p, const struct doc_node *root, struct buf *b, const struct product *v)
{
    struct str limits = answer_text(p, root, "limitations");
    buf_printf(b, "# %.*s\n\n%.*s\n\n", STR_FMT(v->title), STR_FMT(v->purpose));
    if (limits.n)
        buf_printf(b, "%.*s\n\n", STR_FMT(limits));
    buf_addz(b, "## Who uses it\n\n");
    for (size_t i = 0; i < v->n_consumers; i++)
        buf_printf(b, "- %.*s\n", STR_FMT(v->consumers[i]));
    buf_addz(b, "\n## By what it is judged\n\n");
    for (size_t i = 0; i < v->n_metrics; i++)
        buf_printf(b, "- %.*s\n", STR_FMT(v->metrics[i]));
    buf_printf(b,
               "\n## When it is late or wrong\n\n"
               "1. See what it comes from and which part is behind: `trellis lineage %.*s.%.*s --up`, `trellis status`.\n"
               "2. Load and build again: `trellis run %.*s.%.*s`.\n"
               "3. Still wrong: ask %.*s (%.*s).\n",
               STR_FMT(v->domain), STR_FMT(v->port), STR_FMT(v->domain), STR_FMT(v->port), STR_FMT(v->owner.name), STR_FMT(v->owner.contact));
}

static struct str title_of(struct drafting *p, struct str name)
{
    char *z = arena_strz(p->a, name);
    for (size_t i = 0; i < name.n; i++)
        z[i] = z[i] == '_' ? ' ' : z[i];
    if (name.n && z[0] >= 'a' && z[0] <= 'z')
        z[0] = (char)(z[0] - 'a' + 'A');
    return (struct str){z, name.n};
}

void draft_product(struct drafting *p, const struct doc_node *root)
{
    struct product v = {.in = NULL};
    answers_check(p, root, "", brief);
    v.in = answer_domain(p, root);
    v.domain = v.in ? v.in->name : STR("");
    v.name = answer_text(p, root, "name");
    v.title = answer_text(p, root, "title").n ? answer_text(p, root, "title") : title_of(p, v.name);
    v.purpose = answer_text(p, root, "purpose");
    v.port = answer_text(p, root, "port").n ? answer_text(p, root, "port") : v.name;
    v.description = answer_text(p, root, "description").n ? answer_text(p, root, "description") : v.purpose;
    v.materialization = answer_text(p, root, "materialization").n ? answer_text(p, root, "materialization") : STR("table");
    v.owner = answer_owner(p, root, v.in ? &v.in->owner : NULL);
    v.consumers = answer_texts(p, root, "consumers", &v.n_consumers);
    v.metrics = answer_texts(p, root, "success_metrics", &v.n_metrics);
    v.tags = answer_texts(p, root, "tags", &v.n_tags);
    read_sla(p, root, &v);
    read_support(p, root, &v);
    read_rows(p, root, &v);
    read_names(p, root, &v);
    if (p->es->n_errors)
        return;
    struct buf b = BUF_INIT((size_t)PRODUCT_FILE_MAX_BYTES);
    struct str folder = arena_printf(p->a, "domains/%.*s/products/%.*s", STR_FMT(v.domain), STR_FMT(v.name));
    product_yaml(p, root, &b, &v);
    draft_file(p, arena_printf(p->a, "%.*s/product.yaml", STR_FMT(folder)), &b);
    contract_yaml(p, &b, &v);
    draft_file(p, arena_printf(p->a, "%.*s/%.*s.odcs.yaml", STR_FMT(folder), STR_FMT(v.port)), &b);
    buf_add(&b, v.rows.sql);
    draft_file(p, arena_printf(p->a, "%.*s/%.*s.sql", STR_FMT(folder), STR_FMT(v.port)), &b);
    readme(p, root, &b, &v);
    draft_file(p, arena_printf(p->a, "%.*s/README.md", STR_FMT(folder)), &b);
    buf_fini(&b);
    p->out->ref = arena_printf(p->a, "%.*s.%.*s", STR_FMT(v.domain), STR_FMT(v.port));
    p->out->href = arena_printf(p->a, "/catalog/%.*s/%.*s", STR_FMT(v.domain), STR_FMT(v.name));
    draft_next(p, "Build it", arena_printf(p->a, "trellis run %.*s", STR_FMT(p->out->ref)), STR("/runs"));
    draft_next(p, "Look at the product", STR(""), p->out->href);
}
