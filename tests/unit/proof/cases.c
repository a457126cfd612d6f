/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cases.h"

#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const uint32_t arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM,
                                  AUDIT_ARCH_ARMEB, AUDIT_ARCH_MIPS64, AUDIT_ARCH_S390X, 0, UINT32_MAX,
                                  AUDIT_ARCH_X86_64 ^ 1, AUDIT_ARCH_X86_64 ^ 0x80000000u, AUDIT_ARCH_AARCH64 ^ 1};

/* splitmix64 */
uint64_t chance_next(struct chance *chance)
{
    uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned chance_below(struct chance *chance, unsigned bound)
{
    return (unsigned)((chance_next(chance) >> 32) * bound >> 32);
}

/* ---- pools ---- */

static void add(struct pool *pool, uint64_t value)
{
    if ((pool->count & (pool->count + 1)) == 0 || pool->count == 0)
        pool->values = reallocarray(pool->values, 2 * pool->count + 2, sizeof value);
    pool->values[pool->count++] = value;
}

static void add_around(struct pool *pool, uint64_t value, uint64_t mask)
{
    const uint64_t around[] = {value, value + 1, value - 1, value | UINT64_C(1) << 32, value | ~mask,
                               value | UINT64_C(0xffffffff00000000), value | 0x10000, ~value & mask, value << 32};
    for (size_t i = 0; i < LENGTH(around); i++)
        add(pool, around[i]);
    for (unsigned bit = 0; bit < 64; bit++)
        if ((mask >> bit & 1) != 0)
            add(pool, value ^ UINT64_C(1) << bit);
}

static void add_expression(struct pools *pools, unsigned row, const struct expression *at)
{
    const struct judge_policy *policy = pools->policy;
    if (at == NULL)
        return;
    add_expression(pools, row, at->left);
    add_expression(pools, row, at->right);
    if (at->kind == IS_OR || at->kind == IS_AND || at->kind == IS_NOT)
        return;
    struct pool *pool = &pools->pools[row][at->argument];
    if (at->count > 0 && pools->listed_count[row] < 64)
        pools->listed[row][pools->listed_count[row]++] = at;
    if (at->kind != IS_MEMBER)
        add_around(pool, at->bound, at->mask);
    for (unsigned i = 0; i < at->count; i++)
        add_around(pool, at->values[i], at->mask);
    add_around(pool, policy->subject.uid, at->own_uid ? at->mask : 1);
    add_around(pool, policy->subject.gid, at->own_gid ? at->mask : 1);
    add(pool, at->mask);
    add(pool, ~at->mask);
    add(pool, 0);
    add(pool, UINT64_MAX);
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static void tidy(struct pool *pool)
{
    unsigned kept = 0;
    if (pool->count == 0)
        return;
    qsort(pool->values, pool->count, sizeof *pool->values, compare);
    for (unsigned i = 0; i < pool->count; i++)
        if (i == 0 || pool->values[i] != pool->values[i - 1])
            pool->values[kept++] = pool->values[i];
    pool->count = kept;
}

void pools_make(const struct judge_policy *policy, struct pools *pools)
{
    const struct judge *judge = policy->judge;
    unsigned arch = policy->subject.arch;
    memset(pools, 0, sizeof *pools);
    pools->policy = policy;
    for (unsigned row = 0; row < judge->row_count; row++) {
        struct pool *of_row = pools->pools[row];
        const struct judge_row *at = &judge->rows[row];
        add_expression(pools, row, at->condition[arch]);
        for (unsigned i = 0; i < at->exception_count; i++)
            add_expression(pools, row, at->exceptions[i].when[arch]);
        for (unsigned i = 0; i < policy->rows[row].count; i++)
            add_expression(pools, row, policy->rows[row].layers[i].when);
        for (unsigned i = 0; i < judge->part_count; i++)
            if (judge->parts[i].row == row)
                add_expression(pools, row, judge->parts[i].when[arch]);
        if (policy->mode != JUDGE_ENFORCE && strcmp(at->name, "seccomp") == 0)
            add_around(&of_row[1], SECCOMP_FILTER_FLAG_NEW_LISTENER, UINT32_MAX);
        if (policy->has_token && strcmp(at->name, "execve") == 0)
            for (unsigned i = 0; i < 3; i++)
                for (unsigned copies = 0; copies < 70; copies++) /* often enough to be met three times */
                    add(&of_row[3 + i], policy->token[i]);
        unsigned values = 0;
        for (unsigned i = 0; i < 6; i++) {
            values += of_row[i].count;
            if (!(policy->has_token && strcmp(at->name, "execve") == 0))
                tidy(&of_row[i]);
        }
        if (values > 0)
            pools->conditional[pools->conditional_count++] = row;
    }
}

void pools_clear(struct pools *pools)
{
    for (unsigned row = 0; row < JUDGE_ROWS_MAX; row++)
        for (unsigned i = 0; i < 6; i++)
            free(pools->pools[row][i].values);
    memset(pools, 0, sizeof *pools);
}

/* ---- cases ---- */

static uint64_t any_value(struct chance *chance)
{
    uint64_t value = chance_next(chance);
    switch (chance_below(chance, 6)) {
    case 0: return value;
    case 1: return value & UINT32_MAX;
    case 2: return value & 0xff;
    case 3: return UINT64_C(1) << (value & 63);
    case 4: return UINT64_MAX - (value & 0xf);
    default: return 0;
    }
}

/* A value that one of the row's comparisons names; each comparison is as likely as one with a long list. */
static uint64_t listed_value(const struct pools *pools, unsigned row, struct chance *chance)
{
    unsigned count = pools->listed_count[row];
    if (count == 0)
        return any_value(chance);
    const struct expression *at = pools->listed[row][chance_below(chance, count)];
    return at->values[chance_below(chance, at->count)];
}

static uint64_t pool_value(const struct pools *pools, unsigned row, unsigned argument, struct chance *chance)
{
    const struct pool *pool = &pools->pools[row][argument];
    if (pool->count == 0)
        return chance_below(chance, 3) == 0 ? listed_value(pools, row, chance) : any_value(chance);
    uint64_t value = pool->values[chance_below(chance, pool->count)];
    switch (chance_below(chance, 16)) {
    case 0: return value ^ UINT64_C(1) << chance_below(chance, 64);
    case 1: return value | chance_next(chance) << 32;
    case 2: return value | 0x80800; /* SOCK_CLOEXEC | SOCK_NONBLOCK */
    case 3: return pool->values[chance_below(chance, pool->count)] | value;
    case 4: return any_value(chance);
    case 5: case 6: case 7: case 8: return listed_value(pools, row, chance);
    default: return value;
    }
}

static uint32_t own_arch(const struct judge_policy *policy)
{
    return policy->subject.arch == JUDGE_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
}

static void fill_arguments(const struct pools *pools, struct chance *chance, int row, struct seccomp_data *data)
{
    for (unsigned i = 0; i < 6; i++)
        data->args[i] = row < 0 ? any_value(chance) : pool_value(pools, (unsigned)row, i, chance);
    data->instruction_pointer = chance_next(chance);
}

/* A call of a row, sometimes by its number in another ABI. */
static void call_row(const struct pools *pools, struct chance *chance, unsigned row, struct seccomp_data *data)
{
    const struct judge_policy *policy = pools->policy;
    data->arch = own_arch(policy);
    data->nr = policy->judge->rows[row].number[policy->subject.arch];
    unsigned other = chance_below(chance, 3);
    if ((policy->x86 && other == 0) || (policy->x32 && other == 1)) {
        const struct judge_alias *aliases = other == 0 ? policy->judge->x86 : policy->judge->x32;
        unsigned start = chance_below(chance, JUDGE_NUMBERS);
        for (unsigned i = 0; i < JUDGE_NUMBERS; i++) {
            unsigned number = (start + i) % JUDGE_NUMBERS;
            if (aliases[number].row != (int)row)
                continue;
            data->nr = (int)(number | (other == 0 ? 0 : 0x40000000u));
            data->arch = other == 0 ? AUDIT_ARCH_I386 : data->arch;
            break;
        }
    }
    fill_arguments(pools, chance, (int)row, data);
}

void case_random(const struct pools *pools, struct chance *chance, struct seccomp_data *data)
{
    unsigned kind = chance_below(chance, 16);
    if (kind < 11 && pools->conditional_count > 0) {
        call_row(pools, chance, pools->conditional[chance_below(chance, pools->conditional_count)], data);
        return;
    }
    if (kind < 14) {
        call_row(pools, chance, chance_below(chance, pools->policy->judge->row_count), data);
        return;
    }
    data->arch = kind == 14 ? own_arch(pools->policy) : arches[chance_below(chance, LENGTH(arches))];
    uint64_t value = chance_next(chance);
    data->nr = (int)(value % 3 == 0 ? value >> 32 : value % 3 == 1 ? value >> 54
                                                                   : (value >> 54) | 0x40000000u);
    fill_arguments(pools, chance, -1, data);
}

static void numbers_all(const struct pools *pools, struct chance *chance, case_taker ask, void *context)
{
    static const uint32_t bases[] = {0, 0x40000000, 0x3ffffc00, 0x7ffffc00, 0x80000000, 0xfffffc00, 0xbffffe00,
                                     0xc0000000, 0x10000, 0x0f0000, 0x1000};
    for (size_t arch = 0; arch < LENGTH(arches); arch++)
        for (size_t base = 0; base < LENGTH(bases); base++)
            for (unsigned number = 0; number < 1024; number++)
                for (unsigned pattern = 0; pattern < 3; pattern++) {
                    struct seccomp_data data = {.arch = arches[arch], .nr = (int)(bases[base] + number)};
                    if (pattern == 1)
                        memset(data.args, 0xff, sizeof data.args);
                    if (pattern == 2)
                        fill_arguments(pools, chance, judge_row_of(pools->policy, &data), &data);
                    ask(&data, context);
                    if (arch > 2 && pattern == 0 && number > 8)
                        break;
                }
}

/* A value of one argument with each listed value of another one. */
static void pairs_all(const struct pools *pools, struct chance *chance, unsigned row, unsigned argument,
                      uint64_t value, case_taker ask, void *context)
{
    for (unsigned i = 0; i < pools->listed_count[row]; i++) {
        const struct expression *other = pools->listed[row][i];
        for (unsigned listed = 0; other->argument != argument && listed < other->count; listed++) {
            struct seccomp_data data;
            call_row(pools, chance, row, &data);
            data.args[argument] = value;
            data.args[other->argument] = other->values[listed];
            ask(&data, context);
        }
    }
}

void cases_all(const struct pools *pools, struct chance *chance, unsigned rounds, case_taker ask, void *context)
{
    numbers_all(pools, chance, ask, context);
    for (unsigned i = 0; i < pools->conditional_count; i++) {
        unsigned row = pools->conditional[i];
        for (unsigned argument = 0; argument < 6; argument++)
            for (unsigned value = 0; value < pools->pools[row][argument].count; value++) {
                uint64_t asked = pools->pools[row][argument].values[value];
                for (unsigned round = 0; round < rounds; round++) {
                    struct seccomp_data data;
                    call_row(pools, chance, row, &data);
                    data.args[argument] = asked;
                    ask(&data, context);
                }
                pairs_all(pools, chance, row, argument, asked, ask, context);
            }
    }
}
