/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The long options are the whole language: the table below feeds the command line, profile files and --help. */
#include "plan/options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "plan/profile-file.h"
#include "plan/values.h"

enum option_flags {
    REPEATABLE = 1 << 0,
    COMMAND_LINE_ONLY = 1 << 1,
    OPTIONAL_VALUE = 1 << 2, /* --name or --name=VALUE, never --name VALUE; `yes` where none is given */
    PROFILE = 1 << 3,        /* read before all others */
};

struct option_entry {
    const char *group; /* heading in --help; NULL: under the one before */
    const char *name;
    char letter;
    unsigned flags;
    const char *argument;
    int (*set)(struct options *options, const struct option_entry *entry, const char *value, struct error *error);
    int number; /* for set() */
    const char *help;
};

static int wrong(const struct option_entry *entry, const char *value, struct error *error, const char *why)
{
    return error_set(error, "cannot set --%s=%s: %s", entry->name, value, why);
}

static int set_policy(struct options *options, const struct option_entry *entry, const char *value,
                      struct error *error)
{
    return policy_settings_add(options->policy, (enum policy_key)entry->number, value, error);
}

struct named_bit {
    const char *name;
    unsigned bit;
};

static const struct named_bit try_names[] = {
    { "landlock", TRY_LANDLOCK }, { "scopes", TRY_SCOPES },   { "mdwe", TRY_MDWE },
    { "limits", TRY_LIMITS },     { "sockets", TRY_SOCKETS },
};

static int add_try(const char *member, void *context, struct error *error)
{
    const char *words[sizeof try_names / sizeof *try_names];
    unsigned *bits = context;
    for (size_t i = 0; i < sizeof try_names / sizeof *try_names; i++) {
        words[i] = try_names[i].name;
        if (strcmp(member, try_names[i].name) == 0) {
            *bits |= try_names[i].bit;
            return 0;
        }
    }
    const char *near = nearest_word(member, words, sizeof words / sizeof *words);
    return error_set(error, "cannot set --try=%s: no protection of that name (%s%s)", member,
                     near ? "did you mean " : "landlock, scopes, mdwe, limits, sockets", near ? near : "");
}

static int set_try(struct options *options, const struct option_entry *entry, const char *value, struct error *error)
{
    (void)entry;
    return value_list(value, add_try, &options->may_lack, error);
}

static int add_capability(const char *member, void *context, struct error *error)
{
    uint64_t *set = context;
    const char *words[64];
    size_t count = 0;
    const char *bare = strncasecmp(member, "cap_", 4) == 0 ? member + 4 : member;
    int found = -1;
    for (int i = 0; i < 64; i++) {
        char *name = cap_to_name(i);
        if (name == NULL)
            return error_set(error, "cannot name a capability: %s (free some memory)", strerror(errno));
        if (strncmp(name, "cap_", 4) == 0 && strcasecmp(name + 4, bare) == 0)
            found = i;
        words[count++] = strncmp(name, "cap_", 4) == 0 ? strdupa(name + 4) : "";
        cap_free(name);
    }
    if (found < 0) {
        char lower[256] = "";
        for (size_t i = 0; bare[i] != '\0' && i < sizeof lower - 1; i++)
            lower[i] = (char)tolower((unsigned char)bare[i]);
        const char *near = nearest_word(lower, words, count);
        return error_set(error, "cannot set --keep-cap=%s: no capability of that name (%s%s)", member,
                         near ? "did you mean " : "names are in capabilities(7)", near ? near : "");
    }
    *set |= UINT64_C(1) << found;
    return 0;
}

static int set_keep_cap(struct options *options, const struct option_entry *entry, const char *value,
                        struct error *error)
{
    (void)entry;
    return value_list(value, add_capability, &options->kept_capabilities, error);
}

/* One of a few words, by its index. */
static int set_word(const struct option_entry *entry, const char *value, const char *const *words, size_t count,
                    unsigned *index, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(value, words[i]) == 0) {
            *index = (unsigned)i;
            return 0;
        }
    }
    const char *near = nearest_word(value, words, count);
    return error_set(error, "cannot set --%s=%s: no such word (%s%s)", entry->name, value, near ? "did you mean " : "",
                     near ? near : entry->argument);
}

