import Glibc
import LinuxSystem
import NetworkTypes
import Testing

/// Which of two uplinks datagrams leave by, and by which they came.
///
///                   +-- one (10.1.0.2, fd01::2), metric 100 === 10.1.0.1, fd01::1 [first provider]
///     [gateway] ----+
///                   +-- two (10.2.0.2, fd02::2), metric 200 === 10.2.0.1, fd02::1 [second provider]
///
/// Behind each provider lies the same internet: 203.0.113.1 and fd99::1.
@Suite(.enabled(if: Laboratory.canRun, Laboratory.need)) struct UplinkTests {
    private let gateway: NetworkNamespace
    private let providers: [NetworkNamespace]

    init() throws {
        gateway = try Laboratory.namespace()
        providers = [try Laboratory.namespace(), try Laboratory.namespace()]
        for (number, (name, provider)) in zip(["one", "two"], providers).enumerated() {
            let net = "\(number + 1)", metric = "\((number + 1) * 100)"
            try gateway.run {
                try Laboratory.run(
                    "ip", "link", "add", name, "type", "veth", "peer", "name", "far", "netns", provider.path)
                try Laboratory.run("ip", "address", "add", "10.\(net).0.2/24", "dev", name)
                try Laboratory.run("ip", "address", "add", "fd0\(net)::2/64", "dev", name, "nodad")
                try Laboratory.run("ip", "link", "set", name, "up")
            }
            try provider.run {
                try Laboratory.run("ip", "address", "add", "10.\(net).0.1/24", "dev", "far")
                try Laboratory.run("ip", "address", "add", "fd0\(net)::1/64", "dev", "far", "nodad")
                try Laboratory.run("ip", "address", "add", "203.0.113.1/32", "dev", "lo")
                try Laboratory.run("ip", "address", "add", "fd99::1/128", "dev", "lo", "nodad")
                try Laboratory.run("ip", "link", "set", "lo", "up")
                try Laboratory.run("ip", "link", "set", "far", "up")
            }
            try gateway.run {
                try Laboratory.run("ip", "route", "add", "default", "via", "10.\(net).0.1", "metric", metric)
                try Laboratory.run("ip", "-6", "route", "add", "default", "via", "fd0\(net)::1", "metric", metric)
                // A new link takes its time to be ready; the first answer shows that it is.
                for router in ["10.\(net).0.1", "fd0\(net)::1"] {
                    try Laboratory.run("ping", "-q", "-c", "1", "-w", "20", router)
                }
            }
        }
    }

    private static let internet = [AddressFamily.v4: "203.0.113.1", .v6: "fd99::1"]
    private static let own = [AddressFamily.v4: ["10.1.0.2", "10.2.0.2"], .v6: ["fd01::2", "fd02::2"]]

    private func address(_ family: AddressFamily, uplink: Int) throws -> IPAddress {
        try #require(Self.own[family].flatMap { IPAddress($0[uplink]) })
    }

    /// The uplink, as the kernel numbers it.
    private func origin(_ family: AddressFamily, uplink: Int) throws -> LocalOrigin {
        let index = try gateway.run { if_nametoindex(["one", "two"][uplink]) }
        try #require(index > 0)
        return LocalOrigin(address: try address(family, uplink: uplink), interfaceIndex: index)
    }

    /// A socket of the gateway, and one at the same address and port behind each provider.
    private func sockets(
        _ family: AddressFamily
    ) throws -> (sender: UDPSocket, receivers: [UDPSocket], target: Endpoint) {
        let sender = try gateway.run { try UDPSocket(family: family, port: 0) }
        let receivers = try providers.map { try $0.run { try UDPSocket(family: family, port: 7_867) } }
        let target = Endpoint(address: try #require(Self.internet[family].flatMap(IPAddress.init)), port: 7_867)
        return (sender, receivers, target)
    }

    @Test(arguments: [AddressFamily.v4, .v6])
    func `without a choice the kernel's better route is taken`(family: AddressFamily) throws {
        let (sender, receivers, target) = try sockets(family)

        #expect(sender.send(pattern(10), segmentSize: 10, to: target) == .sent)

        #expect(try receivers[0].next().received.source.address == address(family, uplink: 0))
    }

    @Test(arguments: [AddressFamily.v4, .v6], [0, 1])
    func `datagrams and trains leave by the uplink that was asked for`(family: AddressFamily, uplink: Int) throws {
        let (sender, receivers, target) = try sockets(family)
        let train = pattern(5 * 1_000 + 1)

        for bytes in [pattern(10), train] {
            let result = bytes.withUnsafeBytes {
                sender.send(
                    $0, segmentSize: 1_000, to: target, trafficClass: 0x2c, from: try! origin(family, uplink: uplink))
            }
            #expect(result == .sent)
        }

        var arrived: [UInt8] = []
        while arrived.count < 10 + train.count {
            let next = try receivers[uplink].next()
            arrived += next.bytes
            #expect(next.received.source.address == (try address(family, uplink: uplink)))
            #expect(next.received.source.port == sender.localPort)
            #expect(next.received.trafficClass == 0x2c)
            #expect(next.received.local.address == target.address)
        }
        #expect(arrived == pattern(10) + train)
    }

    @Test(arguments: [AddressFamily.v4, .v6], [0, 1])
    func `what comes tells by which uplink it came`(family: AddressFamily, uplink: Int) throws {
        let (socket, providers, internet) = try sockets(family)
        let target = Endpoint(address: try address(family, uplink: uplink), port: socket.localPort)

        let result = pattern(20).withUnsafeBytes {
            providers[uplink].send(
                $0, segmentSize: 20, to: target, trafficClass: 0, from: LocalOrigin(address: internet.address))
        }
        #expect(result == .sent)
        let received = try socket.next().received

        #expect(received.source == internet)
        #expect(received.local == (try origin(family, uplink: uplink)))
    }

    @Test func `an address that is not this host's is refused`() throws {
        let (sender, _, target) = try sockets(.v4)

        let result = pattern(10).withUnsafeBytes {
            sender.send(
                $0, segmentSize: 10, to: target, trafficClass: 0, from: LocalOrigin(address: IPAddress(192, 0, 2, 9)))
        }

        #expect(result == .failed(ENETUNREACH))
    }
}
