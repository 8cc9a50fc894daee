import GatewayCore
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import WireFormat

/// One TLS connection: its socket, what secures it, and what waits to go.
///
///     connecting --> proxying --> securing --> open --> lingering
///         |                          ^
///         +--- without a proxy ------+     (accepted ones begin here)
final class StreamLink {
    enum Phase {
        case connecting
        case proxying(ProxyNegotiation)
        case securing
        case open
        /// Refused or ended: nothing more is taken, so that the peer can read why.
        case lingering
    }

    /// As the core knows it.
    let number: UInt64
    /// Whom it leads to; behind a proxy, whom the proxy is asked for.
    let remote: Endpoint
    let connection: StreamConnection
    let tls: TLSStream
    var phase: Phase
    /// When it is given up; `nil` while it is open.
    var deadline: Instant?
    /// Who is at the far end, once it is open.
    var peer: NodeAddress?
    /// What has come and is no whole datagram yet.
    var plaintext: [UInt8] = []
    var queue = FrameQueue()
    /// Bytes that the kernel had no room for.
    private var output: ArraySlice<UInt8> = []
    /// What the poller watches for.
    private(set) var interest: Readiness
    /// Bytes from and to the connection.
    var receivedBytes: UInt64 = 0
    private(set) var sentBytes: UInt64 = 0
    /// It is in the list of those that have something to send.
    var isDirty = false

    init(
        number: UInt64, remote: Endpoint, connection: StreamConnection, tls: TLSStream, phase: Phase, deadline: Instant,
        interest: Readiness
    ) {
        self.number = number
        self.remote = remote
        self.connection = connection
        self.tls = tls
        self.phase = phase
        self.deadline = deadline
        self.interest = interest
    }

    /// This gateway opened it.
    var isOurs: Bool { number & StreamLimits.acceptedBit == 0 }
    var endpoint: Endpoint { Endpoint(stream: number) }
    var isOpen: Bool { if case .open = phase { true } else { false } }

    /// Puts bytes for the proxy before everything else.
    func send(_ bytes: [UInt8]) { output += bytes }

    /// Writes as much as the kernel takes: what is left of before, TLS's own records, then datagrams, sealed only now
    /// because until then the oldest can still be dropped.
    func flush(now: Instant) throws(SystemError) {
        while true {
            if output.isEmpty { output = tls.takeOutput(limit: StreamPortLimits.readByteCount)[...] }
            if output.isEmpty, isOpen, !queue.isEmpty {
                var frames: [UInt8] = []
                frames.reserveCapacity(StreamPortLimits.recordByteCount)
                queue.take(into: &frames, limit: StreamPortLimits.recordByteCount, now: now)
                frames.withUnsafeBytes { tls.write($0) }
                continue
            }
            guard !output.isEmpty else { return }
            let written = try connection.write(output)
            guard written > 0 else { return }
            sentBytes += UInt64(written)
            output = output.dropFirst(written)
        }
    }

    /// What the poller is to watch for now; `nil` when it does already.
    func newInterest() -> Readiness? {
        var wanted: Readiness = .readable
        if case .connecting = phase {
            wanted = .writable
        } else if !output.isEmpty {
            wanted = [.readable, .writable]
        }
        guard wanted != interest else { return nil }
        interest = wanted
        return wanted
    }
}
