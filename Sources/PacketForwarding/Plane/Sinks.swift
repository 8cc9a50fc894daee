package import NetworkTypes

/// Where sealed datagrams go: the UDP socket. Must not call back into the plane.
package protocol DatagramSink: AnyObject {
    /// Sends one train: datagrams of `segmentSize` bytes each, except that the last may be shorter; at most 64 of
    /// them and at most 65,507 bytes. `trafficClass` is the outer TOS or traffic class byte. The bytes are valid
    /// during the call.
    func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8)
}

/// Where opened packets go: the TAP device. Must not call back into the plane.
package protocol FrameSink: AnyObject {
    /// Writes one frame: virtio_net_hdr (10 bytes), Ethernet header (14) and IP packet. The bytes are valid during the
    /// call.
    func write(_ frame: UnsafeRawBufferPointer)
}

/// Who hears of what the data plane does not decide itself: the control core.
///
/// These calls may call the plane's table methods and `sendControl`, but not `forwardFrame`, `receiveDatagrams` or
/// `flush`.
package protocol ControlSink: AnyObject {
    /// An authentic control message has come. Zero bytes of padding may follow it. Valid during the call.
    func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint)
    /// An authentic packet, the newest of its generation, came from another endpoint than the path's. Repeated for
    /// the same endpoint at most once per `ForwardingLimits.sourceReportInterval` while the path stays as it is.
    func sourceChanged(_ node: NodeAddress, source: Endpoint)
    /// The first authentic datagram under a generation has come: the peer has the keys.
    func confirmed(_ node: NodeAddress, localIndex: UInt32)
    /// A packet wants to go to a peer that has no usable keys or no path. At most once per batch and peer.
    func needsPath(_ node: NodeAddress)
}

/// Who hears of hosts of bridged subnets: what the data plane does not forward itself.
///
/// These calls may call the plane's table methods and `writeFrame`, but not `forwardFrame`, `receiveDatagrams` or
/// `flush`.
package protocol HostSink: AnyObject {
    /// A frame of this LAN for the gateway itself, for all stations, or from a host that is not known: from the
    /// Ethernet header on, with all checksums complete. Valid during the call.
    func receivedFrame(_ frame: UnsafeRawBufferPointer)
    /// A packet to an address of a bridged subnet waits, or one from there was dropped, because it is not known where
    /// the address is. Repeated for the same address at most once per `ForwardingLimits.resolveInterval` while packets
    /// wait for it.
    func needsHost(_ address: IPAddress)
    /// A host of this LAN's bridged subnet has sent a packet to another host of it that is not on this LAN, and not to
    /// the gateway but to a station: it goes by what it knew before one of the two moved. Not more often than
    /// `ForwardingLimits.strayReportsPerSecond`.
    func frameStrayed(from source: IPAddress, _ station: MACAddress, to destination: IPAddress)
}
