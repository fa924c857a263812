/* Aggregated paths as text: what is read, and every way of being wrong with its place. */
#include "measure/kernels_int.h"
#include "paths_fixture.h"

struct reading { struct arena a; struct errs es; struct path_file f; bool good; };

static void read_text(struct reading *r, struct str text)
{
    memset(r, 0, sizeof *r);
    arena_init(&r->a);
    r->good = paths_read(&r->a, STR("p.csv"), text, &r->f, &r->es);
}

static void done(struct reading *r)
{
    errs_fini(&r->es);
    arena_fini(&r->a);
}

/* "a>b 2 5.000000 3|c 1 0 0" of what was read. */
static const char *as_words(const struct path_file *f)
{
    static char out[4096];
    size_t n = 0, at = 0;
    out[0] = 0;
    for (size_t i = 0; i < f->set.n; i++) {
        n += (size_t)snprintf(out + n, sizeof out - n, "%s", i ? "|" : "");
        for (size_t begin = at; at < f->set.ends[i]; at++)
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", at > begin ? ">" : "", STR_FMT(f->names[f->set.steps[at]]));
        n += (size_t)snprintf(out + n, sizeof out - n, " %lld", (long long)f->set.conversions[i]);
        if (f->set.value)
            n += (size_t)snprintf(out + n, sizeof out - n, " %lld", (long long)f->set.value[i]);
        if (f->set.nulls)
            n += (size_t)snprintf(out + n, sizeof out - n, " %lld", (long long)f->set.nulls[i]);
    }
    return out;
}

#define HEAD "path;total_conversions;total_conversion_value;total_null\n"

