/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/privileges.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* no-root: uid 0 gains nothing by exec; no-setuid-fixup: the sets change only where this file changes them. The
 * locks keep it so for all descendants. keep-caps is not locked: it adds nothing to no-setuid-fixup, and ping(8) ends
 * when it cannot set it. */
#define SECUREBITS (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED)
#define SECUREBITS_NO_AMBIENT (SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

#define BIT(capability) (UINT64_C(1) << (capability))

int privileges_check(const struct options *options, const struct machine *machine, struct plan *plan,
                     struct error *error)
{
    (void)error;
    struct plan_privileges *privileges = &plan->privileges;
    privileges->kept = options->kept_capabilities;
    privileges->dropped = options->confined || privileges->kept != 0;
    /* In a new user namespace the sets are full again, but of that namespace. */
    privileges->lower_bounding =
        privileges->dropped && (plan->user_namespace || (machine->effective & BIT(CAP_SETPCAP)) != 0);
    uint64_t held = plan->user_namespace ? 0 : machine->permitted & machine->bounding;
    for (int capability = 0; capability < 64; capability++) {
        if ((privileges->kept & ~held & BIT(capability)) == 0)
            continue;
        char *name = cap_to_name(capability);
        plan_problem(plan, "cannot keep %s: %s (%s)", name != NULL ? name : "a capability",
                     plan->user_namespace ? "in a user namespace it would not reach outside" : "sbx-run has it not",
                     machine->uid == 0 ? "give it to sbx-run, or leave --keep-cap out" : "start sbx-run as root");
        cap_free(name);
    }
    return 0;
}

int capabilities_read(uint64_t *permitted, uint64_t *effective)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct halves[_LINUX_CAPABILITY_U32S_3] = { 0 };
    if (syscall(SYS_capget, &header, halves) != 0)
        return -1;
    *permitted = halves[0].permitted | (uint64_t)halves[1].permitted << 32;
    *effective = halves[0].effective | (uint64_t)halves[1].effective << 32;
    return 0;
}

/* Whether EINVAL for this one means that the kernel knows no more: then none from here on is held. */
static bool knows_no_more(int capability)
{
    uint64_t permitted, effective;
    return errno == EINVAL && capability > 0 && capabilities_read(&permitted, &effective) == 0 &&
           permitted >> capability == 0;
}

int bounding_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    const struct plan_privileges *privileges = &plan->privileges;
    if (!privileges->lower_bounding)
        return 0;
    for (int capability = 0; capability < 64; capability++) {
        if (privileges->kept & BIT(capability))
            continue;
        int bound = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (bound < 0 && knows_no_more(capability))
            break;
        if (bound < 0 || (bound == 1 && cap_drop_bound(capability) != 0))
            return error_set(error, "cannot drop capability %d from the bounding set: %s (--keep-cap would keep it)",
                             capability, strerror(errno));
    }
    int wanted = SECUREBITS | (privileges->kept == 0 ? SECUREBITS_NO_AMBIENT : 0);
    int found = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    if (found < 0 || ((found & wanted) != wanted && prctl(PR_SET_SECUREBITS, found | wanted, 0, 0, 0) != 0))
        return error_set(error, "cannot lock the securebits: %s (an outer lock holds them differently)",
                         strerror(errno));
    return 1;
}

/* Only what is kept, in all of permitted, effective and inheritable; then ambient, which exec keeps. */
int capabilities_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    const struct plan_privileges *privileges = &plan->privileges;
    if (!privileges->dropped)
        return 0;
    cap_t set = cap_init();
    int result = set == NULL ? -1 : 0;
    for (cap_value_t capability = 0; capability < 64 && result == 0; capability++)
        if (privileges->kept & BIT(capability))
            for (cap_flag_t flag = CAP_EFFECTIVE; flag <= CAP_INHERITABLE && result == 0; flag++)
                result = cap_set_flag(set, flag, 1, &capability, CAP_SET);
    if (result == 0)
        result = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (result == 0)
        result = cap_set_proc(set);
    for (int capability = 0; capability < 64 && result == 0; capability++)
        if (privileges->kept & BIT(capability))
            result = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
    if (result != 0)
        error_set(error, "cannot drop the capabilities: %s (is capset refused by an outer filter?)", strerror(errno));
    cap_free(set);
    return result == 0 ? 1 : -1;
}

void capabilities_print(const struct plan *plan, json_t *object)
{
    const struct plan_privileges *privileges = &plan->privileges;
    if (!privileges->dropped) {
        json_object_set_new(object, "capabilities", json_string("as found"));
        return;
    }
    json_t *kept = json_array();
    for (int capability = 0; capability < 64; capability++) {
        if ((privileges->kept & BIT(capability)) == 0)
            continue;
        char *name = cap_to_name(capability);
        json_array_append_new(kept, json_string(name != NULL ? name : "?"));
        cap_free(name);
    }
    json_object_set_new(object, "capabilities kept", kept);
    json_object_set_new(object, "bounding set",
                        json_string(privileges->lower_bounding
                                        ? "emptied but for these, securebits locked"
                                        : "as found (no CAP_SETPCAP); no_new_privs makes it harmless"));
}

int no_new_privs_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    if (!plan->privileges.no_new_privs)
        return 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set(error, "cannot set no_new_privs: %s (is prctl refused by an outer filter?)",
                         strerror(errno));
    return 1;
}

void no_new_privs_print(const struct plan *plan, json_t *object)
{
    json_object_set_new(object, "no_new_privs", json_boolean(plan->privileges.no_new_privs));
}

/* PR_SET_MDWE says in the kernel once more what the filter says; where the user opened one of the three calls it
 * would take that back, so it goes with them. */
int mdwe_check(const struct options *options, const struct machine *machine, struct plan *plan, struct error *error)
{
    static const char *const calls[] = { "mmap", "mprotect", "pkey_mprotect" };
    (void)error;
    if (!options->confined || options->audit || options->learn != NULL) /* those refuse nothing that the filter holds */
        return 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!policy_has_default_condition(plan->policy, calls[i]))
            return 0;
    if (machine->mdwe)
        plan->privileges.mdwe = true;
    else
        plan_lacks(plan, options, TRY_MDWE,
                   "cannot set memory-deny-write-execute: the kernel has it not, Linux 6.3 is the first (the filter "
                   "holds it alone with --try=mdwe)");
    return 0;
}

int mdwe_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    if (!plan->privileges.mdwe)
        return 0;
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
        return error_set(error, "cannot set memory-deny-write-execute: %s (--allow=memory.exec goes without)",
                         strerror(errno));
    return 1;
}

void mdwe_print(const struct plan *plan, json_t *object)
{
    json_object_set_new(object, "memory-deny-write-execute", json_boolean(plan->privileges.mdwe));
}
