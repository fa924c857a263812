/* Documents: kinds, positions, errors with their place, limits on hostile texts, JSON, the cache form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/fault.h"
#include "base/fs.h"

static struct arena arena;
static struct errs errs;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    errs = (struct errs){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    errs_fini(&errs);
    return 0;
}

static struct doc *yaml(const char *z)
{
    return doc_parse_yaml(&arena, STR("f.yaml"), str_of(z), &errs);
}

static const char *first_error(void)
{
    struct buf b = BUF_INIT(4000);
    assert_true(errs.n > 0);
    err_text(&errs.v[0], errs.warning[0], &b);
    const char *z = arena_strz(&arena, buf_str(&b));
    buf_fini(&b);
    return z;
}

static void every_value_has_its_place(void **state)
{
    (void)state;
    struct doc *d = yaml("a: 1\n"
                         "b:\n"
                         "  - x\n"
                         "  - \"q: é\" # note\n"
                         "c: |\n"
                         "  line1\n"
                         "  line2\n"
                         "\n"
                         "d: {x: é, y: [1,\n"
                         "   2]}\n"
                         "e:\n"
                         "\"g h\": 'it''s'\n");
    static const struct {
        const char *path;
        enum doc_kind kind;
        const char *text;
        uint32_t key_line, key_col, line, col, end_line;
    } rows[] = {
        {"a", DOC_INT, "1", 1, 1, 1, 4, 1},
        {"b", DOC_SEQ, "", 2, 1, 3, 3, 4},
        {"c", DOC_STRING, "line1\nline2\n", 5, 1, 5, 4, 8},
        {"d", DOC_MAP, "", 9, 1, 9, 4, 10},
        {"d.x", DOC_STRING, "é", 9, 5, 9, 8, 9},
        {"d.y", DOC_SEQ, "", 9, 11, 9, 14, 10},
        {"e", DOC_NULL, "", 11, 1, 11, 3, 11},
        {"g h", DOC_STRING, "it's", 12, 1, 12, 8, 12},
    };
    assert_non_null(d);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct doc_node *n = doc_path(d, doc_root(d), rows[i].path);
        assert_non_null(n);
        assert_int_equal(n->kind, rows[i].kind);
        assert_true(str_eq(doc_text(d, n), str_of(rows[i].text)));
        assert_int_equal(n->key_line, rows[i].key_line);
        assert_int_equal(n->line, rows[i].line);
        assert_int_equal(n->col, rows[i].col);
        assert_int_equal(n->end_line, rows[i].end_line);
        if (i < 7)
            assert_int_equal(n->key_col, rows[i].key_col);
    }
    const struct doc_node *list = doc_get(d, doc_root(d), "b"), *second = doc_next(d, doc_first(d, list));
    assert_int_equal(list->n_children, 2);
    assert_int_equal(second->line, 4);
    assert_int_equal(second->col, 5);
    assert_true(second->quoted);
    assert_null(doc_next(d, second));
    assert_null(doc_get(d, list, "a"));
    assert_null(doc_path(d, doc_root(d), "d.nope.x"));
    assert_true(str_eq(doc_str(d, doc_root(d), "a"), STR("1")));
    assert_null(doc_str(d, doc_root(d), "e").p);
    assert_int_equal(doc_int(d, doc_root(d), "a", 7), 1);
    assert_int_equal(doc_int(d, doc_root(d), "b", 7), 7);
    assert_true(doc_bool(d, doc_root(d), "a", true));
    assert_int_equal(doc_text(d, NULL).n, 0);
}

static void scalars_have_the_core_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *z;
        enum doc_kind kind;
        const char *json;
    } rows[] = {
        {"~", DOC_NULL, "null"},
        {"Null", DOC_NULL, "null"},
        {"nULL", DOC_STRING, "\"nULL\""},
        {"true", DOC_BOOL, "true"},
        {"False", DOC_BOOL, "false"},
        {"yes", DOC_STRING, "\"yes\""},
        {"on", DOC_STRING, "\"on\""},
        {"-12", DOC_INT, "-12"},
        {"+12", DOC_INT, "12"},
        {"007", DOC_INT, "7"},
        {"0x1F", DOC_INT, "31"},
        {"0o17", DOC_INT, "15"},
        {"1.50", DOC_FLOAT, "1.50"},
        {".5", DOC_FLOAT, "0.5"},
        {"1.", DOC_FLOAT, "1"},
        {"1e3", DOC_FLOAT, "1e3"},
        {"1.e3", DOC_FLOAT, "1000"},
        {".inf", DOC_FLOAT, "null"},
        {"-.INF", DOC_FLOAT, "null"},
        {".nan", DOC_FLOAT, "null"},
        {"2026-01-31", DOC_STRING, "\"2026-01-31\""},
        {"1_000", DOC_STRING, "\"1_000\""},
        {"1:30", DOC_STRING, "\"1:30\""},
        {"'12'", DOC_STRING, "\"12\""},
        {"!!str 12", DOC_STRING, "\"12\""},
        {"12345678901234567890", DOC_FLOAT, "12345678901234567890"},
        {"1.1.0", DOC_STRING, "\"1.1.0\""},
        {"-", DOC_SEQ, "[null]"},
        {".", DOC_STRING, "\".\""},
        {"0x", DOC_STRING, "\"0x\""},
        {"1e", DOC_STRING, "\"1e\""},
        {"v1", DOC_STRING, "\"v1\""},
        {"{}", DOC_MAP, "{}"},
        {"[]", DOC_SEQ, "[]"},
        {"-0.0", DOC_FLOAT, "-0.0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doc *d = yaml(rows[i].z);
        assert_non_null(d);
        assert_int_equal(doc_root(d)->kind, rows[i].kind);
        struct buf b = BUF_INIT(1000);
        doc_json(d, doc_root(d), &b);
        assert_string_equal(buf_z(&b), rows[i].json);
        buf_fini(&b);
    }
    assert_int_equal(doc_root(yaml(""))->kind, DOC_NULL);
    assert_int_equal(doc_root(yaml("# only a note\n"))->kind, DOC_NULL);
    assert_int_equal(doc_root(yaml("\xef\xbb\xbf"
                                   "a: 1\r\nb: 2\r\n"))
                         ->n_children,
                     2);
}

static void wrong_texts_say_where_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *z, *error; /* the error's first line */
    } rows[] = {
        {"a: 1\n b: 2\n", "f.yaml:2:3: error TR101: a second ':' on one line, or wrong indentation"},
        {"a:\n\t- x\n", "f.yaml:2:1: error TR101: a tab stands where only spaces may"},
        {"a: [1, 2\nb: 3\n", "f.yaml:2:2: error TR101: a ',' or the closing ']' is missing"},
        {"{a: 1\n", "f.yaml:2:1: error TR101: a ',' or the closing '}' is missing"},
        {"b: 1\na: \"x\n", "f.yaml:2:4: error TR101: a quoted text is not closed"},
        {"key: value\nother value\nmore: x\n",
         "f.yaml:2:1: error TR101: a ':' is missing after a key, or the indentation is wrong"},
        {"a: b: c\n", "f.yaml:1:5: error TR101: a second ':' on one line, or wrong indentation"},
        {"- a\nb: 1\n", "f.yaml:2:1: error TR101: the line does not fit the list above it"},
        {"a:\n  b: 1\n c: 2\n", "f.yaml:3:2: error TR101: the line does not fit the lines above it"},
        {"a: @x\n", "f.yaml:1:4: error TR101: a text may not begin with this character"},
        {"a: \"\\q\"\n", "f.yaml:1:5: error TR101: an unknown escape after '\\' in a text between double quotes"},
        {"a: - b\n", "f.yaml:1:4: error TR101: a '- ' where no list may begin"},
        {"a: |x\n  y\n", "f.yaml:1:5: error TR101: a block text ('|' or '>') that is written wrongly"},
        {"a: |\n  x\n y\n", "f.yaml:3:2: error TR101: the line does not fit the lines above it"},
        {"b: \"a\" c\n", "f.yaml:1:8: error TR101: the line does not fit the lines above it"},
        {"a: }\n", "f.yaml:1:4: error TR101: a value is missing, or a bracket or comma has nothing before it"},
        {"a: *x\n", "f.yaml:1:4: error TR106: there is no anchor '&x' before this alias"},
        {"a: &a [*a]\n", "f.yaml:1:8: error TR101: the alias stands inside of what it refers to"},
        {"a: & x\n", "f.yaml:1:5: error TR101: '&' begins an anchor, and no valid name follows"},
        {"b: 1\na: 1\nc: {a: 1}\na: 2\n", "f.yaml:4:1: error TR105: the key 'a' stands twice here; the first is on line 2"},
        {"[a]: 1\n", "f.yaml:1:1: error TR101: a key must be a short text on one line, not a list, a map or an alias"},
        {"a: !foo b\n", "f.yaml:1:4: error TR101: only the tags of the YAML core schema are known here"},
        {"a: 1\n---\nb: 2\n", "f.yaml:2:1: error TR101: a second document begins here; a file holds one"},
        {"%FOO\na: 1\n", "f.yaml:1:5: error TR101: a line that begins with '%' is a directive, and this is none"},
        {"a: 1\nb: \xff\n", "f.yaml:2:1: error TR101: the line is not valid UTF-8"},
        {"a: 1\nb: \x01\n", "f.yaml:2:4: error TR101: an invisible control character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        errs_fini(&errs);
        assert_null(yaml(rows[i].z));
        const char *said = first_error();
        if (strncmp(said, rows[i].error, strlen(rows[i].error)) != 0 || said[strlen(rows[i].error)] != '\n')
            assert_string_equal(said, rows[i].error);
    }
    errs_fini(&errs);
    assert_null(yaml("a: 1\na: 2\nb: {x: 1, x: 2, x: 3}\n")); /* all in one pass */
    assert_int_equal(errs.n_errors, 3);
    errs_fini(&errs);
    assert_null(doc_parse_yaml(&arena, STR("f"), (struct str){"a\0b", 3}, &errs));
    assert_true(strstr(errs.v[0].text, "NUL") != NULL);
}

