import Glibc

/// How two hosts found the connection between them.
package struct PingResult: Sendable {
    /// Packets sent.
    package let sent: Int
    /// Answers that came back.
    package let received: Int
    /// The mean round trip in milliseconds; nil when nothing came back.
    package let meanMilliseconds: Double?
    /// What `ping` said, for a message to a person.
    package let words: String
}

extension Lab {
    /// Pings an address from a node.
    ///
    /// - Parameter extra: more of ping's options, such as `-M do -s 1472`.
    package func ping(
        _ address: String, from node: LabNode, count: Int = 3, extra: [String] = []
    ) throws(LabError) -> PingResult {
        let result = try run(
            ["ping", "-n", "-c", String(count), "-i", "0.05", "-W", "2"] + extra + [address], at: node,
            timeLimit: 15 + Double(count))
        // 3 packets transmitted, 3 received, 0% packet loss, time 100ms
        // rtt min/avg/max/mdev = 0.034/0.041/0.050/0.006 ms
        let summary = result.output.split(separator: "\n").first { $0.split(separator: " ").contains("transmitted,") }
        let received = summary?.split(separator: ",").first { $0.hasSuffix("received") }
        let times = result.output.split(separator: "\n").first { $0.hasPrefix("rtt ") }
        let mean = times?.split(separator: "=").last?.split(separator: "/").dropFirst().first
        return PingResult(
            sent: count, received: received.flatMap { Int($0.split(separator: " ")[0]) } ?? 0,
            meanMilliseconds: mean.flatMap { Double($0) }, words: result.everything)
    }

    /// Sends what a shell command prints at one node over TCP into a shell command at another.
    ///
    /// - Parameters:
    ///   - source: prints the bytes, and may be started more than once until somebody listens.
    ///   - sink: reads them; what it prints is returned.
    ///   - address: the receiver's, of either family.
    package func transfer(
        source: String, from sender: LabNode, sink: String, to receiver: LabNode, address: String, port: Int = 7000,
        timeLimit: Double = 60
    ) throws(LabError) -> String {
        let family = address.contains(":") ? "-6" : "-4"
        let (listener, log) = try start(
            ["sh", "-c", "nc -n \(family) -l \(port) | { \(sink); }"], at: receiver, role: "nc \(port)")
        defer { listener.stop(timeLimit: 1) }
        let watch = Stopwatch()
        while true {
            let result = try run(
                ["sh", "-c", "{ \(source); } | nc -n -N \(address) \(port)"], at: sender, timeLimit: timeLimit)
            if result.succeeded { break }
            // Nobody listens yet: refused at once, so another try costs little.
            guard watch.seconds < timeLimit, listener.isRunning else {
                throw .commandFailed(
                    command: "nc \(address) \(port)", status: result.status, output: result.everything)
            }
            usleep(20_000)
        }
        guard listener.waitForEnd(timeLimit: timeLimit) else {
            throw .timedOut(what: "the receiving end of a transfer", seconds: timeLimit)
        }
        return Files.read(log) ?? ""
    }
}

/// Waits for something that no event announces.
///
/// - Parameters:
///   - what: ends the sentence "…did not come about", for the error.
///   - condition: is asked again and again until it holds.
/// - Returns: the seconds it took.
@discardableResult
package func until(
    _ what: String, timeLimit: Double = 30, _ condition: () throws(LabError) -> Bool
) throws(LabError) -> Double {
    let watch = Stopwatch()
    while true {
        if try condition() { return watch.seconds }
        if Interruption.isRequested { throw .interrupted }
        if watch.seconds > timeLimit { throw .timedOut(what: what, seconds: timeLimit) }
        usleep(20_000)
    }
}
