import ControlProtocol
import GatewayConfiguration
import GatewayCore
import LANServices
import LinkSecurity
import LinuxSystem
import Logging
import NetworkTypes
import OpenSSLLink
import PacketForwarding
import RouteControl

extension Daemon {
    /// What a poller token stands for; connections have numbers from their server's `firstToken` on.
    enum Token {
        static let tap: UInt64 = 1
        static let netlink: UInt64 = 2
        static let control: UInt64 = 3
        static let signals: UInt64 = 4
        static let resolver: UInt64 = 5
        static let metrics: UInt64 = 6
        static let portMapping: UInt64 = 7
        static let firstPort: UInt64 = 16
    }

    /// Reads in a row from one descriptor before the others get their turn.
    private static let budget = 64
    /// How often traffic is looked at: for rates in status, and for the core's sense of busy and idle.
    private static let tickInterval: Duration = .seconds(1)
    /// The same while traffic flows, so that a path that breaks under it is missed soon.
    private static let glanceInterval: Duration = .milliseconds(40)

    /// Runs until SIGTERM or SIGINT; undoes in the kernel what it did.
    package func run() throws(StartupError) {
        do throws(SystemError) {
            try poller.add(keeper.eventDescriptor, interest: .readable, token: Token.netlink)
            try controlServer.watch()
            try poller.add(signals.rawDescriptor, interest: .readable, token: Token.signals)
            try poller.add(resolver.rawDescriptor, interest: .readable, token: Token.resolver)
            for (index, socket) in ports.sockets.enumerated() {
                try poller.add(socket.rawDescriptor, interest: .readable, token: Token.firstPort + UInt64(index))
            }
        } catch {
            throw .system("\(error)")
        }
        watchTap()
        start()
        while isRunning { turn() }
        stop()
    }

    private func start() {
        let offloads = ports.offloads
        logger.info(
            "ipopd starts",
            metadata: [
                "version": "\(ProgramVersion.text)", "grid": "\(files.settings.grid)", "site": "\(files.settings.site)",
                "node": "\(identity.own.node)", "port": "\(files.settings.listen.port)",
                "gso": "\(offloads.segmentation)", "gro": "\(offloads.coalescing)",
                "device": "\(files.settings.device)", "adopted": "\(tap.device.wasAdopted)",
            ])
        for warning in files.warnings { logger.warning("\(warning.description)") }
        settleBridge()
        applyExports(first: true)
        settleLAN()
        listenForMetrics()
        configureStreams()
        followUplinks()
        gateway.start(underlay: underlayFacts, remembering: memory, now: now, effects: &effects)
        settle()
        reconcile()
        followRouter()
        notify { try $0.ready() }
        if let interval = notifier.watchdogInterval { nextWatchdog = now + interval / 2 }
    }

    /// One turn of the loop: waits, reads what is there in bounded batches, lets the core act, sends.
    private func turn() {
        let deadline = nextDeadline
        poller.wait(until: deadline) { token, ready in
            now = MonotonicClock.now()
            plane.now = now
            ports.now = now
            dispatch(token, ready)
        }
        now = MonotonicClock.now()
        plane.now = now
        ports.now = now
        plane.flush()
        streams.flush(now: now)
        settleBatch()
        handleTimeouts()
    }

    private func dispatch(_ token: UInt64, _ ready: Readiness) {
        switch token {
        case Token.tap: readTap()
        case Token.netlink: kernelChanged()
        case Token.control: acceptControl()
        case Token.signals: readSignals()
        case Token.resolver: readResolver()
        case Token.metrics: acceptMetrics()
        case Token.portMapping: readPortMapping()
        case Token.firstPort..<ControlServer.firstToken: readPort(ports.sockets[Int(token - Token.firstPort)])
        case MetricsServer.firstToken..<NamePorts.firstToken: serveMetrics(token)
        case NamePorts.firstToken..<StreamPorts.firstToken: readNames(token)
        case StreamPorts.firstToken...: readStream(token)
        default: serveControl(token, ready)
        }
    }

    /// Begins to read the overlay device.
    func watchTap() {
        do {
            try poller.add(tap.device.rawDescriptor, interest: .readable, token: Token.tap)
        } catch {
            logger.critical("cannot watch the overlay device", metadata: ["error": "\(error)"])
        }
    }

