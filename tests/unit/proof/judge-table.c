/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge's reading of the tables. */
#include "judge.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

int judge_find_row(const struct judge *judge, const char *name)
{
    for (unsigned i = 0; i < judge->row_count; i++)
        if (strcmp(judge->rows[i].name, name) == 0)
            return (int)i;
    return -1;
}

static struct judge *reading;
static judge_edit editing;
static void *editing_data;

/* Calls `take` for each line of a table, comments and head line left out; tabs are ends of strings then. */
static int read_lines(const char *directory, const char *name, unsigned columns, int (*take)(char **column))
{
    char path[512], line[1024];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    bool head = true;
    unsigned number = 0;
    int status = 0;
    while (status == 0 && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#')
            continue;
        if (head) {
            head = false;
            continue;
        }
        if (editing != NULL && strcmp(name, "calls.tbl") == 0)
            editing(number, line, sizeof line, editing_data);
        number++;
        if (line[0] == 0)
            continue;
        char *column[9] = {0}, *at = line;
        for (unsigned i = 0; i < columns && at != NULL; i++)
            column[i] = strsep(&at, "\t");
        status = column[columns - 1] == NULL ? -1 : take(column);
        if (status != 0)
            fprintf(stderr, "judge: %s: cannot understand the row %u (%s)\n", path, number, line);
    }
    fclose(file);
    return status;
}

static int take_row(char **column)
{
    struct judge_row *row = &reading->rows[reading->row_count];
    snprintf(row->name, sizeof row->name, "%s", column[0]);
    snprintf(row->category, sizeof row->category, "%s", column[3]);
    snprintf(row->verdict, sizeof row->verdict, "%s", column[4]);
    snprintf(row->condition_text, sizeof row->condition_text, "%s", column[5]);
    snprintf(row->errno_text, sizeof row->errno_text, "%s", column[6]);
    for (unsigned arch = 0; arch < JUDGE_ARCHES; arch++) {
        row->number[arch] = column[1 + arch][0] == '-' ? -1 : atoi(column[1 + arch]);
        if (row->number[arch] >= 0)
            reading->by_number[arch][row->number[arch] % JUDGE_NUMBERS] = (int)reading->row_count;
    }
    for (char *at = column[7], *word; (word = strsep(&at, " ")) != NULL;)
        if (strcmp(word, "-") != 0)
            snprintf(row->features[row->feature_count++], 32, "%s", word);
    reading->row_count++;
    return 0;
}

static int take_arguments(char **column)
{
    static const struct {
        const char *types;
        unsigned width;
    } widths[] = {{" mode ", 16}, {" int unsigned fd dirfd pid uid gid ", 32},
                  {" long ulong size off u64 ptr path sockaddr ", 64}};
    int found = judge_find_row(reading, column[0]);
    if (found < 0)
        return 0; /* a mutant took the row away */
    struct judge_row *row = &reading->rows[found];
    if (strcmp(column[1], "-") == 0)
        return 0;
    if (strcmp(column[1], "?") == 0) {
        for (unsigned i = 0; i < 6; i++) {
            row->arguments[i].width = 64;
            snprintf(row->arguments[i].name, sizeof row->arguments[i].name, "arg%u", i);
        }
        row->argument_count = 6;
        return 0;
    }
    for (char *at = column[1], *one; (one = strsep(&at, ",")) != NULL;) {
        struct judge_argument *argument = &row->arguments[row->argument_count++];
        char type[24], spaced[32];
        if (sscanf(one, " %23s %23[^: ]:%23s", type, argument->name, argument->family) < 2)
            return -1;
        snprintf(spaced, sizeof spaced, " %s ", type);
        for (size_t i = 0; i < LENGTH(widths); i++)
            if (strstr(widths[i].types, spaced) != NULL)
                argument->width = widths[i].width;
        if (argument->width == 0)
            return -1;
    }
    return 0;
}

