/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: calls, asked of the interpreter; the row that decided, and what would let a refused call pass. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/remedy.h"
#include "profile/profile.h"

static void print_decision(const struct loaded *loaded, const struct seccomp_data *data, uint32_t verdict)
{
    const struct row *row = profile_row(policy_table.row_of_number[loaded->subject.arch][data->nr]);
    const char *condition = table_string(row->condition_text);
    struct loaded standard;
    struct error error;
    struct remedy remedy;
    char text[VERDICT_TEXT_MAX];
    printf("    row: %s, %s%s%s%s\n", table_string(row->name),
           table_string(policy_table.categories[row->category].name),
           strcmp(condition, "-") != 0 && *condition != '\0' ? ", if " : "",
           strcmp(condition, "-") != 0 ? condition : "", loaded->oci != NULL ? "; the rules of the JSON decide" : "");
    if (loaded->oci == NULL && profile_load(&standard, "default", &loaded->subject, &error) == 0) {
        uint32_t usual = profile_verdict(&standard, data);
        if (usual != verdict)
            printf("    a setting of %s decided: by the row alone it is %s\n", loaded->name, verdict_text(usual, text));
        profile_unload(&standard);
    }
    if (loaded->oci == NULL && verdict != SECCOMP_RET_ALLOW &&
        profile_remedy(loaded, data, &remedy) && remedy.option[0] != '\0')
        printf("    opened by %s\n", remedy.option);
}

static int ask(const struct loaded *loaded, const char *text, uint32_t *verdict, bool print, struct error *error)
{
    struct seccomp_data data;
    bool guessed;
    char words[VERDICT_TEXT_MAX];
    if (call_parse(text, loaded->subject.arch, &data, &guessed, error) != 0)
        return -1;
    *verdict = profile_verdict(loaded, &data);
    if (!print)
        return 0;
    printf("%s = %s\n", text, verdict_text(*verdict, words));
    if (guessed)
        printf("    a name that the policy does not compare counts as 0\n");
    print_decision(loaded, &data, *verdict);
    return 0;
}

/* Whether VERDICT is what a file expects: `allow`, `errno` (any), `errno:EPERM` or `EPERM`, `refused`. */
static bool expected(uint32_t verdict, const char *word)
{
    char text[VERDICT_TEXT_MAX], number[16];
    const char *is = verdict_text(verdict, text);
    bool refused = (verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
    return strcmp(word, is) == 0 || (refused && (strcmp(word, "errno") == 0 || strcmp(word, "refused") == 0 ||
                                                 strcmp(word, errno_name(verdict & SECCOMP_RET_DATA, number)) == 0));
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    for (char *end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return text;
}

/* `CALL(ARGUMENTS) = VERDICT`, a line each. */
static int run_file(const struct loaded *loaded, const char *path, struct error *error)
{
    char *text = profile_read_file(path, error), *rest = text, *line;
    unsigned number = 0, passed = 0, failed = 0;
    if (text == NULL)
        return -1;
    while ((line = strsep(&rest, "\n")) != NULL) {
        number++;
        line = trim(line);
        char *sign = strrchr(line, '='), words[VERDICT_TEXT_MAX];
        uint32_t verdict;
        struct error why;
        if (*line == '\0' || *line == '#')
            continue;
        if (sign != NULL)
            *sign = '\0';
        if (sign == NULL || ask(loaded, trim(line), &verdict, false, &why) != 0) {
            error_set(error, "cannot test %s:%u: %s", path, number,
                      sign == NULL ? "no '= VERDICT' in it (write CALL = allow)" : why.text);
            free(text);
            return -1;
        }
        bool good = expected(verdict, trim(sign + 1));
        if (!good)
            printf("%s:%u: %s: %s, not %s\n", path, number, trim(line), verdict_text(verdict, words), trim(sign + 1));
        *(good ? &passed : &failed) += 1;
    }
    free(text);
    printf("%u passed, %u failed\n", passed, failed);
    if (passed + failed == 0)
        return error_set(error, "cannot test %s: no call is in it (write CALL = VERDICT, a line each)", path);
    return failed == 0 ? 0 : PROFILE_DIFFERS;
}

int verb_test(const struct request *request, struct error *error)
{
    struct loaded loaded;
    int result = 0;
    if (request->word_count == 1 && request->file == NULL)
        return error_set(error, "cannot test: no call (sbx-profile test %s 'openat(AT_FDCWD)')", request->words[0]);
    if (profile_load(&loaded, request->words[0], &request->subject, error) != 0)
        return -1;
    for (size_t i = 1; i < request->word_count && result == 0; i++) {
        uint32_t verdict;
        result = ask(&loaded, request->words[i], &verdict, true, error);
    }
    if (result == 0 && request->file != NULL)
        result = run_file(&loaded, request->file, error);
    profile_unload(&loaded);
    return result;
}
