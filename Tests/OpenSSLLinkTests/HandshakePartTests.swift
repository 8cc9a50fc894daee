import LinkSecurity
import NetworkTypes
import Testing

@testable import OpenSSLLink

@Suite struct HandshakePartTests {
    @Test func `a hello survives its bytes, and later fields are ignored`() throws {
        var hello = HelloRecord(receiverIndex: 0xdead_beef)
        hello.isAnswer = true

        #expect(HelloRecord(hello.bytes) == hello)
        #expect(HelloRecord(hello.bytes + [1, 2, 3]) == hello)
        for count in hello.bytes.indices {
            #expect(HelloRecord(hello.bytes[..<count]) == nil)
        }
        #expect(HelloRecord(Array("IPOP".utf8) + [2, 1, 0, 0, 0, 0, 0]) == nil)
    }

    @Test func `the highest common version is spoken`() {
        func hello(_ versions: ClosedRange<UInt8>) -> HelloRecord {
            var hello = HelloRecord(receiverIndex: 0)
            hello.versions = versions
            return hello
        }
        #expect(hello(1...1).commonVersion(with: hello(1...1)) == 1)
        #expect(hello(1...2).commonVersion(with: hello(2...3)) == 2)
        #expect(hello(2...3).commonVersion(with: hello(1...2)) == 2)
        #expect(hello(1...1).commonVersion(with: hello(2...3)) == nil)
        #expect(hello(4...5).commonVersion(with: hello(2...3)) == nil)
    }

    @Test func `a cookie is bound to its source and outlives one change of the secret`() {
        let source = Endpoint("192.0.2.1:7867")!
        let life = HandshakeCookies.lifetime
        var cookies = HandshakeCookies(now: 100)
        let first = cookies.pair(for: source, now: 100).current

        #expect(cookies.pair(for: source, now: 100 + life - 1).current == first)
        #expect(cookies.pair(for: Endpoint("192.0.2.1:7868")!, now: 100).current != first)
        #expect(cookies.pair(for: Endpoint("192.0.2.2:7867")!, now: 100).current != first)
        let second = cookies.pair(for: source, now: 100 + life)
        #expect(second.current != first && second.previous == first)
        let third = cookies.pair(for: source, now: 100 + 2 * life)
        #expect(third.previous == second.current && third.current != first)
        let late = cookies.pair(for: source, now: 100 + 9 * life)
        #expect(late.previous != third.current && late.current != third.current)
    }

    @Test func `two providers never share a cookie`() {
        let source = Endpoint("192.0.2.1:7867")!
        var one = HandshakeCookies(now: 0)
        var other = HandshakeCookies(now: 0)
        #expect(one.pair(for: source, now: 0).current != other.pair(for: source, now: 0).current)
    }

    @Test func `a flight is repeated less and less often, then steadily`() {
        var schedule = RetransmissionSchedule()
        #expect((1...20).filter { _ in schedule.isDue() } == [1, 2, 4, 8, 12, 16, 20])
        schedule.restart()
        let isDueAgain = schedule.isDue()
        #expect(isDueAgain)
    }

    @Test func `only a plain fatal alert is mended`() {
        let header: [UInt8] = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]
        func mended(_ datagram: [UInt8]) -> [UInt8] {
            var copy = datagram
            DTLSRecords.setPlainAlert(49, in: &copy)
            return copy
        }
        #expect(mended(header + [2, 42]) == header + [2, 49])
        #expect(mended(header + [1, 42]) == header + [1, 42])
        var sealed = header + [2, 42]
        sealed[4] = 1
        #expect(mended(sealed) == sealed)
        var handshake = header + [2, 42]
        handshake[0] = 22
        #expect(mended(handshake + header + [2, 42]) == handshake + header + [2, 49])
        for count in header.indices { #expect(mended(Array(header[..<count])).count == count) }
        #expect(mended(header + [2]) == header + [2])
    }

    @Test func `every reason has an alert of its own`() {
        let alerts = Set(CertificateFault.allCases.map(\.alert))
        #expect(alerts.count == CertificateFault.allCases.count)
        for fault in CertificateFault.allCases where fault != .missing {
            #expect(CertificateFault(alert: Int32(fault.alert)) == fault)
        }
        #expect(CertificateFault(alert: 40) == nil && CertificateFault(alert: 10) == nil)
    }
}
