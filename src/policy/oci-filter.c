/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/oci-filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t library_arch(enum policy_arch arch)
{
    return arch == POLICY_X86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64;
}

bool oci_filter_knows(enum policy_arch arch, const char *call)
{
    return seccomp_syscall_resolve_name_arch(library_arch(arch), call) >= 0;
}

static struct scmp_arg_cmp comparison(const struct oci_argument *argument)
{
    static const enum scmp_compare operations[] = {
        [OCI_NE] = SCMP_CMP_NE, [OCI_LT] = SCMP_CMP_LT, [OCI_LE] = SCMP_CMP_LE, [OCI_EQ] = SCMP_CMP_EQ,
        [OCI_GE] = SCMP_CMP_GE, [OCI_GT] = SCMP_CMP_GT, [OCI_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
    };
    return (struct scmp_arg_cmp){.arg = argument->index, .op = operations[argument->comparison],
                                 .datum_a = argument->value, .datum_b = argument->value_two};
}

static int add_call(scmp_filter_ctx context, const struct oci_rule *rule, int number)
{
    struct scmp_arg_cmp comparisons[6 * 2];
    for (size_t i = 0; i < rule->argument_count; i++)
        comparisons[i] = comparison(&rule->arguments[i]);
    if (!oci_rule_compares_twice(rule))
        return seccomp_rule_add_array(context, rule->verdict, number, (unsigned)rule->argument_count, comparisons);
    for (size_t i = 0; i < rule->argument_count; i++) {
        int result = seccomp_rule_add_array(context, rule->verdict, number, 1, &comparisons[i]);
        if (result != 0)
            return result;
    }
    return 0;
}

static int add_rules(scmp_filter_ctx context, const struct oci_profile *profile, enum policy_arch arch,
                     uint64_t capabilities, struct error *error)
{
    for (size_t i = 0; i < profile->rule_count; i++) {
        const struct oci_rule *rule = &profile->rules[i];
        /* runc passes over a rule that says what holds anyhow, and over names that it does not know */
        if (!oci_rule_applies(rule, arch, capabilities) || rule->verdict == profile->verdict)
            continue;
        for (size_t j = 0; j < rule->name_count; j++) {
            int number = seccomp_syscall_resolve_name(rule->names[j]);
            int result = number == __NR_SCMP_ERROR ? 0 : add_call(context, rule, number);
            if (result != 0 && result != -EEXIST)
                return error_set(error, "cannot make the filter of rule %zu, call %s: %s (libseccomp does not take it)",
                                 i + 1, rule->names[j], strerror(-result));
        }
    }
    return 0;
}

static int set_up(scmp_filter_ctx context, const struct oci_profile *profile, enum policy_arch arch, bool foreign,
                  struct error *error)
{
    uint32_t native = seccomp_arch_native(), wanted = library_arch(arch);
    int result = 0;
    if (wanted != native && (result = seccomp_arch_add(context, wanted)) == 0)
        result = seccomp_arch_remove(context, native);
    if (result == 0 && foreign && arch == POLICY_X86_64 && profile->x86)
        result = seccomp_arch_add(context, SCMP_ARCH_X86);
    if (result == 0 && foreign && arch == POLICY_X86_64 && profile->x32)
        result = seccomp_arch_add(context, SCMP_ARCH_X32);
    return result == 0
               ? 0
               : error_set(error, "cannot make the filter: %s (libseccomp lacks the architecture)", strerror(-result));
}

static int take_program(scmp_filter_ctx context, struct filter *filter, struct error *error)
{
    int descriptor = memfd_create("filter", MFD_CLOEXEC), result = -errno;
    struct stat status;
    *filter = (struct filter){.code = NULL};
    if (descriptor >= 0 && (result = seccomp_export_bpf(context, descriptor)) == 0 && fstat(descriptor, &status) == 0 &&
        (filter->code = malloc((size_t)status.st_size + 1)) != NULL) {
        filter->length = (uint16_t)((size_t)status.st_size / sizeof *filter->code);
        bool whole = status.st_size > 0 && (size_t)status.st_size <= BPF_MAXINSNS * sizeof *filter->code &&
                     pread(descriptor, filter->code, (size_t)status.st_size, 0) == status.st_size;
        if (!whole)
            filter_free(filter);
    }
    if (descriptor >= 0)
        close(descriptor);
    return filter->code != NULL ? 0 : error_set(error, "cannot take the filter from libseccomp: %s (use fewer rules)",
                                                result != 0 ? strerror(-result) : "not whole");
}

int oci_filter_build(const struct oci_profile *profile, enum policy_arch arch, uint64_t capabilities, bool foreign,
                     struct filter *filter, struct error *error)
{
    if ((profile->arches >> arch & 1) == 0)
        return error_set(error, "cannot make the filter: the profile is not for this architecture (it names others)");
    scmp_filter_ctx context = seccomp_init(profile->verdict);
    if (context == NULL)
        return error_set(error, "cannot make the filter: libseccomp takes no such default action (change it)");
    int result = set_up(context, profile, arch, foreign, error);
    if (result == 0)
        result = add_rules(context, profile, arch, capabilities, error);
    if (result == 0)
        result = take_program(context, filter, error);
    seccomp_release(context);
    return result;
}