static int set_limit(struct options *options, const struct option_entry *entry, const char *value,
                     struct error *error)
{
    static const uint64_t pids_most = 4194304; /* PID_MAX_LIMIT */
    struct amount amount;
    bool pids = entry->number == 'p';
    options->limits_given = true;
    if (!value_amount(value, !pids, &amount) || (amount.value == 0 && entry->number != 's') ||
        (pids && amount.value != AMOUNT_MAX && amount.value > pids_most))
        return wrong(entry, value, error,
                     pids ? "not a number of processes (1 to 4194304, or max)"
                          : "not a size (a number with K, M, G or T, 1% to 100%, or max)");
    *(pids ? &options->pids : entry->number == 'm' ? &options->memory : &options->swap) = amount;
    return 0;
}

static int set_stats(struct options *options, const struct option_entry *entry, const char *value,
                     struct error *error)
{
    static const char *const words[] = { "no", "yes", "json" }; /* as enum options_stats */
    return set_word(entry, value, words, sizeof words / sizeof *words, (unsigned *)&options->stats, error);
}

static int set_explain(struct options *options, const struct option_entry *entry, const char *value,
                       struct error *error)
{
    static const char *const words[] = { "auto", "end", "live", "off" }; /* as enum options_explain */
    return set_word(entry, value, words, sizeof words / sizeof *words, (unsigned *)&options->explain, error);
}

static int set_limits(struct options *options, const struct option_entry *entry, const char *value,
                      struct error *error)
{
    /* as enum options_limits */
    static const char *const words[] = { "auto", "cgroup", "systemd", "delegated", "userns", "off" };
    options->limits_given = true;
    return set_word(entry, value, words, sizeof words / sizeof *words, (unsigned *)&options->limits, error);
}

/* Names as in prlimit(1). */
static const struct rlimit_name {
    const char *name;
    int resource;
    bool bytes;
} rlimit_names[] = {
    { "as", RLIMIT_AS, true },
    { "core", RLIMIT_CORE, true },
    { "cpu", RLIMIT_CPU, false },
    { "data", RLIMIT_DATA, true },
    { "fsize", RLIMIT_FSIZE, true },
    { "locks", RLIMIT_LOCKS, false },
    { "memlock", RLIMIT_MEMLOCK, true },
    { "msgqueue", RLIMIT_MSGQUEUE, true },
    { "nice", RLIMIT_NICE, false },
    { "nofile", RLIMIT_NOFILE, false },
    { "nproc", RLIMIT_NPROC, false },
    { "rss", RLIMIT_RSS, true },
    { "rtprio", RLIMIT_RTPRIO, false },
    { "rttime", RLIMIT_RTTIME, false },
    { "sigpending", RLIMIT_SIGPENDING, false },
    { "stack", RLIMIT_STACK, true },
};

static bool rlimit_value(const char *text, size_t length, bool bytes, rlim_t *value)
{
    char copy[32];
    uint64_t number;
    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strcmp(copy, "unlimited") == 0) {
        *value = RLIM_INFINITY;
        return true;
    }
    if (bytes ? !value_size(copy, &number) : !value_number(copy, 0, UINT64_MAX - 1, &number))
        return false;
    *value = number;
    return true;
}

