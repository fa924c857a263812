/* What a principal needs before a handler sees the request. */
#include "serve/routes.h"

#include "govern/policy.h"
#include "mesh/seen.h"

static bool has_any(const struct mesh *m, const struct govern_principal *who)
{
    for (size_t i = 0; i < who->n_roles; i++) {
        const struct mesh_role *r = policy_role(m, who->roles[i]);
        if (r && (r->admin || r->n_grants || r->n_rights))
            return true;
    }
    return false;
}

static bool refuse(struct err *e, const char *what)
{
    err_set(e, E_DENIED, "%s", what);
    err_hint(e, "your profile shows what you may; who administers this mesh gives roles");
    return false;
}

bool route_preview(struct call *c, const struct route *rt, struct err *e)
{
    const struct mesh *m = c->whole;
    struct str role = http_request_header(c->req, "x-trellis-role");
    if (!http_request_header_count(c->req, "x-trellis-role") || !m)
        return true;
    if (!policy_may_whole(m, &c->who, RIGHT_ADMINISTER))
        return refuse(e, "only who administers the whole mesh may look as a role");
    if (!policy_role(m, role)) {
        struct str *known = arena_array(c->a, m->policy.n_roles + 1, sizeof *known);
        for (size_t i = 0; i < m->policy.n_roles; i++)
            known[i] = m->policy.roles[i].name;
        return call_missing(e, "role", role, known, m->policy.n_roles);
    }
    if (rt->verb != VERB_GET && !(rt->flags & ROUTE_READS))
        return refuse(e, "a look as a role only reads; this would be written down as done by somebody");
    struct str *roles = arena_array(c->a, 1, sizeof *roles), by = c->who.name;
    roles[0] = arena_str(c->a, role);
    c->who = (struct govern_principal){.name = arena_printf(c->a, "%.*s as %.*s", STR_FMT(by), STR_FMT(role)),
                                       .kind = GOVERN_PREVIEW,
                                       .roles = roles,
                                       .n_roles = 1,
                                       .by = by};
    return true;
}

bool call_may(struct call *c, enum mesh_right right, const struct mesh_domain *d, struct err *e)
{
    if (policy_may(c->whole, &c->who, right, d))
        return true;
    err_set(e, E_DENIED, d ? "this needs the right `%s` in the domain %.*s" : "this needs the right `%s`", mesh_right_text(right),
            d ? (int)d->name.n : 0, d ? d->name.p : "");
    err_hint(e, "your profile shows what you may; who administers this mesh gives roles");
    return false;
}

bool route_allowed(struct call *c, const struct route *rt, struct err *e)
{
    unsigned need = (rt->flags & NEED_RIGHT) >> 8;
    if (rt->flags & ROUTE_OPEN)
        return true;
    if (need) {
        enum mesh_right right = (enum mesh_right)(need - 1);
        /* A domain that they do not see is answered by the handler: it is not there. */
        const struct mesh_domain *d = rt->flags & ROUTE_DOMAIN ? mesh_find_domain(c->mesh, c->args[0]) : NULL;
        if (rt->flags & ROUTE_WHOLE)
            return policy_may_whole(c->whole, &c->who, right) ||
                   refuse(e, "this needs a right in the whole mesh that you do not have");
        return call_may(c, right, d ? mesh_find_domain(c->whole, d->name) : NULL, e);
    }
    if (rt->flags & NEED_SESSION)
        return c->who.name.n > 0 || refuse(e, "this is for people who signed in");
    if (rt->flags & NEED_GRANT)
        return has_any(c->whole, &c->who) || refuse(e, "none of your roles gives you anything here");
    return call_whole(c) || refuse(e, "this is for administrators");
}

bool call_source(struct call *c, struct str source, struct err *e)
{
    size_t n = c->mesh->n_sources;
    if (!source.n && (call_whole(c) || policy_may_whole(c->whole, &c->who, RIGHT_BUILD)))
        return true;
    struct str *known = arena_array(c->a, n + 1, sizeof *known);
    for (size_t i = 0; i < n; i++) {
        known[i] =
            arena_printf(c->a, "%.*s.%.*s", STR_FMT(c->mesh->sources[i]->domain->name), STR_FMT(c->mesh->sources[i]->name));
        if (str_eq(known[i], source))
            return true;
    }
    if (source.n) /* somebody who sees everything may ask for one that is gone: it has nothing */
        return call_whole(c) || call_missing(e, "source", source, known, n);
    err_set(e, E_USAGE, "name one of your sources");
    if (n)
        err_hint(e, "source=%.*s", STR_FMT(known[0]));
    return false;
}

bool call_sees(const struct call *c, struct str ref)
{
    return call_whole(c) || mesh_holds(c->mesh, ref);
}
