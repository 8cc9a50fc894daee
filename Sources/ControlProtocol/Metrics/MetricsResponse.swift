import NetworkTypes

/// Answers of the metrics server.
package enum MetricsResponse {
    /// Where the page is.
    package static let path = "/metrics"

    /// The whole answer to `request`, after which the connection ends. `page` is only asked for when it is wanted;
    /// `unixSeconds` is the time now, since 1970-01-01T00:00:00Z.
    package static func bytes(to request: MetricsRequest, unixSeconds: Int64, page: () -> [UInt8]) -> [UInt8] {
        let status: String
        let type: String
        let body: [UInt8]
        let isHead: Bool
        var extra = ""
        switch request {
        case .page(let isHeadOnly):
            (status, type, body, isHead) = ("200 OK", MetricsPage.contentType, page(), isHeadOnly)
        case .refused(let refusal, let isHeadOnly):
            (status, type) = (refusal.status, "text/plain; charset=utf-8")
            (body, isHead) = (Array(refusal.text.utf8), isHeadOnly)
            if refusal == .method { extra = "Allow: GET, HEAD\r\n" }
        }
        let head = """
            HTTP/1.1 \(status)\r
            Date: \(date(unixSeconds))\r
            Content-Type: \(type)\r
            Content-Length: \(body.count)\r
            Cache-Control: no-store\r
            Connection: close\r
            \(extra)\r

            """
        return Array(head.utf8) + (isHead ? [] : body)
    }

    /// IMF-fixdate (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func date(_ unixSeconds: Int64) -> String {
        let time = UTCTime(unixSeconds: unixSeconds)
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let seconds = time.unixSeconds
        let dayNumber = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let day = days[Int((dayNumber % 7 + 7) % 7)]
        let year = String(repeating: "0", count: 4 - String(time.year).utf8.count) + String(time.year)
        return "\(day), \(two(time.day)) \(months[time.month - 1]) \(year) "
            + "\(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
