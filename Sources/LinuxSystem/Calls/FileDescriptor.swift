import Glibc

/// The owner of an open file descriptor: closes it when it goes away.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number; valid as long as the owner lives.
    package let rawValue: Int32

    /// Takes over `rawValue`, which nobody else may close.
    package init(adopting rawValue: Int32) {
        precondition(rawValue >= 0, "a descriptor is never negative")
        self.rawValue = rawValue
    }

    /// Gives the descriptor away: the caller closes it.
    package consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }

    deinit {
        // Linux frees the number even when close(2) reports an interruption or a late write error: never twice.
        let result = Glibc.close(rawValue)
        precondition(result == 0 || errno != EBADF, "a descriptor was closed behind its owner's back")
    }
}
