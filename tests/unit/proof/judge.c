/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- options ---- */

static void add_layer(struct judge_policy *policy, unsigned row, struct layer layer)
{
    unsigned count = policy->rows[row].count;
    policy->rows[row].layers = reallocarray(policy->rows[row].layers, count + 1, sizeof layer);
    policy->rows[row].layers[count] = layer;
    policy->rows[row].count++;
}

static bool cannot_be_refused_in_passing(const struct judge_row *row)
{
    static const char *const names[] = {"exit", "exit_group", "rt_sigreturn", "restart_syscall"};
    for (size_t i = 0; i < LENGTH(names); i++)
        if (strcmp(row->name, names[i]) == 0)
            return true;
    return false;
}

static int apply_feature(struct judge_policy *policy, const char *feature, struct layer layer)
{
    const struct judge *judge = policy->judge;
    int found = -1;
    for (unsigned row = 0; row < judge->row_count; row++) {
        const struct judge_part *part = NULL;
        for (unsigned i = 0; i < judge->part_count; i++)
            if (judge->parts[i].row == row && strcmp(judge->parts[i].feature, feature) == 0)
                part = &judge->parts[i];
        bool named = part != NULL;
        for (unsigned i = 0; i < judge->rows[row].feature_count; i++)
            named = named || strcmp(judge->rows[row].features[i], feature) == 0;
        if (!named)
            continue;
        layer.when = part == NULL ? NULL : part->when[policy->subject.arch];
        layer.kind = layer.when == NULL ? LAYER_SHUT : LAYER_PART;
        add_layer(policy, row, layer);
        found = 0;
    }
    return found;
}

static int apply_member(struct judge_policy *policy, const char *feature, const char *member, struct layer layer)
{
    const struct judge *judge = policy->judge;
    int found = -1;
    for (unsigned i = 0; i < judge->part_count; i++) {
        const struct judge_part *part = &judge->parts[i];
        if (strcmp(part->feature, feature) != 0 || part->member < 0)
            continue;
        found = 0;
        struct expression *when = calloc(1, sizeof *when);
        uint64_t *value = malloc(sizeof *value);
        if (!judge_word(member, policy->subject.arch, value))
            continue;
        when->kind = IS_MEMBER;
        when->argument = (unsigned)part->member;
        when->width = judge->rows[part->row].arguments[part->member].width;
        when->mask = when->width == 64 ? ~UINT64_C(0) : (UINT64_C(1) << when->width) - 1;
        when->values = value;
        when->count = 1;
        layer.kind = LAYER_PART;
        layer.when = when;
        add_layer(policy, part->row, layer);
    }
    return found;
}

static int apply_word(struct judge_policy *policy, const char *word, struct layer layer)
{
    const struct judge *judge = policy->judge;
    bool opens = layer.does == DOES_ALLOW || layer.does == DOES_LOG, found = false;
    char head[64];
    snprintf(head, sizeof head, "%s", word);
    char *colon = strchr(head, ':'), *dot = strchr(head, '.');
    if (colon != NULL) {
        *colon = 0;
        return apply_member(policy, head, colon + 1, layer);
    }
    bool every = strcmp(word, "all") == 0;
    if (dot != NULL && strcmp(dot, ".*") == 0) {
        *dot = 0;
        every = true;
    }
    for (unsigned row = 0; row < judge->row_count; row++) {
        if (strcmp(word, "all") != 0 && strcmp(judge->rows[row].category, head) != 0)
            continue;
        found = true;
        if (!opens && cannot_be_refused_in_passing(&judge->rows[row]))
            continue;
        struct layer one = layer;
        one.kind = !opens || every ? LAYER_WHOLE : layer.does == DOES_LOG ? LAYER_DEFAULT_LOGGED : LAYER_DEFAULT;
        add_layer(policy, row, one);
    }
    if (found)
        return 0;
    if (apply_feature(policy, word, layer) == 0)
        return 0;
    int row = judge_find_row(judge, word);
    if (row < 0)
        return -1;
    layer.kind = LAYER_WHOLE;
    add_layer(policy, (unsigned)row, layer);
    return 0;
}

