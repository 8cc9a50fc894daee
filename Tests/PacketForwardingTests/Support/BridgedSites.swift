import NetworkTypes
import PacketForwarding

/// What the sink of a bridged LAN was given.
final class HostRecorder: HostSink {
    var frames: [[UInt8]] = []
    var wanted: [IPAddress] = []
    var strayed: [(source: IPAddress, station: MACAddress, destination: IPAddress)] = []
    /// Called with every address that is asked for, after it was recorded.
    var reaction: (IPAddress) -> Void = { _ in }

    func receivedFrame(_ frame: UnsafeRawBufferPointer) { frames.append(Array(frame)) }

    func frameStrayed(from source: IPAddress, _ station: MACAddress, to destination: IPAddress) {
        strayed.append((source, station, destination))
    }

    func needsHost(_ address: IPAddress) {
        wanted.append(address)
        reaction(address)
    }
}

/// Two sites, 1 and 2, that bridge into 10.200.0.0/16 and 2001:db8:c8::/48, each with one host there, and export
/// their own subnets as well.
struct BridgedSites {
    static let subnets = [
        IPPrefix(containing: IPAddress(10, 200, 0, 0), length: 16),
        IPPrefix(containing: Site.address6(200, 0), length: 48),
    ]
    static let services = [IPAddress(10, 200, 0, 1), Site.address6(200, 1)]
    /// The near site's host and the far site's.
    static let stations = [MACAddress(rawValue: 0x02_00_00_00_00_0a), MACAddress(rawValue: 0x02_00_00_00_00_0b)]
    static let hosts4 = [IPAddress(10, 200, 0, 10), IPAddress(10, 200, 0, 11)]
    static let hosts6 = [Site.address6(200, 10), Site.address6(200, 11)]

    let near: Site
    let far: Site
    let sinks = (near: HostRecorder(), far: HostRecorder())

    init(limits: ForwardingLimits = ForwardingLimits()) {
        (near, far) = Site.pair(limits: limits)
        let lan = BridgedLAN(subnets: Self.subnets, serviceAddresses: Self.services)
        near.plane.setBridgedSubnets(own: lan, remote: [], sink: sinks.near)
        far.plane.setBridgedSubnets(own: lan, remote: [], sink: sinks.far)
        for plane in [near.plane, far.plane] {
            plane.setGatewayAddress(v4: Self.services[0], v6: Self.services[1])
        }
        for hosts in [Self.hosts4, Self.hosts6] {
            near.plane.setHost(hosts[0], station: Self.stations[0])
            near.plane.setHost(hosts[1], behind: far.node)
            far.plane.setHost(hosts[1], station: Self.stations[1])
            far.plane.setHost(hosts[0], behind: near.node)
        }
    }

    /// A packet of the near site's host to the far site's.
    static func packet(v6: Bool = false) -> TestPacket {
        var packet = TestPacket()
        packet.sender = stations[0]
        (packet.source, packet.destination) = v6 ? (hosts6[0], hosts6[1]) : (hosts4[0], hosts4[1])
        packet.payload = [1, 2, 3]
        return packet
    }

    /// Lets the far site receive what the near one has sent.
    func carry() {
        far.receive(near.recorder.datagrams, from: near.endpoint)
        near.recorder.trains = []
        far.plane.flush()
    }
}
