/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/remedy.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "policy/bpf.h"
#include "policy/filter.h"
#include "policy/settings.h"

static void *copy_of(const void *from, size_t count, size_t size, bool *good)
{
    void *copy = count > 0 ? malloc(count * size) : NULL;
    if (copy != NULL)
        memcpy(copy, from, count * size);
    *good &= copy != NULL || count == 0;
    return copy;
}

static struct policy_settings *copy_settings(const struct policy_settings *from)
{
    bool good = true;
    struct policy_settings *copy = copy_of(from, 1, sizeof *from, &good);
    if (copy == NULL)
        return NULL;
    copy->list = copy_of(from->list, from->count, sizeof *from->list, &good);
    copy->conditions = copy_of(from->conditions, from->condition_count, sizeof *from->conditions, &good);
    copy->tests = copy_of(from->tests, from->test_count, sizeof *from->tests, &good);
    copy->values = copy_of(from->values, from->value_count, sizeof *from->values, &good);
    copy->room = from->count;
    copy->condition_room = from->condition_count;
    copy->test_room = from->test_count;
    copy->value_room = from->value_count;
    if (good)
        return copy;
    policy_settings_free(copy);
    return NULL;
}

struct trial {
    const struct policy_settings *settings;
    struct policy_subject subject;
    const struct seccomp_data *data;
};

/* Whether the call passes with this value of --allow or --rule added, or with this capability kept. */
static bool passes(const struct trial *trial, enum policy_key key, const char *value, uint64_t capability)
{
    struct error error;
    struct policy_subject subject = trial->subject;
    struct filter filter = { 0 };
    struct policy_settings *settings = copy_settings(trial->settings);
    struct policy *policy = NULL;
    subject.kept_capabilities |= capability;
    bool allowed = settings != NULL &&
                   (value == NULL || policy_settings_add(settings, key, value, &error) == 0) &&
                   (policy = policy_settle(settings, &subject, &error)) != NULL &&
                   filter_compile(policy, NULL, &filter, &error) == 0 &&
                   (filter.length == 0 || bpf_run(filter.code, trial->data, NULL) == SECCOMP_RET_ALLOW);
    filter_free(&filter);
    policy_free(policy);
    policy_settings_free(settings);
    return allowed;
}

/* The value of the feature's member as the call has it: by its name where a list has one. */
static void member_word(const struct row *row, const struct opening *opening, const struct trial *trial, char *word,
                        size_t size)
{
    const struct argument *argument = &policy_table.words.arguments[row->first_argument + opening->member];
    uint64_t value = trial->data->args[opening->member];
    const char *family = table_string(argument->family);
    if (argument->bits < 64)
        value &= (UINT64_C(1) << argument->bits) - 1;
    for (uint16_t i = 0; i < policy_table.words.constant_count; i++) {
        const struct constant *constant = &policy_table.words.constants[i];
        const struct list *list = &policy_table.words.lists[constant->list];
        if (*family != '\0' && strcmp(table_string(list->family), family) == 0 &&
            (constant->arches >> trial->subject.arch & 1) != 0 && constant->value[trial->subject.arch] == value) {
            snprintf(word, size, "%s:%s", table_string(policy_table.features[opening->feature].name),
                     table_string(constant->name));
            return;
        }
    }
    snprintf(word, size, "%s:%#" PRIx64, table_string(policy_table.features[opening->feature].name), value);
}

/* In the order of their size: a named part, one value, all that the feature names. */
static bool find_feature(const struct row *row, const struct trial *trial, char *word, size_t size)
{
    enum { PART, VALUE, WHOLE, SIZES };
    for (int wanted = PART; wanted < SIZES; wanted++) {
        for (uint16_t i = 0; i < row->opening_count; i++) {
            const struct opening *opening =
                &policy_table.openings[policy_table.openings_by_row[row->first_opening + i]];
            bool part = opening->condition[trial->subject.arch] != TABLE_NONE;
            if (wanted == PART ? !part : wanted == VALUE ? opening->member == 255 : part)
                continue;
            if (wanted == VALUE)
                member_word(row, opening, trial, word, size);
            else
                snprintf(word, size, "%s", table_string(policy_table.features[opening->feature].name));
            if (passes(trial, POLICY_ALLOW, word, 0))
                return true;
        }
    }
    return false;
}

/* Calls that the kernel itself allows without the row's capability, but for a part of what they do. */
static bool works_without(const char *call)
{
    static const char *const calls[] = { "adjtimex", "clock_adjtime", "mbind", "set_mempolicy",
                                         "set_mempolicy_home_node", "syslog" };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(call, calls[i]) == 0)
            return true;
    return false;
}

