package import LinkSecurity
package import NetworkTypes
import WireFormat

/// The data plane: IP packets of the TAP into sealed datagrams, and back.
///
///     TAP -> forwardFrame -> source check, route -> map -> cut, seal -> train -> DatagramSink
///                        \-> HostSink (a bridged LAN's frames for the gateway itself)
///     UDP -> receiveDatagrams -> open -> source check -> map -> rebuild -> FrameSink
///                                   \-> ControlSink (control messages, news of peers)
///
/// One instance, one thread. The control core changes the tables; packets only read them. After its buffers are
/// allocated, forwarding and receiving allocate nothing. Set `now` at the start of a batch and call `flush` at its end;
/// call `flush` at least once a second, so that what waits is given up in time. Keeps its sinks alive.
package final class ForwardingPlane {
    /// The time of the batch: for last-heard, waiting, joining and rates.
    package var now = Instant(nanoseconds: 0)
    /// Whether TCP segments are joined to super-packets for the TAP; off when the device refuses them.
    package var rebuildsTCP = true
    /// Whether UDP datagrams are joined to super-packets for the TAP (VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2).
    package var rebuildsUDP = true

    let limits: ForwardingLimits
    let control: any ControlSink
    let tally = Tally()
    let writer: FrameWriter
    /// Packets on their way out.
    let train: OutgoingTrain
    /// Control messages on their way out; they do not wait for a batch to end.
    let controlTrain: OutgoingTrain
    let builder: SuperPacketBuilder
    let reassembly: SliceReassembly
    let waiting: WaitingPackets
    let errors: ErrorMessages
    /// A control message with its padding.
    let controlBuffer: UnsafeMutableRawPointer
    /// A frame that has waited.
    let frameBuffer: UnsafeMutableRawPointer
    /// A frame that the gateway itself sends.
    let gatewayFrame: UnsafeMutableRawPointer
    /// How often sources that are not known are asked for.
    var sourceQuestions: TokenBucket
    /// How often stray frames are told of.
    var strayReports: TokenBucket
    /// The header of the super-packet that is being cut.
    let headerBuffer: UnsafeMutableRawPointer
    static let frameByteCountLimit = FrameLayout.packetOffset + ForwardingLimits.packetByteCount + 1

    // Behind pointers: packets read the tables without the run-time's bookkeeping of accesses to a class.
    let peers: UnsafeMutablePointer<PeerTable> = .allocate(capacity: 1)
    let generations: UnsafeMutablePointer<GenerationTable> = .allocate(capacity: 1)
    let exports: UnsafeMutablePointer<ExportTable> = .allocate(capacity: 1)
    let hosts: UnsafeMutablePointer<HostDirectory> = .allocate(capacity: 1)
    /// Who hears of hosts; `nil` while there are no bridged subnets.
    var hostSink: (any HostSink)?
    /// Counts calls of `flush`, from 1.
    var batch: UInt64 = 1

    /// A plane with empty tables. Which places hosts get in their table depends on `seed`, which nobody should know.
    package init(
        datagrams: any DatagramSink, frames: any FrameSink, control: any ControlSink,
        limits: ForwardingLimits = ForwardingLimits(), seed: UInt64 = 0
    ) {
        self.limits = limits
        self.control = control
        writer = FrameWriter(sink: frames, tally: tally)
        train = OutgoingTrain(sink: datagrams, segmentLimit: limits.segmentsPerTrain, tally: tally)
        controlTrain = OutgoingTrain(sink: datagrams, segmentLimit: limits.segmentsPerTrain, tally: tally)
        builder = SuperPacketBuilder(writer: writer)
        reassembly = SliceReassembly(limits: limits, tally: tally)
        waiting = WaitingPackets(byteCount: limits.waitingByteCount, tally: tally)
        errors = ErrorMessages(writer: writer, limits: limits, tally: tally)
        controlBuffer = .allocate(byteCount: ForwardingLimits.trainByteCount, alignment: 64)
        frameBuffer = .allocate(byteCount: Self.frameByteCountLimit, alignment: 64)
        headerBuffer = .allocate(byteCount: SegmentCutter.headerByteCountLimit, alignment: 64)
        gatewayFrame = .allocate(
            byteCount: FrameLayout.ethernetOffset + ForwardingLimits.gatewayFrameByteCount, alignment: 16)
        sourceQuestions = TokenBucket(rate: limits.sourceQuestionsPerSecond, burst: limits.sourceQuestionsPerSecond)
        strayReports = TokenBucket(rate: limits.strayReportsPerSecond, burst: limits.strayReportsPerSecond)
        peers.initialize(to: PeerTable())
        generations.initialize(to: GenerationTable())
        exports.initialize(to: ExportTable())
        hosts.initialize(to: HostDirectory(limits: limits, seed: seed))
    }

    deinit {
        generations.deinitialize(count: 1)
        generations.deallocate()
        peers.deinitialize(count: 1)
        peers.deallocate()
        exports.deinitialize(count: 1)
        exports.deallocate()
        hosts.deinitialize(count: 1)
        hosts.deallocate()
        controlBuffer.deallocate()
        frameBuffer.deallocate()
        gatewayFrame.deallocate()
        headerBuffer.deallocate()
    }

    /// Datagrams in one call of the sink at most: 1 when the socket has no UDP_SEGMENT.
    package var segmentsPerTrain: Int {
        get { train.segmentLimit }
        set {
            train.segmentLimit = min(max(newValue, 1), 64)
            controlTrain.segmentLimit = train.segmentLimit
        }
    }

    /// What has happened so far. Allocates: for status, not for packets.
    package var counters: ForwardingCounters { tally.snapshot }

    /// What has passed between this gateway and `node`; `nil` when it is not known.
    package func peerCounters(_ node: NodeAddress) -> PeerCounters? {
        peers.pointee.find(node)?.pointee.counters
    }

    /// Ends a batch: whatever is held back goes out, and what has waited too long is given up.
    package func flush() {
        builder.close()
        train.send()
        reassembly.expire(now: now)
        dropExpiredPackets()
        batch &+= 1
    }
}

