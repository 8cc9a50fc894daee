import GatewayCore
import NetworkTypes
import SimulationKit
import Testing

/// Address translators after RFC 4787, each mapping with each filtering.
@Suite struct AddressTranslatorTests {
    typealias Dependence = TranslatorBehaviour.Dependence

    private static let inside = Endpoint("10.0.0.1:7867")!
    private static let outside = IPAddress(203, 0, 113, 1)
    private static let remote = Endpoint("198.51.100.1:1000")!
    private static let samePlace = Endpoint("198.51.100.1:2000")!
    private static let stranger = Endpoint("198.51.100.2:1000")!
    private static let start = Instant(nanoseconds: 0)

    private func translator(_ mapping: Dependence, _ filtering: Dependence) -> AddressTranslator {
        AddressTranslator(
            address: Self.outside, behaviour: TranslatorBehaviour(mapping: mapping, filtering: filtering), place: 0,
            seed: 1)
    }

    static let pairs = Dependence.allCases.flatMap { mapping in Dependence.allCases.map { (mapping, $0) } }

    @Test(arguments: pairs) func `the mapping decides when the outside port changes`(
        mapping: Dependence, filtering: Dependence
    ) {
        let translator = translator(mapping, filtering)
        let first = translator.outbound(from: Self.inside, to: Self.remote, now: Self.start)
        let again = translator.outbound(from: Self.inside, to: Self.remote, now: Self.start + .seconds(119))
        let samePlace = translator.outbound(from: Self.inside, to: Self.samePlace, now: Self.start)
        let elsewhere = translator.outbound(from: Self.inside, to: Self.stranger, now: Self.start)
        #expect(first.address == Self.outside && again == first)
        #expect((samePlace == first) == (mapping != .addressAndPortDependent))
        #expect((elsewhere == first) == (mapping == .endpointIndependent))
    }

    @Test(arguments: pairs) func `the filtering decides who may answer`(mapping: Dependence, filtering: Dependence) {
        let translator = translator(mapping, filtering)
        let port = translator.outbound(from: Self.inside, to: Self.remote, now: Self.start).port
        func enters(_ source: Endpoint) -> Bool {
            translator.inbound(to: port, from: source, now: Self.start + .seconds(1)) == Self.inside
        }
        #expect(enters(Self.remote))
        #expect(enters(Self.samePlace) == (filtering != .addressAndPortDependent))
        #expect(enters(Self.stranger) == (filtering == .endpointIndependent))
    }

    @Test(arguments: pairs) func `what is not refreshed by outbound datagrams expires`(
        mapping: Dependence, filtering: Dependence
    ) {
        let translator = translator(mapping, filtering)
        let first = translator.outbound(from: Self.inside, to: Self.remote, now: Self.start)
        let before = Self.start + .seconds(119)
        #expect(translator.inbound(to: first.port, from: Self.remote, now: before) == Self.inside)
        // Inbound datagrams do not refresh.
        let after = Self.start + .seconds(120)
        #expect(translator.inbound(to: first.port, from: Self.remote, now: after) == nil)
        let second = translator.outbound(from: Self.inside, to: Self.remote, now: after)
        #expect(second.port != first.port)
        #expect(translator.inbound(to: second.port, from: Self.remote, now: after + .seconds(119)) == Self.inside)
        #expect(translator.mappingCount == 1)
    }

    @Test func `permissions of remotes expire one by one`() {
        let translator = translator(.endpointIndependent, .addressDependent)
        let port = translator.outbound(from: Self.inside, to: Self.remote, now: Self.start).port
        let later = Self.start + .seconds(100)
        #expect(translator.outbound(from: Self.inside, to: Self.stranger, now: later).port == port)
        let end = Self.start + .seconds(130)
        #expect(translator.inbound(to: port, from: Self.remote, now: end) == nil)
        #expect(translator.inbound(to: port, from: Self.stranger, now: end) == Self.inside)
    }

    @Test(arguments: pairs) func `nothing comes in unasked, and nothing round the corner`(
        mapping: Dependence, filtering: Dependence
    ) {
        let translator = translator(mapping, filtering)
        #expect(translator.inbound(to: 4_000, from: Self.remote, now: Self.start) == nil)
        let own = translator.outbound(from: Self.inside, to: Self.remote, now: Self.start)
        let hairpin = translator.outbound(from: Endpoint("10.0.0.2:7867")!, to: own, now: Self.start)
        #expect(translator.inbound(to: own.port, from: hairpin, now: Self.start) == nil)
    }

    @Test func `a gateway behind a translator joins, and is seen at its outside`() throws {
        let simulator = Simulator(seed: 4)
        let first = simulator.addSite("ufl", prefix: "10.1.0.0/16", bootstrap: [])
        let number = simulator.addTranslator(
            TranslatorBehaviour(mapping: .endpointIndependent, filtering: .addressAndPortDependent),
            address: Self.outside)
        let second = simulator.addSite(
            "lsu", prefix: "10.2.0.0/16", bootstrap: [first.endpoint], address: IPAddress(192, 168, 0, 1),
            translator: number)
        let both = { first.gateway.liveCount == 1 && second.gateway.liveCount == 1 }
        #expect(simulator.run(until: both, within: .seconds(5)) != nil)
        let node = try #require(first.gateway.memberStatus.first?.node)
        #expect(first.path(to: node)?.endpoint.address == Self.outside)
        simulator.run(for: .seconds(600))
        #expect(both(), "probes keep the mapping alive")
    }

    @Test func `hosts behind one translator reach each other inside`() {
        let simulator = Simulator(seed: 5)
        let number = simulator.addTranslator(
            TranslatorBehaviour(mapping: .endpointIndependent, filtering: .endpointIndependent), address: Self.outside)
        let first = simulator.addSite(
            "ufl", prefix: "10.1.0.0/16", bootstrap: [], address: IPAddress(192, 168, 0, 1), translator: number)
        let second = simulator.addSite(
            "lsu", prefix: "10.2.0.0/16", bootstrap: [first.endpoint], address: IPAddress(192, 168, 0, 2),
            translator: number)
        let third = simulator.addSite("cern", prefix: "10.3.0.0/16", bootstrap: [first.endpoint])
        simulator.run(for: .seconds(5))
        #expect(second.gateway.liveCount == 1)
        #expect(third.gateway.liveCount == 0, "a private endpoint leads nowhere from outside")
    }
}
