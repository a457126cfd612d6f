/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list, show, explain: what is there, in words. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "plan/profile-file.h"
#include "policy/remedy.h"
#include "profile/profile.h"

/* ---- list ---- */

static void list_installed(void)
{
    static const char directory[] = SYSCONFDIR "/sbx/profiles";
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512], line[200] = "";
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        FILE *stream = entries[i]->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (stream != NULL) {
            while (fgets(line, sizeof line, stream) != NULL && strstr(line, "SPDX") != NULL)
                ;
            line[strcspn(line, "\n")] = '\0';
            printf("%-14s %s\n", path, line[0] == '#' ? line + 1 + strspn(line + 1, " ") : "");
            fclose(stream);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int verb_list(const struct request *request, struct error *error)
{
    const char *name, *about;
    (void)request;
    (void)error;
    for (size_t i = 0; (name = profile_built_in(i, &about)) != NULL; i++)
        printf("%-14s %s\n", name, about);
    list_installed();
    return 0;
}

/* ---- show ---- */

static void print_amount(const char *what, const struct amount *amount)
{
    if (!amount->given)
        return;
    if (amount->value == AMOUNT_MAX)
        printf("  %-22s no limit\n", what);
    else
        printf("  %-22s %" PRIu64 "%s\n", what, amount->value, amount->percent ? "% of the machine's memory" : "");
}

static void print_capabilities(uint64_t set)
{
    printf("  %-22s ", "capabilities");
    for (int i = 0; i < 64; i++) {
        char *name = (set >> i & 1) != 0 ? cap_to_name(i) : NULL;
        if (name != NULL)
            printf("%s ", name);
        cap_free(name);
    }
    puts(set != 0 ? "" : "none kept");
}

static void print_options(const struct options *options)
{
    static const struct {
        unsigned bit;
        const char *name;
    } tries[] = {{TRY_LANDLOCK, "landlock"}, {TRY_SCOPES, "scopes"}, {TRY_MDWE, "mdwe"}, {TRY_LIMITS, "limits"},
                 {TRY_SOCKETS, "sockets"}};
    print_amount("processes and threads", &options->pids);
    print_amount("memory", &options->memory);
    print_amount("swap", &options->swap);
    print_capabilities(options->kept_capabilities);
    for (size_t i = 0; i < options->rlimit_count; i++)
        printf("  %-22s %s\n", "resource limit", options->rlimits[i].name);
    if (options->timeout_ms != 0)
        printf("  %-22s %" PRIu64 " ms\n", "time limit", options->timeout_ms);
    if (options->in_place)
        printf("  %-22s in place of sbx-run, without a supervisor\n", "runs");
    if (options->environment_count > 0)
        printf("  %-22s %zu changes\n", "environment", options->environment_count);
    if (options->may_lack != 0) {
        printf("  %-22s", "may go without");
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
            if ((options->may_lack & tries[i].bit) != 0)
                printf(" %s", tries[i].name);
        puts(", where the kernel has it not");
    }
    if (options->audit)
        printf("  %-22s nothing is refused by the filter: it is logged\n", "audit");
}

struct counts {
    unsigned calls, allowed, conditional, refused, other;
};

static void count_row(const struct loaded *loaded, unsigned row, struct counts *counts)
{
    uint32_t verdicts[ROW_VERDICTS_MAX];
    size_t count = profile_row_verdicts(&loaded->filter, loaded->subject.arch, row, verdicts);
    if (count == 0)
        return;
    counts->calls++;
    if (count > 1)
        counts->conditional++;
    else if (verdicts[0] == SECCOMP_RET_ALLOW)
        counts->allowed++;
    else if ((verdicts[0] & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
        counts->refused++;
    else
        counts->other++;
}

static void print_counts(const char *name, const struct counts *counts)
{
    printf("  %-10s %6u %8u %12u %8u %6u\n", name, counts->calls, counts->allowed, counts->conditional, counts->refused,
           counts->other);
}

static void print_categories(const struct loaded *loaded)
{
    struct counts sum = {0};
    printf("  %-10s %6s %8s %12s %8s %6s\n", "category", "calls", "allowed", "by argument", "refused", "other");
    for (unsigned i = 0; i < policy_table.category_count; i++) {
        const struct category *category = &policy_table.categories[i];
        struct counts counts = {0};
        for (unsigned row = category->first_row; row < category->first_row + category->row_count; row++)
            count_row(loaded, row, &counts);
        print_counts(table_string(category->name), &counts);
        sum.calls += counts.calls, sum.allowed += counts.allowed, sum.conditional += counts.conditional;
        sum.refused += counts.refused, sum.other += counts.other;
    }
    print_counts("all", &sum);
}

static void print_calls(const struct loaded *loaded)
{
    for (unsigned row = 0; row < policy_table.words.row_count; row++) {
        uint32_t verdicts[ROW_VERDICTS_MAX];
        size_t count = profile_row_verdicts(&loaded->filter, loaded->subject.arch, row, verdicts);
        char text[VERDICT_TEXT_MAX];
        if (count == 0)
            continue;
        printf("%-24s %-8s ", table_string(profile_row(row)->name),
               table_string(policy_table.categories[profile_row(row)->category].name));
        for (size_t i = 0; i < count; i++)
            printf("%s%s", i == 0 ? "" : ", ", verdict_text(verdicts[i], text));
        puts(count > 1 ? ", by its arguments" : "");
    }
}

int verb_show(const struct request *request, struct error *error)
{
    struct loaded loaded;
    if (profile_load(&loaded, request->words[0], &request->subject, error) != 0)
        return -1;
    printf("%s, on %s for uid %u: a filter of %u instructions\n", loaded.name, profile_arch_name(loaded.subject.arch),
           loaded.subject.uid, loaded.filter.length);
    if (loaded.oci == NULL)
        print_options(&loaded.options);
    print_categories(&loaded);
    if (request->all_calls)
        print_calls(&loaded);
    profile_unload(&loaded);
    return 0;
}

/* ---- explain ---- */

static void print_openings(const struct row *row)
{
    for (unsigned i = 0; i < row->opening_count; i++) {
        const struct opening *opening = &policy_table.openings[policy_table.openings_by_row[row->first_opening + i]];
        const char *feature = table_string(policy_table.features[opening->feature].name);
        bool part = opening->condition[POLICY_X86_64] != TABLE_NONE || opening->condition[POLICY_AARCH64] != TABLE_NONE;
        printf("  opened by      --allow=%s%s\n", feature, part ? " (a part of it)" : "");
        if (opening->member != 255)
            printf("  opened by      --allow=%s:VALUE, one value of %s\n", feature,
                   table_string(policy_table.words.arguments[row->first_argument + opening->member].name));
    }
    printf("  opened whole   --allow=%s\n", table_string(row->name));
}

static void print_row(const struct row *row, const struct request *request)
{
    static const char *const kinds[] = {"allowed", "refused", "allowed where its condition holds",
                                        "allowed with a capability", "refused to uid 0, allowed to others"};
    const char *errno_text = table_string(row->errno_text), *condition = table_string(row->condition_text);
    char number[16];
    printf("%s(", table_string(row->name));
    for (unsigned i = 0; i < row->argument_count; i++)
        printf("%s%s", i == 0 ? "" : ", ", table_string(policy_table.words.arguments[row->first_argument + i].name));
    printf(")\n  category       %s\n  by default     %s\n", table_string(policy_table.categories[row->category].name),
           kinds[row->kind]);
    if (row->kind == ROW_CAPABILITY) {
        char *name = cap_to_name(row->capability);
        printf("  capability     %s: --keep-cap=%s\n", name != NULL ? name : "?", name != NULL ? name + 4 : "?");
        cap_free(name);
    }
    if (*condition != '\0' && strcmp(condition, "-") != 0)
        printf("  condition      %s\n", condition);
    if (row->kind != ROW_ALLOW)
        printf("  refused with   %s\n",
               *errno_text != '\0' && strcmp(errno_text, "-") != 0 ? errno_text : errno_name(row->errno_value, number));
    printf("  why            %s\n", table_string(row->why));
    for (unsigned arch = 0; arch < TABLE_ARCHES; arch++)
        if (row->number[arch] >= 0)
            printf("  number         %d on %s\n", row->number[arch], profile_arch_name((enum policy_arch)arch));
    if (row->kind != ROW_ALLOW)
        print_openings(row);
    struct loaded standard;
    struct seccomp_data data = {.nr = row->number[request->subject.arch],
                                .arch = profile_audit_arch(request->subject.arch)};
    struct remedy remedy;
    struct error error;
    if (data.nr < 0 || profile_load(&standard, "default", &request->subject, &error) != 0)
        return;
    if (profile_remedy(&standard, &data, &remedy) && remedy.danger != NULL)
        printf("  danger         %s\n", remedy.danger);
    profile_unload(&standard);
}

/* A feature: the rows that it opens. False: there is none of that name. */
static bool print_feature(const char *name)
{
    for (unsigned i = 0; i < policy_table.feature_count; i++) {
        const struct feature *feature = &policy_table.features[i];
        if (strcmp(name, table_string(feature->name)) != 0)
            continue;
        printf("%s opens\n", name);
        for (unsigned j = 0; j < feature->opening_count; j++) {
            const struct opening *opening = &policy_table.openings[feature->first_opening + j];
            bool part =
                opening->condition[POLICY_X86_64] != TABLE_NONE || opening->condition[POLICY_AARCH64] != TABLE_NONE;
            printf("  %-24s %s%s\n", table_string(profile_row(opening->row)->name),
                   table_string(profile_row(opening->row)->why), part ? " (a part of its calls)" : "");
        }
        return true;
    }
    return false;
}

int verb_explain(const struct request *request, struct error *error)
{
    for (size_t i = 0; i < request->word_count; i++) {
        const char *name = request->words[i];
        int row = policy_find_call(name);
        if (row >= 0) {
            print_row(profile_row((unsigned)row), request);
        } else if (!print_feature(name)) {
            const char *known[1024];
            size_t count = 0;
            for (unsigned j = 0; j < policy_table.words.row_count && count < 700; j++)
                known[count++] = table_string(profile_row(j)->name);
            for (unsigned j = 0; j < policy_table.feature_count && count < 1024; j++)
                known[count++] = table_string(policy_table.features[j].name);
            const char *near = nearest_word(name, known, count);
            return error_set(error, "cannot explain '%s': no call or feature of that name (%s%s)", name,
                             near != NULL ? "nearest: " : "show default --calls lists the calls",
                             near != NULL ? near : "");
        }
    }
    return 0;
}