/* NAME=N, NAME=SOFT:HARD, NAME=SOFT:, NAME=:HARD. */
static int set_rlimit(struct options *options, const struct option_entry *entry, const char *value,
                      struct error *error)
{
    const char *sign = strchr(value, '=');
    if (sign == NULL)
        return wrong(entry, value, error, "no '=' in it (write --rlimit=nofile=1024)");
    const struct rlimit_name *found = NULL;
    const char *words[sizeof rlimit_names / sizeof *rlimit_names];
    for (size_t i = 0; i < sizeof rlimit_names / sizeof *rlimit_names; i++) {
        words[i] = rlimit_names[i].name;
        if (strncmp(words[i], value, (size_t)(sign - value)) == 0 && words[i][sign - value] == '\0')
            found = &rlimit_names[i];
    }
    if (found == NULL) {
        const char *near = nearest_word(strndupa(value, (size_t)(sign - value)), words, sizeof words / sizeof *words);
        return error_set(error, "cannot set --rlimit=%s: no limit of that name (%s%s)", value,
                         near ? "did you mean " : "names are those of prlimit(1)", near ? near : "");
    }
    struct options_rlimit rlimit = { .resource = found->resource, .name = found->name };
    const char *soft = sign + 1, *colon = strchr(soft, ':'), *hard = colon ? colon + 1 : soft;
    size_t soft_length = colon ? (size_t)(colon - soft) : strlen(soft);
    rlimit.soft_only = colon != NULL && *hard == '\0';
    rlimit.hard_only = colon == soft;
    if ((rlimit.soft_only && rlimit.hard_only) ||
        (!rlimit.hard_only && !rlimit_value(soft, soft_length, found->bytes, &rlimit.limit.rlim_cur)) ||
        (!rlimit.soft_only && !rlimit_value(hard, strlen(hard), found->bytes, &rlimit.limit.rlim_max)))
        return wrong(entry, value, error, "not a limit (a number, unlimited, or SOFT:HARD)");
    if (!rlimit.soft_only && !rlimit.hard_only && rlimit.limit.rlim_cur > rlimit.limit.rlim_max)
        return wrong(entry, value, error, "the soft limit is above the hard one (write SOFT:HARD)");
    for (size_t i = 0; i < options->rlimit_count; i++) {
        if (options->rlimits[i].resource == rlimit.resource) {
            options->rlimits[i] = rlimit;
            return 0;
        }
    }
    options->rlimits[options->rlimit_count++] = rlimit;
    return 0;
}

static int add_environment(struct options *options, enum environment_change change, const char *text,
                           struct error *error)
{
    if (options->environment_count == OPTIONS_LIST_MAX)
        return error_set(error, "cannot change the environment: more than %d changes (set some before the start)",
                         OPTIONS_LIST_MAX);
    options->environment[options->environment_count++] = (struct options_environment){ change, text };
    return 0;
}


static int keep_environment(const char *member, void *context, struct error *error)
{
    char *name = strchr(member, '=') == NULL ? strdup(member) : NULL;
    if (name == NULL)
        return error_set(error, "cannot set --keep-env=%s: not a name of a variable (NAME,NAME)", member);
    return add_environment(context, ENVIRONMENT_KEEP, name, error);
}

static int set_environment(struct options *options, const struct option_entry *entry, const char *value,
                           struct error *error)
{
    enum environment_change change = (enum environment_change)entry->number;
    const char *sign = strchr(value, '=');
    bool yes;
    switch (change) {
    case ENVIRONMENT_SET:
        if (sign == NULL || sign == value)
            return wrong(entry, value, error, "not NAME=VALUE (write --setenv=LANG=C)");
        return add_environment(options, change, value, error);
    case ENVIRONMENT_UNSET:
        if (sign != NULL || *value == '\0')
            return wrong(entry, value, error, "not a name of a variable (write --unsetenv=NAME)");
        return add_environment(options, change, value, error);
    case ENVIRONMENT_KEEP:
        return value_list(value, keep_environment, options, error);
    case ENVIRONMENT_CLEAR:
        break;
    }
    if (!value_yes_or_no(value, &yes))
        return wrong(entry, value, error, "neither yes nor no (write one of them)");
    return yes ? add_environment(options, change, NULL, error) : 0;
}

static int set_keep_fd(struct options *options, const struct option_entry *entry, const char *value,
                       struct error *error)
{
    uint64_t number;
    if (!value_number(value, 0, INT_MAX, &number))
        return wrong(entry, value, error, "not a descriptor's number (0, 1, 2 are kept anyhow)");
    if (options->kept_descriptor_count == OPTIONS_LIST_MAX)
        return wrong(entry, value, error, "more than 256 descriptors (keep fewer)");
    options->kept_descriptors[options->kept_descriptor_count++] = (int)number;
    return 0;
}

/* The string options of struct options, by their place in it. */
static int set_string(struct options *options, const struct option_entry *entry, const char *value,
                      struct error *error)
{
    if (*value == '\0')
        return wrong(entry, value, error, "it is empty (give a value)");
    *(const char **)((char *)options + entry->number) = value;
    return 0;
}

