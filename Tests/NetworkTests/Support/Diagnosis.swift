import Foundation
import GatewayLab
import Testing

/// `ipop explain --json` as a reader outside of this project would declare it.
struct ExplainDocument: Decodable {
    struct Step: Decodable {
        let site, name: String
        let ok: Bool?
        let text: String
    }
    struct Failure: Decodable { let site, code, text, fix: String }

    let schema: Int
    let steps: [Step]
    let firstFailure: Failure?
}

/// `ipop doctor --json`.
struct DoctorDocument: Decodable {
    struct Check: Decodable {
        let name, state, text: String
        let fix: String?
    }

    let schema: Int
    let checks: [Check]
}

extension Lab {
    /// What `ipop explain --json` says at a site's gateway, and how it ended.
    func explain(_ arguments: [String], at site: LabSite) throws(LabError) -> (status: Int32, report: ExplainDocument) {
        try document(["ipop", "explain"] + arguments + ["--json"], at: site)
    }

    /// Expects the first failure of an explanation at ufl to have this code, and to be at `site`.
    func expectFailure(
        _ code: String, at site: LabSite, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try explain(arguments, at: ufl)
        let failure = found.report.firstFailure
        #expect(
            found.status == 1 && failure?.code == code && failure?.site == site.name,
            "\(arguments): \(found.report)", sourceLocation: sourceLocation)
        #expect(failure?.fix.isEmpty == false, sourceLocation: sourceLocation)
    }

    /// Expects a check of the doctor at a site to have come out so, and the doctor to end so.
    func expectDoctor(
        _ site: LabSite, _ name: String, _ state: String, status: Int32,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found: (status: Int32, report: DoctorDocument) = try document(["ipop", "doctor", "--json"], at: site)
        let check = found.report.checks.first { $0.name == name }
        #expect(
            found.status == status && check?.state == state, "\(found.report.checks.filter { $0.state != "ok" })",
            sourceLocation: sourceLocation)
    }

    /// Expects a check of the doctor at a site to have come out so, whatever the others say.
    func expectDoctorCheck(
        _ site: LabSite, _ name: String, _ state: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found: (status: Int32, report: DoctorDocument) = try document(["ipop", "doctor", "--json"], at: site)
        let check = found.report.checks.first { $0.name == name }
        #expect(check?.state == state, "\(found.report.checks)", sourceLocation: sourceLocation)
    }

    /// Does something to a gateway's host, and undoes it however `body` ends.
    func withFault(_ make: String, _ undo: String, _ site: LabSite, _ body: () throws -> Void) throws {
        try require(["sh", "-c", make], at: .gateway(site))
        defer { _ = try? run(["sh", "-c", undo], at: .gateway(site)) }
        try body()
    }
}
