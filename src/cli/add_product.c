/* trellis add product: the brief of a new product, asked step by step or read from a file. The server's own drafts judge each answer, so
 * that the page, the terminal and a file of answers are told the same. */
#include "cli/add_product.h"

#include <stdlib.h>

#include "base/doc.h"
#include "base/fs.h"
#include "base/json.h"
#include "cli/api.h"
#include "cli/ask.h"
#include "cli/table.h"
#include "serve/put.h"

enum { ANSWERS_FILE_MAX_BYTES = 2 << 20, BODY_MAX_BYTES = 4 << 20, PORTS_SHOWN = 20, PARTS_MAX = 500 };

enum step { AT_DOMAIN, AT_NAME, AT_TITLE, AT_PURPOSE, AT_OWNER, AT_CONSUMERS, AT_METRICS, AT_FRESHNESS, AT_AVAILABILITY, AT_FROM, AT_COLUMNS, AT_MEASURES, AT_WHERE, STEPS };

static const struct {
    const char *text, *help;
    const char *field; /* begin of the names of the answers that this step gives */
    bool required;
} steps[STEPS] = {
    [AT_DOMAIN] = {"Which domain owns it?", "The group that answers for the product. `trellis add domain` makes a new one.", "domain", true},
    [AT_NAME] = {"A short name", "Lower-case letters, digits and single underscores, such as weekly_spend. It is the name in SQL: domain.name.", "name", true},
    [AT_TITLE] = {"The title that people read", "As in a list of reports.", "title", false},
    [AT_PURPOSE] = {"What is it for?", "The decision or question that it serves, in a sentence or two.", "purpose", true},
    [AT_OWNER] = {"Who answers for it?", "Name <contact>, as in: Ana Ruiz <ana@example.org>. Empty: the owner of the domain.", "owner", false},
    [AT_CONSUMERS] = {"Who will use it?", "People, teams or dashboards; several with ; between them.", "consumers", true},
    [AT_METRICS] = {"By what will you know that it was worth it?", "Success metrics in words, such as: budgets are decided on it each Monday. Several with ; between them.", "success_metrics", true},
    [AT_FRESHNESS] = {"How old may the newest data be?", "A number and m, h or d: 90m, 26h, 3d. Late data is shown and told to the owner.", "sla.freshness", true},
    [AT_AVAILABILITY] = {"In how many percent of the time can it be asked?", "Such as 99.5; empty: nothing is promised.", "sla.availability", false},
    [AT_FROM] = {"From what is it made?", "A port as domain.port, a part of its name to see what there is, or a whole SELECT … of your own on one line.", "from", true},
    [AT_COLUMNS] = {"Which columns?", "Numbers, names or ranges with commas between (1, 3-5, platform), or all. A day can be made weeks or months: date_day:week. With sums, these are the groups; - for none.",
                    "columns", true},
    [AT_MEASURES] = {"What is added up or counted?", "Such as: sum spend, avg cpc, count, count_distinct campaign_id. Empty: rows stay as they are.", "measures", false},
    [AT_WHERE] = {"Only some rows?", "Conditions that all hold, with ; between: platform = google_ads; spend > 0; name contains brand; country in DE, AT; note is empty. Empty: all rows.", "where", false},
};

struct wizard {
    struct cli *c;
    struct api *api;
    struct str answers[STEPS];
    bool answered[STEPS];
    yyjson_doc *mesh, *products, *port; /* port: the one that is read */
};

/* ---- the answers as JSON ---- */
static size_t parts(struct str s, char sep, struct str *out)
{
    size_t n = 0;
    for (struct str rest = s; rest.p && n < PARTS_MAX;) {
        struct str one = str_trim(str_cut(rest, sep, &rest));
        if (one.n)
            out[n++] = one;
    }
    return n;
}

static void put_parts(struct wizard *w, struct buf *b, const char *key, struct str s)
{
    struct str *v = arena_array(&w->c->arena, PARTS_MAX, sizeof *v);
    size_t n = parts(s, ';', v);
    if (n)
        put_texts(b, key, v, n);
}

