/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "plan/plan-print.h"
#include "tell/json-text.h"

void report_make_id(const char *given, const char *name, char id[REPORT_ID_MAX])
{
    unsigned random;
    if (given != NULL)
        snprintf(id, REPORT_ID_MAX, "%s", given);
    else if (getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random)
        snprintf(id, REPORT_ID_MAX, "%.100s-%08x", name, random);
    else /* it does not happen: the kernel has been up for long */
        snprintf(id, REPORT_ID_MAX, "%.100s-00000000", name);
}

static json_t *number(uint64_t value)
{
    if (value == UINT64_MAX) /* not known, or no limit */
        return json_null();
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* ---- protections ---- */

static bool has_limits(const struct plan *plan) { return !plan->limits.off; }
static bool has_capabilities_dropped(const struct plan *plan) { return plan->privileges.dropped; }
static bool has_no_new_privs(const struct plan *plan) { return plan->privileges.no_new_privs; }
static bool has_mdwe(const struct plan *plan) { return plan->privileges.mdwe; }
static bool has_landlock(const struct plan *plan) { return plan->landlock.domain; }
static bool has_scopes(const struct plan *plan) { return plan->landlock.scoped != 0; }
static bool has_sys_guard(const struct plan *plan) { return plan->landlock.guard_sys || plan->sys_read_only; }
static bool has_pid_namespace(const struct plan *plan) { return plan->pid_namespace; }
static bool has_user_namespace(const struct plan *plan) { return plan->user_namespace; }
static bool has_filter(const struct plan *plan) { return plan->filter.length > 0 || plan->needs_exec_token; }
static bool has_time_limit(const struct plan *plan) { return plan->timeout_ms != 0; }
static bool has_end(const struct plan *plan) { return plan->end != END_NONE; }

static const char *by_limits(const struct plan *plan)
{
    return plan->limits.how;
}

static const char *by_bounding(const struct plan *plan)
{
    return plan->privileges.lower_bounding ? "capability sets and bounding set" : "capability sets";
}

static const char *by_sys_guard(const struct plan *plan)
{
    return plan->landlock.guard_sys ? "Landlock" : "a read-only mount";
}

static const char *by_end(const struct plan *plan)
{
    static const char *const ends[] = { "nothing", "the signal scope of a Landlock domain", "its cgroup",
                                        "its pid namespace", "a search for its children" };
    return (size_t)plan->end < sizeof ends / sizeof *ends ? ends[plan->end] : "";
}

/* What can be in force, and by what it is where that is not always the same. The plan has the details. */
static const struct {
    const char *name;
    bool (*in_force)(const struct plan *plan);
    const char *(*by)(const struct plan *plan);
    const char *always_by;
} protections[] = {
    { "limits", has_limits, by_limits, NULL },
    { "capabilities", has_capabilities_dropped, by_bounding, NULL },
    { "no_new_privs", has_no_new_privs, NULL, "prctl(PR_SET_NO_NEW_PRIVS)" },
    { "mdwe", has_mdwe, NULL, "prctl(PR_SET_MDWE)" },
    { "landlock", has_landlock, NULL, "a Landlock domain" },
    { "scopes", has_scopes, NULL, "a Landlock domain" },
    { "sys", has_sys_guard, by_sys_guard, NULL },
    { "pid_namespace", has_pid_namespace, NULL, "clone(CLONE_NEWPID)" },
    { "user_namespace", has_user_namespace, NULL, "unshare(CLONE_NEWUSER)" },
    { "filter", has_filter, NULL, "seccomp" },
    { "time_limit", has_time_limit, NULL, "the supervisor's clock" },
    { "end", has_end, by_end, NULL },
};

static json_t *describe_protections(const struct plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++) {
        bool in_force = protections[i].in_force(plan);
        const char *by = protections[i].by != NULL ? protections[i].by(plan) : protections[i].always_by;
        json_t *entry = json_object();
        json_object_set_new(entry, "name", json_string(protections[i].name));
        json_object_set_new(entry, "in_force", json_boolean(in_force));
        json_object_set_new(entry, "by", in_force ? json_text(by) : json_null());
        json_array_append_new(list, entry);
    }
    return list;
}

