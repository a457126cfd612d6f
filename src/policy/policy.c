/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/policy.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "policy/filter.h"
#include "policy/settings.h"
#include "policy/settled.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* While a policy is settled: the first failure is kept, what follows it does nothing. */
struct settling {
    struct policy *policy;
    const struct policy_settings *settings;
    enum policy_arch arch;
    bool failed;
    struct error *error;
};

static const struct row *row_at(unsigned row)
{
    return &policy_table.words.rows[row];
}

/* ---- chains ---- */

static unsigned new_clause(struct settling *settling, struct clause clause)
{
    struct policy *policy = settling->policy;
    if (settling->failed)
        return CHAIN_ALLOW;
    if (policy->clause_count == policy->clause_room) {
        unsigned room = policy->clause_room == 0 ? 64 : policy->clause_room * 2;
        struct clause *grown = room > 0x8000 ? NULL : realloc(policy->clauses, room * sizeof *grown);
        if (grown == NULL) {
            settling->failed = true;
            error_set(settling->error, "cannot settle the policy: %s",
                      room > 0x8000 ? "more settings than a filter can hold" : strerror(errno));
            return CHAIN_ALLOW;
        }
        policy->clauses = grown;
        policy->clause_room = room;
    }
    policy->clauses[policy->clause_count] = clause;
    return policy_table.clause_count + policy->clause_count++;
}

/* The chain that always gives the verdict, the same one for the same verdict. */
static unsigned constant_chain(struct settling *settling, uint32_t verdict)
{
    struct policy *policy = settling->policy;
    if (verdict == SECCOMP_RET_ALLOW)
        return CHAIN_ALLOW;
    for (unsigned i = 0; i < policy->constant_count; i++)
        if (policy->constants[i].verdict == verdict)
            return policy->constants[i].chain;
    unsigned chain = new_clause(settling, (struct clause){.verdict = verdict, .condition = TABLE_NONE,
                                                          .chain = TABLE_NONE, .next = TABLE_NONE});
    if (policy->constant_count < LENGTH(policy->constants))
        policy->constants[policy->constant_count++] =
            (struct constant_chain){.verdict = verdict, .chain = (uint16_t)chain};
    return chain;
}

/* Where the condition holds, `chain`; else `next`. */
static unsigned branch(struct settling *settling, unsigned condition, unsigned chain, unsigned next)
{
    uint32_t verdict;
    struct clause clause = {.condition = (uint16_t)condition, .next = (uint16_t)next, .chain = TABLE_NONE};
    if (policy_chain_is_constant(settling->policy, chain, &verdict))
        clause.verdict = verdict;
    else
        clause.chain = (uint16_t)chain;
    return new_clause(settling, clause);
}

/* A chain of the table, with allow turned into log. */
static unsigned logged_chain(struct settling *settling, unsigned chain)
{
    struct clause clause = *policy_clause(settling->policy, chain);
    if (clause.verdict == SECCOMP_RET_ALLOW)
        clause.verdict = SECCOMP_RET_LOG;
    if (clause.condition == TABLE_NONE)
        return constant_chain(settling, clause.verdict);
    clause.next = (uint16_t)logged_chain(settling, clause.next);
    return new_clause(settling, clause);
}

/* ---- what settings do to a row ---- */

static unsigned default_chain(const struct settling *settling, unsigned row)
{
    const struct row *at = row_at(row);
    const struct policy_subject *subject = &settling->policy->subject;
    if (at->kind == ROW_CAPABILITY && (subject->kept_capabilities >> at->capability & 1) != 0)
        return CHAIN_ALLOW;
    if (at->kind == ROW_UNLESS_ROOT && subject->uid == 0)
        return at->arch[settling->arch].refusal;
    return at->arch[settling->arch].standing;
}

