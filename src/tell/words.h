/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words to the user: errors as values, one line on standard error, the nearest right word. */
#ifndef SBX_TELL_WORDS_H
#define SBX_TELL_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Exit statuses that are sbx-run's own; every other one is the program's. */
enum {
    STATUS_TIMEOUT = 124,        /* the time limit ended the program */
    STATUS_FAILED = 125,         /* sbx-run itself failed, nothing was started */
    STATUS_NOT_EXECUTABLE = 126, /* the program was found but cannot be executed */
    STATUS_NOT_FOUND = 127,      /* the program was not found */
};

/* What went wrong: `cannot WHAT: WHY (remedy)`. Fixed size, so that it also fits into a shared page. */
struct error {
    int status;
    char text[1020];
};

/* Sets the error, with STATUS_FAILED (error_set) or another status, and returns -1. errno is kept. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_set_status(struct error *error, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints `PROGRAM: TEXT` as one line on standard error: one write, control characters as \xNN.
 * PROGRAM is "sbx-run" until words_program() names another; --quiet silences say(), never complain(). */
void words_program(const char *name);
void words_quiet(int quiet);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void complain(const struct error *error);

/* Bytes as text that is safe for a terminal: what is no UTF-8, no printable character or a mark that turns the
 * direction goes as \xNN, and characters of `also` (NULL: none) get a backslash before them. `to` has room for
 * 4 * length + 1 bytes. Returns the length. */
size_t words_escape(char *to, const void *bytes, size_t length, const char *also);

/* The UTF-8 character that `length` (not 0) bytes begin with: its bytes and code, or 0 when it is none. */
size_t words_character(const void *bytes, size_t length, uint32_t *code);

/* The word nearest to `word` (edit distance, at most a third of its length), or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
