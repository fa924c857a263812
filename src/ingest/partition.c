/* Restatement. The rows of a file are in the raw table already, in the same transaction; here what they take the place of
 * moves to history: the (account, day) partitions they contain, or what the path gave before. A content that is read again
 * takes the place of what it gave before, and of nothing that later files gave. */
#include "ingest/ingest_int.h"

static struct str type_of(const struct raw_table *t, struct str name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (str_eq(t->cols[i].name, name))
            return t->cols[i].type;
    }
    return (struct str){0};
}

/* The day as a value that can be compared: a DATE, or for a column kept as text the day it begins with, else the text. */
void day_expression(struct buf *b, const struct raw_table *t, struct str day, const char *prefix)
{
    struct str type = type_of(t, day);
    bool text = str_eq(type, STR("VARCHAR"));
    buf_addz(b, text ? "coalesce(CAST(TRY_CAST(" : str_eq(type, STR("DATE")) ? "(" : "CAST(");
    buf_addz(b, prefix);
    buf_sql_ident(b, day);
    if (text) {
        buf_addz(b, " AS DATE) AS VARCHAR), ");
        buf_addz(b, prefix);
        buf_sql_ident(b, day);
        buf_addc(b, ')');
    } else {
        buf_addz(b, str_eq(type, STR("DATE")) ? ")" : " AS DATE)");
    }
}

static void account_expression(struct buf *b, const struct file_found *f, const struct raw_table *t, const char *prefix)
{
    if (!f->stream->account_column.n || !raw_has(t, f->stream->account_column)) {
        buf_addz(b, "''");
        return;
    }
    buf_addz(b, "coalesce(CAST(");
    buf_addz(b, prefix);
    buf_sql_ident(b, f->stream->account_column);
    buf_addz(b, " AS VARCHAR), '')");
}

static void ids(struct buf *b, const int64_t *v, size_t n)
{
    buf_addc(b, '(');
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s%lld", i ? "," : "", (long long)v[i]);
    buf_addz(b, n ? ")" : "-1)");
}

/* The stream's files with a later place than this content. */
static void later_files(struct buf *b, const struct file_found *f, const struct replace_scope *s)
{
    buf_addz(b, "(SELECT file_id FROM mesh.sys.file_load LEFT JOIN mesh.sys.ingest_job USING (file_id) WHERE stream = ");
    buf_sql_text(b, f->stream->ref);
    buf_printf(b, " AND coalesce(since_id, file_id) > %lld)", (long long)s->since_id);
}

/* Which rows of other files may be replaced at all. */
static void scope_condition(struct buf *b, const struct file_found *f, const struct replace_scope *s)
{
    if (f->stream->load != LOAD_REPLACE_DAYS) { /* appended rows go only when their own file is read again */
        buf_addz(b, "r._file_id IN ");
        ids(b, s->same_path, s->n_same_path);
    } else if (f->stream->overlap_adds) {
        buf_printf(b, "r._file_id < %lld", (long long)s->run_first_id); /* files of one run are parts of one whole */
        if (s->changed) {
            buf_addz(b, " AND r._file_id IN ");
            ids(b, s->same_path, s->n_same_path);
        }
    } else {
        buf_printf(b, "r._file_id <> %lld", (long long)s->file_id);
        if (s->former_id) {
            buf_addz(b, " AND r._file_id NOT IN ");
            later_files(b, f, s);
        }
    }
}

static void partition_condition(struct buf *b, const struct file_found *f, const struct raw_table *t)
{
    account_expression(b, f, t, "r.");
    buf_addz(b, " = p._account AND ");
    day_expression(b, t, f->stream->day_column, "r.");
    buf_addz(b, " = p._day");
}

static bool partitions_make(struct engine_conn *c, const struct file_found *f, const struct raw_table *t,
                            const struct replace_scope *s, struct err *e)
{
    struct buf sql = BUF_INIT(1u << 16);
    buf_addz(&sql, "CREATE OR REPLACE TEMP TABLE trellis_partition AS SELECT ");
    account_expression(&sql, f, t, "r.");
    buf_addz(&sql, " AS _account, ");
    day_expression(&sql, t, f->stream->day_column, "r.");
    buf_addz(&sql, " AS _day, count(*) AS _n FROM ");
    sql_table(&sql, "raw", f->stream->ref);
    buf_printf(&sql, " r WHERE r._file_id = %lld GROUP BY ALL", (long long)s->file_id);
    bool ok = sql_run_buf(c, &sql, e);
    buf_fini(&sql);
    return ok;
}

struct shrunken {
    const struct file_found *f;
    struct errs *es;
    size_t told;
};

