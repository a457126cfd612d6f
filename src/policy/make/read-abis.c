/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/make/made.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "policy/condition.h"

static bool named_in_x32[ROWS_MAX];

static void add_alias(enum table_abi abi, struct alias alias)
{
    aliases[abi][checked(alias_count[abi]++, LENGTH(aliases[abi]), "calls of an ABI")] = alias;
}

static void take_alias(char **column)
{
    enum table_abi abi = strcmp(column[0], "x32") == 0 ? ABI_X32 : ABI_X86;
    uint64_t number;
    if ((abi == ABI_X86 && strcmp(column[0], "x86") != 0) || !parse_number(column[1], &number) || number > 1023)
        die("an ABI (x86, x32) and a number expected");
    struct alias alias = {.name = intern(column[2]), .number = (uint16_t)number, .row = TABLE_NONE,
                          .rearranged = strcmp(column[4], "other") == 0};
    if (abi == ABI_X32)
        named_in_x32[find_row(column[2])] = true;
    if (strcmp(column[3], "-") == 0)
        return;
    if (isupper((unsigned char)column[3][0]))
        alias.refusal = find_constant(column[3], "errno");
    else
        alias.row = (uint16_t)find_row(column[3]);
    add_alias(abi, alias);
}

static int compare_aliases(const void *a, const void *b)
{
    return ((const struct alias *)a)->number - ((const struct alias *)b)->number;
}

static void finish_aliases(void)
{
    for (unsigned row = 0; row < words.row_count; row++)
        if (!named_in_x32[row] && rows[row].number[POLICY_X86_64] >= 0)
            add_alias(ABI_X32, (struct alias){.name = rows[row].name, .row = (uint16_t)row,
                                              .number = (uint16_t)rows[row].number[POLICY_X86_64]});
    for (unsigned abi = 0; abi < TABLE_ABIS; abi++) {
        qsort(aliases[abi], alias_count[abi], sizeof **aliases, compare_aliases);
        for (unsigned i = 1; i < alias_count[abi]; i++)
            if (aliases[abi][i].number == aliases[abi][i - 1].number)
                die("the number %u stands here twice", aliases[abi][i].number);
    }
}

void read_abis(const char *directory)
{
    read_table(directory, "abis.tbl", 5, true, take_alias);
    finish_aliases();
}
