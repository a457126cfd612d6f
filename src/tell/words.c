/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORD_MAX 63 /* longer ones are no misspelt word of ours */

static const char *program = "sbx-run";
static bool quiet;

void words_program(const char *name)
{
    program = name;
}

void words_quiet(int on)
{
    quiet = on != 0;
}

static int error_fill(struct error *error, int status, const char *format, va_list arguments)
{
    int kept = errno;
    error->status = status;
    vsnprintf(error->text, sizeof error->text, format, arguments);
    errno = kept;
    return -1;
}

int error_set(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_fill(error, STATUS_FAILED, format, arguments);
    va_end(arguments);
    return -1;
}

int error_set_status(struct error *error, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_fill(error, status, format, arguments);
    va_end(arguments);
    return -1;
}

/* Bytes of the printable character at text, 0 when it is a control character or no UTF-8: a terminal takes
 * C1 controls (U+0080..U+009F) as the start of an escape sequence too. */
static size_t printable_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return text[0] >= 0x20 && text[0] != 0x7f ? 1 : 0;
    size_t length = text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : (text[0] & 0xf0) == 0xe0 ? 3
                  : text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return text[0] == 0xc2 && text[1] < 0xa0 ? 0 : length;
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody to tell */
        bytes += written;
        length -= (size_t)written;
    }
}

static void print_line(const char *text)
{
    int kept = errno;
    char line[4 * sizeof(struct error)];
    size_t used = (size_t)snprintf(line, 256, "%s: ", program);
    if (used > 255)
        used = 255;
    for (const unsigned char *at = (const unsigned char *)text; *at != 0 && used < sizeof line - 8;) {
        size_t length = printable_length(at);
        if (length == 0) {
            used += (size_t)snprintf(line + used, 5, "\\x%02x", *at);
            length = 1;
        } else {
            memcpy(line + used, at, length);
            used += length;
        }
        at += length;
    }
    line[used++] = '\n';
    write_all(line, used);
    errno = kept;
}

void say(const char *format, ...)
{
    if (quiet)
        return;
    char text[sizeof(struct error)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_line(text);
}

void complain(const struct error *error)
{
    print_line(error->text);
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edit distance where two neighbours swapped count once: the commonest slip of all. Both at most WORD_MAX. */
static unsigned edit_distance(const char *a, const char *b)
{
    size_t length_a = strlen(a), length_b = strlen(b);
    unsigned rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= length_b; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= length_a; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= length_b; j++) {
            row[j] = smaller(smaller(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[length_a % 3][length_b];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    size_t length = strlen(word);
    if (length > WORD_MAX)
        return NULL;
    unsigned best = (unsigned)(length < 3 ? 1 : length / 3) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) > WORD_MAX)
            continue;
        unsigned distance = edit_distance(word, words[i]);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
