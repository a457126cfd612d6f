/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/syscall-filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/bpf.h"
#include "policy/kernel-log.h"
#include "policy/oci-filter.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static enum filter_mode mode(const struct plan *plan)
{
    return !plan->listen ? FILTER_ENFORCE : plan->learn != NULL ? FILTER_LEARN : FILTER_EXPLAIN;
}

int syscall_filter_settle(const struct options *options, struct plan *plan, struct error *error)
{
    struct policy_subject subject = {
        .arch = POLICY_NATIVE,
        .uid = plan->identity.uid,
        .gid = plan->identity.gid,
        .kept_capabilities = options->kept_capabilities,
    };
    plan->policy = policy_settle(options->policy, &subject, error);
    return plan->policy == NULL ? -1 : 0;
}

/* Whether refused calls are handed to the supervisor, and for what. */
static void settle_explain(const struct options *options, const struct machine *machine, struct plan *plan)
{
    bool automatic = machine->stderr_is_terminal && !options->quiet && !plan->in_place;
    plan->explain = options->explain != EXPLAIN_AUTO ? options->explain : automatic ? EXPLAIN_END : EXPLAIN_OFF;
    plan->report = options->report;
    plan->metrics = options->metrics;
    plan->learn = options->learn;
    bool asked = plan->explain != EXPLAIN_OFF || plan->report != NULL || plan->metrics != NULL || plan->learn != NULL;
    if (asked && plan->in_place)
        plan_problem(plan, "cannot explain, report or learn in place: no supervisor stays to listen (leave --in-place "
                           "out, or have the kernel log them: --log=LIST, --audit)");
    bool wanted = asked && !plan->in_place && (!options->audit || plan->learn != NULL) &&
                  policy_has_filter(plan->policy);
    plan->listen = wanted && machine_can_listen();
    if (plan->listen && plan->learn != NULL)
        plan_notice(plan, "learning: what the filter would refuse is allowed, and written into %s", plan->learn);
    if (wanted && !plan->listen && plan->learn != NULL)
        plan_problem(plan, "cannot listen to refused calls: a filter of an outer sandbox refuses it (learn outside of "
                           "it)");
    else if (wanted && !plan->listen)
        plan_notice(plan, "refused calls are not explained: a filter of an outer sandbox refuses to listen to them");
}

