/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles carried to others and back answer as they did: held against the filters that libseccomp makes, at every edge
 * of every comparison, call by call, capability by capability. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/bpf.h"
#include "policy/oci-filter.h"
#include "profile/profile.h"

static struct error error;
static const struct policy_subject somebody = {.arch = POLICY_X86_64, .uid = 1000, .gid = 1000};

#define ok(expression) ck_assert_msg((expression) == 0, "%s", error.text)

/* ---- comparing ---- */

struct tally {
    const struct filter *a, *b;
    unsigned long calls, different;
};

static bool tally_one(void *context, const struct seccomp_data *data)
{
    struct tally *tally = context;
    tally->calls++;
    tally->different += bpf_run(tally->a->code, data, NULL) != bpf_run(tally->b->code, data, NULL);
    return true;
}

/* All rows that libseccomp knows; how many answers differ. */
static struct tally compare(const struct filter *a, const struct filter *b, enum policy_arch arch)
{
    struct tally tally = {a, b, 0, 0};
    const struct filter *both[] = {a, b};
    for (unsigned row = 0; row < policy_table.words.row_count; row++)
        if (profile_row(row)->number[arch] >= 0 && oci_filter_knows(arch, table_string(profile_row(row)->name)))
            edges_visit(both, 2, profile_audit_arch(arch), profile_row(row)->number[arch], tally_one, &tally);
    return tally;
}

static char *import(const struct oci_profile *profile, const struct policy_subject *subject)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    int result = import_oci(profile, "the profile", subject, stream, &error);
    fclose(stream);
    ok(result);
    return text;
}

static struct oci_profile *parse(const char *text)
{
    struct oci_profile *profile = oci_profile_parse(text, strlen(text), "t.json", &error);
    ck_assert_msg(profile != NULL, "%s", error.text);
    return profile;
}

static struct oci_profile *published(const char *name)
{
    char path[4096];
    const char *directory = getenv("OCI_DIR");
    snprintf(path, sizeof path, "%s/%s", directory != NULL ? directory : "../shared/oci", name);
    if (access(path, R_OK) != 0) {
        printf("skip: %s is not there (OCI_DIR names the directory of the published profiles)\n", path);
        return NULL;
    }
    struct oci_profile *profile = oci_profile_read(path, &error);
    ck_assert_msg(profile != NULL, "%s", error.text);
    return profile;
}

/* The import against libseccomp, and the export of the import again. */
static unsigned long carry(const struct oci_profile *profile, const struct policy_subject *subject, bool back)
{
    struct filter theirs, again;
    struct loaded loaded;
    ok(oci_filter_build(profile, subject->arch, subject->kept_capabilities, false, &theirs, &error));
    char *text = import(profile, subject);
    ok(profile_load_text(&loaded, "imported", text, subject, &error));
    struct tally tally = compare(&loaded.filter, &theirs, subject->arch);
    ck_assert_uint_eq(tally.different, 0);
    if (back) {
        json_t *root = oci_document(&loaded, true, &error);
        ck_assert_msg(root != NULL, "%s", error.text);
        char *json = oci_text(root);
        struct oci_profile *exported = parse(json);
        ok(oci_filter_build(exported, subject->arch, 0, false, &again, &error));
        struct tally second = compare(&again, &theirs, subject->arch);
        ck_assert_uint_eq(second.different, 0);
        tally.calls += second.calls;
        filter_free(&again);
        oci_profile_free(exported);
        free(json);
        json_decref(root);
    }
    filter_free(&theirs);
    profile_unload(&loaded);
    free(text);
    return tally.calls;
}

