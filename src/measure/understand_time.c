/* Times by name: grains, periods, and two periods side by side. */
#include "measure/understand_int.h"

#include <stdio.h>

#include "base/clock.h"

struct span { int32_t from, to; size_t n; bool month_alone, day; }; /* n: words that it took; month_alone: a month without its year */

static bool said_at(const struct reading *r, size_t at, const char *word)
{
    return at < r->n && str_eq(r->word[at], str_of(word));
}

static bool said_any(const struct reading *r, size_t at, const char *const *words)
{
    for (; at < r->n && *words; words++)
        if (str_eq(r->word[at], str_of(*words)))
            return true;
    return false;
}

bool understand_number(struct str word, int64_t *n)
{
    static const char *const words[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"};
    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (str_eq(word, str_of(words[i]))) {
            *n = (int64_t)i;
            return true;
        }
    return str_to_i64(word, n) && *n > 0 && *n < 4000;
}

/* ---- days ---- */
static bool day_of(int64_t year, int64_t month, int64_t day, int32_t *out)
{
    char date[64];
    snprintf(date, sizeof date, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
    return clock_parse_date(str_of(date), out);
}

static void parts_of(int32_t day, int64_t *year, int64_t *month, int64_t *of_month)
{
    struct clock_text t = clock_date(day);
    *year = *month = *of_month = 1;
    (void)(str_to_i64((struct str){t.z, 4}, year) && str_to_i64((struct str){t.z + 5, 2}, month) && str_to_i64((struct str){t.z + 8, 2}, of_month));
}

/* The same day so many months before, or the last of a shorter month. */
static int32_t months_before(int32_t day, int64_t months)
{
    int64_t y, m, d;
    int32_t out = day;
    parts_of(day, &y, &m, &d);
    int64_t all = y * 12 + m - 1 - months;
    while (d > 27 && !day_of(all / 12, all % 12 + 1, d, &out))
        d--;
    (void)day_of(all / 12, all % 12 + 1, d, &out);
    return out;
}

static bool unit_of(struct str word, enum metric_grain *g)
{
    if (word.n > 1 && word.p[word.n - 1] == 's')
        word.n--;
    return word.n && metric_grain_from(word, g) && *g != GRAIN_NONE;
}

static bool year_at(const struct reading *r, size_t at, int64_t *year)
{
    return at < r->n && r->word[at].n == 4 && str_to_i64(r->word[at], year) && *year > 1990 && *year < 2100;
}

/* ---- one period, at a word ---- */
/* The year behind a period without one: "2025", "of 2025", "last year", "this year"; how many words say it. */
static size_t year_behind(const struct reading *r, size_t at, int64_t *year)
{
    int64_t now, x;
    size_t of = said_at(r, at, "of") || said_at(r, at, "in");
    parts_of(r->today, &now, &x, &x);
    if (year_at(r, at + of, year))
        return 1 + of;
    if ((said_at(r, at + of, "last") || said_at(r, at + of, "this")) && said_at(r, at + of + 1, "year")) {
        *year = now - said_at(r, at + of, "last");
        return 2 + of;
    }
    return 0;
}

static void not_beyond(const struct reading *r, struct span *s)
{
    s->to = s->to > r->today && s->from <= r->today ? r->today : s->to;
}

static size_t month_called(struct str said)
{
    static const char *const months[] = {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"};
    for (size_t i = 0; i < 12; i++)
        if (str_eq(said, str_of(months[i])) || (said.n == 3 && str_starts(str_of(months[i]), said)) || (i == 8 && str_eq(said, STR("sept"))))
            return i + 1;
    return 0;
}

/* 14, 14th; a day of a month */
static bool of_month(const struct reading *r, size_t at, int64_t *day)
{
    if (at >= r->n)
        return false;
    struct str w = r->word[at];
    if (w.n > 2 && (str_ends(w, STR("st")) || str_ends(w, STR("nd")) || str_ends(w, STR("rd")) || str_ends(w, STR("th"))))
        w.n -= 2;
    return w.n <= 2 && str_to_i64(w, day) && *day >= 1 && *day <= 31;
}

/* "september", "september 2025", "14 september", "september 14th 2025"; without a year the last one that has begun. */
static bool month_at(const struct reading *r, size_t at, struct span *s)
{
    int64_t year, x, day = 0;
    const size_t before = of_month(r, at, &day) ? 1 + (size_t)said_at(r, at + 1, "of") : 0, month = at + before < r->n ? month_called(r->word[at + before]) : 0;
    if (!month)
        return false;
    size_t n = before + 1;
    if (!before && of_month(r, at + n, &day))
        n++;
    int64_t said;
    size_t words = year_behind(r, at + n, &said);
    parts_of(r->today, &year, &x, &x);
    year = words ? said : year;
    if (!day_of(year, (int64_t)month, day ? day : 1, &s->from) && !day_of(year - 1, (int64_t)month, day ? day : 1, &s->from))
        return false;
    if (!words && s->from > r->today && !day_of(year - 1, (int64_t)month, day ? day : 1, &s->from))
        return false; /* "november", said in march, is the last one */
    s->to = day ? s->from : metric_grain_next(r->m, GRAIN_MONTH, s->from) - 1;
    s->n = n + words;
    s->month_alone = !words;
    s->day = day > 0;
    not_beyond(r, s);
    return true;
}

/* q3, h1, with or without a year; the last one that has begun. */
static bool part_of_year_at(const struct reading *r, size_t at, struct span *s)
{
    struct str w = r->word[at];
    int64_t year, x, said;
    bool half = w.n == 2 && w.p[0] == 'h' && (w.p[1] == '1' || w.p[1] == '2');
    if (!half && (w.n != 2 || w.p[0] != 'q' || w.p[1] < '1' || w.p[1] > '4'))
        return false;
    size_t words = year_behind(r, at + 1, &said);
    int64_t month = (w.p[1] - '1') * (half ? 6 : 3) + 1, end = month + (half ? 6 : 3);
    parts_of(r->today, &year, &x, &x);
    year = words ? said : year;
    if (!day_of(year, month, 1, &s->from))
        return false;
    if (!words && s->from > r->today && !day_of(--year, month, 1, &s->from))
        return false;
    if (!day_of(year + (end > 12), (end - 1) % 12 + 1, 1, &s->to))
        return false;
    s->to--;
    s->n = 1 + words;
    not_beyond(r, s);
    return true;
}

/* "in summer", "last winter", "spring 2026": of meteorologists, the last one that has begun. By itself the word is rather one of a name: "Spring Bulbs". */
static bool season_at(const struct reading *r, size_t at, struct span *s)
{
    static const char *const before[] = {"in", "during", "since", "after", "last", "past", "previous", "this", "vs", "versus", "than", "and", "to", NULL};
    static const struct { const char *said; int month; } seasons[] = {{"spring", 3}, {"summer", 6}, {"autumn", 9}, {"fall", 9}, {"winter", 12}};
    int64_t year, x, said;
    for (size_t i = 0; i < sizeof seasons / sizeof *seasons; i++) {
        if (!said_at(r, at, seasons[i].said))
            continue;
        size_t words = year_behind(r, at + 1, &said);
        if (!words && (at == 0 || !said_any(r, at - 1, before)))
            return false;
        parts_of(r->today, &year, &x, &x);
        year = words ? said : year;
        if (!day_of(year, seasons[i].month, 1, &s->from) || (!words && s->from > r->today && !day_of(--year, seasons[i].month, 1, &s->from)))
            return false;
        bool next = seasons[i].month > 9;
        if (!day_of(year + next, (seasons[i].month + 2) % 12 + 1, 1, &s->to))
            return false;
        s->to--;
        s->n = 1 + words;
        not_beyond(r, s);
        return true;
    }
    return false;
}

static int32_t weekday(int32_t day)
{
    return ((day + 3) % 7 + 7) % 7; /* monday is 0; 1970-01-01 was a Thursday */
}

/* The fourth Thursday of November and one day. */
static bool black_friday(int64_t year, int32_t *out)
{
    int32_t first;
    if (!day_of(year, 11, 1, &first))
        return false;
    *out = first + (3 - weekday(first) + 7) % 7 + 21 + 1;
    return true;
}

static bool occasion_at(const struct reading *r, size_t at, struct span *s)
{
    static const struct { const char *first, *second; int after, days; } occasions[] = {{"black", "friday", 0, 1}, {"cyber", "monday", 3, 1}, {"christmas", NULL, 0, 3}, {"xmas", NULL, 0, 3}};
    int64_t year, x, said;
    for (size_t i = 0; i < sizeof occasions / sizeof *occasions; i++) {
        size_t n = 1 + (occasions[i].second != NULL);
        if (!said_at(r, at, occasions[i].first) || (occasions[i].second && !said_at(r, at + 1, occasions[i].second)))
            continue;
        size_t words = year_behind(r, at + n, &said);
        parts_of(r->today, &year, &x, &x);
        year = words ? said : year;
        for (int back = 0; back < 2; back++, year--) {
            if (!(occasions[i].second ? black_friday(year, &s->from) : day_of(year, 12, 24, &s->from)))
                return false;
            s->from += occasions[i].after;
            if (words || s->from <= r->today)
                break;
        }
        s->to = s->from + occasions[i].days - 1;
        s->n = n + words;
        not_beyond(r, s);
        return true;
    }
    return false;
}

/* "monday", "last weekend": the last one before today, which may last. */
static bool weekday_at(const struct reading *r, size_t at, struct span *s)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    if (said_at(r, at, "weekend")) {
        int32_t back = (weekday(r->today) - 6 + 7) % 7;
        s->to = r->today - (back ? back : 7) + (weekday(r->today) == 6 ? 7 : 0);
        s->from = s->to - 1;
        s->n = 1;
        return true;
    }
    for (int i = 0; i < 7; i++)
        if (said_at(r, at, days[i])) {
            int32_t back = (weekday(r->today) - i + 7) % 7;
            s->from = s->to = r->today - (back ? back : 7);
            s->n = 1;
            s->day = true;
            return true;
        }
    return false;
}

static bool iso_day_at(const struct reading *r, size_t at, struct span *s)
{
    char text[16];
    struct str w = r->word[at];
    if (w.n != 10)
        return false;
    for (size_t i = 0; i < 10; i++) /* folding made blanks of its dashes */
        text[i] = w.p[i] == ' ' ? '-' : w.p[i];
    if (!clock_parse_date((struct str){text, 10}, &s->from))
        return false;
    s->to = s->from;
    s->n = 1;
    s->day = true;
    return true;
}

/* What somebody wrote down under this name; of several the last that has begun. */
static bool noted_at(const struct reading *r, size_t at, struct span *s)
{
    struct reading here = *r;
    here.at = at;
    s->n = 0;
    for (size_t n = r->n - at < PHRASE_MAX ? r->n - at : PHRASE_MAX; n > 0 && !s->n; n--) {
        struct str said = reading_phrase(&here, n);
        for (size_t i = 0; i < r->m->n_annotations; i++) {
            const struct mesh_annotation *x = &r->m->annotations[i];
            if (str_eq_nocase(x->title, said) && x->day <= r->today)
                *s = (struct span){.from = x->day, .to = x->until, .n = n};
        }
    }
    if (s->n)
        not_beyond(r, s);
    return s->n > 0;
}

/* The period that holds today, or the one before it. */
static void whole_period(const struct reading *r, enum metric_grain g, bool before, struct span *s)
{
    s->from = metric_grain_start(r->m, g, r->today);
    s->to = r->today;
    if (before) {
        s->to = s->from - 1;
        s->from = metric_grain_start(r->m, g, s->to);
    }
}

/* "year to date", "mtd" */
static bool to_date_at(const struct reading *r, size_t at, struct span *s)
{
    static const struct { const char *said; enum metric_grain g; } short_for[] = {{"ytd", GRAIN_YEAR}, {"qtd", GRAIN_QUARTER}, {"mtd", GRAIN_MONTH}, {"wtd", GRAIN_WEEK}};
    enum metric_grain g;
    for (size_t i = 0; i < sizeof short_for / sizeof *short_for; i++)
        if (said_at(r, at, short_for[i].said)) {
            whole_period(r, short_for[i].g, false, s);
            s->n = 1;
            return true;
        }
    if (!unit_of(r->word[at], &g) || !said_at(r, at + 1, "to") || !said_at(r, at + 2, "date"))
        return false;
    whole_period(r, g, false, s);
    s->n = 3;
    return true;
}

static bool last_at(const struct reading *r, size_t at, struct span *s)
{
    static const char *const past[] = {"last", "past", "previous", "recent", NULL};
    enum metric_grain g;
    int64_t n = 0;
    struct str next = at + 1 < r->n ? r->word[at + 1] : STR(""), third = at + 2 < r->n ? r->word[at + 2] : STR("");
    bool this = said_at(r, at, "this");
    if (this || said_any(r, at, past)) {
        s->n = 2;
        if (unit_of(next, &g))
            return whole_period(r, g, !this, s), true;
        if (!this && understand_number(next, &n) && unit_of(third, &g)) {
            static const int64_t months[METRIC_GRAINS] = {[GRAIN_MONTH] = 1, [GRAIN_QUARTER] = 3, [GRAIN_YEAR] = 12};
            *s = (struct span){.from = months[g] ? months_before(r->today, n * months[g]) + 1 : r->today - (int32_t)n * (g == GRAIN_WEEK ? 7 : 1) + 1, .to = r->today, .n = 3};
            return true;
        }
        /* "last september", "this summer", "last monday": the last that has begun anyway */
        struct span of = {0};
        if (at + 1 < r->n && (month_at(r, at + 1, &of) || season_at(r, at + 1, &of) || weekday_at(r, at + 1, &of) || part_of_year_at(r, at + 1, &of) || occasion_at(r, at + 1, &of))) {
            *s = of;
            s->n++;
            return true;
        }
        return false;
    }
    if (understand_number(r->word[at], &n) && unit_of(next, &g) && str_eq(third, STR("ago"))) {
        int32_t day = g == GRAIN_MONTH || g == GRAIN_QUARTER || g == GRAIN_YEAR ? months_before(r->today, n * (g == GRAIN_MONTH ? 1 : g == GRAIN_QUARTER ? 3 : 12)) : r->today - (int32_t)n * (g == GRAIN_WEEK ? 7 : 1);
        s->from = metric_grain_start(r->m, g, day);
        s->to = metric_grain_next(r->m, g, s->from) - 1;
        s->n = 3;
        return true;
    }
    return false;
}

static bool span_at(const struct reading *r, size_t at, struct span *s)
{
    int64_t year;
    *s = (struct span){0};
    if (at >= r->n)
        return false;
    if (said_at(r, at, "the") && (said_at(r, at + 1, "last") || said_at(r, at + 1, "past") || said_at(r, at + 1, "previous")))
        return span_at(r, at + 1, s) && (s->n++, true);
    if (said_at(r, at, "today"))
        return *s = (struct span){.from = r->today, .to = r->today, .n = 1, .day = true}, true;
    if (said_at(r, at, "yesterday"))
        return *s = (struct span){.from = r->today - 1, .to = r->today - 1, .n = 1, .day = true}, true;
    if (noted_at(r, at, s) || last_at(r, at, s) || to_date_at(r, at, s) || iso_day_at(r, at, s) || month_at(r, at, s) || part_of_year_at(r, at, s) || season_at(r, at, s) || occasion_at(r, at, s) || weekday_at(r, at, s))
        return true;
    *s = (struct span){.n = 1};
    if (!year_at(r, at, &year) || !day_of(year, 1, 1, &s->from) || !day_of(year, 12, 31, &s->to))
        return false;
    not_beyond(r, s);
    return true;
}

/* ---- grains ---- */
bool take_grain(struct reading *r, struct str said, size_t n)
{
    static const struct { const char *word; enum metric_grain grain; } words[] = {
        {"daily", GRAIN_DAY}, {"weekly", GRAIN_WEEK}, {"monthly", GRAIN_MONTH}, {"quarterly", GRAIN_QUARTER}, {"yearly", GRAIN_YEAR}, {"annually", GRAIN_YEAR}, {"by day", GRAIN_DAY}, {"by week", GRAIN_WEEK},
        {"by month", GRAIN_MONTH}, {"by quarter", GRAIN_QUARTER}, {"by year", GRAIN_YEAR}, {"per day", GRAIN_DAY}, {"per week", GRAIN_WEEK}, {"per month", GRAIN_MONTH}, {"per quarter", GRAIN_QUARTER},
        {"per year", GRAIN_YEAR}, {"over time", GRAIN_DAY}, {"trend", GRAIN_DAY}, {"each day", GRAIN_DAY}, {"each week", GRAIN_WEEK}, {"each month", GRAIN_MONTH}, {"every day", GRAIN_DAY}, {"every week", GRAIN_WEEK},
        {"every month", GRAIN_MONTH}, {"day by day", GRAIN_DAY}, {"week by week", GRAIN_WEEK}, {"month by month", GRAIN_MONTH}, {"a day", GRAIN_DAY}, {"a week", GRAIN_WEEK}, {"a month", GRAIN_MONTH}, {"development", GRAIN_DAY},
    };
    enum metric_grain g = GRAIN_NONE, unit;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(said, str_of(words[i].word)))
            g = words[i].grain;
    /* "which month", "the best week" */
    if (n == 1 && r->at > 0 && unit_of(said, &unit) && (said_at(r, r->at - 1, "which") || said_at(r, r->at - 1, "what") || word_superlative(r->word[r->at - 1])))
        g = unit;
    if (g == GRAIN_NONE)
        return false;
    r->out->ask.grain = g;
    reading_note(r, n, WORD_GRAIN, str_of(metric_grain_text(g)), str_of(metric_grain_text(g)));
    return true;
}

/* ---- one period is asked for, another may be compared with ---- */
static void range(struct reading *r, size_t n, int32_t from, int32_t to)
{
    struct metric_ask *ask = &r->out->ask;
    ask->has_from = ask->has_to = true;
    ask->from = from;
    ask->to = to;
    struct str said = arena_printf(r->a, "%s to %s", clock_date(from).z, clock_date(to).z);
    reading_note(r, n, WORD_RANGE, said, said);
}

/* "since march", "from september to october", "between 1 may and 7 may", "last week". A second period is none: which one would be meant? */
bool take_range(struct reading *r)
{
    static const char *const since[] = {"since", "after", NULL}, *const until[] = {"to", "until", "till", "through", "and", NULL};
    struct span s, end;
    size_t at = r->at;
    if (r->out->ask.has_from)
        return false;
    if (said_any(r, at, since)) {
        if (!span_at(r, at + 1, &s))
            return false;
        int32_t from = said_at(r, at, "after") ? s.to + 1 : s.from;
        return range(r, s.n + 1, from, from > r->today ? from : r->today), true;
    }
    bool between = said_at(r, at, "between"), from = said_at(r, at, "from");
    size_t begins = at + (between || from);
    if (!span_at(r, begins, &s))
        return false;
    size_t behind = begins + s.n;
    if (said_any(r, behind, until) && (between || !said_at(r, behind, "and")) && !r->comparing && span_at(r, behind + 1, &end)) {
        if (s.from > end.to && s.month_alone) { /* "from november to february" */
            bool whole = !s.day;
            s.from = months_before(s.from, 12);
            s.to = whole ? metric_grain_next(r->m, GRAIN_MONTH, s.from) - 1 : s.from;
        }
        if (s.from <= end.to)
            return range(r, behind + 1 + end.n - at, s.from, end.to), true;
    }
    if (between)
        return false;
    if (from && s.day) /* "from 2026-03-01" */
        return range(r, behind - at, s.from, s.from > r->today ? s.from : r->today), true;
    return range(r, behind - at, s.from, s.to), true;
}

static bool compare(struct reading *r, size_t n, enum metric_compare how)
{
    bool year = how == COMPARE_YEAR;
    r->out->ask.compare = how;
    reading_note(r, n, WORD_COMPARE, year ? STR("year") : STR("previous"), year ? STR("the year before") : STR("the period before"));
    return true;
}

/* What the later of two periods has to be compared with to come by the earlier. */
static enum metric_compare between(const struct span *later, const struct span *earlier)
{
    if (months_before(later->from, 12) == earlier->from)
        return COMPARE_YEAR;
    return earlier->to + 1 == later->from ? COMPARE_PREVIOUS : COMPARE_NONE;
}

/* "september vs august", "this month with last month": the later is asked for. */
static bool compare_spans(struct reading *r, size_t words)
{
    struct metric_ask *ask = &r->out->ask;
    struct span now = {.from = ask->from, .to = ask->to}, other;
    if (!ask->has_from || !span_at(r, r->at + words, &other))
        return false;
    bool later = other.from > now.from;
    enum metric_compare how = later ? between(&other, &now) : between(&now, &other);
    if (how == COMPARE_NONE)
        return false;
    if (later) {
        ask->from = other.from;
        ask->to = other.to;
        for (size_t i = 0; i < r->out->n_words; i++)
            if (r->out->words[i].kind == WORD_RANGE)
                r->out->words[i].ref = r->out->words[i].title = arena_printf(r->a, "%s to %s", clock_date(other.from).z, clock_date(other.to).z);
    }
    return compare(r, words + other.n, how);
}

/* "vs last month", "compared with the year before", "yoy". */
bool take_compare(struct reading *r)
{
    static const char *const begins[] = {"vs", "versus", "against", "than", NULL}, *const joins[] = {"with", "to", "and", NULL}, *const years[] = {"yoy", NULL}, *const before[] = {"wow", "mom", "qoq", NULL};
    static const char *const filler[] = {"with", "to", "the", "last", "previous", "period", "before", "week", "month", "quarter", "year", "since", "from", NULL};
    bool versus = said_any(r, r->at, begins), changed = said_at(r, r->at, "changed") || said_at(r, r->at, "change");
    size_t n = versus || changed;
    if (r->out->ask.compare == COMPARE_NONE && (versus || (said_any(r, r->at, joins) && (r->comparing || said_at(r, r->at, "and")))) && compare_spans(r, 1))
        return true;
    if (said_any(r, r->at, years) || said_any(r, r->at, before))
        return compare(r, 1, said_any(r, r->at, years) ? COMPARE_YEAR : COMPARE_PREVIOUS);
    if (said_at(r, r->at, "compare") || (said_at(r, r->at, "compared") && r->at + 1 < r->n && compare_spans(r, 2))) {
        r->comparing = said_at(r, r->at, "compare");
        r->at += r->comparing;
        return true;
    }
    if (said_at(r, r->at, "compared") && r->at + 1 < r->n)
        n = 2;
    if (!n)
        return false;
    bool year = false;
    size_t from = r->at + n;
    while (r->at + n < r->n && n < PHRASE_MAX && said_any(r, r->at + n, filler)) {
        year = year || (said_at(r, r->at + n, "year") && r->at + n >= from);
        n++;
    }
    if (versus && n == 1) /* of a time, or no comparison with one: "mobile vs desktop" */
        return false;
    return compare(r, n, year ? COMPARE_YEAR : COMPARE_PREVIOUS);
}

/* "which month had most orders" asks for more months than the usual days hold. */
void range_of_year(struct reading *r)
{
    struct metric_ask *ask = &r->out->ask;
    if (ask->has_from)
        return;
    r->at = 0;
    range(r, 0, months_before(r->today, 12) + 1, r->today);
}
