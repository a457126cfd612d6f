/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where SECCOMP_RET_LOG goes on this machine: --log and --audit say it, because a log that nobody writes is
 * no audit. */
#ifndef SBX_POLICY_KERNEL_LOG_H
#define SBX_POLICY_KERNEL_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "tell/words.h"

enum kernel_log_carrier { KERNEL_LOG_NOBODY, KERNEL_LOG_KERNEL, KERNEL_LOG_AUDITD };

struct kernel_log {
    enum kernel_log_carrier carrier;
    char why[256]; /* of KERNEL_LOG_NOBODY: what is missing, and the remedy in parentheses */
};

/* Looks below `root` ("" for this machine; tests make their own). Never fails: what cannot be read is not there. */
void kernel_log_find(const char *root, struct kernel_log *log);

/* One line: who carries the log and how to read it, or that nobody does and why. */
void kernel_log_describe(const struct kernel_log *log, char *line, size_t size);

#endif
