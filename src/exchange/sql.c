/* SQL DDL of PostgreSQL, Snowflake, BigQuery, Redshift, MySQL, SQL Server, DuckDB: CREATE TABLE with its constraints and comments, COMMENT ON, ALTER TABLE … ADD
 * constraint. Every other statement is passed over and counted. And back, as CREATE TABLE that all of them read. */
#include "exchange/exchange_int.h"
#include "exchange/sql_words.h"

struct ddl {
    struct intake *r;
    struct str text;
    const struct word *w;
};

static bool take(struct ddl *d, const char *keyword)
{
    if (!word_is(d->w, keyword))
        return false;
    d->w++;
    return true;
}

static bool take_mark(struct ddl *d, char mark)
{
    if (!word_mark(d->w, mark))
        return false;
    d->w++;
    return true;
}

static bool is_name(const struct word *w)
{
    return w->kind == WORD_NAME || w->kind == WORD_QUOTED;
}

static bool fail(struct ddl *d, const char *wanted)
{
    struct str found = d->w->kind == WORD_END ? STR("the end") : d->w->s;
    errs_add(d->r->es, E_SQL, d->r->file, d->w->line, d->w->col, "%s is expected here, not %.*s", wanted, (int)(found.n < 60 ? found.n : 60), found.p);
    return false;
}

/* a, "a"."b", db.schema.table */
static bool name_path(struct ddl *d, struct str *out)
{
    struct str whole = STR("");
    do {
        if (!is_name(d->w))
            return fail(d, "a name");
        whole = whole.n ? arena_printf(d->r->a, "%.*s.%.*s", STR_FMT(whole), STR_FMT(d->w->s)) : d->w->s;
        d->w++;
    } while (take_mark(d, '.'));
    *out = whole;
    return true;
}

/* From an opening bracket to behind its closing one. Only in a type are < and > brackets. */
static void skip_group(struct ddl *d)
{
    bool angles = word_mark(d->w, '<');
    int depth = 0;
    do {
        depth += word_mark(d->w, '(') || (angles && word_mark(d->w, '<')) ? 1 : word_mark(d->w, ')') || (angles && word_mark(d->w, '>')) ? -1 : 0;
        d->w++;
    } while (depth > 0 && d->w->kind != WORD_END);
}

static void skip_statement(struct ddl *d)
{
    while (d->w->kind != WORD_END && !word_mark(d->w, ';'))
        d->w++;
    take_mark(d, ';');
}

/* To the comma or bracket that ends this definition. */
static void skip_rest(struct ddl *d)
{
    while (d->w->kind != WORD_END && !word_mark(d->w, ',') && !word_mark(d->w, ')') && !word_mark(d->w, ';')) {
        if (word_mark(d->w, '('))
            skip_group(d);
        else
            d->w++;
    }
}

static struct exchange_table *current(struct ddl *d)
{
    return &d->r->tables[d->r->n - 1];
}

/* (a, b): each is told to `mark` with its place; NULL: only the first goes to *first. */
static bool column_list(struct ddl *d, struct exchange_table *t, void (*mark)(struct mesh_inferred_column *c, int place, size_t of), struct str *first)
{
    const struct word *from = d->w;
    size_t n = 0;
    int place = 0;
    for (int pass = 0; pass < 2; pass++) {
        d->w = from;
        if (!take_mark(d, '('))
            return fail(d, "( and column names");
        for (;;) {
            if (!is_name(d->w))
                return fail(d, "a column");
            if (pass == 0 && n++ == 0 && first)
                *first = d->w->s;
            struct mesh_inferred_column *c = pass && t ? intake_find(t, mesh_normal_column(d->r->a, d->w->s)) : NULL;
            if (c && mark)
                mark(c, ++place, n);
            d->w++;
            while (d->w->kind != WORD_END && !word_mark(d->w, ',') && !word_mark(d->w, ')')) /* ASC, (10), collations */
                if (word_mark(d->w, '('))
                    skip_group(d);
                else
                    d->w++;
            if (!take_mark(d, ','))
                break;
        }
        if (!take_mark(d, ')'))
            return fail(d, ")");
    }
    return true;
}

