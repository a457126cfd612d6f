/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a settled policy to classic BPF. Numbers, sorted and merged into ranges, are found by a binary search;
 * arguments are loaded only below it, so that the kernel can work out which calls are always allowed (its
 * bitmap, Linux 5.11, knows loads of number and architecture, jumps, AND and returns, and nothing else). */
#include "policy/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "policy/filter-test.h"

#define FIRST_X32 0x40000000u  /* __X32_SYSCALL_BIT; from here on nothing else is a call */
#define LAST_X32 0x7fffffffu
#define SKIPPED UINT32_MAX     /* -1: a tracer has skipped the call */
#define NUMBER_RANGES_MAX 2100 /* two per number, native and x32 */
#define DEPTH_MAX 1024
#define ALIKE_VALUES_MAX 1024

/* What a range of numbers leads to: a verdict, or the code of a decision. */
enum goal_kind { GOAL_VERDICT, GOAL_CHAIN, GOAL_EXECVE, GOAL_SECCOMP };

struct compiler {
    const struct policy *policy;
    const struct exec_token *token;
    enum filter_mode mode;
    unsigned depth;
    struct emitter emitter;
    struct block {
        bool stands;
        struct target target;
    } *blocks; /* a chain each: no decision is compiled twice */
};

_Static_assert(NUMBER_RANGES_MAX * sizeof(struct range) <= sizeof ((struct workspace *)0)->scratch,
               "the first array always finds room");

static struct target compile_chain(struct compiler *compiler, unsigned chain);

uint32_t filter_verdict(const struct policy *policy, enum filter_mode mode, uint32_t verdict)
{
    uint32_t action = verdict & SECCOMP_RET_ACTION_FULL;
    if (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || verdict == (SECCOMP_RET_ERRNO | ENOSYS))
        return verdict;
    if (mode == FILTER_LEARN)
        return SECCOMP_RET_USER_NOTIF;
    if (policy->audit)
        return SECCOMP_RET_LOG;
    return mode == FILTER_EXPLAIN && action == SECCOMP_RET_ERRNO ? SECCOMP_RET_USER_NOTIF : verdict;
}

/* The program's call of execve(2) may be refused and the launcher's own is not: it carries the token. */
static struct target compile_execve(struct compiler *compiler, struct target otherwise)
{
    struct target allowed = verdict_target(SECCOMP_RET_ALLOW);
    for (unsigned word = 0; word < 3; word++) {
        unsigned offset = ARGUMENT_OFFSET(3 + word);
        uint64_t value = compiler->token->word[word];
        allowed = emit_load(&compiler->emitter, offset + 4, UINT32_MAX,
                            emit_jump(&compiler->emitter, BPF_JEQ, (uint32_t)(value >> 32), allowed, otherwise));
        allowed = emit_load(&compiler->emitter, offset, UINT32_MAX,
                            emit_jump(&compiler->emitter, BPF_JEQ, (uint32_t)value, allowed, otherwise));
    }
    return allowed;
}

/* No listener beside ours: once the supervisor is dead, the program could make one and answer its own calls. */
static struct target compile_seccomp(struct compiler *compiler, struct target otherwise)
{
    struct target busy = verdict_target(SECCOMP_RET_ERRNO | EBUSY);
    return emit_load(&compiler->emitter, ARGUMENT_OFFSET(1), UINT32_MAX,
                     emit_jump(&compiler->emitter, BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, busy, otherwise));
}

static struct target resolve(void *context, struct goal goal)
{
    struct compiler *compiler = context;
    if (goal.kind == GOAL_VERDICT)
        return verdict_target(goal.what);
    struct block *block = &compiler->blocks[goal.what];
    if (!block->stands)
        *block = (struct block){true, compile_chain(compiler, goal.what)};
    if (goal.kind == GOAL_EXECVE)
        return compile_execve(compiler, block->target);
    return goal.kind == GOAL_SECCOMP ? compile_seccomp(compiler, block->target) : block->target;
}

static struct target clause_target(struct compiler *compiler, const struct clause *clause)
{
    if (clause->chain != TABLE_NONE)
        return resolve(compiler, (struct goal){GOAL_CHAIN, clause->chain});
    return verdict_target(filter_verdict(compiler->policy, compiler->mode, clause->verdict));
}

/* The test of a clause that asks for some values of the low word of one argument, else NULL. */
static const struct test *plain_test(const struct policy *policy, const struct clause *clause)
{
    if (clause->condition == TABLE_NONE)
        return NULL;
    const struct condition *condition = policy_condition(policy, clause->condition);
    const struct test *test = policy_test(policy, condition->first_test);
    return condition->test_count == 1 && test->operation == TEST_IN && test->mask >> 32 == 0 &&
           test->when_true == CONDITION_TRUE ? test : NULL;
}

static int compare_choices(const void *a, const void *b)
{
    const struct choice *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return left->target < right->target ? -1 : left->target > right->target;
}

/* Clauses one after the other that each ask for values of the same argument: one search for all of them.
 * Returns how many, 0 or 1: not worth it; values: how many they are at most. */
