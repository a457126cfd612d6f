/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of sbx-profile share: a profile that was read, what its filter answers, calls in words. */
#ifndef SBX_PROFILE_PROFILE_H
#define SBX_PROFILE_PROFILE_H

#include <jansson.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "plan/options.h"
#include "policy/filter.h"
#include "policy/oci-profile.h"
#include "policy/policy.h"
#include "policy/table.h"
#include "tell/words.h"

/* Exit statuses as diff(1) has them. */
enum { PROFILE_SAME = 0, PROFILE_DIFFERS = 1, PROFILE_TROUBLE = 2 };

#define SETTINGS_MAX 256

/* The command line behind the verb. */
struct request {
    const char *words[SETTINGS_MAX]; /* names, files, calls */
    size_t word_count;
    const char *settings[SETTINGS_MAX]; /* of make: KEY=VALUE, in their order */
    size_t setting_count;
    const char *output, *format, *file;
    bool all_calls;
    struct policy_subject subject;
    uint64_t capabilities; /* the subject's, also for profiles that keep none */
};

/* A verb: 0 or PROFILE_DIFFERS; -1 with the error. */
typedef int verb(const struct request *request, struct error *error);
verb verb_list, verb_show, verb_explain, verb_test, verb_make, verb_check, verb_diff, verb_minimize, verb_export,
    verb_import;

/* ---- a profile ---- */

struct loaded {
    const char *name;
    struct options options; /* of ours */
    struct oci_profile *oci; /* of an OCI profile; else NULL */
    struct policy *policy;  /* NULL for an OCI profile */
    struct policy_subject subject;
    struct filter filter;
    char *text;             /* of profile_load_text() */
};

/* A profile by name, or a file: `default`, mine.profile, docker.json. 0, or -1 with the error. */
int profile_load(struct loaded *loaded, const char *name, const struct policy_subject *subject, struct error *error);

/* Ours from text that is in memory (copied). */
int profile_load_text(struct loaded *loaded, const char *name, const char *text, const struct policy_subject *subject,
                      struct error *error);
void profile_unload(struct loaded *loaded);

/* The whole file as a string with nothing in it that ends one: at most 1 MiB. NULL with the error; free(3) it. */
char *profile_read_file(const char *path, struct error *error);

/* The numbers and names of an architecture. */
uint32_t profile_audit_arch(enum policy_arch arch);
const char *profile_arch_name(enum policy_arch arch);
bool profile_arch_named(const char *name, enum policy_arch *arch);

static inline const struct row *profile_row(unsigned row)
{
    return &policy_table.words.rows[row];
}

/* ---- verdicts ---- */

#define VERDICT_TEXT_MAX 48
const char *verdict_text(uint32_t verdict, char text[VERDICT_TEXT_MAX]);

/* `EPERM`, or the number where it has no name. */
const char *errno_name(unsigned number, char text[16]);

uint32_t profile_verdict(const struct loaded *loaded, const struct seccomp_data *data);

/* What would let the call pass, for a program that has the capabilities of the subject; false for an OCI profile. */
struct remedy;
bool profile_remedy(const struct loaded *loaded, const struct seccomp_data *data, struct remedy *remedy);

/* Calls `visit` with every call of this number that one of the filters may tell from another: its arguments at the
 * edges of all comparisons, in all combinations (a fixed sample where those are more than 20000), until it returns
 * false. */
typedef bool edge_visit(void *context, const struct seccomp_data *data);
void edges_visit(const struct filter *const *filters, size_t count, uint32_t arch, int number, edge_visit *visit,
                 void *context);

/* Whether both answer alike for every call of this row; else *where is a call that they answer differently. */
bool profile_same_row(const struct filter *a, const struct filter *b, enum policy_arch arch, unsigned row,
                      struct seccomp_data *where);

/* All verdicts of a row, the first `room` of them; their count. */
#define ROW_VERDICTS_MAX 16
size_t profile_row_verdicts(const struct filter *filter, enum policy_arch arch, unsigned row,
                            uint32_t verdicts[ROW_VERDICTS_MAX]);

/* The text of a profile in its lines; `file` is what errors call it. */
struct lines {
    const char *file;
    char *text, **line;
    size_t count;
};
int lines_read(struct lines *lines, const char *file, const char *text, struct error *error);
void lines_free(struct lines *lines);

/* The key of a line, "" for blank lines and comments; *value is what follows '='. */
const char *line_key(const char *line, char key[32], const char **value);

/* Whether the key is one of the policy's that takes a LIST; or any of the policy's. */
bool key_takes_list(const char *key);
bool key_is_policy(const char *key);

/* Whether the text gives the same answers: to every call, known or not, on both architectures, with and without
 * capabilities, for uid 0 and others. False also when it cannot be read. */
bool lines_same(const struct lines *lines, const char *other);
char *lines_join(const struct lines *lines, size_t without, const char *instead); /* NULL: out of memory */

/* ---- calls in words ---- */

/* `socket(AF_NETLINK, SOCK_RAW, 0)`: 0, or -1 with the error. What is left out counts as 0, and so do strings and names
 * for an argument that has none; *guessed says that one did. */
int call_parse(const char *text, enum policy_arch arch, struct seccomp_data *data, bool *guessed, struct error *error);

/* ---- output ---- */

/* To a file by rename, or to standard output where no name was given. */
struct destination {
    FILE *stream;
    struct whole_file *file;
};
int destination_open(struct destination *output, const char *path, struct error *error);
int destination_close(struct destination *output, struct error *error);
void destination_drop(struct destination *output);

/* ---- formats ---- */

/* One rule of an exported profile: a cube of argument values, each (value & mask) == value. */
struct cube {
    uint32_t verdict;
    uint64_t mask[6], value[6]; /* mask 0: any */
};

/* A row as cubes that do not overlap and leave nothing out; their count, or -1: more than `room`. */
int profile_cubes(const struct filter *filter, enum policy_arch arch, unsigned row, struct cube *cubes, size_t room);

int export_bpf(const struct loaded *loaded, FILE *stream, struct error *error);
int export_asm(const struct loaded *loaded, FILE *stream, struct error *error);
int export_oci(const struct loaded *loaded, FILE *stream, struct error *error);
int export_k8s(const struct loaded *loaded, FILE *stream, struct error *error);
int export_systemd(const struct loaded *loaded, FILE *stream, struct error *error);

/* The profile as JSON of the OCI runtime specification; NULL with the error. What it cannot say is told. The default
 * errno is EPERM; with default_errno another where that says more. */
json_t *oci_document(const struct loaded *loaded, bool default_errno, struct error *error);
char *oci_text(const json_t *root); /* NULL: out of memory; free(3) it */

/* A profile of ours that answers as the OCI profile does for this subject. 0, or -1 with the error. */
int import_oci(const struct oci_profile *profile, const char *name, const struct policy_subject *subject, FILE *stream,
               struct error *error);

/* A profile of ours from the directives of a unit file. What is not carried is told. 0, or -1 with the error. */
int import_systemd(const char *name, const char *text, const struct policy_subject *subject, FILE *stream,
                   struct error *error);

/* The calls of one verdict, as lists; `rule` lines where a list cannot say it. */
void write_calls_of(FILE *stream, uint32_t verdict, const char *const *names, size_t count);

/* Writes `key = LIST` lines of a readable length. */
void write_list(FILE *stream, const char *key, const char *const *names, size_t count, const char *suffix);

#endif
