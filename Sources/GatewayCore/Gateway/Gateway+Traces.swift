package import NetworkTypes
import OrderedCollections
import OverlayRing
import WireFormat

// The way to a member: who is on it, and then what each of them says of its own link to the next.
extension Gateway {
    /// Finds the way that datagrams to a member take; `.traceEnded` tells. `forcesOverlay`: the ring's way, even when
    /// there is a direct path. `false` when too many wait.
    package mutating func trace(
        to node: NodeAddress, forcesOverlay: Bool, token: UInt64, timeout: Duration, now: Instant,
        effects: inout GatewayEffects
    ) -> Bool {
        guard node != self.node, traces.count < OverlayLimits.traces else { return false }
        if !forcesOverlay, let medium = members[node]?.endpoint?.medium, medium != .overlay {
            echoes.append(Echo(token: token, node: node, sent: nil, expires: now + timeout, isTrace: true))
            sendEchoes(to: node, now: now, effects: &effects)
            return true
        }
        traces.append(
            Trace(token: token, node: node, sent: now, expires: now + timeout, number: random.nextWord()))
        var writer = WireWriter()
        writer.write(token)
        route(writer.bytes, .traceRequest, to: node, isTraced: true, now: now, effects: &effects)
        return true
    }

    mutating func answerTrace(_ packet: RoutedPacket, now: Instant, effects: inout GatewayEffects) {
        var reader = WireReader(packet.payload.span.bytes)
        guard let token = try? reader.readUInt64(), let trace = packet.trace else { return }
        var writer = WireWriter()
        writer.write(token)
        writer.write(UInt8(min(trace.count, RingLimits.hops)))
        for node in trace.prefix(RingLimits.hops) { writer.write(node) }
        route(writer.bytes, .traceAnswer, to: packet.source, now: now, effects: &effects)
    }

    mutating func traceAnswered(_ packet: RoutedPacket, now: Instant, effects: inout GatewayEffects) {
        var reader = WireReader(packet.payload.span.bytes)
        guard let token = try? reader.readUInt64(), let count = try? reader.readUInt8(), count <= RingLimits.hops,
            let index = traces.firstIndex(where: {
                $0.token == token && $0.node == packet.source && $0.result == nil
            })
        else { return }
        var hops: [NodeAddress] = []
        for _ in 0..<count {
            guard let node = try? reader.readNodeAddress() else { return }
            hops.append(node)
        }
        let trace = traces[index]
        // The first that forwarded it is this gateway.
        var way = (hops.dropFirst() + [trace.node]).map { TraceResult.Hop(node: $0, link: nil, roundTrip: nil) }
        let roundTrip = now - trace.sent
        way[0].link = traceLink(to: way[0].node)
        way[way.count - 1].roundTrip = roundTrip
        traces[index].result = TraceResult(way: way, roundTrip: roundTrip, isDirect: false)
        traces[index].asked = now
        traces[index].expires = min(trace.expires, now + OverlayLimits.traceQuestionTime)
        askHops(at: index, now: now, effects: &effects)
    }

    /// A member that is not reached over the ring has answered an echo: the way is known, save what a relay says of its
    /// part.
    mutating func traceEchoed(
        _ echo: Echo, after roundTrip: Duration, now: Instant, effects: inout GatewayEffects
    ) {
        let relay = members[echo.node]?.endpoint.flatMap { relayUses[$0]?.relay }
        var way = [
            TraceResult.Hop(
                node: echo.node, link: relay == nil ? traceLink(to: echo.node) : nil, roundTrip: roundTrip)
        ]
        if let relay {
            way.insert(TraceResult.Hop(node: relay, link: traceLink(to: relay), roundTrip: nil), at: 0)
        }
        var trace = Trace(
            token: echo.token, node: echo.node, sent: now,
            expires: min(echo.expires, now + OverlayLimits.traceQuestionTime),
            number: random.nextWord())
        trace.result = TraceResult(way: way, roundTrip: roundTrip, isDirect: true)
        trace.asked = now
        traces.append(trace)
        askHops(at: traces.count - 1, now: now, effects: &effects)
    }

    /// Asks those on the way that can tell of their part of it.
    private mutating func askHops(at index: Int, now: Instant, effects: inout GatewayEffects) {
        let trace = traces[index]
        for hop in trace.silent {
            var writer = WireWriter()
            writer.write(trace.number)
            writer.write(hop.next)
            // As long as the longest answer: nobody gets more than was sent in his name.
            let filling = OverlayLimits.traceQuestionByteCount - writer.bytes.count
            writer.write(raw: [UInt8](repeating: 0, count: filling))
            route(writer.bytes, .traceQuestion, to: hop.node, now: now, effects: &effects)
        }
        concludeTrace(at: index, effects: &effects)
    }

    /// Somebody asks for this member's path to another.
    mutating func answerTraceQuestion(_ packet: RoutedPacket, now: Instant, effects: inout GatewayEffects) {
        guard packet.payload.count >= OverlayLimits.traceQuestionByteCount else { return }
        var reader = WireReader(packet.payload.span.bytes)
        guard let number = try? reader.readUInt64(), let next = try? reader.readNodeAddress() else { return }
        var writer = WireWriter()
        writer.write(number)
        writer.write(next)
        let link = traceLink(to: next)
        writer.write(UInt8(link == nil ? 0 : 1))
        if let link { writer.write(link) }
        route(writer.bytes, .traceWord, to: packet.source, now: now, effects: &effects)
    }

    mutating func traceQuestionAnswered(_ packet: RoutedPacket, now: Instant, effects: inout GatewayEffects) {
        var reader = WireReader(packet.payload.span.bytes)
        guard let number = try? reader.readUInt64(), let next = try? reader.readNodeAddress(),
            let isKnown = try? reader.readUInt8(),
            let index = traces.firstIndex(where: { $0.number == number }), let asked = traces[index].asked,
            let hop = traces[index].silent.first(where: { $0.node == packet.source && $0.next == next })
        else { return }
        let link = isKnown != 0 ? try? reader.readTraceLink() : nil
        traces[index].result?.way[hop.index].roundTrip = now - asked
        traces[index].result?.way[hop.index + 1].link = link
        concludeTrace(at: index, effects: &effects)
    }

    /// Ends a trace of which nothing is missing any more.
    private mutating func concludeTrace(at index: Int, effects: inout GatewayEffects) {
        guard let result = traces[index].result, traces[index].silent.isEmpty else { return }
        effects.append(.traceEnded(token: traces.remove(at: index).token, result))
    }

    /// What this member knows of its own path to another; `nil` without one.
    func traceLink(to node: NodeAddress) -> TraceLink? {
        guard let member = members[node], let path = member.path else { return nil }
        return TraceLink(
            kind: TraceLink.Kind(path.medium), endpoint: underlayEndpoint(of: path.endpoint),
            roundTrip: path.roundTrip, reason: pathReason(of: member).code)
    }
}
