/* What the files of the audit log share. audit.c queues and writes, audit_chain.c is the chain itself (pure), audit_person.c the pseudonyms, audit_read.c
 * asks, audit_verify.c and audit_file.c hold it to the chain, audit_export.c writes it out. */
#ifndef GOVERN_AUDIT_INT_H
#define GOVERN_AUDIT_INT_H

#include <pthread.h>
#include <sodium.h>

#include "govern/audit.h"
#include "base/buf.h"
#include "store/store_audit.h"

enum {
    AUDIT_HASH_BYTES = 32,
    AUDIT_SALT_BYTES = 16,
    AUDIT_HEX = 2 * AUDIT_HASH_BYTES + 1,
    AUDIT_CHECKPOINT_ENTRIES = 1000,
    AUDIT_GROUP_MAX = 500,                                        /* entries of one transaction */
    AUDIT_GAP_MAX = AUDIT_CHECKPOINT_ENTRIES + AUDIT_GROUP_MAX,   /* more than this without a checkpoint: one was taken away */
    AUDIT_LINE_MAX = 4 << 20,
};
extern const struct str AUDIT_ITSELF;   /* `what` of an entry about the log: "audit" */
extern const struct str AUDIT_CUT;      /* how `what` of a cut begins: "audit cut to " ID " " HASH */
extern const struct str AUDIT_FORGOT;   /* of a forgotten person: "audit forgot " PSEUDONYM */

struct audit_keys {
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
    unsigned char lookup[crypto_generichash_KEYBYTES]; /* hashes customer_ids for the table of their keys */
};

/* ---- audit_chain.c ---- */
struct chain_head { int64_t id, at_us; unsigned char hash[AUDIT_HASH_BYTES]; }; /* id 0, hash of zeros: before the first entry */
void chain_hash(const unsigned char before[AUDIT_HASH_BYTES], const struct store_audit *x, unsigned char out[AUDIT_HASH_BYTES]);
void chain_detail(struct str detail, const unsigned char salt[AUDIT_SALT_BYTES], unsigned char out[AUDIT_HASH_BYTES]);
void chain_sign(const struct audit_keys *k, const struct chain_head *h, unsigned char out[crypto_sign_BYTES]);
bool chain_signed(const unsigned char public_key[crypto_sign_PUBLICKEYBYTES], const struct chain_head *h, struct str signature);
bool chain_head_of(const struct store_checkpoint *c, struct chain_head *out); /* false: its hash is none */

/* What data/audit.head says, as JSON. */
struct chain_seal { struct chain_head head; unsigned char signature[crypto_sign_BYTES]; bool there; };
void chain_seal_put(struct buf *b, const struct audit_keys *k, const struct chain_head *h);
MUST_CHECK bool chain_seal_read(const char *path, struct chain_seal *out, struct err *e); /* absent: there is false */

/* Holds entries to the chain, one after the other, oldest first. */
struct chain_check {
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    struct chain_seal seal;                       /* audit.head, where there is one */
    unsigned char known[AUDIT_HASH_BYTES]; bool ask_known, met_known;
    struct chain_head at, signed_at, signed_before; /* the newest entry; the newest good checkpoint, and the one before */
    bool begun, cut_ok;
    struct chain_head from;                       /* before the first entry: of a cut */
    struct audit_verdict *verdict;
    struct arena *arena;
    struct str *forgot; size_t n_forgot, cap_forgot;   /* pseudonyms whose texts may be blank */
    struct chain_blank { struct str person; int64_t id; } *blank; size_t n_blank, cap_blank;
    bool export_part;                             /* it need not begin at the beginning */
};
void chain_check_init(struct chain_check *k, struct arena *a, struct audit_verdict *out);
void chain_check_base(struct chain_check *k, const struct store_checkpoint *c); /* where a cut log begins */
bool chain_check_entry(struct chain_check *k, const struct store_audit *x);      /* false: enough, verdict says what is wrong */
bool chain_check_checkpoint(struct chain_check *k, const struct store_checkpoint *c);
void chain_check_end(struct chain_check *k);
bool chain_bad(struct chain_check *k, int64_t id, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* the first one is kept; false */

/* ---- audit_person.c ---- */
struct audit_pseudonym { char z[2 + 32 + 1]; };
void audit_lookup(const struct audit_keys *k, struct str customer_id, unsigned char out[AUDIT_HASH_BYTES]);
/* person_lock held. make: also where the person has none yet; out is empty where there is none. */
MUST_CHECK bool audit_pseudonym(struct audit *a, struct str customer_id, bool make, struct audit_pseudonym *out, struct err *e);

/* ---- audit.c ---- */
struct audit;
MUST_CHECK bool audit_begun(struct audit *a, bool *begun, struct err *e); /* whether a checkpoint was ever signed, and audit.head written */
struct audit_item;
struct audit {
    struct state *state;
    char *path, *head_path;
    struct audit_keys keys;
    pthread_mutex_t person_lock; /* before `lock`; held while a group takes its pseudonyms and is written */
    pthread_t thread;
    bool begun;                 /* the store says that a checkpoint was signed; writer and audit_open */
    bool started;
    struct chain_head head, signed_at; /* of the writer alone, once it runs */
    int64_t unsigned_since_us;         /* the same; monotonic; 0: all is signed */
    pthread_mutex_t lock;              /* guards what follows */
    pthread_cond_t work, done;
    struct audit_item *first, **last;
    size_t queued, urgent;             /* urgent: those that somebody waits for */
    uint64_t noted, written;           /* how many came, and are done with */
    int64_t lost;                      /* not written and not told yet */
    int64_t failed_us;                 /* when writing failed last, monotonic; 0: it does not fail */
    bool flush, closing;
};
/* ---- audit_verify.c ---- */
bool chain_known(struct chain_check *k, struct str known_head, struct err *e); /* false: E_USAGE */
MUST_CHECK bool chain_public(struct chain_check *k, struct str hex, struct err *e);
/* ---- audit_file.c ---- */
MUST_CHECK bool audit_verify_lines(const char *path, struct chain_check *k, struct str known_key, struct err *e);
/* ---- audit_read.c ---- */
MUST_CHECK bool audit_reader(struct audit *a, struct store **out, struct err *e); /* a connection of one's own: reading long stands in nobody's way */
MUST_CHECK bool audit_write_signed(struct audit *a, const struct audit_entry *x, struct err *e); /* and a checkpoint after it */

#endif
