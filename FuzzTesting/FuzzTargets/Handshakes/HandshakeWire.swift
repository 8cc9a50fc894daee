import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// A client's and a server's engine with a wire between them that may alter datagrams.
final class HandshakeWire {
    static let clientEndpoint = Endpoint(address: IPAddress(192, 0, 2, 1), port: 7_867)
    /// Retransmissions asked for at most: a handshake that is not over by then hangs, which the core's timeout ends.
    private static let tickLimit = 6
    private static let datagramLimit = 200

    /// What arrives in place of the datagram of this number.
    var alter: (_ number: Int, _ datagram: [UInt8]) -> [[UInt8]] = { _, datagram in [datagram] }
    private(set) var clientResult: HandshakeResult?
    private(set) var serverResult: HandshakeResult?
    /// How often a side has said that it is over.
    private(set) var endCount = 0
    private(set) var sentByteCount = 0
    /// Every datagram as it was sent.
    private(set) var sent: [[UInt8]] = []

    private let provider: DTLSHandshakeProvider
    private let client: any HandshakeEngine
    private var server: (any HandshakeEngine)?
    private var underway: [(isToServer: Bool, bytes: [UInt8])] = []

    init?(_ identities: TestIdentities) {
        guard let near = try? DTLSHandshakeProvider(identity: identities.client),
            let far = try? DTLSHandshakeProvider(identity: identities.server)
        else { return nil }
        provider = far
        client = near.makeClient(localIndex: 1)
    }

    func run() {
        act(isServer: false) { $0.start(output: &$1) }
        deliver()
        for _ in 0..<Self.tickLimit where endCount < 2 {
            act(isServer: false) { $0.retransmit(output: &$1) }
            act(isServer: true) { $0.retransmit(output: &$1) }
            deliver()
        }
    }

    /// Whether what one cipher seals the other opens to the same bytes.
    static func carries(from sealing: any PacketCipher, to opening: any PacketCipher) -> Bool {
        let header = [UInt8](0..<16)
        let plain = [UInt8](repeating: 7, count: 40)
        var sealed = [UInt8](repeating: 0, count: plain.count + 16)
        var opened = [UInt8](repeating: 0, count: plain.count)
        sealing.seal(header: header, plaintext: plain, byteCount: plain.count, output: &sealed)
        return opening.open(header: header, ciphertext: sealed, byteCount: sealed.count, output: &opened)
            && opened == plain
    }

    private func deliver() {
        while !underway.isEmpty, sent.count < Self.datagramLimit {
            let next = underway.removeFirst()
            if next.isToServer, server == nil {
                admit(next.bytes)
            } else {
                act(isServer: next.isToServer) { $0.receive(next.bytes, output: &$1) }
            }
        }
    }

    private func admit(_ bytes: [UInt8]) {
        var output = HandshakeOutput()
        let admission = provider.admit(bytes, from: Self.clientEndpoint, localIndex: 2, output: &output)
        if case .accepted(let engine, let progress) = admission {
            server = engine
            note(progress, isServer: true)
        }
        send(output, isToServer: false)
    }

    private func act(
        isServer: Bool, _ body: (any HandshakeEngine, inout HandshakeOutput) -> HandshakeProgress
    ) {
        guard let engine = isServer ? server : client else { return }
        var output = HandshakeOutput()
        note(body(engine, &output), isServer: isServer)
        send(output, isToServer: !isServer)
    }

    private func note(_ progress: HandshakeProgress, isServer: Bool) {
        switch progress {
        case .running:
            return
        case .completed(let result):
            if isServer { serverResult = result } else { clientResult = result }
        case .failed:
            break
        }
        endCount += 1
    }

    private func send(_ output: HandshakeOutput, isToServer: Bool) {
        for datagram in output.datagrams {
            sentByteCount += datagram.count
            underway += alter(sent.count, datagram).map { (isToServer, $0) }
            sent.append(datagram)
        }
    }
}
