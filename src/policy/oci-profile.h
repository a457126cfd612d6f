/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seccomp profiles of the OCI world: the JSON that Docker, Podman and Kubernetes take, read and checked. */
#ifndef SBX_POLICY_OCI_PROFILE_H
#define SBX_POLICY_OCI_PROFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"
#include "tell/words.h"

enum oci_comparison { OCI_NE, OCI_LT, OCI_LE, OCI_EQ, OCI_GE, OCI_GT, OCI_MASKED_EQ };

struct oci_argument {
    uint8_t index;
    uint8_t comparison;
    uint64_t value, value_two; /* of OCI_MASKED_EQ: mask and value */
};

/* For whom a rule counts: includes or excludes. */
struct oci_condition {
    uint64_t capabilities;
    uint8_t arches; /* 1 << enum policy_arch */
    bool has_arches;
    unsigned kernel; /* major << 16 | minor; 0: none */
};

struct oci_rule {
    char **names;
    size_t name_count;
    uint32_t verdict; /* SECCOMP_RET_*, with its data */
    struct oci_argument arguments[6 * 2];
    size_t argument_count;
    struct oci_condition includes, excludes;
};

struct oci_profile {
    uint32_t verdict; /* of calls without a rule */
    unsigned flags;   /* SECCOMP_FILTER_FLAG_* */
    uint8_t arches;   /* 1 << enum policy_arch that it is for; all where it names none */
    bool x86, x32;    /* it names these beside x86_64 */
    struct oci_rule *rules;
    size_t rule_count;
};

/* The text of a profile, or one rule alone: then all else is refused. NULL with the error that names line and column
 * (of the text) or the rule. */
struct oci_profile *oci_profile_parse(const char *text, size_t length, const char *name, struct error *error);
struct oci_profile *oci_profile_read(const char *path, struct error *error);
void oci_profile_free(struct oci_profile *profile);

/* Numbers of 64 bits, which jansson has no place for: in its documents they are strings, `u` before the digits. Both
 * give new text with the others as they were; NULL: out of memory. */
char *oci_numbers_quoted(const char *text, size_t length, size_t *quoted_length);
char *oci_numbers_plain(const char *text);
json_t *oci_number(uint64_t value);

/* Whether the rule counts for this architecture, these capabilities and this kernel, as Docker decides it. */
bool oci_rule_applies(const struct oci_rule *rule, enum policy_arch arch, uint64_t capabilities);

/* runc makes a rule that compares one argument twice into a rule for each of its comparisons. */
bool oci_rule_compares_twice(const struct oci_rule *rule);

#endif
