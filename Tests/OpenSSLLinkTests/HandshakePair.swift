import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// Two gateways' handshake engines with a wire of datagrams between them, driven until nothing more happens.
final class HandshakePair {
    /// A side of the pair.
    enum Side {
        case client
        case server
    }

    /// What may be done to the wire: given a datagram's number, who sent it, and its bytes, returns what arrives.
    typealias Wire = (_ number: Int, _ sender: Side, _ bytes: [UInt8]) -> [[UInt8]]

    static let clientEndpoint = Endpoint("192.0.2.1:7867")!
    static let clientIndex: UInt32 = 0x0102_0304
    static let serverIndex: UInt32 = 0xf0e0_d0c0

    let clientProvider: DTLSHandshakeProvider
    let serverProvider: DTLSHandshakeProvider
    let client: any HandshakeEngine
    private(set) var server: (any HandshakeEngine)?
    private(set) var clientResult: HandshakeResult?
    private(set) var serverResult: HandshakeResult?
    private(set) var clientFault: HandshakeFault?
    private(set) var serverFault: HandshakeFault?
    /// How often an engine has said that it has completed or failed.
    private(set) var endCount = 0
    /// Every datagram that was sent, in order.
    private(set) var sent: [(sender: Side, bytes: [UInt8])] = []
    var wire: Wire = { _, _, bytes in [bytes] }
    private var underway: [(receiver: Side, bytes: [UInt8])] = []

    init(client: DTLSHandshakeProvider, server: DTLSHandshakeProvider) {
        clientProvider = client
        serverProvider = server
        self.client = client.makeClient(localIndex: Self.clientIndex)
    }

    convenience init(client: SiteIdentity, server: SiteIdentity) throws {
        self.init(
            client: try DTLSHandshakeProvider(identity: client), server: try DTLSHandshakeProvider(identity: server))
    }

    /// Whether each side opens what the other seals, and does not open what itself seals.
    var carriesBothWays: Bool {
        guard let client = clientResult, let server = serverResult else { return false }
        return Self.carries(from: client.sealing, to: server.opening)
            && Self.carries(from: server.sealing, to: client.opening)
            && !Self.carries(from: client.sealing, to: client.opening)
    }

    /// Whether what one cipher seals the other opens to the same bytes.
    static func carries(from sealing: any PacketCipher, to opening: any PacketCipher) -> Bool {
        let header = [UInt8](0..<16)
        let plain = Array("a datagram".utf8)
        var sealed = [UInt8](repeating: 0, count: plain.count + 16)
        var opened = [UInt8](repeating: 0, count: plain.count)
        sealing.seal(header: header, plaintext: plain, byteCount: plain.count, output: &sealed)
        return opening.open(header: header, ciphertext: sealed, byteCount: sealed.count, output: &opened)
            && opened == plain
    }

    var isComplete: Bool { clientResult != nil && serverResult != nil }

    /// Starts the client and runs until both have ended, or have been asked to retransmit `ticks` times.
    func run(ticks: Int = 20) {
        var output = HandshakeOutput()
        note(client.start(output: &output), .client, output)
        deliver()
        for _ in 0..<ticks where !hasEnded {
            tick()
        }
    }

    /// Asks both for retransmission once, and delivers what comes of it.
    func tick() {
        var output = HandshakeOutput()
        note(client.retransmit(output: &output), .client, output)
        if let server {
            output = HandshakeOutput()
            note(server.retransmit(output: &output), .server, output)
        }
        deliver()
    }

    /// Hands one side a datagram out of the blue; returns what it answers.
    func inject(_ bytes: [UInt8], to receiver: Side) -> [[UInt8]] {
        var output = HandshakeOutput()
        note(receive(bytes, receiver, &output), receiver, HandshakeOutput())
        return output.datagrams
    }

    private var hasEnded: Bool {
        (clientResult != nil || clientFault != nil) && (serverResult != nil || serverFault != nil)
    }

    private func deliver() {
        // A handshake has some ten datagrams; a hundred times as many are a storm.
        while !underway.isEmpty, sent.count < 1_000 {
            let next = underway.removeFirst()
            var output = HandshakeOutput()
            note(receive(next.bytes, next.receiver, &output), next.receiver, output)
        }
    }

    private func receive(_ bytes: [UInt8], _ side: Side, _ output: inout HandshakeOutput) -> HandshakeProgress {
        switch side {
        case .client:
            return client.receive(bytes, output: &output)
        case .server:
            if let server { return server.receive(bytes, output: &output) }
            let admission = serverProvider.admit(
                bytes, from: Self.clientEndpoint, localIndex: Self.serverIndex, output: &output)
            guard case .accepted(let engine, let progress) = admission else { return .running }
            server = engine
            return progress
        }
    }

    private func note(_ progress: HandshakeProgress, _ side: Side, _ output: HandshakeOutput) {
        if case .running = progress {} else { endCount += 1 }
        switch (progress, side) {
        case (.running, _): break
        case (.completed(let result), .client): clientResult = result
        case (.completed(let result), .server): serverResult = result
        case (.failed(let fault), .client): clientFault = fault
        case (.failed(let fault), .server): serverFault = fault
        }
        for bytes in output.datagrams {
            let arriving = wire(sent.count, side, bytes)
            sent.append((side, bytes))
            underway += arriving.map { (side == .client ? .server : .client, $0) }
        }
    }
}
