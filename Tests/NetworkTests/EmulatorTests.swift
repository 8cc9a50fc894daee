import GatewayLab
import NetworkTypes
import Testing
import WANEmulation

/// The WAN emulator, by counts: what is asked of a line is what happens to the packets of its site. The kernel routes.
///
///     ufl-host --lan-- [ufl] --wan-- emulator --+
///                                               +-- br0
///     lsu-host --lan-- [lsu] --wan-- emulator --+
extension NetworkTests {
    @Suite(.serialized, .lab("emulate", sites: 2, mode: .plain)) struct EmulatorTests {
        @Test func `losses are the share asked for, and the same ones again from the same seed`() throws {
            let first = try pass(5_000, seed: 7) { $0.loss = Share(millionths: 50_000) }
            let again = try pass(5_000, seed: 7) { $0.loss = Share(millionths: 50_000) }
            let other = try pass(5_000, seed: 8) { $0.loss = Share(millionths: 50_000) }

            // 250 expected, with a standard deviation of 15.
            #expect((175...325).contains(5_000 - first.count), "\(5_000 - first.count)")
            #expect(first == again && first != other)
            #expect(first == first.sorted() && Set(first).count == first.count)
        }

        @Test func `copies come right behind their originals`() throws {
            let received = try pass(2_000, seed: 3) { $0.duplicate = Share(millionths: 20_000) }

            #expect((10...80).contains(received.count - 2_000), "\(received.count - 2_000)")
            #expect(received == received.sorted() && Set(received).count == 2_000)
        }

        /// The delay is so long that all have been sent when the first one leaves, however slow the machine is.
        @Test func `a reordered packet is overtaken by three, the same ones again from the same seed`() throws {
            func order() throws -> [Int] {
                try pass(1_000, seed: 5) {
                    $0.reorder = Share(millionths: 20_000)
                    $0.delay = .seconds(3)
                }
            }

            let first = try order()

            let late = first.indices.filter { index in first[..<index].contains { $0 > first[index] } }
            #expect((5...45).contains(late.count), "\(late.count)")
            #expect(first.sorted() == Array(0..<1_000))
            #expect(try order() == first)
        }

        @Test func `what a full queue has no room for is dropped and counted`() throws {
            let before = try line().counters
            let received = try pass(2_000, seed: 1) {
                $0.rate = BitRate("1mbit")
                $0.queue = 20
            }

            let dropped = try line().counters.full - before.full
            #expect(dropped > 0 && received.count + Int(dropped) == 2_000, "\(received.count) and \(dropped)")
            #expect(received.prefix(20) == Array(0..<20)[...])
        }

        @Test func `a stream comes through a bad line as it was sent, over both families`() throws {
            let lab = try Lab.ofSuite()
            var bad = LineSettings()
            bad.delay = .milliseconds(2)
            bad.jitter = .milliseconds(1)
            let share = Share(millionths: 10_000)
            (bad.loss, bad.reorder, bad.duplicate) = (share, share, share)
            try emulate(bad)
            let sent = try lab.require(["sh", "-c", "seq 1 300000 | sha256sum"], at: .host(lab.ufl))

            for address in [lab.lsu.hostAddress, lab.lsu.hostAddress6] {
                let received = try lab.transfer(
                    source: "seq 1 300000", from: .host(lab.ufl), sink: "sha256sum", to: .host(lab.lsu),
                    address: address)

                #expect(received == sent)
            }
            let counters = try line().counters
            #expect(counters.lost > 0 && counters.reordered > 0 && counters.duplicated > 0)
        }

        @Test func `pairs that are blocked stay so, and others pass`() throws {
            let lab = try Lab.ofSuite()
            try emulate(LineSettings())

            try lab.block([lab.pair(lab.ufl, lab.lsu)])
            defer { try? lab.openWAN() }

            #expect(try lab.ping(lab.lsu.wanAddress, from: .gateway(lab.ufl), count: 1).received == 0)
            try lab.openWAN()
            try lab.expectAllHostsReachEachOther()
            try lab.expectPing(LabAddresses.wan, from: .gateway(lab.ufl))
            try lab.expectPing(lab.lsu.wanAddress, from: .wan)
        }

        @Test func `the command sets one line or all, shows them, and takes the emulator out`() throws {
            let lab = try Lab.ofSuite()
            func wan(_ arguments: String...) throws -> ProgramResult {
                try lab.ownCommand(["lab", "wan"] + arguments + ["--name", lab.plan.name])
            }

            #expect(try wan("set", "--delay", "1ms", "--queue", "50").succeeded)
            #expect(try wan("set", "lsu", "--loss", "0.5%", "--rate", "10mbit").succeeded)

            let lines = try lab.emulatedLines()
            #expect(lines.map(\.site) == ["ufl", "lsu"])
            #expect(lines.allSatisfy { $0.settings.delay == .milliseconds(1) && $0.settings.queue == 50 })
            #expect(lines.map(\.settings.rate) == [nil, BitRate("10mbit")])
            #expect(try wan("show", "--json").output.contains("\"loss\": \"0.5%\""))
            #expect(try wan("set", "--rate", "unlimited").succeeded)
            #expect(try lab.emulatedLines().allSatisfy { $0.settings.rate == nil })
            #expect(try wan("clear").succeeded)
            #expect(try lab.emulatedLines().isEmpty && !lab.isEmulated)
            try lab.expectAllHostsReachEachOther()
        }

        @Test(arguments: [["--loss", "101%"], ["--delay", "11s"], ["--rate", "fast"], ["--queue", "0"], []])
        func `what is no setting is refused`(arguments: [String]) throws {
            let lab = try Lab.ofSuite()

            #expect(try lab.ownCommand(["lab", "wan", "set", "--name", lab.plan.name] + arguments).status == 2)
        }

        @Test func `a lab takes its emulator along`() throws {
            let lab = try Lab.create(LabPlan(name: "emudown", sites: 1, mode: .bare))
            defer { lab.destroy() }
            try lab.startEmulator()

            #expect(lab.destroy().ended == ["wan emulator"])
        }

        /// Sends numbered datagrams from one gateway to the other over a line; returns the numbers in the order in
        /// which they arrive.
        private func pass(_ count: Int, seed: UInt64, _ change: (inout LineSettings) -> Void) throws -> [Int] {
            let lab = try Lab.ofSuite()
            let from = try UDPProbe(lab, at: .gateway(lab.ufl)), to = try UDPProbe(lab, at: .gateway(lab.lsu))
            // Address resolution is over before anything is counted.
            try emulate(LineSettings())
            _ = try from.source(seenBy: to, at: lab.lsu.wanAddress)
            var settings = LineSettings()
            change(&settings)
            try emulate(settings, seed: seed)
            let before = try line().counters
            var arrived: [Int] = []
            func collect() throws { while let (text, _) = try to.take() { arrived.append(Int(text) ?? -1) } }

            let target = try endpoint(lab.lsu.wanAddress, to.port)
            for number in 0..<count {
                from.send(String(number), to: target)
                if number % 100 == 99 { try collect() }
            }
            var after = before
            try until("all to have come to the line, and to have left it") { () throws(LabError) in
                guard let line = try lab.emulatedLines().first(where: { $0.site == "ufl" }) else { return false }
                after = line.counters
                return after.entered - before.entered == UInt64(count) && line.packets == 0
            }
            let left = Int(after.left - before.left)
            try until("all that have left the line to arrive") { () throws(LabError) in
                // A read fails only with the socket, and then nothing more arrives.
                try? collect()
                return arrived.count >= left
            }

            #expect(arrived.count == left)
            #expect(try line().missed == 0, "the emulator itself lost packets")
            return arrived
        }

        private func emulate(_ settings: LineSettings, seed: UInt64? = nil) throws {
            let lab = try Lab.ofSuite()
            try lab.startEmulator()
            try lab.emulate([(lab.ufl, settings), (lab.lsu, LineSettings())], seed: seed)
        }

        private func line() throws -> LineReport {
            try #require(try Lab.ofSuite().emulatedLines().first { $0.site == "ufl" })
        }
    }
}
