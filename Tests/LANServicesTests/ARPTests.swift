import LANServices
import NetworkTypes
import Testing

/// Who is answered, and who is not.
@Suite struct ARPTests {
    private let lan = TestLAN()
    private let station = Station(1)
    private let own = IPAddress(10, 128, 16, 10)
    private let far = IPAddress(10, 128, 16, 77)
    private let farMAC = Station(77).mac

    private func resolve(_ address: IPAddress, isReachable: Bool = true) -> [LANEffects.Effect] {
        lan.input {
            $0.resolved(
                address, .remote(site: "lsu", mac: farMAC, isReachable: isReachable), now: $1, effects: &$2)
        }
    }

    private func reply(_ address: IPAddress, to target: IPAddress) -> [UInt8] {
        station.mac.bytes + TestLAN.serviceMAC.bytes + [8, 6, 0, 1, 8, 0, 6, 4, 0, 2] + TestLAN.serviceMAC.bytes
            + address.bytes + station.mac.bytes + target.bytes + [UInt8](repeating: 0, count: 18)
    }

    @Test func `the service address is always answered`() {
        #expect(
            lan.receive(station.arp(from: own, for: TestLAN.service)).frames == [reply(TestLAN.service, to: own)])
        #expect(lan.receive(station.probe(for: TestLAN.service)).frames.count == 1)
        let foreigner = IPAddress(192, 168, 1, 5)
        #expect(lan.receive(station.arp(from: foreigner, for: TestLAN.service)).frames.count == 1)
    }

    @Test func `a remote host is answered for once the grid says that it is reachable`() {
        lan.settle(station, own)

        let asked = lan.receive(station.arp(from: own, for: far))

        #expect(asked == [.resolve(far)])
        #expect(resolve(far).frames == [reply(far, to: own)])
        // The next one at once.
        #expect(lan.receive(station.arp(from: own, for: far)).frames == [reply(far, to: own)])
    }

    @Test func `a free address and an unreachable host are not answered for`() {
        lan.settle(station, own)

        lan.receive(station.arp(from: own, for: far))
        #expect(lan.input { $0.resolved(far, .nobody, now: $1, effects: &$2) }.isEmpty)
        #expect(lan.receive(station.arp(from: own, for: far)).isEmpty)

        lan.pass(.seconds(3))
        #expect(lan.receive(station.arp(from: own, for: far)) == [.resolve(far)])
        #expect(resolve(far, isReachable: false).isEmpty)
        #expect(lan.receive(station.arp(from: own, for: far)).isEmpty)
    }

    @Test func `a local host is not answered for, so that it is talked to past the gateway`() {
        lan.settle(station, own)
        let neighbour = Station(2)
        lan.settle(neighbour, IPAddress(10, 128, 16, 20))

        #expect(lan.receive(station.arp(from: own, for: IPAddress(10, 128, 16, 20))).isEmpty)
    }

    @Test func `foreign ranges are not answered for`() {
        let foreigner = IPAddress(192, 168, 1, 5)
        #expect(lan.receive(station.arp(from: foreigner, for: far)).isEmpty)
        #expect(lan.receive(station.arp(from: own, for: IPAddress(192, 168, 1, 1))).registrations.count == 1)
        #expect(lan.receive(station.arp(from: own, for: IPAddress(192, 168, 1, 1))).isEmpty)
        #expect(lan.receive(station.arp(from: own, for: IPAddress(10, 128, 16, 255))).isEmpty)
    }

    @Test func `a probe is answered when a remote host has the address, so that duplicates are detected`() {
        #expect(lan.receive(station.probe(for: far)) == [.resolve(far)])

        #expect(resolve(far).frames == [reply(far, to: IPAddress(v4: 0))])
    }

    @Test func `a probe for a free address is not answered`() {
        lan.receive(station.probe(for: far))

        #expect(lan.input { $0.resolved(far, .nobody, now: $1, effects: &$2) }.isEmpty)
    }

    @Test func `a host that has moved here gets no answer to the probe for its own address`() {
        let moved = Station(77)
        lan.receive(moved.probe(for: far))

        #expect(resolve(far).isEmpty)
        #expect(lan.receive(moved.probe(for: far)).isEmpty)
    }

    @Test func `a probe for the address of a host without a known MAC is not answered: it may be the prober's own`() {
        lan.receive(station.probe(for: far))

        let resolved = lan.input {
            $0.resolved(far, .remote(site: "lsu", mac: nil, isReachable: true), now: $1, effects: &$2)
        }

        #expect(resolved.isEmpty)
        lan.settle(station, own)
        #expect(lan.receive(station.arp(from: own, for: far)).frames.count == 1)
    }

    @Test func `a scan of the subnet is passed on at a bounded rate, and few wait for each answer`() {
        lan.settle(station, own)
        var asked = 0
        for number in 20..<255 {
            asked += lan.receive(station.arp(from: own, for: IPAddress(10, 128, 16, UInt8(number)))).count
        }
        #expect(asked == LANLimits.openQuestions)

        lan.pass(LANLimits.patience)
        for _ in 0..<10 { lan.receive(station.arp(from: own, for: far)) }
        #expect(resolve(far).frames.count == LANLimits.waitingForEach)
    }

    @Test func `who has the service address too is shown, and contradicted at a bounded rate`() throws {
        let rival = Station(9)
        let effects = lan.receive(rival.announcement(of: TestLAN.service))

        #expect(effects.notices == [.serviceAddressClash(TestLAN.service, rival.mac)])
        let frame = try #require(effects.frames.first)
        #expect(frame[0..<6] == Station.everybody.bytes[...])
        #expect(frame[28..<32] == TestLAN.service.bytes[...])
        #expect(lan.receive(rival.announcement(of: TestLAN.service)).isEmpty)
    }

    @Test func `a packet that names another sender than its frame is dropped`() {
        var frame = station.arp(from: own, for: far)
        frame[27] ^= 1

        #expect(lan.receive(frame).isEmpty)
        #expect(lan.counters.drops[.foreignSender] == 1)
    }

    @Test func `frames cut short do nothing but count`() {
        let frame = Array(station.arp(from: own, for: TestLAN.service).prefix(42))
        for count in 0..<frame.count { #expect(lan.receive(Array(frame.prefix(count))).isEmpty) }

        #expect(lan.counters.drops[.malformedFrame] == UInt64(frame.count))
        #expect(lan.receive(frame).frames.count == 1)
    }

    @Test func `a frame to a remote host that goes past the service is put right`() {
        lan.settle(station, own)

        let asked = lan.input { $0.frameStrayed(from: own, station.mac, to: far, now: $1, effects: &$2) }

        #expect(asked == [.resolve(far)])
        #expect(resolve(far).frames == [reply(far, to: own)])
    }
}
