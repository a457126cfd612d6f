/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mutants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/bpf.h"
#include "policy/table.h"
#include "same.h"
#include "subject.h"

/* A policy that is mutated, with its cases and the answers of the judge. */
struct recorded {
    struct setup setup;
    struct filter filter;
    struct seccomp_data *data;
    uint32_t *verdict;
    unsigned count, room;
    const struct judge_policy *policy;
};

static struct recorded all[] = {
    {.setup = {.subject = {JUDGE_X86_64, 1000, 1000, 0}}},
    {.setup = {.subject = {JUDGE_AARCH64, 1000, 1000, 0}}},
    {.setup = {.subject = {JUDGE_X86_64, 0, 0, UINT64_C(1) << 25}}}, /* CAP_SYS_TIME */
    {.setup = {.subject = {JUDGE_X86_64, 1000, 1000, 0}, .option_count = 2,
               .options = {{"allow", "net.netlink,net.raw,file.device"}, {"deny", "system,ptrace"}}}},
};

enum { RECORDED = sizeof all / sizeof *all };

static void record(const struct seccomp_data *data, void *context)
{
    struct recorded *to = context;
    if (to->count == to->room) {
        to->room = to->room == 0 ? 1 << 16 : 2 * to->room;
        to->data = reallocarray(to->data, to->room, sizeof *to->data);
        to->verdict = reallocarray(to->verdict, to->room, sizeof *to->verdict);
    }
    to->data[to->count] = *data;
    to->verdict[to->count++] = judge_verdict(to->policy, data);
}

static void record_all(const struct judge *judge, struct chance *chance)
{
    static struct judge_policy policy;
    static struct pools pools;
    struct error error;
    for (unsigned i = 0; i < RECORDED; i++) {
        if (subject_build(&all[i].setup, &all[i].filter, &error) != 0 ||
            subject_judge(judge, &all[i].setup, &policy) < 0)
            abort();
        all[i].policy = &policy;
        pools_make(&policy, &pools);
        cases_all(&pools, chance, 3, record, &all[i]);
        for (unsigned more = 0; more < 100000; more++) {
            struct seccomp_data data;
            case_random(&pools, chance, &data);
            record(&data, &all[i]);
        }
        pools_clear(&pools);
        judge_policy_clear(&policy);
    }
}

static bool noticed(const struct recorded *recorded, const struct sock_filter *code)
{
    for (unsigned i = 0; i < recorded->count; i++)
        if (bpf_run(code, &recorded->data[i], NULL) != recorded->verdict[i])
            return true;
    return false;
}

static void tell(const char *what, const struct recorded *recorded, const struct sock_filter *mutant,
                 const struct seccomp_data *where)
{
    fprintf(stderr, "mutant not noticed: %s: call %d arch 0x%x (0x%llx, 0x%llx, 0x%llx): 0x%08x, not 0x%08x, with\n",
            what, where->nr, where->arch, (unsigned long long)where->args[0], (unsigned long long)where->args[1],
            (unsigned long long)where->args[2], bpf_run(mutant, where, NULL),
            bpf_run(recorded->filter.code, where, NULL));
    setup_print(&recorded->setup);
}

/* ---- one instruction ---- */

static uint32_t other_number(uint32_t number, struct chance *chance)
{
    switch (chance_below(chance, 4)) {
    case 0: return number + 1;
    case 1: return number - 1;
    case 2: return number ^ UINT32_C(1) << chance_below(chance, 32);
    default: return (uint32_t)chance_next(chance);
    }
}

static void change_instruction(struct sock_filter *instruction, struct chance *chance)
{
    static const uint16_t jumps[] = {BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET};
    unsigned kind = chance_below(chance, 5);
    if (BPF_CLASS(instruction->code) != BPF_JMP || kind < 2)
        instruction->k = BPF_CLASS(instruction->code) == BPF_LD ? 4 * chance_below(chance, 16)
                                                                 : other_number(instruction->k, chance);
    else if (kind == 2)
        instruction->jt = (uint8_t)(chance_below(chance, 2) == 0 ? instruction->jf : instruction->jt + 1);
    else if (kind == 3)
        instruction->jf = (uint8_t)(chance_below(chance, 2) == 0 ? instruction->jt : instruction->jf + 1);
    else if (BPF_OP(instruction->code) != BPF_JA)
        instruction->code = BPF_JMP | jumps[chance_below(chance, 4)] | BPF_K;
}

static void try_instruction(struct chance *chance, struct mutant_count *count)
{
    const struct recorded *recorded = &all[chance_below(chance, RECORDED)];
    static struct sock_filter mutant[BPF_MAXINSNS];
    unsigned length = recorded->filter.length, at = chance_below(chance, length);
    memcpy(mutant, recorded->filter.code, length * sizeof *mutant);
    change_instruction(&mutant[at], chance);
    if (memcmp(&mutant[at], &recorded->filter.code[at], sizeof *mutant) == 0 || !bpf_check(mutant, length))
        return;
    if (noticed(recorded, mutant)) {
        count->instructions++;
        return;
    }
    struct seccomp_data where;
    if (same_filters(recorded->filter.code, mutant, &where) == 1) {
        count->alike++;
        return;
    }
    count->missed++;
    char what[64];
    snprintf(what, sizeof what, "instruction %u", at);
    tell(what, recorded, mutant, &where);
}

/* ---- one field of the table ---- */

