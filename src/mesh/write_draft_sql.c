/* Columns, conditions and measures that were chosen by clicks, as one SELECT: names quoted, values escaped and held to their column's type. */
#include "mesh/write_draft_int.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mesh/table.h"
#include "mesh/types.h"
#include "mesh/write_int.h"

enum { CHOSEN_MAX = 500, SQL_MAX_BYTES = 200 << 10, VALUES_MAX = 1000 };

static const char *const aggregates[] = {"sum", "avg", "min", "max", "count", "count_distinct"};
enum aggregate { SUM, AVG, MIN, MAX, COUNT, COUNT_DISTINCT, AGGREGATES };

struct inputs {
    struct str ref;
    const struct mesh_port *port;
    struct mesh_inferred_column *columns;
    size_t n;
    bool known; /* else a column may be there that nobody has told */
};

bool draft_is_number(struct str type)
{
    static const char *const numbers[] = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (str_eq(type, str_of(numbers[i])))
            return true;
    return str_starts(type, STR("DECIMAL"));
}

bool draft_is_time(struct str type)
{
    return str_eq(type, STR("DATE")) || str_starts(type, STR("TIMESTAMP"));
}

static struct str logical_of(struct str type)
{
    if (str_starts(type, STR("DECIMAL")) || str_eq(type, STR("DOUBLE")) || str_eq(type, STR("FLOAT")))
        return STR("number");
    if (draft_is_number(type))
        return STR("integer");
    return str_eq(type, STR("DATE")) ? STR("date") : str_starts(type, STR("TIMESTAMP")) ? STR("timestamp") : str_eq(type, STR("BOOLEAN")) ? STR("boolean")
           : str_eq(type, STR("TIME")) ? STR("time") : STR("string");
}

static struct mesh_inferred_column input_of(const struct mesh_column *c)
{
    return (struct mesh_inferred_column){.name = c->name, .logical_type = c->logical_type, .physical_type = c->physical_type.n ? c->physical_type : STR("VARCHAR"),
                                         .required = c->required, .title = c->business_name, .description = c->description,
                                         .class_text = c->class_text.n ? c->class_text : mesh_propose_class(c->name), .key_position = c->primary_key ? 1 : 0};
}

static bool inputs_stream(struct drafting *p, const struct mesh_stream *st, struct inputs *in)
{
    struct mesh_inferred_column *loaded = NULL;
    size_t n = 0, n_contract = st->contract ? st->contract->n_columns : 0;
    bool known = p->engine && p->engine->stream && p->engine->stream(p->engine->ctx, p->a, st, &loaded, &n) && n > 0;
    struct table names = {0};
    in->columns = arena_array(p->a, n_contract + n + 1, sizeof *in->columns);
    in->known = known;
    for (size_t i = 0; i < n_contract; i++) {
        in->columns[in->n++] = input_of(&st->contract->columns[i]);
        table_put(&names, p->a, st->contract->columns[i].name, in);
    }
    for (size_t i = 0; i < n; i++)
        if (!table_put(&names, p->a, loaded[i].name, in))
            in->columns[in->n++] = loaded[i];
    return true;
}

static bool inputs_find(struct drafting *p, const struct doc_node *root, const struct mesh_domain *domain, struct inputs *in)
{
    const struct doc_node *at = doc_get(p->d, root, "from");
    struct str ref = answer_text(p, root, "from");
    const struct mesh_port *port = mesh_find_port(p->m, ref);
    const struct mesh_stream *stream = port ? NULL : mesh_find_stream(p->m, ref);
    *in = (struct inputs){.ref = ref, .port = port, .known = true};
    if (port && port->contract) {
        in->n = port->contract->n_columns;
        in->columns = arena_array(p->a, in->n + 1, sizeof *in->columns);
        for (size_t i = 0; i < in->n; i++)
            in->columns[i] = input_of(&port->contract->columns[i]);
        return true;
    }
    if (stream && domain && stream->source->domain != domain) {
        err_hint(answer_wrong(p, E_FOREIGN_RAW, STR("from"), at, "%.*s is a raw stream of the domain %.*s", STR_FMT(ref), STR_FMT(stream->source->domain->name)),
                 "other domains read its products: choose one of their ports");
        return false;
    }
    if (stream)
        return inputs_stream(p, stream, in);
    struct str *known = arena_array(p->a, p->m->n_ports + p->m->n_streams + 1, sizeof *known);
    size_t n = 0;
    for (size_t i = 0; i < p->m->n_ports; i++)
        known[n++] = p->m->ports[i]->ref;
    for (size_t i = 0; i < p->m->n_streams; i++)
        known[n++] = p->m->streams[i]->ref;
    struct err *e = answer_wrong(p, E_NOT_FOUND, STR("from"), at, "there is no port or stream \"%.*s\"", STR_FMT(ref));
    int near = str_nearest(ref, known, n);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    else
        err_hint(e, "name a port as domain.port; `trellis find` shows what is there");
    return false;
}

