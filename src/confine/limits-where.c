/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/limits-where.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "confine/limits-sweep.h"

/* v1 says "no limit" as the largest number of pages that a signed long counts in bytes: page sizes differ. */
#define V1_NO_LIMIT (UINT64_C(1) << 62)

int limits_read_text(int directory, const char *name, char *text, size_t size)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    size_t used = 0;
    ssize_t got = 0;
    while (used < size) {
        got = read(file, text + used, size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    int kept = got < 0 ? errno : used == size ? EFBIG : 0;
    close(file);
    if (kept != 0) {
        errno = kept;
        return -1;
    }
    if (used > 0 && text[used - 1] == '\n')
        used--;
    text[used] = '\0';
    return (int)used;
}

bool limits_read_number(int directory, const char *name, uint64_t *number)
{
    char text[64], *end;
    if (limits_read_text(directory, name, text, sizeof text) < 0)
        return false;
    if (strcmp(text, "max") == 0) {
        *number = LIMIT_NONE;
        return true;
    }
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        errno = EINVAL;
        return false;
    }
    *number = value >= V1_NO_LIMIT ? LIMIT_NONE : value;
    return true;
}

/* Whether `word` is a member of a list joined by `separator`. */
static bool has_word(const char *list, const char *word, char separator)
{
    size_t length = strlen(word);
    for (const char *at = list; at != NULL; at = strchr(at, separator), at = at != NULL ? at + 1 : NULL)
        if (strncmp(at, word, length) == 0 && (at[length] == separator || at[length] == '\0'))
            return true;
    return false;
}

/* --- /proc/self/cgroup ---------------------------------------------------------------------------------------- */

/* The own path in the hierarchy of `controller`, or in the v2 one for NULL: as /proc/self/cgroup says it, one
 * ID:CONTROLLERS:PATH a line. False when there is none. */
static bool own_path(FILE *cgroups, const char *controller, char *path, size_t size)
{
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    rewind(cgroups);
    for (ssize_t length; !found && (length = getline(&line, &room, cgroups)) > 0;) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        char *controllers = strchr(line, ':');
        char *at = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (at == NULL)
            continue;
        *controllers++ = '\0';
        *at++ = '\0';
        bool this_one = controller == NULL ? strcmp(line, "0") == 0 && *controllers == '\0'
                                           : has_word(controllers, controller, ',');
        if (!this_one || *at != '/' || strlen(at) >= size)
            continue;
        strcpy(path, at);
        found = true;
    }
    free(line);
    return found;
}

/* --- /proc/self/mountinfo ------------------------------------------------------------------------------------- */

struct mount {
    const char *root, *directory, *type, *options;
};

/* The kernel writes space, tab, newline and backslash as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' &&
            from[3] >= '0' && from[3] <= '7') {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* ID PARENT MAJOR:MINOR ROOT DIRECTORY OPTIONS [FIELD...] - TYPE SOURCE SUPER-OPTIONS (proc(5)); cut up in place. */
static bool parse_mount(char *line, struct mount *mount)
{
    char *fields[6], *saved = NULL;
    for (size_t i = 0; i < 6; i++)
        if ((fields[i] = strtok_r(i == 0 ? line : NULL, " ", &saved)) == NULL)
            return false;
    char *word;
    do {
        if ((word = strtok_r(NULL, " ", &saved)) == NULL)
            return false;
    } while (strcmp(word, "-") != 0);
    mount->type = strtok_r(NULL, " ", &saved);
    const char *source = strtok_r(NULL, " ", &saved);
    mount->options = strtok_r(NULL, " \n", &saved);
    if (mount->type == NULL || source == NULL || mount->options == NULL)
        return false;
    unescape(fields[3]);
    unescape(fields[4]);
    mount->root = fields[3];
    mount->directory = fields[4];
    return true;
}

/* --- the own group -------------------------------------------------------------------------------------------- */

/* What of `path` is below `root`, without the slash; NULL when it is not below it. */
static const char *below(const char *path, const char *root)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return NULL;
    path += length;
    /* A process outside its cgroup namespace's root has a path that begins with /.. */
    if (has_word(path, "..", '/'))
        return NULL;
    return *path == '/' ? path + 1 : path;
}

