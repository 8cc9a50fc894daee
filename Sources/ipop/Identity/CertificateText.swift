import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import GatewayFiles
import NetworkTypes
import OpenSSLLink

/// Certificates in words and in JSON.
enum CertificateText {
    /// Refuses a number of days that no certificate can have.
    static func checkDays(_ days: Int) throws {
        guard (1...CertificateAuthority.dayLimit).contains(days) else {
            throw ValidationError("--days must be from 1 to \(CertificateAuthority.dayLimit)")
        }
    }

    /// `192.168.20.0/24, 2001:db8::/48`, or `none`.
    static func list(_ prefixes: [IPPrefix]) -> String {
        prefixes.isEmpty ? "none" : prefixes.map(\.description).joined(separator: ", ")
    }

    /// What a certificate says, a line a fact.
    static func lines(_ details: CertificateDetails, now: Int64) -> [String] {
        let from = UTCTime(unixSeconds: details.notBefore)
        let to = UTCTime(unixSeconds: details.notAfter)
        let days = details.daysLeft(now: now)
        let state =
            if now < details.notBefore { "not valid yet" } else if now > details.notAfter { "expired" } else {
                "\(HumanUnits.count(days, "day")) left"
            }
        let name = details.isAuthority ? "authority of grid \(details.grid ?? details.site)" : "site \(details.site)"
        var lines = ["certificate of \(name)"]
        if !details.isAuthority { lines.append("  grid         \(details.grid ?? "not named")") }
        lines += [
            "  node         \(details.node)", "  subnets      \(details.prefixList)",
            "  valid        \(from) to \(to), \(state)", "  serial       \(details.serial)",
            "  fingerprint  sha256:\(details.fingerprint)",
        ]
        return lines
    }

    /// What a certificate says, for `--json`.
    static func json(_ details: CertificateDetails, now: Int64) -> JSONValue {
        [
            "site": details.isAuthority ? .null : .string(details.site), "grid": .text(details.grid),
            "node": .string(details.node.description), "isAuthority": .bool(details.isAuthority),
            "subnets": details.prefixes.map { .texts($0) } ?? .null,
            "notBefore": .string(UTCTime(unixSeconds: details.notBefore).description),
            "notAfter": .string(UTCTime(unixSeconds: details.notAfter).description),
            "daysLeft": JSONValue(details.daysLeft(now: now)), "serial": .string(details.serial),
            "fingerprint": .string("sha256:\(details.fingerprint)"),
        ]
    }
}
