/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import: a profile of Docker, Podman or Kubernetes as one of ours. It is written from the rules, then held against the
 * filter that libseccomp makes of them: what would answer otherwise is refused with the rule that cannot be said. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "policy/oci-filter.h"
#include "profile/profile.h"

/* In our language; libseccomp compares all 64 bits. */
static int write_comparison(const struct oci_argument *argument, FILE *stream)
{
    static const char *const relations[] = {[OCI_NE] = "!=", [OCI_LT] = "<", [OCI_LE] = "<=", [OCI_EQ] = "==",
                                            [OCI_GE] = ">=", [OCI_GT] = ">"};
    unsigned index = argument->index;
    uint64_t value = argument->value;
    if (argument->comparison == OCI_MASKED_EQ)
        return fprintf(stream, "(raw%u & 0x%" PRIx64 ") == 0x%" PRIx64, index, value, argument->value_two & value);
    return fprintf(stream, value > 9 ? "raw%u %s 0x%" PRIx64 : "raw%u %s %" PRIu64, index,
                   relations[argument->comparison], value);
}

/* 1: always; 0: never; -1: it depends. Our language refuses what does not. */
static int foregone(const struct oci_argument *argument)
{
    switch ((enum oci_comparison)argument->comparison) {
    case OCI_LT:
        return argument->value == 0 ? 0 : -1;
    case OCI_GE:
        return argument->value == 0 ? 1 : -1;
    case OCI_LE:
        return argument->value == UINT64_MAX ? 1 : -1;
    case OCI_GT:
        return argument->value == UINT64_MAX ? 0 : -1;
    case OCI_MASKED_EQ:
        return argument->value == 0 ? 1 : -1;
    default:
        return -1;
    }
}

static void write_rule(const char *call, const struct oci_rule *rule, FILE *stream)
{
    const char *joint = oci_rule_compares_twice(rule) ? " or " : " and ";
    bool any = joint[1] == 'o', written = false, always = false, never = false;
    char text[VERDICT_TEXT_MAX], *condition = NULL;
    size_t size;
    FILE *into = open_memstream(&condition, &size);
    if (into == NULL)
        return;
    for (size_t i = 0; i < rule->argument_count; i++) {
        int known = foregone(&rule->arguments[i]);
        always |= known == 1;
        never |= known == 0;
        if (known >= 0)
            continue;
        fputs(written ? joint : "", into);
        write_comparison(&rule->arguments[i], into);
        written = true;
    }
    bool whole = rule->argument_count == 0 || (any ? always : !written && !never);
    if (fclose(into) == 0 && whole)
        fprintf(stream, "rule = %s = %s\n", call, verdict_text(rule->verdict, text));
    else if (written && (any || !never))
        fprintf(stream, "rule = %s: %s = %s\n", call, condition, verdict_text(rule->verdict, text));
    free(condition);
}

struct importing {
    const struct oci_profile *profile;
    const char *name;
    struct policy_subject subject;
    FILE *stream;
    struct error *error;
};

static bool names_call(const struct importing *importing, const struct oci_rule *rule, const char *call)
{
    if (!oci_rule_applies(rule, importing->subject.arch, importing->subject.kept_capabilities) ||
        rule->verdict == importing->profile->verdict)
        return false;
    for (size_t i = 0; i < rule->name_count; i++)
        if (strcmp(rule->names[i], call) == 0)
            return true;
    return false;
}

/* What the rules say of a call: its verdict where that is one for all arguments. An unconditional rule takes the call
 * whole; the first of several stays. */
static bool settle_call(const struct importing *importing, const char *call, uint32_t *verdict, bool *conditional)
{
    bool found = false;
    *verdict = importing->profile->verdict;
    *conditional = false;
    for (size_t i = 0; i < importing->profile->rule_count; i++) {
        const struct oci_rule *rule = &importing->profile->rules[i];
        if (!names_call(importing, rule, call))
            continue;
        if (rule->argument_count > 0) {
            *conditional |= !found;
        } else if (!found) {
            *verdict = rule->verdict;
            *conditional = false;
            found = true;
        }
    }
    return found || *conditional;
}

/* A name that is a category too means the category in a list. */
static bool is_category(const char *name)
{
    for (unsigned i = 0; i < policy_table.category_count; i++)
        if (strcmp(name, table_string(policy_table.categories[i].name)) == 0)
            return true;
    return false;
}

