import LinuxSystem
import NetworkTypes
import PacketForwarding

/// The TAP as the data plane writes to it.
final class TapPort: FrameSink {
    private(set) var device: TapDevice
    private let offloads: TapOffloads
    /// Frames that the kernel did not take.
    private(set) var writeFailures: UInt64 = 0

    /// Makes the device, or takes over the one that an earlier run left.
    init(name: String, offloads: TapOffloads) throws(TapDeviceError) {
        self.offloads = offloads
        device = try TapDevice(name: name, offloads: offloads)
        adjustSettings()
    }

    /// Makes the device again after somebody has deleted it.
    func reopen() throws(TapDeviceError) {
        device = try TapDevice(name: device.name, offloads: offloads)
        adjustSettings()
    }

    /// Keeps the kernel from looking for routers and from making addresses on the device: nobody is there to answer.
    /// Lets it take the ICMP errors of the data plane, whose source is an address of this very host: without leave that
    /// is a forgery to the kernel. The device works without, so a read-only /proc/sys is no error.
    private func adjustSettings() {
        let settings: [(family: AddressFamily, name: String, value: String)] = [
            (.v4, "accept_local", "1"), (.v6, "accept_ra", "0"), (.v6, "router_solicitations", "0"),
            (.v6, "addr_gen_mode", "1"),
        ]
        for setting in settings {
            try? InterfaceSettings.write(setting.family, device: device.name, setting.name, setting.value)
        }
    }

    func write(_ frame: UnsafeRawBufferPointer) {
        if device.write(frame) != .written { writeFailures += 1 }
    }
}