static int set_name(struct options *options, const struct option_entry *entry, const char *value,
                    struct error *error)
{
    size_t good = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (good == 0 || good > 64 || value[good] != '\0' || value[0] == '.' || value[0] == '-')
        return wrong(entry, value, error, "not a name (1 to 64 letters, digits, '.', '_', '-', none of '.-' first)");
    options->name = value;
    return 0;
}

static int set_flag(struct options *options, const struct option_entry *entry, const char *value,
                    struct error *error)
{
    bool *flag = (bool *)((char *)options + entry->number);
    return value_yes_or_no(value, flag) ? 0 : wrong(entry, value, error, "neither yes nor no (write one of them)");
}

static int set_time(struct options *options, const struct option_entry *entry, const char *value,
                    struct error *error)
{
    uint64_t *milliseconds = (uint64_t *)((char *)options + entry->number);
    return value_time(value, milliseconds) ? 0 : wrong(entry, value, error, "not a time (a number with ms, s, m or h)");
}

static int set_mode(struct options *options, const struct option_entry *entry, const char *value,
                    struct error *error)
{
    enum options_mode mode = (enum options_mode)entry->number;
    if (mode == MODE_DRY_RUN && strcmp(value, "json") == 0)
        mode = MODE_DRY_RUN_JSON;
    else if (strcmp(value, "yes") != 0 && !(mode == MODE_DRY_RUN && strcmp(value, "text") == 0))
        return wrong(entry, value, error, mode == MODE_DRY_RUN ? "no such form (text or json)" : "it takes no value (write the option alone)");
    if (mode > options->mode) /* help over all, whatever the order */
        options->mode = mode;
    return 0;
}

static int set_profile(struct options *options, const struct option_entry *entry, const char *value,
                       struct error *error)
{
    (void)entry;
    bool base = options->profile == NULL;
    if (base) {
        options->profile = value;
    } else {
        char *both;
        if (asprintf(&both, "%s,%s", options->profile, value) < 0)
            return error_set(error, "cannot read the profiles: out of memory (free some)");
        options->profile = both;
    }
    return profile_apply(options, value, base, error);
}

static int set_include(struct options *options, const struct option_entry *entry, const char *value,
                       struct error *error)
{
    (void)options;
    return wrong(entry, value, error, "a setting of profile files alone (on the command line: --profile)");
}

#define OFFSET(member) ((int)offsetof(struct options, member))