/* What the action gives when it takes the whole call. */
static unsigned whole_chain(struct settling *settling, unsigned row, unsigned action, uint32_t verdict)
{
    switch ((enum action)action) {
    case ACTION_ALLOW:
        return CHAIN_ALLOW;
    case ACTION_LOG:
        return constant_chain(settling, SECCOMP_RET_LOG);
    case ACTION_REFUSE:
        return constant_chain(settling, SECCOMP_RET_ERRNO | row_at(row)->errno_value);
    case ACTION_VERDICT:
        break;
    }
    return constant_chain(settling, verdict);
}

/* What it gives in a part of the call: there a refusal has the errno that the row gives for such arguments. */
static unsigned part_chain(struct settling *settling, unsigned row, unsigned action, uint32_t verdict)
{
    return action == ACTION_REFUSE ? row_at(row)->arch[settling->arch].refusal
                                   : whole_chain(settling, row, action, verdict);
}

static void apply_part(struct settling *settling, const struct setting *setting, unsigned row, unsigned condition)
{
    if (condition == TABLE_NONE)
        return;
    unsigned chain = part_chain(settling, row, setting->action, setting->verdict);
    uint16_t *decision = &settling->policy->chain[row];
    *decision = (uint16_t)branch(settling, condition, chain, *decision);
}

/* A feature that names all that the row's condition keeps shut. */
static void apply_shut(struct settling *settling, const struct setting *setting, unsigned row)
{
    unsigned condition = row_at(row)->arch[settling->arch].condition;
    uint16_t *decision = &settling->policy->chain[row];
    unsigned chain = part_chain(settling, row, setting->action, setting->verdict);
    if (condition == TABLE_NONE || setting->action == ACTION_ALLOW)
        *decision = (uint16_t)chain;
    else
        *decision = (uint16_t)branch(settling, condition, setting->action == ACTION_LOG ? CHAIN_ALLOW : *decision,
                                     chain);
}

static void apply_feature(struct settling *settling, const struct setting *setting)
{
    const struct feature *feature = &policy_table.features[setting->index];
    for (unsigned i = 0; i < feature->opening_count; i++) {
        const struct opening *opening = &policy_table.openings[feature->first_opening + i];
        unsigned condition = opening->condition[settling->arch];
        if (condition == TABLE_NONE)
            apply_shut(settling, setting, opening->row);
        else
            apply_part(settling, setting, opening->row, condition);
    }
}

static void apply_category(struct settling *settling, const struct setting *setting, unsigned category)
{
    const struct category *at = &policy_table.categories[category];
    bool opens = setting->action == ACTION_ALLOW || setting->action == ACTION_LOG;
    for (unsigned row = at->first_row; row < at->first_row + at->row_count; row++) {
        uint16_t *decision = &settling->policy->chain[row];
        if (opens && setting->selector == SELECT_CATEGORY) {
            *decision = (uint16_t)default_chain(settling, row);
            if (setting->action == ACTION_LOG)
                *decision = (uint16_t)logged_chain(settling, *decision);
        } else if (opens || !row_at(row)->by_name_only) {
            *decision = (uint16_t)whole_chain(settling, row, setting->action, setting->verdict);
        }
    }
}

static void apply(struct settling *settling, const struct setting *setting)
{
    switch ((enum selector)setting->selector) {
    case SELECT_ROW:
        settling->policy->chain[setting->index] =
            (uint16_t)whole_chain(settling, setting->index, setting->action, setting->verdict);
        break;
    case SELECT_PART:
        apply_part(settling, setting, setting->index, setting->condition[settling->arch]);
        break;
    case SELECT_FEATURE:
        apply_feature(settling, setting);
        break;
    case SELECT_CATEGORY:
    case SELECT_EVERY:
        if (setting->index != TABLE_NONE)
            apply_category(settling, setting, setting->index);
        for (unsigned i = 0; setting->index == TABLE_NONE && i < policy_table.category_count; i++)
            apply_category(settling, setting, i);
        break;
    }
}

/* ---- settling ---- */

