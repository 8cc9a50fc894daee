import Foundation
import GatewayLab

/// A route as `ip -json route` prints it.
struct KernelRoute: Decodable, Hashable {
    let dst: String
    let gateway: String?
    let dev: String?
    let `protocol`: String?
    let prefsrc: String?
    let metric: Int?
}

extension Lab {
    /// The protocol number of routes that a gateway installs.
    static let routeProtocol = "77"

    /// The kernel's routes at a gateway that came from its `ipopd`, of both families, by prefix.
    func ipopRoutes(_ site: LabSite) throws(LabError) -> [String: KernelRoute] {
        var found: [String: KernelRoute] = [:]
        for family in ["-4", "-6"] {
            let output = try ProgramRun.require(
                ["ip", "-n", site.gateway, family, "-json", "route", "show", "proto", Self.routeProtocol])
            do {
                let text = output.isEmpty ? "[]" : output
                for route in try JSONDecoder().decode([KernelRoute].self, from: Data(text.utf8)) {
                    found[route.dst] = route
                }
            } catch {
                throw .commandFailed(command: "ip -json route", status: 0, output: "\(error)\n\(output)")
            }
        }
        return found
    }

    /// Waits until the kernel at a gateway routes all the prefixes into the overlay. Returns the seconds it took.
    @discardableResult
    func waitForRoutes(_ prefixes: [String], at site: LabSite) throws(LabError) -> Double {
        try until("the routes \(prefixes) at \(site.name)") { () throws(LabError) in
            let found = try ipopRoutes(site)
            return prefixes.allSatisfy { found[$0] != nil }
        }
    }

    /// Waits until the kernel at a gateway routes none of the prefixes. Returns the seconds it took.
    @discardableResult
    func waitForNoRoutes(_ prefixes: [String], at site: LabSite) throws(LabError) -> Double {
        try until("the end of the routes \(prefixes) at \(site.name)") { () throws(LabError) in
            let found = try ipopRoutes(site)
            return prefixes.allSatisfy { found[$0] == nil }
        }
    }
}
