/* The ledger's schema: the schemas of catalog `mesh` and the tables of mesh.sys, by numbered migrations. */
#include "store/ledger.h"

#include <stdio.h>

#include "base/log.h"
#include "store/ledger_int.h"

const struct ledger_migration ledger_migrations[] = {
    {
        "CREATE SCHEMA IF NOT EXISTS mesh.raw; CREATE SCHEMA IF NOT EXISTS mesh.hist; CREATE SCHEMA IF NOT EXISTS "
        "mesh.quarantine;"
        "CREATE SCHEMA IF NOT EXISTS mesh.built; CREATE SCHEMA IF NOT EXISTS mesh.live;"
        "CREATE SEQUENCE mesh.sys.file_load_id; CREATE SEQUENCE mesh.sys.port_version_id;"
        "CREATE TABLE mesh.sys.file_load (file_id BIGINT, stream VARCHAR, path VARCHAR, sha256 VARCHAR, size_bytes BIGINT, "
        "format VARCHAR,"
        " rows_loaded BIGINT, rows_quarantined BIGINT, day_from DATE, day_to DATE, learned_at TIMESTAMP, replaced_rows BIGINT,"
        " superseded_at TIMESTAMP);"
        "CREATE TABLE mesh.sys.port_version (version_id BIGINT, port VARCHAR, fingerprint VARCHAR, table_name VARCHAR, rows "
        "BIGINT,"
        " built_at TIMESTAMP, run_id BIGINT, live BOOLEAN, data_from VARCHAR, data_to VARCHAR);"
        "CREATE TABLE mesh.quarantine.rejected (stream VARCHAR, file_id BIGINT, line BIGINT, column_name VARCHAR, reason VARCHAR,"
        " message VARCHAR, raw_text VARCHAR, learned_at TIMESTAMP);"
        /* What bringing in files remembers: files by size and time, columns of a stream's last file, how they drifted, what
           failed. */
        "CREATE TABLE mesh.sys.ingest_seen (stream VARCHAR, path VARCHAR, size_bytes BIGINT, mtime_ns BIGINT, sha256 VARCHAR);"
        "CREATE TABLE mesh.sys.ingest_column (stream VARCHAR, position INTEGER, column_name VARCHAR, look VARCHAR);"
        "CREATE TABLE mesh.sys.ingest_drift (stream VARCHAR, path VARCHAR, column_name VARCHAR, change VARCHAR, noted_at "
        "TIMESTAMP);"
        "CREATE TABLE mesh.sys.ingest_problem (stream VARCHAR, path VARCHAR, code VARCHAR, message VARCHAR, noted_at TIMESTAMP);",
    },
    {
        /* With which options and types a file with rejected rows was read: when they change, it is read again. */
        "CREATE TABLE mesh.sys.ingest_job (file_id BIGINT, sha256 VARCHAR);",
    },
    {
        /* Every file has a line now (sha256 only those with rejected rows): values_sha256 sums what decides its values. since_id
           is its place among the stream's files: a content that is read again keeps the place that it had. */
        "ALTER TABLE mesh.sys.ingest_job ADD COLUMN values_sha256 VARCHAR;"
        "ALTER TABLE mesh.sys.ingest_job ADD COLUMN since_id BIGINT;",
    },
    {
        /* Events: how far the spool is loaded, what each stream holds, the batches of the last days, damage that was passed over,
           and what did not fit. Written in the transaction of the rows. */
        "CREATE TABLE mesh.sys.event_place (spool VARCHAR, segment BIGINT, \"offset\" BIGINT);"
        "INSERT INTO mesh.sys.event_place VALUES ('spool', 0, 0);"
        "CREATE TABLE mesh.sys.event_stream (stream VARCHAR, version BIGINT, rows BIGINT, data_from TIMESTAMP, data_to TIMESTAMP,"
        " loaded_at TIMESTAMP);"
        "CREATE TABLE mesh.sys.event_batch (batch_id BIGINT, loaded_at TIMESTAMP, requests BIGINT, events BIGINT, loaded BIGINT,"
        " duplicates BIGINT, quarantined BIGINT, segment BIGINT, \"offset\" BIGINT);"
        "CREATE TABLE mesh.sys.event_damage (segment BIGINT, \"offset\" BIGINT, message VARCHAR, noted_at TIMESTAMP);"
        "CREATE TABLE mesh.quarantine.event (id BIGINT, source VARCHAR, type VARCHAR, event VARCHAR, message_id VARCHAR,"
        " reason VARCHAR, field VARCHAR, message VARCHAR, payload VARCHAR, first_payload VARCHAR, meta VARCHAR,"
        " received_at TIMESTAMP, state VARCHAR, fixed_at TIMESTAMP, replayed_at TIMESTAMP, origin VARCHAR);",
    },
    {
        /* Who belongs together, beside the port's own table (docs/identity.md): the merge ledger, retired ids, the ids in use with the
           evidence that founded them, and with what the table was made. */
        "CREATE SCHEMA IF NOT EXISTS mesh.identity;"
        "CREATE TABLE mesh.identity.ledger (occurred_at TIMESTAMP, source VARCHAR, message_id VARCHAR, evidence BIGINT, seq INTEGER, action VARCHAR,"
        " cause VARCHAR, kind VARCHAR, value_hash VARCHAR, refused_by VARCHAR, customer_id VARCHAR, other_id VARCHAR, rule_sha VARCHAR,"
        " decision_id BIGINT);"
        "CREATE TABLE mesh.identity.redirect (old_id VARCHAR, customer_id VARCHAR, since TIMESTAMP, cause VARCHAR, evidence BIGINT);"
        "CREATE TABLE mesh.identity.customer (customer_id VARCHAR, evidence BIGINT);"
        "CREATE TABLE mesh.identity.state (table_name VARCHAR, token VARCHAR, rule_sha VARCHAR, decisions VARCHAR);",
    },
    {
        /* Records that are alike: pairs that are linked or wait for a person, and of what they were made. */
        "CREATE TABLE mesh.identity.review (pair_id BIGINT, a VARCHAR, b VARCHAR, probability DOUBLE, weight DOUBLE, levels VARCHAR, linked BOOLEAN,"
        " seen_at TIMESTAMP);"
        "CREATE TABLE mesh.identity.alike (version_id BIGINT, rule_sha VARCHAR, records BIGINT, compared BIGINT, passed_over BIGINT, rounds INTEGER);",
    },
    {
        /* What people say about consent at the desk, and who may not be shown for a purpose now (docs/privacy.md; govern/consent.c keeps it). The view
           consent_live is made anew when shared.consent goes live; consent_no is what the gate asks. */
        "CREATE SCHEMA IF NOT EXISTS mesh.govern;"
        "CREATE TABLE mesh.govern.consent_said (seq BIGINT, statement_id VARCHAR, kind VARCHAR, value VARCHAR, customer_id VARCHAR, purpose VARCHAR,"
        " status VARCHAR, source VARCHAR, proof VARCHAR, occurred_at TIMESTAMP, recorded_at TIMESTAMP, actor VARCHAR, taken BOOLEAN);"
        "CREATE TABLE mesh.govern.consent_desk (statement_id VARCHAR, customer_id VARCHAR, purpose VARCHAR, says BOOLEAN, since TIMESTAMP, expires_at"
        " TIMESTAMP);"
        "CREATE TABLE mesh.govern.consent_moved (old_id VARCHAR, customer_id VARCHAR);"
        "CREATE TABLE mesh.govern.consent_purpose (purpose VARCHAR, fail_open BOOLEAN, expires_s BIGINT);"
        "CREATE VIEW mesh.govern.consent_live AS SELECT NULL::VARCHAR AS customer_id, NULL::VARCHAR AS purpose, NULL::BOOLEAN AS granted,"
        " NULL::TIMESTAMP AS expires_at WHERE false;"
        "CREATE VIEW mesh.govern.consent_no AS WITH no AS (SELECT purpose, customer_id FROM mesh.govern.consent_live AS c WHERE NOT granted OR"
        " (epoch_us(expires_at) <= epoch_us(now()) AND purpose NOT IN (SELECT purpose FROM mesh.govern.consent_purpose WHERE fail_open)))"
        " SELECT purpose, customer_id FROM no WHERE NOT EXISTS (SELECT 1 FROM mesh.govern.consent_desk AS d WHERE d.says AND d.purpose = no.purpose AND"
        " d.customer_id = no.customer_id AND (d.expires_at IS NULL OR epoch_us(d.expires_at) > epoch_us(now())))"
        " UNION ALL SELECT purpose, customer_id FROM mesh.govern.consent_desk WHERE NOT says"
        " UNION ALL SELECT no.purpose, m.customer_id FROM no JOIN mesh.govern.consent_moved AS m ON no.customer_id = m.old_id;",
    },
    {
        /* The same people by the evidence that speaks of them; made anew when identity goes live. */
        "CREATE VIEW mesh.govern.consent_no_evidence AS SELECT NULL::VARCHAR AS purpose, NULL::BIGINT AS evidence WHERE false;",
    },
    {
        /* The same answer, written so that the purpose that is asked for is looked at alone, and nothing is correlated: five times as fast. A yes of a purpose
           that is open without a word has no end in consent_live. */
        "CREATE OR REPLACE VIEW mesh.govern.consent_no AS SELECT purpose, customer_id FROM mesh.govern.consent_live AS c ANTI JOIN (SELECT purpose, customer_id"
        " FROM mesh.govern.consent_desk WHERE says AND (expires_at IS NULL OR epoch_us(expires_at) > epoch_us(now()))) AS d USING (purpose, customer_id)"
        " WHERE NOT granted OR epoch_us(expires_at) <= epoch_us(now())"
        " UNION ALL SELECT purpose, customer_id FROM mesh.govern.consent_desk WHERE NOT says"
        " UNION ALL SELECT c.purpose, m.customer_id FROM mesh.govern.consent_moved AS m JOIN mesh.govern.consent_live AS c ON c.customer_id = m.old_id"
        " WHERE NOT c.granted OR epoch_us(c.expires_at) <= epoch_us(now());"
        "DELETE FROM mesh.sys.meta WHERE key = 'consent_live';",
    },
};
const size_t ledger_migrations_count = sizeof ledger_migrations / sizeof *ledger_migrations;

