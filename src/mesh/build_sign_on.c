/* Second stage: `sign_on:` and `encryption:` of mesh.yaml: docs/sign-in.md, docs/privacy.md. */
#include "mesh/mesh_int.h"

/* In clear text only to this machine: a code or a key that is read on the way is somebody's session. */
static bool to_this_machine(struct str address)
{
    static const char *const hosts[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t n = strlen(hosts[i]);
        if (str_starts(address, str_of(hosts[i])) && (address.n == n || address.p[n] == ':' || address.p[n] == '/'))
            return true;
    }
    return false;
}

static void sign_on(struct load *l, const struct doc *d, const struct doc_node *n)
{
    struct mesh_sign_on *s = &l->m->sign_on;
    const struct doc_node *issuer = doc_get(d, n, "issuer"), *claim = doc_get(d, n, "groups_claim"), *title = doc_get(d, n, "title");
    s->pos = pos_of(d, n);
    s->issuer = doc_text(d, issuer);
    s->client_id = doc_str(d, n, "client_id");
    s->client_secret = secret_of(l, d, n, "client_secret", "TRELLIS_OIDC_SECRET", false);
    s->groups_claim = claim ? doc_text(d, claim) : STR("groups");
    s->title = title ? doc_text(d, title) : STR("Single sign-on");
    s->password = doc_bool(d, n, "password", true);
    if (!str_starts(s->issuer, STR("https://")) && !to_this_machine(s->issuer))
        hint(at_value(l, E_SCHEMA, d, issuer, "the issuer is not reached over TLS"), "write its address with https://; http:// is for a provider on this machine alone");
}

void build_sign_on(struct load *l, const struct doc *d)
{
    const struct doc_node *root = doc_root(d), *on = doc_get(d, root, "sign_on"), *encryption = doc_get(d, root, "encryption");
    l->m->sign_on.password = true;
    if (on)
        sign_on(l, d, on);
    if (encryption)
        l->m->encryption_key = secret_of(l, d, encryption, "key", "TRELLIS_KEY", true);
}
