// SPDX-License-Identifier: GPL-2.0-or-later
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draft.h"
#include "rundir.h"
#include "xmem.h"

/* Then VMs are booted. */
#define MAX_FAILURES 2

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static char *in(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* The whole of a small text file; "" if there is none. free() it. */
static char *text_of(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (f && getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text ? text : xstrdup("");
}

static bool same_file(const char *a, const char *b)
{
	FILE *f = fopen(a, "re"), *g = fopen(b, "re");
	bool same = f && g;
	int c = 0;

	while (same && c != EOF) {
		c = getc_unlocked(f);
		same = c == getc_unlocked(g);
	}
	if (f)
		fclose(f);
	if (g)
		fclose(g);
	return same;
}

/* All that a VM depends on, but its initramfs. The TSC is the host's, as is its frequency. */
static char *key_of(const struct vm_config *c, const char *kernel, const char *qemu)
{
	char *boot = text_of(BOOT_ID), *key;

	key = xasprintf("%s\n%s %s\n%u CPUs, %" PRIu64 " bytes, %s\n%" PRIu64 " rounds of %" PRIu64
			" us%s %s %s\n%s",
			qemu, c->kernel, kernel ? kernel : "", c->cpus, c->memory,
			platform_name(c->platform), c->rounds->n, c->duration_us,
			c->no_faults ? " without faults" : "", c->parameters ? c->parameters : "",
			getenv("SEPTORTURE_APPEND") ? getenv("SEPTORTURE_APPEND") : "", boot);
	free(boot);
	return key;
}

static bool fits(const char *dir, const struct vm_config *c, const char *key)
{
	char *path = in(dir, "key"), *initrd = in(dir, "initramfs.cpio"), *theirs = text_of(path);
	bool good = !strcmp(theirs, key) && same_file(initrd, c->initrd);

	free(path);
	free(initrd);
	free(theirs);
	return good;
}

/* The key comes last: what is cut short has none. */
static int write_key(const char *dir, const char *key, char **why)
{
	char *path = in(dir, "key");
	FILE *f = draft_open(path);
	int bad;

	if (f)
		fputs(key, f);
	bad = draft_close(f, path, why);
	free(path);
	return bad;
}

/* QEMU's monitor was asked. */
static bool was_saved(const char *dir)
{
	char *path = in(dir, "qemu.log"), *log = text_of(path);
	bool saved = strstr(log, "Migration status: completed");

	free(path);
	free(log);
	return saved;
}

static int make(const char *dir, const struct vm_config *c, const char *key, char **why)
{
	static const char *const files[] = {"key", "snapshot"};
	char *snapshot = in(dir, "snapshot"), *initrd = in(dir, "initramfs.cpio");
	struct vm_rounds rounds = {.n = c->rounds->n, .save = snapshot};
	struct vm_config config = *c;
	struct vm_result result;
	int bad;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = in(dir, files[i]);

		unlink(path);
		free(path);
	}
	config.dir = dir;
	config.initrd = initrd;
	config.rounds = &rounds;
	bad = copy_file(c->initrd, initrd, why) || vm_run(&config, &result, why);
	if (!bad && !was_saved(dir)) {
		*why = xasprintf("the VM could not be saved: %s; see %s/qemu.log",
				 result.why ? result.why : "QEMU did not say why", dir);
		bad = -1;
	}
	if (!bad)
		bad = write_key(dir, key, why);
	free(snapshot);
	free(initrd);
	return bad;
}

/* How often it did not work. */
static off_t failures(const char *dir)
{
	char *path = in(dir, "failures");
	struct stat st;
	off_t n = stat(path, &st) ? 0 : st.st_size;

	free(path);
	return n;
}

/*
 * Shared with all who use it, or alone to make it: then there is none of them. On failure,
 * *WHY says what is wrong.
 */
static int lock_and_make(int fd, const char *dir, const struct vm_config *c, const char *key,
			 char **why)
{
	if (flock(fd, LOCK_SH)) {
		*why = xasprintf("cannot lock %s: %s", dir, strerror(errno));
		return -1;
	}
	if (fits(dir, c, key))
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		*why = xasprintf("others use or make what is in %s", dir);
		return -1;
	}
	/* Somebody may just have made it. */
	if (!fits(dir, c, key) && make(dir, c, key, why))
		return -1;
	flock(fd, LOCK_SH);
	return 0;
}

bool snapshot_get(struct snapshot *s, const char *dir, const struct vm_config *config,
		  const char *kernel, const char *qemu, char **why)
{
	char *key = key_of(config, kernel, qemu), *lock = in(dir, "lock");
	char *from = in(dir, "events.jsonl"), *to = in(config->dir, "events.jsonl");
	bool good;

	*s = (struct snapshot){.dir = xstrdup(dir), .path = in(dir, "snapshot")};
	*why = NULL;
	mkdir(dir, 0777);
	s->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (s->lock < 0)
		*why = xasprintf("cannot open %s: %s", lock, strerror(errno));
	good = s->lock >= 0 && failures(dir) < MAX_FAILURES &&
	       !lock_and_make(s->lock, dir, config, key, why) && !copy_file(from, to, why);
	free(from);
	free(to);
	free(lock);
	free(key);
	return good;
}

void snapshot_drop(const struct snapshot *s)
{
	char *key = in(s->dir, "key"), *path = in(s->dir, "failures");
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	unlink(key);
	if (fd >= 0) {
		dprintf(fd, "x");
		close(fd);
	}
	free(key);
	free(path);
}

void snapshot_put(struct snapshot *s)
{
	if (s->lock >= 0)
		close(s->lock);
	free(s->dir);
	free(s->path);
}
