import LinuxSystem
import NetworkTypes

/// What outlives a restart: where members were. May be deleted without harm beyond a slower join.
struct StateFiles {
    let directory: String

    private var membersPath: String { "\(directory)/members" }
    /// More are not tried at the start anyway.
    private static let memberLimit = 256

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
}
