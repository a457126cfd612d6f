/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A random call under random settings: where it is refused, the option that is told lets it pass, and fits its room. */
#include "policy/remedy.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "policy/bpf.h"
#include "policy/filter.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

struct input {
    uint8_t arch, root, setting[3];
    uint16_t number;
    uint8_t value[6];
    uint64_t random[6];
};

static const struct {
    enum policy_key key;
    const char *value;
} choices[] = {
    {POLICY_DENY, "net"}, {POLICY_DENY, "file"}, {POLICY_DENY, "all"}, {POLICY_KILL, "process"},
    {POLICY_ALLOW, "net.netlink"}, {POLICY_CALLS, "deny"}, {POLICY_CALLS, "allow"},
    {POLICY_ALLOW, "memory.exec,file.suid"}, {POLICY_ERRNO, "socket,mmap=EIO"},
    {POLICY_RULE, "ioctl: request == TIOCSTI = allow"}, {POLICY_DENY, "openat,clone"}, {POLICY_TRAP, "system.*"},
};

static uint32_t verdict(const struct policy_settings *settings, const struct policy_subject *subject,
                        const struct seccomp_data *data)
{
    struct error error;
    struct filter filter = {0};
    struct policy *policy = policy_settle(settings, subject, &error);
    if (policy == NULL || filter_compile(policy, NULL, &filter, &error) != 0)
        abort();
    uint32_t answer = filter.length == 0 ? SECCOMP_RET_ALLOW : bpf_run(filter.code, data, NULL);
    filter_free(&filter);
    policy_free(policy);
    return answer;
}

static void apply(struct policy_settings *settings, struct policy_subject *subject, const struct remedy *remedy)
{
    struct error error;
    char value[REMEDY_MAX], name[REMEDY_MAX + 8];
    const char *text = strchr(remedy->setting, '=') + 2;
    snprintf(value, sizeof value, "%s", text);
    if (strncmp(remedy->setting, "keep-cap", 8) == 0) {
        cap_value_t capability;
        snprintf(name, sizeof name, "cap_%s", value);
        if (cap_from_name(name, &capability) != 0)
            abort();
        subject->kept_capabilities |= UINT64_C(1) << capability;
    } else if (policy_settings_add(settings, remedy->setting[0] == 'r' ? POLICY_RULE : POLICY_ALLOW, value,
                                   &error) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    static const uint64_t values[] = {0, 1, 2, 3, 7, 16, 0x5412, 04755, 020600, 0x10000011, 0x40000, UINT64_MAX,
                                      UINT32_MAX};
    struct input input;
    struct error error;
    struct remedy remedy;
    if (length < sizeof input)
        return 0;
    memcpy(&input, bytes, sizeof input);
    struct policy_subject subject = {.arch = (enum policy_arch)(input.arch & 1), .uid = input.root & 1 ? 0 : 1000};
    struct seccomp_data data = {.arch = input.arch & 1 ? AUDIT_ARCH_AARCH64 : AUDIT_ARCH_X86_64,
                                .nr = input.number % 480};
    const struct remedy_caller caller = {input.random[0], input.random[1]};
    for (unsigned i = 0; i < 6; i++)
        data.args[i] = input.value[i] < 16 ? input.random[i] : values[input.value[i] % 13];
    struct policy_settings *settings = policy_settings_new();
    for (unsigned i = 0; i < 3; i++)
        if (input.setting[i] % 24 < 12 &&
            policy_settings_add(settings, choices[input.setting[i] % 24].key, choices[input.setting[i] % 24].value,
                                &error) != 0)
            abort();
    uint32_t before = verdict(settings, &subject, &data);
    remedy_find(settings, &subject, &caller, &data, &remedy);
    if (before != SECCOMP_RET_ALLOW && remedy.option[0] != '\0') {
        apply(settings, &subject, &remedy);
        if (verdict(settings, &subject, &data) != SECCOMP_RET_ALLOW)
            abort();
    }
    if (before != SECCOMP_RET_ALLOW && before != (SECCOMP_RET_ERRNO | ENOSYS) && remedy.option[0] == '\0')
        abort();
    policy_settings_free(settings);
    return 0;
}