static int apply_list(struct judge_policy *policy, const char *list, struct layer layer)
{
    char text[256];
    snprintf(text, sizeof text, "%s", list);
    for (char *at = text, *word; (word = strsep(&at, ",")) != NULL;)
        if (apply_word(policy, word, layer) < 0)
            return -1;
    return 0;
}

/* ACTION[:ERRNO] */
static int read_action(const char *text, struct layer *layer)
{
    char name[32] = "", data[32] = "";
    sscanf(text, " %31[^: ]:%31s", name, data);
    uint64_t number = 0;
    bool has_data = data[0] != 0 && judge_word(data, 0, &number);
    layer->does = DOES_ANSWER;
    if (strcmp(name, "allow") == 0)
        layer->does = DOES_ALLOW;
    else if (strcmp(name, "log") == 0)
        layer->does = DOES_LOG;
    else if (strcmp(name, "deny") == 0 && !has_data)
        layer->does = DOES_REFUSE;
    else if (strcmp(name, "deny") == 0 || strcmp(name, "errno") == 0)
        layer->answer = SECCOMP_RET_ERRNO | (has_data ? (uint32_t)number : EPERM);
    else if (strcmp(name, "trap") == 0)
        layer->answer = SECCOMP_RET_TRAP | (uint32_t)number;
    else if (strcmp(name, "trace") == 0)
        layer->answer = SECCOMP_RET_TRACE | (uint32_t)number;
    else if (strcmp(name, "kill") == 0)
        layer->answer = SECCOMP_RET_KILL_PROCESS;
    else if (strcmp(name, "kill-thread") == 0)
        layer->answer = SECCOMP_RET_KILL_THREAD;
    else
        return -1;
    return 0;
}

static int apply_rule(struct judge_policy *policy, const char *rule)
{
    char text[256], name[64];
    snprintf(text, sizeof text, "%s", rule);
    char *equals = strrchr(text, '='), *colon = strchr(text, ':');
    *equals = 0;
    struct layer layer = {.kind = LAYER_WHOLE};
    if (sscanf(text, " %63[^: ]", name) != 1 || read_action(equals + 1, &layer) < 0)
        return -1;
    int row = judge_find_row(policy->judge, name);
    if (row < 0)
        return -1;
    if (colon != NULL && colon < equals) {
        layer.kind = LAYER_PART;
        layer.when = judge_parse(policy->judge, &policy->judge->rows[row], policy->subject.arch, colon + 1);
        if (layer.when == NULL)
            return -1;
    }
    add_layer(policy, (unsigned)row, layer);
    return 0;
}

/* The layer below all others. */
static void lay_base(struct judge_policy *policy, struct layer base)
{
    for (unsigned row = 0; row < policy->judge->row_count; row++) {
        struct layer layer = base;
        if (base.kind == LAYER_WHOLE && base.does != DOES_LOG &&
            cannot_be_refused_in_passing(&policy->judge->rows[row]))
            layer.does = DOES_ALLOW;
        add_layer(policy, row, layer);
    }
}