static bool version_of(struct engine_conn *c, int64_t *out, struct err *e)
{
    int64_t has_meta;
    *out = 0;
    if (!engine_value_i64(c,
                          STR("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = 'sys' AND "
                              "table_name = 'meta'"),
                          NULL, 0, &has_meta, e))
        return false;
    return !has_meta || engine_value_i64(c, STR("SELECT CAST(value AS BIGINT) FROM mesh.sys.meta WHERE key = 'schema_version'"),
                                         NULL, 0, out, e);
}

bool ledger_migrate_by(struct engine_conn *c, const char *backup_path, const struct ledger_migration *m, size_t n, struct err *e)
{
    int64_t version;
    if (!version_of(c, &version, e))
        return false;
    if (version > (int64_t)n) {
        err_set(e, E_STATE_NEWER, "the data has version %lld; this Trellis knows up to %zu", (long long)version, n);
        err_hint(e, "use the newer Trellis that wrote it, or restore its backup");
        return false;
    }
    for (size_t i = (size_t)version; i < n; i++) {
        char done[256];
        snprintf(done, sizeof done,
                 "DELETE FROM mesh.sys.meta WHERE key = 'schema_version'; INSERT INTO mesh.sys.meta VALUES ('schema_version', "
                 "'%zu'); COMMIT",
                 i + 1);
        bool ok = engine_exec(c,
                              STR("BEGIN; CREATE SCHEMA IF NOT EXISTS mesh.sys; CREATE TABLE IF NOT EXISTS mesh.sys.meta (key "
                                  "VARCHAR, value VARCHAR)"),
                              e) &&
                  engine_exec(c, str_of(m[i].sql), e) && engine_exec(c, str_of(done), e);
        if (!ok) {
            if (!engine_exec(c, STR("ROLLBACK"), NULL))
                log_event(LOG_DEBUG, "store", "rollback", "migration=%zu already ended", i + 1);
            err_prefix(e, "upgrading the data to version %zu", i + 1);
            if (backup_path)
                err_hint(e, "nothing was changed; a copy from before stands in %s", backup_path);
            return false;
        }
    }
    return true;
}

