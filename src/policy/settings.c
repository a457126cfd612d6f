/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/settings.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-calls.h"
#include "policy/condition.h"

#define NAMES_MAX (POLICY_CALLS_COUNT + POLICY_FEATURES_COUNT + 2 * POLICY_CATEGORIES_COUNT + 1)
#define WORD_MAX 128
#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *const key_names[] = {
    [POLICY_ALLOW] = "allow", [POLICY_DENY] = "deny", [POLICY_LOG] = "log", [POLICY_TRAP] = "trap",
    [POLICY_TRACE] = "trace", [POLICY_KILL] = "kill", [POLICY_KILL_THREAD] = "kill-thread",
    [POLICY_ERRNO] = "errno", [POLICY_RULE] = "rule", [POLICY_CALLS] = "calls", [POLICY_UNKNOWN] = "unknown",
    [POLICY_ARCHES] = "arch", [POLICY_AUDIT] = "audit",
};

/* The words of actions, as --rule and --calls write them. */
static const struct action_word {
    const char *name;
    enum action action;
    uint32_t verdict;
    bool takes_data; /* :ERRNO may follow */
} action_words[] = {
    {"allow", ACTION_ALLOW, SECCOMP_RET_ALLOW, false},
    {"log", ACTION_LOG, SECCOMP_RET_LOG, false},
    {"deny", ACTION_REFUSE, SECCOMP_RET_ERRNO, true},
    {"errno", ACTION_VERDICT, SECCOMP_RET_ERRNO | EPERM, true},
    {"trap", ACTION_VERDICT, SECCOMP_RET_TRAP, true},
    {"trace", ACTION_VERDICT, SECCOMP_RET_TRACE, true},
    {"kill", ACTION_VERDICT, SECCOMP_RET_KILL_PROCESS, false},
    {"kill-thread", ACTION_VERDICT, SECCOMP_RET_KILL_THREAD, false},
};

/* The setting that is read: which option, for the errors. */
struct reading {
    struct policy_settings *settings;
    enum policy_key key;
    struct error *error;
};

struct policy_settings *policy_settings_new(void)
{
    struct policy_settings *settings = calloc(1, sizeof *settings);
    if (settings != NULL)
        settings->unknown = SECCOMP_RET_ERRNO | ENOSYS;
    return settings;
}

void policy_settings_free(struct policy_settings *settings)
{
    if (settings == NULL)
        return;
    free(settings->list);
    free(settings->conditions);
    free(settings->tests);
    free(settings->values);
    free(settings);
}

void policy_settings_open(struct policy_settings *settings)
{
    settings->open = true;
}