static const struct option_entry table[] = {
    { "What is in force", "profile", 0, REPEATABLE | PROFILE | COMMAND_LINE_ONLY, "NAME|FILE", set_profile, 0,
      "settings to start from: default, none, or a file named with a slash (./FILE)" },
    { NULL, "include", 0, REPEATABLE, "NAME|FILE", set_include, 0, NULL },
    { NULL, "try", 0, REPEATABLE, "LIST", set_try, 0,
      "what may go without where the machine has it not: landlock, scopes, mdwe, limits, sockets" },
    { "System calls", "allow", 0, REPEATABLE, "LIST", set_policy, POLICY_ALLOW,
      "allow calls, features (net.netlink), categories (net), net.* or all; later ones win" },
    { NULL, "deny", 0, REPEATABLE, "LIST", set_policy, POLICY_DENY, "refuse them with an errno" },
    { NULL, "errno", 0, REPEATABLE, "CALL=ERRNO", set_policy, POLICY_ERRNO, "refuse a call with this errno" },
    { NULL, "log", 0, REPEATABLE, "LIST", set_policy, POLICY_LOG, "allow them, and have the kernel log each" },
    { NULL, "trap", 0, REPEATABLE, "LIST", set_policy, POLICY_TRAP, "send the thread SIGSYS instead" },
    { NULL, "trace", 0, REPEATABLE, "LIST", set_policy, POLICY_TRACE, "hand them to a tracer (ENOSYS without one)" },
    { NULL, "kill", 0, REPEATABLE, "LIST", set_policy, POLICY_KILL, "kill the process that makes one" },
    { NULL, "kill-thread", 0, REPEATABLE, "LIST", set_policy, POLICY_KILL_THREAD, "kill the thread that makes one" },
    { NULL, "rule", 0, REPEATABLE, "RULE", set_policy, POLICY_RULE,
      "'CALL[: CONDITION] = ACTION[:ERRNO]', as in sbx-policy(7)" },
    { NULL, "calls", 0, 0, "default|deny[:ERRNO]|allow", set_policy, POLICY_CALLS, "what holds for calls without a rule" },
    { NULL, "unknown", 0, 0, "ENOSYS|EPERM|kill|log", set_policy, POLICY_UNKNOWN,
      "what calls get that the policy does not know (ENOSYS)" },
    { NULL, "arch", 0, REPEATABLE, "native|x86|x32", set_policy, POLICY_ARCHES,
      "open a foreign ABI under the same rules (else its calls kill)" },
    { NULL, "audit", 0, OPTIONAL_VALUE, NULL, set_flag, OFFSET(audit),
      "refuse nothing by the filter: allow and log what it would refuse" },
    { "Privileges", "keep-cap", 0, REPEATABLE, "LIST", set_keep_cap, 0,
      "capabilities that the program keeps (ambient): net_bind_service,..." },
    { NULL, "user", 0, 0, "NAME|UID", set_string, OFFSET(user), "run as this user, with its groups" },
    { NULL, "group", 0, 0, "NAME|GID", set_string, OFFSET(group), "run with this primary group" },
    { "Limits", "pids", 0, 0, "N|max", set_limit, 'p', "at most N processes and threads (default 512)" },
    { NULL, "memory", 0, 0, "SIZE|N%|max", set_limit, 'm', "at most this much memory (default 50%)" },
    { NULL, "swap", 0, 0, "SIZE|N%|max", set_limit, 's', "at most this much swap (default 0)" },
    { NULL, "limits", 0, 0, "auto|cgroup|systemd|delegated|userns|off", set_limits, 0,
      "by what pids, memory and swap are held" },
    { NULL, "cgroup", 0, 0, "PATH", set_string, OFFSET(cgroup),
      "make the group below this one, which was handed over to the user" },
    { NULL, "rlimit", 0, REPEATABLE, "NAME=N", set_rlimit, 0, "a resource limit, as in prlimit(1): nofile=64:1024" },
    { "Surroundings", "setenv", 0, REPEATABLE, "NAME=VALUE", set_environment, ENVIRONMENT_SET,
      "set a variable of the environment" },
    { NULL, "unsetenv", 0, REPEATABLE, "NAME", set_environment, ENVIRONMENT_UNSET, "remove one" },
    { NULL, "clear-env", 0, OPTIONAL_VALUE, NULL, set_environment, ENVIRONMENT_CLEAR, "start from an empty one" },
    { NULL, "keep-env", 0, REPEATABLE, "LIST", set_environment, ENVIRONMENT_KEEP,
      "start from these variables alone" },
    { NULL, "chdir", 0, 0, "DIR", set_string, OFFSET(directory), "start there" },
    { NULL, "keep-fd", 0, REPEATABLE, "N", set_keep_fd, 0, "leave descriptor N open (all above 2 are closed)" },
    { NULL, "new-session", 0, OPTIONAL_VALUE, NULL, set_flag, OFFSET(new_session),
      "in a session of its own, without the terminal's" },
    { NULL, "name", 0, 0, "NAME", set_name, 0, "name of the sandbox (default: the program's)" },
    { "The end", "timeout", 0, 0, "TIME", set_time, OFFSET(timeout_ms),
      "send SIGTERM after TIME (ms, s, m, h); the exit status is 124 then" },
    { NULL, "kill-after", 0, 0, "TIME", set_time, OFFSET(kill_after_ms),
      "kill everything TIME after that SIGTERM (default 5s)" },
    { NULL, "die-with-parent", 0, OPTIONAL_VALUE, NULL, set_flag, OFFSET(die_with_parent),
      "end it all when the process that started sbx-run ends" },
    { NULL, "in-place", 0, OPTIONAL_VALUE, NULL, set_flag, OFFSET(in_place),
      "become the program: no supervisor stays (for services)" },
    { "What is done and told", "dry-run", 0, COMMAND_LINE_ONLY | OPTIONAL_VALUE, "[=text|json]", set_mode,
      MODE_DRY_RUN, "print the plan, start nothing" },
    { NULL, "explain", 0, 0, "auto|end|live|off", set_explain, 0,
      "tell refused calls and what would allow them (auto: at the end, on a terminal)" },
    { NULL, "stats", 0, OPTIONAL_VALUE, "[=json]", set_stats, 0,
      "tell at the end what was used of the limits, on standard error" },
    { NULL, "report", 0, 0, "FILE|fd:N", set_string, OFFSET(report),
      "write what was in force, refused and used as JSON: sbx-report(5)" },
    { NULL, "metrics", 0, 0, "FILE|fd:N", set_string, OFFSET(metrics), "write the figures of the run for Prometheus" },
    { NULL, "learn", 0, COMMAND_LINE_ONLY | PROFILE, "FILE", set_string, OFFSET(learn),
      "allow what would be refused, and write the profile that allows it" },
    { NULL, "check", 0, COMMAND_LINE_ONLY | OPTIONAL_VALUE, NULL, set_mode, MODE_CHECK,
      "can the plan be held here? exit 0 if so, else 1 and each thing that cannot" },
    { NULL, "quiet", 'q', OPTIONAL_VALUE, NULL, set_flag, OFFSET(quiet), "tell errors alone" },
    { NULL, "verbose", 0, OPTIONAL_VALUE, NULL, set_flag, OFFSET(verbose), "tell each step as it is done" },
    { NULL, "help", 'h', COMMAND_LINE_ONLY | OPTIONAL_VALUE, NULL, set_mode, MODE_HELP, "print this" },
    { NULL, "version", 'V', COMMAND_LINE_ONLY | OPTIONAL_VALUE, NULL, set_mode, MODE_VERSION, "print the version" },
};
enum { TABLE_COUNT = sizeof table / sizeof *table };
_Static_assert(TABLE_COUNT <= OPTIONS_TABLE_MAX, "struct options has room for every entry");

