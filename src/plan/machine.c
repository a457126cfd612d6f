/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/machine.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "confine/landlock.h"
#include "confine/privileges.h"

static int find_privileges(struct machine *machine, struct error *error)
{
    if (capabilities_read(&machine->permitted, &machine->effective) != 0)
        return error_set(error, "cannot read the own capabilities: %s (is capget refused by an outer filter?)",
                         strerror(errno));
    int bound = 0;
    machine->last_capability = -1;
    for (int capability = 0; capability < 64; capability++) {
        bound = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (bound < 0)
            break;
        machine->last_capability = capability;
        if (bound == 1)
            machine->bounding |= UINT64_C(1) << capability;
    }
    bool whole = machine->last_capability >= 0 && (bound >= 0 || errno == EINVAL);
    int securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    int no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    if (!whole || securebits < 0 || no_new_privs < 0)
        return error_set(error, "cannot read the own privileges: %s (is prctl refused by an outer filter?)",
                         strerror(errno));
    machine->securebits = (unsigned)securebits;
    machine->no_new_privs = no_new_privs == 1;
    return 0;
}

/* By a wrong descriptor: the kernel says so, a filter something else. One of ours does. */
bool machine_can_listen(void)
{
    return ioctl(-1, SECCOMP_IOCTL_NOTIF_RECV, NULL) != 0 && errno == EBADF;
}

int machine_find(struct machine *machine, struct error *error)
{
    *machine = (struct machine){ .uid = geteuid(), .gid = getegid() };
    /* A set-user-ID sbx-run would lend its rights to whoever writes its command line. */
    if (getauxval(AT_SECURE) != 0 || getuid() != machine->uid || getgid() != machine->gid)
        return error_set(error, "cannot start: sbx-run has a set-user-ID bit or file capabilities (remove them: "
                                "chmod ug-s; setcap -r)");
    if (find_privileges(machine, error) != 0)
        return -1;
    machine->landlock_abi = landlock_abi(&machine->landlock_why);
    machine->stderr_is_terminal = isatty(STDERR_FILENO) == 1;
    machine->mdwe = prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0;
    struct sysinfo info;
    if (sysinfo(&info) != 0)
        return error_set(error, "cannot find the machine's memory: %s (is sysinfo refused by an outer filter?)",
                         strerror(errno));
    machine->memory = (uint64_t)info.totalram * info.mem_unit;
    return 0;
}
