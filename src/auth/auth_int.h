/* What the files of src/auth share. */
#ifndef AUTH_AUTH_INT_H
#define AUTH_AUTH_INT_H

#include <pthread.h>
#include <sodium.h>

#include "auth/auth.h"
#include "base/fs.h"
#include "store/store.h"
#include "store/users.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define SESSION_IDLE_US (12 * HOUR_US)
#define SESSION_MAX_US (7 * DAY_US)
enum { CODE_CHARACTERS = 43, SEEN_SLOTS = 4096, ADDRESS_SETS = 512, ADDRESS_WAYS = 8, PASSWORD_MIN = 12, PASSWORD_MAX = 1024 };

/* A session or token as it was read a moment ago; texts are owned. */
struct auth_seen {
    unsigned char hash[crypto_hash_sha256_BYTES];
    int64_t id, expires_at_us, ends_at_us, touched_us, read_mono_us; /* read_mono_us 0: empty; ends_at_us 0: no end before its time */
    bool token, has_password;
    char *name, *title, *roles, *groups, *purposes, *issuer;
};

/* Attempts of one address in the current minute. */
struct auth_address { uint64_t key; int64_t since_mono_us; int n; };

struct oidc;
struct auth {
    struct store *store;
    struct audit *audit;      /* NULL: nobody writes a log (tests) */
    pthread_mutex_t changing; /* held while users, links and failures are read and written back; before `lock` */
    pthread_mutex_t lock;     /* seen, addresses */
    struct auth_seen *seen;   /* SEEN_SLOTS, by the first bytes of the hash */
    struct auth_address (*addresses)[ADDRESS_WAYS];
    unsigned char address_key[crypto_shorthash_KEYBYTES];
    pthread_mutex_t hash_lock;
    pthread_cond_t hash_room;
    int hashing, hash_waiting; /* guarded by hash_lock: each takes much memory */
    struct oidc *oidc;
};

/* auth.c */
void auth_forget_seen(struct auth *a); /* after any change of users, sessions or tokens */
/* A session for somebody who has proven who they are. */
MUST_CHECK bool auth_session_begin(struct auth *a, const struct mesh *m, const struct store_user *u, const struct auth_from *from, struct arena *arena,
                                   char secret[65], struct auth_session *out, struct err *e);
/* Those of the user and those that the groups map to. */
struct mesh_strs auth_roles_of(const struct mesh *m, struct str roles, struct str groups, struct arena *arena);
bool auth_refuse(struct err *e); /* E_UNAUTHENTICATED in the one form */

/* lists as lines */
struct mesh_strs auth_lines_read(struct str text, struct arena *arena);
struct str auth_lines_write(struct mesh_strs list, struct arena *arena);
bool auth_lines_hold(struct mesh_strs list, struct str one);
/* A random code of CODE_CHARACTERS for an address or a token, and the hash to keep. */
void auth_code(char code[CODE_CHARACTERS + 1], struct sha *hash);

/* auth_user.c */
MUST_CHECK bool auth_name_read(struct str given, struct arena *arena, struct str *name, struct err *e); /* lower case; E_NAME */
MUST_CHECK bool auth_roles_check(const struct mesh *m, struct mesh_strs roles, struct err *e);
MUST_CHECK bool auth_link_make(struct auth *a, struct str user, struct str by, struct arena *arena, struct str *code, struct err *e);

/* auth_password.c */
enum auth_match { AUTH_WRONG, AUTH_RIGHT, AUTH_UNKNOWN }; /* the last: could not be worked out, `e` says why */
struct auth_cost { unsigned long long ops; size_t memory_bytes; };
extern struct auth_cost auth_cost; /* tests lower it */
MUST_CHECK bool auth_password_check(struct str password, struct str name, struct err *e); /* E_USAGE: too weak */
MUST_CHECK bool auth_password_hash(struct auth *a, struct str password, char out[crypto_pwhash_STRBYTES], struct err *e);
/* `hash` empty: takes as long, and is wrong. */
enum auth_match auth_password_match(struct auth *a, struct str hash, struct str password, struct err *e);
bool auth_password_aged(struct str hash); /* made at another cost than today's */

/* auth_limit.c: attempts from one address, and in a row for one name */
MUST_CHECK bool auth_limit_address(struct auth *a, struct str address, struct err *e);
void auth_limit_address_back(struct auth *a, struct str address); /* that one was no attempt to guess */
/* Counts one as wrong before it is tried, so that many at once count as well. E_RATE: locked. */
MUST_CHECK bool auth_limit_name(struct auth *a, struct str name, struct err *e);
MUST_CHECK bool auth_limit_name_back(struct auth *a, struct str name, struct err *e);
MUST_CHECK bool auth_limit_locked(struct auth *a, struct str name, bool *locked, struct err *e);

/* auth_note.c: what goes into the audit log */
MUST_CHECK bool auth_note_change(struct auth *a, struct str by, struct str what, struct err *e); /* on disk when it returns */
struct str auth_listed(struct str lines, struct arena *a); /* roles or purposes, one a line, as people list them */
void auth_note_sign_in(struct auth *a, struct str name, struct str how, enum err_code verdict);

/* oidc_provider.c */
struct oidc *oidc_new(void);
void oidc_free(struct oidc *o);

#endif
