/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/privileges.h"
#include "policy/bpf.h"
#include "tell/decode.h"

/* Both run on one processor, one after the other: Linux 6.6. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define STALLS_MAX 4 /* so often a reader or writer may be kept waiting; then memory is not read any more */

struct explain {
    const struct plan *plan;
    const struct options *options;
    int listener;
    struct filter filter; /* as the program has it, but with the errnos that it is answered with */
    struct seccomp_notif *request;
    struct seccomp_notif_resp *response;
    struct refusal *refusals;
    size_t count;
    struct refusal *read;    /* shared with the process that reads its words */
    pid_t stuck[STALLS_MAX]; /* processes that did not come back */
    unsigned stalls;
    uint64_t keepable;    /* capabilities of sbx-run, 1 << CAP_* */
    uint64_t others; /* calls of kinds beyond EXPLAIN_KINDS_MAX */
};

struct explain *explain_new(const struct plan *plan, const struct options *options, int listener, struct error *error)
{
    struct explain *explain = calloc(1, sizeof *explain);
    if (explain != NULL) {
        explain->refusals = calloc(EXPLAIN_KINDS_MAX, sizeof *explain->refusals);
        explain->read = mmap(NULL, sizeof *explain->read, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    if (explain == NULL || explain->refusals == NULL || explain->read == MAP_FAILED ||
        seccomp_notify_alloc(&explain->request, &explain->response) != 0) {
        error_set(error, "cannot listen to refused calls: out of memory (--explain=off needs none)");
        if (explain != NULL)
            explain->listener = -1;
        explain_free(explain);
        return NULL;
    }
    explain->plan = plan;
    explain->options = options;
    explain->listener = listener;
    uint64_t effective;
    if (plan->user_namespace || capabilities_read(&explain->keepable, &effective) != 0)
        explain->keepable = 0;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP); /* faster, no more */
    if (filter_compile_mode(plan->policy, NULL, FILTER_ENFORCE, &explain->filter, error) != 0)
        return NULL;
    return explain;
}

int explain_descriptor(const struct explain *explain)
{
    return explain->listener;
}

const char *explain_errno_name(int number)
{
    static char unnamed[16];
    const char *name = strerrorname_np(number);
    if (name != NULL)
        return name;
    snprintf(unnamed, sizeof unnamed, "E%d", number);
    return unnamed;
}

struct process_memory {
    int descriptor;
};

/* Never through a name that the program could choose: /proc/PID/mem of the process that waits for the answer. */
static ssize_t read_memory(void *context, uint64_t address, void *to, size_t length)
{
    const struct process_memory *memory = context;
    if (memory->descriptor < 0 || address > INT64_MAX)
        return -1;
    return pread(memory->descriptor, to, length, (off_t)address);
}

static int open_of(uint32_t pid, const char *name)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%u/%s", pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void tell(const struct explain *explain, const struct refusal *refusal)
{
    char times[48] = "", errno_text[24] = "";
    uint32_t action = refusal->verdict & SECCOMP_RET_ACTION_FULL;
    if (action == SECCOMP_RET_ERRNO)
        snprintf(errno_text, sizeof errno_text, " = %s",
                 explain_errno_name((int)(refusal->verdict & SECCOMP_RET_DATA)));
    if (refusal->count > 1)
        snprintf(times, sizeof times, ", %llu times", (unsigned long long)refusal->count);
    const struct remedy *remedy = &refusal->remedy;
    const char *how = remedy->option[0] == '\0' ? ""
                      : remedy->as_root ? "; without the capability the kernel refuses it too, as root: "
                                        : "; allow with ";
    say("%s %s%s%s [%s]%s%s", explain->plan->learn != NULL ? "would refuse" : "refused", refusal->text, errno_text,
        times, remedy->category != NULL ? remedy->category : "unknown", how, remedy->option);
}

static void find_remedy(const struct explain *explain, struct refusal *refusal)
{
    const struct policy_subject subject = {
        .arch = POLICY_NATIVE,
        .uid = explain->plan->identity.uid,
        .gid = explain->plan->identity.gid,
        .kept_capabilities = explain->plan->privileges.kept,
    };
    const struct remedy_caller caller = { refusal->capabilities, explain->keepable };
    remedy_find(explain->options->policy, &subject, &caller, &refusal->data, &refusal->remedy);
}

static uint64_t effective_capabilities(uint32_t pid)
{
    char status[4096];
    int descriptor = open_of(pid, "status");
    ssize_t length = descriptor >= 0 ? read(descriptor, status, sizeof status - 1) : -1;
    status[length > 0 ? (size_t)length : 0] = '\0';
    const char *line = strstr(status, "\nCapEff:");
    return line != NULL ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

/* What was read counts only if the call still waits then, else the pid may be another's. */
static void find_words(const struct explain *explain, int memory, struct refusal *refusal)
{
    uint32_t pid = explain->request->pid;
    struct process_memory process = { memory };
    struct decode_memory reader = { read_memory, &process };
    decode_call(&refusal->data, &reader, refusal->text, sizeof refusal->text);
    int comm = open_of(pid, "comm");
    ssize_t length = comm >= 0 ? read(comm, refusal->program, sizeof refusal->program - 1) : 0;
    refusal->program[length > 0 ? (size_t)length : 0] = '\0';
    refusal->program[strcspn(refusal->program, "\n")] = '\0';
    refusal->capabilities = effective_capabilities(pid);
    if (seccomp_notify_id_valid(explain->listener, explain->request->id) == 0)
        return;
    decode_call(&refusal->data, NULL, refusal->text, sizeof refusal->text);
    refusal->program[0] = '\0';
    refusal->capabilities = 0;
}

/* All but these three, in any order; -1 is none. */
static void close_others(int first, int second, int third)
{
    unsigned from = 0;
    for (int kept[] = { first, second, third }, i = 0; i < 3; i++) {
        int least = INT_MAX;
        for (int j = 0; j < 3; j++)
            if (kept[j] >= (int)from && kept[j] < least)
                least = kept[j];
        if (least == INT_MAX)
            break;
        if ((unsigned)least > from)
            syscall(SYS_close_range, from, least - 1, 0);
        from = (unsigned)least + 1;
    }
    syscall(SYS_close_range, from, UINT_MAX, 0);
}

static void read_words(const struct explain *explain, int memory, int end)
{
    close_others(explain->listener, memory, end); /* what it holds open, it may hold for ever */
    find_words(explain, memory, explain->read);
}

static void tell_at_once(const struct explain *explain, int memory, int end)
{
    (void)memory;
    (void)end;
    find_remedy(explain, explain->read);
    tell(explain, explain->read);
}

/* In another process, which is waited for a second: memory that a file system backs can keep a reader waiting for ever,
 * a full pipe a writer; and what stands in that memory is written to mislead. */
static bool do_apart(struct explain *explain, void (*work)(const struct explain *explain, int memory, int end),
                     int memory)
{
    int ends[2];
    if (explain->stalls >= STALLS_MAX || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid_t worker = fork();
    if (worker == 0) {
        work(explain, memory, ends[1]);
        _exit(write(ends[1], "", 1) == 1 ? 0 : 1);
    }
    close(ends[1]);
    struct pollfd end = { .fd = ends[0], .events = POLLIN };
    char done;
    int ended = worker > 0 ? poll(&end, 1, 1000) : -1;
    bool found = ended == 1 && read(ends[0], &done, 1) == 1;
    close(ends[0]);
    if (ended == 0)
        explain->stuck[explain->stalls++] = worker;
    if (worker > 0) {
        kill(worker, SIGKILL);
        waitpid(worker, NULL, WNOHANG | __WALL); /* else with all other children */
    }
    return found;
}

static void describe(struct explain *explain, struct refusal *refusal)
{
    int memory = open_of(explain->request->pid, "mem"); /* here: Yama lets those trace who are ancestors */
    *explain->read = *refusal;
    if (do_apart(explain, read_words, memory))
        *refusal = *explain->read;
    else
        decode_call(&refusal->data, NULL, refusal->text, sizeof refusal->text);
    if (memory >= 0)
        close(memory);
    *explain->read = *refusal;
    refusal->told = explain->plan->explain == EXPLAIN_LIVE && do_apart(explain, tell_at_once, -1);
}

static void count(struct explain *explain, const struct seccomp_data *data, uint32_t verdict)
{
    uint64_t kind = decode_kind(data);
    for (size_t i = 0; i < explain->count; i++) {
        struct refusal *refusal = &explain->refusals[i];
        if (refusal->data.nr == data->nr && refusal->data.arch == data->arch && refusal->kind == kind &&
            refusal->verdict == verdict) {
            refusal->count++;
            return;
        }
    }
    if (explain->count == EXPLAIN_KINDS_MAX) {
        explain->others++;
        return;
    }
    struct refusal *refusal = &explain->refusals[explain->count++];
    *refusal = (struct refusal){ .data = *data, .kind = kind, .count = 1, .verdict = verdict };
    describe(explain, refusal);
}

static bool give_up(struct explain *explain)
{
    say("refused calls are not explained any more, and answered ENOSYS: %s", strerror(errno));
    close(explain->listener); /* whoever waits for an answer gets one */
    explain->listener = -1;
    return false;
}

bool explain_serve(struct explain *explain)
{
    memset(explain->request, 0, sizeof *explain->request);
    if (seccomp_notify_receive(explain->listener, explain->request) != 0)
        return errno == ENOENT || errno == EINTR || give_up(explain); /* ENOENT: it was killed before it was received */
    const struct seccomp_data *data = &explain->request->data;
    uint32_t verdict = bpf_run(explain->filter.code, data, NULL);
    count(explain, data, verdict);
    struct seccomp_notif_resp *response = explain->response;
    memset(response, 0, sizeof *response);
    response->id = explain->request->id;
    if (explain->plan->learn != NULL)
        response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; /* refuses nothing, whatever its memory says by then */
    else if ((verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
        response->error = -(int32_t)(verdict & SECCOMP_RET_DATA);
    else
        response->error = -EPERM; /* the two programs differ in their returns alone, so this cannot be */
    /* ENOENT: it was killed meanwhile. Else it waits for an answer that it would never get. */
    return seccomp_notify_respond(explain->listener, response) == 0 || errno == ENOENT || give_up(explain);
}

static int most_often_first(const void *left, const void *right)
{
    uint64_t a = ((const struct refusal *)left)->count, b = ((const struct refusal *)right)->count;
    return a < b ? 1 : a > b ? -1 : 0;
}

void explain_finish(struct explain *explain)
{
    qsort(explain->refusals, explain->count, sizeof *explain->refusals, most_often_first);
    for (size_t i = 0; i < explain->count; i++) {
        struct refusal *refusal = &explain->refusals[i];
        find_remedy(explain, refusal);
        if (explain->plan->explain != EXPLAIN_OFF && (!refusal->told || refusal->count > 1))
            tell(explain, refusal);
    }
    if (explain->others > 0 && (explain->plan->explain != EXPLAIN_OFF || explain->plan->learn != NULL))
        say("%s %llu more calls, of other kinds than the first %d%s",
            explain->plan->learn != NULL ? "would refuse" : "refused", (unsigned long long)explain->others,
            EXPLAIN_KINDS_MAX, explain->plan->learn != NULL ? ": learn once more, into the same file" : "");
    if (explain->listener >= 0)
        close(explain->listener);
    explain->listener = -1;
}

uint64_t explain_count(const struct explain *explain)
{
    uint64_t sum = explain->others;
    for (size_t i = 0; i < explain->count; i++)
        sum += explain->refusals[i].count;
    return sum;
}

size_t explain_stuck(const struct explain *explain, const pid_t **pids)
{
    *pids = explain->stuck;
    return explain->stalls;
}

size_t explain_refusals(const struct explain *explain, const struct refusal **refusals)
{
    *refusals = explain->refusals;
    return explain->count;
}

void explain_free(struct explain *explain)
{
    if (explain == NULL)
        return;
    if (explain->listener >= 0)
        close(explain->listener);
    if (explain->read != NULL && explain->read != MAP_FAILED)
        munmap(explain->read, sizeof *explain->read);
    seccomp_notify_free(explain->request, explain->response);
    filter_free(&explain->filter);
    free(explain->refusals);
    free(explain);
}
