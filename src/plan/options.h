/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was asked: the one table of options (command line, profile files, --help) and what it collects into. */
#ifndef SBX_PLAN_OPTIONS_H
#define SBX_PLAN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "policy/oci-profile.h"
#include "policy/policy.h"
#include "tell/words.h"

#define OPTIONS_OCI_MAX 4    /* OCI profiles: each is a filter more for every call */
#define OPTIONS_LIST_MAX 256 /* repeatable options: how often one may be given */

/* Protections that --try may name. */
enum options_try {
    TRY_LANDLOCK = 1 << 0,
    TRY_SCOPES = 1 << 1,
    TRY_MDWE = 1 << 2,
    TRY_LIMITS = 1 << 3,
    TRY_SOCKETS = 1 << 4,
};

enum options_limits { LIMITS_AUTO, LIMITS_CGROUP, LIMITS_SYSTEMD, LIMITS_DELEGATED, LIMITS_USERNS, LIMITS_OFF };

enum options_explain { EXPLAIN_AUTO, EXPLAIN_END, EXPLAIN_LIVE, EXPLAIN_OFF };

enum options_stats { STATS_NONE, STATS_TABLE, STATS_JSON };

enum options_mode { MODE_RUN, MODE_DRY_RUN, MODE_DRY_RUN_JSON, MODE_CHECK, MODE_HELP, MODE_VERSION };

/* An amount as written: a number, `max` (AMOUNT_MAX), or a share of the machine's memory in percent. */
#define AMOUNT_MAX UINT64_MAX
struct amount {
    bool given;
    bool percent;
    uint64_t value;
};

struct options_rlimit {
    int resource;
    const char *name;
    struct rlimit limit;
    bool soft_only; /* `N:` keeps the hard limit, as in prlimit(1) */
    bool hard_only; /* `:N` keeps the soft limit */
};

enum environment_change { ENVIRONMENT_SET, ENVIRONMENT_UNSET, ENVIRONMENT_CLEAR, ENVIRONMENT_KEEP };

struct options_environment {
    enum environment_change change;
    const char *text; /* NAME=VALUE, NAME, NULL, NAME */
};

#define OPTIONS_TABLE_MAX 64

struct options {
    const void *given_by[OPTIONS_TABLE_MAX]; /* which source gave a single-value option last */
    const char *profile;             /* names of the profiles, joined by commas */
    bool confined;                   /* false: profile none, protections only where an option names one */
    unsigned may_lack;               /* enum options_try, or-ed */
    struct policy_settings *policy;
    struct oci_profile *oci[OPTIONS_OCI_MAX]; /* filters of their own, beside the policy's */
    size_t oci_count;
    bool audit;
    uint64_t kept_capabilities;
    const char *user, *group;

    struct amount pids, memory, swap;
    enum options_limits limits;
    bool limits_given;               /* any option of limits: what profile none goes by */
    const char *cgroup;
    struct options_rlimit rlimits[RLIM_NLIMITS];
    size_t rlimit_count;

    struct options_environment environment[OPTIONS_LIST_MAX];
    size_t environment_count;
    const char *directory;
    int kept_descriptors[OPTIONS_LIST_MAX];
    size_t kept_descriptor_count;
    bool new_session, in_place, die_with_parent;
    uint64_t timeout_ms, kill_after_ms;
    const char *name;

    enum options_mode mode;
    enum options_explain explain;
    enum options_stats stats;
    const char *report, *metrics;    /* FILE, or fd:N for the report */
    const char *learn;
    bool quiet, verbose;
    char **command;                  /* the program and its arguments, NULL-terminated */
};

/* Reads the command line and the profiles it names. Pointers into argv and into memory that lives as long as
 * the process are kept. 0, or -1 with the error. */
int options_read(struct options *options, int argc, char **argv, struct error *error);

/* One setting, as a line of a profile file says it. `source` tells one file from another: a single-value option
 * twice from the same source is an error, from a later one it wins. */
int options_set(struct options *options, const char *key, const char *value, const void *source, struct error *error);

void options_print_help(FILE *stream);

#endif
