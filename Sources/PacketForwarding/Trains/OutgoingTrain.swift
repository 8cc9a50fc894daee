import NetworkTypes
import WireFormat

/// Gathers sealed datagrams for one destination until the kernel can take no more of them in one call.
///
/// There is one destination at a time: a datagram for another sends what is there, so the order of all datagrams is
/// kept.
final class OutgoingTrain {
    /// Datagrams in one train at most.
    var segmentLimit: Int

    private let sink: any DatagramSink
    private let tally: Tally
    private let storage: UnsafeMutableRawPointer
    private var byteCount = 0
    private var segmentSize = 0
    private var segmentCount = 0
    private var endpoint = Endpoint(address: IPAddress(v4: 0), port: 0)
    private var trafficClass: UInt8 = 0

    init(sink: any DatagramSink, segmentLimit: Int, tally: Tally) {
        self.sink = sink
        self.tally = tally
        self.segmentLimit = segmentLimit
        storage = .allocate(byteCount: ForwardingLimits.trainByteCount, alignment: 64)
    }

    deinit {
        storage.deallocate()
    }

    /// Says where the next datagrams go.
    func begin(to endpoint: Endpoint, trafficClass: UInt8) {
        if segmentCount > 0 {
            if trafficClass == self.trafficClass, endpoint == self.endpoint { return }
            send()
        }
        self.endpoint = endpoint
        self.trafficClass = trafficClass
    }

    /// Room for a datagram of `byteCount` bytes, at most a whole train's. `commit` must follow.
    func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        precondition(byteCount <= ForwardingLimits.trainByteCount, "a datagram is no larger than a train")
        if segmentCount > 0 {
            if byteCount > segmentSize || self.byteCount + byteCount > ForwardingLimits.trainByteCount { send() }
        }
        return storage + self.byteCount
    }

    /// The datagram is in the room that was reserved last.
    func commit(_ byteCount: Int) {
        if segmentCount == 0 { segmentSize = byteCount }
        self.byteCount += byteCount
        segmentCount += 1
        if byteCount < segmentSize || segmentCount >= segmentLimit { send() }
    }

    /// Sends what is there.
    func send() {
        guard segmentCount > 0 else { return }
        tally.current.trainsSent &+= 1
        tally.current.datagramsSent &+= UInt64(segmentCount)
        let train = UnsafeRawBufferPointer(start: storage, count: byteCount)
        byteCount = 0
        segmentCount = 0
        sink.send(train, segmentSize: segmentSize, to: endpoint, trafficClass: trafficClass)
    }
}