static void mark_key(struct mesh_inferred_column *c, int place, size_t of)
{
    (void)of;
    c->key_position = place;
    c->required = true;
}

static void mark_unique(struct mesh_inferred_column *c, int place, size_t of)
{
    (void)place;
    c->unique |= of == 1; /* of several together, one alone is not unique */
}

/* REFERENCES table [(column)] */
static bool references(struct ddl *d, struct mesh_inferred_column *c)
{
    struct str to, column = STR("");
    if (!name_path(d, &to))
        return false;
    if (word_mark(d->w, '(') && !column_list(d, NULL, NULL, &column))
        return false;
    if (c && column.n)
        c->references = arena_printf(d->r->a, "%.*s.%.*s", STR_FMT(to), STR_FMT(column));
    return true;
}

/* CHECK (status IN ('a', 'b')): the values that are allowed. Any other condition has no rule that says the same. */
static void check(struct ddl *d, struct exchange_table *t)
{
    const struct word *open = d->w, *w = open + 1;
    skip_group(d);
    while (word_mark(w, '('))
        w++;
    struct mesh_inferred_column *c = is_name(w) && word_is(w + 1, "IN") && word_mark(w + 2, '(') ? intake_find(t, mesh_normal_column(d->r->a, w->s)) : NULL;
    if (!c) {
        errs_warn(d->r->es, E_SQL, d->r->file, open->line, open->col, "this CHECK has no rule that says the same; it is left out");
        return;
    }
    c->values = arena_array(d->r->a, (size_t)(d->w - open), sizeof *c->values);
    c->n_values = 0;
    for (w += 3; w < d->w && !word_mark(w, ')'); w++)
        if (w->kind == WORD_TEXT || w->kind == WORD_NUMBER)
            c->values[c->n_values++] = w->s;
}

static bool table_constraint(struct ddl *d, struct exchange_table *t, bool *was)
{
    struct str first;
    *was = true;
    if (take(d, "CONSTRAINT") && is_name(d->w))
        d->w++;
    if (word_is(d->w, "PRIMARY") && word_is(d->w + 1, "KEY")) {
        d->w += 2;
        while (word_is(d->w, "CLUSTERED") || word_is(d->w, "NONCLUSTERED"))
            d->w++;
        if (!column_list(d, t, mark_key, NULL))
            return false;
    } else if (word_is(d->w, "UNIQUE") && (word_mark(d->w + 1, '(') || word_is(d->w + 1, "KEY") || word_is(d->w + 1, "INDEX"))) {
        while (d->w->kind == WORD_NAME || d->w->kind == WORD_QUOTED)
            d->w++;
        if (!column_list(d, t, mark_unique, NULL))
            return false;
    } else if (word_is(d->w, "FOREIGN") && word_is(d->w + 1, "KEY")) {
        d->w += 2;
        if (is_name(d->w))
            d->w++;
        if (!column_list(d, t, NULL, &first))
            return false;
        if (!take(d, "REFERENCES"))
            return fail(d, "REFERENCES");
        if (!references(d, intake_find(t, mesh_normal_column(d->r->a, first))))
            return false;
    } else if (word_is(d->w, "CHECK") && word_mark(d->w + 1, '(')) {
        d->w++;
        check(d, t);
    } else if ((word_is(d->w, "INDEX") || word_is(d->w, "KEY") || word_is(d->w, "FULLTEXT") || word_is(d->w, "SPATIAL") || word_is(d->w, "EXCLUDE") || word_is(d->w, "LIKE") ||
                word_is(d->w, "PERIOD")) &&
               (word_mark(d->w + 1, '(') || (is_name(d->w + 1) && (word_mark(d->w + 2, '(') || word_is(d->w, "LIKE") || word_mark(d->w + 2, '.'))) ||
                word_is(d->w + 1, "KEY") || word_is(d->w + 1, "INDEX"))) {
        /* An index says nothing of what the rows are. */
    } else {
        *was = false;
        return true;
    }
    skip_rest(d);
    return true;
}