static void carry_published(const char *name)
{
    struct oci_profile *profile = published(name);
    unsigned long calls = 0, imports = 0;
    if (profile == NULL)
        return;
    uint64_t named = 0;
    for (size_t i = 0; i < profile->rule_count; i++)
        named |= profile->rules[i].includes.capabilities | profile->rules[i].excludes.capabilities;
    ck_assert_uint_ne(named, 0);
    for (int arch = 0; arch < TABLE_ARCHES; arch++)
        for (int capability = -2; capability < 64; capability++) {
            if (capability >= 0 && (named >> capability & 1) == 0)
                continue;
            struct policy_subject subject = somebody;
            subject.arch = (enum policy_arch)arch;
            subject.kept_capabilities = capability == -2 ? 0 : capability == -1 ? named : UINT64_C(1) << capability;
            calls += carry(profile, &subject, capability < 0);
            imports++;
        }
    printf("%s: %lu imports, %lu answers compared\n", name, imports, calls);
    oci_profile_free(profile);
}

START_TEST(docker_is_carried) { carry_published("moby-default.json"); }
END_TEST
START_TEST(podman_is_carried) { carry_published("podman-default.json"); }
END_TEST

/* One rule alone, all operators, errnos and actions, numbers of 64 bits. */
static const char *const small[] = {
    "{\"names\":[\"mount\",\"umount2\",\"pivot_root\",\"chroot\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":22,"
    "\"comment\":\"blocked\"}",
    "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\","
    "\"comment\":\"x\"}]}",
    "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":97,\"args\":[{\"index\":0,\"value\":16,\"op\":"
    "\"SCMP_CMP_EQ\"}]}",
    "{\"names\":[\"clone\",\"clone3\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":2114060288,"
    "\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}",
    "{\"names\":[\"mmap\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":2,\"value\":4,\"op\":\"SCMP_CMP_NE\"}]}",
    "{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":38,\"op\":\"SCMP_CMP_NE\"}]"
    "}",
    "{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":21505,\"op\":\"SCMP_CMP_"
    "EQ\"}]}",
    "{\"names\":[\"ptrace\",\"process_vm_readv\"],\"action\":\"SCMP_ACT_LOG\"}",
    "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":1,\"value\":240,\"valueTwo\":287,"
    "\"op\":\"SCMP_CMP_MASKED_EQ\"}]}",
    "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[]}",
    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"time\",\"exit\",\"read\"],\"action\":\"SCMP_ACT_"
    "KILL\"}]}",
    "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[{\"names\":[\"time\",\"read\"],\"action\":\"SCMP_ACT_"
    "ALLOW\"},"
    "{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":7,\"args\":[{\"index\":1,\"value\":"
    "9223372036854775809,\"op\":\"SCMP_CMP_GE\"}]}]}",
    "{\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
    "{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_LT\"},{\"index\":2,\"value\":4294967297,\"op\":\"SCMP_CMP_GT\"},{"
    "\"index\":0,\"value\":3,\"op\":\"SCMP_CMP_LE\"}]}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[{\"names\":[\"kill\"],\"action\":"
    "\"SCMP_ACT_ALLOW\",\"args\":["
    "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":7,\"op\":\"SCMP_CMP_EQ\"}]}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":["
    "\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
};

START_TEST(small_profiles_are_carried)
{
    struct oci_profile *profile = parse(small[_i]);
    for (int arch = 0; arch < TABLE_ARCHES; arch++) {
        struct policy_subject subject = somebody;
        subject.arch = (enum policy_arch)arch;
        carry(profile, &subject, false);
    }
    oci_profile_free(profile);
}
END_TEST

/* The comparison notices: each of these changes one answer. */
START_TEST(comparison_bites)
{
    static const char *const pairs[][2] = {
        {"rule = socket: domain == 38 = allow", "rule = socket: domain == 39 = allow"},
        {"rule = lseek: raw1 < 0x100000000 = errno:EPERM", "rule = lseek: raw1 <= 0x100000000 = errno:EPERM"},
        {"rule = kill: pid == 1 = errno:EPERM", "rule = kill: pid == 1 = errno:EINVAL"},
        {"rule = kill: raw0 == 1 = errno:EPERM", "rule = kill: arg0 == 1 = errno:EPERM"},
        {"rule = read: (raw2 & 0x8) == 0 = log", "rule = read: (raw2 & 0x18) == 0 = log"},
        {"allow = bpf", "deny = bpf"},
    };
    struct loaded a, b;
    ok(profile_load_text(&a, "a", pairs[_i][0], &somebody, &error));
    ok(profile_load_text(&b, "b", pairs[_i][1], &somebody, &error));
    ck_assert_uint_eq(compare(&a.filter, &a.filter, POLICY_X86_64).different, 0);
    ck_assert_uint_ne(compare(&a.filter, &b.filter, POLICY_X86_64).different, 0);
    profile_unload(&a);
    profile_unload(&b);
}
END_TEST

/* Rules that contradict each other are refused or answered as libseccomp answers them, never otherwise. */
START_TEST(contradictions)
{
    struct oci_profile *profile = parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
                                        "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
                                        "\"value\":9,\"op\":\"SCMP_CMP_LT\"}]},"
                                        "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":1,"
                                        "\"value\":5,\"op\":\"SCMP_CMP_EQ\"}]},"
                                        "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,"
                                        "\"value\":5,\"op\":\"SCMP_CMP_GT\"}]}]}");
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    int result = import_oci(profile, "t.json", &somebody, stream, &error);
    fclose(stream);
    if (result == 0)
        carry(profile, &somebody, false);
    else
        ck_assert_msg(strstr(error.text, "rule 1") != NULL && strstr(error.text, "kill") != NULL && *text == '\0', "%s",
                      error.text);
    free(text);
    oci_profile_free(profile);
}
END_TEST

