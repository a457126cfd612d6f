/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/decode.h"

#include <arpa/inet.h>
#include <check.h>
#include <linux/audit.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "policy/table.h"
#include "tell/words.h"

#define X86 AUDIT_ARCH_X86_64
#define ARM AUDIT_ARCH_AARCH64

/* The memory of a program: two pages at PAGE, nothing before and nothing behind them. */
#define PAGE UINT64_C(0x7f0000400000)
#define PAGES 8192u
static unsigned char pages[PAGES];
static size_t largest; /* read that was asked for */

static ssize_t read_pages(void *context, uint64_t address, void *to, size_t length)
{
    ck_assert_ptr_eq(context, pages);
    ck_assert_uint_gt(length, 0);
    ck_assert_uint_eq(address / 4096, (address + length - 1) / 4096); /* never across a page */
    largest = length > largest ? length : largest;
    if (address < PAGE || address >= PAGE + PAGES)
        return -1;
    memcpy(to, pages + (address - PAGE), length);
    return (ssize_t)length;
}

static const struct decode_memory memory = {read_pages, pages};

/* Puts bytes into the pages; their address. */
static uint64_t put(size_t at, const void *bytes, size_t length)
{
    ck_assert_uint_le(at + length, PAGES);
    memcpy(pages + at, bytes, length);
    return PAGE + at;
}

static uint64_t put_text(size_t at, const char *text)
{
    return put(at, text, strlen(text) + 1);
}

static int number_of(const char *call, enum policy_arch arch)
{
    int row = policy_find_call(call);
    ck_assert_msg(row >= 0 && policy_table.words.rows[row].number[arch] >= 0, "%s", call);
    return policy_table.words.rows[row].number[arch];
}

static const char *decode(uint32_t arch, const char *call, const uint64_t *arguments)
{
    static char text[DECODE_TEXT_MAX];
    struct seccomp_data data = {.arch = arch, .nr = number_of(call, arch == ARM ? POLICY_AARCH64 : POLICY_X86_64)};
    memcpy(data.args, arguments, sizeof data.args);
    ck_assert_uint_eq(decode_call(&data, &memory, text, sizeof text), strlen(text));
    return text;
}

#define DECODE(arch, call, ...) decode(arch, call, (const uint64_t[6]){__VA_ARGS__})

