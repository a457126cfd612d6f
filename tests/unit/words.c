/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/words.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the statements write to standard error, in `into`. */
static void capture(void (*run)(void), char *into, size_t size)
{
    int pipes[2], kept = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    run();
    dup2(kept, STDERR_FILENO);
    close(pipes[1]);
    ssize_t length = read(pipes[0], into, size - 1);
    into[length < 0 ? 0 : length] = 0;
    close(pipes[0]);
    close(kept);
}

START_TEST(error_has_status_and_keeps_errno)
{
    struct error error;
    errno = ENOENT;
    ck_assert_int_eq(error_set(&error, "cannot open %s: why (remedy)", "x"), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(error.status, STATUS_FAILED);
    ck_assert_str_eq(error.text, "cannot open x: why (remedy)");
    ck_assert_int_eq(error_set_status(&error, STATUS_NOT_FOUND, "gone"), -1);
    ck_assert_int_eq(error.status, STATUS_NOT_FOUND);
}
END_TEST

START_TEST(long_error_is_cut_not_overrun)
{
    char *text = malloc(5000);
    memset(text, 'a', 4999);
    text[4999] = 0;
    struct error error;
    error_set(&error, "%s", text);
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
    free(text);
}
END_TEST

static void say_hostile(void)
{
    say("name \033[2Jx\n\x7f \xc2\x9b \xff \xc3\xa4 \xe2\x82\xac %d", 5);
}

static void say_quiet(void)
{
    words_quiet(1);
    say("not to be seen");
    struct error error = {.text = "seen"};
    complain(&error);
    words_quiet(0);
}

static void say_as_other(void)
{
    words_program("sbx-profile");
    say("hello");
    words_program("sbx-run");
}

static void complain_of_controls(void)
{
    struct error error;
    memset(error.text, '\n', sizeof error.text);
    error.text[sizeof error.text - 1] = 0;
    complain(&error);
}

START_TEST(control_characters_never_reach_the_terminal)
{
    char out[8192];
    capture(say_hostile, out, sizeof out);
    ck_assert_str_eq(out, "sbx-run: name \\x1b[2Jx\\x0a\\x7f \\xc2\\x9b \\xff \xc3\xa4 \xe2\x82\xac 5\n");
    capture(complain_of_controls, out, sizeof out);
    ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
    ck_assert_uint_gt(strlen(out), 4000);
}
END_TEST

START_TEST(escaped_bytes_are_printable_characters)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"say \"\\\"", "say \\\"\\\\\\\""},
        {"\xc0\xaf", "\\xc0\\xaf"},                             /* overlong */
        {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},                    /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                    /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},           /* above U+10FFFF */
        {"\xe2\x82", "\\xe2\\x82"},                             /* cut */
        {"\xe2\x80\xae" "cod.exe", "\\xe2\\x80\\xae" "cod.exe"}, /* right to left */
        {"\xf8\xff", "\\xf8\\xff"},
    };
    char to[128];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_uint_eq(words_escape(to, cases[i].bytes, strlen(cases[i].bytes), "\"\\"), strlen(cases[i].text));
        ck_assert_str_eq(to, cases[i].text);
    }
    words_escape(to, "a\0\"", 3, NULL);
    ck_assert_str_eq(to, "a\\x00\"");
    uint32_t code;
    ck_assert_uint_eq(words_character("\xe2\x82\xac", 3, &code), 3);
    ck_assert_uint_eq(code, 0x20ac);
    ck_assert_uint_eq(words_character("\xe2\x82\xac", 2, &code), 0);
}
END_TEST

START_TEST(quiet_silences_say_only)
{
    char out[256];
    capture(say_quiet, out, sizeof out);
    ck_assert_str_eq(out, "sbx-run: seen\n");
    capture(say_as_other, out, sizeof out);
    ck_assert_str_eq(out, "sbx-profile: hello\n");
}
END_TEST

START_TEST(nearest_word_is_near)
{
    const char *const words[] = {"socket", "socketpair", "ptrace", "net", "mount", "kill"};
    size_t count = sizeof words / sizeof *words;
    ck_assert_str_eq(nearest_word("sokcet", words, count), "socket");
    ck_assert_str_eq(nearest_word("ptarce", words, count), "ptrace");
    ck_assert_str_eq(nearest_word("nte", words, count), "net");
    ck_assert_str_eq(nearest_word("socketpiar", words, count), "socketpair");
    ck_assert_str_eq(nearest_word("nt", words, count), "net");
    ck_assert_ptr_null(nearest_word("xyzzy", words, count));
    ck_assert_ptr_null(nearest_word("", words, 0));
    char huge[4096];
    memset(huge, 's', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    ck_assert_ptr_null(nearest_word(huge, words, count));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("words");
    TCase *tests = tcase_create("words");
    tcase_add_test(tests, error_has_status_and_keeps_errno);
    tcase_add_test(tests, long_error_is_cut_not_overrun);
    tcase_add_test(tests, control_characters_never_reach_the_terminal);
    tcase_add_test(tests, escaped_bytes_are_printable_characters);
    tcase_add_test(tests, quiet_silences_say_only);
    tcase_add_test(tests, nearest_word_is_near);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
