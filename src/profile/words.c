/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts and calls in words, in both directions; where a verb writes. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/condition.h"
#include "profile/profile.h"
#include "tell/whole-file.h"

const char *errno_name(unsigned number, char text[16])
{
    const struct vocabulary *words = &policy_table.words;
    for (unsigned i = 0; i < words->constant_count; i++)
        if (words->constants[i].value[0] == number &&
            strcmp(table_string(words->lists[words->constants[i].list].name), "errno") == 0)
            return table_string(words->constants[i].name);
    snprintf(text, 16, "%u", number);
    return text;
}

const char *verdict_text(uint32_t verdict, char text[VERDICT_TEXT_MAX])
{
    char number[16];
    unsigned data = verdict & SECCOMP_RET_DATA;
    switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
        return "allow";
    case SECCOMP_RET_LOG:
        return "log";
    case SECCOMP_RET_KILL_PROCESS:
        return "kill";
    case SECCOMP_RET_KILL_THREAD:
        return "kill-thread";
    case SECCOMP_RET_ERRNO:
        snprintf(text, VERDICT_TEXT_MAX, "errno:%s", errno_name(data, number));
        return text;
    case SECCOMP_RET_TRAP: case SECCOMP_RET_TRACE:
        snprintf(text, VERDICT_TEXT_MAX, data != 0 ? "%s:%u" : "%s",
                 (verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRAP ? "trap" : "trace", data);
        return text;
    default:
        snprintf(text, VERDICT_TEXT_MAX, "0x%08x", verdict);
        return text;
    }
}

/* ---- calls ---- */

struct call {
    const char *text;
    enum policy_arch arch;
    unsigned row;
    struct seccomp_data *data;
    bool *guessed;
    struct error *error;
};

static int read_argument(const struct call *call, unsigned index, const char *word)
{
    const struct row *row = profile_row(call->row);
    struct error why;
    bool present = true;
    if (*word == '\0' || *word == '"' || strcmp(word, "NULL") == 0 || strcmp(word, "_") == 0)
        return 0;
    if (strcmp(word, "AT_FDCWD") == 0 && index < 6) {
        call->data->args[index] = (uint32_t)-100;
        return 0;
    }
    if (index >= 6)
        return error_set(call->error, "cannot read '%s': more than six arguments (leave them out)", call->text);
    uint64_t value = 0;
    if (parse_number(word, &value)) {
        call->data->args[index] = value;
        return 0;
    }
    bool named = index < row->argument_count &&
                 *table_string(policy_table.words.arguments[row->first_argument + index].family) != '\0';
    if (!named && (isalpha((unsigned char)*word) || *word == '{' || *word == '[' || *word == '&')) {
        *call->guessed = true;
        return 0;
    }
    if (index >= row->argument_count)
        return error_set(call->error, "cannot read '%s': %s is no number (write one)", call->text, word);
    if (condition_parse_value(&policy_table.words, call->arch, call->row, index, word, &value, &present, &why) != 0)
        return error_set(call->error, "cannot read '%s': %s", call->text, why.text);
    if (!present)
        return error_set(call->error, "cannot read '%s': %s has no value on %s (name another)", call->text, word,
                         profile_arch_name(call->arch));
    call->data->args[index] = value;
    return 0;
}

/* The end of an argument: the comma or parenthesis that is in no string and in no brackets. */
static char *argument_end(char *at)
{
    int depth = 0;
    bool quoted = false;
    for (; *at != '\0'; at++) {
        if (*at == '\\' && quoted && at[1] != '\0')
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && depth == 0 && (*at == ',' || *at == ')'))
            return at;
        else if (!quoted)
            depth += strchr("([{", *at) != NULL ? 1 : strchr(")]}", *at) != NULL ? -1 : 0;
    }
    return NULL;
}