static const struct option_entry *entry_named(const char *name, size_t length)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strncmp(table[i].name, name, length) == 0 && table[i].name[length] == '\0')
            return &table[i];
    return NULL;
}

static int no_such_option(const char *prefix, const char *name, struct error *error)
{
    const char *words[TABLE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].help != NULL)
            words[count++] = table[i].name;
    const char *near = nearest_word(name, words, count);
    return error_set(error, "cannot read %s%s: no such option (%s%s%s)", prefix, name, near ? "did you mean " : "",
                     near ? prefix : "", near ? near : "--help lists them");
}

static int apply(struct options *options, const struct option_entry *entry, const char *value, const void *source,
                 struct error *error)
{
    const void **given_by = &options->given_by[entry - table];
    if (*given_by == source && !(entry->flags & REPEATABLE))
        return error_set(error, "cannot set --%s=%s: given twice (keep one)", entry->name, value);
    *given_by = source;
    return entry->set(options, entry, value, error);
}

int options_set(struct options *options, const char *key, const char *value, const void *source, struct error *error)
{
    const struct option_entry *entry = entry_named(key, strlen(key));
    if (entry == NULL)
        return no_such_option("", key, error);
    if (entry->flags & COMMAND_LINE_ONLY)
        return error_set(error, "cannot set %s: an option of the command line alone (remove the line)", key);
    return apply(options, entry, value, source, error);
}

/* One word of the command line that begins with '-': its entry and value; *index moves to a value behind it. */
static int read_word(char **argv, int argc, int *index, const struct option_entry **entry, const char **value,
                     struct error *error)
{
    const char *word = argv[*index];
    *value = NULL;
    if (word[1] != '-') {
        *entry = NULL;
        for (size_t i = 0; i < TABLE_COUNT; i++)
            if (table[i].letter != 0 && word[1] == table[i].letter && word[2] == '\0')
                *entry = &table[i];
        if (*entry == NULL)
            return no_such_option("", word, error);
    } else {
        size_t length = strcspn(word + 2, "=");
        *entry = entry_named(word + 2, length);
        if (*entry == NULL || (*entry)->help == NULL)
            return no_such_option("--", strndupa(word + 2, length), error);
        if (word[2 + length] == '=')
            *value = word + 2 + length + 1;
    }
    if (*value == NULL && ((*entry)->flags & OPTIONAL_VALUE))
        *value = "yes";
    if (*value == NULL) {
        if (*index + 1 >= argc)
            return error_set(error, "cannot read %s: its value is missing (write --%s=%s)", word, (*entry)->name,
                             (*entry)->argument);
        *value = argv[++*index];
    }
    return 0;
}

