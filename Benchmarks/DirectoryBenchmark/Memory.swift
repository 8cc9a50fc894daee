import CHeapState
import Glibc

/// What this process has of memory at one moment.
struct Memory {
    /// Resident bytes: VmRSS, which counts whole pages, also such as the allocator keeps after use.
    let resident: Int
    /// Bytes that are allocated and not freed, as the allocator counts them, with its rounding.
    let allocated: Int

    /// As it is now.
    static func now() -> Memory {
        Memory(resident: residentByteCount(), allocated: Int(heap_allocated_bytes()))
    }

    private static func residentByteCount() -> Int {
        let file = open("/proc/self/status", O_RDONLY)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            let count = max(0, read(file, buffer.baseAddress, buffer.count))
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return (line?.split(whereSeparator: { " \t:".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0)
                * 1_024
        }
    }
}
