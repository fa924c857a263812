/* trellis untoken: the value behind a token of a masked column. */
#include "cli/api.h"

#include <unistd.h>

#include "base/json.h"

enum { TOKEN_MAX = 64 << 10 };

static int show(struct cli *c, yyjson_val *root)
{
    (void)c;
    struct str v = json_str(root, "value");
    printf("%.*s\n", STR_FMT(v));
    return 0;
}

int cmd_untoken(struct cli *c, const struct cli_args *args)
{
    const char *reason = cli_opt(args, "--reason");
    struct str token = str_of(args->words[0]);
    if (str_eq(token, STR("-"))) {
        char *text = arena_alloc(&c->arena, TOKEN_MAX);
        size_t n = 0;
        for (ssize_t got; n < TOKEN_MAX && (got = read(STDIN_FILENO, text + n, TOKEN_MAX - n)) > 0;)
            n += (size_t)got;
        token = str_trim((struct str){text, n});
    }
    struct buf b = BUF_INIT((size_t)2 * TOKEN_MAX);
    buf_addz(&b, "{\"token\":");
    buf_json_str(&b, token);
    buf_addz(&b, ",\"reason\":");
    buf_json_str(&b, str_of(reason ? reason : ""));
    buf_addc(&b, '}');
    int code = api_show(c, VERB_POST, "/api/v1/untoken", buf_str(&b), show);
    buf_fini(&b);
    return code;
}
