# SPDX-License-Identifier: GPL-2.0-or-later
# Userspace: the septorture command (build/septorture) and the agent that is
# the VM's init (build/agent). Kernels are built by kernel/build.sh.
#
#   make            both
#   make run        a short run of the default plan
#   make check      everything that is tested
#   make coverage   which failure branches of the kernel are taken (docs/coverage.md)
#   make bench      what oracles and hooks cost
#   make unit       the tests that boot no VM
#   make softseam   those of softseam, in user space, under sanitizers
#   make fuzz       FUZZ_TIME=60 seconds of fuzzing it
#   make fuzz-klog  as long of fuzzing the parser of kernel logs
#   make install    for other places (prefix=/usr/local, DESTDIR)
#   make docs       docs/contracts.md and softseam-conformance.md, from their tables
#   make O=DIR CC=clang SANITIZE=address,undefined unit     a second build beside it

O ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PLAN ?= configs/plans/quick.ini
CLANG_FORMAT ?= clang-format

CFLAGS ?= -O2 -g
ALL_CFLAGS := $(CFLAGS) -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE= \
	-Ilib -Istressors -Ireports -Ifi-scripts -Ikernel/overlay/arch/x86/virt/vmx/soft -Ikernel/overlay/arch/x86/include \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LIBS := -linih -ljansson -lpthread
# What only the host's side needs: source lines of splats, the store of results.
HOST_LIBS := -ldw -lelf -lsqlite3

