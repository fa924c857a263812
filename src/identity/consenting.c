/* What identity gives to consent: by what a statement's identifier is found among customers (govern/consent.h). */
#include "identity/consenting.h"

#include "identity/identity_int.h"
#include "identity/rules.h"

static bool look_at(const struct mesh *m, struct engine_conn *c, struct arena *a, struct consent_look *out, struct err *e)
{
    const struct mesh_port *port = NULL;
    struct rules *rules = NULL;
    *out = (struct consent_look){0};
    if (!identity_port_table(m, c, a, &port, &out->identity, e)) {
        if (port || e->code != E_NOT_FOUND)
            return false;
        *e = (struct err){0}; /* a mesh without identity knows nobody */
    }
    if (!rules_open(&m->identity, &rules, e))
        return false;
    out->identity_value = rules_value_sql(rules, a, "i.");
    out->said_value = rules_value_sql(rules, a, "s.");
    rules_close(rules);
    return true;
}

bool identity_consent_refresh(const struct mesh *m, struct engine_conn *c, enum consent_event why, struct err *e)
{
    struct arena a;
    struct consent_look look;
    arena_init(&a);
    bool ok = look_at(m, c, &a, &look, e) && consent_refresh(c, m, &look, why, e);
    arena_fini(&a);
    return ok;
}

bool identity_consent_say(const struct mesh *m, struct engine_conn *c, struct arena *a, struct consent_statement *v, size_t n, struct err *e)
{
    struct consent_look look;
    return look_at(m, c, a, &look, e) && consent_say(c, m, &look, a, v, n, e);
}
