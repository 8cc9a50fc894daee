import LANServices
import NetworkTypes

/// The services on a bridged LAN: whatever stations, the grid and time bring.
///
/// Steps: `| what | count (2) |`, then as `Step` says.
enum LANServicesTarget {
    /// The low three bits of `what`; the upper ones choose the station.
    enum Step: UInt8 {
        /// `count` bytes of a frame follow.
        case frame = 0
        /// The last bytes of two addresses in the subnet: an ARP request or reply.
        case arp = 1
        /// `count` bytes of a message to the DHCP server follow; its first byte and its client are set.
        case dhcp = 2
        /// `count` bytes of a question for a name follow.
        case name = 3
        /// `count` milliseconds pass.
        case time = 4
        /// The grid says something of the address that it was asked for last; the low bits of `count` choose.
        case grid = 5
        /// The driver does something else; the low bits of `count` choose.
        case driver = 6
        /// `count` bytes of a message of ICMPv6 follow.
        case neighbour = 7
    }

    private static let stepLimit = 64

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let scene = LANScene()
        var reader = InputReader(input)
        for _ in 0..<stepLimit where !reader.isAtEnd {
            let what = reader.byte()
            let count = reader.word()
            var frame = LANFrame()
            frame.source = MACAddress(rawValue: 0x52_54_00_00_00_00 | UInt64(what >> 3))
            switch Step(rawValue: what & 7) {
            case .frame: try scene.receive(reader.block(count))
            case .arp:
                let (sender, target) = ([10, 128, 16, UInt8(count >> 8)], [10, 128, 16, UInt8(count & 255)])
                try scene.receive(frame.arp(1, sender: sender[3] == 0 ? [0, 0, 0, 0] : sender, target: target))
            case .dhcp: try scene.receive(dhcp(reader.block(count), frame))
            case .name:
                let client = Endpoint(address: IPAddress(10, 128, 16, 200), port: 4_000)
                let service = Endpoint(address: LANScene.service, port: 53)
                try scene.receive(frame.datagram(reader.block(count), from: client, to: service))
            case .time: try scene.pass(.milliseconds(count))
            case .grid: try grid(scene, count)
            case .driver, nil: try driver(scene, count, frame.source)
            case .neighbour:
                try scene.receive(
                    frame.packet(
                        reader.block(count), transport: 58, from: IPAddress("fd00:16::7")!,
                        to: IPAddress("ff02::1")!, hopLimit: 255))
            }
        }
        try scene.pass(.seconds(30))
    }

    private static func dhcp(_ message: [UInt8], _ frame: LANFrame) -> [UInt8] {
        var payload = message
        if payload.count >= 34 {
            payload.replaceSubrange(0..<3, with: [1, 1, 6])
            payload.replaceSubrange(28..<34, with: frame.source.bytes)
        }
        let client = Endpoint(address: IPAddress(v4: 0), port: 68)
        return frame.datagram(payload, from: client, to: Endpoint(address: LANScene.service, port: 67))
    }

    private static func grid(_ scene: LANScene, _ count: Int) throws(PropertyViolation) {
        let address = scene.asked
        let other = MACAddress(rawValue: 0x52_54_00_00_00_40)
        let own = MACAddress(rawValue: 0x52_54_00_00_00_00 | UInt64(count >> 8))
        try scene.input { services, now, effects in
            switch count & 7 {
            case 0, 1: services.registered(address, now: now, effects: &effects)
            case 2: services.refused(address, holder: "lsu", now: now, effects: &effects)
            case 3: services.lost(address, to: "lsu", mac: other, now: now, effects: &effects)
            case 4: services.lost(address, to: "lsu", mac: own, now: now, effects: &effects)
            case 5: services.resolved(address, .nobody, now: now, effects: &effects)
            case 6: services.resolved(address, .unknown, now: now, effects: &effects)
            default:
                services.resolved(
                    address, .remote(site: "lsu", mac: own, isReachable: count & 8 == 0), now: now,
                    effects: &effects)
            }
        }
    }

    private static func driver(_ scene: LANScene, _ count: Int, _ mac: MACAddress) throws(PropertyViolation) {
        let address = IPAddress(10, 128, 16, UInt8(count >> 8))
        switch count & 7 {
        case 0: try scene.restart()
        case 1: try scene.input { services, _, _ in services.blocksChanged([]) }
        case 2: try scene.input { services, _, _ in services.blocksChanged([LANScene.block]) }
        case 3: try scene.input { services, _, _ in services.remotesChanged() }
        case 4:
            try scene.input {
                $0.frameStrayed(from: LANScene.service, mac, to: address, now: $1, effects: &$2)
            }
        case 5:
            try scene.input {
                $0.nameFound(host: "far", site: "lsu", .addresses([address]), now: $1, effects: &$2)
            }
        default: try scene.input { $0.sourceSeen(address, mac, now: $1, effects: &$2) }
        }
    }
}
