import ControlProtocol
import GatewayCore
import NetworkTypes

/// Counts refused handshakes since the daemon's start: the core forgets a peer's once the peer is let in.
struct RefusalTally {
    /// What the core counts by.
    private struct Key: Hashable {
        let address: IPAddress
        let site: String?
        let code: String
    }

    private var seen: [Key: Int] = [:]
    private var counts: [PathReason: UInt64] = [:]

    /// Notes what the core has now.
    mutating func note(_ refusals: [Gateway.Refusal]) {
        if refusals.isEmpty, seen.isEmpty { return }
        var current: [Key: Int] = [:]
        for refusal in refusals {
            let key = Key(address: refusal.endpoint.address, site: refusal.site, code: refusal.reason.code)
            let known = seen[key] ?? 0
            // Fewer than before: the core has begun anew.
            let added = refusal.count >= known ? refusal.count - known : refusal.count
            if added > 0 { counts[PathReason(rawValue: key.code) ?? .protocolError, default: 0] += UInt64(added) }
            current[key] = refusal.count
        }
        seen = current
    }

    /// In the order of the reasons.
    var reports: [RefusalCount] {
        PathReason.allCases.compactMap { reason in counts[reason].map { RefusalCount(reason: reason, count: $0) } }
    }
}
