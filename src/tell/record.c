/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/record.h"

#include "tell/metrics.h"

int record_open(struct record *record, const struct plan *plan, struct error *error)
{
    *record = (struct record){ 0 };
    if ((plan->learn == NULL || learn_open(&record->learn, plan->learn, error) == 0) &&
        (plan->report == NULL || output_open(&record->report, plan->report, error) == 0) &&
        (plan->metrics == NULL || output_open(&record->metrics, plan->metrics, error) == 0))
        return 0;
    record_drop(record);
    return -1;
}

void record_write(struct record *record, const struct report *report, const struct explain *explain)
{
    struct error error;
    if (report->plan->learn != NULL && report->failure == NULL &&
        learn_write(&record->learn, report->plan, explain, &error) != 0)
        complain(&error);
    if (report->plan->report != NULL && report_write(report, report_text, &record->report, &error) != 0)
        complain(&error);
    if (report->plan->metrics != NULL && report_write(report, metrics_text, &record->metrics, &error) != 0)
        complain(&error);
    record_drop(record);
}

void record_drop(struct record *record)
{
    whole_file_drop(&record->learn.file);
    output_drop(&record->report);
    output_drop(&record->metrics);
}
