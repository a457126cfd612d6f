/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal: its settings and foreground process group are as before once the program has ended. */
#ifndef SBX_LAUNCH_TERMINAL_H
#define SBX_LAUNCH_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct terminal {
    int descriptor; /* -1: no terminal, or not in its foreground: nothing to restore */
    struct termios settings;
    pid_t foreground;
};

/* Looks at descriptors 0 to 2; keeps a duplicate of the first that is the controlling terminal. */
void terminal_save(struct terminal *terminal);
void terminal_restore(struct terminal *terminal);

#endif