static const struct {
    uint32_t arch;
    const char *call;
    uint64_t arguments[6];
    const char *text;
} calls[] = {
    {X86, "socket", {16, 3, 0}, "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)"},
    {ARM, "socket", {16, 0x80003, 9}, "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_AUDIT)"},
    {X86, "socket", {2, 3, 1}, "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)"},
    {X86, "socket", {10, 0x80801, 6}, "socket(AF_INET6, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, IPPROTO_TCP)"},
    {X86, "socket", {1, 1, 0}, "socket(AF_UNIX, SOCK_STREAM, 0)"},
    {X86, "socket", {17, 3, 0x300}, "socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))"},
    {X86, "socket", {31, 3, 1}, "socket(AF_BLUETOOTH, SOCK_RAW, BTPROTO_HCI)"},
    {X86, "socket", {77, 9, 5}, "socket(77, 0x9, 5)"},
    {X86, "socket", {UINT64_C(0xdeadbeef00000010), UINT64_C(0xffffffff00000003), 0},
     "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)"},
    {X86, "socketpair", {16, 2, 0, 0x7ffc}, "socketpair(AF_NETLINK, SOCK_DGRAM, 0, 0x7ffc)"},
    {X86, "ioctl", {0, 0x5412, 0x7ffd0}, "ioctl(0, TIOCSTI, 0x7ffd0)"},
    {X86, "ioctl", {5, 0x400454ca, 0}, "ioctl(5, TUNSETIFF, NULL)"},
    {X86, "ioctl", {5, 0xc040ff0b, 0}, "ioctl(5, PIDFD_GET_INFO, NULL)"},
    {X86, "ioctl", {5, 0xc0106b99, 1}, "ioctl(5, _IOC(_IOC_READ|_IOC_WRITE, 0x6b, 0x99, 0x10), 0x1)"},
    {X86, "ioctl", {(uint64_t)-1, 0x9999, 0}, "ioctl(-1, 0x9999, NULL)"},
    {X86, "prctl", {35, 13, 7, 0, 0}, "prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, 0x7, 0)"},
    {X86, "prctl", {24, 21, 99, 99}, "prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN)"},
    {X86, "prctl", {47, 2, 13, 0, 0}, "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW)"},
    {X86, "prctl", {38, 0, 9, 9, 9}, "prctl(PR_SET_NO_NEW_PRIVS, 0)"},
    {X86, "prctl", {32, 5}, "prctl(PR_TASK_PERF_EVENTS_ENABLE)"},
    {X86, "prctl", {4242, 5}, "prctl(4242, 5)"},
    {ARM, "prctl", {50, 5}, "prctl(PR_SVE_SET_VL, 5)"},
    {X86, "prctl", {50, 5}, "prctl(50, 5)"},
    {X86, "mmap", {0, 4096, 7, 0x22, (uint64_t)-1, 0},
     "mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x0)"},
    {X86, "mmap", {0, 4096, 0, 0x100022, 0xffffffff, 0},
     "mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0x0)"},
    {X86, "mprotect", {0x7f0000, 8192, 5}, "mprotect(0x7f0000, 8192, PROT_READ|PROT_EXEC)"},
    {X86, "mprotect", {0x7f0000, 8192, 0x105}, "mprotect(0x7f0000, 8192, PROT_READ|PROT_EXEC|0x100)"},
    {X86, "shmat", {3, 0, 0110000}, "shmat(3, NULL, SHM_RDONLY|SHM_EXEC)"},
    {X86, "personality", {0x400000}, "personality(PER_LINUX|READ_IMPLIES_EXEC)"},
    {X86, "personality", {0x0040008}, "personality(PER_LINUX32|ADDR_NO_RANDOMIZE)"},
    {X86, "personality", {0xffffffff}, "personality(0xffffffff)"},
    {X86, "clone", {0x10000011, 0, 0, 0, 0}, "clone(CLONE_NEWUSER|SIGCHLD, NULL, NULL, NULL, NULL)"},
    {X86, "clone", {17, 0, 0, 0, 0}, "clone(SIGCHLD, NULL, NULL, NULL, NULL)"},
    {X86, "clone", {0x20000000, 1, 2, 3, 4}, "clone(CLONE_NEWPID, 0x1, 0x2, 0x3, 0x4)"},
    {X86, "clone", {0, 0, 0, 0, 0}, "clone(0, NULL, NULL, NULL, NULL)"},
    {X86, "unshare", {0x10020000}, "unshare(CLONE_NEWNS|CLONE_NEWUSER)"},
    {X86, "setns", {4, 0x40000000}, "setns(4, CLONE_NEWNET)"},
    {X86, "setns", {4, 0}, "setns(4, 0)"},
    {X86, "ptrace", {16, 1234, 0, 0}, "ptrace(PTRACE_ATTACH, 1234, NULL, NULL)"},
    {X86, "ptrace", {0, 77, 77, 77}, "ptrace(PTRACE_TRACEME)"},
    {X86, "keyctl", {0, (uint64_t)-3, 0}, "keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)"},
    {X86, "keyctl", {3, 815, 9, 9}, "keyctl(KEYCTL_REVOKE, 815)"},
    {X86, "keyctl", {8, 0xfffffffc, 0xfffffffd, 1},
     "keyctl(KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING)"},
    {X86, "bpf", {5, 0x7f00, 120}, "bpf(BPF_PROG_LOAD, 0x7f00, 120)"},
    {X86, "bpf", {500, 0, 0}, "bpf(500, NULL, 0)"},
    {X86, "kill", {(uint64_t)-1, 9}, "kill(-1, SIGKILL)"},
    {X86, "kill", {0xffffffff, 64}, "kill(-1, 64)"},
    {X86, "setresuid", {0xffffffff, 0, 1000}, "setresuid(-1, 0, 1000)"},
    {X86, "fchmod", {3, 04755}, "fchmod(3, 04755)"},
    {X86, "fchmod", {3, 0xffff0007}, "fchmod(3, 007)"},
    {X86, "reboot", {0xfee1dead, 0x28121969, 0x4321fedc},
     "reboot(0xfee1dead, 0x28121969, LINUX_REBOOT_CMD_POWER_OFF, NULL)"},
    {X86, "prlimit64", {77, 7, 0, 0}, "prlimit64(77, RLIMIT_NOFILE, NULL, NULL)"},
    {X86, "clock_settime", {0, 0}, "clock_settime(CLOCK_REALTIME, NULL)"},
    {X86, "setsockopt", {3, 1, 36, 0, 4}, "setsockopt(3, SOL_SOCKET, SO_MARK, NULL, 4)"},
    {X86, "getpid", {1, 2, 3}, "getpid()"},
    {X86, "vserver", {1, 2, UINT64_C(0x100000000)}, "vserver(1, 2, 0x100000000, 0, 0, 0)"},
    {X86, "userfaultfd", {0x80801}, "userfaultfd(UFFD_USER_MODE_ONLY|O_NONBLOCK|O_CLOEXEC)"},
    {X86, "syslog", {3, 0, 10}, "syslog(SYSLOG_ACTION_READ_ALL, NULL, 10)"},
    {X86, "perf_event_open", {0, 0, (uint64_t)-1, (uint64_t)-1, 8},
     "perf_event_open(NULL, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)"},
};

