import NetworkTypes
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::", "::"), ("::1", "::1"), ("fe80::1", "fe80::1"),
        ("::ffff:192.0.2.1", "::ffff:c000:201"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::", "1::"),
        ("2001:DB8::A", "2001:db8::a"), ("192.0.2.255", "192.0.2.255"),
    ])
    func `an address is printed in its canonical form`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.256", "01.2.3.4", "1:2", ":1::2", "1::2::3", "g::1", "1:2:3:4:5:6:7:8:9", "1:",
    ])
    func `what is not an address is refused`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `a prefix with host bits is refused with what was meant`() {
        #expect(IPPrefix.parse("10.1.2.3/8") == .failure(.hostBitsSet(meant: IPPrefix("10.0.0.0/8")!)))
        #expect(IPPrefix.parse("10.0.0.0") == .failure(.missingLength))
        #expect(IPPrefix.parse("10.0.0.0/33") == .failure(.badLength("33", limit: 32)))
    }

    @Test func `covering and overlapping`() throws {
        let wide = try #require(IPPrefix("10.0.0.0/8"))
        let narrow = try #require(IPPrefix("10.1.0.0/16"))
        #expect(wide.covers(narrow) && !narrow.covers(wide) && narrow.overlaps(wide))
        #expect(wide.lastAddress == IPAddress("10.255.255.255"))
        #expect(IPPrefix("2001:db8::/32")!.lastAddress == IPAddress("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))
        #expect(IPPrefix("0.0.0.0/0")!.covers(narrow))
        #expect(!IPPrefix("::/0")!.covers(narrow))
    }

    @Test func `endpoints and names`() {
        #expect(Endpoint("192.0.2.1:7867")?.description == "192.0.2.1:7867")
        #expect(Endpoint("[2001:db8::1]:1")?.description == "[2001:db8::1]:1")
        #expect(Endpoint("gw:1") == nil)
        #expect(HostAndPort("gw.ufl.example:7867")?.host == "gw.ufl.example")
        #expect(HostAndPort("gw:0") == nil)
        #expect(HostAndPort("gw") == nil)
    }

    @Test func `the longest prefix wins`() throws {
        var table = PrefixTable<Int>()
        table[try #require(IPPrefix("10.0.0.0/8"))] = 8
        table[try #require(IPPrefix("10.1.0.0/16"))] = 16
        table[try #require(IPPrefix("2001:db8::/32"))] = 6
        #expect(table.longestMatch(IPAddress(10, 1, 2, 3))?.value == 16)
        #expect(table.longestMatch(IPAddress(10, 2, 2, 3))?.value == 8)
        #expect(table.longestMatch(IPAddress(11, 2, 2, 3)) == nil)
        #expect(table.longestMatch(IPAddress("2001:db8::7")!)?.value == 6)
        table[try #require(IPPrefix("10.1.0.0/16"))] = nil
        #expect(table.longestMatch(IPAddress(10, 1, 2, 3))?.value == 8)
    }

    @Test func `a node address survives its text`() {
        let node = NodeAddress(high: 0x3f9a_0000_0000_0001, middle: 7, low: 0xc21e)
        #expect(NodeAddress(node.description) == node)
        #expect(NodeAddress(bytes: node.bytes) == node)
        #expect(node.abbreviated == "3f9a..c21e")
    }

    @Test func `one seed gives one sequence`() {
        var first = SeededRandom(seed: 42)
        var second = SeededRandom(seed: 42)
        #expect((0..<100).map { _ in first.nextWord() } == (0..<100).map { _ in second.nextWord() })
        #expect((0..<1000).allSatisfy { _ in first.below(7) < 7 })
    }
}
