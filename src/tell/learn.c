/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/learn.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEARN_SIZE_MAX (1 << 20)

static int read_before(struct learn *learn, const char *path, struct error *error)
{
    FILE *old = fopen(path, "re");
    if (old == NULL && errno == ENOENT)
        return 0;
    learn->before = old != NULL ? calloc(1, LEARN_SIZE_MAX + 1) : NULL;
    size_t length = learn->before != NULL ? fread(learn->before, 1, LEARN_SIZE_MAX + 1, old) : 0;
    bool good = learn->before != NULL && !ferror(old) && length <= LEARN_SIZE_MAX;
    if (!good)
        error_set(error, "cannot read %s: %s (learn into another file)", path,
                  length > LEARN_SIZE_MAX ? "larger than 1 MiB" : strerror(errno));
    if (old != NULL)
        fclose(old);
    return good ? 0 : -1;
}

int learn_open(struct learn *learn, const char *path, struct error *error)
{
    *learn = (struct learn){ 0 };
    if (whole_file_open(&learn->file, path, error) != 0) /* refuses what is no file, and would be waited for */
        return -1;
    if (read_before(learn, path, error) == 0)
        return 0;
    whole_file_drop(&learn->file);
    return -1;
}

/* Comments come from the program's own strings: one line each, nothing that a terminal would obey. */
static void put_safe(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++)
        putc(iscntrl((unsigned char)*text) ? '?' : *text, stream);
}

/* Whether the text has this line, be it in force or commented out. */
static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    while (text != NULL && *text != '\0') {
        const char *begin = text + strspn(text, "# \t");
        if (strncmp(begin, line, length) == 0 && (begin[length] == '\n' || begin[length] == '\0'))
            return true;
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return false;
}

/* Settings that were left out are refused, and so met, in each run. */
static bool was_written(const struct learn *learn, const struct refusal *refusals, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(refusals[i].remedy.setting, refusals[index].remedy.setting) == 0)
            return true;
    return has_line(learn->before, refusals[index].remedy.setting);
}

static void write_line(FILE *stream, const struct refusal *refusal)
{
    const struct remedy *remedy = &refusal->remedy;
    fprintf(stream, "\n# %llu x ", (unsigned long long)refusal->count);
    put_safe(stream, refusal->text);
    if (refusal->program[0] != '\0') {
        fputs(", first from ", stream);
        put_safe(stream, refusal->program);
    }
    putc('\n', stream);
    if (remedy->setting[0] == '\0')
        fputs("# no option allows it\n", stream);
    else if (remedy->capability)
        fprintf(stream, "# not needed: without the capability the kernel refuses it too. As root it could be kept:\n"
                        "# %s\n", remedy->setting);
    else if (remedy->danger != NULL)
        fprintf(stream, "# left out, think before you open it: %s\n# %s\n", remedy->danger, remedy->setting);
    else
        fprintf(stream, "%s\n", remedy->setting);
}

int learn_write(struct learn *learn, const struct plan *plan, const struct explain *explain, struct error *error)
{
    FILE *stream = learn->file.stream;
    const struct refusal *refusals;
    size_t count = explain != NULL ? explain_refusals(explain, &refusals) : 0, lines = 0;
    if (learn->before != NULL) {
        fputs(learn->before, stream);
        size_t length = strlen(learn->before);
        if (length > 0 && learn->before[length - 1] != '\n')
            putc('\n', stream);
    } else {
        fputs("# What a run of ", stream);
        put_safe(stream, plan->program);
        fputs(" needed beyond the profile that it started from (sbx-run --learn).\n", stream);
        for (const char *at = plan->profile; *at != '\0'; at += strcspn(at, ","), at += *at == ',')
            fprintf(stream, "include = %.*s\n", (int)strcspn(at, ","), at);
    }
    for (size_t i = 0; i < count; i++) {
        if (was_written(learn, refusals, i))
            continue;
        write_line(stream, &refusals[i]);
        lines += refusals[i].remedy.setting[0] != '\0' && !refusals[i].remedy.capability &&
                 refusals[i].remedy.danger == NULL;
    }
    if (whole_file_commit(&learn->file, error) != 0)
        return -1;
    say("learned %zu setting%s into %s", lines, lines == 1 ? "" : "s", learn->file.path);
    return 0;
}
