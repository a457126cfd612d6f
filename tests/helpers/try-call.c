/* SPDX-License-Identifier: GPL-2.0-or-later */
/* try-call: reads lines `CALL ARGUMENT...` and makes each call in a child of its own; prints `LINE = RESULT`, where RESULT is
 * `ok`, the name of the errno, the name of the signal that ended the child, or `none` where this architecture has no such call.
 *
 * An argument is a number, constants joined by |, or
 *   buf     zeroed memory, a new piece for each use      bad      an address that faults
 *   self    the child's pid                              parent   this program's pid
 *   uid gid the own ones                                 "TEXT"   a string
 *   fd:PATH a descriptor open for reading                dev:A,B  a device number
 * CALL is a name, a number (for one that libseccomp does not know), or int80:NUMBER, x32:NUMBER. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, WORDS_MAX = 8, PIECE = 4096, WRONG = 254 /* no errno */ };

#define C(name) {#name, (uint64_t)(name)}
static const struct constant {
    const char *name;
    uint64_t value;
} constants[] = {
    C(O_RDONLY), C(O_RDWR), C(O_CREAT), C(O_WRONLY), C(O_TMPFILE), C(O_DIRECTORY), C(AT_FDCWD), C(S_IFCHR), C(S_IFBLK),
    C(S_IFREG), C(S_IFIFO), C(S_IFSOCK), C(S_ISUID), C(S_ISGID),
    C(PROT_NONE), C(PROT_READ), C(PROT_WRITE), C(PROT_EXEC), C(MAP_PRIVATE), C(MAP_SHARED), C(MAP_ANONYMOUS),
    C(AF_UNIX), C(AF_INET), C(AF_INET6), C(AF_NETLINK), C(AF_PACKET), C(AF_VSOCK), C(AF_BLUETOOTH), C(AF_ALG), C(AF_KEY),
    C(SOCK_STREAM), C(SOCK_DGRAM), C(SOCK_SEQPACKET), C(SOCK_RAW), C(SOCK_PACKET), C(SOCK_CLOEXEC), C(SOCK_NONBLOCK),
    C(CLONE_NEWUSER), C(CLONE_NEWNS), C(CLONE_NEWPID), C(CLONE_NEWNET), C(CLONE_NEWIPC), C(CLONE_NEWUTS), C(CLONE_NEWCGROUP),
    C(SIGCHLD), C(READ_IMPLIES_EXEC), C(ADDR_NO_RANDOMIZE), C(TIOCSTI), C(TIOCGWINSZ), C(TIOCLINUX), C(TIOCCONS), C(FIONREAD),
    C(PR_SET_NO_NEW_PRIVS), C(PR_SET_NAME), C(PR_SET_MM), C(PR_GET_DUMPABLE), C(PR_CAPBSET_READ), C(PR_SET_SECUREBITS),
    C(PR_SET_PDEATHSIG), C(PR_SET_TSC), C(KEYCTL_GET_KEYRING_ID),
};

static _Noreturn void die(const char *what, const char *which)
{
    fprintf(stderr, "try-call: %s %s\n", what, which);
    _exit(WRONG);
}

static void *piece(void)
{
    void *memory = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("cannot map", "memory");
    return memory;
}

static uint64_t value_of(const char *word)
{
    char *end;
    uint64_t number = strtoull(word, &end, 0);
    if (end != word && !*end)
        return number;
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (!strcmp(word, constants[i].name))
            return constants[i].value;
    die("unknown word", word);
}

static uint64_t argument(char *word)
{
    if (!strcmp(word, "buf"))
        return (uintptr_t)piece();
    if (!strcmp(word, "bad"))
        return (uint64_t)-8192;
    if (!strcmp(word, "self"))
        return (uint64_t)getpid();
    if (!strcmp(word, "parent"))
        return (uint64_t)getppid();
    if (!strcmp(word, "uid"))
        return getuid();
    if (!strcmp(word, "gid"))
        return getgid();
    if (!strncmp(word, "dev:", 4))
        return makedev((unsigned)atoi(word + 4), strchr(word, ',') ? (unsigned)atoi(strchr(word, ',') + 1) : 0);
    if (!strncmp(word, "fd:", 3)) {
        int fd = open(word + 3, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            die("cannot open", word + 3);
        return (uint64_t)fd;
    }
    size_t length = strlen(word);
    if (word[0] == '"' && length > 1 && word[length - 1] == '"') {
        word[length - 1] = 0;
        return (uintptr_t)(word + 1);
    }
    uint64_t value = 0;
    char *rest;
    for (char *part = strtok_r(word, "|", &rest); part; part = strtok_r(NULL, "|", &rest))
        value |= value_of(part);
    return value;
}

/* A negative errno or the result, as the kernel gives it. */
static long call(const char *name, const uint64_t *a)
{
#ifdef __x86_64__
    if (!strncmp(name, "int80:", 6)) {
        long result = atol(name + 6);
        __asm__ volatile("int $0x80" : "+a"(result) : "b"(a[0]), "c"(a[1]), "d"(a[2]) : "memory", "r8", "r9", "r10", "r11");
        return result;
    }
#endif
    uint64_t number = !strncmp(name, "x32:", 4) ? strtoull(name + 4, NULL, 0) | 0x40000000 : value_of(name);
    long result = syscall((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result == -1 ? -errno : result;
}

/* The call's number as a word in `into`; false where this architecture has none. */
static bool resolve(const char *name, char *into, size_t size)
{
#ifndef __x86_64__
    if (strchr(name, ':'))
        return false;
#endif
    if (strchr(name, ':') || strspn(name, "0123456789-xabcdef") == strlen(name)) {
        snprintf(into, size, "%s", name);
        return true;
    }
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        die("unknown call", name);
    snprintf(into, size, "%d", number);
    return number >= 0;
}

/* In the child: its exit status is the errno. */
static _Noreturn void try_line(char **words, int count)
{
    char number[64];
    uint64_t arguments[WORDS_MAX] = {0};
    if (!resolve(words[0], number, sizeof number))
        _exit(255);
    for (int i = 1; i < count; i++)
        arguments[i - 1] = argument(words[i]);
    long result = call(number, arguments);
    _exit(result < 0 && result > -200 ? (int)-result : 0);
}

static void print_result(const char *line, int status)
{
    const char *name = NULL;
    char text[32];
    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "SIG%s", sigabbrev_np(WTERMSIG(status)));
    else if (!WEXITSTATUS(status))
        name = "ok";
    else if (WEXITSTATUS(status) == 255)
        name = "none";
    else if (!(name = strerrorname_np(WEXITSTATUS(status))))
        snprintf(text, sizeof text, "errno-%d", WEXITSTATUS(status));
    printf("%s = %s\n", line, name ? name : text);
    fflush(stdout);
}

int main(void)
{
    char line[LINE_MAX_BYTES], copy[LINE_MAX_BYTES];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        strcpy(copy, line);
        char *words[WORDS_MAX], *rest;
        int count = 0;
        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
            if (count == WORDS_MAX)
                die("too many words:", line);
            else
                words[count++] = word;
        if (!count)
            continue;
        pid_t child = fork();
        if (!child) {
            setsid(); /* vhangup must not reach the terminal of whoever runs the tests */
            try_line(words, count);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child)
            die("cannot fork or wait:", strerrorname_np(errno));
        if (WIFEXITED(status) && WEXITSTATUS(status) == WRONG)
            die("the line is written wrongly:", line);
        print_result(line, status);
    }
    return 0;
}
