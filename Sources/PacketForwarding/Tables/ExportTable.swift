import NetworkTypes

/// The own exports by the LAN's addresses and by the grid's, each with what maps the one to the other.
struct ExportTable: ~Copyable {
    /// Where the two tables find nothing.
    static let nothing = AddressTable.nothing
    /// An export of a site that maps nothing: its packets need no second look.
    static let plain: Int32 = 0

    private let bySubnet: AddressTable
    private let byVirtual: AddressTable
    /// From the LAN's addresses to the grid's, and back, by the tables' values.
    private let leaving: UnsafeMutablePointer<PrefixMapping>
    private let arriving: UnsafeMutablePointer<PrefixMapping>

    init(_ exports: [ForwardedExport] = []) {
        // Beside a mapped export all need the second look: an error about its host may come from any of them.
        let isPlain = !exports.contains(where: \.isMapped)
        var subnets: [(prefix: IPPrefix, value: Int32)] = []
        var virtuals: [(prefix: IPPrefix, value: Int32)] = []
        leaving = .allocate(capacity: exports.count + 1)
        arriving = .allocate(capacity: exports.count + 1)
        leaving.initialize(to: .none)
        arriving.initialize(to: .none)
        for (index, export) in exports.enumerated() {
            let value = isPlain ? Self.plain : Int32(index + 1)
            subnets.append((export.subnet, value))
            virtuals.append((export.virtual, value))
            (leaving + index + 1).initialize(to: PrefixMapping(from: export.subnet, to: export.virtual))
            (arriving + index + 1).initialize(to: PrefixMapping(from: export.virtual, to: export.subnet))
        }
        bySubnet = AddressTable(subnets)
        byVirtual = AddressTable(virtuals)
    }

    deinit {
        leaving.deallocate()
        arriving.deallocate()
    }

    /// The export that an address of the LAN is in, or `nothing`.
    func subnet(of bytes: UnsafeRawPointer, isV6: Bool) -> Int32 { bySubnet.value(at: bytes, isV6: isV6) }

    /// The export that an address of the grid is in, or `nothing`.
    func virtual(of bytes: UnsafeRawPointer, isV6: Bool) -> Int32 { byVirtual.value(at: bytes, isV6: isV6) }

    /// What an export's addresses become on their way out; nothing else for `plain` and `nothing`.
    func mappingOut(_ export: Int32) -> PrefixMapping { leaving[Int(max(export, 0))] }

    /// What they become on their way in.
    func mappingIn(_ export: Int32) -> PrefixMapping { arriving[Int(max(export, 0))] }
}
