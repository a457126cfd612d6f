/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile as JSON of the OCI runtime specification. The document is read back and made into a filter by libseccomp: a
 * row that would not answer there as it does here is said with less, and that is told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bpf.h"
#include "policy/oci-filter.h"
#include "profile/profile.h"

enum { CUBES_MAX = 4096, REFUSALS_MAX = 64, ALLOWED_MAX = 1024 };

/* How a row is said: as it is; with the default action for all that is refused; refused whole. */
enum saying { WHOLE, ALLOWED_PART, REFUSED, SAYINGS };

struct document {
    const struct loaded *loaded;
    uint32_t otherwise; /* the default action */
    uint8_t *saying;    /* of each row */
    struct cube *cubes;
};

static bool lets_through(uint32_t verdict)
{
    return verdict == SECCOMP_RET_ALLOW || verdict == SECCOMP_RET_LOG;
}

static const char *action_name(uint32_t verdict)
{
    switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW: return "SCMP_ACT_ALLOW";
    case SECCOMP_RET_LOG: return "SCMP_ACT_LOG";
    case SECCOMP_RET_ERRNO: return "SCMP_ACT_ERRNO";
    case SECCOMP_RET_TRAP: return "SCMP_ACT_TRAP";
    case SECCOMP_RET_TRACE: return "SCMP_ACT_TRACE";
    case SECCOMP_RET_KILL_THREAD: return "SCMP_ACT_KILL_THREAD";
    default: return "SCMP_ACT_KILL_PROCESS";
    }
}

static json_t *new_rule(uint32_t verdict)
{
    uint32_t action = verdict & SECCOMP_RET_ACTION_FULL;
    json_t *rule = json_object();
    json_object_set_new(rule, "names", json_array());
    json_object_set_new(rule, "action", json_string(action_name(verdict)));
    if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
        json_object_set_new(rule, "errnoRet", json_integer(verdict & SECCOMP_RET_DATA));
    return rule;
}

static json_t *arguments_of(const struct cube *cube)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < 6; i++)
        if (cube->mask[i] == UINT64_MAX)
            json_array_append_new(list, json_pack("{s:i, s:o, s:s}", "index", (int)i, "value",
                                                  oci_number(cube->value[i]), "op", "SCMP_CMP_EQ"));
        else if (cube->mask[i] != 0)
            json_array_append_new(list,
                                  json_pack("{s:i, s:o, s:o, s:s}", "index", (int)i, "value", oci_number(cube->mask[i]),
                                            "valueTwo", oci_number(cube->value[i]), "op", "SCMP_CMP_MASKED_EQ"));
    return list;
}

/* Calls whose answer does not depend on arguments: a rule for each answer. */
static void add_constant(const struct document *document, json_t *rules, unsigned row, uint32_t verdict)
{
    json_t *rule = NULL;
    size_t index;
    if (verdict == document->otherwise)
        return;
    json_array_foreach(rules, index, rule) {
        json_int_t data = json_integer_value(json_object_get(rule, "errnoRet"));
        uint32_t action = verdict & SECCOMP_RET_ACTION_FULL;
        bool has_data = action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
        if (json_object_get(rule, "args") == NULL && (!has_data || data == (json_int_t)(verdict & SECCOMP_RET_DATA)) &&
            strcmp(json_string_value(json_object_get(rule, "action")), action_name(verdict)) == 0)
            break;
    }
    if (index == json_array_size(rules)) {
        rule = new_rule(verdict);
        json_array_append_new(rules, rule);
    }
    json_array_append_new(json_object_get(rule, "names"), json_string(table_string(profile_row(row)->name)));
}

static void add_row(struct document *document, json_t *rules, json_t *conditional, unsigned row)
{
    enum policy_arch arch = document->loaded->subject.arch;
    int count = profile_cubes(&document->loaded->filter, arch, row, document->cubes, CUBES_MAX);
    unsigned refusals = 0, allowed = 0;
    for (int i = 0; i < count; i++)
        *(lets_through(document->cubes[i].verdict) ? &allowed : &refusals) +=
            document->cubes[i].verdict != document->otherwise;
    if (count == 1 && document->saying[row] == WHOLE) {
        add_constant(document, rules, row, document->cubes[0].verdict);
        return;
    }
    if (refusals > REFUSALS_MAX && document->saying[row] == WHOLE)
        document->saying[row] = ALLOWED_PART;
    if (count < 0 || allowed > ALLOWED_MAX)
        document->saying[row] = REFUSED;
    for (int i = 0; i < count && document->saying[row] != REFUSED; i++) {
        const struct cube *cube = &document->cubes[i];
        if (cube->verdict == document->otherwise ||
            (document->saying[row] == ALLOWED_PART && !lets_through(cube->verdict)))
            continue;
        json_t *rule = new_rule(cube->verdict);
        json_array_append_new(json_object_get(rule, "names"), json_string(table_string(profile_row(row)->name)));
        json_object_set_new(rule, "args", arguments_of(cube));
        json_array_append_new(conditional, rule);
    }
}

