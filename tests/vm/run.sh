#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/vm/run.sh [KERNEL]: starts test guests one after the other, runs guest.sh in each as root and as a user in the
# surroundings that it can give, and prints TAP. What is missing here is skipped, loudly.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
rig=tests/vm/rig
SBX_VM_RUN=$(mktemp -d "${TMPDIR:-/tmp}/sbx-vm.XXXXXX")
export SBX_VM_RUN
guest=
trap '[ -z "$guest" ] || $rig stop "$guest"; rm -rf "$SBX_VM_RUN"' EXIT
trap 'exit 130' INT TERM

skip_all() {
    echo "ok 1 - test guests # SKIP $1"
    echo 1..1
    exit 0
}

install_packages() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" >&2
}

# Programs and the packages that have them.
missing=
while read -r program package; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || missing="$missing $package"
done <<'EOF'
qemu-system-x86_64 qemu-system-x86
qemu-img qemu-utils
mmdebstrap mmdebstrap
depmod kmod
cpio cpio
busybox busybox-static
mke2fs e2fsprogs
zstd zstd
EOF
if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        skip_all "not installed:$missing (as root: apt-get install$missing)"
    fi
    # shellcheck disable=SC2086 # a list of words
    install_packages $missing || { apt-get -q update >&2 && install_packages $missing; } ||
        skip_all "cannot be installed:$missing"
fi
[ "$(uname -m)" = x86_64 ] || skip_all "the guests are x86_64, this machine is $(uname -m)"

# Hands on what a guest printed, each line with the guest's name. An early end is a failure.
collect() {
    local name=$1 line seen=0 planned=
    while IFS= read -r line; do
        case $line in
        'ok '* | 'not ok '*)
            seen=$((seen + 1))
            echo "${line%% [0-9]*} - $name: ${line#*- }"
            ;;
        1..*) planned=${line#1..} ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
    [ "$planned" = "$seen" ] && return
    echo "not ok - $name: came to its end (${planned:-nothing} planned, $seen seen)"
}

# try NAME USER SURROUNDING LIMITS [IN...]: guest.sh as that user, by the command IN where one is given.
try() {
    local name=$1 user=$2 surrounding=$3 held=$4
    shift 4
    local start=$SECONDS
    collect "$name" < <($rig run "$guest" "$user" "$@" sh /opt/sbx/guest.sh "$surrounding" "$held" </dev/null 2>&1)
    echo "# $name: $((SECONDS - start)) s" >&2 # as it goes: TAP comes at the end
}

# begin KERNEL plain|systemd [APPEND]: a guest with our programs in it.
begin() {
    guest=$1-$2
    # shellcheck disable=SC2086 # a list of words
    if ! $rig start "$guest" "$1" "$2" ${3-}; then
        echo "not ok - $1 $2 ${3-}: the guest starts"
        guest=
        return 1
    fi
    tar -c -C "$BUILD" sbx-run helpers libexec -C "$PWD/tests/vm" guest.sh |
        $rig run "$guest" root sh -c 'mkdir -p /opt/sbx && cd /opt/sbx && tar -x && chmod -R go+rX . && chmod 755 guest.sh'
}

end() {
    $rig stop "$guest"
    guest=
}

in_guest() { $rig run "$guest" root "$@" </dev/null; }

# As in a container: a cgroup namespace, nothing of systemd to be seen.
container=(systemd-run -q --pipe --wait -p Delegate=yes unshare --cgroup --mount sh -c)
inside='umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && mount -t tmpfs none /run || exit 1'
read_only='mount -o remount,bind,ro /sys/fs/cgroup || exit 1'

v2='cgroup v2, a group below /sys/fs/cgroup/sbx'
# All surroundings on one kernel.
try_kernel() {
    local kernel=$1 user
    if begin "$kernel" plain; then
        try "$kernel root" root plain "$v2"
        try "$kernel user" user plain 'user namespace'
        in_guest sh -c 'echo 0 >/proc/sys/user/max_user_namespaces'
        try "$kernel user without user namespaces" user no-userns none
        end
    fi
    if begin "$kernel" plain lsm=lockdown,yama; then
        try "$kernel root without Landlock" root no-landlock none
        try "$kernel user without Landlock" user no-landlock none
        end
    fi
    if begin "$kernel" systemd; then
        try "$kernel systemd root" root systemd 'a scope of systemd'
        try "$kernel systemd user without a manager" plain systemd 'user namespace'
        try "$kernel systemd user with a manager" linger systemd "a scope of the user's systemd"
        try "$kernel systemd user in a session" root session "a scope of the user's systemd" \
            systemd-run -q --pipe --wait -p PAMName=login -p User=linger
        try "$kernel root in a unit that limits" root unit 'already limited' \
            systemd-run -q --pipe --wait -p TasksMax=30 -p MemoryMax=200M -p MemorySwapMax=0
        try "$kernel user in a unit of the system that limits" root unit 'already limited' \
            systemd-run -q --pipe --wait -p User=plain -p TasksMax=30 -p MemoryMax=200M -p MemorySwapMax=0
        for user in root plain; do
            try "$kernel $user in a unit with Delegate=yes" root delegated 'the delegated group' \
                systemd-run -q --pipe --wait -p Delegate=yes -p User=$user
        done
        try "$kernel root in a container with a cgroup of its own" root container 'the delegated group /sys/fs/cgroup ' \
            "${container[@]}" "$inside; exec \"\$@\"" sh
        try "$kernel root in a container that cannot write it" root no-cgroup none \
            "${container[@]}" "$inside; $read_only; exec \"\$@\"" sh
        try "$kernel user in a container that cannot write it" root no-cgroup 'user namespace' \
            "${container[@]}" "$inside; $read_only; exec setpriv --reuid=1001 --regid=1001 --clear-groups \"\$@\"" sh
        end
    fi
}

# One kernel in a process of its own, which ends its guest whatever happens.
if [ "${1-}" = --one ]; then
    try_kernel "$2"
    exit 0
fi

# A guest has one processor: as many kernels at once as there are.
kernels=${1:-$($rig kernels)}
waiting=$(nproc)
for kernel in $kernels; do
    # Made one after the other, so that what is downloaded is told in order.
    if ! $rig build "$kernel" >&2; then
        echo "ok - kernel $kernel # SKIP its packages cannot be had" >"$SBX_VM_RUN/$kernel.tap"
        continue
    fi
    if [ "$waiting" -eq 0 ]; then wait -n; else waiting=$((waiting - 1)); fi
    tests/vm/run.sh --one "$kernel" >"$SBX_VM_RUN/$kernel.tap" &
done
wait
# shellcheck disable=SC2046,SC2086 # a word a kernel
(cd "$SBX_VM_RUN" && cat $(printf '%s.tap\n' $kernels)) |
    awk '/^(not )?ok / { sub(/ok/, "ok " ++n) } { print } END { print "1.." n + 0 }'
