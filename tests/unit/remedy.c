/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/remedy.h"

#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "policy/bpf.h"
#include "policy/filter.h"
#include "policy/table.h"

#define ALL_CAPABILITIES UINT64_MAX
#define SETTINGS_MAX 4

struct setting_text {
    enum policy_key key;
    const char *value; /* NULL: no more */
};

static const uint32_t audit_arches[TABLE_ARCHES] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 };

static struct policy_settings *make_settings(const struct setting_text *texts)
{
    struct error error;
    struct policy_settings *settings = policy_settings_new();
    ck_assert_ptr_nonnull(settings);
    for (size_t i = 0; i < SETTINGS_MAX && texts[i].value != NULL; i++)
        ck_assert_int_eq(policy_settings_add(settings, texts[i].key, texts[i].value, &error), 0);
    return settings;
}

static uint32_t verdict(const struct policy_settings *settings, const struct policy_subject *subject,
                        const struct seccomp_data *data)
{
    struct error error;
    struct filter filter = { 0 };
    struct policy *policy = policy_settle(settings, subject, &error);
    ck_assert_ptr_nonnull(policy);
    ck_assert_int_eq(filter_compile(policy, NULL, &filter, &error), 0);
    uint32_t answer = bpf_run(filter.code, data, NULL);
    filter_free(&filter);
    policy_free(policy);
    return answer;
}

static const struct {
    const char *call;
    uint64_t arguments[6];
    struct setting_text settings[SETTINGS_MAX];
    struct remedy_caller caller;
    const char *option;
    const char *setting; /* NULL: as the option, with ` = ` */
    bool capability, as_root;
    const char *danger; /* a word of it */
} cases[] = {
    { .call = "socket", .arguments = { 16, 3 }, .option = "--allow=net.netlink" },
    { .call = "socket", .arguments = { 16, 3 | 02000000 | 04000 }, .option = "--allow=net.netlink" },
    { .call = "socket", .arguments = { 17, 3 }, .option = "--allow=net.packet" },
    { .call = "socket", .arguments = { 2, 3 }, .option = "--allow=net.raw" },
    { .call = "socket", .arguments = { 40, 1 }, .option = "--allow=net.vsock" },
    { .call = "socket", .arguments = { 31, 3 }, .option = "--allow=net.bluetooth" },
    { .call = "socket", .arguments = { 38, 5 }, .option = "--allow=net.any:AF_ALG" },
    { .call = "socketpair", .arguments = { 2, 1 }, .option = "--allow=net.any:AF_INET" },
    { .call = "ioctl", .arguments = { 0, 0x5412 }, .option = "--allow=file.ioctl:TIOCSTI", .danger = "terminal" },
    { .call = "ioctl", .arguments = { 0, 0x12345678 }, .option = "--allow=file.ioctl:0x12345678" },
    { .call = "prctl", .arguments = { 35 }, .option = "--allow=process.prctl:PR_SET_MM" },
    { .call = "personality", .arguments = { 0x0040000 }, .option = "--allow=process.personality:ADDR_NO_RANDOMIZE" },
    { .call = "mmap", .arguments = { 0, 4096, 7, 0x22 }, .option = "--allow=memory.exec" },
    { .call = "mprotect", .arguments = { 0, 4096, 7 }, .option = "--allow=memory.exec" },
    { .call = "mprotect", .arguments = { 0, 4096, 5 }, .option = "--allow=memory.exec" },
    { .call = "fchmodat", .arguments = { 0, 0, 04755 }, .option = "--allow=file.suid", .danger = "set-user-ID" },
    { .call = "mknodat", .arguments = { 0, 0, 020666, 0x103 }, .option = "--allow=file.device", .danger = "device" },
    { .call = "mknodat", .arguments = { 0, 0, 0104755 }, .option = "--allow=file.suid", .danger = "set-user-ID" },
    { .call = "clone", .arguments = { 0x10000000 | 17 }, .option = "--allow=process.namespaces" },
    { .call = "unshare", .arguments = { 0x10000000 }, .option = "--allow=unshare" },
    { .call = "ptrace", .option = "--allow=ptrace" },
    { .call = "bpf", .option = "--allow=bpf", .danger = "kernel" },
    { .call = "kexec_load", .option = "--allow=kexec_load", .danger = "kernel" },
    { .call = "init_module", .option = "--allow=init_module", .danger = "kernel" },
    { .call = "finit_module", .option = "--allow=finit_module", .danger = "kernel" },
    { .call = "keyctl", .option = "--allow=keyctl", .danger = "keys" },
    { .call = "io_uring_setup", .option = "--allow=io_uring_setup", .danger = "filter" },
    { .call = "mount", .option = "--allow=mount", .danger = "path" },
    /* A capability: kept by root; of no use to a user; not needed in a user namespace of its own. */
    { .call = "chroot", .caller = { 0, ALL_CAPABILITIES }, .option = "--keep-cap=sys_chroot", .capability = true },
    { .call = "chroot", .caller = { 0, 0 }, .option = "--keep-cap=sys_chroot", .capability = true, .as_root = true },
    { .call = "chroot", .caller = { ALL_CAPABILITIES, 0 }, .option = "--allow=chroot" },
    { .call = "clock_settime", .caller = { 0, ALL_CAPABILITIES }, .option = "--keep-cap=sys_time", .capability = true },
    /* The kernel allows these without it. */
    { .call = "mbind", .caller = { 0, ALL_CAPABILITIES }, .option = "--allow=mbind" },
    { .call = "adjtimex", .caller = { 0, 0 }, .option = "--allow=adjtimex" },
    { .call = "syslog", .caller = { 0, 0 }, .option = "--allow=syslog" },
    /* What a setting took away comes back as the policy has it. */
    { .call = "openat", .settings = { { POLICY_DENY, "file" } },
      .option = "--rule='openat: !(flags & (O_CREAT|__O_TMPFILE)) or (mode & 06000) == 0 = allow'",
      .setting = "rule = openat: !(flags & (O_CREAT|__O_TMPFILE)) or (mode & 06000) == 0 = allow" },
    { .call = "openat", .arguments = { 0, 0, 0100, 04755 }, .settings = { { POLICY_DENY, "file" } },
      .option = "--allow=file.suid", .danger = "set-user-ID" },
    { .call = "connect", .settings = { { POLICY_DENY, "net" } }, .option = "--allow=connect" },
    { .call = "socket", .arguments = { 16, 3 }, .settings = { { POLICY_DENY, "net" } },
      .option = "--allow=net.netlink" },
    { .call = "setuid", .arguments = { UINT32_MAX }, .settings = { { POLICY_DENY, "process" } },
      .option = "--rule='setuid: uid in {-1, own uid} = allow'",
      .setting = "rule = setuid: uid in {-1, own uid} = allow" },
    { .call = "getpid", .settings = { { POLICY_CALLS, "deny" } }, .option = "--allow=getpid" },
    { .call = "execve", .settings = { { POLICY_DENY, "execve" } }, .option = "--allow=execve" },
    { .call = "getppid", .settings = { { POLICY_RULE, "getppid = deny:EIO" } }, .option = "--allow=getppid" },
};