static int apply_option(struct judge_policy *policy, const struct judge_option *option)
{
    static const struct {
        const char *key;
        struct layer layer;
    } keys[] = {{"allow", {.does = DOES_ALLOW}}, {"deny", {.does = DOES_REFUSE}}, {"log", {.does = DOES_LOG}},
                {"trap", {.does = DOES_ANSWER, .answer = SECCOMP_RET_TRAP}},
                {"trace", {.does = DOES_ANSWER, .answer = SECCOMP_RET_TRACE}},
                {"kill", {.does = DOES_ANSWER, .answer = SECCOMP_RET_KILL_PROCESS}},
                {"kill-thread", {.does = DOES_ANSWER, .answer = SECCOMP_RET_KILL_THREAD}}};
    for (size_t i = 0; i < LENGTH(keys); i++)
        if (strcmp(option->key, keys[i].key) == 0)
            return apply_list(policy, option->value, keys[i].layer);
    if (strcmp(option->key, "rule") == 0)
        return apply_rule(policy, option->value);
    if (strcmp(option->key, "errno") == 0) {
        struct layer layer = {.does = DOES_ANSWER};
        char list[240];
        snprintf(list, sizeof list, "%s", option->value);
        char *equals = strrchr(list, '=');
        uint64_t number;
        if (equals == NULL || !judge_word(equals + 1, 0, &number))
            return -1;
        *equals = 0;
        layer.answer = SECCOMP_RET_ERRNO | (uint32_t)number;
        return apply_list(policy, list, layer);
    }
    if (strcmp(option->key, "unknown") == 0)
        policy->unknown = strcmp(option->value, "kill") == 0  ? SECCOMP_RET_KILL_PROCESS
                        : strcmp(option->value, "log") == 0   ? SECCOMP_RET_LOG
                        : strcmp(option->value, "EPERM") == 0 ? SECCOMP_RET_ERRNO | EPERM
                                                              : SECCOMP_RET_ERRNO | ENOSYS;
    if (strcmp(option->key, "arch") == 0) {
        policy->x86 = strstr(option->value, "x86") != NULL;
        policy->x32 = strstr(option->value, "x32") != NULL;
    }
    policy->audit = policy->audit || strcmp(option->key, "audit") == 0;
    return 0;
}

int judge_settle(const struct judge *judge, const struct judge_option *options, unsigned count,
                 const struct judge_subject *subject, enum judge_mode mode, struct judge_policy *policy)
{
    memset(policy, 0, sizeof *policy);
    policy->judge = judge;
    policy->subject = *subject;
    policy->mode = mode;
    policy->unknown = SECCOMP_RET_ERRNO | ENOSYS;
    struct layer base = {.kind = LAYER_DEFAULT};
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(options[i].key, "open") == 0)
            base = (struct layer){.kind = LAYER_WHOLE, .does = DOES_ALLOW};
        if (strcmp(options[i].key, "calls") == 0) {
            base = (struct layer){.kind = strcmp(options[i].value, "default") == 0 ? LAYER_DEFAULT : LAYER_WHOLE};
            if (base.kind == LAYER_WHOLE && read_action(options[i].value, &base) < 0)
                return -1;
        }
    }
    lay_base(policy, base);
    for (unsigned i = 0; i < count; i++)
        if (apply_option(policy, &options[i]) < 0)
            return -1;
    return 0;
}

void judge_policy_clear(struct judge_policy *policy)
{
    for (unsigned row = 0; row < JUDGE_ROWS_MAX; row++)
        free(policy->rows[row].layers);
    memset(policy, 0, sizeof *policy);
}

/* ---- verdicts ---- */

static bool holds(const struct judge_policy *policy, const struct expression *at, const struct seccomp_data *data)
{
    if (at->kind == IS_OR)
        return holds(policy, at->left, data) || holds(policy, at->right, data);
    if (at->kind == IS_AND)
        return holds(policy, at->left, data) && holds(policy, at->right, data);
    if (at->kind == IS_NOT)
        return !holds(policy, at->left, data);
    uint64_t value = data->args[at->argument] & at->mask;
    if (at->kind == IS_ANY)
        return value != 0;
    if (at->kind == IS_LESS)
        return value < at->bound;
    if (at->kind == IS_MORE)
        return value > at->bound;
    for (unsigned i = 0; i < at->count; i++)
        if (at->values[i] == value)
            return true;
    return (at->own_uid && value == policy->subject.uid) || (at->own_gid && value == policy->subject.gid);
}