START_TEST(registers_in_words)
{
    ck_assert_str_eq(decode(calls[_i].arch, calls[_i].call, calls[_i].arguments), calls[_i].text);
}
END_TEST

START_TEST(paths_and_flags)
{
    uint64_t path = put_text(0, "/etc/shadow"), other = put_text(100, "b"), type = put_text(200, "tmpfs");
    const uint64_t here = (uint64_t)-100;
    ck_assert_str_eq(DECODE(X86, "openat", here, path, 02001, 0777),
                     "openat(AT_FDCWD, \"/etc/shadow\", O_WRONLY|O_APPEND)");
    ck_assert_str_eq(DECODE(X86, "openat", here, path, 0101, 04755),
                     "openat(AT_FDCWD, \"/etc/shadow\", O_WRONLY|O_CREAT, 04755)");
    ck_assert_str_eq(DECODE(X86, "openat", 5, path, 020200002, 06700),
                     "openat(5, \"/etc/shadow\", O_RDWR|O_TMPFILE, 06700)");
    /* the same number is another flag on the other architecture */
    ck_assert_str_eq(DECODE(X86, "openat", here, path, 0200000),
                     "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY|O_DIRECTORY)");
    ck_assert_str_eq(DECODE(ARM, "openat", here, path, 0200000),
                     "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY|O_DIRECT)");
    ck_assert_str_eq(DECODE(X86, "mknod", path, 020666, 259), "mknod(\"/etc/shadow\", S_IFCHR|0666, makedev(1, 3))");
    ck_assert_str_eq(DECODE(X86, "mknod", path, 0104755, 259), "mknod(\"/etc/shadow\", S_IFREG|04755, 259)");
    ck_assert_str_eq(DECODE(X86, "mount", other, path, type, 0x1006, 0),
                     "mount(\"b\", \"/etc/shadow\", \"tmpfs\", MS_NOSUID|MS_NODEV|MS_BIND, NULL)");
    ck_assert_str_eq(DECODE(X86, "umount2", path, 2), "umount2(\"/etc/shadow\", MNT_DETACH)");
    ck_assert_str_eq(DECODE(X86, "faccessat2", here, path, 6, 0x100),
                     "faccessat2(AT_FDCWD, \"/etc/shadow\", W_OK|R_OK, AT_SYMLINK_NOFOLLOW)");
    ck_assert_str_eq(DECODE(X86, "access", path, 0), "access(\"/etc/shadow\", F_OK)");
    ck_assert_str_eq(DECODE(X86, "prctl", 15, other), "prctl(PR_SET_NAME, \"b\")");
    ck_assert_str_eq(DECODE(X86, "sethostname", path, 4), "sethostname(\"/etc\", 4)");
    ck_assert_str_eq(DECODE(X86, "sethostname", path, (uint64_t)-4), "sethostname(0x7f0000400000, -4)");
    ck_assert_str_eq(DECODE(X86, "keyctl", 10, (uint64_t)-3, other, type, 0),
                     "keyctl(KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, \"b\", \"tmpfs\", 0)");
    ck_assert_str_eq(DECODE(X86, "execve", path, 0, 0), "execve(\"/etc/shadow\", NULL, NULL)");
}
END_TEST

