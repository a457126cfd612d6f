/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "same.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = sizeof(struct seccomp_data) / 4, VALUES_MAX = 8192, FACTS_MAX = 4096 };

/* A comparison that one of the programs makes of a word. */
struct fact {
    unsigned word;
    uint32_t mask, k;
    unsigned operation;
};

/* What the accumulator holds. */
struct accumulator {
    unsigned word;
    uint32_t mask;
};

typedef uint64_t set[VALUES_MAX / 64];

static struct fact facts[FACTS_MAX];
static unsigned fact_count;
static uint32_t values[WORDS][VALUES_MAX];
static unsigned value_count[WORDS];
static const struct sock_filter *second;
static struct seccomp_data *difference;
static bool unknown_instruction;

/* ---- which values can be told apart ---- */

static unsigned char (*visited)[WORDS * 64]; /* by instruction: accumulators seen there */
static struct accumulator seen_accumulators[WORDS * 64];
static unsigned seen_count;

static unsigned number_of(struct accumulator accumulator)
{
    for (unsigned i = 0; i < seen_count; i++)
        if (seen_accumulators[i].word == accumulator.word && seen_accumulators[i].mask == accumulator.mask)
            return i;
    if (seen_count == WORDS * 64) {
        unknown_instruction = true;
        return 0;
    }
    seen_accumulators[seen_count] = accumulator;
    return seen_count++;
}

