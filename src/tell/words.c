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

size_t words_character(const void *bytes, size_t length, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *text = bytes;
    *code = text[0];
    if (text[0] < 0x80)
        return 1;
    size_t size = text[0] < 0xc0 || text[0] > 0xf4 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if (size == 0 || size > length)
        return 0;
    *code &= 0x7fu >> size;
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3f);
    }
    return *code < least[size] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : size;
}

/* A terminal takes C1 controls (U+0080..U+009F) as the start of an escape sequence too, and marks of direction
 * let a line read as another one. */
static bool is_printable(uint32_t code)
{
    static const uint32_t refused[][2] = {{0, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f},
                                          {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (code >= refused[i][0] && code <= refused[i][1])
            return false;
    return true;
}

size_t words_escape(char *to, const void *bytes, size_t length, const char *also)
{
    size_t used = 0;
    for (const unsigned char *at = bytes, *end = at + length; at < end;) {
        uint32_t code;
        size_t size = words_character(at, (size_t)(end - at), &code);
        if (size == 0 || !is_printable(code)) {
            size = size == 0 ? 1 : size;
            for (size_t i = 0; i < size; i++)
                used += (size_t)snprintf(to + used, 5, "\\x%02x", at[i]);
        } else {
            if (also != NULL && strchr(also, *at) != NULL)
                to[used++] = '\\';
            memcpy(to + used, at, size);
            used += size;
        }
        at += size;
    }
    to[used] = 0;
    return used;
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
    char line[256 + 4 * sizeof(struct error) + 2];
    size_t used = (size_t)snprintf(line, 256, "%s: ", program);
    if (used > 255)
        used = 255;
    used += words_escape(line + used, text, strnlen(text, sizeof(struct error)), NULL);
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
