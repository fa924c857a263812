/* The engine's failures as errors that anybody may read. The engine's messages quote values of rows and names of hidden
 * tables; so none is passed on: the kind of failure chooses the text, and a name is repeated only where the asker wrote it. */
#include "engine/duckdb_int.h"

#include <ctype.h>
#include <yyjson.h>

#include "base/json.h"
#include "base/mem.h"

struct kind {
    const char *type;   /* the engine's exception_type */
    enum err_code code;
    const char *text, *hint;
};

static const struct kind kinds[] = {
    {"Parser", E_SQL, "the SQL is not well-formed", NULL},
    {"Syntax", E_SQL, "the SQL is not well-formed", NULL},
    {"Binder", E_SQL, "the SQL does not fit the tables it reads", NULL},
    {"Catalog", E_SQL, "the SQL names something that does not exist", NULL},
    {"Conversion", E_SQL, "a value cannot be converted to the type that the SQL asks for",
     "TRY_CAST(x AS type) gives NULL for such values"},
    {"Out of Range", E_SQL, "a number or date is beyond the range of its type", "cast to a wider type before computing"},
    {"Decimal", E_SQL, "a decimal number does not fit its type", "cast to a wider DECIMAL before computing"},
    {"Divide by Zero", E_SQL, "a division by zero", "NULLIF(x, 0) makes the result NULL"},
    {"Mismatch Type", E_SQL, "types do not match", "add a CAST"},
    {"Invalid type", E_SQL, "a type cannot be used here", "add a CAST"},
    {"Unknown Type", E_SQL, "an unknown type", NULL},
    {"Expression", E_SQL, "an expression cannot be evaluated", NULL},
    {"Not implemented", E_SQL, "the engine does not support this form of SQL", NULL},
    {"Parameter Not Resolved", E_SQL, "the type of a parameter is not known", "add a CAST around $n"},
    {"Parameter Not Allowed", E_SQL, "a parameter is not allowed here", NULL},
    {"Invalid Input", E_SQL, "a function was given a value that it cannot work on", NULL},
    {"Object Size", E_TOO_LARGE, "a value is too large", NULL},
    {"Constraint", E_ENGINE, "a row breaks a constraint of its table", NULL},
    {"TransactionContext", E_BUSY, "another change of the same data came first", "try again"},
    {"Out of Memory", E_MEMORY, "the engine ran out of memory", "ask for fewer rows or columns, or raise engine.memory_limit in mesh.yaml"},
    {"Permission", E_DENIED, "the engine's configuration does not allow this", NULL},
    {"IO", E_IO, "the engine could not read or write a file", "check free disk space and the rights of the folder"},
    {"Missing Extension", E_ENGINE, "this needs an extension of the engine that is not installed", NULL},
    {"FATAL", E_ENGINE, "the engine stopped after a failure; open the mesh again", NULL},
    {"INTERNAL", E_ENGINE, "the engine failed internally", NULL},
};

void duck_position(struct str sql, uint64_t offset, uint32_t *line, uint32_t *col)
{
    *line = *col = 0;
    if (offset > sql.n)
        return;
    *line = *col = 1;
    for (size_t i = 0; i < offset; i++) {
        if (sql.p[i] == '\n') {
            ++*line;
            *col = 1;
        } else if (((unsigned char)sql.p[i] & 0xc0) != 0x80) { /* characters, not bytes */
            ++*col;
        }
    }
}

static bool is_word(struct str s)
{
    if (s.n == 0 || s.n > 64)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if (!isalnum(ch) && ch != '_' && ch < 0x80)
            return false;
    }
    return !isdigit((unsigned char)s.p[0]);
}

/* Whether the asker wrote this word: only then may an answer repeat it. */
static bool wrote(struct str sql, struct str word)
{
    if (!is_word(word) || word.n > sql.n)
        return false;
    for (size_t i = 0; i + word.n <= sql.n; i++)
        if (str_eq_nocase((struct str){sql.p + i, word.n}, word))
            return true;
    return false;
}

/* The part between `after` and the next double quote, empty when absent. */
static struct str quoted(struct str message, struct str after)
{
    size_t at = str_find(message, after, 0);
    if (at == SIZE_MAX)
        return STR("");
    size_t from = at + after.n, to = str_find(message, STR("\""), from);
    return to == SIZE_MAX ? STR("") : (struct str){message.p + from, to - from};
}

/* A column behind the name of a table, or of what stands for one: the engine tells of it in its message alone. */
static bool refine_member(struct str message, struct str sql, struct err *e)
{
    struct str column = quoted(message, STR("does not have a column named \"")), near = quoted(message, STR("Candidate bindings: : \""));
    if (!wrote(sql, column))
        return false;
    err_set(e, E_SQL, "there is no column \"%.*s\" here", STR_FMT(column));
    if (is_word(near))
        err_hint(e, "did you mean \"%.*s\"?", STR_FMT(near));
    return true;
}

