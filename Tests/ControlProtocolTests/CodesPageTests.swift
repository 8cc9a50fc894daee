import ControlProtocol
import Foundation
import NetworkTypes
import Testing

/// docs/codes.md and the code lists are one: neither has a row that the other lacks.
@Suite struct CodesPageTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/codes.md")

    @Test func `the page has a row for every code, in the code's words, and no other`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        // What only `ipop check` finds is held to its list by the tests of the commands.
        let statusPart = try #require(text.split(separator: "## What ipop check finds").first)
        let rows = statusPart.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") }

        #expect(rows == Self.expectedRows, "the rows should be:\n\(Self.expectedRows.joined(separator: "\n"))")
    }

    @Test func `every code has a phrase, a cause and a fix`() {
        for (code, explanation) in Self.all {
            #expect(!explanation.phrase.isEmpty && explanation.phrase != "unexplained", "\(code)")
            #expect(explanation.phrase.last != ".", "\(code)")
            #expect(explanation.cause.last == ".", "\(code)")
            #expect(explanation.fix.last == ".", "\(code)")
        }
    }

    @Test func `every problem fills all the places of its template`() {
        let prefix = Example.prefix("10.1.0.0/16")
        let issue = RouteIssue(.betterMetric, text: "text", fix: "fix")
        let problems: [Problem] = [
            .daemonNotRunning(), .daemonNotReadable(), .certificateExpiresSoon(daysLeft: 1),
            .certificateExpired(notAfter: 0), .certificateNotYetValid(notBefore: 0),
            .configurationNotReloaded(error: "e"), .stateNotSaved(directory: "d", error: "e"), .daemonNotAnswering(),
            .metricsNotServed(Endpoint("[::1]:9867")!, error: "e"),
            .siteDown(site: "s", reason: .noAnswer), .routeMissing(prefix, issue: issue),
            .routeVanished(prefix, remover: "dhcpcd", restored: false), .routeRefused(prefix, site: "s", issue: issue),
            .routeForeign(prefix, issue: issue), .routeShadowed(prefix, issue: issue), .routeUnclaimed(prefix),
            .kernelChangeFailed(change: "c", error: "e"), .prefixConflict(prefix, owner: "a", loser: "b"),
            .exportRefused(prefix, issue: RouteIssue(.notCoveredByCertificate)),
            .exportRefused(prefix, issue: RouteIssue(.coversOtherInterface)),
            .exportRefused(prefix, issue: RouteIssue(.ownedByAnotherSite)),
            .exportRefused(prefix, issue: RouteIssue(.reservedRange)), .deviceMissing("d"), .deviceDown("d"),
            .deviceWrongMTU("d", found: 1, wanted: 2), .forwardingOff(.v6), .reversePathFilter(interface: "i"),
            .lanInterfaceMissing("i"), .bootstrapUnreachable([HostAndPort("gw:1")!]),
            .nameNotResolved("n", error: "e"), .linkRefused(peer: "p", reason: .certificateExpired),
            .sourceCheckDrops(site: "s", packets: 1), .pathMTULow(site: "s", mtu: 1),
            .forwardingDropped(FirewallFinding(text: "t", fix: "f.")),
            .sourceRewritten(FirewallFinding(text: "t", fix: "f.")),
            .proxyUnusable("p", error: "e"), .streamsNotAccepted(port: 1, error: "e"), .certificateRevoked(),
            .exportRefused(prefix, issue: RouteIssue(.outsidePool)),
            .exportRefused(prefix, issue: RouteIssue(.poolExhausted)), .prefixLeasePending(prefix, issue: issue),
            .prefixLost(prefix, subnet: prefix, holder: "s", replacement: nil),
            .virtualPrefixShared(prefix, subnet: prefix, network: prefix, interface: "i"),
            .lanNotBridged(reason: "r", fix: "f"), .portTakenOut("d", bridge: "b", remover: "r", restored: true),
            .bridgeLeft("b"), .hostAddressTaken(IPAddress(v4: 1), mac: .overlayDevice, holder: "s"),
            .hostAddressTwice(IPAddress(v4: 1), mac: .overlayDevice, rival: .virtualNextHop), .noHostAddresses("s"),
            .namesNotServed(IPAddress(v4: 1), error: "e"),
        ]

        #expect(problems.map(\.code) == ProblemCode.allCases)
        for problem in problems {
            #expect(!problem.text.contains("{") && !problem.fix.contains("{"), "\(problem)")
            #expect(problem.text.last != "." && problem.fix.last == ".", "\(problem)")
        }
    }

    @Test func `every step of an explanation and every check of the doctor says what it looks at`() {
        for meaning in ExplainStepName.allCases.map(\.meaning) + DoctorCheckName.allCases.map(\.meaning) {
            #expect(meaning.last == "." && meaning.count > 10, "\(meaning)")
        }
    }

    @Test(arguments: [
        ("remove it", "Remove it."), ("ip link set up", "ip link set up."),
        ("ipopd restores it.", "ipopd restores it."),
        ("Done.", "Done."),
    ])
    func `a fix for the case at hand is a sentence, unless it is a command`(fix: String, sentence: String) {
        #expect(RouteIssue(.reservedRange, text: "x", fix: fix).fix == sentence)
    }

    @Test func `certificate faults are path reasons, of ours and of the peer`() {
        let faults = [
            "malformed", "untrusted", "wrong-grid", "expired", "not-yet-valid", "revoked", "address-blocks", "missing",
        ].map { "certificate-" + $0 }

        for fault in faults {
            #expect(PathReason.refused(fault).rawValue == fault)
            #expect(PathReason.refusedByPeer(fault).rawValue == "peer-refused-" + fault)
        }
        #expect(PathReason.refused("certificate-of-the-future") == .protocolError)
    }

    private static var all: [(code: String, explanation: CodeExplanation)] {
        ProblemCode.allCases.map { ($0.rawValue, $0.explanation) }
            + PathReason.allCases.map { ($0.rawValue, $0.explanation) }
            + RouteCode.allCases.map { ($0.rawValue, $0.explanation) }
            + LeaseReason.allCases.map { ($0.rawValue, $0.explanation) }
            + ExplainCode.allCases.map { ($0.rawValue, $0.explanation) }
            + ControlErrorCode.allCases.map { (String($0.rawValue), $0.explanation) }
    }

    private static var expectedRows: [String] {
        let rows = all.map { code, explanation in
            "| `\(code)` | \(explanation.phrase) | \(explanation.cause) | \(explanation.fix) |"
        }
        let steps = ExplainStepName.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |" }
        let checks = DoctorCheckName.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |" }
        // Before the codes of an explanation stand its steps, before those of replies the checks of the doctor.
        let replies = rows.count - ControlErrorCode.allCases.count, codes = replies - ExplainCode.allCases.count
        return Array(rows[..<codes]) + steps + Array(rows[codes..<replies]) + checks + Array(rows[replies...])
    }
}