bool limits_place_path(const struct limits_place *place, const char *group, char *path, size_t size)
{
    int length = snprintf(path, size, "%s%s%s", place->mount, *group != '\0' ? "/" : "", group);
    return length > 0 && (size_t)length < size;
}

static void place_found(struct limits_place *place, const struct mount *mount, const char *path, bool v2,
                        bool any_filesystem)
{
    char directory[LIMITS_PATH_MAX];
    const char *group = path != NULL ? below(path, mount->root) : NULL;
    if (group == NULL || strlen(mount->directory) >= sizeof place->mount) {
        snprintf(place->why, sizeof place->why, "the own group cannot be seen below %.100s", mount->directory);
        return;
    }
    place->v2 = v2;
    strcpy(place->mount, mount->directory);
    strcpy(place->group, group);
    /* Something else may be mounted over it: what is written there would limit nothing. */
    struct statfs about;
    if (!limits_place_path(place, group, directory, sizeof directory) || statfs(directory, &about) != 0 ||
        (!any_filesystem && about.f_type != (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))) {
        snprintf(place->why, sizeof place->why, "the own group is not at %.100s", mount->directory);
        return;
    }
    place->found = true;
}

static bool v2_has(const struct mount *mount, const char *controller)
{
    char path[LIMITS_PATH_MAX], text[512];
    int length = snprintf(path, sizeof path, "%s/cgroup.controllers", mount->directory);
    return length > 0 && (size_t)length < sizeof path && limits_read_text(AT_FDCWD, path, text, sizeof text) >= 0 &&
           has_word(text, controller, ' ');
}

/* The first mount that has a controller counts: libcgroup goes by the same rule. */
static void look_at_mount(struct limits_where *where, FILE *cgroups, const struct mount *mount, bool any_filesystem)
{
    static const char *const names[] = { "pids", "memory" };
    struct limits_place *places[] = { &where->pids, &where->memory };
    bool v2 = strcmp(mount->type, "cgroup2") == 0;
    char path[LIMITS_PATH_MAX];

    if (!v2 && strcmp(mount->type, "cgroup") != 0)
        return;
    for (size_t i = 0; i < 2; i++) {
        if (places[i]->found || places[i]->why[0] != '\0')
            continue;
        if (v2 ? v2_has(mount, names[i]) : has_word(mount->options, names[i], ',')) {
            bool known = own_path(cgroups, v2 ? NULL : names[i], path, sizeof path);
            place_found(places[i], mount, known ? path : NULL, v2, any_filesystem);
        }
    }
}

static int find_places(struct limits_where *where, const struct limits_roots *roots, struct error *error)
{
    char path[LIMITS_PATH_MAX], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/self/cgroup", roots->proc);
    FILE *cgroups = fopen(path, "re");
    /* A kernel without cgroups has no such file; one that hides it leaves nothing to find either. */
    if (cgroups == NULL && errno == ENOENT) {
        snprintf(where->pids.why, sizeof where->pids.why, "%.100s is not there", path);
        snprintf(where->memory.why, sizeof where->memory.why, "%.100s is not there", path);
        return 0;
    }
    if (cgroups == NULL)
        return error_set(error, "cannot read %s: %m (is /proc mounted?)", path);
    snprintf(path, sizeof path, "%s/self/mountinfo", roots->proc);
    FILE *mounts = fopen(path, "re");
    if (mounts == NULL) {
        error_set(error, "cannot read %s: %m (is /proc mounted?)", path);
        fclose(cgroups);
        return -1;
    }
    while (getline(&line, &room, mounts) > 0) {
        struct mount mount;
        if (parse_mount(line, &mount))
            look_at_mount(where, cgroups, &mount, roots->any_filesystem);
    }
    int result = ferror(mounts) || ferror(cgroups) ? error_set(error, "cannot read %s: %m", path) : 0;
    free(line);
    fclose(mounts);
    fclose(cgroups);
    if (!where->pids.found && where->pids.why[0] == '\0')
        strcpy(where->pids.why, "no cgroup hierarchy with pids is mounted");
    if (!where->memory.found && where->memory.why[0] == '\0')
        strcpy(where->memory.why, "no cgroup hierarchy with memory is mounted");
    return result;
}

/* --- what already limits it ----------------------------------------------------------------------------------- */

struct outer_file {
    const char *name;
    uint64_t *tightest;
};

