/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --metrics: the figures of a run in the text format of Prometheus, for node exporter's textfile directory. */
#ifndef SBX_TELL_METRICS_H
#define SBX_TELL_METRICS_H

#include "tell/report.h"

/* The metrics as text of `*length` bytes, for free(3); NULL: out of memory. For report_write(). */
char *metrics_text(const struct report *report, size_t *length);

#endif
