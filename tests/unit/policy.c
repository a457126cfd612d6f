/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the options of the policy mean, call by call; bad options; the look-ups of the launcher. That the filter
 * says the same everywhere is proof.c's matter: here stands what people have decided. */
#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bpf.h"
#include "policy/filter.h"
#include "policy/table.h"

#define ALLOW SECCOMP_RET_ALLOW
#define LOG SECCOMP_RET_LOG
#define KILL SECCOMP_RET_KILL_PROCESS
#define NOTIFY SECCOMP_RET_USER_NOTIF
#define NO(number) (SECCOMP_RET_ERRNO | (number))
#define HIGH (UINT64_C(1) << 32)

struct option {
    enum policy_key key;
    const char *value;
};

struct expectation {
    struct option options[4]; /* up to one without a value */
    const char *call;
    uint64_t args[4];
    uint32_t verdict;
};

static const struct policy_subject user = {POLICY_X86_64, 1000, 100, 0};
static const struct policy_subject root = {POLICY_X86_64, 0, 0, 0};

static struct policy *settle(const struct option *options, unsigned count, const struct policy_subject *subject)
{
    struct error error;
    struct policy_settings *settings = policy_settings_new();
    for (unsigned i = 0; i < count && options[i].value != NULL; i++)
        ck_assert_msg(policy_settings_add(settings, options[i].key, options[i].value, &error) == 0, "%s", error.text);
    struct policy *policy = policy_settle(settings, subject, &error);
    ck_assert_msg(policy != NULL, "%s", error.text);
    policy_settings_free(settings);
    return policy;
}

static uint32_t ask_arch(const struct policy *policy, enum filter_mode mode, uint32_t arch, int number,
                         const uint64_t *args)
{
    struct filter filter;
    struct error error;
    ck_assert_msg(filter_compile_mode(policy, NULL, mode, &filter, &error) == 0, "%s", error.text);
    ck_assert(bpf_check(filter.code, filter.length));
    struct seccomp_data data = {.nr = number, .arch = arch};
    if (args != NULL)
        memcpy(data.args, args, 4 * sizeof *args);
    uint32_t verdict = bpf_run(filter.code, &data, NULL);
    filter_free(&filter);
    return verdict;
}

static int number_of(const char *call, enum policy_arch arch)
{
    int row = policy_find_call(call);
    ck_assert_msg(row >= 0, "no call %s", call);
    return policy_table.words.rows[row].number[arch];
}

static uint32_t ask(const struct policy *policy, enum filter_mode mode, const char *call, const uint64_t *args)
{
    return ask_arch(policy, mode, AUDIT_ARCH_X86_64, number_of(call, POLICY_X86_64), args);
}

static void expect(const struct expectation *expected, size_t count, const struct policy_subject *subject)
{
    for (size_t i = 0; i < count; i++) {
        struct policy *policy = settle(expected[i].options, 4, subject);
        uint32_t verdict = ask(policy, FILTER_ENFORCE, expected[i].call, expected[i].args);
        ck_assert_msg(verdict == expected[i].verdict, "%zu: %s(0x%llx, 0x%llx, 0x%llx) with %s: 0x%08x, not 0x%08x", i,
                      expected[i].call, (unsigned long long)expected[i].args[0],
                      (unsigned long long)expected[i].args[1], (unsigned long long)expected[i].args[2],
                      expected[i].options[0].value, verdict, expected[i].verdict);
        policy_free(policy);
    }
}

#define EXPECT(array, subject) expect(array, sizeof(array) / sizeof *(array), subject)

