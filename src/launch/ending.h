/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a sandbox: all that the program has started is killed and its group removed, by the supervisor, or by
 * the keeper when the supervisor itself was killed. */
#ifndef SBX_LAUNCH_ENDING_H
#define SBX_LAUNCH_ENDING_H

#include "launch/steps.h"

#define FOREIGN_CHILDREN_MAX 256

/* Children that the process had before it became sbx-run (a shell's `job & exec sbx-run ...`): not the sandbox's. */
struct foreign_children {
    pid_t pids[FOREIGN_CHILDREN_MAX];
    size_t count;
};

/* 0, or -1 with the error. */
int ending_find_foreign(struct foreign_children *foreign, struct error *error);

/* Starts the keeper: a process in the supervisor's domain that lives as long as the supervisor and ends the sandbox
 * when that one is gone. Its pid, or -1 with the error. */
pid_t ending_start_keeper(const struct plan *plan, const struct launch *launch, struct error *error);

/* Waits until the keeper has come as far, which it has by the time that the child asks. False: it has failed. */
bool ending_keeper_reaches(struct shared_page *shared, enum keeper_state state);
void ending_report(struct shared_page *shared, enum keeper_state state);

/* Whether `number`, which reached the supervisor, was sent to its whole process group: the keeper is in it, blocks
 * every signal and takes none, so a signal of the group is pending there. When it was, another keeper is needed: this
 * one would show the signal for ever. */
bool ending_keeper_has(pid_t keeper, int number);

/* Kills what is left, then `keeper` (the keeper, or the first process of the pid namespace; 0: none), waits for all of
 * them, removes the group. 0, or -1 with the error when something is left. */
int ending_finish(const struct plan *plan, struct launch *launch, const struct foreign_children *foreign, pid_t keeper,
                  struct error *error);

#endif
