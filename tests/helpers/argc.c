/* SPDX-License-Identifier: GPL-2.0-or-later */
/* argc N PATH: executes PATH with N arguments (its own name among them) where a shell cannot: 0 is an empty argv. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv, char **environment)
{
    char *arguments[] = {NULL, NULL};
    if (argc != 3)
        return 2;
    if (atoi(argv[1]) > 0)
        arguments[0] = argv[2];
    execve(argv[2], arguments, environment);
    return 127;
}
