import NetworkTypes

/// Whom a packet from a peer goes to.
struct Receiver {
    /// The kernel, or a host of the bridged LAN.
    let station: MACAddress
    /// The exported subnet that it goes into, as `ExportTable` numbers them.
    let export: Int32

    /// The kernel, which forwards into an exported subnet.
    init(export: Int32) {
        station = .overlayDevice
        self.export = export
    }

    /// A host of the bridged LAN, whose address is the same everywhere.
    init(station: MACAddress) {
        self.station = station
        export = ExportTable.plain
    }
}