static json_t *make_document(struct document *document)
{
    json_t *rules = json_array(), *conditional = json_array(), *root = json_object();
    uint32_t action = document->otherwise & SECCOMP_RET_ACTION_FULL;
    json_object_set_new(root, "defaultAction", json_string(action_name(document->otherwise)));
    if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
        json_object_set_new(root, "defaultErrnoRet", json_integer(document->otherwise & SECCOMP_RET_DATA));
    json_object_set_new(root, "architectures", json_pack("[s]", document->loaded->subject.arch == POLICY_X86_64
                                                                    ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64"));
    for (unsigned row = 0; row < policy_table.words.row_count; row++)
        add_row(document, rules, conditional, row);
    json_array_extend(rules, conditional);
    json_decref(conditional);
    json_object_set_new(root, "syscalls", rules);
    return root;
}

struct comparison {
    const struct filter *ours, *theirs;
    bool exact, good;
};

static bool compare(void *context, const struct seccomp_data *data)
{
    struct comparison *comparison = context;
    uint32_t ours = bpf_run(comparison->ours->code, data, NULL), theirs = bpf_run(comparison->theirs->code, data, NULL);
    comparison->good = comparison->exact ? ours == theirs : !lets_through(theirs) || ours == theirs;
    return comparison->good;
}

/* Rows that libseccomp would answer otherwise are said with less. Their number, or -1 with the error. */
static int hold_against_library(struct document *document, json_t *root, struct error *error)
{
    const struct loaded *loaded = document->loaded;
    enum policy_arch arch = loaded->subject.arch;
    char *text = json_dumps(root, JSON_COMPACT);
    struct oci_profile *profile = text != NULL ? oci_profile_parse(text, strlen(text), "the document", error) : NULL;
    struct filter theirs = {.code = NULL};
    int changed = 0;
    free(text);
    if (profile == NULL || oci_filter_build(profile, arch, 0, false, &theirs, error) != 0) {
        oci_profile_free(profile);
        return -1;
    }
    const struct filter *both[] = {&loaded->filter, &theirs};
    for (unsigned row = 0; row < policy_table.words.row_count; row++) {
        struct comparison comparison = {&loaded->filter, &theirs, document->saying[row] == WHOLE, true};
        if (profile_row(row)->number[arch] < 0 || !oci_filter_knows(arch, table_string(profile_row(row)->name)))
            continue;
        edges_visit(both, 2, profile_audit_arch(arch), profile_row(row)->number[arch], compare, &comparison);
        if (!comparison.good && document->saying[row] < REFUSED) {
            document->saying[row]++;
            changed++;
        } else if (!comparison.good) {
            changed = error_set(error, "cannot export %s: libseccomp would let %s through (refuse it whole)",
                                loaded->name, table_string(profile_row(row)->name));
            break;
        }
    }
    filter_free(&theirs);
    oci_profile_free(profile);
    return changed;
}

static void tell(const struct document *document)
{
    for (int how = ALLOWED_PART; how < SAYINGS; how++) {
        char names[900] = "";
        for (unsigned row = 0; row < policy_table.words.row_count; row++)
            if (document->saying[row] == how)
                snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names != '\0' ? ", " : "",
                         table_string(profile_row(row)->name));
        if (*names != '\0')
            say(how == ALLOWED_PART ? "refused calls of %s answer with the default errno: JSON cannot say another for "
                                      "the rest of a call"
                                    : "%s: refused whole, JSON cannot say its condition",
                names);
    }
    say("numbers that no rule names get the default action; for newer calls runc makes it ENOSYS, as here");
}

/* The document with one default action; *less: rows that it cannot say whole. */
static json_t *try_default(struct document *document, unsigned *less, struct error *error)
{
    json_t *root = NULL;
    int changed = 1;
    memset(document->saying, WHOLE, policy_table.words.row_count);
    for (int turn = 0; turn <= SAYINGS && changed > 0; turn++) {
        json_decref(root);
        root = make_document(document);
        changed = hold_against_library(document, root, error);
    }
    *less = 0;
    for (unsigned row = 0; row < policy_table.words.row_count; row++)
        *less += document->saying[row] != WHOLE;
    if (changed == 0)
        return root;
    json_decref(root);
    if (changed > 0)
        error_set(error, "cannot export %s: libseccomp does not come to the same answers (refuse what is conditional)",
                  document->loaded->name);
    return NULL;
}

json_t *oci_document(const struct loaded *loaded, bool default_errno, struct error *error)
{
    struct document document = {.loaded = loaded, .otherwise = SECCOMP_RET_ERRNO | EPERM};
    json_t *root = NULL;
    unsigned less;
    if (loaded->filter.length == 1 && loaded->filter.code[0].k == SECCOMP_RET_ALLOW) /* nothing is refused */
        document.otherwise = SECCOMP_RET_ALLOW;
    document.saying = calloc(policy_table.words.row_count, 1);
    document.cubes = calloc(CUBES_MAX, sizeof *document.cubes);
    if (document.saying == NULL || document.cubes == NULL)
        error_set(error, "cannot export %s: %s (free some memory)", loaded->name, strerror(errno));
    else
        root = try_default(&document, &less, error);
    if (root != NULL && less > 0 && default_errno) { /* Podman's default says some profiles better */
        unsigned less_now;
        document.otherwise = SECCOMP_RET_ERRNO | ENOSYS;
        json_t *other = try_default(&document, &less_now, error);
        bool better = other != NULL && less_now < less;
        json_decref(better ? root : other);
        if (better) {
            root = other;
        } else { /* what is told is of the one that is kept */
            document.otherwise = SECCOMP_RET_ERRNO | EPERM;
            json_decref(root);
            root = try_default(&document, &less, error);
        }
    }
    if (root != NULL)
        tell(&document);
    free(document.saying);
    free(document.cubes);
    return root;
}

char *oci_text(const json_t *root)
{
    char *text = json_dumps(root, JSON_INDENT(2)), *plain = text != NULL ? oci_numbers_plain(text) : NULL;
    free(text);
    return plain;
}

int export_oci(const struct loaded *loaded, FILE *stream, struct error *error)
{
    json_t *root = oci_document(loaded, true, error);
    if (root == NULL)
        return -1;
    char *text = oci_text(root);
    json_decref(root);
    if (text == NULL)
        return error_set(error, "cannot export %s: %s (free some memory)", loaded->name, strerror(errno));
    fprintf(stream, "%s\n", text);
    free(text);
    return 0;
}
