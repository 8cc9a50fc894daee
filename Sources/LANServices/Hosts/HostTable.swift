import NetworkTypes
import OrderedCollections

/// The hosts of this LAN, in the order in which they were found.
struct HostTable {
    /// A host, and what is going on with it.
    struct Record {
        var host: LANHost
        /// When a static host is asked whether it is there.
        var nextQuestion: Instant
        /// Questions since it was last heard.
        var questionCount = 0
        /// When the grid was last asked to hold the address.
        var asked: Instant
        /// Another interface has shown up with the address; the holder has until then to answer.
        var contest: Contest?
        /// When another interface was last seen with the address.
        var rivalSeen: Instant?
    }

    struct Contest {
        let rival: MACAddress
        let ends: Instant
    }

    private var records: OrderedDictionary<IPAddress, Record> = [:]
    private var names: [String: IPAddress] = [:]

    var count: Int { records.count }
    var isFull: Bool { records.count >= LANLimits.hosts }
    /// What status shows.
    var hosts: [LANHost] { records.values.map(\.host) }

    /// The record of an address. Removing one, by setting `nil`, is O(hosts).
    subscript(address: IPAddress) -> Record? {
        get { records[address] }
        set {
            let former = records[address]?.host.name
            if let former, former != newValue?.host.name, names[former] == address { names[former] = nil }
            if let name = newValue?.host.name { names[name] = address }
            records[address] = newValue
        }
    }

    /// The addresses in order: to go through while records change.
    var addresses: [IPAddress] { Array(records.keys) }

    /// Addresses that an interface has. O(hosts).
    func count(of mac: MACAddress) -> Int { records.values.count { $0.host.mac == mac } }

    /// The host with a name.
    func host(called name: String) -> LANHost? { names[name].flatMap { records[$0]?.host } }
}
