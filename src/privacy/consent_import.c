/* Statements out of a list: CSV with a header, or one JSON object a line. Every line that cannot be taken is told with its line; the others count, in one
 * transaction. */
#include "privacy/consent_int.h"

#include <stdio.h>
#include <yyjson.h>

#include "base/clock.h"
#include "base/json.h"
#include "identity/consenting.h"
#include "privacy/receipt.h"

enum { PROBLEMS_MAX = 1000, FIELDS_MAX = 32, RECEIPT_MAX = 1 << 20, LINES_MAX = 1000000, FIELD_MAX = 2048 };

struct importing {
    const struct desk *d;
    struct str source;
    struct consent_statement *v;
    size_t n, cap;
    struct desk_import *out;
};

static void problem(struct importing *x, size_t line, const char *field, const struct err *e)
{
    x->out->refused++;
    if (x->out->n_problems < PROBLEMS_MAX)
        x->out->problems[x->out->n_problems++] =
            (struct desk_problem){line, arena_str(x->d->a, str_of(field)), arena_printf(x->d->a, "%s%s%s%s", e->text, e->hint[0] ? " (" : "", e->hint, e->hint[0] ? ")" : "")};
}

static bool known_kind(const struct desk *d, struct str kind)
{
    for (size_t i = 0; i < d->m->identity.n_kinds; i++)
        if (str_eq(d->m->identity.kinds[i].name, kind))
            return true;
    return false;
}

/* Whom a line means. That the graph does not know them yet is fine. */
static bool whom(struct importing *x, const struct desk_word *w, struct str kind, struct str value, struct consent_statement *s, struct err *e)
{
    enum { VALUE_MAX = 320 };
    struct str customer;
    if (kind.n == 0) {
        kind = str_cut(str_trim(w->identifier), ':', &value);
        value = value.p ? value : STR("");
    }
    kind = str_trim(kind);
    value = str_trim(value);
    if (str_eq(kind, STR("customer")))
        return desk_identifier(x->d, arena_printf(x->d->a, "customer:%.*s", STR_FMT(value)), &s->kind, &s->value, &customer, e);
    if (!known_kind(x->d, kind))
        return desk_identifier(x->d, STR(""), &s->kind, &s->value, &customer, e); /* says what an identifier is */
    if (value.n == 0 || value.n > VALUE_MAX)
        return err_set(e, E_USAGE, "the identifier is empty, or longer than %d bytes", VALUE_MAX);
    s->kind = kind;
    s->value = value;
    return true;
}

static void take(struct importing *x, size_t line, const struct desk_word *w, struct str kind, struct str value)
{
    struct consent_statement s, who = {0};
    struct err e = {0};
    const char *field = "identifier";
    struct desk_word word = *w;
    word.source = word.source.n ? word.source : x->source;
    if (!desk_word_read(x->d, &word, &s, &field, &e) || !whom(x, w, kind, value, &who, &e)) {
        problem(x, line, field, &e);
        return;
    }
    s.kind = who.kind;
    s.value = who.value;
    if (x->n == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 256;
        x->v = mem_realloc(x->v, x->cap * sizeof *x->v);
    }
    x->v[x->n++] = s;
}

/* ---- CSV ---- */

static const char *const columns[] = {"identifier", "kind", "value", "purpose", "status", "source", "proof", "occurred_at"};
enum { IDENTIFIER, KIND, VALUE, PURPOSE, STATUS, SOURCE, PROOF, OCCURRED_AT, COLUMNS };

