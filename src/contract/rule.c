/* Quality rules as written: which operator with which operands, and what "must be" means. */
#include "contract/contract_int.h"

static const struct {
    const char *key;
    enum contract_operator op;
    const char *words;
} operators[] = {
    {"mustBe", OP_BE, ""},
    {"mustNotBe", OP_NOT_BE, "not"},
    {"mustBeGreaterThan", OP_GREATER, ">"},
    {"mustBeGreaterOrEqualTo", OP_GREATER_EQUAL, ">="},
    {"mustBeLessThan", OP_LESS, "<"},
    {"mustBeLessOrEqualTo", OP_LESS_EQUAL, "<="},
    {"mustBeBetween", OP_BETWEEN, "between"},
    {"mustNotBeBetween", OP_NOT_BETWEEN, "not between"},
};

static double number_of(const struct doc_node *n)
{
    if (!n)
        return 0;
    return n->kind == DOC_INT ? (double)n->v.i : n->kind == DOC_FLOAT ? n->v.f : n->kind == DOC_BOOL ? (double)n->v.b : 0;
}

static struct str first_of(struct str a, struct str b, struct str c)
{
    return a.n ? a : b.n ? b : c;
}

void contract_rule_read(const struct doc *d, const struct doc_node *node, struct contract_rule *out)
{
    struct str metric = first_of(doc_str(d, node, "metric"), doc_str(d, node, "rule"), STR(""));
    *out = (struct contract_rule){.node = node,
                                  .type = first_of(doc_str(d, node, "type"), metric.n ? STR("library") : STR(""), STR("library")),
                                  .metric = metric,
                                  .severity = doc_str(d, node, "severity"),
                                  .dimension = doc_str(d, node, "dimension"),
                                  .percent = str_starts(doc_str(d, node, "unit"), STR("percent"))};
    out->name =
        first_of(first_of(doc_str(d, node, "name"), doc_str(d, node, "id"), doc_str(d, node, "description")), metric, out->type);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const struct doc_node *n = doc_get(d, node, operators[i].key);
        if (!n)
            continue;
        out->op = operators[i].op;
        out->operand = n;
        out->low = number_of(n->kind == DOC_SEQ ? doc_first(d, n) : n);
        if (n->kind == DOC_SEQ && doc_first(d, n))
            out->high = number_of(doc_next(d, doc_first(d, n)));
        return;
    }
}

struct str contract_rule_expected(struct arena *a, const struct doc *d, const struct contract_rule *r)
{
    const char *words = "", *unit = r->percent ? " %" : "";
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (operators[i].op == r->op)
            words = operators[i].words;
    if (r->op == OP_NONE)
        return STR("");
    if (r->op == OP_BETWEEN || r->op == OP_NOT_BETWEEN)
        return arena_printf(a, "%s %.15g and %.15g%s", words, r->low, r->high, unit);
    return arena_printf(a, "%s%s%.*s%s", words, *words ? " " : "", STR_FMT(doc_text(d, r->operand)), unit);
}

/* The ends of mustBeBetween are excluded: by the standard it is mustBeGreaterThan and mustBeLessThan together. */
bool contract_rule_holds(const struct contract_rule *r, double v)
{
    switch (r->op) {
    case OP_BE:
        return v == r->low;
    case OP_NOT_BE:
        return v != r->low;
    case OP_GREATER:
        return v > r->low;
    case OP_GREATER_EQUAL:
        return v >= r->low;
    case OP_LESS:
        return v < r->low;
    case OP_LESS_EQUAL:
        return v <= r->low;
    case OP_BETWEEN:
        return v > r->low && v < r->high;
    case OP_NOT_BETWEEN:
        return !(v > r->low && v < r->high);
    case OP_NONE:
        break;
    }
    return false;
}

bool contract_rule_counts_bad(const struct contract_rule *r)
{
    return r->op == OP_BE || r->op == OP_LESS || r->op == OP_LESS_EQUAL || r->op == OP_BETWEEN;
}

const struct doc_node *contract_rules(const struct doc *d, const struct doc_node *owner)
{
    return doc_first(d, doc_get(d, owner, "quality"));
}
