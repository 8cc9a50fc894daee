import Glibc
import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

/// Run in a process of their own, where nothing else allocates.
@Suite struct LeakTests {
    @Test func `handshakes that complete, fail or never end leave nothing behind`() async {
        await #expect(processExitsWith: .success) {
            let grid = try TestGrid()
            let stranger = try DTLSHandshakeProvider(identity: TestGrid().identity("ufl"))
            let ufl = try DTLSHandshakeProvider(identity: grid.identity("ufl", ["10.0.0.0/8"]))
            let lsu = try DTLSHandshakeProvider(identity: grid.identity("lsu"))
            var random = SeededRandom(seed: 1)
            func round() {
                HandshakePair(client: ufl, server: lsu).run(ticks: 2)
                HandshakePair(client: stranger, server: lsu).run(ticks: 2)
                HandshakePair(client: ufl, server: stranger).run(ticks: 2)
                let broken = HandshakePair(client: ufl, server: lsu)
                broken.wire = { _, _, bytes in
                    var changed = bytes
                    changed[Int(random.below(UInt64(bytes.count)))] ^= UInt8(truncatingIfNeeded: random.nextWord())
                    return random.chance(1, in: 3) ? [] : [bytes, changed, Array(bytes.prefix(60))]
                }
                broken.run(ticks: 2)
                let peer = lsu
                var output = HandshakeOutput()
                let source = HandshakePair.clientEndpoint
                _ = peer.admit([UInt8](repeating: 22, count: 200), from: source, localIndex: 1, output: &output)
            }
            for _ in 0..<40 { round() }
            let before = residentPages()
            for _ in 0..<200 { round() }
            let grown = residentPages() - before
            // One lost SSL is 60 kB, one lost certificate 3 kB: 800 handshakes would show in thousands of pages.
            precondition(grown < 400, "\(grown) pages more")
        }
    }
}

/// Pages of memory that this process has in use.
private func residentPages() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
        separator: " ")
    return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
}
