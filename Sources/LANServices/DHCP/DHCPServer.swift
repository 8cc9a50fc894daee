import NetworkTypes
import OrderedCollections

/// What the DHCP server keeps: who has which address, who is being served, and what there is to give.
struct DHCPServer {
    /// An address and the client that has it, or had it.
    struct Binding: Equatable {
        let client: DHCPClient
        var address: IPAddress
        var mac: MACAddress
        var name: String?
        var expires: Instant
        /// Its lease runs. If not it is kept for the client, as long as there is room.
        var isBound: Bool
    }

    /// The address blocks that this gateway holds.
    var blocks: [IPPrefix] = []
    /// Clients that are being served.
    var pending: [DHCPPending] = []
    /// How many blocks were wanted last.
    var wantedBlocks: Int?
    /// What there is may be short: to be counted.
    var isCountDue = true
    /// Clients ask and get nothing.
    var isShort = false

    private(set) var bindings: OrderedDictionary<DHCPClient, Binding> = [:]
    private var clients: [IPAddress: DHCPClient] = [:]
    private var quarantine: [(address: IPAddress, ends: Instant)] = []

    /// The binding of a client.
    func binding(of client: DHCPClient) -> Binding? { bindings[client] }

    /// The binding of an address.
    func binding(at address: IPAddress) -> Binding? { clients[address].flatMap { bindings[$0] } }

    /// Every binding, in the order in which clients came.
    var all: [Binding] { Array(bindings.values) }

    /// Notes a binding in place of the client's former one, and of another client's that has the same address.
    mutating func keep(_ binding: Binding) {
        if let other = clients[binding.address], other != binding.client { remove(other) }
        if let former = bindings[binding.client] { clients[former.address] = nil }
        if bindings[binding.client] == nil, bindings.count >= LANLimits.bindings,
            let oldest = bindings.values.first(where: { !$0.isBound })
        {
            remove(oldest.client)
        }
        bindings[binding.client] = binding
        clients[binding.address] = binding.client
        isCountDue = true
    }

    /// Forgets a client.
    mutating func remove(_ client: DHCPClient) {
        guard let binding = bindings.removeValue(forKey: client) else { return }
        clients[binding.address] = nil
        isCountDue = true
    }

    /// A client's lease has ended; its address is kept for it.
    mutating func end(_ client: DHCPClient) {
        bindings[client]?.isBound = false
        isCountDue = true
    }

    /// Whether an address lies in a block that this gateway holds.
    func isInBlock(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    // MARK: Quarantine

    /// Gives an address to nobody for a while.
    mutating func avoid(_ address: IPAddress, until ends: Instant) {
        quarantine.removeAll { $0.address == address }
        if quarantine.count >= LANLimits.quarantine { quarantine.removeFirst() }
        quarantine.append((address, ends))
    }

    func isAvoided(_ address: IPAddress, now: Instant) -> Bool {
        quarantine.contains { $0.address == address && $0.ends > now }
    }

    // MARK: Choosing

    /// The address to try for a client: what it had, what it asks for, or one that follows from its hardware's address,
    /// so that it is the same again when everything is forgotten.
    func choice(for request: DHCPRequest, in settings: LANServiceSettings, hosts: HostTable, now: Instant) -> IPAddress?
    {
        func isFree(_ address: IPAddress) -> Bool {
            guard settings.isHostAddress(address), !isAvoided(address, now: now),
                !pending.contains(where: { $0.address == address && $0.request.client != request.client })
            else { return false }
            if let binding = binding(at: address), binding.isBound { return binding.client == request.client }
            // A host with the client's own interface has had it by its own choice.
            return hosts[address].map { $0.host.mac == request.mac && $0.host.state.isUsable } ?? true
        }
        if let former = binding(of: request.client), isFree(former.address) { return former.address }
        if let wish = request.requested, isFree(wish) { return wish }
        // First those that nobody has had.
        return search(for: request.mac) { isFree($0) && clients[$0] == nil } ?? search(for: request.mac, isFree)
    }

    private func search(for mac: MACAddress, _ isFit: (IPAddress) -> Bool) -> IPAddress? {
        let size = blocks.reduce(0) { $0 + Self.size(of: $1) }
        guard size > 0 else { return nil }
        // The finisher of SplitMix64 spreads the addresses of one maker's interfaces.
        var mix = mac.rawValue &* 0xbf58_476d_1ce4_e5b9
        mix = (mix ^ (mix >> 29)) &* 0x94d0_49bb_1331_11eb
        let start = (mix ^ (mix >> 32)) % size
        for step in 0..<min(size, UInt64(LANLimits.searchedAddresses)) {
            if let address = address(at: (start + step) % size), isFit(address) { return address }
        }
        return nil
    }

    /// The address with a number, counted through the blocks.
    private func address(at number: UInt64) -> IPAddress? {
        var rest = number
        for block in blocks {
            if rest < Self.size(of: block) { return block.address.advanced(by: rest) }
            rest -= Self.size(of: block)
        }
        return nil
    }

    /// Addresses in a block of IPv4.
    static func size(of block: IPPrefix) -> UInt64 { 1 << UInt64(block.family.bitCount - block.length) }

    /// Addresses in the blocks, and how many of them hosts have.
    func count(in settings: LANServiceSettings, hosts: HostTable) -> (all: Int, used: Int) {
        let reserved = [settings.prefix(.v4)?.address, settings.serviceAddress(.v4), settings.prefix(.v4)?.lastAddress]
        let all = blocks.reduce(0) { sum, block in
            sum + Int(Self.size(of: block)) - reserved.count { $0.map(block.contains) ?? false }
        }
        return (all, hosts.addresses.count(where: isInBlock))
    }
}