static struct str column_at(const struct wizard *w, size_t i)
{
    yyjson_val *cols = w->port ? yyjson_obj_get(yyjson_doc_get_root(w->port), "columns") : NULL;
    return json_str(yyjson_arr_get(cols, i), "name");
}

static size_t column_count(const struct wizard *w)
{
    return w->port ? yyjson_arr_size(yyjson_obj_get(yyjson_doc_get_root(w->port), "columns")) : 0;
}

static void put_column(struct buf *b, struct str name, struct str grain)
{
    put_open(b, NULL, '{');
    put_str(b, "column", name);
    if (grain.p)
        put_str(b, "grain", str_trim(grain));
    put_close(b, '}');
}

static void put_columns(struct wizard *w, struct buf *b)
{
    struct str *v = arena_array(&w->c->arena, PARTS_MAX, sizeof *v);
    size_t n = parts(w->answers[AT_COLUMNS], ',', v), known = column_count(w);
    if (n == 0 || str_eq(w->answers[AT_COLUMNS], STR("-")))
        return;
    put_open(b, "columns", '[');
    for (size_t i = 0; i < n; i++) {
        struct str grain, word = str_trim(str_cut(v[i], ':', &grain)), last, first = str_cut(word, '-', &last);
        int64_t from, to;
        if (str_eq_nocase(word, STR("all"))) {
            for (size_t k = 0; k < known; k++)
                put_column(b, column_at(w, k), (struct str){NULL, 0});
        } else if (str_to_i64(str_trim(first), &from) && from > 0 && (!last.p ? (to = from, true) : str_to_i64(str_trim(last), &to)) && to >= from && (size_t)to <= known) {
            for (int64_t k = from; k <= to; k++)
                put_column(b, column_at(w, (size_t)k - 1), grain);
        } else {
            put_column(b, word, grain);
        }
    }
    put_close(b, ']');
}

static void put_measures(struct wizard *w, struct buf *b)
{
    struct str *v = arena_array(&w->c->arena, PARTS_MAX, sizeof *v);
    size_t n = parts(w->answers[AT_MEASURES], ',', v);
    if (n == 0)
        return;
    put_open(b, "measures", '[');
    for (size_t i = 0; i < n; i++) {
        struct str column, how = str_cut(v[i], ' ', &column);
        put_open(b, NULL, '{');
        put_str(b, "aggregate", how);
        if (column.p && str_trim(column).n)
            put_str(b, "column", str_trim(column));
        put_close(b, '}');
    }
    put_close(b, ']');
}

static struct str unquoted(struct str s)
{
    s = str_trim(s);
    return s.n > 1 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0] ? (struct str){s.p + 1, s.n - 2} : s;
}

/* "spend >= 10" -> column, comparison, value; longer comparisons first. */
static void put_condition(struct wizard *w, struct buf *b, struct str s)
{
    static const struct { const char *said, *is; } words[] = {
        {"<=", "<="}, {">=", ">="}, {"<>", "<>"}, {"!=", "<>"}, {"=", "="}, {"<", "<"}, {">", ">"}, {"is not empty", "not_empty"}, {"not_empty", "not_empty"}, {"is empty", "empty"},
        {"empty", "empty"}, {"contains ", "contains"}, {"starts with ", "starts_with"}, {"starts_with ", "starts_with"}, {"in ", "in"}};
    size_t end = 0;
    while (end < s.n && s.p[end] != ' ' && s.p[end] != '<' && s.p[end] != '>' && s.p[end] != '=' && s.p[end] != '!')
        end++;
    struct str column = {s.p, end}, rest = str_trim((struct str){s.p + end, s.n - end});
    put_open(b, NULL, '{');
    put_str(b, "column", column);
    size_t i = 0, n = sizeof words / sizeof *words;
    while (i < n && !str_starts(rest, str_of(words[i].said)))
        i++;
    if (i == n) {
        put_str(b, "is", rest);
    } else {
        struct str value = {rest.p + strlen(words[i].said), rest.n - strlen(words[i].said)};
        put_str(b, "is", str_of(words[i].is));
        if (strcmp(words[i].is, "in") == 0) {
            struct str *v = arena_array(&w->c->arena, PARTS_MAX, sizeof *v);
            size_t m = parts(value, ',', v);
            for (size_t k = 0; k < m; k++)
                v[k] = unquoted(v[k]);
            put_texts(b, "value", v, m);
        } else if (!strstr(words[i].is, "empty")) {
            put_str(b, "value", unquoted(value));
        }
    }
    put_close(b, '}');
}

