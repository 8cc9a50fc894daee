package import HostDiagnosis
import LinuxSystem
package import NetworkTypes
import RoutePlanning

/// Gathers what a gateway's kernel says of packets between a host of its LAN and one behind another site.
package enum SideFactsReader {
    /// What is to be looked at.
    package struct Question: Sendable {
        package var local: IPAddress
        package var remote: IPAddress
        package var lanInterface: String
        package var device: String

        package init(local: IPAddress, remote: IPAddress, lanInterface: String, device: String) {
            self.local = local
            self.remote = remote
            self.lanInterface = lanInterface
            self.device = device
        }
    }

    /// Reads the facts. With `asksHost` a host that has not shown itself lately is asked for by ARP or ND, and a later
    /// reading tells; that takes CAP_NET_ADMIN, as does reading the firewall.
    package static func read(_ question: Question, asksHost: Bool) throws(NetlinkError) -> SideFacts {
        let reader = try HostNetworkReader()
        let network = try reader.read(device: question.device)
        let family = question.local.family
        let lan = network.link(named: question.lanInterface)
        let wayToLocal = reader.way(to: question.local)
        let origin = lan.map { (address: question.local, link: $0) }
        let isOwn = network.addresses.contains { $0.address == question.local }
        return SideFacts(
            local: question.local, remote: question.remote, lanInterface: question.lanInterface,
            device: question.device, network: network,
            forwardsFromLAN: forwards(family, from: question.lanInterface),
            forwardsFromDevice: forwards(family, from: question.device),
            strictInterfaces: [question.lanInterface, question.device].filter(InterfaceSettings.isReversePathStrict),
            wayToLocal: wayToLocal, wayToRemote: reader.way(to: question.remote, from: isOwn ? nil : origin),
            neighbour: lan.map { neighbour(question.local, wayToLocal, $0, reader, asksHost) } ?? .unknown,
            firewall: FirewallReader.read(links: network.links))
    }

    /// IPv4 has a setting for each interface that packets come from, IPv6 one for all.
    private static func forwards(_ family: AddressFamily, from interface: String) -> Bool? {
        let device = family == .v4 ? interface : "all"
        return (try? InterfaceSettings.readNumber(family, device: device, "forwarding")).map { $0 != 0 }
    }

    private static func neighbour(
        _ host: IPAddress, _ way: KernelWay, _ lan: HostLink, _ reader: borrowing HostNetworkReader, _ asksHost: Bool
    ) -> NeighbourFact {
        guard case .route(let route) = way, route.linkIndex == lan.index, route.kind == .unicast else {
            return .unknown
        }
        let next = route.gateway ?? host
        let found = reader.neighbour(next, on: lan)
        switch found {
        case .reachable, .asked: break
        // One that was absent may have come since.
        case .stale, .unknown, .absent: if asksHost { reader.ask(next, on: lan, known: found) }
        }
        return found
    }
}
