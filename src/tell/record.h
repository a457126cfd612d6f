/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run leaves in files: the learned profile, the report, the metrics. */
#ifndef SBX_TELL_RECORD_H
#define SBX_TELL_RECORD_H

#include "tell/learn.h"
#include "tell/report.h"

/* All zero: nothing is open. */
struct record {
    struct learn learn;
    struct output report, metrics;
};

/* Before the start: what cannot be written stops it, and nothing stays open then. 0, or -1 with the error. */
int record_open(struct record *record, const struct plan *plan, struct error *error);

/* After the end, of a start that failed too: that one learns nothing. What cannot be written is told. */
void record_write(struct record *record, const struct report *report, const struct explain *explain);

void record_drop(struct record *record);

#endif
