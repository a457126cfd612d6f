/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refused calls, told with what would allow them. They come by seccomp user notification (seccomp_unotify(2)): the
 * filter hands a call that it refuses to the supervisor, which answers with the errno that the filter would have given.
 * Calls that are allowed never come here. */
#ifndef SBX_TELL_EXPLAIN_H
#define SBX_TELL_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "policy/remedy.h"

#define EXPLAIN_KINDS_MAX 512 /* kinds of calls that are told apart; the rest is counted together */

/* Calls of one kind: the same number, errno and deciding arguments (decode_kind()). */
struct refusal {
    struct seccomp_data data; /* of the first one */
    uint64_t kind, count;
    uint32_t verdict;         /* SECCOMP_RET_* and data that the policy has for it */
    char text[512];           /* the first one in words */
    char program[16];         /* that made it: comm */
    uint64_t capabilities;    /* effective ones of that process, 1 << CAP_* */
    bool told;                /* in a line, as it came */
    struct remedy remedy;     /* found by explain_finish() */
};

struct explain;

/* Takes the listener, which is closed at the end. NULL with the error. */
struct explain *explain_new(const struct plan *plan, const struct options *options, int listener, struct error *error);

int explain_descriptor(const struct explain *explain); /* for poll(2) */

/* Receives one call, answers it, counts it. False when it cannot listen any more: then nobody waits for an answer. */
bool explain_serve(struct explain *explain);

/* Finds the remedies; tells each kind in one line, most often refused first, where the plan says so. */
void explain_finish(struct explain *explain);

uint64_t explain_count(const struct explain *explain); /* of all calls */
void explain_free(struct explain *explain); /* and all that was told by it; takes NULL too */

size_t explain_refusals(const struct explain *explain, const struct refusal **refusals);

/* Children that read the program's memory and were killed: not even that ends one whose page comes from a file system
 * that does not answer, so nobody should wait for them. */
size_t explain_stuck(const struct explain *explain, const pid_t **pids);

/* EAFNOSUPPORT for 97; "E97" for one without a name. */
const char *explain_errno_name(int number);

#endif
