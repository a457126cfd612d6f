/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a profile: what it says without one of them. */
#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bpf.h"
#include "profile/profile.h"

int lines_read(struct lines *lines, const char *file, const char *text, struct error *error)
{
    *lines = (struct lines){.file = file, .text = strdup(text), .count = 1};
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines->count++;
    lines->line = calloc(lines->count, sizeof *lines->line);
    if (lines->text == NULL || lines->line == NULL) {
        lines_free(lines);
        return error_set(error, "cannot read %s: %s (free some memory)", file, strerror(errno));
    }
    char *rest = lines->text;
    for (size_t i = 0; i < lines->count; i++)
        lines->line[i] = strsep(&rest, "\n");
    return 0;
}

void lines_free(struct lines *lines)
{
    free(lines->text);
    free(lines->line);
    *lines = (struct lines){.count = 0};
}

const char *line_key(const char *line, char key[32], const char **value)
{
    line += strspn(line, " \t\r\f\v");
    const char *sign = strchr(line, '=');
    size_t length = sign != NULL ? (size_t)(sign - line) : 0;
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        length--;
    *value = sign != NULL ? sign + 1 + strspn(sign + 1, " \t") : "";
    snprintf(key, 32, "%.*s", *line == '#' ? 0 : (int)(length < 31 ? length : 31), line);
    return key;
}

static bool is_one_of(const char *key, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(key, known[i]) == 0)
            return true;
    return false;
}

bool key_takes_list(const char *key)
{
    static const char *const known[] = {"allow", "deny", "log", "trap", "trace", "kill", "kill-thread"};
    return is_one_of(key, known, sizeof known / sizeof *known);
}

bool key_is_policy(const char *key)
{
    static const char *const known[] = {"errno", "rule", "calls", "unknown", "arch", "audit"};
    return key_takes_list(key) || is_one_of(key, known, sizeof known / sizeof *known);
}

char *lines_join(const struct lines *lines, size_t without, const char *instead)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = i == without ? instead : lines->line[i];
        if (line != NULL)
            fprintf(stream, "%s%s", line, i + 1 < lines->count ? "\n" : "");
    }
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

/* Numbers that are in no row, and those of a foreign ABI. */
static bool same_elsewhere(const struct filter *a, const struct filter *b, enum policy_arch arch)
{
    for (int number = 0; number < 1200; number++) {
        struct seccomp_data calls[] = {{.nr = number, .arch = profile_audit_arch(arch)},
                                       {.nr = number, .arch = AUDIT_ARCH_I386},
                                       {.nr = number + 0x40000000, .arch = profile_audit_arch(arch)}};
        if (number < policy_table.number_count[arch] && policy_table.row_of_number[arch][number] != TABLE_NONE)
            calls[0].nr = -1;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            if (bpf_run(a->code, &calls[i], NULL) != bpf_run(b->code, &calls[i], NULL))
                return false;
    }
    return true;
}

static bool same_for(const char *a_text, const char *b_text, const struct policy_subject *subject)
{
    struct loaded a, b;
    struct error error, error_b;
    bool read_a = profile_load_text(&a, "a", a_text, subject, &error) == 0;
    bool read_b = profile_load_text(&b, "b", b_text, subject, &error_b) == 0;
    bool same = read_a == read_b && (read_a || strcmp(error.text, error_b.text) == 0);
    if (read_a && read_b) {
        same = a.options.kept_capabilities == b.options.kept_capabilities &&
               same_elsewhere(&a.filter, &b.filter, subject->arch);
        for (unsigned row = 0; same && row < policy_table.words.row_count; row++)
            same = profile_same_row(&a.filter, &b.filter, subject->arch, row, NULL);
    }
    profile_unload(&a);
    profile_unload(&b);
    return same;
}

bool lines_same(const struct lines *lines, const char *other)
{
    char *text = lines_join(lines, lines->count, NULL);
    bool same = text != NULL;
    for (unsigned i = 0; same && i < 8; i++) {
        struct policy_subject subject = {.arch = (i & 1) != 0 ? POLICY_AARCH64 : POLICY_X86_64,
                                         .uid = (i & 2) != 0 ? 0 : 1000,
                                         .gid = (i & 2) != 0 ? 0 : 1000,
                                         .kept_capabilities = (i & 4) != 0 ? UINT64_MAX : 0};
        same = same_for(text, other, &subject);
    }
    free(text);
    return same;
}
