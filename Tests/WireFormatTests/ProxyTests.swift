import NetworkTypes
import Testing
import WireFormat

/// What is said to proxies, and what is made of their answers.
@Suite struct ProxyTests {
    private static let v4 = Endpoint("192.0.2.1:7867")!
    private static let v6 = Endpoint("[2001:db8::1]:7867")!
    private static let login = ProxyCredentials(user: "me", password: "p:w")

    private func socks(_ destination: Endpoint = Self.v4, _ login: ProxyCredentials? = nil) -> ProxyNegotiation {
        .socks(SOCKSNegotiation(destination: destination, credentials: login))
    }

    private func http(_ destination: Endpoint = Self.v4, _ login: ProxyCredentials? = nil) -> ProxyNegotiation {
        .http(ConnectNegotiation(destination: destination, credentials: login))
    }

    @Test func `SOCKS without a login: method, request, granted`() throws {
        var proxy = socks()
        #expect(proxy.greeting == [5, 1, 0])
        #expect(try proxy.receive([5, 0]).reply == [5, 1, 0, 1, 192, 0, 2, 1, 0x1e, 0xbb])
        let answer = try proxy.receive([5, 0, 0, 1, 10, 0, 0, 1, 4, 56])
        #expect(answer.isConnected && answer.reply.isEmpty)
    }

    @Test func `SOCKS with a login, to an IPv6 address`() throws {
        var proxy = socks(Self.v6, Self.login)
        #expect(proxy.greeting == [5, 2, 0, 2])
        #expect(try proxy.receive([5, 2]).reply == [1, 2] + Array("me".utf8) + [3] + Array("p:w".utf8))
        #expect(try proxy.receive([1, 0]).reply == [5, 1, 0, 4] + Self.v6.address.bytes + [0x1e, 0xbb])
        #expect(try proxy.receive([5, 0, 0, 3, 5] + Array("proxy".utf8) + [4, 56]).isConnected)
    }

    @Test func `SOCKS answers cut at every length only wait`() throws {
        let granted: [UInt8] = [5, 0, 0, 4] + [UInt8](repeating: 9, count: 18)
        for count in 1..<granted.count {
            var proxy = socks()
            #expect(try proxy.receive([5]).reply.isEmpty)
            #expect(try !proxy.receive([0]).reply.isEmpty)
            let first = try proxy.receive(Array(granted[..<count]))
            #expect(!first.isConnected && first.reply.isEmpty)
            #expect(try proxy.receive(Array(granted[count...])).isConnected)
        }
    }

    @Test func `SOCKS refusals are told apart`() throws {
        var proxy = socks()
        #expect(throws: ProxyFault.authentication) { try proxy.receive([5, 255]) }
        proxy = socks()
        // It wants a login and there is none.
        #expect(throws: ProxyFault.authentication) { try proxy.receive([5, 2]) }
        proxy = socks(Self.v4, Self.login)
        _ = try proxy.receive([5, 2])
        #expect(throws: ProxyFault.authentication) { try proxy.receive([1, 1]) }
        proxy = socks()
        _ = try proxy.receive([5, 0])
        #expect(throws: ProxyFault.refused(code: 5)) { try proxy.receive([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]) }
        proxy = socks()
        #expect(throws: ProxyFault.malformed) { try proxy.receive(Array("HTTP/1.1 400".utf8)) }
        proxy = socks()
        _ = try proxy.receive([5, 0])
        // More than the answer: whoever speaks first on the connection is no proxy.
        #expect(throws: ProxyFault.malformed) { try proxy.receive([5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 22]) }
    }

    @Test func `HTTP asks by address, with its login in base64`() {
        let plain = "CONNECT 192.0.2.1:7867 HTTP/1.1\r\nHost: 192.0.2.1:7867\r\n\r\n"
        #expect(http().greeting == Array(plain.utf8))
        let full = """
            CONNECT [2001:db8::1]:7867 HTTP/1.1\r
            Host: [2001:db8::1]:7867\r
            Proxy-Authorization: Basic bWU6cDp3\r
            \r

            """
        #expect(http(Self.v6, Self.login).greeting == Array(full.utf8))
    }

    @Test(arguments: [("a", "", "YTo="), ("a", "b", "YTpi"), ("ab", "c", "YWI6Yw==")])
    func `base64 pads`(user: String, password: String, expected: String) {
        let request = http(Self.v4, ProxyCredentials(user: user, password: password)).greeting
        #expect(String(decoding: request, as: UTF8.self).contains("Basic \(expected)\r\n"))
    }

    @Test func `HTTP answers cut at every length only wait`() throws {
        let granted = Array("HTTP/1.1 200 Fine\r\nVia: x\r\nContent-Length: 5\r\n\r\n".utf8)
        for count in 1..<granted.count {
            var proxy = http()
            #expect(try !proxy.receive(Array(granted[..<count])).isConnected)
            #expect(try proxy.receive(Array(granted[count...])).isConnected)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Who\r\n\r\n", ProxyFault.authentication), ("HTTP/1.0 403 No\r\n\r\n", .refused(code: 403)),
        ("HTTP/1.1 502 \r\nContent-Length: 4\r\n\r\ngone", .refused(code: 502)), ("SSH-2.0-x\r\n", .malformed),
        ("HTTP/1.1 2x0 \r\n\r\n", .malformed), ("HTTP/1.1 200 ok\r\n\r\nmore", .malformed),
        ("HTTP/1.1 200 " + String(repeating: "a", count: 9_000), .malformed),
    ])
    func `HTTP refusals are told apart`(answer: String, expected: ProxyFault) {
        var proxy = http()
        #expect(throws: expected) { try proxy.receive(Array(answer.utf8)) }
    }
}
