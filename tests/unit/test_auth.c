/* Users, sessions, links and tokens over time; what the clock decides. The password's cost is lowered: what it costs is libsodium's business. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "auth/auth_int.h"
#include "base/clock.h"
#include "base/fs.h"

#define START (INT64_C(1780000000) * SECOND_US)
#define PASSWORD STR("violet kettle 93 harbour")

static struct mesh_role roles[] = {
    {.name = {"admin", 5}, .admin = true},
    {.name = {"marketer", 8}, .groups = {&(struct str){"marketing", 9}, 1}},
    {.name = {"analyst", 7}, .groups = {&(struct str){"data", 4}, 1}},
};
static struct str purposes[] = {{"analytics", 9}, {"email", 5}};
static struct mesh mesh = {.policy = {.roles = roles, .n_roles = 3}, .purposes = purposes, .n_purposes = 2, .sign_on = {.password = true}};
static const struct auth_from here = {.address = {"192.0.2.1", 9}, .agent = {"Test/1\r\nX: y", 12}};

struct world {
    char dir[64];
    struct state *state;
    struct auth *auth;
    struct arena a;
};

static int open_world(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    struct err e = {0};
    snprintf(w->dir, sizeof w->dir, "/tmp/trellis-auth-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    arena_init(&w->a);
    auth_cost = (struct auth_cost){crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN};
    clock_set_us(START);
    if (!state_open(w->dir, NULL, &w->state, &e) || !auth_open(w->state, NULL, &w->auth, &e))
        fail_msg("%s", e.text);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    struct err e;
    auth_close(w->auth);
    state_close(w->state);
    arena_fini(&w->a);
    clock_set_us(0);
    assert_true(fs_remove_tree(w->dir, &e));
    mem_free(w);
    return 0;
}

static struct mesh_strs one_role(const char *name)
{
    static struct str v[1];
    v[0] = str_of(name);
    return (struct mesh_strs){v, 1};
}

/* A user with the password, and a session of theirs. */
static struct str made(struct world *w, const char *name, const char *role)
{
    struct err e = {0};
    struct str code;
    struct auth_session s;
    char *secret = arena_alloc(&w->a, 65);
    if (!auth_user_add(w->auth, &mesh, str_of(name), STR(""), one_role(role), STR("test"), &w->a, &code, &e) ||
        !auth_redeem(w->auth, &mesh, code, str_of(name), PASSWORD, &here, &w->a, secret, &s, &e))
        fail_msg("%s", e.text);
    return str_of(secret);
}

static bool in(struct world *w, struct str secret)
{
    struct auth_session s;
    struct err e = {0};
    bool good = auth_session_of(w->auth, &mesh, secret, &w->a, &s, &e);
    if (!good)
        assert_int_equal(e.code, E_UNAUTHENTICATED);
    return good;
}

static enum err_code sign_in(struct world *w, const char *name, const char *password)
{
    struct err e = {0};
    char secret[65];
    struct auth_session s;
    return auth_sign_in(w->auth, &mesh, str_of(name), str_of(password), &here, &w->a, secret, &s, &e) ? E_OK : e.code;
}

static void a_session_ends_when_it_idles_and_after_a_week(void **state)
{
    struct world *w = *state;
    struct str secret = made(w, "anna", "marketer");
    assert_true(in(w, secret));
    clock_set_us(START + 11 * HOUR_US);
    assert_true(in(w, secret));
    clock_set_us(START + 22 * HOUR_US);
    assert_true(in(w, secret)); /* its time begins anew with each request */
    clock_set_us(START + 35 * HOUR_US);
    assert_false(in(w, secret));
    secret = made(w, "bob", "marketer");
    int64_t begun = clock_now_us();
    for (int i = 1; i < 16; i++) {
        clock_set_us(begun + i * 11 * HOUR_US);
        assert_int_equal(in(w, secret), i * 11 < 7 * 24);
    }
}

