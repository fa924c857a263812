/* Reads the lists of questions and attacks: one a line, '#' comments, "\n" in a line is a line break. */
#ifndef TEST_SQL_LINES_H
#define TEST_SQL_LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls `each` with the SQL of every line; `with_kind`: the first word goes to `kind`. Returns the number of lines. */
static size_t sql_lines(const char *path, bool with_kind, void (*each)(void *ctx, const char *kind, const char *sql), void *ctx)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0, n = 0;
    if (!f)
        return 0;
    while (getline(&line, &cap, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        if (line[0] == 0 || line[0] == '#')
            continue;
        char *sql = line;
        if (with_kind) {
            sql = strchr(line, ' ');
            if (!sql)
                continue;
            *sql++ = 0;
        }
        for (char *p = sql; (p = strstr(p, "\\n")) != NULL; p++) {
            *p = '\n';
            memmove(p + 1, p + 2, strlen(p + 2) + 1);
        }
        each(ctx, line, sql);
        n++;
    }
    free(line); /* style: getline's own memory */
    fclose(f);
    return n;
}

#endif
