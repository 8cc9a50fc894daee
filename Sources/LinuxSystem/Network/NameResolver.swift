import CLinuxShims
import Glibc
package import NetworkTypes
import Synchronization

/// Why a name has no address.
package enum ResolutionFault: Error, Equatable, Sendable {
    /// There is no such name, or it has no address.
    case notFound
    /// No server answered; asking again later may help.
    case temporary
    /// Anything else, in the words of gai_strerror(3).
    case failed(String)
}

extension ResolutionFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound: "no such name"
        case .temporary: "no name server answered"
        case .failed(let text): text
        }
    }
}

/// Turns names into addresses without stopping the loop: getaddrinfo(3) blocks, so it runs on the one thread beside it.
package final class NameResolver {
    /// The most names that may wait; a gateway has a handful of bootstrap entries.
    package static let queueLimit = 64

    /// A name that was asked for, and its addresses or why there are none.
    package typealias Outcome = (name: HostAndPort, addresses: Result<[IPAddress], ResolutionFault>)

    private let shared: Shared

    /// What the poller watches for `.readable`; then call `drain()`.
    package var rawDescriptor: Int32 { shared.finished.rawDescriptor }

    package convenience init() throws(SystemError) {
        try self.init(lookUp: NameResolver.lookUp)
    }

    /// With another way to look a name up, for tests.
    init(lookUp: @escaping @Sendable (HostAndPort) -> Result<[IPAddress], ResolutionFault>) throws(SystemError) {
        let shared = Shared(wanted: try EventDescriptor(waiting: true), finished: try EventDescriptor())
        self.shared = shared
        try SystemThread.start("ipop-resolver", blockingSignals: true) { shared.serve(lookUp) }
    }

    /// The thread ends after the look-up that it is busy with.
    deinit {
        shared.state.withLock { $0.isStopping = true }
        shared.wanted.signal()
    }

    /// Asks for a name's addresses; the answer comes by `drain()`. An address is answered without a look-up. A name
    /// that is being looked up already is not asked for twice and gets one answer.
    /// - Returns: `false` when too many names wait; ask again later.
    package func resolve(_ name: HostAndPort) -> Bool {
        let literal = IPAddress(name.host)
        let isAccepted = shared.state.withLock { state in
            if let literal {
                guard state.outcomes.count < Self.queueLimit else { return false }
                state.outcomes.append((name, .success([literal.canonical])))
                return true
            }
            if state.pending.contains(name) { return true }
            guard state.pending.count + state.outcomes.count < Self.queueLimit else { return false }
            state.pending.append(name)
            return true
        }
        if isAccepted { literal == nil ? shared.wanted.signal() : shared.finished.signal() }
        return isAccepted
    }

    /// Every answer that has come since the last call, in order of arrival.
    package func drain() -> [Outcome] {
        shared.finished.drain()
        return shared.state.withLock { state in
            defer { state.outcomes = [] }
            return state.outcomes
        }
    }

    /// What the loop and the thread share.
    private final class Shared: Sendable {
        struct State: Sendable {
            /// Names that wait; the first is being looked up.
            var pending: [HostAndPort] = []
            var outcomes: [Outcome] = []
            var isStopping = false
        }

        let wanted: EventDescriptor
        let finished: EventDescriptor
        let state = Mutex(State())

        init(wanted: EventDescriptor, finished: EventDescriptor) {
            self.wanted = wanted
            self.finished = finished
        }

        /// The thread's life.
        func serve(_ lookUp: (HostAndPort) -> Result<[IPAddress], ResolutionFault>) {
            while true {
                wanted.drain()
                while let name = state.withLock({ $0.isStopping ? nil : $0.pending.first }) {
                    let outcome: Outcome = (name, lookUp(name))
                    state.withLock { state in
                        state.pending.removeFirst()
                        state.outcomes.append(outcome)
                    }
                    finished.signal()
                }
                if state.withLock({ $0.isStopping }) { return }
            }
        }
    }
}

extension NameResolver {
    /// One blocking look-up: every address once, in the order of RFC 6724 that the C library gives.
    @Sendable
    static func lookUp(_ name: HostAndPort) -> Result<[IPAddress], ResolutionFault> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name.host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        switch code {
        case 0: break
        case EAI_NONAME, Int32(IPOP_EAI_NODATA), Int32(IPOP_EAI_ADDRFAMILY): return .failure(.notFound)
        case EAI_AGAIN: return .failure(.temporary)
        default: return .failure(.failed(String(cString: gai_strerror(code))))
        }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = address(of: entry.pointee), !addresses.contains(address) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(.notFound) : .success(addresses)
    }

    private static func address(of entry: addrinfo) -> IPAddress? {
        guard let raw = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET:
            let v4 = raw.loadUnaligned(as: sockaddr_in.self).sin_addr
            return withUnsafeBytes(of: v4) { IPAddress(bytes: $0) }
        case AF_INET6:
            let v6 = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: v6) { IPAddress(bytes: $0) }?.canonical
        default:
            return nil
        }
    }
}
