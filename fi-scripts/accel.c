// SPDX-License-Identifier: GPL-2.0-or-later
#include "accel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accel_cache.h"
#include "command.h"
#include "initramfs.h"
#include "rundir.h"
#include "xmem.h"

#define PROBE_SECONDS 15
#define IT_BOOTS      "our kernel boots with it"

const char *accel_name(enum accel accel)
{
	return accel == ACCEL_KVM ? "kvm" : "tcg";
}

static const char *device(void)
{
	const char *path = getenv("SEPTORTURE_KVM"); /* tests */

	return path && *path ? path : "/dev/kvm";
}

/* Why the device is of no use, or NULL. */
static char *no_device(void)
{
	int fd = open(device(), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return xasprintf("%s cannot be opened: %s", device(), strerror(errno));
	close(fd);
	return NULL;
}

static void choose(struct accel_choice *choice, enum accel accel, char *why)
{
	choice->accel = accel;
	choice->why = why;
}

/* ---- the probe ---- */

/* The last line that QEMU printed, after its command line, or NULL. */
static char *last_words(const char *dir)
{
	char *path = xasprintf("%s/qemu.log", dir), *line = NULL, *last = NULL;
	FILE *f = fopen(path, "re");
	size_t size = 0;

	for (int n = 0; f && getline(&line, &size, f) > 0; n++) {
		line[strcspn(line, "\r\n")] = '\0';
		if (!n || !*line)
			continue;
		free(last);
		last = xstrdup(line);
	}
	free(line);
	if (f)
		fclose(f);
	free(path);
	return last;
}

static char *why_it_died(const struct vm_result *vm, const char *dir)
{
	char *words = last_words(dir);
	char *why = xasprintf("%s is there, but %s%s%s", device(), vm->why, words ? ": " : "",
			      words ? words : "");

	free(words);
	return accel_plain(why);
}

/* What a probe boot showed; nothing if it was cut short. */
static int judge(struct accel_choice *choice, const struct vm_config *config,
		 const struct vm_result *vm)
{
	if (vm->ended) {
		choose(choice, ACCEL_KVM, xstrdup(IT_BOOTS));
	} else if (vm->interrupted || vm->no_room) {
		say("no VM was run: %s", vm->why);
		return EXIT_INFRA;
	} else if (vm->late) {
		choose(choice, ACCEL_TCG,
		       xasprintf("%s is there, but our kernel did not get past boot within "
				 "%" PRIu64 " s",
				 device(), config->probe_ms / 1000));
	} else {
		choose(choice, ACCEL_TCG, why_it_died(vm, config->dir));
	}
	accel_remember(choice->key, choice->accel, choice->why);
	return EXIT_CLEAN;
}

static int boot_once(struct accel_choice *choice, const struct accel_subject *subject,
		     const char *dir, const char *initrd)
{
	struct vm_config config = {
	    .dir = dir,
	    .kernel = subject->kernel,
	    .initrd = initrd,
	    .cpus = 1,
	    .memory = 512 << 20,
	    .accel = ACCEL_KVM,
	    .probe_ms = env_seconds_ms("SEPTORTURE_PROBE_TIMEOUT", PROBE_SECONDS),
	};
	struct vm_result vm;
	char *error;
	int status;

	say("trying KVM: our kernel has %" PRIu64 " s to boot with it", config.probe_ms / 1000);
	if (vm_run(&config, &vm, &error))
		return say_error(error, EXIT_INFRA);
	status = judge(choice, &config, &vm);
	free(vm.why);
	return status;
}

static int probe(struct accel_choice *choice, const struct accel_subject *subject)
{
	char *dir = rundir_probe(subject->dir), *initrd = xasprintf("%s/initramfs.cpio", dir);
	char *error = NULL;
	int status;

	if (mkdir(dir, 0777))
		error = xasprintf("cannot make the directory %s: %s", dir, strerror(errno));
	if (error || initramfs_write(initrd, subject->agent, subject->plan, NULL, &error))
		status = say_error(error, EXIT_INFRA);
	else
		status = boot_once(choice, subject, dir, initrd);
	remove_tree(dir);
	free(initrd);
	free(dir);
	return status;
}

/* ---- the choice ---- */

static int choose_auto(struct accel_choice *choice, const struct accel_subject *subject)
{
	char *why = no_device();
	int status = EXIT_CLEAN;

	if (why) {
		choose(choice, ACCEL_TCG, why);
	} else if (accel_recall(choice->key, &choice->accel, &why)) {
		choose(choice, choice->accel,
		       xasprintf("%s (remembered%s)", why,
				 choice->accel == ACCEL_KVM ? "" : "; --accel kvm tries again"));
		free(why);
	} else {
		status = probe(choice, subject);
	}
	if (!status)
		say("using %s: %s", choice->accel == ACCEL_KVM ? "KVM" : "TCG", choice->why);
	return status;
}

static int choose_kvm(struct accel_choice *choice)
{
	char *why = no_device();

	if (why) {
		say("--accel kvm is not possible: %s", why);
		free(why);
		return EXIT_INFRA;
	}
	choose(choice, ACCEL_KVM, xstrdup("--accel kvm"));
	return EXIT_CLEAN;
}

int accel_choose(struct accel_choice *choice, const struct accel_subject *subject)
{
	if (choice->wish == WISH_TCG) {
		choose(choice, ACCEL_TCG, xstrdup("--accel tcg"));
		return EXIT_CLEAN;
	}
	choice->key = accel_key(subject->kernel, subject->qemu);
	return choice->wish == WISH_KVM ? choose_kvm(choice) : choose_auto(choice, subject);
}

void accel_learn(const struct accel_choice *choice, const struct vm_result *result)
{
	if (choice->accel != ACCEL_KVM)
		return;
	if (choice->wish == WISH_KVM && result->ended)
		accel_remember(choice->key, ACCEL_KVM, IT_BOOTS);
	if (choice->wish == WISH_AUTO && result->late && !result->reported) {
		say("the next run tries KVM again; --accel tcg does without");
		accel_forget(choice->key);
	}
}

void accel_free(struct accel_choice *choice)
{
	free(choice->why);
	free(choice->key);
}
