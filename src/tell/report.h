/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --report: what was in force, what was refused and how it ended, as JSON. man/sbx-report.5 is the schema. */
#ifndef SBX_TELL_REPORT_H
#define SBX_TELL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "plan/plan.h"
#include "tell/explain.h"
#include "tell/output.h"
#include "tell/stats.h"

/* Raised when a key goes or its meaning changes; not for a new key. */
#define REPORT_SCHEMA 1

#define REPORT_ID_MAX 128

/* One run. Nothing in it is owned. */
struct report {
    const struct plan *plan;
    const char *id;                /* report_make_id() */
    const struct refusal *refusals; /* explain_refusals() after explain_finish(), when its remedies are there */
    size_t refusal_count;
    const struct stats *stats;
    struct timespec started;       /* CLOCK_REALTIME */
    int status;                    /* that sbx-run ends with */
    int signal;                    /* that ended the program, or 0 */
    bool timed_out;
    const char *failure;           /* why nothing was started; NULL: the program was */
};

/* The sandbox in reports and metrics: `given` (--name), which stays the same from run to run; where there is none
 * (NULL) the name and eight random digits. */
void report_make_id(const char *given, const char *name, char id[REPORT_ID_MAX]);

/* The report as text of `*length` bytes, for free(3); NULL: out of memory. */
char *report_text(const struct report *report, size_t *length);

/* Writes what text_of (report_text(), metrics_text()) makes of it, and closes. 0, or -1 with the error. */
int report_write(const struct report *report, char *(*text_of)(const struct report *report, size_t *length),
                 struct output *output, struct error *error);

/* The name of a refused call, as long as `name`: also of those in no row (`syscall_9999`). Used by the metrics too. */
void report_call_name(const struct refusal *refusal, char *name, size_t size);

#endif
