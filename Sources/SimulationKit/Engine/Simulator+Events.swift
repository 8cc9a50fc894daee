import GatewayCore
import NetworkTypes

// What happens when, and what becomes of datagrams.
extension Simulator {
    func step(at time: Instant) {
        now = max(now, time)
        let event = events.removeFirst()
        eventCount += 1
        digest.add(now.nanoseconds)
        switch event.kind {
        case .arrival: arrive(slab.take(event.subject))
        case .wakeup: wake(event.subject)
        case .streamOpened: streamOpened(event.subject)
        case .streamClosed: streamClosed(event.subject)
        case .streamFailed: streamFailed(event.subject)
        }
    }

    /// What follows every input of a host.
    func finish(_ host: SimulatedHost) {
        if !outbox.isEmpty {
            checkOutput(of: host)
            for datagram in outbox { send(datagram.bytes, from: host, to: datagram.destination) }
            outbox.removeAll(keepingCapacity: true)
        }
        if host.hasStreamOrders { carryOutStreamOrders(of: host) }
        checkState(of: host)
        host.due = host.nextWakeup
        schedule(host)
    }

    private func wake(_ handle: Int) {
        // Superseded by an earlier one that was put in later, or the host is gone.
        guard let host = slots[handle], host.wakeAt == now else { return }
        host.wakeAt = nil
        // What it wanted has changed since.
        if let due = host.due, due.deadline > now { return schedule(host) }
        digest.add(UInt64(handle))
        host.handleTimeout(now: now, outbox: &outbox)
        finish(host)
        if host.lan != nil, let next = host.due, next.deadline <= now {
            // What the LAN has asked for since is one more input.
            host.handleTimeout(now: now, outbox: &outbox)
            finish(host)
        }
        if let next = host.due, next.deadline <= now {
            fail(.timeoutsMoveOn, at: host, "it wants to be woken again at once: \(next.reason)")
        }
    }

    private func schedule(_ host: SimulatedHost) {
        guard let wakeup = host.due, isAlive(host) else { return }
        let time = max(wakeup.deadline, now)
        if let at = host.wakeAt, at <= time { return }
        host.wakeAt = time
        events.add(SimulationEvent(.wakeup, host.handle), at: time)
    }

    private func arrive(_ datagram: TravellingDatagram) {
        guard let host = receiver(of: datagram) else { return }
        digest.add(UInt64(host.handle) << 32)
        digest.add(datagram.bytes)
        host.receive(
            datagram.bytes, from: host.seen(datagram.source, at: datagram.destination), now: now, outbox: &outbox)
        finish(host)
    }

    private func receiver(of datagram: TravellingDatagram) -> SimulatedHost? {
        switch datagram.target {
        case .host(let handle):
            if let host = slots[Int(handle)], host.endpoint == datagram.destination { return host }
            // It has moved, or somebody else is there now.
            return table.hosts[datagram.destination].flatMap { slots[Int($0)] }
        case .translator(let number):
            let translator = translators[Int(number)]
            guard let inside = translator.inbound(to: datagram.destination.port, from: datagram.source, now: now)
            else { return nil }
            return translator.inside[inside].flatMap { slots[$0] }
        case .stream(let end):
            return receiver(atStreamEnd: end)
        }
    }

    private func send(_ bytes: [UInt8], from host: SimulatedHost, to way: Endpoint) {
        datagramCount += 1
        let destination = way.place
        if let stream = destination.streamNumber { return send(bytes, from: host, overStream: stream) }
        bitsSent += UInt64(bytes.count + NetworkConditions.headerByteCount) * 8
        guard bytes.count + NetworkConditions.headerByteCount <= network.mtu else { return }
        var source = host.source(toward: way)
        if !network.unreachable.isEmpty,
            network.unreachable.contains(source) || network.unreachable.contains(destination)
        {
            return
        }
        var target: NetworkTarget?
        if let number = host.translator {
            if let neighbour = translators[number].inside[destination] {
                target = .host(Int32(neighbour))
            } else {
                source = translators[number].outbound(from: source, to: destination, now: now)
            }
        }
        guard let target = target ?? table.target(at: destination) else { return }
        let far = place(of: target)
        guard places[host.place].side == places[far].side, !places[host.place].blocksUDP, !places[far].blocksUDP,
            network.connectivity.canTalk(host.place, far, seed: seed),
            network.lossPerMille == 0 || !random.chance(network.lossPerMille, in: 1_000)
        else { return }
        var base = network.latency.base(places[host.place], places[far])
        if let pair = network.pairs.first(where: { $0.concerns(host.place, far) }) {
            guard !random.chance(pair.lossPerMille, in: 1_000) else { return }
            base += pair.delay.wholeNanoseconds
        }
        if !network.slow.isEmpty {
            base += ((network.slow[source] ?? .zero) + (network.slow[destination] ?? .zero)).wholeNanoseconds
        }
        let isTwice = network.duplicationPerMille > 0 && random.chance(network.duplicationPerMille, in: 1_000)
        for _ in 0..<(isTwice ? 2 : 1) {
            var delay = network.latency.delay(base: base, random: &random) + places[far].slowness
            if network.reorderingPerMille > 0, random.chance(network.reorderingPerMille, in: 1_000) {
                delay += Int64(random.below(UInt64(2 * delay) + 1))
            }
            let place = slab.store(
                TravellingDatagram(bytes: bytes, source: source, destination: destination, target: target))
            events.add(
                SimulationEvent(.arrival, place), at: Instant(nanoseconds: now.nanoseconds + UInt64(max(delay, 1))))
        }
    }

    private func place(of target: NetworkTarget) -> Int {
        switch target {
        case .host(let handle): Int(placeNumbers[Int(handle)])
        case .translator(let number): translators[Int(number)].place
        case .stream(let end): receiver(atStreamEnd: end)?.place ?? 0
        }
    }
}