static uint32_t refusal(const struct judge_policy *policy, const struct judge_row *row,
                        const struct seccomp_data *data)
{
    unsigned value = row->errno_value;
    for (unsigned i = 0; i < row->exception_count; i++)
        if (holds(policy, row->exceptions[i].when[policy->subject.arch], data))
            value = row->exceptions[i].value;
    return SECCOMP_RET_ERRNO | value;
}

/* As the table has it. */
static uint32_t default_verdict(const struct judge_policy *policy, const struct judge_row *row,
                                const struct seccomp_data *data)
{
    const struct expression *condition = row->condition[policy->subject.arch];
    if (strcmp(row->verdict, "allow") == 0)
        return SECCOMP_RET_ALLOW;
    if (strcmp(row->verdict, "unless-root") == 0)
        return policy->subject.uid == 0 ? refusal(policy, row, data) : SECCOMP_RET_ALLOW;
    if (strncmp(row->verdict, "cap:", 4) == 0) {
        char name[40] = "CAP_";
        uint64_t number = 0;
        strncat(name, row->verdict + 4, sizeof name - 5);
        if (judge_word(name, 0, &number) && (policy->subject.capabilities & UINT64_C(1) << number) != 0)
            return SECCOMP_RET_ALLOW;
    }
    return condition != NULL && holds(policy, condition, data) ? SECCOMP_RET_ALLOW : refusal(policy, row, data);
}

static uint32_t answer_of(const struct judge_policy *policy, const struct judge_row *row, const struct layer *layer,
                          const struct seccomp_data *data)
{
    if (layer->does == DOES_ALLOW)
        return SECCOMP_RET_ALLOW;
    if (layer->does == DOES_LOG)
        return SECCOMP_RET_LOG;
    if (layer->does == DOES_ANSWER)
        return layer->answer;
    return layer->kind == LAYER_WHOLE ? SECCOMP_RET_ERRNO | row->errno_value : refusal(policy, row, data);
}

/* The latest word counts. */
static uint32_t row_verdict(const struct judge_policy *policy, unsigned index, const struct seccomp_data *data)
{
    const struct judge_row *row = &policy->judge->rows[index];
    const struct expression *condition = row->condition[policy->subject.arch];
    for (unsigned i = policy->rows[index].count; i-- > 0;) {
        const struct layer *layer = &policy->rows[index].layers[i];
        uint32_t verdict;
        switch (layer->kind) {
        case LAYER_WHOLE:
            return answer_of(policy, row, layer, data);
        case LAYER_DEFAULT:
            return default_verdict(policy, row, data);
        case LAYER_DEFAULT_LOGGED:
            verdict = default_verdict(policy, row, data);
            return verdict == SECCOMP_RET_ALLOW ? SECCOMP_RET_LOG : verdict;
        case LAYER_PART:
            if (holds(policy, layer->when, data))
                return answer_of(policy, row, layer, data);
            break;
        case LAYER_SHUT: /* all that the row's condition keeps shut; opening it opens the call */
            if (layer->does == DOES_ALLOW)
                return SECCOMP_RET_ALLOW;
            if (condition == NULL || !holds(policy, condition, data))
                return answer_of(policy, row, layer, data);
            if (layer->does == DOES_LOG)
                return SECCOMP_RET_ALLOW;
            break;
        }
    }
    return SECCOMP_RET_KILL_PROCESS;
}

static uint32_t in_mode(const struct judge_policy *policy, uint32_t verdict)
{
    uint32_t action = verdict & SECCOMP_RET_ACTION_FULL;
    if (verdict == SECCOMP_RET_ALLOW || verdict == SECCOMP_RET_LOG ||
        verdict == (SECCOMP_RET_ERRNO | (uint32_t)ENOSYS))
        return verdict;
    if (policy->mode == JUDGE_LEARN)
        return SECCOMP_RET_USER_NOTIF;
    if (policy->audit)
        return SECCOMP_RET_LOG;
    if (policy->mode == JUDGE_EXPLAIN && action == SECCOMP_RET_ERRNO)
        return SECCOMP_RET_USER_NOTIF;
    return verdict;
}

