/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show: what a program finds itself to be, a line `key=value` each: ids, capabilities, descriptors, limits, signals. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif

static void ids(void)
{
    uid_t uid[3];
    gid_t gid[3], groups[64];
    getresuid(&uid[0], &uid[1], &uid[2]);
    getresgid(&gid[0], &gid[1], &gid[2]);
    printf("uid=%d,%d,%d\ngid=%d,%d,%d\ngroups=", uid[0], uid[1], uid[2], gid[0], gid[1], gid[2]);
    int count = getgroups(64, groups);
    for (int i = 0; i < count; i++)
        printf("%s%d", i ? "," : "", groups[i]);
    putchar('\n');
}

/* CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Threads SigBlk SigIgn */
static void status(void)
{
    char line[512];
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (value && (!strncmp(line, "Cap", 3) || !strncmp(line, "NoNew", 5) || !strncmp(line, "Sec", 3) ||
                      !strncmp(line, "Sig", 3))) {
            *value++ = 0;
            printf("%s=%s", line, value + strspn(value, " \t"));
        }
    }
    if (file)
        fclose(file);
}

static void descriptors(void)
{
    fputs("fds=", stdout);
    const char *between = "";
    for (int fd = 0; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0) {
            printf("%s%d", between, fd);
            between = ",";
        }
    putchar('\n');
}

static void limits(void)
{
    static const char *const names[] = {"cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile",
                                        "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        struct rlimit limit;
        if (!getrlimit((__rlimit_resource_t)i, &limit))
            printf("rlimit-%s=%lld:%lld\n", names[i], (long long)limit.rlim_cur, (long long)limit.rlim_max);
    }
}

int main(int argc, char **argv)
{
    char directory[4096];
    mode_t mask = umask(0);
    ids();
    status();
    descriptors();
    limits();
    printf("securebits=%#x\nmdwe=%d\numask=%03o\n", prctl(PR_GET_SECUREBITS), prctl(PR_GET_MDWE, 0, 0, 0, 0), mask);
    printf("cwd=%s\n", getcwd(directory, sizeof directory) ? directory : strerror(errno));
    printf("pid-is-session=%d\npid-is-group=%d\n", getsid(0) == getpid(), getpgrp() == getpid());
    for (int i = 0; i < argc; i++)
        printf("argv[%d]=%s\n", i, argv[i]);
    return 0;
}
