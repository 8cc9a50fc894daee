// Counts what a whole program asks the heap for: preloaded into ipopd by Benchmarks/site-to-site.
//
//     cc -shared -fPIC -O2 -o allocation-counter.so allocation-counter.c
//     LD_PRELOAD=./allocation-counter.so ALLOCATION_COUNTER_FILE=FILE program
//
// FILE, at least 8 bytes long, is mapped; its first 8 bytes are the count, which anybody may read at any time. The
// memory itself comes from glibc as before.

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t members, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

// Counts before the file is mapped, and without one, are lost: the start is not what is measured.
static uint64_t unread;
static uint64_t *count = &unread;

__attribute__((constructor)) static void map_count(void)
{
    const char *path = getenv("ALLOCATION_COUNTER_FILE");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return;
    void *place = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (place != MAP_FAILED)
        count = place;
    close(file);
}

static void note(void) { __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); }

void *malloc(size_t size)
{
    note();
    return __libc_malloc(size);
}

void *calloc(size_t members, size_t size)
{
    note();
    return __libc_calloc(members, size);
}

void *realloc(void *memory, size_t size)
{
    note();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size)
{
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    note();
    void *found = __libc_memalign(alignment, size);
    if (found == NULL)
        return ENOMEM;
    *memory = found;
    return 0;
}
