/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter of an OCI profile, made by libseccomp as runc makes it for Docker and Podman. */
#ifndef SBX_POLICY_OCI_FILTER_H
#define SBX_POLICY_OCI_FILTER_H

#include "policy/filter.h"
#include "policy/oci-profile.h"

/* For one architecture and these capabilities; with `foreign` also for the ABIs beside it that the profile names. 0, or
 * -1 with the error; filter_free() it. */
int oci_filter_build(const struct oci_profile *profile, enum policy_arch arch, uint64_t capabilities, bool foreign,
                     struct filter *filter, struct error *error);

/* Whether libseccomp knows a call of this name on the architecture. */
bool oci_filter_knows(enum policy_arch arch, const char *call);

#endif