/* For whom a rule counts: as Docker decides it, which no library says. The kernel here is newer than 4.8 and older than
 * 90. */
static const struct {
    const char *conditions;
    uint64_t capabilities;
    int arch;
    bool applies;
} conditions[] = {
    {"\"includes\":{}", 0, POLICY_X86_64, true},
    {"\"includes\":{\"caps\":[\"CAP_CHOWN\"]}", 0, POLICY_X86_64, false},
    {"\"includes\":{\"caps\":[\"CAP_CHOWN\"]}", 1, POLICY_X86_64, true},
    {"\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\"]}", 1, POLICY_X86_64, false},
    {"\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\"]}", 7, POLICY_X86_64, true},
    {"\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}", 0, POLICY_X86_64, true},
    {"\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}", 1, POLICY_X86_64, false},
    {"\"excludes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\"]}", 2, POLICY_X86_64, false},
    {"\"excludes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\"]}", 4, POLICY_X86_64, true},
    {"\"includes\":{\"arches\":[\"amd64\",\"x32\"]}", 0, POLICY_X86_64, true},
    {"\"includes\":{\"arches\":[\"amd64\",\"x32\"]}", 0, POLICY_AARCH64, false},
    {"\"includes\":{\"arches\":[\"s390x\"]}", 0, POLICY_AARCH64, false},
    {"\"excludes\":{\"arches\":[\"s390x\"]}", 0, POLICY_AARCH64, true},
    {"\"excludes\":{\"arches\":[\"arm64\"]}", 0, POLICY_AARCH64, false},
    {"\"includes\":{\"minKernel\":\"4.8\"}", 0, POLICY_X86_64, true},
    {"\"includes\":{\"minKernel\":\"90.0\"}", 0, POLICY_X86_64, false},
    {"\"excludes\":{\"minKernel\":\"4.8\"}", 0, POLICY_X86_64, false},
    {"\"excludes\":{\"minKernel\":\"90.0\"}", 0, POLICY_X86_64, true},
};

START_TEST(rules_count_for_some)
{
    char text[300];
    snprintf(text, sizeof text, "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",%s}", conditions[_i].conditions);
    struct oci_profile *profile = parse(text);
    enum policy_arch arch = (enum policy_arch)conditions[_i].arch;
    bool applies = oci_rule_applies(&profile->rules[0], arch, conditions[_i].capabilities);
    ck_assert_int_eq(applies, conditions[_i].applies);
    oci_profile_free(profile);
}
END_TEST

