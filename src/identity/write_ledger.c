/* The merge ledger: every customer that began, every two that became one, every identifier that was refused, by set, in canonical order
 * of (occurred_at, source, message_id, evidence, seq). */
#include "identity/identity_int.h"

#include <stdio.h>

enum { LINE_CELLS = 14 };

static struct engine_param text(struct str s)
{
    return (struct engine_param){.type = ENGINE_TEXT, .s = s, .null = s.p == NULL};
}

/* What every line of a set says. */
static void head(struct write *w, uint32_t set, uint32_t seq, struct engine_param *cells, int64_t *decision_id)
{
    struct str source, message;
    resolve_set_origin(w->g->r, set, &source, &message);
    bool decided = resolve_set_decided(w->g->r, set, decision_id);
    for (size_t i = 0; i < LINE_CELLS; i++)
        cells[i] = (struct engine_param){.type = ENGINE_TEXT, .null = true};
    cells[0] = (struct engine_param){.type = ENGINE_TIMESTAMP, .i = resolve_set_at_us(w->g->r, set)};
    cells[1] = text(source);
    cells[2] = text(message);
    cells[3] = (struct engine_param){.type = ENGINE_INT, .i = resolve_set_evidence(w->g->r, set)};
    cells[4] = (struct engine_param){.type = ENGINE_INT, .i = seq};
    cells[6] = text(decided ? STR("decision") : str_eq(source, STR("fuzzy")) ? STR("fuzzy") : STR("evidence"));
    cells[12] = text(str_of(w->g->sha.z));
    cells[13] = (struct engine_param){.type = ENGINE_INT, .i = *decision_id, .null = !decided};
}

static bool put_created(struct write *w, struct engine_appender *ap, const struct resolve_created *x, struct err *e)
{
    struct engine_param cells[LINE_CELLS];
    int64_t decision_id = 0;
    struct customer_id id = {""};
    head(w, x->set, x->seq, cells, &decision_id);
    for (size_t i = 0, n = resolve_set_size(w->g->r, x->set); i < n; i++) {
        enum resolve_reason reason;
        uint32_t first = resolve_set_identifier(w->g->r, x->set, i, &reason);
        if (reason == RESOLVE_ADMITTED) {
            id = graph_customer_id(w->g, first);
            break;
        }
    }
    cells[5] = text(STR("created"));
    cells[10] = text(str_of(id.z));
    return engine_append_row(ap, cells, LINE_CELLS, e);
}

static bool put_line(struct write *w, struct engine_appender *ap, const struct resolve_line *l, struct err *e)
{
    struct engine_param cells[LINE_CELLS];
    int64_t decision_id = 0;
    struct customer_id id = graph_customer_id(w->g, l->customer), other;
    struct identifier_hash hash;
    head(w, l->set, l->seq, cells, &decision_id);
    cells[10] = text(str_of(id.z));
    if (l->other != RESOLVE_NONE) {
        other = graph_customer_id(w->g, l->other);
        cells[11] = text(str_of(other.z));
    }
    if (l->action == RESOLVE_MERGED) {
        cells[5] = text(STR("merged"));
        return engine_append_row(ap, cells, LINE_CELLS, e);
    }
    struct resolve_identifier x = resolve_identifier_get(w->g->r, l->identifier);
    struct str kind = rules_kind_name(w->g->rules, x.kind);
    identifier_hash_make(w->g->key, kind, x.value, &hash);
    cells[5] = text(l->reason == RESOLVE_SPLIT ? STR("split") : STR("refused"));
    cells[6] = text(str_of(resolve_reason_text((enum resolve_reason)l->reason)));
    cells[7] = text(kind);
    cells[8] = text(str_of(hash.z));
    if (l->reason == RESOLVE_SPLIT)
        cells[13] = (struct engine_param){.type = ENGINE_INT, .i = l->decision_id};
    else
        cells[9] = text(rules_kind_name(w->g->rules, l->kind));
    return engine_append_row(ap, cells, LINE_CELLS, e);
}

bool identity_write_ledger(struct write *w, struct err *e)
{
    struct resolve_outcome o;
    struct engine_appender *ap = NULL;
    resolve_outcome_get(w->g->r, &o);
    const char *before = w->whole ? "DELETE FROM mesh.identity.ledger"
                                  : "DELETE FROM mesh.identity.ledger WHERE evidence IN (SELECT evidence FROM temp.main.idt_redone)";
    bool ok = ((!w->whole && o.n_redone == 0) || engine_exec(w->c, str_of(before), e)) &&
              engine_append_open(w->c, STR("mesh"), STR("identity"), STR("ledger"), &ap, e);
    for (size_t i = 0; i < o.n_created && ok; i++)
        ok = put_created(w, ap, &o.created[i], e);
    for (size_t i = 0; i < o.n_lines && ok; i++) {
        ok = put_line(w, ap, &o.lines[i], e);
        w->report->merges += o.lines[i].action == RESOLVE_MERGED;
        w->report->refused += o.lines[i].action == RESOLVE_REFUSED;
    }
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    return ok;
}