START_TEST(default_refuses_what_it_names)
{
    static const struct expectation expected[] = {
        {.call = "read", .verdict = ALLOW},
        {.call = "ptrace", .verdict = NO(EPERM)},
        {.call = "mount", .verdict = NO(EPERM)},
        {.call = "clone3", .verdict = NO(ENOSYS)},
        {.call = "statmount", .verdict = NO(ENOSYS)},
        {.call = "openat2", .verdict = ALLOW},
        {.call = "socket", .args = {1, 1}, .verdict = ALLOW},
        {.call = "socket", .args = {2, 2 | 0x80800}, .verdict = ALLOW},
        {.call = "socket", .args = {2 | HIGH, 1 | HIGH}, .verdict = ALLOW}, /* int: the kernel reads 32 bits */
        {.call = "socket", .args = {16, 3}, .verdict = NO(EAFNOSUPPORT)},
        {.call = "socket", .args = {2, 3}, .verdict = NO(EPERM)},
        {.call = "socketpair", .args = {2, 1}, .verdict = NO(EAFNOSUPPORT)},
        {.call = "socketpair", .args = {1, 3}, .verdict = NO(EPERM)},
        {.call = "ioctl", .args = {0, 0x5401}, .verdict = ALLOW},
        {.call = "ioctl", .args = {0, 0x5401 | HIGH}, .verdict = ALLOW},
        {.call = "ioctl", .args = {0, 0x5412}, .verdict = NO(EPERM)},         /* TIOCSTI */
        {.call = "ioctl", .args = {0, 0x5412 | 7 * HIGH}, .verdict = NO(EPERM)}, /* CVE-2019-10063 */
        {.call = "ioctl", .args = {0, 0x541c}, .verdict = NO(EPERM)},         /* TIOCLINUX */
        {.call = "ioctl", .args = {0, 0x8901}, .verdict = ALLOW},             /* FIOSETOWN */
        {.call = "ioctl", .args = {0, 0xae00}, .verdict = NO(ENOTTY)},        /* KVM */
        {.call = "ioctl", .args = {0, 0xc040ff0b}, .verdict = ALLOW},         /* PIDFD_GET_INFO, whatever its size */
        {.call = "ioctl", .args = {0, 0xc060ff0b}, .verdict = ALLOW},
        {.call = "prctl", .args = {38, 1}, .verdict = ALLOW},
        {.call = "prctl", .args = {38, 0}, .verdict = NO(EPERM)},
        {.call = "prctl", .args = {38, 1 | HIGH}, .verdict = NO(EPERM)},
        {.call = "prctl", .args = {35}, .verdict = NO(EPERM)},                /* PR_SET_MM */
        {.call = "prctl", .args = {15}, .verdict = ALLOW},
        {.call = "prctl", .args = {54}, .verdict = NO(EPERM)},                /* aarch64 only */
        {.call = "mmap", .args = {0, 0, 4, 0x22}, .verdict = NO(EPERM)},
        {.call = "mmap", .args = {0, 0, 7, 2}, .verdict = NO(EPERM)},
        {.call = "mmap", .args = {0, 0, 5, 2}, .verdict = ALLOW},
        {.call = "mmap", .args = {0, 0, 3, 0x22}, .verdict = ALLOW},
        {.call = "mprotect", .args = {0, 0, 5}, .verdict = NO(EPERM)},
        {.call = "shmat", .args = {0, 0, 0100000}, .verdict = NO(EPERM)},
        {.call = "chmod", .args = {0, 0755}, .verdict = ALLOW},
        {.call = "chmod", .args = {0, 04755}, .verdict = NO(EPERM)},
        {.call = "open", .args = {0, 0101, 02755}, .verdict = NO(EPERM)},
        {.call = "open", .args = {0, 0, 02755}, .verdict = ALLOW},
        {.call = "open", .args = {0, 020200002, 04755}, .verdict = NO(EPERM)}, /* O_TMPFILE */
        {.call = "mknod", .args = {0, 010644}, .verdict = ALLOW},
        {.call = "mknod", .args = {0, 020644}, .verdict = NO(EPERM)},
        {.call = "mknod", .args = {0, 0104644}, .verdict = NO(EPERM)},
        {.call = "clone", .args = {0x01200011}, .verdict = ALLOW},
        {.call = "clone", .args = {0x10000011}, .verdict = NO(EPERM)},
        {.call = "clone", .args = {0x10000011 | HIGH}, .verdict = NO(EPERM)},
        {.call = "setuid", .args = {1000}, .verdict = ALLOW},
        {.call = "setuid", .args = {0xffffffff}, .verdict = ALLOW},
        {.call = "setuid", .args = {0}, .verdict = NO(EPERM)},
        {.call = "setgid", .args = {1000}, .verdict = NO(EPERM)},
        {.call = "setresgid", .args = {100, UINT64_MAX, 100}, .verdict = ALLOW},
        {.call = "setresgid", .args = {100, 100, 0}, .verdict = NO(EPERM)},
        {.call = "setgroups", .verdict = NO(EPERM)},
        {.call = "prlimit64", .args = {0}, .verdict = ALLOW},
        {.call = "prlimit64", .args = {1}, .verdict = NO(EPERM)},
        {.call = "personality", .args = {0xffffffff}, .verdict = ALLOW},
        {.call = "personality", .args = {0x40000}, .verdict = NO(EPERM)},
        {.call = "settimeofday", .verdict = NO(EPERM)},
        {.call = "chroot", .verdict = NO(EPERM)},
    };
    EXPECT(expected, &user);
    static const struct expectation as_root[] = {
        {.call = "openat2", .verdict = NO(ENOSYS)},
        {.options = {{POLICY_ALLOW, "file.openat2"}}, .call = "openat2", .verdict = ALLOW},
        {.call = "setuid", .args = {0}, .verdict = ALLOW},
        {.call = "setuid", .args = {1000}, .verdict = NO(EPERM)},
        {.call = "chroot", .verdict = NO(EPERM)},
    };
    EXPECT(as_root, &root);
    static const struct policy_subject keeps = {POLICY_X86_64, 1000, 100, 1 << 18 | 1 << 7 | 1 << 25};
    static const struct expectation kept[] = {
        {.call = "chroot", .verdict = ALLOW},
        {.call = "setuid", .args = {0}, .verdict = ALLOW},
        {.call = "setgid", .args = {0}, .verdict = NO(EPERM)},
        {.call = "clock_settime", .verdict = ALLOW},
        {.call = "acct", .verdict = NO(EPERM)},
    };
    EXPECT(kept, &keeps);
}
END_TEST

