/* Control-plane state in SQLite (WAL): runs, check results, requests, settings. Small, transactional, safe to call from any thread. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"

struct store;
MUST_CHECK bool store_open(const char *path, struct store **out, struct err *e); /* migrates; running runs become interrupted */
void store_close(struct store *s);

enum run_status { RUN_RUNNING, RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELLED, RUN_INTERRUPTED };
const char *run_status_text(enum run_status s);
struct store_run {
    int64_t run_id, started_at_us, finished_at_us;
    enum run_status status;
    struct str kind, trigger, message;
    int64_t ports_built, ports_failed, ports_skipped, rows;
};
/* status: built unchanged failed refused skipped cancelled */
struct store_run_port {
    int64_t run_id;
    struct str ref, status, message, code, data_to; /* data_to: of the version that was made; empty: none, or not known */
    int64_t rows, elapsed_ms, finished_at_us, version_id;
};

MUST_CHECK bool store_run_begin(struct store *s, struct str kind, struct str trigger, int64_t *run_id, struct err *e);
MUST_CHECK bool store_run_port_add(struct store *s, const struct store_run_port *p, struct err *e);
MUST_CHECK bool store_run_finish(struct store *s, const struct store_run *r, struct err *e);
MUST_CHECK bool store_runs(struct store *s, struct arena *a, size_t limit, struct store_run **out, size_t *n, struct err *e);
MUST_CHECK bool store_run_ports(struct store *s, struct arena *a, int64_t run_id, struct store_run_port **out, size_t *n,
                                struct err *e);
/* Newest first outcomes of one port. */
MUST_CHECK bool store_port_history(struct store *s, struct arena *a, struct str ref, size_t limit, struct store_run_port **out,
                                   size_t *n, struct err *e);

enum check_verdict { CHECK_PASSED, CHECK_WARNED, CHECK_FAILED, CHECK_NOT_EVALUATED };
const char *check_verdict_text(enum check_verdict v);
/* No values of rows ever: `measured` is a count, a percentage or a type. */
struct store_check {
    int64_t run_id, evaluated_at_us;
    struct str ref, rule, column, metric, dimension, severity, measured, expected, message;
    enum check_verdict verdict;
};
MUST_CHECK bool store_checks_add(struct store *s, const struct store_check *c, size_t n, struct err *e); /* one transaction */
MUST_CHECK bool store_checks_latest(struct store *s, struct arena *a, struct str ref, struct store_check **out, size_t *n,
                                    struct err *e);
MUST_CHECK bool store_checks_history(struct store *s, struct arena *a, struct str ref, size_t limit, struct store_check **out,
                                     size_t *n, struct err *e);
/* How the checks of one port went, by run, the oldest first. */
struct store_check_run {
    int64_t run_id, at_us, counts[4]; /* by enum check_verdict */
};
MUST_CHECK bool store_checks_by_run(struct store *s, struct arena *a, struct str ref, int64_t since_us, struct store_check_run **out,
                                    size_t *n, struct err *e);
/* Checks that went bad (failed, or warned) after they had been good, newest first; of the newest results only. */
MUST_CHECK bool store_checks_turned(struct store *s, struct arena *a, int64_t since_us, size_t limit, struct store_check **out, size_t *n,
                                    struct err *e);

/* How each port stands after its newest run: its last outcome, those with the status `passed_over` left out (empty: none, or none
 * within the last few), and its latest checks by enum check_verdict. In the order of `refs`. */
struct store_port_state {
    struct str status, message;
    size_t checks[4];
};
MUST_CHECK bool store_port_states(struct store *s, struct arena *a, const struct str *refs, size_t n, struct str passed_over,
                                  struct store_port_state **out, struct err *e);

struct store_use { struct str ref; int64_t questions, principals, last_us; }; /* store_uses, in store_audit.h */

/* Demand: somebody asks for a product or access, or comments on a field; the owner answers. Numbers are never used twice. */
struct store_request {
    int64_t id, asked_at_us, answered_at_us; /* answered 0: not yet */
    struct str kind;                         /* product access feedback question */
    struct str ref, field;                   /* of what; empty for a product that does not exist */
    struct str domain;                       /* who is asked; empty: nobody owns it yet */
    struct str title, body, asker, state;    /* open answered declined done */
    struct str answer, answered_by;
};
struct store_request_ask { struct str domain, state, ref; size_t limit; }; /* empty: any */
MUST_CHECK bool store_request_add(struct store *s, struct store_request *r /* id and time are set */, struct err *e);
MUST_CHECK bool store_request_answer(struct store *s, int64_t id, struct str state, struct str answer, struct str by, struct err *e); /* E_NOT_FOUND */
MUST_CHECK bool store_requests(struct store *s, struct arena *a, const struct store_request_ask *ask, struct store_request **out, size_t *n, struct err *e);