void write_calls_of(FILE *stream, uint32_t verdict, const char *const *names, size_t count)
{
    static const struct {
        uint32_t action;
        const char *key;
    } keys[] = {{SECCOMP_RET_ALLOW, "allow"}, {SECCOMP_RET_LOG, "log"}, {SECCOMP_RET_KILL_PROCESS, "kill"},
                {SECCOMP_RET_KILL_THREAD, "kill-thread"}, {SECCOMP_RET_ERRNO, "errno"}, {SECCOMP_RET_TRAP, "trap"}};
    const char *list[1024], *key = NULL;
    size_t used = 0;
    char text[VERDICT_TEXT_MAX], number[16], suffix[24] = "";
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].action == (verdict & SECCOMP_RET_ACTION_FULL))
            key = keys[i].key;
    if (key != NULL && strcmp(key, "errno") == 0)
        snprintf(suffix, sizeof suffix, " = %s", errno_name(verdict & SECCOMP_RET_DATA, number));
    for (size_t i = 0; i < count; i++) {
        if (key == NULL || is_category(names[i]) || used == 1024)
            fprintf(stream, "rule = %s = %s\n", names[i], verdict_text(verdict, text));
        else
            list[used++] = names[i];
    }
    write_list(stream, key, list, used, suffix);
}

static void write_constant_calls(const struct importing *importing)
{
    const struct oci_profile *profile = importing->profile;
    uint32_t done[64];
    size_t done_count = 0;
    for (size_t i = 0; i <= profile->rule_count; i++) {
        uint32_t wanted = i < profile->rule_count ? profile->rules[i].verdict : profile->verdict;
        const char *names[1024];
        size_t count = 0, j = 0;
        while (j < done_count && done[j] != wanted)
            j++;
        if (j < done_count || done_count == 64)
            continue;
        done[done_count++] = wanted;
        for (unsigned row = 0; row < policy_table.words.row_count && count < 1024; row++) {
            const char *name = table_string(profile_row(row)->name);
            uint32_t verdict;
            bool conditional, found = settle_call(importing, name, &verdict, &conditional);
            /* calls that end a process are not refused by `calls =` */
            if (verdict == wanted && !conditional &&
                (found || (i == profile->rule_count && profile_row(row)->by_name_only)))
                names[count++] = name;
        }
        write_calls_of(importing->stream, wanted, names, count);
    }
}

static void write_conditional_calls(const struct importing *importing)
{
    const struct oci_profile *profile = importing->profile;
    char text[VERDICT_TEXT_MAX];
    for (unsigned row = 0; row < policy_table.words.row_count; row++) {
        const char *name = table_string(profile_row(row)->name);
        uint32_t verdict;
        bool conditional;
        if (!settle_call(importing, name, &verdict, &conditional) || !conditional)
            continue;
        if (profile_row(row)->by_name_only)
            fprintf(importing->stream, "rule = %s = %s\n", name, verdict_text(profile->verdict, text));
        for (size_t i = 0; i < profile->rule_count; i++)
            if (names_call(importing, &profile->rules[i], name) && profile->rules[i].argument_count > 0)
                write_rule(name, &profile->rules[i], importing->stream);
    }
}

static void write_capabilities(const struct importing *importing)
{
    const char *names[64];
    char *owned[64];
    size_t count = 0;
    for (int i = 0; i < 64; i++) {
        char *name = (importing->subject.kept_capabilities >> i & 1) != 0 ? cap_to_name(i) : NULL;
        if (name == NULL)
            continue;
        owned[count] = name;
        names[count++] = strncmp(name, "cap_", 4) == 0 ? name + 4 : name;
    }
    write_list(importing->stream, "keep-cap", names, count, "");
    while (count > 0)
        cap_free(owned[--count]);
}

/* Names that no row has: other architectures' calls, and those that are gone. */
static void tell_unknown(const struct importing *importing)
{
    char list[700] = "";
    unsigned more = 0;
    for (size_t i = 0; i < importing->profile->rule_count; i++) {
        const struct oci_rule *rule = &importing->profile->rules[i];
        for (size_t j = 0; j < rule->name_count; j++) {
            if (policy_find_call(rule->names[j]) >= 0)
                continue;
            char quoted[4 * 64 + 1];
            words_escape(quoted, rule->names[j], strlen(rule->names[j]), NULL);
            if (strlen(list) + strlen(quoted) + 3 < sizeof list && more == 0)
                snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", *list != '\0' ? " " : "", quoted);
            else
                more++;
        }
    }
    if (*list != '\0' && more == 0)
        say("%s: names of no call of x86_64 or aarch64, left out: %s", importing->name, list);
    else if (*list != '\0')
        say("%s: names of no call of x86_64 or aarch64, left out: %s and %u more", importing->name, list, more);
}

