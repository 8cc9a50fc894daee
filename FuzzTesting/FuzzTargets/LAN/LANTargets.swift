import LANServices
import NetworkTypes
import WireFormat

/// An ARP packet, the bytes as they are.
enum ARPPacketTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let scene = LANScene()
        let source = input.count >= 14 ? Array(input[8..<14]) : [0x52, 0x54, 0, 0, 0, 1]
        try scene.receive(LANFrame.everybody.bytes + source + [8, 6] + input)
        try expect(scene.frames.count <= 2, "an ARP packet brings an answer, or a question and an answer")
    }
}

/// A message of ICMPv6 behind its first four bytes: the checksum is right.
enum NeighbourMessageTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let scene = LANScene()
        var frame = LANFrame()
        frame.destination = MACAddress(rawValue: 0x3333_0000_0001)
        for source in ["fd00:16::7", "::", "fe80::7"] {
            try scene.receive(
                frame.packet(
                    input, transport: 58, from: IPAddress(source)!, to: IPAddress("ff02::1")!, hopLimit: 255))
            try expect(scene.frames.count <= 2, "a message brings an answer, or a question and an answer")
        }
    }
}

/// The payload of a datagram to the DHCP server, twice, with a grid that agrees.
enum DHCPMessageTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let scene = LANScene()
        var frame = LANFrame()
        frame.destination = LANFrame.everybody
        let datagram = frame.datagram(
            input, from: Endpoint("0.0.0.0:68")!, to: Endpoint("255.255.255.255:67")!)
        for _ in 0..<2 {
            try scene.receive(datagram)
            try check(scene.frames, question: input)
            let asked = scene.asked
            try scene.input { $0.registered(asked, now: $1, effects: &$2) }
            try scene.pass(.seconds(2))
            try check(scene.frames, question: input)
        }
    }

    private static func check(_ frames: [[UInt8]], question: [UInt8]) throws(PropertyViolation) {
        for frame in frames where frame[12] == 8 && frame[13] == 0 {
            try expect(question[0] == 1, "an answer is not answered")
            try expect(frame[42] == 2, "an answer is one")
            try expect(frame[46..<50].elementsEqual(question[4..<8]), "an answer has its question's transaction")
            try expect(frame[70..<76].elementsEqual(question[28..<34]), "an answer is its client's")
            let given = IPAddress(bytes: frame[58..<62])!
            try expect(
                given.isUnspecified || LANScene.settings.isHostAddress(given), "\(given) is given to nobody")
        }
    }
}

/// A question for a name, the bytes as they are.
enum DNSQuestionTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let addresses = (1...9).map { IPAddress(10, 128, 16, UInt8($0)) }
        let zone = NameZone(grid: "physics", prefixes: LANScene.prefixes, sites: ["ufl"])
        switch zone.understand(input.span.bytes) {
        case .silence: break
        case .reply(let reply): try check(reply, input, zone)
        case .host(_, _, let query), .address(_, let query):
            let findings: [NameZone.Finding] = [
                .addresses(addresses), .addresses([]), .name(host: "node", site: "ufl"), .nobody, .unknown,
            ]
            for finding in findings { try check(zone.reply(to: query, finding, over: .datagram), input, zone) }
        }
        try askServer(input, zone)
    }

    /// The resolver of a routed LAN: one answer at most, at once or when the grid has spoken, and a stranger gets none.
    private static func askServer(_ input: [UInt8], _ zone: NameZone) throws(PropertyViolation) {
        let prefix = LANScene.prefixes[0]
        var server = NameServer(
            settings: NameServerSettings(
                site: "ufl", grid: "physics", subnets: [.init(local: prefix, virtual: prefix)],
                hosts: [.init(name: "", addresses: [LANScene.service])], sites: ["lsu"]))
        var effects: [NameServer.Effect] = []
        let now = Instant(nanoseconds: 1_000_000_000)
        server.receive(input.span.bytes, from: .connection(1, IPAddress(192, 0, 2, 1)), now: now, effects: &effects)
        try expect(effects.isEmpty, "a stranger gets no answer")
        let client = NameServer.Client.datagram(Endpoint("10.128.16.9:4000")!, at: LANScene.service)
        server.receive(input.span.bytes, from: client, now: now, effects: &effects)
        try expect(effects.count <= 1, "a question brings an answer, or another question")
        let first = effects.first
        effects = []
        switch first {
        case .reply(let reply, let target):
            try expect(target == client, "an answer goes to who has asked")
            try check(reply, input, zone)
        case .findName(let host, let site):
            server.nameFound(host: host, site: site, .nobody, effects: &effects)
            try expect(effects.count == 1, "what is found out is told")
        case .findNameOf(let address):
            server.nameFound(of: address, .name(host: "far", site: "lsu"), effects: &effects)
            try expect(effects.count == 1, "what is found out is told")
        case nil: break
        }
    }

    private static func check(
        _ reply: [UInt8], _ question: [UInt8], _ zone: NameZone
    ) throws(PropertyViolation) {
        try expect(reply.count >= 12 && reply.count <= 1_232, "an answer has \(reply.count) bytes")
        try expect(reply.count <= 512 || question[11] > 0, "who takes no more than 512 bytes gets no more")
        try expect(reply[0..<2] == question[0..<2], "an answer has its question's identifier")
        try expect(reply[2] & 0x80 != 0, "an answer is one")
        try expect(zone.understand(reply.span.bytes) == .silence, "an answer is not answered")
    }
}

/// The file of hosts and leases, its sum put behind the input.
enum LANMemoryTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        _ = try? LANMemory(reading: input)
        let bytes = StateFile.summed(input)
        guard let memory = try? LANMemory(reading: bytes) else { return }
        try expect(memory.encoded == bytes, "what is read is what was written")
        try expect(bytes.count <= LANMemory.byteCount, "the file is bounded")
        let scene = LANScene()
        try scene.input { $0.restore(memory, now: $1, unixSeconds: 1_800_000_000, effects: &$2) }
        try scene.pass(.seconds(5))
        try scene.restart()
    }
}