static void test_read(void **state)
{
    (void)state;
    static const struct { const char *text, *words; } cases[] = {
        {HEAD "a > b;2;5.5;3\nb;1;0;0\n", "a>b 2 5500000 3|b 1 0 0"},
        {"\xef\xbb\xbf" HEAD "a>b ;2;5;3", "a>b 2 5000000 3"},                                 /* BOM, no blanks, no last line end */
        {"PATH,Total_Conversions\r\n\"a, b > c\",1\r\n\r\n\"say \"\"hi\"\"\",2\r\n", "a, b>c 1|say \"hi\" 2"},
        {"total_null\tpath\tother\ttotal_conversions\n4\tx > y\tignored\t1\n", "x>y 1 4"},     /* tabs, another order, a column of somebody else */
        {"path;total_conversions\rgr\xc3\xbc\xc3\x9f > \xe6\x97\xa5;1\r", "gr\xc3\xbc\xc3\x9f>\xe6\x97\xa5 1"},
        {HEAD "a;1e+05;1.5E-3;2.0\n", "a 100000 1500 2"},                                      /* as R and pandas write them */
        {HEAD "a;3;-0.5;0\n", "a 3 -500000 0"},                                                /* value may be negative */
        {HEAD "a;1;0.1234565;0\nb;1;-0.1234565;0\nc;1;0.00000049999;0\n", "a 1 123457 0|b 1 -123457 0|c 1 0 0"},
        {HEAD "\"a >\nb\";1;1;1\nc;2;2;2\n", NULL},                                            /* a line end within a name is no step */
        {HEAD "a;9223372036854;9223372036854.775807;0\n", "a 9223372036854 9223372036854775807 0"},
        {HEAD "\n  \na;0;0;0\n", "a 0 0 0"},
        {HEAD " a  b > a_very_long_name_of_a_channel > a_very_long_name_of_a_chann2l;1;0;0\n", "a  b>a_very_long_name_of_a_channel>a_very_long_name_of_a_chann2l 1 0 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading r;
        read_text(&r, str_of(cases[i].text));
        if (cases[i].words) {
            if (!r.good)
                fail_msg("case %zu: %s", i, r.es.n ? r.es.v[0].text : "");
            assert_string_equal(as_words(&r.f), cases[i].words);
        }
        done(&r);
    }
}

static void test_wrong(void **state)
{
    (void)state;
    static const struct { const char *text; uint32_t line, col; const char *says; } cases[] = {
        {"", 1, 1, "empty"},
        {"path;conversions\na;1\n", 1, 1, "no column total_conversions"},
        {"a;1\n", 1, 1, "no column path"},
        {"path;total_conversions;path\na;1;b\n", 1, 24, "twice"},
        {HEAD, 2, 1, "no paths"},
        {HEAD "a > > b;1;0;0\n", 2, 4, "step of this path is empty"},
        {HEAD "a > ;1;0;0\n", 2, 4, "step of this path is empty"},
        {HEAD "> a;1;0;0\n", 2, 1, "step of this path is empty"},
        {HEAD ";1;0;0\n", 2, 1, "no path"},
        {HEAD "\"\";1;0;0\n", 2, 1, "no path"},
        {HEAD "a;-1;0;0\n", 2, 3, "negative"},
        {HEAD "a;1.5;0;0\n", 2, 3, "not a whole number"},
        {HEAD "a;;0;0\n", 2, 3, "empty here"},
        {HEAD "a;1;NA;0\n", 2, 5, "no number"},
        {HEAD "a;1;1.234,50;0\n", 2, 5, "no number"},
        {HEAD "a;1;0;-3\n", 2, 7, "negative"},
        {HEAD "a;99999999999999999999;0;0\n", 2, 3, "too large"},
        {HEAD "a;1;9223372036855;0\n", 2, 5, "too large"},
        {HEAD "a;1e;0;0\n", 2, 3, "no number"},
        {HEAD "a;1;0\n", 2, 1, "3 fields"},
        {HEAD "a;1;0;0;7\n", 2, 1, "5 fields"},
        {HEAD "a;0;12;4\n", 2, 1, "a value and no conversion"},
        {HEAD "ok;1;1;1\n\"a;1;0;0\n", 3, 1, "never closed"},
        {HEAD "\"a\"b;1;0;0\n", 2, 4, "between the quotes"},
        {HEAD "a\xff;1;0;0\n", 2, 1, "not UTF-8"},
        {HEAD "\xc3\xbc;x;0;0\n", 2, 3, "no number"}, /* columns count characters */
        {"path;total_conversions\na;9223372036854775807\nb;1\n", 0, 0, "more than can be counted"},
        {"path;total_conversions\na;9223372036854775808\n", 2, 3, "too large here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading r;
        read_text(&r, str_of(cases[i].text));
        if (r.good || r.es.n == 0)
            fail_msg("case %zu was read", i);
        const struct err *e = &r.es.v[0];
        if (!strstr(e->text, cases[i].says) || (cases[i].line && (e->line != cases[i].line || e->col != cases[i].col)))
            fail_msg("case %zu: %u:%u %s", i, e->line, e->col, e->text);
        done(&r);
    }
}

/* All of them in one pass, and no more than a hundred said. */
static void test_many_wrong(void **state)
{
    (void)state;
    struct reading r;
    struct buf b = BUF_INIT((size_t)1 << 20);
    buf_addz(&b, HEAD);
    for (int i = 0; i < 500; i++)
        buf_addz(&b, i % 2 ? "fine;1;1;1\n" : "a > > b;-1;0;x\n");
    read_text(&r, buf_str(&b));
    assert_false(r.good);
    assert_int_equal(r.es.n, 100);
    assert_int_equal(r.es.n_errors, 750);
    assert_true(r.es.v[0].line == 2 && r.es.v[3].line == 4);
    done(&r);
    buf_fini(&b);
}

static void test_quoted_lines(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, STR(HEAD "\"a\nb > c\";1;0;0\nd;x;0;0\n"));
    assert_false(r.good);
    assert_int_equal(r.es.v[0].line, 4); /* lines within quotes count */
    assert_int_equal(r.es.v[0].col, 3);
    done(&r);
}

static void test_rounding_said(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, STR(HEAD "a;1;0.5;0\nb;1;0.30000000000000004;0\nc;1;1.00000001;0\n"));
    assert_true(r.good);
    assert_true(r.es.n == 1 && r.es.warning[0] && r.es.v[0].line == 3 && r.es.v[0].col == 5);
    assert_non_null(strstr(r.es.v[0].text, "2 values"));
    assert_int_equal(r.f.value, 1800000);
    done(&r);
}

/* Many names, of every length, keep apart. */
static void test_many_names(void **state)
{
    (void)state;
    struct reading r;
    struct buf b = BUF_INIT((size_t)8 << 20);
    enum { NAMES = 5000 };
    buf_addz(&b, HEAD);
    for (int i = 0; i < NAMES; i++)
        buf_printf(&b, "%.*s%d > x;1;0;0\n", i % 20, "abcdefghijklmnopqrstuvwxyz", i);
    read_text(&r, buf_str(&b));
    assert_true(r.good);
    assert_int_equal(r.f.set.channels, NAMES + 1);
    for (int i = 0; i < NAMES; i++) {
        char name[40];
        snprintf(name, sizeof name, "%.*s%d", i % 20, "abcdefghijklmnopqrstuvwxyz", i);
        assert_true(str_eq(r.f.names[r.f.set.steps[2 * (size_t)i]], str_of(name)));
    }
    done(&r);
    buf_fini(&b);
}

static void read_parts(struct reading *r, struct str text, size_t parts)
{
    memset(r, 0, sizeof *r);
    arena_init(&r->a);
    r->good = paths_read_parts(&r->a, STR("p.csv"), text, parts, &r->f, &r->es);
}

static bool counts_same(const int64_t *a, const int64_t *b, size_t n)
{
    return !a == !b && (!a || !n || memcmp(a, b, n * sizeof *a) == 0);
}

