import NetworkTypes
import PacketForwarding

/// What the data plane has for the LAN's services and for the core about hosts, kept until the batch is over.
final class LANInbox: HostSink {
    enum Event {
        /// A frame of the LAN for the gateway itself.
        case frame([UInt8])
        /// It is not known where an address is.
        case needed(IPAddress)
        /// A host sends to the Ethernet address of one that is not on this LAN.
        case strayed(from: IPAddress, MACAddress, to: IPAddress)
    }

    private(set) var events: [Event] = []
    /// A batch brings a few; more than this is a LAN in a storm, and is dropped.
    private static let limit = 1_024

    func receivedFrame(_ frame: UnsafeRawBufferPointer) { append(.frame(Array(frame))) }

    func needsHost(_ address: IPAddress) { append(.needed(address)) }

    func frameStrayed(from source: IPAddress, _ station: MACAddress, to destination: IPAddress) {
        append(.strayed(from: source, station, to: destination))
    }

    /// Takes everything out.
    func drain() -> [Event] {
        guard !events.isEmpty else { return [] }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    private func append(_ event: Event) {
        if events.count < Self.limit { events.append(event) }
    }
}