START_TEST(hostile_strings)
{
    put(0, "a\033[2J\n\"\\\xff\xc3\xa4\xe2\x80\xae\xed\xa0\x80\xc0\xaf\xc2\x9b\x7f", 23);
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE),
                     "chroot(\"a\\x1b[2J\\x0a\\\"\\\\\\xff\xc3\xa4\\xe2\\x80\\xae"
                     "\\xed\\xa0\\x80\\xc0\\xaf\\xc2\\x9b\\x7f\")");
    ck_assert_str_eq(DECODE(X86, "chroot", 0), "chroot(NULL)");
    ck_assert_str_eq(DECODE(X86, "chroot", 8), "chroot(0x8)");
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE - 1), "chroot(0x7f00003fffff)");
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE + PAGES), "chroot(0x7f0000402000)");
    ck_assert_str_eq(DECODE(X86, "chroot", UINT64_MAX), "chroot(0xffffffffffffffff)");
    /* a string up to the very end of memory; one that is cut by it; one that spans both pages */
    put_text(PAGES - 3, "xy");
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE + PAGES - 3), "chroot(\"xy\")");
    put(PAGES - 2, "xy", 2);
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE + PAGES - 2), "chroot(\"xy\"...)");
    put_text(4094, "over");
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE + 4094), "chroot(\"over\")");
}
END_TEST

START_TEST(long_strings_are_cut)
{
    char expected[600], name[300];
    memset(name, 'n', sizeof name);
    name[256] = 0;
    put(0, name, 257);
    snprintf(expected, sizeof expected, "chroot(\"%s\")", name);
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE), expected);
    memset(pages, 'n', PAGES);
    snprintf(expected, sizeof expected, "chroot(\"%s\"...)", name);
    ck_assert_str_eq(DECODE(X86, "chroot", PAGE), expected);
    largest = 0;
    ck_assert_str_eq(DECODE(X86, "sethostname", PAGE, 0x7fffffff) + 273, ", 2147483647)");
    ck_assert_uint_le(largest, 257);
}
END_TEST

START_TEST(socket_addresses)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(8080), .sin_addr.s_addr = htonl(0x7f000001)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_port = 1024, .svm_cid = 2};
    uint32_t netlink[3] = {16, 77, 5};
    ck_assert_str_eq(DECODE(X86, "connect", 3, put(8, &in, sizeof in), 16),
                     "connect(3, {AF_INET, 127.0.0.1:8080}, 16)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + 8, 8), "connect(3, {AF_INET}, 8)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + 8, 1), "connect(3, 0x7f0000400008, 1)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + 8, (uint64_t)-1), "connect(3, 0x7f0000400008, -1)");
    ck_assert_str_eq(DECODE(X86, "bind", 3, put(8, &in6, sizeof in6), 28), "bind(3, {AF_INET6, [::1]:443}, 28)");
    in6.sin6_scope_id = 2;
    ck_assert_str_eq(DECODE(X86, "bind", 3, put(8, &in6, sizeof in6), 28), "bind(3, {AF_INET6, [::1%2]:443}, 28)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, put(8, &vm, sizeof vm), 16),
                     "connect(3, {AF_VSOCK, cid 2, port 1024}, 16)");
    ck_assert_str_eq(DECODE(X86, "bind", 3, put(8, netlink, 12), 12), "bind(3, {AF_NETLINK, pid 77, groups 0x5}, 12)");
    ck_assert_str_eq(DECODE(X86, "sendto", 3, 1, 2, 0x20000000, put(8, &in, sizeof in), 16),
                     "sendto(3, 0x1, 2, MSG_FASTOPEN, {AF_INET, 127.0.0.1:8080}, 16)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, 0, 16), "connect(3, NULL, 16)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, 4096, 16), "connect(3, 0x1000, 16)");
    uint16_t unknown[8] = {999};
    ck_assert_str_eq(DECODE(X86, "connect", 3, put(8, unknown, 16), 16), "connect(3, {999}, 16)");
}
END_TEST

