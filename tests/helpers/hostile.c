/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostile: what `make run` confines. It tries what untrusted programs try, none of it to anybody's harm, and prints `WHAT|RESULT`
 * for each: first what a policy refuses, then how much it can take (bounded by itself, should nothing else bound it). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN_BOUND = 200, MIB = 1 << 20, MEMORY_BOUND = 256 };

static pid_t outside; /* a process that is not ours: the one that started sbx-run */

static long open_outside(const char *name, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", outside, name);
    return open(path, flags | O_CLOEXEC);
}

static long memory_of_another(void) { return open_outside("mem", O_RDWR); }
static long environment_of_another(void)
{
    char byte;
    long fd = open_outside("environ", O_RDONLY);
    return fd < 0 ? fd : read((int)fd, &byte, 1);
}
static long signal_another(void) { return kill(outside, 0); }
static long trace_another(void) { return ptrace(PTRACE_SEIZE, outside, 0, 0); }
static long new_namespaces(void) { return unshare(CLONE_NEWUSER | CLONE_NEWNS); }
static long writable_code(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? -1 : 0;
}
static long set_user_id_file(void)
{
    int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
    return fd < 0 ? fd : fchmod(fd, 04755);
}
static long netlink_socket(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0); }
static long io_uring(void)
{
    static char parameters[256];
    return syscall(SYS_io_uring_setup, 1, parameters);
}
static long keyring(void) { return syscall(SYS_keyctl, 0, -3, 1); }
static long userfault(void) { return syscall(SYS_userfaultfd, 1); }
/* As i386 the number 20 is getpid: another table of calls, which a filter that looks only at numbers would let through. */
static long foreign_abi(void)
{
#ifdef __x86_64__
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result;
#else
    errno = ENOSYS;
    return -1;
#endif
}

static const struct {
    const char *what;
    long (*try)(void);
} attempts[] = {
    {"write another process's memory", memory_of_another},
    {"read another process's environment", environment_of_another},
    {"signal a process outside", signal_another},
    {"trace a process outside", trace_another},
    {"make namespaces of its own", new_namespaces},
    {"map memory both writable and executable", writable_code},
    {"make a set-user-ID file", set_user_id_file},
    {"open a netlink socket", netlink_socket},
    {"set up an io_uring", io_uring},
    {"look into the kernel keyring", keyring},
    {"handle page faults of the kernel", userfault},
    {"call the kernel as an i386 program", foreign_abi},
};

static void try_all(void)
{
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (!child)
            _exit(attempts[i].try() < 0 ? errno : 0);
        if (child < 0 || waitpid(child, &status, 0) != child)
            printf("%s|cannot be tried: %s\n", attempts[i].what, strerror(errno));
        else if (WIFSIGNALED(status))
            printf("%s|refused: killed\n", attempts[i].what);
        else if (WEXITSTATUS(status))
            printf("%s|refused: %s\n", attempts[i].what, strerrorname_np(WEXITSTATUS(status)));
        else
            printf("%s|done\n", attempts[i].what);
    }
}

static void fork_many(void)
{
    int count = 0;
    pid_t children[CHILDREN_BOUND];
    while (count < CHILDREN_BOUND && (children[count] = fork()) > 0)
        count++;
    if (count < CHILDREN_BOUND && children[count] == 0)
        for (;;)
            pause();
    for (int i = 0; i < count; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    printf("fork up to %d children|%d children\n", CHILDREN_BOUND, count);
}

/* In a child, which may be killed for it; what it got so far is told by shared memory. */
static void take_memory(void)
{
    int *taken = mmap(NULL, sizeof *taken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (taken == MAP_FAILED)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        char *memory;
        while (*taken < MEMORY_BOUND && (memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED) {
            memset(memory, 1, MIB);
            ++*taken;
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("take up to %d MiB of memory|%d MiB\n", MEMORY_BOUND, *taken);
}

int main(int argc, char **argv)
{
    outside = argc > 1 ? atoi(argv[1]) : 0;
    if (outside < 2) {
        fputs("usage: hostile PID-OUTSIDE\n", stderr);
        return 2;
    }
    try_all();
    fork_many();
    take_memory();
    return 0;
}
