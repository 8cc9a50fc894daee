import NetworkTypes
import PacketForwarding

/// What the data plane has for the control core, kept until the batch is over: the core's effects change the data
/// plane's tables, which must not happen under its feet.
final class ControlInbox: ControlSink {
    enum Event {
        case message([UInt8], from: NodeAddress, source: Endpoint)
        case sourceChanged(NodeAddress, source: Endpoint)
        case confirmed(NodeAddress, localIndex: UInt32)
        case needsPath(NodeAddress)
    }

    private(set) var events: [Event] = []
    /// A batch brings a few; more than this is a peer that floods, and is dropped.
    private static let limit = 4_096

    func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint) {
        append(.message(Array(message), from: node, source: source))
    }

    func sourceChanged(_ node: NodeAddress, source: Endpoint) { append(.sourceChanged(node, source: source)) }

    func confirmed(_ node: NodeAddress, localIndex: UInt32) { append(.confirmed(node, localIndex: localIndex)) }

    func needsPath(_ node: NodeAddress) { append(.needsPath(node)) }

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
