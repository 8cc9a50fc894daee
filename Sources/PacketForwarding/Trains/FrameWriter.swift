import NetworkTypes

/// Puts the virtio and Ethernet headers in front of IP packets and hands them to the TAP.
final class FrameWriter {
    private let sink: any FrameSink
    private let tally: Tally

    init(sink: any FrameSink, tally: Tally) {
        self.sink = sink
        self.tally = tally
    }

    /// Writes the packet that stands `FrameLayout.packetOffset` bytes behind `frame` to a station: the kernel, or a
    /// host of a bridged LAN. The headers' place is overwritten.
    func write(
        _ frame: UnsafeMutableRawPointer, packetByteCount: Int, isV6: Bool, offload: VirtioNetHeader,
        to station: MACAddress
    ) {
        offload.write(to: frame)
        let ethernet = frame + FrameLayout.ethernetOffset
        let (to, from) = (station.rawValue, MACAddress.virtualNextHop.rawValue)
        ethernet.storeBytes(of: (to << 16 | from >> 32).bigEndian, as: UInt64.self)
        ethernet.storeBytes(of: UInt32(truncatingIfNeeded: from).bigEndian, toByteOffset: 8, as: UInt32.self)
        ethernet.setWord(isV6 ? FrameLayout.ipv6 : FrameLayout.ipv4, 12)
        tally.current.framesWritten &+= 1
        sink.write(UnsafeRawBufferPointer(start: frame, count: FrameLayout.packetOffset + packetByteCount))
    }

    /// Writes a whole Ethernet frame as it is, without offloads, as the gateway itself sends it.
    func write(whole frame: UnsafeRawBufferPointer, through buffer: UnsafeMutableRawPointer) {
        guard let source = frame.baseAddress else { return }
        VirtioNetHeader().write(to: buffer)
        (buffer + FrameLayout.ethernetOffset).copyMemory(from: source, byteCount: frame.count)
        tally.current.framesWritten &+= 1
        sink.write(UnsafeRawBufferPointer(start: buffer, count: FrameLayout.ethernetOffset + frame.count))
    }
}
