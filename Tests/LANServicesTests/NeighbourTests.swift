import LANServices
import NetworkTypes
import Testing

/// Neighbour discovery: as ARP.
@Suite struct NeighbourTests {
    private let lan = TestLAN()
    private let station = Station(1)
    private let own = IPAddress("fd00:16::10")!
    private let far = IPAddress("fd00:16::77")!
    private let nobody = IPAddress("::")!

    private func resolve(mac: MACAddress = Station(77).mac) -> [LANEffects.Effect] {
        lan.input {
            $0.resolved(
                far, .remote(site: "lsu", mac: mac, isReachable: true), now: $1, effects: &$2)
        }
    }

    @Test func `the service address is advertised to who asks`() throws {
        let effects = lan.receive(station.solicitation(from: own, for: TestLAN.service6))

        let frame = try #require(effects.frames.first)
        #expect(frame[0..<6] == station.mac.bytes[...])
        // Solicited, overriding, with the target's link-layer address.
        #expect(frame[54] == 136)
        #expect(frame[58] == 0x60)
        #expect(frame[62..<78] == TestLAN.service6.bytes[...])
        #expect(frame[78..<86] == ([2, 1] + TestLAN.serviceMAC.bytes)[...])
        #expect(Station.checksum(Array(frame[22..<54]) + [0, 58, 0, 32] + frame[54...]) == 0)
    }

    @Test func `a remote host is advertised once the grid says that it is reachable`() {
        #expect(lan.receive(station.solicitation(from: own, for: far)).contains(.resolve(far)))

        #expect(resolve().frames.count == 1)
        #expect(lan.receive(station.solicitation(from: own, for: far)).frames.count == 1)
    }

    @Test func `duplicate address detection finds a remote holder, and not the host itself`() throws {
        lan.receive(station.solicitation(from: nobody, for: far))
        let answer = try #require(resolve().frames.first)
        #expect(answer[0..<6] == [0x33, 0x33, 0, 0, 0, 1])
        #expect(answer[58] == 0x20)

        lan.pass(.seconds(11))
        lan.receive(station.solicitation(from: nobody, for: far))
        #expect(resolve(mac: station.mac).isEmpty)
    }

    @Test func `a host that has detected no duplicate is asked for its address, once`() throws {
        lan.receive(station.solicitation(from: nobody, for: own))
        #expect(lan.pass(.seconds(1)).frames.filter { $0[12..<14] == [0x86, 0xdd] }.isEmpty, "it has it not yet")

        let asked = lan.pass(.seconds(3)).frames.filter { $0[12..<14] == [0x86, 0xdd] }

        let question = try #require(asked.first)
        #expect(asked.count == 1)
        #expect(question[0..<6] == station.mac.bytes[...])
        #expect(question[54] == 135 && question[62..<78] == own.bytes[...])
        // Its answer is what registers it.
        #expect(lan.hosts.isEmpty)
        #expect(lan.receive(station.advertisement(of: own)).registrations.map(\.address) == [own])
    }

    @Test func `no more newcomers are kept than the limit`() {
        for number in 0..<(LANLimits.newcomers + 50) {
            lan.receive(station.solicitation(from: nobody, for: own.advanced(by: UInt64(number))))
        }

        let asked = lan.pass(.seconds(4)).frames.filter { $0[12..<14] == [0x86, 0xdd] && $0[54] == 135 }
        #expect(asked.count == LANLimits.newcomers)
    }

    @Test func `solicitations and advertisements register hosts`() {
        #expect(lan.receive(station.solicitation(from: own, for: far)).registrations.map(\.address) == [own])
        #expect(lan.receive(Station(2).advertisement(of: far)).registrations.map(\.mac) == [Station(2).mac])
        #expect(lan.receive(station.solicitation(from: own, for: far)).isEmpty)
    }

    @Test func `a hop limit under 255 has crossed a router and is dropped`() {
        var frame = station.solicitation(from: own, for: TestLAN.service6)
        frame[21] = 254

        #expect(lan.receive(frame).isEmpty)
        #expect(lan.counters.drops[.malformedFrame] == 1)
    }

    @Test func `messages cut short, with options of no length or a wrong checksum are dropped`() {
        let frame = station.solicitation(from: own, for: TestLAN.service6)
        for count in 0..<frame.count { #expect(lan.receive(Array(frame.prefix(count))).isEmpty) }
        for place in [56, 79, 85] {
            var damaged = frame
            damaged[place] ^= 1
            #expect(lan.receive(damaged).isEmpty)
        }
        #expect(lan.hosts.isEmpty)
    }

    @Test func `a router advertisement and a solicitation for one do nothing`() {
        let advertisement: [UInt8] = [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]
        let source = IPAddress("fe80::5054:ff:fe00:1")!
        let all = MACAddress("33:33:00:00:00:01")!
        let frame = station.ip(
            advertisement, 58, from: source, to: IPAddress("ff02::1")!, hopLimit: 255, at: all)

        #expect(lan.receive(frame).isEmpty)
    }
}
