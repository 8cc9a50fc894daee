import LinkSecurity
import NetworkTypes
import PacketForwarding

/// A gateway's data plane with its surroundings recorded.
final class Site {
    let node: NodeAddress
    let endpoint: Endpoint
    let recorder = Recorder()
    let plane: ForwardingPlane

    init(_ number: UInt8, limits: ForwardingLimits = ForwardingLimits()) {
        node = NodeAddress(high: UInt64(number), middle: 0, low: 0)
        endpoint = Endpoint(address: IPAddress(198, 51, 100, number), port: 7_867)
        plane = ForwardingPlane(datagrams: recorder, frames: recorder, control: recorder, limits: limits)
        plane.setExports(Site.prefixes(number))
        plane.now = Instant(nanoseconds: 1_000_000_000_000)
    }

    /// 10.n.0.0/16 and 2001:db8:n::/48.
    static func prefixes(_ number: UInt8) -> [IPPrefix] {
        [
            IPPrefix(containing: IPAddress(10, number, 0, 0), length: 16),
            IPPrefix(containing: address6(number, 0), length: 48),
        ]
    }

    /// 10.n.0.host.
    static func address4(_ number: UInt8, _ host: UInt8) -> IPAddress { IPAddress(10, number, 0, host) }

    /// 2001:db8:n::host.
    static func address6(_ number: UInt8, _ host: UInt8) -> IPAddress {
        IPAddress(v6High: 0x2001_0db8_0000_0000 | UInt64(number) << 16, low: UInt64(host))
    }

    static func routes(_ number: UInt8, _ node: NodeAddress) -> [(prefix: IPPrefix, node: NodeAddress)] {
        prefixes(number).map { ($0, node) }
    }

    /// The key generation of this site with another; both derive the same keys from the two numbers.
    func install(with other: Site, number: UInt32 = 1, isActive: Bool = true) {
        let local = Site.index(node, other.node, number)
        plane.install(
            KeyGeneration(
                localIndex: local, remoteIndex: Site.index(other.node, node, number), epoch: UInt8(number),
                sealing: TestCipher(key: Site.key(node, other.node, number)),
                opening: TestCipher(key: Site.key(other.node, node, number))),
            for: other.node)
        if isActive { plane.activate(localIndex: local, for: other.node) }
    }

    /// The index by which `owner` knows its generation with `other`.
    static func index(_ owner: NodeAddress, _ other: NodeAddress, _ number: UInt32) -> UInt32 {
        UInt32(owner.high) << 24 | UInt32(other.high) << 16 | number
    }

    static func key(_ from: NodeAddress, _ to: NodeAddress, _ number: UInt32) -> UInt64 {
        (from.high << 32 | to.high << 16 | UInt64(number)) &* 0xd134_2543_de82_ef95
    }

    /// Reads a frame of the TAP and ends the batch.
    func forward(_ frame: [UInt8], flush: Bool = true) {
        var frame = frame
        frame.withUnsafeMutableBytes { plane.forwardFrame($0) }
        if flush { plane.flush() }
    }

    /// Reads datagrams of the socket.
    func receive(
        _ bytes: [UInt8], segmentSize: Int = 0, from source: Endpoint, trafficClass: UInt8 = 0, flush: Bool = true
    ) {
        var bytes = bytes
        bytes.withUnsafeMutableBytes {
            plane.receiveDatagrams($0, segmentSize: segmentSize, source: source, trafficClass: trafficClass)
        }
        if flush { plane.flush() }
    }

    /// Reads datagrams as UDP_GRO would hand them over: neighbours of one size and traffic class in one read.
    func receive(_ datagrams: [SentDatagram], from source: Endpoint, groupLimit: Int = 64) {
        var group: [SentDatagram] = []
        func read() {
            guard let first = group.first else { return }
            receive(
                group.flatMap(\.bytes), segmentSize: first.bytes.count, from: source,
                trafficClass: first.trafficClass, flush: false)
            group = []
        }
        for datagram in datagrams {
            if let first = group.first, let last = group.last {
                let isOpen = last.bytes.count == first.bytes.count && datagram.bytes.count <= first.bytes.count
                if !isOpen || datagram.trafficClass != first.trafficClass || group.count >= groupLimit { read() }
            }
            group.append(datagram)
        }
        read()
    }

    /// Two sites, 1 and 2, that know each other.
    static func pair(payload: Int = 1_440, limits: ForwardingLimits = ForwardingLimits()) -> (Site, Site) {
        let (near, far) = (Site(1, limits: limits), Site(2, limits: limits))
        for (site, other, number) in [(near, far, UInt8(2)), (far, near, UInt8(1))] {
            site.plane.addPeer(other.node)
            site.plane.setRoutes(routes(number, other.node))
            site.plane.setPath(other.node, endpoint: other.endpoint, payloadByteCount: payload)
            site.install(with: other)
        }
        return (near, far)
    }
}