    private func readTap() {
        for _ in 0..<Self.budget {
            do throws(SystemError) {
                guard let count = try tap.device.read(into: tapBuffer), count > 0 else { break }
                plane.forwardFrame(UnsafeMutableRawBufferPointer(rebasing: tapBuffer[..<count]))
            } catch {
                // Somebody deleted the device. Its descriptor would wake us for ever; the kernel's event brings a new
                // one.
                logger.warning("the overlay device is gone", metadata: ["error": "\(error)"])
                try? poller.remove(tap.device.rawDescriptor)
                break
            }
        }
        plane.flush()
    }

    private func readPort(_ socket: UDPSocket) {
        var hasHandshakes = false
        for _ in 0..<Self.budget {
            guard let received = try? socket.receive(into: datagramBuffer), received.byteCount > 0 else { break }
            let bytes = UnsafeMutableRawBufferPointer(rebasing: datagramBuffer[..<received.byteCount])
            if bytes[0] <= 3 {
                answerSTUN(UnsafeRawBufferPointer(bytes), received, through: socket)
                continue
            }
            let areHandshakes = takeDatagrams(
                bytes, segmentSize: received.segmentSize, source: ports.uplinks.endpoint(received),
                trafficClass: received.trafficClass)
            hasHandshakes = hasHandshakes || areHandshakes
        }
        plane.flush()
        if hasHandshakes { settle() } else { settleBatch() }
    }

    /// Ends a batch of packets: most have nothing for the core, and then nothing is computed or allocated.
    func settleBatch() {
        if !inbox.events.isEmpty || !lanInbox.events.isEmpty || !ports.tooBig.isEmpty || !ports.overOverlay.isEmpty
            || !effects.list.isEmpty
        {
            settle()
        }
    }

    /// Lets the core see what the data plane has for it, and carries out what it wants, until neither has more. Called
    /// after every input to the core.
    func settle() {
        defer { coreWakeup = gateway.nextWakeup?.deadline }
        for _ in 0..<Self.budget {
            for event in inbox.drain() { take(event) }
            for large in ports.drainTooBig() {
                gateway.datagramTooBig(to: large.endpoint, payload: large.payload, now: now, effects: &effects)
            }
            for sealed in ports.drainOverOverlay() {
                gateway.sendOverlay(sealed.datagram, to: sealed.endpoint, now: now, effects: &effects)
            }
            settleLANInbox()
            if effects.list.isEmpty, inbox.events.isEmpty, lanInbox.events.isEmpty, lan?.effects.list.isEmpty ?? true {
                return
            }
            carryOutEffects()
        }
    }

    private func take(_ event: ControlInbox.Event) {
        switch event {
        case .message(let bytes, let node, let source):
            gateway.receiveControl(bytes.span.bytes, from: node, source: source, now: now, effects: &effects)
        case .sourceChanged(let node, let source):
            gateway.peerMoved(node, to: source, now: now, effects: &effects)
        case .confirmed(let node, let localIndex):
            gateway.generationConfirmed(node, localIndex: localIndex, now: now, effects: &effects)
        case .needsPath(let node):
            gateway.trafficWaits(for: node, now: now, effects: &effects)
        }
    }

    private var nextDeadline: Instant {
        var earliest = nextTick
        if let deadline = nextGlance, deadline < earliest { earliest = deadline }
        if let deadline = coreWakeup, deadline < earliest { earliest = deadline }
        if let deadline = keeper.nextDeadline, deadline < earliest { earliest = deadline }
        if let deadline = bridge.nextDeadline, deadline < earliest { earliest = deadline }
        if let deadline = lan?.services.nextWakeup, deadline < earliest { earliest = deadline }
        if let deadline = nextWatchdog, deadline < earliest { earliest = deadline }
        if let deadline = controlServer.nextDeadline, deadline < earliest { earliest = deadline }
        if let deadline = metricsServer.nextDeadline, deadline < earliest { earliest = deadline }
        if let deadline = namePorts.nextDeadline, deadline < earliest { earliest = deadline }
        if let deadline = nameServer.nextWakeup, deadline < earliest { earliest = deadline }
        if let deadline = portMapping.nextDeadline, deadline < earliest { earliest = deadline }
        if let deadline = streams.nextDeadline, deadline < earliest { earliest = deadline }
        for request in pending {
            if let deadline = request.deadline, deadline < earliest { earliest = deadline }
        }
        return earliest
    }