static const struct mesh_inferred_column *column_of(struct drafting *p, struct inputs *in, struct str name, struct str field, const struct doc_node *at)
{
    struct str *names = arena_array(p->a, in->n + 1, sizeof *names);
    for (size_t i = 0; i < in->n; i++) {
        names[i] = in->columns[i].name;
        if (str_eq(names[i], name))
            return &in->columns[i];
    }
    struct err *e = answer_wrong(p, E_NOT_FOUND, field, at, "%.*s has no column \"%.*s\"", STR_FMT(in->ref), STR_FMT(name));
    int near = str_nearest(name, names, in->n);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    else if (!in->known)
        err_hint(e, "columns that the source's contract does not name are known once a file has been loaded: trellis run");
    return NULL;
}

static int word_of(struct str word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, str_of(words[i])))
            return (int)i;
    return -1;
}

/* ---- one column, one measure ---- */
struct picking {
    struct drafting *p;
    struct inputs *in;
    struct draft_rows *out;
    struct table names;
    struct buf select;
};

static void put_column(struct picking *k, const struct doc_node *n, struct str field, struct str expression, bool plain, struct mesh_inferred_column made, struct str proposed)
{
    struct drafting *p = k->p;
    struct str name = answer_text(p, n, "name"), title = answer_text(p, n, "title"), description = answer_text(p, n, "description"),
               class_text = answer_text(p, n, "classification"), from = made.name;
    static const char *const classes[] = {"public", "internal", "confidential", "personal", "sensitive"};
    made.name = name.n ? name : published_name(p->a, &(struct table){0}, proposed);
    made.title = title.n ? title : made.title;
    made.description = description.n ? description : made.description;
    if (class_text.n && word_of(class_text, classes, 5) < 0)
        err_hint(answer_wrong(p, E_SCHEMA, arena_printf(p->a, "%.*s.classification", STR_FMT(field)), n, "\"%.*s\" is no classification", STR_FMT(class_text)),
                 "public, internal, confidential, personal or sensitive");
    made.class_text = class_text.n ? class_text : made.class_text;
    made.logical_type = logical_of(made.physical_type);
    if (!str_is_name(made.name))
        err_hint(answer_wrong(p, E_NAME, arena_printf(p->a, "%.*s.name", STR_FMT(field)), n, "\"%.*s\" cannot be the name of a column", STR_FMT(made.name)),
                 "lower-case letters, digits and single underscores, beginning with a letter");
    else if (table_put(&k->names, p->a, made.name, k))
        err_hint(answer_wrong(p, E_DUPLICATE, arena_printf(p->a, "%.*s.name", STR_FMT(field)), n, "two columns would be named %.*s", STR_FMT(made.name)), "give one of them another name");
    buf_addz(&k->select, k->out->n ? ",\n       " : "");
    buf_add(&k->select, expression);
    if (!plain || !str_eq(from, made.name)) {
        buf_addz(&k->select, " AS ");
        buf_sql_ident(&k->select, made.name);
    }
    k->out->columns[k->out->n++] = made;
}

