# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make            build everything into $(BUILD)
#   make run        build, then show sbx-run at work on a small hostile program
#   make check      build and run all tests      (check-unit, check-launch: a part of them)
#   make bench      what a start costs beside others: prints, never fails on time
#   make faults     every system call of a launch made to fail in turn
#   make fuzz-short the fuzzers, a short while each
#   make check-vm   the tests on other kernels, under qemu
#   make install    DESTDIR= PREFIX=/usr/local SYSCONFDIR=/etc       (uninstall takes the same)
#
# Variables: BUILD CC HOSTCC CROSS CFLAGS LDFLAGS WERROR=1 SANITIZE=1 LINK=static|shared
#   V=1       show the commands
#   SETUP=no  do not look for missing packages
#   make CC=clang BUILD=build-clang
#   make SANITIZE=1 BUILD=build-asan check-unit
#   make CROSS=aarch64-linux-gnu- BUILD=build-arm64

VERSION := 0.1.0

BUILD ?= build
CROSS ?=
ifeq ($(origin CC),default)
CC := $(CROSS)gcc
endif
HOSTCC ?= cc
AR := $(CROSS)ar
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR ?= $(PREFIX)/share/man
LINK ?= static
SETUP ?= yes

# CFLAGS is the user's to replace; what the program cannot do without stands apart from it.
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
HARDENING := -fstack-protector-strong -fstack-clash-protection
SANITIZE ?=
ifneq ($(SANITIZE),)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LINK := shared
else
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

compile_flags = -std=gnu17 -fPIE -ffunction-sections -fdata-sections $(WARNINGS) $(HARDENING) $(SANITIZERS) \
	-Isrc -I$(BUILD)/gen -D_GNU_SOURCE -DSBX_VERSION='"$(VERSION)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' $(CPPFLAGS) $(CFLAGS)
# A test run takes no warning; a packager with a newer compiler is not stopped by one.
ifneq ($(filter check check-%,$(MAKECMDGOALS)),)
WERROR ?= 1
endif
warnings_are_errors = $(if $(filter 1,$(WERROR)),-Werror)

hardened_link := -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack
dynamic_link = -pie $(hardened_link) $(SANITIZERS) $(LDFLAGS)
ifeq ($(LINK),static)
# Static, because loading libcap, libcgroup and libjansson costs a start more than all its confinement does. And
# position independent: address space layout randomisation costs 10 us of the 600 that a start of nothing takes.
program_link = -static-pie $(hardened_link) $(LDFLAGS)
else ifeq ($(LINK),shared)
program_link = $(dynamic_link)
else
$(error LINK=$(LINK): it is static or shared)
endif

LIBRARIES := -lcgroup -lcap -ljansson -lseccomp
COMPANION_LIBRARIES := $(LIBRARIES)
TEST_LIBRARIES := -lcheck -lsubunit $(LIBRARIES) -lm -lrt -lpthread

all: programs

include $(wildcard src/policy/policy.mk)
-include tests/unit/policy.mk

