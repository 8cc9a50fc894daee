import ControlProtocol
import GatewayConfiguration
import GatewayCore
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import WireFormat

/// The gateway's TLS connections over TCP: accepts them at the port that UDP has too, opens those that the core wants,
/// moves datagrams over them.
final class StreamPorts {
    /// Poller tokens of connections begin here, those of listeners there.
    static let firstToken: UInt64 = 1 << 56
    static let firstListenerToken: UInt64 = 1 << 57

    weak var sink: (any StreamSink)?
    /// Why a listener could not be had; `nil` when all could, or none is wanted.
    private(set) var listenFault: String?
    /// Why the last connection through the proxy was not made.
    var proxyFault: String?
    /// The proxy's name is to be resolved.
    private(set) var wantsProxyResolved = false
    /// Addresses of the proxy.
    private(set) var proxyAddresses: [IPAddress] = []
    /// Connections that were closed before they were open, by a limit or a timeout.
    var abandonedCount: UInt64 = 0

    let poller: Poller
    let provider: TLSStreamProvider
    var listeners: [TCPListener] = []
    private var wanted: (port: UInt16, addresses: [IPAddress])?
    var retryAt: Instant?
    var proxy: ProxySettings?
    /// By number.
    var links: [UInt64: StreamLink] = [:]
    /// Numbers of accepted connections that are not open yet, oldest first.
    var halfOpen: [UInt64] = []
    var acceptedCount: UInt64 = 0
    /// Numbers of those that have a deadline.
    var timed: Set<UInt64> = []
    /// Those that have something to send.
    private var dirty: [StreamLink] = []
    /// What those that have gone have moved and dropped.
    private var gone = StreamsReport()

    init(poller: Poller, provider: TLSStreamProvider) {
        self.poller = poller
        self.provider = provider
    }

    /// What there is, and what has moved since the start.
    var report: StreamsReport {
        var report = gone
        report.abandoned = abandonedCount
        for link in links.values {
            if link.isOpen { report.open += 1 } else { report.opening += 1 }
            report.waitingBytes += link.queue.byteCount
            report.note(link)
        }
        return report
    }

    /// Accepts at `port` of these addresses, of all when there are none; not at all without a port.
    func listen(port: UInt16?, addresses: [IPAddress], now: Instant) {
        if let wanted, wanted.port == port, wanted.addresses == addresses, listenFault == nil { return }
        closeListeners()
        wanted = port.map { ($0, addresses) }
        open(now: now)
    }

    private func open(now: Instant) {
        listenFault = nil
        retryAt = nil
        guard let wanted else { return }
        var addresses = wanted.addresses
        // The unspecified v6 address takes v4 too, on hosts that have v6.
        if addresses.isEmpty { addresses = [IPAddress(v6High: 0, low: 0), IPAddress(v4: 0)] }
        for address in addresses {
            do throws(SystemError) {
                let listener = try TCPListener(at: Endpoint(address: address, port: wanted.port))
                let token = Self.firstListenerToken + UInt64(listeners.count)
                try poller.add(listener.rawDescriptor, interest: .readable, token: token)
                listeners.append(listener)
                listenFault = nil
                if wanted.addresses.isEmpty { return }
            } catch {
                listenFault = error.reason
                retryAt = now + StreamPortLimits.retryInterval
            }
        }
    }

    func closeListeners() {
        for listener in listeners { try? poller.remove(listener.rawDescriptor) }
        listeners = []
    }

    /// Opens connections through `proxy` from now on.
    func setProxy(_ new: ProxySettings?) {
        guard new != proxy else { return }
        proxy = new
        proxyFault = nil
        proxyAddresses = []
        wantsProxyResolved = new != nil
    }

    /// The name to resolve, told once.
    func takeProxyName() -> HostAndPort? {
        guard wantsProxyResolved, let proxy else { return nil }
        wantsProxyResolved = false
        return proxy.server
    }

    /// A name has been resolved, perhaps the proxy's; no address: it could not be.
    func resolved(_ name: HostAndPort, _ addresses: [IPAddress]) {
        guard name == proxy?.server, !addresses.isEmpty else { return }
        proxyAddresses = addresses
    }

    /// Begins to connect to `remote`; the sink hears the end.
    func open(_ number: UInt64, to remote: Endpoint, now: Instant) {
        var first = remote
        if let proxy {
            guard let address = proxyAddresses.first else {
                proxyFault = "its name has no address yet"
                wantsProxyResolved = true
                sink?.streamClosed(number, fault: .unreachable)
                return
            }
            first = Endpoint(address: address, port: proxy.server.port)
        }
        guard links.count < StreamLimits.streamCount + StreamPortLimits.halfOpenCount,
            let tls = provider.makeClient(), let connection = try? StreamConnection(connectingTo: first)
        else {
            if proxy != nil { proxyFailed("it cannot be reached") }
            sink?.streamClosed(number, fault: .unreachable)
            return
        }
        let link = StreamLink(
            number: number, remote: remote, connection: connection, tls: tls, phase: .connecting,
            deadline: now + StreamPortLimits.handshakeTimeout, interest: .writable)
        if !adopt(link) { sink?.streamClosed(number, fault: .unreachable) }
    }