START_TEST(features_open_what_they_name)
{
    static const struct expectation expected[] = {
        {.options = {{POLICY_ALLOW, "net.netlink"}}, .call = "socket", .args = {16, 3}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.netlink"}}, .call = "socket", .args = {16, 5}, .verdict = NO(EAFNOSUPPORT)},
        {.options = {{POLICY_ALLOW, "net.netlink"}}, .call = "socket", .args = {2, 3}, .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "net.netlink"}}, .call = "socket", .args = {17, 3}, .verdict = NO(EAFNOSUPPORT)},
        {.options = {{POLICY_ALLOW, "net.raw"}}, .call = "socket", .args = {10, 3}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.raw"}}, .call = "socket", .args = {1, 3}, .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "net.packet"}}, .call = "socket", .args = {17, 2}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.vsock"}}, .call = "socket", .args = {40, 9}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.any"}}, .call = "socket", .args = {99, 99}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.any"}}, .call = "socketpair", .args = {30, 3}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.any:AF_ALG"}}, .call = "socket", .args = {38, 5}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.any:AF_ALG"}}, .call = "socket", .args = {16, 3}, .verdict = NO(EAFNOSUPPORT)},
        {.options = {{POLICY_ALLOW, "memory.exec"}}, .call = "mmap", .args = {0, 0, 7, 0x22}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "memory.exec"}}, .call = "shmat", .args = {0, 0, 0100000}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "process.namespaces"}}, .call = "clone3", .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "process.namespaces"}}, .call = "unshare", .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "process.namespaces"}}, .call = "clone", .args = {0x10000000}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "file.device"}}, .call = "mknod", .args = {0, 020644}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "file.device"}}, .call = "mknod", .args = {0, 024644}, .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "file.suid"}}, .call = "mknod", .args = {0, 0104644}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "file.suid"}}, .call = "chmod", .args = {0, 04755}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "file.ioctl:0xae00"}}, .call = "ioctl", .args = {0, 0xae00}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "file.ioctl:0xae00"}}, .call = "ioctl", .args = {0, 0xae01}, .verdict = NO(ENOTTY)},
        {.options = {{POLICY_ALLOW, "file.ioctl:TIOCSTI"}}, .call = "ioctl", .args = {0, 0x5412}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "process.prctl:PR_SET_MM"}}, .call = "prctl", .args = {35}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "process.prctl:PR_SET_MM"}}, .call = "prctl", .args = {38}, .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "ptrace"}}, .call = "ptrace", .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "101"}}, .call = "ptrace", .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, " ptrace , mount"}}, .call = "mount", .verdict = ALLOW},
    };
    EXPECT(expected, &user);
}
END_TEST

START_TEST(later_wins)
{
    static const struct expectation expected[] = {
        {.options = {{POLICY_DENY, "net"}}, .call = "connect", .verdict = NO(EPERM)},
        {.options = {{POLICY_DENY, "net"}}, .call = "socket", .args = {2, 3}, .verdict = NO(EAFNOSUPPORT)},
        {.options = {{POLICY_DENY, "net"}}, .call = "socketpair", .args = {1, 1}, .verdict = NO(EAFNOSUPPORT)},
        {.options = {{POLICY_DENY, "net"}, {POLICY_ALLOW, "net"}}, .call = "socket", .args = {2, 1}, .verdict = ALLOW},
        {.options = {{POLICY_DENY, "net"}, {POLICY_ALLOW, "net"}}, .call = "socket", .args = {2, 3},
         .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "net.*"}}, .call = "socket", .args = {2, 3}, .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "net.*"}, {POLICY_DENY, "net.raw"}}, .call = "socket", .args = {2, 3},
         .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "net.*"}, {POLICY_DENY, "net.raw"}}, .call = "socket", .args = {16, 3},
         .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "memory.exec"}, {POLICY_DENY, "memory.exec"}}, .call = "mprotect",
         .args = {0, 0, 4}, .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "memory.exec"}, {POLICY_DENY, "memory.exec"}}, .call = "mprotect",
         .args = {0, 0, 3}, .verdict = ALLOW},
        {.options = {{POLICY_DENY, "mmap"}, {POLICY_DENY, "memory.exec"}}, .call = "mmap", .args = {0, 0, 3, 2},
         .verdict = NO(EPERM)}, /* a denial never opens */
        {.options = {{POLICY_ALLOW, "all"}}, .call = "kexec_load", .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "all"}}, .call = "clone3", .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "system"}}, .call = "kexec_load", .verdict = NO(EPERM)},
        {.options = {{POLICY_ALLOW, "system.*"}}, .call = "kexec_load", .verdict = ALLOW},
        {.options = {{POLICY_DENY, "time"}}, .call = "clock_gettime", .verdict = NO(EPERM)}, /* the category */
        {.options = {{POLICY_RULE, "time = deny"}}, .call = "clock_gettime", .verdict = ALLOW},
        {.options = {{POLICY_RULE, "time = deny"}}, .call = "time", .verdict = NO(EPERM)},
    };
    EXPECT(expected, &user);
}
END_TEST

START_TEST(a_process_can_end_unless_it_is_refused_by_name)
{
    static const char *const calls[] = {"exit", "exit_group", "rt_sigreturn", "restart_syscall"};
    static const struct option passing[] = {{POLICY_DENY, "all"}, {POLICY_KILL, "process,signal"},
                                            {POLICY_CALLS, "deny"}, {POLICY_CALLS, "kill"},
                                            {POLICY_TRAP, "process.*,signal.*"}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (size_t option = 0; option < sizeof passing / sizeof *passing; option++) {
            struct policy *policy = settle(&passing[option], 1, &user);
            ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, calls[i], NULL), ALLOW);
            ck_assert_uint_ne(ask(policy, FILTER_ENFORCE, "getpid", NULL), ALLOW);
            policy_free(policy);
        }
        struct option by_name = {POLICY_DENY, calls[i]};
        struct policy *policy = settle(&by_name, 1, &user);
        ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, calls[i], NULL), NO(EPERM));
        policy_free(policy);
    }
}
END_TEST