// MARK: - Tables

extension ForwardingPlane {
    /// Replaces the own exported subnets: sources that may leave and destinations that may arrive, the latter under the
    /// addresses that the grid knows. Packets of mapped ones are rewritten.
    package func setMappedExports(_ list: [ForwardedExport]) {
        exports.pointee = ExportTable(list)
    }

    /// Replaces the own exported subnets by some that all keep their addresses.
    package func setExports(_ prefixes: [IPPrefix]) {
        setMappedExports(prefixes.map { ForwardedExport($0) })
    }

    /// Replaces the remote prefixes, which are the source check too. A prefix may stand there for several nodes
    /// (gateways of one site): packets take the first that is usable, and may come from all. O(n log n).
    package func setRoutes(_ routes: [(prefix: IPPrefix, node: NodeAddress)]) {
        peers.pointee.setRoutes(routes)
    }

    /// The addresses that ICMP errors come from: the gateway's own, inside an exported subnet. `nil`: none are sent.
    package func setGatewayAddress(v4: IPAddress?, v6: IPAddress?) {
        errors.addressV4 = v4?.v4Value
        errors.addressV6 = v6.flatMap { $0.family == .v6 ? ($0.high, $0.low) : nil }
    }

    /// Makes a peer known. Repeated calls do nothing. The other calls about a node do it too.
    package func addPeer(_ node: NodeAddress) {
        _ = peers.pointee.add(node)
    }

    /// Forgets a peer: its keys, its path, its counters and the packets that wait for it.
    package func removePeer(_ node: NodeAddress) {
        guard let peer = peers.pointee.find(node) else { return }
        for index in generations.pointee.indexes(of: peer) { generations.pointee.remove(index) }
        reassembly.forget(peer)
        for _ in 0..<waiting.discard(of: peer) { tally.drop(.noPath) }
        removeHosts(behind: peer)
        peers.pointee.remove(peer)
    }

    /// Sets the path to a peer. `nil`: there is none now, and packets wait. `payloadByteCount`: inner bytes of one
    /// datagram, which is what the path carries less IP, UDP and `SealedHeader.overhead`.
    package func setPath(_ node: NodeAddress, endpoint: Endpoint?, payloadByteCount: Int) {
        let peer = peers.pointee.add(node)
        peer.pointee.endpoint = endpoint
        peer.pointee.payloadByteCount = min(
            max(payloadByteCount, ForwardingLimits.minimumPayloadByteCount),
            ForwardingLimits.trainByteCount - SealedHeader.overhead)
        peer.pointee.reportedSource = nil
        releaseWaiting(peer)
    }

    /// Opens what comes under `generation` from now on. Its local index must be unique among the live ones.
    package func install(_ generation: KeyGeneration, for node: NodeAddress) {
        precondition(generations.pointee.find(generation.localIndex) == nil, "a receiver index names one generation")
        let peer = peers.pointee.add(node)
        _ = generations.pointee.insert(generation, peer: peer)
        // A handshake has ended: the peer is there, so packets may wait again.
        peer.pointee.waitingSince = nil
    }

    /// Seals with the generation from now on. Nothing happens when it is not installed for `node`.
    package func activate(localIndex: UInt32, for node: NodeAddress) {
        guard let record = generations.pointee.find(localIndex), record.pointee.peer.pointee.node == node else {
            return
        }
        record.pointee.peer.pointee.active = record
        releaseWaiting(record.pointee.peer)
    }

    /// Forgets a generation. When it was the active one, packets wait for the next.
    package func remove(localIndex: UInt32) {
        guard let record = generations.pointee.find(localIndex) else { return }
        let peer = record.pointee.peer
        if peer.pointee.active == record { peer.pointee.active = nil }
        generations.pointee.remove(localIndex)
    }

    /// Whether packets to `node` can be sealed and sent now.
    package func isUsable(_ node: NodeAddress) -> Bool {
        peers.pointee.find(node)?.pointee.isUsable ?? false
    }
}
