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

/* Whether the call passes with this word added to --allow, or with this capability kept. */
static bool passes(const struct trial *trial, const char *word, uint64_t capability)
{
    struct error error;
    struct policy_subject subject = trial->subject;
    struct filter filter = { 0 };
    struct policy_settings *settings = copy_settings(trial->settings);
    struct policy *policy = NULL;
    subject.kept_capabilities |= capability;
    bool allowed = settings != NULL &&
                   (word == NULL || policy_settings_add(settings, POLICY_ALLOW, word, &error) == 0) &&
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
            if (passes(trial, word, 0))
                return true;
        }
    }
    return false;
}

static bool find_capability(const struct row *row, const struct trial *trial, struct remedy *remedy)
{
    if (row->kind != ROW_CAPABILITY || !passes(trial, NULL, UINT64_C(1) << row->capability))
        return false;
    char *name = cap_to_name(row->capability);
    if (name != NULL) {
        const char *bare = strncmp(name, "cap_", 4) == 0 ? name + 4 : name;
        snprintf(remedy->option, sizeof remedy->option, "--keep-cap=%s", bare);
        snprintf(remedy->setting, sizeof remedy->setting, "keep-cap = %s", bare);
    }
    cap_free(name);
    remedy->capability = name != NULL;
    return remedy->capability;
}

/* What lets a program out, or changes the machine, whatever else holds it. */
static const struct {
    const char *feature, *why;
} dangers[] = {
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
    { "file.mount", "changes what every path means" },
    { "file.suid", "leaves set-user-ID files behind, which outlive the sandbox" },
    { "time.set", "changes the clock of the whole machine" },
};

static const char *find_danger(const struct row *row)
{
    for (uint16_t i = 0; i < row->opening_count; i++) {
        const struct opening *opening = &policy_table.openings[policy_table.openings_by_row[row->first_opening + i]];
        for (size_t j = 0; j < sizeof dangers / sizeof *dangers; j++)
            if (strcmp(table_string(policy_table.features[opening->feature].name), dangers[j].feature) == 0)
                return dangers[j].why;
    }
    return NULL;
}

int remedy_find(const struct policy_settings *settings, const struct policy_subject *subject,
                const struct seccomp_data *data, struct remedy *remedy, struct error *error)
{
    struct trial trial = { settings, *subject, data };
    (void)error;
    *remedy = (struct remedy){ 0 };
    trial.subject.arch = data->arch == AUDIT_ARCH_AARCH64 ? POLICY_AARCH64 : POLICY_X86_64;
    if (data->nr < 0 || data->nr >= policy_table.number_count[trial.subject.arch] ||
        policy_table.row_of_number[trial.subject.arch][data->nr] == TABLE_NONE)
        return 0;
    const struct row *row = &policy_table.words.rows[policy_table.row_of_number[trial.subject.arch][data->nr]];
    remedy->call = table_string(row->name);
    remedy->category = table_string(policy_table.categories[row->category].name);
    remedy->danger = find_danger(row);
    char word[96];
    if (find_capability(row, &trial, remedy))
        return 0;
    bool conditional = row->kind == ROW_RESTRICT && find_feature(row, &trial, word, sizeof word);
    if (!conditional) {
        snprintf(word, sizeof word, "%s", remedy->call);
        if (!passes(&trial, word, 0))
            return 0;
    }
    snprintf(remedy->option, sizeof remedy->option, "--allow=%s", word);
    snprintf(remedy->setting, sizeof remedy->setting, "allow = %s", word);
    return 0;
}
