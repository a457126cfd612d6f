/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run took of its limits (--stats), and which limit was reached. */
#ifndef SBX_TELL_STATS_H
#define SBX_TELL_STATS_H

#include "confine/limits.h"
#include "plan/plan.h"

struct stats {
    struct limits_usage usage; /* of the group, read before it goes */
    uint64_t elapsed_ms;
    uint64_t cpu_us;           /* of all that was waited for */
    uint64_t largest_rss;      /* bytes: of the largest single process */
    uint64_t refused;          /* calls that the filter refused, where somebody listened */
    bool listened;
};

/* Which limit was reached and what raises it: a line each, whatever --stats says. */
void stats_tell_hits(const struct plan *plan, const struct stats *stats);

/* A table, or a line of JSON, on standard error, as the plan says. */
void stats_print(const struct plan *plan, const struct stats *stats);

#endif