static bool is_sql(struct str s)
{
    return (s.n > 6 && str_eq_nocase((struct str){s.p, 6}, STR("select"))) || (s.n > 4 && str_eq_nocase((struct str){s.p, 4}, STR("with")));
}

static void put_answers(struct wizard *w, struct buf *b)
{
    static const struct { enum step step; const char *name; } texts[] = {{AT_DOMAIN, "domain"}, {AT_NAME, "name"}, {AT_TITLE, "title"}, {AT_PURPOSE, "purpose"}};
    put_open(b, NULL, '{');
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (w->answers[texts[i].step].n)
            put_str(b, texts[i].name, w->answers[texts[i].step]);
    struct str owner = w->answers[AT_OWNER], contact, name = str_trim(str_cut(owner, '<', &contact));
    if (owner.n) {
        put_open(b, "owner", '{');
        put_str(b, "name", name);
        if (contact.n && contact.p[contact.n - 1] == '>')
            contact.n--;
        put_str(b, "contact", str_trim(contact));
        put_close(b, '}');
    }
    put_parts(w, b, "consumers", w->answers[AT_CONSUMERS]);
    put_parts(w, b, "success_metrics", w->answers[AT_METRICS]);
    put_open(b, "sla", '{');
    put_str(b, "freshness", w->answers[AT_FRESHNESS]);
    if (w->answers[AT_AVAILABILITY].n)
        put_str(b, "availability", w->answers[AT_AVAILABILITY]);
    put_close(b, '}');
    if (is_sql(w->answers[AT_FROM])) {
        put_str(b, "sql", w->answers[AT_FROM]);
    } else if (w->answers[AT_FROM].n) {
        put_str(b, "from", w->answers[AT_FROM]);
        put_columns(w, b);
        put_measures(w, b);
        struct str *v = arena_array(&w->c->arena, PARTS_MAX, sizeof *v);
        size_t n = parts(w->answers[AT_WHERE], ';', v);
        if (n)
            put_open(b, "where", '[');
        for (size_t i = 0; i < n; i++)
            put_condition(w, b, v[i]);
        if (n)
            put_close(b, ']');
    }
    put_close(b, '}');
}

/* ---- drafts ---- */
static yyjson_doc *ask_draft(struct api *api, struct str answers, bool apply, struct err *e)
{
    struct buf body = BUF_INIT((size_t)BODY_MAX_BYTES), text = BUF_INIT((size_t)64 << 20);
    buf_addz(&body, "{\"kind\":\"product\",\"answers\":");
    buf_add(&body, answers);
    buf_printf(&body, ",\"apply\":%s}", apply ? "true" : "false");
    yyjson_doc *doc = buf_ok(&body, e) && api_text(api, VERB_POST, "/api/v1/drafts", buf_str(&body), &text, e) ? json_parse(buf_str(&text), e) : NULL;
    buf_fini(&body);
    buf_fini(&text);
    return doc;
}

static void show_files(struct cli *c, yyjson_doc *draft)
{
    size_t i, max;
    yyjson_val *one;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(draft), "files"), i, max, one)
    {
        struct str path = json_str(one, "path"), text = json_str(one, "text");
        printf("%s%.*s%s\n%.*s\n", cli_paint(c->color, "bold"), STR_FMT(path), cli_paint(c->color, ""), STR_FMT(text));
    }
    fflush(stdout);
}

static void say_list(yyjson_val *answers, const char *key, const char *head)
{
    size_t i, max;
    yyjson_val *one, *list = yyjson_obj_get(answers, key);
    if (yyjson_is_arr(list))
        printf("%s\n", head);
    yyjson_arr_foreach(list, i, max, one) printf("- %s\n", yyjson_get_str(one) ? yyjson_get_str(one) : "");
}

