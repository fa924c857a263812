/* Writes the demo's figures as the tables in which each ad platform really lands: the columns are data (layouts.c). */
#ifndef CLI_DEMO_LANDED_H
#define CLI_DEMO_LANDED_H

#include "base/buf.h"
#include "cli/demo/world.h"

enum landed_cell {
    CELL_BLANK, CELL_TEXT,                       /* TEXT: the column's own constant */
    CELL_DATE, CELL_DAY_TIME, CELL_HOUR,         /* 2026-03-01, 2026-03-01 00:00:00, 2026-03-01 7:00:00 (unpadded, by split) */
    CELL_SYNCED, CELL_SPLIT,                     /* when the export ran; name of the split (a device) */
    CELL_ACCOUNT, CELL_ACCOUNT_NAME, CELL_CURRENCY, CELL_CAMPAIGN, CELL_CAMPAIGN_NAME,
    CELL_AD_GROUP, CELL_AD_GROUP_NAME, CELL_AD_GROUP_RESOURCE, CELL_AD, CELL_AD_NAME,
    CELL_STATUS, CELL_OBJECTIVE, CELL_CHANNEL, CELL_BUDGET, CELL_BUDGET_CENTS, CELL_BUDGET_MICROS, CELL_START,
    CELL_IMPRESSIONS, CELL_IMPRESSIONS_PAID, CELL_IMPRESSIONS_EARNED, CELL_CLICKS, CELL_CLICKS_PAID, CELL_CLICKS_EARNED,
    CELL_SPEND, CELL_SPEND_MICROS, CELL_CONVERSIONS, CELL_VALUE, CELL_VALUE_GROUPED /* 1,234.56 */, CELL_VALUE_MICROS
};

struct landed_column { const char *name; enum landed_cell cell; const char *text; };

struct landed_split { const char *name; int percent; };

struct landed_table {
    const char *platform, *file;                 /* without prefix and extension, as Fivetran names it */
    enum demo_level level;
    bool history;                                /* one row an entity instead of one a day */
    bool byte_order_mark, only_with_conversions;
    const struct landed_split *splits; size_t n_splits;
    const struct landed_column *columns; size_t n_columns;
};

extern const struct landed_table LANDED_TABLES[];
extern const size_t LANDED_TABLES_N;

struct landed_range { int32_t from_day, to_day; struct str synced; };

/* Header and rows of one table. Text is RFC 4180. */
void landed_write(const struct landed_table *t, const struct demo_world *w, const struct landed_range *r, struct buf *out);

#endif
