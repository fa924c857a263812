/* Second stage: governance/channels.yaml, channels of one's own. How they are applied: src/events/channel.c. */
#include "mesh/mesh_int.h"

void build_channels(struct load *l)
{
    const struct doc *d = l->channels.doc;
    const struct doc_node *list = d ? doc_get(d, doc_root(d), "rules") : NULL;
    if (!list)
        return;
    l->m->channels = arena_array(l->a, list->n_children + 1, sizeof *l->m->channels);
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        const struct doc_node *when = doc_get(d, n, "when");
        struct mesh_channel_rule *r = &l->m->channels[l->m->n_channels++];
        *r = (struct mesh_channel_rule){.channel = str_trim(doc_str(d, n, "channel")), .pos = pos_of(d, n)};
        r->when = arena_array(l->a, when->n_children + 1, sizeof *r->when);
        if (!r->channel.n)
            hint(at_value(l, E_SCHEMA, d, doc_get(d, n, "channel"), "the channel of this rule has no name"), "give it one, such as Influencers");
        if (when->n_children == 0)
            hint(at_value(l, E_MISSING_KEY, d, when, "the rule for \"%.*s\" would fit everything", STR_FMT(r->channel)), "add a pattern, such as medium: \"^creator$\"");
        for (const struct doc_node *p = doc_first(d, when); p; p = doc_next(d, p)) {
            pattern_check(l, d, p, arena_strz(l->a, doc_key(d, p)));
            r->when[r->n_when++] = (struct mesh_channel_when){doc_key(d, p), doc_text(d, p)};
        }
    }
}