/* What a reviewer needs: the brief in words, and what to look at. */
static void say_review(struct cli *c, yyjson_doc *draft, struct str answers)
{
    yyjson_doc *doc = json_parse(answers, NULL);
    yyjson_val *a = yyjson_doc_get_root(doc), *root = yyjson_doc_get_root(draft), *one;
    size_t i, max;
    struct str domain = json_str(a, "domain"), name = json_str(a, "name"), title = json_str(a, "title"), purpose = json_str(a, "purpose"), ref = json_str(root, "ref"),
               fresh = json_str(yyjson_obj_get(a, "sla"), "freshness");
    yyjson_arr_foreach(yyjson_obj_get(root, "files"), i, max, one)
    {
        struct str path = json_str(one, "path"), how = json_str(one, "how");
        printf("%-8.*s %.*s\n", STR_FMT(how), STR_FMT(path));
    }
    cli_advice(c, "\nBuild it, then hand it in for review:\n  trellis run %.*s", STR_FMT(ref));
    printf("\ngit add");
    yyjson_arr_foreach(yyjson_obj_get(root, "files"), i, max, one)
    {
        struct str path = json_str(one, "path");
        printf(" %.*s", STR_FMT(path));
    }
    printf("\ngit commit -m \"%.*s: new product %.*s\"\n\n--- pull request ---\nNew data product: %.*s (%.*s)\n\n%.*s\n\n", STR_FMT(domain), STR_FMT(name), STR_FMT(title.n ? title : name),
           STR_FMT(ref), STR_FMT(purpose));
    say_list(a, "consumers", "Used by:");
    say_list(a, "success_metrics", "\nWorth it when:");
    printf("\nNewest data no older than %.*s.\n\n", STR_FMT(fresh));
    printf("To look at: owner, names and classes of the columns, the key, the SQL. `trellis check` and `trellis run %.*s` pass.\n", STR_FMT(ref));
    fflush(stdout);
    yyjson_doc_free(doc);
}

/* All that is wrong, and the exit code of the first of it. */
static int fail_all(struct cli *c, const struct errs *es, struct err *e)
{
    if (es->n_errors && e->code == E_OK)
        *e = es->v[0];
    return cli_fail_all(c, es, e);
}

/* ---- from a file ---- */

/* The place of "columns[2].name" in the file, or of the nearest thing that is there. */
static const struct doc_node *place_of(struct cli *c, const struct doc *d, struct str field)
{
    const struct doc_node *at = doc_root(d);
    for (struct str rest = field; rest.p && at;) {
        struct str index, part = str_cut(rest, '.', &rest), key = str_cut(part, '[', &index);
        const struct doc_node *next = at->kind == DOC_MAP ? doc_get(d, at, arena_strz(&c->arena, key)) : NULL;
        int64_t k = 0;
        if (next && index.p && next->kind == DOC_SEQ && str_to_i64(str_cut(index, ']', &index), &k)) {
            const struct doc_node *item = doc_first(d, next);
            while (item && k-- > 0)
                item = doc_next(d, item);
            next = item ? item : next;
        }
        if (!next)
            break;
        at = next;
    }
    return at;
}

static void take_errors(struct cli *c, yyjson_doc *draft, const struct doc *d, struct errs *es)
{
    size_t i, max;
    yyjson_val *one;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(draft), "errors"), i, max, one)
    {
        struct err e = {0};
        struct str field = json_str(one, "field");
        api_err(one, &e);
        const struct doc_node *at = d && field.n ? place_of(c, d, field) : NULL;
        if (at) {
            snprintf(e.file, sizeof e.file, "%.*s", STR_FMT(d->file));
            e.line = at->line;
            e.col = at->col;
        }
        if (field.n && !str_starts(str_of(e.text), field))
            err_prefix(&e, "%.*s", STR_FMT(field));
        errs_push(es, &e);
    }
    errs_sort(es);
}

