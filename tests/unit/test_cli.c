/* Parts of the command line that need no mesh: its table of commands, lines cut from a stream, cells made harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

#include "cli/api.h"
#include "cli/table.h"

static void every_command_explains_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_commands_count; i++) {
        const struct cli_command *cmd = &cli_commands[i];
        assert_ptr_equal(cli_find(str_of(cmd->name)), cmd); /* names are found, and once each */
        assert_non_null(cmd->run);
        assert_true(cmd->summary[0] && islower((unsigned char)cmd->summary[0]));
        assert_true(cmd->max_words < 0 || cmd->min_words <= cmd->max_words);
        assert_true(cmd->hidden || strncmp(cmd->examples, "trellis ", 8) == 0 || strncmp(cmd->examples, "source ", 7) == 0 || strncmp(cmd->examples, "export ", 7) == 0);
        assert_true(cmd->hidden || cmd->examples[strlen(cmd->examples) - 1] == '\n');
        for (size_t k = 0; k < CLI_OPTIONS_MAX && cmd->options[k].name; k++) {
            assert_memory_equal(cmd->options[k].name, "--", 2);
            assert_true(cmd->options[k].help[0]);
            bool of_role = strcmp(cmd->options[k].name, "--role") == 0 || strcmp(cmd->options[k].name, "--purpose") == 0; /* of whom it makes; such commands are not looked at as a role */
            for (size_t g = 0; !of_role && cli_global_options[g].name; g++) /* an option of a command must not hide one of all */
                assert_string_not_equal(cmd->options[k].name, cli_global_options[g].name);
        }
    }
    assert_null(cli_find(STR("")));
    assert_null(cli_find(STR("Run")));
}

static bool collect(void *ctx, struct str line)
{
    buf_add(ctx, line);
    buf_addc(ctx, '|');
    return line.n < 5; /* a long line is enough */
}

static void lines_are_cut_wherever_pieces_end(void **state)
{
    (void)state;
    static const char text[] = "a\nbc\n\nd\n";
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct buf got = BUF_INIT((size_t)1000);
        struct lines l = {.line = collect, .ctx = &got};
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t n = sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece;
            assert_true(lines_data(&l, (struct str){text + at, n}));
        }
        assert_true(lines_end(&l));
        assert_string_equal(buf_z(&got), "a|bc|d|");
        buf_fini(&l.rest);
        buf_fini(&got);
    }
    struct buf got = BUF_INIT((size_t)1000);
    struct lines l = {.line = collect, .ctx = &got};
    assert_true(lines_data(&l, STR("xy")));
    assert_true(lines_end(&l)); /* the last line without its newline */
    assert_false(lines_data(&l, STR("long enough\nnext\n")));
    assert_string_equal(buf_z(&got), "xy|long enough|");
    buf_fini(&l.rest);
    buf_fini(&got);
}

static void cells_cannot_steer_a_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain", "plain"},         {"\033[31mred", " [31mred"},  {"a\nb\tc\rd", "a b c d"},
        {"\302\233evil", "  evil"}, {"\302\240ok", "\302\240ok"}, {"\303\251\342\202\254", "\303\251\342\202\254"},
        {"bell\007", "bell "},      {"del\177", "del "},          {"", ""},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(str_eq(table_clean(&a, str_of(cases[i].in)), str_of(cases[i].out)));
    arena_fini(&a);
}

static void errors_of_the_api_come_back_as_they_were(void **state)
{
    (void)state;
    for (int i = 1; i < E_COUNT; i++) {
        struct err e = {0}, back = {0};
        struct buf b = BUF_INIT((size_t)8192);
        err_at(&e, (enum err_code)i, STR("a/b.yaml"), 3, 7, "text \"%d\" \n x", i);
        err_hint(&e, "hint");
        err_json(&e, &b);
        yyjson_doc *doc = yyjson_read(b.p, b.n, 0);
        assert_non_null(doc);
        api_err(yyjson_doc_get_root(doc), &back);
        assert_int_equal(back.code, e.code);
        assert_int_equal(back.line, 3);
        assert_int_equal(back.col, 7);
        assert_string_equal(back.file, e.file);
        assert_string_equal(back.text, e.text);
        assert_string_equal(back.hint, e.hint);
        yyjson_doc_free(doc);
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_explains_itself),
        cmocka_unit_test(lines_are_cut_wherever_pieces_end),
        cmocka_unit_test(cells_cannot_steer_a_terminal),
        cmocka_unit_test(errors_of_the_api_come_back_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
