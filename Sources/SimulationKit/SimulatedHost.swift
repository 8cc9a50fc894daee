package import GatewayCore
import LinkSecurity
package import NetworkTypes
import WireFormat

/// One gateway in a simulated world: the real core, and as much of a data plane as control messages need.
package final class SimulatedHost {
    package let identity: SimulatedIdentity
    package private(set) var endpoint: Endpoint
    package var gateway: Gateway
    package private(set) var notices: [GatewayNotice] = []
    package private(set) var paths: [NodeAddress: (endpoint: Endpoint, payload: Int)] = [:]
    package private(set) var echoes: [(token: UInt64, roundTrip: Duration?)] = []
    /// Names that resolve.
    package var names: [HostAndPort: [Endpoint]] = [:]
    /// Sealed with a key for which this host had no generation: what a restart looks like from the far end.
    package private(set) var unopened = 0

    private var effects = GatewayEffects()
    private var generations: [UInt32: (node: NodeAddress, keys: KeyGeneration)] = [:]
    private var active: [NodeAddress: UInt32] = [:]
    private var seen: Set<UInt32> = []

    package init(identity: SimulatedIdentity, endpoint: Endpoint, settings: CoreSettings, seed: UInt64, now: Instant) {
        self.identity = identity
        self.endpoint = endpoint
        gateway = Gateway(
            settings: settings, identity: identity,
            handshakes: PlaintextHandshakeProvider(identity: identity, seed: seed &+ 1), seed: seed, unixSeconds: 0,
            now: now)
    }

    /// Carries out one input and returns the datagrams that it sends.
    package func run(
        now: Instant, _ input: (inout Gateway, inout GatewayEffects) -> Void
    ) -> [(bytes: [UInt8], to: Endpoint)] {
        input(&gateway, &effects)
        var sent: [(bytes: [UInt8], to: Endpoint)] = []
        while !effects.list.isEmpty {
            let list = effects.list
            effects.removeAll()
            for effect in list { carryOut(effect, now: now, sent: &sent) }
        }
        return sent
    }

    /// Takes a datagram from the network.
    package func receive(_ bytes: [UInt8], from source: Endpoint, now: Instant) -> [(bytes: [UInt8], to: Endpoint)] {
        guard let first = bytes.first, first >= 128 else {
            return run(now: now) { $0.receiveHandshake(bytes, from: source, now: now, effects: &$1) }
        }
        guard bytes.count >= SealedHeader.overhead,
            let header = bytes.withUnsafeBytes({ SealedHeader(reading: $0.baseAddress!) }),
            let generation = generations[header.receiverIndex]
        else {
            unopened += 1
            return []
        }
        let message = Array(bytes[SealedHeader.byteCount..<bytes.count - SealedHeader.tagByteCount])
        return run(now: now) { gateway, effects in
            let node = generation.node
            if self.seen.insert(header.receiverIndex).inserted {
                gateway.generationConfirmed(node, localIndex: header.receiverIndex, now: now, effects: &effects)
            }
            if let path = self.paths[node], path.endpoint != source {
                gateway.peerMoved(node, to: source, now: now, effects: &effects)
            }
            gateway.receiveControl(message.span.bytes, from: node, source: source, now: now, effects: &effects)
        }
    }

    /// The host's own address changes: a laptop that moves, a NAT that forgets.
    package func move(to endpoint: Endpoint) { self.endpoint = endpoint }

    private func carryOut(
        _ effect: GatewayEffects.Effect, now: Instant, sent: inout [(bytes: [UInt8], to: Endpoint)]
    ) {
        switch effect {
        case .sendHandshake(let bytes, let endpoint):
            sent.append((bytes, endpoint))
        case .sendControl(let message, let node, let endpoint, let padding, let localIndex):
            guard let index = localIndex ?? active[node], let keys = generations[index]?.keys,
                let endpoint = endpoint ?? paths[node]?.endpoint
            else { return }
            sent.append((seal(message, keys: keys, paddedTo: padding), endpoint))
        case .setPath(let node, let endpoint, let payload):
            paths[node] = endpoint.map { ($0, payload) }
        case .install(let keys, let node):
            generations[keys.localIndex] = (node, keys)
        case .activate(let localIndex, let node):
            active[node] = localIndex
        case .removeGeneration(let localIndex):
            generations[localIndex] = nil
            seen.remove(localIndex)
            for node in [NodeAddress](active.keys).sorted() where active[node] == localIndex { active[node] = nil }
        case .resolve(let name):
            gateway.bootstrapResolved(name, names[name] ?? [], now: now, effects: &effects)
        case .echoEnded(let token, let roundTrip):
            echoes.append((token, roundTrip))
        case .notice(let notice):
            notices.append(notice)
        case .addPeer, .removePeer, .routesChanged, .membersChanged:
            break
        }
    }

    private func seal(_ message: ControlMessage, keys: KeyGeneration, paddedTo padding: Int?) -> [UInt8] {
        var payload = message.encoded
        if let padding, payload.count < padding { payload += [UInt8](repeating: 0, count: padding - payload.count) }
        var bytes = [UInt8](repeating: 0, count: payload.count + SealedHeader.overhead)
        let header = SealedHeader(
            type: .control, epoch: keys.epoch, flags: [], receiverIndex: keys.remoteIndex, counter: keys.sendCounter)
        keys.sendCounter += 1
        bytes.withUnsafeMutableBytes { buffer in
            header.write(to: buffer.baseAddress!)
            payload.withUnsafeBytes {
                keys.sealing.seal(
                    header: buffer.baseAddress!, plaintext: $0.baseAddress!, byteCount: $0.count,
                    output: buffer.baseAddress! + SealedHeader.byteCount)
            }
        }
        return bytes
    }
}
