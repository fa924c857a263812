/* Passwords: argon2id, a few at a time because each takes a quarter of a gigabyte; and which are too easy to guess. */
#include "auth/auth_int.h"

enum { HASHING_MAX = 2, WAITING_MAX = 16, SURPRISES_MIN = 5, WORD_MIN = 4 };

struct auth_cost auth_cost = {crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE};

/* ---- too easy ---- */

/* What common passwords are made of, in small letters and without digits in place of letters. */
static const char *const common[] = {
    "password", "passwort", "passwd",   "motdepasse", "contrasena", "senha",    "parola",   "wachtwoord", "administrator", "admin",    "root",
    "welcome",  "willkommen", "bienvenue", "letmein", "login",     "trellis",  "marketing", "company",   "default",  "changeme", "temporary", "secret",
    "geheim",   "master",   "qwerty",    "qwertz",    "azerty",     "asdf",     "zxcv",     "yxcv",       "qazwsx",   "1qaz",     "2wsx",      "3edc",
    "4rfv",     "5tgb",     "6yhn",      "7ujm",      "zaq1",       "xsw2",     "cde3",     "iloveyou",   "sunshine", "princess", "monkey",    "dragon",
    "football", "baseball", "basketball", "superman", "batman",     "starwars", "pokemon",  "shadow",     "michael",  "jennifer", "jordan",    "charlie",
    "thomas",   "daniel",   "andrew",    "jessica",   "ashley",     "michelle", "samantha", "christian",  "computer", "internet", "whatever",  "trustno",
    "freedom",  "mustang",  "harley",    "ferrari",   "mercedes",   "porsche",  "chelsea",  "arsenal",    "liverpool", "barcelona", "chocolate", "butterfly",
    "flower",   "summer",   "winter",    "spring",    "autumn",     "sommer",   "frühling", "herbst",     "january",  "february", "march",     "april",
    "june",     "july",     "august",    "september", "october",    "november", "december", "monday",     "tuesday",  "wednesday", "thursday", "friday",
    "saturday", "sunday",   "hello",     "hallo",     "guest",      "user",     "test",     "demo",       "access",   "google",   "facebook",  "linkedin",
    "samsung",  "apple",    "windows",   "microsoft", "amazon",     "berlin",   "london",   "paris",      "newyork",  "america",  "germany",   "schatz",
    "unbelievable", "correct", "horse",  "battery",   "staple",     "killer",   "hunter",   "maggie",     "nicole",   "buster",   "ginger",    "forever",
    "family",   "friends",  "blessed",   "jesus",     "lovely",     "babygirl", "passw",    "account",    "security", "business", "manager",   "service",
};

