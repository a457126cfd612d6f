/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tell/decode-parts.h"
#include "tell/words.h"

#define STRING_SHOWN 256
#define SOCKADDR_SHOWN 128
#define SMALLEST_PAGE 4096u

/* Bytes read, piece by piece, none of which crosses a page: what stands before an unmapped page is still read. */
static size_t fetch(const struct decode_memory *memory, uint64_t address, unsigned char *to, size_t length)
{
    size_t have = 0;
    while (memory != NULL && have < length) {
        uint64_t at = address + have;
        size_t wanted = length - have, in_page = SMALLEST_PAGE - (size_t)(at % SMALLEST_PAGE);
        if (at < address) /* around the end of all memory */
            break;
        wanted = wanted < in_page ? wanted : in_page;
        ssize_t got = memory->read(memory->context, at, to + have, wanted);
        if (got <= 0)
            break;
        have += (size_t)got < wanted ? (size_t)got : wanted;
        if ((size_t)got < wanted)
            break;
    }
    return have;
}

/* `before`, at most 256 bytes in quotes; ... behind a string that goes on. */
static void add_quoted(struct text *text, const char *before, const unsigned char *bytes, size_t length, bool goes_on)
{
    char quoted[4 * STRING_SHOWN + 1];
    words_escape(quoted, bytes, length, "\"\\");
    text_add(text, "%s\"%s\"%s", before, quoted, goes_on ? "..." : "");
}

void memory_add_pointer(struct text *text, uint64_t address)
{
    if (address == 0)
        text_add(text, "NULL");
    else
        text_add(text, "0x%llx", (unsigned long long)address);
}

void memory_add_string(struct text *text, const struct decode_memory *memory, uint64_t address)
{
    unsigned char bytes[STRING_SHOWN + 1];
    size_t have = address == 0 ? 0 : fetch(memory, address, bytes, sizeof bytes);
    const unsigned char *end = memchr(bytes, 0, have);
    if (have == 0)
        memory_add_pointer(text, address);
    else if (end != NULL)
        add_quoted(text, "", bytes, (size_t)(end - bytes), false);
    else
        add_quoted(text, "", bytes, have < STRING_SHOWN ? have : STRING_SHOWN, true);
}

void memory_add_bytes(struct text *text, const struct decode_memory *memory, uint64_t address, uint64_t length)
{
    unsigned char bytes[STRING_SHOWN];
    size_t wanted = length < STRING_SHOWN ? (size_t)length : STRING_SHOWN;
    size_t have = address == 0 ? 0 : fetch(memory, address, bytes, wanted);
    if (have == 0)
        memory_add_pointer(text, address);
    else
        add_quoted(text, "", bytes, have, have < length);
}

static void add_unix(struct text *text, const unsigned char *path, size_t length)
{
    if (length == 0)
        return;
    if (path[0] == 0)
        add_quoted(text, ", @", path + 1, length - 1, false);
    else
        add_quoted(text, ", ", path, strnlen((const char *)path, length), false);
}

static void add_internet(struct text *text, const unsigned char *bytes)
{
    struct sockaddr_in address;
    char name[INET_ADDRSTRLEN];
    memcpy(&address, bytes, sizeof address);
    text_add(text, ", %s:%u", inet_ntop(AF_INET, &address.sin_addr, name, sizeof name), ntohs(address.sin_port));
}

static void add_internet6(struct text *text, const unsigned char *bytes)
{
    struct sockaddr_in6 address;
    char name[INET6_ADDRSTRLEN];
    memcpy(&address, bytes, sizeof address);
    text_add(text, ", [%s", inet_ntop(AF_INET6, &address.sin6_addr, name, sizeof name));
    if (address.sin6_scope_id != 0)
        text_add(text, "%%%u", address.sin6_scope_id);
    text_add(text, "]:%u", ntohs(address.sin6_port));
}

static void add_netlink(struct text *text, const unsigned char *bytes)
{
    uint32_t parts[2]; /* struct sockaddr_nl: pid, groups */
    memcpy(parts, bytes + 4, sizeof parts);
    text_add(text, ", pid %u, groups 0x%x", parts[0], parts[1]);
}

static void add_packet(struct text *text, const unsigned char *bytes)
{
    uint16_t protocol; /* struct sockaddr_ll */
    int32_t interface;
    memcpy(&protocol, bytes + 2, sizeof protocol);
    memcpy(&interface, bytes + 4, sizeof interface);
    text_add(text, ", protocol 0x%04x, interface %d", ntohs(protocol), interface);
}

static void add_vsock(struct text *text, const unsigned char *bytes)
{
    uint32_t parts[2]; /* struct sockaddr_vm: port, cid */
    memcpy(parts, bytes + 4, sizeof parts);
    text_add(text, ", cid %d, port %u", (int)parts[1], parts[0]);
}

static const struct {
    uint16_t family;
    uint16_t length; /* that the kernel asks for */
    void (*add)(struct text *text, const unsigned char *bytes);
} addresses[] = {
    {AF_INET, sizeof(struct sockaddr_in), add_internet}, {AF_INET6, sizeof(struct sockaddr_in6), add_internet6},
    {AF_NETLINK, 12, add_netlink}, {AF_PACKET, 8, add_packet}, {AF_VSOCK, 12, add_vsock},
};

void memory_add_sockaddr(struct text *text, const struct decode_memory *memory, uint64_t address, uint64_t length,
                         enum policy_arch arch)
{
    unsigned char bytes[SOCKADDR_SHOWN];
    size_t wanted = length < sizeof bytes ? (size_t)length : sizeof bytes;
    size_t have = address == 0 ? 0 : fetch(memory, address, bytes, wanted);
    uint16_t family;
    if (have < sizeof family) {
        memory_add_pointer(text, address);
        return;
    }
    memcpy(&family, bytes, sizeof family);
    text_add(text, "{");
    names_add(text, arch, FAMILY_domain, family);
    if (family == AF_UNIX)
        add_unix(text, bytes + sizeof family, have - sizeof family);
    else
        for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
            if (addresses[i].family == family && have >= addresses[i].length)
                addresses[i].add(text, bytes);
    text_add(text, "}");
}
