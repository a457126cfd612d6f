/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

void terminal_save(struct terminal *terminal)
{
    terminal->descriptor = -1;
    for (int descriptor = 0; descriptor <= 2 && terminal->descriptor < 0; descriptor++) {
        pid_t foreground = tcgetpgrp(descriptor);
        /* In the background the terminal is somebody else's to set. */
        if (foreground <= 0 || foreground != getpgrp() || tcgetattr(descriptor, &terminal->settings) != 0)
            continue;
        terminal->foreground = foreground;
        terminal->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    }
}

void terminal_restore(struct terminal *terminal)
{
    if (terminal->descriptor < 0)
        return;
    pid_t foreground = tcgetpgrp(terminal->descriptor);
    /* The program's own groups are gone with it. Where a shell took the foreground since (bg), it keeps it. */
    bool orphaned = foreground > 0 && foreground != terminal->foreground && kill(-foreground, 0) != 0;
    /* SIGTTOU is blocked in the supervisor, so both calls pass from the background too. */
    if (orphaned && tcsetpgrp(terminal->descriptor, terminal->foreground) == 0)
        foreground = terminal->foreground;
    if (foreground == terminal->foreground)
        tcsetattr(terminal->descriptor, TCSADRAIN, &terminal->settings);
    close(terminal->descriptor);
    terminal->descriptor = -1;
}
