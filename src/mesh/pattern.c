/* Regular expressions in declarations. The engine's own RE2 says whether a text is one, so that what is accepted here is what
 * later runs. */
#include "mesh/mesh_int.h"

#include "engine/engine.h"

/* What RE2 says of a pattern, in words for people. */
static const struct { const char *said, *what, *mend; } complaints[] = {
    {"missing closing ]", "a [ is never closed", "close it with ], or write \\[ for the character itself"},
    {"missing ]", "a [ is never closed", "close it with ], or write \\[ for the character itself"},
    {"missing closing )", "a ( is never closed", "close it with ), or write \\( for the character itself"},
    {"missing )", "a ( is never closed", "close it with ), or write \\( for the character itself"},
    {"unexpected )", "a ) closes nothing", "remove it, or write \\) for the character itself"},
    {"invalid perl operator", "it uses an operator that RE2 has not, such as (?= or (?<!", "look-ahead, look-behind and back references are not in RE2; a named group is (?P<name>…)"},
    {"invalid named capture", "a named group is written wrong", "a named group is (?P<name>…), each name once"},
    {"invalid escape sequence", "a backslash stands before a character that it does not go with", "back references such as \\1 are not in RE2; write \\\\ for a backslash"},
    {"trailing \\", "it ends in a backslash", "write \\\\ for a backslash"},
    {"invalid character class range", "a range in […] goes backwards", "write the smaller character first, or put a dash at the end"},
    {"invalid character class", "a character class is not known", "write […], \\d, \\w or \\s"},
    {"no argument for repetition", "a repetition has nothing before it to repeat", "remove *, + or ?, or write a backslash before it"},
    {"invalid repetition size", "a repetition {n,m} is larger than RE2 allows", "repeat at most 1,000 times"},
    {"bad repetition", "a repetition is repeated", "remove one of the two"},
    {"invalid nested repetition", "a repetition is repeated", "remove one of the two"},
    {"pattern too large", "it is too large", "split the rule in two"},
};

/* Whether the pattern is one and, if so, whether `text` has it. */
bool pattern_asked(struct load *l, struct str pattern, struct str text, bool *found, const char **what, const char **mend)
{
    struct engine_param params[] = {{.type = ENGINE_TEXT, .s = text}, {.type = ENGINE_TEXT, .s = pattern}};
    struct err e = {0};
    int64_t yes = 0;
    *what = "it is not well-formed";
    *mend = "look for a missing bracket or a character that needs a backslash";
    if (engine_value_i64(l->parser, STR("SELECT CAST(regexp_matches($1, $2) AS INTEGER)"), params, 2, &yes, &e)) {
        *found = yes != 0;
        return true;
    }
    const char *said = engine_last_message(l->parser);
    for (size_t i = 0; said && i < sizeof complaints / sizeof complaints[0]; i++)
        if (strstr(said, complaints[i].said)) {
            *what = complaints[i].what;
            *mend = complaints[i].mend;
            break;
        }
    return false;
}

bool pattern_check(struct load *l, const struct doc *d, const struct doc_node *n, const char *of)
{
    const char *what, *mend;
    bool found;
    if (!n || !l->parser || pattern_asked(l, doc_text(d, n), STR(""), &found, &what, &mend))
        return true;
    hint(at_value(l, E_SCHEMA, d, n, "the pattern of %s is no regular expression of RE2: %s", of, what), "%s", mend);
    return false;
}
