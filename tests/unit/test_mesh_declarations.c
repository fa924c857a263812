/* Wrong declarations: every case of tests/declarations/cases.txt applied to the mesh in tests/declarations/base must give
 * exactly the errors it lists, each with file, line, column, code, a part of its text and of its hint.
 *
 *   == title                   a case
 *   sub FILE / < old / > new   replaces the only occurrence of the old lines by the new ones
 *   put FILE / | line          writes a file; `del FILE` removes a file or folder
 *   ! FILE:LINE:COL CODE text  an expected error;  ~ the same for a warning;  ? a part of its hint */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/mesh.h"

static const char base_dir[] = "tests/declarations/base";

static struct engine *engine;
static struct engine_conn *parser;


static void copy_tree(struct arena *a, struct str from, struct str to)
{
    struct err e = {0};
    struct str *names, text;
    size_t n;
    assert_true(fs_mkdirs(arena_strz(a, to), 0755, &e));
    assert_true(fs_list(a, arena_strz(a, from), &names, &n, &e));
    for (size_t i = 0; i < n; i++) {
        struct str source = fs_join(a, from, names[i]), target = fs_join(a, to, names[i]);
        if (fs_is_dir(arena_strz(a, source))) {
            copy_tree(a, source, target);
            continue;
        }
        assert_true(fs_read(a, arena_strz(a, source), 1 << 20, &text, &e));
        FILE *f = fopen(arena_strz(a, target), "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
        fclose(f);
    }
}

enum { EXPECTED_MAX = 40 };

struct expected { struct str place, text, hint; bool warning; };

struct declaration_case {
    struct str title;
    char dir[64];
    struct str sub_file, put_file;
    struct buf old_text, new_text, put_text;
    struct expected expected[EXPECTED_MAX];
    size_t n_expected;
};

static const char *inside(struct arena *a, const struct declaration_case *c, struct str file)
{
    return arena_strz(a, fs_join(a, str_of(c->dir), file));
}

static void write_text(struct arena *a, const struct declaration_case *c, struct str file, struct str text)
{
    struct err e = {0};
    const char *path = inside(a, c, file);
    assert_true(fs_mkdirs(arena_strz(a, fs_dirname(str_of(path))), 0755, &e));
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p ? text.p : "", 1, text.n, f), text.n);
    fclose(f);
}

/* Carries out the edit that was being read. */
static void edit_flush(struct arena *a, struct declaration_case *c)
{
    struct err e = {0};
    struct str text;
    if (c->sub_file.p) {
        struct str old_text = buf_str(&c->old_text), new_text = buf_str(&c->new_text);
        assert_true(fs_read(a, inside(a, c, c->sub_file), 1 << 20, &text, &e));
        size_t at = str_find(text, old_text, 0);
        if (at == SIZE_MAX || str_find(text, old_text, at + 1) != SIZE_MAX)
            fail_msg("%.*s: the lines to replace stand %s in %.*s", STR_FMT(c->title), at == SIZE_MAX ? "nowhere" : "twice", STR_FMT(c->sub_file));
        write_text(a, c, c->sub_file,
                   arena_printf(a, "%.*s%.*s%.*s", (int)at, text.p, STR_FMT(new_text), (int)(text.n - at - old_text.n), text.p + at + old_text.n));
    }
    if (c->put_file.p)
        write_text(a, c, c->put_file, buf_str(&c->put_text));
    c->sub_file = c->put_file = (struct str){NULL, 0};
    buf_reset(&c->old_text);
    buf_reset(&c->new_text);
    buf_reset(&c->put_text);
}

static void add_line(struct buf *b, struct str line)
{
    buf_add(b, line.n > 2 ? (struct str){line.p + 2, line.n - 2} : (struct str){"", 0});
    buf_addc(b, '\n');
}

static struct str after_word(struct str line)
{
    struct str rest;
    (void)str_cut(line, ' ', &rest);
    return str_trim(rest);
}

static void case_line(struct arena *a, struct declaration_case *c, struct str line)
{
    struct err e = {0};
    if (str_starts(line, STR("sub "))) {
        edit_flush(a, c);
        c->sub_file = after_word(line);
    } else if (str_starts(line, STR("put "))) {
        edit_flush(a, c);
        c->put_file = after_word(line);
    } else if (str_starts(line, STR("del "))) {
        edit_flush(a, c);
        assert_true(fs_remove_tree(inside(a, c, after_word(line)), &e));
    } else if (line.p[0] == '<') {
        add_line(&c->old_text, line);
    } else if (line.p[0] == '>') {
        add_line(&c->new_text, line);
    } else if (line.p[0] == '|') {
        add_line(&c->put_text, line);
    } else if (line.p[0] == '!' || line.p[0] == '~') {
        struct str rest = after_word(line), code, text;
        assert_true(c->n_expected < EXPECTED_MAX);
        struct str place = str_cut(rest, ' ', &code);
        (void)str_cut(code, ' ', &text);
        c->expected[c->n_expected++] =
            (struct expected){text.p ? (struct str){place.p, (size_t)(text.p - place.p) - 1} : rest, text, {NULL, 0}, line.p[0] == '~'};
    } else if (line.p[0] == '?') {
        assert_true(c->n_expected > 0);
        c->expected[c->n_expected - 1].hint = after_word(line);
    } else {
        fail_msg("line of a case that means nothing: %.*s", STR_FMT(line));
    }
}