static int from_answers(struct cli *c, struct api *api, const char *path, bool dry)
{
    struct err e = {0};
    struct errs es = {0};
    struct str text = STR("");
    const struct doc *d = NULL;
    struct buf json = BUF_INIT((size_t)BODY_MAX_BYTES);
    yyjson_doc *draft = NULL;
    int code = 0;
    if (path && !fs_read(&c->arena, path, ANSWERS_FILE_MAX_BYTES, &text, &e))
        return cli_fail(c, &e);
    if (path && !(d = doc_parse_yaml(&c->arena, str_of(path), text, &es))) {
        code = fail_all(c, &es, &e);
        errs_fini(&es);
        return code;
    }
    if (d)
        doc_json(d, doc_root(d), &json);
    else
        buf_addz(&json, "{}");
    struct str answers = arena_str(&c->arena, buf_str(&json));
    buf_fini(&json);
    if (!(draft = ask_draft(api, answers, false, &e)))
        return cli_fail(c, &e);
    take_errors(c, draft, d, &es);
    if (es.n_errors == 0 && !dry) {
        yyjson_doc_free(draft);
        if (!(draft = ask_draft(api, answers, true, &e)))
            return cli_fail(c, &e);
        take_errors(c, draft, d, &es);
    }
    if (es.n_errors) {
        code = fail_all(c, &es, &e);
        if (!path)
            cli_advice(c, "\nWithout a terminal, write the answers into a file: trellis add product --answers FILE.yaml");
    } else if (c->json) {
        size_t n = 0;
        char *out = yyjson_write(draft, 0, &n);
        printf("%s\n", out ? out : "{}");
        free(out); /* banned-ok: yyjson allocated it */
    } else {
        if (dry)
            show_files(c, draft);
        say_review(c, draft, answers);
    }
    yyjson_doc_free(draft);
    errs_fini(&es);
    return code;
}

/* ---- step by step ---- */
static yyjson_doc *get(struct wizard *w, const char *target)
{
    struct buf text = BUF_INIT((size_t)64 << 20);
    yyjson_doc *doc = api_text(w->api, VERB_GET, target, STR(""), &text, NULL) ? json_parse(buf_str(&text), NULL) : NULL;
    buf_fini(&text);
    return doc;
}

static yyjson_val *domain_of(struct wizard *w)
{
    size_t i, max;
    yyjson_val *one;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(w->mesh), "domains"), i, max, one) if (str_eq(json_str(one, "name"), w->answers[AT_DOMAIN])) return one;
    return NULL;
}

static void list_domains(struct wizard *w)
{
    size_t i, max;
    yyjson_val *one;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(w->mesh), "domains"), i, max, one)
    {
        struct str name = table_clean(&w->c->arena, json_str(one, "name")), title = table_clean(&w->c->arena, json_str(one, "title"));
        fprintf(stderr, "  %-16.*s %.*s\n", STR_FMT(name), STR_FMT(title));
    }
}

/* Ports that have these letters in their name; the only one becomes the answer. */
static bool settle_port(struct wizard *w, struct str *answer)
{
    size_t i, max, k, kmax, shown = 0, all = 0;
    yyjson_val *product, *port;
    struct str only = {NULL, 0};
    bool exact = false;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(w->products), "products"), i, max, product)
        yyjson_arr_foreach(yyjson_obj_get(product, "ports"), k, kmax, port)
        {
            struct str ref = json_str(port, "ref");
            exact = exact || str_eq(ref, *answer);
            if (str_find(ref, *answer, 0) == SIZE_MAX)
                continue;
            only = ref;
            all++;
        }
    if (exact || is_sql(*answer) || str_find(*answer, STR("__"), 0) != SIZE_MAX)
        return true;
    if (all == 1) {
        *answer = arena_str(&w->c->arena, only);
        fprintf(stderr, "%.*s\n", STR_FMT(*answer));
        return true;
    }
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(w->products), "products"), i, max, product)
        yyjson_arr_foreach(yyjson_obj_get(product, "ports"), k, kmax, port)
        {
            struct str ref = json_str(port, "ref"), about = table_clean(&w->c->arena, json_str(port, "description"));
            if ((all == 0 || str_find(ref, *answer, 0) != SIZE_MAX) && shown++ < PORTS_SHOWN)
                fprintf(stderr, "  %-40.*s %.*s\n", STR_FMT(ref), STR_FMT(about));
        }
    if (shown > PORTS_SHOWN)
        fprintf(stderr, "  and %zu more\n", shown - PORTS_SHOWN);
    fprintf(stderr, "%s\n", all ? "Which of these?" : "No port has these letters in its name. Which of these?");
    return false;
}

