/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/decode.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policy-calls.h"
#include "policy/table.h"
#include "tell/decode-parts.h"

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62 /* Linux 5.14 */
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65 /* Linux 6.3 */
#endif
#ifndef O_TMPFILE
#error "_GNU_SOURCE is needed"
#endif

#define FIRST_X32 0x40000000u
#define ARGUMENTS 6

enum how { NAMES, NAMES_OF_INT, STRING, BYTES, CREATION_MODE, DEVICE, NETWORK_ORDER, CLONE, POINTER, INTEGER, OCTAL,
           HEXADECIMAL, END };

#define ANY 255

static const struct show {
    uint16_t call;
    uint8_t argument, other, how, family;
    uint32_t value;
} shows[] = {
#define ALWAYS(call, argument, how, family) {CALL_##call, argument, ANY, how, FAMILY_##family, 0},
#define WHEN(call, argument, other, value, how, family) {CALL_##call, argument, other, how, FAMILY_##family, value},
#include "tell/decode-shows.tbl"
#undef ALWAYS
#undef WHEN
};

/* Arguments that tell kinds of one call apart, and the bits of them that do: those that policies compare. */
static const struct {
    uint16_t call;
    uint8_t first, second;
    uint32_t first_mask, second_mask;
} kinds[] = {
    {CALL_socket, 0, 1, UINT32_MAX, 0xf},
    {CALL_socketpair, 0, 1, UINT32_MAX, 0xf},
    {CALL_ioctl, 1, ANY, UINT32_MAX, 0},
    {CALL_prctl, 0, ANY, UINT32_MAX, 0},
    {CALL_keyctl, 0, ANY, UINT32_MAX, 0},
    {CALL_bpf, 0, ANY, UINT32_MAX, 0},
    {CALL_ptrace, 0, ANY, UINT32_MAX, 0},
    {CALL_personality, 0, ANY, UINT32_MAX, 0},
    {CALL_mmap, 2, 3, UINT32_MAX, UINT32_MAX},
    {CALL_mprotect, 2, ANY, UINT32_MAX, 0},
    {CALL_pkey_mprotect, 2, ANY, UINT32_MAX, 0},
    {CALL_shmat, 2, ANY, UINT32_MAX, 0},
    {CALL_clone, 0, ANY, 0x7e020000, 0}, /* CLONE_NEW* */
    {CALL_unshare, 0, ANY, UINT32_MAX, 0},
    {CALL_setns, 1, ANY, UINT32_MAX, 0},
    {CALL_mknod, 1, ANY, S_IFMT | S_ISUID | S_ISGID, 0},
    {CALL_mknodat, 2, ANY, S_IFMT | S_ISUID | S_ISGID, 0},
};

struct call {
    const char *name;      /* NULL: not known */
    unsigned row;          /* TABLE_NONE: no arguments are known */
    enum policy_arch arch; /* whose values the names have */
};

static void find_alias(struct call *call, enum table_abi abi, unsigned number)
{
    for (unsigned i = 0; i < policy_table.alias_count[abi]; i++) {
        const struct alias *alias = &policy_table.aliases[abi][i];
        if (alias->number != number)
            continue;
        call->name = table_string(alias->name);
        call->row = alias->rearranged ? TABLE_NONE : alias->row;
    }
}

static void find_native(struct call *call, unsigned number)
{
    if (number < policy_table.number_count[call->arch])
        call->row = policy_table.row_of_number[call->arch][number];
    if (call->row != TABLE_NONE)
        call->name = table_string(policy_table.words.rows[call->row].name);
}

