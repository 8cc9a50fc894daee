import LANServices
import NetworkTypes

/// What stations of a bridged LAN send, and what a gateway keeps of them.
enum LANSeeds {
    private static let mac: [UInt8] = [0x52, 0x54, 0, 0, 0, 1]

    static var arpPackets: [(name: String, bytes: [UInt8])] {
        func packet(_ operation: UInt8, _ sender: [UInt8], _ target: [UInt8]) -> [UInt8] {
            [0, 1, 8, 0, 6, 4, 0, operation] + mac + sender + [0, 0, 0, 0, 0, 0] + target
        }
        let (own, far): ([UInt8], [UInt8]) = ([10, 128, 16, 10], [10, 128, 16, 77])
        return [
            ("request", packet(1, own, far)), ("service", packet(1, own, LANScene.service.bytes)),
            ("probe", packet(1, [0, 0, 0, 0], far)), ("announcement", packet(1, own, own)),
            ("reply", packet(2, own, LANScene.service.bytes)),
            ("clash", packet(1, LANScene.service.bytes, LANScene.service.bytes)),
        ]
    }

    static var neighbourMessages: [(name: String, bytes: [UInt8])] {
        let target = IPAddress("fd00:16::77")!.bytes
        return [
            ("solicitation", [135, 0, 0, 0, 0, 0, 0, 0] + target + [1, 1] + mac),
            ("probe", [135, 0, 0, 0, 0, 0, 0, 0] + target),
            ("service", [135, 0, 0, 0, 0, 0, 0, 0] + LANScene.service6.bytes + [14, 1, 1, 2, 3, 4, 5, 6]),
            ("advertisement", [136, 0, 0, 0, 0x60, 0, 0, 0] + target + [2, 1] + mac),
            ("router", [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
        ]
    }

    static var dhcpMessages: [(name: String, bytes: [UInt8])] {
        let (own, service): ([UInt8], [UInt8]) = ([10, 128, 16, 70], LANScene.service.bytes)
        let asked: [UInt8] = [55, 6, 1, 3, 6, 15, 26, 121]
        let relayed = message(
            1, options: asked + [82, 4, 1, 2, 0xab, 0xcd], relay: [10, 128, 16, 9])
        return [
            ("discover", message(1, options: asked + [12, 5] + Array("node7".utf8) + [57, 2, 5, 220])),
            ("identified", message(1, options: [61, 7, 1] + mac + [60, 4] + Array("ipop".utf8) + asked)),
            ("selecting", message(3, options: [50, 4] + own + [54, 4] + service)),
            ("reboot", message(3, options: [50, 4] + own)), ("renewal", message(3, options: asked, current: own)),
            ("decline", message(4, options: [50, 4] + own + [54, 4] + service)),
            ("release", message(7, options: [54, 4] + service, current: own)),
            ("inform", message(8, options: asked, current: own)), ("relayed", relayed),
            ("loop", message(1, options: asked, relay: service)),
            ("overloaded", message(1, options: [52, 1, 3], file: [60, 2, 1, 2, 255])),
            ("bomb", message(1, options: (100..<200).flatMap { (code: UInt8) -> [UInt8] in [code, 0] })),
        ]
    }

    static var dnsQuestions: [(name: String, bytes: [UInt8])] {
        let reverse = "70.16.128.10.in-addr.arpa"
        return [
            ("site", question("ufl.physics", 1)), ("host", question("node7.ufl.physics", 28)),
            ("remote", question("far.lsu.physics", 1)), ("reverse", question(reverse, 12)),
            ("outside", question("www.example.com", 1)),
            ("extended", question("ufl.physics", 255, more: [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])),
            ("version", question("ufl.physics", 255, more: [0, 0, 41, 4, 208, 0, 1, 0, 0, 0, 0])),
        ]
    }

    static var services: [(name: String, bytes: [UInt8])] {
        func step(
            _ what: LANServicesTarget.Step, station: UInt8 = 1, _ count: Int, _ block: [UInt8] = []
        ) -> [UInt8] {
            [what.rawValue | station << 3, UInt8(count >> 8), UInt8(count & 255)] + block
        }
        func block(_ what: LANServicesTarget.Step, _ bytes: [UInt8]) -> [UInt8] { step(what, bytes.count, bytes) }
        let discover = block(.dhcp, dhcpMessages[0].bytes)
        let agree = step(.grid, 0)
        // The first address that this station is offered.
        let select = block(.dhcp, message(3, options: [50, 4, 10, 128, 16, 65, 54, 4] + LANScene.service.bytes))
        let leased = discover + agree + step(.time, 1_000) + select
        let named = block(.name, question("node7.ufl.physics", 1))
        return [
            ("lease", leased + named + step(.time, 60_000)),
            ("lost", leased + step(.grid, 3) + block(.dhcp, message(3, options: [], current: [10, 128, 16, 65]))),
            ("refused", discover + step(.grid, 2) + step(.grid, 2) + step(.grid, 2) + step(.grid, 2)),
            ("restart", leased + step(.driver, 0) + agree + discover),
            ("cut-off", discover + step(.time, 2_000) + select + step(.grid, 2)),
            ("static", step(.arp, 0x0a0a) + agree + step(.time, 60_000) + step(.time, 60_000)),
            ("moved", step(.arp, 0x0a0a) + agree + step(.grid, 0x0104)),
            ("clash", step(.arp, 0x0a0a) + agree + step(.arp, station: 2, 0x0a0a) + step(.arp, 0x0a0a)),
            ("new-interface", step(.arp, 0x0a0a) + agree + step(.arp, station: 2, 0x0a0a) + step(.time, 5_000)),
            ("remote", step(.arp, 0x0a4d) + step(.grid, 7) + step(.arp, 0x004d) + step(.driver, 0x4d04)),
            ("neighbour", block(.neighbour, neighbourMessages[0].bytes) + step(.grid, 7)),
            ("names", block(.name, dnsQuestions[2].bytes) + step(.driver, 0x4d05)),
        ]
    }

    static var memories: [(name: String, bytes: [UInt8])] {
        let label = Array("ipop-lan-memory-1".utf8)
        let (own, leased): ([UInt8], [UInt8]) = ([4, 10, 128, 16, 10], [4, 10, 128, 16, 70])
        let lease: [UInt8] = [0, 7, 1] + mac + leased + mac + [0, 5] + Array("node7".utf8)
        let end: [UInt8] = [0, 0, 0, 0, 0x6b, 0x49, 0xd9, 0]
        return [
            ("empty", label + [0, 0, 0, 0]), ("host", label + [0, 1] + own + mac + [0, 0]),
            ("lease", label + [0, 0, 0, 1] + lease + end),
            ("both", label + [0, 1] + own + mac + [0, 1] + lease + end),
        ]
    }

    private static func message(
        _ kind: UInt8, options: [UInt8], current: [UInt8] = [0, 0, 0, 0], relay: [UInt8] = [0, 0, 0, 0],
        file: [UInt8] = []
    ) -> [UInt8] {
        var bytes: [UInt8] = [1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0]
        bytes += current + [0, 0, 0, 0, 0, 0, 0, 0] + relay
        bytes += mac + [UInt8](repeating: 0, count: 10 + 64)
        bytes += file + [UInt8](repeating: 0, count: 128 - file.count)
        return bytes + [99, 130, 83, 99, 53, 1, kind] + options + [255]
    }

    private static func question(_ name: String, _ type: UInt8, more: [UInt8] = []) -> [UInt8] {
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, more.isEmpty ? 0 : 1] + labels + [0, 0, type, 0, 1] + more
    }
}