static void read_port(struct wizard *w)
{
    struct str port, domain = str_cut(w->answers[AT_FROM], '.', &port);
    yyjson_doc_free(w->port);
    w->port = NULL;
    if (port.p && !is_sql(w->answers[AT_FROM]) && str_is_name(domain) && str_is_name(port))
        w->port = get(w, arena_printf(&w->c->arena, "/api/v1/ports/%.*s/%.*s", STR_FMT(domain), STR_FMT(port)).p);
}

static void list_columns(struct wizard *w)
{
    for (size_t i = 0; i < column_count(w); i++) {
        yyjson_val *one = yyjson_arr_get(yyjson_obj_get(yyjson_doc_get_root(w->port), "columns"), i);
        struct str name = json_str(one, "name"), type = json_str(one, "type"), about = table_clean(&w->c->arena, json_str(one, "description"));
        fprintf(stderr, "  %3zu %-28.*s %-14.*s %.*s\n", i + 1, STR_FMT(name), STR_FMT(type), about.n > 60 ? 60 : (int)about.n, about.p ? about.p : "");
    }
}

static struct str proposal(struct wizard *w, enum step at)
{
    struct arena *a = &w->c->arena;
    if (w->answered[at])
        return w->answers[at];
    if (at == AT_TITLE) {
        char *z = arena_strz(a, w->answers[AT_NAME]);
        for (char *p = z; *p; p++)
            *p = *p == '_' ? ' ' : *p;
        if (*z >= 'a' && *z <= 'z')
            *z = (char)(*z - 32);
        return str_of(z);
    }
    if (at == AT_OWNER) {
        yyjson_val *owner = yyjson_obj_get(domain_of(w), "owner");
        struct str name = table_clean(a, json_str(owner, "name")), contact = table_clean(a, json_str(owner, "contact"));
        return name.n ? arena_printf(a, "%.*s <%.*s>", STR_FMT(name), STR_FMT(contact)) : STR("");
    }
    return at == AT_FRESHNESS ? STR("26h") : at == AT_COLUMNS ? STR("all") : STR("");
}

/* What the draft says of this step's answers alone; the others' turns come. */
static bool step_good(struct wizard *w, enum step at)
{
    struct buf b = BUF_INIT((size_t)BODY_MAX_BYTES);
    struct err e = {0};
    size_t i, max;
    yyjson_val *one;
    bool good = true;
    put_answers(w, &b);
    yyjson_doc *draft = ask_draft(w->api, buf_str(&b), false, &e);
    buf_fini(&b);
    if (!draft) {
        fprintf(stderr, "%s%s%s\n", e.text, e.hint[0] ? "\n  " : "", e.hint);
        return false;
    }
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(draft), "errors"), i, max, one)
    {
        struct str field = json_str(one, "field"), said = json_str(one, "message"), hint = json_str(one, "hint");
        bool none = at == AT_COLUMNS && str_eq(w->answers[at], STR("-")); /* measures may do */
        bool own = str_starts(field, str_of(steps[at].field)) || (at == AT_NAME && str_eq(field, STR("port"))) || (at == AT_FROM && str_eq(field, STR("sql"))) ||
                   (at == AT_FROM && is_sql(w->answers[at]) && str_starts(field, STR("columns"))) || (at == AT_MEASURES && str_eq(field, STR("columns")));
        if (!own || none)
            continue;
        fprintf(stderr, "%s%.*s%s%s%.*s\n", cli_paint(w->c->color_err, "red"), STR_FMT(said), cli_paint(w->c->color_err, ""), hint.n ? "\n  " : "", STR_FMT(hint));
        good = false;
    }
    yyjson_doc_free(draft);
    return good;
}