static void a_change_reaches_the_next_request(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    struct str secret = made(w, "anna", "marketer"), other = made(w, "bob", "marketer");
    struct auth_session s;
    struct mesh_strs admin = one_role("admin");
    assert_true(in(w, secret) && in(w, other));
    assert_true(auth_user_change(w->auth, &mesh, STR("anna"), &admin, -1, STR("test"), &e));
    assert_false(in(w, secret));
    assert_true(in(w, other));
    assert_true(auth_session_of(w->auth, &mesh, other, &w->a, &s, &e));
    assert_true(auth_sign_out(w->auth, STR("bob"), s.id, &e));
    assert_false(in(w, other));
    secret = made(w, "carl", "marketer");
    assert_true(in(w, secret));
    assert_true(auth_user_change(w->auth, &mesh, STR("CARL"), NULL, 1, STR("test"), &e));
    assert_false(in(w, secret));
    assert_int_equal(sign_in(w, "carl", "violet kettle 93 harbour"), E_UNAUTHENTICATED);
    assert_false(auth_user_change(w->auth, &mesh, STR("nobody"), NULL, 1, STR("test"), &e));
    assert_int_equal(e.code, E_NOT_FOUND);
}

/* Where passwords, or the provider, are no longer a way in, who came in by them is out. */
static void a_session_lasts_as_long_as_its_way_in(void **state)
{
    struct world *w = *state;
    struct str secret = made(w, "anna", "marketer");
    struct mesh other = mesh;
    struct auth_session s;
    struct err e = {0};
    char theirs[65];
    const struct store_user u = {.name = STR("sso"), .issuer = STR("https://login.example.org"), .subject = STR("1"), .groups = STR("data\n")};
    other.sign_on = (struct mesh_sign_on){.issuer = u.issuer, .password = true};
    assert_true(store_user_add(w->auth->store, &u, &e) && auth_session_begin(w->auth, &other, &u, &here, &w->a, theirs, &s, &e));
    assert_true(auth_session_of(w->auth, &other, secret, &w->a, &s, &e) && auth_session_of(w->auth, &other, str_of(theirs), &w->a, &s, &e));
    assert_true(s.who.n_roles == 1 && str_eq(s.who.roles[0], STR("analyst")));
    other.sign_on.password = false;
    assert_false(auth_session_of(w->auth, &other, secret, &w->a, &s, &e));
    assert_true(auth_session_of(w->auth, &other, str_of(theirs), &w->a, &s, &e));
    other.sign_on.issuer = STR("https://another.example.org");
    assert_false(auth_session_of(w->auth, &other, str_of(theirs), &w->a, &s, &e));
    assert_false(auth_session_of(w->auth, &mesh, str_of(theirs), &w->a, &s, &e));
}

static void wrong_passwords_lock_a_name_for_longer_each_time(void **state)
{
    struct world *w = *state;
    static const int minutes[] = {1, 2, 4, 8, 16, 32, 60, 60};
    made(w, "anna", "marketer");
    for (int ghost = 0; ghost < 2; ghost++) {
        const char *name = ghost ? "ghost" : "anna";
        int64_t now = START + ghost * DAY_US;
        clock_set_us(now);
        for (int i = 0; i < 5; i++)
            assert_int_equal(sign_in(w, name, "wrong"), E_UNAUTHENTICATED);
        for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
            assert_int_equal(sign_in(w, name, "violet kettle 93 harbour"), E_RATE);
            now += minutes[i] * MINUTE_US - 1;
            clock_set_us(now);
            assert_int_equal(sign_in(w, name, "violet kettle 93 harbour"), E_RATE);
            now += 1;
            clock_set_us(now);
            if (i + 1 < sizeof minutes / sizeof *minutes)
                assert_int_equal(sign_in(w, name, "wrong"), E_UNAUTHENTICATED);
            memset(w->auth->addresses, 0, ADDRESS_SETS * sizeof *w->auth->addresses); /* of the other limit */
        }
    }
    clock_set_us(START + 3 * DAY_US);
    assert_int_equal(sign_in(w, "anna", "violet kettle 93 harbour"), E_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sign_in(w, "anna", "wrong"), E_UNAUTHENTICATED);
    assert_int_equal(sign_in(w, "anna", "violet kettle 93 harbour"), E_OK); /* and that begins the count anew */
    for (int i = 0; i < 4; i++)
        assert_int_equal(sign_in(w, "anna", "wrong"), E_UNAUTHENTICATED);
}

static void addresses_are_counted_each_and_v6_by_its_network(void **state)
{
    struct world *w = *state;
    struct err e;
    static const char *const same[] = {"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::9"};
    for (int i = 0; i < 20; i++)
        assert_true(auth_limit_address(w->auth, str_of(same[i % 3]), &e));
    assert_false(auth_limit_address(w->auth, STR("2001:db8::77"), &e));
    assert_int_equal(e.code, E_RATE);
    assert_true(auth_limit_address(w->auth, STR("2001:db8:0:1::1"), &e));
    for (int i = 0; i < 20; i++)
        assert_true(auth_limit_address(w->auth, STR("198.51.100.7"), &e));
    assert_false(auth_limit_address(w->auth, STR("198.51.100.7"), &e));
    assert_true(auth_limit_address(w->auth, STR("198.51.100.8"), &e));
    auth_limit_address_back(w->auth, STR("198.51.100.7"));
    assert_true(auth_limit_address(w->auth, STR("198.51.100.7"), &e));
    assert_false(auth_limit_address(w->auth, STR("198.51.100.7"), &e));
}