static struct call find_call(const struct seccomp_data *data)
{
    unsigned number = (unsigned)data->nr;
    struct call call = {NULL, TABLE_NONE, data->arch == AUDIT_ARCH_AARCH64 ? POLICY_AARCH64 : POLICY_X86_64};
    if (data->arch == AUDIT_ARCH_I386) {
        find_alias(&call, ABI_X86, number);
    } else if (data->arch == AUDIT_ARCH_X86_64 && number >= FIRST_X32) {
        find_alias(&call, ABI_X32, number - FIRST_X32);
        if (call.name == NULL)
            find_native(&call, number - FIRST_X32);
    } else if (data->arch == AUDIT_ARCH_X86_64 || data->arch == AUDIT_ARCH_AARCH64) {
        find_native(&call, number);
    }
    return call;
}

static const struct show *find_show(const struct call *call, const struct seccomp_data *data, unsigned argument)
{
    for (size_t i = 0; i < sizeof shows / sizeof *shows; i++)
        if (shows[i].call == call->row && shows[i].argument == argument &&
            (shows[i].other == ANY || (uint32_t)data->args[shows[i].other] == shows[i].value))
            return &shows[i];
    return NULL;
}

static bool is_device(uint64_t mode)
{
    return (mode & S_IFMT) == S_IFCHR || (mode & S_IFMT) == S_IFBLK;
}

/* S_IFCHR|0666 */
static void add_mode(struct text *text, enum policy_arch arch, uint64_t mode)
{
    if ((mode & S_IFMT) != 0 && names_add_one(text, arch, FAMILY_mode, mode & S_IFMT)) {
        text_add(text, "|");
        mode &= ~(uint64_t)S_IFMT;
    }
    text_add(text, mode < 0100 ? "%03llo" : "0%llo", (unsigned long long)mode);
}

static void add_signed(struct text *text, uint64_t value, unsigned bits)
{
    text_add(text, "%lld", bits == 32 ? (long long)(int32_t)value : (long long)value);
}

static void add_by_type(struct text *text, const struct call *call, const struct argument *argument, uint64_t value)
{
    enum family family = names_family(table_string(argument->family));
    if (argument->type == ARGUMENT_MODE)
        add_mode(text, call->arch, value);
    else if (family == FAMILY_ioctl)
        names_add_ioctl(text, call->arch, (uint32_t)value);
    else if (family != FAMILY_NONE)
        names_add(text, call->arch, family, value);
    else if (argument->type == ARGUMENT_DIRFD && (int32_t)value == AT_FDCWD)
        text_add(text, "AT_FDCWD");
    else if (argument->type == ARGUMENT_ID && (uint32_t)value == UINT32_MAX)
        text_add(text, "-1");
    else if (argument->type == ARGUMENT_NUMBER || argument->type == ARGUMENT_ID)
        names_add_number(text, value);
    else if (argument->type == ARGUMENT_POINTER)
        memory_add_pointer(text, value);
    else
        add_signed(text, value, argument->bits);
}

/* The mode of open(2) means something only where a file may be made. */
static bool makes_file(const struct seccomp_data *data, unsigned mode)
{
    uint64_t tmpfile = O_TMPFILE & ~O_DIRECTORY; /* the same number on both architectures, as O_CREAT is */
    return mode > 0 && (data->args[mode - 1] & (O_CREAT | tmpfile)) != 0;
}

static void add_network_order(struct text *text, enum policy_arch arch, enum family family, uint64_t value)
{
    text_add(text, "htons(");
    names_add(text, arch, family, ntohs((uint16_t)value));
    text_add(text, ")");
}

/* The low byte is the signal that tells the parent of the end. */
static void add_clone_flags(struct text *text, enum policy_arch arch, uint64_t flags)
{
    uint64_t number = flags & 0xff;
    flags &= UINT32_MAX & ~UINT64_C(0xff);
    if (flags != 0)
        names_add(text, arch, FAMILY_clone, flags);
    if (flags != 0 && number != 0)
        text_add(text, "|");
    if (flags == 0 || number != 0)
        names_add(text, arch, FAMILY_signal, number);
}

