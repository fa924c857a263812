/* Fourth stage: rules for names. */
#include "mesh/mesh_int.h"

enum { GROUPS_MAX = 64 };

/* Names of (?P<name>…) and (?<name>…), outside of brackets. */
static size_t groups_of(struct str p, struct str out[GROUPS_MAX])
{
    size_t n = 0;
    bool bracket = false;
    for (size_t i = 0; i < p.n; i++) {
        if (p.p[i] == '\\') {
            i++;
        } else if (bracket || p.p[i] == '[') {
            bracket = p.p[i] != ']';
        } else if (p.p[i] == '(' && n < GROUPS_MAX) {
            struct str rest = {p.p + i, p.n - i};
            size_t skip = str_starts(rest, STR("(?P<")) ? 4 : str_starts(rest, STR("(?<")) ? 3 : 0, end = skip ? str_find(rest, STR(">"), skip) : SIZE_MAX;
            if (end != SIZE_MAX)
                out[n++] = (struct str){rest.p + skip, end - skip};
        }
    }
    return n;
}

static void parts_read(struct load *l, const struct doc *d, const struct doc_node *map, struct mesh_naming_rule *r)
{
    struct str groups[GROUPS_MAX];
    size_t n_groups = groups_of(r->pattern, groups);
    if (!map)
        return;
    if (!r->pattern.n) {
        hint(at_key(l, E_MISSING_KEY, d, map, "parts are named groups of a pattern, and this rule has none"), "add pattern: with a group (?P<name>…) for each part");
        return;
    }
    r->parts = arena_array(l->a, map->n_children + 1, sizeof *r->parts);
    for (const struct doc_node *n = doc_first(d, map); n; n = doc_next(d, n)) {
        struct mesh_naming_part *part = &r->parts[r->n_parts];
        bool known = false;
        part->name = doc_key(d, n);
        part->allowed = text_list(l, d, n, &part->n_allowed);
        for (size_t i = 0; i < n_groups && !known; i++)
            known = str_eq(groups[i], part->name);
        if (known) {
            r->n_parts++;
            continue;
        }
        struct err *e = at_key(l, E_DANGLING, d, n, "the pattern has no group named \"%.*s\"", STR_FMT(part->name));
        hint_nearest(e, part->name, groups, n_groups);
        if (e && !e->hint[0])
            hint(e, "name a group with (?P<%.*s>…)", STR_FMT(part->name));
    }
}

static bool is_lower(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return false;
    return true;
}

static bool is_one_of(struct str s, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(s, v[i]))
            return true;
    return n == 0;
}

/* A rule that its own example breaks says two things at once. */
static void example_check(struct load *l, const struct doc *d, const struct doc_node *n, const struct mesh_naming_rule *r, bool found)
{
    const struct doc_node *example = doc_get(d, n, "example");
    const char *why = !example ? NULL : !found ? "the pattern" : r->lower_case && !is_lower(r->example) ? "lower_case" : !is_one_of(r->example, r->allowed, r->n_allowed) ? "allowed" : NULL;
    if (why)
        hint(at_value(l, E_SCHEMA, d, example, "the example \"%.*s\" breaks its own rule: %s", STR_FMT(r->example), why), "mend one of the two");
}

static void rule_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_naming_rule *r)
{
    const struct doc_node *pattern = doc_get(d, n, "pattern");
    const char *what, *mend;
    bool found = true;
    r->name = doc_str(d, n, "name");
    r->subject = doc_str(d, n, "subject");
    r->pattern = doc_text(d, pattern);
    r->message = doc_str(d, n, "message");
    r->example = doc_str(d, n, "example");
    r->severity = doc_get(d, n, "severity") ? doc_str(d, n, "severity") : STR("warning");
    r->platforms = text_list(l, d, doc_get(d, n, "platforms"), &r->n_platforms);
    r->lower_case = doc_bool(d, n, "lower_case", false);
    r->allowed = text_list(l, d, doc_get(d, n, "allowed"), &r->n_allowed);
    r->pos = pos_of(d, n);
    if (!pattern && !r->n_allowed && !r->lower_case)
        hint(at_value(l, E_MISSING_KEY, d, n, "the rule \"%.*s\" asks for nothing", STR_FMT(r->name)), "add pattern, allowed or lower_case: true");
    if (pattern && l->parser && !pattern_asked(l, r->pattern, r->example, &found, &what, &mend)) {
        hint(at_value(l, E_SCHEMA, d, pattern, "the pattern of \"%.*s\" is no regular expression of RE2: %s", STR_FMT(r->name), what), "%s", mend);
        return;
    }
    parts_read(l, d, doc_get(d, n, "parts"), r);
    example_check(l, d, n, r, found);
}

void meaning_naming(struct load *l)
{
    const struct doc *d = l->naming.doc;
    const struct doc_node *list = d ? doc_get(d, doc_root(d), "rules") : NULL;
    struct table seen = {0};
    if (!list)
        return;
    l->m->naming = arena_array(l->a, list->n_children + 1, sizeof *l->m->naming);
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        struct mesh_naming_rule *r = &l->m->naming[l->m->n_naming++];
        const struct doc_node *name = doc_get(d, n, "name");
        rule_read(l, d, n, r);
        const struct mesh_naming_rule *first = check_name(l, d, name, "rule") ? table_put(&seen, l->a, r->name, r) : NULL;
        if (first)
            hint(at_value(l, E_DUPLICATE, d, name, "the rule \"%.*s\" stands twice; first in line %u", STR_FMT(r->name), first->pos.line), "rename one of them");
    }
}