static bool shrunken_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    enum { TOLD_MAX = 5 };
    struct shrunken *s = ctx;
    (void)e;
    if (s->told++ >= TOLD_MAX)
        return true;
    struct buf day = BUF_INIT(256);
    engine_cell_text(ch, 0, i, &day);
    struct err *w =
        errs_warn(s->es, E_SOURCE_FILE, s->f->path, 0, 0, "%s of %.*s has %lld rows now, it had %lld before", buf_z(&day),
                  STR_FMT(s->f->stream->ref), (long long)engine_cell_i64(ch, 2, i), (long long)engine_cell_i64(ch, 1, i));
    err_hint(w, "if the file is an incomplete export, export it again; what it replaced is kept in history");
    buf_fini(&day);
    return true;
}

/* Partitions that come back with less than half of their rows. */
static bool shrunken_tell(struct engine_conn *c, const struct file_found *f, const struct raw_table *t,
                          const struct replace_scope *s, struct errs *es, struct err *e)
{
    struct buf sql = BUF_INIT(1u << 16);
    struct shrunken told = {f, es, 0};
    buf_addz(&sql, "SELECT p._day, count(*) AS before, any_value(p._n) AS now FROM ");
    sql_table(&sql, "raw", f->stream->ref);
    buf_addz(&sql, " r JOIN trellis_partition p ON ");
    partition_condition(&sql, f, t);
    buf_addz(&sql, " WHERE ");
    scope_condition(&sql, f, s);
    buf_addz(&sql, " GROUP BY p._account, p._day HAVING any_value(p._n) * 2 < count(*) ORDER BY 1, p._account");
    bool ok = buf_ok(&sql, e) && sql_each(c, buf_str(&sql), NULL, 0, shrunken_row, &told, e);
    buf_fini(&sql);
    return ok;
}

/* " raw r [, trellis_partition p] WHERE ..." of the rows that go. */
static void gone(struct buf *b, const struct file_found *f, const struct raw_table *t, const struct replace_scope *s,
                 const char *join)
{
    bool days = f->stream->load == LOAD_REPLACE_DAYS;
    buf_addz(b, days ? join : "");
    buf_addz(b, " WHERE ");
    scope_condition(b, f, s);
    if (days) {
        buf_addz(b, " AND ");
        partition_condition(b, f, t);
    }
}

/* What goes out of the raw table: the rows that the file takes the place of, all that its content gave as it was read before
 * (also under days that it does not have as it is read now), or of its own rows those that must not become current. */
enum going { GOING_REPLACED, GOING_FORMER, GOING_OWN };

static void going_condition(struct buf *b, enum going what, const struct file_found *f, const struct raw_table *t,
                            const struct replace_scope *s, const char *join)
{
    if (what == GOING_FORMER) {
        buf_printf(b, " WHERE r._file_id = %lld", (long long)s->former_id);
    } else if (what == GOING_OWN) {
        buf_addz(b, join);
        buf_printf(b, " WHERE r._file_id = %lld AND ", (long long)s->file_id);
        partition_condition(b, f, t);
    } else {
        gone(b, f, t, s, join);
    }
}

static bool move_out(struct engine_conn *c, const struct file_found *f, const struct raw_table *t, const struct replace_scope *s,
                     enum going what, int64_t *rows, struct err *e)
{
    struct buf sql = BUF_INIT(4u << 20), names = BUF_INIT(1u << 20), values = BUF_INIT(1u << 20);
    for (size_t i = 0; i < t->n; i++) {
        buf_sql_ident(&names, t->cols[i].name);
        buf_addc(&names, ',');
        buf_addz(&values, "r.");
        buf_sql_ident(&values, t->cols[i].name);
        buf_addc(&values, ',');
    }
    buf_addz(&names, "_file_id,_line,_learned_from");
    buf_addz(&values, "r._file_id,r._line,r._learned_from");
    buf_addz(&sql, "INSERT INTO ");
    sql_table(&sql, "hist", f->stream->ref);
    buf_addz(&sql, " (");
    buf_add(&sql, buf_str(&names));
    buf_addz(&sql, ",_learned_to) SELECT ");
    buf_add(&sql, buf_str(&values));
    buf_addc(&sql, ',');
    sql_timestamp(&sql, s->now_us); /* for its own rows the moment at which they came: no as-of shows them */
    buf_addz(&sql, " FROM ");
    sql_table(&sql, "raw", f->stream->ref);
    buf_addz(&sql, " r");
    going_condition(&sql, what, f, t, s, ", trellis_partition p");
    bool ok = buf_ok(&names, e) && buf_ok(&values, e) && sql_run_buf(c, &sql, e);
    buf_reset(&sql);
    buf_addz(&sql, "SELECT count(*) FROM ");
    sql_table(&sql, "raw", f->stream->ref);
    buf_addz(&sql, " r");
    going_condition(&sql, what, f, t, s, ", trellis_partition p");
    int64_t n = 0;
    ok = ok && buf_ok(&sql, e) && engine_value_i64(c, buf_str(&sql), NULL, 0, &n, e);
    buf_reset(&sql);
    buf_addz(&sql, "DELETE FROM ");
    sql_table(&sql, "raw", f->stream->ref);
    buf_addz(&sql, " AS r");
    going_condition(&sql, what, f, t, s, " USING trellis_partition p");
    ok = ok && (n == 0 || sql_run_buf(c, &sql, e));
    if (what != GOING_OWN)
        *rows += n;
    buf_fini(&names);
    buf_fini(&values);
    buf_fini(&sql);
    return ok;
}