static void hostile_texts_meet_limits(void **state)
{
    (void)state;
    static char big[200000];
    static const struct {
        const char *piece;
        size_t times;
    } rows[] = {{"[", 100000}, {"- ", 90000}, {"{a: ", 40000}, {"a: &a\n ", 20000}, {"? ", 50000}, {"- - ", 40000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].piece);
        for (size_t k = 0; k < rows[i].times; k++)
            memcpy(big + k * n, rows[i].piece, n);
        errs_fini(&errs);
        assert_null(doc_parse_yaml(&arena, STR("f"), (struct str){big, n * rows[i].times}, &errs));
        assert_true(errs.n_errors >= 1);
    }
    struct buf b = BUF_INIT(100000); /* a hundred million texts, were it allowed */
    buf_addz(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 8; i++) {
        buf_printf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            buf_printf(&b, "%s*a%d", k ? "," : "", i - 1);
        buf_addz(&b, "]\n");
    }
    errs_fini(&errs);
    assert_null(doc_parse_yaml(&arena, STR("f"), buf_str(&b), &errs));
    assert_int_equal(errs.v[0].code, E_TOO_LARGE);
    buf_reset(&b);
    for (int i = 0; i < 1100; i++)
        buf_printf(&b, "k%d: &n%d x\n", i, i);
    errs_fini(&errs);
    assert_null(doc_parse_yaml(&arena, STR("f"), buf_str(&b), &errs));
    assert_int_equal(errs.v[0].code, E_TOO_LARGE);
    buf_fini(&b);
    size_t huge = (16u << 20) + 1;
    char *spaces = mem_alloc(huge);
    memset(spaces, ' ', huge);
    errs_fini(&errs);
    assert_null(doc_parse_yaml(&arena, STR("f"), (struct str){spaces, huge}, &errs));
    assert_int_equal(errs.v[0].code, E_TOO_LARGE);
    mem_free(spaces);
}