static bool logs(const struct filter *filter)
{
    for (uint16_t i = 0; i < filter->length; i++)
        if (filter->code[i].code == (BPF_RET | BPF_K) &&
            (filter->code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG)
            return true;
    return false;
}

/* A log that nobody writes is no audit. */
static void tell_who_logs(struct plan *plan)
{
    struct kernel_log log;
    char line[256];
    kernel_log_find("", &log);
    kernel_log_describe(&log, line, sizeof line);
    plan_notice(plan, "%s", line);
}

static bool refuses(const struct filter *filter, int number, uint64_t first)
{
    struct seccomp_data data = { .nr = number, .arch = POLICY_NATIVE == POLICY_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64,
                                 .args = { first } };
    uint32_t verdict = bpf_run(filter->code, &data, NULL);
    return verdict != SECCOMP_RET_ALLOW && verdict != SECCOMP_RET_LOG;
}

/* The filters of OCI profiles, made by libseccomp as Docker has it. What follows them in the launch must pass them. */
static int check_oci(const struct options *options, struct plan *plan, struct error *error)
{
    plan->oci_count = options->oci_count;
    if (options->oci_count > 0 && (options->audit || options->learn != NULL))
        plan_problem(plan, "cannot %s under an OCI profile: its filter is libseccomp's and refuses by itself (make it one of "
                           "ours: sbx-profile import)", options->audit ? "audit" : "learn");
    if (options->oci_count > 0 && (options->explain == EXPLAIN_END || options->explain == EXPLAIN_LIVE))
        plan_notice(plan, "what an OCI profile refuses is not explained: its filter is libseccomp's (sbx-profile import "
                          "makes it one of ours)");
    for (size_t i = 0; i < options->oci_count; i++) {
        struct filter *filter = &plan->oci[i].filter;
        bool followed = i + 1 < options->oci_count || policy_has_filter(plan->policy);
        if (oci_filter_build(options->oci[i], POLICY_NATIVE, options->kept_capabilities, true, filter, error) != 0)
            return -1;
        plan->oci[i].flags = options->oci[i]->flags & (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
        plan->privileges.no_new_privs = true;
        if (refuses(filter, SYS_execve, 0))
            plan_problem(plan, "cannot start the program: its OCI profile refuses execve (allow it there)");
        if (followed && refuses(filter, SYS_seccomp, SECCOMP_SET_MODE_FILTER))
            plan_problem(plan, "cannot stack another filter: the OCI profile refuses seccomp(2) (allow it there)");
    }
    return 0;
}

int syscall_filter_check(const struct options *options, const struct machine *machine, struct plan *plan,
                         struct error *error)
{
    settle_explain(options, machine, plan);
    if (check_oci(options, plan, error) != 0)
        return -1;
    bool logged = false;
    for (size_t i = 0; i < plan->oci_count; i++)
        logged |= logs(&plan->oci[i].filter);
    if (!policy_has_filter(plan->policy) && logged)
        tell_who_logs(plan);
    if (!policy_has_filter(plan->policy))
        return 0;
    plan->privileges.no_new_privs = true; /* seccomp(2) asks for it, or for CAP_SYS_ADMIN */
    plan->needs_exec_token = policy_opening(plan->policy, "execve") != POLICY_OPEN;
    if (filter_compile_mode(plan->policy, NULL, mode(plan), &plan->filter, error) != 0)
        return -1;
    if (logged || logs(&plan->filter))
        tell_who_logs(plan);
    return 0;
}

static int install(const struct filter *filter, unsigned flags)
{
    struct sock_fprog program = { .len = filter->length, .filter = filter->code };
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* With a listener, whose number goes to the supervisor by the shared page. 0, or -1 with errno. */
static int install_listening(const struct filter *filter, struct launch *launch)
{
    /* Once received, only a fatal signal interrupts the call: Linux 5.19. */
    int listener = install(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    if (listener < 0 && errno == EINVAL)
        listener = install(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    if (listener < 0)
        return -1;
    atomic_store(&launch->shared->listener, listener);
    return 0;
}

static int load(const struct plan *plan, const struct filter *filter, struct launch *launch, struct error *error)
{
    if (plan->listen && install_listening(filter, launch) == 0)
        return 1;
    /* One listener is all that a chain of filters has: an outer sandbox listens. Then this one refuses by itself. */
    struct filter silent = *filter;
    const struct exec_token *token = plan->needs_exec_token ? &launch->token : NULL;
    if (plan->listen && (errno != EBUSY || plan->learn != NULL))
        return error_set(error, "cannot listen to refused calls: %s (%s)",
                         errno == EBUSY ? "an outer sandbox listens already" : strerror(errno),
                         plan->learn != NULL ? "learn outside of it" : "--explain=off needs no listener");
    if (plan->listen && filter_compile_mode(plan->policy, token, FILTER_ENFORCE, &silent, error) != 0)
        return -1;
    if (install(&silent, 0) != 0)
        return error_set(error, "cannot install the filter over system calls: %s (the kernel must have "
                                "CONFIG_SECCOMP_FILTER)", strerror(errno));
    return 1;
}

/* A policy that refuses execve would refuse the launcher's own: that one carries a token which nobody else can
 * know. It is made here, in the child, and gone with its memory. */
int syscall_filter_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    for (size_t i = 0; i < plan->oci_count; i++)
        if (install(&plan->oci[i].filter, plan->oci[i].flags) != 0)
            return error_set(error, "cannot install the filter of an OCI profile: %s (the kernel must have "
                                    "CONFIG_SECCOMP_FILTER)", strerror(errno));
    if (plan->filter.length == 0)
        return plan->oci_count > 0;
    if (!plan->needs_exec_token)
        return load(plan, &plan->filter, launch, error);
    if (getrandom(&launch->token, sizeof launch->token, 0) != (ssize_t)sizeof launch->token)
        return error_set(error, "cannot get random bytes for execve's token: %s (leave --deny=execve out)",
                         strerror(errno));
    struct filter filter;
    if (filter_compile_mode(plan->policy, &launch->token, mode(plan), &filter, error) != 0)
        return -1;
    return load(plan, &filter, launch, error); /* the memory goes with exec */
}

void syscall_filter_print(const struct plan *plan, json_t *object)
{
    json_object_set_new(object, "instructions", json_integer(plan->filter.length));
    for (size_t i = 0; i < plan->oci_count; i++)
        json_object_set_new(object, i == 0 ? "instructions of the OCI profile" : "instructions of one more OCI profile",
                            json_integer(plan->oci[i].filter.length));
    if (plan->filter.length == 0)
        return;
    json_object_set_new(object, "unknown calls", json_string("refused"));
    json_object_set_new(object, "refused calls", json_string(!plan->listen                       ? "not explained"
                                                             : plan->learn != NULL              ? "allowed and learned"
                                                             : plan->explain == EXPLAIN_LIVE    ? "explained at once"
                                                             : plan->explain == EXPLAIN_END     ? "explained at the end"
                                                                                                : "collected"));
    json_object_set_new(object, "execve refused to the program", json_boolean(plan->needs_exec_token));
}
