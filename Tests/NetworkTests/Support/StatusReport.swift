import Foundation
import GatewayLab
import Testing

/// `ipop status --json`, schema 1, as a reader outside of this project would declare it.
struct StatusReport: Decodable {
    struct Certificate: Decodable {
        let notAfter: String?
        let daysLeft: Int?
        let subnets: [String]?
    }
    struct Device: Decodable {
        let name: String
        let up: Bool
        let mtu: Int?
        let rxBytes, txBytes, rxPackets, txPackets, rxDropped, txDropped: UInt64?
    }
    struct Overlay: Decodable {
        let members, near, far, shortcuts: Int?
        let ringConsistent: Bool?
    }
    struct Site: Decodable {
        let site: String
        let node: String?
        let path: String
        let endpoint: String?
        let uplink: String?
        let reason: String
        let rttMicroseconds: Double?
        let lossPercent: Double?
        let mtu: Int?
        let rxBytes, txBytes: UInt64?
        let lastHeardSeconds: Double?
        let sourceDrops: UInt64?
    }
    struct Route: Decodable {
        let prefix: String
        let site: String?
        let wanted: Bool?
        let kernel: String?
        let device: String?
        let metric: Int?
        let reason: String?
        let deadEnd: Bool?
    }
    struct Export: Decodable {
        let subnet, state: String
        let virtual, reason: String?
    }
    struct Drop: Decodable {
        let reason: String
        let packets: UInt64
    }
    struct NAT: Decodable { let endpoints: [String] }
    struct Problem: Decodable { let code, text, fix: String }

    let schema: Int
    let state: String
    let grid, site, node: String?
    let uptimeSeconds: Double?
    let certificate: Certificate?
    let device: Device?
    let overlay: Overlay?
    let sites: [Site]
    let routes: [Route]
    let exports: [Export]
    let nat: NAT
    let problems: [Problem]
    let drops: [Drop]

    func site(_ name: String) -> Site? { sites.first { $0.site == name } }
    func route(_ prefix: String) -> Route? { routes.first { $0.prefix == prefix } }
    /// The packets dropped for a reason; 0 when there were none.
    func drops(_ reason: String) -> UInt64 { drops.first { $0.reason == reason }?.packets ?? 0 }
    func export(_ subnet: String) -> Export? { exports.first { $0.subnet == subnet } }
    func problems(_ code: String) -> [Problem] { problems.filter { $0.code == code } }
}

extension Lab {
    /// What `ipop status --json` says at a site's gateway.
    func status(_ site: LabSite) throws(LabError) -> StatusReport {
        let result = try run(["ipop", "status", "--json"], at: .gateway(site))
        do {
            return try JSONDecoder().decode(StatusReport.self, from: Data(result.output.utf8))
        } catch {
            throw .commandFailed(
                command: "[\(site.name)] ipop status --json", status: result.status,
                output: "\(error)\n\(result.everything)")
        }
    }

    /// The text of a gateway's log so far.
    func log(_ site: LabSite) -> String {
        (try? String(contentsOfFile: directories(site).log, encoding: .utf8)) ?? ""
    }
}
