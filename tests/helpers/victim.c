/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim SECONDS [SOCKET]: a process of the outside that waits to be attacked; listens on an abstract socket of that name; prints its
 * pid when ready. A signal other than SIGCONT ends it. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    alarm((unsigned)atoi(argv[1]));
    if (argc > 2) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t length = strlen(argv[2]);
        if (length >= sizeof address.sun_path)
            return 2;
        memcpy(address.sun_path + 1, argv[2], length);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (void *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) || listen(fd, 16))
            return 1;
    }
    printf("%d\n", getpid());
    fflush(stdout);
    for (;;)
        pause();
}
