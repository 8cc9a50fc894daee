import NATTraversal
import NetworkTypes
import Testing

/// The port that a gateway keeps mapped at its router.
@Suite struct PortMapperTests {
    private let mapped = Endpoint("203.0.113.9:7867")!

    @Test func `PCP maps the port at once and tells where`() {
        var router = ScriptedRouter(.portControl)

        router.begin()

        #expect(router.told == [[mapped]])
        #expect(router.mapper.answeredBy == .portControl)
        #expect(
            router.requests.map(\.bytes) == [
                // Version 2, MAP, 1,800 s, client, nonce, UDP, 7867, suggested 7867 at no address.
                [2, 1, 0, 0, 0, 0, 7, 8] + Array(repeating: 0, count: 10) + [255, 255, 192, 168, 1, 7]
                    + [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 17, 0, 0, 0, 0x1e, 0xbb, 0x1e, 0xbb]
                    + Array(repeating: 0, count: 10) + [255, 255, 0, 0, 0, 0]
            ])
    }

    @Test func `a router that speaks NAT-PMP only is asked by that`() {
        var router = ScriptedRouter(.natPMP)
        router.portOffset = 1_000

        router.begin()

        #expect(router.told == [[Endpoint("203.0.113.9:8867")!]])
        #expect(router.mapper.answeredBy == .natPMP)
        #expect(
            router.requests.dropFirst().map(\.bytes) == [
                [0, 0], [0, 1, 0, 0, 0x1e, 0xbb, 0x1e, 0xbb, 0, 0, 7, 8],
            ])
    }

    @Test func `both transports are mapped, and one endpoint is told once`() {
        var same = ScriptedRouter(.portControl, transports: [.udp, .tcp])
        var other = ScriptedRouter(.natPMP, transports: [.udp, .tcp])

        same.begin()
        other.begin()

        #expect(same.mapper.endpoints == [mapped] && same.mappings.count == 2)
        #expect(other.mapper.endpoints == [mapped] && other.mappings.count == 2)
    }

    @Test(arguments: [ScriptedRouter.Speech.portControl, .natPMP])
    func `lost requests are repeated until each has its answer`(speech: ScriptedRouter.Speech) {
        var router = ScriptedRouter(speech, transports: [.udp, .tcp])
        router.lossCount = 3

        router.begin()
        router.pass(.seconds(30))

        #expect(router.mapper.endpoints == [mapped])
        #expect(router.mappings.count == 2)
    }

    @Test func `a mapping is renewed at half its lifetime, with what it was`() throws {
        var router = ScriptedRouter(.portControl)
        router.portOffset = 5
        router.begin()
        let start = router.now

        router.pass(.seconds(1_200))

        #expect(router.requests.count == 2)
        let renewal = try #require(router.requests.last)
        #expect((.seconds(900)...Duration.seconds(1_126)).contains(renewal.at - start))
        // The suggested endpoint is the one that it has.
        let suggested: [UInt8] = [0x1e, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 9]
        #expect(Array(renewal.bytes[42...]) == suggested)
        #expect(router.told.count == 1)
    }

    @Test func `a router that starts anew is asked anew`() {
        var router = ScriptedRouter(.natPMP)
        router.begin()
        router.pass(.seconds(1_000))
        router.reboot()
        #expect(router.mappings.isEmpty)

        // Any answer shows it: here one that the router sends again.
        router.deliver([0, 128, 0, 0, 0, 0, 0, 0, 203, 0, 113, 9])
        router.pass(.seconds(2))

        #expect(router.mappings.count == 1)
        #expect(router.mapper.endpoints == [mapped])
    }

    @Test func `a new public address is told`() {
        var router = ScriptedRouter(.natPMP)
        router.begin()
        router.external = IPAddress("203.0.113.10")!

        router.pass(.seconds(1_200))

        #expect(router.told == [[mapped], [Endpoint("203.0.113.10:7867")!]])
    }

    @Test func `a router that falls silent keeps nothing for longer than the lifetime`() {
        var router = ScriptedRouter(.portControl)
        router.begin()
        router.speech = .nothing

        router.pass(.seconds(1_799))
        #expect(router.mapper.endpoints == [mapped])
        router.pass(.seconds(2))

        #expect(router.mapper.endpoints.isEmpty)
        #expect(router.told == [[mapped], []])
    }

    @Test func `a silent router is left alone for longer and longer`() {
        var router = ScriptedRouter(.nothing)
        router.begin()

        router.pass(.seconds(6 * 3_600))

        // Each try is two requests of PCP and two times six of NAT-PMP; 64, 128, ... 1,024 s lie between them.
        let perTry = PortMappingLimits.portControlAttempts + 2 * PortMappingLimits.natPMPAttempts
        #expect(router.requests.count < 28 * perTry)
        #expect(router.requests.count > 20 * perTry)
        #expect(router.told.isEmpty)
        router.speech = .natPMP
        router.pass(.seconds(1_200))
        #expect(router.mapper.endpoints == [mapped])
    }

    @Test func `a refusal is told, and asked about again when it ends`() {
        var router = ScriptedRouter(.portControl)
        router.result = 2
        router.begin()
        #expect(router.refusals == [2])
        #expect(router.mapper.endpoints.isEmpty)
        router.pass(.seconds(119))
        #expect(router.requests.count == 1)

        router.result = 0
        router.pass(.seconds(2))

        #expect(router.mapper.endpoints == [mapped])
    }

    @Test func `a public address that is none is not told`() {
        for address in ["0.0.0.0", "127.0.0.1", "169.254.3.4", "224.0.0.1"] {
            for speech in [ScriptedRouter.Speech.portControl, .natPMP] {
                var router = ScriptedRouter(speech)
                router.external = IPAddress(address)!
                router.begin()
                #expect(router.told.isEmpty, "\(address) by \(speech)")
            }
        }
    }

    @Test(arguments: [ScriptedRouter.Speech.portControl, .natPMP])
    func `stopping gives the mappings back`(speech: ScriptedRouter.Speech) {
        var router = ScriptedRouter(speech, transports: [.udp, .tcp])
        router.begin()

        router.stop()

        #expect(router.mappings.isEmpty)
        #expect(router.told == [[mapped], []])
        #expect(router.mapper.nextWakeup == nil)
    }

    @Test func `another router is asked from the start, and the old mapping is not told any more`() {
        var router = ScriptedRouter(.natPMP)
        router.begin()
        router.speech = .nothing
        let other = PortMapper.Router(address: IPAddress(10, 0, 0, 1), client: IPAddress(10, 0, 0, 7))
        var effects: [PortMappingEffect] = []

        router.mapper.routerChanged(other, now: router.now, effects: &effects)

        #expect(effects.count == 2 && effects.last == .mapped([]))
        router.mapper.routerChanged(nil, now: router.now, effects: &effects)
        #expect(router.mapper.nextWakeup == nil)
    }

    @Test func `an answer with another nonce, port or transport changes nothing`() throws {
        var router = ScriptedRouter(.nothing)
        router.begin()
        let head: [UInt8] = [2, 0x81, 0, 0, 0, 0, 7, 8, 0, 0, 0, 1] + Array(repeating: 0, count: 12)
        let nonce: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        let transport: [UInt8] = [17, 0, 0, 0]
        let ports: [UInt8] = [0x1e, 0xbb, 0x1e, 0xbb]
        let address: [UInt8] = Array(repeating: 0, count: 10) + [255, 255, 203, 0, 113, 9]

        router.deliver(head + nonce.reversed() + transport + ports + address)
        router.deliver(head + nonce + [6, 0, 0, 0] + ports + address)
        router.deliver(head + nonce + transport + [0x1e, 0xbc, 0x1e, 0xbc] + address)
        router.deliver([2, 1] + head[2...] + nonce + transport + ports + address)
        let good = head + nonce + transport + ports + address
        for count in 0..<good.count { router.deliver(Array(good[..<count])) }
        #expect(router.told.isEmpty)
        router.deliver(good)

        #expect(router.told == [[mapped]])
    }

    @Test func `whatever a router answers, it is not asked in a storm`() {
        var random = SeededRandom(seed: 11)
        var router = ScriptedRouter(.nothing, transports: [.udp, .tcp])
        router.begin()
        for _ in 0..<3_000 {
            var answer = (0..<random.below(64)).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
            if answer.count > 4 {
                answer[0] = random.chance(1, in: 2) ? 2 : 0
                answer[1] = 128 + UInt8(random.below(3))
                answer[2] = 0
                answer[3] = UInt8(random.below(5))
            }
            router.deliver(answer)
            router.pass(.milliseconds(100))
        }

        // 300 s: a random answer may end a round, but only time begins one, or a router's clock that jumps.
        #expect(router.requests.count < 3_000)
    }
}
