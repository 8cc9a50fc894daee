import NetworkTypes
import WireFormat

/// A machine on the LAN: writes frames byte by byte, knowing nothing of the code under test.
struct Station {
    let mac: MACAddress

    init(_ number: UInt8) { mac = MACAddress(rawValue: 0x52_54_00_00_00_00 | UInt64(number)) }

    static let everybody = MACAddress(rawValue: 0xffff_ffff_ffff)
    private static let nobody = IPAddress(v4: 0)

    func arp(
        _ operation: UInt8 = 1, from sender: IPAddress, for target: IPAddress, to destination: MACAddress = everybody
    ) -> [UInt8] {
        destination.bytes + mac.bytes + [8, 6, 0, 1, 8, 0, 6, 4, 0, operation] + mac.bytes + sender.bytes
            + (operation == 1 ? [0, 0, 0, 0, 0, 0] : destination.bytes) + target.bytes
            + [UInt8](repeating: 0, count: 18)
    }

    func probe(for target: IPAddress) -> [UInt8] { arp(from: Self.nobody, for: target) }

    func announcement(of address: IPAddress) -> [UInt8] { arp(from: address, for: address) }

    /// The answer to a question from the service address.
    func here(_ address: IPAddress) -> [UInt8] {
        arp(2, from: address, for: TestLAN.service, to: TestLAN.serviceMAC)
    }

    /// A neighbour solicitation; from `::` it is a probe.
    func solicitation(from source: IPAddress, for target: IPAddress) -> [UInt8] {
        let group = IPAddress(v6High: 0xff02 << 48, low: 0x1_ff00_0000 | target.low & 0xff_ffff)
        let option: [UInt8] = source.isUnspecified ? [] : [1, 1] + mac.bytes
        return neighbour([135, 0, 0, 0, 0, 0, 0, 0] + target.bytes + option, from: source, to: group)
    }

    func advertisement(of address: IPAddress) -> [UInt8] {
        neighbour(
            [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + mac.bytes, from: address,
            to: IPAddress("ff02::1")!)
    }

    private func neighbour(_ message: [UInt8], from source: IPAddress, to group: IPAddress) -> [UInt8] {
        let destination = MACAddress(rawValue: 0x3333_0000_0000 | group.low & 0xffff_ffff)
        return ip(message, 58, from: source, to: group, hopLimit: 255, at: destination)
    }

    func ping(from source: IPAddress, to target: IPAddress, payload: [UInt8] = [1, 2, 3]) -> [UInt8] {
        let type: UInt8 = source.family == .v4 ? 8 : 128
        let transport: UInt8 = source.family == .v4 ? 1 : 58
        return ip([type, 0, 0, 0, 0x12, 0x34, 0, 7] + payload, transport, from: source, to: target)
    }

    func udp(
        from source: Endpoint, to target: Endpoint, _ payload: [UInt8], at destination: MACAddress = TestLAN.serviceMAC
    ) -> [UInt8] {
        let length = UInt16(8 + payload.count)
        let header = Self.word(source.port) + Self.word(target.port) + Self.word(length) + [0, 0]
        return ip(header + payload, 17, from: source.address, to: target.address, at: destination)
    }

    /// An IP packet in a frame, its checksums complete.
    func ip(
        _ content: [UInt8], _ transport: UInt8, from source: IPAddress, to target: IPAddress, hopLimit: UInt8 = 64,
        at destination: MACAddress = TestLAN.serviceMAC
    ) -> [UInt8] {
        var complete = content
        let place = transport == 17 ? 6 : transport == 6 ? 16 : 2
        let pseudo =
            transport == 1
            ? [] : source.bytes + target.bytes + [0, transport] + Self.word(UInt16(content.count))
        let sum = Self.checksum(pseudo + content)
        complete[place] = UInt8(sum >> 8)
        complete[place + 1] = UInt8(sum & 255)
        if source.family == .v6 {
            return destination.bytes + mac.bytes + [0x86, 0xdd, 0x60, 0, 0, 0] + Self.word(UInt16(content.count))
                + [transport, hopLimit] + source.bytes + target.bytes + complete
        }
        var header =
            [0x45, 0] + Self.word(UInt16(20 + content.count)) + [0, 1, 0, 0, hopLimit, transport, 0, 0]
            + source.bytes + target.bytes
        let headerSum = Self.checksum(header)
        header[10] = UInt8(headerSum >> 8)
        header[11] = UInt8(headerSum & 255)
        return destination.bytes + mac.bytes + [8, 0] + header + complete
    }

    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0)
        }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        return ~UInt16(sum)
    }

    private static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
}
