/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports and metrics of runs that never were: what is written, where to, and that any bytes come back whole. */
#include "tell/report.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tell/metrics.h"

#define UNKNOWN UINT64_MAX
#define HOSTILE "a\"b\\c\nd\xff\xc3\xa4\033"

static char directory[] = "/tmp/sbx-report-test.XXXXXX";

static char *const arguments[] = {(char *)"/bin/" HOSTILE, (char *)"-x", NULL};
static char *const variables[] = {(char *)"HOME=/", (char *)"V\xfe=1", NULL};

static struct plan plan_of_test(void)
{
    struct plan plan = {
        .name = "build", .profile = "default", .program = arguments[0], .argv = arguments, .envp = variables,
        .privileges = {.dropped = true, .no_new_privs = true},
        .limits = {.pids = 512, .memory = 1 << 30, .swap = LIMIT_NONE, .how = "cgroup v1"},
        .end = END_GROUP, .timeout_ms = 5000,
    };
    return plan;
}

static const struct refusal refusals[] = {
    {.count = 3, .verdict = SECCOMP_RET_ERRNO | 97, .text = "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)",
     .program = "ip", .remedy = {.call = "socket", .category = "net", .option = "--allow=net.netlink"}},
    {.count = 2, .verdict = SECCOMP_RET_ERRNO | 1, .text = "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)",
     .program = HOSTILE, .remedy = {.call = "socket", .category = "net", .option = "--allow=net.raw"}},
    {.count = 1, .verdict = SECCOMP_RET_ERRNO | 38, .text = "syscall_9999(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)"},
};

static const struct stats stats_of_test = {
    .usage = {.known = true, .memory_peak = 4096, .pids_peak = 7, .pids_hits = 0, .oom_kills = 0, .cpu_us = UNKNOWN},
    .elapsed_ms = 1234, .cpu_us = 5000001, .largest_rss = 8192, .refused = 10, .listened = true,
};

static struct report report_of(const struct plan *plan, const struct stats *stats)
{
    return (struct report){.plan = plan, .id = "build-1", .refusals = refusals, .refusal_count = 3, .stats = stats,
                           .started = {1700000000, 250000000}, .status = 3};
}

static json_t *parse(const struct report *report)
{
    size_t length;
    json_error_t where;
    char *text = report_text(report, &length);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_int_eq(text[length - 1], '\n');
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    ck_assert_msg(object != NULL, "%s in line %d", where.text, where.line);
    free(text);
    return object;
}

/* The member of `object` at a path like "refused/calls/0/call". */
static json_t *at(json_t *object, const char *path)
{
    while (object != NULL && *path != 0) {
        char key[64];
        size_t length = strcspn(path, "/");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        object = json_is_array(object) ? json_array_get(object, strtoul(key, NULL, 10)) : json_object_get(object, key);
        path += length + (path[length] == '/');
    }
    return object;
}

static void is_text(json_t *object, const char *path, const char *text)
{
    ck_assert_msg(json_is_string(at(object, path)), "%s", path);
    ck_assert_str_eq(json_string_value(at(object, path)), text);
}

static void is_number(json_t *object, const char *path, json_int_t number)
{
    ck_assert_msg(json_is_integer(at(object, path)), "%s", path);
    ck_assert_msg(json_integer_value(at(object, path)) == number, "%s", path);
}

static void is_null(json_t *object, const char *path)
{
    ck_assert_msg(json_is_null(at(object, path)), "%s", path);
}

START_TEST(report_says_all)
{
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    json_t *object = parse(&report);
    is_number(object, "schema", REPORT_SCHEMA);
    is_text(object, "version", SBX_VERSION);
    is_text(object, "sandbox/id", "build-1");
    is_text(object, "sandbox/name", "build");
    is_text(object, "refused/calls/0/call", "socket");
    is_text(object, "refused/calls/0/category", "net");
    is_text(object, "refused/calls/0/text", "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)");
    is_text(object, "refused/calls/0/action", "errno");
    is_text(object, "refused/calls/0/errno", "EAFNOSUPPORT");
    is_number(object, "refused/calls/0/count", 3);
    is_text(object, "refused/calls/0/first_from", "ip");
    is_text(object, "refused/calls/0/remedy", "--allow=net.netlink");
    is_text(object, "refused/calls/2/call", "syscall_9999");
    is_null(object, "refused/calls/2/category");
    is_null(object, "refused/calls/2/remedy");
    is_number(object, "refused/total", 10);
    is_number(object, "refused/not_listed", 4);
    is_number(object, "limits/processes_limit", 512);
    is_number(object, "limits/processes_peak", 7);
    is_null(object, "limits/swap_limit");
    is_number(object, "limits/time_limit_ms", 5000);
    is_text(object, "times/started", "2023-11-14T22:13:20.250Z");
    is_number(object, "times/elapsed_ms", 1234);
    is_number(object, "exit/status", 3);
    is_null(object, "exit/signal");
    is_text(object, "exit/ended_by", "itself");
    is_text(object, "plan/arguments/1", "-x");
    json_decref(object);
}
END_TEST

