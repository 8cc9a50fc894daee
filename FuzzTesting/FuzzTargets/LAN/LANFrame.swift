import NetworkTypes

/// Frames of a station on a bridged LAN, their checksums complete, so that an input reaches what is behind them.
struct LANFrame {
    var source = MACAddress(rawValue: 0x52_54_00_00_00_01)
    var destination = MACAddress.virtualNextHop

    static let everybody = MACAddress(rawValue: 0xffff_ffff_ffff)

    /// A frame with an ARP packet, of which only the operation and the addresses are the input's.
    func arp(_ operation: UInt8, sender: [UInt8], target: [UInt8]) -> [UInt8] {
        let head: [UInt8] = [8, 6, 0, 1, 8, 0, 6, 4, 0, operation]
        return destination.bytes + source.bytes + head + source.bytes + sender + [0, 0, 0, 0, 0, 0] + target
    }

    /// A frame with an IP packet.
    func packet(
        _ content: [UInt8], transport: UInt8, from sender: IPAddress, to target: IPAddress, hopLimit: UInt8 = 64
    ) -> [UInt8] {
        let complete = summed(content, transport, sender, target)
        let length = [UInt8(complete.count >> 8 & 255), UInt8(complete.count & 255)]
        if sender.family == .v6 {
            return destination.bytes + source.bytes + [0x86, 0xdd, 0x60, 0, 0, 0] + length + [transport, hopLimit]
                + sender.bytes + target.bytes + complete
        }
        let whole = complete.count + 20
        var header = [0x45, 0, UInt8(whole >> 8 & 255), UInt8(whole & 255), 0, 1, 0, 0, hopLimit, transport, 0, 0]
        header += sender.bytes + target.bytes
        Self.store(Self.checksum(header), in: &header, at: 10)
        return destination.bytes + source.bytes + [8, 0] + header + complete
    }

    /// A frame with a UDP datagram.
    func datagram(_ payload: [UInt8], from sender: Endpoint, to target: Endpoint) -> [UInt8] {
        let count = payload.count + 8
        let ports = [sender.port, target.port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let content = ports + [UInt8(count >> 8 & 255), UInt8(count & 255), 0, 0] + payload
        return packet(content, transport: 17, from: sender.address, to: target.address)
    }

    private func summed(
        _ content: [UInt8], _ transport: UInt8, _ sender: IPAddress, _ target: IPAddress
    ) -> [UInt8] {
        let place = transport == 17 ? 6 : 2
        guard content.count >= place + 2 else { return content }
        var complete = content
        Self.store(0, in: &complete, at: place)
        let count = [UInt8(content.count >> 8 & 255), UInt8(content.count & 255)]
        let pseudo = transport == 1 ? [] : sender.bytes + target.bytes + [0, transport] + count
        Self.store(Self.checksum(pseudo + complete), in: &complete, at: place)
        return complete
    }

    private static func store(_ value: UInt16, in bytes: inout [UInt8], at place: Int) {
        bytes[place] = UInt8(value >> 8)
        bytes[place + 1] = UInt8(value & 255)
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0)
            sum = sum >> 16 + sum & 0xffff
        }
        return ~UInt16(sum)
    }
}