static void links_last_three_days_and_the_newest_counts(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    struct str first, second, welcome;
    char secret[65];
    struct auth_session s;
    assert_true(auth_welcome(w->auth, &w->a, &welcome, &e));
    assert_int_equal(welcome.n, CODE_CHARACTERS);
    assert_true(auth_user_add(w->auth, &mesh, STR("Anna"), STR("Anna A."), one_role("marketer"), STR("test"), &w->a, &first, &e));
    assert_false(auth_redeem(w->auth, &mesh, welcome, STR("eve"), PASSWORD, &here, &w->a, secret, &s, &e)); /* somebody is there by now */
    assert_int_equal(e.code, E_UNAUTHENTICATED);
    assert_true(auth_user_link(w->auth, STR("anna"), STR("test"), &w->a, &second, &e));
    assert_false(auth_redeem(w->auth, &mesh, first, STR("anna"), PASSWORD, &here, &w->a, secret, &s, &e));
    clock_set_us(START + AUTH_LINK_HOURS * HOUR_US);
    assert_false(auth_redeem(w->auth, &mesh, second, STR("anna"), PASSWORD, &here, &w->a, secret, &s, &e));
    clock_set_us(START + AUTH_LINK_HOURS * HOUR_US - 1);
    assert_true(auth_redeem(w->auth, &mesh, second, STR(""), PASSWORD, &here, &w->a, secret, &s, &e));
    assert_true(str_eq(s.who.name, STR("anna")));
    assert_true(auth_welcome(w->auth, &w->a, &welcome, &e));
    assert_int_equal(welcome.n, 0);
    struct auth_session_row *rows;
    size_t n;
    assert_true(auth_sessions(w->auth, STR("anna"), s.id, &w->a, &rows, &n, &e));
    assert_int_equal(n, 1);
    assert_true(rows[0].own && str_eq(rows[0].agent, STR("Test/1X: y"))); /* without control bytes */
    assert_false(auth_user_add(w->auth, &mesh, STR("aNNa"), STR(""), one_role("marketer"), STR("test"), &w->a, &first, &e));
    assert_int_equal(e.code, E_DUPLICATE);
}

static void tokens_expire_rotate_and_end(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    struct auth_session s;
    char secret[48], next[48];
    int64_t id, id2;
    struct auth_token t = {.roles = one_role("analyst"), .purposes = {purposes, 1}, .title = STR("x")}, seen;
    assert_true(auth_token_add(w->auth, &mesh, &t, STR("test"), secret, &id, &e));
    assert_true(auth_token_of(w->auth, &mesh, str_of(secret), &w->a, &s, &e));
    assert_true(s.who.kind == GOVERN_TOKEN && s.who.n_roles == 1 && s.who.n_purposes == 1 && s.csrf.n == 0);
    assert_true(auth_token_find(w->auth, id, &w->a, &seen, &e));
    assert_int_equal(seen.expires_at_us, START + 90 * DAY_US);
    assert_int_equal(seen.used_at_us, START);
    assert_true(auth_token_rotate(w->auth, id, STR("test"), next, &id2, &e));
    assert_false(auth_token_rotate(w->auth, id, STR("test"), next, &id2, &e)); /* once */
    clock_set_us(START + HOUR_US - 1);
    assert_true(auth_token_of(w->auth, &mesh, str_of(secret), &w->a, &s, &e));
    clock_set_us(START + HOUR_US);
    assert_false(auth_token_of(w->auth, &mesh, str_of(secret), &w->a, &s, &e));
    clock_set_us(START + 90 * DAY_US);
    struct auth_token *all;
    size_t n;
    assert_true(auth_tokens(w->auth, &w->a, &all, &n, &e));
    assert_int_equal(n, 2);
    assert_int_equal(all[0].expires_at_us, START + 90 * DAY_US);
    t.expires_at_us = clock_now_us() + 400 * DAY_US;
    assert_false(auth_token_add(w->auth, &mesh, &t, STR("test"), secret, &id, &e));
    t.expires_at_us = clock_now_us();
    assert_false(auth_token_add(w->auth, &mesh, &t, STR("test"), secret, &id, &e));
}