    /// Closes a stream of which the core wants nothing more.
    func close(_ number: UInt64, now: Instant) {
        guard let link = links[number] else { return }
        link.tls.close()
        try? link.flush(now: now)
        drop(link)
    }

    /// Sends a train of datagrams over a stream. Nothing is written before `flush`.
    func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, now: Instant) {
        guard let number = endpoint.streamNumber, let link = links[number], link.isOpen else {
            gone.droppedDatagrams += 1
            return
        }
        var rest = train[...]
        while !rest.isEmpty {
            link.queue.add(UnsafeRawBufferPointer(rebasing: rest.prefix(segmentSize)), now: now)
            rest = rest.dropFirst(segmentSize)
        }
        guard !link.isDirty else { return }
        link.isDirty = true
        dirty.append(link)
    }

    /// Writes what waits, as far as there is room.
    func flush(now: Instant) {
        guard !dirty.isEmpty else { return }
        let list = dirty
        dirty.removeAll(keepingCapacity: true)
        for link in list {
            link.isDirty = false
            // It may have gone meanwhile.
            if links[link.number] === link { write(link, now: now) }
        }
    }

    /// Notes why the proxy cannot be used; another of its addresses may do.
    func proxyFailed(_ error: String) {
        proxyFault = error
        wantsProxyResolved = true
        if proxyAddresses.count > 1 { proxyAddresses.append(proxyAddresses.removeFirst()) }
    }

    /// When `expire` wants to be called.
    var nextDeadline: Instant? {
        if timed.isEmpty { return retryAt }
        return (timed.compactMap { links[$0]?.deadline } + [retryAt].compactMap(\.self)).min()
    }

    /// Gives up what takes too long, and tries again what failed.
    func expire(now: Instant) {
        if let retryAt, retryAt <= now {
            closeListeners()
            open(now: now)
        }
        for number in timed {
            guard let link = links[number], let deadline = link.deadline, deadline <= now else { continue }
            switch link.phase {
            case .lingering, .open: break
            case .securing: abandonedCount += 1
            case .connecting, .proxying: if proxy != nil { proxyFailed("it does not answer") }
            }
            end(link, .unreachable)
        }
    }

    /// Ends everything, without a word to the core.
    func closeAll(now: Instant) {
        wanted = nil
        closeListeners()
        for number in Array(links.keys) { close(number, now: now) }
    }

    func adopt(_ link: StreamLink) -> Bool {
        let token = Self.token(of: link.number)
        guard (try? poller.add(link.connection.rawDescriptor, interest: link.interest, token: token)) != nil else {
            return false
        }
        links[link.number] = link
        timed.insert(link.number)
        return true
    }

    func watch(_ link: StreamLink) {
        guard let interest = link.newInterest() else { return }
        let token = Self.token(of: link.number)
        try? poller.modify(link.connection.rawDescriptor, interest: interest, token: token)
    }

    func tune(_ link: StreamLink) {
        // What the kernel does not know it does without.
        try? link.connection.tune(
            userTimeout: StreamPortLimits.userTimeout, unsentByteCount: StreamPortLimits.unsentByteCount)
    }

    func drop(_ link: StreamLink) {
        guard links.removeValue(forKey: link.number) != nil else { return }
        gone.note(link)
        halfOpen.removeAll { $0 == link.number }
        timed.remove(link.number)
        try? poller.remove(link.connection.rawDescriptor)
    }

    /// Who is counted as one: an IPv4 address, or an IPv6 network of 64 bits.
    static func source(of remote: Endpoint) -> IPAddress {
        remote.address.family == .v4 ? remote.address : IPAddress(v6High: remote.address.high, low: 0)
    }

    // A number's upper bit tells who gave it; in a token that is the lowest, because the upper ones tell what it is.

    private static func token(of number: UInt64) -> UInt64 {
        let isAccepted = number & StreamLimits.acceptedBit != 0
        return firstToken | (number & ~StreamLimits.acceptedBit) << 1 | (isAccepted ? 1 : 0)
    }

    static func number(of token: UInt64) -> UInt64 {
        let count = (token & ~firstToken) >> 1
        return token & 1 == 1 ? count | StreamLimits.acceptedBit : count
    }
}

extension StreamsReport {
    /// Adds what a connection has moved and dropped.
    fileprivate mutating func note(_ link: StreamLink) {
        rxBytes += link.receivedBytes
        txBytes += link.sentBytes
        droppedDatagrams += link.queue.dropCount
    }
}
