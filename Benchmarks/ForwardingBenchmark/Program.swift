import CAllocationCount
import Glibc
import LinkSecurity
import NetworkTypes
import PacketForwarding

/// Measures the data plane without sockets and without real cryptography: nanoseconds and heap allocations for each
/// datagram, out and in. Ends with 1 when anything was allocated in steady state.
@main
enum Program {
    static func main() {
        let rounds = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 2_000
        var total: UInt64 = 0
        print("copying 1,440 bytes, as the cipher here does: \(copyNanoseconds(rounds: rounds * 100)) ns")
        print("ns/datagram out  ns/datagram in  allocations  load")
        for load in Load.all {
            var course = Course(load: load)
            _ = course.run(rounds: 50)
            let result = course.run(rounds: rounds)
            total += result.allocations
            print(
                pad(result.nanosecondsOut, 15), pad(result.nanosecondsIn, 15), pad(Int(result.allocations), 12),
                " \(load.name)")
        }
        guard allocation_count_works() != 0 else {
            print("this build does not count allocations")
            exit(1)
        }
        print("allocations in steady state: \(total)")
        exit(total == 0 ? 0 : 1)
    }

    static func pad(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    static func copyNanoseconds(rounds: Int) -> Int {
        let from = UnsafeMutableRawPointer.allocate(byteCount: 65_536, alignment: 64)
        let to = UnsafeMutableRawPointer.allocate(byteCount: 65_536, alignment: 64)
        defer {
            from.deallocate()
            to.deallocate()
        }
        from.initializeMemory(as: UInt8.self, repeating: 1, count: 65_536)
        let start = now()
        for round in 0..<rounds {
            let offset = round % 40 * 1_440
            (to + offset).copyMemory(from: from + offset, byteCount: 1_440)
        }
        return (now() - start) / max(rounds, 1)
    }

    /// Time that this thread has had a processor, in nanoseconds: other programs do not count.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// Two planes back to back under one load.
struct Course {
    struct Result {
        var nanosecondsOut = 0
        var nanosecondsIn = 0
        var allocations: UInt64 = 0
    }

    private let load: Load
    private let wire = Wire()
    private let device = Wire()
    private let near: ForwardingPlane
    private let far: ForwardingPlane
    private let master: UnsafeMutableRawPointer
    private let frames: UnsafeMutableRawPointer
    /// From one frame to the next: no more memory than a batch needs.
    private let stride: Int
    private let source = Endpoint(address: IPAddress(192, 0, 2, 1), port: 7_867)

    init(load: Load) {
        self.load = load
        near = Course.plane(1, other: 2, sink: wire)
        far = Course.plane(2, other: 1, sink: device)
        stride = (load.frame.count + 63) & ~63
        frames = .allocate(byteCount: load.batch * stride, alignment: 64)
        master = .allocate(byteCount: stride, alignment: 64)
        load.frame.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { master.copyMemory(from: base, byteCount: bytes.count) }
        }
    }

    private static func plane(_ own: UInt8, other: UInt8, sink: Wire) -> ForwardingPlane {
        let plane = ForwardingPlane(datagrams: sink, frames: sink, control: sink)
        let node = NodeAddress(high: UInt64(other), middle: 0, low: 0)
        let prefix = { IPPrefix(containing: IPAddress(10, $0, 0, 0), length: 16) }
        plane.setExports([prefix(own)])
        plane.setRoutes([(prefix(other), node)])
        plane.setPath(node, endpoint: Endpoint(address: IPAddress(192, 0, 2, other), port: 1), payloadByteCount: 1_440)
        let cipher = CopyingCipher()
        plane.install(
            KeyGeneration(localIndex: 7, remoteIndex: 7, epoch: 0, sealing: cipher, opening: cipher), for: node)
        plane.activate(localIndex: 7, for: node)
        return plane
    }

    mutating func run(rounds: Int) -> Result {
        var out = 0
        var into = 0
        var datagrams = 0
        let allocations = allocation_count()
        for round in 0..<rounds {
            near.now = Instant(nanoseconds: UInt64(round) * 1_000_000)
            far.now = near.now
            for index in 0..<load.batch {
                (frames + index * stride).copyMemory(from: master, byteCount: load.frame.count)
            }
            wire.clear()
            let start = Program.now()
            for index in 0..<load.batch {
                near.forwardFrame(
                    UnsafeMutableRawBufferPointer(start: frames + index * stride, count: load.frame.count))
            }
            near.flush()
            let middle = Program.now()
            for index in 0..<wire.trainCount {
                let train = wire.train(index)
                far.receiveDatagrams(train.bytes, segmentSize: train.segmentSize, source: source, trafficClass: 0)
            }
            far.flush()
            let end = Program.now()
            out += middle - start
            into += end - middle
            datagrams += wire.datagramCount
        }
        let spent = allocation_count() - allocations
        precondition(device.frameCount > 0, "the far plane has written frames")
        return Result(
            nanosecondsOut: out / max(datagrams, 1), nanosecondsIn: into / max(datagrams, 1), allocations: spent)
    }
}
