import ArgumentParser
import LinuxSystem
import NetworkTypes
import OpenSSLLink

/// `ipop cert request`.
struct CertRequest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Make a key at the site, and a request for a certificate",
        discussion: """
            Writes a new key (mode 0600) and a signing request (PKCS#10). When the key's file exists, the key in it is \
            used again, so that the node address stays. Send the request to the authority, which answers with a bundle \
            (`ipop cert issue SITE --csr FILE.csr`), and join with both: `ipop join SITE.ipop --key FILE.key`.
            """)

    @Argument(help: "The site's name.", transform: ArgumentReading.name)
    var site: String

    @Option(help: ArgumentHelp("Where to write the request.", valueName: "file.csr"))
    var out: String

    @Option(help: ArgumentHelp("Where to write the key, or where it is.", valueName: "file.key"))
    var key: String

    @Option(
        help: ArgumentHelp(
            "The grid that the request is for; the authority refuses one for another.", valueName: "name"),
        transform: ArgumentReading.name)
    var grid: String?

    func run() throws {
        try CommandFiles.refuseStranger(out, kind: "request", label: "CERTIFICATE REQUEST")
        let existing = try CommandFiles.readTextIfPresent(key)
        let pair: PrivateKey
        let request: CertificateSigningRequest
        do throws(OpenSSLError) {
            pair = if let existing { try PrivateKey(pem: existing) } else { try PrivateKey.generate() }
            request = try CertificateSigningRequest.make(site: site, grid: grid, key: pair)
        } catch {
            throw CommandFailure(existing == nil ? "cannot make a request: \(error)" : "\(key): \(error)")
        }
        if existing == nil { try CommandFiles.write(key, pair.pem, mode: 0o600) }
        try CommandFiles.write(out, request.pem, mode: 0o644)
        print(
            """
            request of site \(site), node \(pair.publicKeyNodeAddress)
              \(key)  the site's key\(existing == nil ? "" : ", as it was"): it stays here
              \(out)  the request: send it to the authority
            """)
    }
}
