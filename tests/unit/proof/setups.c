/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random sets of options, written as a user would write them. */
#include "cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3)))
static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    size_t used = (size_t)length < text->left ? (size_t)length : text->left - 1;
    text->at += used;
    text->left -= used;
}

/* ---- conditions ---- */

static uint64_t within(uint64_t value, unsigned width)
{
    return width == 64 ? value : value & ((UINT64_C(1) << width) - 1);
}

static void put_number(struct text *text, uint64_t value)
{
    put(text, value < 10 ? "%llu" : value % 3 == 0 ? "0x%llx" : value % 3 == 1 ? "0%llo" : "%llu",
        (unsigned long long)value);
}

static uint64_t some_number(struct chance *chance, unsigned width)
{
    uint64_t value = chance_next(chance);
    static const uint64_t marks[] = {1, 2, 3, 4, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x8000000000000000,
                                     0xffff, 0x1ff, 16, 21, 6, 0xffffffff00000000, UINT64_MAX - 1};
    return within(chance_below(chance, 3) == 0 ? value >> chance_below(chance, 60)
                                               : marks[chance_below(chance, LENGTH(marks))], width);
}

static void put_value(struct text *text, struct chance *chance, const struct judge_argument *argument,
                      unsigned width)
{
    const char *word = argument == NULL || argument->family[0] == 0 || chance_below(chance, 3) == 0
                           ? NULL : judge_nth_word(argument->family, chance_below(chance, 4096));
    unsigned kind = chance_below(chance, 12);
    if (kind == 0)
        put(text, "own %s", chance_below(chance, 2) == 0 ? "uid" : "gid");
    else if (kind == 1)
        put(text, "-%u", 1 + chance_below(chance, 5));
    else if (word != NULL)
        put(text, "%s", word);
    else
        put_number(text, some_number(chance, width));
}

static void put_comparison(struct text *text, struct chance *chance, const struct judge_row *row)
{
    unsigned index = row->argument_count > 0 ? chance_below(chance, row->argument_count) : chance_below(chance, 6);
    const struct judge_argument *argument = index < row->argument_count ? &row->arguments[index] : NULL;
    bool raw = argument == NULL || chance_below(chance, 5) == 0;
    unsigned width = raw ? 64 : argument->width;
    char name[32];
    if (raw || chance_below(chance, 2) == 0)
        snprintf(name, sizeof name, raw ? "raw%u" : "arg%u", index);
    else
        snprintf(name, sizeof name, "%s", argument->name);
    uint64_t mask = some_number(chance, width);
    static const char *const orders[] = {"<", "<=", ">", ">="};
    switch (chance_below(chance, 6)) {
    case 0:
        put(text, "(%s & 0x%llx)", name, (unsigned long long)(mask == 0 ? 1 : mask));
        break;
    case 1:
        put(text, "(%s & 0x%llx) %s 0x%llx", name, (unsigned long long)(mask == 0 ? 1 : mask),
            chance_below(chance, 2) == 0 ? "==" : "!=", (unsigned long long)(mask & some_number(chance, width)));
        break;
    case 2:
        put(text, "%s %s ", name, orders[chance_below(chance, 4)]);
        put_number(text, some_number(chance, width));
        break;
    case 3:
        put(text, "%s %s ", name, chance_below(chance, 2) == 0 ? "==" : "!=");
        put_value(text, chance, raw ? NULL : argument, width);
        break;
    default:
        put(text, "%s %s {", name, chance_below(chance, 3) == 0 ? "not in" : "in");
        for (unsigned i = chance_below(chance, 5) + 1; i-- > 0;) {
            put_value(text, chance, raw ? NULL : argument, width);
            put(text, i == 0 ? "}" : ", ");
        }
    }
}

static void put_condition(struct text *text, struct chance *chance, const struct judge_row *row, unsigned depth)
{
    unsigned kind = depth == 0 ? 9 : chance_below(chance, 9);
    if (kind < 4) {
        put_condition(text, chance, row, depth - 1);
        put(text, kind < 2 ? " and " : " or ");
        put_condition(text, chance, row, depth - 1);
    } else if (kind < 6) {
        put(text, "%s(", kind == 4 ? "!" : "not ");
        put_condition(text, chance, row, depth - 1);
        put(text, ")");
    } else {
        put_comparison(text, chance, row);
    }
}

/* ---- options ---- */

static void put_word(struct text *text, struct chance *chance, const struct judge *judge)
{
    static const char *const members[] = {"file.ioctl:TIOCSTI", "file.ioctl:0x5413", "file.ioctl:0xc0084545",
                                          "process.prctl:PR_SET_MM", "process.prctl:38", "process.prctl:54",
                                          "process.personality:ADDR_NO_RANDOMIZE", "net.any:AF_ALG",
                                          "net.any:AF_NETLINK", "process.prctl:PR_SVE_SET_VL", "file.ioctl:TCGETS"};
    const struct judge_row *row = &judge->rows[chance_below(chance, judge->row_count)];
    const struct judge_row *featured = row;
    while (featured->feature_count == 0)
        featured = &judge->rows[chance_below(chance, judge->row_count)];
    switch (chance_below(chance, 10)) {
    case 0: case 1: case 2:
        put(text, "%s", featured->features[chance_below(chance, featured->feature_count)]);
        break;
    case 3:
        put(text, "%s", row->category);
        break;
    case 4:
        put(text, "%s.*", row->category);
        break;
    case 5: case 6:
        put(text, "%s", members[chance_below(chance, LENGTH(members))]);
        break;
    case 7:
        put(text, chance_below(chance, 6) == 0 ? "all" : "%s", featured->name);
        break;
    default:
        put(text, "%s", strcmp(row->name, "time") == 0 ? "read" : row->name);
    }
}

