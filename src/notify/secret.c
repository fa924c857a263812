/* Secrets, looked up when something is sent and at no other time. */
#include "notify/notify_int.h"

#include "base/secret.h"

bool secret_get(const struct mesh *m, struct str reference, const char *key, struct arena *a, char **out, struct err *e)
{
    return secret_find(m->dir, reference, arena_printf(a, "alerts: %s", key).p, a, out, e);
}
