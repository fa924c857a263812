/* Names come from lists; addresses end in example.org and numbers lie in the 555 range, so that they belong to nobody. */
#include "cli/demo/people.h"

#include <stdio.h>

#include "base/clock.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

enum { SECONDS_A_DAY = 86400 };

static const char *const FIRST[] = {"Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hannes", "Ines", "Jan", "Katrin", "Lukas", "Marie", "Nils", "Olga", "Paul",
                                    "Rosa", "Samir", "Tilda", "Uwe", "Vera", "Wanda", "Yusuf", "Zoe"};
static const char *const LAST[] = {"Albrecht", "Bauer", "Conrad", "Demir", "Ebert", "Fuchs", "Graf", "Hofer", "Iversen", "Jansen", "Keller", "Lang", "M\xc3\xbcller", "Neumann",
                                   "Otto", "Peters", "Roth", "Sommer", "Thoma", "Ulrich", "Vogel", "Winter", "Yilmaz", "Ziegler", "O'Brien", "von der Heide"};
static const struct { const char *country, *city; } PLACES[] = {{"DE", "Berlin"}, {"DE", "Hamburg"}, {"DE", "Leipzig"}, {"DE", "K\xc3\xb6ln"}, {"AT", "Wien"}, {"AT", "Graz"}, {"CH", "Z\xc3\xbcrich"}, {"US", "Portland"}};
static const char *const KINDS[] = {"Hotels", "Offices", "Clinics", "Schools", "Architects", "Stadtwerke", "Museums", "Logistics"};
static const char *const INDUSTRIES[] = {"HOSPITALITY", "COMMERCIAL_REAL_ESTATE", "HOSPITAL_HEALTH_CARE", "EDUCATION_MANAGEMENT", "ARCHITECTURE_PLANNING", "UTILITIES", "MUSEUMS_AND_INSTITUTIONS", "LOGISTICS_AND_SUPPLY_CHAIN"};
static const char *const WORDS[] = {"Nordlicht", "Lindenhof", "Bergblick", "Elbufer", "Sonnenhain", "Kupfer", "Ahorn", "Seestern", "Morgentau", "Birken", "Falken", "Kieselstein", "Weitblick", "Rosengarten", "Eichwald"};

static size_t pick(const struct demo_world *w, uint64_t who, uint64_t what, size_t n)
{
    return (size_t)((double)n * demo_chance(w->seed, who, what, 31));
}

static struct demo_person person(const struct demo_world *w, uint64_t who)
{
    struct demo_person p = {.first = FIRST[pick(w, who, 1, LEN(FIRST))], .last = LAST[pick(w, who, 2, LEN(LAST))]};
    size_t place = pick(w, who, 3, LEN(PLACES));
    p.country = PLACES[place].country;
    p.city = PLACES[place].city;
    snprintf(p.phone, sizeof p.phone, "+1 %03u 555 01%02u", (unsigned)(201 + who % 700), (unsigned)(who / 700 % 100));
    return p;
}

struct demo_person demo_customer(const struct demo_world *w, int customer)
{
    struct demo_person p = person(w, (uint64_t)customer);
    snprintf(p.email, sizeof p.email, "customer%05d@example.org", customer);
    return p;
}

void demo_user_id(int customer, char out[DEMO_USER_ID_BYTES])
{
    snprintf(out, DEMO_USER_ID_BYTES, "mf-%05d", customer % 100000);
}

struct demo_company demo_company(const struct demo_world *w, int company)
{
    size_t kind = (size_t)company % LEN(KINDS), word = (size_t)company / LEN(KINDS) % LEN(WORDS);
    struct demo_company c = {.industry = INDUSTRIES[kind], .city = PLACES[pick(w, (uint64_t)company, 4, LEN(PLACES) - 1)].city};
    c.employees = 20 + (int)(600.0 * demo_chance(w->seed, (uint64_t)company, 5, 31) * demo_chance(w->seed, (uint64_t)company, 6, 31));
    snprintf(c.name, sizeof c.name, "%s %s", WORDS[word], KINDS[kind]);
    snprintf(c.site, sizeof c.site, "company%03d.example.org", company);
    return c;
}

struct demo_person demo_colleague(const struct demo_world *w, int company, int i)
{
    struct demo_person p = person(w, 1000000u + (uint64_t)company * 10u + (uint64_t)i);
    snprintf(p.email, sizeof p.email, "contact%d@company%03d.example.org", i + 1, company);
    return p;
}

void demo_time(struct buf *out, int32_t day, int64_t second)
{
    int64_t at = second % SECONDS_A_DAY;
    buf_printf(out, "%s %02d:%02d:%02d.000", clock_date(day + (int32_t)(second / SECONDS_A_DAY)).z, (int)(at / 3600), (int)(at / 60 % 60), (int)(at % 60));
}
