/* Names of columns that speak of a person. One list, asked when a class is proposed for a new contract and when nobody has
 * classified a column that somebody wants to read. */
#include "mesh/mesh.h"

enum { NAME_MAX_BYTES = 256 };

/* Whole words between underscores, alone or several in a row. */
static const char *const person_words[] = {
    "email",        "mail",          "e_mail",     "emailaddress", "phone",       "mobile",        "telephone",   "fax",
    "phonenumber",  "mobilephone",   "homephone",  "firstname",    "lastname",    "surname",       "fullname",    "username",
    "first_name",   "last_name",     "full_name",  "family_name",  "given_name",  "customer_name", "user_name",   "contact_name",
    "person_name",  "birthday",      "birthdate",  "dob",          "born",        "date_of_birth", "birth_date",  "dateofbirth",
    "ssn",          "passport",      "iban",       "card_number",  "ip",          "ipaddress",     "latitude",    "longitude",
    "street",       "mailingstreet", "address",    "address1",     "address2",    "postcode",      "postal_code", "zip",
    "zipcode",      "gclid",         "fbclid",     "user_id",      "customer_id", "device_id",     "cookie_id",   "visitor_id",
    "anonymous_id", "client_id",     "user_agent",
};

/* Counts of what people did with a phone or a mail (phone_calls, email_opens) say nothing of one person. */
static const char *const measure_words[] = {"call",  "calls", "click",       "clicks",  "conversions",
                                            "cost",  "count", "impressions", "install", "installs",
                                            "opens", "rate",  "sends",       "through", "views"};

static bool has_words(struct str name, struct str words)
{
    for (size_t at = str_find(name, words, 0); at != SIZE_MAX; at = str_find(name, words, at + 1)) {
        bool begins = at == 0 || name.p[at - 1] == '_', ends = at + words.n == name.n || name.p[at + words.n] == '_';
        if (begins && ends)
            return true;
    }
    return false;
}

static bool has_any(struct str name, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (has_words(name, str_of(words[i])))
            return true;
    return false;
}

bool mesh_name_personal(struct str column)
{
    char lower[NAME_MAX_BYTES];
    if (column.n > sizeof lower)
        return true; /* nobody names a measure like that */
    for (size_t i = 0; i < column.n; i++)
        lower[i] = column.p[i] >= 'A' && column.p[i] <= 'Z' ? (char)(column.p[i] + ('a' - 'A')) : column.p[i];
    struct str name = {lower, column.n};
    return !has_any(name, measure_words, sizeof measure_words / sizeof *measure_words) &&
           has_any(name, person_words, sizeof person_words / sizeof *person_words);
}
