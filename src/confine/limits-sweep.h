/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of our groups, and how a group is emptied and removed. */
#ifndef SBX_CONFINE_LIMITS_SWEEP_H
#define SBX_CONFINE_LIMITS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tell/words.h"

/* Names are sbx-NAME-PID-STARTTIME-SPACE. PID and STARTTIME (field 22 of /proc/PID/stat, in clock ticks) are the
 * supervisor's; SPACE tells the pid and time namespaces that both numbers were read in: from another one nothing can
 * be said about them. */
struct group_owner {
    pid_t pid;
    uint64_t start_time;
    uint64_t space;
};

/* The name for a group of this process. `label` is the sandbox's name; what is not [A-Za-z0-9_.] becomes `_`, and
 * what is over 64 bytes is cut. 0, or -1 with the error. */
int group_name(char *name, size_t size, const char *label, struct error *error);

/* Whether it is exactly such a name, or one of a scope (.scope behind it), and whose. */
bool group_name_parse(const char *name, struct group_owner *owner);

/* Kills all in the group and in groups below it until none is left, for at most `milliseconds`; then removes the
 * groups below and, unless `keep`, the group itself. Only what is below that directory is touched, links are not
 * followed. 0 (also when there is no such group), or -1 with the error. */
int group_end(const char *directory, bool keep, unsigned milliseconds, struct error *error);

/* Ends the groups in that directory whose owner is gone, as limits_sweep says. */
void group_sweep(const char *directory);

#endif
