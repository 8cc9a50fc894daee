import NetworkTypes
import WireFormat

/// Framed datagrams as they come over a stream: `| bytes of a piece | stream ... |`.
enum StreamFramesTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        var reader = InputReader(input)
        let size = max(1, Int(reader.byte()))
        let stream = Array(input.dropFirst())
        let (whole, rest, isWholeBroken) = drained([stream])
        let pieces = stride(from: 0, to: stream.count, by: size).map {
            Array(stream[$0..<min($0 + size, stream.count)])
        }
        let (cut, _, isCutBroken) = drained(pieces)
        try expect(whole == cut && isWholeBroken == isCutBroken, "how the stream is cut changes nothing")
        var again: [UInt8] = []
        for datagram in whole {
            try expect(!datagram.isEmpty, "a datagram has a byte")
            datagram.withUnsafeBytes { StreamFrames.append($0, to: &again) }
        }
        try expect(again + rest == stream, "what was read is what was sent")
    }

    private static func drained(_ pieces: [[UInt8]]) -> (datagrams: [[UInt8]], rest: [UInt8], isBroken: Bool) {
        var datagrams: [[UInt8]] = []
        var rest: [UInt8] = []
        var isBroken = false
        for piece in pieces {
            rest += piece
            guard !isBroken else { continue }
            do throws(WireError) {
                try StreamFrames.drain(&rest) { datagrams.append(Array($0)) }
            } catch {
                isBroken = true
            }
        }
        return (datagrams, rest, isBroken)
    }
}

/// What a proxy answers: `| bit 0: HTTP, bit 1: credentials, bit 2: IPv6 | bytes of a piece | answer ... |`.
enum ProxyAnswerTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        var reader = InputReader(input)
        let options = reader.byte()
        let size = max(1, Int(reader.byte()))
        let credentials = options & 2 == 0 ? nil : ProxyCredentials(user: "user", password: "pass:word")
        let address = options & 4 == 0 ? IPAddress(192, 0, 2, 1) : IPAddress(v6High: 0x2001_0db8_0000_0000, low: 1)
        let destination = Endpoint(address: address, port: 7_867)
        var negotiation: ProxyNegotiation =
            options & 1 == 0
            ? .socks(SOCKSNegotiation(destination: destination, credentials: credentials))
            : .http(ConnectNegotiation(destination: destination, credentials: credentials))
        var sent = negotiation.greeting.count
        while !reader.isAtEnd {
            guard let answer = try? negotiation.receive(reader.block(size)) else { return }
            sent += answer.reply.count
            try expect(sent < 300, "little is said to a proxy, whatever it says")
            if answer.isConnected {
                try expect(answer.reply.isEmpty, "a connection is TLS's alone")
                return
            }
        }
    }
}
