import ControlProtocol
import NetworkTypes
import SimulationKit

/// A report with what only the program can know, for people and for programs.
struct SimulationFinding {
    let report: SimulationReport
    let wallTime: Duration
    let processorTime: Duration
    let peakByteCount: Int?

    /// Schema 1: every key is always there, `null` when unknown.
    var json: JSONValue {
        var object = JSONObject()
        object["schema"] = JSONValue(1)
        object["scenario"] = .string(report.scenario)
        object["seed"] = JSONValue(report.seed)
        object["members"] = JSONValue(report.members)
        object["announcers"] = JSONValue(report.announcers)
        object["converged"] = .optional(report.converged) { .bool($0) }
        object["hopsMean"] = thousandths(report.routes.meanPerMille)
        object["hops99"] = .count(report.routes.hops99)
        object["reachablePerMille"] = .count(report.routes.arrivedPerMille)
        object["joinSecondsMedian"] = seconds(report.joinTimeMedian)
        object["repairSeconds"] = seconds(report.repairTime)
        object["conflicts"] = .count(report.conflicts)
        object["leasesWanted"] = .count(report.leases?.wanted)
        object["leasesHeld"] = .count(report.leases?.held)
        object["hostsWanted"] = .count(report.hosts?.wanted)
        object["hostsHeld"] = .count(report.hosts?.held)
        object["hostConflicts"] = .count(report.hostConflicts)
        object["hostGapSeconds"] = seconds(report.hostGap)
        object["sessionsMean"] = .tenths(sessionsMean)
        object["sessionsMost"] = JSONValue(report.sessions.most)
        object["idleBitsPerSecond"] = .tenths(report.idleBitsPerSecond)
        object["idleBitsPerSecondPerLink"] = .tenths(report.idleBitsPerSecondAndLink)
        object["eventCount"] = JSONValue(report.eventCount)
        object["datagramCount"] = JSONValue(report.datagramCount)
        object["virtualSeconds"] = seconds(report.virtualTime)
        object["digest"] = .string(report.digestText)
        object["wallSeconds"] = seconds(wallTime)
        object["processorSeconds"] = seconds(processorTime)
        object["peakBytes"] = .count(peakByteCount)
        object["violation"] = .text(report.violation)
        return .object(object)
    }

    /// A table of two columns.
    var text: String {
        let routes = report.routes
        let hops = routes.meanPerMille.map { "\(FixedPoint.text(Int64($0), decimals: 3)) on average" }
        let rows: [(String, String?)] = [
            ("scenario", "\(report.scenario), seed \(report.seed)"),
            ("members", "\(report.members), of which \(report.announcers) announce"),
            ("converged", report.converged.map { $0 ? "yes" : "no" }),
            ("hops", hops.map { "\($0), 99 % within \(routes.hops99 ?? 0)" }),
            ("routes", routes.arrivedPerMille.map { _ in "\(routes.arrivedCount) of \(routes.routeCount) arrived" }),
            ("join", report.joinTimeMedian.map { "\(Output.text($0)) s, the median" }),
            ("repair", report.repairTime.map { "\(Output.text($0)) s" }),
            ("conflicts", report.conflicts.map(String.init)),
            ("leases", report.leases.map { "\($0.held) of \($0.wanted) are held" }),
            ("hosts", hosts),
            ("sessions", sessionsMean.map { "\(Int($0)) of a member, \(report.sessions.most) at most" }),
            ("idle", report.idleBitsPerSecond.map { "\(Int($0)) bit/s of a member, \(perLink) of a link" }),
            ("events", "\(report.eventCount) in \(Output.text(report.virtualTime)) s of virtual time"),
            ("digest", report.digestText),
            ("real time", "\(Output.text(wallTime)) s, \(Output.text(processorTime)) s of a processor"),
            ("peak memory", peakByteCount.map { "\($0 / 1_048_576) MiB" }),
        ]
        return rows.map { name, value in
            name + String(repeating: " ", count: 13 - name.count) + (value ?? "-")
        }.joined(separator: "\n")
    }

    private var sessionsMean: Double? {
        report.livingCount == 0 ? nil : Double(report.sessions.total) / Double(report.livingCount)
    }

    private var hosts: String? {
        guard let hosts = report.hosts, let gap = report.hostGap else { return nil }
        return "\(hosts.held) of \(hosts.wanted) have an address, \(report.hostConflicts ?? 0) share one; "
            + "\(Output.text(gap)) s without an owner at most"
    }

    private var perLink: String { report.idleBitsPerSecondAndLink.map { String(Int($0)) } ?? "-" }

    private func thousandths(_ value: Int?) -> JSONValue {
        value.map { .number(Double($0) / 1_000) } ?? .null
    }

    /// Seconds, to the millisecond.
    private func seconds(_ duration: Duration?) -> JSONValue {
        duration.map { .number(Double($0.wholeMicroseconds / 1_000) / 1_000) } ?? .null
    }
}
