import NetworkTypes

/// Puts the virtio and Ethernet headers in front of IP packets and hands them to the TAP.
final class FrameWriter {
    private let sink: any FrameSink
    private let tally: Tally
    /// The device's address and the next hop's, as the Ethernet header starts with them.
    private let addresses: (UInt64, UInt32)

    init(sink: any FrameSink, tally: Tally) {
        self.sink = sink
        self.tally = tally
        let (to, from) = (MACAddress.overlayDevice.rawValue, MACAddress.virtualNextHop.rawValue)
        addresses = ((to << 16 | from >> 32).bigEndian, UInt32(truncatingIfNeeded: from).bigEndian)
    }

    /// Writes the packet that stands `FrameLayout.packetOffset` bytes behind `frame`; the headers' place is
    /// overwritten.
    func write(_ frame: UnsafeMutableRawPointer, packetByteCount: Int, isV6: Bool, offload: VirtioNetHeader) {
        offload.write(to: frame)
        let ethernet = frame + FrameLayout.ethernetOffset
        ethernet.storeBytes(of: addresses.0, as: UInt64.self)
        ethernet.storeBytes(of: addresses.1, toByteOffset: 8, as: UInt32.self)
        ethernet.setWord(isV6 ? FrameLayout.ipv6 : FrameLayout.ipv4, 12)
        tally.current.framesWritten &+= 1
        sink.write(UnsafeRawBufferPointer(start: frame, count: FrameLayout.packetOffset + packetByteCount))
    }
}
