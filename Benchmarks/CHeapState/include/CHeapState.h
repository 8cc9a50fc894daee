#ifndef IPOP_HEAP_STATE_H
#define IPOP_HEAP_STATE_H

#include <stddef.h>

/// Bytes that glibc's heap has handed out and not got back, rounding and headers included.
size_t heap_allocated_bytes(void);

/// Gives the kernel back every whole page of the heap that nothing lies in.
void heap_trim(void);

#endif
