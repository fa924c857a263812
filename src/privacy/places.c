/* Everything that can lie under data/, and what an erasure does there. Whoever adds a schema, a table or a file adds a line here: a test finds what has none. */
#include "privacy/erase.h"

const struct place places[] = {
    {PLACE_ENGINE, "raw", PLACE_ROWS, "raw streams", ""},
    {PLACE_ENGINE, "hist", PLACE_ROWS, "history", ""},
    {PLACE_ENGINE, "quarantine", PLACE_ROWS, "quarantine", ""},
    {PLACE_ENGINE, "identity", PLACE_ROWS, "identity", ""},
    {PLACE_ENGINE, "changes", PLACE_ROWS, "logs of changes", ""},
    {PLACE_ENGINE, "govern", PLACE_ROWS, "consent desk", ""},
    {PLACE_ENGINE, "built", PLACE_BUILT, "products", ""},
    {PLACE_ENGINE, "live", PLACE_NOTHING, "views", "views over built tables, without rows of their own"},
    {PLACE_ENGINE, "sys", PLACE_TEXTS, "ledger", "files, versions and counts; no value of a row, but names of files"},
    {PLACE_ENGINE, "main", PLACE_NOTHING, "unused", "holds no table"},

    {PLACE_TABLE, "meta", PLACE_NOTHING, "", "numbers of versions"},
    {PLACE_TABLE, "run", PLACE_TEXTS, "runs", ""},
    {PLACE_TABLE, "run_port", PLACE_TEXTS, "runs", ""},
    {PLACE_TABLE, "check_result", PLACE_TEXTS, "results of checks", ""},
    {PLACE_TABLE, "query_log", PLACE_TEXTS, "questions", ""},
    {PLACE_TABLE, "setting", PLACE_TEXTS, "settings", ""},
    {PLACE_TABLE, "request", PLACE_TEXTS, "requests of colleagues", ""},
    {PLACE_TABLE, "saved_view", PLACE_TEXTS, "saved explorations", ""},
    {PLACE_TABLE, "declared", PLACE_NOTHING, "", "names and fingerprints of what is declared"},
    {PLACE_TABLE, "declared_change", PLACE_TEXTS, "changes of the declaration", ""},
    {PLACE_TABLE, "alert", PLACE_TEXTS, "alerts", ""},
    {PLACE_TABLE, "message", PLACE_TEXTS, "messages", ""},
    {PLACE_TABLE, "write_key", PLACE_TEXTS, "write keys", ""},
    {PLACE_TABLE, "suppressed", PLACE_NOTHING, "suppression list", "keyed hashes"},
    {PLACE_TABLE, "identity_decision", PLACE_TEXTS, "decisions about identities", ""},
    {PLACE_TABLE, "reveal", PLACE_TEXTS, "reveals", ""},
    {PLACE_TABLE, "privacy_request", PLACE_TEXTS, "requests about personal data", ""},
    {PLACE_TABLE, "user", PLACE_NOTHING, "", "people who work with Trellis; their accounts are ended by an administrator"},
    {PLACE_TABLE, "user_session", PLACE_NOTHING, "", "sessions of those"},
    {PLACE_TABLE, "user_link", PLACE_NOTHING, "", "hashes of links for those"},
    {PLACE_TABLE, "service_token", PLACE_NOTHING, "", "hashes and titles of tokens"},
    {PLACE_TABLE, "sign_in_failure", PLACE_NOTHING, "", "keyed hashes"},
    {PLACE_TABLE, "hold", PLACE_TEXTS, "legal holds", ""},
    {PLACE_TABLE, "audit*", PLACE_AUDIT, "audit", ""},
    {PLACE_TABLE, "retention*", PLACE_NOTHING, "", "counts by rule and table"},
    {PLACE_TABLE, "scan*", PLACE_NOTHING, "", "columns, detectors and counts; no value"},
    {PLACE_TABLE, "released", PLACE_NOTHING, "", "how many people, and sketches of whom under a key; they go with the version, which is built again"},
    {PLACE_TABLE, "question_count", PLACE_NOTHING, "", "questions of a day by who asked"},
    {PLACE_TABLE, "council*", PLACE_TEXTS, "council", ""},
    {PLACE_TABLE, "approval*", PLACE_TEXTS, "council", ""},

    {PLACE_FILE, "mesh.duckdb", PLACE_ANEW, "database", ""},
    {PLACE_FILE, "mesh.duckdb.wal", PLACE_ANEW, "database", ""},
    {PLACE_FILE, "mesh.duckdb.copy*", PLACE_REMOVED, "half a copy", ""},
    {PLACE_FILE, "mesh.duckdb.backup-*", PLACE_REMOVED, "copy from before an upgrade", ""},
    {PLACE_FILE, "control.sqlite", PLACE_ANEW, "control store", ""},
    {PLACE_FILE, "control.sqlite-wal", PLACE_ANEW, "control store", ""},
    {PLACE_FILE, "control.sqlite-shm", PLACE_NOTHING, "", "the index of the log, without values"},
    {PLACE_FILE, "control.sqlite.backup-*", PLACE_REMOVED, "copy from before an upgrade", ""},
    {PLACE_FILE, "audit.sqlite.backup-*", PLACE_REMOVED, "copy from before an upgrade", ""},
    {PLACE_FILE, "audit.sqlite*", PLACE_AUDIT, "audit", ""},
    {PLACE_FILE, "audit.head", PLACE_NOTHING, "", "a hash"},
    {PLACE_FILE, "*.key", PLACE_NOTHING, "", "random keys"},
    {PLACE_FILE, "spool", PLACE_EMPTIED, "spool", ""},
    {PLACE_FILE, "files", PLACE_TEXTS, "landed copies", ""},
    {PLACE_FILE, "uploads", PLACE_REMOVED, "unfinished uploads", ""},
    {PLACE_FILE, "receipts", PLACE_NOTHING, "receipts", "ids and keyed hashes"},
    {PLACE_FILE, "cache", PLACE_NOTHING, "", "the declaration, read once"},
    {PLACE_FILE, "tmp", PLACE_NOTHING, "", "what the engine spills while a question runs; it goes with the question, and all of it at each start"},
    {PLACE_FILE, "encryption.json", PLACE_NOTHING, "", "where the key is and its mark"},
    {PLACE_FILE, "next", PLACE_REMOVED, "half an exchange of keys", ""},
    {PLACE_FILE, "trellis.lock", PLACE_NOTHING, "", "a process id"},
    {PLACE_FILE, "trellis.sock", PLACE_NOTHING, "", "a socket"},
    {PLACE_FILE, "session-token", PLACE_NOTHING, "", "a random token"},
};
const size_t places_count = sizeof places / sizeof *places;

/* `*` at the beginning or the end of a name. */
static bool fits(const char *pattern, struct str name)
{
    struct str p = str_of(pattern);
    if (p.n && p.p[0] == '*')
        return str_ends(name, (struct str){p.p + 1, p.n - 1});
    if (p.n && p.p[p.n - 1] == '*')
        return str_starts(name, (struct str){p.p, p.n - 1});
    return str_eq(p, name);
}

const struct place *place_find(enum place_kind kind, struct str name)
{
    for (size_t i = 0; i < places_count; i++)
        if (places[i].kind == kind && fits(places[i].name, name))
            return &places[i];
    return NULL;
}