static void aliases_are_copies(void **state)
{
    (void)state;
    struct doc *d = yaml("base: &b {x: 1, y: [2, {z: &s deep}]}\nuse: *b\ntext: *s\n");
    assert_non_null(d);
    struct buf b = BUF_INIT(1000);
    doc_json(d, doc_root(d), &b);
    assert_string_equal(
        buf_z(&b),
        "{\"base\":{\"x\":1,\"y\":[2,{\"z\":\"deep\"}]},\"use\":{\"x\":1,\"y\":[2,{\"z\":\"deep\"}]},\"text\":\"deep\"}");
    assert_int_equal(doc_get(d, doc_root(d), "use")->line, 2);
    assert_int_equal(doc_path(d, doc_root(d), "use.x")->line, 1);
    buf_fini(&b);
}

static void json_documents(void **state)
{
    (void)state;
    const char *text =
        "\xef\xbb\xbf{\n  \"é\": [1, -2.5e3, true, null],\n  \"s\": \"\\ud83d\\ude00\\n\\u00e9\\/\", \"m\": {}\n}\n";
    struct doc *d = doc_parse_json(&arena, STR("f.json"), str_of(text), &errs);
    assert_non_null(d);
    const struct doc_node *list = doc_get(d, doc_root(d), "é");
    assert_int_equal(list->line, 2);
    assert_int_equal(list->col, 8);
    assert_int_equal(list->n_children, 4);
    assert_int_equal(doc_first(d, list)->v.i, 1);
    assert_true(str_eq(doc_str(d, doc_root(d), "s"), STR("\xf0\x9f\x98\x80\n\xc3\xa9/")));
    assert_int_equal(doc_get(d, doc_root(d), "m")->kind, DOC_MAP);
    assert_int_equal(doc_get(d, doc_root(d), "m")->col, 39);
    static const uint32_t cols[] = {9, 12, 20, 26};
    const struct doc_node *item = doc_first(d, list);
    for (size_t i = 0; i < 4; i++, item = doc_next(d, item))
        assert_int_equal(item->col, cols[i]);
    assert_int_equal(doc_root(d)->end_line, 4);
    static const struct {
        const char *z;
        enum err_code code;
        uint32_t line, col;
    } bad[] = {
        {"{\"a\": 1,}", E_YAML, 1, 8},
        {"{\"a\":1,\n\"a\":2}", E_DUPLICATE, 2, 1},
        {"", E_YAML, 1, 1},
        {"{'a':1}", E_YAML, 1, 2},
        {"[1] 2", E_YAML, 1, 5},
        {"\"\\ud83d\"", E_YAML, 1, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errs_fini(&errs);
        assert_null(doc_parse_json(&arena, STR("f"), str_of(bad[i].z), &errs));
        assert_int_equal(errs.v[0].code, bad[i].code);
        assert_int_equal(errs.v[0].line, bad[i].line);
        if (bad[i].col)
            assert_int_equal(errs.v[0].col, bad[i].col);
    }
    static const char *const scalars[] = {"1", "\"x\"", "null", " true ", "[]", "{}", "[[],{}]", "[{\"a\":[{}]},2]"};
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
        assert_non_null(doc_parse_json(&arena, STR("f"), str_of(scalars[i]), &errs));
}

static void the_cache_form_reads_back(void **state)
{
    (void)state;
    struct doc *d = yaml("a: [1, {b: c}]\nd: text\n");
    struct buf out = BUF_INIT(100000), json = BUF_INIT(1000);
    doc_save(d, &out);
    buf_addz(&out, "what follows");
    size_t used = 0;
    struct doc *back = doc_load(&arena, STR("g.yaml"), buf_str(&out), &used);
    assert_non_null(back);
    assert_int_equal(used, out.n - 12);
    doc_json(back, doc_root(back), &json);
    assert_string_equal(buf_z(&json), "{\"a\":[1,{\"b\":\"c\"}],\"d\":\"text\"}");
    for (size_t n = 0; n < used; n++) /* torn */
        assert_null(doc_load(&arena, STR("g"), (struct str){out.p, n}, &(size_t){0}));
    for (size_t i = 0; i < used; i++) { /* one byte wrong: refused, or at least walkable */
        out.p[i] ^= (char)0x81;
        size_t u;
        struct doc *odd = doc_load(&arena, STR("g"), (struct str){out.p, used}, &u);
        if (odd && odd->n_nodes) {
            buf_reset(&json);
            doc_json(odd, doc_root(odd), &json);
        }
        out.p[i] ^= (char)0x81;
    }
    buf_fini(&out);
    buf_fini(&json);
}

static void the_official_examples_parse(void **state)
{
    (void)state;
    const char *shared = getenv("TRELLIS_SHARED");
    struct arena a;
    struct err e;
    struct str *files;
    size_t n;
    arena_init(&a);
    struct str pattern = arena_printf(&a, "%s/specs/{odcs,odps}-examples/*.yaml", shared ? shared : "../shared");
    assert_true(fs_glob(&a, pattern.p, false, &files, &n, &e));
    if (n == 0)
        print_message("the example files are not there: not tested\n");
    for (size_t i = 0; i < n; i++) {
        struct str text;
        assert_true(fs_read(&a, files[i].p, 1 << 20, &text, &e));
        struct doc *d = doc_parse_yaml(&a, files[i], text, &errs);
        assert_non_null(d);
        struct buf first = BUF_INIT(1 << 20), second = BUF_INIT(1 << 20);
        doc_json(d, doc_root(d), &first); /* as JSON it is the same document */
        struct doc *again = doc_parse_json(&a, files[i], buf_str(&first), &errs);
        assert_non_null(again);
        doc_json(again, doc_root(again), &second);
        assert_string_equal(buf_z(&first), buf_z(&second));
        assert_int_equal(d->n_nodes, again->n_nodes);
        buf_fini(&first);
        buf_fini(&second);
    }
    arena_fini(&a);
}

#ifdef TRELLIS_FAULTS
static void exhaustion_is_an_error(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++) {
        for (unsigned n = 1;; n++) {
            errs_fini(&errs);
            const char *text = "{\"a\": [1, 2, {\"b\": \"a longer text, so that buffers have to grow\"}], \"c\": {\"d\": null}}";
            fault_arm(FAULT_ALLOC, n, n % 2);
            struct doc *d = json ? doc_parse_json(&arena, STR("f"), str_of(text), &errs) : yaml(text);
            fault_disarm();
            assert_int_equal(d != NULL, !fault_hit());
            if (d)
                break;
            assert_int_equal(errs.v[0].code, E_MEMORY);
        }
    }
}
#endif

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(every_value_has_its_place), CASE(scalars_have_the_core_kinds), CASE(wrong_texts_say_where_and_why),
        CASE(hostile_texts_meet_limits), CASE(aliases_are_copies),          CASE(json_documents),
        CASE(the_cache_form_reads_back), CASE(the_official_examples_parse),
#ifdef TRELLIS_FAULTS
        CASE(exhaustion_is_an_error),
#endif
    };
    return cmocka_run_group_tests_name("base doc", tests, NULL, NULL);
}
