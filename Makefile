# SPDX-License-Identifier: GPL-2.0-or-later
# Userspace: the septorture command (build/septorture) and the agent that is
# the VM's init (build/agent). Kernels are built by kernel/build.sh.
#
#   make            both
#   make run        a short run of the default plan
#   make check      everything that is tested
#   make unit       the tests that boot no VM
#   make O=DIR CC=clang SANITIZE=address,undefined unit     a second build beside it

O ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PLAN ?= configs/plans/quick.ini
CLANG_FORMAT ?= clang-format

CFLAGS ?= -O2 -g
ALL_CFLAGS := $(CFLAGS) -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE= \
	-Ilib -Istressors -Ireports -Ifi-scripts -Ikernel/overlay/arch/x86/virt/vmx/soft \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LIBS := -linih -ljansson -lpthread

# The C sources below a folder, as objects.
objs = $(patsubst %.c,$(O)/obj/%.o,$(wildcard $(1)/*.c))

LIB := $(call objs,lib)
REPORTS := $(call objs,reports)
STRESSORS := $(call objs,stressors)
MAIN := $(O)/obj/fi-scripts/septorture.o
HOST := $(filter-out $(MAIN),$(call objs,fi-scripts))
# Tests have stressors of their own: the real ones may change.
TEST_STRESSORS := $(O)/obj/tests/stressors.o
TEST_HELPER := $(O)/obj/tests/helper.o

UNIT_TESTS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/test_*.c))
# Programs that boot VMs; `make check` runs them after the unit tests.
VM_TESTS ?=

.PHONY: all kernel run check unit clean format format-check
# A source file that is gone must not stop make.
.SECONDARY:

all: $(O)/septorture $(O)/agent

kernel:
	kernel/build.sh race

run: all
	$(O)/septorture run $(PLAN)

check: all unit-programs $(VM_TESTS)
	MUTATE=$(O)/mutate tests/run $(UNIT_TESTS) $(VM_TESTS)

unit: unit-programs
	MUTATE=$(O)/mutate tests/run $(UNIT_TESTS)

.PHONY: unit-programs
unit-programs: $(UNIT_TESTS) $(O)/tests/septorture $(O)/mutate

# The host links the stressors, too, for their descriptions; not the agent's main().
$(O)/septorture: $(MAIN) $(HOST) $(REPORTS) $(LIB) $(filter-out %/agent.o,$(STRESSORS))
$(O)/tests/septorture: $(MAIN) $(HOST) $(REPORTS) $(LIB) $(TEST_STRESSORS)
$(UNIT_TESTS): $(O)/tests/%: $(O)/obj/tests/%.o $(HOST) $(REPORTS) $(LIB) $(TEST_STRESSORS) \
		$(TEST_HELPER)
$(O)/agent: $(STRESSORS) $(LIB)

$(UNIT_TESTS): LIBS += -lcmocka
# It is the only program in the VM.
$(O)/agent: LDFLAGS += -static

$(O)/septorture $(O)/agent $(O)/tests/septorture $(UNIT_TESTS):
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The tool that puts seeded bugs into a tree; kernel/build.sh makes its own when it has none.
$(O)/mutate: kernel/mutate.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $<

$(O)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/obj/fi-scripts/command.o: ALL_CFLAGS += -DSRCDIR='"$(CURDIR)"'
# Tests run the command, on the test tree they make.
$(O)/obj/tests/%.o: ALL_CFLAGS += -DSRCDIR='"$(CURDIR)"' -DBUILDDIR='"$(abspath $(O))"'

clean:
	rm -rf $(O)/obj $(O)/tests $(O)/septorture $(O)/agent

FORMATTED := $(wildcard lib/*.[ch] reports/*.[ch] fi-scripts/*.[ch] stressors/*.[ch] tests/*.[ch])

format:
	$(CLANG_FORMAT) -i $(FORMATTED)

format-check:
	$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
