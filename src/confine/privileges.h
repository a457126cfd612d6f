/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileges: bounding set and securebits, user and groups, capability sets, no_new_privs, memory-deny-write-
 * execute, parent death signal. Each acts at its own place in the launch (launch/steps.c says why there). */
#ifndef SBX_CONFINE_PRIVILEGES_H
#define SBX_CONFINE_PRIVILEGES_H

#include "launch/steps.h"

#ifndef PR_SET_MDWE /* Linux 6.3 */
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#define PR_GET_MDWE 66
#endif

int identity_check(const struct options *options, const struct machine *machine, struct plan *plan,
                   struct error *error);
int identity_apply(const struct plan *plan, struct launch *launch, struct error *error);
void identity_print(const struct plan *plan, json_t *object);

int privileges_check(const struct options *options, const struct machine *machine, struct plan *plan,
                     struct error *error);
/* Permitted and effective capabilities of this process, 1 << CAP_*. 0, or -1 with errno. */
int capabilities_read(uint64_t *permitted, uint64_t *effective);
int bounding_apply(const struct plan *plan, struct launch *launch, struct error *error);
int capabilities_apply(const struct plan *plan, struct launch *launch, struct error *error);
void capabilities_print(const struct plan *plan, json_t *object);

int no_new_privs_apply(const struct plan *plan, struct launch *launch, struct error *error);
void no_new_privs_print(const struct plan *plan, json_t *object);

int mdwe_check(const struct options *options, const struct machine *machine, struct plan *plan, struct error *error);
int mdwe_apply(const struct plan *plan, struct launch *launch, struct error *error);
void mdwe_print(const struct plan *plan, json_t *object);

#endif
