/* What happened on a day, from the answers of a form: one more entry of governance/annotations.yaml. */
#include "mesh/write_draft_int.h"

#include "base/clock.h"

enum { ENTRY_MAX_BYTES = 64 << 10 };

static void day_check(struct drafting *p, const struct doc_node *root, const char *name)
{
    struct str text = answer_text(p, root, name);
    int32_t day;
    if (text.n && !clock_parse_date(text, &day))
        err_hint(answer_wrong(p, E_SCHEMA, str_of(name), doc_get(p->d, root, name), "\"%.*s\" is no day", STR_FMT(text)), "write it as 2026-09-01");
}

/* Two of one title could not be told apart when one of them is to be changed. */
static bool title_taken(const struct mesh *m, struct str title)
{
    for (size_t i = 0; i < m->n_annotations; i++)
        if (str_eq(m->annotations[i].title, title))
            return true;
    return false;
}

void draft_annotation(struct drafting *p, const struct doc_node *root)
{
    static const struct answer asked[] = {
        {"day", ANSWER_TEXT, "the day, or the first of several, such as 2026-09-01"}, {"until", ANSWER_TEXT, NULL}, {"title", ANSWER_TEXT, "what it was, in a few words"},
        {"kind", ANSWER_TEXT, NULL}, {"domain", ANSWER_NAME, NULL}, {"url", ANSWER_TEXT, NULL}, {NULL, ANSWER_ANY, NULL}};
    struct buf b = BUF_INIT((size_t)ENTRY_MAX_BYTES);
    struct err e = {0};
    answers_check(p, root, "", asked);
    (void)answer_domain(p, root);
    day_check(p, root, "day");
    day_check(p, root, "until");
    struct str title = answer_text(p, root, "title"), day = answer_text(p, root, "day");
    if (title.n && title_taken(p->m, title))
        err_hint(answer_wrong(p, E_DUPLICATE, STR("title"), doc_get(p->d, root, "title"), "there is one of this title already"), "add what tells them apart, such as \"%.*s %.*s\"", STR_FMT(title),
                 (int)(day.n < 4 ? day.n : 4), day.p ? day.p : "");
    for (size_t i = 0; asked[i].name; i++) {
        struct str v = answer_text(p, root, asked[i].name);
        if (!v.n)
            continue;
        buf_printf(&b, "%s\"%s\":", b.n ? "," : "{", asked[i].name);
        buf_json_str(&b, v);
    }
    buf_addc(&b, '}');
    if (p->es->n_errors == 0 && !buf_ok(&b, &e))
        errs_push(p->es, &e);
    if (p->es->n_errors == 0) {
        const struct mesh_edit edit = {STR("annotation"), title, {NULL, 0}, STR("annotation"), {YAML_JSON, arena_str(p->a, buf_str(&b)), NULL, 0}};
        if (mesh_edit_plan(p->a, p->m, &edit, 1, &p->out->patches, &p->out->n, p->es))
            p->out->ref = title;
    }
    buf_fini(&b);
}
