import ControlProtocol

/// What happens to a site's way to the WAN while the lab is up.
extension Lab {
    /// The site's IPv4 address on the WAN now: its gateway's, or that of the NAT it is behind.
    package func wanAddress(_ site: LabSite) -> String {
        let owner = plan.natOwner(of: site) ?? site
        return movedSites.contains(owner.name) ? owner.spareWANAddress : owner.wanAddress
    }

    /// The address of the gateway's own WAN interface: private behind a NAT.
    package func gatewayAddress(_ site: LabSite) -> String {
        plan.natOwner(of: site).map(site.addressBehindNAT) ?? wanAddress(site)
    }

    /// Gives a site another address on the WAN, or its first one again, as a provider does overnight. The new one is
    /// there before the old one goes; the NAT forgets the mappings of the old one. Returns the new IPv4 address.
    @discardableResult
    package func renumber(_ site: LabSite) throws(LabError) -> String {
        try requireOwnPort(site)
        let isMoved = movedSites.contains(site.name)
        let first = [site.wanAddress + "/24", site.wanAddress6 + "/64"]
        let spare = [site.spareWANAddress + "/24", site.spareWANAddress6 + "/64"]
        let (old, new) = isMoved ? (spare, first) : (first, spare)
        // The outermost NAT has the address; behind it the site has no IPv6 on the WAN.
        let place = outermost(site)
        for family in 0...(place == site.gateway ? 1 : 0) {
            let noWait = family == 0 ? "" : " nodad"
            try batch(
                """
                addr add \(new[family]) dev \(LabSite.wanInterface)\(noWait)
                addr del \(old[family]) dev \(LabSite.wanInterface)

                """, in: place)
        }
        try noteMoved(site, !isMoved)
        return wanAddress(site)
    }

    /// Pulls the cable between a site, or its NAT, and the WAN, or plugs it in again. The other end sees its carrier
    /// go and come.
    package func setPlugged(_ site: LabSite, _ isPlugged: Bool) throws(LabError) {
        try requireOwnPort(site)
        try batch("link set \(site.wanPort) \(isPlugged ? "up" : "down")\n", in: namespace(.wan))
    }

    /// The sites whose cable to the WAN is pulled.
    package func unpluggedSites() throws(LabError) -> [LabSite] {
        let down = try linksOfWAN().filter { !$0.isUp }.map(\.name)
        return sites.filter { down.contains($0.wanPort) }
    }

    /// The interfaces in the WAN's namespace.
    func linksOfWAN() throws(LabError) -> [(name: String, isUp: Bool)] {
        let text = try ProgramRun.require(["ip", "-n", namespace(.wan), "-j", "link", "show"])
        guard let links = (try? JSONValue(parsing: text))?.elements else {
            throw .commandFailed(command: "ip -j link show", status: 0, output: text)
        }
        return links.map { link in
            let flags = link["flags"]?.elements ?? []
            return (link["ifname"]?.stringValue ?? "", flags.contains { $0.stringValue == "UP" })
        }
    }

    /// The sites that have a link to the WAN of their own.
    var sitesWithPorts: [LabSite] { sites.filter { $0 == (plan.natOwner(of: $0) ?? $0) } }

    /// The namespace whose interface is plugged into the site's port.
    func outermost(_ site: LabSite) -> String {
        guard case .own(let kind) = plan.nat(site.name) else { return site.gateway }
        return site.natNamespaces(stages: kind.stages).last ?? site.gateway
    }

    /// Refuses a site behind another's NAT, where what happens at the WAN's port happens to both.
    package func requireOwnPort(_ site: LabSite) throws(LabError) {
        guard case .behind(let owner) = plan.nat(site.name) else { return }
        throw .badPlan("`\(site.name)` has no link to the WAN of its own: name `\(owner)`, whose NAT it is behind")
    }
}
