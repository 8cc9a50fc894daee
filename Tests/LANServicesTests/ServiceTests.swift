import LANServices
import NetworkTypes
import Testing

/// Packets to the service address.
@Suite struct ServiceTests {
    private let lan = TestLAN()
    private let station = Station(1)

    @Test(arguments: [("10.128.16.10", TestLAN.service), ("fd00:16::10", TestLAN.service6)])
    func `a ping is answered`(source: String, service: IPAddress) throws {
        let source = IPAddress(source)!
        let frame = try #require(lan.receive(station.ping(from: source, to: service)).frames.first)

        let expected = Station(1).ping(from: service, to: source)
        let isV4 = service.family == .v4
        #expect(frame[0..<6] == station.mac.bytes[...])
        #expect(frame[6..<12] == TestLAN.serviceMAC.bytes[...])
        let start = isV4 ? 34 : 54
        #expect(frame[start] == (isV4 ? 0 : 129))
        #expect(frame[(start + 4)..<(start + 11)] == expected[(start + 4)..<(start + 11)])
        if isV4 {
            #expect(Station.checksum(Array(frame[14..<34])) == 0)
            #expect(Station.checksum(Array(frame[34..<45])) == 0)
        } else {
            #expect(Station.checksum(Array(frame[22..<54]) + [0, 58, 0, 11] + frame[54..<65]) == 0)
        }
    }

    @Test func `a packet that nobody takes is answered with port unreachable, at a bounded rate`() throws {
        let source = Endpoint("10.128.16.10:4000")!
        let frame = station.udp(from: source, to: Endpoint(address: TestLAN.service, port: 9), [1])

        let error = try #require(lan.receive(frame).frames.first)
        #expect(error[34..<36] == [3, 3])
        #expect(Array(error[42...]).starts(with: frame[14...]))

        var count = 0
        for _ in 0..<100 { count += lan.receive(frame).frames.count }
        #expect(count == LANLimits.errorRate - 1)
        #expect(lan.counters.drops[.paced] > 0)
    }

    @Test func `packets to others, from nobody, and in pieces get no answer`() {
        let own = IPAddress(10, 128, 16, 10)
        #expect(lan.receive(station.ping(from: own, to: IPAddress(10, 128, 16, 20))).frames.isEmpty)
        #expect(lan.receive(station.ping(from: IPAddress(v4: 0), to: TestLAN.service)).isEmpty)
        #expect(lan.receive(station.ping(from: IPAddress(224, 0, 0, 1), to: TestLAN.service)).isEmpty)
        var damaged = station.ping(from: own, to: TestLAN.service)
        damaged[40] ^= 1
        #expect(lan.receive(damaged).isEmpty)
        var piece = station.ping(from: own, to: TestLAN.service)
        piece[20] = 0x20
        piece[24] &-= 0x20
        #expect(lan.receive(piece).isEmpty)
        #expect(lan.counters.drops[.fragment] == 1)
    }
}
