import Glibc
import LinuxSystem
import NetworkTypes
import Testing

/// Trains over the loopback device of a namespace, and over
///
///     left (10.77.0.1, fd77::1) === veth, MTU 1500 === right (10.77.0.2, fd77::2)
@Suite(.enabled(if: Laboratory.canRun, Laboratory.need)) struct UDPSocketTests {
    private let loopback = [AddressFamily.v4: IPAddress(127, 0, 0, 1), .v6: IPAddress("::1")!]

    private func open(
        in network: NetworkNamespace, _ family: AddressFamily = .v4, segmentation: Bool = true, coalescing: Bool = true
    ) throws -> UDPSocket {
        var options = UDPSocketOptions()
        options.usesSegmentation = segmentation
        options.usesCoalescing = coalescing
        return try network.run { try UDPSocket(family: family, port: 0, options: options) }
    }

    /// Receives until `count` bytes are there; returns them with the size of every datagram.
    private func collect(_ socket: UDPSocket, _ count: Int) throws -> (bytes: [UInt8], sizes: [Int], calls: Int) {
        var bytes: [UInt8] = []
        var sizes: [Int] = []
        var calls = 0
        while bytes.count < count {
            let next = try socket.next()
            calls += 1
            bytes += next.bytes
            var left = next.bytes.count
            while left > 0 {
                sizes.append(min(left, next.received.segmentSize))
                left -= next.received.segmentSize
            }
        }
        return (bytes, sizes, calls)
    }

    @Test(arguments: [AddressFamily.v4, .v6])
    func `a train crosses in one piece and keeps its sizes`(family: AddressFamily) throws {
        let train = pattern(40 * 1_200 + 77)
        let network = try Laboratory.namespace()
        let sender = try open(in: network, family)
        let receiver = try open(in: network, family)
        try #require(sender.segmentsInKernel && receiver.coalescesInKernel)
        let target = Endpoint(address: try #require(loopback[family]), port: receiver.localPort)

        #expect(sender.send(train, segmentSize: 1_200, to: target, trafficClass: 0xba) == .sent)
        let (bytes, received) = try receiver.next()

        #expect(bytes == train)
        #expect(received.segmentSize == 1_200)
        #expect(received.trafficClass == 0xba)
        #expect(received.source == Endpoint(address: target.address, port: sender.localPort))
    }

    @Test(arguments: [(true, false), (false, true), (false, false)])
    func `without offloads the same datagrams arrive`(segmentation: Bool, coalescing: Bool) throws {
        let train = pattern(20 * 1_000 + 1)
        let network = try Laboratory.namespace()
        let sender = try open(in: network, segmentation: segmentation)
        let receiver = try open(in: network, coalescing: coalescing)
        let target = Endpoint(address: IPAddress(127, 0, 0, 1), port: receiver.localPort)

        #expect(sender.send(train, segmentSize: 1_000, to: target) == .sent)
        let (bytes, sizes, calls) = try collect(receiver, train.count)

        #expect(sender.segmentsInKernel == segmentation && receiver.coalescesInKernel == coalescing)
        #expect(bytes == train)
        #expect(sizes == Array(repeating: 1_000, count: 20) + [1])
        if !coalescing { #expect(calls == 21) }
    }

    @Test func `a train that the kernel does not cut goes out one by one`() throws {
        let network = try Laboratory.namespace()
        let sender = try open(in: network)
        let receiver = try open(in: network)
        let target = Endpoint(address: IPAddress(127, 0, 0, 1), port: receiver.localPort)
        // Without checksums Linux refuses UDP_SEGMENT (EINVAL), and nothing else.
        var on: Int32 = 1
        try #require(setsockopt(sender.rawDescriptor, SOL_SOCKET, SO_NO_CHECK, &on, 4) == 0)

        #expect(sender.send(pattern(3_500), segmentSize: 1_000, to: target) == .sent)

        #expect(try collect(receiver, 3_500).sizes == [1_000, 1_000, 1_000, 500])
    }

    @Test(arguments: [AddressFamily.v4, .v6])
    func `trains cross a wire between two namespaces`(family: AddressFamily) throws {
        let (left, right) = try Self.wire()
        let train = pattern(44 * 1_440)
        let receiver = try open(in: right, family)
        let sender = try open(in: left, family)
        let remote = try #require(IPAddress(family == .v4 ? "10.77.0.2" : "fd77::2"))

        #expect(
            sender.send(train, segmentSize: 1_440, to: Endpoint(address: remote, port: receiver.localPort)) == .sent)
        let (bytes, sizes, _) = try collect(receiver, train.count)

        #expect(bytes == train)
        #expect(sizes == Array(repeating: 1_440, count: 44))
    }

    @Test(arguments: [true, false])
    func `a datagram beyond the interface's MTU is too big and harms no later one`(segmentation: Bool) throws {
        let (left, right) = try Self.wire()
        let receiver = try open(in: right)
        let sender = try open(in: left, segmentation: segmentation)
        let target = Endpoint(address: IPAddress(10, 77, 0, 2), port: receiver.localPort)

        #expect(sender.send(pattern(1_473), segmentSize: 1_473, to: target) == .tooBig)
        #expect(sender.send(pattern(4_000), segmentSize: 1_473, to: target) == .tooBig)
        #expect(sender.send(pattern(2 * 1_472), segmentSize: 1_472, to: target) == .sent)

        #expect(try collect(receiver, 2 * 1_472).sizes == [1_472, 1_472])
        #expect(sender.segmentsInKernel == segmentation)
        for (near, far) in [("10.77.0.1", "10.77.0.2"), ("fd77::1", "fd77::2")] {
            let address = try #require(IPAddress(far))
            let (mtu, local) = try left.run {
                (try UnderlayRoute.interfaceMTU(toward: address), try UnderlayRoute.localAddress(toward: address))
            }
            #expect(mtu == 1_500)
            #expect(local == IPAddress(near))
        }
    }

    @Test func `one socket serves both families`() throws {
        let network = try Laboratory.namespace()
        var options = UDPSocketOptions()
        options.v6Only = false
        let both = try network.run { try UDPSocket(family: .v6, port: 0, options: options) }
        let v4 = try open(in: network)
        let mapped = Endpoint(address: IPAddress(127, 0, 0, 1), port: both.localPort)
        let train = pattern(5_000)

        #expect(v4.send(train, segmentSize: 1_000, to: mapped, trafficClass: 0x03) == .sent)
        let inward = try both.next()
        #expect(both.send(train, segmentSize: 1_000, to: inward.received.source, trafficClass: 0x2a) == .sent)
        let outward = try v4.next()

        #expect(inward.bytes == train && outward.bytes == train)
        #expect(inward.received.source == Endpoint(address: IPAddress(127, 0, 0, 1), port: v4.localPort))
        #expect(inward.received.trafficClass == 0x03)
        #expect(outward.received.source == mapped)
        #expect(outward.received.trafficClass == 0x2a)
    }

    @Test func `a closed port elsewhere does not swallow the next train`() throws {
        let network = try Laboratory.namespace()
        let sender = try open(in: network)
        let receiver = try open(in: network)
        let closed = Endpoint(address: IPAddress(127, 0, 0, 1), port: 9)
        let target = Endpoint(address: IPAddress(127, 0, 0, 1), port: receiver.localPort)
        for _ in 0..<3 {
            #expect(sender.send(pattern(10), segmentSize: 10, to: closed) == .sent)
            #expect(sender.send(pattern(20), segmentSize: 20, to: target) == .sent)
            #expect(try receiver.next().bytes == pattern(20))
        }
    }

    @Test func `no route is an error with its number`() throws {
        let network = try Laboratory.namespace()
        let nowhere = Endpoint(address: IPAddress(192, 0, 2, 1), port: 7_867)
        let socket = try open(in: network)
        #expect(socket.send(pattern(10), segmentSize: 10, to: nowhere) == .failed(ENETUNREACH))
        #expect(socket.send([1], segmentSize: 1, to: Endpoint("[::1]:1")!) == .failed(EAFNOSUPPORT))
        #expect(throws: SystemError.self) {
            try network.run { try UnderlayRoute.interfaceMTU(toward: nowhere.address) }
        }
    }

    @Test func `empty and oversized datagrams are passed over`() throws {
        let network = try Laboratory.namespace()
        let sender = try open(in: network)
        let receiver = try open(in: network, coalescing: false)
        let target = Endpoint(address: IPAddress(127, 0, 0, 1), port: receiver.localPort)
        #expect(sender.send([], segmentSize: 1, to: target) == .sent)
        #expect(sender.send(pattern(2_000), segmentSize: 2_000, to: target) == .sent)
        #expect(sender.send(pattern(100), segmentSize: 100, to: target) == .sent)

        #expect(try receiver.next(room: 1_500).bytes == pattern(100))
        #expect(receiver.truncatedDatagrams == 1)
        var buffer = [UInt8](repeating: 0, count: 1_500)
        #expect(try buffer.withUnsafeMutableBytes { try receiver.receive(into: $0) } == nil)
    }

    @Test func `a port in use is refused by name`() throws {
        let network = try Laboratory.namespace()
        let first = try open(in: network)
        #expect {
            try network.run { try UDPSocket(family: .v4, address: IPAddress(127, 0, 0, 1), port: first.localPort) }
        } throws: { error in
            "\(error)" == "bind 127.0.0.1:\(first.localPort): Address already in use"
        }
    }

    /// Two namespaces with a wire between them.
    private static func wire() throws -> (left: NetworkNamespace, right: NetworkNamespace) {
        let left = try Laboratory.namespace()
        let right = try Laboratory.namespace()
        try left.run {
            try Laboratory.run("ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", right.path)
        }
        for (namespace, number) in [(left, 1), (right, 2)] {
            try namespace.run {
                try Laboratory.run("ip", "address", "add", "10.77.0.\(number)/24", "dev", "wire")
                try Laboratory.run("ip", "address", "add", "fd77::\(number)/64", "dev", "wire", "nodad")
                try Laboratory.run("ip", "link", "set", "wire", "up")
            }
        }
        return (left, right)
    }
}