/* A content that is read again: first the partitions that a later file holds, and in which this content had no rows left. Its
 * rows of those do not become current, and are no partitions of its any more. */
static bool later_kept(struct engine_conn *c, const struct file_found *f, const struct raw_table *t,
                       const struct replace_scope *s, struct err *e)
{
    struct buf sql = BUF_INIT(1u << 16);
    int64_t ignored = 0;
    buf_addz(&sql,
             "CREATE OR REPLACE TEMP TABLE trellis_partition_mine AS SELECT p.* FROM trellis_partition p LEFT JOIN (SELECT ");
    account_expression(&sql, f, t, "r.");
    buf_addz(&sql, " AS a, ");
    day_expression(&sql, t, f->stream->day_column, "r.");
    buf_printf(&sql, " AS d, bool_or(r._file_id = %lld) AS mine, bool_or(r._file_id IN ", (long long)s->former_id);
    later_files(&sql, f, s);
    buf_addz(&sql, ") AS later FROM ");
    sql_table(&sql, "raw", f->stream->ref);
    buf_printf(
        &sql,
        " r WHERE r._file_id <> %lld GROUP BY ALL) h ON h.a = p._account AND h.d = p._day"
        " WHERE coalesce(h.mine OR NOT h.later, true);"
        "DELETE FROM trellis_partition AS p USING trellis_partition_mine m WHERE p._account = m._account AND p._day = m._day",
        (long long)s->file_id);
    bool ok =
        sql_run_buf(c, &sql, e) && move_out(c, f, t, s, GOING_OWN, &ignored, e) &&
        engine_exec(c,
                    STR("CREATE OR REPLACE TEMP TABLE trellis_partition AS SELECT * FROM trellis_partition_mine; DROP TABLE "
                        "trellis_partition_mine"),
                    e);
    buf_fini(&sql);
    return ok;
}

static bool days_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct replaced *out = ctx;
    (void)e;
    if (!engine_cell_null(ch, 0, i)) {
        out->has_days = true;
        out->day_from = (int32_t)engine_cell_i64(ch, 0, i);
        out->day_to = (int32_t)engine_cell_i64(ch, 1, i);
    }
    return true;
}

bool partition_replace(struct engine_conn *c, const struct file_found *f, const struct raw_table *t,
                       const struct replace_scope *s, struct replaced *out, struct errs *es, struct err *e)
{
    *out = (struct replaced){0};
    if (f->stream->load == LOAD_REPLACE_DAYS) {
        if (!raw_has(t, f->stream->day_column)) {
            err_at(e, E_SOURCE_FILE, f->path, 0, 0, "it has no column %.*s, which says the day of each row",
                   STR_FMT(f->stream->day_column));
            err_hint(e, "correct `day_column` of the stream, or use `load: snapshot`");
            return false;
        }
        if (!partitions_make(c, f, t, s, e) || (s->former_id && !later_kept(c, f, t, s, e)) ||
            !sql_each(c, STR("SELECT min(TRY_CAST(_day AS DATE)), max(TRY_CAST(_day AS DATE)) FROM trellis_partition"), NULL, 0,
                      days_row, out, e) ||
            (!s->first && !shrunken_tell(c, f, t, s, es, e)))
            return false;
    }
    bool ok = !s->former_id || move_out(c, f, t, s, GOING_FORMER, &out->rows, e);
    ok = ok && ((f->stream->load != LOAD_REPLACE_DAYS && !s->n_same_path) || s->first ||
                move_out(c, f, t, s, GOING_REPLACED, &out->rows, e));
    return ok && (f->stream->load != LOAD_REPLACE_DAYS || engine_exec(c, STR("DROP TABLE trellis_partition"), e));
}