/* After a kill the engine may remember an older value of a sequence than it has given out, and its own word for the last value
 * (duckdb_sequences) does not tell (both seen with 1.5.5). So at every opening each goes on behind the highest id of its table.
 */
static bool restart_ids(struct engine_conn *c, struct err *e)
{
    static const struct {
        const char *newest, *sequence;
    } ids[] = {
        {"SELECT coalesce(max(file_id), 0) FROM mesh.sys.file_load", "mesh.sys.file_load_id"},
        {"SELECT coalesce(max(version_id), 0) FROM mesh.sys.port_version", "mesh.sys.port_version_id"},
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char sql[128];
        int64_t newest;
        if (!engine_value_i64(c, str_of(ids[i].newest), NULL, 0, &newest, e))
            return false;
        snprintf(sql, sizeof sql, "CREATE OR REPLACE SEQUENCE %s START %lld", ids[i].sequence, (long long)newest + 1);
        if (!engine_exec(c, str_of(sql), e))
            return false;
    }
    return true;
}

bool ledger_migrate(struct engine_conn *c, const char *backup_path, struct err *e)
{
    return ledger_migrate_by(c, backup_path, ledger_migrations, ledger_migrations_count, e) && restart_ids(c, e);
}

bool ledger_next_id(struct engine_conn *c, struct str sequence, int64_t *out, struct err *e)
{
    if (str_eq(sequence, STR("file_load")))
        return engine_value_i64(c, STR("SELECT nextval('mesh.sys.file_load_id')"), NULL, 0, out, e);
    if (str_eq(sequence, STR("port_version")))
        return engine_value_i64(c, STR("SELECT nextval('mesh.sys.port_version_id')"), NULL, 0, out, e);
    return err_set(e, E_INTERNAL, "there is no sequence %.*s", STR_FMT(sequence));
}
