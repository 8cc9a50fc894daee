import ArgumentParser

/// `ipop cert`.
struct CertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cert",
        abstract: "Issue, renew, revoke, show and verify certificates",
        discussion: """
            Certificates are plain X.509: the subject is the site, the alternative name is ipop://GRID/SITE, and the \
            RFC 3779 address blocks are the subnets that the site may announce. `openssl x509 -text` shows all of it.

            There are two ways to let a site in. Either the authority makes all: `cert issue SITE --subnet CIDR --out \
            SITE.ipop` gives a bundle with the site's key in it, to be carried over a protected channel. Or the key \
            never leaves the site: `cert request` there, `cert issue --csr` at the authority, `ipop join --key` at the \
            site.
            """,
        subcommands: [
            CertRequest.self, CertIssue.self, CertRenew.self, CertRevoke.self, CertShow.self, CertVerify.self,
        ])
}

/// `--ca` of the commands that sign.
struct AuthorityOption: ParsableArguments {
    @Option(help: ArgumentHelp("The authority's directory, as 'ipop grid create' made it.", valueName: "dir"))
    var ca: String

    var directory: AuthorityDirectory { AuthorityDirectory(path: ca) }
}