/* ---- ours to others ---- */

static const char *const ours[] = {"",
                                   "allow = net.netlink,bpf",
                                   "calls = deny\nallow = file,process,memory\ndeny = net",
                                   "rule = kill: pid > 5 and sig == 9 = errno:EINVAL",
                                   "kill = ptrace\nlog = unshare\ntrap = reboot",
                                   "include = none\ndeny = mount"};

static bool lets_through(uint32_t verdict)
{
    return verdict == SECCOMP_RET_ALLOW || verdict == SECCOMP_RET_LOG;
}

struct strictness {
    const struct filter *ours, *theirs;
    unsigned long calls, wider, different;
};

static bool stricter(void *context, const struct seccomp_data *data)
{
    struct strictness *strictness = context;
    uint32_t here = bpf_run(strictness->ours->code, data, NULL), there = bpf_run(strictness->theirs->code, data, NULL);
    strictness->calls++;
    strictness->wider += lets_through(there) && !lets_through(here);
    strictness->different += lets_through(there) != lets_through(here);
    return true;
}

/* Exactly what passes here passes there; errnos may be the default's, which is told. */
START_TEST(ours_are_exported)
{
    for (int arch = 0; arch < TABLE_ARCHES; arch++) {
        struct policy_subject subject = somebody;
        struct loaded loaded;
        struct filter theirs;
        subject.arch = (enum policy_arch)arch;
        ok(profile_load_text(&loaded, "ours", ours[_i], &subject, &error));
        json_t *root = oci_document(&loaded, false, &error);
        ck_assert_msg(root != NULL, "%s", error.text);
        char *json = oci_text(root);
        struct oci_profile *exported = parse(json);
        ok(oci_filter_build(exported, subject.arch, 0, false, &theirs, &error));
        struct strictness strictness = {&loaded.filter, &theirs, 0, 0, 0};
        const struct filter *both[] = {&loaded.filter, &theirs};
        for (unsigned row = 0; row < policy_table.words.row_count; row++)
            if (profile_row(row)->number[arch] >= 0 &&
                oci_filter_knows(subject.arch, table_string(profile_row(row)->name)))
                edges_visit(both, 2, profile_audit_arch(subject.arch), profile_row(row)->number[arch], stricter,
                            &strictness);
        unsigned told = 0; /* ioctl: its own errno for all that its list leaves out */
        for (unsigned row = 0; row < policy_table.words.row_count; row++)
            if (oci_filter_knows(subject.arch, table_string(profile_row(row)->name)))
                told += !profile_same_row(&loaded.filter, &theirs, subject.arch, row, NULL);
        ck_assert_uint_le(told, 1);
        ck_assert_uint_gt(strictness.calls, 300);
        ck_assert_uint_eq(strictness.wider, 0);
        ck_assert_uint_eq(strictness.different, 0);
        filter_free(&theirs);
        oci_profile_free(exported);
        free(json);
        json_decref(root);
        profile_unload(&loaded);
    }
}
END_TEST

/* Of each call exactly one cube holds it, and says what the filter says. */
static struct cube cubes[8192];
static int cube_count;
static const struct filter *cube_filter;

static bool in_one_cube(void *context, const struct seccomp_data *data)
{
    int holding = 0;
    (void)context;
    for (int i = 0; i < cube_count; i++) {
        bool inside = true;
        for (unsigned j = 0; j < 6; j++)
            inside &= (data->args[j] & cubes[i].mask[j]) == cubes[i].value[j];
        if (!inside)
            continue;
        holding++;
        ck_assert_uint_eq(cubes[i].verdict, bpf_run(cube_filter->code, data, NULL));
    }
    ck_assert_int_eq(holding, 1);
    return true;
}

