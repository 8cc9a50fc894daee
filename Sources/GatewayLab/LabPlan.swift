/// What a lab shall look like.
///
///     ufl-host --lan-- [ufl] --wan--+
///     lsu-host --lan-- [lsu] --wan--+-- bridge in the namespace `wan`, 198.18.0.0/24 and 2001:db8:ffff::/64
///     cern-host -lan-- [cern] -wan--+
///
/// A NAT, where a site has one, stands between its gateway and the bridge.
package struct LabPlan: Equatable, Sendable {
    /// Who carries the traffic between the sites.
    package enum Mode: String, Sendable {
        /// An `ipopd` on every gateway.
        case gateways
        /// The kernel alone, by static routes across the WAN: what a gateway's speed is compared with.
        case plain
        /// Nobody yet: namespaces and links only.
        case bare
    }

    /// Lower-case letters and digits.
    package var name: String
    /// The sites by number, from 1.
    package var siteNames: [String]
    /// Who carries the traffic.
    package var mode: Mode
    /// The MTU of the gateways' WAN interfaces, in bytes.
    package var wanMTU: Int
    /// What the WAN really carries; larger packets vanish in it without a word to anybody. As `wanMTU` when nil.
    package var silentPathMTU: Int?
    /// The MTU of the LANs, in bytes.
    package var lanMTU: Int
    /// How sites are attached to the WAN, by name; with a public address where nothing is said.
    package var nats: [String: SiteNAT]
    /// The sites, by name, whose LAN is bridged into `LabAddresses.bridgedSubnet`; see `BridgedLANTopology`.
    package var bridgedSites: Set<String>
    /// The directory that holds the directories of all labs.
    package var labsDirectory: String
    /// The directory that holds `ipop` and `ipopd`; see `ProgramPath.gatewayPrograms` for nil.
    package var programs: String?

    /// The name of a lab that is given none.
    package static let usualName = "lab"
    /// Where labs are kept unless said otherwise: gone after a reboot, as the namespaces are.
    package static let usualDirectory = "/run/ipop-lab"

    /// A plan with the usual names. `create` checks it.
    package init(
        name: String = usualName, sites: Int = 3, mode: Mode = .gateways, wanMTU: Int = 1500, silentPathMTU: Int? = nil,
        lanMTU: Int = 1500, nats: [String: SiteNAT] = [:], bridgedSites: Set<String> = [],
        labsDirectory: String = usualDirectory,
        programs: String? = nil
    ) {
        self.name = name
        siteNames = sites > 0 ? (1...sites).map(LabSite.name(number:)) : []
        self.mode = mode
        self.wanMTU = wanMTU
        self.silentPathMTU = silentPathMTU
        self.lanMTU = lanMTU
        self.nats = nats
        self.bridgedSites = bridgedSites
        self.labsDirectory = labsDirectory
        self.programs = programs
    }

    /// Refuses what cannot be made. Names of labs hold no hyphen, so that no lab's namespaces begin like another's.
    func check() throws(LabError) {
        try Self.check(name: name)
        guard (1...LabSite.limit).contains(siteNames.count) else {
            throw .badPlan("a lab has 1 to \(LabSite.limit) sites, not \(siteNames.count)")
        }
        for mtu in [wanMTU, lanMTU, silentPathMTU ?? wanMTU] where !(1280...65_535).contains(mtu) {
            throw .badPlan("an MTU of \(mtu) is outside 1280 to 65535")
        }
        if let silentPathMTU, silentPathMTU > wanMTU {
            throw .badPlan("the WAN cannot carry \(silentPathMTU) bytes behind interfaces of \(wanMTU)")
        }
        for name in bridgedSites.sorted() where !siteNames.contains(name) {
            throw .nodeUnknown(name: name, known: siteNames)
        }
        if mode == .plain, !bridgedSites.isEmpty { throw .badPlan("plain routes do not lead into bridged LANs") }
        try checkNATs()
    }

    /// The sites that the plan names.
    var sites: [LabSite] { siteNames.enumerated().map { LabSite(number: $0 + 1, name: $1, lab: name) } }

    /// The site whose NAT a site is behind, itself included; nil where there is none.
    func natOwner(of site: LabSite) -> LabSite? {
        switch nat(site.name) {
        case .own(.none): nil
        case .own: site
        case .behind(let owner): sites.first { $0.name == owner }
        }
    }

    /// How a site is attached to the WAN.
    package func nat(_ site: String) -> SiteNAT { nats[site] ?? .own(.none) }

    private func checkNATs() throws(LabError) {
        for (name, nat) in nats.sorted(by: { $0.key < $1.key }) {
            guard siteNames.contains(name) else { throw .nodeUnknown(name: name, known: siteNames) }
            guard case .behind(let owner) = nat else { continue }
            guard siteNames.contains(owner) else { throw .nodeUnknown(name: owner, known: siteNames) }
            guard case .own(let kind) = self.nat(owner), kind != .none else {
                throw .badPlan("`\(name)` cannot be behind `\(owner)`, which has no NAT of its own")
            }
        }
        let isEverybodyHidden = siteNames.allSatisfy { nat($0) != .own(.none) }
        switch mode {
        case .gateways where siteNames.count > 1 && isEverybodyHidden:
            throw .badPlan("every site is behind a NAT, so no gateway could be found at first: leave one without")
        case .plain where siteNames.contains { nat($0) != .own(.none) }:
            throw .badPlan("plain routes do not lead through a NAT")
        case .gateways, .plain, .bare:
            return
        }
    }

    /// Refuses a lab's name that is empty, long, or has more than lower-case letters and digits.
    static func check(name: String) throws(LabError) {
        let allowed = name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
        guard allowed, (1...16).contains(name.utf8.count) else {
            throw .badPlan("`\(name)` is no name for a lab: use 1 to 16 lower-case letters and digits")
        }
    }
}
