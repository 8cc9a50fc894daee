import Foundation
import GatewayLab
import Glibc
import LinuxSystem
import Testing

/// Pings between all hosts of a lab at once, from this process: a raw ICMP socket in each host's namespace, so that
/// hundreds of pairs cost no program each.
final class EchoMesh {
    /// An ordered pair of sites by their numbers.
    struct Pair: Hashable {
        let from, to: Int
    }

    /// What a round of questions came to.
    struct Outcome {
        /// From the first question until every pair had answered, or until the time was over.
        let seconds: Double
        /// The pairs that never answered.
        let silent: Set<Pair>
        /// Questions sent.
        let questions: Int
        /// The share of both processors' time that nobody wanted meanwhile, 0 to 1.
        let idleShare: Double
    }

    private let sites: [Int: LabSite]
    private let sockets: [(site: Int, descriptor: Int32)]
    /// Tells the answers of one call from those to an earlier one.
    private var identifier = UInt16.random(in: 1...UInt16.max)
    /// How long a pair that is silent waits until it is asked again.
    private static let interval = 0.1

    init(_ lab: Lab) throws {
        let sites = lab.sites
        self.sites = Dictionary(uniqueKeysWithValues: sites.map { ($0.number, $0) })
        sockets = try sites.map { site in
            let descriptor = try NetworkNamespace.run(site.host) {
                let kind = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
                let descriptor = socket(AF_INET, kind, Int32(IPPROTO_ICMP))
                guard descriptor >= 0 else { throw LabError.cannotStart(command: "socket", errno: errno) }
                return descriptor
            }
            return (site.number, descriptor)
        }
    }

    deinit {
        for (_, descriptor) in sockets { close(descriptor) }
    }

    /// Asks every ordered pair of these sites again and again until each has answered one question of this call.
    func untilAllAnswer(_ asked: [LabSite], timeLimit: Double) -> Outcome {
        let start = ContinuousClock.now, processors = ProcessorTime()
        func seconds() -> Double { (ContinuousClock.now - start) / .seconds(1) }
        identifier &+= 1
        var silent = Set(
            asked.flatMap { from in
                asked.filter { $0 != from }.map { Pair(from: from.number, to: $0.number) }
            })
        var questions = 0
        var sequence: UInt16 = 0
        while !silent.isEmpty && seconds() < timeLimit {
            sequence &+= 1
            for pair in silent { ask(pair, sequence) }
            questions += silent.count
            let next = seconds() + Self.interval
            while !silent.isEmpty, seconds() < next {
                for pair in answers(milliseconds: Int32(max(1, (next - seconds()) * 1000))) { silent.remove(pair) }
            }
        }
        return Outcome(
            seconds: seconds(), silent: silent, questions: questions, idleShare: processors.idleShareSinceThen)
    }

    // MARK: - Packets

    private func ask(_ pair: Pair, _ sequence: UInt16) {
        guard let address = sites[pair.to]?.hostAddress,
            let descriptor = sockets.first(where: { $0.site == pair.from })?.descriptor
        else { return }
        // RFC 792: type 8, code 0, checksum, identifier, sequence number, and 48 bytes as ping(8) sends them.
        let words: [UInt16] = [0x0800, 0, identifier, sequence] + [UInt16](repeating: 0x2a2a, count: 24)
        var sum = words.reduce(UInt32(0)) { $0 + UInt32($1) }
        sum = (sum & 0xffff) + (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16)
        var packet = words.map(\.bigEndian)
        packet[1] = (~UInt16(truncatingIfNeeded: sum)).bigEndian
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &target.sin_addr)
        _ = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A host that cannot send now, such as one without a route, is asked again like any other.
                sendto(descriptor, packet, packet.count * 2, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Waits for answers and returns the pairs that they belong to.
    private func answers(milliseconds: Int32) -> [Pair] {
        var streams = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        guard poll(&streams, nfds_t(streams.count), milliseconds) > 0 else { return [] }
        var found: [Pair] = []
        var packet = [UInt8](repeating: 0, count: 2048)
        for (place, stream) in streams.enumerated() where stream.revents != 0 {
            while true {
                let count = recv(stream.fd, &packet, packet.count, 0)
                if count <= 0 { break }
                if let pair = answered(packet[..<count], at: sockets[place].site) { found.append(pair) }
            }
        }
        return found
    }

    /// The pair that an answer belongs to; nil when the packet is something else.
    private func answered(_ packet: ArraySlice<UInt8>, at site: Int) -> Pair? {
        // A raw socket's packets begin with the IPv4 header, RFC 791: its length in words, the source at 12.
        let header = Int(packet[0] & 0x0f) * 4
        guard packet.count >= header + 8, packet[header] == 0, packet[header + 1] == 0,
            UInt16(packet[header + 4]) << 8 | UInt16(packet[header + 5]) == identifier
        else { return nil }
        let source = packet[12..<16].map(String.init).joined(separator: ".")
        guard let from = sites.values.first(where: { $0.hostAddress == source }) else { return nil }
        return Pair(from: site, to: from.number)
    }
}

/// What this machine's processors have done since this was made.
struct ProcessorTime {
    private let idle, all: Double

    init() {
        // cpu  user nice system idle iowait irq softirq steal ...
        let line = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.prefix { $0 != "\n" } ?? ""
        let ticks = line.split(separator: " ").compactMap { Double($0) }
        idle = ticks.dropFirst(3).prefix(2).reduce(0, +)
        all = ticks.prefix(8).reduce(0, +)
    }

    /// The share of all processors' time that nobody wanted, 0 to 1.
    var idleShareSinceThen: Double {
        let now = ProcessorTime()
        return now.all > all ? (now.idle - idle) / (now.all - all) : 1
    }
}

extension EchoMesh.Outcome {
    /// Records a failure that names the silent pairs, unless there are none.
    func expectNobodySilent(in lab: Lab, sourceLocation: SourceLocation = #_sourceLocation) {
        let names = Dictionary(uniqueKeysWithValues: lab.sites.map { ($0.number, $0.name) })
        let words = silent.map { "\(names[$0.from] ?? "?")>\(names[$0.to] ?? "?")" }.sorted()
        #expect(
            silent.isEmpty, "\(silent.count) pairs still silent after \(seconds) s: \(words.joined(separator: " "))",
            sourceLocation: sourceLocation)
    }
}