START_TEST(actions_answer_as_they_are_called)
{
    static const struct expectation expected[] = {
        {.options = {{POLICY_KILL, "ptrace"}}, .call = "ptrace", .verdict = KILL},
        {.options = {{POLICY_KILL_THREAD, "ptrace"}}, .call = "ptrace", .verdict = SECCOMP_RET_KILL_THREAD},
        {.options = {{POLICY_TRAP, "ptrace"}}, .call = "ptrace", .verdict = SECCOMP_RET_TRAP},
        {.options = {{POLICY_TRACE, "ptrace"}}, .call = "ptrace", .verdict = SECCOMP_RET_TRACE},
        {.options = {{POLICY_LOG, "ptrace"}}, .call = "ptrace", .verdict = LOG},
        {.options = {{POLICY_LOG, "net"}}, .call = "socket", .args = {2, 1}, .verdict = LOG},
        {.options = {{POLICY_LOG, "net"}}, .call = "socket", .args = {2, 3}, .verdict = NO(EPERM)},
        {.options = {{POLICY_LOG, "net.raw"}}, .call = "socket", .args = {2, 3}, .verdict = LOG},
        {.options = {{POLICY_LOG, "net.raw"}}, .call = "socket", .args = {2, 1}, .verdict = ALLOW},
        {.options = {{POLICY_LOG, "memory.exec"}}, .call = "mprotect", .args = {0, 0, 4}, .verdict = LOG},
        {.options = {{POLICY_LOG, "memory.exec"}}, .call = "mprotect", .args = {0, 0, 1}, .verdict = ALLOW},
        {.options = {{POLICY_KILL, "net.netlink"}}, .call = "socket", .args = {16, 3}, .verdict = KILL},
        {.options = {{POLICY_KILL, "net.netlink"}}, .call = "socket", .args = {17, 3}, .verdict = NO(EAFNOSUPPORT)},
        {.options = {{POLICY_KILL, "file.ioctl"}}, .call = "ioctl", .args = {0, 0xae00}, .verdict = KILL},
        {.options = {{POLICY_KILL, "file.ioctl"}}, .call = "ioctl", .args = {0, 0x5401}, .verdict = ALLOW},
        {.options = {{POLICY_ERRNO, "ptrace=EACCES"}}, .call = "ptrace", .verdict = NO(EACCES)},
        {.options = {{POLICY_ERRNO, "net,mount = ENOSYS"}}, .call = "connect", .verdict = NO(ENOSYS)},
        {.options = {{POLICY_ERRNO, "read=0"}}, .call = "read", .verdict = NO(0)},
        {.options = {{POLICY_RULE, "socket: domain == AF_INET and (type & 0xf) == SOCK_DGRAM = errno:EACCES"}},
         .call = "socket", .args = {2, 2 | 0x80000}, .verdict = NO(EACCES)},
        {.options = {{POLICY_RULE, "socket: domain == AF_INET = kill"}, {POLICY_RULE, "socket = allow"}},
         .call = "socket", .args = {2, 3}, .verdict = ALLOW},
        {.options = {{POLICY_RULE, "socket = allow"}, {POLICY_RULE, "socket: domain == AF_INET = kill"}},
         .call = "socket", .args = {2, 3}, .verdict = KILL},
        {.options = {{POLICY_RULE, "kill: sig in {9, 15} and pid != -1 = trap:5"}}, .call = "kill", .args = {1, 9},
         .verdict = SECCOMP_RET_TRAP | 5},
        {.options = {{POLICY_RULE, "kill: sig in {9, 15} and pid != -1 = trap:5"}}, .call = "kill",
         .args = {UINT64_MAX, 9}, .verdict = ALLOW},
        {.options = {{POLICY_RULE, "write: raw2 >= 0x100000000 = deny"}}, .call = "write", .args = {1, 0, HIGH},
         .verdict = NO(EPERM)},
        {.options = {{POLICY_RULE, "write: count >= 0x100000000 = deny"}}, .call = "write", .args = {1, 0, HIGH - 1},
         .verdict = ALLOW},
        {.options = {{POLICY_CALLS, "deny"}}, .call = "read", .verdict = NO(EPERM)},
        {.options = {{POLICY_CALLS, "deny:ENOSYS"}}, .call = "read", .verdict = NO(ENOSYS)},
        {.options = {{POLICY_CALLS, "deny"}, {POLICY_ALLOW, "file"}}, .call = "read", .verdict = ALLOW},
        {.options = {{POLICY_ALLOW, "file"}, {POLICY_CALLS, "deny"}}, .call = "read", .verdict = ALLOW},
        {.options = {{POLICY_CALLS, "deny"}, {POLICY_ALLOW, "file"}}, .call = "mount", .verdict = NO(EPERM)},
        {.options = {{POLICY_CALLS, "allow"}, {POLICY_DENY, "ptrace"}}, .call = "mount", .verdict = ALLOW},
        {.options = {{POLICY_CALLS, "allow"}, {POLICY_DENY, "ptrace"}}, .call = "ptrace", .verdict = NO(EPERM)},
    };
    EXPECT(expected, &user);
}
END_TEST