static void put_errno(struct text *text, struct chance *chance)
{
    const char *word = judge_nth_word("errno", chance_below(chance, 4096));
    if (chance_below(chance, 4) == 0)
        put(text, "%u", chance_below(chance, 4096));
    else
        put(text, "%s", word);
}

static void put_action(struct text *text, struct chance *chance)
{
    static const char *const actions[] = {"allow", "log", "deny", "errno", "trap", "trace", "kill", "kill-thread",
                                          "allow", "deny:", "errno:", "trap:", "trace:"};
    unsigned action = chance_below(chance, LENGTH(actions));
    put(text, "%s", actions[action]);
    if (actions[action][strlen(actions[action]) - 1] == ':')
        put_errno(text, chance);
}

static void random_option(const struct judge *judge, struct chance *chance, struct judge_option *option)
{
    static const char *const keys[] = {"allow", "allow", "allow", "deny", "deny", "log", "trap", "trace", "kill",
                                       "kill-thread", "errno", "rule", "rule", "rule", "rule", "calls", "unknown",
                                       "arch", "audit"};
    static const char *const unknown[] = {"ENOSYS", "EPERM", "kill", "log"};
    static const char *const arch[] = {"native", "x86", "x32", "x86,x32"};
    struct text text = {option->value, sizeof option->value};
    option->value[0] = 0;
    option->key = keys[chance_below(chance, LENGTH(keys))];
    if (strcmp(option->key, "audit") == 0 && chance_below(chance, 2) == 0)
        option->key = "allow"; /* it hides what the others do */
    if (strcmp(option->key, "calls") == 0) {
        if (chance_below(chance, 3) == 0)
            put(&text, "default");
        else
            put_action(&text, chance);
    } else if (strcmp(option->key, "unknown") == 0) {
        put(&text, "%s", unknown[chance_below(chance, LENGTH(unknown))]);
    } else if (strcmp(option->key, "arch") == 0) {
        put(&text, "%s", arch[chance_below(chance, LENGTH(arch))]);
    } else if (strcmp(option->key, "rule") == 0) {
        const struct judge_row *row = &judge->rows[chance_below(chance, judge->row_count)];
        if (chance_below(chance, 2) == 0)
            while (row->condition[0] == NULL)
                row = &judge->rows[chance_below(chance, judge->row_count)];
        put(&text, "%s", row->name);
        if (chance_below(chance, 5) != 0) {
            put(&text, ": ");
            put_condition(&text, chance, row, 2);
        }
        if (text.left < 40) { /* too long: another one */
            random_option(judge, chance, option);
            return;
        }
        put(&text, " = ");
        put_action(&text, chance);
    } else if (strcmp(option->key, "audit") != 0) {
        for (unsigned i = chance_below(chance, 3) + 1; i-- > 0;) {
            put_word(&text, chance, judge);
            put(&text, i == 0 ? "" : ",");
        }
        if (strcmp(option->key, "errno") == 0) {
            put(&text, "=");
            put_errno(&text, chance);
        }
    }
}

void setup_random(const struct judge *judge, struct chance *chance, struct setup *setup)
{
    static const uint32_t ids[] = {0, 0, 1000, 1000, 65534, 65535, 100000, 0x7fffffff, 0xfffffffe};
    memset(setup, 0, sizeof *setup);
    setup->subject.arch = chance_below(chance, 3) == 0 ? JUDGE_AARCH64 : JUDGE_X86_64;
    setup->subject.uid = ids[chance_below(chance, LENGTH(ids))];
    setup->subject.gid = ids[chance_below(chance, LENGTH(ids))];
    if (chance_below(chance, 3) == 0)
        setup->subject.capabilities = chance_next(chance) & chance_next(chance) & ((UINT64_C(1) << 41) - 1);
    unsigned mode = chance_below(chance, 6);
    setup->mode = mode == 0 ? JUDGE_EXPLAIN : mode == 1 ? JUDGE_LEARN : JUDGE_ENFORCE;
    setup->token = chance_below(chance, 4) == 0;
    unsigned count = 1 + chance_below(chance, chance_below(chance, 4) == 0 ? 14 : 5);
    if (chance_below(chance, 12) == 0)
        setup->options[setup->option_count++].key = "open";
    while (count-- > 0) {
        struct judge_option *option = &setup->options[setup->option_count++];
        random_option(judge, chance, option);
        if (strcmp(option->key, "arch") == 0 && setup->subject.arch != JUDGE_X86_64)
            strcpy(option->value, "native");
    }
}

void setup_print(const struct setup *setup)
{
    static const char *const modes[] = {"enforce", "explain", "learn"};
    fprintf(stderr, "  %s uid %u gid %u capabilities 0x%llx %s%s\n",
            setup->subject.arch == JUDGE_X86_64 ? "x86_64" : "aarch64", setup->subject.uid, setup->subject.gid,
            (unsigned long long)setup->subject.capabilities, modes[setup->mode], setup->token ? " token" : "");
    for (unsigned i = 0; i < setup->option_count; i++)
        fprintf(stderr, "  --%s='%s'\n", setup->options[i].key, setup->options[i].value);
}
