/* What signing in leaves in the audit log. Names of users only: what somebody typed in the place of a name may be a password. */
#include "auth/auth_int.h"

bool auth_note_change(struct auth *a, struct str by, struct str what, struct err *e)
{
    const struct audit_entry x = {.kind = AUDIT_CHANGE, .principal = by, .what = what, .verdict = STR("ok")};
    return !a->audit || audit_write(a->audit, &x, e);
}

void auth_note_sign_in(struct auth *a, struct str name, struct str how, enum err_code verdict)
{
    const struct audit_entry x = {.kind = AUDIT_SIGN_IN,
                                  .principal = name,
                                  .what = how,
                                  .verdict = verdict == E_OK ? STR("ok") : str_of(err_info_get(verdict)->name)};
    if (a->audit)
        audit_note(a->audit, &x);
}

struct str auth_listed(struct str lines, struct arena *a)
{
    struct str out = STR("");
    while (lines.p && lines.n) {
        struct str one = str_cut(lines, '\n', &lines);
        if (one.n)
            out = arena_printf(a, "%.*s%s%.*s", STR_FMT(out), out.n ? ", " : "", STR_FMT(one));
    }
    return out;
}