START_TEST(unix_addresses)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
    put(8, &un, sizeof un);
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + 8, 110), "connect(3, {AF_UNIX, \"/run/docker.sock\"}, 110)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + 8, 6), "connect(3, {AF_UNIX, \"/run\"}, 6)");
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + 8, 2), "connect(3, {AF_UNIX}, 2)");
    memcpy(un.sun_path, "\0a\0\n", 4);
    put(8, &un, sizeof un);
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + 8, 6), "connect(3, {AF_UNIX, @\"a\\x00\\x0a\"}, 6)");
    /* longer than any address, and to the end of memory */
    memset(pages, 'x', PAGES);
    put(PAGES - 4, &un, 2);
    largest = 0;
    ck_assert_str_eq(DECODE(X86, "connect", 3, PAGE + PAGES - 4, 0x7fffffff),
                     "connect(3, {AF_UNIX, \"xx\"}, 2147483647)");
    put(8, &un, 2);
    ck_assert_uint_eq(strlen(DECODE(X86, "connect", 3, PAGE + 8, 0x7fffffff)),
                      strlen("connect(3, {AF_UNIX, \"\"}, 2147483647)") + 126);
    ck_assert_uint_le(largest, 128);
}
END_TEST

START_TEST(unknown_calls_and_architectures)
{
    char text[256];
    struct seccomp_data data = {.arch = X86, .nr = 9999, .args = {1, 2, 3, 4, 5, UINT64_MAX}};
    decode_call(&data, NULL, text, sizeof text);
    ck_assert_str_eq(text, "syscall_9999(0x1, 0x2, 0x3, 0x4, 0x5, 0xffffffffffffffff)");
    data.nr = -1;
    decode_call(&data, NULL, text, sizeof text);
    ck_assert_str_eq(text, "syscall_-1(0x1, 0x2, 0x3, 0x4, 0x5, 0xffffffffffffffff)");
    data = (struct seccomp_data){.arch = 0x1234, .nr = 1};
    decode_call(&data, NULL, text, sizeof text);
    ck_assert_str_eq(text, "syscall_1(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)");
    data = (struct seccomp_data){.arch = AUDIT_ARCH_I386, .nr = 23, .args = {0}}; /* setuid there, select here */
    decode_call(&data, NULL, text, sizeof text);
    ck_assert_str_eq(text, "setuid(0)");
    data.nr = 22; /* its arguments stand elsewhere than those of the row */
    decode_call(&data, NULL, text, sizeof text);
    ck_assert_str_eq(text, "umount(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)");
    data = (struct seccomp_data){.arch = X86, .nr = 0x40000000 + number_of("socket", POLICY_X86_64), .args = {16, 3}};
    decode_call(&data, NULL, text, sizeof text);
    ck_assert_str_eq(text, "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)");
    data = (struct seccomp_data){.arch = X86, .nr = number_of("chroot", POLICY_X86_64), .args = {PAGE}};
    decode_call(&data, NULL, text, sizeof text);
    ck_assert_str_eq(text, "chroot(0x7f0000400000)"); /* no memory to read */
}
END_TEST

