/* From text to tree: the engine's parser makes JSON, caps are held here, and exactly one SELECT passes. */
#include "sql/sql.h"

#include <ctype.h>

#include "base/buf.h"
#include "sql/sql_int.h"

void sql_position_at(const struct sql_ast *ast, uint64_t offset, uint32_t *line, uint32_t *col)
{
    *line = *col = 0;
    if (offset > ast->sql.n)
        return;
    *line = *col = 1;
    for (size_t i = 0; i < offset; i++) {
        if (ast->sql.p[i] == '\n') {
            ++*line;
            *col = 1;
        } else if (((unsigned char)ast->sql.p[i] & 0xc0) != 0x80) { /* characters, not bytes */
            ++*col;
        }
    }
}

uint64_t sql_location(yyjson_val *node)
{
    yyjson_val *v = yyjson_obj_get(node, "query_location");
    return yyjson_is_uint(v) ? yyjson_get_uint(v) : SQL_NO_LOCATION;
}

void sql_position(const struct sql_ast *ast, yyjson_val *node, uint32_t *line, uint32_t *col)
{
    sql_position_at(ast, sql_location(node), line, col);
}

struct str sql_val(yyjson_val *string)
{
    return yyjson_is_str(string) ? (struct str){yyjson_get_str(string), yyjson_get_len(string)} : STR("");
}

bool sql_is(yyjson_val *object, const char *key, const char *value)
{
    return str_eq(sql_val(yyjson_obj_get(object, key)), str_of(value));
}

struct str sql_fold(struct arena *a, struct str name)
{
    char *p = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        p[i] = (char)tolower((unsigned char)p[i]);
    return (struct str){p, name.n};
}

const struct cte_scope *cte_find(const struct cte_scope *s, struct str name)
{
    while (s && !str_eq_nocase(s->name, name))
        s = s->outer;
    return s;
}

/* Deepest nesting of a JSON text that is known to be well-formed. */
static size_t json_depth(struct str json)
{
    size_t depth = 0, deepest = 0;
    bool in_text = false;
    for (size_t i = 0; i < json.n; i++) {
        char ch = json.p[i];
        if (in_text) {
            if (ch == '\\')
                i++;
            else if (ch == '"')
                in_text = false;
        } else if (ch == '"') {
            in_text = true;
        } else if (ch == '{' || ch == '[') {
            deepest = ++depth > deepest ? depth : deepest;
        } else if (ch == '}' || ch == ']') {
            depth--;
        }
    }
    return deepest;
}

bool sql_parse(struct engine_conn *parser, struct arena *a, struct str sql, struct sql_ast **out, struct err *e)
{
    *out = NULL;
    if (sql.n > SQL_PORT_BYTES) {
        err_set(e, E_TOO_LARGE, "the SQL has %zu bytes, %d are allowed", sql.n, SQL_PORT_BYTES);
        return false;
    }
    struct buf json = BUF_INIT(SQL_JSON_BYTES);
    struct sql_ast *ast = arena_alloc(a, sizeof *ast);
    bool ok = false;
    ast->sql = arena_str(a, sql);
    if (!engine_parse(parser, sql, &json, e))
        goto out;
    if (json_depth(buf_str(&json)) > SQL_JSON_DEPTH) {
        err_set(e, E_SQL_REFUSED, "the SQL is nested too deeply");
        goto out;
    }
    ast->doc = yyjson_read(json.p, json.n, 0);
    if (!ast->doc) {
        err_set(e, E_MEMORY, "no memory for the syntax tree");
        goto out;
    }
    yyjson_val *statements = yyjson_obj_get(yyjson_doc_get_root(ast->doc), "statements");
    size_t n = yyjson_arr_size(statements);
    if (n != 1) {
        if (n == 0)
            err_set(e, E_SQL, "there is no SQL statement");
        else
            err_set(e, E_SQL, "%zu statements where one SELECT is allowed", n);
        err_hint(e, "write one SELECT statement");
        goto out;
    }
    ast->root = yyjson_obj_get(yyjson_arr_get_first(statements), "node");
    ok = yyjson_is_obj(ast->root);
    if (!ok)
        err_set(e, E_SQL, "only a SELECT is allowed here");
out:
    buf_fini(&json);
    if (ok)
        *out = ast;
    else
        sql_ast_free(ast);
    return ok;
}

void sql_ast_free(struct sql_ast *ast)
{
    if (!ast)
        return;
    yyjson_doc_free(ast->doc);
    ast->doc = NULL;
    ast->root = NULL;
}
