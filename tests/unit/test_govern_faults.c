/* Faults of disk and memory where it is decided who somebody is and where it is written down: a failure refuses and says so, it never lets
 * somebody in, and what was said to be written is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/auth_int.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "privacy/receipt.h"

#ifdef TRELLIS_FAULTS
static struct mesh_role roles[] = {{.name = {"admin", 5}, .admin = true}, {.name = {"marketer", 8}}};
static struct str purposes[] = {{"analytics", 9}};
static struct mesh mesh = {.policy = {.roles = roles, .n_roles = 2}, .purposes = purposes, .n_purposes = 1, .sign_on = {.password = true}};
static const struct auth_from here = {.address = {"192.0.2.1", 9}, .agent = {"Test", 4}};
static const struct str good = {"violet kettle 93 harbour", 24}, bad = {"violet kettle 93 harbor!", 24};

static char dir[64];
static struct arena arena;
static struct state *state;
static struct audit *audit;
static struct auth *auth;

static void must(bool ok, const struct err *e)
{
    if (!ok)
        fail_msg("%s", e->text);
}

static void open_all(void)
{
    struct err e = {0};
    must(state_open(dir, &(struct state_options){.threads = 1, .memory_limit_bytes = 256u << 20}, &state, &e) && audit_open(state, &audit, &e) && auth_open(state, audit, &auth, &e), &e);
}

static void close_all(void)
{
    auth_close(auth);
    audit_close(audit);
    state_close(state);
}

static int set_up(void **unused)
{
    (void)unused;
    snprintf(dir, sizeof dir, "/tmp/trellis-govern-faults-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    arena_init(&arena);
    auth_cost = (struct auth_cost){crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN};
    open_all();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    struct err e;
    close_all();
    arena_fini(&arena);
    return fs_remove_tree(dir, &e) ? 0 : 1;
}

/* Whether the call did what it says; `e` is empty before. Called again and again, with a fault at each passage. */
typedef bool step_fn(struct err *e);

static void with_faults(step_fn *step, void (*after)(bool ok))
{
    static const enum fault_kind kinds[] = {FAULT_STORE, FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_SYNC, FAULT_RENAME, FAULT_ALLOC};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (unsigned n = 1; n < 60; n++) {
            struct err e = {0};
            fault_arm(kinds[k], n, false);
            bool ok = step(&e);
            fault_disarm();
            if (!ok)
                assert_true(e.code != E_OK && e.text[0]);
            after(ok);
            if (!fault_hit())
                break;
        }
}

static void nothing(bool ok)
{
    (void)ok;
}

/* ---- Who ---- */

static char session[65], token[48];
static struct str code;
static int64_t token_id;

static void anna(void)
{
    static struct str marketer = {"marketer", 8};
    struct err e = {0};
    struct auth_session s;
    must(auth_user_add(auth, &mesh, STR("anna"), STR(""), (struct mesh_strs){&marketer, 1}, STR("test"), &arena, &code, &e) &&
             auth_redeem(auth, &mesh, code, STR("anna"), good, &here, &arena, session, &s, &e),
         &e);
    const struct auth_token t = {.title = STR("t"), .roles = {&marketer, 1}, .purposes = {purposes, 1}, .expires_at_us = clock_now_us() + INT64_C(3600000000)};
    must(auth_token_add(auth, &mesh, &t, STR("test"), token, &token_id, &e), &e);
}

static bool wrong_password(struct err *e)
{
    char secret[65];
    struct auth_session s;
    assert_false(auth_sign_in(auth, &mesh, STR("anna"), bad, &here, &arena, secret, &s, e));
    return false;
}

static bool unknown_session(struct err *e)
{
    struct auth_session s;
    static const struct str no = {"00000000000000000000000000000000000000000000000000000000000000ff", 64};
    assert_false(auth_session_of(auth, &mesh, no, &arena, &s, e));
    return false;
}

static bool ended_token(struct err *e)
{
    struct auth_session s;
    assert_false(auth_token_of(auth, &mesh, str_of(token), &arena, &s, e));
    return false;
}

static bool used_link(struct err *e)
{
    char secret[65];
    struct auth_session s;
    assert_false(auth_redeem(auth, &mesh, code, STR("anna"), good, &here, &arena, secret, &s, e));
    return false;
}

