import Glibc

/// A system call that failed: which one, with what number, on what.
package struct SystemError: Error, Equatable, Sendable {
    /// The call's name as the manual has it, `open`.
    package let call: String
    /// The error's number, errno(3).
    package let errno: Int32
    /// What the call was about, such as a path or a device's name.
    package let subject: String?

    package init(call: String, errno: Int32, subject: String? = nil) {
        self.call = call
        self.errno = errno
        self.subject = subject
    }

    /// The number's meaning in words, `Permission denied`.
    package var reason: String { Self.describe(errno: errno) }

    /// The meaning of an error number in words.
    package static func describe(errno: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard strerror_r(errno, buffer.baseAddress!, buffer.count) == 0 else { return "error \(errno)" }
            return String(cString: buffer.baseAddress!)
        }
    }
}

extension SystemError: CustomStringConvertible {
    /// `open /dev/net/tun: Permission denied`.
    package var description: String {
        if let subject { "\(call) \(subject): \(reason)" } else { "\(call): \(reason)" }
    }
}
