/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sbx-scope: asks systemd for a transient scope around one process. A program of its own, since sd-bus is a shared
 * library that no start should pay for which does not use it.
 *
 *   sbx-scope user|system NAME.scope SLICE PID DESCRIPTION PIDS MEMORY SWAP
 *
 * PIDS, MEMORY and SWAP are numbers, or "max" for no limit. Status 0 when the manager has taken the job; else 1 and one
 * line on standard output, as the end of a sentence. Whether the process is in the scope and its limits in force is for
 * the caller to look at: that is asked of the kernel, not of the bus. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define ANSWER_MICROSECONDS UINT64_C(5000000)

static int fail(const char *what, int number)
{
    printf("%s: %s\n", what, strerror(number < 0 ? -number : number));
    return 1;
}

static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
    char *end;
    if (strcmp(text, "max") == 0) {
        *number = UINT64_MAX; /* what systemd calls infinity */
        return true;
    }
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    *number = value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value <= most;
}

/* By the address that belongs to the user, not by what the environment says: the environment may be anybody's. */
static int open_bus(bool user, sd_bus **bus)
{
    char address[64] = "unix:path=/run/dbus/system_bus_socket";
    if (user)
        snprintf(address, sizeof address, "unix:path=/run/user/%ju/bus", (uintmax_t)geteuid());
    int result = sd_bus_new(bus);
    if (result >= 0)
        result = sd_bus_set_address(*bus, address);
    if (result >= 0)
        result = sd_bus_set_bus_client(*bus, 1);
    if (result >= 0)
        result = sd_bus_start(*bus);
    return result;
}

struct scope {
    const char *name, *slice, *description;
    uint32_t pid;
    uint64_t pids, memory, swap;
};

/* A scope ends with its last process; inactive-or-failed: nothing is left of one that failed either. */
static int fill(sd_bus_message *message, const struct scope *scope)
{
    int result = sd_bus_message_append(message, "ss", scope->name, "fail");
    if (result >= 0)
        result = sd_bus_message_open_container(message, 'a', "(sv)");
    if (result >= 0)
        result = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Description", "s", scope->description, "Slice",
                                       "s", scope->slice, "CollectMode", "s", "inactive-or-failed", "PIDs", "au", 1,
                                       scope->pid);
    if (result >= 0)
        result = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)", "TasksAccounting", "b", 1, "MemoryAccounting",
                                       "b", 1, "TasksMax", "t", scope->pids, "MemoryMax", "t", scope->memory,
                                       "MemorySwapMax", "t", scope->swap);
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    if (result >= 0)
        result = sd_bus_message_append(message, "a(sa(sv))", 0);
    return result;
}

static int start(sd_bus *bus, const struct scope *scope)
{
    sd_bus_message *message = NULL;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int result = sd_bus_message_new_method_call(bus, &message, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                                "org.freedesktop.systemd1.Manager", "StartTransientUnit");
    if (result >= 0)
        result = fill(message, scope);
    if (result < 0)
        return fail("the message to systemd cannot be made", result);
    result = sd_bus_call(bus, message, ANSWER_MICROSECONDS, &error, NULL);
    if (result < 0) {
        printf("systemd refuses the scope: %s\n", error.message != NULL ? error.message : strerror(-result));
        return 1;
    }
    return 0;
}

int main(int count, char **words)
{
    struct scope scope;
    uint64_t pid;
    sd_bus *bus = NULL;
    bool user = count == 9 && strcmp(words[1], "user") == 0;
    if (count != 9 || (!user && strcmp(words[1], "system") != 0) || !read_number(words[4], INT32_MAX, &pid) ||
        pid < 2 || !read_number(words[6], UINT64_MAX - 1, &scope.pids) ||
        !read_number(words[7], UINT64_MAX - 1, &scope.memory) || !read_number(words[8], UINT64_MAX - 1, &scope.swap)) {
        printf("usage: sbx-scope user|system NAME.scope SLICE PID DESCRIPTION PIDS MEMORY SWAP\n");
        return 1;
    }
    scope.name = words[2];
    scope.slice = words[3];
    scope.pid = (uint32_t)pid;
    scope.description = words[5];
    int result = open_bus(user, &bus);
    if (result < 0)
        return fail("the bus of the systemd manager cannot be reached", result);
    result = start(bus, &scope);
    sd_bus_flush_close_unref(bus);
    return result;
}