static const struct judge_alias *alias_of(const struct judge_policy *policy, const struct seccomp_data *data)
{
    static const struct judge_alias none = {.row = -2};
    uint32_t number = (uint32_t)data->nr & 0xbfffffff;
    if (data->arch == AUDIT_ARCH_I386)
        return data->nr >= 0 && data->nr < JUDGE_NUMBERS ? &policy->judge->x86[data->nr] : &none;
    return number < JUDGE_NUMBERS ? &policy->judge->x32[number] : &none;
}

int judge_row_of(const struct judge_policy *policy, const struct seccomp_data *data)
{
    bool native = data->arch == (policy->subject.arch == JUDGE_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64);
    if (native && data->nr >= 0 && data->nr < JUDGE_NUMBERS)
        return policy->judge->by_number[policy->subject.arch][data->nr];
    if ((policy->x86 && data->arch == AUDIT_ARCH_I386) || (policy->x32 && native && data->nr >= 0x40000000))
        return alias_of(policy, data)->row;
    return -1;
}

static bool looks_at_arguments(const struct judge_policy *policy, unsigned row)
{
    const struct judge_row *at = &policy->judge->rows[row];
    for (unsigned i = policy->rows[row].count; i-- > 0;) {
        const struct layer *layer = &policy->rows[row].layers[i];
        bool conditional = at->condition[0] != NULL || at->exception_count > 0;
        bool kept = false;
        uint64_t number = 0;
        char name[40] = "CAP_";
        if (strncmp(at->verdict, "cap:", 4) == 0) {
            strncat(name, at->verdict + 4, sizeof name - 5);
            kept = judge_word(name, 0, &number) && (policy->subject.capabilities & UINT64_C(1) << number) != 0;
        }
        switch (layer->kind) {
        case LAYER_WHOLE:
            return false;
        case LAYER_DEFAULT:
        case LAYER_DEFAULT_LOGGED:
            return conditional && !kept;
        case LAYER_PART:
            return true;
        case LAYER_SHUT:
            return layer->does == DOES_ALLOW ? false : conditional;
        }
    }
    return false;
}

uint32_t judge_verdict(const struct judge_policy *policy, const struct seccomp_data *data)
{
    uint32_t native = policy->subject.arch == JUDGE_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
    bool x86 = policy->x86 && data->arch == AUDIT_ARCH_I386;
    uint32_t number = (uint32_t)data->nr;
    if (data->arch != native && !x86)
        return SECCOMP_RET_KILL_PROCESS;
    if (number == UINT32_MAX)
        return SECCOMP_RET_ERRNO | ENOSYS;
    bool x32 = !x86 && policy->x32 && number >= 0x40000000 && number < 0x80000000;
    if (number >= 0x40000000 && !x32)
        return SECCOMP_RET_KILL_PROCESS;
    int row = judge_row_of(policy, data);
    if (x86 || x32) {
        const struct judge_alias *alias = alias_of(policy, data);
        if (alias->row == -1)
            return in_mode(policy, SECCOMP_RET_ERRNO | alias->errno_value);
        if (alias->row >= 0 && alias->elsewhere && looks_at_arguments(policy, (unsigned)alias->row))
            return in_mode(policy, SECCOMP_RET_ERRNO | policy->judge->rows[alias->row].errno_value);
    }
    if (row < 0)
        return policy->unknown;
    const char *name = policy->judge->rows[row].name;
    if (policy->has_token && !x86 && !x32 && strcmp(name, "execve") == 0 && data->args[3] == policy->token[0] &&
        data->args[4] == policy->token[1] && data->args[5] == policy->token[2])
        return SECCOMP_RET_ALLOW;
    if (policy->mode != JUDGE_ENFORCE && strcmp(name, "seccomp") == 0 &&
        (data->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
        return SECCOMP_RET_ERRNO | EBUSY;
    return in_mode(policy, row_verdict(policy, (unsigned)row, data));
}