static void groups_map_to_roles_as_the_policy_says_now(void **state)
{
    struct world *w = *state;
    struct mesh_strs r = auth_roles_of(&mesh, STR("analyst\n"), STR("marketing\nnothing\ndata\n"), &w->a);
    assert_int_equal(r.n, 2);
    assert_true(str_eq(r.v[0], STR("analyst")) && str_eq(r.v[1], STR("marketer")));
    assert_int_equal(auth_roles_of(&mesh, STR(""), STR("admin\nMarketing\nmarketing \n"), &w->a).n, 0);
    assert_int_equal(auth_roles_of(NULL, STR("marketer\n"), STR("data\n"), &w->a).n, 1);
}

static void names(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *given, *name; /* NULL: none */
    } cases[] = {
        {"anna", "anna"},      {" Anna.B@Example.org ", "anna.b@example.org"},
        {"a+b", "a+b"},        {"", NULL},
        {"-a", NULL},          {".a", NULL},
        {"a b", NULL},         {"a\nb", NULL},
        {"a:1", NULL},         {"token:1", NULL},
        {"local-admin", NULL}, {"Local-Admin", NULL},
        {"a/b", NULL},         {"a%2f", NULL},
        {"\xc3\xa4nna", NULL}, {"unknown", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str name;
        struct err e = {0};
        bool good = auth_name_read(str_of(cases[i].given), &w->a, &name, &e);
        if (good != (cases[i].name != NULL) || (good && !str_eq(name, str_of(cases[i].name))))
            fail_msg("\"%s\"", cases[i].given);
        if (!good)
            assert_int_equal(e.code, E_NAME);
    }
    struct str name;
    assert_false(auth_name_read((struct str){"a\0b", 3}, &w->a, &name, NULL));
}

static void passwords(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"violet kettle 93 harbour", true}, {"xK9#mQ2$vL7!", true},     {"Tr0ub4dor&3xyzzy", true}, {"grüne Blätter im Nebel", true},
        {"7391468205174", true},            {"eleven chars", true},     {"elevenchars", false},     {"password1234", false},
        {"P@ssw0rd!!!!", false},            {"passwordpassword", false}, {"qwertyuiop12", false},    {"1q2w3e4r5t6y", false},
        {"1qaz2wsx3edc", false},            {"aaaaaaaaaaaa", false},    {"abcabcabcabc", false},    {"123456789012", false},
        {"987654321098", false},            {"Summer2026!!", false},    {"annalena2026", false},    {"AnnaLena-1234", false},
        {"iloveyou1234", false},            {"welcome2trellis", false}, {"Marketing2026", false},   {"zxcvbnmasdfg", false},
        {"letmeinletmein", false},          {"changeme1234", false},    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        if (auth_password_check(str_of(cases[i].text), STR("annalena"), &e) != cases[i].good)
            fail_msg("%s", cases[i].text);
        if (!cases[i].good)
            assert_int_equal(e.code, E_USAGE);
    }
    char *longer = mem_alloc(PASSWORD_MAX + 2);
    memset(longer, 'x', PASSWORD_MAX + 1);
    assert_false(auth_password_check(str_of(longer), STR("anna"), NULL));
    mem_free(longer);
}

static void an_aged_hash_is_made_anew(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    struct store_user before, after;
    bool found;
    made(w, "anna", "marketer");
    assert_true(store_user_find(w->auth->store, &w->a, STR("anna"), &before, &found, &e));
    auth_cost.memory_bytes *= 2;
    assert_int_equal(sign_in(w, "anna", "violet kettle 93 harbour"), E_OK);
    assert_true(store_user_find(w->auth->store, &w->a, STR("anna"), &after, &found, &e));
    assert_false(str_eq(before.password, after.password));
    assert_int_equal(sign_in(w, "anna", "violet kettle 93 harbour"), E_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
        T(a_session_ends_when_it_idles_and_after_a_week),
        T(a_change_reaches_the_next_request),
        T(a_session_lasts_as_long_as_its_way_in),
        T(wrong_passwords_lock_a_name_for_longer_each_time),
        T(addresses_are_counted_each_and_v6_by_its_network),
        T(links_last_three_days_and_the_newest_counts),
        T(tokens_expire_rotate_and_end),
        T(groups_map_to_roles_as_the_policy_says_now),
        T(names),
        cmocka_unit_test(passwords),
        T(an_aged_hash_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