START_TEST(the_smallest_option_is_told)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy_settings *settings = make_settings(cases[i].settings);
        const struct row *row = &policy_table.words.rows[policy_find_call(cases[i].call)];
        for (unsigned arch = 0; arch < TABLE_ARCHES; arch++) {
            const struct policy_subject subject = { .arch = (enum policy_arch)arch, .uid = 1000, .gid = 1000 };
            struct seccomp_data data = { .nr = row->number[arch], .arch = audit_arches[arch] };
            struct remedy remedy;
            if (data.nr < 0)
                continue;
            memcpy(data.args, cases[i].arguments, sizeof data.args);
            remedy_find(settings, &subject, &cases[i].caller, &data, &remedy);
            ck_assert_str_eq(remedy.option, cases[i].option);
            if (cases[i].setting != NULL) {
                ck_assert_str_eq(remedy.setting, cases[i].setting);
            } else {
                char expected[REMEDY_MAX];
                snprintf(expected, sizeof expected, "%.*s = %s", (int)strcspn(remedy.option + 2, "="),
                         remedy.option + 2, strchr(remedy.option, '=') + 1);
                ck_assert_str_eq(remedy.setting, expected);
            }
            ck_assert_str_eq(remedy.call, cases[i].call);
            ck_assert_int_eq(remedy.capability, cases[i].capability);
            ck_assert_int_eq(remedy.as_root, cases[i].as_root);
            ck_assert_msg((remedy.danger == NULL) == (cases[i].danger == NULL) &&
                          (remedy.danger == NULL || strstr(remedy.danger, cases[i].danger) != NULL),
                          "%s: danger %s", cases[i].call, remedy.danger);
        }
        policy_settings_free(settings);
    }
}
END_TEST

