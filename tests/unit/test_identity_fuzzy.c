/* Records of one person without an identifier that says so: normal forms and comparisons against values worked out by hand, what EM learns of
 * a world whose answer is known, what is missing or swapped or rare, the same answer twice; and F1 on two labelled public sets. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fuzzy_data.h"

static bool near(double a, double b, double by)
{
    return fabs(a - b) <= by;
}

/* ---- parts ---- */

static void test_jaro_winkler(void **state)
{
    static const struct { const char *a, *b; double is; } cases[] = { /* Winkler's own examples, and the ends */
        {"martha", "marhta", 0.9611}, {"dwayne", "duane", 0.84}, {"dixon", "dicksonx", 0.8133}, {"jones", "johnson", 0.8324},
        {"abroms", "abrams", 0.9222}, {"same", "same", 1}, {"abc", "xyz", 0}, {"", "", 1}, {"", "a", 0}, {"a", "a", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double is = fuzzy_jaro_winkler(str_of(cases[i].a), str_of(cases[i].b)), other = fuzzy_jaro_winkler(str_of(cases[i].b), str_of(cases[i].a));
        if (!near(is, cases[i].is, 0.0001) || !near(is, other, 1e-9))
            fail_msg("%s, %s: %.4f and %.4f the other way round, not %.4f", cases[i].a, cases[i].b, is, other, cases[i].is);
    }
}

static void test_edits(void **state)
{
    static const struct { const char *a, *b; unsigned max, is; } cases[] = {
        {"kitten", "sitting", 5, 3}, {"ca", "abc", 5, 3}, {"smith", "simth", 5, 1}, {"", "abc", 5, 3}, {"abc", "abc", 2, 0},
        {"kitten", "sitting", 1, 2}, {"a", "abcdefgh", 2, 3}, {"12345", "12435", 2, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(fuzzy_edits(str_of(cases[i].a), str_of(cases[i].b), cases[i].max), cases[i].is);
}

static void test_normal(void **state)
{
    static const struct { enum fuzzy_kind kind; const char *from, *to; } cases[] = {
        {FUZZY_NAME, "  M\xC3\xBCller-L\xC3\xBC" "denscheidt ", "mueller luedenscheidt"},
        {FUZZY_NAME, "O'Brien", "obrien"},
        {FUZZY_NAME, "Jos\xC3\x89 \xC5\x81uk\xC3\xA1\xC5\xA1", "jose lukas"},
        {FUZZY_NAME, "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD", "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD"},
        {FUZZY_NAME, " -.- ", ""},
        {FUZZY_TEXT, "12 Wallaby Street", "12 wallaby st"},
        {FUZZY_TEXT, "Street", "street"},
        {FUZZY_DIGITS, "+49 (30) 12-34", "49301234"},
        {FUZZY_DATE, "1987-12-24", "19871224"},
        {FUZZY_DATE, "24.12.1987", "19871224"},
        {FUZZY_DATE, "24/12/1987", "19871224"},
        {FUZZY_DATE, "19871224", "19871224"},
        {FUZZY_DATE, "1987-12-24T00:00:00", "19871224"},
        {FUZZY_EMAIL, " Ann@Example.ORG ", "ann@example.org"},
        {FUZZY_EMAIL, "", ""},
    };
    struct arena a;
    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str is = fuzzy_normal(&a, cases[i].kind, str_of(cases[i].from));
        if (!str_eq(is, str_of(cases[i].to)))
            fail_msg("\"%s\" became \"%.*s\", not \"%s\"", cases[i].from, STR_FMT(is), cases[i].to);
    }
    char longer[1000]; /* longer than what is compared, cut within a letter of two bytes */
    memset(longer, 'a', sizeof longer);
    for (size_t i = 0; i + 1 < sizeof longer; i += 2)
        memcpy(longer + i, "\xC3\x9F", 2);
    for (size_t n = 0; n <= sizeof longer; n += 7)
        assert_true(fuzzy_normal(&a, FUZZY_TEXT, (struct str){longer, n}).n <= 170);
    arena_fini(&a);
}

static void test_levels(void **state)
{
    static const struct { enum fuzzy_kind kind; const char *a, *b; int is; } cases[] = {
        {FUZZY_NAME, "anna", "anna", 3},           {FUZZY_NAME, "martha", "marhta", 2},
        {FUZZY_NAME, "jones", "johnson", 1},       {FUZZY_NAME, "anna", "bob", 0},
        {FUZZY_NAME, "", "bob", FUZZY_MISSING},    {FUZZY_TEXT, "wallaby st", "wallaby st", 3},
        {FUZZY_DATE, "19871224", "19872412", 3},   {FUZZY_DATE, "19871224", "19871225", 3},
        {FUZZY_DATE, "19871224", "19870124", 2},   {FUZZY_DATE, "19871224", "19870511", 1},
        {FUZZY_DATE, "19871224", "20010511", 0},   {FUZZY_DATE, "19871224", "19871224", 4},
        {FUZZY_DIGITS, "49301234", "49301243", 2}, {FUZZY_DIGITS, "49301234", "49301299", 1},
        {FUZZY_DIGITS, "7", "8", 0},               {FUZZY_EMAIL, "ann.lee@a.org", "ann.lee@b.com", 2},
        {FUZZY_EMAIL, "ann@a.org", "bob@c.net", 0}, {FUZZY_EMAIL, "ann@a.org", "ann@a.org", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int is = fuzzy_compare(cases[i].kind, str_of(cases[i].a), str_of(cases[i].b)), other = fuzzy_compare(cases[i].kind, str_of(cases[i].b), str_of(cases[i].a));
        if (is != cases[i].is || other != is)
            fail_msg("%s, %s: %d and %d the other way round, not %d", cases[i].a, cases[i].b, is, other, cases[i].is);
        assert_true(fuzzy_level_words(cases[i].kind, is)[0] != '\0');
    }
}

/* ---- a world whose answer is known ---- */

enum { PEOPLE = 200, FIELDS = 4 };
static const struct fuzzy_field world_fields[FIELDS] = {{"first_name", FUZZY_NAME}, {"last_name", FUZZY_NAME}, {"birth_date", FUZZY_DATE}, {"phone", FUZZY_DIGITS}};

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static struct str letters(struct arena *a, uint64_t r)
{
    char out[8];
    for (size_t i = 0; i < sizeof out; i++, r /= 26)
        out[i] = (char)('a' + r % 26);
    return arena_str(a, (struct str){out, sizeof out});
}

static void person(struct arena *a, uint64_t i, struct str *v)
{
    uint64_t r = mixed(i + 1);
    v[0] = letters(a, r);
    v[1] = letters(a, mixed(r));
    v[2] = arena_printf(a, "%d-%02d-%02d", 1930 + (int)(r % 70), 1 + (int)(r >> 8) % 12, 1 + (int)(r >> 16) % 28);
    v[3] = arena_printf(a, "%010llu", (unsigned long long)(mixed(r + 5) % 10000000000u));
}

/* Everybody twice. Every fourth person's phone is another one the second time. */
static struct str *world(struct arena *a)
{
    struct str *v = arena_array(a, 2 * PEOPLE * FIELDS, sizeof *v);
    for (size_t i = 0; i < PEOPLE; i++) {
        person(a, i, v + 2 * i * FIELDS);
        person(a, i, v + (2 * i + 1) * FIELDS);
        if (i % 4 == 0)
            v[(2 * i + 1) * FIELDS + 3] = arena_printf(a, "%010llu", (unsigned long long)(mixed(i + 1000) % 10000000000u));
    }
    return v;
}

static void matched(const struct fuzzy_field *fields, size_t n_fields, const struct str *v, size_t n, double review, struct arena *a, struct fuzzy_result *r)
{
    struct err e = {0};
    if (!fuzzy_match(fields, n_fields, v, n, review, a, r, &e))
        fail_msg("%s", e.text);
}

static void test_em(void **state)
{
    struct arena a;
    struct fuzzy_result r;
    (void)state;
    arena_init(&a);
    matched(world_fields, FIELDS, world(&a), 2 * PEOPLE, 0.9, &a, &r);
    assert_int_equal(r.n, PEOPLE);
    for (size_t i = 0; i < r.n; i++) {
        assert_int_equal(r.pairs[i].a, 2 * i);
        assert_int_equal(r.pairs[i].b, 2 * i + 1);
        assert_int_equal(r.pairs[i].levels[3] == 3, i % 4 != 0);
    }
    assert_true(near(r.model.m[0][3], 1, 0.001) && near(r.model.m[2][4], 1, 0.001));
    assert_true(near(r.model.m[3][3], 0.75, 0.001)); /* three of four kept their phone */
    assert_true(near(r.model.prior, PEOPLE / (2.0 * PEOPLE * (2 * PEOPLE - 1) / 2), 0.0001));
    assert_true(r.model.rounds < 50);
    for (size_t f = 0; f < FIELDS; f++) {
        double m = 0, u = 0;
        for (int l = 0; l < fuzzy_levels(world_fields[f].kind); l++) {
            m += r.model.m[f][l];
            u += r.model.u[f][l];
        }
        assert_true(near(m, 1, 0.001) && near(u, 1, 0.001));
    }
    arena_fini(&a);
}

static const struct fuzzy_pair *pair_of(const struct fuzzy_result *r, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->pairs[i].a == a && r->pairs[i].b == b)
            return &r->pairs[i];
    return NULL;
}

/* A phone that is not known says less than the same one, and more than another one; names and days that are swapped are found. */
static void test_missing_and_swapped(void **state)
{
    struct arena a;
    struct fuzzy_result r;
    (void)state;
    arena_init(&a);
    struct str *v = world(&a);
    v[3 * FIELDS + 3] = STR("");
    struct str first = v[5 * FIELDS];
    v[5 * FIELDS] = v[5 * FIELDS + 1];
    v[5 * FIELDS + 1] = first;
    v[6 * FIELDS + 2] = STR("1975-03-09");
    v[7 * FIELDS + 2] = STR("09.03.1975");
    v[10 * FIELDS + 2] = STR("1975-03-09");
    v[11 * FIELDS + 2] = STR("03.09.1975");
    matched(world_fields, FIELDS, v, 2 * PEOPLE, 0, &a, &r);
    const struct fuzzy_pair *other = pair_of(&r, 0, 1), *missing = pair_of(&r, 2, 3), *swapped = pair_of(&r, 4, 5), *same = pair_of(&r, 6, 7), *days = pair_of(&r, 10, 11);
    assert_true(other && missing && swapped && same && days);
    assert_int_equal(missing->levels[3], FUZZY_MISSING);
    assert_true(other->weight < missing->weight && missing->weight < same->weight);
    assert_true(swapped->levels[0] == 2 && swapped->levels[1] == 2 && swapped->probability > 0.99);
    assert_int_equal(same->levels[2], 4);
    assert_int_equal(days->levels[2], 3);
    arena_fini(&a);
}

/* Whether names and days alone are enough. Fields: two names, a date, a number, a mail address. */
static void test_judge(void **state)
{
    enum { NONE = FUZZY_MISSING };
    static const struct fuzzy_field fields[] = {{"first_name", FUZZY_NAME}, {"last_name", FUZZY_NAME}, {"birth_date", FUZZY_DATE}, {"phone", FUZZY_DIGITS}, {"email", FUZZY_EMAIL}};
    static const struct { uint8_t levels[5]; enum fuzzy_verdict is; } cases[] = {
        {{3, 3, 4, 3, 3}, FUZZY_UNDISPUTED},       {{3, 3, NONE, NONE, NONE}, FUZZY_DOUBTFUL}, {{3, 3, 0, 0, 0}, FUZZY_REFUTED},
        {{3, 3, 1, 3, 3}, FUZZY_DOUBTFUL},         {{3, 3, 4, 0, NONE}, FUZZY_UNDISPUTED},     {{3, 3, 4, 0, 0}, FUZZY_DOUBTFUL},
        {{3, 3, NONE, NONE, 3}, FUZZY_UNDISPUTED}, {{3, 3, 0, NONE, 1}, FUZZY_DOUBTFUL},       {{3, 3, NONE, 0, 0}, FUZZY_REFUTED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(fuzzy_judge(fields, 5, cases[i].levels), cases[i].is);
}

/* An address that is made of the names says nothing beside them; one with a slip of the pen does. */
static void test_mail_of_names(void **state)
{
    static const struct fuzzy_field fields[] = {{"first_name", FUZZY_NAME}, {"last_name", FUZZY_NAME}, {"email", FUZZY_EMAIL}};
    static const char *const values[] = {"midaha", "elmason", "midaha.elmason146@example.org", "midaha", "elmason", "midaha.elmason857@example.org",
                                         "midaha", "elmason", "midaha.elmason147@example.org"};
    struct str v[9];
    struct arena a;
    struct fuzzy_result r;
    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < 9; i++)
        v[i] = str_of(values[i]);
    matched(fields, 3, v, 3, 0, &a, &r);
    assert_int_equal(r.n, 3);
    assert_int_equal(r.pairs[0].levels[2], FUZZY_MISSING);
    assert_int_equal(r.pairs[1].levels[2], 1);
    arena_fini(&a);
}

/* The same rare name says more than the same common one. */
static void test_rare_names(void **state)
{
    struct arena a;
    struct fuzzy_result r;
    (void)state;
    arena_init(&a);
    struct str *v = world(&a);
    for (size_t i = 0; i < 20; i++)
        v[2 * i * FIELDS] = v[(2 * i + 1) * FIELDS] = STR("maria");
    matched(world_fields, FIELDS, v, 2 * PEOPLE, 0, &a, &r);
    const struct fuzzy_pair *common = pair_of(&r, 2, 3), *rare = pair_of(&r, 42, 43);
    assert_true(common && rare && memcmp(common->levels, rare->levels, FIELDS) == 0);
    assert_true(near(rare->weight - common->weight, log2(40.0 / 2), 0.001));
    arena_fini(&a);
}

static void test_same_answer(void **state)
{
    struct arena a;
    struct fuzzy_result r[2];
    (void)state;
    arena_init(&a);
    struct str *v = world(&a);
    for (size_t i = 0; i < 2; i++)
        matched(world_fields, FIELDS, v, 2 * PEOPLE, 0, &a, &r[i]);
    assert_int_equal(r[0].n, r[1].n);
    assert_memory_equal(&r[0].model, &r[1].model, sizeof r[0].model);
    for (size_t i = 0; i < r[0].n; i++)
        assert_true(r[0].pairs[i].a == r[1].pairs[i].a && r[0].pairs[i].b == r[1].pairs[i].b && r[0].pairs[i].weight == r[1].pairs[i].weight);
    arena_fini(&a);
}

/* Nothing, one, all empty, all the same; and what it refuses. */
static void test_edges(void **state)
{
    struct arena a;
    struct fuzzy_result r;
    struct err e = {0};
    enum { MANY = 200 };
    (void)state;
    arena_init(&a);
    struct str *v = arena_array(&a, MANY * FIELDS, sizeof *v);
    for (size_t i = 0; i < MANY * FIELDS; i++)
        v[i] = STR("");
    for (size_t n = 0; n <= MANY; n += MANY / 2) {
        matched(world_fields, FIELDS, v, n, 0, &a, &r);
        assert_int_equal(r.n, 0);
    }
    matched(world_fields, FIELDS, v, 1, 0, &a, &r);
    for (size_t i = 0; i < MANY; i++)
        person(&a, 7, v + i * FIELDS);
    matched(world_fields, FIELDS, v, MANY, 0, &a, &r); /* a block that large says nothing */
    assert_true(r.n == 0 && r.blocks_passed_over > 0);
    matched(world_fields, FIELDS, v, 2, 0, &a, &r);
    assert_int_equal(r.candidates, 1);
    assert_true(r.n == 1 && isfinite(r.pairs[0].weight));
    assert_false(fuzzy_match(world_fields, 0, v, 2, 0, &a, &r, &e));
    assert_int_equal(e.code, E_USAGE);
    arena_fini(&a);
}

/* ---- labelled sets ---- */

static void expect(const struct fuzzy_set *set, size_t n_fields, double threshold, double pairs, double closed)
{
    struct arena a;
    struct fuzzy_data d;
    struct fuzzy_result r;
    arena_init(&a);
    bool there = fuzzy_data_read(set, n_fields, &a, &d);
    if (there) {
        matched(set->fields, n_fields, d.values, d.n, 0.5, &a, &r);
        struct fuzzy_score p = fuzzy_score_pairs(&d, &r, threshold), c = fuzzy_score_closed(&d, &r, threshold);
        if (p.f1 < pairs || c.f1 < closed)
            fail_msg("%s: F1 of pairs %.4f, closed %.4f; not %.4f and %.4f", set->name, p.f1, c.f1, pairs, closed);
    }
    arena_fini(&a);
    if (!there)
        skip();
}

static void test_febrl(void **state)
{
    (void)state;
    expect(&fuzzy_febrl3, 10, 0.5, 0.995, 0.998);
    expect(&fuzzy_febrl3, 9, 0.5, 0.995, 0.995);
    expect(&fuzzy_febrl3, 10, 0.99, 0.99, 0.998);
}

static void test_fake(void **state)
{
    (void)state;
    expect(&fuzzy_fake1000, 5, 0.5, 0.86, 0.955);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jaro_winkler), cmocka_unit_test(test_edits),      cmocka_unit_test(test_normal), cmocka_unit_test(test_levels),
        cmocka_unit_test(test_em),           cmocka_unit_test(test_missing_and_swapped), cmocka_unit_test(test_judge), cmocka_unit_test(test_mail_of_names), cmocka_unit_test(test_rare_names), cmocka_unit_test(test_same_answer),
        cmocka_unit_test(test_edges),        cmocka_unit_test(test_febrl),      cmocka_unit_test(test_fake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
