import NetworkTypes

/// Frames of the TAP as a kernel with every offload hands them out, from site `from` to site `to`.
struct SeedFrame {
    enum Transport: UInt8 {
        case tcp = 6
        case udp = 17
        case icmp = 1
    }

    var from: UInt8 = 1
    var to: UInt8 = 2
    var isV6 = false
    var transport = Transport.tcp
    var payloadByteCount = 100
    /// Makes it a super-packet.
    var segmentSize = 0
    var flags: UInt8 = 0x10
    var trafficClass: UInt8 = 0
    var transportOptions: [UInt8] = []
    /// Whole extension headers, of which the first is of the given kind; IPv4: options.
    var extensions: (kind: UInt8, bytes: [UInt8]) = (0, [])
    var leavesChecksum = true

    var bytes: [UInt8] {
        let segment = transportHeader + (0..<payloadByteCount).map { UInt8(truncatingIfNeeded: $0) }
        let network = networkHeader(segment.count)
        return offload(network.count) + MACAddress.virtualNextHop.bytes + MACAddress.overlayDevice.bytes
            + (isV6 ? [0x86, 0xdd] : [8, 0]) + network + segment
    }

    private var transportHeader: [UInt8] {
        switch transport {
        case .tcp:
            return [0x9c, 0x40, 1, 0xbb, 0, 0, 0, 1, 0, 0, 0, 2]
                + [UInt8((20 + transportOptions.count) / 4) << 4, flags, 1, 0xf5, 0, 0, 0, 0] + transportOptions
        case .udp: return [0x9c, 0x40, 0, 53] + word(8 + payloadByteCount) + [0, 0]
        case .icmp: return [8, 0, 0, 0, 0, 1, 0, 1]
        }
    }

    private func networkHeader(_ transportByteCount: Int) -> [UInt8] {
        let length = extensions.bytes.count + transportByteCount
        if isV6 {
            let next = extensions.bytes.isEmpty ? transport.rawValue : extensions.kind
            return [0x60 | trafficClass >> 4, trafficClass << 4, 0, 0] + word(length) + [next, 64]
                + Gateways.address6(from, 5).bytes + Gateways.address6(to, 9).bytes + extensions.bytes
        }
        return [0x40 | UInt8((20 + extensions.bytes.count) / 4), trafficClass] + word(20 + length)
            + [0, 1, 0x40, 0, 64, transport.rawValue, 0, 0, 10, from, 0, 5, 10, to, 0, 9] + extensions.bytes
    }

    private func offload(_ networkByteCount: Int) -> [UInt8] {
        guard transport != .icmp, leavesChecksum || segmentSize > 0 else { return [UInt8](repeating: 0, count: 10) }
        let kind: UInt8 = segmentSize == 0 ? 0 : transport == .udp ? 5 : isV6 ? 4 : 1
        let start = 14 + networkByteCount
        return [1, kind] + native(start + transportHeader.count) + native(segmentSize) + native(start)
            + native(transport == .tcp ? 16 : 6)
    }

    private func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
    private func native(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }

    /// One of each kind that the planes treat differently.
    static func all(from: UInt8, to: UInt8) -> [(name: String, frame: SeedFrame)] {
        var list: [(String, SeedFrame)] = []
        for isV6 in [false, true] {
            let base = SeedFrame(from: from, to: to, isV6: isV6)
            let family = isV6 ? "v6" : "v4"
            func add(_ name: String, _ change: (inout SeedFrame) -> Void) {
                var frame = base
                change(&frame)
                list.append(("\(family)-\(name)", frame))
            }
            add("ping") { $0.transport = .icmp }
            add("tcp") { _ in }
            add("syn") {
                $0.flags = 2
                $0.payloadByteCount = 0
                $0.transportOptions = [2, 4, 5, 0xb4, 1, 3, 3, 7]
            }
            add("tcp-super") {
                $0.payloadByteCount = 6_000
                $0.segmentSize = 1_380
                $0.flags = 0x98
            }
            add("tcp-slices") {
                $0.payloadByteCount = 5_000
                $0.trafficClass = 2
            }
            add("udp-super") {
                $0.transport = .udp
                $0.payloadByteCount = 4_000
                $0.segmentSize = 1_200
            }
            add("udp-complete") {
                $0.transport = .udp
                $0.leavesChecksum = false
            }
            add("options") { $0.extensions = (60, [6, 0, 1, 4, 0, 0, 0, 0]) }
            add("fragment") { $0.extensions = (44, [6, 0, 0, 1, 0, 0, 0, 7]) }
        }
        return list
    }
}
