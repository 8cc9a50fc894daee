package import LinkSecurity
package import NetworkTypes
import WireFormat

/// Encrypts nothing: the simulator's cipher, with a tag that only has the right length.
package final class PlaintextCipher: PacketCipher {
    package init() {}

    /// Copies, and appends a tag of zeros.
    package func seal(
        header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) {
        output.copyMemory(from: plaintext, byteCount: byteCount)
        (output + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: SealedHeader.tagByteCount)
    }

    /// Copies, and believes every tag.
    package func open(
        header: UnsafeRawPointer, ciphertext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) -> Bool {
        output.copyMemory(from: ciphertext, byteCount: byteCount - SealedHeader.tagByteCount)
        return true
    }
}

/// A handshake of one round trip in plain text, behind the same contract as the real one.
///
/// Hello: a ClientHello's first 59 bytes as far as the core reads them, receiver index, node. Answer: a record of
/// type 22 that is no ClientHello with the random of the hello that it answers, receiver index, node. Refusal: the same
/// with another mark, and which fault it is.
package final class PlaintextHandshakeProvider: HandshakeProvider {
    /// Where a hello has its random, and an answer the same.
    static let random = 27..<59
    private let identity: SimulatedIdentity
    private var random: SeededRandom

    package init(identity: SimulatedIdentity, seed: UInt64) {
        self.identity = identity
        random = SeededRandom(seed: seed)
    }

    /// A client's engine with a random of its own.
    package func makeClient(localIndex: UInt32) -> any HandshakeEngine {
        var hello = [UInt8](repeating: 0, count: 59)
        hello[0] = 22
        hello[13] = 1
        for index in Self.random { hello[index] = UInt8(truncatingIfNeeded: random.nextWord()) }
        return PlaintextHandshake(identity: identity, localIndex: localIndex, prefix: hello)
    }

    /// Accepts at once: a simulated network has no forged sources.
    package func admit(
        _ datagram: [UInt8], from source: Endpoint, localIndex: UInt32, output: inout HandshakeOutput
    ) -> HandshakeAdmission {
        var answer = [UInt8](repeating: 0, count: 59)
        answer[0] = 22
        answer[13] = 2
        if datagram.count >= 59 { answer[Self.random] = datagram[Self.random] }
        let engine = PlaintextHandshake(identity: identity, localIndex: localIndex, prefix: answer)
        return .accepted(engine, engine.receive(datagram, output: &output))
    }
}

/// One side of a plain text handshake.
package final class PlaintextHandshake: HandshakeEngine {
    private let identity: SimulatedIdentity
    private let message: [UInt8]
    private let isClient: Bool
    private var isCompleted = false
    private static let refusalMark: UInt8 = 3

    init(identity: SimulatedIdentity, localIndex: UInt32, prefix: [UInt8]) {
        self.identity = identity
        isClient = prefix[13] == 1
        var writer = WireWriter()
        writer.write(raw: prefix)
        writer.write(localIndex)
        writer.write(identity.own.node)
        message = writer.bytes
    }

    /// Sends the hello.
    package func start(output: inout HandshakeOutput) -> HandshakeProgress {
        output.datagrams.append(message)
        return .running
    }

    /// Takes the other side's message, which ends the handshake.
    package func receive(_ datagram: [UInt8], output: inout HandshakeOutput) -> HandshakeProgress {
        guard !isCompleted else {
            if !isClient { output.datagrams.append(message) }
            return .running
        }
        var reader = WireReader(datagram.span.bytes)
        guard let prefix = try? reader.readBytes(59), let index = try? reader.readUInt32(),
            let node = try? reader.readNodeAddress()
        else { return .running }
        // An answer to another hello, of a handshake that was given up, says nothing here.
        let random = PlaintextHandshakeProvider.random
        guard prefix[random] == message[random] else { return .running }
        if isClient, prefix[13] == Self.refusalMark, CertificateFault.allCases.indices.contains(Int(prefix[14])) {
            return .failed(.refusedByPeer(CertificateFault.allCases[Int(prefix[14])]))
        }
        switch identity.verifyCertificate(node.bytes) {
        case .failure(let fault):
            if !isClient { output.datagrams.append(refusal(fault)) }
            return .failed(.refused(fault, site: nil))
        case .success(let peer):
            if !isClient { output.datagrams.append(message) }
            isCompleted = true
            return .completed(
                HandshakeResult(
                    peer: peer, sealing: PlaintextCipher(), opening: PlaintextCipher(), remoteIndex: index, version: 1))
        }
    }

    private func refusal(_ fault: CertificateFault) -> [UInt8] {
        var bytes = message
        bytes[13] = Self.refusalMark
        bytes[14] = UInt8(CertificateFault.allCases.firstIndex(of: fault) ?? 0)
        return bytes
    }

    /// Repeats the hello until it is answered.
    package func retransmit(output: inout HandshakeOutput) -> HandshakeProgress {
        if isClient, !isCompleted { output.datagrams.append(message) }
        return .running
    }
}
