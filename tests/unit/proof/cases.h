/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which calls the proof asks for, and under which options. Everything comes from a seed. */
#ifndef PROOF_CASES_H
#define PROOF_CASES_H

#include "judge.h"

struct chance {
    uint64_t state;
};

uint64_t chance_next(struct chance *chance);
unsigned chance_below(struct chance *chance, unsigned bound);

/* One question: options, for whom, how compiled. */
struct setup {
    struct judge_option options[JUDGE_SETTINGS_MAX];
    unsigned option_count;
    struct judge_subject subject;
    enum judge_mode mode;
    bool token;
};

/* A random set of options; some are refused by sbx-run itself (a comparison that always holds). */
void setup_random(const struct judge *judge, struct chance *chance, struct setup *setup);
void setup_print(const struct setup *setup);

/* The values of each argument of each row that its conditions make interesting: each listed one, its
 * neighbours, each bit of its mask turned, bits set above what the kernel reads. */
struct pools {
    const struct judge_policy *policy;
    struct pool {
        uint64_t *values;
        unsigned count;
    } pools[JUDGE_ROWS_MAX][6];
    const struct expression *listed[JUDGE_ROWS_MAX][64]; /* the comparisons with values */
    unsigned listed_count[JUDGE_ROWS_MAX];
    unsigned conditional[JUDGE_ROWS_MAX], conditional_count; /* rows with a pool */
};

void pools_make(const struct judge_policy *policy, struct pools *pools);
void pools_clear(struct pools *pools);

/* Calls `ask` for every number at the edges under several architectures, for every value of every pool, `rounds`
 * times with other values beside it, and with every listed value of each other argument. */
typedef void (*case_taker)(const struct seccomp_data *data, void *context);
void cases_all(const struct pools *pools, struct chance *chance, unsigned rounds, case_taker ask, void *context);

void case_random(const struct pools *pools, struct chance *chance, struct seccomp_data *data);

#endif
