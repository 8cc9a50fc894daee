import Foundation
import GatewayLab
import Testing

/// What the operator sees and the kernel has when all is well.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0
///     cern-host -lan-- [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("status")) struct StatusTests {
        @Test func `status is healthy at every site`() throws {
            let lab = try Lab.ofSuite()

            for site in lab.sites {
                let result = try lab.run(["ipop", "status"], at: .gateway(site))
                let status = try lab.status(site)

                #expect(result.status == 0, "\(result.everything)")
                #expect(status.schema == 1 && status.state == "up")
                #expect(status.grid == lab.plan.name && status.site == site.name)
                #expect(status.node?.count == 40)
                #expect(status.overlay?.members == lab.sites.count)
                #expect(status.device?.name == "ipop0" && status.device?.up == true)
                #expect(Set(status.certificate?.subnets ?? []) == Set(site.subnets))
                #expect(status.exports.allSatisfy { $0.state == "announced" } && status.exports.count == 2)
                #expect(status.problems.isEmpty)
            }
        }

        @Test func `status names every other site with its path and its routes`() throws {
            let lab = try Lab.ofSuite()

            let status = try lab.status(lab.ufl)

            #expect(Set(status.sites.map(\.site)) == ["lsu", "cern"])
            for other in [lab.lsu, lab.cern] {
                let site = try #require(status.site(other.name))
                #expect(site.path == "direct-udp" && site.reason == "ok")
                #expect(
                    [other.wanAddress, "[\(other.wanAddress6)]"].map { "\($0):7867" }.contains(site.endpoint ?? ""))
                #expect(site.rttMicroseconds != nil)
                for subnet in other.subnets {
                    let route = try #require(status.route(subnet))
                    #expect(route.site == other.name && route.wanted == true && route.kernel == "installed")
                    #expect(route.device == "ipop0" && route.metric == 50 && route.reason == nil)
                }
            }
        }

        @Test func `status in JSON has every key of its schema`() throws {
            let lab = try Lab.ofSuite()
            let text = try lab.require(["ipop", "status", "--json"], at: .gateway(lab.lsu))

            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])

            func keys(_ value: Any?) -> Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
            func first(_ key: String) -> Any? { (object[key] as? [Any])?.first }
            #expect(keys(object).isSuperset(of: SchemaOne.top))
            #expect(keys(object["certificate"]).isSuperset(of: SchemaOne.certificate))
            #expect(keys(object["device"]).isSuperset(of: SchemaOne.device))
            #expect(keys(object["overlay"]).isSuperset(of: SchemaOne.overlay))
            #expect(keys(first("sites")).isSuperset(of: SchemaOne.site))
            #expect(keys(first("routes")).isSuperset(of: SchemaOne.route))
            #expect(keys(first("exports")).isSuperset(of: SchemaOne.export))
            #expect(keys(object["nat"]).isSuperset(of: ["mapping", "udp", "endpoints"]))
        }

        @Test func `the short forms agree`() throws {
            let lab = try Lab.ofSuite()

            let brief = try lab.run(["ipop", "status", "--brief"], at: .gateway(lab.ufl))
            let check = try lab.run(["ipop", "status", "--check"], at: .gateway(lab.ufl))
            let text = try lab.run(["ipop", "status"], at: .gateway(lab.ufl))

            #expect(brief.status == 0 && !brief.output.isEmpty)
            #expect(check.status == 0 && check.output.split(separator: "\n").count == 1)
            let lines = text.output.split(separator: "\n")
            #expect(lines.first?.hasPrefix("ipop: up") == true)
            #expect(lines.count <= 24, "\(text.output)")
            #expect(!text.output.contains("\u{1b}"), "colour only on a terminal")
        }

        @Test func `sites and routes print tables and JSON`() throws {
            let lab = try Lab.ofSuite()

            for command in ["sites", "routes"] {
                let table = try lab.require(["ipop", command], at: .gateway(lab.ufl))
                let json = try lab.require(["ipop", command, "--json"], at: .gateway(lab.ufl))

                #expect(table.contains("lsu") && table.contains("cern"))
                let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
                #expect(object?["schema"] as? Int == 1)
            }
        }

        @Test func `wait and ping know a site by its name`() throws {
            let lab = try Lab.ofSuite()

            #expect(try lab.run(["ipop", "wait", "--timeout", "20", "lsu"], at: .gateway(lab.cern)).status == 0)
            #expect(
                try lab.run(["ipop", "ping", "--count", "2", "--interval", "0.1", "lsu"], at: .gateway(lab.cern)).status
                    == 0)
            #expect(try lab.run(["ipop", "wait", "--timeout", "1", "nowhere"], at: .gateway(lab.cern)).status != 0)
            #expect(try lab.run(["ipop", "ping", "nowhere"], at: .gateway(lab.cern)).status != 0)
        }

        @Test func `routes lead through the fixed next hop with our protocol number`() throws {
            let lab = try Lab.ofSuite()

            let routes = try lab.ipopRoutes(lab.ufl)

            #expect(Set(routes.keys).isSuperset(of: lab.lsu.subnets + lab.cern.subnets))
            let four = try #require(routes[lab.lsu.subnets[0]]), six = try #require(routes[lab.lsu.subnets[1]])
            #expect(four.gateway == "169.254.77.1" && four.dev == "ipop0" && four.metric == 50)
            #expect(four.prefsrc == lab.ufl.lanAddress)
            #expect(six.gateway == "fe80::1" && six.dev == "ipop0" && six.prefsrc == lab.ufl.lanAddress6)
        }

        @Test func `the device has link-local addresses only`() throws {
            let lab = try Lab.ofSuite()

            let addresses = try lab.require(["ip", "-o", "addr", "show", "dev", "ipop0"], at: .gateway(lab.ufl))

            for line in addresses.split(separator: "\n") {
                #expect(line.contains("169.254.") || line.contains("fe80:"), "\(line)")
            }
        }
    }
}

/// The keys of `ipop status --json`, schema 1. Keys may be added, never taken away.
private enum SchemaOne {
    static let top: Set = [
        "schema", "state", "grid", "site", "node", "uptimeSeconds", "certificate", "device", "overlay", "sites",
        "routes", "exports", "leases", "nat", "problems",
    ]
    static let certificate: Set = ["notAfter", "daysLeft", "subnets"]
    static let device: Set = [
        "name", "up", "mtu", "rxBytes", "txBytes", "rxPackets", "txPackets", "rxDropped", "txDropped",
    ]
    static let overlay: Set = ["members", "near", "far", "shortcuts", "ringConsistent"]
    static let site: Set = [
        "site", "node", "path", "via", "endpoint", "reason", "rttMicroseconds", "lossPercent", "mtu", "rxBytes",
        "txBytes", "lastHeardSeconds",
    ]
    static let route: Set = ["prefix", "site", "wanted", "kernel", "device", "metric", "reason"]
    static let export: Set = ["subnet", "virtual", "state", "reason"]
}
