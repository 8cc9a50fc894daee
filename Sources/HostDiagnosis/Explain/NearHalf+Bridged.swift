package import ControlProtocol
package import NetworkTypes

// Hosts of the subnet that the LAN is bridged into: where each is, is known host by host, and the kernel forwards
// nothing of what they say to each other.
extension NearHalf {
    /// Whether an address is one of the bridged subnet.
    package static func isBridged(_ report: GatewayReport, _ address: IPAddress) -> Bool {
        report.host.bridgedSubnet?.contains(address) ?? false
    }

    /// The lease of a host of this site.
    package static func host(_ report: GatewayReport, _ address: IPAddress) -> LeaseReport? {
        report.leases.first { $0.origin != nil && $0.key == "\(address)" }
    }

    /// The steps of a packet whose source is in the bridged subnet.
    func bridgedSteps(_ gateway: GatewayReport, from source: ExplainStep) -> [ExplainStep] {
        var steps = [daemon, source, side.lanInterface, owner(gateway)]
        if !Self.isBridged(gateway, packet.destination), let member = Self.member(gateway, packet) {
            steps.append(peer(member))
            if let size = pathMTU(member) { steps.append(size) }
        }
        return steps
    }

    /// Whether the source is a host of this site; `nil` when it is not in the bridged subnet.
    func bridgedSource(_ gateway: GatewayReport) -> ExplainStep? {
        guard let subnet = gateway.host.bridgedSubnet, subnet.contains(packet.source) else { return nil }
        guard let lease = Self.host(gateway, packet.source) else {
            return ExplainStep(
                site, .source, fails: .hostNotRegistered,
                "\(packet.source) is in the bridged subnet \(subnet), and no host of this site is known to have it")
        }
        let station = lease.mac.map { " at \($0)" } ?? ""
        switch lease.state {
        case .held:
            return ExplainStep(
                site, .source, true,
                "\(packet.source)\(station) is a host of this site, in the bridged subnet \(subnet)")
        case .waiting:
            return ExplainStep(site, .source, nil, "\(packet.source)\(station) is being registered")
        case .lost:
            return ExplainStep(
                site, .source, fails: .hostNotRegistered, "\(packet.source)\(station) is site \(lease.holder)'s address"
            )
        }
    }

    /// Whether the destination is a host of another site; `nil` when it is not in the bridged subnet.
    func bridgedDestination(_ gateway: GatewayReport) -> ExplainStep? {
        guard let subnet = gateway.host.bridgedSubnet, subnet.contains(packet.destination) else { return nil }
        if Self.host(gateway, packet.destination)?.state == .held {
            return ExplainStep(
                site, .owner, fails: .destinationLocal, "\(packet.destination) is a host of this site")
        }
        return ExplainStep(
            site, .owner, true, "\(packet.destination) is in the bridged subnet \(subnet), whose hosts are at any site")
    }
}
