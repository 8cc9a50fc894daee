import Foundation
import GatewayLab
import Testing

/// A virtual machine migrates: the same host, with its MAC and its address, appears at another site.
///
///     ufl-host, [ufl-host2] --switch-- [ufl: ipop-lan] --wan--+
///                    |                                        +-- br0
///     lsu-host  <----+      --switch-- [lsu: ipop-lan] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("move", sites: 2, bridged: ["ufl", "lsu"])) struct HostMoveTests {
        /// Seconds from a host's first frame at its new place until its streams flow.
        private static let limit = 1.0

        @Test(arguments: HostMove.allCases)
        func `a host that moves to another site keeps its open TCP streams`(move: HostMove) throws {
            let lab = try Lab.ofSuite()
            let (old, new) = move == .unplugged ? (lab.ufl, lab.lsu) : (lab.lsu, lab.ufl)
            let (mover, address) = (LabNode.secondHost(old), old.bridgedAddress(host: 2))
            if move == .live { try lab.layCables(mover, at: old, and: new) }
            let streams = try lab.streams(from: mover, address, to: [old, new])

            let before = streams.map { lab.echoes($0.log).count }
            let arrival = try lab.watchFirstFrame(of: mover, at: new)
            for stream in streams { stream.process.signal(SIGUSR1) }
            let processors = ProcessorTime()
            switch move {
            case .live: try lab.switchCables(mover, from: old, to: new)
            case .unplugged: try lab.plug(mover, from: old, to: new)
            }
            // As a hypervisor does for a machine that has migrated.
            try lab.require(["arping", "-U", "-c", "1", "-I", "lan", address], at: mover)
            try until("both streams to flow again") { () throws(LabError) in
                zip(streams, before).allSatisfy { lab.echoes($0.log).count > $1 + 50 }
            }

            let idleShare = processors.idleShareSinceThen
            let first = try #require(lab.firstFrame(arrival))
            for (stream, site) in zip(streams, ["that it left", "that it came to"]) {
                let (_, longest, ended) = lab.echoes(stream.log)
                report("\(move), stream to the site \(site): longest silence", longest, "s")
                report("\(move), stream to the site \(site): silence after the first frame", ended - first, "s")
                // A host that has seen its cable pulled asks for its neighbours again, and waits a second in between.
                #expect(move == .unplugged || ended - first <= Self.limit || idleShare < 0.1)
            }
            #expect(try lab.require(["ipop", "leases"], at: .gateway(new)).contains("\n\(address) "))
            try until("the old site to forget the host") { () throws(LabError) in
                try !lab.require(["ipop", "leases"], at: .gateway(old)).contains("\n\(address) ")
            }
            #expect(lab.log(old).contains("host moved"), "\(lab.logEnd(old))")
        }
    }
}

/// What a host notices of its move.
enum HostMove: CaseIterable {
    /// Nothing: its interface goes on, as a virtual machine's does that migrates while it runs.
    case live
    /// Its cable is pulled and plugged in again.
    case unplugged
}

extension Lab {
    /// Streams that are busy from a host with an address to the first hosts of sites.
    fileprivate func streams(
        from mover: LabNode, _ address: String, to sites: [LabSite]
    ) throws -> [(process: RecordedProcess, log: String)] {
        try takeAddress(address, at: mover)
        let streams = try sites.map { site in
            let partner = LabNode.host(site)
            if try addresses(partner).isEmpty {
                try takeAddress(site.bridgedAddress(), at: partner)
                _ = try startScript(Script.echo, ["7"], at: partner, role: "echo \(site.name)")
            }
            try waitForPing(site.bridgedAddress(), from: mover)
            return try startScript(
                Script.chatter, [site.bridgedAddress(), "7"], at: mover, role: "chatter \(address) \(site.name)")
        }
        try until("both streams to flow") { () throws(LabError) in streams.allSatisfy { echoes($0.log).count > 50 } }
        return streams
    }

    /// Plugs a bridged site's second host into another site's switch.
    fileprivate func plug(_ host: LabNode, from: LabSite, to: LabSite) throws {
        let port = "moved"
        try require(["ip", "link", "set", "host2", "down"], at: .lanSwitch(from))
        try require(["ip", "link", "set", "host2", "name", port, "netns", to.lanSwitch], at: .lanSwitch(from))
        try require(["ip", "link", "set", port, "master", "br0", "up"], at: .lanSwitch(to))
        try until("the host's link") { () throws(LabError) in
            try require(["cat", "/sys/class/net/lan/operstate"], at: host).hasPrefix("up")
        }
    }

    /// Gives a bridged site's second host a cable to another site's switch as well, which is no port of it yet. Its
    /// interface is a bridge over both, and does not notice which of them leads somewhere.
    fileprivate func layCables(_ host: LabNode, at site: LabSite, and other: LabSite) throws {
        let cable = ["ip", "link", "add", "cable2", "type", "veth", "peer", "name", "cable2", "netns", other.lanSwitch]
        try require(cable, at: host)
        try require(["ip", "link", "set", "cable2", "up"], at: .lanSwitch(other))
        let script = """
            ip link set lan down
            ip link set lan name cable1
            ip link add lan address "$(cat /sys/class/net/cable1/address)" type bridge forward_delay 0 stp_state 0
            for cable in cable1 cable2; do ip link set $cable master lan up; done
            ip link set lan up
            """
        try require(["sh", "-ec", script], at: host)
    }

    /// Makes the other cable the one that leads somewhere.
    fileprivate func switchCables(_ host: LabNode, from: LabSite, to: LabSite) throws {
        try require(["ip", "link", "set", "host2", "nomaster"], at: .lanSwitch(from))
        // The bridge forgets who was where.
        try require(["ip", "link", "set", "cable1", "down"], at: host)
        try require(["ip", "link", "set", "cable2", "master", "br0"], at: .lanSwitch(to))
    }

    /// Echoes that `Script.chatter` has got so far, the longest time in seconds between two, and when that ended, in
    /// seconds since 1970.
    fileprivate func echoes(_ log: String) -> (count: Int, longest: Double, ended: Double) {
        let words = text(log).split(separator: "\n").last.map { $0.split(separator: " ") } ?? []
        guard words.count == 3, let count = Int(words[0]), let longest = Double(words[1]), let ended = Double(words[2])
        else { return (0, 0, 0) }
        return (count, longest, ended)
    }

    /// Captures what comes from a host to a gateway's LAN interface. Returns the log.
    fileprivate func watchFirstFrame(of host: LabNode, at site: LabSite) throws -> String {
        let watch = ["tcpdump", "-i", "lan", "-n", "-tt", "-l", "-c", "1", "ether", "src", try mac(host)]
        let (_, log) = try start(watch, at: .gateway(site), role: "tcpdump")
        try until("tcpdump to listen") { () throws(LabError) in text(log).contains("listening on") }
        return log
    }

    /// When the first frame was captured, in seconds since 1970.
    fileprivate func firstFrame(_ log: String) -> Double? {
        text(log).split(separator: "\n").lazy.compactMap { line in
            line.split(separator: " ").first.flatMap { Double($0) }
        }.first
    }
}