START_TEST(numbers_and_architectures_outside_the_table)
{
    struct policy *policy = settle(NULL, 0, &user);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 600, NULL), NO(ENOSYS));
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, -1, NULL), NO(ENOSYS));
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, -2, NULL), KILL);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 0x40000000, NULL), KILL);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 3, NULL), KILL);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_AARCH64, 63, NULL), KILL);
    policy_free(policy);
    static const struct option unknown_kill[] = {{POLICY_UNKNOWN, "kill"}};
    policy = settle(unknown_kill, 1, &user);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 600, NULL), KILL);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, -1, NULL), NO(ENOSYS));
    policy_free(policy);
    static const struct option x86[] = {{POLICY_ARCHES, "x86"}, {POLICY_DENY, "net"}};
    static const uint64_t tmpfile[4] = {0, 0101, 04755};
    policy = settle(x86, 2, &user);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 3, NULL), ALLOW);        /* read */
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 5, tmpfile), NO(EPERM)); /* open */
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 26, NULL), NO(EPERM));   /* ptrace */
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 102, NULL), NO(EPERM));  /* socketcall */
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 117, NULL), NO(EPERM));  /* ipc */
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 90, NULL), NO(ENOSYS));  /* old mmap */
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 359, NULL), NO(EAFNOSUPPORT)); /* socket */
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 0x40000000, NULL), KILL);
    policy_free(policy);
    static const struct option x32[] = {{POLICY_ARCHES, "x32"}};
    policy = settle(x32, 1, &user);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 0x40000000, NULL), ALLOW);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 0x40000000 | 521, NULL), NO(EPERM));
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 0x40000000 | 13, NULL), NO(ENOSYS));
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, -2, NULL), KILL);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_I386, 3, NULL), KILL);
    policy_free(policy);
}
END_TEST

START_TEST(modes_leave_what_has_another_way)
{
    static const uint64_t listener[4] = {1, 8 | HIGH}, no_listener[4] = {1, 0};
    static const struct option options[] = {{POLICY_KILL, "acct"}};
    struct policy *policy = settle(options, 1, &user);
    ck_assert_uint_eq(ask(policy, FILTER_EXPLAIN, "ptrace", NULL), NOTIFY);
    ck_assert_uint_eq(ask(policy, FILTER_EXPLAIN, "acct", NULL), KILL);
    ck_assert_uint_eq(ask(policy, FILTER_LEARN, "acct", NULL), NOTIFY);
    ck_assert_uint_eq(ask(policy, FILTER_LEARN, "clone3", NULL), NO(ENOSYS));
    ck_assert_uint_eq(ask(policy, FILTER_LEARN, "read", NULL), ALLOW);
    ck_assert_uint_eq(ask(policy, FILTER_EXPLAIN, "seccomp", listener), NO(EBUSY));
    ck_assert_uint_eq(ask(policy, FILTER_LEARN, "seccomp", listener), NO(EBUSY));
    ck_assert_uint_eq(ask(policy, FILTER_LEARN, "seccomp", no_listener), ALLOW);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "seccomp", listener), ALLOW);
    ck_assert_uint_eq(ask_arch(policy, FILTER_LEARN, AUDIT_ARCH_X86_64, 600, NULL), NO(ENOSYS));
    ck_assert_uint_eq(ask_arch(policy, FILTER_LEARN, AUDIT_ARCH_I386, 1, NULL), KILL);
    policy_free(policy);
    static const struct option audit[] = {{POLICY_AUDIT, ""}, {POLICY_KILL, "acct"}, {POLICY_UNKNOWN, "EPERM"}};
    policy = settle(audit, 3, &user);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "ptrace", NULL), LOG);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "acct", NULL), LOG);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "clone3", NULL), NO(ENOSYS));
    ck_assert_uint_eq(ask(policy, FILTER_EXPLAIN, "ptrace", NULL), LOG);
    ck_assert_uint_eq(ask(policy, FILTER_LEARN, "ptrace", NULL), NOTIFY);
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_X86_64, 600, NULL), NO(EPERM));
    ck_assert_uint_eq(ask_arch(policy, FILTER_ENFORCE, AUDIT_ARCH_AARCH64, 1, NULL), KILL);
    policy_free(policy);
}
END_TEST

START_TEST(launcher_is_told_what_it_must_know)
{
    struct policy *policy = settle(NULL, 0, &user);
    ck_assert(policy_has_filter(policy));
    ck_assert_int_eq(policy_opening(policy, "execve"), POLICY_OPEN);
    ck_assert_int_eq(policy_opening(policy, "mount"), POLICY_REFUSED);
    ck_assert_int_eq(policy_opening(policy, "socket"), POLICY_CONDITIONAL);
    ck_assert(policy_has_default_condition(policy, "mmap"));
    ck_assert(policy_has_default_condition(policy, "pkey_mprotect"));
    ck_assert(!policy_has_default_condition(policy, "read"));
    policy_free(policy);
    static const struct {
        struct option option;
        bool kept;
    } conditions[] = {{{POLICY_ALLOW, "memory.exec"}, false}, {{POLICY_ALLOW, "mmap"}, false},
                      {{POLICY_RULE, "mmap: (flags & MAP_SHARED) = allow"}, false}, {{POLICY_LOG, "memory"}, true},
                      {{POLICY_AUDIT, ""}, false}, {{POLICY_DENY, "net"}, true}, {{POLICY_ALLOW, "memory"}, true}};
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        policy = settle(&conditions[i].option, 1, &user);
        ck_assert_int_eq(policy_has_default_condition(policy, "mmap"), conditions[i].kept);
        policy_free(policy);
    }
    struct policy_settings *settings = policy_settings_new();
    struct error error;
    policy_settings_open(settings);
    policy = policy_settle(settings, &user, &error);
    ck_assert(!policy_has_filter(policy));
    ck_assert_int_eq(policy_opening(policy, "mount"), POLICY_OPEN);
    policy_free(policy);
    ck_assert_int_eq(policy_settings_add(settings, POLICY_DENY, "ptrace", &error), 0);
    policy = policy_settle(settings, &user, &error);
    ck_assert(policy_has_filter(policy));
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "mount", NULL), ALLOW);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "ptrace", NULL), NO(EPERM));
    policy_free(policy);
    policy_settings_free(settings);
}
END_TEST

