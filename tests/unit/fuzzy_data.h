/* The labelled sets of records that fuzzy matching is measured on: read, matched, and scored against their labels. Shared by the unit test
 * and the bench; each includes it once. Where the data folder (TRELLIS_SHARED, else ../shared) is absent, reading says so. */
#ifndef TEST_FUZZY_DATA_H
#define TEST_FUZZY_DATA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/str.h"
#include "identity/fuzzy.h"

enum { FUZZY_LINE_MAX = 4096, FUZZY_CELLS_MAX = 16, FUZZY_RECORDS_MAX = 8000 };

struct fuzzy_set {
    const char *name, *path;
    struct fuzzy_field fields[FUZZY_FIELDS_MAX]; /* of the columns from the second on */
    size_t n_fields, label;                      /* label: its column */
    size_t label_at;                             /* where its number begins */
};
static const struct fuzzy_set fuzzy_febrl3 = {
    "febrl dataset 3", "identity_febrl/febrl_dataset3.csv.gz",
    {{"given_name", FUZZY_NAME}, {"surname", FUZZY_NAME}, {"street_number", FUZZY_DIGITS}, {"address_1", FUZZY_TEXT}, {"address_2", FUZZY_TEXT}, {"suburb", FUZZY_TEXT},
     {"postcode", FUZZY_DIGITS}, {"state", FUZZY_TEXT}, {"date_of_birth", FUZZY_DATE}, {"soc_sec_id", FUZZY_DIGITS}},
    10, 0, 4};
static const struct fuzzy_set fuzzy_fake1000 = {
    "fake_1000", "identity_fake1000/fake_1000.csv",
    {{"first_name", FUZZY_NAME}, {"surname", FUZZY_NAME}, {"dob", FUZZY_DATE}, {"city", FUZZY_TEXT}, {"email", FUZZY_EMAIL}}, 5, 6, 0};

struct fuzzy_data {
    struct str *values;
    int *person;
    size_t n, true_pairs;
};

static inline gzFile fuzzy_data_open(const char *name)
{
    char path[1024];
    const char *shared = getenv("TRELLIS_SHARED");
    snprintf(path, sizeof path, "%s/data/%s", shared ? shared : "../shared", name);
    gzFile f = gzopen(path, "rb"); /* plain files too */
    if (!f)
        printf("no %s: skipped (TRELLIS_SHARED names the folder of shared data)\n", path);
    return f;
}

static inline size_t fuzzy_data_cells(char *line, struct str *cells)
{
    struct str rest = str_trim(str_of(line));
    size_t n = 0;
    while (rest.p && n < FUZZY_CELLS_MAX)
        cells[n++] = str_trim(str_cut(rest, ',', &rest));
    return n;
}

/* The first `n_fields` fields of the set. False: it is not there. */
static inline bool fuzzy_data_read(const struct fuzzy_set *s, size_t n_fields, struct arena *a, struct fuzzy_data *out)
{
    char line[FUZZY_LINE_MAX];
    struct str cells[FUZZY_CELLS_MAX];
    gzFile f = fuzzy_data_open(s->path);
    *out = (struct fuzzy_data){0};
    if (!f)
        return false;
    out->values = arena_array(a, FUZZY_RECORDS_MAX * n_fields, sizeof *out->values);
    out->person = arena_array(a, FUZZY_RECORDS_MAX, sizeof *out->person);
    (void)gzgets(f, line, sizeof line); /* the head */
    while (out->n < FUZZY_RECORDS_MAX && gzgets(f, line, sizeof line)) {
        size_t n = fuzzy_data_cells(line, cells);
        if (n <= s->label)
            continue;
        for (size_t i = 0; i < n_fields; i++)
            out->values[out->n * n_fields + i] = arena_str(a, i + 1 < n ? cells[i + 1] : STR(""));
        out->person[out->n++] = atoi(arena_strz(a, cells[s->label]) + s->label_at);
    }
    gzclose(f);
    for (size_t i = 0; i < out->n; i++)
        for (size_t k = i + 1; k < out->n; k++)
            out->true_pairs += out->person[i] == out->person[k];
    return true;
}

struct fuzzy_score { double precision, recall, f1; };

static inline struct fuzzy_score fuzzy_score_of(size_t right, size_t wrong, size_t all)
{
    double p = right + wrong ? (double)right / (double)(right + wrong) : 0, r = all ? (double)right / (double)all : 0;
    return (struct fuzzy_score){p, r, p + r > 0 ? 2 * p * r / (p + r) : 0};
}

/* Of the pairs alone. */
static inline struct fuzzy_score fuzzy_score_pairs(const struct fuzzy_data *d, const struct fuzzy_result *r, double threshold)
{
    size_t right = 0, wrong = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->pairs[i].probability >= threshold) {
            if (d->person[r->pairs[i].a] == d->person[r->pairs[i].b])
                right++;
            else
                wrong++;
        }
    return fuzzy_score_of(right, wrong, d->true_pairs);
}

/* The group of each record, when pairs at or above the threshold are one person, and who is one with one of them too. */
static inline void fuzzy_close(const struct fuzzy_data *d, const struct fuzzy_result *r, double threshold, uint32_t *group)
{
    for (size_t i = 0; i < d->n; i++)
        group[i] = (uint32_t)i;
    for (size_t i = 0; i < r->n; i++) {
        uint32_t a = r->pairs[i].a, b = r->pairs[i].b;
        if (r->pairs[i].probability < threshold)
            continue;
        while (group[a] != a)
            a = group[a];
        while (group[b] != b)
            b = group[b];
        group[a > b ? a : b] = a < b ? a : b;
    }
    for (size_t i = 0; i < d->n; i++) /* each points to one before it */
        group[i] = group[group[i]];
}

static inline struct fuzzy_score fuzzy_score_closed(const struct fuzzy_data *d, const struct fuzzy_result *r, double threshold)
{
    static uint32_t group[FUZZY_RECORDS_MAX];
    size_t right = 0, wrong = 0;
    fuzzy_close(d, r, threshold, group);
    for (size_t i = 0; i < d->n; i++)
        for (size_t k = i + 1; k < d->n; k++)
            if (group[i] == group[k]) {
                if (d->person[i] == d->person[k])
                    right++;
                else
                    wrong++;
            }
    return fuzzy_score_of(right, wrong, d->true_pairs);
}

#endif
