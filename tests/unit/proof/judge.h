/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge: reads src/policy's data files as text and says what a call must be answered, apart from the
 * program: it shares no code with the table maker, the condition parser or the compiler, and works another
 * way (it evaluates what was written, the latest word first, and compiles nothing). */
#ifndef PROOF_JUDGE_H
#define PROOF_JUDGE_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JUDGE_X86_64, JUDGE_AARCH64, JUDGE_ARCHES };
enum { JUDGE_NUMBERS = 1024, JUDGE_ROWS_MAX = 512, JUDGE_SETTINGS_MAX = 16 };

/* What is done to a comparison: node of a condition as it was written. */
struct expression {
    enum { IS_OR, IS_AND, IS_NOT, IS_ANY, IS_MEMBER, IS_LESS, IS_MORE } kind;
    struct expression *left, *right;
    unsigned argument, width; /* IS_ANY and below */
    uint64_t mask, bound;
    uint64_t *values;
    unsigned count;
    bool own_uid, own_gid;
};

struct judge_argument {
    char name[24], family[24];
    unsigned width;
};

struct judge_row {
    char name[32], category[16], verdict[24];
    int number[JUDGE_ARCHES];
    char condition_text[320], errno_text[160];
    struct expression *condition[JUDGE_ARCHES]; /* NULL: none */
    unsigned errno_value;                       /* of the whole call */
    struct {
        unsigned value;
        struct expression *when[JUDGE_ARCHES];
    } exceptions[4];
    unsigned exception_count;
    char features[12][32];
    unsigned feature_count;
    struct judge_argument arguments[6];
    unsigned argument_count;
};

/* The part of a row that a feature opens. */
struct judge_part {
    char feature[32];
    unsigned row;
    int member; /* argument, -1: none */
    struct expression *when[JUDGE_ARCHES];
};

struct judge_alias {
    int row; /* -1: refused with `errno_value` always; -2: no such call */
    unsigned errno_value;
    bool elsewhere;
};

struct judge {
    struct judge_row rows[JUDGE_ROWS_MAX];
    unsigned row_count;
    int by_number[JUDGE_ARCHES][JUDGE_NUMBERS];
    struct judge_part parts[64];
    unsigned part_count;
    struct judge_alias x86[JUDGE_NUMBERS], x32[JUDGE_NUMBERS];
};

/* Changes a line of calls.tbl before it is read, for the mutants; NULL: leaves it. */
typedef void (*judge_edit)(unsigned line, char *text, size_t size, void *data);

/* NULL with a message on standard error when a file cannot be read or understood. */
struct judge *judge_read(const char *directory, judge_edit edit, void *data);

int judge_find_row(const struct judge *judge, const char *name); /* -1: there is none */

struct judge_subject {
    unsigned arch;
    uint32_t uid, gid;
    uint64_t capabilities;
};

enum judge_mode { JUDGE_ENFORCE, JUDGE_EXPLAIN, JUDGE_LEARN };

struct judge_option {
    const char *key; /* allow, deny, ... as on the command line; `open`: starts with everything allowed */
    char value[240];
};

/* What options have done to a row, in their order. */
struct layer {
    enum { LAYER_WHOLE, LAYER_PART, LAYER_SHUT, LAYER_DEFAULT, LAYER_DEFAULT_LOGGED } kind;
    const struct expression *when; /* LAYER_PART */
    enum { DOES_ALLOW, DOES_LOG, DOES_REFUSE, DOES_ANSWER } does;
    uint32_t answer; /* DOES_ANSWER */
};

struct judge_policy {
    const struct judge *judge;
    struct judge_subject subject;
    enum judge_mode mode;
    bool audit, x86, x32, has_token;
    uint64_t token[3];
    uint32_t unknown;
    struct {
        struct layer *layers;
        unsigned count;
    } rows[JUDGE_ROWS_MAX];
};

/* 0, or -1 when an option cannot be understood. The policy is filled in; judge_policy_clear() empties it. */
int judge_settle(const struct judge *judge, const struct judge_option *options, unsigned count,
                 const struct judge_subject *subject, enum judge_mode mode, struct judge_policy *policy);
void judge_policy_clear(struct judge_policy *policy);

uint32_t judge_verdict(const struct judge_policy *policy, const struct seccomp_data *data);

/* The row that a call comes under, -1 when there is none. */
int judge_row_of(const struct judge_policy *policy, const struct seccomp_data *data);

/* For conditions that come with options; memory is kept until the process ends. NULL: not understood. */
struct expression *judge_parse(const struct judge *judge, const struct judge_row *row, unsigned arch,
                               const char *text);
/* The value of a word of lists/ or a number; false: unknown there. */
bool judge_word(const char *word, unsigned arch, uint64_t *value);
/* The n-th word of a family, round and round; NULL when there is none. */
const char *judge_nth_word(const char *family, unsigned n);
int judge_read_words(const char *directory);

#endif