    private func handleTimeouts() {
        if let due = coreWakeup, due <= now {
            gateway.handleTimeout(now: now, unixSeconds: WallClock.unixSeconds(), effects: &effects)
            settle()
        }
        if pending.contains(where: { $0.deadline.map { $0 <= now } ?? false }) { answerWaiters() }
        if let due = bridge.nextDeadline, due <= now {
            mendBridge()
            settle()
            reconcile()
        }
        if let lan, let due = lan.services.nextWakeup, due <= now {
            lan.services.handleTimeout(now: now, effects: &lan.effects)
            settle()
        }
        if let due = keeper.nextDeadline, due <= now { reconcile() }
        if let due = nextWatchdog, due <= now, let interval = notifier.watchdogInterval {
            notify { try $0.watchdog() }
            nextWatchdog = now + interval / 2
        }
        if nextTick <= now {
            tick()
        } else if let due = nextGlance, due <= now {
            observeTraffic()
            settle()
        }
        controlServer.expire(now: now)
        metricsServer.expire(now: now)
        expireNames()
        expirePortMapping()
        streams.expire(now: now)
        if !effects.list.isEmpty { settle() }
    }

    private func tick() {
        nextTick = now + Self.tickInterval
        observeTraffic()
        for node in gateway.sessionNodes {
            guard let counters = plane.peerCounters(node) else { continue }
            rates.sample(node, sent: counters.sentBytes, received: counters.receivedBytes, now: now)
        }
        rates.forgetOld(now: now)
        refusalTally.note(gateway.refusedHandshakes)
        settle()
        if membersDirty { saveMembers() }
        if leasesDirty { saveLeases() }
        if lan?.isDirty == true { saveHosts() }
        if namesDirty { settleNames() }
        answerWaiters()
        notify { try $0.status(self.statusLine) }
    }

    /// Tells the core what has moved, and looks again soon while anything does.
    private func observeTraffic() {
        var isFlowing = false
        for node in gateway.sessionNodes {
            guard let counters = plane.peerCounters(node) else { continue }
            let isMoving = gateway.trafficObserved(
                node, byteCount: counters.sentBytes + counters.receivedBytes, lastHeard: counters.lastReceived,
                now: now, effects: &effects)
            isFlowing = isFlowing || isMoving
        }
        nextGlance = isFlowing ? now + Self.glanceInterval : nil
    }

    private func readSignals() {
        while let signal = try? signals.next() {
            switch signal {
            case .terminate, .interrupt:
                logger.info("stopping", metadata: ["signal": "\(signal)"])
                isRunning = false
            case .hangUp:
                if case .failure(let failure) = reload() {
                    logger.error("reload failed", metadata: ["error": "\(failure.text)"])
                }
            }
        }
    }

    private func readResolver() {
        for answer in resolver.drain() {
            streams.resolved(answer.name, (try? answer.addresses.get()) ?? [])
            switch answer.addresses {
            case .success(let addresses):
                unresolved[answer.name] = nil
                let endpoints = addresses.map { Endpoint(address: $0, port: answer.name.port) }
                gateway.bootstrapResolved(answer.name, endpoints, now: now, effects: &effects)
            case .failure(let fault):
                if unresolved.updateValue("\(fault)", forKey: answer.name) == nil {
                    logger.warning("cannot resolve", metadata: ["name": "\(answer.name.host)", "error": "\(fault)"])
                }
                gateway.bootstrapResolved(answer.name, [], now: now, effects: &effects)
            }
        }
        settle()
    }

    func notify(_ body: (ServiceNotifier) throws -> Void) {
        do { try body(notifier) } catch { logger.debug("service manager not told", metadata: ["error": "\(error)"]) }
    }

    private func stop() {
        notify { try $0.stopping() }
        saveMembers()
        saveLeases()
        saveHosts()
        portMapping.follow(nil, now: now)
        gateway.stop(now: now, effects: &effects)
        settle()
        plane.flush()
        keeper.withdraw()
        do {
            try tap.device.removePersistence()
        } catch {
            logger.warning("cannot remove the device", metadata: ["error": "\(error)"])
        }
        controlServer.close()
        metricsServer.close()
        namePorts.close()
        streams.closeAll(now: now)
        logger.info("stopped")
    }
}
