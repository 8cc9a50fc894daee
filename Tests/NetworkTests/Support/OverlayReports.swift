import Foundation
import GatewayLab

/// `ipop ring --json` as a reader outside of this project would declare it.
struct RingDocument: Decodable {
    struct Member: Decodable, Equatable {
        let node: String
        let site: String?
    }
    struct Link: Decodable {
        let node: String
        let site: String?
        let purposes, theirPurposes: [String]
        let path: String
        let endpoint: String?
        let reason: String
        let rttMicroseconds, ageSeconds: UInt64?
    }

    let schema: Int
    let node, site, address: String
    let routable: Bool
    let consistent: Bool?
    let estimatedMembers: Int
    let left, right: [Member]
    let links: [Link]
}

/// `ipop ring --crawl --json`.
struct CrawlDocument: Decodable {
    struct Fault: Decodable {
        let node: String
        let site: String?
        let side: String
        let expected, expectedSite, found, foundSite: String?
    }

    let schema: Int
    let members, answered: Int
    let consistent: Bool
    let inconsistent: [Fault]
    let silent: [RingDocument.Member]
}

/// `ipop trace --json`.
struct TraceDocument: Decodable {
    struct Hop: Decodable {
        let index: Int
        let node: String
        let site, path, endpoint, reason: String?
        let rttMicroseconds, linkRttMicroseconds: UInt64?
    }

    let schema: Int
    let target: String
    let site, node, path: String?
    let hops: [Hop]
    let roundTripMicroseconds: UInt64?
    let error: String?
}

/// One of `leases` in `ipop leases --json`.
struct LeaseDocument: Decodable {
    let key, holder: String
    let expiresSeconds: UInt64
    let mac: String?
    let state: String
    let reason: String?
    let keepers, stored: Int?
    let epoch: UInt64?
}

extension Lab {
    /// What `ipop leases --json` says at a site's gateway.
    func leases(_ site: LabSite) throws(LabError) -> [LeaseDocument] {
        struct Leases: Decodable { let leases: [LeaseDocument] }
        let found: (status: Int32, report: Leases) = try document(["ipop", "leases", "--json"], at: site)
        return found.report.leases
    }

    /// What `ipop ring --json` says at a site's gateway.
    func ring(_ site: LabSite) throws(LabError) -> RingDocument {
        try document(["ipop", "ring", "--json"], at: site).report
    }

    /// What `ipop ring --crawl --json` says, and how it ended.
    func crawl(_ site: LabSite) throws(LabError) -> (status: Int32, report: CrawlDocument) {
        try document(["ipop", "ring", "--crawl", "--json"], at: site)
    }

    /// What `ipop trace --json` says, and how it ended.
    func trace(
        _ target: String, from site: LabSite, _ options: [String] = []
    ) throws(LabError) -> (status: Int32, report: TraceDocument) {
        try document(["ipop", "trace", target, "--json"] + options, at: site)
    }

    /// Waits until the ring neighbours of each of the sites see it where it sees itself.
    func waitForConsistentRing(at sites: [LabSite]) throws(LabError) {
        try until("a consistent ring", timeLimit: Lab.joinLimit) { () throws(LabError) in
            for site in sites {
                let ring = try ring(site)
                guard ring.routable, ring.consistent == true, ring.links.count >= sites.count - 1 else { return false }
            }
            return true
        }
    }

    /// The document that a command prints, and how it ended.
    func document<Document: Decodable>(
        _ command: [String], at site: LabSite
    ) throws(LabError) -> (status: Int32, report: Document) {
        let result = try run(command, at: .gateway(site), timeLimit: 60)
        do {
            return (result.status, try JSONDecoder().decode(Document.self, from: Data(result.output.utf8)))
        } catch {
            throw .commandFailed(
                command: "[\(site.name)] \(command.joined(separator: " "))", status: result.status,
                output: "\(error)\n\(result.everything)")
        }
    }
}
