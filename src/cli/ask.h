/* Questions in a terminal, one after the other: a default in brackets, `?` for help, `<` for the question before. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/cli.h"

enum ask_result { ASK_ANSWER, ASK_BACK, ASK_END /* end of input: nothing more will come */ };
struct ask_question {
    const char *text, *help;
    struct str otherwise; /* what an empty line means; empty: nothing */
    bool required;        /* an empty answer is not taken */
};

bool ask_terminal(void); /* somebody can read and answer */
/* The answer, trimmed, in the arena of `c`. */
enum ask_result ask(struct cli *c, const struct ask_question *q, struct str *answer);

#endif