/* Digits and signs that stand for a letter. */
static char folded(char c)
{
    static const char from[] = "01345789@$!|", to[] = "oieastbgasil";
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : c;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Next to each other: the same, neighbours in the alphabet, among the digits or on a keyboard. */
static bool follows(char a, char b)
{
    static const char *const rows[] = {"1234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "azertyuiop"};
    if (a == b || a + 1 == b || b + 1 == a || (a == '9' && b == '0') || (a == '0' && b == '9'))
        return true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *p = strchr(rows[i], a), *q = strchr(rows[i], b);
        if (p && q && (p + 1 == q || q + 1 == p))
            return true;
    }
    return false;
}

/* Characters that could not be foretold from the one before, `step` back. */
static int surprises(const char *p, size_t n, size_t step)
{
    int k = 0;
    for (size_t i = 0; i < n; i++)
        if (p[i] && (i < step || !p[i - step] || !follows(p[i - step], p[i])))
            k++;
    return k;
}

/* Blanks out a word wherever it stands, read as it is or with its digits as letters. */
static int take_word(char *text, const char *letters, size_t n, struct str word)
{
    int found = 0;
    for (size_t i = 0; word.n >= WORD_MIN && i + word.n <= n; i++) {
        if (!text[i] || (memcmp(text + i, word.p, word.n) != 0 && memcmp(letters + i, word.p, word.n) != 0))
            continue;
        memset(text + i, 0, word.n);
        found = 1; /* the same word again is no news */
    }
    return found;
}

/* A year of this century or the last. */
static int take_year(char *text, size_t n)
{
    int found = 0;
    for (size_t i = 0; i + 4 <= n; i++) {
        bool century = (text[i] == '1' && text[i + 1] == '9') || (text[i] == '2' && text[i + 1] == '0');
        if (!century || text[i + 2] < '0' || text[i + 2] > '9' || text[i + 3] < '0' || text[i + 3] > '9')
            continue;
        memset(text + i, 0, 4);
        found = 1;
    }
    return found;
}

/* A piece of at most half the length, over and over. */
static size_t period_of(const char *p, size_t n)
{
    for (size_t k = 1; k <= n / 2; k++)
        if (memcmp(p, p + k, n - k) == 0)
            return k;
    return n;
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool easy(struct str password, struct str name)
{
    char text[PASSWORD_MAX] = {0}, letters[PASSWORD_MAX] = {0}, own[64];
    size_t n = password.n, n_own = name.n < sizeof own ? name.n : sizeof own;
    for (size_t i = 0; i < n; i++) {
        text[i] = lower(password.p[i]);
        letters[i] = folded(password.p[i]);
    }
    for (size_t i = 0; i < n_own; i++)
        own[i] = lower(name.p[i]);
    n = period_of(text, n);
    bool by_two = surprises(text, n, 2) < SURPRISES_MIN; /* 1q2w3e4r5t6y */
    int k = take_word(text, letters, n, (struct str){own, n_own});
    for (size_t i = 0; i < n_own; i++)
        if (own[i] == '@' || own[i] == '.') /* the name before an @ */
            k += take_word(text, letters, n, (struct str){own, i});
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        k += take_word(text, letters, n, str_of(common[i]));
    k += take_year(text, n);
    k += surprises(text, n, 1);
    sodium_memzero(text, sizeof text);
    sodium_memzero(letters, sizeof letters);
    return by_two || k < SURPRISES_MIN;
}

bool auth_password_check(struct str password, struct str name, struct err *e)
{
    if (password.n > PASSWORD_MAX)
        return err_set(e, E_USAGE, "the password is longer than %d bytes", PASSWORD_MAX);
    if (!str_utf8_valid(password))
        return err_set(e, E_USAGE, "the password is no text in UTF-8");
    if (characters(password) < PASSWORD_MIN) {
        err_set(e, E_USAGE, "the password is too short");
        err_hint(e, "take %d characters or more; a few words that do not belong together are easy to keep in mind", PASSWORD_MIN);
        return false;
    }
    if (easy(password, name)) {
        err_set(e, E_USAGE, "the password is too easy to guess");
        err_hint(e, "common words, names, dates and rows of keys are tried first; take a few words that do not belong together");
        return false;
    }
    return true;
}

/* ---- argon2id ---- */

static bool turn_take(struct auth *a, struct err *e)
{
    pthread_mutex_lock(&a->hash_lock);
    bool good = a->hash_waiting < WAITING_MAX;
    if (good) {
        a->hash_waiting++;
        while (a->hashing >= HASHING_MAX)
            pthread_cond_wait(&a->hash_room, &a->hash_lock);
        a->hash_waiting--;
        a->hashing++;
    }
    pthread_mutex_unlock(&a->hash_lock);
    if (good)
        return true;
    err_set(e, E_RATE, "too many people sign in at this moment");
    err_hint(e, "try again in a few seconds");
    return false;
}

static void turn_give(struct auth *a)
{
    pthread_mutex_lock(&a->hash_lock);
    a->hashing--;
    pthread_cond_signal(&a->hash_room);
    pthread_mutex_unlock(&a->hash_lock);
}

bool auth_password_hash(struct auth *a, struct str password, char out[crypto_pwhash_STRBYTES], struct err *e)
{
    if (!turn_take(a, e))
        return false;
    bool good = crypto_pwhash_str(out, password.p ? password.p : "", password.n, auth_cost.ops, auth_cost.memory_bytes) == 0;
    turn_give(a);
    return good || err_set(e, E_MEMORY, "not enough memory to work out a password");
}

enum auth_match auth_password_match(struct auth *a, struct str hash, struct str password, struct err *e)
{
    char text[crypto_pwhash_STRBYTES] = {0};
    if (hash.n == 0 || hash.n >= sizeof text) /* nobody, or nobody with a password: the same work */
        return auth_password_hash(a, password, text, e) ? AUTH_WRONG : AUTH_UNKNOWN;
    memcpy(text, hash.p, hash.n);
    if (!turn_take(a, e))
        return AUTH_UNKNOWN;
    bool right = crypto_pwhash_str_verify(text, password.p ? password.p : "", password.n) == 0;
    turn_give(a);
    sodium_memzero(text, sizeof text);
    return right ? AUTH_RIGHT : AUTH_WRONG;
}

bool auth_password_aged(struct str hash)
{
    char text[crypto_pwhash_STRBYTES] = {0};
    if (hash.n == 0 || hash.n >= sizeof text)
        return false;
    memcpy(text, hash.p, hash.n);
    return crypto_pwhash_str_needs_rehash(text, auth_cost.ops, auth_cost.memory_bytes) != 0;
}
