import NetworkTypes
import OrderedCollections

/// Hosts in bridged subnets, here and elsewhere, and what is under way about them. Bounded by `HostLimits`.
struct HostTable {
    /// A look-up in the store.
    struct Lookup {
        let address: IPAddress
        let token: UInt64
    }

    /// What has come and gone since the list of before.
    struct Change {
        var here: [HostMessage.Host] = []
        var gone: [IPAddress] = []
    }

    var local: OrderedDictionary<IPAddress, LocalHost> = [:]
    var remote: OrderedDictionary<IPAddress, RemoteHost> = [:]
    /// Addresses that nobody held when the store was asked, and until when that is believed.
    var absent: OrderedDictionary<IPAddress, Instant> = [:]
    var lookups: [Lookup] = []
    /// Which list of own hosts is the newest; 0 before there is one. Each life begins at a number of its own.
    var number: UInt64 = 0
    var blocks = BlockTable()
    /// When something is due; never later than that.
    private(set) var deadline: Instant?

    /// Looks again at `instant` at the latest.
    mutating func wake(at instant: Instant?) {
        guard let instant else { return }
        deadline = deadline.map { min($0, instant) } ?? instant
    }

    /// What was due is being done; whoever does it says when the next is.
    mutating func beginTimeouts() { deadline = nil }

    /// The own hosts that others may send to.
    var presentHosts: [HostMessage.Host] { local.values.filter(\.isPresent).map(\.message) }

    /// Notes where a host of another site is. `false` when there are too many.
    mutating func place(_ address: IPAddress, _ host: RemoteHost) -> Bool {
        guard remote[address] != nil || remote.count < HostLimits.remoteHosts else { return false }
        remote[address] = host
        absent[address] = nil
        wake(at: host.expires)
        wake(at: host.verifyAt)
        return true
    }

    /// Notes that nobody holds an address.
    mutating func noteAbsent(_ address: IPAddress, now: Instant) {
        if absent.count >= HostLimits.absent { absent.removeFirst() }
        absent[address] = now + HostLimits.absence
    }

    /// Forgets what is over by `now`. Returns the hosts that are, and those that the store is to be asked for.
    mutating func expire(now: Instant) -> (gone: [IPAddress], doubtful: [IPAddress]) {
        absent.removeAll { $0.value <= now }
        var result: (gone: [IPAddress], doubtful: [IPAddress]) = ([], [])
        for (address, host) in remote {
            if let expires = host.expires {
                if expires <= now { result.gone.append(address) } else { wake(at: expires) }
            }
            if let verifyAt = host.verifyAt {
                if verifyAt <= now { result.doubtful.append(address) } else { wake(at: verifyAt) }
            }
        }
        for address in result.doubtful { remote[address]?.verifyAt = nil }
        for address in result.gone { remote[address] = nil }
        return result
    }
}

/// How far one member knows this gateway's hosts, and this gateway those of the member.
struct HostExchange {
    /// The number of the list that it was sent last, and of the one that it has.
    var sent: UInt64 = 0
    var heard: UInt64 = 0
    var sentAt: Instant?
    /// The number of its list that is known here.
    var received: UInt64 = 0
}
