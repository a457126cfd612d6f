/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sbx-profile: makes, shows, tests, compares and carries profiles of sbx-run.
 *
 *     a profile, by name or file -> settings -> policy -> filter -> what it answers, call by call
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#include "plan/values.h"
#include "profile/profile.h"

static const struct {
    const char *name;
    verb *run;
    size_t least, most;
    const char *usage, *about;
} verbs[] = {
    {"list", verb_list, 0, 0, "", "the profiles there are, a line each"},
    {"show", verb_show, 1, 1, "NAME|FILE [--calls]", "a profile in words; with --calls the verdict of every call"},
    {"explain", verb_explain, 1, SETTINGS_MAX, "CALL|FEATURE...", "why a call is allowed or not, and what opens it"},
    {"test", verb_test, 1, SETTINGS_MAX, "NAME|FILE 'CALL(ARGUMENTS)'... [-f FILE]", "what it answers to calls"},
    {"make", verb_make, 0, 0, "--allow=LIST [--deny=LIST] [--KEY=VALUE]... [-o FILE]", "a profile from its settings"},
    {"check", verb_check, 1, 1, "FILE", "all errors of a profile, each with its place, and warnings"},
    {"diff", verb_diff, 2, 2, "A B", "where two profiles answer differently"},
    {"minimize", verb_minimize, 1, 1, "FILE [-o FILE]", "the same answers from fewer settings"},
    {"import", verb_import, 1, 1, "[--from=oci|systemd] FILE [-o FILE]",
     "a profile of Docker or a systemd unit as one of ours"},
    {"export", verb_export, 1, 1, "NAME|FILE --to=oci|k8s|systemd|bpf|asm [-o FILE]", "for others"},
};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void print_help(void)
{
    printf("Usage: sbx-profile VERB [ARGUMENTS]\nMakes, shows, tests, compares and carries profiles of sbx-run.\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        printf("  %s %s\n%34s%s\n", verbs[i].name, verbs[i].usage, "", verbs[i].about);
    printf("\nFor whom a policy is settled (it depends on them): --arch=x86_64|aarch64, --uid=N, --gid=N, --caps=LIST\n"
           "Exit status: 0; 1 they differ, a test failed or errors were found; 2 sbx-profile itself failed.\n");
}

static int set_id(const char *name, const char *value, uint32_t *id, struct error *error)
{
    uint64_t number;
    if (!value_number(value, 0, UINT32_MAX - 1, &number))
        return error_set(error, "cannot set --%s=%s: not an id (a number)", name, value);
    *id = (uint32_t)number;
    return 0;
}

static int add_capability(const char *member, void *context, struct error *error)
{
    struct request *request = context;
    cap_value_t value;
    char name[80];
    snprintf(name, sizeof name, "%s%.60s", strncasecmp(member, "cap_", 4) == 0 ? "" : "cap_", member);
    if (cap_from_name(name, &value) != 0 || value > 63)
        return error_set(error, "cannot set --caps=%s: no capability of that name (names are in capabilities(7))",
                         member);
    request->subject.kept_capabilities |= UINT64_C(1) << value;
    return 0;
}

enum { OPTION_ARCH = 256, OPTION_UID, OPTION_GID, OPTION_CAPS, OPTION_FROM, OPTION_CALLS };

static int set_option(struct request *request, int option, const char *value, struct error *error)
{
    switch (option) {
    case 'o':
        request->output = value;
        return 0;
    case 'f':
        request->file = value;
        return 0;
    case OPTION_FROM:
        request->format = value;
        return 0;
    case OPTION_CALLS:
        request->all_calls = true;
        return 0;
    case OPTION_UID:
        return set_id("uid", value, &request->subject.uid, error);
    case OPTION_GID:
        return set_id("gid", value, &request->subject.gid, error);
    case OPTION_CAPS:
        return value_list(value, add_capability, request, error);
    case OPTION_ARCH:
        return profile_arch_named(value, &request->subject.arch)
                   ? 0 : error_set(error, "cannot set --arch=%s: it is x86_64 or aarch64 (name one)", value);
    default:
        return error_set(error, "cannot read the options: an unknown one, or one without its value (--help lists "
                                "them)");
    }
}

/* make takes every setting of a profile: all that it does not know itself. */
static int read_settings(struct request *request, int argc, char **argv, struct error *error)
{
    for (int i = 2; i < argc; i++) {
        const char *word = argv[i], *sign = strchr(word, '=');
        if (strcmp(word, "-o") == 0 && i + 1 < argc) {
            request->output = argv[++i];
        } else if (strncmp(word, "--output=", 9) == 0) {
            request->output = word + 9;
        } else if (strncmp(word, "--", 2) == 0 && sign != NULL && request->setting_count < SETTINGS_MAX) {
            request->settings[request->setting_count++] = word + 2;
        } else {
            return error_set(error, "cannot read %s: not a setting (write --KEY=VALUE, as sbx-run takes it)", word);
        }
    }
    return 0;
}

static int read_request(struct request *request, int argc, char **argv, struct error *error)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'}, {"file", required_argument, NULL, 'f'},
        {"arch", required_argument, NULL, OPTION_ARCH}, {"uid", required_argument, NULL, OPTION_UID},
        {"gid", required_argument, NULL, OPTION_GID}, {"caps", required_argument, NULL, OPTION_CAPS},
        {"from", required_argument, NULL, OPTION_FROM}, {"to", required_argument, NULL, OPTION_FROM},
        {"calls", no_argument, NULL, OPTION_CALLS}, {NULL, 0, NULL, 0},
    };
    int option;
    opterr = 0;
    optind = 2;
    while ((option = getopt_long(argc, argv, "o:f:", options, NULL)) != -1)
        if (set_option(request, option, optarg, error) != 0)
            return -1;
    for (int i = optind; i < argc; i++) {
        if (request->word_count == SETTINGS_MAX)
            return error_set(error, "cannot read the arguments: more than %d (use -f FILE)", SETTINGS_MAX);
        request->words[request->word_count++] = argv[i];
    }
    return 0;
}

