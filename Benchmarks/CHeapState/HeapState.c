#include "CHeapState.h"

#include <malloc.h>

size_t heap_allocated_bytes(void)
{
    struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

void heap_trim(void) { malloc_trim(0); }