START_TEST(protections_are_those_of_the_plan)
{
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    json_t *object = parse(&report), *entry;
    size_t index, seen = 0;
    json_array_foreach(at(object, "protections"), index, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        bool in_force = json_is_true(json_object_get(entry, "in_force"));
        bool expected = strcmp(name, "limits") == 0 || strcmp(name, "capabilities") == 0 || strcmp(name, "end") == 0 ||
                        strcmp(name, "no_new_privs") == 0 || strcmp(name, "time_limit") == 0;
        ck_assert_msg(in_force == expected, "%s", name);
        ck_assert_msg(in_force == json_is_string(json_object_get(entry, "by")), "%s", name);
        if (strcmp(name, "limits") == 0)
            is_text(entry, "by", "cgroup v1");
        if (strcmp(name, "end") == 0)
            is_text(entry, "by", "its cgroup");
        seen++;
    }
    ck_assert_uint_ge(seen, 10);
    json_decref(object);
}
END_TEST

START_TEST(ends_are_told_apart)
{
    static const struct {
        int signal;
        bool timed_out;
        uint64_t oom_kills;
        const char *failure, *ended_by;
    } ends[] = {
        {0, false, 0, NULL, "itself"},
        {SIGKILL, true, 0, NULL, "time limit"},
        {SIGKILL, false, 2, NULL, "memory limit"},
        {SIGKILL, false, UNKNOWN, NULL, "signal"},
        {SIGTERM, false, 2, NULL, "signal"},
        {SIGSYS, false, 0, NULL, "filter"},
        {SIGXCPU, false, 0, NULL, "rlimit cpu"},
        {0, false, 0, "cannot start: why (remedy)", "start"},
    };
    struct plan plan = plan_of_test();
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct stats stats = stats_of_test;
        struct report report = report_of(&plan, &stats);
        stats.usage.oom_kills = ends[i].oom_kills;
        report.signal = ends[i].signal;
        report.timed_out = ends[i].timed_out;
        report.failure = ends[i].failure;
        json_t *object = parse(&report);
        is_text(object, "exit/ended_by", ends[i].ended_by);
        if (ends[i].signal == SIGKILL)
            is_text(object, "exit/signal", "SIGKILL");
        json_decref(object);
    }
}
END_TEST

START_TEST(what_is_not_known_is_null)
{
    struct plan plan = plan_of_test();
    struct stats stats = {.usage = {false, 1, 2, 3, 4, 5}, .elapsed_ms = 1, .cpu_us = UNKNOWN, .largest_rss = UNKNOWN};
    struct report report = report_of(&plan, &stats);
    report.refusal_count = 0;
    plan.limits.off = true;
    json_t *object = parse(&report);
    is_null(object, "limits/processes_peak");
    is_null(object, "limits/memory_peak");
    is_null(object, "limits/oom_kills");
    is_null(object, "limits/memory_limit");
    is_null(object, "times/cpu_us");
    is_null(object, "refused/total");
    ck_assert(json_is_false(at(object, "refused/known")));
    json_decref(object);
}
END_TEST

START_TEST(any_bytes_come_back)
{
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    plan.name = report.id = HOSTILE;
    json_t *object = parse(&report);
    const char *expected = "a\"b\\c\nd\\xff\xc3\xa4\033"; /* all that is UTF-8 is kept */
    is_text(object, "sandbox/id", expected);
    is_text(object, "sandbox/name", expected);
    is_text(object, "refused/calls/1/first_from", expected);
    is_text(object, "plan/arguments/0", "/bin/a\"b\\c\nd\\xff\xc3\xa4\033");
    json_decref(object);
}
END_TEST

START_TEST(identifiers)
{
    char id[REPORT_ID_MAX], other[REPORT_ID_MAX], name[300];
    report_make_id("given", "make", id);
    ck_assert_str_eq(id, "given");
    report_make_id(NULL, "make", id);
    report_make_id(NULL, "make", other);
    ck_assert_uint_eq(strlen(id), strlen("make-01234567"));
    ck_assert_int_eq(strncmp(id, "make-", 5), 0);
    ck_assert_str_ne(id, other);
    memset(name, 'n', sizeof name);
    name[299] = 0;
    report_make_id(NULL, name, id);
    ck_assert_uint_eq(strlen(id), 109);
}
END_TEST

