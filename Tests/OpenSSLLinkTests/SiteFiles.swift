import OpenSSLLink

/// A site's files, and the arguments by which `openssl s_client` and `s_server` use them.
struct SiteFiles {
    let directory: TemporaryDirectory
    let arguments: [String]

    init(_ grid: TestGrid, _ site: String) throws {
        directory = try TemporaryDirectory()
        let identity = try grid.identity(site, ["10.0.0.0/8"])
        arguments = [
            "-cert", try directory.write("site.crt", identity.certificate.pem),
            "-key", try directory.write("site.key", identity.key.pem),
            "-CAfile", try directory.write("ca.crt", grid.authority.certificate.pem),
        ]
    }
}
