package import NetworkTypes

/// What must hold whatever happens.
package enum Invariant: String, Sendable, CaseIterable {
    /// A timeout moves its own deadline: or the loop would spin.
    case timeoutsMoveOn = "timeouts-move-on"
    /// One input does not set off a flood.
    case boundedOutput = "bounded-output"
    /// What a member holds for others has limits, whatever they do.
    case boundedState = "bounded-state"
    /// A packet comes to an end within the hop limit.
    case routingTerminates = "routing-terminates"
    /// An address that a living host wants is some living host's again within two lease times.
    case addressesFindOwners = "addresses-find-owners"
    /// A scenario's own expectation.
    case expectation = "expectation"
}

/// A broken invariant: when, where and what.
package struct InvariantViolation: Error, Equatable, Sendable, CustomStringConvertible {
    package let invariant: Invariant
    package let time: Instant
    /// The site, unless it is about all of them.
    package let host: String?
    package let detail: String

    package var description: String {
        let seconds = FixedPoint.text(Int64(time.nanoseconds / 1_000_000) - 1_000, decimals: 3)
        return "\(invariant.rawValue) broken at \(seconds) s\(host.map { " by \($0)" } ?? ""): \(detail)"
    }
}

/// Numbers with a fixed count of decimals, as text: without floating point, so one run prints one way.
package enum FixedPoint {
    /// `value` in units of ten to the power of minus `decimals`.
    package static func text(_ value: Int64, decimals: Int) -> String {
        var digits = String(value.magnitude)
        while digits.utf8.count <= decimals { digits = "0" + digits }
        let sign = value < 0 ? "-" : ""
        return decimals == 0 ? sign + digits : "\(sign)\(digits.dropLast(decimals)).\(digits.suffix(decimals))"
    }
}
