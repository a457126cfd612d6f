/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a settled policy to classic BPF. Numbers, sorted and merged into ranges, are found by a binary search;
 * arguments are loaded only below it, so that the kernel can work out which calls are always allowed (its
 * bitmap, Linux 5.11, knows loads of number and architecture, jumps, AND and returns, and nothing else).
 *
 * The program is written from its end to its start: every jump leads forward and its target stands already. */
#include "policy/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "policy/settled.h"

#define FIRST_X32 0x40000000u  /* __X32_SYSCALL_BIT; from here on nothing else is a call */
#define LAST_X32 0x7fffffffu
#define SKIPPED UINT32_MAX     /* -1: a tracer has skipped the call */
#define REACH_MAX 250          /* of 255: room for the two instructions that a jump may bring with it */
#define VALUES_MAX (CONDITION_VALUES_MAX + 2) /* and two own ids */
#define RANGES_MAX (2 * VALUES_MAX + 1)
#define NUMBER_RANGES_MAX 2100 /* two per number, native and x32 */
#define DEPTH_MAX 1024
#define LINEAR_RANGES 7        /* up to three single values are compared one after the other */

#define ARGUMENT_OFFSET(argument) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (argument)))

/* Where a jump leads: a verdict, or an instruction that stands already. */
struct target {
    bool returns;
    uint32_t verdict;
    unsigned position;
};

/* What a range of numbers or values leads to. */
enum goal_kind { GOAL_VERDICT, GOAL_CHAIN, GOAL_EXECVE, GOAL_SECCOMP, GOAL_TARGET };

struct goal {
    uint32_t kind;
    uint32_t what; /* verdict, chain or index into the targets */
};

struct range {
    uint32_t start;
    struct goal goal;
};

struct block {
    struct goal goal;
    struct target target;
};

struct compiler {
    const struct policy *policy;
    const struct exec_token *token;
    enum filter_mode mode;
    struct sock_filter *code;
    unsigned at; /* the first instruction that stands */
    unsigned depth;
    bool too_large;
    const struct target *targets; /* of the search that runs, for GOAL_TARGET */
    struct {
        uint32_t verdict;
        unsigned position;
    } returns[32]; /* the nearest return of each verdict */
    unsigned return_count;
    struct block blocks[128]; /* decisions that stand already */
    unsigned block_count;
};

static struct target compile_chain(struct compiler *compiler, unsigned chain);

/* ---- instructions ---- */

static unsigned emit(struct compiler *compiler, unsigned code, uint32_t k, unsigned jt, unsigned jf)
{
    if (compiler->at == 0) {
        compiler->too_large = true;
        return 0;
    }
    compiler->code[--compiler->at] =
        (struct sock_filter){.code = (uint16_t)code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k};
    return compiler->at;
}

static struct target verdict_target(uint32_t verdict)
{
    return (struct target){.returns = true, .verdict = verdict};
}

static struct target code_target(unsigned position)
{
    return (struct target){.position = position};
}

static bool same_target(struct target a, struct target b)
{
    return a.returns == b.returns && (a.returns ? a.verdict == b.verdict : a.position == b.position);
}

/* A return of the verdict that is near enough; a new one when there is none. */
static unsigned reach_return(struct compiler *compiler, uint32_t verdict)
{
    unsigned i = 0;
    while (i < compiler->return_count && compiler->returns[i].verdict != verdict)
        i++;
    if (i < compiler->return_count && compiler->returns[i].position - compiler->at <= REACH_MAX)
        return compiler->returns[i].position;
    unsigned position = emit(compiler, BPF_RET | BPF_K, verdict, 0, 0);
    if (i < sizeof compiler->returns / sizeof *compiler->returns) {
        compiler->returns[i].verdict = verdict;
        compiler->returns[i].position = position;
        if (i == compiler->return_count)
            compiler->return_count++;
    }
    return position;
}

/* The target as the position of an instruction near enough for a conditional jump. */
static unsigned reach(struct compiler *compiler, struct target target)
{
    if (target.returns)
        return reach_return(compiler, target.verdict);
    unsigned distance = target.position - compiler->at;
    return distance <= REACH_MAX ? target.position : emit(compiler, BPF_JMP | BPF_JA, distance, 0, 0);
}

static struct target emit_jump(struct compiler *compiler, unsigned operation, uint32_t k, struct target when_true,
                               struct target when_false)
{
    if (same_target(when_true, when_false))
        return when_true;
    unsigned positions[2];
    positions[0] = reach(compiler, when_true);
    positions[1] = reach(compiler, when_false);
    return code_target(emit(compiler, BPF_JMP | operation | BPF_K, k, positions[0] - compiler->at,
                            positions[1] - compiler->at));
}

