/// One site of a lab: a gateway and one LAN host, each in a network namespace of its own.
///
/// Everything follows from the lab's name, the site's number and its name:
///
///     number 1, ufl   gateway wan 198.18.0.1   2001:db8:ffff::1
///                             lan 192.168.10.1 fd00:168:10::1    host 192.168.10.10 fd00:168:10::10
package struct LabSite: Hashable, Sendable {
    /// The sites' names in the order they are made; after these come `site5`, `site6` and so on.
    static let names = ["ufl", "lsu", "cern", "ornl"]
    /// The third byte of the LAN's prefix is ten times the number, which ends the row at 25.
    package static let limit = 25

    /// From 1.
    package let number: Int
    /// The name that its certificate has.
    package let name: String
    let lab: String

    /// The name of a site that has been given none.
    package static func name(number: Int) -> String {
        number <= names.count ? names[number - 1] : "site\(number)"
    }

    /// The network namespace of the site's gateway.
    package var gateway: String { "ipop-\(lab)-\(name)" }
    /// The network namespace of the site's LAN host.
    package var host: String { "ipop-\(lab)-\(name)-host" }
    /// The name of the LAN host in commands.
    package var hostName: String { "\(name)-host" }
    /// The network namespace of a bridged LAN's second host.
    package var secondHost: String { "\(host)2" }
    /// The name of the second host in commands.
    package var secondHostName: String { "\(hostName)2" }
    /// The network namespace of a bridged LAN's switch.
    package var lanSwitch: String { "ipop-\(lab)-\(name)-switch" }
    /// The switch's port towards the gateway.
    package static let switchPort = "gateway"

    /// The site's IPv4 address on the WAN when the lab is made: its gateway's, or its NAT's.
    package var wanAddress: String { "198.18.0.\(number)" }
    /// The gateway's IPv6 address on the WAN; a site behind a NAT has none there.
    package var wanAddress6: String { "2001:db8:ffff::\(String(number, radix: 16))" }
    /// The addresses on the WAN that a site moves to and back from.
    var spareWANAddress: String { "198.18.0.\(100 + number)" }
    var spareWANAddress6: String { "2001:db8:ffff::1:\(String(number, radix: 16))" }
    /// The exported prefixes, IPv4 first.
    package var subnets: [String] { ["192.168.\(number * 10).0/24", "fd00:168:\(number * 10)::/64"] }
    /// The gateway's IPv4 address in the LAN.
    package var lanAddress: String { "192.168.\(number * 10).1" }
    /// The gateway's IPv6 address in the LAN.
    package var lanAddress6: String { "fd00:168:\(number * 10)::1" }
    /// The LAN host's IPv4 address.
    package var hostAddress: String { "192.168.\(number * 10).10" }
    /// The LAN host's IPv6 address.
    package var hostAddress6: String { "fd00:168:\(number * 10)::10" }

    /// An address in the bridged subnet that the first or the second host may take without asking.
    package func bridgedAddress(host: Int = 1) -> String { "10.128.17.\(number * 10 + host - 1)" }

    /// The gateway's interface towards the other gateways, its interface towards the LAN, and the host's only
    /// interface.
    static let wanInterface = "wan", lanInterface = "lan"
    /// The WAN bridge's port towards this site. Rules know it by its device group, which is the site's number.
    var wanPort: String { "port-\(number)" }

    /// The gateway's address on its second uplink, and the WAN's port towards that.
    package var secondAddress: String { "198.19.0.\(number)" }
    var secondPort: String { "second-\(number)" }
    /// The emulator's end of the pair that takes the port's place in the bridge, and that end.
    var linePort: String { "line-\(number)" }
    var plugPort: String { "plug-\(number)" }

    /// The namespaces of the site's own NATs, the one beside the gateway first.
    func natNamespaces(stages: Int) -> [String] {
        (1...2).prefix(stages).map { stage in "\(gateway)-nat\(stage == 1 ? "" : String(stage))" }
    }
    /// The address of the site's own NAT in the network behind it.
    package var natAddress: String { "172.16.\(number).254" }
    /// The gateway's address in the network behind the NAT of a site.
    package func addressBehindNAT(of owner: LabSite) -> String { "172.16.\(owner.number).\(number)" }
    /// The port of a NAT's inner bridge towards this site.
    var natPort: String { "inside-\(number)" }
    /// Between two NATs in a row: the outer one's address, and the inner one's.
    var outerNATAddress: String { "100.64.\(number).1" }
    var innerNATAddress: String { "100.64.\(number).2" }
}
