/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who writes down what a filter logs: found in surroundings made up here. */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/kernel-log.h"

static char root[PATH_MAX];

static void put(const char *path, const char *text)
{
    char name[PATH_MAX + 128];
    snprintf(name, sizeof name, "%s%s", root, path);
    for (char *slash = strchr(name + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(name, 0700);
        *slash = '/';
    }
    FILE *file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void make_root(void)
{
    snprintf(root, sizeof root, "%s/sbx-log.XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
    char command[PATH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static void expect(enum kernel_log_carrier carrier, const char *says)
{
    struct kernel_log log;
    char line[256];
    kernel_log_find(root, &log);
    kernel_log_describe(&log, line, sizeof line);
    ck_assert_msg(log.carrier == carrier, "%d: %s", log.carrier, line);
    ck_assert_msg(strstr(line, says) != NULL, "%s", line);
}

START_TEST(carrier_is_found)
{
    expect(KERNEL_LOG_NOBODY, "Linux 4.14");
    put("/proc/sys/kernel/seccomp/actions_logged", "kill_process kill_thread trap errno user_notif trace\n");
    expect(KERNEL_LOG_NOBODY, "actions_logged");
    put("/proc/sys/kernel/seccomp/actions_logged", "kill_process logger\n");
    expect(KERNEL_LOG_NOBODY, "actions_logged");
    put("/proc/sys/kernel/seccomp/actions_logged", "kill_process log\n");
    expect(KERNEL_LOG_NOBODY, "CONFIG_AUDIT");
    put("/proc/self/sessionid", "4294967295");
    expect(KERNEL_LOG_KERNEL, "journalctl -k");
    put("/proc/cmdline", "quiet audit=0 ro\n");
    expect(KERNEL_LOG_NOBODY, "switched off");
    put("/proc/cmdline", "quiet audit=1 ro\n");
    put("/proc/77/comm", "auditd-other\n");
    put("/proc/notes/comm", "auditd\n");
    expect(KERNEL_LOG_KERNEL, "type=1326");
    put("/proc/78/comm", "auditd\n");
    expect(KERNEL_LOG_AUDITD, "ausearch");
}
END_TEST

START_TEST(this_machine_has_an_answer)
{
    struct kernel_log log;
    char line[256];
    kernel_log_find("", &log);
    kernel_log_describe(&log, line, sizeof line);
    ck_assert_uint_gt(strlen(line), 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy-log");
    TCase *tests = tcase_create("policy-log");
    tcase_add_checked_fixture(tests, make_root, remove_root);
    tcase_add_test(tests, carrier_is_found);
    tcase_add_test(tests, this_machine_has_an_answer);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