/* The table is constant to the program; for the while of a mutant it is not. */
static void open_table(const void *begin, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)begin & ~(page - 1);
    if (mprotect((void *)first, (uintptr_t)begin + size - first, PROT_READ | PROT_WRITE) != 0)
        abort();
}

struct change {
    void *place;
    size_t size;
    char before[8], what[64];
};

static void prepare(struct change *change, const void *place, size_t size, const char *what, unsigned number)
{
    change->place = (void *)(uintptr_t)place;
    change->size = size;
    memcpy(change->before, place, size);
    snprintf(change->what, sizeof change->what, "%s %u", what, number);
}

/* Changes one field; `change` says how to take it back. */
static void change_table(struct chance *chance, struct change *change)
{
    unsigned row = chance_below(chance, policy_table.words.row_count);
    unsigned arch = chance_below(chance, TABLE_ARCHES), clause = chance_below(chance, policy_table.clause_count);
    unsigned test = chance_below(chance, policy_table.test_count);
    unsigned value = chance_below(chance, policy_table.value_count);
    unsigned number = chance_below(chance, policy_table.number_count[arch]);
    const struct row *at = &policy_table.words.rows[row];
    const struct test *compared = &policy_table.tests[test];
    uint64_t bit = UINT64_C(1) << chance_below(chance, 64);
    switch (chance_below(chance, 9)) {
    case 0:
        prepare(change, &policy_table.row_of_number[arch][number], 2, "row of number", number);
        *(uint16_t *)change->place = (uint16_t)(chance_below(chance, 3) == 0 ? TABLE_NONE : row);
        break;
    case 1:
        prepare(change, &at->arch[arch].standing, 2, "verdict of row", row);
        *(uint16_t *)change->place = (uint16_t)clause;
        break;
    case 2:
        prepare(change, &at->kind, 1, "kind of row", row);
        *(uint8_t *)change->place = (uint8_t)chance_below(chance, 5);
        break;
    case 3:
        prepare(change, &policy_table.clauses[clause].verdict, 4, "verdict of clause", clause);
        *(uint32_t *)change->place ^= 1u << chance_below(chance, 7);
        break;
    case 4:
        prepare(change, &compared->mask, 8, "mask of test", test);
        *(uint64_t *)change->place ^= bit;
        break;
    case 5:
        prepare(change, &policy_table.values[value], 8, "value", value);
        *(uint64_t *)change->place = (uint32_t)policy_table.values[value] + (bit & 1) * 2 - 1;
        break;
    case 6:
        prepare(change, &compared->argument, 1, "argument of test", test);
        *(uint8_t *)change->place = (uint8_t)chance_below(chance, 6);
        break;
    case 7:
        prepare(change, &compared->when_true, 1, "outcome of test", test);
        *(uint8_t *)change->place = compared->when_false;
        break;
    default:
        prepare(change, &compared->own, 1, "own id of test", test);
        *(uint8_t *)change->place = (uint8_t)chance_below(chance, 3);
        break;
    }
}

/* A table that is out of order is none: make-table never writes one, so the program does not look for it. */
static bool in_order(void)
{
    for (unsigned i = 0; i < policy_table.test_count; i++) {
        const struct test *test = &policy_table.tests[i];
        const uint64_t *values = &policy_table.values[test->first_value];
        for (unsigned value = 0; value < test->value_count; value++)
            if ((value > 0 && values[value] <= values[value - 1]) || (values[value] & ~test->mask) != 0)
                return false;
    }
    return true;
}

static void try_row(struct chance *chance, struct mutant_count *count)
{
    struct change change;
    change_table(chance, &change);
    bool seen = false, different = false;
    if (memcmp(change.place, change.before, change.size) != 0 && in_order()) {
        for (unsigned i = 0; i < RECORDED && !seen; i++) {
            struct filter mutant;
            struct error error;
            struct seccomp_data where;
            if (subject_build(&all[i].setup, &mutant, &error) != 0)
                continue;
            seen = noticed(&all[i], mutant.code);
            if (!seen && same_filters(all[i].filter.code, mutant.code, &where) != 1) {
                different = true;
                tell(change.what, &all[i], mutant.code, &where);
            }
            filter_free(&mutant);
        }
        count->rows += seen;
        count->missed += !seen && different;
        count->alike += !seen && !different;
    }
    memcpy(change.place, change.before, change.size);
}

struct mutant_count mutants_try(const struct judge *judge, uint64_t seed, unsigned wanted)
{
    struct mutant_count count = {0};
    struct chance chance = {seed};
    record_all(judge, &chance);
    const struct policy_table *table = &policy_table;
    open_table(table->words.rows, table->words.row_count * sizeof *table->words.rows);
    open_table(table->tests, table->test_count * sizeof *table->tests);
    open_table(table->values, table->value_count * sizeof *table->values);
    open_table(table->clauses, table->clause_count * sizeof *table->clauses);
    for (unsigned arch = 0; arch < TABLE_ARCHES; arch++)
        open_table(table->row_of_number[arch], table->number_count[arch] * sizeof **table->row_of_number);
    while (count.instructions < wanted * 4 / 5 && count.missed < 10)
        try_instruction(&chance, &count);
    while (count.rows + count.instructions < wanted && count.missed < 10)
        try_row(&chance, &count);
    for (unsigned i = 0; i < RECORDED; i++) {
        free(all[i].data);
        free(all[i].verdict);
        filter_free(&all[i].filter);
    }
    return count;
}
