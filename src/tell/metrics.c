/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKED "seccomp_blocked_syscalls_total"

/* A label's value may be any UTF-8: backslash, quote and newline are escaped, and what is no UTF-8 goes as \xNN. */
static void put_label(FILE *stream, const char *text)
{
    for (size_t length = strlen(text), at = 0, size; at < length; at += size) {
        uint32_t code;
        size = words_character(text + at, length - at, &code);
        if (size == 0)
            fprintf(stream, "\\\\x%02x", (unsigned char)text[at]);
        else if (code == '\n')
            fputs("\\n", stream);
        else
            fprintf(stream, "%s%.*s", code == '\\' || code == '"' ? "\\" : "", (int)size, text + at);
        size += size == 0;
    }
}

static void put_head(FILE *stream, const char *name, const char *type, const char *help)
{
    fprintf(stream, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_blocked(FILE *stream, const struct report *report, const char *call, const char *category,
                        uint64_t count)
{
    fputs(BLOCKED "{syscall=\"", stream);
    put_label(stream, call);
    fputs("\",sandbox_id=\"", stream);
    put_label(stream, report->id);
    fputs("\",category=\"", stream);
    put_label(stream, category);
    fprintf(stream, "\"} %" PRIu64 "\n", count);
}

static const char *category_of(const struct refusal *refusal)
{
    return refusal->remedy.category != NULL ? refusal->remedy.category : "unknown";
}

/* The kinds of one call are one line: a line must not come twice. */
static void put_blocked_calls(FILE *stream, const struct report *report)
{
    uint64_t listed = 0;
    for (size_t i = 0; i < report->refusal_count; i++) {
        char name[64], other[64];
        bool seen = false;
        uint64_t count = 0;
        report_call_name(&report->refusals[i], name, sizeof name);
        for (size_t j = 0; j < report->refusal_count; j++) {
            report_call_name(&report->refusals[j], other, sizeof other);
            if (strcmp(name, other) != 0)
                continue;
            seen = seen || j < i;
            count += report->refusals[j].count;
        }
        if (!seen)
            put_blocked(stream, report, name, category_of(&report->refusals[i]), count);
        listed += report->refusals[i].count;
    }
    if (report->stats->listened && report->stats->refused > listed)
        put_blocked(stream, report, "other", "unknown", report->stats->refused - listed);
}

struct figure {
    const char *name, *type, *help;
    uint64_t value;   /* UINT64_MAX: not known, or no limit: not written */
    unsigned divisor; /* to the unit of the name, which is the base unit */
};

static void put_figure(FILE *stream, const struct report *report, const struct figure *figure)
{
    unsigned digits = figure->divisor == 1000 ? 3 : 6;
    if (figure->value == UINT64_MAX)
        return;
    put_head(stream, figure->name, figure->type, figure->help);
    fprintf(stream, "%s{sandbox_id=\"", figure->name);
    put_label(stream, report->id);
    if (figure->divisor == 1)
        fprintf(stream, "\"} %" PRIu64 "\n", figure->value);
    else
        fprintf(stream, "\"} %" PRIu64 ".%0*" PRIu64 "\n", figure->value / figure->divisor, (int)digits,
                figure->value % figure->divisor);
}

static void put_figures(FILE *stream, const struct report *report)
{
    const struct limits_usage *usage = &report->stats->usage;
    const struct limits_plan *limits = &report->plan->limits;
    const struct stats *stats = report->stats;
    const uint64_t none = UINT64_MAX;
    const struct figure figures[] = {
        { "sbx_processes_limit", "gauge", "Processes and threads that the sandbox may have.",
          limits->off ? none : limits->pids, 1 },
        { "sbx_processes_peak", "gauge", "Most processes and threads at one time.",
          usage->known ? usage->pids_peak : none, 1 },
        { "sbx_processes_limit_hits_total", "counter", "Processes that could not be started for the limit.",
          usage->known ? usage->pids_hits : none, 1 },
        { "sbx_memory_limit_bytes", "gauge", "Memory that the sandbox may have.",
          limits->off ? none : limits->memory, 1 },
        { "sbx_memory_peak_bytes", "gauge", "Most memory at one time.", usage->known ? usage->memory_peak : none, 1 },
        { "sbx_oom_kills_total", "counter", "Processes that were killed for the memory limit.",
          usage->known ? usage->oom_kills : none, 1 },
        { "sbx_swap_limit_bytes", "gauge", "Swap that the sandbox may have.",
          limits->off ? none : limits->swap, 1 },
        { "sbx_cpu_seconds_total", "counter", "CPU time of all that was started.", stats->cpu_us, 1000000 },
        { "sbx_duration_seconds", "gauge", "From the start to the end of the program.", stats->elapsed_ms, 1000 },
        { "sbx_start_time_seconds", "gauge", "When it was started, since the epoch.",
          (uint64_t)report->started.tv_sec * 1000 + (uint64_t)report->started.tv_nsec / 1000000, 1000 },
        { "sbx_exit_status", "gauge", "That sbx-run ended with.", (uint64_t)report->status, 1 },
        { "sbx_timed_out", "gauge", "1 when the time limit ended it.", report->timed_out, 1 },
        { "sbx_refused_calls_known", "gauge", "1 when refused calls were counted.", stats->listened, 1 },
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        put_figure(stream, report, &figures[i]);
}

char *metrics_text(const struct report *report, size_t *length)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, length);
    if (stream == NULL)
        return NULL;
    put_head(stream, BLOCKED, "counter", "System calls that the sandbox refused.");
    if (report->plan->learn == NULL) /* else nothing was refused */
        put_blocked_calls(stream, report);
    put_figures(stream, report);
    bool good = !ferror(stream);
    if (fclose(stream) == 0 && good)
        return text;
    free(text);
    return NULL;
}