/* ---- refused calls ---- */

void report_call_name(const struct refusal *refusal, char *name, size_t size)
{
    if (refusal->remedy.call != NULL)
        snprintf(name, size, "%s", refusal->remedy.call);
    else /* a number in no row: as decode_call() names it */
        snprintf(name, size, "%.*s", (int)strcspn(refusal->text, "("), refusal->text);
}

static const char *action_name(uint32_t verdict)
{
    switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ERRNO:
        return "errno";
    case SECCOMP_RET_KILL_PROCESS:
        return "kill";
    case SECCOMP_RET_KILL_THREAD:
        return "kill-thread";
    case SECCOMP_RET_TRAP:
        return "trap";
    case SECCOMP_RET_TRACE:
        return "trace";
    case SECCOMP_RET_LOG:
        return "log";
    case SECCOMP_RET_ALLOW:
        return "allow";
    default:
        return "unknown";
    }
}

static json_t *describe_refusal(const struct refusal *refusal)
{
    char name[64];
    json_t *object = json_object();
    const struct remedy *remedy = &refusal->remedy;
    bool has_errno = (refusal->verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
    report_call_name(refusal, name, sizeof name);
    json_object_set_new(object, "call", json_text(name));
    json_object_set_new(object, "category", remedy->category != NULL ? json_string(remedy->category) : json_null());
    json_object_set_new(object, "text", json_text(refusal->text));
    json_object_set_new(object, "action", json_string(action_name(refusal->verdict)));
    const char *errno_text = has_errno ? explain_errno_name(refusal->verdict & SECCOMP_RET_DATA) : NULL;
    json_object_set_new(object, "errno", errno_text != NULL ? json_string(errno_text) : json_null());
    json_object_set_new(object, "count", number(refusal->count));
    json_object_set_new(object, "first_from", json_text(refusal->program));
    json_object_set_new(object, "remedy", remedy->option[0] != '\0' ? json_text(remedy->option) : json_null());
    json_object_set_new(object, "danger", remedy->danger != NULL ? json_text(remedy->danger) : json_null());
    return object;
}

static json_t *describe_refused(const struct report *report)
{
    json_t *object = json_object(), *list = json_array();
    uint64_t listed = 0;
    for (size_t i = 0; i < report->refusal_count; i++) {
        listed += report->refusals[i].count;
        json_array_append_new(list, describe_refusal(&report->refusals[i]));
    }
    bool known = report->stats->listened;
    json_object_set_new(object, "known", json_boolean(known));
    json_object_set_new(object, "enforced", json_boolean(report->plan->learn == NULL));
    json_object_set_new(object, "total", number(known ? report->stats->refused : UINT64_MAX));
    json_object_set_new(object, "not_listed", number(known ? report->stats->refused - listed : UINT64_MAX));
    json_object_set_new(object, "calls", list);
    return object;
}

/* ---- limits, end, times ---- */

static json_t *describe_limits(const struct report *report)
{
    const struct limits_plan *limits = &report->plan->limits;
    const struct limits_usage *usage = &report->stats->usage;
    const uint64_t none = UINT64_MAX;
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {
        { "processes_limit", limits->off ? none : limits->pids },
        { "processes_peak", usage->known ? usage->pids_peak : none },
        { "processes_limit_hits", usage->known ? usage->pids_hits : none },
        { "memory_limit", limits->off ? none : limits->memory },
        { "memory_peak", usage->known ? usage->memory_peak : none },
        { "oom_kills", usage->known ? usage->oom_kills : none },
        { "swap_limit", limits->off ? none : limits->swap },
        { "largest_process_rss", report->stats->largest_rss },
        { "time_limit_ms", report->plan->timeout_ms != 0 ? report->plan->timeout_ms : none },
    };
    json_t *object = json_object();
    json_object_set_new(object, "by", json_text(limits->how));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        json_object_set_new(object, figures[i].key, number(figures[i].value));
    return object;
}

static bool reached(uint64_t hits)
{
    return hits != UINT64_MAX && hits > 0;
}

/* What ended it, as far as it can be told: the kernel does not say who sent SIGKILL. */
static const char *ended_by(const struct report *report)
{
    const struct limits_usage *usage = &report->stats->usage;
    if (report->failure != NULL)
        return "start";
    if (report->timed_out)
        return "time limit";
    switch (report->signal) {
    case 0:
        return "itself";
    case SIGSYS:
        return "filter";
    case SIGXCPU:
        return "rlimit cpu";
    case SIGXFSZ:
        return "rlimit fsize";
    case SIGKILL:
        return usage->known && reached(usage->oom_kills) ? "memory limit" : "signal";
    default:
        return "signal";
    }
}

static json_t *describe_exit(const struct report *report)
{
    json_t *object = json_object();
    const char *name = report->signal != 0 ? sigabbrev_np(report->signal) : NULL;
    char text[24] = "";
    if (name != NULL)
        snprintf(text, sizeof text, "SIG%s", name);
    else
        snprintf(text, sizeof text, "%d", report->signal);
    json_object_set_new(object, "status", json_integer(report->status));
    json_object_set_new(object, "signal", report->signal != 0 ? json_string(text) : json_null());
    json_object_set_new(object, "timed_out", json_boolean(report->timed_out));
    json_object_set_new(object, "ended_by", json_string(ended_by(report)));
    json_object_set_new(object, "failure", report->failure != NULL ? json_text(report->failure) : json_null());
    return object;
}

static json_t *describe_times(const struct report *report)
{
    json_t *object = json_object();
    struct tm broken;
    char date[32] = "", text[48];
    if (gmtime_r(&report->started.tv_sec, &broken) != NULL)
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &broken);
    snprintf(text, sizeof text, "%s.%03ldZ", date, report->started.tv_nsec / 1000000);
    json_object_set_new(object, "started", json_string(text));
    json_object_set_new(object, "elapsed_ms", number(report->stats->elapsed_ms));
    json_object_set_new(object, "cpu_us", number(report->stats->cpu_us));
    return object;
}

