/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify: what a program can do to a supervisor that listens to its refused calls. Each prints a line and ends with 0
 * when every call was answered as a refusal; a call that was let through, or an answer of another kind, is printed and
 * ends with 1.
 *
 *   notify refused N [THREADS]     N refused calls: prints nanoseconds a call
 *   notify allowed N               N allowed calls: prints nanoseconds a call
 *   notify kinds N                 N kinds of one call, each once
 *   notify memory                  strings without an end, at the end of memory, nowhere, and in memory that changes
 *   notify stuck FILE|- N          N calls with strings in memory that keeps its reader waiting: of a file whose reads
 *                                  are never answered (mute-fs), or of a userfaultfd
 *   notify signals N               calls that signals interrupt
 *   notify killed N | stopped N    N processes whose threads call, killed or stopped and continued meanwhile
 *   notify exec PROGRAM            executes while other threads call
 *   notify listener FILE           leaves a process behind that tries to listen by itself; FILE says what it got */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, THREADS_MAX = 16, KINDS = 0x7000 /* ioctl requests from here on are no driver's */ };

static atomic_int wrong;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static _Noreturn void die(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    exit(2);
}

/* The result of a call that must be refused with this errno, or EINTR where signals come. */
static void judge(const char *what, long result, int wanted, bool interrupted)
{
    if (result == -1 && (errno == wanted || (interrupted && errno == EINTR)))
        return;
    if (atomic_fetch_add(&wrong, 1) < 10)
        printf("%s: answered %ld (%s)\n", what, result, result == -1 ? strerrorname_np(errno) : "let through");
}

static void call_refused(bool interrupted)
{
    int result = socket(AF_NETLINK, SOCK_RAW, 0);
    judge("socket", result, EAFNOSUPPORT, interrupted);
    if (result >= 0)
        close(result);
}

static long per_thread;

static void *call_often(void *unused)
{
    for (long i = 0; i < per_thread; i++)
        call_refused(false);
    return unused;
}

static void *call_for_ever(void *unused)
{
    for (;;)
        call_refused(false);
    return unused;
}

static void start_threads(pthread_t *threads, int count, void *(*run)(void *))
{
    for (int i = 0; i < count; i++)
        if ((errno = pthread_create(&threads[i], NULL, run, NULL)) != 0)
            die("pthread_create");
}

static void refused(long count, int thread_count)
{
    pthread_t threads[THREADS_MAX];
    uint64_t start = now();
    if (thread_count < 1 || thread_count > THREADS_MAX)
        exit(2);
    per_thread = count / thread_count;
    start_threads(threads, thread_count, call_often);
    for (int i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    printf("%llu\n", (unsigned long long)((now() - start) / (uint64_t)count));
}

static void allowed(long count)
{
    uint64_t start = now();
    for (long i = 0; i < count; i++)
        syscall(SYS_getppid);
    printf("%.1f\n", (double)(now() - start) / (double)count);
}

static void kinds(long count)
{
    for (long i = 0; i < count; i++)
        judge("ioctl", ioctl(-1, (unsigned long)(KINDS + i), 0), ENOTTY, false);
    printf("kinds\n");
}

static long set_mode(const char *path)
{
    return syscall(SYS_fchmodat, AT_FDCWD, path, 04755);
}

static long make_node(const char *path, long kind)
{
    static const mode_t types[] = { S_IFCHR, S_IFBLK, S_IFCHR | S_ISUID, S_IFBLK | S_ISUID, S_IFCHR | S_ISGID,
                                    S_IFBLK | S_ISGID, S_IFREG | S_ISUID, S_IFREG | S_ISGID, S_IFIFO | S_ISUID,
                                    S_IFSOCK | S_ISUID };
    return syscall(SYS_mknodat, AT_FDCWD, path, types[kind % 10], 0x103);
}

static char *volatile changing;

static void *change(void *unused)
{
    for (unsigned i = 0;; i++) {
        char *page = changing;
        if (i % 3 == 0)
            mprotect(page, PAGE, PROT_NONE);
        else if (i % 3 == 1)
            mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        else
            memset(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), 'x', PAGE);
    }
    return unused;
}

static void memory(void)
{
    char *pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;
    if (pages == MAP_FAILED || munmap(pages + 2 * PAGE, PAGE) != 0)
        die("mmap");
    memset(pages, 'a', 2 * PAGE);
    judge("8 KiB without an end", set_mode(pages), EPERM, false);
    judge("before a hole", make_node(pages + 2 * PAGE - 3, 0), EPERM, false);
    judge("in a hole", make_node(pages + 2 * PAGE, 1), EPERM, false);
    judge("around the end of memory", make_node((char *)UINTPTR_MAX - 4, 2), EPERM, false);
    judge("in the kernel", make_node((char *)0xffffffff81000000, 3), EPERM, false);
    judge("controls", make_node("\x1b[31m\n\r\x9b" "2J\xff", 4), EPERM, false);
    changing = pages + 3 * PAGE;
    start_threads(&thread, 1, change);
    for (long i = 5; i < 200; i++)
        judge("changing", make_node(pages + 3 * PAGE, i), EPERM, false);
    printf("memory\n");
}

