import ControlProtocol
import Testing

@Suite struct MetricsExchangeTests {
    private static func request(_ text: String) -> MetricsRequest? { MetricsRequest(Array(text.utf8)) }

    @Test(arguments: [
        ("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", MetricsRequest.page(isHead: false)),
        ("GET /metrics HTTP/1.0\r\n\r\n", .page(isHead: false)),
        ("\r\nGET /metrics HTTP/1.1\nhost:\n\n", .page(isHead: false)),
        ("GET /metrics?a=b HTTP/1.1\r\nA: b\r\nHost: x\r\n\r\n", .page(isHead: false)),
        ("GET http://h:1/metrics HTTP/1.1\r\nHost: h:1\r\n\r\n", .page(isHead: false)),
        ("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\nmore", .page(isHead: true)),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", .refused(.notFound)),
        ("HEAD /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", .refused(.notFound, isHead: true)),
        ("GET /Metrics HTTP/1.1\r\nHost: x\r\n\r\n", .refused(.notFound)),
        ("POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", .refused(.method)),
        ("get /metrics HTTP/1.1\r\nHost: x\r\n\r\n", .refused(.method)),
        ("GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", .refused(.version)),
        ("GET /metrics HTTP/1.1\r\n\r\n", .refused(.malformed)),
        ("GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .refused(.malformed)),
        ("GET /metrics HTTP/1.1\r\nHost : a\r\n\r\n", .refused(.malformed)),
        ("GET /metrics HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", .refused(.malformed)),
        ("GET  /metrics HTTP/1.1\r\nHost: a\r\n\r\n", .refused(.malformed)),
        ("GET /metrics\r\n\r\n", .refused(.malformed)), ("hello\r\n\r\n", .refused(.malformed)),
        ("G\u{0}T /metrics HTTP/1.1\r\nHost: a\r\n\r\n", .refused(.malformed)),
        ("GET /metrics FTP/1.1\r\nHost: a\r\n\r\n", .refused(.malformed)),
    ])
    func `a request is read as RFC 9112 has it`(text: String, expected: MetricsRequest) {
        #expect(Self.request(text) == expected)
    }

    @Test func `a request is waited for until its last byte`() {
        let text = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

        for count in 0..<text.utf8.count { #expect(MetricsRequest(Array(text.utf8.prefix(count))) == nil) }
    }

    @Test func `a request that does not end is refused`() {
        let line = "GET /metrics HTTP/1.1\r\nHost: x\r\nA: "
        let long = line + String(repeating: "b", count: MetricsRequest.byteLimit)

        #expect(MetricsRequest(Array(long.utf8.prefix(MetricsRequest.byteLimit - 1))) == nil)
        #expect(Self.request(long) == .refused(.tooLarge))
        #expect(Self.request(long + "\r\n\r\n") == .refused(.tooLarge))
        #expect(Self.request(String(repeating: "\r\n", count: MetricsRequest.byteLimit)) == .refused(.tooLarge))
    }

    @Test func `an answer has the header that HTTP asks for`() {
        let bytes = MetricsResponse.bytes(to: .page(isHead: false), unixSeconds: 784_111_777) {
            Array("ipop_up 1\n".utf8)
        }

        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                HTTP/1.1 200 OK\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                Content-Type: text/plain; version=0.0.4; charset=utf-8\r
                Content-Length: 10\r
                Cache-Control: no-store\r
                Connection: close\r
                \r
                ipop_up 1

                """)
    }

    @Test func `an answer to HEAD has the same header and nothing behind it`() {
        func answer(isHead: Bool) -> String {
            let bytes = MetricsResponse.bytes(to: .page(isHead: isHead), unixSeconds: 0) { Array("page".utf8) }
            return String(decoding: bytes, as: UTF8.self)
        }

        #expect(answer(isHead: true) + "page" == answer(isHead: false))
    }

    @Test(arguments: [
        (MetricsRefusal.malformed, "400"), (.notFound, "404"), (.method, "405"), (.tooLarge, "431"), (.version, "505"),
    ])
    func `a refusal has its status and draws no page`(refusal: MetricsRefusal, code: String) {
        let bytes = MetricsResponse.bytes(to: .refused(refusal), unixSeconds: 0) {
            Issue.record("the page was drawn")
            return []
        }

        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 \(code) "))
        #expect(text.contains("\r\nAllow: GET, HEAD\r\n") == (refusal == .method))
    }
}
