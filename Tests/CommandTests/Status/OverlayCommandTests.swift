import ControlProtocol
import Foundation
import NetworkTypes
import OpenSSLLink
import Testing

@Suite(.timeLimit(.minutes(2))) struct OverlayCommandTests {
    @Test func `ring prints the gateway's place, and the daemon's document`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Self.ring.json)
            defer { daemon.stop() }

            let text = try IpopRun.run("ring", "--run-dir", directory.path)
            let json = try IpopRun.run("ring", "--json", "--run-dir", directory.path)

            #expect(text.status == 0)
            #expect(text.output.hasPrefix("node 3f9a..c21e   site lsu   in the ring   about 2 members   consistent\n"))
            #expect(json.status == 0)
            #expect(try json.document == Self.ring.json)
            #expect(daemon.requests == [.ring, .ring])
        }
    }

    @Test func `a crawl that finds the ring consistent ends with 0, else with 1`() throws {
        try withDirectory { directory in
            let member = RingMember(node: Sample.node, site: "lsu")
            let fault = RingFault(member: member, side: .left, expected: nil, found: member)
            let daemon = try FakeDaemon(in: directory) { _, number in
                let faults = number < 2 ? [] : [fault]
                return .reply(
                    .success(CrawlReport(members: 1, answered: 1, inconsistent: faults, silent: []).json))
            }
            defer { daemon.stop() }

            let good = try IpopRun.run("ring", "--crawl", "--run-dir", directory.path)
            let goodDocument = try IpopRun.run("ring", "--crawl", "--json", "--run-dir", directory.path)
            let bad = try IpopRun.run("ring", "--crawl", "--run-dir", directory.path)
            let badDocument = try IpopRun.run("ring", "--crawl", "--json", "--run-dir", directory.path)

            #expect(good.status == 0)
            #expect(good.output == "1 of 1 member answered, the ring is consistent\n")
            #expect(goodDocument.status == 0)
            #expect(try goodDocument.document["consistent"] == true)
            #expect(bad.status == 1 && bad.errors == "")
            #expect(bad.output.contains("NOT consistent"))
            #expect(badDocument.status == 1)
            #expect(try badDocument.document["inconsistent"]?.elements?.first?["side"] == "left")
            #expect(daemon.requests == Array(repeating: .crawl, count: 4))
        }
    }

    @Test func `a crawl that does not come round ends with 1`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in .reply(Sample.failure(.timedOut, "not come round")) }
            defer { daemon.stop() }

            let run = try IpopRun.run("ring", "--crawl", "--run-dir", directory.path)

            #expect(run.status == 1)
            #expect(run.errors == "ipop: error: not come round\n")
        }
    }

    @Test func `trace tells the daemon whom it is for, by which way, and how long to wait`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Self.trace.json)
            defer { daemon.stop() }

            let text = try IpopRun.run("trace", "ufl", "--run-dir", directory.path)
            let json = try IpopRun.run(
                "trace", "fd00::1", "--overlay", "--timeout", "0.5", "--json", "--run-dir", directory.path)

            #expect(text.status == 0)
            #expect(text.output.hasPrefix("to ufl (3f9a..c21e): direct udp, 1 hop, 12.0ms\n"))
            #expect(json.status == 0)
            #expect(try json.document["target"] == "fd00::1")
            #expect(try json.document["hops"]?.elements?.count == 1)
            #expect(try json.document["error"] == .null)
            #expect(
                daemon.requests == [
                    .trace(target: "ufl", forcesOverlay: false, timeoutMilliseconds: 5_000),
                    .trace(target: "fd00::1", forcesOverlay: true, timeoutMilliseconds: 500),
                ])
        }
    }

    @Test(arguments: [
        (ControlErrorCode.noAnswer, Int32(1)), (.noRoute, 1), (.siteDown, 1), (.ownSite, 2), (.unknownSite, 2),
    ])
    func `a trace that brings nothing ends with the code of its reason, and still has a document`(
        code: ControlErrorCode, status: Int32
    ) throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in .reply(Sample.failure(code, "so it is")) }
            defer { daemon.stop() }

            let text = try IpopRun.run("trace", "10.9.9.9", "--run-dir", directory.path)
            let json = try IpopRun.run("trace", "10.9.9.9", "--json", "--run-dir", directory.path)

            #expect(text.status == status && text.output == "" && text.errors == "ipop: error: so it is\n")
            #expect(json.status == status)
            #expect(try json.document["error"] == "so it is")
            #expect(try json.document["hops"] == [] && json.document["roundTripMicroseconds"] == .null)
        }
    }

    @Test func `publish hands the daemon what the file holds, and tells what became of it`() throws {
        try withDirectory { directory in
            let published = PublicationReport(kind: .revocationList, version: 1, byteCount: 300, revoked: 1)
            let daemon = try FakeDaemon(in: directory) { request, number in
                if case .publications = request {
                    return .reply(.success(PublicationsReport(publications: number < 3 ? [published] : []).json))
                }
                return .reply(.success(PublishResult(publication: published, isNews: number == 0).json))
            }
            defer { daemon.stop() }
            let run = try CommandRun.withBundle()
            try run.require("cert revoke lsu --ca ca")
            let list = run.path("ca/ca.crl")

            let text = try IpopRun.run("publish", list, "--run-dir", directory.path)
            let json = try IpopRun.run("publish", list, "--json", "--run-dir", directory.path)
            let held = try IpopRun.run("publish", "--run-dir", directory.path)
            let none = try IpopRun.run("publish", "--run-dir", directory.path)
            let profile = try IpopRun.run("publish", run.path("ca/grid.yaml"), "--run-dir", directory.path)

            #expect(text.output == "revocation list 1, 1 certificate: published\n" && text.status == 0)
            #expect(try json.document["news"] == false && json.document["publication"]?["revoked"] == 1)
            #expect(held.output == "revocation list 1, 1 certificate\n")
            #expect(none.output == "nothing is published\n")
            #expect(profile.status == 0, "\(profile.errors)")
            let der = try RevocationList.der(ofPEM: try run.read("ca/ca.crl"))
            #expect(daemon.requests.first == .publish(.revocationList, der))
            guard case .publish(.gridProfile, let content) = daemon.requests.last else {
                Issue.record("\(daemon.requests)")
                return
            }
            #expect(String(decoding: content, as: UTF8.self) == (try run.read("ca/grid.yaml")))
        }
    }

    @Test func `a file that the grid does not take is named, with exit code 2`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in
                .reply(Sample.failure(.publicationRefused, "the grid has a newer revocation list: 4"))
            }
            defer { daemon.stop() }
            let run = try CommandRun.withBundle()
            try run.require("cert revoke lsu --ca ca")
            let list = run.path("ca/ca.crl")
            try run.write("nothing.yaml", "grid: physics\n")

            let stale = try IpopRun.run("publish", list, "--run-dir", directory.path)
            let nothing = try IpopRun.run("publish", run.path("nothing.yaml"), "--run-dir", directory.path)

            #expect(stale.status == 2)
            #expect(stale.errors == "ipop: error: \(list): the grid has a newer revocation list: 4\n")
            #expect(nothing.status == 2 && nothing.errors.contains("nothing.yaml"), "\(nothing.errors)")
            #expect(daemon.requests.count == 1)
        }
    }

    @Test func `leases are a table and a document`() throws {
        try withDirectory { directory in
            let report = LeasesReport(leases: [LeaseReport(key: "10.128.3.17", holder: "lsu", expiresSeconds: 90)])
            let daemon = try FakeDaemon(in: directory) { _, number in
                .reply(.success((number < 2 ? report : LeasesReport(leases: [])).json))
            }
            defer { daemon.stop() }

            let table = try IpopRun.run("leases", "--run-dir", directory.path)
            let document = try IpopRun.run("leases", "--json", "--run-dir", directory.path).document
            let none = try IpopRun.run("leases", "--run-dir", directory.path)

            #expect(table.status == 0)
            #expect(table.output.split(separator: "\n").count == 2)
            #expect(table.output.contains("1m 30s"))
            #expect(document == report.json)
            #expect(none.output == "no leases\n")
            #expect(daemon.requests == [.leases, .leases, .leases])
        }
    }

    private static let ring = RingReport(
        node: Sample.node, site: "lsu", isRoutable: true, isConsistent: true, estimatedMembers: 2,
        left: [RingMember(node: Sample.node, site: "ufl")], right: [RingMember(node: Sample.node, site: "ufl")])

    private static let trace = TraceReport(
        site: "ufl", node: Sample.node, path: .directUDP,
        hops: [
            TraceHop(
                index: 1, member: RingMember(node: Sample.node, site: "ufl"), path: .directUDP,
                endpoint: Endpoint("198.51.100.7:7867"), reason: .ok, rttMicroseconds: 12_000)
        ], roundTripMicroseconds: 12_000)
}
