import LinuxSystem
import PacketForwarding

/// The TAP as the data plane writes to it.
final class TapPort: FrameSink {
    let device: TapDevice
    /// Frames that the kernel did not take.
    private(set) var writeFailures: UInt64 = 0

    init(device: TapDevice) {
        self.device = device
    }

    func write(_ frame: UnsafeRawBufferPointer) {
        if device.write(frame) != .written { writeFailures += 1 }
    }
}
