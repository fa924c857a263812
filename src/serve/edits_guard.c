/* What a change of the declaration may not do, since port SQL runs below all masks: see edits.h. */
#include "serve/edits.h"

#include "govern/policy.h"

static bool at(struct err *e, const struct mesh_pos *pos)
{
    if (e) {
        snprintf(e->file, sizeof e->file, "%.*s", STR_FMT(pos->file));
        e->line = pos->line;
        e->col = pos->col;
    }
    err_hint(e, "somebody with the right `privacy`, or who administers the whole mesh, can make this change; or classify the column as what it is");
    return false;
}

static bool is_open(const struct mesh_column *k)
{
    return k && mesh_column_class(k) < CLASS_PERSONAL;
}

static const struct mesh_column *column_of(const struct mesh_contract *k, struct str name)
{
    for (size_t i = 0; k && i < k->n_columns; i++)
        if (str_eq_nocase(k->columns[i].name, name))
            return &k->columns[i];
    return NULL;
}

/* Neither a class that was there goes, nor one that lineage carries is talked away anew. */
static bool keeps_classes(const struct mesh_contract *now, const struct mesh_contract *was, struct err *e)
{
    for (size_t i = 0; now && i < now->n_columns; i++) {
        const struct mesh_column *k = &now->columns[i], *before = column_of(was, k->name);
        bool lowered = before && !is_open(before), hidden_below = k->carried >= CLASS_PERSONAL && !(before && before->carried >= CLASS_PERSONAL);
        if (!is_open(k) || !(lowered || hidden_below))
            continue;
        err_set(e, E_DENIED, lowered ? "the column %.*s would no longer be personal" : "the column %.*s comes from a personal one, and would not be personal", STR_FMT(k->name));
        return at(e, &k->pos);
    }
    return true;
}

static bool sees_inputs(struct call *c, const struct mesh_port *p, struct err *e)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_port *in = p->inputs[i].port, *seen = in ? mesh_find_port(c->mesh, in->ref_major) : NULL;
        if (!in || !mesh_find_port(c->whole, in->ref_major)) /* a stream, or a port of the same change */
            continue;
        if (seen && !seen->partial)
            continue;
        if (!seen)
            return err_set(e, E_NOT_FOUND, "there is no port %.*s", STR_FMT(p->inputs[i].ref));
        err_set(e, E_DENIED, "a product over %.*s takes somebody who sees its rows: you see some of them, or groups alone", STR_FMT(p->inputs[i].ref));
        return at(e, &p->pos);
    }
    return true;
}

static bool port_hidden(struct call *c, const struct mesh_port *p)
{
    return p && mesh_find_port(c->whole, p->ref_major) && !mesh_find_port(c->mesh, p->ref_major);
}

/* How many panels show what they do not see; *ref: what the last of them shows. */
static size_t hidden_panels(struct call *c, const struct mesh_dashboard *d, struct str *ref)
{
    size_t n = 0;
    for (size_t i = 0; d && i < d->n_panels; i++) {
        const struct mesh_panel *p = &d->panels[i];
        struct str hidden = port_hidden(c, p->port) ? p->ref : STR("");
        for (size_t k = 0; k < p->n_reads; k++)
            hidden = port_hidden(c, p->reads[k]) ? p->reads[k]->ref : hidden;
        for (size_t k = 0; k < p->n_metrics; k++)
            hidden = mesh_find_metric(c->whole, p->metrics[k]->ref, NULL) && !mesh_find_metric(c->mesh, p->metrics[k]->ref, NULL) ? p->metrics[k]->ref : hidden;
        n += hidden.n > 0;
        *ref = hidden.n ? hidden : *ref;
    }
    return n;
}

static const struct mesh_dashboard *dashboard_of(const struct mesh *m, const struct mesh_dashboard *d)
{
    for (size_t i = 0; i < m->n_dashboards; i++)
        if (str_eq(m->dashboards[i]->name, d->name) && str_eq(m->dashboards[i]->domain->name, d->domain->name))
            return m->dashboards[i];
    return NULL;
}

/* Panels that they do not see stay, and none is made of what they do not see. */
static bool keeps_panels(struct call *c, const struct mesh *m, struct err *e)
{
    for (size_t i = 0; i < m->n_dashboards; i++) {
        const struct mesh_dashboard *now = m->dashboards[i];
        struct str gone = STR(""), ref = STR("");
        size_t before = hidden_panels(c, dashboard_of(c->whole, now), &gone), after = hidden_panels(c, now, &ref);
        if (after < before) {
            err_set(e, E_DENIED, "the dashboard %.*s.%.*s has panels of what you do not see, and they would be gone", STR_FMT(now->domain->name), STR_FMT(now->name));
            return err_hint(e, "change or add one panel at a time; or ask somebody who sees them all"), false;
        }
        if (after > before)
            return err_set(e, E_NOT_FOUND, "there is no port or metric %.*s", STR_FMT(ref));
    }
    return true;
}

bool edits_guard(struct call *c, const struct mesh *m, struct err *e)
{
    if (call_whole(c) || policy_may_whole(c->whole, &c->who, RIGHT_PRIVACY) || policy_may_whole(c->whole, &c->who, RIGHT_ADMINISTER))
        return true;
    if (!keeps_panels(c, m, e))
        return false;
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *now = m->ports[i], *was = mesh_find_port(c->whole, now->ref_major);
        bool same_sql = was && memcmp(was->sql_sha.z, now->sql_sha.z, sizeof now->sql_sha.z) == 0;
        if (!keeps_classes(now->contract, was ? was->contract : NULL, e) || (!same_sql && !sees_inputs(c, now, e)))
            return false;
    }
    for (size_t i = 0; i < m->n_streams; i++) {
        const struct mesh_stream *was = mesh_find_stream(c->whole, m->streams[i]->ref);
        if (was && !keeps_classes(m->streams[i]->contract, was->contract, e))
            return false;
    }
    return true;
}
