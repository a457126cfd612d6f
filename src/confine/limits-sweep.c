/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/limits-sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "confine/limits-where.h"

#define PREFIX "sbx-"
#define SCOPE_SUFFIX ".scope"
#define LABEL_MAX 64
#define DEPTH_MAX 32             /* groups below a group: nobody makes more, and recursion ends */
#define SWEEP_MILLISECONDS 300   /* a start waits no longer for what an earlier one left */

/* --- names ---------------------------------------------------------------------------------------------------- */

struct process {
    pid_t pid;
    char state;
    uint64_t start_time;
};

/* /proc/PID/stat: PID (NAME) STATE ..., the start time is field 22. The name is the program's own to choose: only
 * what is behind its last parenthesis can be trusted. */
static bool read_process(const char *stat_file, struct process *process)
{
    char text[1024];
    if (limits_read_text(AT_FDCWD, stat_file, text, sizeof text) < 0)
        return false;
    process->pid = (pid_t)strtol(text, NULL, 10);
    const char *at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ')
        return false;
    process->state = at[2];
    at++;
    for (int field = 3; field < 22; field++) {
        at = strchr(at + 1, ' ');
        if (at == NULL)
            return false;
    }
    process->start_time = strtoull(at + 1, NULL, 10);
    return process->pid > 0;
}

/* The pid and time namespaces, as one number; 0 when what /proc says is another pid namespace's: then pids read
 * there and pids of system calls are different things, and nothing can be told by them. */
static uint64_t space_of(const struct process *self)
{
    struct stat pid_namespace, time_namespace;
    if (self->pid != getpid() || stat("/proc/self/ns/pid", &pid_namespace) != 0)
        return 0;
    uint64_t time_inode = stat("/proc/self/ns/time", &time_namespace) == 0 ? time_namespace.st_ino : 0;
    return ((uint64_t)pid_namespace.st_ino & UINT32_MAX) | (time_inode << 32);
}

/* This process as owner of a group. Found once: naming a group and sweeping beside it both ask. */
static const struct group_owner *own_self(void)
{
    static struct group_owner owner;
    struct process self;
    if (owner.pid == getpid())
        return &owner;
    if (!read_process("/proc/self/stat", &self))
        return NULL;
    owner = (struct group_owner){ getpid(), self.start_time, space_of(&self) };
    return &owner;
}

int group_name(char *name, size_t size, const char *label, struct error *error)
{
    const struct group_owner *self = own_self();
    if (self == NULL)
        return error_set(error, "cannot read /proc/self/stat: %s (is /proc mounted?)", strerror(errno));
    char clean[LABEL_MAX + 1];
    size_t length = 0;
    for (; label[length] != '\0' && length < LABEL_MAX; length++) {
        unsigned char letter = (unsigned char)label[length];
        clean[length] = letter < 0x80 && (isalnum(letter) || letter == '_' || letter == '.') ? (char)letter : '_';
    }
    clean[length] = '\0';
    int used = snprintf(name, size, PREFIX "%s-%d-%" PRIu64 "-%" PRIu64, clean, (int)self->pid, self->start_time,
                        self->space);
    if (used < 0 || (size_t)used >= size)
        return error_set(error, "cannot name the group of the sandbox: the name is too long");
    return 0;
}

