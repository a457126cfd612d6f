/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/stats.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 63.9M: three digits and the unit of 1024. */
static const char *in_words(uint64_t bytes, char text[16])
{
    static const char units[] = "BKMGTPE";
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit < sizeof units - 2; unit++)
        value /= 1024;
    snprintf(text, 16, unit == 0 || value >= 100 ? "%.0f%c" : "%.1f%c", value, units[unit]);
    return text;
}

static bool reached(uint64_t hits)
{
    return hits != UINT64_MAX && hits > 0;
}

void stats_tell_hits(const struct plan *plan, const struct stats *stats)
{
    char limit[16];
    const struct limits_usage *usage = &stats->usage;
    if (!usage->known)
        return;
    if (reached(usage->oom_kills))
        say("the memory limit of %s was reached: %" PRIu64 " process%s killed (--memory raises it)",
            in_words(plan->limits.memory, limit), usage->oom_kills, usage->oom_kills == 1 ? " was" : "es were");
    if (reached(usage->pids_hits))
        say("the limit of %" PRIu64 " processes was reached: %" PRIu64 " could not be started (--pids raises it)",
            plan->limits.pids, usage->pids_hits);
}

static void set_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, value == UINT64_MAX ? json_null() : json_integer((json_int_t)value));
}

static void print_json(const struct plan *plan, const struct stats *stats)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(plan->name));
    json_object_set_new(object, "limits", json_string(plan->limits.how));
    set_number(object, "elapsed_ms", stats->elapsed_ms);
    set_number(object, "cpu_us", stats->cpu_us);
    set_number(object, "memory_peak", stats->usage.memory_peak);
    set_number(object, "memory_limit", plan->limits.memory);
    set_number(object, "oom_kills", stats->usage.oom_kills);
    set_number(object, "largest_process_rss", stats->largest_rss);
    set_number(object, "processes_peak", stats->usage.pids_peak);
    set_number(object, "processes_limit", plan->limits.pids);
    set_number(object, "processes_limit_hits", stats->usage.pids_hits);
    set_number(object, "calls_refused", stats->listened ? stats->refused : UINT64_MAX);
    char *text = json_dumps(object, JSON_COMPACT);
    if (text != NULL)
        fprintf(stderr, "%s\n", text);
    free(text);
    json_decref(object);
}

static void print_row(const char *what, const char *used, const char *limit)
{
    fprintf(stderr, "  %-24s %12s %12s\n", what, used, limit);
}

static void print_amount(const char *what, uint64_t used, uint64_t limit, bool bytes)
{
    char texts[2][24];
    const uint64_t values[2] = { used, limit };
    for (size_t i = 0; i < 2; i++) {
        char words[16];
        if (values[i] == UINT64_MAX)
            snprintf(texts[i], sizeof texts[i], "%s", i == 0 ? "not known" : "none");
        else if (bytes)
            snprintf(texts[i], sizeof texts[i], "%s", in_words(values[i], words));
        else
            snprintf(texts[i], sizeof texts[i], "%" PRIu64, values[i]);
    }
    print_row(what, texts[0], texts[1]);
}

static void print_seconds(const char *what, double seconds)
{
    char text[32];
    snprintf(text, sizeof text, "%.3fs", seconds);
    print_row(what, text, "");
}

static void print_table(const struct plan *plan, const struct stats *stats)
{
    const struct limits_usage *usage = &stats->usage;
    fprintf(stderr, "sbx-run: %s (limits: %s)\n", plan->name, plan->limits.how);
    print_row("", "used", "limit");
    print_seconds("time", (double)stats->elapsed_ms / 1000);
    print_seconds("CPU time", (double)stats->cpu_us / 1000000);
    print_amount("memory, peak", usage->memory_peak, plan->limits.memory, true);
    print_amount("largest process", stats->largest_rss, UINT64_MAX, true);
    print_amount("processes, peak", usage->pids_peak, plan->limits.pids, false);
    print_amount("killed for memory", usage->oom_kills, UINT64_MAX, false);
    print_amount("starts over the limit", usage->pids_hits, UINT64_MAX, false);
    if (stats->listened)
        print_amount("calls refused", stats->refused, UINT64_MAX, false);
}

void stats_print(const struct plan *plan, const struct stats *stats)
{
    if (plan->stats == STATS_JSON)
        print_json(plan, stats);
    else if (plan->stats == STATS_TABLE)
        print_table(plan, stats);
}