/* Before any setting: the table, or what --calls says of every call, or nothing refused. */
static void start_chains(struct settling *settling)
{
    const struct policy_settings *settings = settling->settings;
    for (unsigned row = 0; row < POLICY_CALLS_COUNT; row++) {
        unsigned chain;
        if (!settings->has_base)
            chain = settings->open ? CHAIN_ALLOW : default_chain(settling, row);
        else if (row_at(row)->by_name_only && settings->base_action != ACTION_LOG)
            chain = CHAIN_ALLOW;
        else
            chain = whole_chain(settling, row, settings->base_action, settings->base_verdict);
        settling->policy->chain[row] = (uint16_t)chain;
    }
}

static void *copy_of(const void *array, unsigned count, size_t size, bool *failed)
{
    if (count == 0)
        return NULL;
    void *copy = malloc(count * size);
    if (copy == NULL)
        *failed = true;
    else
        memcpy(copy, array, count * size);
    return copy;
}

/* The conditions that came with settings; the policy outlives them. */
static void copy_conditions(struct settling *settling)
{
    const struct policy_settings *from = settling->settings;
    struct policy *policy = settling->policy;
    bool failed = false;
    policy->conditions = copy_of(from->conditions, from->condition_count, sizeof *from->conditions, &failed);
    policy->tests = copy_of(from->tests, from->test_count, sizeof *from->tests, &failed);
    policy->values = copy_of(from->values, from->value_count, sizeof *from->values, &failed);
    if (failed) {
        settling->failed = true;
        error_set(settling->error, "cannot settle the policy: %s", strerror(errno));
    }
}

struct policy *policy_settle(const struct policy_settings *settings, const struct policy_subject *subject,
                             struct error *error)
{
    if (settings->abis != 0 && subject->arch != POLICY_X86_64) {
        error_set(error, "cannot open another architecture: aarch64 has none beside it (leave --arch out)");
        return NULL;
    }
    struct policy *policy = malloc(sizeof *policy);
    if (policy == NULL) {
        error_set(error, "cannot settle the policy: %s", strerror(errno));
        return NULL;
    }
    *policy = (struct policy){.subject = *subject, .has_filter = !settings->open || settings->added > 0,
                              .audit = settings->audit, .abis = settings->abis, .unknown = settings->unknown};
    struct settling settling = {policy, settings, subject->arch, false, error};
    copy_conditions(&settling);
    start_chains(&settling);
    for (unsigned i = 0; i < settings->count; i++)
        apply(&settling, &settings->list[i]);
    if (settling.failed) {
        policy_free(policy);
        return NULL;
    }
    return policy;
}

void policy_free(struct policy *policy)
{
    if (policy == NULL)
        return;
    free(policy->clauses);
    free(policy->conditions);
    free(policy->tests);
    free(policy->values);
    free(policy);
}

/* ---- look-ups ---- */

bool policy_has_filter(const struct policy *policy)
{
    return policy->has_filter;
}

static bool lets_through(const struct policy *policy, uint32_t verdict)
{
    verdict = filter_verdict(policy, FILTER_ENFORCE, verdict);
    return verdict == SECCOMP_RET_ALLOW || verdict == SECCOMP_RET_LOG;
}

enum policy_opening policy_opening(const struct policy *policy, const char *call)
{
    int row = policy_find_call(call);
    uint32_t verdict;
    if (row < 0)
        return POLICY_REFUSED;
    if (!policy->has_filter)
        return POLICY_OPEN;
    if (policy_chain_is_constant(policy, policy->chain[row], &verdict))
        return lets_through(policy, verdict) ? POLICY_OPEN : POLICY_REFUSED;
    return POLICY_CONDITIONAL;
}

bool policy_has_default_condition(const struct policy *policy, const char *call)
{
    int row = policy_find_call(call);
    if (row < 0 || !policy->has_filter || row_at((unsigned)row)->kind != ROW_RESTRICT)
        return false;
    uint32_t refusal;
    const struct clause *clause = policy_clause(policy, policy->chain[row]);
    return clause->condition == row_at((unsigned)row)->arch[policy->subject.arch].condition &&
           clause->chain == TABLE_NONE && lets_through(policy, clause->verdict) &&
           policy_chain_is_constant(policy, clause->next, &refusal) && !lets_through(policy, refusal);
}
