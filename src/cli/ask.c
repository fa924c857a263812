/* Questions in a terminal. Lines are read as the terminal gives them, with its own editing. */
#include "cli/ask.h"

#include <stdlib.h>
#include <unistd.h>

bool ask_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static void prompt(struct cli *c, const struct ask_question *q)
{
    fprintf(stderr, "\n%s%s%s", cli_paint(c->color_err, "bold"), q->text, cli_paint(c->color_err, ""));
    if (q->otherwise.n)
        fprintf(stderr, " %s[%.*s]%s", cli_paint(c->color_err, "dim"), STR_FMT(q->otherwise), cli_paint(c->color_err, ""));
    fprintf(stderr, "\n> ");
    fflush(stderr);
}

enum ask_result ask(struct cli *c, const struct ask_question *q, struct str *answer)
{
    char *line = NULL;
    size_t room = 0;
    enum ask_result result = ASK_END;
    for (;;) {
        prompt(c, q);
        ssize_t n = getline(&line, &room, stdin);
        if (n < 0)
            break;
        struct str s = str_trim((struct str){line, (size_t)n});
        if (str_eq(s, STR("?"))) {
            fprintf(stderr, "%s\n", q->help);
            continue;
        }
        if (str_eq(s, STR("<"))) {
            result = ASK_BACK;
            break;
        }
        if (s.n == 0)
            s = q->otherwise;
        if (s.n == 0 && q->required) {
            fprintf(stderr, "An answer is needed here; ? explains, < goes back.\n");
            continue;
        }
        *answer = s.n ? arena_str(&c->arena, s) : STR("");
        result = ASK_ANSWER;
        break;
    }
    free(line); /* banned-ok: getline allocated it */
    return result;
}
