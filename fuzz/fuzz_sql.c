/* SQL text through parser, gate, names, lineage and shape; what passes and names only the visible table is run, and the word
 * that stands in every hidden table must not come back, in rows or in errors. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sql/sql.h"

#define CANARY "CANARYQX"

static struct engine *g;
static struct engine_conn *c;

static void close_all(void)
{
    engine_disconnect(c);
    engine_close(g);
}

static void open_once(void)
{
    struct err e;
    static const char sql[] = "CREATE SCHEMA web; CREATE TABLE web.people AS SELECT i AS id, 'x' AS country, DATE '2026-01-01' AS day, [1, 2] AS l FROM range(5) t(i);"
                              "CREATE TABLE customers AS SELECT '" CANARY "' AS email; CREATE SCHEMA hr; CREATE TABLE hr.salaries AS SELECT '" CANARY "' AS x;"
                              "ATTACH ':memory:' AS mesh; CREATE TABLE mesh.main.customers AS SELECT '" CANARY "' AS email";
    if (g)
        return;
    if (!engine_open(&(struct engine_options){.threads = 1, .memory_limit_bytes = 256u << 20, .locked = true}, &g, &e) || !engine_connect(g, &c, &e) ||
        !engine_exec(c, str_of(sql), &e) || atexit(close_all) != 0)
        abort();
}

static bool contains(struct str s, const char *word)
{
    return str_find(s, str_of(word), 0) != SIZE_MAX;
}

static void run(struct str sql)
{
    struct err e = {0};
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    const struct engine_column *cols;
    struct buf b = BUF_INIT(1 << 20);
    size_t rows = 0;
    bool ok = engine_query(c, sql, NULL, 0, &r, &e);
    size_t n = ok ? engine_result_columns(r, &cols) : 0;
    while (ok && rows < 5000 && (ok = engine_result_next(r, &ch, &e)) && ch) {
        for (size_t i = 0; i < engine_chunk_rows(ch) && i < 50; i++)
            for (size_t k = 0; k < n; k++) {
                engine_cell_text(ch, k, i, &b);
                engine_cell_json(ch, k, i, &b);
            }
        rows += engine_chunk_rows(ch);
    }
    if (contains(buf_str(&b), CANARY) || strstr(e.text, CANARY) || strstr(e.hint, CANARY))
        abort();
    engine_result_close(r);
    buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str sql = {(const char *)data, size};
    struct arena a;
    struct err e = {0};
    struct sql_ast *ast;
    struct sql_ref *refs;
    struct sql_column_lineage *lines;
    size_t n, n_lines;
    if (size > 1 << 14)
        return 0;
    open_once();
    arena_init(&a);
    if (sql_shape(&a, sql).n > size * 3 + 16)
        abort();
    engine_deadline(c, 300);
    if (sql_parse(c, &a, sql, &ast, &e)) {
        if (!sql_refs(ast, &a, &refs, &n, &e))
            abort();
        (void)!sql_lineage(ast, &a, NULL, NULL, &lines, &n_lines, &e);
        bool visible = true;
        for (size_t i = 0; i < n; i++)
            visible = visible && refs[i].catalog.n == 0 && str_eq(refs[i].schema, STR("web")) && str_eq(refs[i].table, STR("people"));
        if (sql_gate(ast, SQL_QUESTION, &e) && visible && !contains(sql, CANARY))
            run(sql);
        sql_ast_free(ast);
    }
    arena_fini(&a);
    return 0;
}