/* One record; quoted fields may hold line ends. *lines: how many lines it was. False: a quote is never closed. */
static bool record(struct arena *a, struct str *rest, char separator, struct str *fields, size_t *n, size_t *lines)
{
    const char *p = rest->p, *end = rest->p + rest->n;
    *n = 0;
    *lines = 0;
    for (;;) {
        char out[FIELD_MAX];
        size_t len = 0;
        bool quoted = p < end && *p == '"', closed = !quoted;
        if (quoted)
            for (p++; p < end; p++) {
                if (*p == '"' && p + 1 < end && p[1] == '"')
                    p++;
                else if (*p == '"') {
                    p++;
                    closed = true;
                    break;
                }
                *lines += *p == '\n';
                if (len < FIELD_MAX)
                    out[len++] = *p;
            }
        if (!closed)
            return false;
        for (; p < end && *p != separator && *p != '\n'; p++)
            if (len < FIELD_MAX && *p != '\r')
                out[len++] = *p;
        if (*n < FIELDS_MAX)
            fields[(*n)++] = arena_str(a, (struct str){out, len});
        if (p >= end || *p == '\n') {
            p += p < end;
            ++*lines;
            *rest = (struct str){p, (size_t)(end - p)};
            return true;
        }
        p++;
    }
}

static bool heads(struct str *fields, size_t n, size_t place[COLUMNS], struct err *e)
{
    for (size_t k = 0; k < COLUMNS; k++) {
        place[k] = SIZE_MAX;
        for (size_t i = 0; i < n; i++)
            if (str_eq_nocase(str_trim(fields[i]), str_of(columns[k])))
                place[k] = i;
    }
    bool who = place[IDENTIFIER] != SIZE_MAX || (place[KIND] != SIZE_MAX && place[VALUE] != SIZE_MAX);
    if (who && place[PURPOSE] != SIZE_MAX && place[STATUS] != SIZE_MAX)
        return true;
    err_set(e, E_USAGE, "the list lacks %s", !who ? "a column identifier (or kind and value)" : place[PURPOSE] == SIZE_MAX ? "a column purpose" : "a column status");
    err_hint(e, "its first line names them: identifier,purpose,status and perhaps occurred_at, source, proof");
    return false;
}

static struct str field_of(const struct str *fields, size_t n, size_t place)
{
    return place < n ? str_trim(fields[place]) : STR("");
}

static bool read_csv(struct importing *x, struct str text, struct err *e)
{
    struct str first, fields[FIELDS_MAX], rest = text;
    size_t n, lines, line = 1, place[COLUMNS];
    first = str_cut(text, '\n', &(struct str){0});
    char separator = str_find(first, STR(","), 0) == SIZE_MAX && str_find(first, STR(";"), 0) != SIZE_MAX ? ';' : ',';
    if (!record(x->d->a, &rest, separator, fields, &n, &lines))
        return err_set(e, E_USAGE, "a quote in the first line is never closed");
    if (!heads(fields, n, place, e))
        return false;
    for (line += lines; rest.n > 0 && x->n + x->out->refused < LINES_MAX; line += lines) {
        if (!record(x->d->a, &rest, separator, fields, &n, &lines)) {
            struct err open = {0};
            err_set(&open, E_USAGE, "a quote is never closed: nothing from here on is read");
            problem(x, line, "", &open);
            return true;
        }
        if (n == 1 && str_trim(fields[0]).n == 0)
            continue;
        const struct desk_word w = {.identifier = field_of(fields, n, place[IDENTIFIER]), .purpose = field_of(fields, n, place[PURPOSE]), .status = field_of(fields, n, place[STATUS]),
                                    .source = field_of(fields, n, place[SOURCE]), .proof = field_of(fields, n, place[PROOF]), .occurred_at = field_of(fields, n, place[OCCURRED_AT])};
        take(x, line, &w, field_of(fields, n, place[KIND]), field_of(fields, n, place[VALUE]));
    }
    return true;
}

static void read_ndjson(struct importing *x, struct str text)
{
    struct str rest = text;
    for (size_t line = 1; rest.p && rest.n && x->n + x->out->refused < LINES_MAX; line++) {
        struct str one = str_trim(str_cut(rest, '\n', &rest));
        struct err e = {0};
        if (one.n == 0)
            continue;
        yyjson_doc *doc = json_parse(one, &e);
        yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
        if (!yyjson_is_obj(root)) {
            err_set(&e, E_USAGE, "this line is not one JSON object");
            problem(x, line, "", &e);
        } else {
            struct str v[COLUMNS];
            for (size_t k = 0; k < COLUMNS; k++)
                v[k] = arena_str(x->d->a, json_str(root, columns[k]));
            const struct desk_word w = {.identifier = v[IDENTIFIER], .purpose = v[PURPOSE], .status = v[STATUS], .source = v[SOURCE], .proof = v[PROOF], .occurred_at = v[OCCURRED_AT]};
            take(x, line, &w, v[KIND], v[VALUE]);
        }
        yyjson_doc_free(doc);
    }
}