/* ---- the text format of Prometheus ---- */

#define SAMPLES_MAX 64

struct sample {
    char name[128], labels[3][2][256];
    size_t label_count;
    double value;
};

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;

static const char *take_name(const char *line, char *name)
{
    size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    ck_assert_msg(length > 0 && length < 128, "no name: %s", line);
    memcpy(name, line, length);
    name[length] = 0;
    return line + length;
}

static const char *take_label(const char *line, char pair[2][256])
{
    size_t used = 0;
    line = take_name(line, pair[0]);
    ck_assert_int_eq(strncmp(line, "=\"", 2), 0);
    for (line += 2; *line != '"'; line++) {
        bool escaped = *line == '\\';
        line += escaped;
        ck_assert_msg(*line != 0 && (!escaped || strchr("\\\"n", *line) != NULL), "%s", line);
        ck_assert_uint_lt(used, 255);
        pair[1][used++] = escaped && *line == 'n' ? '\n' : *line;
    }
    pair[1][used] = 0;
    return line + 1;
}

static void take_sample(const char *line)
{
    ck_assert_uint_lt(sample_count, SAMPLES_MAX);
    struct sample *sample = &samples[sample_count++];
    memset(sample, 0, sizeof *sample);
    line = take_name(line, sample->name);
    ck_assert_int_eq(*line++, '{');
    for (;;) {
        ck_assert_uint_lt(sample->label_count, 3);
        line = take_label(line, sample->labels[sample->label_count++]);
        if (*line != ',')
            break;
        line++;
    }
    ck_assert_int_eq(strncmp(line, "} ", 2), 0);
    char *end;
    sample->value = strtod(line + 2, &end);
    ck_assert_msg(*end == 0 && end != line + 2, "%s", line);
}

/* Every line is a sample or a HELP with its TYPE before the samples of that name; no line is there twice. */
static void parse_metrics(char *text)
{
    char announced[128] = "", type[32] = "";
    sample_count = 0;
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL && *line != 0;) {
        char help[128];
        ck_assert_ptr_null(strstr(rest, line));
        if (sscanf(line, "# HELP %127s ", help) == 1)
            snprintf(announced, sizeof announced, "%s", help);
        else if (sscanf(line, "# TYPE %127s %31s", help, type) == 2)
            ck_assert_str_eq(help, announced);
        else {
            take_sample(line);
            const char *name = samples[sample_count - 1].name;
            size_t length = strlen(name);
            ck_assert_str_eq(name, announced);
            bool is_total = length > 6 && strcmp(name + length - 6, "_total") == 0;
            ck_assert_msg((strcmp(type, "counter") == 0) == is_total, "%s", name);
        }
    }
}

static double value_of(const char *name, const char *call)
{
    for (size_t i = 0; i < sample_count; i++)
        if (strcmp(samples[i].name, name) == 0 && (call == NULL || strcmp(samples[i].labels[0][1], call) == 0))
            return samples[i].value;
    return -1;
}

static char *metrics_of(const struct report *report)
{
    size_t length;
    char *text = metrics_text(report, &length);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(strlen(text), length);
    return text;
}

START_TEST(metrics_say_all)
{
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    char *text = metrics_of(&report);
    ck_assert_ptr_nonnull(strstr(text, "\nseccomp_blocked_syscalls_total{syscall=\"socket\",sandbox_id=\"build-1\","
                                       "category=\"net\"} 5\n"));
    parse_metrics(text);
    ck_assert_double_eq(value_of("seccomp_blocked_syscalls_total", "syscall_9999"), 1);
    ck_assert_double_eq(value_of("seccomp_blocked_syscalls_total", "other"), 4);
    ck_assert_double_eq(value_of("sbx_processes_limit", NULL), 512);
    ck_assert_double_eq(value_of("sbx_processes_peak", NULL), 7);
    ck_assert_double_eq(value_of("sbx_memory_peak_bytes", NULL), 4096);
    ck_assert_double_eq(value_of("sbx_cpu_seconds_total", NULL), 5.000001);
    ck_assert_double_eq(value_of("sbx_duration_seconds", NULL), 1.234);
    ck_assert_double_eq(value_of("sbx_start_time_seconds", NULL), 1700000000.250);
    ck_assert_double_eq(value_of("sbx_exit_status", NULL), 3);
    ck_assert_double_eq(value_of("sbx_swap_limit_bytes", NULL), -1); /* no limit: no line */
    free(text);
}
END_TEST

