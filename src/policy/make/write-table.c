/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/make/made.h"

#include <string.h>

static void write_numbers(FILE *out, const char *type, const char *name, const uint16_t *from, unsigned count)
{
    fprintf(out, "static const %s %s[] = {", type, name);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%s%u,", i % 20 == 0 ? "\n" : "", from[i]);
    fputs("};\n", out);
}

static void write_strings(FILE *out)
{
    fputs("static const char strings[] =\n", out);
    for (unsigned at = 0; at < string_length; at += (unsigned)strlen(strings + at) + 1) {
        fputc('"', out);
        for (const char *c = strings + at; *c != 0; c++)
            fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
        fputs("\\0\"\n", out);
    }
    fputs(";\n", out);
}

static void write_rows(FILE *out)
{
    fputs("static const struct row rows[] = {\n", out);
    for (unsigned i = 0; i < words.row_count; i++) {
        const struct row *row = &rows[i];
        fprintf(out, "{%u,%u,%u,%u,{%d,%d},%u,%u,%u,%d,%u,%u,%u,%u,%u,{{%u,%u,%u},{%u,%u,%u}}}, /* %s */\n",
                row->name, row->why, row->condition_text, row->errno_text, row->number[0], row->number[1],
                row->category, row->kind, row->capability, row->by_name_only, row->errno_value,
                row->first_argument, row->argument_count, row->first_opening, row->opening_count,
                row->arch[0].condition, row->arch[0].standing, row->arch[0].refusal, row->arch[1].condition,
                row->arch[1].standing, row->arch[1].refusal, strings + row->name);
    }
    fputs("};\n", out);
}

static void write_decisions(FILE *out)
{
    fputs("static const uint64_t values[] = {", out);
    for (unsigned i = 0; i < value_count; i++)
        fprintf(out, "%s0x%llx,", i % 8 == 0 ? "\n" : "", (unsigned long long)values[i]);
    fputs("};\nstatic const struct test tests[] = {\n", out);
    for (unsigned i = 0; i < test_count; i++)
        fprintf(out, "{0x%llx,%u,%u,%u,%u,%u,%u,%u},\n", (unsigned long long)tests[i].mask, tests[i].first_value,
                tests[i].value_count, tests[i].argument, tests[i].operation, tests[i].own, tests[i].when_true,
                tests[i].when_false);
    fputs("};\nstatic const struct condition conditions[] = {\n", out);
    for (unsigned i = 0; i < condition_count; i++)
        fprintf(out, "{%u,%u},\n", conditions[i].first_test, conditions[i].test_count);
    fputs("};\nstatic const struct clause clauses[] = {\n", out);
    for (unsigned i = 0; i < clause_count; i++)
        fprintf(out, "{0x%x,%u,%u,%u},\n", clauses[i].verdict, clauses[i].condition, clauses[i].chain,
                clauses[i].next);
    fputs("};\n", out);
}

static void write_names(FILE *out)
{
    fputs("static const struct argument arguments[] = {\n", out);
    for (unsigned i = 0; i < argument_count; i++)
        fprintf(out, "{%u,%u,%u,%u},\n", arguments[i].name, arguments[i].bits, arguments[i].type,
                arguments[i].family);
    fputs("};\nstatic const struct list lists[] = {\n", out);
    for (unsigned i = 0; i < words.list_count; i++)
        fprintf(out, "{%u,%u},\n", lists[i].name, lists[i].family);
    fputs("};\nstatic const struct constant constants[] = {\n", out);
    for (unsigned i = 0; i < words.constant_count; i++)
        fprintf(out, "{%u,%u,%u,{0x%llx,0x%llx}},\n", constants[i].name, constants[i].list, constants[i].arches,
                (unsigned long long)constants[i].value[0], (unsigned long long)constants[i].value[1]);
    fputs("};\nstatic const struct category categories[] = {\n", out);
    for (unsigned i = 0; i < category_count; i++)
        fprintf(out, "{%u,%u,%u},\n", categories[i].name, categories[i].first_row, categories[i].row_count);
    fputs("};\nstatic const struct feature features[] = {\n", out);
    for (unsigned i = 0; i < feature_count; i++)
        fprintf(out, "{%u,%u,%u,%u},\n", features[i].name, features[i].category, features[i].first_opening,
                features[i].opening_count);
    fputs("};\nstatic const struct opening openings[] = {\n", out);
    for (unsigned i = 0; i < opening_count; i++)
        fprintf(out, "{%u,%u,{%u,%u},%u},\n", openings[i].feature, openings[i].row, openings[i].condition[0],
                openings[i].condition[1], openings[i].member);
    fputs("};\n", out);
    for (unsigned abi = 0; abi < TABLE_ABIS; abi++) {
        fprintf(out, "static const struct alias aliases_%u[] = {\n", abi);
        for (unsigned i = 0; i < alias_count[abi]; i++) {
            const struct alias *alias = &aliases[abi][i];
            fprintf(out, "{%u,%u,%u,%u,%d},\n", alias->name, alias->number, alias->row, alias->refusal,
                    alias->rearranged);
        }
        fputs("};\n", out);
    }
}

void write_table(FILE *out)
{
    fputs("/* Made by make-table: change the tables it reads instead. */\n#include \"policy/table.h\"\n\n", out);
    write_strings(out);
    write_rows(out);
    write_decisions(out);
    write_names(out);
    write_numbers(out, "uint16_t", "rows_by_name", rows_by_name, words.row_count);
    write_numbers(out, "uint16_t", "openings_by_row", openings_by_row, opening_count);
    write_numbers(out, "uint16_t", "row_of_number_0", row_of_number[0], number_count[0]);
    write_numbers(out, "uint16_t", "row_of_number_1", row_of_number[1], number_count[1]);
    fprintf(out, "const struct policy_table policy_table = {\n"
            ".words = {strings, rows, arguments, lists, constants, %u, %u, %u},\n"
            ".rows_by_name = rows_by_name, .row_of_number = {row_of_number_0, row_of_number_1},\n"
            ".tests = tests, .values = values, .conditions = conditions, .clauses = clauses,\n"
            ".categories = categories, .features = features, .openings = openings,\n"
            ".openings_by_row = openings_by_row, .aliases = {aliases_0, aliases_1},\n"
            ".alias_count = {%u, %u}, .number_count = {%u, %u}, .test_count = %u, .value_count = %u,\n"
            ".condition_count = %u, .clause_count = %u, .category_count = %u, .feature_count = %u,\n"
            ".opening_count = %u};\n", words.row_count, words.list_count, words.constant_count, alias_count[0],
            alias_count[1], number_count[0], number_count[1], test_count, value_count, condition_count,
            clause_count, category_count, feature_count, opening_count);
}

void write_calls(FILE *out)
{
    fputs("/* Made by make-table: the rows of calls.tbl by name. */\n#ifndef SBX_POLICY_CALLS_H\n"
          "#define SBX_POLICY_CALLS_H\n\nenum policy_call {\n", out);
    for (unsigned i = 0; i < words.row_count; i++)
        fprintf(out, "    CALL_%s,\n", strings + rows[i].name);
    fprintf(out, "    POLICY_CALLS_COUNT\n};\n\nenum {\n    POLICY_CATEGORIES_COUNT = %u,\n"
            "    POLICY_FEATURES_COUNT = %u,\n};\n\n#endif\n", category_count, feature_count);
}
