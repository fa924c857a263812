/* What is out of the ordinary in a daily series, each day judged from the days before it alone. Pure: numbers in, numbers out. docs/explore.md */
#ifndef MEASURE_ANOMALY_H
#define MEASURE_ANOMALY_H

#include "base/arena.h"

enum {
    ANOMALY_HISTORY_DAYS = 120, /* before the first day that is asked about, so that it is judged as all others are */
    ANOMALY_LEAST_DAYS = 35,    /* a day with fewer known days before it is not judged */
};
/* Measured over seeded series of normal noise (tests/unit/test_measure_anomaly.c), which a year of days reports at most. */
#define ANOMALY_FALSE_PER_YEAR 0.5

struct anomaly_series {
    const double *v; const bool *known;
    const double *weight;        /* of a ratio: what it was divided by, so that few make wide bounds; NULL: all days weigh the same */
    size_t n;                    /* day after day without a gap */
    bool count;                  /* whole numbers of things: never surer than chance lets them be */
};
struct anomaly_day { bool judged, outside; double expected, low, high, score; /* score: how many bounds it is away, signed */ };
enum anomaly_kind { ANOMALY_SPIKE, ANOMALY_DROP, ANOMALY_SHIFT };
const char *anomaly_kind_text(enum anomaly_kind k);
const char *anomaly_severity(double score); /* low medium high */
struct anomaly {
    size_t since, day, until;    /* its first day, the day that stands out most, its last day */
    bool lasts;                  /* nothing has ended it yet; a shift is news for two weeks */
    bool returns;                /* a shift to where the one before it came from */
    enum anomaly_kind kind; double value, expected, low, high, score; /* of `day` */
};
struct anomalies { struct anomaly_day *days; struct anomaly *v; size_t n, judged; };
/* In order of their first day. days: as the series. */
void anomalies_find(const struct anomaly_series *s, struct arena *a, struct anomalies *out);

#endif
