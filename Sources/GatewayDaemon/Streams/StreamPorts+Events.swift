import GatewayConfiguration
import GatewayCore
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import WireFormat

// What happens on listeners and connections.
extension StreamPorts {
    /// A listener or a connection is ready.
    func ready(_ token: UInt64, now: Instant) {
        if token >= Self.firstListenerToken {
            accept(Int(token - Self.firstListenerToken), now: now)
        } else if let link = links[Self.number(of: token)] {
            advance(link, now: now)
        }
    }

    private func accept(_ index: Int, now: Instant) {
        guard index < listeners.count else { return }
        for _ in 0..<StreamPortLimits.acceptBudget {
            let accepted: StreamConnection?
            do throws(SystemError) {
                accepted = try listeners[index].accept()
            } catch {
                // No descriptor is left: to try again at once would only burn time.
                closeListeners()
                retryAt = now + StreamPortLimits.retryInterval
                return
            }
            guard let accepted else { return }
            guard let remote = accepted.remote, hasRoom(for: remote), let tls = provider.makeServer() else {
                abandonedCount += 1
                continue
            }
            acceptedCount += 1
            let link = StreamLink(
                number: StreamLimits.acceptedBit | acceptedCount, remote: remote, connection: accepted, tls: tls,
                phase: .securing, deadline: now + StreamPortLimits.handshakeTimeout, interest: .readable)
            guard adopt(link) else { continue }
            halfOpen.append(link.number)
            tune(link)
            tls.start()
        }
    }

    /// Whether one more connection from there may try, which may cost the oldest that tries its place.
    private func hasRoom(for remote: Endpoint) -> Bool {
        let source = Self.source(of: remote)
        let siblings = halfOpen.count { links[$0].map { Self.source(of: $0.remote) == source } ?? false }
        guard siblings < StreamPortLimits.halfOpenPerSource,
            links.count < StreamLimits.streamCount + StreamPortLimits.halfOpenCount
        else { return false }
        if halfOpen.count >= StreamPortLimits.halfOpenCount, let oldest = halfOpen.first.flatMap({ links[$0] }) {
            abandonedCount += 1
            drop(oldest)
        }
        return true
    }

    private func advance(_ link: StreamLink, now: Instant) {
        if case .connecting = link.phase { guard connected(link, now: now) else { return } }
        for _ in 0..<StreamPortLimits.readBudget {
            let result: StreamReadResult
            do throws(SystemError) {
                result = try link.connection.read(limit: StreamPortLimits.readByteCount)
            } catch {
                end(link, .closed)
                return
            }
            switch result {
            case .wouldBlock:
                write(link, now: now)
                return
            case .closed:
                if case .proxying = link.phase { proxyFailed("it closed the connection") }
                end(link, .closed)
                return
            case .bytes(let bytes):
                link.receivedBytes += UInt64(bytes.count)
                take(bytes, link, now: now)
                guard links[link.number] === link else { return }
            }
        }
        write(link, now: now)
    }

    /// The connection was made, or not; returns whether it was.
    private func connected(_ link: StreamLink, now: Instant) -> Bool {
        do throws(SystemError) {
            try link.connection.finishConnecting()
        } catch {
            if proxy != nil { proxyFailed(error.reason) }
            end(link, .unreachable)
            return false
        }
        tune(link)
        guard let proxy else {
            secure(link)
            return true
        }
        let login = proxy.login.map { ProxyCredentials(user: $0.user, password: $0.password) }
        let negotiation: ProxyNegotiation =
            switch proxy.kind {
            case .socks5: .socks(SOCKSNegotiation(destination: link.remote, credentials: login))
            case .http: .http(ConnectNegotiation(destination: link.remote, credentials: login))
            }
        link.send(negotiation.greeting)
        link.phase = .proxying(negotiation)
        return true
    }

    private func secure(_ link: StreamLink) {
        link.phase = .securing
        link.tls.start()
    }

    private func take(_ bytes: [UInt8], _ link: StreamLink, now: Instant) {
        switch link.phase {
        case .connecting, .lingering:
            break
        case .proxying(var negotiation):
            do throws(ProxyFault) {
                let answer = try negotiation.receive(bytes)
                link.phase = .proxying(negotiation)
                link.send(answer.reply)
                guard answer.isConnected else { return }
                proxyFault = nil
                secure(link)
            } catch {
                proxyFault = "\(error)"
                end(link, .unreachable)
            }
        case .securing, .open:
            bytes.withUnsafeBytes { link.tls.receive($0, plaintext: &link.plaintext) }
            judge(link, now: now)
        }
    }

    /// Acts on how far TLS is, and takes the datagrams that have come.
    private func judge(_ link: StreamLink, now: Instant) {
        if case .open(let peer) = link.tls.progress, !link.isOpen {
            link.phase = .open
            link.deadline = nil
            timed.remove(link.number)
            link.peer = peer.node
            halfOpen.removeAll { $0 == link.number }
            makeRoom(for: link)
            sink?.streamOpened(link.number, remote: link.remote, peer: peer.node)
        }
        if link.isOpen {
            do throws(WireError) {
                try StreamFrames.drain(&link.plaintext) { sink?.streamReceived($0, from: link.endpoint) }
            } catch {
                refuse(link, .protocolError("not a datagram"), now: now)
                return
            }
        }
        switch link.tls.progress {
        case .negotiating, .open: break
        case .closed: end(link, .closed)
        case .failed(let fault): refuse(link, fault, now: now)
        }
    }

    /// One member keeps a few streams: the oldest that it opened makes room.
    private func makeRoom(for link: StreamLink) {
        guard !link.isOurs else { return }
        let others = links.values.filter { !$0.isOurs && $0.isOpen && $0.peer == link.peer }
        guard others.count > StreamPortLimits.streamsPerPeer, let oldest = others.min(by: { $0.number < $1.number })
        else { return }
        end(oldest, .closed)
    }

    /// TLS has failed, or is not what it should be: tells the peer, and lingers.
    private func refuse(_ link: StreamLink, _ fault: HandshakeFault, now: Instant) {
        try? link.flush(now: now)
        link.connection.endWriting()
        let wasOpen = link.isOpen
        halfOpen.removeAll { $0 == link.number }
        link.phase = .lingering
        link.deadline = now + StreamPortLimits.lingering
        timed.insert(link.number)
        link.plaintext = []
        watch(link)
        switch fault {
        case .refused, .refusedByPeer, .version:
            if link.isOurs || wasOpen {
                sink?.streamClosed(link.number, fault: .handshake(fault))
            } else {
                sink?.streamRefused(by: link.remote, fault: fault)
            }
        case .protocolError:
            // Whoever speaks something else on the port is no member that was refused.
            if link.isOurs || wasOpen { sink?.streamClosed(link.number, fault: wasOpen ? .closed : .unreachable) }
        }
    }

    func write(_ link: StreamLink, now: Instant) {
        if case .connecting = link.phase { return }
        do throws(SystemError) {
            try link.flush(now: now)
            watch(link)
        } catch {
            end(link, .closed)
        }
    }

    /// Ends a stream and tells the core, if it knows of it.
    func end(_ link: StreamLink, _ fault: StreamFault) {
        let isKnown: Bool
        switch link.phase {
        case .lingering: isKnown = false
        case .open: isKnown = true
        case .connecting, .proxying, .securing: isKnown = link.isOurs
        }
        let reported = link.isOpen ? fault : .unreachable
        drop(link)
        if isKnown { sink?.streamClosed(link.number, fault: reported) }
    }
}
