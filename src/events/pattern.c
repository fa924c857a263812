#include "events/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

enum { MATCH_LIMIT = 20000, DEPTH_LIMIT = 500, MESSAGE_MAX = 128 };

struct pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

bool pattern_new(struct str text, unsigned flags, struct pattern **out, struct err *e)
{
    int number;
    PCRE2_SIZE at;
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | (flags & PATTERN_NOCASE ? PCRE2_CASELESS : 0);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(text.p ? text.p : ""), text.n, options, &number, &at, NULL);
    *out = NULL;
    if (!code) {
        PCRE2_UCHAR message[MESSAGE_MAX];
        pcre2_get_error_message(number, message, sizeof message);
        return err_set(e, E_USAGE, "the pattern is not understood at character %zu: %s", (size_t)at + 1, (const char *)message);
    }
    struct pattern *p = mem_alloc(sizeof *p);
    *p = (struct pattern){code, pcre2_match_data_create_from_pattern(code, NULL), pcre2_match_context_create(NULL)};
    if (!p->match || !p->limits) {
        pattern_free(p);
        return err_set(e, E_MEMORY, "not enough memory for a pattern");
    }
    pcre2_set_match_limit(p->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(p->limits, DEPTH_LIMIT);
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without, it is slower */
    *out = p;
    return true;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    pcre2_match_context_free(p->limits);
    pcre2_match_data_free(p->match);
    pcre2_code_free(p->code);
    mem_free(p);
}

bool pattern_find(struct pattern *p, struct str s)
{
    return pcre2_match(p->code, (PCRE2_SPTR)(s.p ? s.p : ""), s.n, 0, 0, p->match, p->limits) >= 0;
}

bool pattern_groups(struct pattern *p, struct str s, struct str *groups, size_t n)
{
    int found = pcre2_match(p->code, (PCRE2_SPTR)(s.p ? s.p : ""), s.n, 0, 0, p->match, p->limits);
    if (found < 0)
        return false;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(p->match);
    for (size_t i = 0; i < n; i++) {
        bool took_part = i < (size_t)found && ends[2 * i] != PCRE2_UNSET;
        groups[i] = took_part ? (struct str){s.p + ends[2 * i], ends[2 * i + 1] - ends[2 * i]} : (struct str){NULL, 0};
    }
    return true;
}
