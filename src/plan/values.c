/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The digits at the start of the text; strtoull alone would take a sign and leading blanks. */
static bool leading_number(const char *text, uint64_t *number, const char **rest)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    *number = value;
    *rest = end;
    return true;
}

bool value_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number)
{
    const char *rest;
    return leading_number(text, number, &rest) && *rest == '\0' && *number >= minimum && *number <= maximum;
}

bool value_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    const char *rest;
    if (!leading_number(text, bytes, &rest))
        return false;
    if (*rest == '\0')
        return true;
    const char *unit = strchr(units, toupper((unsigned char)*rest));
    if (unit == NULL || rest[1] != '\0')
        return false;
    unsigned shift = 10 * (unsigned)(unit - units + 1);
    if (*bytes > (UINT64_MAX >> 1) >> shift)
        return false;
    *bytes <<= shift;
    return true;
}

bool value_amount(const char *text, bool percent_allowed, struct amount *amount)
{
    struct amount found = { .given = true };
    size_t length = strlen(text);
    if (strcmp(text, "max") == 0) {
        found.value = AMOUNT_MAX;
    } else if (percent_allowed && length > 1 && length < 5 && text[length - 1] == '%') {
        char digits[8];
        memcpy(digits, text, length - 1);
        digits[length - 1] = '\0';
        found.percent = true;
        if (!value_number(digits, 1, 100, &found.value))
            return false;
    } else if (!value_size(text, &found.value)) {
        return false;
    }
    *amount = found;
    return true;
}

bool value_time(const char *text, uint64_t *milliseconds)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
    const char *rest;
    if (!leading_number(text, milliseconds, &rest))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(rest, units[i].name) == 0)
            return *milliseconds <= INT64_MAX / 1000000 / units[i].factor && (*milliseconds *= units[i].factor, true);
    return false;
}

bool value_yes_or_no(const char *text, bool *yes)
{
    *yes = strcmp(text, "yes") == 0;
    return *yes || strcmp(text, "no") == 0;
}

int value_list(const char *text, int (*each)(const char *member, void *context, struct error *error), void *context,
               struct error *error)
{
    for (;;) {
        size_t length = strcspn(text, ",");
        char member[256];
        if (length == 0)
            return error_set(error, "cannot read a list: an empty member (write NAME,NAME without blanks)");
        if (length >= sizeof member)
            return error_set(error, "cannot read a list: a member of %zu bytes (the longest has 255)", length);
        memcpy(member, text, length);
        member[length] = '\0';
        int result = each(member, context, error);
        if (result != 0)
            return result;
        if (text[length] == '\0')
            return 0;
        text += length + 1;
    }
}
