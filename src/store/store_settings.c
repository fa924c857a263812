/* Small settings. */
#include "store/store_int.h"

bool store_setting_set(struct store *s, struct str key, struct str value, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", e))
        return false;
    store_bind_str(&q, key);
    store_bind_str(&q, value);
    if (!store_step(&q))
        q.failed = true;
    return store_end(&q);
}

bool store_setting_get(struct store *s, struct arena *a, struct str key, struct str *value, struct err *e)
{
    struct store_stmt q;
    *value = (struct str){NULL, 0};
    if (!store_begin(&q, s, "SELECT value FROM setting WHERE key = ?", e))
        return false;
    store_bind_str(&q, key);
    if (store_row(&q))
        *value = store_col_str(&q, a, 0);
    return store_end(&q);
}