/* The own group and each above it, up to the mount; what is not there (the root has none) limits nothing. */
static void look_upward(const struct limits_place *place, const struct outer_file *files, size_t count)
{
    char group[LIMITS_PATH_MAX], path[LIMITS_PATH_MAX];
    if (!place->found)
        return;
    strcpy(group, place->group);
    for (;;) {
        int directory = limits_place_path(place, group, path, sizeof path)
                            ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        for (size_t i = 0; directory >= 0 && i < count; i++) {
            uint64_t number;
            if (limits_read_number(directory, files[i].name, &number) && number < *files[i].tightest)
                *files[i].tightest = number;
        }
        if (directory >= 0)
            close(directory);
        if (group[0] == '\0')
            return;
        char *slash = strrchr(group, '/');
        *(slash != NULL ? slash : group) = '\0';
    }
}

static bool is_own_group(const struct limits_place *place)
{
    struct group_owner owner;
    char group[LIMITS_PATH_MAX];
    if (!place->found)
        return false;
    strcpy(group, place->group);
    for (char *saved = NULL, *name = strtok_r(group, "/", &saved); name != NULL; name = strtok_r(NULL, "/", &saved))
        if (group_name_parse(name, &owner))
            return true;
    return false;
}

static void find_outer(struct limits_where *where)
{
    struct limits_outer *outer = &where->outer;
    *outer = (struct limits_outer){ LIMIT_NONE, LIMIT_NONE, LIMIT_NONE, LIMIT_NONE };
    const struct outer_file pids[] = { { "pids.max", &outer->pids } };
    const struct outer_file memory_v2[] = { { "memory.max", &outer->memory }, { "memory.swap.max", &outer->swap } };
    const struct outer_file memory_v1[] = {
        { "memory.limit_in_bytes", &outer->memory },
        { "memory.memsw.limit_in_bytes", &outer->memory_and_swap },
    };
    look_upward(&where->pids, pids, 1);
    look_upward(&where->memory, where->memory.v2 ? memory_v2 : memory_v1, 2);
    where->own_sandbox = is_own_group(&where->pids) || is_own_group(&where->memory);

}

/* Whether there is such a file; only the kernel's own "no such file" is a no. 0, or -1 with the error. */
static int look_for(const char *path, bool *there, struct error *error)
{
    *there = access(path, F_OK) == 0;
    if (*there || errno == ENOENT)
        return 0;
    return error_set(error, "cannot look for %s: %s (is access refused by an outer filter?)", path, strerror(errno));
}

static int look_in_group(const struct limits_place *place, const char *group, const char *file, bool *there,
                         struct error *error)
{
    char path[LIMITS_PATH_MAX], full[LIMITS_PATH_MAX + 64];
    if (!limits_place_path(place, group, path, sizeof path))
        return error_set(error, "cannot look for %s: the path of the own cgroup is too long (--limits=off)", file);
    snprintf(full, sizeof full, "%s/%s", path, file);
    return look_for(full, there, error);
}

/* v1: the root has the file too. v2: the root has none; without CONFIG_SWAP there is no /proc/swaps. */
static int find_swap_accounting(struct limits_where *where, const struct limits_roots *roots, struct error *error)
{
    char path[LIMITS_PATH_MAX];
    const struct limits_place *memory = &where->memory;
    bool *counted = &where->swap_accounting, limited;
    *counted = false;
    if (!memory->found)
        return 0;
    if (!memory->v2)
        return look_in_group(memory, "", "memory.memsw.limit_in_bytes", counted, error);
    if (look_in_group(memory, memory->group, "memory.max", &limited, error) != 0)
        return -1;
    if (limited)
        return look_in_group(memory, memory->group, "memory.swap.max", counted, error);
    snprintf(path, sizeof path, "%s/swaps", roots->proc);
    return look_for(path, counted, error);
}

int limits_where_find(struct limits_where *where, const struct limits_roots *roots, struct error *error)
{
    memset(where, 0, sizeof *where);
    if (find_places(where, roots, error) != 0)
        return -1;
    find_outer(where);
    if (find_swap_accounting(where, roots, error) != 0)
        return -1;
    struct sysinfo about;
    if (sysinfo(&about) != 0)
        return error_set(error, "cannot find out how much swap there is: %m");
    where->swap_total = (uint64_t)about.totalswap * about.mem_unit;
    return 0;
}
