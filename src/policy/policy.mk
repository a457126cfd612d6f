# SPDX-License-Identifier: GPL-2.0-or-later
# The tables of the policy, made by a program that runs on the building machine.

POLICY_DATA := $(addprefix src/policy/,calls.tbl arguments.tbl features.tbl abis.tbl) \
	$(sort $(wildcard src/policy/lists/*))
POLICY_MAKER := $(BUILD)/host/make-table
POLICY_MAKER_C := src/policy/make-table.c $(wildcard src/policy/make/*.c) src/policy/condition.c \
	src/policy/condition-value.c src/tell/words.c

GENERATED_C += $(BUILD)/gen/policy-table.c
GENERATED_H += $(BUILD)/gen/policy-calls.h

$(POLICY_MAKER): $(POLICY_MAKER_C) $(wildcard src/policy/*.h src/policy/make/*.h) src/tell/words.h
	@mkdir -p '$(@D)'
	$(call quiet,HOSTCC)$(HOSTCC) -std=gnu17 -O1 -D_GNU_SOURCE -Isrc -o $@ $(POLICY_MAKER_C)

$(BUILD)/gen/policy-calls.h $(BUILD)/gen/policy-table.c &: $(POLICY_MAKER) $(POLICY_DATA)
	@mkdir -p '$(@D)'
	$(call quiet,GEN)$(POLICY_MAKER) src/policy $(BUILD)/gen/policy-table.c $(BUILD)/gen/policy-calls.h

# sbx-policy(7) is made of the same tables.
POLICY_MANUAL := $(BUILD)/man/sbx-policy.7
$(POLICY_MANUAL): src/policy/manual.awk src/policy/sbx-policy.7.in $(POLICY_DATA)
	@mkdir -p '$(@D)'
	$(call quiet,GEN)awk -f src/policy/manual.awk $(POLICY_DATA) src/policy/sbx-policy.7.in >'$@'

programs: $(POLICY_MANUAL)
install: install-policy-manual
install-policy-manual: $(POLICY_MANUAL)
	install -D -m 644 '$<' '$(DESTDIR)$(MANDIR)/man7/sbx-policy.7'
	@echo '$(DESTDIR)$(MANDIR)/man7/sbx-policy.7'
uninstall: uninstall-policy-manual
uninstall-policy-manual:
	@rm -f '$(DESTDIR)$(MANDIR)/man7/sbx-policy.7'

# The words that completions offer: `call NAME`, `feature NAME`, `category NAME`.
POLICY_WORDS := $(BUILD)/gen/policy-words
$(POLICY_WORDS): src/policy/words.awk src/policy/calls.tbl src/policy/features.tbl
	@mkdir -p '$(@D)'
	$(call quiet,GEN)awk -f src/policy/words.awk src/policy/calls.tbl src/policy/features.tbl >'$@'

# The numbers and names of the tables against those of the machine.
check: check-calls
check-calls: | setup-test
	@scripts/check-calls '$(CC)'

.PHONY: install-policy-manual uninstall-policy-manual check-calls
