import ArgumentParser
import ControlProtocol
import NetworkTypes
import OpenSSLLink

/// `ipop grid`.
struct GridCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grid",
        abstract: "Make a grid",
        discussion: """
            A grid is one virtual network: a name, a certificate authority and an address pool. Two grids never mix.
            """,
        subcommands: [GridCreate.self, GridProfileCommand.self])
}

/// `ipop grid create`.
struct GridCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a grid: its authority's key, certificate and signed profile",
        discussion: """
            Writes ca.key (mode 0600), ca.crt and grid.yaml into DIR. Whoever has ca.key can let sites into the grid: \
            keep the directory off the gateways, and keep a copy of it. A directory that holds an authority already is \
            refused.

            The pool is the grid's virtual address space, of which sites lease addresses and prefixes; choose one that \
            no site uses. Example:

              ipop grid create physics --pool 10.128.0.0/9 --out physics-ca/
            """)

    @Argument(
        help: "The grid's name: \(SiteName.rule).", transform: ArgumentReading.name)
    var name: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The grid's virtual address space, IPv4 or IPv6; may be repeated.", valueName: "cidr"),
        transform: ArgumentReading.prefix)
    var pool: [IPPrefix]

    @Option(help: ArgumentHelp("How long a lease outlives its owner; an hour when not given.", valueName: "seconds"))
    var leaseSeconds: Int?

    @Option(help: ArgumentHelp("The directory to make.", valueName: "dir"))
    var out: String

    @Option(help: "Days until the authority's certificate ends.")
    var days = 3_650

    func validate() throws {
        if pool.isEmpty { throw ValidationError("--pool is missing, as in --pool 10.128.0.0/9") }
        try ArgumentReading.checkDisjoint(pool, option: "--pool")
        try ArgumentReading.checkRoutable(pool, option: "--pool")
        try ArgumentReading.checkLease(leaseSeconds)
        try CertificateText.checkDays(days)
    }

    func run() throws {
        let directory = AuthorityDirectory(path: out)
        let authority = try directory.create(grid: name, pools: pool, leaseSeconds: leaseSeconds, days: days)
        let end = UTCTime(unixSeconds: authority.certificate.details.notAfter)
        let pools = pool.sorted().map(\.description).joined(separator: ", ")
        print(
            """
            grid \(name), pool \(pools), authority valid until \(end)
              \(directory.keyFile)    the authority's key: keep it secret, keep a copy
              \(directory.certificateFile)    its certificate, for everyone
              \(directory.profileFile)  the grid's signed profile
            next: ipop cert issue SITE --ca \(out) --subnet CIDR --bootstrap HOST:PORT --out SITE.ipop
            """)
    }
}
