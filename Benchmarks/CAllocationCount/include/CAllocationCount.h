#ifndef IPOP_ALLOCATION_COUNT_H
#define IPOP_ALLOCATION_COUNT_H

#include <stdint.h>

/// How often this thread has asked the heap for memory since it started: malloc, calloc, realloc, aligned_alloc,
/// memalign and posix_memalign. A program that links this target has these calls counted, in every library; the memory
/// itself comes from glibc as before. Always 0 under a sanitizer, which has a heap of its own.
uint64_t allocation_count(void);

/// Whether this build counts.
int allocation_count_works(void);

#endif