static bool meets(const struct expected *x, const struct err *e, bool warning)
{
    char place[256];
    int n = snprintf(place, sizeof place, "%s:%u:%u %s", e->file, e->line, e->col, err_info_get(e->code)->code);
    return warning == x->warning && str_eq(x->place, (struct str){place, (size_t)n}) && str_find(str_of(e->text), x->text, 0) != SIZE_MAX &&
           str_find(str_of(e->hint), x->hint, 0) != SIZE_MAX;
}

static bool case_run(struct arena *a, struct declaration_case *c)
{
    struct errs es = {0};
    struct err e = {0};
    struct mesh_load_options o = {.parser = parser};
    edit_flush(a, c);
    struct mesh *m = mesh_load(c->dir, &o, &es);
    bool good = es.n == c->n_expected && (m != NULL) == (es.n_errors == 0);
    for (size_t i = 0; i < es.n && good; i++)
        good = meets(&c->expected[i], &es.v[i], es.warning[i]);
    for (size_t i = 0; i < es.n; i++) /* the absolute path of the machine stands in no message */
        good = good && !strstr(es.v[i].text, c->dir) && es.v[i].hint[0];
    if (!good) {
        printf("== %.*s\n", STR_FMT(c->title));
        for (size_t i = 0; i < es.n; i++)
            printf("%c %s:%u:%u %s %s\n? %s\n", es.warning[i] ? '~' : '!', es.v[i].file, es.v[i].line, es.v[i].col, err_info_get(es.v[i].code)->code, es.v[i].text,
                   es.v[i].hint);
    }
    mesh_free(m);
    errs_fini(&es);
    assert_true(fs_remove_tree(c->dir, &e));
    return good;
}

static void case_open(struct arena *a, struct declaration_case *c, struct str title)
{
    *c = (struct declaration_case){.title = title, .old_text = BUF_INIT(1 << 20), .new_text = BUF_INIT(1 << 20), .put_text = BUF_INIT(1 << 20)};
    strcpy(c->dir, "/tmp/trellis-declarations-XXXXXX");
    assert_non_null(mkdtemp(c->dir));
    copy_tree(a, str_of(base_dir), str_of(c->dir));
}

static void case_close(struct declaration_case *c)
{
    buf_fini(&c->old_text);
    buf_fini(&c->new_text);
    buf_fini(&c->put_text);
}

static void test_base_is_good(void **state)
{
    (void)state;
    struct errs es = {0};
    struct mesh_load_options o = {.parser = parser};
    struct mesh *m = mesh_load(base_dir, &o, &es);
    for (size_t i = 0; i < es.n; i++)
        print_message("%s:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].text);
    assert_non_null(m);
    assert_int_equal(es.n, 0);
    assert_int_equal(m->n_ports, 6);
    mesh_free(m);
    errs_fini(&es);
}

static void test_wrong_declarations(void **state)
{
    (void)state;
    struct arena a;
    struct err e = {0};
    struct str text;
    struct declaration_case c;
    size_t cases = 0, failed = 0;
    arena_init(&a);
    assert_true(fs_read(&a, "tests/declarations/cases.txt", 1 << 20, &text, &e));
    for (struct str rest = text; rest.p;) {
        struct str line = str_cut(rest, '\n', &rest);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (!str_starts(line, STR("== "))) {
            assert_true(cases > 0);
            case_line(&a, &c, line);
            continue;
        }
        if (cases++) {
            failed += !case_run(&a, &c);
            case_close(&c);
        }
        case_open(&a, &c, after_word(line));
    }
    failed += !case_run(&a, &c);
    case_close(&c);
    arena_fini(&a);
    print_message("%zu wrong declarations, %zu not as expected\n", cases, failed);
    assert_int_equal(failed, 0);
    assert_true(cases >= 60);
}

static int open_engine(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine_options o = {.threads = 1};
    return engine_open(&o, &engine, &e) && engine_connect(engine, &parser, &e) ? 0 : -1;
}

static int close_engine(void **state)
{
    (void)state;
    engine_disconnect(parser);
    engine_close(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_is_good),
        cmocka_unit_test(test_wrong_declarations),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