static int understand_row(struct judge_row *row)
{
    uint64_t number;
    char text[160];
    snprintf(text, sizeof text, "%s", row->errno_text);
    char *at = text, *part = strsep(&at, ";");
    row->errno_value = strcmp(part, "-") == 0 ? EPERM : judge_word(part, 0, &number) ? (unsigned)number : 0;
    while ((part = strsep(&at, ";")) != NULL) {
        char name[32];
        const char *condition = strstr(part, " if ");
        if (condition == NULL || sscanf(part, " %31s", name) != 1 || !judge_word(name, 0, &number))
            return -1;
        row->exceptions[row->exception_count].value = (unsigned)number;
        for (unsigned arch = 0; arch < JUDGE_ARCHES; arch++)
            if ((row->exceptions[row->exception_count].when[arch] =
                     judge_parse(reading, row, arch, condition + 4)) == NULL)
                return -1;
        row->exception_count++;
    }
    for (unsigned arch = 0; strcmp(row->condition_text, "-") != 0 && arch < JUDGE_ARCHES; arch++)
        if ((row->condition[arch] = judge_parse(reading, row, arch, row->condition_text)) == NULL)
            return -1;
    return 0;
}

static int take_part(char **column)
{
    struct judge_part *part = &reading->parts[reading->part_count];
    int row = judge_find_row(reading, column[1]);
    if (row < 0)
        return 0;
    snprintf(part->feature, sizeof part->feature, "%s", column[0]);
    part->row = (unsigned)row;
    part->member = -1;
    for (unsigned i = 0; i < reading->rows[row].argument_count; i++)
        if (strcmp(reading->rows[row].arguments[i].name, column[2]) == 0)
            part->member = (int)i;
    if (part->member < 0 && strcmp(column[2], "-") != 0)
        return -1;
    for (unsigned arch = 0; strcmp(column[3], "-") != 0 && arch < JUDGE_ARCHES; arch++)
        if ((part->when[arch] = judge_parse(reading, &reading->rows[row], arch, column[3])) == NULL)
            return -1;
    reading->part_count++;
    return 0;
}

static bool x32_named[JUDGE_ROWS_MAX];

static int take_alias(char **column)
{
    bool x32 = strcmp(column[0], "x32") == 0;
    unsigned number = (unsigned)atoi(column[1]) % JUDGE_NUMBERS;
    struct judge_alias *alias = x32 ? &reading->x32[number] : &reading->x86[number];
    uint64_t value;
    int named = judge_find_row(reading, column[2]);
    if (x32 && named >= 0)
        x32_named[named] = true;
    if (strcmp(column[3], "-") == 0)
        return 0;
    alias->row = judge_find_row(reading, column[3]);
    if (alias->row < 0 && isupper((unsigned char)column[3][0])) {
        alias->row = -1;
        alias->errno_value = judge_word(column[3], 0, &value) ? (unsigned)value : 0;
    } else if (alias->row < 0) {
        alias->row = -2;
    }
    alias->elsewhere = strcmp(column[4], "other") == 0;
    return 0;
}

struct judge *judge_read(const char *directory, judge_edit edit, void *data)
{
    reading = calloc(1, sizeof *reading);
    editing = edit;
    editing_data = data;
    memset(reading->by_number, 0xff, sizeof reading->by_number);
    memset(x32_named, 0, sizeof x32_named);
    for (unsigned i = 0; i < JUDGE_NUMBERS; i++)
        reading->x86[i].row = reading->x32[i].row = -2;
    if (judge_read_words(directory) < 0 || read_lines(directory, "calls.tbl", 9, take_row) < 0 ||
        read_lines(directory, "arguments.tbl", 2, take_arguments) < 0)
        return NULL;
    for (unsigned i = 0; i < reading->row_count; i++)
        if (understand_row(&reading->rows[i]) < 0) {
            fprintf(stderr, "judge: cannot understand %s\n", reading->rows[i].name);
            return NULL;
        }
    if (read_lines(directory, "features.tbl", 4, take_part) < 0 ||
        read_lines(directory, "abis.tbl", 5, take_alias) < 0)
        return NULL;
    for (unsigned i = 0; i < reading->row_count; i++)
        if (!x32_named[i] && reading->rows[i].number[JUDGE_X86_64] >= 0)
            reading->x32[reading->rows[i].number[JUDGE_X86_64]].row = (int)i;
    return reading;
}
