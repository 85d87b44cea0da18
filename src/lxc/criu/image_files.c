/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads the files that a checkpoint's processes had open, mapped or as their program from CRIU's
 * images. Runs in the command and in the monitor; the images are trusted as far as guard.c has
 * verified their owner.
 */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "criu/image_edit.h"
#include "criu/image_files.h"
#include "criu/image_names.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define REGULAR_ID	 1 /* of a regular file in files.img */
#define REGULAR_PATH	 6
#define REGULAR_MOUNT	 7
#define REGULAR_SIZE	 8
#define REGULAR_EXTERNAL 9
#define REGULAR_MODE	 10
#define REGULAR_BUILD_ID 11

#define MOUNT_TYPE   1 /* of an entry in mountpoints-*.img */
#define MOUNT_ID     2
#define MOUNT_DEVICE 3
#define MOUNT_ROOT   6
#define MOUNT_TARGET 7
#define MOUNT_SOURCE 8
#define MOUNT_FSNAME 14
#define MOUNT_KEY    18

#define TYPE_AUTO 16 /* of a mount that CRIU knows no more of than what to give to mount() */

#define DEVICE_MINOR_BITS 20

#define REMAP_ID 1 /* of an entry in remap-fpath.img */

#define IDS_MOUNT_NS 9 /* of the entry in ids-*.img */

#define IMAGE_MAX (64 * 1024 * 1024)

static char *text_of(const struct field *f)
{
	return xstrndup((const char *)f->bytes.p, f->bytes.len);
}

/* A number that may be negative: the lowest bit is the sign. */
static int signed_of(const struct field *f)
{
	return (int)((uint32_t)f->value >> 1) ^ -(int)(f->value & 1);
}

static void add_build_id(struct criu_file *file, uint64_t word)
{
	for (int i = 0; i < 4 && file->build_id_len < BUILD_ID_MAX; i++)
		file->build_id[file->build_id_len++] = (uint8_t)(word >> (8 * i));
}

