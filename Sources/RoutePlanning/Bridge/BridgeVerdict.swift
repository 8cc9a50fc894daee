package import NetworkTypes

/// What is to be done about the LAN's bridge.
package enum BridgeVerdict: Equatable, Sendable {
    /// Somebody else's bridge, used as it is: only our port comes and goes.
    case existing(LinkIdentity)
    /// The bridge that was made here before: finish or mend it.
    case own(BridgeRecord)
    /// There is none yet: make this one.
    case make(BridgeRecord)
    case refused(BridgeRefusal)
}

/// Who gives an interface its addresses, and would give them again.
package enum InterfaceManager: Equatable, Sendable {
    case networkManager
    /// systemd-networkd holds a DHCP lease for it.
    case networkdLease
    /// It has an address for a limited time.
    case dhcp(IPAddress)
    /// It has a route that DHCP brought.
    case dhcpRoute(IPPrefix)

    /// What it is, in words.
    package var text: String {
        switch self {
        case .networkManager: "NetworkManager manages it"
        case .networkdLease: "systemd-networkd has its addresses by DHCP"
        case .dhcp(let address): "it has \(address) for a limited time, as DHCP gives it"
        case .dhcpRoute(let prefix): "DHCP has made its route to \(prefix)"
        }
    }
}

/// Why the LAN cannot be bridged.
package enum BridgeRefusal: Error, Equatable, Sendable {
    case interfaceMissing(String)
    case interfaceIsBridge(String)
    case notEthernet(String)
    case portOfAnother(interface: String, master: String)
    case notPort(interface: String, bridge: String)
    case nameTaken(String)
    case managed(interface: String, by: InterfaceManager)
    case routeWithSeveralHops(IPPrefix)
    case otherBridgeMade(bridge: String, port: String)
    /// The kernel did not take a step; what was done before was undone.
    case kernelRefused(String)
    /// The journal cannot be read or written.
    case journal(String)

    /// What is the matter, in a sentence without its end.
    package var text: String {
        switch self {
        case .interfaceMissing(let name): "the LAN interface \(name) does not exist"
        case .interfaceIsBridge(let name): "the LAN interface \(name) is a bridge itself, and another bridge is named"
        case .notEthernet(let name): "the LAN interface \(name) is no Ethernet interface"
        case .portOfAnother(let interface, let master): "the LAN interface \(interface) is a port of \(master)"
        case .notPort(let interface, let bridge):
            "the bridge \(bridge) exists, and the LAN interface \(interface) is no port of it"
        case .nameTaken(let name): "an interface \(name) exists that is no bridge"
        case .managed(let interface, let manager):
            "the LAN interface \(interface) is managed by another program: \(manager.text)"
        case .routeWithSeveralHops(let prefix): "the route to \(prefix) has several next hops, which cannot be moved"
        case .otherBridgeMade(let bridge, let port): "the bridge \(bridge) was made for the LAN interface \(port)"
        case .kernelRefused(let reason): "the kernel refused it, and what was done was undone: \(reason)"
        case .journal(let reason): "the record of the bridge cannot be used: \(reason)"
        }
    }

    /// What to do about it.
    package var fix: String {
        switch self {
        case .interfaceMissing: "set `lan: {interface: ..}` in ipop.yaml; `ip link` lists the interfaces"
        case .interfaceIsBridge: "leave `bridge` out of ipop.yaml's `lan`"
        case .notEthernet: "set `lan: {interface: ..}` in ipop.yaml to the Ethernet interface that the hosts are on"
        case .portOfAnother(_, let master): "set `lan: {bridge: \(master)}` in ipop.yaml if that is a bridge"
        case .notPort(let interface, let bridge):
            "ip link set dev \(interface) master \(bridge), or name another bridge in ipop.yaml"
        case .nameTaken: "name another bridge in ipop.yaml: `lan: {bridge: ..}`"
        case .managed(let interface, .networkManager):
            "nmcli device set \(interface) managed no, and configure it by /etc/network/interfaces or "
                + "systemd-networkd; or make a bridge with NetworkManager and name it"
        case .managed: "give the interface a fixed address, or make a bridge that has its own and name it"
        case .routeWithSeveralHops: "make a bridge yourself and name it in ipop.yaml: `lan: {bridge: ..}`"
        case .otherBridgeMade: "stop ipopd, run `ipop lan release`, and start it again"
        case .kernelRefused: "mend what the message names, then `ipop reload`"
        case .journal: "see that the state directory can be written, then `ipop reload`"
        }
    }
}
