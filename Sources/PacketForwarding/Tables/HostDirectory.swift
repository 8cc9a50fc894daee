import NetworkTypes

/// What the data plane knows of bridged subnets: which addresses are looked up one by one, and where they are.
struct HostDirectory: ~Copyable {
    /// What `range(of:)` finds for an address of the subnet that this LAN is part of.
    static let own: Int32 = 0
    /// What it finds for one of a subnet that only other sites bridge into.
    static let remote: Int32 = 1

    /// Whether this site's LAN is bridged: frames come from its stations, not only from the kernel.
    private(set) var isBridged = false
    /// Whether there is any bridged subnet.
    private(set) var hasRanges = false
    private var ranges = AddressTable()
    private var serviceV4: HostKey?
    private var serviceV6: HostKey?
    var table: HostTable
    var unresolved: UnresolvedHosts

    init(limits: ForwardingLimits, seed: UInt64) {
        table = HostTable(limit: limits.hosts, seed: seed)
        unresolved = UnresolvedHosts(limit: limits.unresolvedHosts)
    }

    mutating func setRanges(own lan: BridgedLAN?, remote: [IPPrefix]) {
        isBridged = lan != nil
        let own = lan?.subnets ?? []
        hasRanges = !own.isEmpty || !remote.isEmpty
        ranges = AddressTable(remote.map { ($0, Self.remote) } + own.map { ($0, Self.own) })
        let services = lan?.serviceAddresses ?? []
        serviceV4 = services.first { $0.family == .v4 }.map(HostKey.init)
        serviceV6 = services.first { $0.family == .v6 }.map(HostKey.init)
    }

    /// `own`, `remote`, or less than 0 for an address of no bridged subnet.
    func range(of address: UnsafeRawPointer, isV6: Bool) -> Int32 { ranges.value(at: address, isV6: isV6) }

    /// The service address is no host's: each site's gateway answers for it.
    func isService(_ key: HostKey) -> Bool { key == serviceV4 || key == serviceV6 }
}