static void collect(const struct sock_filter *code, unsigned at, struct accumulator accumulator)
{
    for (;; at++) {
        const struct sock_filter *instruction = &code[at];
        unsigned number = number_of(accumulator);
        if (visited[at][number] != 0 || unknown_instruction)
            return;
        visited[at][number] = 1;
        if (instruction->code == (BPF_LD | BPF_W | BPF_ABS)) {
            accumulator = (struct accumulator){instruction->k / 4, UINT32_MAX};
        } else if (instruction->code == (BPF_ALU | BPF_AND | BPF_K)) {
            accumulator.mask &= instruction->k;
        } else if (instruction->code == (BPF_JMP | BPF_JA)) {
            at += instruction->k;
        } else if (BPF_CLASS(instruction->code) == BPF_JMP && BPF_SRC(instruction->code) == BPF_K) {
            if (fact_count < FACTS_MAX)
                facts[fact_count++] = (struct fact){accumulator.word, accumulator.mask, instruction->k,
                                                    BPF_OP(instruction->code)};
            collect(code, at + 1 + instruction->jt, accumulator);
            at += instruction->jf;
        } else {
            unknown_instruction |= instruction->code != (BPF_RET | BPF_K);
            return;
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void tidy(unsigned word)
{
    unsigned kept = 0;
    qsort(values[word], value_count[word], sizeof **values, compare);
    for (unsigned i = 0; i < value_count[word]; i++)
        if (i == 0 || values[word][i] != values[word][i - 1])
            values[word][kept++] = values[word][i];
    value_count[word] = kept;
}

static void add_value(unsigned word, uint32_t value)
{
    if (value_count[word] == VALUES_MAX)
        tidy(word);
    if (value_count[word] < VALUES_MAX)
        values[word][value_count[word]++] = value;
    else
        unknown_instruction = true; /* too many to be followed */
}

/* Values on both sides of the comparison, made from a value by changing what it looks at. */
static void add_sides(const struct fact *fact, uint32_t value)
{
    uint32_t rest = value & ~fact->mask;
    if (fact->operation == BPF_JSET) {
        uint32_t bits = fact->k & fact->mask;
        add_value(fact->word, value & ~bits);
        for (uint32_t left = bits; left != 0; left &= left - 1)
            add_value(fact->word, (value & ~bits) | (left & -left));
        return;
    }
    for (uint32_t near = fact->k - 1; near != fact->k + 2; near++)
        if ((near & ~fact->mask) == 0)
            add_value(fact->word, rest | near);
}

static void make_values(void)
{
    for (unsigned word = 0; word < WORDS; word++) {
        value_count[word] = 0;
        add_value(word, 0);
        add_value(word, UINT32_MAX);
    }
    for (unsigned i = 0; i < fact_count; i++)
        add_sides(&facts[i], 0);
    for (unsigned word = 0; word < WORDS; word++)
        tidy(word);
    /* comparisons under a mask: each value on both sides of each of them, twice for two masks at once */
    for (unsigned round = 0; round < 2; round++) {
        unsigned before[WORDS];
        memcpy(before, value_count, sizeof before);
        for (unsigned i = 0; i < fact_count; i++) {
            const struct fact *fact = &facts[i];
            if (fact->mask == UINT32_MAX && fact->operation != BPF_JSET)
                continue;
            for (unsigned value = 0; value < before[fact->word] && !unknown_instruction; value++)
                add_sides(fact, values[fact->word][value]);
        }
        for (unsigned word = 0; word < WORDS; word++)
            tidy(word);
    }
}

/* ---- both programs on sets ---- */

static bool holds(uint32_t value, const struct sock_filter *instruction)
{
    switch (BPF_OP(instruction->code)) {
    case BPF_JEQ: return value == instruction->k;
    case BPF_JGE: return value >= instruction->k;
    case BPF_JGT: return value > instruction->k;
    default: return (value & instruction->k) != 0;
    }
}

static void describe(const set *sets)
{
    uint32_t words[WORDS];
    for (unsigned word = 0; word < WORDS; word++)
        for (unsigned i = value_count[word]; i-- > 0;)
            if ((sets[word][i / 64] >> i % 64 & 1) != 0)
                words[word] = values[word][i];
    memcpy(difference, words, sizeof words);
}

/* Follows one program; at its end the other one, for the calls that came there. */
static bool follow(const struct sock_filter *code, unsigned at, struct accumulator accumulator, set *sets,
                   bool has_first, uint32_t first)
{
    for (;; at++) {
        const struct sock_filter *instruction = &code[at];
        if (instruction->code == (BPF_RET | BPF_K)) {
            if (!has_first)
                return follow(second, 0, (struct accumulator){0, 0}, sets, true, instruction->k);
            if (instruction->k != first)
                describe(sets);
            return instruction->k == first;
        }
        if (instruction->code == (BPF_LD | BPF_W | BPF_ABS)) {
            accumulator = (struct accumulator){instruction->k / 4, UINT32_MAX};
            continue;
        }
        if (BPF_CLASS(instruction->code) == BPF_ALU) {
            accumulator.mask &= instruction->k;
            continue;
        }
        if (BPF_OP(instruction->code) == BPF_JA) {
            at += instruction->k;
            continue;
        }
        set whole, yes, no;
        unsigned word = accumulator.word, parts = (value_count[word] + 63) / 64;
        bool any_yes = false, any_no = false;
        memset(yes, 0, sizeof yes);
        memset(no, 0, sizeof no);
        memcpy(whole, sets[word], sizeof whole);
        for (unsigned i = 0; i < parts; i++)
            for (uint64_t left = whole[i]; left != 0; left &= left - 1) {
                unsigned bit = (unsigned)__builtin_ctzll(left);
                bool yes_here = holds(values[word][64 * i + bit] & accumulator.mask, instruction);
                (yes_here ? yes : no)[i] |= UINT64_C(1) << bit;
                any_yes |= yes_here;
                any_no |= !yes_here;
            }
        if (any_yes && any_no) {
            memcpy(sets[word], yes, sizeof yes);
            if (!follow(code, at + 1 + instruction->jt, accumulator, sets, has_first, first))
                return false;
            memcpy(sets[word], no, sizeof no);
            bool same = follow(code, at + 1 + instruction->jf, accumulator, sets, has_first, first);
            memcpy(sets[word], whole, sizeof whole);
            return same;
        }
        at += any_yes ? instruction->jt : instruction->jf;
    }
}

int same_filters(const struct sock_filter *one, const struct sock_filter *other, struct seccomp_data *where)
{
    static set sets[WORDS];
    fact_count = seen_count = 0;
    unknown_instruction = false;
    for (unsigned program = 0; program < 2; program++) {
        visited = calloc(BPF_MAXINSNS, sizeof *visited);
        collect(program == 0 ? one : other, 0, (struct accumulator){0, 0});
        free(visited);
    }
    if (fact_count == FACTS_MAX)
        unknown_instruction = true;
    make_values();
    if (unknown_instruction)
        return -1;
    memset(sets, 0, sizeof sets);
    for (unsigned word = 0; word < WORDS; word++)
        for (unsigned i = 0; i < value_count[word]; i++)
            sets[word][i / 64] |= UINT64_C(1) << i % 64;
    second = other;
    difference = where;
    return follow(one, 0, (struct accumulator){0, 0}, sets, false, 0) ? 1 : 0;
}
