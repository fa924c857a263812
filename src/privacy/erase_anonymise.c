/* The alternative to deleting: rows stay, so that all counts do. Identifiers and keys of records become random ones, the same everywhere for the same value, so
 * that the rows still belong together and to nobody; other personal values are emptied of what they say. */
#include "privacy/erase_int.h"

#include <ctype.h>

#include <sodium.h>

enum { KEY_DIGITS = 18, NAME_BYTES = 12 };

struct swap { struct str kind, source, stream, from, to; bool telling; }; /* source empty: an identifier; else the key of a record */
struct swaps { struct swap *v; size_t n; int64_t *evidence; /* as the person's */ struct str salt; };

static struct str random_digits(struct arena *a, const char *before, size_t n)
{
    char z[KEY_DIGITS + 1];
    for (size_t i = 0; i < n && i < KEY_DIGITS; i++)
        z[i] = (char)('0' + (i == 0 ? 1 + randombytes_uniform(9) : randombytes_uniform(10)));
    z[n < KEY_DIGITS ? n : KEY_DIGITS] = 0;
    return arena_printf(a, "%s%s", before, z);
}

static bool begins_with_one(struct str key, const struct person_record *old, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (old[i].value.n && str_starts(key, old[i].value))
            return true;
    return false;
}

/* Digits that may stand wherever a BIGINT does. They do not begin with the old key, nor, where that can be had, with another of the person's: of "shopify:11" nothing
 * is left if it, or their order, became "shopify:117...", but who looks through the files for what was to go finds it. */
struct str erase_key_anew(struct arena *a, struct str from, const struct person_record *all, size_t n)
{
    enum { TRIES = 64 };
    struct str to = random_digits(a, "", KEY_DIGITS);
    for (int i = 0; str_starts(to, from) || (i < TRIES && begins_with_one(to, all, n)); i++)
        to = random_digits(a, "", KEY_DIGITS);
    return to;
}

