/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter can tell apart: the values at which one of its comparisons changes its answer, call by call. They are
 * found by following all ways through the program, so they are those of any filter, whoever made it. */
#include <stdlib.h>
#include <string.h>

#include "policy/bpf.h"
#include "profile/profile.h"

enum { WORDS = 12, WORD_VALUES_MAX = 400, ARGUMENT_VALUES_MAX = 2048, COMBINATIONS_MAX = 20000, STEPS_MAX = 400000 };
#define FIRST_ARGUMENT ((unsigned)offsetof(struct seccomp_data, args))

/* What the accumulator holds. */
enum holding { HOLDS_NUMBER, HOLDS_WORD, HOLDS_OTHER };

struct state {
    uint8_t holding, word;
    uint32_t value; /* the number; the mask of a word */
};

struct values {
    uint32_t list[WORD_VALUES_MAX];
    unsigned count;
};

struct edges {
    uint32_t arch;
    int number;
    struct values words[WORDS]; /* low and high word of each argument */
    struct {
        bool seen;
        struct state state;
    } visited[BPF_MAXINSNS];
    unsigned steps;
};

static void add(struct values *values, uint32_t value)
{
    for (unsigned i = 0; i < values->count; i++)
        if (values->list[i] == value)
            return;
    if (values->count < WORD_VALUES_MAX)
        values->list[values->count++] = value;
}

static void compared(struct edges *edges, const struct state *state, const struct sock_filter *instruction)
{
    struct values *values = &edges->words[state->word];
    uint32_t mask = state->value, k = instruction->k;
    if (BPF_OP(instruction->code) == BPF_JSET)
        mask &= k, k = 0;
    add(values, 0);
    add(values, k);
    if (BPF_OP(instruction->code) != BPF_JSET) {
        add(values, k - 1);
        add(values, k + 1);
    }
    if (mask == UINT32_MAX) {
        add(values, UINT32_MAX);
        return;
    }
    add(values, k | ~mask); /* what the mask hides */
    bool few = __builtin_popcount(mask) <= 16;
    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t flag = UINT32_C(1) << bit;
        bool outer = (mask & flag) != 0 && ((mask & (flag - 1)) == 0 || (mask & ~(flag | (flag - 1))) == 0);
        if ((mask & flag) != 0 && (few || outer))
            add(values, k ^ flag);
    }
}

static void follow(struct edges *edges, const struct filter *filter, unsigned at, struct state state)
{
    for (; at < filter->length && edges->steps < STEPS_MAX; at++) {
        const struct sock_filter *instruction = &filter->code[at];
        edges->steps++;
        if (edges->visited[at].seen && memcmp(&edges->visited[at].state, &state, sizeof state) == 0)
            return;
        edges->visited[at].seen = true;
        edges->visited[at].state = state;
        switch (BPF_CLASS(instruction->code)) {
        case BPF_RET:
            return;
        case BPF_LD: {
            unsigned k = instruction->k;
            struct state next = {.holding = HOLDS_OTHER};
            if (k == offsetof(struct seccomp_data, nr) || k == offsetof(struct seccomp_data, arch))
                next = (struct state){.holding = HOLDS_NUMBER, .value = k == 0 ? (uint32_t)edges->number : edges->arch};
            else if (k >= FIRST_ARGUMENT)
                next = (struct state){
                    .holding = HOLDS_WORD, .word = (uint8_t)((k - FIRST_ARGUMENT) / 4), .value = UINT32_MAX};
            state = next;
            break;
        }
        case BPF_ALU:
            if (BPF_OP(instruction->code) == BPF_AND && BPF_SRC(instruction->code) == BPF_K)
                state.value &= instruction->k;
            else
                state = (struct state){.holding = HOLDS_OTHER};
            break;
        case BPF_JMP:
            if (BPF_OP(instruction->code) == BPF_JA) {
                at += instruction->k;
            } else if (state.holding == HOLDS_NUMBER) {
                uint32_t a = state.value, k = instruction->k;
                unsigned operation = BPF_OP(instruction->code);
                bool holds = operation == BPF_JEQ ? a == k : operation == BPF_JGE ? a >= k
                                                         : operation == BPF_JGT ? a > k : (a & k) != 0;
                at += holds ? instruction->jt : instruction->jf;
            } else {
                if (state.holding == HOLDS_WORD)
                    compared(edges, &state, instruction);
                follow(edges, filter, at + 1 + instruction->jt, state);
                at += instruction->jf;
            }
            break;
        default:
            break;
        }
    }
}

