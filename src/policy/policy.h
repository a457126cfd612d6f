/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy: which system call gets which verdict under the options given.
 *
 * Settings are collected in the order given (a profile before the command line), then settled row by row
 * for one subject (architecture, ids, kept capabilities), then compiled (filter.h). Nothing here asks the
 * machine: the same settings and subject always give the same policy. */
#ifndef SBX_POLICY_POLICY_H
#define SBX_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tell/words.h"

enum policy_arch { POLICY_X86_64, POLICY_AARCH64 };

/* The one that this program is built for. */
#if defined(__aarch64__)
#define POLICY_NATIVE POLICY_AARCH64
#elif defined(__x86_64__)
#define POLICY_NATIVE POLICY_X86_64
#else
#error "the policy knows x86_64 and aarch64"
#endif

/* One setting of the policy: the long options that speak of it. */
enum policy_key {
    POLICY_ALLOW, POLICY_DENY, POLICY_LOG, POLICY_TRAP, POLICY_TRACE, POLICY_KILL, POLICY_KILL_THREAD,
    POLICY_ERRNO,   /* CALL=NAME */
    POLICY_RULE,    /* CALL[: CONDITION] = ACTION[:ERRNO] */
    POLICY_CALLS,   /* default | deny[:ERRNO] | allow */
    POLICY_UNKNOWN, /* ENOSYS | EPERM | kill | log */
    POLICY_ARCHES,  /* native | x86 | x32 */
    POLICY_AUDIT,   /* no value: every refusal but ENOSYS rows, unknown numbers, foreign ABIs is logged */
};

struct policy_settings; /* an ordered list, owned by whom policy_settings_new() gave it */

struct policy_settings *policy_settings_new(void); /* NULL: out of memory */
void policy_settings_free(struct policy_settings *settings);

/* Starts from nothing: every call allowed and no filter at all until the first setting (--profile=none,
 * include = none). Without it the start is calls.tbl as it stands. */
void policy_settings_open(struct policy_settings *settings);

/* Adds one setting; the whole value is checked now. 0, or -1 with the error (nearest right word named). */
int policy_settings_add(struct policy_settings *settings, enum policy_key key, const char *value,
                        struct error *error);

/* For whom the policy is settled. */
struct policy_subject {
    enum policy_arch arch;
    uid_t uid; /* the ids that the program starts with */
    gid_t gid;
    uint64_t kept_capabilities;  /* 1 << CAP_*: --keep-cap */
};

struct policy;

/* Verdict of each row for this subject; NULL with the error. policy_free() takes NULL too. */
struct policy *policy_settle(const struct policy_settings *settings, const struct policy_subject *subject,
                             struct error *error);
void policy_free(struct policy *policy);

bool policy_has_filter(const struct policy *policy); /* false: nothing to install (profile none) */

int policy_find_call(const char *name); /* its row in policy_table (policy/table.h), or -1 */

/* What the launch must know of one call: its name must be one of calls.tbl. */
enum policy_opening { POLICY_REFUSED, POLICY_CONDITIONAL, POLICY_OPEN };
enum policy_opening policy_opening(const struct policy *policy, const char *call);
bool policy_has_default_condition(const struct policy *policy, const char *call); /* mmap's W^X rule in force */

#endif