static struct str random_name(struct arena *a, const char *before, const char *behind)
{
    unsigned char bytes[NAME_BYTES];
    char hex[2 * NAME_BYTES + 1];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    return arena_printf(a, "%s%s%s", before, hex, behind);
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isdigit((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

static struct str lower(struct arena *a, struct str s)
{
    char *z = arena_strz(a, str_trim(s));
    for (char *p = z; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return str_of(z);
}

/* One new value for each value; spellings of one address or number share theirs. */
static struct str made_for(struct swaps *w, struct arena *a, struct str kind, struct str from)
{
    for (size_t i = 0; i < w->n; i++)
        if (!w->v[i].source.n && str_eq(w->v[i].kind, kind) && str_eq(w->v[i].from, from))
            return w->v[i].to;
    if (str_find(from, STR("@"), 0) != SIZE_MAX)
        return random_name(a, "erased-", "@erased.example");
    if (str_eq(kind, STR("phone")))
        return random_digits(a, "+999", 10);
    return random_name(a, "erased-", "");
}

static struct str record_value(struct arena *a, const struct person *p, const struct person_record *x)
{
    return all_digits(x->value) ? erase_key_anew(a, x->value, p->records, p->n_records) : random_name(a, "erased-", "");
}

static void make_swaps(struct erase_find *f, struct swaps *w)
{
    const struct person *p = f->p;
    w->v = arena_array(f->a, p->n_identifiers + p->n_records + 1, sizeof *w->v);
    w->n = 0;
    w->salt = random_name(f->a, "", "");
    w->evidence = arena_array(f->a, p->n_evidence + 1, sizeof *w->evidence);
    for (size_t i = 0; i < p->n_evidence; i++) {
        uint64_t fresh;
        randombytes_buf(&fresh, sizeof fresh);
        w->evidence[i] = (int64_t)(fresh >> 2 | 1);
    }
    for (size_t i = 0; i < p->n_records; i++)
        w->v[w->n++] = (struct swap){.source = p->records[i].source, .stream = p->records[i].stream, .from = p->records[i].value,
                                     .to = record_value(f->a, p, &p->records[i]), .telling = person_telling(STR("record"), p->records[i].value)};
    for (size_t i = 0; i < p->n_identifiers; i++) {
        const struct person_identifier *x = &p->identifiers[i];
        struct str from = lower(f->a, x->value);
        if (!x->shared)
            w->v[w->n++] = (struct swap){.kind = x->kind, .from = from, .to = made_for(w, f->a, x->kind, from), .telling = person_telling(x->kind, x->value)};
    }
}

static bool names_kind(struct str column, struct str kind)
{
    return str_eq(column, kind) || str_eq(column, STR("value")) || (column.n > kind.n && str_ends(column, kind) && column.p[column.n - kind.n - 1] == '_');
}

/* Whether this new value may stand in this column of this table. */
static bool belongs(const struct erase_find *f, const struct erase_table *t, struct str column, const struct swap *s)
{
    if (!s->source.n)
        return s->telling || names_kind(column, s->kind);
    for (size_t i = 0; i < f->n; i++) {
        const struct erase_table *o = &f->tables[i];
        if (!str_eq(o->source, s->source) || !str_eq(o->short_name, s->stream))
            continue;
        /* Events name orders of a shop: order_id, p_order_id. */
        if (t && t->event && o->ref.n && (str_eq(column, o->ref) || (str_ends(column, o->ref) && column.n > o->ref.n && column.p[column.n - o->ref.n - 1] == '_')))
            return true;
        if (t && str_eq(t->source, o->source) && (str_eq(column, o->ref) || (str_eq(t->short_name, o->short_name) && str_eq(column, o->key))))
            return true;
    }
    return s->telling;
}

static size_t put_map(struct buf *b, const struct erase_find *f, const struct erase_table *t, struct str column, const struct swaps *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = str_eq(w->v[k].from, w->v[i].from) && belongs(f, t, column, &w->v[k]);
        if (again || !belongs(f, t, column, &w->v[i]))
            continue;
        buf_addz(b, n++ ? ", " : "MAP {");
        buf_sql_text(b, lower(f->a, w->v[i].from));
        buf_addz(b, ": ");
        buf_sql_text(b, w->v[i].to);
    }
    if (n)
        buf_addc(b, '}');
    return n;
}

static bool has(struct str s, const char *word)
{
    return str_find(s, str_of(word), 0) != SIZE_MAX;
}

/* What stays of a personal text that is no identifier: whether there was one. One that might link people is different in each row. */
/* JSON text: strings that are an identifier become its new one, all others say nothing. Between the two the new ones stand behind signs that no JSON has. */
static void put_swapped(struct buf *b, const struct swaps *w, struct str quoted)
{
    for (size_t i = 0; i < w->n; i++)
        buf_addz(b, "regexp_replace(");
    buf_add(b, quoted);
    for (size_t i = 0; i < w->n; i++) {
        buf_addz(b, ", '(?i)\"\\s*");
        for (size_t k = 0; k < w->v[i].from.n; k++) {
            unsigned char c = (unsigned char)w->v[i].from.p[k];
            if (isalnum(c) || c >= 0x80)
                buf_addc(b, (char)c);
            else
                buf_printf(b, "\\x%02x", c);
        }
        buf_addz(b, "\\s*\"', chr(1) || ");
        buf_sql_text(b, w->v[i].to);
        buf_addz(b, " || chr(1), 'g')");
    }
}

static void put_json(struct buf *b, const struct swaps *w, struct str quoted)
{
    buf_addz(b, "replace(regexp_replace(");
    put_swapped(b, w, quoted);
    buf_addz(b, ", ':\\s*\"[^\"]*\"', ':\"erased\"', 'g'), chr(1), '\"')");
}

static void put_emptied(struct buf *b, const struct swaps *w, struct str column, struct str quoted)
{
    bool mail = has(column, "mail"), links = mail || has(column, "phone") || has(column, "mobile") || str_ends(column, STR("id")) || has(column, "ids");
    buf_printf(b, "CASE WHEN %.*s IS NULL OR %.*s = '' THEN %.*s WHEN left(%.*s, 1) IN ('{', '[') THEN ", STR_FMT(quoted), STR_FMT(quoted), STR_FMT(quoted), STR_FMT(quoted));
    put_json(b, w, quoted);
    buf_printf(b, " ELSE %s END",
               mail    ? "'erased-' || replace(CAST(gen_random_uuid() AS VARCHAR), '-', '') || '@erased.example'"
               : links ? "'erased-' || replace(CAST(gen_random_uuid() AS VARCHAR), '-', '')"
                       : "'erased'");
}

static bool is_personal(const struct erase_table *t, struct str column)
{
    if (t->event && str_eq(t->short_name, STR("group")) && str_eq(column, STR("traits")))
        return false; /* of a company; a person in them is a mention */
    if (t->stream && t->stream->contract) {
        enum mesh_class k = mesh_contract_class(t->stream->contract, column);
        return k == CLASS_PERSONAL || k == CLASS_SENSITIVE;
    }
    return mesh_name_personal(column);
}

/* As erase_key_anew: as many digits as fit a BIGINT, and another first one than the old key's. */
static void put_key_anew(struct buf *b, struct str quoted, struct str salt)
{
    buf_printf(b, "CASE WHEN regexp_full_match(%.*s, '[0-9]+') THEN CASE WHEN left(%.*s, 1) = '9' THEN '8' ELSE '9' END || lpad(CAST(hash(%.*s || '%.*s') %% %s AS VARCHAR), %d, '0')",
               STR_FMT(quoted), STR_FMT(quoted), STR_FMT(quoted), STR_FMT(salt), "100000000000000000", KEY_DIGITS - 1);
    buf_printf(b, " ELSE 'erased-' || md5(%.*s || '%.*s') END", STR_FMT(quoted), STR_FMT(salt));
}

static void put_text(struct buf *b, const struct erase_find *f, const struct erase_table *t, struct str column, const struct swaps *w)
{
    struct buf quoted = BUF_INIT((size_t)1024), map = BUF_INIT(ERASE_SQL_MAX);
    buf_sql_ident(&quoted, column);
    size_t n = put_map(&map, f, t, column, w);
    if (n) {
        buf_addz(b, "coalesce((");
        buf_add(b, buf_str(&map));
        buf_printf(b, ")[lower(trim(%.*s))], ", STR_FMT(buf_str(&quoted)));
    }
    if (!t->event && t->key.n && str_eq(column, t->key)) /* of a record that no other names: new, and the same in its history */
        put_key_anew(b, buf_str(&quoted), w->salt);
    else if (is_personal(t, column))
        put_emptied(b, w, column, buf_str(&quoted));
    else {
        struct str cleaned = person_cleaned_sql(f->p, f->a, buf_str(&quoted));
        if (t->event) { /* properties of a call: whose order it was */
            buf_printf(b, "CASE WHEN left(%.*s, 1) = '{' THEN replace(", STR_FMT(buf_str(&quoted)));
            put_swapped(b, w, cleaned);
            buf_addz(b, ", chr(1), '\"') ELSE ");
        }
        buf_add(b, cleaned);
        buf_addz(b, t->event ? " END" : "");
    }
    buf_addz(b, n ? ")" : "");
    buf_fini(&quoted);
    buf_fini(&map);
}

static bool put_column(struct buf *b, const struct erase_find *f, const struct erase_table *t, size_t k, const struct swaps *w)
{
    struct str type = t->types[k], column = t->columns[k];
    struct buf map = BUF_INIT(ERASE_SQL_MAX);
    bool text = str_eq(type, STR("VARCHAR")), whole = str_eq(type, STR("BIGINT")), day = str_starts(type, STR("DATE")) || str_starts(type, STR("TIMESTAMP"));
    bool made = false;
    if (str_starts(column, STR("_"))) /* _file_id, _line, _learned_from: of the load, and what the landing tool notes */
        text = text && !str_starts(column, STR("_file")) && !str_starts(column, STR("_line")) && !str_starts(column, STR("_learned"));
    if (text) {
        buf_sql_ident(b, column);
        buf_addz(b, " = ");
        put_text(b, f, t, column, w);
        made = true;
    } else if (whole && str_eq(column, STR("evidence")) && t->event && f->p->n_evidence) {
        buf_addz(b, "evidence = coalesce((MAP {");
        for (size_t i = 0; i < f->p->n_evidence; i++)
            buf_printf(b, "%s%lld: %lld", i ? ", " : "", (long long)f->p->evidence[i], (long long)w->evidence[i]);
        buf_addz(b, "})[evidence], evidence)");
        made = true;
    } else if (whole && !t->event && !str_starts(column, STR("_")) && put_map(&map, f, t, column, w)) {
        buf_sql_ident(b, column);
        buf_addz(b, " = coalesce(TRY_CAST((");
        buf_add(b, buf_str(&map));
        buf_addz(b, ")[CAST(");
        buf_sql_ident(b, column);
        buf_addz(b, " AS VARCHAR)] AS BIGINT), ");
        buf_sql_ident(b, column);
        buf_addc(b, ')');
        made = true;
    } else if (day && is_personal(t, column)) {
        buf_sql_ident(b, column);
        buf_addz(b, " = CAST(date_trunc('year', ");
        buf_sql_ident(b, column);
        buf_printf(b, ") AS %.*s)", STR_FMT(type));
        made = true;
    }
    buf_fini(&map);
    return made;
}

static bool one_table(struct erase_find *f, const struct erase_table *t, const struct swaps *w, struct err *e)
{
    struct buf b = BUF_INIT(ERASE_SQL_MAX), one = BUF_INIT(ERASE_SQL_MAX);
    size_t n = 0;
    for (size_t k = 0; k < t->n; k++) {
        buf_reset(&one);
        if (!put_column(&one, f, t, k, w))
            continue;
        if (n++ == 0)
            buf_printf(&b, "UPDATE %.*s SET ", STR_FMT(t->sql));
        else
            buf_addz(&b, ", ");
        buf_add(&b, buf_str(&one));
    }
    if (n)
        buf_printf(&b, " WHERE rowid IN (SELECT rid FROM erase_hit_%zu)", t->no);
    bool ok = buf_ok(&one, e) && erase_run(f->c, &b, e);
    if (ok && t->event) {
        buf_addz(&b, "UPDATE mesh.sys.event_stream SET version = version + 1 WHERE stream = ");
        buf_sql_text(&b, t->name);
        ok = erase_run(f->c, &b, e);
    }
    if (one.p)
        sodium_memzero(one.p, one.cap);
    buf_fini(&one);
    buf_fini(&b);
    return ok;
}

/* What was said at the desk counts on, of nobody. */
static bool desk(struct erase_find *f, const struct swaps *w, struct err *e)
{
    struct buf b = BUF_INIT(ERASE_SQL_MAX), map = BUF_INIT(ERASE_SQL_MAX);
    bool ok = true;
    if (put_map(&map, f, NULL, STR("value"), w)) {
        buf_addz(&b, "UPDATE mesh.govern.consent_said SET value = (");
        buf_add(&b, buf_str(&map));
        buf_addz(&b, ")[lower(trim(value))], customer_id = NULL, proof = '' WHERE map_contains((");
        buf_add(&b, buf_str(&map));
        buf_addz(&b, "), lower(trim(value)))");
        ok = buf_ok(&map, e) && erase_run(f->c, &b, e);
    }
    if (map.p)
        sodium_memzero(map.p, map.cap);
    buf_fini(&map);
    buf_fini(&b);
    return ok;
}

bool erase_anonymise_rows(struct erase_find *f, struct err *e)
{
    struct swaps w;
    bool ok = true;
    make_swaps(f, &w);
    for (size_t i = 0; ok && i < f->n; i++)
        if (f->tables[i].rows)
            ok = one_table(f, &f->tables[i], &w, e);
    for (size_t i = 0; i < f->n; i++)
        f->tables[i].rows = 0; /* what is left for erase_delete_rows are mentions */
    return ok && desk(f, &w, e) && erase_delete_rows(f, e);
}
