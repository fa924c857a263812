/* The engine's own parser as a service: the syntax tree of a SELECT as JSON. */
#include "engine/duckdb_int.h"

#include "base/json.h"
#include "base/mem.h"

static const char serialize_sql[] = "SELECT json_serialize_sql($1::VARCHAR)";

/* {"error":true,...}: what the parser objects to, with its place. */
static bool parse_refused(struct engine_conn *c, yyjson_val *o, struct str sql, struct err *e)
{
    struct str kind = json_str(o, "error_type"), message = json_str(o, "error_message");
    if (str_eq(kind, STR("not implemented"))) {
        err_set(e, E_SQL, "only a SELECT is allowed here");
        err_hint(e, "write one SELECT statement (a WITH in front is fine; PIVOT needs an IN list)");
        if (e)
            duck_position(sql, 0, &e->line, &e->col);
        return false;
    }
    /* The same shape as a failure of execution, so that one place words both. */
    struct buf b = BUF_INIT(1 << 20);
    buf_addz(&b, "{\"exception_type\":\"Parser\",\"exception_message\":");
    buf_json_str(&b, message);
    buf_addz(&b, ",\"error_subtype\":");
    buf_json_str(&b, json_str(o, "error_subtype"));
    buf_addz(&b, ",\"position\":");
    buf_json_str(&b, json_str(o, "position"));
    buf_addc(&b, '}');
    duck_error(c, buf_z(&b), sql, e);
    buf_fini(&b);
    return false;
}

static bool result_take(struct engine_conn *c, duckdb_result *r, struct str sql, struct buf *json, struct err *e)
{
    duckdb_data_chunk ch = duckdb_fetch_chunk(*r);
    bool ok = false;
    if (!ch || duckdb_data_chunk_get_size(ch) != 1) {
        duck_error(c, duckdb_result_error(r), sql, e);
    } else {
        duckdb_string_t *s = duckdb_vector_get_data(duckdb_data_chunk_get_vector(ch, 0));
        struct str text = {duckdb_string_t_data(s), duckdb_string_t_length(*s)};
        if (str_starts(text, STR("{\"error\":true"))) {
            yyjson_doc *doc = yyjson_read(text.p, text.n, 0);
            parse_refused(c, yyjson_doc_get_root(doc), sql, e);
            yyjson_doc_free(doc);
        } else {
            buf_add(json, text);
            ok = buf_ok(json, e);
        }
    }
    duckdb_destroy_data_chunk(&ch);
    return ok;
}

bool engine_parse(struct engine_conn *c, struct str sql, struct buf *json, struct err *e)
{
    if (sql.n && memchr(sql.p, 0, sql.n))
        return err_set(e, E_SQL, "the SQL holds a NUL character");
    if (!str_utf8_valid(sql))
        return err_set(e, E_SQL, "the SQL is not valid UTF-8");
    if (!duck_call_begin(c, e))
        return false;
    bool ok = false;
    duckdb_result r;
    if (!c->parser && duckdb_prepare(c->conn, serialize_sql, &c->parser) != DuckDBSuccess) {
        duck_error(c, c->parser ? duckdb_prepare_error(c->parser) : NULL, STR(""), e);
        duckdb_destroy_prepare(&c->parser);
        goto out;
    }
    const struct engine_param text = {.type = ENGINE_TEXT, .s = sql};
    if (!duck_bind(c, c->parser, &text, 1, e))
        goto out;
    ok = duckdb_execute_prepared(c->parser, &r) == DuckDBSuccess;
    if (ok)
        ok = result_take(c, &r, sql, json, e);
    else
        duck_error(c, duckdb_result_error(&r), STR(""), e);
    duckdb_destroy_result(&r);
out:
    duck_call_end(c);
    return ok;
}