# The C sources below a folder, as objects.
objs = $(patsubst %.c,$(O)/obj/%.o,$(wildcard $(1)/*.c))

LIB := $(call objs,lib)
REPORTS := $(call objs,reports)
# With the guest of the direct platform: code for a bare vCPU, whatever is built around it.
PAYLOAD := $(O)/payload.bin
STRESSORS := $(call objs,stressors) $(O)/obj/stressors/payload/image.o
MAIN := $(O)/obj/fi-scripts/septorture.o
HOST := $(filter-out $(MAIN),$(call objs,fi-scripts))
# Tests have stressors of their own: the real ones may change.
TEST_STRESSORS := $(O)/obj/tests/stressors.o
TEST_HELPER := $(O)/obj/tests/helper.o $(O)/obj/tests/cli.o $(O)/obj/tests/httpd.o $(O)/obj/tests/browser.o

UNIT_TESTS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/test_*.c))
# softseam in user space, and what tests it: with every sanitizer that finds something of its own.
SEAM_DIR := kernel/overlay/arch/x86/virt/vmx/soft
SEAM := $(patsubst %.c,$(O)/obj/%.o,$(filter-out %_fs.c %/seam_kernel.c,$(wildcard $(SEAM_DIR)/seam_*.c))) \
	$(O)/obj/tests/softseam/arena.o
SEAM_HELPER := $(filter-out %/arena.o %/fuzz_main.o $(O)/obj/tests/softseam/test_%,$(call objs,tests/softseam))
SEAM_TESTS := $(patsubst tests/softseam/test_%.c,$(O)/tests/softseam-%,$(wildcard tests/softseam/test_*.c))
# Those that boot VMs, and the programs that these VMs run instead of the agent.
VM_TESTS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/vm_*.c))
GUESTS := $(patsubst tests/guest/%.c,$(O)/tests/%,$(wildcard tests/guest/*.c))
# Shell tests: tests/run, style, the kernel's source and build.
KERNEL_TESTS := tests/run-cli tests/install-cli tests/style tests/kernel-build-cli tests/kernel-tree

.PHONY: all deps kernel run check coverage bench unit docs install clean format format-check
# A source file that is gone must not stop make.
.SECONDARY:

all: $(O)/septorture $(O)/agent

# What is missing is installed first: the rest does not compile without it.
deps:
	@fi-scripts/install.sh

kernel: deps
	kernel/build.sh race

run: deps
	@$(MAKE) --no-print-directory -s all
	@$(O)/septorture run $(PLAN)

check: deps
	@$(MAKE) --no-print-directory -s all unit-programs vm-programs
	@$(MAKE) --no-print-directory -s softseam-all
	@kernel/build.sh race >/dev/null
	@MUTATE=$(O)/mutate tests/run $(UNIT_TESTS) $(SOFTSEAM_ALL) $(KERNEL_TESTS) $(VM_TESTS)

coverage: deps
	@$(MAKE) --no-print-directory -s all
	@fi-scripts/coverage.sh

# Timed claims: nothing that passes or fails.
bench: all vm-programs softseam-programs $(O)/tests/test_splats
	@tests/bench

# What the tool reads goes to share/septorture; where it writes is fi-scripts/installed.h's business.
prefix ?= /usr/local
SHARE = $(DESTDIR)$(prefix)/share/septorture
install: all
	install -D $(O)/septorture "$(DESTDIR)$(prefix)/bin/septorture"
	install -D $(O)/agent "$(SHARE)/agent"
	rm -rf "$(SHARE)/kernel" "$(SHARE)/configs" "$(SHARE)/fi-scripts"
	cp -R kernel configs "$(SHARE)"
	install -D -t "$(SHARE)/fi-scripts" fi-scripts/install.sh fi-scripts/packages.txt
	chmod -R u+rwX,go+rX "$(SHARE)"
	fi-scripts/man.sh $(O)/septorture >$(O)/septorture.1
	install -D -m 644 $(O)/septorture.1 "$(DESTDIR)$(prefix)/share/man/man1/septorture.1"

docs: all softseam-programs
	@$(O)/septorture list statuses --markdown >docs/contracts.md.new
	@mv -f docs/contracts.md.new docs/contracts.md
	@$(O)/tests/softseam-conformance --markdown >docs/softseam-conformance.md.new
	@mv -f docs/softseam-conformance.md.new docs/softseam-conformance.md

unit: unit-programs
	MUTATE=$(O)/mutate tests/run $(UNIT_TESTS)

# Builds of their own below $(O).
SOFTSEAM_ALL := $(SEAM_TESTS) $(SEAM_TESTS:$(O)/%=$(O)/asan/%) $(SEAM_TESTS:$(O)/%=$(O)/tsan/%)

.PHONY: softseam softseam-all softseam-programs fuzz
softseam-programs: $(SEAM_TESTS)
softseam-all: softseam-programs
	@$(MAKE) --no-print-directory O=$(O)/asan SANITIZE=address,undefined softseam-programs
	@$(MAKE) --no-print-directory O=$(O)/tsan SANITIZE=thread softseam-programs

softseam: softseam-all
	tests/run $(SOFTSEAM_ALL)

# FUZZ_TIME seconds of any SEAMCALLs there are; a crash leaves its input in $(O)/fuzz.
FUZZ_TIME ?= 60
fuzz: $(O)/softseam-fuzz
	@mkdir -p $(O)/fuzz/corpus
	$< -max_total_time=$(FUZZ_TIME) -artifact_prefix=$(O)/fuzz/ $(O)/fuzz/corpus

# All in one go: the instrumentation is another one.
$(O)/softseam-fuzz: $(wildcard tests/softseam/*.[ch] $(SEAM_DIR)/seam*.[ch]) $(SEAM_DIR)/guest_prog.h
	@mkdir -p $(@D)
	clang $(filter-out -O2,$(ALL_CFLAGS)) -O1 -Itests/softseam -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ $(patsubst $(O)/obj/%.o,%.c,$(SEAM) $(SEAM_HELPER)) \
		tests/softseam/fuzz_main.c

# The same for kernel logs; it begins with the real ones.
KLOG_FUZZED := reports/klog.c reports/splat.c reports/kvm_lines.c lib/xmem.c
.PHONY: fuzz-klog
fuzz-klog: $(O)/klog-fuzz
	@mkdir -p $(O)/fuzz-klog/corpus
	$< -max_total_time=$(FUZZ_TIME) -max_len=16384 -artifact_prefix=$(O)/fuzz-klog/ \
		$(O)/fuzz-klog/corpus tests/splats

$(O)/klog-fuzz: tests/fuzz_klog.c $(KLOG_FUZZED) $(wildcard reports/*.h) lib/xmem.h
	@mkdir -p $(@D)
	clang $(filter-out -O2,$(ALL_CFLAGS)) -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ tests/fuzz_klog.c $(KLOG_FUZZED)

.PHONY: unit-programs vm-programs
vm-programs: $(VM_TESTS) $(GUESTS)
unit-programs: $(UNIT_TESTS) $(O)/tests/septorture $(O)/tests/clock_jumps.so $(O)/mutate

# The host links the stressors, too, for their descriptions; not the agent's main().
$(O)/septorture: $(MAIN) $(HOST) $(REPORTS) $(LIB) $(filter-out %/agent.o,$(STRESSORS))
$(O)/tests/septorture: $(MAIN) $(HOST) $(REPORTS) $(LIB) $(TEST_STRESSORS)
$(UNIT_TESTS): $(O)/tests/%: $(O)/obj/tests/%.o $(HOST) $(REPORTS) $(LIB) $(TEST_STRESSORS) \
		$(O)/obj/stressors/guest_asm.o $(TEST_HELPER)
$(O)/agent: $(STRESSORS) $(LIB)
$(VM_TESTS): $(O)/tests/%: $(O)/obj/tests/%.o $(LIB) $(TEST_STRESSORS) $(O)/obj/tests/helper.o \
		$(O)/obj/tests/vm.o
$(GUESTS): $(O)/tests/%: $(O)/obj/tests/guest/%.o $(filter-out %/agent.o,$(STRESSORS)) $(LIB)

$(SEAM_TESTS): $(O)/tests/softseam-%: $(O)/obj/tests/softseam/test_%.o $(SEAM_HELPER) $(SEAM)
$(O)/obj/$(SEAM_DIR)/%.o: ALL_CFLAGS += -Itests/softseam

$(UNIT_TESTS) $(VM_TESTS) $(SEAM_TESTS): LIBS += -lcmocka
$(O)/septorture $(O)/tests/septorture $(UNIT_TESTS): LIBS += $(HOST_LIBS)
# Each is the only program in its VM.
$(O)/agent $(GUESTS): LDFLAGS += -static

$(O)/septorture $(O)/agent $(O)/tests/septorture $(UNIT_TESTS) $(VM_TESTS) $(GUESTS) \
$(SEAM_TESTS):
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Into a program that is tested, beside its sanitizers if it has some.
$(O)/tests/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fsanitize=%,$(ALL_CFLAGS)) -fPIC -shared -o $@ $<

# The tool that puts seeded bugs into a tree; kernel/build.sh makes its own when it has none.
$(O)/mutate: kernel/mutate.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $<

$(O)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

PAYLOAD_CFLAGS := -O2 -std=gnu11 -Wall -Wextra -Werror -ffreestanding -fno-pic -fcf-protection=none \
	-mgeneral-regs-only -mno-red-zone -fno-stack-protector -fno-asynchronous-unwind-tables \
	-Istressors/payload -Ikernel/overlay/arch/x86/virt/vmx/soft
$(PAYLOAD): stressors/payload/start.S stressors/payload/run.c stressors/payload/payload.h stressors/payload/payload.ld kernel/overlay/arch/x86/virt/vmx/soft/guest_prog.h Makefile
	@mkdir -p $(@D)
	$(CC) $(PAYLOAD_CFLAGS) -nostdlib -static -no-pie -Wl,--build-id=none \
		-Wl,-T,stressors/payload/payload.ld -o $(@:.bin=.elf) $(filter %.S %run.c,$^)
	objcopy -O binary $(@:.bin=.elf) $@
$(O)/obj/stressors/payload/image.o: stressors/payload/image.S $(PAYLOAD)
	@mkdir -p $(@D)
	$(CC) -DPAYLOAD_IMAGE='"$(PAYLOAD)"' -c -o $@ $<

$(O)/obj/fi-scripts/command.o: ALL_CFLAGS += -DSRCDIR='"$(CURDIR)"'
# Tests run the command, on the test tree they make.
$(O)/obj/tests/%.o: ALL_CFLAGS += -DSRCDIR='"$(CURDIR)"' -DBUILDDIR='"$(abspath $(O))"' -Itests/softseam

clean:
	rm -rf $(O)/obj $(O)/tests $(O)/septorture $(O)/agent $(O)/payload.*

FORMATTED := $(wildcard lib/*.[ch] reports/*.[ch] fi-scripts/*.[ch] stressors/*.[ch] stressors/payload/*.[ch] tests/*.[ch] tests/guest/*.c tests/preload/*.c tests/softseam/*.[ch] kernel/mutate.c)

format:
	$(CLANG_FORMAT) -i $(FORMATTED)

format-check:
	$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
