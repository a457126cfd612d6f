/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals NAME[=STATUS]...: says READY, then `GOT NAME` for each such signal, until it is ended; with =STATUS that one ends it. One
 * process that never forks: a shell's loop with sleep(1) can be stopped inside vfork(2), and then nobody sees it stop. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int number_of(const char *name, size_t length)
{
    for (int number = 1; number < 32; number++) {
        const char *known = sigabbrev_np(number);
        if (known && strlen(known) == length && !strncmp(known, name, length))
            return number;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int statuses[32];
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < 32; i++)
        statuses[i] = -1;
    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "=");
        int number = number_of(argv[i], length);
        if (!number)
            return 2;
        sigaddset(&set, number);
        if (argv[i][length])
            statuses[number] = atoi(argv[i] + length + 1);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* A number alone is not lost when two come at once: they are of different kinds, or the test waits between them. */
    puts("READY");
    fflush(stdout);
    for (;;) {
        int number = sigwaitinfo(&set, NULL);
        if (number < 0)
            continue;
        printf("GOT %s\n", sigabbrev_np(number));
        fflush(stdout);
        if (statuses[number] >= 0)
            return statuses[number];
    }
}
