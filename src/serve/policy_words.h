/* Roles and rules in words, and as they stand in their files; shared by the routes of governance. Names that the asker does not see are left out. */
#ifndef SERVE_POLICY_WORDS_H
#define SERVE_POLICY_WORDS_H

#include "govern/policy.h"
#include "serve/routes.h"

struct mesh_strs words_seen(struct call *c, struct mesh_strs products); /* of patterns of products, those that name something seen */
struct str words_tier(enum mesh_tier t);                                 /* "masked": with personal values masked */
struct str words_mask(struct call *c, enum mesh_mask k, struct str to);  /* in part */
struct str words_condition(struct call *c, struct str condition);         /* on one line */
struct str words_reason(struct call *c, const struct policy_reason *r);
struct str words_mask_rule(struct call *c, const struct mesh_mask_rule *r);
struct str words_rows_rule(struct call *c, const struct mesh_rows_rule *r);
struct str words_tier_rule(struct call *c, const struct mesh_tier_rule *r);
struct str words_retention(struct call *c, const struct mesh_retention *r);

void put_place(struct buf *b, struct mesh_pos pos);                      /* members "file", "line"; null where there is none */
void put_rule_at(struct buf *b, const char *key, struct str name, struct mesh_pos pos);
void put_role(struct call *c, struct buf *b, const struct mesh_role *r);
/* Members of the entry of a file. */
void put_scope(struct call *c, struct buf *b, const struct mesh_scope *s);

#endif