static struct str quoted(struct drafting *p, struct str name)
{
    struct buf b = BUF_INIT((size_t)4096);
    buf_sql_ident(&b, name);
    struct str s = arena_str(p->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void pick_column(struct picking *k, const struct doc_node *n, struct str field)
{
    static const struct answer answers[] = {
        {"column", ANSWER_TEXT, "the column to take"}, {"name", ANSWER_TEXT, NULL}, {"title", ANSWER_TEXT, NULL}, {"description", ANSWER_TEXT, NULL},
        {"classification", ANSWER_TEXT, NULL}, {"grain", ANSWER_TEXT, NULL}, {NULL, ANSWER_ANY, NULL}};
    static const char *const grains[] = {"day", "week", "month"};
    struct drafting *p = k->p;
    answers_check(p, n, arena_printf(p->a, "%.*s.", STR_FMT(field)).p, answers);
    struct str name = answer_text(p, n, "column"), grain = answer_text(p, n, "grain");
    const struct mesh_inferred_column *c = name.n ? column_of(p, k->in, name, arena_printf(p->a, "%.*s.column", STR_FMT(field)), n) : NULL;
    if (!c)
        return;
    struct mesh_inferred_column made = *c;
    made.key_position = 0;
    made.unique = false;
    if (!grain.n) {
        put_column(k, n, field, quoted(p, name), true, made, name);
        return;
    }
    struct str at = arena_printf(p->a, "%.*s.grain", STR_FMT(field));
    if (word_of(grain, grains, 3) < 0)
        answer_wrong(p, E_SCHEMA, at, n, "a grain is day, week or month");
    else if (!draft_is_time(c->physical_type))
        err_hint(answer_wrong(p, E_SCHEMA, at, n, "%.*s is no day or moment", STR_FMT(name)), "leave grain out, or choose a column that is");
    made.physical_type = STR("DATE");
    if (!str_eq(grain, STR("day"))) {
        made.title = str_eq(grain, STR("week")) ? STR("Week") : STR("Month");
        made.description = arena_printf(p->a, "First day of the %.*s.", STR_FMT(grain));
        k->out->coarse = true;
    }
    put_column(k, n, field, arena_printf(p->a, "CAST(date_trunc('%.*s', %.*s) AS DATE)", STR_FMT(grain), STR_FMT(quoted(p, name))), false, made,
               str_eq(grain, STR("day")) ? name : grain);
}

/* A sum keeps its digits: decimals stay decimals, whole numbers whole. */
static struct str sum_type(struct drafting *p, struct str type)
{
    struct str scale, head = str_cut(type, ',', &scale);
    if (str_starts(type, STR("DECIMAL")) && scale.p && head.n)
        return arena_printf(p->a, "DECIMAL(38,%.*s)", (int)(scale.n - 1), scale.p);
    return str_eq(type, STR("FLOAT")) || str_eq(type, STR("DOUBLE")) ? STR("DOUBLE") : STR("BIGINT");
}

static void pick_measure(struct picking *k, const struct doc_node *n, struct str field)
{
    static const struct answer answers[] = {
        {"column", ANSWER_TEXT, NULL}, {"aggregate", ANSWER_TEXT, "sum, avg, min, max, count or count_distinct"}, {"name", ANSWER_TEXT, NULL},
        {"title", ANSWER_TEXT, NULL}, {"description", ANSWER_TEXT, NULL}, {"classification", ANSWER_TEXT, NULL}, {NULL, ANSWER_ANY, NULL}};
    struct drafting *p = k->p;
    answers_check(p, n, arena_printf(p->a, "%.*s.", STR_FMT(field)).p, answers);
    struct str name = answer_text(p, n, "column"), word = answer_text(p, n, "aggregate");
    int how = word_of(word, aggregates, AGGREGATES);
    if (word.n && how < 0) {
        answer_wrong(p, E_SCHEMA, arena_printf(p->a, "%.*s.aggregate", STR_FMT(field)), n, "an aggregate is sum, avg, min, max, count or count_distinct");
        return;
    }
    if (how < 0)
        return;
    if (how == COUNT && !name.n) {
        put_column(k, n, field, STR("count(*)"), false,
                   (struct mesh_inferred_column){.physical_type = STR("BIGINT"), .required = true, .title = STR("Rows"), .class_text = STR("internal"),
                                                 .description = arena_printf(p->a, "How many rows of %.*s.", STR_FMT(k->in->ref))}, STR("row_count"));
        return;
    }
    struct str at = arena_printf(p->a, "%.*s.column", STR_FMT(field));
    if (!name.n) {
        answer_wrong(p, E_MISSING_KEY, at, n, "%s needs a column", aggregates[how]);
        return;
    }
    const struct mesh_inferred_column *c = column_of(p, k->in, name, at, n);
    if (!c)
        return;
    if ((how == SUM || how == AVG) && !draft_is_number(c->physical_type)) {
        err_hint(answer_wrong(p, E_SCHEMA, at, n, "%.*s is no number (%.*s), it has no %s", STR_FMT(name), STR_FMT(c->physical_type), aggregates[how]),
                 "count it, or choose a column of numbers");
        return;
    }
    struct mesh_inferred_column made = *c;
    struct str type = how == SUM ? sum_type(p, c->physical_type) : how == AVG ? STR("DOUBLE") : how >= COUNT ? STR("BIGINT") : c->physical_type, q = quoted(p, name), x;
    if (how == SUM)
        x = arena_printf(p->a, "CAST(sum(%.*s) AS %.*s)", STR_FMT(q), STR_FMT(type));
    else if (how == COUNT_DISTINCT)
        x = arena_printf(p->a, "count(DISTINCT %.*s)", STR_FMT(q));
    else if (how == AVG)
        x = arena_printf(p->a, "CAST(avg(%.*s) AS DOUBLE)", STR_FMT(q));
    else
        x = arena_printf(p->a, "%s(%.*s)", aggregates[how], STR_FMT(q));
    made.physical_type = type;
    made.required = how >= COUNT;
    made.unique = false;
    made.key_position = 0;
    if (how >= COUNT) { /* how many, no longer who */
        made.class_text = STR("internal");
        struct str said = c->title.n ? c->title : name;
        made.title = arena_printf(p->a, "%.*s, how many", STR_FMT(said));
        made.description = arena_printf(p->a, how == COUNT ? "How many rows have a value of %.*s." : "How many different values of %.*s.", STR_FMT(said));
    }
    put_column(k, n, field, x, false, made, how == SUM ? name : how == COUNT_DISTINCT ? arena_printf(p->a, "distinct_%.*s", STR_FMT(name)) : arena_printf(p->a, "%s_%.*s", aggregates[how], STR_FMT(name)));
}

/* ---- conditions ---- */
static bool is_number_text(struct str s)
{
    double v;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' || s.p[i] == '+' || s.p[i] == '.' || s.p[i] == 'e' || s.p[i] == 'E'))
            return false;
    return str_to_f64(s, &v) && isfinite(v);
}

static void literal(struct drafting *p, struct buf *b, const struct mesh_inferred_column *c, const struct doc_node *v, struct str field)
{
    struct str text = v && v->kind != DOC_SEQ && v->kind != DOC_MAP && v->kind != DOC_NULL ? doc_text(p->d, v) : (struct str){NULL, 0}, type = c->physical_type;
    int32_t day;
    if (!text.p) {
        answer_wrong(p, E_MISSING_KEY, field, v, "a value to compare %.*s with is missing", STR_FMT(c->name));
    } else if (draft_is_number(type)) {
        if (is_number_text(text))
            buf_printf(b, "%.*s", STR_FMT(text));
        else
            err_hint(answer_wrong(p, E_SCHEMA, field, v, "%.*s is a number, \"%.*s\" is none", STR_FMT(c->name), text.n < 60 ? (int)text.n : 60, text.p), "write it like 1200.50");
    } else if (draft_is_time(type)) {
        if (text.n >= 10 && clock_parse_date((struct str){text.p, 10}, &day) && (text.n == 10 || !str_eq(type, STR("DATE")))) {
            buf_addz(b, str_eq(type, STR("DATE")) ? "DATE " : "TIMESTAMP ");
            buf_sql_text(b, text);
        } else {
            err_hint(answer_wrong(p, E_SCHEMA, field, v, "%.*s is a day or moment, \"%.*s\" is none", STR_FMT(c->name), text.n < 60 ? (int)text.n : 60, text.p), "write it like 2026-01-31");
        }
    } else if (str_eq(type, STR("BOOLEAN"))) {
        if (str_eq_nocase(text, STR("true")) || str_eq_nocase(text, STR("false")))
            buf_addz(b, str_eq_nocase(text, STR("true")) ? "true" : "false");
        else
            answer_wrong(p, E_SCHEMA, field, v, "%.*s is true or false", STR_FMT(c->name));
    } else {
        buf_sql_text(b, text);
    }
}

static void condition(struct drafting *p, struct inputs *in, struct buf *b, const struct doc_node *n, struct str field)
{
    static const struct answer answers[] = {{"column", ANSWER_TEXT, "the column to look at"}, {"is", ANSWER_TEXT, "=, <>, <, <=, >, >=, in, contains, starts_with, empty or not_empty"},
                                            {"value", ANSWER_ANY, NULL}, {NULL, ANSWER_ANY, NULL}};
    static const struct answer with_list[] = {{"column", ANSWER_TEXT, "the column to look at"}, {"is", ANSWER_TEXT, ""}, {"value", ANSWER_LIST, "the values, as a list"}, {NULL, ANSWER_ANY, NULL}};
    static const char *const operators[] = {"=", "<>", "<", "<=", ">", ">=", "in", "contains", "starts_with", "empty", "not_empty"};
    enum { IN = 6, CONTAINS, STARTS_WITH, EMPTY, NOT_EMPTY, OPERATORS };
    struct str is = answer_text(p, n, "is"), name = answer_text(p, n, "column"), at = arena_printf(p->a, "%.*s.value", STR_FMT(field));
    int how = word_of(is, operators, OPERATORS);
    answers_check(p, n, arena_printf(p->a, "%.*s.", STR_FMT(field)).p, how == IN ? with_list : answers);
    const struct mesh_inferred_column *c = name.n ? column_of(p, in, name, arena_printf(p->a, "%.*s.column", STR_FMT(field)), n) : NULL;
    const struct doc_node *value = doc_get(p->d, n, "value");
    if (is.n && how < 0)
        err_hint(answer_wrong(p, E_SCHEMA, arena_printf(p->a, "%.*s.is", STR_FMT(field)), n, "\"%.*s\" is no comparison", STR_FMT(is)), "%s", answers[1].why);
    if (!c || how < 0)
        return;
    struct mesh_inferred_column as_text = *c;
    as_text.physical_type = STR("VARCHAR");
    if (how == EMPTY || how == NOT_EMPTY) {
        buf_sql_ident(b, name);
        buf_addz(b, how == EMPTY ? " IS NULL" : " IS NOT NULL");
    } else if (how == CONTAINS || how == STARTS_WITH) {
        buf_printf(b, "%s(lower(CAST(", how == CONTAINS ? "contains" : "starts_with");
        buf_sql_ident(b, name);
        buf_addz(b, " AS VARCHAR)), lower(");
        literal(p, b, &as_text, value, at);
        buf_addz(b, "))");
    } else {
        buf_sql_ident(b, name);
        if (how == IN)
            buf_addz(b, " IN (");
        else
            buf_printf(b, " %s ", operators[how]);
        if (how == IN && value && value->kind == DOC_SEQ && value->n_children > VALUES_MAX)
            answer_wrong(p, E_TOO_LARGE, at, value, "more than %d values", VALUES_MAX);
        for (const struct doc_node *v = how == IN && value && value->kind == DOC_SEQ ? doc_first(p->d, value) : NULL; v; v = doc_next(p->d, v)) {
            buf_addz(b, v == doc_first(p->d, value) ? "" : ", ");
            literal(p, b, c, v, at);
        }
        if (how == IN)
            buf_addc(b, ')');
        else
            literal(p, b, c, value, at);
    }
}

/* ---- the whole ---- */

/* Groups differ by their columns; rows of a port that are only narrowed keep its key. A key never holds what may be empty. */
static void propose_key(struct drafting *p, const struct inputs *in, size_t n_groups, bool grouped, const struct str *taken, struct draft_rows *out)
{
    out->key = arena_array(p->a, out->n + 1, sizeof *out->key);
    if (grouped) {
        for (size_t i = 0; i < n_groups; i++)
            if (out->columns[i].required)
                out->key[out->n_key++] = out->columns[i].name;
        out->n_key = out->n_key == n_groups ? n_groups : 0;
        return;
    }
    for (size_t i = 0; in->port && i < in->port->n_key; i++)
        for (size_t k = 0; k < out->n; k++)
            if (str_eq(taken[k], in->port->key[i])) {
                out->key[out->n_key++] = out->columns[k].name;
                break;
            }
    if (!in->port || out->n_key != in->port->n_key)
        out->n_key = 0;
}

static const struct doc_node *chosen(struct drafting *p, const struct doc_node *root, const char *name)
{
    const struct doc_node *list = doc_get(p->d, root, name);
    if (!list || list->kind != DOC_SEQ || list->n_children == 0)
        return NULL;
    if (list->n_children > CHOSEN_MAX) {
        answer_wrong(p, E_TOO_LARGE, str_of(name), list, "more than %d are not taken", CHOSEN_MAX);
        return NULL;
    }
    for (const struct doc_node *c = doc_first(p->d, list); c; c = doc_next(p->d, c))
        if (c->kind != DOC_MAP) {
            answer_wrong(p, E_SCHEMA, str_of(name), c, "each entry is a group of answers, as in {column: …}");
            return NULL;
        }
    return list;
}

void draft_rows_of(struct drafting *p, const struct doc_node *root, const struct mesh_domain *domain, struct draft_rows *out)
{
    struct inputs in;
    *out = (struct draft_rows){.from = answer_text(p, root, "from")};
    const struct doc_node *columns = chosen(p, root, "columns"), *measures = chosen(p, root, "measures"), *where = chosen(p, root, "where");
    if (!columns && !measures)
        err_hint(answer_wrong(p, E_MISSING_KEY, STR("columns"), root, "no column is chosen"), "choose at least one column or measure");
    if (!inputs_find(p, root, domain, &in))
        return;
    struct picking k = {.p = p, .in = &in, .out = out, .select = BUF_INIT((size_t)SQL_MAX_BYTES)};
    size_t most = (columns ? columns->n_children : 0) + (measures ? measures->n_children : 0), i = 0;
    struct str *taken = arena_array(p->a, most + 1, sizeof *taken);
    bool grain = false;
    out->columns = arena_array(p->a, most + 1, sizeof *out->columns);
    for (const struct doc_node *c = columns ? doc_first(p->d, columns) : NULL; c; c = doc_next(p->d, c)) {
        grain = grain || answer_text(p, c, "grain").n;
        taken[out->n] = answer_text(p, c, "column");
        pick_column(&k, c, arena_printf(p->a, "columns[%zu]", i++));
    }
    size_t n_groups = out->n;
    i = 0;
    for (const struct doc_node *c = measures ? doc_first(p->d, measures) : NULL; c; c = doc_next(p->d, c))
        pick_measure(&k, c, arena_printf(p->a, "measures[%zu]", i++));
    bool grouped = (measures || grain) && n_groups;
    struct buf b = BUF_INIT((size_t)SQL_MAX_BYTES);
    buf_addz(&b, "-- Drawn up from a form: change it as you like.\nSELECT ");
    buf_add(&b, buf_str(&k.select));
    buf_printf(&b, "\nFROM %.*s", STR_FMT(in.ref));
    i = 0;
    for (const struct doc_node *c = where ? doc_first(p->d, where) : NULL; c; c = doc_next(p->d, c)) {
        buf_addz(&b, i ? "\n  AND " : "\nWHERE ");
        condition(p, &in, &b, c, arena_printf(p->a, "where[%zu]", i++));
    }
    for (i = 0; grouped && i < n_groups; i++)
        buf_printf(&b, "%s%zu", i ? ", " : "\nGROUP BY ", i + 1);
    buf_addc(&b, '\n');
    struct err e = {0};
    if (!buf_ok(&k.select, &e) || !buf_ok(&b, &e))
        errs_push(p->es, &e);
    out->sql = arena_str(p->a, buf_str(&b));
    buf_fini(&b);
    buf_fini(&k.select);
    propose_key(p, &in, n_groups, grouped, taken, out);
    for (i = 0; i < (grouped || !measures ? n_groups : 0) && !out->time_column.n; i++)
        if (draft_is_time(out->columns[i].physical_type))
            out->time_column = out->columns[i].name;
}
