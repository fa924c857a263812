/* Feeds a fuzz target every file of the folders and files named on the command line, in place of libFuzzer, so that
 * the corpora are replayed by an ordinary test run. A folder that is not there, or empty, is an error: the target
 * would seem tested. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_BYTES = 16 << 20 };

static bool replay_file(const char *path, unsigned char *room)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return false;
    }
    size_t n = fread(room, 1, INPUT_MAX_BYTES, f);
    bool whole = feof(f) != 0 && !ferror(f);
    fclose(f);
    if (!whole) {
        fprintf(stderr, "%s: cannot be read, or is larger than %d bytes\n", path, INPUT_MAX_BYTES);
        return false;
    }
    /* An exact copy, so that reading past its end is seen by AddressSanitizer. */
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        return false;
    memcpy(exact, room, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return true;
}

static int replay_folder(const char *folder, unsigned char *room)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, NULL, alphasort), done = 0;
    bool good = n >= 0;
    if (!good)
        perror(folder);
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat st;
        int len = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (len > 0 && (size_t)len < sizeof path && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            if (replay_file(path, room))
                done++;
            else
                good = false;
        }
        free(names[i]);
    }
    free(names);
    return good ? done : -1;
}

int main(int argc, char **argv)
{
    unsigned char *room = malloc(INPUT_MAX_BYTES);
    int total = 0;
    bool good = room != NULL;
    for (int i = 1; i < argc && good; i++) {
        struct stat st;
        bool is_folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        int done = is_folder ? replay_folder(argv[i], room) : replay_file(argv[i], room) ? 1 : -1;
        good = done > 0;
        total += done > 0 ? done : 0;
    }
    free(room);
    if (!good || total == 0) {
        fprintf(stderr, "no input was replayed, or one could not be read\n");
        return 1;
    }
    printf("%d inputs replayed\n", total);
    return 0;
}
