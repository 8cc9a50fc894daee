import GatewayCore
import LANServices
import LinuxSystem
import NetworkTypes
import OverlayStore

/// What outlives a restart: where members were, own leases, the LAN's hosts, and what the grid's authority has
/// published. May be deleted without harm beyond a slower join; after a power loss of the whole grid the leases tell
/// who had a prefix first, and the publications who is revoked.
struct StateFiles {
    let directory: String

    private var membersPath: String { "\(directory)/members" }
    private var leasesPath: String { "\(directory)/leases" }
    private var hostsPath: String { "\(directory)/hosts" }
    private var publicationsPath: String { "\(directory)/publications" }
    /// More are not tried at the start anyway.
    private static let memberLimit = 256

    /// A file of this directory cannot be used.
    struct Damage: Error {
        let file: String
        var reason = "it is not as it was written"
    }

    /// Endpoints of members as of the last run; empty when there are none, or the file is damaged.
    func rememberedMembers() -> [Endpoint] {
        guard let bytes = try? FileSystem.readIfPresent(membersPath) else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.prefix(Self.memberLimit).compactMap { Endpoint(String($0)) }
    }

    /// Replaces the file as a whole.
    func remember(_ endpoints: [Endpoint]) throws(SystemError) {
        let text = endpoints.prefix(Self.memberLimit).map { "\($0)\n" }.joined()
        try FileSystem.write(membersPath, Array(text.utf8), mode: 0o600)
    }

    /// Own leases as of the last run of `node`; `nil` when there are none.
    func rememberedLeases(of node: NodeAddress) throws(Damage) -> StoreMemory? {
        guard let bytes = try read(leasesPath, limit: StoreMemory.byteCount) else { return nil }
        guard let memory = try? StoreMemory(reading: bytes) else { throw Damage(file: leasesPath) }
        guard memory.node == node else { throw Damage(file: leasesPath, reason: "it is another gateway's") }
        return memory
    }

    /// Replaces the file as a whole.
    func remember(_ memory: StoreMemory) throws(SystemError) {
        try FileSystem.write(leasesPath, memory.encoded, mode: 0o600)
    }

    /// Hosts of the bridged LAN and their leases as of the last run; `nil` when there are none.
    func rememberedHosts() throws(Damage) -> LANMemory? {
        guard let bytes = try read(hostsPath, limit: LANMemory.byteCount) else { return nil }
        guard let memory = try? LANMemory(reading: bytes) else { throw Damage(file: hostsPath) }
        return memory
    }

    /// Replaces the file as a whole.
    func remember(_ memory: LANMemory) throws(SystemError) {
        try FileSystem.write(hostsPath, memory.encoded, mode: 0o600)
    }

    /// Publications as of the last run, not verified; `nil` when there are none.
    func rememberedPublications() throws(Damage) -> PublicationMemory? {
        guard let bytes = try read(publicationsPath, limit: PublicationMemory.byteCount) else { return nil }
        guard let memory = try? PublicationMemory(reading: bytes) else { throw Damage(file: publicationsPath) }
        return memory
    }

    /// Replaces the file as a whole.
    func remember(_ memory: PublicationMemory) throws(SystemError) {
        try FileSystem.write(publicationsPath, memory.encoded, mode: 0o600)
    }

    private func read(_ path: String, limit: Int) throws(Damage) -> [UInt8]? {
        do throws(SystemError) {
            return try FileSystem.readIfPresent(path, limit: limit)
        } catch {
            throw Damage(file: path, reason: "\(error)")
        }
    }
}