/* Loads a word of an argument, under a mask, before the code that looks at it: what stands at the front. */
static struct target emit_load(struct compiler *compiler, unsigned offset, uint32_t mask, struct target code)
{
    if (code.returns || code.position != compiler->at)
        return code; /* nothing looks at it */
    if (mask != UINT32_MAX)
        emit(compiler, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
    return code_target(emit(compiler, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0));
}

/* ---- the search ---- */

/* The program's call of execve(2) may be refused and the launcher's own is not: it carries the token. */
static struct target compile_execve(struct compiler *compiler, struct target otherwise)
{
    struct target allowed = verdict_target(SECCOMP_RET_ALLOW);
    for (unsigned word = 0; word < 3; word++) {
        unsigned offset = ARGUMENT_OFFSET(3 + word);
        uint64_t value = compiler->token->word[word];
        allowed = emit_load(compiler, offset + 4, UINT32_MAX,
                            emit_jump(compiler, BPF_JEQ, (uint32_t)(value >> 32), allowed, otherwise));
        allowed = emit_load(compiler, offset, UINT32_MAX,
                            emit_jump(compiler, BPF_JEQ, (uint32_t)value, allowed, otherwise));
    }
    return allowed;
}

/* No listener beside ours: once the supervisor is dead, the program could make one and answer its own calls. */
static struct target compile_seccomp(struct compiler *compiler, struct target otherwise)
{
    struct target busy = verdict_target(SECCOMP_RET_ERRNO | EBUSY);
    return emit_load(compiler, ARGUMENT_OFFSET(1), UINT32_MAX,
                     emit_jump(compiler, BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, busy, otherwise));
}

static struct target resolve(struct compiler *compiler, struct goal goal)
{
    if (goal.kind == GOAL_VERDICT)
        return verdict_target(goal.what);
    if (goal.kind == GOAL_TARGET)
        return compiler->targets[goal.what];
    for (unsigned i = 0; i < compiler->block_count; i++)
        if (compiler->blocks[i].goal.kind == goal.kind && compiler->blocks[i].goal.what == goal.what)
            return compiler->blocks[i].target;
    struct target target = compile_chain(compiler, goal.what);
    if (goal.kind == GOAL_EXECVE)
        target = compile_execve(compiler, target);
    if (goal.kind == GOAL_SECCOMP)
        target = compile_seccomp(compiler, target);
    if (compiler->block_count < sizeof compiler->blocks / sizeof *compiler->blocks)
        compiler->blocks[compiler->block_count++] = (struct block){goal, target};
    return target;
}

static bool same_goal(struct goal a, struct goal b)
{
    return a.kind == b.kind && a.what == b.what;
}

/* One number between two ranges that lead to the same place: one comparison takes it out. 0: there is none. */
static unsigned find_island(const struct range *ranges, unsigned count)
{
    for (unsigned i = 1; i + 1 < count; i++)
        if (ranges[i + 1].start - ranges[i].start == 1 && same_goal(ranges[i - 1].goal, ranges[i + 1].goal))
            return i;
    return 0;
}

/* The accumulator is compared; it holds a value of the ranges, which are sorted and have no gap between them. */
static struct target search(struct compiler *compiler, const struct range *ranges, unsigned count)
{
    if (count == 1)
        return resolve(compiler, ranges[0].goal);
    unsigned island = count <= LINEAR_RANGES ? find_island(ranges, count) : 0;
    if (island != 0) {
        struct range rest[LINEAR_RANGES];
        memcpy(rest, ranges, island * sizeof *rest);
        memcpy(rest + island, ranges + island + 2, (count - island - 2) * sizeof *rest);
        struct target others = search(compiler, rest, count - 2);
        return emit_jump(compiler, BPF_JEQ, ranges[island].start, resolve(compiler, ranges[island].goal), others);
    }
    unsigned middle = count / 2;
    struct target high = search(compiler, ranges + middle, count - middle);
    struct target low = search(compiler, ranges, middle);
    return emit_jump(compiler, BPF_JGE, ranges[middle].start, high, low);
}

static unsigned add_range(struct range *ranges, unsigned count, uint32_t start, struct goal goal)
{
    if (count > 0 && same_goal(ranges[count - 1].goal, goal))
        return count;
    if (count > 0 && ranges[count - 1].start == start)
        count--;
    ranges[count] = (struct range){start, goal};
    return count + 1;
}

/* ---- conditions ---- */

/* Which of the (sorted) values leads to which target: target 0 is for all others. */
struct choice {
    uint32_t value, target;
};

static struct target search_values(struct compiler *compiler, const struct choice *choices, unsigned count,
                                   const struct target *targets)
{
    struct range ranges[RANGES_MAX];
    unsigned used = add_range(ranges, 0, 0, (struct goal){GOAL_TARGET, 0});
    for (unsigned i = 0; i < count; i++) {
        used = add_range(ranges, used, choices[i].value, (struct goal){GOAL_TARGET, choices[i].target});
        if (choices[i].value != UINT32_MAX && (i + 1 == count || choices[i + 1].value != choices[i].value + 1))
            used = add_range(ranges, used, choices[i].value + 1, (struct goal){GOAL_TARGET, 0});
    }
    const struct target *outer = compiler->targets;
    compiler->targets = targets;
    struct target found = search(compiler, ranges, used);
    compiler->targets = outer;
    return found;
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

/* The values of a test with the own ids among them, sorted. Their count. */
static unsigned gather_values(const struct policy *policy, const struct test *test, uint64_t into[VALUES_MAX])
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
static struct target compile_low_words(struct compiler *compiler, const struct test *test, const uint64_t *values,
                                       unsigned count, struct target when_true, struct target when_false)
{
    struct choice choices[VALUES_MAX];
    const struct target targets[2] = {when_false, when_true};
    for (unsigned i = 0; i < count; i++)
        choices[i] = (struct choice){(uint32_t)values[i], 1};
    if ((uint32_t)test->mask == 0)
        return when_true;
    return emit_load(compiler, ARGUMENT_OFFSET(test->argument), (uint32_t)test->mask,
                     search_values(compiler, choices, count, targets));
}

static struct target compile_in(struct compiler *compiler, const struct test *test, struct target when_true,
                                struct target when_false)
{
    uint64_t values[VALUES_MAX];
    unsigned count = gather_values(compiler->policy, test, values);
    if (count == 0)
        return when_false;
    uint32_t high_mask = (uint32_t)(test->mask >> 32);
    if (high_mask == 0)
        return compile_low_words(compiler, test, values, count, when_true, when_false);
    struct target targets[VALUES_MAX + 1] = {when_false};
    struct choice choices[VALUES_MAX];
    unsigned groups = 0;
    for (unsigned begin = 0, end; begin < count; begin = end) {
        end = begin + 1;
        while (end < count && values[end] >> 32 == values[begin] >> 32)
            end++;
        choices[groups] = (struct choice){(uint32_t)(values[begin] >> 32), groups + 1};
        targets[++groups] =
            compile_low_words(compiler, test, values + begin, end - begin, when_true, when_false);
    }
    return emit_load(compiler, ARGUMENT_OFFSET(test->argument) + 4, high_mask,
                     search_values(compiler, choices, groups, targets));
}

static struct target compile_any_bit(struct compiler *compiler, const struct test *test, struct target when_true,
                                     struct target when_false)
{
    uint32_t low = (uint32_t)test->mask, high = (uint32_t)(test->mask >> 32);
    unsigned offset = ARGUMENT_OFFSET(test->argument);
    struct target target = when_false;
    if (low != 0)
        target = emit_load(compiler, offset, UINT32_MAX,
                           emit_jump(compiler, BPF_JSET, low, when_true, when_false));
    if (high != 0)
        target = emit_load(compiler, offset + 4, UINT32_MAX,
                           emit_jump(compiler, BPF_JSET, high, when_true, target));
    return target;
}

static struct target compile_at_least(struct compiler *compiler, const struct test *test, struct target when_true,
                                      struct target when_false)
{
    uint64_t value = *policy_values(compiler->policy, test->first_value);
    uint32_t high_mask = (uint32_t)(test->mask >> 32);
    unsigned offset = ARGUMENT_OFFSET(test->argument);
    struct target low = emit_load(compiler, offset, (uint32_t)test->mask,
                                  emit_jump(compiler, BPF_JGE, (uint32_t)value, when_true, when_false));
    if (high_mask == 0)
        return low;
    if ((uint32_t)test->mask == 0)
        low = when_true;
    struct target equal = emit_jump(compiler, BPF_JEQ, (uint32_t)(value >> 32), low, when_false);
    return emit_load(compiler, offset + 4, high_mask,
                     emit_jump(compiler, BPF_JGT, (uint32_t)(value >> 32), when_true, equal));
}

static struct target compile_test(struct compiler *compiler, const struct test *test, struct target when_true,
                                  struct target when_false)
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

__attribute__((noinline))
static struct target compile_condition(struct compiler *compiler, unsigned index, struct target when_true,
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

/* ---- decisions ---- */

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
 * Returns how many, 0 or 1: not worth it. */
static unsigned count_alike(const struct policy *policy, unsigned chain)
{
    const struct clause *clause = policy_clause(policy, chain);
    const struct test *first = plain_test(policy, clause);
    unsigned count = 0, values = 0;
    for (const struct test *test = first; test != NULL; test = plain_test(policy, clause)) {
        values += test->value_count + 2u;
        if (test->argument != first->argument || test->mask != first->mask || values > CONDITION_VALUES_MAX)
            break;
        count++;
        clause = policy_clause(policy, clause->next);
    }
    return count;
}

/* Their targets stand already, so that nothing here leads back to compile_chain() with these arrays alive. */
__attribute__((noinline))
static struct target compile_alike(struct compiler *compiler, unsigned chain, unsigned count,
                                   struct target otherwise)
{
    const struct policy *policy = compiler->policy;
    struct target targets[VALUES_MAX] = {otherwise};
    struct choice choices[VALUES_MAX];
    unsigned used = 0, kept = 0;
    const struct test *test = NULL;
    for (unsigned i = 1; i <= count; i++) {
        const struct clause *clause = policy_clause(policy, chain);
        uint64_t values[VALUES_MAX];
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
    return emit_load(compiler, ARGUMENT_OFFSET(test->argument), (uint32_t)test->mask,
                     search_values(compiler, choices, kept, targets));
}

/* The clauses from `chain` on, read from the last to the first. */
static struct target compile_chain(struct compiler *compiler, unsigned chain)
{
    const struct clause *clause = policy_clause(compiler->policy, chain);
    if (compiler->too_large || compiler->depth >= DEPTH_MAX) {
        compiler->too_large = true;
        return verdict_target(SECCOMP_RET_KILL_PROCESS);
    }
    if (clause->condition == TABLE_NONE)
        return clause_target(compiler, clause);
    compiler->depth++;
    unsigned alike = count_alike(compiler->policy, chain);
    unsigned taken = alike > 1 ? alike : 1, rest = chain;
    for (unsigned i = 0; i < taken; i++)
        rest = policy_clause(compiler->policy, rest)->next;
    struct target otherwise = compile_chain(compiler, rest), target = otherwise;
    for (unsigned i = 0, at = chain; i < taken; i++, at = policy_clause(compiler->policy, at)->next)
        target = clause_target(compiler, policy_clause(compiler->policy, at));
    compiler->depth--;
    return alike > 1 ? compile_alike(compiler, chain, alike, otherwise)
                     : compile_condition(compiler, clause->condition, target, otherwise);
}

/* ---- numbers ---- */

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
    struct range ranges[NUMBER_RANGES_MAX];
    unsigned count = native ? add_native(compiler, ranges) : add_aliases(compiler, ranges, 0, ABI_X86, 0);
    if (native && (compiler->policy->abis & 1u << ABI_X32) != 0) {
        count = add_aliases(compiler, ranges, count, ABI_X32, FIRST_X32);
        count = add_range(ranges, count, LAST_X32 + 1, killed);
    } else {
        count = add_range(ranges, count, FIRST_X32, killed);
    }
    count = add_range(ranges, count, SKIPPED, skipped);
    return emit_load(compiler, offsetof(struct seccomp_data, nr), UINT32_MAX, search(compiler, ranges, count));
}

static void compile(struct compiler *compiler)
{
    struct target foreign = verdict_target(SECCOMP_RET_KILL_PROCESS);
    if ((compiler->policy->abis & 1u << ABI_X86) != 0)
        foreign = emit_jump(compiler, BPF_JEQ, AUDIT_ARCH_I386, compile_numbers(compiler, false), foreign);
    uint32_t arch = compiler->policy->subject.arch == POLICY_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
    struct target native = compile_numbers(compiler, true);
    emit_load(compiler, offsetof(struct seccomp_data, arch), UINT32_MAX,
              emit_jump(compiler, BPF_JEQ, arch, native, foreign));
}

int filter_compile_mode(const struct policy *policy, const struct exec_token *token, enum filter_mode mode,
                        struct filter *filter, struct error *error)
{
    *filter = (struct filter){.code = malloc(BPF_MAXINSNS * sizeof *filter->code)};
    if (filter->code == NULL)
        return error_set(error, "cannot make the filter: %s", strerror(errno));
    struct compiler compiler;
    compiler.policy = policy;
    compiler.token = token;
    compiler.mode = mode;
    compiler.code = filter->code;
    compiler.at = BPF_MAXINSNS;
    compiler.depth = compiler.return_count = compiler.block_count = 0;
    compiler.too_large = false;
    compiler.targets = NULL;
    compile(&compiler);
    if (compiler.too_large) {
        filter_free(filter);
        return error_set(error, "cannot make the filter: more than %d instructions (use fewer rules)", BPF_MAXINSNS);
    }
    filter->length = (uint16_t)(BPF_MAXINSNS - compiler.at);
    memmove(filter->code, filter->code + compiler.at, filter->length * sizeof *filter->code);
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
