/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs when the project is built, on the building machine: reads the tables and lists, checks them, compiles
 * their conditions for both architectures and writes them as constant C.
 *
 *   make-table DIRECTORY TABLE.c CALLS.h */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/condition.h"
#include "policy/make/made.h"

#define COLUMNS_MAX 9
#define OPENS_ALL "-"

/* What is made; write-table.c writes it. */
char strings[60000];
struct row rows[ROWS_MAX];
struct argument arguments[6 * ROWS_MAX];
struct list lists[64];
struct constant constants[4096];
struct test tests[2048];
uint64_t values[4096];
struct condition conditions[1024];
struct clause clauses[1024];
struct category categories[32];
struct feature features[128];
struct opening openings[1024];
uint16_t openings_by_row[1024], rows_by_name[ROWS_MAX], row_of_number[TABLE_ARCHES][ROWS_MAX];
struct alias aliases[TABLE_ABIS][1024];
uint16_t alias_count[TABLE_ABIS], number_count[TABLE_ARCHES];
unsigned string_length = 1, argument_count, test_count, value_count, condition_count, clause_count;
unsigned category_count, feature_count, opening_count;
struct vocabulary words = {.strings = strings, .rows = rows, .arguments = arguments, .lists = lists,
                           .constants = constants};

/* The line that is read: where an error points to. */
static char place[512];
static unsigned line_number;

/* What features.tbl says, kept until all rows are known. */
static struct {
    char feature[64], member[32], condition[256];
    unsigned row, line;
} parts[128];
static unsigned part_count;