/* One argument; `next`: that after it, which is the length of some. */
static void add_argument(struct text *text, const struct call *call, const struct show *show, uint64_t value,
                         uint64_t next, uint64_t before, const struct decode_memory *memory)
{
    switch ((enum how)show->how) {
    case NAMES:
        names_add(text, call->arch, (enum family)show->family, value);
        break;
    case NAMES_OF_INT:
        names_add(text, call->arch, (enum family)show->family, (uint32_t)value);
        break;
    case STRING:
        memory_add_string(text, memory, value);
        break;
    case BYTES:
        memory_add_bytes(text, memory, value, (int32_t)next < 0 ? 0 : (uint32_t)next);
        break;
    case CREATION_MODE:
        add_mode(text, call->arch, value);
        break;
    case DEVICE:
        if (is_device(before))
            text_add(text, "makedev(%u, %u)", (unsigned)(value >> 8 & 0xfff),
                     (unsigned)((value & 0xff) | (value >> 12 & 0xfff00)));
        else
            names_add_number(text, value);
        break;
    case NETWORK_ORDER:
        add_network_order(text, call->arch, (enum family)show->family, value);
        break;
    case CLONE:
        add_clone_flags(text, call->arch, value);
        break;
    case POINTER:
        memory_add_pointer(text, value);
        break;
    case INTEGER:
        add_signed(text, value, 32);
        break;
    case OCTAL:
        text_add(text, "0%llo", (unsigned long long)value);
        break;
    case HEXADECIMAL:
        text_add(text, "0x%llx", (unsigned long long)value);
        break;
    case END:
        break;
    }
}

static uint64_t as_read(const struct argument *argument, uint64_t value)
{
    return argument->bits == 64 ? value : value & ((UINT64_C(1) << argument->bits) - 1);
}

static void add_known(struct text *text, const struct call *call, const struct seccomp_data *data,
                      const struct decode_memory *memory)
{
    const struct row *row = &policy_table.words.rows[call->row];
    for (unsigned i = 0; i < row->argument_count && i < ARGUMENTS; i++) {
        const struct argument *argument = &policy_table.words.arguments[row->first_argument + i];
        const struct show *show = find_show(call, data, i);
        uint64_t value = as_read(argument, data->args[i]);
        uint64_t next = i + 1 < ARGUMENTS ? data->args[i + 1] : 0, before = i > 0 ? data->args[i - 1] : 0;
        if (show != NULL && (show->how == END || (show->how == CREATION_MODE && !makes_file(data, i))))
            return;
        if (i > 0)
            text_add(text, ", ");
        if (show != NULL)
            add_argument(text, call, show, value, next, before, memory);
        else if (argument->type == ARGUMENT_PATH)
            memory_add_string(text, memory, value);
        else if (argument->type == ARGUMENT_SOCKADDR)
            memory_add_sockaddr(text, memory, value, (int32_t)next < 0 ? 0 : (uint32_t)next, call->arch);
        else
            add_by_type(text, call, argument, value);
    }
}

size_t decode_call(const struct seccomp_data *data, const struct decode_memory *memory, char *to, size_t size)
{
    struct text text;
    struct call call = find_call(data);
    if (size == 0)
        return 0;
    text_start(&text, to, size);
    if (call.name != NULL)
        text_add(&text, "%s(", call.name);
    else
        text_add(&text, "syscall_%d(", data->nr);
    if (call.row != TABLE_NONE)
        add_known(&text, &call, data, memory);
    else
        for (unsigned i = 0; i < ARGUMENTS; i++)
            text_add(&text, "%s0x%llx", i > 0 ? ", " : "", (unsigned long long)data->args[i]);
    text_add(&text, ")");
    return text_end(&text);
}

uint64_t decode_kind(const struct seccomp_data *data)
{
    struct call call = find_call(data);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].call != call.row)
            continue;
        uint64_t key = data->args[kinds[i].first] & kinds[i].first_mask;
        return kinds[i].second == ANY ? key : key << 32 | (data->args[kinds[i].second] & kinds[i].second_mask);
    }
    return 0;
}