static unsigned count_alike(const struct policy *policy, unsigned chain, unsigned *values)
{
    const struct clause *clause = policy_clause(policy, chain);
    const struct test *first = plain_test(policy, clause);
    unsigned count = 0;
    *values = 0;
    for (const struct test *test = first; test != NULL; test = plain_test(policy, clause)) {
        unsigned more = test->value_count + OWN_IDS;
        if (test->argument != first->argument || test->mask != first->mask || *values + more > ALIKE_VALUES_MAX)
            break;
        *values += more;
        count++;
        clause = policy_clause(policy, clause->next);
    }
    return count;
}

/* Their targets stand already, so that nothing here leads back to compile_chain() with this room taken. */
static struct target compile_alike(struct compiler *compiler, unsigned chain, unsigned count, unsigned most,
                                   struct target otherwise)
{
    const struct policy *policy = compiler->policy;
    struct target *targets = scratch_take(&compiler->emitter, count + 1, sizeof *targets);
    struct choice *choices = scratch_take(&compiler->emitter, most, sizeof *choices);
    uint64_t *values = scratch_take(&compiler->emitter, most, sizeof *values);
    unsigned used = 0, kept = 0;
    const struct test *test = NULL;
    if (targets == NULL || choices == NULL || values == NULL)
        return otherwise;
    targets[0] = otherwise;
    for (unsigned i = 1; i <= count; i++) {
        const struct clause *clause = policy_clause(policy, chain);
        test = plain_test(policy, clause);
        unsigned value_count = gather_values(policy, test, values);
        for (unsigned value = 0; value < value_count; value++)
            choices[used++] = (struct choice){(uint32_t)values[value], i};
        targets[i] = clause_target(compiler, clause);
        chain = clause->next;
    }
    qsort(choices, used, sizeof *choices, compare_choices);
    for (unsigned i = 0; i < used; i++) /* of several clauses for one value the first counts */
        if (kept == 0 || choices[kept - 1].value != choices[i].value)
            choices[kept++] = choices[i];
    const struct test_compiler tests = {policy, &compiler->emitter};
    return compile_choices(&tests, test, choices, kept, targets);
}

/* The clauses from `chain` on, read from the last to the first. */
static struct target compile_chain(struct compiler *compiler, unsigned chain)
{
    const struct clause *clause = policy_clause(compiler->policy, chain);
    if (compiler->emitter.too_large || compiler->depth >= DEPTH_MAX) {
        compiler->emitter.too_large = true;
        return verdict_target(SECCOMP_RET_KILL_PROCESS);
    }
    if (clause->condition == TABLE_NONE)
        return clause_target(compiler, clause);
    compiler->depth++;
    unsigned values, alike = count_alike(compiler->policy, chain, &values);
    unsigned taken = alike > 1 ? alike : 1, rest = chain;
    for (unsigned i = 0; i < taken; i++)
        rest = policy_clause(compiler->policy, rest)->next;
    struct target otherwise = compile_chain(compiler, rest), target = otherwise;
    for (unsigned i = 0, at = chain; i < taken; i++, at = policy_clause(compiler->policy, at)->next)
        target = clause_target(compiler, policy_clause(compiler->policy, at));
    compiler->depth--;
    size_t kept = compiler->emitter.scratch_used;
    const struct test_compiler tests = {compiler->policy, &compiler->emitter};
    target = alike > 1 ? compile_alike(compiler, chain, alike, values, otherwise)
                       : compile_condition(&tests, clause->condition, target, otherwise);
    compiler->emitter.scratch_used = kept;
    return target;
}

static struct goal row_goal(const struct compiler *compiler, unsigned row, bool native)
{
    const struct policy *policy = compiler->policy;
    unsigned chain = policy->chain[row];
    uint32_t verdict;
    bool constant = policy_chain_is_constant(policy, chain, &verdict);
    verdict = filter_verdict(policy, compiler->mode, verdict);
    if (row == CALL_execve && native && compiler->token != NULL && !(constant && verdict == SECCOMP_RET_ALLOW))
        return (struct goal){GOAL_EXECVE, chain};
    if (row == CALL_seccomp && compiler->mode != FILTER_ENFORCE)
        return (struct goal){GOAL_SECCOMP, chain};
    return constant ? (struct goal){GOAL_VERDICT, verdict} : (struct goal){GOAL_CHAIN, chain};
}

static struct goal alias_goal(const struct compiler *compiler, const struct alias *alias)
{
    const struct policy *policy = compiler->policy;
    uint32_t refusal = SECCOMP_RET_ERRNO | alias->refusal;
    if (alias->row != TABLE_NONE) {
        struct goal goal = row_goal(compiler, alias->row, false);
        if (!alias->rearranged || goal.kind == GOAL_VERDICT)
            return goal;
        refusal = SECCOMP_RET_ERRNO | policy_table.words.rows[alias->row].errno_value;
    }
    return (struct goal){GOAL_VERDICT, filter_verdict(policy, compiler->mode, refusal)};
}