/* Sharper texts for what people most often get wrong. */
static void refine(const struct kind *k, yyjson_val *o, struct str message, struct str sql, struct err *e)
{
    struct str subtype = json_str(o, "error_subtype"), name = json_str(o, "name"), what = json_str(o, "type");
    struct str candidates = json_str(o, "candidates");
    struct str near = quoted(message, STR("at or near \""));
    bool function = str_find(what, STR("Function"), 0) != SIZE_MAX;
    if (k->code != E_SQL || refine_member(message, sql, e))
        return;
    if (str_eq(subtype, STR("COLUMN_NOT_FOUND")) && wrote(sql, name)) {
        err_set(e, E_SQL, "there is no column \"%.*s\" here", STR_FMT(name));
        struct str rest, first = str_trim(str_cut(candidates, ',', &rest));
        if (is_word(first))
            err_hint(e, "did you mean \"%.*s\"?", STR_FMT(first));
    } else if (str_eq(subtype, STR("MISSING_ENTRY")) && wrote(sql, name)) {
        err_set(e, E_SQL, "there is no %s \"%.*s\"", function ? "function" : str_eq(what, STR("Type")) ? "type" : "table",
                STR_FMT(name));
        struct str rest, first = str_trim(str_cut(candidates, ',', &rest));
        if (function && is_word(first))
            err_hint(e, "did you mean \"%.*s\"?", STR_FMT(first));
    } else if (str_eq(subtype, STR("NO_MATCHING_FUNCTION"))) {
        if (wrote(sql, name))
            err_set(e, E_SQL, "the function \"%.*s\" does not take arguments of these types", STR_FMT(name));
        else
            err_set(e, E_SQL, "an operator or function does not take values of these types");
        err_hint(e, "add a CAST");
    } else if (str_starts(message, STR("Ambiguous reference")) ) {
        err_set(e, E_SQL, "a column name is ambiguous: more than one table has it");
        err_hint(e, "write table.column");
    } else if (str_find(message, STR("must appear in the GROUP BY"), 0) != SIZE_MAX) {
        err_set(e, E_SQL, "a column is neither grouped nor aggregated");
        err_hint(e, "add it to GROUP BY, or wrap it in an aggregate such as sum() or any_value()");
    } else if (str_starts(message, STR("Referenced table")) && wrote(sql, quoted(message, STR("Referenced table \"")))) {
        err_set(e, E_SQL, "there is no table \"%.*s\" in this FROM", STR_FMT(quoted(message, STR("Referenced table \""))));
    } else if (wrote(sql, near)) {
        err_set(e, E_SQL, "the SQL is not well-formed at \"%.*s\"", STR_FMT(near));
    } else if (str_find(message, STR("at end of input"), 0) != SIZE_MAX) {
        err_set(e, E_SQL, "the SQL ends too early");
    }
}

static const struct kind *kind_find(struct str type)
{
    static const struct kind other = {"", E_ENGINE, "the engine failed", NULL};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_eq_nocase(type, str_of(kinds[i].type)))
            return &kinds[i];
    return &other;
}

static void remember(struct engine_conn *c, struct str type, struct str message)
{
    mem_free(c->last_message);
    c->last_message = mem_alloc(type.n + message.n + 3);
    memcpy(c->last_message, type.p ? type.p : "", type.n);
    if (type.n)
        memcpy(c->last_message + type.n, ": ", 2);
    if (message.n)
        memcpy(c->last_message + type.n + (type.n ? 2 : 0), message.p, message.n);
}

bool duck_cause_lost(const struct engine_conn *c, const char *raw)
{
    return !atomic_load(&c->timed_out) && !atomic_load(&c->interrupted) && raw && strstr(raw, "Interrupted!");
}

bool duck_error(struct engine_conn *c, const char *raw, struct str sql, struct err *e)
{
    struct str text = str_of(raw ? raw : "");
    /* Some paths put "Binder Error: " in front of the JSON. */
    size_t brace = str_find(text, STR("{\"exception_type\""), 0);
    yyjson_doc *doc = brace == SIZE_MAX ? NULL : yyjson_read(text.p + brace, text.n - brace, 0);
    yyjson_val *o = doc ? yyjson_doc_get_root(doc) : NULL;
    struct str type = json_str(o, "exception_type"), message = json_str(o, "exception_message");
    if (!doc) {
        size_t colon = str_find(text, STR(" Error: "), 0);
        if (colon != SIZE_MAX && colon < 40) {
            type = (struct str){text.p, colon};
            message = (struct str){text.p + colon + 8, text.n - colon - 8};
        } else {
            message = text;
        }
    }
    remember(c, type, message);
    if (atomic_load(&c->timed_out)) {
        err_set(e, E_TIMEOUT, "the query took longer than %lld ms", (long long)c->timeout_ms);
        err_hint(e, "ask for fewer days or columns, or filter earlier");
    } else if (atomic_load(&c->interrupted)) {
        err_set(e, E_CANCELLED, "cancelled");
    } else if (duck_cause_lost(c, raw)) {
        err_set(e, E_ENGINE, "the engine stopped after a failure in one of its threads");
        err_hint(e, "a second attempt usually tells the cause");
    } else {
        const struct kind *k = kind_find(type);
        err_set(e, k->code, "%s", k->text);
        if (k->hint)
            err_hint(e, "%s", k->hint);
        if (k->code == E_BUSY && str_find(message, STR("onflict"), 0) == SIZE_MAX)
            err_set(e, E_ENGINE, "the transaction cannot go on");
        refine(k, o, message, sql, e);
        int64_t offset = -1;
        struct str position = json_str(o, "position");
        if (e && k->code == E_SQL && str_to_i64(position, &offset) && offset >= 0)
            duck_position(sql, (uint64_t)offset, &e->line, &e->col);
    }
    yyjson_doc_free(doc);
    return false;
}