START_TEST(token_lets_one_execve_through)
{
    static const struct option options[] = {{POLICY_DENY, "execve"}};
    static const struct exec_token token = {{UINT64_C(0x1111111122222222), 3, UINT64_C(0xfffffffffffffff0)}};
    struct policy *policy = settle(options, 1, &user);
    ck_assert_int_eq(policy_opening(policy, "execve"), POLICY_REFUSED);
    struct filter filter;
    struct error error;
    ck_assert_int_eq(filter_compile(policy, &token, &filter, &error), 0);
    struct seccomp_data data = {.nr = 59, .arch = AUDIT_ARCH_X86_64,
                                .args = {0, 0, 0, token.word[0], token.word[1], token.word[2]}};
    ck_assert_uint_eq(bpf_run(filter.code, &data, NULL), ALLOW);
    for (unsigned argument = 3; argument < 6; argument++)
        for (unsigned bit = 0; bit < 64; bit++) {
            data.args[argument] ^= UINT64_C(1) << bit;
            ck_assert_uint_eq(bpf_run(filter.code, &data, NULL), NO(EPERM));
            data.args[argument] ^= UINT64_C(1) << bit;
        }
    data.nr = 322; /* execveat has a fifth argument of its own and gets no token */
    ck_assert_uint_eq(bpf_run(filter.code, &data, NULL), ALLOW);
    filter_free(&filter);
    policy_free(policy);
}
END_TEST