START_TEST(cubes_are_the_filter)
{
    static const char *const calls[] = {"socket", "ioctl", "prctl", "clone", "mmap", "kill", "read", "personality"};
    struct loaded loaded;
    ok(profile_load_text(&loaded, "ours", ours[3], &somebody, &error));
    cube_filter = &loaded.filter;
    unsigned row = (unsigned)policy_find_call(calls[_i]);
    cube_count = profile_cubes(&loaded.filter, POLICY_X86_64, row, cubes, sizeof cubes / sizeof *cubes);
    ck_assert_int_gt(cube_count, 0);
    edges_visit(&cube_filter, 1, profile_audit_arch(POLICY_X86_64), profile_row(row)->number[POLICY_X86_64],
                in_one_cube, NULL);
    ck_assert_int_eq(profile_cubes(&loaded.filter, POLICY_X86_64, row, cubes, (size_t)cube_count - 1), -1);
    profile_unload(&loaded);
}
END_TEST

/* ---- bad input ---- */

static const struct {
    const char *text, *why;
} bad[] = {
    {"", "t.json:1:"},
    {"{", "t.json:1:"},
    {"[]", "no object"},
    {"{\"defaultAction\":\"SCMP_ACT_ALOW\"}", "did you mean SCMP_ACT_ALLOW"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"defaultAction\":\"SCMP_ACT_KILL\"}", "duplicate"},
    {"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "agent"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}", "0 to 4095"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}", "0 to 4095"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"defaultErrno\":\"ENOSYS\"}", "is not 1"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":{}}", "no list"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\"}]}", "rule 1: it names no "
                                                                                              "call"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[3],\"action\":\"SCMP_ACT_ALLOW\"}]}", "rule 1"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"arg\":["
     "]}]}",
     "unknown key 'arg'"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}",
     "argument 6"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"
     "}",
     "no such number"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1.5,\"op\":\"SCMP_CMP_EQ\"}]"
     "}",
     "no such number"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":18446744073709551616,\"op\":"
     "\"SCMP_CMP_EQ\"}]}",
     "t.json:1:"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQU\"}]"
     "}",
     "SCMP_CMP_EQ"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_NONE\"]}}", "CAP_NONE"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"four\"}}", "four"},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":[]}", "no such object"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_S390X\"]}", "no architecture"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"archMap\":[{\"architecture\":"
     "\"SCMP_ARCH_X86_64\"}]}",
     "both"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"listenerPath\":\"/x\"}", "listenerPath"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"SECCOMP_FILTER_FLAG_NONE\"]}", "flag"},
    {"{\"defaultAction\":\"\xff\"}", "t.json:1:"},
};

START_TEST(bad_json_is_told)
{
    error.text[0] = '\0';
    struct oci_profile *profile = oci_profile_parse(bad[_i].text, strlen(bad[_i].text), "t.json", &error);
    ck_assert_ptr_null(profile);
    ck_assert_msg(strstr(error.text, bad[_i].why) != NULL, "%s: %s", bad[_i].text, error.text);
    ck_assert_int_eq(strncmp(error.text, "cannot ", 7), 0);
}
END_TEST

START_TEST(deep_nesting_is_told)
{
    enum { DEPTH = 100000 };
    ck_assert_ptr_null(oci_profile_parse("{\"a\":1}\0{}", 10, "t.json", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "t.json:1:"));
    char *text = malloc(DEPTH);
    memset(text, '[', DEPTH);
    ck_assert_ptr_null(oci_profile_parse(text, DEPTH, "t.json", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "t.json:1:"));
    free(text);
}
END_TEST

/* ---- calls ---- */

static const struct {
    const char *text;
    int first, second; /* arguments; -1: it is no call */
} calls[] = {
    {"socket", 0, 0},
    {"socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)", 16, 3},
    {" socket ( 2 , 0x80001 ) ", 2, 0x80001},
    {"socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC)", 2, 0x80001},
    {"open(\"a,b)\\\"(\", O_WRONLY)", 0, 1},
    {"socket(,1)", 0, 1},
    {"socket(", -1, 0},
    {"socket(1", -1, 0},
    {"socket(1))", -1, 0},
    {"scoket(1)", -1, 0},
    {"", -1, 0},
    {"socket x", -1, 0},
    {"socket(AF_NETLNK)", -1, 0},
    {"socket(1,2,3,4,5,6,7)", -1, 0},
    {"socket(99999999999999999999)", -1, 0},
};

