package import NetworkTypes

/// A host of a simulated bridged LAN: the address that it wants, and how far it has come with it.
package struct SimulatedStation: Sendable {
    enum State: Sendable {
        /// Its gateway has no address for it yet.
        case idle
        /// The grid is asked; after `until` the answer is waited for no longer.
        case asking(until: Instant?)
        /// The address is its own while the grid does not answer, because it is of a block of its gateway.
        case assumed
        case registered
        /// Another site has the address, which is asked for again then.
        case refused(until: Instant)
    }

    package let mac: MACAddress
    /// What it asks for first, and has later; `nil` while it takes what it is given.
    package internal(set) var address: IPAddress?
    /// Whether it goes on asking for its address when another site has it, as a host with a fixed one does.
    package internal(set) var insists = false
    var state = State.idle

    package init(mac: MACAddress, address: IPAddress? = nil) {
        self.mac = mac
        self.address = address
    }

    /// When it does something of its own accord.
    var deadline: Instant? {
        switch state {
        case .asking(let until): until
        case .refused(let until): until
        case .idle, .assumed, .registered: nil
        }
    }
}