/* Every refusal: the option, what is wrong with it, the nearest right word. */
START_TEST(bad_options_are_refused_and_explained)
{
    static const struct {
        enum policy_key key;
        const char *value, *says;
    } bad[] = {
        {POLICY_ALLOW, "sokcet", "(nearest: socket)"},
        {POLICY_ALLOW, "netlink", "(nearest: net.netlink)"},
        {POLICY_ALLOW, "net.netlnk", "(nearest: net.netlink)"},
        {POLICY_ALLOW, "", "a word is missing"},
        {POLICY_ALLOW, "read,,write", "a word is missing"},
        {POLICY_ALLOW, "read,", "a word is missing"},
        {POLICY_ALLOW, "600", "unknown call"},
        {POLICY_ALLOW, "-1", "unknown call"},
        {POLICY_ALLOW, "net.none.*", "unknown call"},
        {POLICY_ALLOW, "net*", "unknown call"},
        {POLICY_ALLOW, "file.ioctl:TCGETSS", "(nearest: TCGETS)"},
        {POLICY_ALLOW, "file.ioctl:PR_SET_MM", "is a name of prctl, not of ioctl"},
        {POLICY_ALLOW, "file.ioctl:0x100000000", "does not fit"},
        {POLICY_ALLOW, "file.ioctl:5x", "is no number"},
        {POLICY_ALLOW, "file.ioctl:", "a value expected"},
        {POLICY_ALLOW, "memory.exec:4", "takes no members"},
        {POLICY_ALLOW, "mount:3", "unknown call, feature"},
        {POLICY_DENY, "file.ioctl:own uid", "one number or name"},
        {POLICY_ERRNO, "ptrace", "names no errno"},
        {POLICY_ERRNO, "ptrace=EPREM", "(nearest: EPERM)"},
        {POLICY_ERRNO, "ptrace=4096", "greatest is 4095"},
        {POLICY_ERRNO, "=EPERM", "a word is missing"},
        {POLICY_RULE, "socket", "no action"},
        {POLICY_RULE, "socket: domain == 2", "no action"},
        {POLICY_RULE, "sokcet = allow", "unknown call 'sokcet' (nearest: socket)"},
        {POLICY_RULE, "net = allow", "unknown call 'net'"},
        {POLICY_RULE, "socket = alow", "(nearest: allow)"},
        {POLICY_RULE, "socket = allow:EPERM", "takes no errno"},
        {POLICY_RULE, "socket = errno:EWHAT", "unknown errno"},
        {POLICY_RULE, "socket = allow deny", "one action expected"},
        {POLICY_RULE, "socket: domian == 2 = allow", "column 9: socket has no argument 'domian' (nearest: domain)"},
        {POLICY_RULE, "socket: domain = 2 = allow", "column 16: a comparison expected"},
        {POLICY_RULE, "socket: domain == AF_INTE = allow", "(nearest: AF_INET)"},
        {POLICY_RULE, "socket: domain == SOCK_RAW = allow", "is a name of type, not of domain"},
        {POLICY_RULE, "socket: protocol == AF_INET = allow", "takes numbers only"},
        {POLICY_RULE, "socket: domain == 2 and = allow", "an argument's name expected"},
        {POLICY_RULE, "socket: (domain == 2 = allow", "')' expected"},
        {POLICY_RULE, "socket: domain == 2) = allow", "'and', 'or' or the end"},
        {POLICY_RULE, "socket: domain == 0x100000000 = allow", "does not fit into the 32 bits"},
        {POLICY_RULE, "socket: domain == -3000000000 = allow", "does not fit"},
        {POLICY_RULE, "socket: type & 0xf == 1 = allow", "write a mask in parentheses"},
        {POLICY_RULE, "socket: (type & 0xf) == 0x10 = allow", "it can never be equal"},
        {POLICY_RULE, "socket: (type & 0) = allow", "not 0"},
        {POLICY_RULE, "socket: domain < 0 = allow", "always or never"},
        {POLICY_RULE, "socket: domain <= 0xffffffff = allow", "always or never"},
        {POLICY_RULE, "socket: domain < -1 = allow", "unsigned"},
        {POLICY_RULE, "socket: domain in typ = allow", "no list 'typ' (nearest: type)"},
        {POLICY_RULE, "socket: domain in type = allow", "has no values of this argument"},
        {POLICY_RULE, "socket: domain in {1, 2 = allow", "'}' expected"},
        {POLICY_RULE, "socket: domain == own name = allow", "'uid' or 'gid'"},
        {POLICY_RULE, "socket: arg3 == 1 = allow", "no argument 'arg3'"},
        {POLICY_RULE, "getpid: arg0 == 1 = allow", "it has none"},
        {POLICY_RULE, "socket: raw6 == 1 = allow", "no argument 'raw6'"},
        {POLICY_RULE, "socket: domain == 99999999999999999999 = allow", "is no number"},
        {POLICY_RULE, "socket: domain == 09 = allow", "is no number"},
        {POLICY_RULE, ": = allow", "unknown call ''"},
        {POLICY_RULE, "", "no action"},
        {POLICY_CALLS, "denny", "(nearest: deny)"},
        {POLICY_CALLS, "", "unknown action"},
        {POLICY_UNKNOWN, "ENOSY", "(nearest: ENOSYS)"},
        {POLICY_ARCHES, "x68", "(nearest: x86)"},
        {POLICY_ARCHES, "", "a word is missing"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct policy_settings *settings = policy_settings_new();
        struct error error = {.status = 0};
        int status = policy_settings_add(settings, bad[i].key, bad[i].value, &error);
        ck_assert_msg(status == -1, "'%s' was taken", bad[i].value);
        ck_assert_int_eq(error.status, STATUS_FAILED);
        ck_assert_msg(strstr(error.text, bad[i].says) != NULL, "'%s': %s; expected %s", bad[i].value, error.text,
                      bad[i].says);
        ck_assert_msg(strncmp(error.text, "cannot use --", 13) == 0, "%s", error.text);
        policy_settings_free(settings);
    }
    struct policy_settings *settings = policy_settings_new();
    static const struct policy_subject aarch64 = {POLICY_AARCH64, 1000, 1000, 0};
    struct error error;
    ck_assert_int_eq(policy_settings_add(settings, POLICY_ARCHES, "x86", &error), 0);
    ck_assert_ptr_null(policy_settle(settings, &aarch64, &error));
    policy_settings_free(settings);
}
END_TEST

/* A hostile profile file: the text is long, deep or odd. */
START_TEST(odd_rules_end_in_an_error_not_in_a_crash)
{
    static const char *const seeds[] = {
        "socket: domain in {AF_UNIX, AF_INET, 7} and !((type & 0xf) == SOCK_RAW or arg2 >= 3) = errno:EPERM",
        "setresuid: ruid, euid, suid in {-1, own uid} = allow", "mmap: !(prot & PROT_EXEC|PROT_WRITE) = kill",
        "ioctl: request in ioctl or raw1 not in {~1, (1|2)} = trace:7"};
    static const char letters[] = "(){}!~|&=<>,:-. 0x17afunordiwgAF_\t\xff";
    struct error error;
    srand(1);
    for (unsigned round = 0; round < 200000; round++) {
        char text[256];
        snprintf(text, sizeof text, "%s", seeds[round % 4]);
        for (int changes = rand() % 6; changes >= 0; changes--) {
            size_t at = (size_t)rand() % strlen(text), length = strlen(text);
            if (rand() % 3 == 0)
                memmove(text + at, text + at + 1, length - at);
            else
                text[at] = letters[(size_t)rand() % (sizeof letters - 1)];
            if (text[0] == 0)
                snprintf(text, sizeof text, "x");
        }
        struct policy_settings *settings = policy_settings_new();
        if (policy_settings_add(settings, POLICY_RULE, text, &error) == 0) {
            struct policy *policy = policy_settle(settings, &user, &error);
            struct filter filter;
            ck_assert_ptr_nonnull(policy);
            ck_assert_int_eq(filter_compile(policy, NULL, &filter, &error), 0);
            ck_assert(bpf_check(filter.code, filter.length));
            filter_free(&filter);
            policy_free(policy);
        }
        policy_settings_free(settings);
    }
    static const char *const deep[] = {"(", "!", "not ", "~", "(domain == 1 or ", "domain in {"};
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        size_t length = strlen(deep[i]), count = 100000;
        char *text = calloc(count, length + 64);
        strcpy(text, i == 3 ? "socket: domain == " : "socket: ");
        for (size_t copy = 0, at = strlen(text); copy < count; copy++, at += length)
            memcpy(text + at, deep[i], length);
        strcat(text, "1 = allow");
        struct policy_settings *settings = policy_settings_new();
        ck_assert_int_eq(policy_settings_add(settings, POLICY_RULE, text, &error), -1);
        policy_settings_free(settings);
        free(text);
    }
}
END_TEST

