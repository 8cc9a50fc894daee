import LANServices
import NetworkTypes
import Testing

/// The resolver of a routed LAN: site ufl, whose 192.168.1.0/24 the grid knows as 10.128.7.0/24.
@Suite struct NameServerTests {
    private static let gateway = IPAddress(192, 168, 1, 1), printer = IPAddress(192, 168, 1, 7)
    private static let local = NameServer.Client.datagram(Endpoint("192.168.1.20:4000")!, at: gateway)
    private static let far = NameServer.Client.datagram(Endpoint("192.168.20.9:4000")!, at: gateway)
    private static let connected = NameServer.Client.connection(3, IPAddress(192, 168, 1, 20))

    private static func server() -> NameServer {
        NameServer(
            settings: NameServerSettings(
                site: "ufl", grid: "physics",
                subnets: [.init(local: IPPrefix("192.168.1.0/24")!, virtual: IPPrefix("10.128.7.0/24")!)],
                hosts: [
                    .init(name: "", addresses: [gateway, IPAddress("fd00::1")!]),
                    .init(name: "printer", addresses: [printer]),
                ], sites: ["lsu"], remotePrefixes: [IPPrefix("192.168.20.0/24")!, IPPrefix("10.9.0.0/16")!]))
    }

    private static let start = Instant(nanoseconds: 1_000_000_000)

    private static func receive(
        _ question: [UInt8], from client: NameServer.Client, by server: inout NameServer, at now: Instant = start
    ) -> [NameServer.Effect] {
        var effects: [NameServer.Effect] = []
        server.receive(question.span.bytes, from: client, now: now, effects: &effects)
        return effects
    }

    /// What a client is answered at once.
    private static func ask(
        _ name: String, type: UInt8 = 1, from client: NameServer.Client = local, by server: NameServer = server()
    ) -> DNSMessage.Answer? {
        var server = server
        let question = DNSMessage.question(name, type: type)
        guard case .reply(let reply, client)? = receive(question, from: client, by: &server).first else { return nil }
        return DNSMessage.answer(reply, to: question)
    }

    @Test func `hosts of the LAN find each other as they are, and others by what the grid calls them`() {
        #expect(Self.ask("printer.ufl.physics")?.data == [[192, 168, 1, 7]])
        #expect(Self.ask("ufl.physics")?.data == [[192, 168, 1, 1]])
        #expect(Self.ask("ufl.physics", type: 28)?.data == [IPAddress("fd00::1")!.bytes])

        #expect(Self.ask("printer.ufl.physics", from: Self.far)?.data == [[10, 128, 7, 7]])
        #expect(Self.ask("ufl.physics", from: Self.far)?.data == [[10, 128, 7, 1]])
        // What is not exported nobody else reaches.
        #expect(Self.ask("ufl.physics", type: 28, from: Self.far) == DNSMessage.Answer(code: 0))
    }

    @Test func `addresses of the LAN have names, by both of their numbers`() {
        let name = [7] + Array("printer".utf8) + [3] + Array("ufl".utf8) + [7] + Array("physics".utf8) + [0]

        #expect(Self.ask(DNSMessage.reverse(Self.printer), type: 12)?.data == [name])
        #expect(Self.ask(DNSMessage.reverse(IPAddress(10, 128, 7, 7)), type: 12)?.data == [name])
        #expect(Self.ask(DNSMessage.reverse(IPAddress(10, 128, 7, 7)), type: 12, from: Self.far)?.data == [name])
        #expect(Self.ask(DNSMessage.reverse(IPAddress(192, 168, 1, 8)), type: 12)?.code == 3)
    }