/* ---- the receipt of many: how many said what ---- */

static void counts_put(const struct importing *x, struct buf *b)
{
    static const char *const statuses[] = {"granted", "denied", "withdrawn"};
    bool any = false;
    buf_addz(b, ",\"words\":[");
    for (size_t p = 0; p < x->d->m->n_purposes; p++)
        for (size_t k = 0; k < sizeof statuses / sizeof *statuses; k++) {
            size_t n = 0;
            for (size_t i = 0; i < x->n; i++)
                n += str_eq(x->v[i].purpose, x->d->m->purposes[p]) && str_eq(x->v[i].status, str_of(statuses[k]));
            if (n == 0)
                continue;
            buf_addz(b, any ? ",{\"purpose\":" : "{\"purpose\":");
            any = true;
            buf_json_str(b, x->d->m->purposes[p]);
            buf_printf(b, ",\"status\":\"%s\",\"statements\":%zu}", statuses[k], n);
        }
    buf_addc(b, ']');
}

static bool keep(const struct importing *x, const struct receipt_id *id, struct buf *receipt, struct err *e)
{
    struct buf b = BUF_INIT((size_t)RECEIPT_MAX);
    buf_printf(&b, "{\"receipt_id\":\"%s\",\"kind\":\"consent\",\"at\":\"%s\",\"identifier_kind\":null,\"customer_id\":null,\"purpose\":null,\"status\":null,\"before\":null", id->z,
               clock_iso(x->v[0].recorded_at_us).z);
    desk_member(&b, "source", x->source);
    desk_member(&b, "by", x->d->actor);
    buf_printf(&b, ",\"statements\":%zu,\"refused\":%zu", x->n, x->out->refused);
    counts_put(x, &b);
    buf_printf(&b, ",\"products\":[],\"audiences\":[],\"reads\":null,\"seen_from\":\"%s\"}", clock_iso(clock_now_us()).z);
    bool ok = buf_ok(&b, e) && receipt_keep(x->d->s->data_dir, str_of(id->z), buf_str(&b), receipt, e);
    buf_fini(&b);
    return ok;
}

bool desk_import(const struct desk *d, struct str text, struct str format, struct str source, struct desk_import *out, struct buf *receipt, struct err *e)
{
    struct importing x = {.d = d, .source = source.n ? source : STR("import"), .out = out};
    struct engine_conn *c = NULL;
    struct receipt_id id;
    bool ok = false;
    *out = (struct desk_import){.problems = arena_array(d->a, PROBLEMS_MAX, sizeof *out->problems)};
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = (struct str){text.p + 3, text.n - 3};
    text = str_trim(text);
    if (text.n == 0)
        return err_set(e, E_USAGE, "the list is empty");
    bool lines = format.n ? str_eq(format, STR("ndjson")) : text.p[0] == '{';
    if (format.n && !lines && !str_eq(format, STR("csv")))
        return err_set(e, E_USAGE, "the format is csv or ndjson");
    if (lines)
        read_ndjson(&x, text);
    else if (!read_csv(&x, text, e))
        goto out;
    if (x.n > 0) {
        receipt_id_make(&id);
        ok = engine_connect(d->s->engine, &c, e) && desk_audit(d, NULL, arena_printf(d->a, "consent import %.*s", STR_FMT(x.source)), (int64_t)x.n, e) &&
             identity_consent_say(d->m, c, d->a, x.v, x.n, e) && keep(&x, &id, receipt, e);
    } else {
        ok = true;
    }
    out->statements = x.n;
out:
    engine_disconnect(c);
    mem_free(x.v);
    return ok;
}
