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
        var excess: String?
        func check(_ count: Int, _ limit: Int, _ what: StaticString) {
            if count > limit { excess = excess ?? "\(count) \(what), of which there may be \(limit)" }
        }
        check(ring.links.count, RingLimits.links, "ring links")
        check(runs.count, handshakes, "handshakes")
        check(overlayPeers.count, OverlayLimits.overlayPeers, "overlay peers")
        check(streams.count, StreamLimits.streamCount, "streams")
        check(questions.count, OperatorLimits.questions, "questions")
        check(relayUses.count, PathLimits.relayUses, "ways through relays")
        check(relayedPairs.count, PathLimits.relayedPairs, "relayed pairs")
        check(traces.count, OverlayLimits.traces, "traces")
        check(echoes.count, 2_048, "echoes")
        check(observations.reports.count, PathLimits.observations, "observed endpoints")
        check(refusals.count, SessionLimits.refusals, "refusals")
        check(names.open.count, NameLimits.questions, "names asked for")
        check(hosts.local.count, HostLimits.hosts, "hosts")
        check(hosts.remote.count, HostLimits.remoteHosts, "hosts of others")
        check(directory.entries.count, DirectoryLimits.memberCount, "announcements")
        return excess
    }
}
