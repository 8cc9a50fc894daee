import ArgumentParser
import NetworkTypes
import OpenSSLLink

/// `ipop cert revoke`.
struct CertRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take certificates back",
        discussion: """
            Adds the certificates of a site, or one by its serial number or its file, to the authority's revocation \
            list ca.crl (RFC 5280) in its directory, and signs the list. The list takes effect in the grid once \
            `ipop publish ca.crl` has been run at any of its gateways, which may be another machine: the file is all \
            that it takes.
            """)

    @Argument(help: "Site names, serial numbers, or files of certificates or bundles.")
    var what: [String]

    @OptionGroup var authority: AuthorityOption

    func run() throws {
        let directory = authority.directory
        let signer = try directory.open()
        let now = CertificateAuthority.systemTime()
        var list = try directory.revocations(of: signer.certificate)
        var added = 0
        for item in what {
            for serial in try serials(item, directory) {
                let isNew = list.add(RevocationList.Entry(serial: serial, date: now))
                print("\(serial): \(isNew ? "revoked" : "was revoked before")")
                added += isNew ? 1 : 0
            }
        }
        guard added > 0 else { return }
        let text: String
        do throws(OpenSSLError) {
            text = try list.signed(by: signer, now: now)
        } catch {
            throw CommandFailure("cannot sign the revocation list: \(error)")
        }
        try CommandFiles.write(directory.revocationFile, text, mode: 0o644)
        print("\(directory.revocationFile): revocation list \(list.number), \(list.entries.count) certificates")
        print("run this at any gateway of the grid, with the file: ipop publish \(directory.revocationFile)")
    }

    private func serials(_ item: String, _ directory: AuthorityDirectory) throws(CommandFailure) -> [String] {
        if SiteName.isValid(item) {
            let issued = try directory.issued(to: item)
            if !issued.isEmpty { return issued.map(\.certificate.details.serial) }
        }
        let isSerial = item.utf8.count == 32 && item.allSatisfy(\.isHexDigit)
        if isSerial { return [item.lowercased()] }
        guard let text = try CommandFiles.readTextIfPresent(item) else {
            throw CommandFailure(
                "'\(item)' is neither a site with certificates from \(directory.path), nor a serial number, nor a file")
        }
        do throws(OpenSSLError) {
            return [try Certificate(pem: text).details.serial]
        } catch {
            throw CommandFailure("\(item): \(error)")
        }
    }
}