/* The values of an argument: its words in all combinations. */
static unsigned combine(const struct edges *edges, unsigned argument, uint64_t *list)
{
    struct values low = edges->words[2 * argument], high = edges->words[2 * argument + 1];
    unsigned count = 0;
    if (low.count + high.count > 0) { /* what lies in the half that is not looked at must not matter */
        add(&low, 0);
        add(&high, 0);
        add(&high, 1);
        add(&high, UINT32_MAX);
    } else {
        add(&low, 0);
        add(&high, 0);
    }
    for (unsigned i = 0; i < high.count; i++)
        for (unsigned j = 0; j < low.count && count < ARGUMENT_VALUES_MAX; j++)
            list[count++] = (uint64_t)high.list[i] << 32 | low.list[j];
    return count;
}

static void visit_all(const struct edges *edges, edge_visit *visit, void *context)
{
    static _Thread_local uint64_t lists[6][ARGUMENT_VALUES_MAX];
    unsigned counts[6];
    uint64_t product = 1, random = 88172645463325252u;
    for (unsigned i = 0; i < 6; i++) {
        counts[i] = combine(edges, i, lists[i]);
        product = product > COMBINATIONS_MAX ? product : product * counts[i];
    }
    bool sample = product > COMBINATIONS_MAX;
    for (uint64_t turn = 0; turn < (sample ? COMBINATIONS_MAX : product); turn++) {
        struct seccomp_data data = {.nr = edges->number, .arch = edges->arch};
        uint64_t rest = turn;
        for (unsigned i = 0; i < 6; i++) {
            if (sample) { /* xorshift: the same sample each time */
                random ^= random << 13, random ^= random >> 7, random ^= random << 17;
                rest = random >> 11;
            }
            data.args[i] = lists[i][rest % counts[i]];
            rest /= counts[i];
        }
        if (!visit(context, &data))
            return;
    }
}

void edges_visit(const struct filter *const *filters, size_t count, uint32_t arch, int number, edge_visit *visit,
                 void *context)
{
    static _Thread_local struct edges edges;
    edges.arch = arch;
    edges.number = number;
    for (unsigned i = 0; i < WORDS; i++)
        edges.words[i].count = 0;
    for (size_t i = 0; i < count; i++) {
        memset(edges.visited, 0, filters[i]->length * sizeof *edges.visited);
        edges.steps = 0;
        follow(&edges, filters[i], 0, (struct state){.holding = HOLDS_OTHER});
    }
    visit_all(&edges, visit, context);
}

struct comparison {
    const struct filter *a, *b;
    struct seccomp_data where;
    bool same;
};

static bool compare(void *context, const struct seccomp_data *data)
{
    struct comparison *comparison = context;
    comparison->same = bpf_run(comparison->a->code, data, NULL) == bpf_run(comparison->b->code, data, NULL);
    comparison->where = *data;
    return comparison->same;
}

bool profile_same_row(const struct filter *a, const struct filter *b, enum policy_arch arch, unsigned row,
                      struct seccomp_data *where)
{
    int number = profile_row(row)->number[arch];
    if (a->length == b->length && memcmp(a->code, b->code, a->length * sizeof *a->code) == 0)
        return true;
    struct comparison comparison = {.a = a, .b = b, .same = true};
    const struct filter *both[] = {a, b};
    if (number < 0)
        return true;
    edges_visit(both, 2, profile_audit_arch(arch), number, compare, &comparison);
    if (!comparison.same && where != NULL)
        *where = comparison.where;
    return comparison.same;
}

struct gathering {
    const struct filter *filter;
    uint32_t *verdicts;
    size_t count;
};

static bool gather(void *context, const struct seccomp_data *data)
{
    struct gathering *gathering = context;
    uint32_t verdict = bpf_run(gathering->filter->code, data, NULL);
    for (size_t i = 0; i < gathering->count; i++)
        if (gathering->verdicts[i] == verdict)
            return true;
    gathering->verdicts[gathering->count++] = verdict;
    return gathering->count < ROW_VERDICTS_MAX;
}

size_t profile_row_verdicts(const struct filter *filter, enum policy_arch arch, unsigned row,
                            uint32_t verdicts[ROW_VERDICTS_MAX])
{
    struct gathering gathering = {filter, verdicts, 0};
    int number = profile_row(row)->number[arch];
    if (number >= 0)
        edges_visit(&filter, 1, profile_audit_arch(arch), number, gather, &gathering);
    return gathering.count;
}