START_TEST(labels_hold_any_bytes)
{
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    report.id = HOSTILE;
    char *text = metrics_of(&report);
    parse_metrics(text);
    ck_assert_str_eq(samples[0].labels[1][0], "sandbox_id");
    ck_assert_str_eq(samples[0].labels[1][1], "a\"b\\c\nd\\xff\xc3\xa4\033");
    ck_assert_uint_ge(sample_count, 10);
    free(text);
}
END_TEST

START_TEST(a_learning_run_blocks_nothing)
{
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    plan.learn = "profile";
    char *text = metrics_of(&report);
    parse_metrics(text);
    ck_assert_double_eq(value_of("seccomp_blocked_syscalls_total", NULL), -1);
    free(text);
    json_t *object = parse(&report);
    ck_assert(json_is_false(at(object, "refused/enforced")));
    json_decref(object);
}
END_TEST

START_TEST(promtool_takes_the_metrics)
{
    if (system("command -v promtool >/dev/null 2>&1") != 0) {
        puts("skip: metrics by promtool: promtool is not installed (package prometheus)");
        return;
    }
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    report.id = HOSTILE;
    char *text = metrics_of(&report);
    FILE *tool = popen("promtool check metrics 2>&1", "w");
    fputs(text, tool);
    ck_assert_int_eq(pclose(tool), 0);
    tool = popen("promtool check metrics >/dev/null 2>&1", "w");
    fputs("a{b=\"\xff\"} 1\n", tool);
    ck_assert_int_ne(pclose(tool), 0); /* it does look */
    free(text);
}
END_TEST

/* ---- where to ---- */

/* Each test has a directory of its own; main() removes them all, also after a test that failed. */
static void in_directory(void)
{
    char own[64];
    snprintf(own, sizeof own, "%s/%d", directory, getpid());
    ck_assert_int_eq(mkdir(own, 0755) | chdir(own), 0);
}

static unsigned files_here(void)
{
    DIR *here = opendir(".");
    unsigned count = 0;
    while (readdir(here) != NULL)
        count++;
    closedir(here);
    return count - 2;
}