void die(const char *format, ...)
{
    fprintf(stderr, "%s:%u: ", place, line_number);
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

uint16_t checked(unsigned index, size_t size, const char *what)
{
    if (index >= size || index >= TABLE_NONE)
        die("too many %s: make the array larger", what);
    return (uint16_t)index;
}

/* ---- reading ---- */

void read_table(const char *directory, const char *file, unsigned columns, bool has_head,
                       void (*take)(char **column))
{
    snprintf(place, sizeof place, "%s/%s", directory, file);
    FILE *stream = fopen(place, "r");
    if (stream == NULL)
        die("%s", strerror(errno));
    char line[2048];
    for (line_number = 1; fgets(line, sizeof line, stream) != NULL; line_number++) {
        if (line[0] == '#')
            continue;
        if (has_head) {
            has_head = false;
            continue;
        }
        line[strcspn(line, "\n")] = 0;
        char *column[COLUMNS_MAX], *rest = line;
        unsigned count = 0;
        while (count < COLUMNS_MAX && rest != NULL)
            column[count++] = strsep(&rest, "\t");
        if (count != columns || rest != NULL)
            die("%u columns with tabs between them expected", columns);
        take(column);
    }
    fclose(stream);
}

uint16_t intern(const char *text)
{
    size_t length = strlen(text) + 1;
    for (unsigned at = 0; at < string_length; at += (unsigned)strlen(strings + at) + 1)
        if (strcmp(strings + at, text) == 0)
            return (uint16_t)at;
    if (string_length + length > sizeof strings)
        die("too many characters: make `strings` larger");
    memcpy(strings + string_length, text, length);
    string_length += (unsigned)length;
    return (uint16_t)(string_length - length);
}

unsigned find_row(const char *name)
{
    for (unsigned i = 0; i < words.row_count; i++)
        if (strcmp(name, strings + rows[i].name) == 0)
            return i;
    die("no row of calls.tbl is named %s", name);
}

uint16_t find_constant(const char *name, const char *family)
{
    const struct constant *constant = constant_find(&words, name);
    if (constant == NULL || strcmp(strings + lists[constant->list].family, family) != 0)
        die("no %s is named %s", family, name);
    return (uint16_t)constant->value[0];
}

/* ---- lists/ ---- */

static unsigned current_list;

static void take_constant(char **column)
{
    struct constant *constant = &constants[checked(words.constant_count, LENGTH(constants), "constants")];
    words.constant_count++;
    *constant = (struct constant){.name = intern(column[0]), .list = (uint16_t)current_list};
    for (unsigned arch = 0; arch < TABLE_ARCHES; arch++) {
        if (strcmp(column[1 + arch], "-") == 0)
            continue;
        if (!parse_number(column[1 + arch], &constant->value[arch]))
            die("'%s' is no number", column[1 + arch]);
        constant->arches |= (uint8_t)(1u << arch);
    }
    for (const char *c = column[0]; *c != 0; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            die("'%s' is no name", column[0]);
}

static int compare_constants(const void *a, const void *b)
{
    return strcmp(strings + ((const struct constant *)a)->name, strings + ((const struct constant *)b)->name);
}

static int is_list(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_lists(const char *directory)
{
    char path[400];
    snprintf(path, sizeof path, "%s/lists", directory);
    struct dirent **entries;
    int count = scandir(path, &entries, is_list, alphasort);
    if (count < 0)
        die("cannot read %s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char family[256];
        snprintf(family, sizeof family, "%.*s", (int)strcspn(name, "-"), name);
        current_list = checked(words.list_count, LENGTH(lists), "lists");
        words.list_count++;
        lists[current_list] = (struct list){.name = intern(name), .family = intern(family)};
        read_table(path, name, 4, false, take_constant);
        free(entries[i]);
    }
    free(entries);
    qsort(constants, words.constant_count, sizeof *constants, compare_constants);
    for (unsigned i = 1; i < words.constant_count; i++)
        if (constants[i].name == constants[i - 1].name)
            die("the name %s stands in the lists twice", strings + constants[i].name);
}

/* ---- calls.tbl and arguments.tbl ---- */

static const char *const by_name_only[] = {"exit", "exit_group", "restart_syscall", "rt_sigreturn"};
static char *row_features[ROWS_MAX];

static int16_t read_call_number(const char *text, unsigned arch, unsigned row)
{
    uint64_t number;
    if (strcmp(text, "-") == 0)
        return -1;
    if (!parse_number(text, &number) || number >= ROWS_MAX)
        die("'%s' is no number of a call", text);
    if (row_of_number[arch][number] != TABLE_NONE)
        die("the number %s is taken by %s", text, strings + rows[row_of_number[arch][number]].name);
    row_of_number[arch][number] = (uint16_t)row;
    if (number >= number_count[arch])
        number_count[arch] = (uint16_t)(number + 1);
    return (int16_t)number;
}

static uint8_t take_category(const char *name, unsigned row)
{
    if (category_count == 0 || strcmp(strings + categories[category_count - 1].name, name) != 0) {
        for (unsigned i = 0; i < category_count; i++)
            if (strcmp(strings + categories[i].name, name) == 0)
                die("the rows of %s do not stand together", name);
        unsigned added = checked(category_count++, LENGTH(categories), "categories");
        categories[added] = (struct category){.name = intern(name), .first_row = (uint16_t)row};
    }
    categories[category_count - 1].row_count++;
    return (uint8_t)(category_count - 1);
}

static void take_verdict(struct row *row, const char *verdict)
{
    static const struct {
        const char *name;
        enum row_kind kind;
    } kinds[] = {{"allow", ROW_ALLOW}, {"deny", ROW_DENY}, {"restrict", ROW_RESTRICT},
                 {"unless-root", ROW_UNLESS_ROOT}};
    for (size_t i = 0; i < LENGTH(kinds); i++)
        if (strcmp(verdict, kinds[i].name) == 0) {
            row->kind = (uint8_t)kinds[i].kind;
            return;
        }
    if (strncmp(verdict, "cap:", 4) != 0)
        die("unknown verdict '%s'", verdict);
    char name[64];
    snprintf(name, sizeof name, "CAP_%s", verdict + 4);
    row->kind = ROW_CAPABILITY;
    row->capability = (uint8_t)find_constant(name, "capability");
}

static void take_row(char **column)
{
    unsigned index = checked(words.row_count, LENGTH(rows), "rows");
    struct row *row = &rows[index];
    for (unsigned i = 0; i < index; i++)
        if (strcmp(strings + rows[i].name, column[0]) == 0)
            die("%s has two rows", column[0]);
    words.row_count++;
    row->name = intern(column[0]);
    row->category = take_category(column[3], index);
    take_verdict(row, column[4]);
    row->condition_text = intern(column[5]);
    row->errno_text = intern(column[6]);
    row->why = intern(column[8]);
    for (unsigned arch = 0; arch < TABLE_ARCHES; arch++)
        row->number[arch] = read_call_number(column[1 + arch], arch, index);
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(column[6], ";"), column[6]);
    row->errno_value = find_constant(strcmp(name, "-") == 0 ? "EPERM" : name, "errno");
    bool has_condition = strcmp(column[5], "-") != 0;
    if (row->kind == ROW_CAPABILITY ? false : has_condition != (row->kind == ROW_RESTRICT))
        die("a condition goes with restrict and cap:, and restrict has one");
    if ((row->kind == ROW_ALLOW) != (strcmp(column[6], "-") == 0))
        die("an errno goes with every row that may refuse, and with no other");
    for (size_t i = 0; i < LENGTH(by_name_only); i++)
        row->by_name_only = row->by_name_only || strcmp(column[0], by_name_only[i]) == 0;
    row_features[index] = strdup(column[7]);
}

static void take_argument(char *text)
{
    static const struct {
        const char *name;
        uint8_t bits;
        enum argument_type type;
    } types[] = {{"mode", 16, ARGUMENT_MODE}, {"int", 32, ARGUMENT_SIGNED}, {"unsigned", 32, ARGUMENT_NUMBER},
                 {"fd", 32, ARGUMENT_FD}, {"dirfd", 32, ARGUMENT_DIRFD}, {"pid", 32, ARGUMENT_SIGNED},
                 {"uid", 32, ARGUMENT_ID}, {"gid", 32, ARGUMENT_ID}, {"long", 64, ARGUMENT_SIGNED},
                 {"ulong", 64, ARGUMENT_NUMBER}, {"size", 64, ARGUMENT_NUMBER}, {"off", 64, ARGUMENT_SIGNED},
                 {"u64", 64, ARGUMENT_NUMBER}, {"ptr", 64, ARGUMENT_POINTER}, {"path", 64, ARGUMENT_PATH},
                 {"sockaddr", 64, ARGUMENT_SOCKADDR}};
    char *name = text + strcspn(text, " "), *family = strchr(text, ':');
    if (*name != 0)
        *name++ = 0;
    if (family != NULL)
        *family++ = 0;
    bool numbered = strncmp(name, "arg", 3) == 0 || strncmp(name, "raw", 3) == 0;
    if (*name == 0 || (numbered && isdigit((unsigned char)name[3])))
        die("'%s' cannot be an argument's name", name);
    for (size_t i = 0; i < LENGTH(types); i++)
        if (strcmp(text, types[i].name) == 0) {
            unsigned added = checked(argument_count++, LENGTH(arguments), "arguments");
            arguments[added] = (struct argument){.name = intern(name), .bits = types[i].bits,
                                                 .type = (uint8_t)types[i].type,
                                                 .family = intern(family == NULL ? "" : family)};
            return;
        }
    die("unknown type '%s'", text);
}

static void take_arguments(char **column)
{
    struct row *row = &rows[find_row(column[0])];
    if (row->first_argument != 0)
        die("%s stands here twice", column[0]);
    row->first_argument = (uint16_t)argument_count;
    char *rest = column[1];
    if (strcmp(column[1], "-") == 0)
        return;
    if (strcmp(column[1], "?") == 0) { /* any value of any argument */
        for (unsigned i = 0; i < 6; i++) {
            char name[] = "arg0";
            name[3] = (char)('0' + i);
            unsigned added = checked(argument_count++, LENGTH(arguments), "arguments");
            arguments[added] = (struct argument){.name = intern(name), .bits = 64, .type = ARGUMENT_NUMBER};
        }
        row->argument_count = 6;
        return;
    }
    while (rest != NULL) {
        char *text = strsep(&rest, ",");
        take_argument(text + strspn(text, " "));
        row->argument_count++;
    }
    if (row->argument_count > 6)
        die("%s has more than 6 arguments", column[0]);
}

/* ---- conditions and decisions ---- */

static uint16_t keep_values(const uint64_t *from, unsigned count)
{
    for (unsigned at = 0; at + count <= value_count; at++)
        if (memcmp(values + at, from, count * sizeof *from) == 0)
            return (uint16_t)at;
    checked(value_count + count, LENGTH(values), "values");
    memcpy(values + value_count, from, count * sizeof *from);
    value_count += count;
    return (uint16_t)(value_count - count);
}

static bool same_test(const struct test *a, const struct test *b)
{
    return a->mask == b->mask && a->first_value == b->first_value && a->value_count == b->value_count &&
           a->argument == b->argument && a->operation == b->operation && a->own == b->own &&
           a->when_true == b->when_true && a->when_false == b->when_false;
}

/* The condition as a number; equal conditions have the same, so that equal decisions can be seen to be. */
static uint16_t compile_condition(unsigned arch, unsigned row, const char *text)
{
    static struct condition_buffer buffer;
    struct error error;
    if (condition_parse(&words, (enum policy_arch)arch, row, text, 0, strlen(text), &buffer, &error) < 0)
        die("%s, '%s': %s", strings + rows[row].name, text, error.text);
    for (unsigned i = 0; i < buffer.test_count; i++) {
        struct test *test = &buffer.tests[i];
        test->first_value = keep_values(buffer.values + test->first_value, test->value_count);
    }
    for (unsigned i = 0; i < condition_count; i++) {
        unsigned equal = 0;
        while (equal < buffer.test_count && conditions[i].test_count == buffer.test_count &&
               same_test(&tests[conditions[i].first_test + equal], &buffer.tests[equal]))
            equal++;
        if (equal == buffer.test_count)
            return (uint16_t)i;
    }
    checked(test_count + buffer.test_count, LENGTH(tests), "tests");
    uint16_t index = checked(condition_count++, LENGTH(conditions), "conditions");
    conditions[index] = (struct condition){(uint16_t)test_count, (uint16_t)buffer.test_count};
    memcpy(tests + test_count, buffer.tests, buffer.test_count * sizeof *tests);
    test_count += buffer.test_count;
    return index;
}

static uint16_t make_clause(uint32_t verdict, unsigned condition, unsigned next)
{
    struct clause made = {.verdict = verdict, .condition = (uint16_t)condition, .chain = TABLE_NONE,
                          .next = (uint16_t)next};
    for (unsigned i = 0; i < clause_count; i++)
        if (clauses[i].verdict == made.verdict && clauses[i].condition == made.condition &&
            clauses[i].next == made.next)
            return (uint16_t)i;
    uint16_t index = checked(clause_count++, LENGTH(clauses), "clauses");
    clauses[index] = made;
    return index;
}

/* `ERRNO; ERRNO if CONDITION; ...`: the chain of what a refusal answers. */
static uint16_t compile_refusal(unsigned arch, unsigned row)
{
    uint16_t chain = make_clause(SECCOMP_RET_ERRNO | rows[row].errno_value, TABLE_NONE, TABLE_NONE);
    char text[512];
    snprintf(text, sizeof text, "%s", strings + rows[row].errno_text);
    char *rest = text;
    strsep(&rest, ";");
    while (rest != NULL) {
        char *part = strsep(&rest, ";"), *condition = strstr(part, " if ");
        if (condition == NULL)
            die("%s: 'ERRNO if CONDITION' expected after ';'", strings + rows[row].name);
        *condition = 0;
        uint16_t number = find_constant(part + strspn(part, " "), "errno");
        chain = make_clause(SECCOMP_RET_ERRNO | number, compile_condition(arch, row, condition + 4), chain);
    }
    return chain;
}

static void compile_row(unsigned index)
{
    struct row *row = &rows[index];
    const char *condition = strings + row->condition_text;
    for (unsigned arch = 0; arch < TABLE_ARCHES; arch++) {
        row->arch[arch].refusal = compile_refusal(arch, index);
        row->arch[arch].condition = TABLE_NONE;
        row->arch[arch].standing = row->arch[arch].refusal;
        if (strcmp(condition, "-") != 0) {
            row->arch[arch].condition = compile_condition(arch, index, condition);
            row->arch[arch].standing =
                make_clause(SECCOMP_RET_ALLOW, row->arch[arch].condition, row->arch[arch].refusal);
        } else if (row->kind == ROW_ALLOW || row->kind == ROW_UNLESS_ROOT) {
            row->arch[arch].standing = CHAIN_ALLOW;
        }
    }
}

/* ---- features ---- */

static void take_part(char **column)
{
    unsigned index = checked(part_count++, LENGTH(parts), "features");
    snprintf(parts[index].feature, sizeof parts[index].feature, "%s", column[0]);
    parts[index].row = find_row(column[1]);
    snprintf(parts[index].member, sizeof parts[index].member, "%s", column[2]);
    snprintf(parts[index].condition, sizeof parts[index].condition, "%s", column[3]);
    parts[index].line = line_number;
}

static uint8_t find_argument(unsigned row, const char *name)
{
    for (unsigned i = 0; i < rows[row].argument_count; i++)
        if (strcmp(name, strings + arguments[rows[row].first_argument + i].name) == 0)
            return (uint8_t)i;
    die("%s has no argument %s", strings + rows[row].name, name);
}

static uint16_t find_feature(const char *name)
{
    for (unsigned i = 0; i < feature_count; i++)
        if (strcmp(name, strings + features[i].name) == 0)
            return (uint16_t)i;
    unsigned category = 0;
    size_t length = strcspn(name, ".");
    while (category < category_count && (strlen(strings + categories[category].name) != length ||
                                         strncmp(name, strings + categories[category].name, length) != 0))
        category++;
    if (category == category_count || name[length] != '.')
        die("'%s' does not begin with a category", name);
    uint16_t added = checked(feature_count++, LENGTH(features), "features");
    features[added] = (struct feature){.name = intern(name), .category = (uint8_t)category};
    return added;
}

static void add_opening(const char *feature, unsigned row, const char *member, const char *condition)
{
    struct opening made = {.feature = find_feature(feature), .row = (uint16_t)row, .member = 255};
    for (unsigned i = 0; i < opening_count; i++)
        if (openings[i].feature == made.feature && openings[i].row == made.row)
            return; /* features.tbl was read first */
    if (strcmp(member, "-") != 0)
        made.member = find_argument(row, member);
    for (unsigned arch = 0; arch < TABLE_ARCHES; arch++)
        made.condition[arch] = strcmp(condition, OPENS_ALL) == 0 ? TABLE_NONE
                                                                 : compile_condition(arch, row, condition);
    openings[checked(opening_count++, LENGTH(openings), "openings")] = made;
}

static int compare_openings(const void *a, const void *b)
{
    const struct opening *left = a, *right = b;
    int order = strcmp(strings + features[left->feature].name, strings + features[right->feature].name);
    return order != 0 ? order : left->row - right->row;
}

static int compare_features(const void *a, const void *b)
{
    return strcmp(strings + ((const struct feature *)a)->name, strings + ((const struct feature *)b)->name);
}

static void make_features(void)
{
    for (unsigned i = 0; i < part_count; i++) {
        line_number = parts[i].line;
        add_opening(parts[i].feature, parts[i].row, parts[i].member, parts[i].condition);
    }
    for (unsigned row = 0; row < words.row_count; row++) {
        char *rest = strcmp(row_features[row], "-") == 0 ? NULL : row_features[row];
        if ((rest == NULL) != (rows[row].kind == ROW_ALLOW))
            die("%s: a feature goes with every row that may refuse, and with no other", strings + rows[row].name);
        while (rest != NULL)
            add_opening(strsep(&rest, " "), row, "-", OPENS_ALL);
    }
    qsort(openings, opening_count, sizeof *openings, compare_openings);
    struct feature unsorted[LENGTH(features)];
    memcpy(unsorted, features, sizeof features);
    qsort(features, feature_count, sizeof *features, compare_features);
    for (unsigned i = 0; i < opening_count; i++) {
        uint16_t name = unsorted[openings[i].feature].name;
        unsigned feature = 0;
        while (features[feature].name != name)
            feature++;
        openings[i].feature = (uint16_t)feature;
        if (features[feature].opening_count++ == 0)
            features[feature].first_opening = (uint16_t)i;
    }
    unsigned count = 0;
    for (unsigned row = 0; row < words.row_count; row++) {
        rows[row].first_opening = (uint16_t)count;
        for (unsigned i = 0; i < opening_count; i++)
            if (openings[i].row == row)
                openings_by_row[count++] = (uint16_t)i;
        rows[row].opening_count = (uint16_t)(count - rows[row].first_opening);
    }
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(strings + rows[*(const uint16_t *)a].name, strings + rows[*(const uint16_t *)b].name);
}

static void read_everything(const char *directory)
{
    memset(row_of_number, 0xff, sizeof row_of_number);
    argument_count = 1; /* 0: not seen yet */
    read_lists(directory);
    read_table(directory, "calls.tbl", 9, true, take_row);
    for (unsigned row = 0; row < words.row_count; row++)
        rows_by_name[row] = (uint16_t)row;
    qsort(rows_by_name, words.row_count, sizeof *rows_by_name, compare_rows);
    read_table(directory, "arguments.tbl", 2, true, take_arguments);
    for (unsigned row = 0; row < words.row_count; row++)
        if (rows[row].first_argument == 0)
            die("%s is missing", strings + rows[row].name);
    if (make_clause(SECCOMP_RET_ALLOW, TABLE_NONE, TABLE_NONE) != CHAIN_ALLOW)
        die("the first chain must be the one that allows");
    for (unsigned row = 0; row < words.row_count; row++)
        compile_row(row);
    read_table(directory, "features.tbl", 4, true, take_part);
    make_features();
    read_abis(directory);
}

static void write_file(const char *path, void (*write)(FILE *out))
{
    snprintf(place, sizeof place, "%s", path);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        die("%s", strerror(errno));
    write(out);
    if (ferror(out) || fclose(out) != 0)
        die("%s", strerror(errno));
}

int main(int count, char **argument)
{
    if (count != 4) {
        fputs("usage: make-table DIRECTORY TABLE.c CALLS.h\n", stderr);
        return 1;
    }
    read_everything(argument[1]);
    write_file(argument[2], write_table);
    write_file(argument[3], write_calls);
    return 0;
}
