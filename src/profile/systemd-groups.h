/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The @groups of systemd's SystemCallFilter=. */
#ifndef SBX_PROFILE_SYSTEMD_GROUPS_H
#define SBX_PROFILE_SYSTEMD_GROUPS_H

#include <stddef.h>

struct systemd_group {
    const char *name;  /* with the @ */
    const char *words; /* calls and groups, a blank between them */
};

extern const struct systemd_group systemd_groups[];
extern const size_t systemd_group_count;

#endif
