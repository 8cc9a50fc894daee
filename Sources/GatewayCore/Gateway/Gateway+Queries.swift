package import NetworkTypes
import OrderedCollections
import OverlayRing
import WireFormat

// What an operator asks of the overlay: echoes, traces, a crawl of the ring.
extension Gateway {
    /// Sends an echo to a member, once it has a path; `.echoEnded` tells what became of it. `false` when the member is
    /// unknown or too many wait.
    package mutating func echo(
        to node: NodeAddress, token: UInt64, timeout: Duration, now: Instant, effects: inout GatewayEffects
    ) -> Bool {
        guard directory[node] != nil || members[node]?.path != nil, echoes.count < 1_024 else { return false }
        echoes.append(Echo(token: token, node: node, sent: nil, expires: now + timeout))
        if members[node]?.path == nil { trafficWaits(for: node, now: now, effects: &effects) }
        sendEchoes(to: node, now: now, effects: &effects)
        return true
    }

    /// Sends what has waited for a path.
    mutating func sendEchoes(to node: NodeAddress, now: Instant, effects: inout GatewayEffects) {
        guard members[node]?.endpoint != nil else { return }
        for index in echoes.indices where echoes[index].node == node && echoes[index].sent == nil {
            echoes[index].sent = now
            effects.send(.echo(token: echoes[index].token), to: node)
        }
    }

    mutating func echoAnswered(_ token: UInt64, by node: NodeAddress, now: Instant, effects: inout GatewayEffects) {
        guard let index = echoes.firstIndex(where: { $0.token == token && $0.node == node }),
            let sent = echoes[index].sent
        else { return }
        let echo = echoes.remove(at: index)
        if echo.isTrace {
            traceEchoed(echo, after: now - sent, now: now, effects: &effects)
        } else {
            effects.append(.echoEnded(token: token, roundTrip: now - sent))
        }
    }

    /// Ends what has waited too long.
    mutating func queryTimeouts(now: Instant, effects: inout GatewayEffects) {
        for echo in echoes where echo.expires <= now {
            effects.append(
                echo.isTrace
                    ? .traceEnded(token: echo.token, nil) : .echoEnded(token: echo.token, roundTrip: nil))
        }
        echoes.removeAll { $0.expires <= now }
        for trace in traces where trace.expires <= now {
            effects.append(.traceEnded(token: trace.token, trace.result))
        }
        traces.removeAll { $0.expires <= now }
        questionTimeouts(now: now, effects: &effects)
        nameTimeouts(now: now, effects: &effects)
        if let crawl, crawl.asked.contains(where: { $0.expires <= now }) {
            crawlTimeouts(now: now, effects: &effects)
        }
    }

    /// When the first of them has waited too long.
    var queryDeadline: Instant? {
        var first = echoes.map(\.expires).min()
        let asked = traces.map(\.expires) + questions.map(\.expires) + names.open.map(\.expires)
        for deadline in asked + (crawl?.asked.map(\.expires) ?? []) {
            first = first.map { min($0, deadline) } ?? deadline
        }
        return first
    }
}

// The crawl: every member of the directory is asked who is beside it.
extension Gateway {
    /// Asks all members for their neighbours; `.crawlEnded` tells. `false` when a crawl is running.
    package mutating func crawl(token: UInt64, now: Instant, effects: inout GatewayEffects) -> Bool {
        guard crawl == nil else { return false }
        let others = directory.entries.filter { !$0.announcement.isWithdrawn && $0.node != node }.map(\.node)
        var run = Crawl(token: token, number: random.nextWord(), waiting: others.reversed())
        run.crawled.append(
            .init(node: node, left: ring.knownLeft, right: ring.knownRight, isAnswered: true))
        crawl = run
        continueCrawl(now: now, effects: &effects)
        return true
    }

    private mutating func continueCrawl(now: Instant, effects: inout GatewayEffects) {
        while let run = crawl, run.asked.count < OverlayLimits.crawlWindow, let next = crawl?.waiting.popLast() {
            crawl?.asked.append(
                .init(node: next, attempts: 1, expires: now + OverlayLimits.crawlTimeout))
            askNeighbours(next, number: run.number, now: now, effects: &effects)
        }
        guard let run = crawl, run.asked.isEmpty else { return }
        crawl = nil
        effects.append(
            .crawlEnded(token: run.token, CrawlResult(members: run.crawled.sorted { $0.node < $1.node })))
    }

    private mutating func askNeighbours(
        _ node: NodeAddress, number: UInt64, now: Instant, effects: inout GatewayEffects
    ) {
        var writer = WireWriter()
        writer.write(number)
        route(writer.bytes, .neighboursRequest, to: node, now: now, effects: &effects)
    }

    private mutating func crawlTimeouts(now: Instant, effects: inout GatewayEffects) {
        guard let run = crawl else { return }
        for question in run.asked where question.expires <= now {
            guard let index = crawl?.asked.firstIndex(where: { $0.node == question.node }) else { continue }
            if question.attempts < OverlayLimits.crawlAttempts {
                crawl?.asked[index].attempts += 1
                crawl?.asked[index].expires = now + OverlayLimits.crawlTimeout
                askNeighbours(question.node, number: run.number, now: now, effects: &effects)
            } else {
                crawl?.asked.remove(at: index)
                crawl?.crawled.append(.init(node: question.node, left: nil, right: nil, isAnswered: false))
            }
        }
        continueCrawl(now: now, effects: &effects)
    }

    mutating func answerNeighbours(_ packet: RoutedPacket, now: Instant, effects: inout GatewayEffects) {
        var reader = WireReader(packet.payload.span.bytes)
        guard let number = try? reader.readUInt64() else { return }
        var writer = WireWriter()
        writer.write(number)
        // As known, not as linked: two neighbours that cannot talk still agree on who is next.
        let left = ring.knownLeft
        let right = ring.knownRight
        writer.write(UInt8((left == nil ? 0 : 1) | (right == nil ? 0 : 2)))
        for neighbour in [left, right] {
            if let neighbour { writer.write(neighbour) }
        }
        route(writer.bytes, .neighboursAnswer, to: packet.source, now: now, effects: &effects)
    }

    mutating func neighboursAnswered(_ packet: RoutedPacket, now: Instant, effects: inout GatewayEffects) {
        var reader = WireReader(packet.payload.span.bytes)
        guard let number = try? reader.readUInt64(), number == crawl?.number,
            let index = crawl?.asked.firstIndex(where: { $0.node == packet.source }),
            let flags = try? reader.readUInt8()
        else { return }
        let left = flags & 1 != 0 ? try? reader.readNodeAddress() : nil
        let right = flags & 2 != 0 ? try? reader.readNodeAddress() : nil
        crawl?.asked.remove(at: index)
        crawl?.crawled.append(.init(node: packet.source, left: left, right: right, isAnswered: true))
        continueCrawl(now: now, effects: &effects)
    }
}
