import Foundation
import GatewayLab

extension Lab {
    /// Joins a site to another grid than the lab's, telling it of the lab's first gateway.
    ///
    /// - Parameter grid: the other grid's name, which may be the same as the lab's.
    func joinForeign(_ site: LabSite, grid: String) throws {
        let authority = "\(directory)/foreign-\(grid)", paths = directories(site)
        try ipop(["grid", "create", grid, "--pool", "10.128.0.0/9", "--out", authority])
        try ipop([
            "cert", "issue", site.name, "--ca", authority, "--subnet", site.subnets[0], "--bootstrap",
            "\(sites[0].wanAddress):\(LabAddresses.port)", "--out", paths.bundle,
        ])
        try require(["ipop", "join", paths.bundle, "--lan", "lan"], at: .gateway(site))
    }

    /// Replaces a joined site's certificate by one for the same key from the lab's authority that ends at a given time.
    func replaceCertificate(_ site: LabSite, notAfter: Date) throws {
        let format = DateFormatter()
        format.dateFormat = "yyyyMMddHHmmss'Z'"
        format.timeZone = TimeZone(identifier: "UTC")
        let tls = directories(site).configuration + "/tls", work = "\(directory)/renewal"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        let settings = """
            [ca]
            default_ca = lab
            [lab]
            database = \(work)/index
            new_certs_dir = \(work)
            serial = \(work)/serial
            default_md = sha256
            policy = any
            x509_extensions = site
            [any]
            commonName = supplied
            [req]
            distinguished_name = name
            [name]
            [site]
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            extendedKeyUsage = serverAuth, clientAuth
            subjectAltName = URI:ipop://\(plan.name)/\(site.name)
            sbgp-ipAddrBlock = critical, IPv4:\(site.subnets[0]), IPv6:\(site.subnets[1])

            """
        try Data(settings.utf8).write(to: URL(fileURLWithPath: "\(work)/openssl.cnf"))
        try Data().write(to: URL(fileURLWithPath: "\(work)/index"))
        try Data("1000\n".utf8).write(to: URL(fileURLWithPath: "\(work)/serial"))
        try ProgramRun.require([
            "openssl", "req", "-new", "-config", "\(work)/openssl.cnf", "-key", "\(tls)/site.key", "-subj",
            "/CN=\(site.name)", "-out", "\(work)/site.csr",
        ])
        try ProgramRun.require([
            "openssl", "ca", "-batch", "-notext", "-config", "\(work)/openssl.cnf", "-cert", "\(authority)/ca.crt",
            "-keyfile", "\(authority)/ca.key", "-in", "\(work)/site.csr", "-out", "\(work)/site.crt", "-startdate",
            "20200101000000Z", "-enddate", format.string(from: notAfter),
        ])
        try ProgramRun.require(["sh", "-c", "cat '\(work)/site.crt' > '\(tls)/site.crt'"])
    }

    /// `openssl s_client` over DTLS 1.2 from the WAN to a site's gateway. It ends with its input, after the handshake.
    func opensslClient(_ options: [String], to site: LabSite) throws -> ProgramResult {
        let client = [
            "timeout", "15", "openssl", "s_client", "-dtls1_2", "-connect",
            "\(site.wanAddress):\(LabAddresses.port)", "-CAfile", "\(authority)/ca.crt", "-verify_return_error",
        ]
        return try run(client + options, at: .wan)
    }
}