/* In any room the text is a beginning of the whole one, ends with ..., and holds no half character. */
START_TEST(every_size_of_room)
{
    char whole[DECODE_TEXT_MAX], text[DECODE_TEXT_MAX];
    struct seccomp_data data = {.arch = X86, .nr = number_of("chroot", POLICY_X86_64), .args = {PAGE}};
    put_text(0, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa4");
    size_t length = decode_call(&data, &memory, whole, sizeof whole);
    for (size_t size = 0; size < length + 10; size++) {
        memset(text, '#', sizeof text);
        size_t used = decode_call(&data, &memory, text, size);
        ck_assert_int_eq(text[size], '#');
        if (size == 0)
            continue;
        ck_assert_uint_eq(used, strlen(text));
        ck_assert_uint_lt(used, size);
        if (strcmp(text, whole) == 0)
            continue;
        ck_assert_uint_lt(size, length + 4);
        if (size <= 4)
            continue;
        ck_assert_str_eq(text + used - 3, "...");
        ck_assert_int_eq(strncmp(text, whole, used - 3), 0);
        uint32_t code;
        for (size_t at = 0, step; at < used; at += step)
            ck_assert_uint_ne(step = words_character(text + at, used - at, &code), 0);
    }
}
END_TEST

static uint64_t kind(const char *call, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct seccomp_data data = {.arch = X86, .nr = number_of(call, POLICY_X86_64), .args = {a, b, c, d}};
    return decode_kind(&data);
}

START_TEST(kinds_of_one_call)
{
    ck_assert_uint_eq(kind("socket", 16, 3, 0, 0), kind("socket", 16, 0x80803, 9, 9));
    ck_assert_uint_eq(kind("socket", 16, 3, 0, 0), kind("socket", UINT64_C(0xff00000010), 3, 0, 0));
    ck_assert_uint_ne(kind("socket", 16, 3, 0, 0), kind("socket", 16, 2, 0, 0));
    ck_assert_uint_ne(kind("socket", 16, 3, 0, 0), kind("socket", 17, 3, 0, 0));
    ck_assert_uint_ne(kind("ioctl", 0, 0x5412, 0, 0), kind("ioctl", 0, 0x541c, 0, 0));
    ck_assert_uint_eq(kind("ioctl", 0, 0x5412, 1, 0), kind("ioctl", 7, 0x5412, 2, 0));
    ck_assert_uint_ne(kind("prctl", 35, 0, 0, 0), kind("prctl", 28, 0, 0, 0));
    ck_assert_uint_ne(kind("keyctl", 1, 0, 0, 0), kind("keyctl", 2, 0, 0, 0));
    ck_assert_uint_ne(kind("personality", 0x400000, 0, 0, 0), kind("personality", 1, 0, 0, 0));
    ck_assert_uint_ne(kind("mmap", 0, 0, 7, 0x22), kind("mmap", 0, 0, 5, 0x22));
    ck_assert_uint_ne(kind("mmap", 0, 0, 7, 0x22), kind("mmap", 0, 0, 7, 2));
    ck_assert_uint_eq(kind("mmap", 1, 1, 7, 2), kind("mmap", 2, 2, 7, 2));
    ck_assert_uint_ne(kind("mprotect", 0, 0, 4, 0), kind("mprotect", 0, 0, 6, 0));
    ck_assert_uint_eq(kind("clone", 0x10000011, 5, 0, 0), kind("clone", 0x10000000, 6, 0, 0));
    ck_assert_uint_ne(kind("mknod", 0, 020666, 0, 0), kind("mknod", 0, 0104666, 0, 0));
    ck_assert_uint_eq(kind("ptrace", 16, 1, 0, 0), kind("ptrace", 16, 2, 0, 0));
    ck_assert_uint_eq(kind("chroot", 1, 2, 3, 4), kind("chroot", 5, 6, 7, 8));
    struct seccomp_data unknown = {.arch = 7, .nr = -5, .args = {1}};
    ck_assert_uint_eq(decode_kind(&unknown), 0);
}
END_TEST

/* Every call of both architectures, with arguments that mean something and nothing: printable, bounded, and it names
 * the call. */
START_TEST(every_call)
{
    static const uint64_t values[] = {0, 1, UINT64_MAX, PAGE, 0x80000000, UINT32_MAX};
    memset(pages, 0xfe, PAGES);
    for (unsigned row = 0; row < policy_table.words.row_count; row++) {
        for (unsigned i = 0; i < 2 * sizeof values / sizeof *values; i++) {
            char text[DECODE_TEXT_MAX], safe[4 * DECODE_TEXT_MAX + 1];
            const char *name = table_string(policy_table.words.rows[row].name);
            int number = policy_table.words.rows[row].number[i % 2];
            struct seccomp_data data = {.arch = i % 2 == 0 ? X86 : ARM, .nr = number};
            if (number < 0)
                continue;
            for (unsigned j = 0; j < 6; j++)
                data.args[j] = values[(i / 2 + j) % (sizeof values / sizeof *values)];
            size_t used = decode_call(&data, &memory, text, sizeof text);
            ck_assert_uint_eq(used, strlen(text));
            ck_assert_msg(strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == '(', "%s", text);
            ck_assert_msg(text[used - 1] == ')', "%s", text);
            words_escape(safe, text, used, NULL);
            ck_assert_str_eq(safe, text);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *tests = tcase_create("decode");
    tcase_add_loop_test(tests, registers_in_words, 0, sizeof calls / sizeof *calls);
    tcase_add_test(tests, paths_and_flags);
    tcase_add_test(tests, hostile_strings);
    tcase_add_test(tests, long_strings_are_cut);
    tcase_add_test(tests, socket_addresses);
    tcase_add_test(tests, unix_addresses);
    tcase_add_test(tests, unknown_calls_and_architectures);
    tcase_add_test(tests, every_size_of_room);
    tcase_add_test(tests, kinds_of_one_call);
    tcase_add_test(tests, every_call);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
