/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User and groups. Names are read from /etc/passwd and /etc/group alone: a static program must not load what
 * other name services need (other names are given by number). */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "confine/privileges.h"
#include "plan/values.h"

#define ID_MAX (UINT32_MAX - 1) /* -1 means "no change" to the kernel */

/* An entry of /etc/passwd that lives as long as the process: by name, else by number. False: none. */
static bool find_user(const char *name, uid_t uid, struct passwd *found)
{
    FILE *file = fopen("/etc/passwd", "re");
    if (file == NULL)
        return false;
    for (struct passwd *entry; (entry = fgetpwent(file)) != NULL;) {
        if (name != NULL ? strcmp(entry->pw_name, name) != 0 : entry->pw_uid != uid)
            continue;
        *found = *entry;
        found->pw_name = strdup(entry->pw_name);
        found->pw_dir = strdup(entry->pw_dir);
        fclose(file);
        return found->pw_name != NULL && found->pw_dir != NULL;
    }
    fclose(file);
    return false;
}

static bool find_group(const char *name, gid_t *gid)
{
    FILE *file = fopen("/etc/group", "re");
    bool found = false;
    if (file == NULL)
        return false;
    for (struct group *entry; !found && (entry = fgetgrent(file)) != NULL;) {
        found = strcmp(entry->gr_name, name) == 0;
        if (found)
            *gid = entry->gr_gid;
    }
    fclose(file);
    return found;
}

/* The user's supplementary groups; -1 when there are more than the plan has room for. */
static int find_groups(const char *user, struct plan_identity *identity)
{
    identity->groups[identity->group_count++] = identity->gid;
    FILE *file = fopen("/etc/group", "re");
    if (file == NULL)
        return 0;
    int result = 0;
    for (struct group *entry; result == 0 && (entry = fgetgrent(file)) != NULL;) {
        bool member = false;
        for (char **name = entry->gr_mem; *name != NULL && !member; name++)
            member = strcmp(*name, user) == 0;
        if (!member || entry->gr_gid == identity->gid)
            continue;
        if (identity->group_count == MACHINE_GROUPS_MAX)
            result = -1;
        else
            identity->groups[identity->group_count++] = entry->gr_gid;
    }
    fclose(file);
    return result;
}

static int settle_user(const struct options *options, struct plan_identity *identity, struct error *error)
{
    uint64_t number;
    struct passwd user;
    bool by_number = value_number(options->user, 0, ID_MAX, &number);
    bool known = find_user(by_number ? NULL : options->user, (uid_t)(by_number ? number : 0), &user);
    if (!known && !by_number)
        return error_set(error, "cannot run as %s: no such user in /etc/passwd (users of other name services: "
                                "--user=UID --group=GID)", options->user);
    if (!known && options->group == NULL)
        return error_set(error, "cannot run as %s: not in /etc/passwd, so its group is not known (add --group=GID)",
                         options->user);
    identity->uid = known ? user.pw_uid : (uid_t)number;
    if (known) {
        identity->gid = user.pw_gid;
        identity->user_name = user.pw_name;
        identity->home = user.pw_dir;
    }
    return 0;
}

int identity_check(const struct options *options, const struct machine *machine, struct plan *plan,
                   struct error *error)
{
    struct plan_identity *identity = &plan->identity;
    identity->uid = machine->uid;
    identity->gid = machine->gid;
    if (options->user == NULL && options->group == NULL)
        return 0;
    uint64_t number;
    if (options->user != NULL && settle_user(options, identity, error) != 0)
        return -1;
    if (options->group != NULL && value_number(options->group, 0, ID_MAX, &number))
        identity->gid = (gid_t)number;
    else if (options->group != NULL && !find_group(options->group, &identity->gid))
        return error_set(error, "cannot run with group %s: no such group in /etc/group (groups of other name services "
                                "by number)", options->group);
    uint64_t needed = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID;
    bool may_switch = (machine->effective & needed) == needed;
    /* A user may name itself: a profile for all users does. */
    identity->switched = may_switch || identity->uid != machine->uid || identity->gid != machine->gid;
    if (!identity->switched)
        return 0;
    if (identity->user_name == NULL)
        identity->groups[identity->group_count++] = identity->gid;
    else if (find_groups(identity->user_name, identity) != 0)
        return error_set(error, "cannot run as %s: it is in more than %d groups (give the needed one with --group)",
                         options->user, MACHINE_GROUPS_MAX);
    if (!may_switch)
        plan_problem(plan, "cannot run as another user or group: CAP_SETUID and CAP_SETGID are needed (start sbx-run "
                           "as root)");
    return 0;
}

int identity_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    const struct plan_identity *identity = &plan->identity;
    if (!identity->switched)
        return 0;
    int securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    if (securebits < 0)
        return error_set(error, "cannot read the securebits: %s (is prctl refused?)", strerror(errno));
    /* With no-setuid-fixup (bit 2) the sets stay over the change by themselves, and keep-caps is locked. */
    if (plan->privileges.kept != 0 && (securebits & 4) == 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
        return error_set(error, "cannot keep capabilities over the change of user: %s (leave --keep-cap out)",
                         strerror(errno));
    uid_t uid[3];
    gid_t gid[3];
    if (setgroups(identity->group_count, identity->groups) != 0 ||
        setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
        setresuid(identity->uid, identity->uid, identity->uid) != 0)
        return error_set(error, "cannot become uid %u, gid %u: %s (start sbx-run as root)", identity->uid,
                         identity->gid, strerror(errno));
    if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0 ||
        uid[0] != identity->uid || uid[1] != identity->uid || uid[2] != identity->uid || gid[0] != identity->gid ||
        gid[1] != identity->gid || gid[2] != identity->gid)
        return error_set(error, "cannot become uid %u, gid %u: the kernel shows other ids (is an outer filter "
                                "faking the calls?)", identity->uid, identity->gid);
    return 1;
}

void identity_print(const struct plan *plan, json_t *object)
{
    const struct plan_identity *identity = &plan->identity;
    json_object_set_new(object, "uid", json_integer(identity->uid));
    json_object_set_new(object, "gid", json_integer(identity->gid));
    if (!identity->switched) {
        json_object_set_new(object, "groups", json_string("as found"));
        return;
    }
    json_t *groups = json_array();
    for (size_t i = 0; i < identity->group_count; i++)
        json_array_append_new(groups, json_integer(identity->groups[i]));
    json_object_set_new(object, "groups", groups);
}
