import GatewayConfiguration
import NetworkTypes
import YAMLReader

/// The sample of the manual, every key set.
let completeSettings = """
    grid: physics
    site: lsu
    listen: {port: 7868, addresses: [192.0.2.1, "2001:db8::1"], tcp: false, port-mapping: off}
    proxy: "socks5://me%40home:p%3A%20w@proxy.example:1080/"
    bootstrap: [gw.ufl.example:7867, "[2001:db8::2]:7867"]
    lan: {interface: eth1, mode: routed}        # routed | bridged
    device: ipop7
    routes: {table: 77, metric: 51, accept: mapped}
    mtu: 1400
    log: {level: debug}
    session: {rekey-after: 60}
    relay: false
    offloads: {gso: false, gro: false, vnet: false}

    """

/// The smallest ipop.yaml, for changes at its end.
let smallSettings = "grid: physics\nsite: lsu\nlan: {interface: eth1}\n"

func readSettings(_ text: String) -> (settings: GatewaySettings?, problems: [ConfigurationProblem]) {
    readSettings(Array(text.utf8))
}

func readSettings(_ bytes: [UInt8]) -> (settings: GatewaySettings?, problems: [ConfigurationProblem]) {
    switch YAMLReader.node(from: bytes, file: "ipop.yaml") {
    case .success(let root): ConfigurationReader.settings(from: root, file: "ipop.yaml")
    case .failure(let problem): (nil, [problem])
    }
}

func readMap(_ text: String, site: String? = "lsu") -> (map: SubnetMap?, problems: [ConfigurationProblem]) {
    SubnetMapReader.map(from: Array(text.utf8), file: "subnets.map", site: site)
}

extension SeededRandom {
    mutating func byte() -> UInt8 { UInt8(below(256)) }
    mutating func index(of bytes: [UInt8]) -> Int { Int(below(UInt64(bytes.count))) }
}
