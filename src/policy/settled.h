/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside src/policy: a settled policy, for the compiler and for whoever explains verdicts. Indices below the
 * counts of policy_table are its own, those from there on this policy's. */
#ifndef SBX_POLICY_SETTLED_H
#define SBX_POLICY_SETTLED_H

#include "policy-calls.h"
#include "policy/table.h"

struct policy {
    struct policy_subject subject;
    bool has_filter, audit;
    uint8_t abis;
    uint32_t unknown;
    uint16_t chain[POLICY_CALLS_COUNT]; /* the decision of each row */

    struct clause *clauses;
    unsigned clause_count, clause_room;
    struct condition *conditions;
    struct test *tests;
    uint64_t *values;
    struct constant_chain {
        uint32_t verdict;
        uint16_t chain;
    } constants[32]; /* so that equal verdicts are equal chains */
    unsigned constant_count;
};

static inline const struct clause *policy_clause(const struct policy *policy, unsigned index)
{
    return index < policy_table.clause_count ? &policy_table.clauses[index]
                                             : &policy->clauses[index - policy_table.clause_count];
}

static inline const struct condition *policy_condition(const struct policy *policy, unsigned index)
{
    return index < policy_table.condition_count ? &policy_table.conditions[index]
                                                : &policy->conditions[index - policy_table.condition_count];
}

static inline const struct test *policy_test(const struct policy *policy, unsigned index)
{
    return index < policy_table.test_count ? &policy_table.tests[index]
                                           : &policy->tests[index - policy_table.test_count];
}

static inline const uint64_t *policy_values(const struct policy *policy, unsigned index)
{
    return index < policy_table.value_count ? &policy_table.values[index]
                                            : &policy->values[index - policy_table.value_count];
}

/* Whether the chain looks at no argument: then its verdict. */
static inline bool policy_chain_is_constant(const struct policy *policy, unsigned chain, uint32_t *verdict)
{
    const struct clause *clause = policy_clause(policy, chain);
    *verdict = clause->verdict;
    return clause->condition == TABLE_NONE && clause->chain == TABLE_NONE;
}

#endif