/* The option as it is told, set. */
static void apply_option(struct policy_settings *settings, struct policy_subject *subject, const char *option)
{
    struct error error = { .text = "" };
    char value[2 * REMEDY_MAX];
    if (strncmp(option, "--allow=", 8) == 0) {
        ck_assert_int_eq(policy_settings_add(settings, POLICY_ALLOW, option + 8, &error), 0);
    } else if (strncmp(option, "--rule='", 8) == 0) {
        snprintf(value, sizeof value, "%.*s", REMEDY_MAX, option + 8);
        ck_assert_int_eq(value[strlen(value) - 1], '\'');
        value[strlen(value) - 1] = '\0';
        ck_assert_ptr_null(strchr(value, '\''));
        ck_assert_msg(policy_settings_add(settings, POLICY_RULE, value, &error) == 0, "%s", error.text);
    } else {
        cap_value_t capability;
        ck_assert_int_eq(strncmp(option, "--keep-cap=", 11), 0);
        snprintf(value, sizeof value, "cap_%.*s", REMEDY_MAX, option + 11);
        ck_assert_int_eq(cap_from_name(value, &capability), 0);
        subject->kept_capabilities |= UINT64_C(1) << capability;
    }
}

static unsigned try_remedy(const struct setting_text *texts, unsigned arch, uid_t uid, const struct seccomp_data *data)
{
    struct policy_subject subject = { .arch = (enum policy_arch)arch, .uid = uid, .gid = uid };
    const struct remedy_caller caller = { 0, uid == 0 ? ALL_CAPABILITIES : 0 };
    struct policy_settings *settings = make_settings(texts);
    struct remedy remedy;
    uint32_t before = verdict(settings, &subject, data);
    bool refused = before != SECCOMP_RET_ALLOW && before != (SECCOMP_RET_ERRNO | ENOSYS);
    if (refused) {
        remedy_find(settings, &subject, &caller, data, &remedy);
        ck_assert_msg(remedy.option[0] != '\0', "call %d: no remedy", data->nr);
        apply_option(settings, &subject, remedy.option);
        ck_assert_msg(verdict(settings, &subject, data) == SECCOMP_RET_ALLOW, "%s with %s: still refused", remedy.call,
                      remedy.option);
    }
    policy_settings_free(settings);
    return refused;
}

/* Of every call, with arguments of many kinds, under the default policy and under policies that refuse all. */
START_TEST(every_option_works)
{
    static const struct setting_text policies[][SETTINGS_MAX] = {
        { { 0 } }, { { POLICY_DENY, "all" } }, { { POLICY_CALLS, "deny:EACCES" } },
        { { POLICY_KILL, "net,file,time" } },
    };
    static const uint64_t values[] = { 0, 1, 3, 7, 16, 0x5412, 04755, 020600, 0x10000011, 0x0040000, UINT64_MAX,
                                       12345 };
    unsigned tried = 0;
    const struct vocabulary *words = &policy_table.words;
    for (unsigned row = 0; row < words->row_count; row++) {
        for (unsigned arch = 0; arch < TABLE_ARCHES; arch++) {
            for (unsigned i = 0; i < 4 * sizeof values / sizeof *values; i++) {
                uint64_t value = values[i / 4], other = values[(i * 7 + row) % (sizeof values / sizeof *values)];
                struct seccomp_data data = { .nr = words->rows[row].number[arch], .arch = audit_arches[arch],
                                             .args = { value, other, value, other, value, other } };
                if (data.nr >= 0)
                    tried += try_remedy(policies[i % 4], arch, i % 3 == 0 ? 0 : 1000, &data);
            }
        }
    }
    ck_assert_uint_gt(tried, 10000);
}
END_TEST

START_TEST(a_number_without_a_row_has_no_remedy)
{
    static const int numbers[] = { -1, 100000, INT32_MAX, INT32_MIN, 0x40000000 };
    struct policy_settings *settings = policy_settings_new();
    const struct policy_subject subject = { .arch = POLICY_NATIVE };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const struct seccomp_data data = { .nr = numbers[i], .arch = audit_arches[POLICY_NATIVE] };
        struct remedy remedy;
        remedy_find(settings, &subject, &(struct remedy_caller){ 0 }, &data, &remedy);
        ck_assert_ptr_null(remedy.call);
        ck_assert_str_eq(remedy.option, "");
        ck_assert_str_eq(remedy.setting, "");
    }
    policy_settings_free(settings);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("remedy");
    TCase *tests = tcase_create("remedy");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_smallest_option_is_told);
    tcase_add_test(tests, every_option_works);
    tcase_add_test(tests, a_number_without_a_row_has_no_remedy);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
