package import NetworkTypes

/// Whose DHCP messages are answered: the LAN may have a DHCP server already.
package enum DHCPClientPolicy: Equatable, Sendable {
    /// Everybody's.
    case all
    /// Those of these interfaces alone.
    case addresses([MACAddress])
    /// Those of clients whose vendor class (option 60) begins with one of these texts.
    case classes([String])
    /// Nobody's: addresses are static, or another server's.
    case nobody

    /// Whether a client is answered.
    package func admits(_ mac: MACAddress, vendorClass: [UInt8]?) -> Bool {
        switch self {
        case .all: true
        case .addresses(let list): list.contains(mac)
        case .classes(let list): list.contains { vendorClass?.starts(with: $0.utf8) ?? false }
        case .nobody: false
        }
    }
}
