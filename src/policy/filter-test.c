/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/filter-test.h"

#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

static struct target resolve_choice(void *context, struct goal goal)
{
    return ((const struct target *)context)[goal.what];
}

static struct target search_values(const struct test_compiler *compiler, const struct choice *choices, unsigned count,
                                   struct target *targets)
{
    struct emitter *emitter = compiler->emitter;
    size_t kept = emitter->scratch_used;
    struct range *ranges = scratch_take(emitter, 2 * count + 1, sizeof *ranges);
    if (ranges == NULL)
        return targets[0];
    unsigned used = add_range(ranges, 0, 0, (struct goal){0, 0});
    for (unsigned i = 0; i < count; i++) {
        used = add_range(ranges, used, choices[i].value, (struct goal){0, choices[i].target});
        if (choices[i].value != UINT32_MAX && (i + 1 == count || choices[i + 1].value != choices[i].value + 1))
            used = add_range(ranges, used, choices[i].value + 1, (struct goal){0, 0});
    }
    const struct search search = {emitter, resolve_choice, targets};
    struct target found = search_ranges(&search, ranges, used);
    emitter->scratch_used = kept;
    return found;
}

struct target compile_choices(const struct test_compiler *compiler, const struct test *test,
                              const struct choice *choices, unsigned count, struct target *targets)
{
    return emit_load(compiler->emitter, ARGUMENT_OFFSET(test->argument), (uint32_t)test->mask,
                     search_values(compiler, choices, count, targets));
}

static unsigned insert_value(uint64_t *into, unsigned count, uint64_t value)
{
    unsigned place = 0;
    while (place < count && into[place] < value)
        place++;
    if (place < count && into[place] == value)
        return count;
    memmove(into + place + 1, into + place, (count - place) * sizeof *into);
    into[place] = value;
    return count + 1;
}

unsigned gather_values(const struct policy *policy, const struct test *test, uint64_t *into)
{
    unsigned count = test->value_count;
    memcpy(into, policy_values(policy, test->first_value), count * sizeof *into);
    if ((test->own & OWN_UID) != 0 && (policy->subject.uid & ~test->mask) == 0)
        count = insert_value(into, count, policy->subject.uid);
    if ((test->own & OWN_GID) != 0 && (policy->subject.gid & ~test->mask) == 0)
        count = insert_value(into, count, policy->subject.gid);
    return count;
}

/* The low words of values[0..count), which share their high word. */
static struct target compile_low_words(const struct test_compiler *compiler, const struct test *test,
                                       const uint64_t *values, unsigned count, struct target when_true,
                                       struct target when_false)
{
    struct target targets[2] = {when_false, when_true};
    struct choice *choices = scratch_take(compiler->emitter, count, sizeof *choices);
    if ((uint32_t)test->mask == 0 || choices == NULL)
        return when_true;
    for (unsigned i = 0; i < count; i++)
        choices[i] = (struct choice){(uint32_t)values[i], 1};
    return compile_choices(compiler, test, choices, count, targets);
}

/* First the high word decides which low words are asked for. */
static struct target compile_both_words(const struct test_compiler *compiler, const struct test *test,
                                        const uint64_t *values, unsigned count, struct target when_true,
                                        struct target when_false)
{
    struct target *targets = scratch_take(compiler->emitter, count + 1, sizeof *targets);
    struct choice *choices = scratch_take(compiler->emitter, count, sizeof *choices);
    unsigned groups = 0;
    if (targets == NULL || choices == NULL)
        return when_false;
    targets[0] = when_false;
    for (unsigned begin = 0, end; begin < count; begin = end) {
        end = begin + 1;
        while (end < count && values[end] >> 32 == values[begin] >> 32)
            end++;
        choices[groups] = (struct choice){(uint32_t)(values[begin] >> 32), groups + 1};
        targets[++groups] = compile_low_words(compiler, test, values + begin, end - begin, when_true, when_false);
    }
    return emit_load(compiler->emitter, ARGUMENT_OFFSET(test->argument) + 4, (uint32_t)(test->mask >> 32),
                     search_values(compiler, choices, groups, targets));
}

static struct target compile_in(const struct test_compiler *compiler, const struct test *test,
                                struct target when_true, struct target when_false)
{
    struct emitter *emitter = compiler->emitter;
    size_t kept = emitter->scratch_used;
    uint64_t *values = scratch_take(emitter, test->value_count + OWN_IDS, sizeof *values);
    if (values == NULL)
        return when_false;
    unsigned count = gather_values(compiler->policy, test, values);
    struct target found = when_false;
    if (count > 0)
        found = (test->mask >> 32 == 0 ? compile_low_words : compile_both_words)(compiler, test, values, count,
                                                                                 when_true, when_false);
    emitter->scratch_used = kept;
    return found;
}

static struct target compile_any_bit(const struct test_compiler *compiler, const struct test *test,
                                     struct target when_true, struct target when_false)
{
    uint32_t low = (uint32_t)test->mask, high = (uint32_t)(test->mask >> 32);
    unsigned offset = ARGUMENT_OFFSET(test->argument);
    struct target target = when_false;
    if (low != 0)
        target = emit_load(compiler->emitter, offset, UINT32_MAX,
                           emit_jump(compiler->emitter, BPF_JSET, low, when_true, when_false));
    if (high != 0)
        target = emit_load(compiler->emitter, offset + 4, UINT32_MAX,
                           emit_jump(compiler->emitter, BPF_JSET, high, when_true, target));
    return target;
}

static struct target compile_at_least(const struct test_compiler *compiler, const struct test *test,
                                      struct target when_true, struct target when_false)
{
    uint64_t value = *policy_values(compiler->policy, test->first_value);
    uint32_t high_mask = (uint32_t)(test->mask >> 32);
    unsigned offset = ARGUMENT_OFFSET(test->argument);
    struct target low = emit_load(compiler->emitter, offset, (uint32_t)test->mask,
                                  emit_jump(compiler->emitter, BPF_JGE, (uint32_t)value, when_true, when_false));
    if (high_mask == 0)
        return low;
    if ((uint32_t)test->mask == 0)
        low = when_true;
    struct target equal = emit_jump(compiler->emitter, BPF_JEQ, (uint32_t)(value >> 32), low, when_false);
    return emit_load(compiler->emitter, offset + 4, high_mask,
                     emit_jump(compiler->emitter, BPF_JGT, (uint32_t)(value >> 32), when_true, equal));
}

static struct target compile_test(const struct test_compiler *compiler, const struct test *test,
                                  struct target when_true, struct target when_false)
{
    if (same_target(when_true, when_false))
        return when_true;
    switch ((enum test_operation)test->operation) {
    case TEST_IN:
        return compile_in(compiler, test, when_true, when_false);
    case TEST_ANY_BIT:
        return compile_any_bit(compiler, test, when_true, when_false);
    case TEST_AT_LEAST:
        break;
    }
    return compile_at_least(compiler, test, when_true, when_false);
}

struct target compile_condition(const struct test_compiler *compiler, unsigned index, struct target when_true,
                                struct target when_false)
{
    const struct condition *condition = policy_condition(compiler->policy, index);
    struct target entries[CONDITION_FALSE + 1];
    entries[CONDITION_TRUE] = when_true;
    entries[CONDITION_FALSE] = when_false;
    for (unsigned i = condition->test_count; i-- > 0;) {
        const struct test *test = policy_test(compiler->policy, condition->first_test + i);
        entries[i] = compile_test(compiler, test, entries[test->when_true], entries[test->when_false]);
    }
    return entries[0];
}