library_sources := $(filter-out src/policy/make-table.c src/helpers/%,$(wildcard src/*/*.c))
library_objects := $(library_sources:src/%.c=$(BUILD)/obj/%.o) \
	$(patsubst $(BUILD)/gen/%.c,$(BUILD)/obj/gen/%.o,$(GENERATED_C))
main_sources := $(wildcard src/sbx-run.c src/sbx-profile.c src/sbx-audit.c)
programs := $(main_sources:src/%.c=$(BUILD)/%)
libexec_programs := $(patsubst src/helpers/%.c,$(BUILD)/libexec/%,$(wildcard src/helpers/*.c))
unit_sources := $(wildcard tests/unit/*.c)
unit_tests := $(unit_sources:tests/unit/%.c=$(BUILD)/tests/%)
tool_sources := $(wildcard tests/helpers/*.c tests/bench/*.c)
tools := $(patsubst tests/helpers/%.c,$(BUILD)/helpers/%,$(wildcard tests/helpers/*.c)) \
	$(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
objects := $(library_objects) $(main_sources:src/%.c=$(BUILD)/obj/%.o) \
	$(patsubst %.c,$(BUILD)/obj/%.o,$(unit_sources))

programs: $(programs) $(libexec_programs)
unit-tests: $(unit_tests)
tools: $(tools)

# --- what must be installed -------------------------------------------------------------------------------------

# Every object waits for this; it takes a few milliseconds when nothing is missing.
setup-build:
ifeq ($(SETUP),yes)
	@scripts/setup --cc=$(firstword $(CC)) build
endif
setup-test: | setup-build
ifeq ($(SETUP),yes)
	@scripts/setup test
endif

# --- compiling --------------------------------------------------------------------------------------------------

$(POLICY_MAKER): | setup-build

# Objects depend on the flags that they were made with (-Werror changes no object).
flags_now = $(CC) $(compile_flags)
$(BUILD)/flags: FORCE | setup-build
	@mkdir -p '$(@D)'
	@printf '%s\n' '$(subst ','\'',$(flags_now))' | cmp -s - '$@' || \
		printf '%s\n' '$(subst ','\'',$(flags_now))' >'$@'
FORCE:

# One word and a name a step; V=1 shows the commands.
quiet = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo '  $(1) $@';)

define compile
@mkdir -p '$(@D)'
$(call quiet,CC)$(CC) $(compile_flags) $(warnings_are_errors) $(1) -MMD -MP -c -o '$@' '$<'
endef

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags | setup-build $(GENERATED_H)
	$(call compile)
$(BUILD)/obj/tests/%.o: tests/%.c $(BUILD)/flags | setup-test $(GENERATED_H)
	$(call compile)
$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags | setup-build $(GENERATED_H)
	$(call compile)

# Made anew each time: an archive keeps the members of deleted sources.
$(BUILD)/libsbx.a: $(library_objects)
	@rm -f '$@'
	$(call quiet,AR)$(AR) rcs '$@' $(library_objects)

# libcgroup.a names getpwnam and friends in functions that are never called (its rules daemon and its configuration files);
# ld warns of each. Those lines are left out when the link succeeds (ld --no-warnings would let undefined names pass).
$(BUILD)/sbx-run: $(BUILD)/obj/sbx-run.o $(BUILD)/libsbx.a $(BUILD)/link-flags
	$(call quiet,LD)$(CC) $(CFLAGS) $(program_link) -o '$@' '$<' $(BUILD)/libsbx.a $(LIBRARIES) 2>'$@.messages' || \
		{ cat '$@.messages' >&2; exit 1; }
	@grep -v -e 'in statically linked applications requires' -e '(libcgroup_.*: in function' '$@.messages' >&2; rm -f '$@.messages'
$(BUILD)/sbx-profile $(BUILD)/sbx-audit: $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libsbx.a
	$(call quiet,LD)$(CC) $(CFLAGS) $(dynamic_link) -o '$@' '$<' $(BUILD)/libsbx.a $(COMPANION_LIBRARIES)
$(BUILD)/libexec/%: $(BUILD)/obj/helpers/%.o $(BUILD)/libsbx.a
	@mkdir -p '$(@D)'
	$(call quiet,LD)$(CC) $(CFLAGS) $(dynamic_link) -o '$@' '$<' $(BUILD)/libsbx.a $(LIBRARIES) $(LIBS_$*)
$(BUILD)/link-flags: FORCE | setup-build
	@mkdir -p '$(@D)'
	@echo '$(LINK) $(LDFLAGS)' | cmp -s - '$@' || echo '$(LINK) $(LDFLAGS)' >'$@'

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libsbx.a
	@mkdir -p '$(@D)'
	$(call quiet,LD)$(CC) $(CFLAGS) $(dynamic_link) -o '$@' '$<' $(BUILD)/libsbx.a $(TEST_LIBRARIES)

# Programs that the launch tests and benches start: each one file without the library, static so that they run in any
# surrounding. They do what a hostile program does, so the compiler's hardening stays out of them.
tool_flags = -std=gnu17 -O2 -g $(WARNINGS) $(warnings_are_errors) -D_GNU_SOURCE -MMD -MP
$(BUILD)/helpers/%: tests/helpers/%.c $(BUILD)/flags | setup-test
	@mkdir -p '$(@D)'
	$(call quiet,CC)$(CC) $(tool_flags) -static -MF '$@.d' -o '$@' '$<' $(LIBS_$*)
$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/flags | setup-test
	@mkdir -p '$(@D)'
	$(call quiet,CC)$(CC) $(tool_flags) -MF '$@.d' -o '$@' '$<' $(LIBS_$*)
LIBS_try-call := -lseccomp
LIBS_libcgroup-cost := -lcgroup
LIBS_sbx-scope := -lsystemd

-include $(objects:.o=.d) $(tools:=.d)

# --- running ----------------------------------------------------------------------------------------------------

run: programs $(BUILD)/helpers/hostile
	@scripts/demo '$(BUILD)'

check: programs unit-tests tools | setup-test
	@BUILD='$(BUILD)' tests/run unit launch
check-unit: unit-tests | setup-test
	@BUILD='$(BUILD)' tests/run unit
check-launch: programs tools | setup-test
	@BUILD='$(BUILD)' tests/run launch

bench: programs tools | setup-test
	@BUILD='$(BUILD)' tests/run bench
faults: programs tools | setup-test
	@BUILD='$(BUILD)' tests/run faults
fuzz-short: programs | setup-test
	@BUILD='$(BUILD)' tests/run fuzz
check-vm: programs tools | setup-test
	@BUILD='$(BUILD)' tests/run vm

# --- installing -------------------------------------------------------------------------------------------------

# What is installed: one list of "mode source target", read by install and by uninstall.
man_pages := $(wildcard man/*.[1-9])
config_files := $(shell find etc/sbx -type f 2>/dev/null)
installed = $(foreach p,$(programs),755:$(p):$(PREFIX)/bin/$(notdir $(p))) \
	$(foreach p,$(libexec_programs),755:$(p):$(LIBEXECDIR)/sbx/$(notdir $(p))) \
	$(foreach p,$(man_pages),644:$(p):$(MANDIR)/man$(patsubst .%,%,$(suffix $(p)))/$(notdir $(p))) \
	$(foreach p,$(wildcard $(BUILD)/completions/*.bash),644:$(p):$(PREFIX)/share/bash-completion/completions/$(basename $(notdir $(p)))) \
	$(foreach p,$(wildcard $(BUILD)/completions/_*),644:$(p):$(PREFIX)/share/zsh/site-functions/$(notdir $(p))) \
	$(foreach p,$(wildcard $(BUILD)/completions/*.fish),644:$(p):$(PREFIX)/share/fish/vendor_completions.d/$(notdir $(p)))
installed_config = $(foreach p,$(config_files),644:$(p):$(SYSCONFDIR)/sbx/$(p:etc/sbx/%=%))

# Directories are made as 755 whatever the umask: a profile that others cannot read stops their starts.
install: programs
	@set -e; for entry in $(installed) $(installed_config); do \
		mode=$${entry%%:*}; rest=$${entry#*:}; source=$${rest%%:*}; target='$(DESTDIR)'$${rest#*:}; \
		install -D -m "$$mode" "$$source" "$$target"; echo "$$target"; \
	done

# A configuration file that was changed since stays.
uninstall:
	@for entry in $(installed); do \
		target='$(DESTDIR)'$${entry##*:}; if [ -e "$$target" ]; then rm -f "$$target" && echo "removed $$target"; fi; \
	done
	@for entry in $(installed_config); do \
		rest=$${entry#*:}; source=$${rest%%:*}; target='$(DESTDIR)'$${rest#*:}; \
		if cmp -s "$$source" "$$target"; then rm -f "$$target" && echo "removed $$target"; \
		elif [ -e "$$target" ]; then echo "kept $$target: it was changed"; fi; \
	done
	@rmdir '$(DESTDIR)$(LIBEXECDIR)/sbx' 2>/dev/null || :
	@[ ! -d '$(DESTDIR)$(SYSCONFDIR)/sbx' ] || find '$(DESTDIR)$(SYSCONFDIR)/sbx' -depth -type d -empty -delete

clean:
	rm -rf '$(BUILD)'

.PHONY: all programs unit-tests tools setup-build setup-test run check check-unit check-launch bench faults fuzz-short \
	check-vm install uninstall clean FORCE
.DELETE_ON_ERROR:
# Objects are kept: make would delete those that only chains of pattern rules name.
.SECONDARY:
