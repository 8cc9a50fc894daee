import LANServices
import NetworkTypes
import Testing

/// `HOST.SITE.GRID` and back.
@Suite struct NameTests {
    private let lan = TestLAN.giving()
    private let station = Station(1)
    private let client = Endpoint("10.128.16.200:4000")!

    init() {
        lan.settle(station, client.address)
        lan.input { services, _, _ in
            services.sitesChanged(["lsu"])
        }
    }

    private func send(_ question: [UInt8], to service: IPAddress = TestLAN.service) -> [LANEffects.Effect] {
        lan.receive(station.udp(from: client, to: Endpoint(address: service, port: 53), question))
    }

    private func answer(_ effects: [LANEffects.Effect], to question: [UInt8]) -> DNSMessage.Answer? {
        for frame in effects.frames where frame.count > 42 && frame[23] == 17 && frame[34..<36] == [0, 53] {
            let length = Int(frame[38]) << 8 | Int(frame[39])
            return DNSMessage.answer(Array(frame[42..<(34 + length)]), to: question)
        }
        return nil
    }

    private func ask(_ name: String, type: UInt8 = 1) -> DNSMessage.Answer? {
        let question = DNSMessage.question(name, type: type)
        return answer(send(question), to: question)
    }

    @Test func `a DHCP client's name leads to its address, in any letters`() throws {
        let address = try #require(lan.lease(station, name: "node7"))

        #expect(ask("node7.ufl.physics") == DNSMessage.Answer(code: 0, data: [address.bytes]))
        #expect(ask("NODE7.Ufl.physics") == DNSMessage.Answer(code: 0, data: [address.bytes]))
        #expect(ask("node7.ufl.physics", type: 28) == DNSMessage.Answer(code: 0))
    }

    @Test func `a v6 address of the same interface has the name too`() throws {
        lan.lease(station, name: "node7")
        let address = IPAddress("fd00:16::7")!
        lan.settle(station, IPAddress("fd00:16::7")!)

        #expect(ask("node7.ufl.physics", type: 28)?.data == [address.bytes])
        #expect(ask(DNSMessage.reverse(address), type: 12)?.data.first?.starts(with: [5] + "node7".utf8) == true)
    }

    @Test func `an address leads to its name`() throws {
        let address = try #require(lan.lease(station, name: "node7"))
        let name = [5] + Array("node7".utf8) + [3] + Array("ufl".utf8) + [7] + Array("physics".utf8) + [0]

        #expect(ask(DNSMessage.reverse(address), type: 12) == DNSMessage.Answer(code: 0, data: [name]))
        #expect(ask(DNSMessage.reverse(TestLAN.service), type: 12)?.data.count == 1)
    }

    @Test func `sites have names`() {
        let question = DNSMessage.question("lsu.physics")
        #expect(send(question) == [.findName(host: "", site: "lsu")])
        let found = lan.input {
            $0.nameFound(host: "", site: "lsu", .addresses([IPAddress(192, 168, 20, 1)]), now: $1, effects: &$2)
        }
        #expect(answer(found, to: question)?.data == [[192, 168, 20, 1]])
        #expect(ask("ufl.physics")?.data == [TestLAN.service.bytes])
        #expect(ask("physics") == DNSMessage.Answer(code: 0))
    }

    @Test func `what is not in the grid is refused, and what is not there does not exist`() {
        #expect(ask("www.example.com")?.code == 5)
        #expect(ask("")?.code == 5)
        #expect(ask(DNSMessage.reverse(IPAddress(192, 0, 2, 1)), type: 12)?.code == 5)
        #expect(ask("cern.physics")?.code == 3)
        #expect(ask("node7.cern.physics")?.code == 3)
        #expect(ask("nobody.ufl.physics")?.code == 3)
        #expect(ask("a.b.ufl.physics")?.code == 3)
    }

    @Test func `a host of another site is looked for there, once for all who ask`() {
        let question = DNSMessage.question("far.lsu.physics")
        #expect(send(question) == [.findName(host: "far", site: "lsu")])
        #expect(!send(question).contains(.findName(host: "far", site: "lsu")))

        let found = lan.input {
            $0.nameFound(
                host: "far", site: "lsu", .addresses([IPAddress(10, 128, 16, 77)]), now: $1, effects: &$2)
        }

        #expect(found.frames.count == 2)
        #expect(answer(found, to: question)?.data == [[10, 128, 16, 77]])
    }

    @Test func `a look-up without an answer is given up, and one that failed is told`() {
        let question = DNSMessage.question("far.lsu.physics")
        _ = send(question)
        lan.pass(.seconds(5))
        #expect(
            lan.input {
                $0.nameFound(host: "far", site: "lsu", .nobody, now: $1, effects: &$2)
            }.isEmpty)

        _ = send(question)
        let failed = lan.input { $0.nameFound(host: "far", site: "lsu", .unknown, now: $1, effects: &$2) }
        #expect(answer(failed, to: question)?.code == 2)
    }

    @Test func `the name of a remote address is the grid's word`() {
        let far = IPAddress(10, 128, 16, 77)
        let question = DNSMessage.question(DNSMessage.reverse(far), type: 12)
        #expect(send(question) == [.findNameOf(far)])
        #expect(send(question).isEmpty)

        let found = lan.input { $0.nameFound(of: far, .name(host: "far", site: "lsu"), now: $1, effects: &$2) }

        #expect(found.frames.count == 2)
        #expect(answer(found, to: question)?.data.first?.starts(with: [3] + "far".utf8) == true)
    }

    @Test func `where names are not to be answered nobody is told to ask, and who asks hears so`() throws {
        let silent = TestLAN.giving { $0.answersNames = false }
        #expect(try #require(silent.offer())[6] == nil)
        silent.settle(station, client.address)
        let frame = station.udp(
            from: client, to: Endpoint(address: TestLAN.service, port: 53), DNSMessage.question("ufl.physics"))

        let effects = silent.receive(frame)

        #expect(answer(effects, to: DNSMessage.question("ufl.physics")) == nil)
        #expect(silent.counters.errors == 1)
    }

    @Test func `addresses of other sites' prefixes have names too`() {
        let far = IPAddress(192, 168, 20, 7)
        let question = DNSMessage.question(DNSMessage.reverse(far), type: 12)
        #expect(answer(send(question), to: question)?.code == 5)

        lan.input { services, _, _ in
            services.settingsChanged(TestLAN.settings { $0.remotePrefixes = [IPPrefix("192.168.20.0/24")!] })
        }

        #expect(send(question) == [.findNameOf(far)])
    }

    @Test func `no answer is longer than its client takes`() {
        let zone = NameZone(grid: "physics", prefixes: [], sites: ["ufl"])
        let plain = DNSMessage.question("ufl.physics", type: 255)
        let extended = DNSMessage.question("ufl.physics", type: 255, extended: 4_096)
        let many = NameZone.Finding.addresses((0..<200).map { IPAddress(10, 0, 0, $0) })

        guard case .host("", "ufl", let first) = zone.understand(plain.span.bytes),
            case .host("", "ufl", let second) = zone.understand(extended.span.bytes)
        else {
            Issue.record("both are looked up")
            return
        }
        let short = zone.reply(to: first, many, over: .datagram)
        let long = zone.reply(to: second, many, over: .datagram)
        #expect(short.count <= 512 && short[7] == LANLimits.addressesOfName)
        #expect(long.count <= 1_232 && long[7] == LANLimits.addressesOfName)
        #expect(long.suffix(11).starts(with: [0, 0, 41]))
    }

    @Test func `what is no proper question gets a short error or nothing`() {
        let zone = NameZone(grid: "physics", prefixes: [])
        let good = DNSMessage.question("ufl.physics", extended: 1_232)
        for count in 0..<good.count {
            switch zone.understand(Array(good.prefix(count)).span.bytes) {
            case .silence: #expect(count < 12)
            case .reply(let reply): #expect(reply.count == 12 && reply[3] == 1)
            case .host, .address: Issue.record("\(count) bytes are no question")
            }
        }
        var reply = good
        reply[2] |= 0x80
        #expect(zone.understand(reply.span.bytes) == .silence)
        let cases: [(place: Int, value: UInt8, code: UInt8)] = [(2, 0x10, 4), (5, 2, 1), (12, 0xc0, 1), (28, 3, 5)]
        for (place, value, code) in cases {
            var wrong = good
            wrong[place] = value
            guard case .reply(let bytes) = zone.understand(wrong.span.bytes) else {
                Issue.record("byte \(place) is answered")
                continue
            }
            #expect(bytes[3] & 15 == code, "byte \(place)")
        }
    }

    @Test func `a newer version of EDNS is told that this is an older one`() {
        let zone = NameZone(grid: "physics", prefixes: [])
        var question = DNSMessage.question("ufl.physics", extended: 1_232)
        question[question.count - 5] = 1

        guard case .reply(let bytes) = zone.understand(question.span.bytes) else {
            Issue.record("it is answered")
            return
        }
        #expect(bytes.count == 23)
        #expect(bytes[17] == 1)
    }
}
