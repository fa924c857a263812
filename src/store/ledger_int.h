/* The ledger's migrations, so that tests can give their own. */
#ifndef STORE_LEDGER_INT_H
#define STORE_LEDGER_INT_H

#include "store/ledger.h"

/* Versions count from 1 without a gap and never change once released. */
struct ledger_migration {
    const char *sql;
};
extern const struct ledger_migration ledger_migrations[];
extern const size_t ledger_migrations_count;

MUST_CHECK bool ledger_migrate_by(struct engine_conn *c, const char *backup_path, const struct ledger_migration *m, size_t n,
                                  struct err *e);

#endif