static void assert_same(const struct reading *x, const struct reading *y, size_t parts)
{
    const struct path_set *a = &x->f.set, *b = &y->f.set;
    if (x->good != y->good || x->es.n != y->es.n || x->es.n_errors != y->es.n_errors || x->es.dropped != y->es.dropped || a->n != b->n || a->channels != b->channels)
        fail_msg("%zu parts: %zu rows, %zu names, %zu of %zu errors; whole: %zu, %zu, %zu of %zu", parts, b->n, b->channels, y->es.n, y->es.n_errors, a->n, a->channels, x->es.n, x->es.n_errors);
    for (size_t i = 0; i < x->es.n; i++) {
        const struct err *e = &x->es.v[i], *f = &y->es.v[i];
        if (e->code != f->code || e->line != f->line || e->col != f->col || strcmp(e->text, f->text) != 0 || strcmp(e->hint, f->hint) != 0 || x->es.warning[i] != y->es.warning[i])
            fail_msg("%zu parts: %u:%u %s; whole: %u:%u %s", parts, f->line, f->col, f->text, e->line, e->col, e->text);
    }
    for (size_t i = 0; i < a->channels; i++)
        assert_true(str_eq(x->f.names[i], y->f.names[i]));
    size_t steps = a->n ? a->ends[a->n - 1] : 0;
    assert_true(a->n == 0 || (memcmp(a->ends, b->ends, a->n * sizeof *a->ends) == 0 && memcmp(a->steps, b->steps, steps * sizeof *a->steps) == 0));
    assert_true(counts_same(a->conversions, b->conversions, a->n) && counts_same(a->value, b->value, a->n) && counts_same(a->nulls, b->nulls, a->n));
    assert_true(x->f.conversions == y->f.conversions && x->f.value == y->f.value && x->f.nulls == y->f.nulls);
}

/* A row of kind k: good ones with names old and new, of every line end, and every way of being wrong that moves what comes after it. */
static void row_add(struct buf *b, unsigned kind, int i)
{
    static const char *const rows[] = {
        "a > b;1;2;3\n", "b > a > c;0;0;1\r\n", "\n", "  \n", "\"a\nb > c\";1;0.0000001;0\n", "\"x > \"\"y\"\"\";1;1;1\r", "a > > b;1;0;0\n", "a;-1;0;x\n",
        "\"a\n\n > \n\";1;1;1\n", "c;1;0;0;9\r\n", "a\xff;1;0;0\n", "\"a\"b;1;1\n", "d > \xc3\xbc;2;1.5;0\n", "a;0;7;1\n",
    };
    if (kind % 3 == 0)
        buf_printf(b, "new%d > a;1;1;0\n", i);
    else
        buf_addz(b, rows[kind / 3 % (sizeof rows / sizeof *rows)]);
}

/* In any number of parts the same comes of it, wherever they are cut. */
static void test_parts(void **state)
{
    (void)state;
    static const struct { int rows; unsigned kinds; const char *last; } texts[] = {{0, 1, ""}, {1, 1, "a;1;0;0"}, {40, 9, ""}, {40, 18, "z;1;1;1"}, {60, 1000, ""}, {60, 15, "\"never closed;1;1;1\n a;1;1;1\n"}, {400, 1000, ""}};
    struct buf b = BUF_INIT((size_t)1 << 20);
    struct draws d;
    draws_init(&d, 1, 0);
    for (size_t t = 0; t < 7 * sizeof texts / sizeof *texts; t++) {
        size_t k = t % (sizeof texts / sizeof *texts);
        buf_reset(&b);
        buf_addz(&b, HEAD);
        for (int i = 0; i < texts[k].rows; i++)
            row_add(&b, (unsigned)draws_below(&d, texts[k].kinds), i);
        buf_addz(&b, texts[k].last);
        struct reading whole;
        read_parts(&whole, buf_str(&b), 1);
        for (size_t parts = 2; parts <= 64; parts += 1 + parts / 8) {
            struct reading r;
            read_parts(&r, buf_str(&b), parts);
            assert_same(&whole, &r, parts);
            done(&r);
        }
        done(&whole);
    }
    buf_fini(&b);
}

/* Long enough that the reader itself takes several threads. */
static void test_parts_of_themselves(void **state)
{
    (void)state;
    struct buf b = BUF_INIT((size_t)16 << 20);
    struct reading one, r;
    buf_addz(&b, HEAD);
    for (int i = 0; i < 120000; i++)
        buf_printf(&b, "channel_%d > channel_%d > email;%d;%d.25;%d%s", i / 1000, i % 7, 1 + i % 3, i % 100, i % 5, i % 10 ? "\n" : "\n\n");
    read_parts(&one, buf_str(&b), 1);
    read_text(&r, buf_str(&b));
    assert_true(one.good && one.f.set.n == 120000);
    assert_same(&one, &r, 0);
    done(&r);
    done(&one);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),         cmocka_unit_test(test_wrong),         cmocka_unit_test(test_many_wrong),
        cmocka_unit_test(test_quoted_lines), cmocka_unit_test(test_rounding_said), cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_parts),        cmocka_unit_test(test_parts_of_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