/* Profiles come before all else, wherever they stand: so the words are gone through twice. */
static int read_words(struct options *options, int argc, char **argv, bool profiles, struct error *error)
{
    int index = 1;
    for (; index < argc && argv[index][0] == '-' && argv[index][1] != '\0'; index++) {
        const struct option_entry *entry;
        const char *value;
        if (strcmp(argv[index], "--") == 0) {
            index++;
            break;
        }
        if (read_word(argv, argc, &index, &entry, &value, error) != 0)
            return -1;
        if (profiles == ((entry->flags & PROFILE) != 0) && apply(options, entry, value, argv, error) != 0)
            return -1;
    }
    options->command = argv + (index < argc ? index : argc);
    return 0;
}

static int apply_learned(struct options *options, struct error *error)
{
    char *path = NULL;
    bool named = strchr(options->learn, '/') == NULL; /* profiles are told from names by their slash */
    if (named && asprintf(&path, "./%s", options->learn) < 0)
        return error_set(error, "cannot read %s: out of memory (free some)", options->learn);
    return profile_apply(options, named ? path : options->learn, false, error);
}

int options_read(struct options *options, int argc, char **argv, struct error *error)
{
    *options = (struct options){ .confined = true, .kill_after_ms = 5000, .policy = policy_settings_new() };
    if (options->policy == NULL)
        return error_set(error, "cannot read the options: %s (free some memory)", strerror(errno));
    if (argc < 1) /* execve with an empty argv: Linux before 5.18 lets that through */
        return error_set(error, "cannot start: argc is 0 (give a program: sbx-run -- PROGRAM)");
    if (read_words(options, argc, argv, true, error) != 0)
        return -1;
    if (options->profile == NULL && set_profile(options, NULL, "default", error) != 0)
        return -1;
    /* What FILE allows already is not learned again; the words of the command line come after it. */
    if (options->learn != NULL && access(options->learn, F_OK) == 0 && apply_learned(options, error) != 0)
        return -1;
    if (read_words(options, argc, argv, false, error) != 0)
        return -1;
    if (options->audit && policy_settings_add(options->policy, POLICY_AUDIT, NULL, error) != 0)
        return -1;
    bool no_program_needed = options->mode >= MODE_CHECK;
    if (options->command[0] == NULL && !no_program_needed)
        return error_set(error, "cannot start: no program given (sbx-run [OPTIONS] -- PROGRAM [ARGUMENTS])");
    return 0;
}

void options_print_help(FILE *stream)
{
    fputs("Usage: sbx-run [OPTIONS] [--] PROGRAM [ARGUMENTS]\n"
          "Starts a program that you do not trust, confined.\n",
          stream);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct option_entry *entry = &table[i];
        if (entry->group != NULL)
            fprintf(stream, "\n%s\n", entry->group);
        if (entry->help == NULL)
            continue;
        char word[64];
        bool glued = entry->argument != NULL && entry->argument[0] == '[';
        int length = snprintf(word, sizeof word, "%c%c%s--%s%s%s", entry->letter ? '-' : ' ',
                              entry->letter ? entry->letter : ' ', entry->letter ? ", " : "  ", entry->name,
                              entry->argument && !glued ? "=" : "", entry->argument ? entry->argument : "");
        if (length > 30)
            fprintf(stream, "  %s\n  %-30s %s\n", word, "", entry->help);
        else
            fprintf(stream, "  %-30s %s\n", word, entry->help);
    }
    fputs("\nExit status: the program's own; 128+N when signal N ended it; 124 time limit;\n"
          "125 sbx-run itself failed, nothing was started; 126 not executable; 127 not found.\n",
          stream);
}