    @Test func `a stranger gets no answer, not even a refusal`() {
        var server = Self.server()
        let question = DNSMessage.question("ufl.physics")
        let strangers: [NameServer.Client] = [
            .datagram(Endpoint("203.0.113.9:4000")!, at: Self.gateway), .connection(1, IPAddress(203, 0, 113, 9)),
            .datagram(Endpoint("[fd00::9]:4000")!, at: Self.gateway),
        ]

        for stranger in strangers { #expect(Self.receive(question, from: stranger, by: &server).isEmpty) }
        #expect(server.drops.map(\.count) == [3, 0, 0, 0])
    }

    @Test func `other zones are refused, and nothing is looked up for them`() {
        #expect(Self.ask("www.example.com")?.code == 5)
        #expect(Self.ask(DNSMessage.reverse(IPAddress(203, 0, 113, 1)), type: 12)?.code == 5)
        #expect(Self.ask("cern.physics")?.code == 3)
        #expect(Self.ask("nobody.ufl.physics")?.code == 3)
    }

    @Test func `a name of another site is looked for once, and all who ask are told`() {
        var server = Self.server()
        let question = DNSMessage.question("node7.lsu.physics")
        #expect(
            Self.receive(question, from: Self.local, by: &server) == [.findName(host: "node7", site: "lsu")])
        #expect(Self.receive(question, from: Self.connected, by: &server).isEmpty)

        var effects: [NameServer.Effect] = []
        server.nameFound(
            host: "node7", site: "lsu", .addresses([IPAddress(192, 168, 20, 7)]), effects: &effects)

        let answers = effects.map { effect -> (NameServer.Client, [[UInt8]]?)? in
            guard case .reply(let reply, let client) = effect else { return nil }
            return (client, DNSMessage.answer(reply, to: question)?.data)
        }
        #expect(answers.map { $0?.0 } == [Self.local, Self.connected])
        #expect(answers.allSatisfy { $0?.1 == [[192, 168, 20, 7]] })
        effects = []
        server.nameFound(host: "node7", site: "lsu", .nobody, effects: &effects)
        #expect(effects.isEmpty, "nobody waits any more")
    }

    @Test func `the name of another site's address is looked for`() throws {
        var server = Self.server()
        let address = IPAddress(192, 168, 20, 7)
        let question = DNSMessage.question(DNSMessage.reverse(address), type: 12)
        #expect(Self.receive(question, from: Self.local, by: &server) == [.findNameOf(address)])

        var effects: [NameServer.Effect] = []
        server.nameFound(of: address, .name(host: "node7", site: "lsu"), effects: &effects)

        guard case .reply(let reply, Self.local) = try #require(effects.first) else {
            Issue.record("who has asked is told")
            return
        }
        #expect(DNSMessage.answer(reply, to: question)?.data.first?.starts(with: [5] + "node7".utf8) == true)
    }

    @Test func `what nobody answers is given up, and no more waits than there is room for`() {
        var server = Self.server()
        for number in 0..<(LANLimits.openQuestions + 10) {
            _ = Self.receive(DNSMessage.question("node\(number).lsu.physics"), from: Self.local, by: &server)
        }
        #expect(server.drops.first { $0.reason == .full }?.count == 10)
        let end = Self.start + LANLimits.patience
        #expect(server.nextWakeup == end)

        server.handleTimeout(now: end)

        #expect(server.nextWakeup == nil)
        var effects: [NameServer.Effect] = []
        server.nameFound(host: "node1", site: "lsu", .nobody, effects: &effects)
        #expect(effects.isEmpty)
        let again = Self.receive(DNSMessage.question("node1.lsu.physics"), from: Self.local, by: &server, at: end)
        #expect(again == [.findName(host: "node1", site: "lsu")])
    }

    @Test func `questions beyond the rate get no answer`() {
        var server = Self.server()
        let question = DNSMessage.question("ufl.physics")
        let answered = (0..<(2 * LANLimits.nameBurst)).count { _ in
            !Self.receive(question, from: Self.local, by: &server).isEmpty
        }

        #expect(answered == LANLimits.nameBurst)
        #expect(server.drops.first { $0.reason == .paced }?.count == UInt64(LANLimits.nameBurst))
    }

    @Test(arguments: [DNSTransport.datagram, .stream])
    func `as many addresses as a name may have fit under the longest name`(transport: DNSTransport) {
        let label = String(repeating: "a", count: 63)
        let zone = NameZone(grid: label, prefixes: [], sites: [label])
        let question = DNSMessage.question("\(label).\(label).\(label)", type: 255)
        let many = NameZone.Finding.addresses((1...20).map { IPAddress("fd00::\($0)")! })

        guard case .host(_, _, let query) = zone.understand(question.span.bytes) else {
            Issue.record("it is looked up")
            return
        }
        let answer = DNSMessage.answer(zone.reply(to: query, many, over: transport), to: question)
        #expect(answer?.data.count == LANLimits.addressesOfName)
        #expect(answer?.isTruncated == false)
    }
}
