import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import NetworkTypes
import OpenSSLLink

/// `ipop cert show`.
struct CertShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a bundle, a certificate or a request says",
        discussion: "Nothing is verified, and no key is shown: `ipop cert verify` does the former.")

    @Argument(help: "A bundle (.ipop), a certificate (.crt) or a request (.csr).")
    var file: String

    @Flag(help: "Print JSON (schema 1).")
    var json = false

    func run() throws {
        let text = try CommandFiles.readText(file)
        let content: ShownContent
        if SiteBundle.isBundle(text) {
            content = ShownContent(bundle: try SiteBundle(text: text, file: file))
        } else {
            do throws(OpenSSLError) {
                content = try ShownContent(pem: text)
            } catch {
                throw CommandFailure("\(file): \(error)")
            }
        }
        let now = CertificateAuthority.systemTime()
        print(json ? content.json(now: now).pretty : content.lines(now: now).joined(separator: "\n"))
    }
}

/// What a file holds.
private struct ShownContent {
    var certificate: CertificateDetails?
    var authority: CertificateDetails?
    var request: CertificateSigningRequest?
    var hasKey = false
    var profile: GridProfile?
    var settings: BundleSettings?

    init(bundle: SiteBundle) {
        certificate = bundle.certificate.details
        authority = bundle.authority.details
        hasKey = bundle.key != nil
        profile = bundle.profile
        settings = bundle.settings
    }

    /// A certificate or a request.
    init(pem text: String) throws(OpenSSLError) {
        if text.split(whereSeparator: \.isNewline).contains(where: { $0.hasSuffix("CERTIFICATE REQUEST-----") }) {
            request = try CertificateSigningRequest(pem: text)
            return
        }
        let details = try Certificate(pem: text).details
        if details.isAuthority { authority = details } else { certificate = details }
    }

    func lines(now: Int64) -> [String] {
        var lines: [String] = []
        if let certificate { lines += CertificateText.lines(certificate, now: now) }
        if let authority { lines += CertificateText.lines(authority, now: now) }
        if let request {
            lines += [
                "request of site \(request.site)", "  grid         \(request.grid ?? "not named")",
                "  node         \(request.publicKey.nodeAddress)",
            ]
        }
        if let profile {
            lines += [
                "profile of grid \(profile.grid)", "  pools        \(CertificateText.list(profile.pools))",
                "  created      \(UTCTime(unixSeconds: profile.created))",
            ]
        }
        if let settings {
            let hosts = settings.bootstrap.map(\.description).joined(separator: ", ")
            lines += [
                "bundle", "  bootstrap    \(hosts.isEmpty ? "none" : hosts)",
                "  exports      \(CertificateText.list(settings.subnets))",
                "  private key  \(hasKey ? "in the file" : "not in the file")",
            ]
        }
        return lines
    }

    func json(now: Int64) -> JSONValue {
        [
            "schema": 1, "certificate": .optional(certificate) { CertificateText.json($0, now: now) },
            "authority": .optional(authority) { CertificateText.json($0, now: now) },
            "request": .optional(request) {
                [
                    "site": .string($0.site), "grid": .text($0.grid),
                    "node": .string($0.publicKey.nodeAddress.description),
                ]
            },
            "profile": .optional(profile) {
                [
                    "grid": .string($0.grid), "pools": .texts($0.pools),
                    "created": .string(UTCTime(unixSeconds: $0.created).description),
                ]
            },
            "bootstrap": .optional(settings) { .texts($0.bootstrap) },
            "exports": .optional(settings) { .texts($0.subnets) }, "hasPrivateKey": .bool(hasKey),
        ]
    }
}