/* What was declared, for the list of changes: one fingerprint per thing, and what differed when. */
struct store_declared { struct str ref, kind, fingerprint; };
struct store_change { int64_t at_us; struct str ref, kind, action /* created changed removed */, what; };
MUST_CHECK bool store_declared_all(struct store *s, struct arena *a, struct store_declared **out, size_t *n, struct err *e);
MUST_CHECK bool store_declared_replace(struct store *s, const struct store_declared *d, size_t n, const struct store_change *c, size_t n_changes, struct err *e); /* one transaction */
MUST_CHECK bool store_changes(struct store *s, struct arena *a, int64_t since_us, size_t limit, struct store_change **out, size_t *n, struct err *e);

/* Alerts: one per subject and kind while it lasts, so that nobody is told twice. Messages are what is sent of them, one for each
 * channel, kept until they are delivered or given up. */
struct store_alert {
    int64_t id, raised_at_us, sent_at_us, cleared_at_us; /* sent: when the first channel had it; 0: not yet; cleared 0: it lasts */
    struct str kind, ref, message;
    int attempts;
    bool told; /* a message about it was written down */
};
struct store_message {
    int64_t id, made_at_us, sent_at_us, given_up_at_us, next_at_us; /* next: no attempt before */
    int attempts;
    struct str kind /* alert digest test */, channel /* webhook mail */, subject, body;
    struct str once;    /* a second message of the same text and channel is not taken; empty: any number */
    struct str problem; /* of the last attempt */
};
MUST_CHECK bool store_alerts(struct store *s, struct arena *a, bool open_only, size_t limit, struct store_alert **out, size_t *n, struct err *e);
/* What begins (kind, ref, message), what is mended (id), and what is to be told of both, in one transaction. */
MUST_CHECK bool store_alerts_write(struct store *s, const struct store_alert *raised, size_t n_raised, const struct store_alert *mended,
                                   size_t n_mended, const struct store_message *told, size_t n_told, struct err *e);
MUST_CHECK bool store_messages(struct store *s, struct arena *a, bool due_only, size_t limit, struct store_message **out, size_t *n, struct err *e); /* due: oldest first; else newest first */
/* One attempt at a message. next_us: when to try again; 0: never. */
MUST_CHECK bool store_message_tried(struct store *s, int64_t id, bool delivered, int64_t next_us, struct str problem, struct err *e);

/* Write keys of event sources. The key itself is shown once and not kept; its SHA-256 is. */
struct store_key {
    int64_t id, created_at_us, revoked_at_us; /* revoked 0: it holds */
    struct str source, sha256, begins, label; /* begins: its first characters, to tell keys apart */
};
MUST_CHECK bool store_key_add(struct store *s, struct store_key *k /* id and time are set */, struct err *e);
MUST_CHECK bool store_key_revoke(struct store *s, int64_t id, struct err *e); /* E_NOT_FOUND; a second time changes nothing */
MUST_CHECK bool store_keys(struct store *s, struct arena *a, struct str source, struct store_key **out, size_t *n, struct err *e); /* empty: all; newest first */
/* People whose events are never stored again: keyed hashes of their identifiers (collect/suppress.h). */
struct store_suppressed { struct str hash, kind, reason; int64_t added_at_us; };
MUST_CHECK bool store_suppressed_add(struct store *s, const struct store_suppressed *p, struct err *e); /* again: nothing changes */
MUST_CHECK bool store_suppressed_remove(struct store *s, struct str hash, struct err *e); /* E_NOT_FOUND */
MUST_CHECK bool store_suppressed_all(struct store *s, struct arena *a, struct store_suppressed **out, size_t *n, struct err *e);

/* What people decided of identities (identity/decisions.h seals and reads them). */
struct store_decision {
    int64_t id, at_us, withdrawn_at_us; /* withdrawn 0: in force */
    struct str action /* merge split */, sealed, hashes, reason, who, withdrawn_by;
};
MUST_CHECK bool store_decision_add(struct store *s, struct store_decision *d /* id and time are set */, struct err *e);
MUST_CHECK bool store_decision_withdraw(struct store *s, int64_t id, struct str who, struct err *e); /* E_NOT_FOUND; a second time changes nothing */
MUST_CHECK bool store_decisions(struct store *s, struct arena *a, struct store_decision **out, size_t *n, struct err *e); /* all, oldest first */

MUST_CHECK bool store_setting_set(struct store *s, struct str key, struct str value, struct err *e);
MUST_CHECK bool store_setting_get(struct store *s, struct arena *a, struct str key, struct str *value,
                                  struct err *e); /* empty when absent */

#endif
