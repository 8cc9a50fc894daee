import ArgumentParser
import ControlProtocol
import GatewayFiles
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink

/// `ipop cert verify`.
struct CertVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Tell whether a certificate or a bundle is good in its grid, now",
        discussion: """
            Checks the signature, the dates, the address blocks and the names as every gateway does, and with the \
            authority's directory also whether it was revoked. Of a bundle the key and the grid's profile are checked \
            too. Exit code 0: good; 1: good, with under 14 days left; 2: refused, with the reason.
            """)

    @Argument(help: "A bundle (.ipop) or a certificate (.crt).")
    var file: String

    @Option(help: ArgumentHelp("The authority's directory, or its ca.crt.", valueName: "dir|ca.crt"))
    var ca: String

    func run() throws {
        let text = try CommandFiles.readText(file)
        let (authority, revoked) = try trusted()
        let bundle = SiteBundle.isBundle(text) ? try SiteBundle(text: text, file: file) : nil
        let certificate: Certificate
        let identity: PeerIdentity
        let now = CertificateAuthority.systemTime()
        do throws(OpenSSLError) {
            certificate = if let bundle { bundle.certificate } else { try Certificate(pem: text) }
            let trust = try TrustStore(authority: authority)
            trust.revokedSerials = revoked
            switch trust.verify(certificate, grid: authority.details.grid ?? "", now: now) {
            case .success(let verified): identity = verified
            case .failure(let fault): throw .refused(fault)
            }
        } catch .refused(let fault) {
            throw CommandFailure("\(file): \(fault.advice)")
        } catch {
            throw CommandFailure("\(file): \(error)")
        }
        if let bundle { try Self.verify(bundle, authority: authority, file: file) }
        let days = certificate.details.daysLeft(now: now)
        print(
            "\(file): good; site \(identity.site) of grid \(identity.grid), subnets "
                + "\(CertificateText.list(identity.prefixes)), \(HumanUnits.count(days, "day")) left")
        if days < CertificateDetails.soonDays {
            Terminal.printWarning(
                "\(file): the certificate ends in \(HumanUnits.count(days, "day")); renew it: ipop cert renew "
                    + identity.site)
            throw ExitCode(ExitStatus.degraded.rawValue)
        }
    }

    /// What a bundle has beside the certificate.
    static func verify(_ bundle: SiteBundle, authority: Certificate, file: String) throws(CommandFailure) {
        if bundle.authority.der != authority.der {
            throw CommandFailure("\(file): the bundle carries the certificate of another authority")
        }
        if let key = bundle.key, !bundle.certificate.matches(key) {
            throw CommandFailure("\(file): the key does not belong to the certificate")
        }
        if let fault = bundle.profile.fault(under: authority) {
            throw CommandFailure("\(file): \(fault)")
        }
    }

    private func trusted() throws(CommandFailure) -> (Certificate, Set<String>) {
        let isDirectory: Bool
        do throws(SystemError) {
            isDirectory = try FileSystem.status(ca)?.kind == .directory
        } catch {
            throw CommandFailure("look at", error)
        }
        let directory = AuthorityDirectory(path: ca)
        let path = isDirectory ? directory.certificateFile : ca
        let text = try CommandFiles.readText(path)
        let authority: Certificate
        do throws(OpenSSLError) {
            authority = try Certificate(pem: text)
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
        let revoked = isDirectory ? try directory.revocations(of: authority).entries.map(\.serial) : []
        return (authority, Set(revoked))
    }
}