static bool skipped(const struct wizard *w, int at)
{
    return at >= AT_COLUMNS && at < STEPS && is_sql(w->answers[AT_FROM]);
}

/* False: no more answers come. */
static bool ask_all(struct wizard *w)
{
    int listed = -1;
    for (int at = 0; at < STEPS;) {
        if (skipped(w, at)) {
            at++;
            continue;
        }
        if (at == AT_DOMAIN && listed != at)
            list_domains(w);
        if (at == AT_COLUMNS && listed != at)
            list_columns(w);
        listed = at;
        const struct ask_question q = {.text = steps[at].text, .help = steps[at].help, .otherwise = proposal(w, (enum step)at), .required = steps[at].required};
        struct str answer = STR("");
        enum ask_result r = ask(w->c, &q, &answer);
        if (r == ASK_END)
            return false;
        if (r == ASK_BACK) {
            at -= at > 0;
            while (at > 0 && skipped(w, at))
                at--;
            continue;
        }
        if (at == AT_FROM && !settle_port(w, &answer))
            continue;
        struct str before = w->answers[at];
        w->answers[at] = at != AT_COLUMNS && str_eq(answer, STR("-")) ? STR("") : answer;
        if (at == AT_FROM)
            read_port(w);
        if (step_good(w, (enum step)at))
            w->answered[at++] = true;
        else
            w->answers[at] = before;
    }
    return true;
}

static int step_by_step(struct cli *c, struct api *api, bool dry)
{
    struct wizard w = {.c = c, .api = api};
    struct err e = {0};
    struct buf b = BUF_INIT((size_t)BODY_MAX_BYTES);
    yyjson_doc *draft = NULL;
    int code = 0;
    w.mesh = get(&w, "/api/v1/mesh");
    w.products = get(&w, "/api/v1/products");
    fprintf(stderr, "A new product, in %d questions. Enter takes what stands in brackets, - takes it away, ? explains, < goes back.\n\n", STEPS);
    bool whole = ask_all(&w);
    struct str answers = STR("");
    if (whole) {
        put_answers(&w, &b);
        answers = arena_str(&c->arena, buf_str(&b));
        draft = ask_draft(api, answers, false, &e);
    }
    struct errs es = {0};
    if (draft)
        take_errors(c, draft, NULL, &es);
    if (!whole) {
        fprintf(stderr, "\nNothing was written.\n");
        code = 1;
    } else if (!draft || es.n_errors) {
        code = fail_all(c, &es, &e);
    } else {
        struct str yes = STR("");
        show_files(c, draft);
        const struct ask_question q = {.text = "Write these files? yes or no", .help = "yes writes them; nothing is built or handed in yet.", .otherwise = dry ? STR("no") : STR("yes")};
        bool write = ask(c, &q, &yes) == ASK_ANSWER && (str_eq_nocase(yes, STR("yes")) || str_eq_nocase(yes, STR("y")));
        yyjson_doc_free(draft);
        draft = write ? ask_draft(api, answers, true, &e) : NULL;
        if (!write)
            fprintf(stderr, "Nothing was written.\n");
        else if (!draft)
            code = cli_fail(c, &e);
        else
            take_errors(c, draft, NULL, &es);
        if (draft && es.n_errors)
            code = fail_all(c, &es, &e);
        else if (draft)
            say_review(c, draft, answers);
    }
    errs_fini(&es);
    buf_fini(&b);
    yyjson_doc_free(draft);
    yyjson_doc_free(w.mesh);
    yyjson_doc_free(w.products);
    yyjson_doc_free(w.port);
    return code;
}

int cli_add_product(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    const char *path = cli_opt(args, "--answers");
    bool dry = cli_has(args, "--dry-run");
    if (!cli_mesh_dir(c, &dir, &e) || !api_open(c, dir, &api, &es, &e)) {
        int code = fail_all(c, &es, &e);
        errs_fini(&es);
        return code;
    }
    int code = path || c->json || !ask_terminal() ? from_answers(c, api, path, dry) : step_by_step(c, api, dry);
    errs_fini(&es);
    api_close(api);
    return code;
}