/* A page of a file whose file system never answers, or of a userfaultfd that nobody serves (`-`). */
static char *stuck_memory(const char *file)
{
    struct uffdio_api api = { .api = UFFD_API };
    int descriptor = *file != '-' ? open(file, O_RDONLY | O_CLOEXEC) : (int)syscall(SYS_userfaultfd, 0);
    char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | (*file == '-' ? MAP_ANONYMOUS : 0),
                      *file == '-' ? -1 : descriptor, 0);
    struct uffdio_register range = { .range = { (uintptr_t)page, PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
    if (page == MAP_FAILED || descriptor < 0 ||
        (*file == '-' && (ioctl(descriptor, UFFDIO_API, &api) != 0 || ioctl(descriptor, UFFDIO_REGISTER, &range) != 0)))
        die(*file == '-' ? "userfaultfd" : file);
    return page;
}

static void stuck(const char *file, long count)
{
    char *page = stuck_memory(file);
    uint64_t start = now();
    printf("stuck\n");
    fflush(stdout);
    for (long i = 0; i < count; i++)
        judge("mknodat", make_node(page, i), EPERM, false);
    printf("%llu ms\n", (unsigned long long)((now() - start) / 1000000));
}

static void on_alarm(int number)
{
    (void)number;
}

static void signals(long count)
{
    const struct sigaction action = { .sa_handler = on_alarm };
    const struct itimerval often = { { 0, 50 }, { 0, 50 } }, never = { { 0, 0 }, { 0, 0 } };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (long i = 0; i < count; i++)
        call_refused(true);
    setitimer(ITIMER_REAL, &never, NULL);
    printf("signals\n");
}

/* Four threads of a process that call without end; which then is killed, or stopped and continued before. */
static void end_while_calling(long count, bool stop)
{
    for (long i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            pthread_t threads[4];
            start_threads(threads, 4, call_for_ever);
            pause();
        }
        usleep(2000);
        for (int j = 0; stop && j < 5; j++) {
            kill(pid, SIGSTOP);
            usleep(500);
            kill(pid, SIGCONT);
            usleep(500);
        }
        int status;
        kill(pid, SIGKILL);
        if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
            judge("a process that was killed", 0, 0, false);
    }
    call_refused(false);
    printf(stop ? "stopped\n" : "killed\n");
}

static void execute(const char *program)
{
    pthread_t threads[4];
    start_threads(threads, 4, call_for_ever);
    usleep(3000);
    execlp(program, program, (char *)NULL);
    die("exec");
}

/* A filter that hands socket(2) to a listener, which would continue it. */
static long try_to_listen(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = { 4, code };
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Two forks away, so that the death of the supervisor does not end it; each round in a line of FILE. */
static void listen_by_itself(const char *file)
{
    if (fork() != 0)
        return;
    setsid();
    if (fork() != 0)
        _exit(0);
    FILE *out = fopen(file, "we");
    setvbuf(out, NULL, _IOLBF, 0);
    usleep(50000); /* until the process between has ended */
    pid_t supervisor = getppid();
    for (int round = 0; round < 6000; round++) {
        long listener = try_to_listen();
        int listen_errno = errno, made = socket(AF_NETLINK, SOCK_RAW, 0);
        fprintf(out, "parent %s listener %s socket %s\n", getppid() != supervisor ? "gone" : "there",
                listener >= 0 ? "MADE" : strerrorname_np(listen_errno), made >= 0 ? "MADE" : strerrorname_np(errno));
        usleep(5000);
    }
    _exit(0);
}

int main(int count, char **word)
{
    const char *what = count > 1 ? word[1] : "";
    long number = count > 2 ? atol(word[2]) : 0;
    if (strcmp(what, "refused") == 0)
        refused(number, count > 3 ? atoi(word[3]) : 1);
    else if (strcmp(what, "allowed") == 0)
        allowed(number);
    else if (strcmp(what, "kinds") == 0)
        kinds(number);
    else if (strcmp(what, "memory") == 0)
        memory();
    else if (strcmp(what, "stuck") == 0 && count > 3)
        stuck(word[2], atol(word[3]));
    else if (strcmp(what, "signals") == 0)
        signals(number);
    else if (strcmp(what, "killed") == 0 || strcmp(what, "stopped") == 0)
        end_while_calling(number, strcmp(what, "stopped") == 0);
    else if (strcmp(what, "exec") == 0 && count > 2)
        execute(word[2]);
    else if (strcmp(what, "listener") == 0 && count > 2)
        listen_by_itself(word[2]);
    else
        return 2;
    fflush(stdout);
    _exit(atomic_load(&wrong) == 0 ? 0 : 1); /* whatever the other threads do */
}
