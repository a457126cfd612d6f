/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A systemd unit as a profile: the directives of its [Service] that say what a program may call, hold and use. What is
 * not carried is told, so that nobody takes the result for the whole. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/condition.h"
#include "profile/profile.h"
#include "profile/systemd-groups.h"

enum { CALLS_MAX = 1024, GROUP_DEPTH_MAX = 8, ERRNO_COUNT = 4096 };

struct unit {
    const char *name;
    unsigned line;
    struct error *error;
    bool filters, allows;          /* SystemCallFilter= is there; it lists what is allowed */
    bool named[CALLS_MAX];         /* by row */
    uint16_t own_errno[CALLS_MAX]; /* of `call:ERRNO`, 0: none */
    uint32_t verdict;              /* of what is refused */
    bool families, families_allow; /* RestrictAddressFamilies= */
    char family_list[700];
    bool write_execute;            /* MemoryDenyWriteExecute=yes */
    FILE *settings;                /* other settings, in words of ours */
};

__attribute__((format(printf, 2, 3)))
static int refuse(const struct unit *unit, const char *format, ...)
{
    char why[500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return error_set(unit->error, "cannot import %s:%u: %s", unit->name, unit->line, why);
}

/* ---- calls ---- */

static const struct systemd_group *find_group(const char *name, size_t length)
{
    for (size_t i = 0; i < systemd_group_count; i++)
        if (strncmp(systemd_groups[i].name, name, length) == 0 && systemd_groups[i].name[length] == '\0')
            return &systemd_groups[i];
    return NULL;
}

static int no_such_group(const struct unit *unit, const char *name)
{
    const char *known[64];
    size_t count = 0;
    while (count < systemd_group_count && count < 64) {
        known[count] = systemd_groups[count].name;
        count++;
    }
    const char *near = nearest_word(name, known, count);
    return refuse(unit, "no group '%.40s' (%s%s)", name,
                  near != NULL ? "nearest: " : "systemd-analyze syscall-filter lists them", near != NULL ? near : "");
}

static int mark_words(struct unit *unit, const char *words, bool on, uint16_t number, int depth);

static int mark(struct unit *unit, const char *word, bool on, uint16_t number, int depth)
{
    if (word[0] == '@') {
        const struct systemd_group *group = find_group(word, strlen(word));
        if (group == NULL || depth == GROUP_DEPTH_MAX)
            return no_such_group(unit, word);
        return mark_words(unit, group->words, on, number, depth + 1);
    }
    int row = policy_find_call(word);
    if (row < 0 || row >= CALLS_MAX) {
        char quoted[4 * 64 + 1];
        words_escape(quoted, word, strlen(word), NULL);
        say("%s:%u: no call '%s' on x86_64 or aarch64, left out", unit->name, unit->line, quoted);
        return 0;
    }
    unit->named[row] = on;
    unit->own_errno[row] = on ? number : 0;
    return 0;
}

/* Words with a blank between them; of a unit also with `:ERRNO`. */
static int mark_words(struct unit *unit, const char *words, bool on, uint16_t number, int depth)
{
    while (*(words += strspn(words, " \t")) != '\0') {
        char word[65];
        size_t length = strcspn(words, " \t");
        if (length >= sizeof word)
            return refuse(unit, "a word of %zu letters is no call (remove it)", length);
        memcpy(word, words, length);
        word[length] = '\0';
        words += length;
        char *colon = strchr(word, ':');
        uint16_t own = number;
        if (colon != NULL) {
            uint64_t value = 0;
            const struct constant *constant = constant_find(&policy_table.words, colon + 1);
            if (strcmp(colon + 1, "kill") == 0)
                return refuse(
                    unit, "'%s': a call that kills beside others that do not (write SystemCallErrorNumber=kill)", word);
            if (constant != NULL && strcmp(table_string(policy_table.words.lists[constant->list].name), "errno") == 0)
                value = constant->value[0];
            else if (!parse_number(colon + 1, &value) || value > 4095)
                value = 0;
            if (value == 0)
                return refuse(unit, "'%s': no errno of that name (write EPERM)", word);
            own = (uint16_t)value;
            *colon = '\0';
        }
        if (mark(unit, word, on, own, depth) != 0)
            return -1;
    }
    return 0;
}

/* The first line decides whether it allows or refuses; what another of the other kind names is taken out again. */
static int read_filter(struct unit *unit, const char *value)
{
    bool inverted = *value == '~';
    if (*value == '\0') {
        memset(unit->named, 0, sizeof unit->named);
        unit->filters = false;
        return 0;
    }
    if (!unit->filters) {
        unit->filters = true;
        unit->allows = !inverted;
        if (unit->allows && mark(unit, "@default", true, 0, 0) != 0)
            return -1;
    }
    return mark_words(unit, value + inverted, inverted != unit->allows, 0, 0);
}

static int read_error_number(struct unit *unit, const char *value)
{
    uint64_t number = 0;
    const struct constant *constant = constant_find(&policy_table.words, value);
    if (strcmp(value, "kill") == 0 || *value == '\0') {
        unit->verdict = SECCOMP_RET_KILL_PROCESS;
        return 0;
    }
    if (constant != NULL && strcmp(table_string(policy_table.words.lists[constant->list].name), "errno") == 0)
        number = constant->value[0];
    else if (!parse_number(value, &number) || number > 4095)
        number = 0;
    if (number == 0)
        return refuse(unit, "'%.40s' is no errno (write EPERM or kill)", value);
    unit->verdict = SECCOMP_RET_ERRNO | (uint32_t)number;
    return 0;
}

/* ---- other directives ---- */

static int read_families(struct unit *unit, const char *value)
{
    bool inverted = *value == '~';
    if (*value == '\0') {
        unit->families = false;
        unit->family_list[0] = '\0';
        return 0;
    }
    if (!unit->families)
        unit->families_allow = !inverted;
    else if (inverted == unit->families_allow)
        return refuse(unit, "families that are taken out again (list those that stay, on one line)");
    unit->families = true;
    value += inverted;
    if (strcmp(value, "none") == 0)
        return 0;
    while (*(value += strspn(value, " \t")) != '\0') {
        size_t length = strcspn(value, " \t"), used = strlen(unit->family_list);
        char word[40];
        snprintf(word, sizeof word, "%.*s", (int)(length < 39 ? length : 39), value);
        const struct constant *constant =
            constant_find(&policy_table.words, strcmp(word, "AF_LOCAL") == 0 ? "AF_UNIX" : word);
        if (length > 39 || constant == NULL || strncmp(word, "AF_", 3) != 0)
            return refuse(unit, "no address family '%s' (write AF_INET)", word);
        if (used + length + 3 > sizeof unit->family_list)
            return refuse(unit, "too many address families (list fewer)");
        snprintf(unit->family_list + used, sizeof unit->family_list - used, "%s%s", used > 0 ? ", " : "",
                 table_string(constant->name));
        value += length;
    }
    return 0;
}

static bool is_yes(const char *value)
{
    return strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0 ||
           strcmp(value, "1") == 0;
}

static int read_write_execute(struct unit *unit, const char *value)
{
    unit->write_execute = is_yes(value);
    return 0;
}

/* Sizes are written alike; infinity is max here. A share of the pids is not. */
static int read_amount(struct unit *unit, const char *key, const char *value)
{
    if (*value == '\0')
        return 0;
    if (strcmp(key, "pids") == 0 && strchr(value, '%') != NULL)
        return refuse(unit, "a share of all processes (write a number)");
    fprintf(unit->settings, "%s = %s\n", key, strcmp(value, "infinity") == 0 ? "max" : value);
    return 0;
}

static int read_tasks(struct unit *unit, const char *value) { return read_amount(unit, "pids", value); }
static int read_memory(struct unit *unit, const char *value) { return read_amount(unit, "memory", value); }
static int read_swap(struct unit *unit, const char *value) { return read_amount(unit, "swap", value); }

static int read_capabilities(struct unit *unit, const char *value)
{
    if (*value == '~')
        return refuse(unit, "capabilities that are taken out again (list those that stay)");
    while (*(value += strspn(value, " \t")) != '\0') {
        size_t length = strcspn(value, " \t");
        fprintf(unit->settings, "keep-cap = %.*s\n", (int)length, value);
        value += length;
    }
    return 0;
}

/* Said by every start of sbx-run, or by its default. */
static int read_held(struct unit *unit, const char *value)
{
    (void)unit;
    (void)value;
    return 0;
}

static const struct {
    const char *name;
    int (*read)(struct unit *unit, const char *value);
} directives[] = {
    {"SystemCallFilter", read_filter},
    {"SystemCallErrorNumber", read_error_number},
    {"RestrictAddressFamilies", read_families},
    {"MemoryDenyWriteExecute", read_write_execute},
    {"TasksMax", read_tasks},
    {"MemoryMax", read_memory},
    {"MemorySwapMax", read_swap},
    {"AmbientCapabilities", read_capabilities},
    {"NoNewPrivileges", read_held},
    {"CapabilityBoundingSet", read_held},
    {"SystemCallArchitectures", read_held},
};

/* Directives that confine and have no word here: what is lost is said. */
static bool confines(const char *key)
{
    static const char *const begins[] = {"Protect",
                                         "Restrict",
                                         "Private",
                                         "Lock",
                                         "SystemCall",
                                         "Memory",
                                         "Limit",
                                         "ReadOnlyPaths",
                                         "ReadWritePaths",
                                         "InaccessiblePaths",
                                         "NoExecPaths",
                                         "ExecPaths",
                                         "TemporaryFileSystem",
                                         "BindPaths",
                                         "BindReadOnlyPaths",
                                         "RootDirectory",
                                         "RootImage",
                                         "CPUQuota",
                                         "DynamicUser",
                                         "User",
                                         "Group",
                                         "IPAddress",
                                         "Device",
                                         "UMask",
                                         "KeyringMode",
                                         "ProcSubset",
                                         "RemoveIPC"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(key, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (char *end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return text;
}

static int read_directive(struct unit *unit, char *line)
{
    char *sign = strchr(line, '=');
    if (sign == NULL)
        return refuse(unit, "no '=' in it (write Key=value)");
    *sign = '\0';
    char *key = trim(line), *value = trim(sign + 1);
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
        if (strcmp(key, directives[i].name) == 0)
            return directives[i].read(unit, value);
    if (confines(key)) {
        char quoted[4 * 64 + 1];
        size_t length = strlen(key) < 64 ? strlen(key) : 64;
        quoted[words_escape(quoted, key, length, NULL)] = '\0';
        say("%s:%u: %s= is not carried", unit->name, unit->line, quoted);
    }
    return 0;
}

/* Lines that end in a backslash go on; comments may stand between them. */
static int read_unit(struct unit *unit, char *text)
{
    bool service = true; /* a drop-in may be directives alone, before any section */
    char *joined = calloc(1, strlen(text) + 2), *line;
    int result = 0;
    if (joined == NULL)
        return refuse(unit, "%s (free some memory)", strerror(errno));
    size_t used = 0;
    while (result == 0 && (line = strsep(&text, "\n")) != NULL) {
        unit->line++;
        line = trim(line);
        if (*line == '#' || *line == ';')
            continue;
        size_t length = strlen(line);
        bool goes_on = length > 0 && line[length - 1] == '\\';
        memcpy(joined + used, line, length - goes_on);
        used += length - goes_on;
        if (goes_on && text != NULL) {
            joined[used++] = ' ';
            continue;
        }
        joined[used] = '\0';
        used = 0;
        char *whole = trim(joined);
        if (*whole == '[')
            service = strcmp(whole, "[Service]") == 0;
        else if (*whole != '\0' && service)
            result = read_directive(unit, whole);
    }
    free(joined);
    return result;
}

/* ---- the profile ---- */

/* What the filter lets pass; a call that it kills is not told otherwise by another directive. */
static bool passes(const struct unit *unit, const char *call)
{
    int row = policy_find_call(call);
    return !unit->filters ||
           (row >= 0 && row < CALLS_MAX && unit->named[row] == unit->allows && unit->own_errno[row] == 0);
}

static void write_families(const struct unit *unit, FILE *stream)
{
    if (unit->families && (*unit->family_list != '\0' || !unit->families_allow))
        fprintf(stream, "rule = socket: domain %sin {%s} = errno:EAFNOSUPPORT\n", unit->families_allow ? "not " : "",
                unit->family_list);
    else if (unit->families)
        fputs("rule = socket = errno:EAFNOSUPPORT\n", stream);
}

/* As systemd compares them. */
static const struct {
    const char *call, *condition;
} write_execute[] = {
    {"mmap", "(prot & PROT_WRITE) and (prot & PROT_EXEC)"}, {"mprotect", "(prot & PROT_EXEC)"},
    {"pkey_mprotect", "(prot & PROT_EXEC)"}, {"shmat", "(shmflg & SHM_EXEC)"},
};

static void write_policy(const struct unit *unit, FILE *stream)
{
    char text[VERDICT_TEXT_MAX];
    const char *names[CALLS_MAX];
    bool used[ERRNO_COUNT] = {false};
    uint32_t otherwise = unit->filters && unit->allows ? unit->verdict : SECCOMP_RET_ALLOW;
    fprintf(stream, "calls = %s\n", verdict_text(otherwise, text));
    for (unsigned row = 0; row < policy_table.words.row_count && row < CALLS_MAX; row++)
        if (unit->named[row])
            used[unit->own_errno[row]] = true;
    for (unsigned number = 0; number < ERRNO_COUNT && unit->filters; number++) {
        size_t count = 0;
        if (!used[number])
            continue;
        for (unsigned row = 0; row < policy_table.words.row_count && row < CALLS_MAX; row++)
            if (unit->named[row] && unit->own_errno[row] == number)
                names[count++] = table_string(profile_row(row)->name);
        uint32_t verdict = number != 0 ? SECCOMP_RET_ERRNO | number : unit->allows ? SECCOMP_RET_ALLOW : unit->verdict;
        if (count > 0)
            write_calls_of(stream, verdict, names, count);
    }
    for (unsigned row = 0; row < policy_table.words.row_count && row < CALLS_MAX; row++) /* `calls =` leaves these */
        if (profile_row(row)->by_name_only && unit->filters && unit->allows && !unit->named[row])
            fprintf(stream, "rule = %s = %s\n", table_string(profile_row(row)->name),
                    verdict_text(unit->verdict, text));
    if (passes(unit, "socket"))
        write_families(unit, stream);
    for (size_t i = 0; unit->write_execute && i < sizeof write_execute / sizeof *write_execute; i++)
        if (passes(unit, write_execute[i].call))
            fprintf(stream, "rule = %s: %s = errno:EPERM\n", write_execute[i].call, write_execute[i].condition);
}

int import_systemd(const char *name, const char *text, const struct policy_subject *subject, FILE *stream,
                   struct error *error)
{
    struct unit *unit = calloc(1, sizeof *unit);
    char *copy = strdup(text), *settings = NULL, *profile = NULL;
    size_t size;
    int result = -1;
    FILE *into = open_memstream(&profile, &size);
    if (unit != NULL)
        *unit = (struct unit){.name = name,
                              .error = error,
                              .verdict = SECCOMP_RET_KILL_PROCESS,
                              .settings = open_memstream(&settings, &size)};
    if (unit == NULL || copy == NULL || into == NULL || unit->settings == NULL)
        error_set(error, "cannot import %s: %s (free some memory)", name, strerror(errno));
    else
        result = read_unit(unit, copy);
    if (unit != NULL && unit->settings != NULL)
        fclose(unit->settings);
    if (result == 0) {
        fprintf(into, "# made from a systemd unit by: sbx-profile import --from=systemd\n%s", settings);
        write_policy(unit, into);
    }
    if (into != NULL)
        fclose(into);
    if (result == 0) {
        struct loaded loaded;
        result = profile_load_text(&loaded, name, profile, subject, error);
        if (result == 0) {
            profile_unload(&loaded);
            fputs(profile, stream);
        }
    }
    free(unit);
    free(copy);
    free(settings);
    free(profile);
    return result;
}
