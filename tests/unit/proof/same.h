/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two filters answer alike for every call there is: both are run together on sets of values instead of
 * on values. For each 32-bit word of a call the set starts as all values that the comparisons of either program
 * can tell apart, and is split at each comparison. */
#ifndef PROOF_SAME_H
#define PROOF_SAME_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>

/* 1: alike; 0: not, `where` is a call that they answer differently; -1: an instruction that is not followed. */
int same_filters(const struct sock_filter *one, const struct sock_filter *other, struct seccomp_data *where);

#endif
