import LinuxSystem
package import RoutePlanning

/// The record of the LAN's bridge on the disk.
package struct BridgeFile {
    /// Its name in the state directory.
    package static let name = "bridge"
    private let path: String

    /// In the state directory.
    package init(directory: String) {
        path = "\(directory)/\(Self.name)"
    }

    /// What stands there; `nil` when no bridge was made.
    package func read() throws(BridgeRefusal) -> BridgeRecord? {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try FileSystem.readIfPresent(path, limit: BridgeRecord.byteCountLimit)
        } catch {
            throw .journal("\(error)")
        }
        guard let bytes else { return nil }
        guard let record = BridgeRecord(text: String(decoding: bytes, as: UTF8.self)) else {
            throw .journal("\(path) is not as it was written")
        }
        return record
    }

    /// Replaces what stands there as a whole; it is on the disk when this returns.
    package func write(_ record: BridgeRecord) throws(BridgeRefusal) {
        do throws(SystemError) {
            try FileSystem.write(path, Array(record.text.utf8), mode: 0o600)
        } catch {
            throw .journal("\(error)")
        }
    }

    /// There is no bridge of ours any more.
    package func remove() throws(BridgeRefusal) {
        do throws(SystemError) {
            try FileSystem.remove(path)
        } catch {
            throw .journal("\(error)")
        }
    }
}
