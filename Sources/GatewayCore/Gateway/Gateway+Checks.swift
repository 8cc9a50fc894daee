import LinkSecurity
package import NetworkTypes
import OrderedCollections
package import OverlayRing

// What a simulation looks at from outside.
extension Gateway {
    /// The ring's part, as it is now.
    package var ringNode: RingNode { ring }
    /// It has its neighbours on the ring and takes part in routing.
    package var isInRing: Bool { ring.isRoutable }
    /// Of nodes and sequence numbers: equal directories have equal digests.
    package var directoryDigest: UInt64 { directory.digest }
    /// Whether the directory has an announcement of `node`.
    package func knows(_ node: NodeAddress) -> Bool { directory[node] != nil }

    /// The first table that holds more than its limit; `nil` as it must be. O(1), for after each event.
    package var exceededLimit: String? {
        // A run lingers after its end, and dials go to four endpoints of a member.
        let handshakes = 2 * HandshakeLimits.serverCount + 4 * (RingLimits.attempts + members.count)
        let tables: [(count: Int, limit: Int, what: StaticString)] = [
            (ring.links.count, RingLimits.links, "ring links"), (runs.count, handshakes, "handshakes"),
            (overlayPeers.count, OverlayLimits.overlayPeers, "overlay peers"),
            (streams.count, StreamLimits.streamCount, "streams"),
            (questions.count, OperatorLimits.questions, "questions"),
            (relayUses.count, PathLimits.relayUses, "ways through relays"),
            (relayedPairs.count, PathLimits.relayedPairs, "relayed pairs"),
            (traces.count, OverlayLimits.traces, "traces"), (echoes.count, 2_048, "echoes"),
            (observations.reports.count, PathLimits.observations, "observed endpoints"),
            (refusals.count, SessionLimits.refusals, "refusals"),
            (names.open.count, NameLimits.questions, "names asked for"),
            (hosts.local.count, HostLimits.hosts, "hosts"),
            (hosts.remote.count, HostLimits.remoteHosts, "hosts of others"),
            (directory.entries.count, DirectoryLimits.memberCount, "announcements"),
        ]
        for table in tables where table.count > table.limit {
            return "\(table.count) \(table.what), of which there may be \(table.limit)"
        }
        return nil
    }
}
