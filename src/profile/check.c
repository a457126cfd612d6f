/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: all errors of a profile, each with its place, then what is odd or dangerous in it. */
#include <stdlib.h>
#include <string.h>

#include "policy/remedy.h"
#include "profile/profile.h"

/* `cannot apply FILE:LINE:COLUMN: WHY`: the line, from 1; 0 when the error is of another form. */
static size_t error_line(const struct lines *lines, const char *text, const char **place)
{
    static const char start[] = "cannot apply ";
    size_t length = strlen(lines->file);
    if (strncmp(text, start, sizeof start - 1) != 0)
        return 0;
    *place = text + sizeof start - 1;
    if (strncmp(*place, lines->file, length) != 0 || (*place)[length] != ':')
        return 0;
    size_t line = strtoul(*place + length + 1, NULL, 10);
    return line <= lines->count ? line : 0;
}

/* Says every error: the line that has one is taken out, until there is none. -1: one that has no line. */
static int tell_errors(struct lines *lines, const struct request *request, struct error *error)
{
    unsigned errors = 0;
    for (;;) {
        struct loaded loaded;
        const char *place;
        char *text = lines_join(lines, lines->count, NULL);
        int result = text == NULL ? error_set(error, "cannot check %s: out of memory (free some)", lines->file)
                                  : profile_load_text(&loaded, lines->file, text, &request->subject, error);
        bool read = text != NULL;
        free(text);
        if (result == 0) {
            profile_unload(&loaded);
            return (int)errors;
        }
        size_t line = read ? error_line(lines, error->text, &place) : 0;
        if (line == 0)
            return -1;
        printf("%s [error]\n", place);
        errors++;
        lines->line[line - 1] = lines->text + strlen(lines->text); /* an empty line in its place */
    }
}

/* What the line opens that is dangerous: the rows that it lets through and that a profile without it does not. */
static void tell_dangers(const struct lines *lines, size_t index, const char *without, const struct request *request)
{
    struct loaded with, less;
    struct error error;
    const char *told[16];
    unsigned count = 0;
    char *text = lines_join(lines, lines->count, NULL);
    if (text == NULL || profile_load_text(&with, lines->file, text, &request->subject, &error) != 0) {
        free(text);
        return;
    }
    bool read = profile_load_text(&less, lines->file, without, &request->subject, &error) == 0;
    for (unsigned row = 0; read && row < policy_table.words.row_count; row++) {
        struct seccomp_data where;
        struct remedy remedy;
        unsigned i = 0;
        if (profile_same_row(&with.filter, &less.filter, request->subject.arch, row, &where) ||
            (profile_verdict(&with, &where) != SECCOMP_RET_ALLOW &&
             profile_verdict(&with, &where) != SECCOMP_RET_LOG) ||
            !profile_remedy(&less, &where, &remedy) || remedy.danger == NULL)
            continue;
        while (i < count && told[i] != remedy.danger)
            i++;
        if (i < count || count == sizeof told / sizeof *told)
            continue;
        told[count++] = remedy.danger;
        printf("%s:%zu:1: '%s' opens %s: %s [danger]\n", lines->file, index + 1, lines->line[index], remedy.call,
               remedy.danger);
    }
    free(text);
    profile_unload(&with);
    profile_unload(&less);
}

static unsigned tell_warnings(const struct lines *lines, const struct request *request)
{
    unsigned warnings = 0;
    for (size_t i = 0; i < lines->count; i++) {
        char key[32];
        const char *value;
        if (!key_is_policy(line_key(lines->line[i], key, &value)))
            continue;
        char *without = lines_join(lines, i, "#");
        if (without != NULL && lines_same(lines, without)) {
            printf("%s:%zu:1: '%s' changes nothing: %s [warning]\n", lines->file, i + 1, lines->line[i],
                   strcmp(key, "rule") == 0 ? "it never matches, or another setting says the same"
                                            : "it holds already, or a later setting takes it back");
            warnings++;
        } else if (without != NULL) {
            tell_dangers(lines, i, without, request);
        }
        free(without);
    }
    return warnings;
}

int verb_check(const struct request *request, struct error *error)
{
    struct lines lines;
    size_t length = strlen(request->words[0]);
    if (length > 5 && strcmp(request->words[0] + length - 5, ".json") == 0) {
        struct loaded loaded;
        if (profile_load(&loaded, request->words[0], &request->subject, error) != 0)
            return -1;
        printf("%s: no errors\n", request->words[0]);
        profile_unload(&loaded);
        return 0;
    }
    char *text = profile_read_file(request->words[0], error);
    int result = text == NULL ? -1 : lines_read(&lines, request->words[0], text, error);
    free(text);
    if (result != 0)
        return -1;
    int errors = tell_errors(&lines, request, error);
    unsigned warnings = errors == 0 ? tell_warnings(&lines, request) : 0;
    lines_free(&lines);
    if (errors < 0)
        return -1;
    printf("%s: %d errors, %u warnings\n", request->words[0], errors, warnings);
    return errors == 0 ? 0 : PROFILE_DIFFERS;
}