/* Words that may follow a type and so end it. */
static bool ends_type(const struct word *w)
{
    static const char *const words[] = {"NOT", "NULL", "PRIMARY", "UNIQUE", "DEFAULT", "REFERENCES", "CHECK", "COMMENT", "OPTIONS", "COLLATE", "CONSTRAINT", "GENERATED", "IDENTITY",
                                        "AUTO_INCREMENT", "AUTOINCREMENT", "ENCODE", "DISTKEY", "SORTKEY", "MASKING", "WITH", "TAG", "KEY", "ON", "AS", "ROWGUIDCOL", "INVISIBLE"};
    if (w->kind == WORD_END || word_mark(w, ',') || word_mark(w, ')') || word_mark(w, ';'))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word_is(w, words[i]))
            return !word_is(w, "WITH") || !(word_is(w + 1, "TIME") || word_is(w + 1, "LOCAL")); /* TIMESTAMP WITH TIME ZONE */
    return false;
}

static void column_type(struct ddl *d, struct mesh_inferred_column *c)
{
    const struct word *first = d->w;
    while (!ends_type(d->w)) {
        if (word_mark(d->w, '(') || word_mark(d->w, '<'))
            skip_group(d);
        else
            d->w++;
    }
    if (d->w == first)
        return; /* SQLite takes a column without a type: text */
    struct str type = {d->text.p + first->from, (d->w - 1)->to - first->from};
    type_from_sql(d->r, c, type, first->line, first->col);
    if (word_is(first, "ENUM") && word_mark(first + 1, '(')) {
        c->values = arena_array(d->r->a, (size_t)(d->w - first), sizeof *c->values);
        for (const struct word *w = first; w < d->w; w++)
            if (w->kind == WORD_TEXT)
                c->values[c->n_values++] = w->s;
    }
}

/* BigQuery: OPTIONS (description = 'text', …) */
static struct str option_description(struct ddl *d)
{
    const struct word *from = d->w;
    skip_group(d);
    for (const struct word *w = from; w + 2 < d->w; w++)
        if (word_is(w, "description") && word_mark(w + 1, '=') && (w[2].kind == WORD_TEXT || w[2].kind == WORD_QUOTED))
            return w[2].s;
    return STR("");
}

static bool column(struct ddl *d)
{
    if (!is_name(d->w))
        return fail(d, "a column or constraint");
    struct mesh_inferred_column *c = intake_column(d->r, d->w->s, d->w->line, d->w->col);
    d->w++;
    if (!c) {
        skip_rest(d);
        return true;
    }
    column_type(d, c);
    while (!word_mark(d->w, ',') && !word_mark(d->w, ')')) {
        if (d->w->kind == WORD_END || word_mark(d->w, ';'))
            return fail(d, ") at the end of the table");
        if (word_is(d->w, "NOT") && word_is(d->w + 1, "NULL")) {
            c->required = true;
            d->w += 2;
        } else if (word_is(d->w, "PRIMARY") && word_is(d->w + 1, "KEY")) {
            mark_key(c, 1, 1);
            d->w += 2;
        } else if (take(d, "UNIQUE")) {
            c->unique = true;
        } else if (take(d, "REFERENCES")) {
            if (!references(d, c))
                return false;
        } else if (word_is(d->w, "CHECK") && word_mark(d->w + 1, '(')) {
            d->w++;
            check(d, current(d));
        } else if (take(d, "COMMENT")) {
            take_mark(d, '=');
            if (d->w->kind == WORD_TEXT)
                c->description = (d->w++)->s;
        } else if (word_is(d->w, "OPTIONS") && word_mark(d->w + 1, '(')) {
            d->w++;
            c->description = option_description(d);
        } else if (word_mark(d->w, '(')) {
            skip_group(d);
        } else {
            d->w++;
        }
    }
    return true;
}

/* Behind the columns: COMMENT = 'text', OPTIONS (description = 'text') and much that does not matter here. */
static void table_tail(struct ddl *d, struct exchange_table *t)
{
    while (d->w->kind != WORD_END && !word_mark(d->w, ';')) {
        if (take(d, "COMMENT")) {
            take_mark(d, '=');
            if (d->w->kind == WORD_TEXT)
                t->description = (d->w++)->s;
        } else if (word_is(d->w, "OPTIONS") && word_mark(d->w + 1, '(')) {
            d->w++;
            t->description = option_description(d);
        } else {
            d->w++;
        }
    }
    take_mark(d, ';');
}