static int read_arguments(const struct call *call, char *at)
{
    for (unsigned index = 0;; index++) {
        char *end = argument_end(at);
        if (end == NULL)
            return error_set(call->error, "cannot read '%s': ')' is missing (write NAME(ARGUMENTS))", call->text);
        bool last = *end == ')';
        char *tail = end + 1;
        while (end > at && isspace((unsigned char)end[-1]))
            end--;
        *end = '\0';
        at += strspn(at, " \t");
        if (read_argument(call, index, at) != 0)
            return -1;
        if (last)
            return tail[strspn(tail, " \t")] == '\0' ? 0
                                                     : error_set(call->error,
                                                                 "cannot read '%s': something stands after ')' "
                                                                 "(remove it)",
                                                                 call->text);
        at = tail;
    }
}

static int no_such_call(const char *text, const char *name, struct error *error)
{
    const char *known[1024];
    size_t count = 0;
    for (unsigned i = 0; i < policy_table.words.row_count && count < 1024; i++)
        known[count++] = table_string(profile_row(i)->name);
    const char *near = nearest_word(name, known, count);
    return error_set(error, "cannot read '%s': unknown call '%s' (%s%s)", text, name,
                     near != NULL ? "nearest: " : "no call is like it", near != NULL ? near : "");
}

int call_parse(const char *text, enum policy_arch arch, struct seccomp_data *data, bool *guessed, struct error *error)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return error_set(error, "cannot read '%s': %s (free some memory)", text, strerror(errno));
    char *name = copy + strspn(copy, " \t"), *open = name + strcspn(name, " \t(");
    char *after = open + strspn(open, " \t");
    bool has_arguments = *after == '(', good = has_arguments || *after == '\0';
    *open = '\0';
    int row = policy_find_call(name), result = -1;
    *guessed = false;
    *data = (struct seccomp_data){.arch = profile_audit_arch(arch)};
    if (!good)
        error_set(error, "cannot read '%s': '(' expected after the name (write NAME(ARGUMENTS))", text);
    else if (row < 0)
        no_such_call(text, name, error);
    else if (profile_row((unsigned)row)->number[arch] < 0)
        error_set(error, "cannot read '%s': %s has no such call (name another)", text, profile_arch_name(arch));
    else
        result = 0;
    if (result == 0) {
        struct call call = {text, arch, (unsigned)row, data, guessed, error};
        data->nr = profile_row((unsigned)row)->number[arch];
        result = has_arguments ? read_arguments(&call, after + 1) : 0;
    }
    free(copy);
    return result;
}

/* ---- output ---- */

void write_list(FILE *stream, const char *key, const char *const *names, size_t count, const char *suffix)
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        bool first = width == 0;
        if (first)
            width = (size_t)fprintf(stream, "%s = ", key);
        width += (size_t)fprintf(stream, "%s%s", first ? "" : ",", names[i]);
        if (i + 1 == count || width + strlen(names[i + 1]) > 110) {
            fprintf(stream, "%s\n", suffix);
            width = 0;
        }
    }
}

int destination_open(struct destination *output, const char *path, struct error *error)
{
    *output = (struct destination){.stream = stdout};
    if (path == NULL || strcmp(path, "-") == 0)
        return 0;
    output->file = malloc(sizeof *output->file);
    if (output->file == NULL)
        return error_set(error, "cannot write %s: %s (free some memory)", path, strerror(errno));
    if (whole_file_open(output->file, path, error) == 0) {
        output->stream = output->file->stream;
        return 0;
    }
    free(output->file);
    output->file = NULL;
    return -1;
}

int destination_close(struct destination *output, struct error *error)
{
    if (output->file == NULL)
        return 0; /* main looks at standard output */
    int result = whole_file_commit(output->file, error);
    free(output->file);
    output->file = NULL;
    return result;
}

void destination_drop(struct destination *output)
{
    if (output->file != NULL)
        whole_file_drop(output->file);
    free(output->file);
    output->file = NULL;
}
