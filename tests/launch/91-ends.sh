#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The end of a sandbox, whichever way it is ended: nothing of the program outlives it, and nothing else is touched.
. "${0%/*}/lib.sh"

# A pid namespace of the test's own, so that a kill(-1) gone astray ends this test and not the machine.
apart() { if as_root; then unshare --pid --fork --mount-proc "$@"; else unshare --user --map-current-user --pid --fork --mount-proc "$@"; fi; }
if apart true 2>/dev/null; then
    for call in landlock_restrict_self landlock_create_ruleset prctl clone; do
        t "a start that fails at $call kills nobody else" out='^125 alive$' within=30 -- bash -c "$(declare -f apart as_root)"'
            apart sh -c "sleep 50 & sbx-run --profile=none --deny=$0 -- sbx-run --limits=off -- true 2>err; s=\$?; kill -0 \$! && echo \$s alive; kill \$!"' "$call"
    done
else
    skip 'a start that fails early kills nobody else' 'no pid namespace can be made here'
fi
finish