static json_t *describe_sandbox(const struct report *report)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_text(report->id));
    json_object_set_new(object, "name", json_text(report->plan->name));
    return object;
}

char *report_text(const struct report *report, size_t *length)
{
    json_t *object = json_object();
    json_object_set_new(object, "schema", json_integer(REPORT_SCHEMA));
    json_object_set_new(object, "version", json_string(SBX_VERSION));
    json_object_set_new(object, "sandbox", describe_sandbox(report));
    json_object_set_new(object, "exit", describe_exit(report));
    json_object_set_new(object, "times", describe_times(report));
    json_object_set_new(object, "refused", describe_refused(report));
    json_object_set_new(object, "limits", describe_limits(report));
    json_object_set_new(object, "protections", describe_protections(report->plan));
    json_object_set_new(object, "plan", plan_describe(report->plan));
    char *text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    if (text == NULL)
        return NULL;
    *length = strlen(text);
    char *line = realloc(text, *length + 2);
    if (line == NULL) {
        free(text);
        return NULL;
    }
    line[(*length)++] = '\n';
    line[*length] = '\0';
    return line;
}

int report_write(const struct report *report, char *(*text_of)(const struct report *report, size_t *length),
                 struct output *output, struct error *error)
{
    size_t length;
    char *text = text_of(report, &length);
    if (text == NULL) {
        error_set(error, "cannot write to %s: out of memory (free some)", output->value);
        output_drop(output);
        return -1;
    }
    int result = output_write(output, text, length, error);
    free(text);
    return result;
}