static int find_verb(const char *name, size_t *index, struct error *error)
{
    const char *known[VERB_COUNT];
    for (*index = 0; *index < VERB_COUNT; ++*index) {
        known[*index] = verbs[*index].name;
        if (strcmp(name, known[*index]) == 0)
            return 0;
    }
    const char *near = nearest_word(name, known, VERB_COUNT);
    return error_set(error, "cannot do '%s': no such verb (%s%s)", name,
                     near != NULL ? "did you mean " : "--help lists them", near != NULL ? near : "");
}

static int run(int argc, char **argv, struct error *error)
{
    static struct request request = {.subject = {.arch = POLICY_NATIVE, .uid = 1000, .gid = 1000}};
    size_t index;
    if (find_verb(argv[1], &index, error) != 0)
        return -1;
    if ((verbs[index].run == verb_make ? read_settings : read_request)(&request, argc, argv, error) != 0)
        return -1;
    if (request.word_count < verbs[index].least || request.word_count > verbs[index].most)
        return error_set(error, "cannot do %s: %s (sbx-profile %s %s)", argv[1],
                         request.word_count < verbs[index].least ? "an argument is missing" : "too many arguments",
                         argv[1], verbs[index].usage);
    return verbs[index].run(&request, error);
}

int main(int argc, char **argv)
{
    struct error error = {.status = 0};
    words_program("sbx-profile");
    if (argc < 2) {
        error_set(&error, "cannot start: no verb (sbx-profile --help)");
        complain(&error);
        return PROFILE_TROUBLE;
    }
    int status = 0;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        print_help();
    else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        printf("sbx-profile %s\n", SBX_VERSION);
    else
        status = run(argc, argv, &error);
    if (status >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
        status = error_set(&error, "cannot write to standard output: %s (give one that takes it)", strerror(errno));
    if (status < 0)
        complain(&error);
    return status < 0 ? PROFILE_TROUBLE : status;
}