static struct goal unknown_goal(const struct compiler *compiler)
{
    return (struct goal){GOAL_VERDICT, compiler->policy->unknown};
}

static unsigned add_aliases(const struct compiler *compiler, struct range *ranges, unsigned count,
                            enum table_abi abi, uint32_t base)
{
    uint32_t expected = base;
    for (unsigned i = 0; i < policy_table.alias_count[abi]; i++) {
        const struct alias *alias = &policy_table.aliases[abi][i];
        if (base + alias->number > expected)
            count = add_range(ranges, count, expected, unknown_goal(compiler));
        count = add_range(ranges, count, base + alias->number, alias_goal(compiler, alias));
        expected = base + alias->number + 1;
    }
    return add_range(ranges, count, expected, unknown_goal(compiler));
}

static unsigned add_native(const struct compiler *compiler, struct range *ranges)
{
    enum policy_arch arch = compiler->policy->subject.arch;
    unsigned count = 0;
    for (unsigned number = 0; number < policy_table.number_count[arch]; number++) {
        unsigned row = policy_table.row_of_number[arch][number];
        count = add_range(ranges, count, number,
                          row == TABLE_NONE ? unknown_goal(compiler) : row_goal(compiler, row, true));
    }
    return add_range(ranges, count, policy_table.number_count[arch], unknown_goal(compiler));
}

/* All that one architecture's audit number stands for: loads the number and searches it. */
static struct target compile_numbers(struct compiler *compiler, bool native)
{
    static const struct goal killed = {GOAL_VERDICT, SECCOMP_RET_KILL_PROCESS};
    static const struct goal skipped = {GOAL_VERDICT, SECCOMP_RET_ERRNO | ENOSYS};
    size_t kept = compiler->emitter.scratch_used;
    struct range *ranges = scratch_take(&compiler->emitter, NUMBER_RANGES_MAX, sizeof *ranges);
    unsigned count = native ? add_native(compiler, ranges) : add_aliases(compiler, ranges, 0, ABI_X86, 0);
    if (native && (compiler->policy->abis & 1u << ABI_X32) != 0) {
        count = add_aliases(compiler, ranges, count, ABI_X32, FIRST_X32);
        count = add_range(ranges, count, LAST_X32 + 1, killed);
    } else {
        count = add_range(ranges, count, FIRST_X32, killed);
    }
    count = add_range(ranges, count, SKIPPED, skipped);
    compiler->emitter.scratch_used = kept + count * sizeof *ranges; /* the rest of the room is free again */
    const struct search search = {&compiler->emitter, resolve, compiler};
    struct target found = search_ranges(&search, ranges, count);
    compiler->emitter.scratch_used = kept;
    return emit_load(&compiler->emitter, offsetof(struct seccomp_data, nr), UINT32_MAX, found);
}

static void compile(struct compiler *compiler)
{
    struct target foreign = verdict_target(SECCOMP_RET_KILL_PROCESS);
    if ((compiler->policy->abis & 1u << ABI_X86) != 0)
        foreign = emit_jump(&compiler->emitter, BPF_JEQ, AUDIT_ARCH_I386, compile_numbers(compiler, false), foreign);
    uint32_t arch = compiler->policy->subject.arch == POLICY_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
    struct target native = compile_numbers(compiler, true);
    emit_load(&compiler->emitter, offsetof(struct seccomp_data, arch), UINT32_MAX,
              emit_jump(&compiler->emitter, BPF_JEQ, arch, native, foreign));
}

int filter_compile_mode(const struct policy *policy, const struct exec_token *token, enum filter_mode mode,
                        struct filter *filter, struct error *error)
{
    struct workspace *space = malloc(sizeof *space);
    struct compiler compiler = {.policy = policy, .token = token, .mode = mode,
                                .emitter = {.space = space, .at = BPF_MAXINSNS}};
    compiler.blocks = calloc(policy_table.clause_count + policy->clause_count, sizeof *compiler.blocks);
    *filter = (struct filter){.code = NULL};
    if (space != NULL && compiler.blocks != NULL)
        compile(&compiler);
    free(compiler.blocks);
    if (space == NULL || compiler.blocks == NULL || compiler.emitter.too_large) {
        free(space);
        return compiler.emitter.too_large
                   ? error_set(error, "cannot make the filter: more than %d instructions (use fewer rules)",
                               BPF_MAXINSNS)
                   : error_set(error, "cannot make the filter: %s", strerror(ENOMEM));
    }
    filter->length = (uint16_t)(BPF_MAXINSNS - compiler.emitter.at);
    filter->code = memmove(space, space->code + compiler.emitter.at, filter->length * sizeof *filter->code);
    return 0;
}

int filter_compile(const struct policy *policy, const struct exec_token *token, struct filter *filter,
                   struct error *error)
{
    return filter_compile_mode(policy, token, FILTER_ENFORCE, filter, error);
}

void filter_free(struct filter *filter)
{
    free(filter->code);
    *filter = (struct filter){.code = NULL};
}
