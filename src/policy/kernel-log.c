/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/kernel-log.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first bytes of a file below root; "" when it cannot be read. */
static bool read_file(const char *root, const char *path, char *text, size_t size)
{
    char name[512];
    text[0] = 0;
    if (snprintf(name, sizeof name, "%s%s", root, path) >= (int)sizeof name)
        return false;
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, size - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    return length >= 0;
}

/* Whether `word` stands in the text, between blanks. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || isspace((unsigned char)at[-1])) && (at[length] == 0 || isspace((unsigned char)at[length])))
            return true;
    return false;
}

/* By name: asking the kernel for its audit daemon (AUDIT_GET) needs CAP_AUDIT_CONTROL. */
static bool auditd_runs(const char *root)
{
    char name[512];
    snprintf(name, sizeof name, "%s/proc", root);
    DIR *processes = opendir(name);
    if (processes == NULL)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(processes)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        char path[300], command[64];
        snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
        found = read_file(root, path, command, sizeof command) && strcmp(command, "auditd\n") == 0;
    }
    closedir(processes);
    return found;
}

void kernel_log_find(const char *root, struct kernel_log *log)
{
    char text[4096];
    log->carrier = KERNEL_LOG_NOBODY;
    log->why[0] = 0;
    if (!read_file(root, "/proc/sys/kernel/seccomp/actions_logged", text, sizeof text))
        snprintf(log->why, sizeof log->why, "this kernel does not log calls (Linux 4.14 does)");
    else if (!has_word(text, "log"))
        snprintf(log->why, sizeof log->why, "kernel.seccomp.actions_logged has no 'log' in it (sysctl -w "
                                            "kernel.seccomp.actions_logged='%.*s log')",
                 (int)strcspn(text, "\n"), text);
    else if (!read_file(root, "/proc/self/sessionid", text, sizeof text))
        snprintf(log->why, sizeof log->why, "this kernel has no audit (CONFIG_AUDIT)");
    else if (read_file(root, "/proc/cmdline", text, sizeof text) &&
             (has_word(text, "audit=0") || has_word(text, "audit=off")))
        snprintf(log->why, sizeof log->why, "audit is switched off (boot without audit=0)");
    else
        log->carrier = auditd_runs(root) ? KERNEL_LOG_AUDITD : KERNEL_LOG_KERNEL;
}

void kernel_log_describe(const struct kernel_log *log, char *line, size_t size)
{
    switch (log->carrier) {
    case KERNEL_LOG_AUDITD:
        snprintf(line, size, "logged calls go to auditd (ausearch -m SECCOMP)");
        break;
    case KERNEL_LOG_KERNEL:
        snprintf(line, size, "logged calls go to the kernel log, a few a second at most (journalctl -k or dmesg, "
                             "lines with type=1326)");
        break;
    case KERNEL_LOG_NOBODY:
        snprintf(line, size, "logged calls go nowhere: %s", log->why);
        break;
    }
}
