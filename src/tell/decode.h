/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls in words. The signatures are those of the policy (policy/arguments.tbl), the names of values its lists
 * and decode-names.tbl; decode-shows.tbl says where an argument is more than its type.
 *
 * Registers and memory belong to a hostile program: every length is bounded, nothing is followed twice, and what is
 * shown may have been changed since. It is told, never decided upon. */
#ifndef SBX_TELL_DECODE_H
#define SBX_TELL_DECODE_H

#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How the memory of the caller is read: bytes read (they may be fewer), or -1. It is never asked for more than 257
 * bytes, nor across a page's end. */
struct decode_memory {
    ssize_t (*read)(void *context, uint64_t address, void *to, size_t length);
    void *context;
};

/* Enough for any call: three strings of 256 bytes, all of them escaped. */
#define DECODE_TEXT_MAX 3584

/* A call in words, as strace would write it: `socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)`. Printable UTF-8, ended
 * with ... where it does not fit; a string is cut after 256 bytes, an address after 128. Pointers that cannot be read
 * are shown as numbers. memory NULL: nothing can be read. Returns the length. */
size_t decode_call(const struct seccomp_data *data, const struct decode_memory *memory, char *text, size_t size);

/* The arguments that tell the kinds of one call apart (socket: domain and type; ioctl: request; prctl: option; ...), as
 * the kernel reads them; 0 for calls that have one kind. Architecture, number and this are the key to count by. */
uint64_t decode_kind(const struct seccomp_data *data);

#endif
