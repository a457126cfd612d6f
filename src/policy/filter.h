/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiler: a settled policy becomes a classic BPF program for seccomp(2). */
#ifndef SBX_POLICY_FILTER_H
#define SBX_POLICY_FILTER_H

#include <linux/filter.h>
#include <stdint.h>

#include "policy/policy.h"

struct filter {
    struct sock_filter *code; /* owned: filter_free() */
    uint16_t length;          /* instructions, at most BPF_MAXINSNS */
};

/* The launcher's own execve under a policy that refuses execve: it passes 192 random bits in the three
 * arguments that execve(2) does not use (3, 4, 5); the filter lets exactly that call through. */
struct exec_token {
    uint64_t word[3];
};

/* 0, or -1 with the error. token: NULL where execve is not refused. */
int filter_compile(const struct policy *policy, const struct exec_token *token, struct filter *filter,
                   struct error *error);
void filter_free(struct filter *filter);

/* The same program with other returns. Answers of ENOSYS, unknown numbers and foreign ABIs stay as they are:
 * the caller has another way. A program that notifies answers EBUSY to who wants a listener of his own. */
enum filter_mode {
    FILTER_ENFORCE, /* what the policy says; with POLICY_AUDIT every refusal is allowed and logged */
    FILTER_EXPLAIN, /* refusals with an errno notify the supervisor */
    FILTER_LEARN,   /* all refusals do, with POLICY_AUDIT too */
};
int filter_compile_mode(const struct policy *policy, const struct exec_token *token, enum filter_mode mode,
                        struct filter *filter, struct error *error);

/* What becomes of a row's verdict (SECCOMP_RET_* and data) in a mode. */
uint32_t filter_verdict(const struct policy *policy, enum filter_mode mode, uint32_t verdict);

#endif