START_TEST(calls_are_read)
{
    struct seccomp_data data;
    bool guessed;
    int result = call_parse(calls[_i].text, POLICY_X86_64, &data, &guessed, &error);
    ck_assert_msg((result == 0) == (calls[_i].first >= 0), "%s: %s", calls[_i].text, error.text);
    if (result == 0) {
        ck_assert_int_eq((int)data.args[0], calls[_i].first);
        ck_assert_int_eq((int)data.args[1], calls[_i].second);
    }
}
END_TEST

/* ---- systemd ---- */

static const struct {
    const char *unit, *call, *verdict; /* verdict NULL: the error has the words of `call` */
} units[] = {
    {"SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM", "read", "allow"},
    {"SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM", "mount", "errno:EPERM"},
    {"SystemCallFilter=@system-service\nSystemCallFilter=~@privileged\nSystemCallErrorNumber=1", "chroot",
     "errno:EPERM"},
    {"SystemCallFilter=@system-service\nSystemCallFilter=~@chown\nSystemCallErrorNumber=EPERM", "fchown",
     "errno:EPERM"},
    {"SystemCallFilter=read", "write", "kill"},
    {"SystemCallFilter=read", "execve", "allow"}, /* @default */
    {"SystemCallFilter=read", "time", "allow"},
    {"SystemCallFilter=read\nSystemCallFilter=\nSystemCallFilter=~write", "mount", "allow"},
    {"SystemCallFilter=~write mkdir:ENOSPC", "write", "kill"},
    {"SystemCallFilter=~write mkdir:ENOSPC", "mkdir", "errno:ENOSPC"},
    {"SystemCallFilter=~write mkdir:ENOSPC", "read", "allow"},
    {"SystemCallFilter=~@mount\nSystemCallFilter=mount", "mount", "allow"},
    {"SystemCallFilter=~@mount\nSystemCallFilter=mount", "umount2", "kill"},
    {"SystemCallFilter=~ \\\n # between\n write", "write", "kill"},
    {"[Unit]\nSystemCallFilter=~write\n[Service]\n", "write", "allow"},
    {"RestrictAddressFamilies=AF_UNIX AF_INET", "socket(AF_INET)", "allow"},
    {"RestrictAddressFamilies=AF_UNIX AF_INET", "socket(AF_NETLINK)", "errno:EAFNOSUPPORT"},
    {"RestrictAddressFamilies=~AF_NETLINK", "socket(AF_NETLINK)", "errno:EAFNOSUPPORT"},
    {"RestrictAddressFamilies=~AF_NETLINK", "socket(AF_INET)", "allow"},
    {"RestrictAddressFamilies=none", "socket(AF_UNIX)", "errno:EAFNOSUPPORT"},
    {"MemoryDenyWriteExecute=yes", "mmap(0, 0, PROT_WRITE|PROT_EXEC)", "errno:EPERM"},
    {"MemoryDenyWriteExecute=yes", "mmap(0, 0, PROT_READ|PROT_EXEC)", "allow"},
    {"MemoryDenyWriteExecute=yes", "mprotect(0, 0, PROT_EXEC)", "errno:EPERM"},
    {"MemoryDenyWriteExecute=yes\nSystemCallFilter=~mprotect", "mprotect(0, 0, PROT_EXEC)", "kill"},
    {"SystemCallFilter=read\nRestrictAddressFamilies=AF_INET", "socket(AF_NETLINK)", "kill"},
    {"SystemCallFilter=read\nSystemCallFilter=~exit", "exit", "kill"},
    {"MemoryDenyWriteExecute=no", "mprotect(0, 0, PROT_EXEC)", "allow"},
    {"AmbientCapabilities=CAP_CHOWN\nTasksMax=infinity\nMemoryMax=50%", "read", "allow"},
    {"SystemCallFilter=@sytem-service",
     "cannot import t.service:1: no group '@sytem-service' (nearest: @system-service)", NULL},
    {"\nSystemCallErrorNumber=EPRM", "t.service:2: 'EPRM' is no errno", NULL},
    {"RestrictAddressFamilies=AF_NONE", "no address family", NULL},
    {"TasksMax=20%", "a share of all processes", NULL},
    {"TasksMax=none", "--pids=none", NULL},
    {"SystemCallFilter=~read:kill", "kills beside others", NULL},
    {"no sign", "no '='", NULL},
};

