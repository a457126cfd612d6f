/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpreter: what a filter answers to one call. It takes every program that seccomp(2) takes, also those
 * that others have made. */
#ifndef SBX_POLICY_BPF_H
#define SBX_POLICY_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether seccomp(2) would take the program: known instructions, every jump and load inside, a return at the
 * end (net/core/filter.c: bpf_check_classic; kernel/seccomp.c: seccomp_check_filter). */
bool bpf_check(const struct sock_filter *code, size_t length);

/* The verdict (SECCOMP_RET_* with its data) of a program that bpf_check() took. steps: instructions executed,
 * added to what stands there; NULL when nobody asks. */
uint32_t bpf_run(const struct sock_filter *code, const struct seccomp_data *data, uint64_t *steps);

#endif