/* Behind CREATE; *was false: something else is created. */
static bool create_table(struct ddl *d, bool *was)
{
    static const char *const before[] = {"OR", "REPLACE", "GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "TRANSIENT", "EXTERNAL", "UNLOGGED", "HYBRID", "DYNAMIC", "VOLATILE", "FOREIGN"};
    struct str name;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < sizeof before / sizeof *before && !more; i++)
            more = take(d, before[i]);
    }
    *was = take(d, "TABLE");
    if (!*was)
        return true;
    if (word_is(d->w, "IF") && word_is(d->w + 1, "NOT"))
        d->w += 3;
    const struct word *at = d->w;
    if (!name_path(d, &name))
        return false;
    if (word_is(d->w, "CLUSTER") && word_is(d->w + 1, "BY") && word_mark(d->w + 2, '(')) { /* where Snowflake's GET_DDL puts it */
        d->w += 2;
        skip_group(d);
    }
    if (!word_mark(d->w, '(')) {
        errs_warn(d->r->es, E_SQL, d->r->file, at->line, at->col, "%.*s is made from a query; its columns are not written here, and it is left out", STR_FMT(name));
        skip_statement(d);
        return true;
    }
    d->w++;
    if (!intake_table(d->r, name, at->line, at->col))
        return false;
    for (;;) {
        bool constraint;
        if (word_mark(d->w, ')')) /* a comma behind the last column, as BigQuery allows */
            break;
        if (!table_constraint(d, current(d), &constraint) || (!constraint && !column(d)))
            return false;
        if (!take_mark(d, ','))
            break;
    }
    if (!take_mark(d, ')'))
        return fail(d, ") or a comma");
    table_tail(d, current(d));
    return true;
}

/* COMMENT ON TABLE t IS 'x'; COMMENT ON COLUMN t.c IS 'x' */
static bool comment_on(struct ddl *d)
{
    struct str name, rest, text;
    bool of_column = word_is(d->w + 1, "COLUMN"), of_table = word_is(d->w + 1, "TABLE");
    if (!word_is(d->w, "ON") || (!of_column && !of_table)) {
        skip_statement(d);
        return true;
    }
    d->w += 2;
    if (!name_path(d, &name))
        return false;
    if (!take(d, "IS") || (d->w->kind != WORD_TEXT && !word_is(d->w, "NULL")))
        return fail(d, "IS 'text'");
    text = d->w->kind == WORD_TEXT ? d->w->s : STR("");
    skip_statement(d);
    struct exchange_table *t = of_table ? intake_find_table(d->r, name) : NULL;
    if (t)
        t->description = text;
    for (size_t i = name.n; of_column && i-- > 0;) {
        if (name.p[i] != '.')
            continue;
        rest = (struct str){name.p + i + 1, name.n - i - 1};
        t = intake_find_table(d->r, (struct str){name.p, i});
        struct mesh_inferred_column *c = t ? intake_find(t, mesh_normal_column(d->r->a, rest)) : NULL;
        if (c)
            c->description = text;
        break;
    }
    return true;
}

/* ALTER TABLE [ONLY] t ADD CONSTRAINT … */
static bool alter_table(struct ddl *d)
{
    struct str name;
    bool constraint = false;
    while (take(d, "ONLY") || (word_is(d->w, "IF") && word_is(d->w + 1, "EXISTS") && (d->w += 2)))
        ;
    if (!name_path(d, &name))
        return false;
    struct exchange_table *t = intake_find_table(d->r, name);
    if (t && take(d, "ADD") && !table_constraint(d, t, &constraint))
        return false;
    skip_statement(d);
    return true;
}