static void write_head(const struct importing *importing)
{
    uint32_t verdict = importing->profile->verdict;
    char text[VERDICT_TEXT_MAX];
    const char *unknown = verdict == (SECCOMP_RET_ERRNO | EPERM) ? "EPERM"
                          : verdict == SECCOMP_RET_KILL_PROCESS  ? "kill"
                          : verdict == SECCOMP_RET_LOG           ? "log"
                                                                 : "ENOSYS";
    fprintf(importing->stream, "# made from an OCI profile by: sbx-profile import\n"
            "# for %s; verdicts are those of libseccomp's filter of it\n", profile_arch_name(importing->subject.arch));
    write_capabilities(importing);
    bool exact = verdict == (SECCOMP_RET_ERRNO | ENOSYS) || verdict == (SECCOMP_RET_ERRNO | EPERM) ||
                 verdict == SECCOMP_RET_KILL_PROCESS || verdict == SECCOMP_RET_LOG;
    fprintf(importing->stream, "calls = %s\nunknown = %s\n", verdict_text(verdict, text), unknown);
    if (!exact)
        say("%s: calls that are in no row answer ENOSYS, not %s: a profile of ours refuses what it does not know",
            importing->name, verdict_text(verdict, text));
    if (importing->profile->x86 || importing->profile->x32)
        say("%s: i386 and x32, which it names, stay shut (arch = x86 opens i386 under the same rules)",
            importing->name);
    if (importing->profile->flags != 0)
        say("%s: its flags are left out", importing->name);
}

/* The rule that speaks of the call first; 0: none. */
static size_t rule_of(const struct importing *importing, const char *call)
{
    for (size_t i = 0; i < importing->profile->rule_count; i++)
        if (names_call(importing, &importing->profile->rules[i], call))
            return i + 1;
    return 0;
}

/* Row by row against libseccomp's filter. */
static int hold_against_library(const struct importing *importing, const char *text)
{
    struct loaded loaded;
    struct filter theirs = {.code = NULL};
    enum policy_arch arch = importing->subject.arch;
    if (profile_load_text(&loaded, importing->name, text, &importing->subject, importing->error) != 0)
        return -1;
    int result = oci_filter_build(importing->profile, arch, importing->subject.kept_capabilities, false, &theirs,
                                  importing->error);
    for (unsigned row = 0; result == 0 && row < policy_table.words.row_count; row++) {
        const char *name = table_string(profile_row(row)->name);
        /* what this libseccomp does not know yet is as the rules say it */
        if (oci_filter_knows(arch, name) && !profile_same_row(&loaded.filter, &theirs, arch, row, NULL))
            result = error_set(importing->error,
                               "cannot import %s, rule %zu: %s is answered otherwise by libseccomp's filter: "
                               "its rules contradict each other (keep one of them)",
                               importing->name, rule_of(importing, name), name);
    }
    if (result == 0 && policy_opening(loaded.policy, "mount") == POLICY_OPEN)
        say("%s: it allows mount, which sbx-run does not start with where Landlock guards /sys (add `deny = "
            "file.mount`)",
            importing->name);
    filter_free(&theirs);
    profile_unload(&loaded);
    return result;
}

int import_oci(const struct oci_profile *profile, const char *name, const struct policy_subject *subject, FILE *stream,
               struct error *error)
{
    char *text = NULL;
    size_t size;
    struct importing importing = {profile, name, *subject, open_memstream(&text, &size), error};
    if (importing.stream == NULL)
        return error_set(error, "cannot import %s: %s (free some memory)", name, strerror(errno));
    write_head(&importing);
    write_constant_calls(&importing);
    write_conditional_calls(&importing);
    int result = fclose(importing.stream) == 0
                     ? 0
                     : error_set(error, "cannot import %s: %s (free some memory)", name, strerror(errno));
    if (result == 0)
        result = hold_against_library(&importing, text);
    if (result == 0) {
        tell_unknown(&importing);
        fputs(text, stream);
    }
    free(text);
    return result;
}

static int import_from(const struct request *request, const char *text, bool json, FILE *stream, struct error *error)
{
    const char *name = request->words[0];
    if (!json)
        return import_systemd(name, text, &request->subject, stream, error);
    struct oci_profile *profile = oci_profile_parse(text, strlen(text), name, error);
    int result = profile != NULL ? import_oci(profile, name, &request->subject, stream, error) : -1;
    oci_profile_free(profile);
    return result;
}

int verb_import(const struct request *request, struct error *error)
{
    struct destination output;
    if (request->format != NULL && strcmp(request->format, "oci") != 0 && strcmp(request->format, "systemd") != 0)
        return error_set(error, "cannot import from '%s': no such format (oci, systemd)", request->format);
    char *text = profile_read_file(request->words[0], error);
    if (text == NULL)
        return -1;
    bool json = request->format != NULL ? strcmp(request->format, "oci") == 0 : text[strspn(text, " \t\r\n")] == '{';
    int result = destination_open(&output, request->output, error);
    if (result == 0) {
        result = import_from(request, text, json, output.stream, error);
        if (result == 0)
            result = destination_close(&output, error);
        else
            destination_drop(&output);
    }
    free(text);
    return result;
}
