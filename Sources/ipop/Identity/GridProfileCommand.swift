import ArgumentParser
import GatewayConfiguration
import NetworkTypes

/// `ipop grid profile`.
struct GridProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Sign another profile of the grid: pools, lease time",
        discussion: """
            Writes grid.yaml in the authority's directory anew, with what is given in place of what it said. \
            `ipop publish` at any member brings it to all: the newest profile holds. Pools that are given replace all \
            that there were; what was leased of a pool that is gone is leased anew from the others.

            Example:

              ipop grid profile --ca physics-ca/ --pool 10.128.0.0/9 fd00:77::/32
            """)

    @Option(help: ArgumentHelp("The authority's directory.", valueName: "dir"))
    var ca: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The grid's virtual address space, IPv4 or IPv6; may be repeated.", valueName: "cidr"),
        transform: ArgumentReading.prefix)
    var pool: [IPPrefix] = []

    @Option(help: ArgumentHelp("How long a lease outlives its owner.", valueName: "seconds"))
    var leaseSeconds: Int?

    func validate() throws {
        if pool.isEmpty, leaseSeconds == nil {
            throw ValidationError("nothing to change: give --pool or --lease-seconds")
        }
        try ArgumentReading.checkDisjoint(pool, option: "--pool")
        try ArgumentReading.checkRoutable(pool, option: "--pool")
        try ArgumentReading.checkLease(leaseSeconds)
    }

    func run() throws {
        let directory = AuthorityDirectory(path: ca)
        let profile = try directory.renewProfile(pools: pool.isEmpty ? nil : pool, leaseSeconds: leaseSeconds)
        let pools = profile.pools.map(\.description).joined(separator: ", ")
        let lease = profile.leaseSeconds.map { ", leases of \($0) s" } ?? ""
        print(
            """
            grid \(profile.grid), pool \(pools)\(lease)
              \(directory.profileFile)  the grid's signed profile
            next, at any member: ipop publish grid.yaml
            """)
    }
}