/* Digits only, as we write them: no sign, no space, no leading zero. */
static bool parse_digits(const char *text, size_t length, uint64_t most, uint64_t *number)
{
    if (length == 0 || length > 20 || (text[0] == '0' && length > 1))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

static bool is_scope(const char *name)
{
    size_t length = strlen(name);
    return length > strlen(SCOPE_SUFFIX) && strcmp(name + length - strlen(SCOPE_SUFFIX), SCOPE_SUFFIX) == 0;
}

bool group_name_parse(const char *name, struct group_owner *owner)
{
    uint64_t numbers[3];
    const uint64_t most[3] = { INT32_MAX, UINT64_MAX, UINT64_MAX };
    size_t length = strlen(name) - (is_scope(name) ? strlen(SCOPE_SUFFIX) : 0);
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return false;
    for (size_t i = 3; i-- > 0;) {
        size_t end = length;
        while (length > 0 && name[length - 1] != '-')
            length--;
        if (length == 0 || !parse_digits(name + length, end - length, most[i], &numbers[i]))
            return false;
        length--; /* the dash */
    }
    if (length < strlen(PREFIX) || length > strlen(PREFIX) + LABEL_MAX || numbers[0] == 0)
        return false;
    for (size_t i = strlen(PREFIX); i < length; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '.')
            return false;
    *owner = (struct group_owner){ (pid_t)numbers[0], numbers[1], numbers[2] };
    return true;
}

/* --- ending a group ------------------------------------------------------------------------------------------- */

static bool write_word(int directory, const char *name, const char *word)
{
    int file = openat(directory, name, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t written = write(file, word, strlen(word));
    close(file);
    return written == (ssize_t)strlen(word);
}

/* Kills each process in the group. How many there were; -1 when that cannot be read. Between reading a number and
 * the signal the process may be gone, but not its number be another's: that takes a whole turn of pid_max. */
static long kill_processes(int directory)
{
    int file = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *stream = file >= 0 ? fdopen(file, "r") : NULL;
    if (stream == NULL) {
        if (file >= 0)
            close(file);
        return errno == ENOENT || errno == ENODEV ? 0 : -1; /* removed by another */
    }
    long count = 0;
    char line[32];
    while (fgets(line, sizeof line, stream) != NULL) {
        long pid = strtol(line, NULL, 10);
        count++;
        if (pid > 1 && pid != getpid()) /* 0: of an outer pid namespace, and kill(0) would be our own group */
            kill((pid_t)pid, SIGKILL);
    }
    if (ferror(stream) && errno != ENODEV)
        count = -1;
    fclose(stream);
    return count;
}

/* Calls each() for every group right below; the sum of what it returns, -1 when one did. */
static long for_each_below(int directory, int depth, long (*each)(int parent, const char *name, int depth))
{
    int again = depth < DEPTH_MAX ? openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *stream = again >= 0 ? fdopendir(again) : NULL;
    if (stream == NULL) {
        if (again >= 0)
            close(again);
        return -1;
    }
    long sum = 0;
    for (struct dirent *entry; errno = 0, (entry = readdir(stream)) != NULL;) {
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        long result = each(directory, entry->d_name, depth + 1);
        sum = result < 0 || sum < 0 ? -1 : sum + result;
    }
    if (errno != 0)
        sum = -1;
    closedir(stream);
    return sum;
}

/* A group has as many links as groups below it, and two: so the usual one is not listed at all. */
static bool has_none_below(int directory)
{
    struct stat about;
    return fstat(directory, &about) == 0 && about.st_nlink == 2;
}

static long kill_group(int parent, const char *name, int depth);

static long kill_tree(int directory, int depth)
{
    long count = kill_processes(directory);
    if (count < 0 || has_none_below(directory))
        return count;
    long more = for_each_below(directory, depth, kill_group);
    return more < 0 ? -1 : count + more;
}

static long kill_group(int parent, const char *name, int depth)
{
    int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return errno == ENOENT ? 0 : -1;
    long count = kill_tree(directory, depth);
    close(directory);
    return count;
}

/* 0 when it is gone, -1 with errno. */
static long remove_group(int parent, const char *name, int depth)
{
    int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return errno == ENOENT ? 0 : -1;
    if (!has_none_below(directory))
        for_each_below(directory, depth, remove_group);
    close(directory);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

static uint64_t now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* 0: it is gone, or kept; 1: not yet; -1: it cannot be removed, with errno. */
static int remove_emptied(int parent, const char *name, bool keep)
{
    if (keep || remove_group(parent, name, 0) == 0)
        return 0;
    return errno == EBUSY || errno == ENOTEMPTY ? 1 : -1;
}

/* One round. 0: all is done; 1: something is left, again later; -1: it cannot be ended, with errno. */
static int end_round(int parent, const char *name, int directory, bool keep, bool *stopped)
{
    long count = kill_processes(directory);
    if (count == 0 && has_none_below(directory))
        return remove_emptied(parent, name, keep);
    /* v2 since Linux 5.14 kills the whole tree at once. Else nothing new may come while we go through it: v1 (and an
     * older v2) lets pids.max be lowered below what is there. */
    if (!write_word(directory, "cgroup.kill", "1") && !*stopped)
        *stopped = write_word(directory, "pids.max", "0");
    count = kill_tree(directory, 0);
    if (count < 0)
        return -1;
    if (count > 0)
        return 1;
    if (for_each_below(directory, 0, remove_group) < 0)
        return 1;
    return remove_emptied(parent, name, keep);
}

static int end_at(int parent, const char *name, bool keep, unsigned milliseconds, struct error *error)
{
    int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return errno == ENOENT ? 0 : error_set(error, "cannot end what is left in %s: %m", name);
    uint64_t deadline = now_milliseconds() + milliseconds;
    struct timespec pause = { 0, 100000 };
    bool stopped = false;
    int result;
    for (;;) {
        result = end_round(parent, name, directory, keep, &stopped);
        if (result <= 0 || now_milliseconds() >= deadline)
            break;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 10000000)
            pause.tv_nsec *= 2;
    }
    if (result < 0)
        error_set(error, "cannot end what is left in %s: %m", name);
    else if (result > 0)
        error_set(error, "cannot end what is left in %s: processes or groups in it did not go within %u ms "
                  "(see its cgroup.procs)", name, milliseconds);
    close(directory);
    return result == 0 ? 0 : -1;
}

int group_end(const char *directory, bool keep, unsigned milliseconds, struct error *error)
{
    return end_at(AT_FDCWD, directory, keep, milliseconds, error);
}

/* --- what earlier starts left --------------------------------------------------------------------------------- */

static bool owner_is_gone(const struct group_owner *owner)
{
    char stat_file[64];
    struct process process;
    if (kill(owner->pid, 0) != 0 && errno == ESRCH)
        return true;
    snprintf(stat_file, sizeof stat_file, "/proc/%d/stat", (int)owner->pid);
    if (!read_process(stat_file, &process) || process.pid != owner->pid)
        return false; /* not known: let be */
    /* A zombie ends nothing any more: somebody who does not wait for it keeps it. */
    return process.start_time != owner->start_time || process.state == 'Z' || process.state == 'X';
}

void group_sweep(const char *directory)
{
    const struct group_owner *self = own_self();
    uint64_t space = self != NULL ? self->space : 0;
    int parent = space != 0 ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *stream = parent >= 0 ? fdopendir(parent) : NULL;
    if (stream == NULL) {
        if (parent >= 0)
            close(parent);
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        struct group_owner owner;
        struct stat about;
        struct error ignored;
        if (group_name_parse(entry->d_name, &owner) && owner.space == space &&
            fstatat(parent, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode) &&
            about.st_uid == geteuid() && owner_is_gone(&owner))
            end_at(parent, entry->d_name, is_scope(entry->d_name), SWEEP_MILLISECONDS, &ignored); /* systemd removes */
    }
    closedir(stream);
}
