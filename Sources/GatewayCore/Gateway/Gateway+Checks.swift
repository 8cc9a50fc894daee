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
        func fault(_ count: Int, _ limit: Int, _ what: StaticString) -> String? {
            count <= limit ? nil : "\(count) \(what), of which there may be \(limit)"
        }
        // A run lingers after its end, and dials go to four endpoints of a member.
        let handshakes = 2 * HandshakeLimits.serverCount + 4 * (RingLimits.attempts + members.count)
        return fault(ring.links.count, RingLimits.links, "ring links")
            ?? fault(runs.count, handshakes, "handshakes")
            ?? fault(overlayPeers.count, OverlayLimits.overlayPeers, "overlay peers")
            ?? fault(streams.count, StreamLimits.streamCount, "streams")
            ?? fault(questions.count, OperatorLimits.questions, "questions")
            ?? fault(traces.count, OverlayLimits.traces, "traces") ?? fault(echoes.count, 2_048, "echoes")
            ?? fault(observed.count, SessionLimits.observedEndpoints, "observed endpoints")
            ?? fault(refusals.count, SessionLimits.refusals, "refusals")
            ?? fault(directory.entries.count, DirectoryLimits.memberCount, "announcements")
    }
}
