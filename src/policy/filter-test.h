/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside src/policy: from the conditions of a settled policy to instructions. */
#ifndef SBX_POLICY_FILTER_TEST_H
#define SBX_POLICY_FILTER_TEST_H

#include "policy/filter-code.h"
#include "policy/settled.h"

#define OWN_IDS 2 /* that a test may have beside its values */

/* Where the low word of an argument stands in struct seccomp_data; both architectures are little-endian. */
#define ARGUMENT_OFFSET(argument) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (argument)))

struct test_compiler {
    const struct policy *policy;
    struct emitter *emitter;
};

struct target compile_condition(const struct test_compiler *compiler, unsigned condition, struct target when_true,
                                struct target when_false);

/* Which value leads to which target; they are sorted, no value twice. Target 0 is for all others. */
struct choice {
    uint32_t value, target;
};

/* Loads what the test looks at, the low word of an argument under a mask, and makes the choice. */
struct target compile_choices(const struct test_compiler *compiler, const struct test *test,
                              const struct choice *choices, unsigned count, struct target *targets);

/* The values of a test with the own ids among them, sorted: at most value_count + OWN_IDS. Their count. */
unsigned gather_values(const struct policy *policy, const struct test *test, uint64_t *into);

#endif