START_TEST(many_settings_are_a_filter_or_an_error)
{
    struct error error;
    struct policy_settings *settings = policy_settings_new();
    char text[128];
    for (unsigned i = 0; i < 400; i++) {
        snprintf(text, sizeof text, "file.ioctl:0x%x", 0x9000 + 3 * i);
        ck_assert_int_eq(policy_settings_add(settings, POLICY_ALLOW, text, &error), 0);
    }
    struct policy *policy = policy_settle(settings, &user, &error);
    static const uint64_t opened[4] = {0, 0x9000 + 3 * 399}, shut[4] = {0, 0x9000 + 1};
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "ioctl", opened), ALLOW);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "ioctl", shut), NO(ENOTTY));
    struct filter filter;
    ck_assert_int_eq(filter_compile(policy, NULL, &filter, &error), 0);
    ck_assert_uint_lt(filter.length, 1500); /* one search over all of them, not one after the other */
    filter_free(&filter);
    policy_free(policy);
    int status = 0;
    for (unsigned i = 0; i < 40000 && status == 0; i++) {
        snprintf(text, sizeof text, "write: fd == %u and raw1 >= %u = errno:%u", i, i + 1, i % 4000);
        status = policy_settings_add(settings, POLICY_RULE, text, &error);
        if (i == 3000) { /* not more than one filter can hold is an error that says so */
            policy = policy_settle(settings, &user, &error);
            ck_assert_ptr_nonnull(policy);
            ck_assert_int_eq(filter_compile(policy, NULL, &filter, &error), -1);
            ck_assert_ptr_nonnull(strstr(error.text, "4096 instructions"));
            policy_free(policy);
        }
    }
    ck_assert_int_eq(status, -1);
    ck_assert_ptr_nonnull(strstr(error.text, "more settings than"));
    policy_settings_free(settings);
}
END_TEST

/* Decisions that lead on to others, hundreds deep: none is compiled twice. */
START_TEST(settings_upon_settings_end)
{
    static const uint64_t linux_persona[4] = {0}, odd[4] = {0x40000};
    struct error error;
    struct policy_settings *settings = policy_settings_new();
    char text[64];
    for (unsigned i = 0; i < 400; i++) {
        snprintf(text, sizeof text, "process.personality:%u", 100 + i);
        ck_assert_int_eq(policy_settings_add(settings, POLICY_KILL, text, &error), 0);
        ck_assert_int_eq(policy_settings_add(settings, POLICY_DENY, "process.personality", &error), 0);
    }
    struct policy *policy = policy_settle(settings, &user, &error);
    ck_assert_ptr_nonnull(policy);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "personality", linux_persona), ALLOW);
    ck_assert_uint_eq(ask(policy, FILTER_ENFORCE, "personality", odd), NO(EPERM));
    policy_free(policy);
    policy_settings_free(settings);
}
END_TEST

/* As the kernel works out its bitmap (kernel/seccomp.c: seccomp_is_const_allow): without the arguments. */
static bool kernel_sees_allow(const struct filter *filter, uint32_t number, uint32_t arch)
{
    uint32_t loaded = 0;
    for (unsigned at = 0; at < filter->length; at++) {
        const struct sock_filter *instruction = &filter->code[at];
        bool holds = false;
        switch (instruction->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (instruction->k > 4)
                return false;
            loaded = instruction->k == 0 ? number : arch;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            loaded &= instruction->k;
            break;
        case BPF_RET | BPF_K:
            return instruction->k == ALLOW;
        case BPF_JMP | BPF_JA:
            at += instruction->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K: case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K: case BPF_JMP | BPF_JSET | BPF_K:
            holds = BPF_OP(instruction->code) == BPF_JEQ   ? loaded == instruction->k
                    : BPF_OP(instruction->code) == BPF_JGE ? loaded >= instruction->k
                    : BPF_OP(instruction->code) == BPF_JGT ? loaded > instruction->k
                                                           : (loaded & instruction->k) != 0;
            at += holds ? instruction->jt : instruction->jf;
            break;
        default:
            return false;
        }
    }
    return false;
}

START_TEST(allowed_calls_stay_in_the_bitmap_of_the_kernel)
{
    static const struct policy_subject subjects[] = {{POLICY_X86_64, 1000, 1000, 0}, {POLICY_AARCH64, 0, 0, 0}};
    static const struct option options[] = {{POLICY_DENY, "net"}, {POLICY_RULE, "write: fd == 3 = deny"}};
    for (size_t i = 0; i < 4; i++) {
        enum policy_arch arch = subjects[i % 2].arch;
        struct policy *policy = settle(options, i < 2 ? 0 : 2, &subjects[i % 2]);
        struct filter filter;
        struct error error;
        unsigned open = 0;
        ck_assert_int_eq(filter_compile(policy, NULL, &filter, &error), 0);
        for (unsigned row = 0; row < policy_table.words.row_count; row++) {
            const struct row *at = &policy_table.words.rows[row];
            if (at->number[arch] < 0)
                continue;
            bool always = policy_opening(policy, table_string(at->name)) == POLICY_OPEN;
            ck_assert_msg(always == kernel_sees_allow(&filter, (uint32_t)at->number[arch],
                                                      arch == POLICY_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64),
                          "%s", table_string(at->name));
            open += always;
        }
        ck_assert_uint_gt(open, 200);
        filter_free(&filter);
        policy_free(policy);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy");
    TCase *tests = tcase_create("policy");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, default_refuses_what_it_names);
    tcase_add_test(tests, features_open_what_they_name);
    tcase_add_test(tests, later_wins);
    tcase_add_test(tests, a_process_can_end_unless_it_is_refused_by_name);
    tcase_add_test(tests, actions_answer_as_they_are_called);
    tcase_add_test(tests, numbers_and_architectures_outside_the_table);
    tcase_add_test(tests, modes_leave_what_has_another_way);
    tcase_add_test(tests, launcher_is_told_what_it_must_know);
    tcase_add_test(tests, token_lets_one_execve_through);
    tcase_add_test(tests, bad_options_are_refused_and_explained);
    tcase_add_test(tests, odd_rules_end_in_an_error_not_in_a_crash);
    tcase_add_test(tests, many_settings_are_a_filter_or_an_error);
    tcase_add_test(tests, settings_upon_settings_end);
    tcase_add_test(tests, allowed_calls_stay_in_the_bitmap_of_the_kernel);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
