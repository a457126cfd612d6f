/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second engine: the judge's policy as a filter made by libseccomp. Its rules compare under masks, one
 * disjoint box of arguments each; what no rule takes gets a marker, whose returns are turned into jumps to an
 * epilogue that picks the verdict by number (libseccomp has one default for all calls). */
#ifndef PROOF_ENGINE_H
#define PROOF_ENGINE_H

#include <linux/filter.h>

#include "judge.h"

struct engine_filter {
    struct sock_filter *code; /* to be freed */
    unsigned length, rules;
    double seconds;           /* that libseccomp took */
    bool left_out[JUDGE_NUMBERS]; /* calls with conditions whose names this libseccomp does not know */
};

/* The policy enforced for its own architecture alone. 0; 1 when libseccomp cannot say it (a trap with data, too
 * many boxes or instructions); -1 with a message when it fails. tree: its binary tree instead of its list. */
int engine_build(const struct judge_policy *policy, bool tree, struct engine_filter *filter);

#endif