static void a_fault_lets_nobody_in(void **unused)
{
    (void)unused;
    struct err e = {0};
    anna();
    with_faults(unknown_session, nothing);
    with_faults(used_link, nothing);
    must(auth_token_end(auth, token_id, STR("test"), &e), &e);
    with_faults(ended_token, nothing);
    with_faults(wrong_password, nothing);
}

static bool disable(struct err *e)
{
    return auth_user_change(auth, &mesh, STR("anna"), NULL, 1, STR("test"), e);
}

/* Where it was said that she is out, she is; and what is remembered agrees with what is stored. */
static void is_out(bool ok)
{
    struct auth_session s;
    struct auth_user u;
    struct err e = {0};
    char secret[65];
    must(auth_user_find(auth, STR("anna"), &arena, &u, &e), &e);
    assert_true(!ok || u.disabled);
    if (u.disabled) {
        assert_false(auth_session_of(auth, &mesh, str_of(session), &arena, &s, &e));
        assert_false(auth_sign_in(auth, &mesh, STR("anna"), good, &here, &arena, secret, &s, &e));
    }
    must(auth_user_change(auth, &mesh, STR("anna"), NULL, 0, STR("test"), &e), &e);
}

static void who_is_put_out_is_out(void **unused)
{
    (void)unused;
    anna();
    with_faults(disable, is_out);
}

/* ---- What is written down ---- */

static int64_t written;

static bool note(struct err *e)
{
    const struct audit_entry x = {.kind = AUDIT_REVEAL, .principal = STR("anna"), .what = STR("customer"), .verdict = STR("ok")};
    return audit_write(audit, &x, e);
}

static int64_t notes(void)
{
    struct audit_entry *v;
    size_t n = 0;
    struct err e = {0};
    must(audit_find(audit, &arena, &(struct audit_ask){.kind = AUDIT_REVEAL, .limit = 10000}, &v, &n, &e), &e);
    return (int64_t)n;
}

static void is_noted(bool ok)
{
    struct err e = {0};
    if (!ok && !note(&e)) { /* a log that failed says so until it is opened again, and does not go on with a gap */
        close_all();
        open_all();
        written = notes();
        return;
    }
    int64_t now = notes();
    assert_true(now > written);
    written = now;
}

static void a_log_without_gaps(void **unused)
{
    (void)unused;
    struct audit_verdict v;
    struct err e = {0};
    with_faults(note, is_noted);
    must(audit_flush(audit, &e) && audit_verify(audit, &arena, STR(""), &v, &e), &e);
    if (!v.whole)
        fail_msg("%.*s", STR_FMT(v.problem));
}

static struct receipt_id receipt;

static bool keep(struct err *e)
{
    struct buf json = BUF_INIT(4096), out = BUF_INIT(4096);
    receipt_id_make(&receipt);
    buf_printf(&json, "{\"receipt_id\":\"%s\",\"kind\":\"erase\",\"at\":\"2026-01-01T00:00:00Z\"}", receipt.z);
    bool ok = receipt_keep(state->data_dir, str_of(receipt.z), buf_str(&json), &out, e);
    buf_fini(&json);
    buf_fini(&out);
    return ok;
}

static void is_kept(bool ok)
{
    struct str text;
    struct receipt_verdict v;
    struct err e = {0};
    bool there = receipt_read(state->data_dir, str_of(receipt.z), &arena, &text, &e);
    assert_true(there || !ok);
    if (there) {
        must(receipt_verify(state->data_dir, text, &arena, &v, &e), &e);
        assert_true(v.valid && v.ours);
    }
}

static void a_receipt_is_whole_or_not_there(void **unused)
{
    (void)unused;
    with_faults(keep, is_kept);
}
#endif

int main(void)
{
#ifdef TRELLIS_FAULTS
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(a_fault_lets_nobody_in), CASE(who_is_put_out_is_out), CASE(a_log_without_gaps), CASE(a_receipt_is_whole_or_not_there)};
    return cmocka_run_group_tests_name("faults where it is governed", tests, NULL, NULL);
#else
    return 0;
#endif
}
