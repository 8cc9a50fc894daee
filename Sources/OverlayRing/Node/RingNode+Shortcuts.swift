package import NetworkTypes
import OrderedCollections

// Shortcuts: links for traffic, as long as there is traffic.
extension RingNode {
    /// Traffic went to `node`, or came from it. Enough of it earns a link of its own.
    package mutating func trafficObserved(
        _ node: NodeAddress, byteCount: UInt64, now: Instant, effects: inout RingEffects
    ) {
        guard node != own.node, !isLeaving else { return }
        if let index = linkIndex(of: node) {
            links[index].lastTraffic = now
            if links[index].purposes.contains(.shortcut) || links[index].theirPurposes.contains(.shortcut) { return }
        }
        guard count(byteCount, with: node, now: now) >= RingLimits.shortcutByteCount, canHaveShortcut else { return }
        traffic.removeValue(forKey: node)
        if let index = linkIndex(of: node) {
            setPurpose(.shortcut, true, at: index, now: now)
            scheduleTrim(now: now)
        } else {
            // Nobody here knows how it is reached: it answers with its contact, and dials by ours.
            request(node, mode: .exact, purposes: .shortcut, through: nil, now: now, effects: &effects)
        }
    }

    private var canHaveShortcut: Bool {
        links.reduce(0) { $0 + ($1.purposes.contains(.shortcut) ? 1 : 0) } < RingLimits.shortcuts
    }

    /// Adds to a destination's count, which fades: halved for each half-life gone by.
    private mutating func count(_ byteCount: UInt64, with node: NodeAddress, now: Instant) -> UInt64 {
        if var entry = traffic[node] {
            let halves = (now - entry.counted).wholeNanoseconds / RingLimits.trafficHalfLife.wholeNanoseconds
            if halves > 0 {
                entry.byteCount = halves > 63 ? 0 : entry.byteCount >> UInt64(halves)
                entry.counted = now
            }
            entry.byteCount = entry.byteCount.addingReportingOverflow(byteCount).partialValue
            traffic[node] = entry
            return entry.byteCount
        }
        // The oldest makes room: what has traffic comes back at once.
        if traffic.count >= RingLimits.countedDestinations { traffic.removeFirst() }
        traffic[node] = TrafficCount(byteCount: byteCount, counted: now)
        return byteCount
    }
}