static const char *content(const char *path)
{
    static char text[256];
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(files_are_written_whole)
{
    struct output output;
    struct error error;
    struct stat status;
    umask(027);
    int lowest = dup(0);
    close(lowest);
    put_file("out", "old");
    ck_assert_int_eq(output_open(&output, "out", &error), 0);
    ck_assert_str_eq(content("out"), "old");
    ck_assert(fcntl(fileno(output.file.stream), F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(output.file.directory, F_GETFD) & FD_CLOEXEC);
    ck_assert_int_eq(output_write(&output, "new\n", 4, &error), 0);
    ck_assert_str_eq(content("out"), "new\n");
    ck_assert_int_eq(stat("out", &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0640);
    ck_assert_uint_eq(files_here(), 1);
    ck_assert_int_eq(output_open(&output, "other", &error), 0);
    output_drop(&output);
    output_drop(&output);
    ck_assert_uint_eq(files_here(), 1);
    ck_assert_int_eq(dup(0), lowest); /* nothing is left open */
    close(lowest);
}
END_TEST

START_TEST(a_program_cannot_forge_them)
{
    struct output output;
    struct error error;
    /* more bytes behind ours */
    ck_assert_int_eq(output_open(&output, "out", &error), 0);
    put_file(output.file.temporary, "forged forged forged forged");
    ck_assert_int_eq(output_write(&output, "new\n", 4, &error), 0);
    ck_assert_str_eq(content("out"), "new\n");
    /* another file in its place */
    ck_assert_int_eq(output_open(&output, "out", &error), 0);
    ck_assert_int_eq(unlink(output.file.temporary), 0);
    put_file(output.file.temporary, "forged");
    ck_assert_int_eq(output_write(&output, "newer\n", 6, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "was taken away"));
    ck_assert_str_eq(content("out"), "new\n");
    /* another directory under its path: ours is still written to */
    ck_assert_int_eq(mkdir("d", 0755) | mkdir("e", 0755), 0);
    ck_assert_int_eq(output_open(&output, "d/out", &error), 0);
    ck_assert_int_eq(rename("d", "moved") | symlink("e", "d"), 0);
    ck_assert_int_eq(output_write(&output, "third\n", 6, &error), 0);
    ck_assert_str_eq(content("moved/out"), "third\n");
    ck_assert_int_eq(access("e/out", F_OK), -1);
    /* a link in the file's place is replaced, not followed */
    put_file("victim", "victim");
    ck_assert_int_eq(symlink("victim", "link"), 0);
    ck_assert_int_eq(output_open(&output, "link", &error) | output_write(&output, "x", 1, &error), 0);
    ck_assert_str_eq(content("victim"), "victim");
    ck_assert_str_eq(content("link"), "x");
}
END_TEST

START_TEST(what_cannot_be_opened_stops_the_start)
{
    static const char *const values[] = {
        "missing/out", "/", "", "d/", "pipe", "/dev/null", "fd:", "fd:x", "fd:99999", "fd:3x",
        "fd:-1", "fd:77", "fd:4294967297", "fd:0", "/dev/fd/77",
    };
    ck_assert_int_eq(mkdir("d", 0755) | mkfifo("pipe", 0600), 0);
    ck_assert_int_eq(dup2(open("/dev/null", O_RDONLY), 0), 0);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct output output;
        struct error error = {0, ""};
        ck_assert_msg(output_open(&output, values[i], &error) == -1, "%s", values[i]);
        ck_assert_int_eq(error.status, STATUS_FAILED);
        ck_assert_msg(strncmp(error.text, "cannot write", 12) == 0 && strchr(error.text, '(') != NULL, "%s",
                      error.text);
        output_drop(&output);
    }
    ck_assert_uint_eq(files_here(), 2);
}
END_TEST

START_TEST(descriptors_are_written_to)
{
    struct output output;
    struct error error;
    int ends[2];
    char value[32], text[16] = "";
    ck_assert_int_eq(pipe(ends), 0);
    snprintf(value, sizeof value, "fd:%d", ends[1]);
    ck_assert_int_eq(output_open(&output, value, &error), 0);
    ck_assert(fcntl(output.descriptor, F_GETFD) & FD_CLOEXEC);
    close(ends[1]); /* the program's end is the program's */
    ck_assert_int_eq(output_write(&output, "hello", 5, &error), 0);
    ck_assert_int_eq(read(ends[0], text, sizeof text - 1), 5);
    ck_assert_str_eq(text, "hello");
    ck_assert_int_eq(read(ends[0], text, 1), 0); /* and closed */
    /* the reader is gone */
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    snprintf(value, sizeof value, "/dev/fd/%d", ends[1]);
    ck_assert_int_eq(output_open(&output, value, &error), 0);
    close(ends[0]);
    ck_assert_int_eq(output_write(&output, "hello", 5, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, strerror(EPIPE)));
}
END_TEST

START_TEST(a_full_disk_is_told)
{
    struct output output;
    struct error error;
    int full = open("/dev/full", O_WRONLY);
    char value[16];
    ck_assert_int_ge(full, 0);
    snprintf(value, sizeof value, "fd:%d", full);
    ck_assert_int_eq(output_open(&output, value, &error), 0);
    struct plan plan = plan_of_test();
    struct report report = report_of(&plan, &stats_of_test);
    ck_assert_int_eq(report_write(&report, report_text, &output, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, strerror(ENOSPC)));
    /* a file: the old one stays */
    put_file("out", "old");
    ck_assert_int_eq(output_open(&output, "out", &error), 0);
    ck_assert_int_ge(dup2(full, fileno(output.file.stream)), 0);
    ck_assert_int_eq(report_write(&report, metrics_text, &output, &error), -1);
    ck_assert_str_eq(content("out"), "old");
}
END_TEST

int main(void)
{
    char command[64];
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        return 1;
    }
    Suite *suite = suite_create("report");
    TCase *texts = tcase_create("texts"), *files = tcase_create("files");
    tcase_add_test(texts, report_says_all);
    tcase_add_test(texts, protections_are_those_of_the_plan);
    tcase_add_test(texts, ends_are_told_apart);
    tcase_add_test(texts, what_is_not_known_is_null);
    tcase_add_test(texts, any_bytes_come_back);
    tcase_add_test(texts, identifiers);
    tcase_add_test(texts, metrics_say_all);
    tcase_add_test(texts, labels_hold_any_bytes);
    tcase_add_test(texts, a_learning_run_blocks_nothing);
    tcase_add_test(texts, promtool_takes_the_metrics);
    tcase_add_checked_fixture(files, in_directory, NULL);
    tcase_add_test(files, files_are_written_whole);
    tcase_add_test(files, a_program_cannot_forge_them);
    tcase_add_test(files, what_cannot_be_opened_stops_the_start);
    tcase_add_test(files, descriptors_are_written_to);
    tcase_add_test(files, a_full_disk_is_told);
    suite_add_tcase(suite, texts);
    suite_add_tcase(suite, files);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    if (system(command) != 0)
        failed++;
    return failed == 0 ? 0 : 1;
}
