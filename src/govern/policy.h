/* What the policy of a mesh gives to a set of roles: pure functions over `struct mesh` (docs/governance.md). */
#ifndef GOVERN_POLICY_H
#define GOVERN_POLICY_H

#include "govern/govern.h"

struct policy_access {
    enum mesh_tier tier;   /* NONE: the port does not exist for them */
    struct str rows;       /* SQL condition over the port's columns, of grants and of row rules; empty: all */
    bool consent;          /* rows of people who said no to the purpose are left out */
    int minimum;           /* TIER_AGGREGATED: people in a group */
    int questions_per_day; /* TIER_AGGREGATED */
};
/* Of one port for one purpose; texts live in `a`. */
struct policy_access policy_access(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, struct arena *a);
/* What makes it so, for people: the grants that give the tier, the ceilings that lower them, the row rules. */
struct policy_reason {
    enum { POLICY_GRANT, POLICY_CEILING, POLICY_ROWS } what;
    const struct mesh_role *role; const struct mesh_grant *grant; const struct mesh_tier_rule *ceiling; const struct mesh_rows_rule *rows;
};
size_t policy_reasons(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, struct arena *a, struct policy_reason **out);
/* For any purpose that they may use: whether the port exists for them at all. */
enum mesh_tier policy_tier_any(const struct mesh *m, const struct govern_principal *who, const struct mesh_port *p);
bool policy_purpose(const struct mesh *m, const struct govern_principal *who, struct str purpose); /* may be used at all */
/* A right in a domain; `domain` NULL: anywhere at all (for menus), or of the whole mesh where `whole`. */
bool policy_may(const struct mesh *m, const struct govern_principal *who, enum mesh_right right, const struct mesh_domain *domain);
bool policy_may_whole(const struct mesh *m, const struct govern_principal *who, enum mesh_right right);
bool policy_sees_stream(const struct mesh *m, const struct govern_principal *who, const struct mesh_stream *s);
/* How a column is shown in tier MASKED: NONE where nothing about it is personal. `to`: of GENERALISE, borrowed from the mesh. Rules for roles count
 * where one of the asker's roles gives the port for the purpose (a stream: may build in its domain). rule NULL: the default, redact. */
struct policy_mask { enum mesh_mask mask; struct str to; const struct mesh_mask_rule *rule; };
struct policy_mask policy_mask(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, struct str column);
struct policy_mask policy_stream_mask(const struct mesh *m, const struct govern_principal *who, const struct mesh_stream *s, struct str column);
/* The class that holds for a column: declared; else what lineage carries; else what its name says. */
enum mesh_class policy_class(const struct mesh *m, const struct mesh_port *p, struct str column);
/* A name for all that decides what these roles see for this purpose: the same for principals who see the same. */
void policy_profile(const struct mesh *m, const struct govern_principal *who, struct str purpose, struct sha_hex *out);
const struct mesh_role *policy_role(const struct mesh *m, struct str name); /* NULL */

#endif
