import CHeapState
import GatewayCore
import Glibc
import LinkSecurity
import NetworkTypes
import OpenSSLLink
import PacketForwarding
import RoutePlanning

/// Measures what a directory of many sites costs one gateway, in one process, without sockets and kernel: processor
/// time and memory of the verified announcements, of the selection of routes, of the data plane's tables, and of the
/// plan of what the kernel should have.
@main
enum Program {
    /// Announcements offered to the full directory, one by one.
    private static let furtherCount = 25
    /// One /24 of 10.0.0.0/8 for each site.
    private static let siteLimit = 65_536

    static func main() throws {
        let count = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) : 10_000
        guard let count, (1...(DirectoryLimits.memberCount - furtherCount)).contains(count),
            count + furtherCount <= siteLimit
        else {
            print("usage: directory-benchmark [SITES], 1 to \(DirectoryLimits.memberCount - furtherCount)")
            exit(2)
        }
        let (inputs, seconds) = try timed { try Inputs(count: count + furtherCount) }
        // What making them left free would be used again by what is measured, and hide its growth.
        heap_trim()
        let start = Memory.now()
        let size = inputs.byteCount / (count + furtherCount)
        print("\(count) sites with one /24 each; announcements of \(size) bytes, made in \(decimal(seconds, 1)) s")
        print("before: \(megabytes(start.resident)) resident, the encoded announcements and OpenSSL included;")
        print("growth from here on, without them. resident: VmRSS; allocated: not freed, as the allocator counts")
        print("   seconds  resident MB  allocated MB  bytes a site  step")
        var memory = start

        func report(_ step: String, _ seconds: Double, since: Memory, to now: Memory) {
            let allocated = now.allocated - since.allocated
            print(
                pad(decimal(seconds, 3), 10), pad(decimal(Double(now.resident - since.resident) / 1e6, 2), 12),
                pad(decimal(Double(allocated) / 1e6, 2), 13), pad("\(allocated / count)", 13), " \(step)")
        }
        func measured<Value>(_ step: String, _ work: () -> Value) -> Value {
            let (value, seconds) = timed(work)
            let now = Memory.now()
            report(step, seconds, since: memory, to: now)
            memory = now
            return value
        }

        let arrival = Instant(nanoseconds: 1_000_000_000)
        let verifier = DirectVerifier()
        var directory = measured("Directory: all offered, certificates and signatures verified") {
            var directory = Directory()
            for number in 0..<count {
                offer(inputs[number], to: &directory, of: inputs, verifier: verifier, now: arrival)
            }
            return directory
        }
        let own = inputs.identity.own
        let selection = measured("RouteSelection") {
            RouteSelection(directory: directory, own: (own.site, own.node, []), policy: RoutePolicy())
        }
        precondition(selection.accepted.count == count, "every site's prefix is accepted")
        let plane = ForwardingPlane(datagrams: Nowhere(), frames: Nowhere(), control: Nowhere())
        memory = Memory.now()
        measured("ForwardingPlane.setRoutes") { plane.setRoutes(selection.accepted.map { ($0.prefix, $0.node) }) }
        measured("RouteSelection again, the first still there, and forgotten") {
            _ = RouteSelection(directory: directory, own: (own.site, own.node, []), policy: RoutePolicy())
        }
        measured("ForwardingPlane.setRoutes again") {
            plane.setRoutes(selection.accepted.map { ($0.prefix, $0.node) })
        }
        let kernel = KernelTable(routes: selection.accepted)
        let plan = measured("HostNetworkPlanner.plan, no route installed") { kernel.plan() }
        let after = measured("HostNetworkState.after its steps") { kernel.after(plan) }
        measured("HostNetworkPlanner.plan, all installed") {
            precondition(after.plan().steps.isEmpty, "what was planned is what is wanted")
        }
        measured("Directory.revoke, nobody named") { _ = directory.revoke(["00"]) }
        offerFurther(count..<(count + furtherCount), to: &directory, of: inputs, verifier: verifier, now: arrival)
        withExtendedLifetime((inputs, directory, selection, plane, plan, after)) {}
    }

    private static func offerFurther(
        _ numbers: Range<Int>, to directory: inout Directory, of inputs: Inputs, verifier: DirectVerifier, now: Instant
    ) {
        var times: [Double] = []
        for number in numbers {
            let encoded = inputs[number]
            times.append(timed { offer(encoded, to: &directory, of: inputs, verifier: verifier, now: now) }.seconds)
        }
        let median = times.sorted()[times.count / 2] * 1e6
        print("one further offer, verified: \(decimal(median, 0)) us, the median of \(times.count)")
    }

    private static func offer(
        _ encoded: [UInt8], to directory: inout Directory, of inputs: Inputs, verifier: DirectVerifier, now: Instant
    ) {
        let outcome = directory.offer(encoded, age: .zero, by: inputs.identity, verifier: verifier, now: now)
        guard case .accepted = outcome else { preconditionFailure("an announcement is refused: \(outcome)") }
    }

    /// What `work` returns, and the time that this thread has had a processor for it.
    private static func timed<Value, Fault: Error>(
        _ work: () throws(Fault) -> Value
    ) throws(Fault) -> (value: Value, seconds: Double) {
        let start = processorSeconds()
        let value = try work()
        return (value, processorSeconds() - start)
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func megabytes(_ count: Int) -> String { "\(decimal(Double(count) / 1e6, 1)) MB" }

    private static func decimal(_ number: Double, _ places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((number * Double(scale)).rounded())
        let fraction = String(abs(scaled) % scale)
        let sign = scaled < 0 ? "-" : ""
        guard places > 0 else { return "\(scaled)" }
        return "\(sign)\(abs(scaled) / scale).\(String(repeating: "0", count: places - fraction.utf8.count))\(fraction)"
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
}

/// Where a data plane sends what it never gets.
final class Nowhere: DatagramSink, FrameSink, ControlSink {
    func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {}
    func write(_ frame: UnsafeRawBufferPointer) {}
    func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint) {}
    func sourceChanged(_ node: NodeAddress, source: Endpoint) {}
    func confirmed(_ node: NodeAddress, localIndex: UInt32) {}
    func needsPath(_ node: NodeAddress) {}
}