__attribute__((format(printf, 2, 3)))
static int refuse(const struct reading *reading, const char *format, ...)
{
    char why[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    const char *remedy = strchr(why, '(') != NULL ? "" : " (sbx-policy(7) has the words and their form)";
    return error_set(reading->error, "cannot use --%s: %s%s", key_names[reading->key], why, remedy);
}

/* ---- room ---- */

static int make_room(const struct reading *reading, void *array, unsigned count, unsigned more, unsigned *room,
                     size_t size)
{
    if (count + more <= *room)
        return 0;
    unsigned wanted = *room < 16 ? 16 : *room * 2;
    while (wanted < count + more)
        wanted *= 2;
    /* conditions, tests and values are numbered in 16 bits, after those of the table */
    if (wanted > 0x8000)
        return refuse(reading, "more settings than a filter can hold");
    void *grown = reallocarray(*(void **)array, wanted, size);
    if (grown == NULL)
        return refuse(reading, "%s", strerror(errno));
    *(void **)array = grown;
    *room = wanted;
    return 0;
}

static int add_setting(const struct reading *reading, const struct setting *setting)
{
    struct policy_settings *settings = reading->settings;
    if (make_room(reading, &settings->list, settings->count, 1, &settings->room, sizeof *settings->list) < 0)
        return -1;
    settings->list[settings->count++] = *setting;
    return 0;
}

/* Keeps a condition; its number, or -1. */
static int keep_condition(const struct reading *reading, const struct test *tests, unsigned test_count,
                          const uint64_t *values, unsigned value_count)
{
    struct policy_settings *to = reading->settings;
    if (make_room(reading, &to->conditions, to->condition_count, 1, &to->condition_room, sizeof *to->conditions) < 0 ||
        make_room(reading, &to->tests, to->test_count, test_count, &to->test_room, sizeof *to->tests) < 0 ||
        make_room(reading, &to->values, to->value_count, value_count, &to->value_room, sizeof *to->values) < 0)
        return -1;
    to->conditions[to->condition_count] = (struct condition){
        .first_test = (uint16_t)(policy_table.test_count + to->test_count), .test_count = (uint16_t)test_count};
    for (unsigned i = 0; i < test_count; i++) {
        struct test *test = &to->tests[to->test_count + i];
        *test = tests[i];
        test->first_value = (uint16_t)(test->first_value + policy_table.value_count + to->value_count);
    }
    for (unsigned i = 0; i < value_count; i++)
        to->values[to->value_count + i] = values[i];
    to->test_count += test_count;
    to->value_count += value_count;
    return (int)(policy_table.condition_count + to->condition_count++);
}

/* ---- names ---- */

int policy_find_call(const char *name)
{
    size_t low = 0, high = POLICY_CALLS_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        unsigned row = policy_table.rows_by_name[middle];
        int order = strcmp(name, table_string(policy_table.words.rows[row].name));
        if (order == 0)
            return (int)row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* By name, or by the number that it has on the architecture that this program is built for. */
static int find_call(const char *word)
{
    enum policy_arch arch = POLICY_NATIVE;
    uint64_t number;
    if (!parse_number(word, &number))
        return policy_find_call(word);
    if (number >= policy_table.number_count[arch])
        return -1;
    unsigned row = policy_table.row_of_number[arch][number];
    return row == TABLE_NONE ? -1 : (int)row;
}

static int find_category(const char *name, size_t length)
{
    for (unsigned i = 0; i < policy_table.category_count; i++) {
        const char *category = table_string(policy_table.categories[i].name);
        if (strlen(category) == length && memcmp(category, name, length) == 0)
            return (int)i;
    }
    return -1;
}

static int find_feature(const char *name)
{
    for (unsigned i = 0; i < policy_table.feature_count; i++)
        if (strcmp(name, table_string(policy_table.features[i].name)) == 0)
            return (int)i;
    return -1;
}

static int refuse_unknown(const struct reading *reading, const char *word, bool calls_only)
{
    const char *known[NAMES_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < POLICY_CALLS_COUNT; i++)
        known[count++] = table_string(policy_table.words.rows[i].name);
    for (unsigned i = 0; !calls_only && i < policy_table.feature_count; i++)
        known[count++] = table_string(policy_table.features[i].name);
    for (unsigned i = 0; !calls_only && i < policy_table.category_count; i++)
        known[count++] = table_string(policy_table.categories[i].name);
    /* `netlink` is nearer to net.netlink than any count of letters says */
    const char *nearest = NULL;
    for (unsigned i = 0; !calls_only && i < policy_table.feature_count; i++) {
        const char *feature = table_string(policy_table.features[i].name);
        if (strcmp(word, strchr(feature, '.') + 1) == 0)
            nearest = feature;
    }
    char note[NEAREST_NOTE_SIZE];
    if (nearest != NULL)
        snprintf(note, sizeof note, " (nearest: %s)", nearest);
    else
        nearest_note(word, known, count, note);
    return refuse(reading, "unknown %s '%s'%s", calls_only ? "call" : "call, feature or category", word, note);
}

static int parse_errno(const struct reading *reading, const char *word, unsigned most, uint32_t *number)
{
    uint64_t value;
    if (parse_number(word, &value)) {
        *number = (uint32_t)value;
        return value <= most ? 0 : refuse(reading, "'%s' is no errno: the greatest is %u", word, most);
    }
    const struct vocabulary *words = &policy_table.words;
    const char *known[256];
    size_t count = 0;
    for (unsigned i = 0; i < words->constant_count; i++) {
        const struct constant *constant = &words->constants[i];
        if (strcmp(table_string(words->lists[constant->list].name), "errno") != 0)
            continue;
        if (strcmp(word, table_string(constant->name)) == 0) {
            *number = (uint32_t)constant->value[0];
            return 0;
        }
        if (count < LENGTH(known))
            known[count++] = table_string(constant->name);
    }
    char note[NEAREST_NOTE_SIZE];
    return refuse(reading, "unknown errno '%s'%s", word, nearest_note(word, known, count, note));
}

/* ---- LIST ---- */

/* `feature:VALUE`: where the argument that the feature's members compare has this value. */
static int add_member(const struct reading *reading, struct setting *setting, const char *word, const char *value)
{
    const struct feature *feature = &policy_table.features[setting->index];
    const struct opening *openings = &policy_table.openings[feature->first_opening];
    if (openings->member == 255)
        return refuse(reading, "'%s' takes no members", table_string(feature->name));
    for (unsigned i = 0; i < feature->opening_count; i++) {
        setting->selector = SELECT_PART;
        setting->index = openings[i].row;
        bool anywhere = false;
        for (unsigned arch = 0; arch < TABLE_ARCHES; arch++) {
            uint64_t number;
            bool present;
            struct error why;
            if (condition_parse_value(&policy_table.words, (enum policy_arch)arch, openings[i].row,
                                      openings[i].member, value, &number, &present, &why) < 0)
                return refuse(reading, "'%s': %s", word, why.text);
            unsigned bits = policy_table.words.arguments[policy_table.words.rows[openings[i].row].first_argument +
                                                         openings[i].member].bits;
            struct test test = {.mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, .value_count = 1,
                                .argument = openings[i].member, .operation = TEST_IN,
                                .when_true = CONDITION_TRUE, .when_false = CONDITION_FALSE};
            int condition = present ? keep_condition(reading, &test, 1, &number, 1) : (int)TABLE_NONE;
            if (condition < 0)
                return -1;
            setting->condition[arch] = (uint16_t)condition;
            anywhere = anywhere || present;
        }
        if (anywhere && add_setting(reading, setting) < 0)
            return -1;
    }
    return 0;
}

/* One word of a LIST: a call, feature, feature:member, category, CATEGORY.* or all. */
static int add_word(const struct reading *reading, struct setting *setting, const char *word)
{
    size_t length = strlen(word);
    const char *colon = strchr(word, ':');
    int found;
    if (colon != NULL) {
        char feature[WORD_MAX];
        snprintf(feature, sizeof feature, "%.*s", (int)(colon - word), word);
        found = find_feature(feature);
        if (found < 0)
            return refuse_unknown(reading, feature, false);
        setting->index = (uint16_t)found;
        return add_member(reading, setting, word, colon + 1);
    }
    if (strcmp(word, "all") == 0) {
        setting->selector = SELECT_EVERY;
        setting->index = TABLE_NONE;
    } else if (length > 2 && strcmp(word + length - 2, ".*") == 0 && (found = find_category(word, length - 2)) >= 0) {
        setting->selector = SELECT_EVERY;
        setting->index = (uint16_t)found;
    } else if ((found = find_category(word, length)) >= 0) { /* before calls: `time` is both */
        setting->selector = SELECT_CATEGORY;
        setting->index = (uint16_t)found;
    } else if ((found = find_feature(word)) >= 0) {
        setting->selector = SELECT_FEATURE;
        setting->index = (uint16_t)found;
    } else if ((found = find_call(word)) >= 0) {
        setting->selector = SELECT_ROW;
        setting->index = (uint16_t)found;
    } else {
        return refuse_unknown(reading, word, false);
    }
    return add_setting(reading, setting);
}

/* The next word of a comma separated list, blanks around it cut off: 1, 0 at the end, -1 with the error. */
static int next_word(const struct reading *reading, const char **at, char word[WORD_MAX])
{
    if (*at == NULL)
        return 0;
    size_t length = strcspn(*at, ",");
    const char *begin = *at, *end = begin + length;
    *at = *end == ',' ? end + 1 : NULL;
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    while (begin < end && isspace((unsigned char)end[-1]))
        end--;
    if (begin == end)
        return refuse(reading, "a word is missing in the list");
    if (end - begin >= WORD_MAX)
        return refuse(reading, "unknown word '%.40s...'", begin);
    snprintf(word, WORD_MAX, "%.*s", (int)(end - begin), begin);
    return 1;
}

static int add_list(const struct reading *reading, enum action action, uint32_t verdict, const char *list)
{
    char word[WORD_MAX];
    int more;
    while ((more = next_word(reading, &list, word)) > 0) {
        struct setting setting = {.action = (uint8_t)action, .verdict = verdict,
                                  .condition = {TABLE_NONE, TABLE_NONE}};
        if (add_word(reading, &setting, word) < 0)
            return -1;
    }
    return more;
}

/* LIST=ERRNO */
static int add_errno(const struct reading *reading, const char *value)
{
    const char *equals = strrchr(value, '=');
    char list[1024];
    uint32_t number;
    if (equals == NULL)
        return refuse(reading, "'%s' names no errno (write CALL=NAME)", value);
    if (equals - value >= (ptrdiff_t)sizeof list)
        return refuse(reading, "the list is too long (write it as several)");
    snprintf(list, sizeof list, "%.*s", (int)(equals - value), value);
    if (parse_errno(reading, equals + 1 + strspn(equals + 1, " \t"), 4095, &number) < 0)
        return -1;
    return add_list(reading, ACTION_VERDICT, SECCOMP_RET_ERRNO | number, list);
}

/* ---- --rule, --calls, --unknown, --arch ---- */

/* ACTION[:ERRNO] */
static int parse_action(const struct reading *reading, const char *text, enum action *action, uint32_t *verdict)
{
    char name[WORD_MAX];
    const char *colon = strchr(text, ':');
    size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);
    snprintf(name, sizeof name, "%.*s", (int)(length < WORD_MAX ? length : WORD_MAX - 1), text);
    const char *known[LENGTH(action_words)];
    for (size_t i = 0; i < LENGTH(action_words); i++) {
        const struct action_word *word = &action_words[i];
        known[i] = word->name;
        if (strcmp(name, word->name) != 0)
            continue;
        *action = word->action;
        *verdict = word->verdict;
        if (colon == NULL)
            return 0;
        if (!word->takes_data)
            return refuse(reading, "'%s' takes no errno", name);
        uint32_t number, base = word->verdict & SECCOMP_RET_ACTION_FULL;
        if (parse_errno(reading, colon + 1, base == SECCOMP_RET_ERRNO ? 4095 : SECCOMP_RET_DATA, &number) < 0)
            return -1;
        *action = ACTION_VERDICT;
        *verdict = base | number;
        return 0;
    }
    char note[NEAREST_NOTE_SIZE];
    return refuse(reading, "unknown action '%s'%s", name, nearest_note(name, known, LENGTH(known), note));
}

/* Where the `=` before the action stands: the last one that is no part of == != <= >=. */
static const char *find_action(const char *rule)
{
    const char *equals = strrchr(rule, '=');
    return equals == NULL || equals == rule || strchr("=!<>", equals[-1]) != NULL ? NULL : equals;
}

static int parse_rule_condition(const struct reading *reading, struct setting *setting, const char *rule,
                                const char *begin, const char *end)
{
    int parsed = 0;
    struct error why = {.status = 0};
    for (unsigned arch = 0; arch < TABLE_ARCHES; arch++) {
        struct condition_buffer buffer;
        if (condition_parse(&policy_table.words, (enum policy_arch)arch, setting->index, rule,
                            (size_t)(begin - rule), (size_t)(end - rule), &buffer, &why) < 0)
            return refuse(reading, "'%s': %s", rule, why.text);
        parsed = keep_condition(reading, buffer.tests, buffer.test_count, buffer.values, buffer.value_count);
        if (parsed < 0)
            return -1;
        setting->condition[arch] = (uint16_t)parsed;
    }
    setting->selector = SELECT_PART;
    return 0;
}

/* CALL[: CONDITION] = ACTION[:ERRNO] */
static int add_rule(const struct reading *reading, const char *rule)
{
    const char *equals = find_action(rule);
    if (equals == NULL)
        return refuse(reading, "'%s' has no action (write CALL[: CONDITION] = ACTION)", rule);
    char name[WORD_MAX], action[WORD_MAX];
    rule += strspn(rule, " \t");
    size_t length = strcspn(rule, ": \t=");
    snprintf(name, sizeof name, "%.*s", (int)(length < WORD_MAX ? length : WORD_MAX - 1), rule);
    int row = find_call(name);
    if (row < 0)
        return refuse_unknown(reading, name, true);
    struct setting setting = {.selector = SELECT_ROW, .index = (uint16_t)row,
                              .condition = {TABLE_NONE, TABLE_NONE}};
    const char *after = rule + length + strspn(rule + length, " \t");
    if (*after == ':' && parse_rule_condition(reading, &setting, rule, after + 1, equals) < 0)
        return -1;
    if (*after != ':' && after != equals)
        return refuse(reading, "'%s': column %zu: ':' or '=' expected", rule, (size_t)(after - rule) + 1);
    const char *begin = equals + 1 + strspn(equals + 1, " \t");
    length = strcspn(begin, " \t");
    if (begin[length + strspn(begin + length, " \t")] != 0)
        return refuse(reading, "'%s': one action expected after '='", rule);
    snprintf(action, sizeof action, "%.*s", (int)(length < WORD_MAX ? length : WORD_MAX - 1), begin);
    enum action read;
    if (parse_action(reading, action, &read, &setting.verdict) < 0)
        return -1;
    setting.action = (uint8_t)read;
    return add_setting(reading, &setting);
}

static int set_base(const struct reading *reading, const char *value)
{
    struct policy_settings *settings = reading->settings;
    if (strcmp(value, "default") == 0) {
        settings->has_base = false;
        settings->open = false;
        return 0;
    }
    enum action action;
    if (parse_action(reading, value, &action, &settings->base_verdict) < 0)
        return -1;
    settings->base_action = (uint8_t)action;
    settings->has_base = true;
    return 0;
}

static int set_unknown(const struct reading *reading, const char *value)
{
    static const struct {
        const char *name;
        uint32_t verdict;
    } choices[] = {{"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS}, {"EPERM", SECCOMP_RET_ERRNO | EPERM},
                   {"kill", SECCOMP_RET_KILL_PROCESS}, {"log", SECCOMP_RET_LOG}};
    const char *known[LENGTH(choices)];
    for (size_t i = 0; i < LENGTH(choices); i++) {
        known[i] = choices[i].name;
        if (strcmp(value, known[i]) == 0) {
            reading->settings->unknown = choices[i].verdict;
            return 0;
        }
    }
    char note[NEAREST_NOTE_SIZE];
    return refuse(reading, "unknown word '%s'%s; it is ENOSYS, EPERM, kill or log", value,
                  nearest_note(value, known, LENGTH(known), note));
}

static int set_arches(const struct reading *reading, const char *list)
{
    static const char *const known[] = {[ABI_X86] = "x86", [ABI_X32] = "x32", [TABLE_ABIS] = "native"};
    char word[WORD_MAX];
    uint8_t abis = 0;
    int more;
    while ((more = next_word(reading, &list, word)) > 0) {
        size_t abi = 0;
        while (abi < LENGTH(known) && strcmp(word, known[abi]) != 0)
            abi++;
        char note[NEAREST_NOTE_SIZE];
        if (abi == LENGTH(known))
            return refuse(reading, "unknown architecture '%s'%s; it is native, x86 or x32", word,
                          nearest_note(word, known, LENGTH(known), note));
        if (abi != TABLE_ABIS)
            abis |= (uint8_t)(1u << abi);
    }
    if (more == 0)
        reading->settings->abis = abis;
    return more;
}

static int add_value(const struct reading *reading, const char *value)
{
    switch (reading->key) {
    case POLICY_ALLOW:
        return add_list(reading, ACTION_ALLOW, 0, value);
    case POLICY_DENY:
        return add_list(reading, ACTION_REFUSE, 0, value);
    case POLICY_LOG:
        return add_list(reading, ACTION_LOG, 0, value);
    case POLICY_TRAP:
        return add_list(reading, ACTION_VERDICT, SECCOMP_RET_TRAP, value);
    case POLICY_TRACE:
        return add_list(reading, ACTION_VERDICT, SECCOMP_RET_TRACE, value);
    case POLICY_KILL:
        return add_list(reading, ACTION_VERDICT, SECCOMP_RET_KILL_PROCESS, value);
    case POLICY_KILL_THREAD:
        return add_list(reading, ACTION_VERDICT, SECCOMP_RET_KILL_THREAD, value);
    case POLICY_ERRNO:
        return add_errno(reading, value);
    case POLICY_RULE:
        return add_rule(reading, value);
    case POLICY_CALLS:
        return set_base(reading, value);
    case POLICY_UNKNOWN:
        return set_unknown(reading, value);
    case POLICY_ARCHES:
        return set_arches(reading, value);
    case POLICY_AUDIT:
        reading->settings->audit = true;
        return 0;
    }
    return error_set(reading->error, "cannot use the setting: no such key");
}

int policy_settings_add(struct policy_settings *settings, enum policy_key key, const char *value,
                        struct error *error)
{
    const struct reading reading = {settings, key, error};
    settings->added++;
    return add_value(&reading, value == NULL ? "" : value);
}
