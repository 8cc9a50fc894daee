import CLinuxShims
import Glibc

/// The kernel's random numbers (getrandom(2)), good for secrets.
package enum SystemRandom {
    /// `count` random bytes. Waits at most until the kernel has gathered its first seed after the start of the machine.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let result = ipop_random(&bytes, count)
            if result == 0 { return bytes }
            precondition(result == -EINTR, "getrandom(2) can only be interrupted")
        }
    }

    /// A seed for a `SeededRandom`.
    package static func seed() -> UInt64 {
        bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
