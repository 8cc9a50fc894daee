import CNetlink
import Glibc

/// A netlink request that did not succeed.
package struct NetlinkError: Error, Equatable, Sendable {
    /// What went wrong.
    package enum Cause: Equatable, Sendable {
        /// The kernel's answer: an `errno` value, and its own explanation where it gave one.
        case kernel(code: Int32, explanation: String?)
        /// libnl's own error, an `NLE_*` value.
        case library(code: Int32)
        /// The step is not one for netlink.
        case notForNetlink
        /// The kernel took the step, and it is wanted still.
        case withoutEffect
    }

    /// What was tried, as the iproute2 command that does the same.
    package let operation: String
    package let cause: Cause

    package init(operation: String, cause: Cause) {
        self.operation = operation
        self.cause = cause
    }

    /// The kernel's `errno`, when it was the kernel that refused.
    package var kernelCode: Int32? {
        if case .kernel(let code, _) = cause { code } else { nil }
    }

    /// The cause alone, in words.
    package var reason: String {
        switch cause {
        case .kernel(let code, let explanation):
            "\(String(cString: strerror(code))) (errno \(code))\(explanation.map { ": \($0)" } ?? "")"
        case .library(let code): "\(String(cString: nl_geterror(code))) (libnl \(code))"
        case .notForNetlink: "not a request to the kernel"
        case .withoutEffect: "taken without effect"
        }
    }
}

extension NetlinkError: CustomStringConvertible {
    /// `ip route add ...: Network is unreachable (errno 101): Nexthop has invalid gateway`.
    package var description: String { "\(operation): \(reason)" }
}
