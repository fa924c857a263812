/* Words of DDL in any dialect: names, numbers, texts, marks; comments are passed over. */
#ifndef EXCHANGE_SQL_WORDS_H
#define EXCHANGE_SQL_WORDS_H

#include "base/arena.h"
#include "base/error.h"

enum word_kind { WORD_END, WORD_NAME, WORD_QUOTED /* "a", `a`, [a] */, WORD_TEXT /* 'a' */, WORD_NUMBER, WORD_MARK };
struct word { enum word_kind kind; struct str s; /* unquoted */ size_t from, to; uint32_t line, col; };

/* All words of a text, the last of kind WORD_END. False: a quote or comment is not closed (said in es). */
bool sql_words(struct arena *a, struct str file, struct str text, struct word **out, struct errs *es);
bool word_is(const struct word *w, const char *keyword); /* a bare name, case ignored */
bool word_mark(const struct word *w, char mark);

#endif
