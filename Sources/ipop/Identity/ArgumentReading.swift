import ArgumentParser
import GatewayConfiguration
import NetworkTypes

/// Turns arguments into values, with errors that say what was meant. The parser names the option in front.
enum ArgumentReading {
    /// A prefix in CIDR notation.
    @Sendable static func prefix(_ text: String) throws -> IPPrefix {
        switch IPPrefix.parse(text) {
        case .success(let prefix): return prefix
        case .failure(let error): throw ValidationError(error.description)
        }
    }

    /// HOST:PORT.
    @Sendable static func hostAndPort(_ text: String) throws -> HostAndPort {
        guard let host = HostAndPort(text) else {
            throw ValidationError("it must be HOST:PORT, as in gw.example:7867 or [2001:db8::1]:7867")
        }
        return host
    }

    /// The name of a site or a grid.
    @Sendable static func name(_ text: String) throws -> String {
        guard SiteName.isValid(text) else { throw ValidationError("a name has \(SiteName.rule)") }
        return text
    }

    /// Refuses prefixes that overlap each other.
    static func checkDisjoint(_ prefixes: [IPPrefix], option: String) throws {
        for (index, later) in prefixes.enumerated() {
            if let earlier = prefixes[..<index].first(where: { $0.overlaps(later) }) {
                throw ValidationError(
                    earlier == later
                        ? "\(option) \(later) is given twice" : "\(option) \(later) overlaps \(option) \(earlier)")
            }
        }
    }

    /// Refuses a lease time that a profile may not have.
    static func checkLease(_ seconds: Int?) throws {
        let range = GridProfile.leaseSecondsRange
        guard let seconds, !range.contains(seconds) else { return }
        throw ValidationError("--lease-seconds must be from \(range.lowerBound) to \(range.upperBound)")
    }

    /// Refuses prefixes that no site can route to another.
    static func checkRoutable(_ prefixes: [IPPrefix], option: String) throws {
        for prefix in prefixes {
            let first = prefix.address
            if prefix.length == 0 || first.isLoopback || first.isLinkLocal || first.isMulticast {
                throw ValidationError("\(option) \(prefix) cannot be routed between sites")
            }
        }
    }
}