void read_sql(struct intake *r, struct str text)
{
    struct word *words;
    size_t others = 0;
    if (!sql_words(r->a, r->file, text, &words, r->es))
        return;
    struct ddl d = {r, text, words};
    while (d.w->kind != WORD_END) {
        bool was = true, good = true;
        if (take_mark(&d, ';'))
            continue;
        if (take(&d, "CREATE"))
            good = create_table(&d, &was);
        else if (take(&d, "COMMENT"))
            good = comment_on(&d);
        else if (word_is(d.w, "ALTER") && word_is(d.w + 1, "TABLE")) {
            d.w += 2;
            good = alter_table(&d);
        } else
            was = false;
        if (!was)
            others++;
        if (!good || !was)
            skip_statement(&d); /* the next statement is read all the same, so that all errors are told at once */
    }
    if (others)
        errs_warn(r->es, E_SQL, r->file, 0, 0, "%zu other statements say nothing of tables and are passed over", others);
}

/* ---- writing ---- */
static void comment(struct buf *b, const char *what, struct str name, struct str text)
{
    if (!text.n)
        return;
    buf_printf(b, "COMMENT ON %s %.*s IS ", what, STR_FMT(name));
    buf_sql_text(b, text);
    buf_addz(b, ";\n");
}

static bool is_numeric(const struct mesh_inferred_column *c)
{
    return str_eq(c->logical_type, STR("integer")) || str_eq(c->logical_type, STR("number"));
}

static void write_column(struct buf *b, const struct mesh_inferred_column *c)
{
    bool text = str_eq(c->physical_type, STR("VARCHAR"));
    buf_addz(b, "    ");
    buf_sql_ident(b, c->name);
    if (text && c->max_length > 0)
        buf_printf(b, " VARCHAR(%lld)", (long long)c->max_length);
    else
        buf_printf(b, " %.*s", STR_FMT(c->physical_type));
    buf_addz(b, c->required || c->key_position > 0 ? " NOT NULL" : "");
    buf_addz(b, c->unique ? " UNIQUE" : "");
    if (!c->n_values)
        return;
    buf_addz(b, " CHECK (");
    buf_sql_ident(b, c->name);
    buf_addz(b, " IN (");
    for (size_t i = 0; i < c->n_values; i++) {
        buf_addz(b, i ? ", " : "");
        if (is_numeric(c))
            buf_add(b, c->values[i]);
        else
            buf_sql_text(b, c->values[i]);
    }
    buf_addz(b, "))");
}

static void write_key(struct buf *b, const struct exchange_table *t)
{
    bool first = true;
    for (int place = 1; place <= (int)t->n_columns; place++) {
        for (size_t k = 0; k < t->n_columns; k++) {
            if (t->columns[k].key_position != place)
                continue;
            buf_addz(b, first ? ",\n    PRIMARY KEY (" : ", ");
            buf_sql_ident(b, t->columns[k].name);
            first = false;
        }
    }
    buf_addz(b, first ? "" : ")");
}

void write_sql(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es)
{
    (void)es;
    for (size_t i = 0; i < set->n; i++) {
        const struct exchange_table *t = &set->tables[i];
        struct str name = base.n ? arena_printf(a, "\"%.*s\".\"%.*s\"", STR_FMT(base), STR_FMT(t->name)) : arena_printf(a, "\"%.*s\"", STR_FMT(t->name));
        buf_printf(b, "%sCREATE TABLE %.*s (\n", i ? "\n" : "", STR_FMT(name));
        for (size_t k = 0; k < t->n_columns; k++) {
            write_column(b, &t->columns[k]);
            if (k + 1 < t->n_columns)
                buf_addz(b, ",\n");
        }
        write_key(b, t);
        for (size_t k = 0; k < t->n_columns; k++) {
            struct str column, to = str_cut(t->columns[k].references, '.', &column);
            if (!column.p)
                continue;
            buf_addz(b, ",\n    FOREIGN KEY (");
            buf_sql_ident(b, t->columns[k].name);
            buf_addz(b, ") REFERENCES ");
            if (base.n)
                buf_printf(b, "\"%.*s\".", STR_FMT(base));
            buf_printf(b, "\"%.*s\" (\"%.*s\")", STR_FMT(to), STR_FMT(column));
        }
        buf_addz(b, "\n);\n");
        comment(b, "TABLE", name, t->description);
        for (size_t k = 0; k < t->n_columns; k++)
            comment(b, "COLUMN", arena_printf(a, "%.*s.\"%.*s\"", STR_FMT(name), STR_FMT(t->columns[k].name)), t->columns[k].description);
    }
}
