/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export: the formats, and those of them that are short: the program itself, and its listing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile.h"

static const struct {
    const char *name;
    int (*write)(const struct loaded *loaded, FILE *stream, struct error *error);
    bool ours; /* only of profiles of ours */
} formats[] = {
    {"oci", export_oci, false}, {"k8s", export_k8s, false}, {"systemd", export_systemd, true},
    {"bpf", export_bpf, false}, {"asm", export_asm, false},
};
enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

int verb_export(const struct request *request, struct error *error)
{
    struct loaded loaded;
    struct destination output;
    const char *known[FORMAT_COUNT];
    size_t format = 0;
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        known[i] = formats[i].name;
    if (request->format == NULL)
        return error_set(error, "cannot export %s: no format (--to=oci, k8s, systemd, bpf or asm)", request->words[0]);
    while (format < FORMAT_COUNT && strcmp(request->format, known[format]) != 0)
        format++;
    const char *near = nearest_word(request->format, known, FORMAT_COUNT);
    if (format == FORMAT_COUNT)
        return error_set(error, "cannot export to '%s': no such format (%s%s)", request->format,
                         near != NULL ? "did you mean " : "oci, k8s, systemd, bpf, asm", near != NULL ? near : "");
    if (profile_load(&loaded, request->words[0], &request->subject, error) != 0)
        return -1;
    int result = 0;
    if (formats[format].ours && loaded.oci != NULL)
        result = error_set(error, "cannot export %s to %s: it is an OCI profile (import it first)", loaded.name,
                           known[format]);
    if (result == 0 && (result = destination_open(&output, request->output, error)) == 0) {
        result = formats[format].write(&loaded, output.stream, error);
        if (result == 0)
            result = destination_close(&output, error);
        else
            destination_drop(&output);
    }
    profile_unload(&loaded);
    return result;
}

int export_bpf(const struct loaded *loaded, FILE *stream, struct error *error)
{
    (void)error; /* a stream that takes no more is told where it is closed */
    fwrite(loaded->filter.code, sizeof *loaded->filter.code, loaded->filter.length, stream);
    return 0;
}

/* ---- asm ---- */

/* Where the search for a number ends: at the load of an argument, or at the return. */
static unsigned end_of_search(const struct filter *filter, int number, uint32_t arch)
{
    uint32_t a = 0;
    for (unsigned at = 0;; at++) {
        const struct sock_filter *instruction = &filter->code[at];
        uint32_t k = instruction->k;
        switch (BPF_CLASS(instruction->code)) {
        case BPF_LD:
            if (k >= offsetof(struct seccomp_data, args))
                return at;
            a = k == 0 ? (uint32_t)number : arch;
            break;
        case BPF_JMP: {
            unsigned operation = BPF_OP(instruction->code);
            bool holds = operation == BPF_JEQ   ? a == k
                         : operation == BPF_JGE ? a >= k
                         : operation == BPF_JGT ? a > k
                                                : (a & k) != 0;
            at += operation == BPF_JA ? k : holds ? instruction->jt : instruction->jf;
            break;
        }
        case BPF_ALU:
            a &= k;
            break;
        default:
            return at;
        }
    }
}

static void print_calls_at(const struct loaded *loaded, unsigned at, FILE *stream)
{
    enum policy_arch arch = loaded->subject.arch;
    unsigned count = 0;
    for (unsigned row = 0; row < policy_table.words.row_count; row++) {
        int number = profile_row(row)->number[arch];
        if (number < 0 || end_of_search(&loaded->filter, number, profile_audit_arch(arch)) != at)
            continue;
        if (count < 6)
            fprintf(stream, "%s%s", count == 0 ? "; " : ", ", table_string(profile_row(row)->name));
        count++;
    }
    if (count > 6)
        fprintf(stream, ", and %u more", count - 6);
    if (count > 0)
        fputs(":\n", stream);
}

static void print_load(const struct sock_filter *instruction, FILE *stream)
{
    unsigned first = (unsigned)offsetof(struct seccomp_data, args), k = instruction->k;
    fprintf(stream, "ld   [%u]%*s; ", k, k < 10 ? 29 : 28, "");
    if (k >= first)
        fprintf(stream, "argument %u, %s half\n", (k - first) / 8, k % 8 == 0 ? "low" : "high");
    else
        fprintf(stream, "%s\n", k == 0 ? "number" : k == 4 ? "architecture" : "instruction pointer");
}

static void print_jump(const struct loaded *loaded, unsigned at, bool number, FILE *stream)
{
    const struct sock_filter *instruction = &loaded->filter.code[at];
    unsigned operation = BPF_OP(instruction->code);
    char text[80];
    if (operation == BPF_JA) {
        fprintf(stream, "jmp  %u\n", at + 1 + instruction->k);
        return;
    }
    snprintf(text, sizeof text, "%s 0x%x, %u, %u",
             operation == BPF_JEQ   ? "jeq "
             : operation == BPF_JGE ? "jge "
             : operation == BPF_JGT ? "jgt "
                                    : "jset",
             instruction->k, at + 1 + instruction->jt, at + 1 + instruction->jf);
    unsigned row = number && instruction->k < policy_table.number_count[loaded->subject.arch]
                       ? policy_table.row_of_number[loaded->subject.arch][instruction->k] : TABLE_NONE;
    if (row != TABLE_NONE)
        fprintf(stream, "%-36s ; %s %s\n", text, operation == BPF_JEQ ? "is" : "from",
                table_string(profile_row(row)->name));
    else
        fprintf(stream, "%s\n", text);
}

int export_asm(const struct loaded *loaded, FILE *stream, struct error *error)
{
    const struct filter *filter = &loaded->filter;
    bool number = false;
    (void)error;
    fprintf(stream, "; %s on %s: %u instructions; jumps name their targets: when it holds, when not\n", loaded->name,
            profile_arch_name(loaded->subject.arch), filter->length);
    for (unsigned at = 0; at < filter->length; at++) {
        const struct sock_filter *instruction = &filter->code[at];
        char text[VERDICT_TEXT_MAX];
        print_calls_at(loaded, at, stream);
        fprintf(stream, "%5u: ", at);
        switch (BPF_CLASS(instruction->code)) {
        case BPF_LD:
            print_load(instruction, stream);
            number = instruction->k == 0;
            break;
        case BPF_ALU:
            fprintf(stream, "and  0x%x\n", instruction->k);
            break;
        case BPF_JMP:
            print_jump(loaded, at, number, stream);
            break;
        default:
            fprintf(stream, "ret  0x%08x%24s ; %s\n", instruction->k, "", verdict_text(instruction->k, text));
        }
    }
    return 0;
}
