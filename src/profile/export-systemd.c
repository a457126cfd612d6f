/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile as directives of a systemd unit. SystemCallFilter= names calls and looks at no argument: what other
 * directives say of arguments is used, and each call that would be allowed wider than here is told in the file. */
#include <inttypes.h>
#include <string.h>

#include "profile/profile.h"

static bool is_open(const struct loaded *loaded, const char *call)
{
    return policy_opening(loaded->policy, call) == POLICY_OPEN;
}

static uint32_t verdict_of(const struct loaded *loaded, const char *text)
{
    struct seccomp_data data;
    struct error error;
    bool guessed;
    return call_parse(text, loaded->subject.arch, &data, &guessed, &error) == 0 ? profile_verdict(loaded, &data) : 0;
}

static bool lets_through(const struct loaded *loaded, const char *text)
{
    uint32_t verdict = verdict_of(loaded, text);
    return verdict == SECCOMP_RET_ALLOW || verdict == SECCOMP_RET_LOG;
}

static void write_names(FILE *stream, const char *key, const char *const *names, size_t count)
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        if (width == 0)
            width = (size_t)fprintf(stream, "%s", key);
        width += (size_t)fprintf(stream, "%s%s", width > strlen(key) ? " " : "", names[i]);
        if (i + 1 == count || width + strlen(names[i + 1]) > 110) {
            fputc('\n', stream);
            width = 0;
        }
    }
}

/* A call that is conditional here and for which a directive says the condition, or nearly. */
static bool said_elsewhere(const char *call)
{
    static const char *const known[] = {"mmap",      "mprotect",    "pkey_mprotect", "clone",  "unshare",
                                        "setns",     "personality", "chmod",         "fchmod", "fchmodat",
                                        "fchmodat2", "open",        "openat",        "creat",  "mkdir",
                                        "mkdirat",   "mknod",       "mknodat",       "shmat"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(call, known[i]) == 0)
            return true;
    return false;
}

static void write_calls(const struct loaded *loaded, FILE *stream)
{
    const char *names[1024] = {NULL}, *wider[128] = {NULL};
    size_t count = 0, wider_count = 0;
    for (unsigned row = 0; row < policy_table.words.row_count; row++) {
        uint32_t verdicts[ROW_VERDICTS_MAX];
        const char *name = table_string(profile_row(row)->name);
        size_t kinds = profile_row_verdicts(&loaded->filter, loaded->subject.arch, row, verdicts);
        bool allowed = false;
        for (size_t i = 0; i < kinds; i++)
            allowed |= verdicts[i] == SECCOMP_RET_ALLOW || verdicts[i] == SECCOMP_RET_LOG;
        if (!allowed || count == 1024)
            continue;
        names[count++] = name;
        if (kinds > 1 && !said_elsewhere(name) && wider_count < 128)
            wider[wider_count++] = name;
    }
    write_names(stream, "SystemCallFilter=", names, count);
    fputs("SystemCallErrorNumber=EPERM\nSystemCallArchitectures=native\n", stream);
    if (wider_count > 0)
        fputs("# Allowed here whatever their arguments, which systemd cannot compare:\n", stream);
    write_names(stream, "#   ", wider, wider_count);
}

static void write_families(const struct loaded *loaded, FILE *stream)
{
    static const struct {
        const char *name, *call;
    } families[] = {{"AF_UNIX", "socket(AF_UNIX, SOCK_STREAM)"}, {"AF_INET", "socket(AF_INET, SOCK_STREAM)"},
                    {"AF_INET6", "socket(AF_INET6, SOCK_STREAM)"}, {"AF_NETLINK", "socket(AF_NETLINK, SOCK_RAW)"},
                    {"AF_PACKET", "socket(AF_PACKET, SOCK_RAW)"}, {"AF_VSOCK", "socket(AF_VSOCK, SOCK_STREAM)"},
                    {"AF_BLUETOOTH", "socket(AF_BLUETOOTH, SOCK_STREAM)"}};
    bool any = false;
    if (is_open(loaded, "socket"))
        return;
    fputs("RestrictAddressFamilies=", stream);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (lets_through(loaded, families[i].call)) {
            fprintf(stream, "%s%s", any ? " " : "", families[i].name);
            any = true;
        }
    fputs(any ? "\n" : "none\n", stream);
}

static void write_amount(FILE *stream, const char *key, const struct amount *amount)
{
    if (!amount->given)
        return;
    if (amount->value == AMOUNT_MAX)
        fprintf(stream, "%s=infinity\n", key);
    else
        fprintf(stream, "%s=%" PRIu64 "%s\n", key, amount->value, amount->percent ? "%" : "");
}

int export_systemd(const struct loaded *loaded, FILE *stream, struct error *error)
{
    if (!policy_has_filter(loaded->policy))
        return error_set(error, "cannot export %s: it has no filter (name another)", loaded->name);
    fprintf(stream,
            "# Directives for a unit, made from %s by sbx-profile export --to=systemd.\n[Service]\n"
            "NoNewPrivileges=yes\n%s",
            loaded->name,
            loaded->options.kept_capabilities == 0 ? "CapabilityBoundingSet=\nAmbientCapabilities=\n" : "");
    write_amount(stream, "TasksMax", &loaded->options.pids);
    write_amount(stream, "MemoryMax", &loaded->options.memory);
    write_amount(stream, "MemorySwapMax", &loaded->options.swap);
    write_calls(loaded, stream);
    write_families(loaded, stream);
    if (policy_has_default_condition(loaded->policy, "mmap"))
        fputs("MemoryDenyWriteExecute=yes\n", stream);
    if (!lets_through(loaded, "unshare(CLONE_NEWUSER)") && !lets_through(loaded, "clone(CLONE_NEWUSER)"))
        fputs("RestrictNamespaces=yes\n", stream);
    if (!lets_through(loaded, "personality(8)"))
        fputs("LockPersonality=yes\n", stream);
    if (!lets_through(loaded, "fchmodat(AT_FDCWD, NULL, 04755)"))
        fputs("RestrictSUIDSGID=yes\n", stream);
    fputs("# Calls that systemd does not know yet are passed over with a warning: they stay refused.\n", stream);
    fputs("# Not said: the errno of each call (EPERM for all), SOCK_RAW apart from its family, ENOSYS for unknown "
          "calls, and\n"
          "# what Landlock holds: other processes, /sys, sockets of the outside.\n",
          stream);
    return 0;
}
