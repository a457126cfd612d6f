/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct exec_token proof_token = {{UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210), 42}};

static int key_of(const char *name)
{
    static const char *const names[] = {
        [POLICY_ALLOW] = "allow", [POLICY_DENY] = "deny", [POLICY_LOG] = "log", [POLICY_TRAP] = "trap",
        [POLICY_TRACE] = "trace", [POLICY_KILL] = "kill", [POLICY_KILL_THREAD] = "kill-thread",
        [POLICY_ERRNO] = "errno", [POLICY_RULE] = "rule", [POLICY_CALLS] = "calls", [POLICY_UNKNOWN] = "unknown",
        [POLICY_ARCHES] = "arch", [POLICY_AUDIT] = "audit"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

static int read_options(const struct setup *setup, struct policy_settings *settings, struct error *error)
{
    for (unsigned i = 0; i < setup->option_count; i++) {
        const struct judge_option *option = &setup->options[i];
        if (strcmp(option->key, "open") == 0)
            policy_settings_open(settings);
        else if (policy_settings_add(settings, (enum policy_key)key_of(option->key), option->value, error) < 0)
            return -1;
    }
    return 0;
}

static int compile(const struct setup *setup, const struct policy_settings *settings, struct filter *filter,
                   struct error *error)
{
    static const enum filter_mode modes[] = {FILTER_ENFORCE, FILTER_EXPLAIN, FILTER_LEARN};
    const struct policy_subject subject = {
        .arch = setup->subject.arch == JUDGE_X86_64 ? POLICY_X86_64 : POLICY_AARCH64,
        .uid = setup->subject.uid, .gid = setup->subject.gid, .kept_capabilities = setup->subject.capabilities};
    struct policy *policy = policy_settle(settings, &subject, error);
    if (policy == NULL)
        return -1;
    int status = filter_compile_mode(policy, setup->token ? &proof_token : NULL, modes[setup->mode], filter, error);
    policy_free(policy);
    return status;
}

int subject_build(const struct setup *setup, struct filter *filter, struct error *error)
{
    struct policy_settings *settings = policy_settings_new();
    int status = read_options(setup, settings, error);
    if (status == 0)
        status = compile(setup, settings, filter, error);
    policy_settings_free(settings);
    return status == 0 ? 0 : 1;
}

double subject_time(const struct setup *setup)
{
    struct policy_settings *settings = policy_settings_new();
    struct filter filter;
    struct error error;
    struct timespec start, end;
    double taken = -1;
    if (read_options(setup, settings, &error) == 0) {
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (compile(setup, settings, &filter, &error) == 0) {
            clock_gettime(CLOCK_MONOTONIC, &end);
            taken = (double)(end.tv_sec - start.tv_sec) * 1e6 + (double)(end.tv_nsec - start.tv_nsec) / 1e3;
            filter_free(&filter);
        }
    }
    policy_settings_free(settings);
    return taken;
}

int subject_judge(const struct judge *judge, const struct setup *setup, struct judge_policy *policy)
{
    if (judge_settle(judge, setup->options, setup->option_count, &setup->subject, setup->mode, policy) < 0)
        return -1;
    policy->has_token = setup->token;
    memcpy(policy->token, proof_token.word, sizeof policy->token);
    return 0;
}
