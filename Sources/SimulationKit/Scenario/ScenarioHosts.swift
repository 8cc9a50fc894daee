import NetworkTypes

/// What a scenario has said of hosts on bridged LANs, and what becomes of their addresses.
struct ScenarioHosts {
    /// Of each member.
    let countPerMember: Int
    /// Of each address's lease.
    let lifetime: Duration
    let ledger = AddressLedger()
    /// Hosts that there ever were: each has a MAC address of its own.
    var madeCount = 0
    /// An address that one host remembers, and the next rival will.
    var rivalAddress: IPAddress?
}
