import GatewayCore
import LinkSecurity

/// The newest grid profile that this gateway has heard of, as the daemon keeps it over a restart.
package enum PublishedProfile {
    /// Its content, which is verified by whoever uses it; `nil` when none was published, or it cannot be read.
    package static func saved(in stateDirectory: String) -> [UInt8]? {
        let memory = try? StateFiles(directory: stateDirectory).rememberedPublications()
        return memory?.items.first { $0.kind == .gridProfile }?.content
    }
}
