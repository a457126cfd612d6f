/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/syscall-filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH POLICY_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH POLICY_AARCH64
#else
#error "calls.tbl knows x86_64 and aarch64"
#endif

int syscall_filter_settle(const struct options *options, struct plan *plan, struct error *error)
{
    struct policy_subject subject = {
        .arch = NATIVE_ARCH,
        .uid = plan->identity.uid,
        .gid = plan->identity.gid,
        .kept_capabilities = options->kept_capabilities,
    };
    plan->policy = policy_settle(options->policy, &subject, error);
    return plan->policy == NULL ? -1 : 0;
}

int syscall_filter_check(const struct options *options, const struct machine *machine, struct plan *plan,
                         struct error *error)
{
    (void)options;
    (void)machine;
    if (!policy_has_filter(plan->policy))
        return 0;
    plan->privileges.no_new_privs = true; /* seccomp(2) asks for it, or for CAP_SYS_ADMIN */
    plan->needs_exec_token = policy_opening(plan->policy, "execve") != POLICY_OPEN;
    return filter_compile(plan->policy, NULL, &plan->filter, error);
}

static int load(const struct filter *filter, struct error *error)
{
    struct sock_fprog program = { .len = filter->length, .filter = filter->code };
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        return error_set(error, "cannot install the filter over system calls: %s (the kernel must have "
                                "CONFIG_SECCOMP_FILTER)", strerror(errno));
    return 1;
}

/* A policy that refuses execve would refuse the launcher's own: that one carries a token which nobody else can
 * know. It is made here, in the child, and gone with its memory. */
int syscall_filter_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    if (plan->filter.length == 0)
        return 0;
    if (!plan->needs_exec_token)
        return load(&plan->filter, error);
    if (getrandom(&launch->token, sizeof launch->token, 0) != (ssize_t)sizeof launch->token)
        return error_set(error, "cannot get random bytes for execve's token: %s (leave --deny=execve out)",
                         strerror(errno));
    struct filter filter;
    if (filter_compile(plan->policy, &launch->token, &filter, error) != 0)
        return -1;
    return load(&filter, error); /* the memory goes with exec */
}

void syscall_filter_print(const struct plan *plan, json_t *object)
{
    json_object_set_new(object, "instructions", json_integer(plan->filter.length));
    if (plan->filter.length == 0)
        return;
    json_object_set_new(object, "unknown calls", json_string("refused"));
    json_object_set_new(object, "execve refused to the program", json_boolean(plan->needs_exec_token));
}