static int compare_mounts(const void *a, const void *b)
{
	const struct criu_mount *x = *(const struct criu_mount *const *)a;
	const struct criu_mount *y = *(const struct criu_mount *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void read_member(struct criu_file *file, const struct field *f, bool *external)
{
	switch (f->number) {
	case REGULAR_ID:
		file->id = (uint32_t)f->value;
		break;
	case REGULAR_PATH:
		free(file->path);
		file->path = text_of(f);
		break;
	case REGULAR_MOUNT:
		file->mount = signed_of(f);
		break;
	case REGULAR_SIZE:
		file->has_size = true;
		file->size = f->value;
		break;
	case REGULAR_EXTERNAL:
		*external = f->value != 0;
		break;
	case REGULAR_MODE:
		file->has_mode = true;
		file->mode = (unsigned int)f->value;
		break;
	case REGULAR_BUILD_ID:
		add_build_id(file, f->value);
		break;
	default:
		break;
	}
}

static void add_file(struct criu_files *files, struct bytes regular)
{
	struct criu_file file = {.mount = -1};
	bool external = false;
	struct field f = {0};

	while (take_field(&regular, &f))
		read_member(&file, &f, &external);
	if (external || !file.path || *file.path != '/') {
		free(file.path);
		return;
	}
	*ARRAY_ADD(files->v, files->n) = file;
}

void criu_files_add(struct criu_files *files, const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;

	if (!take_magic(&image, MAGIC_FILES))
		return;
	while (take_entry(&image, &entry)) {
		struct bytes regular;

		if (take_regular(entry, &regular))
			add_file(files, regular);
	}
}

static void set_text(char **text, const struct field *f)
{
	if (!*text)
		*text = text_of(f);
}

static void read_mount_member(struct criu_mount *m, const struct field *f)
{
	switch (f->number) {
	case MOUNT_ID:
		m->id = (int)f->value;
		break;
	case MOUNT_TYPE:
		m->automatic = f->value == TYPE_AUTO;
		break;
	case MOUNT_DEVICE:
		m->dev = makedev((unsigned int)f->value >> DEVICE_MINOR_BITS,
				 (unsigned int)f->value & ((1U << DEVICE_MINOR_BITS) - 1));
		break;
	case MOUNT_ROOT:
		set_text(&m->root, f);
		break;
	case MOUNT_TARGET:
		set_text(&m->target, f);
		break;
	case MOUNT_SOURCE:
		set_text(&m->source, f);
		break;
	case MOUNT_FSNAME:
		set_text(&m->type, f);
		break;
	case MOUNT_KEY:
		set_text(&m->key, f);
		break;
	default:
		break;
	}
}

static void add_mount(struct criu_files *files, unsigned int ns, struct bytes entry)
{
	struct criu_mount *m = ARRAY_ADD(files->mounts, files->n_mounts);
	struct field f = {0};

	*m = (struct criu_mount){.ns = ns};
	while (take_field(&entry, &f))
		read_mount_member(m, &f);
}

void criu_files_add_mounts(struct criu_files *files, unsigned int ns, const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;

	if (!take_magic(&image, MAGIC_MOUNTS))
		return;
	while (take_entry(&image, &entry))
		add_mount(files, ns, entry);
}

unsigned int criu_files_mount_ns(const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;
	struct field f = {0};

	if (!take_magic(&image, MAGIC_IDS) || !take_entry(&image, &entry))
		return 0;
	while (take_field(&entry, &f))
		if (f.number == IDS_MOUNT_NS)
			return (unsigned int)f.value;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* A container may have as many that are removed as others. */
static void remove_files(struct criu_files *files, uint32_t *ids, size_t n)
{
	size_t kept = 0;

	if (n == 0)
		return;
	qsort(ids, n, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < files->n; i++) {
		if (bsearch(&files->v[i].id, ids, n, sizeof(*ids), compare_ids))
			free(files->v[i].path);
		else
			files->v[kept++] = files->v[i];
	}
	files->n = kept;
}

void criu_files_remove(struct criu_files *files, const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;
	_cleanup_free_ uint32_t *ids = NULL;
	struct field f = {0};
	size_t n = 0;

	if (!take_magic(&image, MAGIC_REMAPS))
		return;
	while (take_entry(&image, &entry))
		while (take_field(&entry, &f))
			if (f.number == REMAP_ID)
				*ARRAY_ADD(ids, n) = (uint32_t)f.value;
	remove_files(files, ids, n);
}

static void read_image(int dirfd, const char *name, struct criu_files *files,
		       void (*add)(struct criu_files *, const void *, size_t))
{
	_cleanup_free_ char *text = NULL;
	ssize_t len = read_file_at(dirfd, name, IMAGE_MAX, &text);

	if (len > 0)
		add(files, text, (size_t)len);
}

/* mountpoints-N.img is that of the mount namespace N. */
static int read_mounts(int dirfd, const char *name, void *files)
{
	_cleanup_free_ char *text = NULL;
	ssize_t len = read_file_at(dirfd, name, IMAGE_MAX, &text);
	unsigned long ns = strtoul(name + strlen(CRIU_MOUNTS_PREFIX), NULL, 10);

	if (len > 0)
		criu_files_add_mounts(files, (unsigned int)ns, text, (size_t)len);
	return 0;
}

void criu_files_read_mounts(int dirfd, struct criu_files *ret)
{
	_cleanup_free_ char *ids = NULL;
	_cleanup_free_ char *name = xasprintf(CRIU_IDS_FORMAT, 1);
	ssize_t len = read_file_at(dirfd, name, IMAGE_MAX, &ids);

	if (len > 0)
		ret->init_ns = criu_files_mount_ns(ids, (size_t)len);
	each_image(dirfd, CRIU_MOUNTS_PREFIX, read_mounts, ret);
}

bool criu_mount_is_by_name(const struct criu_files *f, const struct criu_mount *m, dev_t rootfs)
{
	if (!m->automatic || m->key || !major(m->dev) || m->dev == rootfs || !m->source || !m->type)
		return false;
	for (size_t i = 0; i < f->n_mounts; i++)
		if (f->mounts[i].key && f->mounts[i].dev == m->dev)
			return false;
	return true;
}

const struct criu_mount *criu_files_mount(const struct criu_files *f, int id)
{
	const struct criu_mount key = {.id = id}, *wanted = &key;
	const struct criu_mount *const *found = NULL;

	if (f->by_id)
		found = bsearch(&wanted, f->by_id, f->n_mounts, sizeof(*f->by_id), compare_mounts);
	for (size_t i = 0; !f->by_id && i < f->n_mounts; i++)
		if (f->mounts[i].id == id)
			return &f->mounts[i];
	return found ? *found : NULL;
}

static const struct criu_mount *find_rootfs(const struct criu_files *f)
{
	const struct criu_mount *found = NULL;

	for (size_t i = 0; i < f->n_mounts; i++) {
		const struct criu_mount *m = &f->mounts[i];

		/* of several, one over the other, what is seen is the last */
		if ((f->init_ns == 0 || m->ns == f->init_ns) && m->target && m->root &&
		    strcmp(m->target, "/") == 0)
			found = m;
	}
	return found;
}

const struct criu_mount *criu_files_rootfs(const struct criu_files *f)
{
	return f->by_id ? f->rootfs : find_rootfs(f);
}

/* Callers look up a mount for each of many files. The lists stay as they are from here on. */
static void make_index(struct criu_files *f)
{
	f->rootfs = find_rootfs(f);
	f->by_id = xcalloc(f->n_mounts + 1, sizeof(*f->by_id));
	for (size_t i = 0; i < f->n_mounts; i++)
		f->by_id[i] = &f->mounts[i];
	if (f->n_mounts > 1)
		qsort(f->by_id, f->n_mounts, sizeof(*f->by_id), compare_mounts);
}

/* The nearest of them, should there be several. */
static const struct criu_mount *find_external(const struct criu_files *f,
					      const struct criu_mount *m)
{
	const struct criu_mount *found = m->key ? m : NULL;

	for (size_t i = 0; !m->key && m->root && i < f->n_mounts; i++) {
		const struct criu_mount *o = &f->mounts[i];

		if (o->dev == m->dev && o->key && o->root && criu_files_below(m->root, o->root) &&
		    (!found || strlen(o->root) > strlen(found->root)))
			found = o;
	}
	return found;
}

const struct criu_mount *criu_files_external(const struct criu_files *f, const struct criu_mount *m)
{
	return m->looked_up ? m->external : find_external(f, m);
}

/* Once for each mount that has files. */
static void look_up_external(struct criu_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct criu_mount *found = criu_files_mount(f, f->v[i].mount);
		struct criu_mount *m = found ? &f->mounts[found - f->mounts] : NULL;

		if (!m || m->looked_up)
			continue;
		m->external = find_external(f, m);
		m->looked_up = true;
	}
}

static void read_files(int dirfd, bool all, struct criu_files *ret)
{
	read_image(dirfd, CRIU_FILES, ret, criu_files_add);
	if (!all)
		read_image(dirfd, CRIU_REMAPS, ret, criu_files_remove);
	criu_files_read_mounts(dirfd, ret);
	make_index(ret);
	look_up_external(ret);
}

void criu_files_read(int dirfd, struct criu_files *ret)
{
	read_files(dirfd, false, ret);
}

void criu_files_read_all(int dirfd, struct criu_files *ret)
{
	read_files(dirfd, true, ret);
}

const char *criu_files_below(const char *path, const char *top)
{
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);

	if (strncmp(path, top, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path + len + strspn(path + len, "/");
}

static char *join(const char *folder, const char *rest)
{
	return xasprintf("%s%s%s", folder, *folder && *rest ? "/" : "", rest);
}

char *criu_files_in_rootfs(const struct criu_files *f, const struct criu_file *file)
{
	const struct criu_mount *rootfs = criu_files_rootfs(f);
	const struct criu_mount *mount = criu_files_mount(f, file->mount);
	const char *rest, *folder;

	if (!rootfs || !mount || !mount->root || !mount->target || mount->dev != rootfs->dev)
		return NULL;
	rest = criu_files_below(file->path, mount->target);
	folder = criu_files_below(mount->root, rootfs->root);
	if (!rest || !folder)
		return NULL;
	return join(folder, rest);
}

char *criu_files_in_external(const struct criu_files *f, const struct criu_file *file,
			     const char **ret_key)
{
	const struct criu_mount *mount = criu_files_mount(f, file->mount);
	const struct criu_mount *original = mount ? criu_files_external(f, mount) : NULL;
	const char *rest, *folder = "";

	if (!original || !mount->target)
		return NULL;
	rest = criu_files_below(file->path, mount->target);
	if (original != mount)
		folder = criu_files_below(mount->root, original->root);
	if (!rest || !folder)
		return NULL;
	*ret_key = original->key;
	return join(folder, rest);
}

void criu_files_clear(struct criu_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].path);
	free(f->v);
	for (size_t i = 0; i < f->n_mounts; i++) {
		free(f->mounts[i].root);
		free(f->mounts[i].target);
		free(f->mounts[i].key);
		free(f->mounts[i].source);
		free(f->mounts[i].type);
	}
	free(f->mounts);
	free(f->by_id);
	*f = (struct criu_files){0};
}

/* --- a program's build ID --- */

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* The notes of a segment: three words, a name, a text, each filled up to four bytes. */
static size_t id_of_notes(const uint8_t *notes, size_t len, uint8_t ret[BUILD_ID_MAX])
{
	Elf64_Nhdr h; /* the same for both classes */

	while (len >= sizeof(h)) {
		size_t name, text;

		memcpy(&h, notes, sizeof(h));
		name = padded(h.n_namesz);
		text = padded(h.n_descsz);
		if (name > len - sizeof(h) || text > len - sizeof(h) - name)
			return 0;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_descsz > 0 && text <= BUILD_ID_MAX) {
			memset(ret, 0, BUILD_ID_MAX);
			memcpy(ret, notes + sizeof(h) + name, h.n_descsz);
			return text;
		}
		notes += sizeof(h) + name + text;
		len -= sizeof(h) + name + text;
	}
	return 0;
}

/* Reads the class of ELF that nearly all programs have; CRIU checks the other one itself. */
size_t elf_build_id(const void *elf, size_t len, uint8_t ret[BUILD_ID_MAX])
{
	const uint8_t *p = elf;
	Elf64_Ehdr h;

	if (len < sizeof(h))
		return 0;
	memcpy(&h, p, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_phentsize != sizeof(Elf64_Phdr))
		return 0;
	for (size_t i = 0; i < h.e_phnum; i++) {
		size_t at = i * sizeof(Elf64_Phdr), n;
		Elf64_Phdr segment;

		if (h.e_phoff > len || at + sizeof(segment) > len - h.e_phoff)
			return 0;
		memcpy(&segment, p + h.e_phoff + at, sizeof(segment));
		if (segment.p_type != PT_NOTE || segment.p_offset > len ||
		    segment.p_filesz > len - segment.p_offset)
			continue;
		n = id_of_notes(p + segment.p_offset, segment.p_filesz, ret);
		if (n)
			return n;
	}
	return 0;
}
