import Glibc
import LinuxSystem
import NetworkTypes
import Testing

@Suite(.enabled(if: Laboratory.canRun, Laboratory.need)) struct TapDeviceTests {
    /// A namespace in which devices are silent: no v6, so no neighbour or multicast messages of the kernel's own.
    private static func silentNamespace() throws -> NetworkNamespace {
        let namespace = try Laboratory.namespace()
        try namespace.run {
            for scope in ["all", "default"] {
                try InterfaceSettings.write(.v6, device: scope, "disable_ipv6", "1")
            }
        }
        return namespace
    }

    @Test func `the device outlives its process, is adopted, and goes when told`() async {
        // A process of its own: a program that another test starts has, for a moment, a copy of every descriptor, and
        // would hold the device.
        await #expect(processExitsWith: .success) {
            let network = try Self.silentNamespace()
            func exists() throws -> Bool { try network.run { if_nametoindex("ipop0") != 0 } }
            do {
                let made = try network.run { try TapDevice(name: "ipop0") }
                #expect(!made.wasAdopted)
                #expect(made.offloads.isSuperset(of: [.checksum, .tcp]))
            }
            #expect(try exists())
            do {
                let adopted = try network.run { try TapDevice(name: "ipop0", offloads: []) }
                #expect(adopted.wasAdopted)
                #expect(adopted.offloads == [])
                try adopted.removePersistence()
                #expect(try exists())
            }
            #expect(try !exists())
        }
    }

    @Test func `names that are taken or impossible are told apart`() throws {
        let network = try Self.silentNamespace()
        let held = try network.run {
            try Laboratory.run("ip", "link", "add", "wire0", "type", "veth", "peer", "name", "wire1")
            try Laboratory.run("ip", "tuntap", "add", "tun0", "mode", "tun")
            return try TapDevice(name: "ipop0")
        }
        let cases: [(name: String, error: TapDeviceError)] = [
            ("wire0", .notTap("wire0")), ("tun0", .notTap("tun0")), (held.name, .busy("ipop0")),
            ("a/b", .badName("a/b")), ("tap%d", .badName("tap%d")), ("", .badName("")),
            ("0123456789abcdef", .badName("0123456789abcdef")),
        ]
        for (name, error) in cases {
            #expect(throws: error) { try network.run { try TapDevice(name: name) } }
        }
    }

    @Test func `a TCP super-packet of 64 kB comes in one read`() throws {
        let network = try Self.silentNamespace()
        let device = try Self.openUp("ipop0", in: network)
        var buffer = [UInt8](repeating: 0, count: TapDevice.readByteCount)
        #expect(try buffer.withUnsafeMutableBytes { try device.read(into: $0) } == nil)
        // The kernel cuts itself what would be over 65,536 bytes with its Ethernet header.
        let payload = pattern(65_535 - 54)
        let frame = Self.superPacketHeader(payloadByteCount: payload.count, segmentSize: 1_448) + payload

        try network.run { try Self.inject(frame, into: "ipop0") }
        try Laboratory.awaitReadable(device.rawDescriptor)
        let count = try #require(try buffer.withUnsafeMutableBytes { try device.read(into: $0) })

        #expect(count == frame.count)
        #expect(buffer[1] == 1)  // VIRTIO_NET_HDR_GSO_TCPV4
        #expect(UInt16(buffer[4]) | UInt16(buffer[5]) << 8 == 1_448)
        #expect(Array(buffer[10..<16]) == MACAddress.virtualNextHop.bytes)
        let isWhole = buffer[(10 + 54)..<count].elementsEqual(payload)
        #expect(isWhole)
    }

    @Test func `what is written arrives at the kernel`() throws {
        let network = try Self.silentNamespace()
        let device = try Self.openUp("ipop0", in: network)
        let socket = try network.run {
            try Laboratory.run("ip", "address", "add", "10.78.0.1/24", "dev", "ipop0")
            return try UDPSocket(family: .v4, port: 0)
        }
        let first = Self.datagramFrame(port: socket.localPort, payload: pattern(300))
        let second = Self.datagramFrame(port: socket.localPort, payload: pattern(1_400))

        #expect(first.withUnsafeBytes { device.write($0) } == .written)
        #expect(try socket.next().bytes == pattern(300))
        let (header, body) = (Array(second[..<52]), Array(second[52...]))
        let outcome = device.write(header: header.span.bytes, body: body.span.bytes)
        #expect(outcome == .written)
        let (bytes, received) = try socket.next()

        #expect(bytes == pattern(1_400))
        #expect(received.source == Endpoint("10.78.0.2:4000"))
    }

    @Test func `a device that is down or gone says so`() throws {
        let network = try Self.silentNamespace()
        let device = try network.run { try TapDevice(name: "ipop0") }
        let frame = Self.datagramFrame(port: 9, payload: [1])
        #expect(frame.withUnsafeBytes { device.write($0) } == .refused(EIO))
        #expect(frame[..<5].withUnsafeBytes { device.write($0) } == .refused(EINVAL))

        try network.run { try Laboratory.run("ip", "link", "delete", "ipop0") }

        var buffer = [UInt8](repeating: 0, count: 2_000)
        #expect(throws: SystemError(call: "read", errno: EBADFD, subject: "ipop0")) {
            try buffer.withUnsafeMutableBytes { try device.read(into: $0) }
        }
    }

    @Test func `the device has its address and its settings`() throws {
        let network = try Self.silentNamespace()
        let device = try network.run { try TapDevice(name: "ipop0") }
        #expect(try Self.hardwareAddress(of: device.name, in: network) == "\(MACAddress.overlayDevice)")

        try network.run { try InterfaceSettings.write(.v4, device: device.name, "rp_filter", "2") }

        #expect(try network.run { try InterfaceSettings.readNumber(.v4, device: device.name, "rp_filter") } == 2)
        #expect(try network.run { try InterfaceSettings.read(.v6, device: device.name, "disable_ipv6") } == "1")
        #expect(try network.run { try InterfaceSettings.read(.v4, device: "nonesuch", "rp_filter") } == nil)
        #expect(try network.run { try InterfaceSettings.readGlobal("ipv4/nonesuch") } == nil)
        #expect(try network.run { try InterfaceSettings.readGlobalNumber("ipv4/ip_forward") } != nil)
        #expect(throws: SystemError.self) {
            try network.run { try InterfaceSettings.write(.v4, device: "nonesuch", "rp_filter", "2") }
        }
    }

    private static func openUp(_ name: String, in network: NetworkNamespace) throws -> TapDevice {
        try network.run {
            let device = try TapDevice(name: name)
            try Laboratory.run("ip", "link", "set", name, "up")
            return device
        }
    }

    /// What ip(8) shows of a device.
    private static func hardwareAddress(of name: String, in network: NetworkNamespace) throws -> String {
        try Laboratory.withDirectory { directory in
            try network.run { try Laboratory.run("sh", "-c", "ip -o link show dev \(name) > \(directory)/link") }
            let words = String(decoding: try FileSystem.read("\(directory)/link"), as: UTF8.self).split(separator: " ")
            let index = try #require(words.firstIndex(of: "link/ether"))
            return String(words[index + 1])
        }
    }

    /// Virtio, Ethernet, IPv4 and TCP headers of a segment that the kernel is to cut.
    private static func superPacketHeader(payloadByteCount: Int, segmentSize: UInt16) -> [UInt8] {
        // NEEDS_CSUM, GSO_TCPV4, 54 bytes of headers, checksum of what begins at 34, stored 16 further on.
        let virtio: [UInt8] = [
            1, 1, 54, 0, UInt8(segmentSize & 0xff), UInt8(segmentSize >> 8), 34, 0, 16, 0,
        ]
        let tcp: [UInt8] = [0x13, 0x88, 0x13, 0x89, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0x20, 0, 0, 0, 0, 0]
        return virtio + ethernet + ipv4(protocolNumber: 6, payloadByteCount: tcp.count + payloadByteCount) + tcp
    }

    /// A frame with a UDP datagram from 10.78.0.2:4000 to 10.78.0.1, no UDP checksum.
    private static func datagramFrame(port: UInt16, payload: [UInt8]) -> [UInt8] {
        let count = 8 + payload.count
        let udp: [UInt8] = [
            0x0f, 0xa0, UInt8(port >> 8), UInt8(port & 0xff), UInt8(count >> 8), UInt8(count & 0xff), 0, 0,
        ]
        let addressed = MACAddress.overlayDevice.bytes + MACAddress.virtualNextHop.bytes + [0x08, 0x00]
        return [UInt8](repeating: 0, count: TapDevice.headerByteCount) + addressed
            + ipv4(protocolNumber: 17, payloadByteCount: count) + udp + payload
    }

    private static let ethernet = MACAddress.virtualNextHop.bytes + MACAddress.overlayDevice.bytes + [0x08, 0x00]

    private static func ipv4(protocolNumber: UInt8, payloadByteCount: Int) -> [UInt8] {
        let count = 20 + payloadByteCount
        var header: [UInt8] = [
            0x45, 0, UInt8(count >> 8), UInt8(count & 0xff), 0, 0, 0x40, 0, 64, protocolNumber, 0, 0,
            10, 78, 0, 2, 10, 78, 0, 1,
        ]
        var sum: UInt32 = 0
        for index in stride(from: 0, to: 20, by: 2) { sum += UInt32(header[index]) << 8 | UInt32(header[index + 1]) }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        header[10] = UInt8(truncatingIfNeeded: ~sum >> 8)
        header[11] = UInt8(truncatingIfNeeded: ~sum)
        return header
    }

    /// Hands a frame with a virtio header to a device as if the kernel had made it (packet(7)).
    private static func inject(_ frame: [UInt8], into device: String) throws {
        let socket = FileDescriptor(adopting: Glibc.socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0))
        var on: Int32 = 1
        // PACKET_VNET_HDR of linux/if_packet.h, which Swift does not see.
        try #require(setsockopt(socket.rawValue, 263, 15, &on, 4) == 0)
        // struct sockaddr_ll: family, protocol (IPv4), interface index.
        var address = [UInt8](repeating: 0, count: 20)
        address.withUnsafeMutableBytes {
            $0.storeBytes(of: UInt16(AF_PACKET), as: UInt16.self)
            $0.storeBytes(of: UInt16(0x0800).bigEndian, toByteOffset: 2, as: UInt16.self)
            $0.storeBytes(of: Int32(if_nametoindex(device)), toByteOffset: 4, as: Int32.self)
        }
        let sent = address.withUnsafeBytes {
            sendto(socket.rawValue, frame, frame.count, 0, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 20)
        }
        try #require(sent == frame.count, "sendto on a packet socket: \(SystemError.describe(errno: errno))")
    }
}
