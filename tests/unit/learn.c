/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/learn.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tell/words.h"

static struct refusal refusals[8];
static size_t refusal_count;

/* In place of the one that asks a supervisor. */
size_t explain_refusals(const struct explain *explain, const struct refusal **all)
{
    (void)explain;
    *all = refusals;
    return refusal_count;
}

static void refuse(uint64_t count, const char *text, const char *program, const char *setting, const char *danger,
                   bool capability)
{
    struct refusal *refusal = &refusals[refusal_count++];
    *refusal = (struct refusal){ .count = count, .remedy = { .danger = danger, .capability = capability } };
    snprintf(refusal->text, sizeof refusal->text, "%s", text);
    snprintf(refusal->program, sizeof refusal->program, "%s", program);
    snprintf(refusal->remedy.setting, sizeof refusal->remedy.setting, "%s", setting);
}

static char directory[] = "/tmp/learn-test.XXXXXX", path[64], text[1 << 16];

static void start(void)
{
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/profile", directory);
    refusal_count = 0;
    words_quiet(true);
}

static void end(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* and no temporary file is left */
}

static const char *file_text(void)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void learn_into(const char *profile)
{
    struct learn learn;
    struct error error;
    static int anything;
    const struct plan plan = { .profile = profile, .program = "/bin/x\ny" };
    ck_assert_int_eq(learn_open(&learn, path, &error), 0);
    ck_assert_int_eq(learn_write(&learn, &plan, (const struct explain *)&anything, &error), 0);
}

START_TEST(what_was_met_is_written)
{
    refuse(3, "socket(AF_NETLINK, SOCK_RAW)", "ip", "allow = net.netlink", NULL, false);
    refuse(1, "bpf(BPF_MAP_CREATE)", "x", "allow = bpf", "runs programs inside the kernel", false);
    refuse(1, "chroot(\"/\")", "", "keep-cap = sys_chroot", NULL, true);
    refuse(1, "odd()", "", "", NULL, false);
    learn_into("default,./base");
    ck_assert_str_eq(file_text(),
                     "# What a run of /bin/x?y needed beyond the profile that it started from (sbx-run --learn).\n"
                     "include = default\ninclude = ./base\n"
                     "\n# 3 x socket(AF_NETLINK, SOCK_RAW), first from ip\nallow = net.netlink\n"
                     "\n# 1 x bpf(BPF_MAP_CREATE), first from x\n# left out, think before you open it: runs programs "
                     "inside the kernel\n# allow = bpf\n"
                     "\n# 1 x chroot(\"/\")\n# not needed: without the capability the kernel refuses it too. As root "
                     "it could be kept:\n# keep-cap = sys_chroot\n"
                     "\n# 1 x odd()\n# no option allows it\n");
}
END_TEST

START_TEST(a_second_run_adds_what_is_new)
{
    refuse(3, "first()", "a", "allow = first", NULL, false);
    refuse(3, "second()", "a", "allow = second", "for a reason", false);
    refuse(3, "first() otherwise", "a", "allow = first", NULL, false);
    learn_into("default");
    char before[sizeof text];
    strcpy(before, file_text());
    ck_assert_ptr_null(strstr(before, "otherwise"));
    learn_into("default");
    ck_assert_str_eq(file_text(), before); /* what was left out is met again and not written again */
    refuse(1, "third()", "b", "allow = third", NULL, false);
    refuse(1, "fourth()", "b", "allow = firs", NULL, false); /* no line of the file, but the beginning of one */
    learn_into("default");
    strcat(before, "\n# 1 x third(), first from b\nallow = third\n\n# 1 x fourth(), first from b\nallow = firs\n");
    ck_assert_str_eq(file_text(), before);
}
END_TEST

START_TEST(what_stood_in_the_file_stays)
{
    FILE *file = fopen(path, "w");
    fputs("# mine\npids = 7\n  #allow = second\nallow = last", file);
    fclose(file);
    refuse(1, "first()", "a", "allow = first", NULL, false);
    refuse(1, "second()", "a", "allow = second", NULL, false);
    refuse(1, "last()", "a", "allow = last", NULL, false);
    learn_into("default");
    ck_assert_str_eq(file_text(), "# mine\npids = 7\n  #allow = second\nallow = last\n"
                                  "\n# 1 x first(), first from a\nallow = first\n");
}
END_TEST

START_TEST(comments_are_one_line_each)
{
    refuse(1, "open(\"\\n\")\nallow = all", "\nall\x1b[0m\n", "allow = first", NULL, false);
    learn_into("default");
    ck_assert_ptr_null(strstr(file_text(), "\nallow = all"));
    ck_assert_ptr_null(strchr(file_text(), '\x1b'));
}
END_TEST

START_TEST(a_file_that_cannot_be_had_is_an_error)
{
    struct learn learn;
    struct error error = { .text = "" };
    char wrong[128];
    snprintf(wrong, sizeof wrong, "%s/none/profile", directory);
    ck_assert_int_eq(learn_open(&learn, wrong, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
    ck_assert_int_eq(learn_open(&learn, directory, &error), -1);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(learn_open(&learn, path, &error), -1); /* and does not wait for a writer */
    unlink(path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(ftruncate(descriptor, (1 << 20) + 1), 0);
    close(descriptor);
    ck_assert_int_eq(learn_open(&learn, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "1 MiB"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("learn");
    TCase *tests = tcase_create("learn");
    tcase_add_checked_fixture(tests, start, end);
    tcase_add_test(tests, what_was_met_is_written);
    tcase_add_test(tests, a_second_run_adds_what_is_new);
    tcase_add_test(tests, what_stood_in_the_file_stays);
    tcase_add_test(tests, comments_are_one_line_each);
    tcase_add_test(tests, a_file_that_cannot_be_had_is_an_error);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
