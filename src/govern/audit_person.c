/* Who did it, and whom it concerns. Pseudonyms of people in the audit log: each person has a key of their own, found by a keyed
 * hash of the customer_id; with the key goes what ties the entries to the person, while the chain over them stays as it is. */
#include "govern/audit_int.h"

#include <string.h>

#include "store/privacy.h"

enum { PSEUDONYM_BYTES = 16 };

void audit_lookup(const struct audit_keys *k, struct str customer_id, unsigned char out[AUDIT_HASH_BYTES])
{
    crypto_generichash(out, AUDIT_HASH_BYTES, (const unsigned char *)customer_id.p, customer_id.n, k->lookup, sizeof k->lookup);
}

static void pseudonym_of(struct str key, struct str customer_id, struct audit_pseudonym *out)
{
    unsigned char h[PSEUDONYM_BYTES];
    crypto_generichash(h, sizeof h, (const unsigned char *)customer_id.p, customer_id.n, (const unsigned char *)key.p, key.n);
    memcpy(out->z, "p_", 2);
    sodium_bin2hex(out->z + 2, sizeof out->z - 2, h, sizeof h);
}

bool audit_pseudonym(struct audit *a, struct str customer_id, bool make, struct audit_pseudonym *out, struct err *e)
{
    unsigned char lookup[AUDIT_HASH_BYTES], fresh[crypto_generichash_KEYBYTES];
    struct str by = {(const char *)lookup, sizeof lookup}, key;
    struct arena arena;
    out->z[0] = '\0';
    if (!customer_id.n)
        return true;
    arena_init(&arena);
    audit_lookup(&a->keys, customer_id, lookup);
    bool ok = store_audit_key(a->state->audit, &arena, by, &key, e);
    if (ok && !key.n && make) {
        randombytes_buf(fresh, sizeof fresh);
        key = (struct str){(const char *)fresh, sizeof fresh};
        ok = store_audit_key_add(a->state->audit, by, key, e);
    }
    if (ok && key.n == crypto_generichash_KEYBYTES)
        pseudonym_of(key, customer_id, out);
    sodium_memzero(fresh, sizeof fresh);
    arena_fini(&arena);
    return ok;
}

void audit_who(struct audit_entry *x, const struct govern_principal *who, struct arena *arena)
{
    struct buf roles = BUF_INIT((size_t)4096);
    for (size_t i = 0; i < who->n_roles; i++) {
        buf_addz(&roles, i ? "," : "");
        buf_add(&roles, who->roles[i]);
    }
    x->principal = who->kind == GOVERN_PREVIEW && who->by.n ? who->by : who->name;
    x->roles = arena_str(arena, buf_str(&roles));
    x->quiet = who->kind == GOVERN_PROGRAM;
    buf_fini(&roles);
}

bool audit_forget(struct audit *a, struct str customer_id, int64_t *n, struct err *e)
{
    unsigned char lookup[AUDIT_HASH_BYTES];
    struct audit_pseudonym p;
    struct buf what = BUF_INIT((size_t)256);
    *n = 0;
    if (!audit_flush(a, e))
        return false;
    pthread_mutex_lock(&a->person_lock);
    bool known = audit_pseudonym(a, customer_id, false, &p, e);
    pthread_mutex_unlock(&a->person_lock);
    if (!known)
        return false;
    if (!p.z[0]) /* perhaps since a try that died, or found a reader in its way, before what it overwrote was out of the files */
        return store_empty_log(a->state->audit, e);
    bool ok = store_audit_texts(a->state->audit, str_of(p.z), n, e);
    buf_add(&what, AUDIT_FORGOT);
    buf_addz(&what, p.z);
    /* First the word that it was done, which alone makes blank texts good: a crash in between leaves texts that are forgotten
     * again. */
    const struct audit_entry x = {
        .kind = AUDIT_ERASURE, .principal = GOVERN_ITSELF.name, .what = buf_str(&what), .verdict = STR("ok"), .rows = *n};
    audit_lookup(&a->keys, customer_id, lookup);
    ok = ok && buf_ok(&what, e) && audit_write(a, &x, e);
    if (ok) {
        pthread_mutex_lock(&a->person_lock); /* no group is half-way, with the pseudonym of before */
        ok = store_audit_forget(a->state->audit, (struct str){(const char *)lookup, sizeof lookup}, str_of(p.z), e);
        pthread_mutex_unlock(&a->person_lock);
    }
    buf_fini(&what);
    return ok;
}
