/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter's answers to one call as cubes: sets of calls in which some bits of the arguments are given and the others
 * are free. That is what SCMP_CMP_MASKED_EQ can say, so every filter can be said in it. */
#include "profile/profile.h"

#define STEPS_MAX 3000000

struct walk {
    const struct filter *filter;
    uint32_t arch;
    int number;
    struct cube *cubes;
    size_t count, room;
    unsigned long steps;
    bool full;
};

/* The word of an argument under a mask, or a number. */
struct accumulator {
    bool is_word;
    unsigned argument, shift;
    uint32_t mask, number;
};

/* What the known bits of the word say of the comparison: 1, 0, or -1 where they say nothing. */
static int decide(unsigned operation, uint32_t mask, uint32_t known, uint32_t value, uint32_t k)
{
    uint32_t least = value & mask & known, most = least | (mask & ~known);
    switch (operation) {
    case BPF_JEQ:
        return ((least ^ k) & (known | ~mask)) != 0 ? 0 : least == most ? 1 : -1;
    case BPF_JGE:
        return least >= k ? 1 : most < k ? 0 : -1;
    case BPF_JGT:
        return least > k ? 1 : most <= k ? 0 : -1;
    default:
        return (least & k) != 0 ? 1 : (most & k) == 0 ? 0 : -1;
    }
}

static bool same_but(const struct cube *a, const struct cube *b, unsigned argument, uint64_t bit)
{
    if (a->verdict != b->verdict)
        return false;
    for (unsigned i = 0; i < 6; i++) {
        uint64_t ignored = i == argument ? bit : 0;
        if (a->mask[i] != b->mask[i] || ((a->value[i] ^ b->value[i]) & ~ignored) != 0)
            return false;
    }
    return true;
}

/* Two halves that are alike are one whole. */
static void merge(struct walk *walk, size_t first, size_t second, unsigned argument, uint64_t bit)
{
    if (second - first != walk->count - second)
        return;
    for (size_t i = 0; i < second - first; i++)
        if (!same_but(&walk->cubes[first + i], &walk->cubes[second + i], argument, bit))
            return;
    for (size_t i = first; i < second; i++) {
        walk->cubes[i].mask[argument] &= ~bit;
        walk->cubes[i].value[argument] &= ~bit;
    }
    walk->count = second;
}

static void go(struct walk *walk, unsigned at, struct accumulator a, struct cube cube);

/* The highest bit that the comparison needs to know is taken as 0, then as 1. */
static void split(struct walk *walk, unsigned at, struct accumulator a, struct cube cube, uint32_t mask)
{
    uint32_t unknown = mask & ~(uint32_t)(cube.mask[a.argument] >> a.shift);
    uint64_t bit = (UINT64_C(1) << (31 - __builtin_clz(unknown))) << a.shift;
    size_t first = walk->count;
    cube.mask[a.argument] |= bit;
    go(walk, at, a, cube);
    size_t second = walk->count;
    cube.value[a.argument] |= bit;
    go(walk, at, a, cube);
    if (!walk->full)
        merge(walk, first, second, a.argument, bit);
}

static struct accumulator load(const struct walk *walk, unsigned offset)
{
    unsigned first = (unsigned)offsetof(struct seccomp_data, args);
    if (offset < first)
        return (struct accumulator){.number = offset == 0 ? (uint32_t)walk->number : offset == 4 ? walk->arch : 0};
    return (struct accumulator){.is_word = true, .argument = (offset - first) / 8, .shift = (offset & 4) != 0 ? 32 : 0,
                                .mask = UINT32_MAX};
}

static void go(struct walk *walk, unsigned at, struct accumulator a, struct cube cube)
{
    for (; at < walk->filter->length && !walk->full; at++) {
        walk->full = ++walk->steps > STEPS_MAX; /* halves that merge again can be many */
        const struct sock_filter *instruction = &walk->filter->code[at];
        unsigned operation = BPF_OP(instruction->code);
        switch (BPF_CLASS(instruction->code)) {
        case BPF_RET:
            cube.verdict = instruction->k;
            walk->full |= walk->count == walk->room;
            if (!walk->full)
                walk->cubes[walk->count++] = cube;
            return;
        case BPF_LD:
            a = load(walk, instruction->k);
            break;
        case BPF_ALU: /* AND is all that filters of seccomp(2) here use */
            a.mask &= instruction->k;
            a.number &= instruction->k;
            break;
        default: {
            if (operation == BPF_JA) {
                at += instruction->k;
                break;
            }
            uint32_t known = a.is_word ? (uint32_t)(cube.mask[a.argument] >> a.shift) : UINT32_MAX;
            uint32_t value = a.is_word ? (uint32_t)(cube.value[a.argument] >> a.shift) : a.number;
            uint32_t mask = a.is_word ? a.mask : UINT32_MAX;
            int holds = decide(operation, mask, known, value, instruction->k);
            if (holds < 0) {
                split(walk, at, a, cube, operation == BPF_JSET ? mask & instruction->k : mask);
                return;
            }
            at += holds != 0 ? instruction->jt : instruction->jf;
        }
        }
    }
}

int profile_cubes(const struct filter *filter, enum policy_arch arch, unsigned row, struct cube *cubes, size_t room)
{
    struct walk walk = {.filter = filter, .arch = profile_audit_arch(arch), .number = profile_row(row)->number[arch],
                        .cubes = cubes, .room = room};
    if (walk.number < 0)
        return 0;
    go(&walk, 0, (struct accumulator){.number = 0}, (struct cube){.verdict = 0});
    return walk.full ? -1 : (int)walk.count;
}
