import GatewayCore
import LinuxSystem
import NetworkTypes
import PacketForwarding

/// The gateway's UDP sockets: one for each family (or for each configured address), all on one port.
final class DatagramPorts: DatagramSink {
    let sockets: [UDPSocket]
    /// Takes what goes over TLS connections.
    private let streams: StreamPorts
    /// The time, for the age of what waits on streams; set before each batch.
    var now = Instant(nanoseconds: 0)
    /// Endpoints to which a datagram was too large for the kernel, with its payload, since the last look.
    private(set) var tooBig: [(endpoint: Endpoint, payload: Int)] = []
    /// Sealed datagrams that go over the overlay, since the last look.
    private(set) var overOverlay: [(datagram: [UInt8], endpoint: Endpoint)] = []
    /// Frames of relays: this gateway's own, and others' that it passes on.
    let relays = RelayPort()
    /// By which of several uplinks datagrams leave and come in.
    let uplinks = UplinkTable()
    /// Datagrams that the kernel did not take, for any other reason.
    private(set) var sendFailures: UInt64 = 0

    /// Opens the sockets. An address family that the host lacks is left out; it is an error when none is left.
    init(port: UInt16, addresses: [IPAddress], options: UDPSocketOptions, streams: StreamPorts) throws(SystemError) {
        self.streams = streams
        self.port = port
        self.addresses = addresses
        var sockets: [UDPSocket] = []
        if addresses.isEmpty {
            let v4 = try UDPSocket(family: .v4, address: nil, port: port, options: options)
            sockets.append(v4)
            // A host without IPv6 is a host all the same.
            if let v6 = try? UDPSocket(family: .v6, address: nil, port: port, options: options) { sockets.append(v6) }
        }
        for address in addresses {
            sockets.append(try UDPSocket(family: address.family, address: address, port: port, options: options))
        }
        self.sockets = sockets
    }

    /// The port and the addresses that the sockets were opened with; no addresses: all.
    let port: UInt16
    let addresses: [IPAddress]

    /// Whether the kernel segments and coalesces for us, on every socket.
    var offloads: (segmentation: Bool, coalescing: Bool) {
        (sockets.allSatisfy(\.segmentsInKernel), sockets.allSatisfy(\.coalescesInKernel))
    }

    func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {
        switch endpoint.medium {
        case .udp:
            transmit(train, segmentSize: segmentSize, to: endpoint, trafficClass: trafficClass)
        case .relay:
            sendFrames(train, segmentSize: segmentSize, to: endpoint, trafficClass: trafficClass)
        case .tcp:
            streams.send(train, segmentSize: segmentSize, to: endpoint, now: now)
        case .overlay:
            keep(train, segmentSize: segmentSize, to: endpoint)
        }
    }

    /// Passes frames of a relayed pair on.
    func passOn(_ frames: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {
        switch endpoint.medium {
        case .udp, .tcp: send(frames, segmentSize: segmentSize, to: endpoint, trafficClass: trafficClass)
        case .relay, .overlay: sendFailures += 1
        }
    }

    private func sendFrames(
        _ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8
    ) {
        let isOpen = relays.wrap(train, segmentSize: segmentSize, to: endpoint) { frames, frameSize, via in
            passOn(frames, segmentSize: frameSize, to: via, trafficClass: trafficClass)
        }
        if !isOpen { sendFailures += 1 }
    }

    private func transmit(
        _ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8
    ) {
        let origin = uplinks.origin(of: endpoint)
        guard let socket = socket(family: endpoint.address.family, origin) else {
            sendFailures += 1
            return
        }
        switch socket.send(train, segmentSize: segmentSize, to: endpoint, trafficClass: trafficClass, from: origin) {
        case .sent:
            break
        case .tooBig:
            if tooBig.count < 64 { tooBig.append((endpoint, segmentSize - Self.sealOverhead)) }
        case .wouldBlock, .failed:
            sendFailures += 1
        }
    }

    /// The socket that has the origin's address, or that takes all.
    private func socket(family: AddressFamily, _ origin: LocalOrigin) -> UDPSocket? {
        if !addresses.isEmpty, let address = origin.address,
            let bound = sockets.first(where: { $0.local.address == address })
        {
            return bound
        }
        return sockets.first { $0.family == family }
    }

    /// Keeps the datagrams of a train for the core, which sends them over the ring's hops.
    private func keep(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint) {
        var rest = train[...]
        while !rest.isEmpty {
            guard overOverlay.count < Self.overlayLimit else {
                sendFailures += 1
                return
            }
            overOverlay.append((Array(rest.prefix(segmentSize)), endpoint))
            rest = rest.dropFirst(segmentSize)
        }
    }

    /// Takes what goes over the overlay out.
    func drainOverOverlay() -> [(datagram: [UInt8], endpoint: Endpoint)] {
        guard !overOverlay.isEmpty else { return [] }
        defer { overOverlay.removeAll(keepingCapacity: true) }
        return overOverlay
    }

    /// Takes what was too large out.
    func drainTooBig() -> [(endpoint: Endpoint, payload: Int)] {
        guard !tooBig.isEmpty else { return [] }
        defer { tooBig.removeAll(keepingCapacity: true) }
        return tooBig
    }

    private static let sealOverhead = 32
    /// Datagrams for the overlay in one batch; more is a stream that the overlay is not made for.
    private static let overlayLimit = 1_024
}
