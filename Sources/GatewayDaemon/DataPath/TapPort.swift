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
        quieten()
    }

    /// Makes the device again after somebody has deleted it.
    func reopen() throws(TapDeviceError) {
        device = try TapDevice(name: device.name, offloads: offloads)
        quieten()
    }

    /// Keeps the kernel from looking for routers and from making addresses on the device: nobody is there to answer.
    /// The device works without, so a read-only /proc/sys is no error.
    private func quieten() {
        for (setting, value) in [("accept_ra", "0"), ("router_solicitations", "0"), ("addr_gen_mode", "1")] {
            try? InterfaceSettings.write(.v6, device: device.name, setting, value)
        }
    }

    func write(_ frame: UnsafeRawBufferPointer) {
        if device.write(frame) != .written { writeFailures += 1 }
    }
}