static bool find_capability(const struct row *row, const struct trial *trial, const struct remedy_caller *caller,
                            struct remedy *remedy)
{
    uint64_t bit = UINT64_C(1) << row->capability;
    if (row->kind != ROW_CAPABILITY || works_without(remedy->call) || (caller->effective & bit) != 0 ||
        !passes(trial, POLICY_ALLOW, NULL, bit))
        return false;
    char *name = cap_to_name(row->capability);
    if (name != NULL) {
        const char *bare = strncmp(name, "cap_", 4) == 0 ? name + 4 : name;
        snprintf(remedy->option, sizeof remedy->option, "--keep-cap=%s", bare);
        snprintf(remedy->setting, sizeof remedy->setting, "keep-cap = %s", bare);
    }
    cap_free(name);
    remedy->capability = name != NULL;
    remedy->as_root = (caller->keepable & bit) == 0;
    return remedy->capability;
}

/* A row that a setting has shut altogether (--deny=file): its own condition back is less than the whole call, and
 * never more than the policy allows by itself. */
static bool find_condition(const struct row *row, const struct trial *trial, struct remedy *remedy)
{
    char rule[REMEDY_MAX - sizeof "--rule=''"];
    const char *condition = table_string(row->condition_text);
    if (*condition == '\0' || strcmp(condition, "-") == 0 ||
        snprintf(rule, sizeof rule, "%s: %s = allow", remedy->call, condition) >= (int)sizeof rule ||
        !passes(trial, POLICY_RULE, rule, 0))
        return false;
    snprintf(remedy->option, sizeof remedy->option, "--rule='%s'", rule);
    snprintf(remedy->setting, sizeof remedy->setting, "rule = %s", rule);
    return true;
}

/* What lets a program out, or changes the machine, whatever else holds it; by a feature, or one value of it. */
static const struct {
    const char *word, *why;
} dangers[] = {
    { "file.ioctl:TIOCSTI", "types into the terminal, for whoever reads it after the sandbox" },
    { "file.ioctl:TIOCLINUX", "types into the console, for whoever reads it after the sandbox" },
    { "file.device", "makes device nodes, which reach the hardware" },
    { "file.mount", "changes what every path means" },
    { "file.suid", "leaves set-user-ID files behind, which outlive the sandbox" },
    { "system.module", "loads code into the kernel" },
    { "system.boot", "stops or replaces the running kernel" },
    { "system.bpf", "runs programs inside the kernel" },
    { "system.rawio", "reaches the hardware" },
    { "system.perf", "a large and often broken part of the kernel; side channels" },
    { "system.userfaultfd", "makes races of the kernel winnable" },
    { "system.io_uring", "does its work past the filter" },
    { "system.keyring", "keys of the whole user, and of others" },
    { "system.handles", "opens files past the checks of their path" },
    { "system.admin", "administration of the whole machine" },
    { "time.set", "changes the clock of the whole machine" },
};

static const char *danger_of(const char *word)
{
    for (size_t i = 0; i < sizeof dangers / sizeof *dangers; i++)
        if (strcmp(word, dangers[i].word) == 0)
            return dangers[i].why;
    return NULL;
}

/* Of the word that --allow gets: a feature or a value of it; else the whole call, with all that its features name. */
static const char *find_danger(const struct row *row, const char *word)
{
    const char *why = danger_of(word);
    if (strchr(word, '.') != NULL)
        return why;
    for (uint16_t i = 0; i < row->opening_count && why == NULL; i++) {
        const struct opening *opening = &policy_table.openings[policy_table.openings_by_row[row->first_opening + i]];
        why = danger_of(table_string(policy_table.features[opening->feature].name));
    }
    return why;
}

void remedy_find(const struct policy_settings *settings, const struct policy_subject *subject,
                 const struct remedy_caller *caller, const struct seccomp_data *data, struct remedy *remedy)
{
    struct trial trial = { settings, *subject, data };
    char word[96];
    *remedy = (struct remedy){ 0 };
    trial.subject.arch = data->arch == AUDIT_ARCH_AARCH64 ? POLICY_AARCH64 : POLICY_X86_64;
    if (data->nr < 0 || data->nr >= policy_table.number_count[trial.subject.arch] ||
        policy_table.row_of_number[trial.subject.arch][data->nr] == TABLE_NONE)
        return;
    const struct row *row = &policy_table.words.rows[policy_table.row_of_number[trial.subject.arch][data->nr]];
    remedy->call = table_string(row->name);
    remedy->category = table_string(policy_table.categories[row->category].name);
    if (find_condition(row, &trial, remedy) || find_capability(row, &trial, caller, remedy))
        return;
    if (row->kind != ROW_RESTRICT || !find_feature(row, &trial, word, sizeof word)) {
        snprintf(word, sizeof word, "%s", remedy->call);
        if (!passes(&trial, POLICY_ALLOW, word, 0))
            return;
    }
    remedy->danger = works_without(remedy->call) ? NULL : find_danger(row, word);
    snprintf(remedy->option, sizeof remedy->option, "--allow=%s", word);
    snprintf(remedy->setting, sizeof remedy->setting, "allow = %s", word);
}
