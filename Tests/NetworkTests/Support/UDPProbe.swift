import GatewayLab
import LinuxSystem
import NetworkTypes
import Testing

/// A UDP socket in one of a lab's namespaces, for asking NATs what they do.
final class UDPProbe {
    private let socket: UDPSocket
    private let poller: Poller
    private let buffer: UnsafeMutableRawBufferPointer

    /// Opens a socket at a node, on a port of its own or one that the kernel chooses.
    init(_ lab: Lab, at node: LabNode, port: UInt16 = 0) throws {
        socket = try NetworkNamespace.run(lab.namespace(node)) { try UDPSocket(family: .v4, port: port) }
        poller = try Poller()
        try poller.add(socket.rawDescriptor, interest: .readable, token: 0)
        buffer = .allocate(byteCount: UDPSocket.receiveByteCount, alignment: 8)
    }

    deinit { buffer.deallocate() }

    var port: UInt16 { socket.localPort }

    func send(_ text: String, to endpoint: Endpoint) {
        let result = Array(text.utf8).withUnsafeBytes {
            socket.send($0, segmentSize: $0.count, to: endpoint, trafficClass: 0)
        }
        #expect(result == .sent, "\(text) to \(endpoint)")
    }

    /// The next datagram, which must come.
    func receive(sourceLocation: SourceLocation = #_sourceLocation) throws -> (text: String, source: Endpoint) {
        let deadline = MonotonicClock.now() + .seconds(10)
        while MonotonicClock.now() < deadline {
            if let received = try take() { return received }
            poller.wait(until: deadline) { _, _ in }
        }
        return try #require(nil, "no datagram came", sourceLocation: sourceLocation)
    }

    /// The next datagram if there is one already.
    ///
    /// Within one machine datagrams arrive in the order in which they are sent, so after one that was sent later
    /// nothing is on its way any more.
    func take() throws -> (text: String, source: Endpoint)? {
        guard let received = try socket.receive(into: buffer) else { return nil }
        return (String(decoding: buffer[..<received.byteCount], as: UTF8.self), received.source)
    }

    /// Sends something to another probe and returns the source that it sees.
    func source(seenBy other: UDPProbe, at address: String) throws -> Endpoint {
        send("what am I?", to: try endpoint(address, other.port))
        return try other.receive().source
    }
}

/// An endpoint whose address is given as text.
func endpoint(_ address: String, _ port: UInt16) throws -> Endpoint {
    Endpoint(address: try #require(IPAddress(address)), port: port)
}
