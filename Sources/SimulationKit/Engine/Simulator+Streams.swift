import GatewayCore
import NetworkTypes

// TLS connections between hosts: allowed where UDP is blocked.
extension Simulator {
    /// Carries out what the host's core wants of streams.
    func carryOutStreamOrders(of host: SimulatedHost) {
        for order in host.takeStreamOrders() {
            switch order {
            case .open(let number, let remote): openStream(number, from: host, to: remote)
            case .close(let number): closeStream(number, of: host)
            }
        }
    }

    private func openStream(_ number: UInt64, from host: SimulatedHost, to remote: Endpoint) {
        guard case .host(let target)? = table.target(at: remote), let far = slots[Int(target)],
            far.endpoint == remote, canReach(host, far)
        else {
            schedule(.streamFailed, host.handle << 32 | Int(number), after: SimulatedStream.timeout.wholeNanoseconds)
            return
        }
        let place = StreamEnd(stream: streams.count, end: 0)
        let address = host.translator.map { translators[$0].address } ?? host.endpoint.address
        let port = UInt16(32_768 + place.stream % 28_000)
        let near = SimulatedStream.End(handle: host.handle, number: number, remote: remote)
        let accepted = SimulatedStream.End(
            handle: far.handle, number: StreamLimits.acceptedBit | UInt64(place.stream),
            remote: Endpoint(address: address, port: port))
        streams.append(SimulatedStream(ends: [near, accepted]))
        for (end, index) in [(near, 0), (accepted, 1)] {
            streamEnds[StreamKey(handle: end.handle, number: end.number)] = StreamEnd(
                stream: place.stream, end: index)
        }
        // TCP and TLS: the server is done with the client's second flight, the client hears of refusals a round later.
        let delay = latency(from: host, to: far)
        schedule(.streamOpened, place.other.subject, after: 3 * delay)
        schedule(.streamOpened, place.subject, after: 4 * delay)
    }

    private func closeStream(_ number: UInt64, of host: SimulatedHost) {
        guard let end = streamEnds.removeValue(forKey: StreamKey(handle: host.handle, number: number)),
            let far = slots[streams[end.stream].ends[end.other.end].handle], !streams[end.stream].isBroken
        else { return }
        schedule(.streamClosed, end.other.subject, after: latency(from: host, to: far))
    }

    /// Ends every stream of the host, as a firewall that is restarted does.
    package func cutStreams(of host: SimulatedHost) {
        for (index, stream) in streams.enumerated()
        where !stream.isBroken && stream.ends.contains(where: { $0.handle == host.handle }) {
            breakStream(index, after: 1)
        }
    }

    private func breakStream(_ index: Int, after delay: Int64) {
        streams[index].isBroken = true
        for end in 0...1 { schedule(.streamClosed, StreamEnd(stream: index, end: end).subject, after: delay) }
    }

    /// Sends a datagram over a stream.
    func send(_ bytes: [UInt8], from host: SimulatedHost, overStream number: UInt64) {
        bitsSent += UInt64(bytes.count + SimulatedStream.headerByteCount) * 8
        guard let near = streamEnds[StreamKey(handle: host.handle, number: number)], !streams[near.stream].isBroken
        else { return }
        let end = streams[near.stream].ends[near.other.end]
        guard let far = slots[end.handle], canReach(host, far) else {
            breakStream(near.stream, after: SimulatedStream.timeout.wholeNanoseconds)
            return
        }
        var delay = latency(from: host, to: far)
        // What is lost is sent again after a round trip.
        if network.lossPerMille > 0, random.chance(network.lossPerMille, in: 1_000) { delay *= 3 }
        let arrival = max(now.nanoseconds + UInt64(max(delay, 1)), end.lastArrival)
        streams[near.stream].ends[near.other.end].lastArrival = arrival
        let endpoint = Endpoint(stream: end.number)
        let place = slab.store(
            TravellingDatagram(
                bytes: bytes, source: endpoint, destination: endpoint, target: .stream(near.other.subject)))
        events.add(SimulationEvent(.arrival, place), at: Instant(nanoseconds: arrival))
    }

    /// Who is at an end of a stream, if it is still open there.
    func receiver(atStreamEnd subject: Int) -> SimulatedHost? {
        let place = StreamEnd(subject: subject)
        let end = streams[place.stream].ends[place.end]
        guard streamEnds[StreamKey(handle: end.handle, number: end.number)] != nil else { return nil }
        return slots[end.handle]
    }

    /// A stream is open at one end.
    func streamOpened(_ subject: Int) {
        guard let host = receiver(atStreamEnd: subject) else { return }
        let place = StreamEnd(subject: subject)
        let end = streams[place.stream].ends[place.end]
        guard let far = slots[streams[place.stream].ends[place.other.end].handle] else { return }
        let (now, peer) = (now, far.node)
        input(host) { $0.streamOpened(end.number, remote: end.remote, peer: peer, now: now, effects: &$1) }
    }

    /// A stream is closed at one end.
    func streamClosed(_ subject: Int) {
        let place = StreamEnd(subject: subject)
        let end = streams[place.stream].ends[place.end]
        guard streamEnds.removeValue(forKey: StreamKey(handle: end.handle, number: end.number)) != nil,
            let host = slots[end.handle]
        else { return }
        let now = now
        input(host) { $0.streamClosed(end.number, fault: .closed, now: now, effects: &$1) }
    }

    /// A stream could not be opened.
    func streamFailed(_ subject: Int) {
        guard let host = slots[subject >> 32] else { return }
        let now = now
        let number = UInt64(subject & 0xffff_ffff)
        input(host) { $0.streamClosed(number, fault: .unreachable, now: now, effects: &$1) }
    }

    /// Whether TCP passes between two hosts: it passes where UDP is blocked.
    private func canReach(_ near: SimulatedHost, _ far: SimulatedHost) -> Bool {
        places[near.place].side == places[far.place].side
            && network.connectivity.canTalk(near.place, far.place, seed: seed)
            && !network.unreachable.contains(near.endpoint) && !network.unreachable.contains(far.endpoint)
            && !network.pairs.contains { $0.concerns(near.place, far.place) && $0.isCut }
    }

    private func latency(from near: SimulatedHost, to far: SimulatedHost) -> Int64 {
        let base = network.latency.base(places[near.place], places[far.place])
        let pair = network.pairs.first { $0.concerns(near.place, far.place) }
        let added = pair?.delay.wholeNanoseconds ?? 0
        return network.latency.delay(base: base + added, random: &random) + places[far.place].slowness
    }

    private func schedule(_ kind: SimulationEvent.Kind, _ subject: Int, after delay: Int64) {
        events.add(SimulationEvent(kind, subject), at: Instant(nanoseconds: now.nanoseconds + UInt64(max(delay, 1))))
    }
}