START_TEST(units_are_imported)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    int result = import_systemd("t.service", units[_i].unit, &somebody, stream, &error);
    fclose(stream);
    if (units[_i].verdict == NULL) {
        ck_assert_int_eq(result, -1);
        ck_assert_msg(strstr(error.text, units[_i].call) != NULL && *text == '\0', "%s", error.text);
    } else {
        struct loaded loaded;
        struct seccomp_data data;
        bool guessed;
        char words[VERDICT_TEXT_MAX];
        ok(result);
        ok(profile_load_text(&loaded, "imported", text, &somebody, &error));
        ok(call_parse(units[_i].call, POLICY_X86_64, &data, &guessed, &error));
        ck_assert_str_eq(verdict_text(profile_verdict(&loaded, &data), words), units[_i].verdict);
        profile_unload(&loaded);
    }
    free(text);
}
END_TEST

/* ---- the manual ---- */

/* What the launch tests run is what the manual shows. */
START_TEST(the_manual_has_the_examples)
{
    char *manual = profile_read_file("man/sbx-profile.1", &error),
         *examples = profile_read_file("tests/launch/profile-examples", &error);
    ck_assert_msg(manual != NULL && examples != NULL, "%s", error.text);
    char *shown = calloc(1, strlen(manual) + 1), *to = shown, *rest = manual, *line;
    bool inside = false;
    while ((line = strsep(&rest, "\n")) != NULL) {
        bool mark = strcmp(line, ".EX") == 0 || strcmp(line, ".EE") == 0;
        if (mark)
            inside = line[2] == 'X';
        for (const char *at = line; inside && !mark && *at != '\0'; at++) {
            bool escaped = *at == '\\' && (at[1] == '-' || at[1] == 'e');
            *to++ = !escaped ? *at : at[1] == 'e' ? '\\' : '-';
            at += escaped;
        }
        if (inside && !mark)
            *to++ = '\n';
    }
    *to = '\0';
    ck_assert_str_eq(shown, examples);
    free(shown);
    free(manual);
    free(examples);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *cases = tcase_create("profile");
    words_quiet(1);
    tcase_set_timeout(cases, 240);
    tcase_add_test(cases, docker_is_carried);
    tcase_add_test(cases, podman_is_carried);
    tcase_add_loop_test(cases, small_profiles_are_carried, 0, sizeof small / sizeof *small);
    tcase_add_loop_test(cases, comparison_bites, 0, 6);
    tcase_add_test(cases, contradictions);
    tcase_add_loop_test(cases, rules_count_for_some, 0, sizeof conditions / sizeof *conditions);
    tcase_add_loop_test(cases, ours_are_exported, 0, sizeof ours / sizeof *ours);
    tcase_add_loop_test(cases, cubes_are_the_filter, 0, 8);
    tcase_add_loop_test(cases, bad_json_is_told, 0, sizeof bad / sizeof *bad);
    tcase_add_test(cases, deep_nesting_is_told);
    tcase_add_loop_test(cases, calls_are_read, 0, sizeof calls / sizeof *calls);
    tcase_add_loop_test(cases, units_are_imported, 0, sizeof units / sizeof *units);
    tcase_add_test(cases, the_manual_has_the_examples);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
