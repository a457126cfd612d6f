/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mute-fs DIRECTORY: mounts a file system there (FUSE) whose one file, `mute`, can be opened and mapped, and whose reads
 * are never answered. Prints `mounted`; ends, and the mount with it, when its standard input does. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 17, ROOT = 1, FILE_NODE = 2 };

static int device;

static void answer(uint64_t unique, int error, const void *data, size_t length)
{
    struct fuse_out_header header = { (uint32_t)(sizeof header + length), -error, unique };
    struct iovec parts[] = { { &header, sizeof header }, { (void *)(uintptr_t)data, length } };
    if (writev(device, parts, 2) < 0 && errno != ENOENT)
        perror("mute-fs: answer");
}

static struct fuse_attr attributes(uint64_t node)
{
    return (struct fuse_attr){ .ino = node, .size = 4096, .blocks = 8, .nlink = 1, .blksize = 4096,
                               .mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0444 };
}

static void serve(const struct fuse_in_header *in)
{
    switch (in->opcode) {
    case FUSE_INIT: {
        struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 };
        answer(in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_LOOKUP: {
        struct fuse_entry_out out = { .nodeid = FILE_NODE, .entry_valid = 60, .attr_valid = 60,
                                      .attr = attributes(FILE_NODE) };
        answer(in->unique, strcmp((const char *)(in + 1), "mute") == 0 ? 0 : ENOENT, &out, sizeof out);
        break;
    }
    case FUSE_GETATTR: {
        struct fuse_attr_out out = { .attr_valid = 60, .attr = attributes(in->nodeid) };
        answer(in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_OPEN: {
        struct fuse_open_out out = { .fh = 1, .open_flags = FOPEN_KEEP_CACHE };
        answer(in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_READ:
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break;
    default:
        answer(in->unique, ENOSYS, NULL, 0);
    }
}

int main(int count, char **word)
{
    static _Alignas(struct fuse_in_header) char request[REQUEST_MAX];
    char options[128];
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
    if (count != 2 || device < 0 || mount("mute-fs", word[1], "fuse.mute-fs", MS_NOSUID | MS_NODEV, options) != 0) {
        perror("mute-fs: mount");
        return 1;
    }
    puts("mounted");
    fflush(stdout);
    struct pollfd events[] = { { .fd = 0, .events = POLLIN }, { .fd = device, .events = POLLIN } };
    while (poll(events, 2, -1) > 0 && events[0].revents == 0 && (events[1].revents & POLLIN) != 0)
        if (read(device, request, sizeof request) >= (ssize_t)sizeof(struct fuse_in_header))
            serve((const struct fuse_in_header *)request);
    umount2(word[1], MNT_DETACH);
    return 0; /* the device closes: what still waits is answered ENOTCONN */
}
