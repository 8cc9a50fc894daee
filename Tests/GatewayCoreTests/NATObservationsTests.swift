import GatewayCore
import NetworkTypes
import Testing
import WireFormat

/// What members' reports tell of a NAT, and what gateways tell each other of it.
@Suite struct NATObservationsTests {
    private static let own = Endpoint("192.168.1.2:7867")!

    /// The reports of members at `remotes`, each of which sees the gateway at the port beside it.
    private func observations(_ reports: [(remote: String, port: UInt16)]) -> NATObservations {
        var observations = NATObservations()
        for (number, report) in reports.enumerated() {
            _ = observations.note(
                NATObservations.Report(
                    reporter: NodeAddress(high: UInt64(number), middle: 0, low: 0),
                    reporterEndpoint: Endpoint(report.remote)!,
                    seen: Endpoint(address: IPAddress(203, 0, 113, 9), port: report.port), time: Self.start))
        }
        return observations
    }

    private static let start = Instant(nanoseconds: 1_000_000_000)

    @Test func `nothing is known before two members at different addresses have reported`() {
        #expect(observations([]).mapping(own: [Self.own]) == .unknown)
        #expect(observations([("198.51.100.1:7867", 4_000)]).mapping(own: [Self.own]) == .unknown)
    }

    @Test func `whoever sees an own endpoint sees through no NAT`() {
        var observations = NATObservations()
        let report = NATObservations.Report(
            reporter: NodeAddress(high: 1, middle: 0, low: 0), reporterEndpoint: Endpoint("198.51.100.1:7867")!,
            seen: Self.own, time: Self.start)
        let isNew = observations.note(report)
        #expect(isNew)
        #expect(observations.mapping(own: [Self.own]) == .none)
        #expect(observations.outside(of: [Self.own]) == [])
    }

    @Test func `one port for all remotes depends on none of them`() {
        let found = observations([("198.51.100.1:7867", 4_000), ("198.51.100.2:7867", 4_000)])
        #expect(found.mapping(own: [Self.own]) == .endpointIndependent)
        #expect(found.outside(of: [Self.own]) == [Endpoint("203.0.113.9:4000")!])
    }

    @Test func `two ports for two addresses count as the worse, unless one address with two ports tells better`() {
        let reports: [(remote: String, port: UInt16)] = [("198.51.100.1:7867", 4_000), ("198.51.100.2:7867", 4_001)]
        #expect(observations(reports).mapping(own: [Self.own]) == .addressAndPortDependent)
        #expect(
            observations(reports + [("198.51.100.2:9999", 4_001)]).mapping(own: [Self.own]) == .addressDependent)
        #expect(
            observations(reports + [("198.51.100.2:9999", 4_002)]).mapping(own: [Self.own])
                == .addressAndPortDependent)
    }

    @Test func `an endpoint that most members see comes first, and old reports are void`() {
        var found = observations([
            ("198.51.100.1:7867", 4_000), ("198.51.100.2:7867", 4_001), ("198.51.100.3:7867", 4_001),
        ])
        #expect(found.outside(of: []).map(\.port) == [4_001, 4_000])
        let late = NATObservations.Report(
            reporter: NodeAddress(high: 9, middle: 0, low: 0), reporterEndpoint: Endpoint("198.51.100.9:7867")!,
            seen: Endpoint("203.0.113.9:5000")!, time: Self.start + .seconds(61))
        let isNew = found.note(late)
        #expect(isNew)
        #expect(found.outside(of: []).map(\.port) == [5_000])
    }

    @Test func `reports are bounded, the newest stay`() {
        let many = observations((0..<40).map { ("198.51.100.\($0 + 1):7867", UInt16(4_000 + $0)) })
        #expect(many.reports.count == 16)
        #expect(many.reports.last?.seen.port == 4_039)
    }

    private static let messages = [
        PunchMessage(mapping: .unknown, isUDPBlocked: false, endpoints: []),
        PunchMessage(mapping: .addressAndPortDependent, isUDPBlocked: true, endpoints: [own]),
        PunchMessage(
            mapping: .endpointIndependent, isUDPBlocked: false,
            endpoints: (1...8).map { Endpoint(address: IPAddress(198, 51, 100, $0), port: 7_867) }
                + [Endpoint("[2001:db8::1]:7867")!]),
    ]

    @Test(arguments: messages) func `a connect-to-me message survives the wire, and is refused cut short`(
        message: PunchMessage
    ) throws {
        #expect(message.endpoints.count <= 8)
        let bytes = message.encoded
        #expect(try PunchMessage(reading: bytes.span.bytes) == message)
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            #expect(throws: WireError.self) { try PunchMessage(reading: cut.span.bytes) }
        }
    }

    @Test func `a connect-to-me message that names too many endpoints is refused`() {
        let bytes: [UInt8] = [1, 0, 9] + [UInt8](repeating: 4, count: 200)
        #expect(throws: WireError.self) { try PunchMessage(reading: bytes.span.bytes) }
    }

    @Test func `a relay frame tells its channel, and nothing else is one`() {
        var frame = [UInt8](repeating: 7, count: RelayFrame.headerByteCount + 1)
        frame.withUnsafeMutableBytes { RelayFrame.writeHeader(channel: 0x0102_0304, to: $0.baseAddress!) }
        #expect(frame == [132, 0, 0, 0, 1, 2, 3, 4, 7])
        #expect(frame.withUnsafeBytes { RelayFrame.channel(of: $0) } == 0x0102_0304)
        for count in 0...RelayFrame.headerByteCount {
            #expect(
                frame.withUnsafeBytes { RelayFrame.channel(of: UnsafeRawBufferPointer(rebasing: $0[..<count])) } == nil)
        }
        frame[0] = 131
        #expect(frame.withUnsafeBytes { RelayFrame.channel(of: $0) } == nil)
    }
}
