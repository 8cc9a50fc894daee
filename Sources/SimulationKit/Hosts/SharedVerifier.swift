package import GatewayCore
package import LinkSecurity
import NetworkTypes

/// Verifies each announcement once for all gateways of the process, which then share its record: ten thousand
/// directories of a thousand members would not fit otherwise.
package final class SharedVerifier: AnnouncementVerifier {
    /// The newest of each member; look-ups only.
    private var records: [NodeAddress: AnnouncementRecord] = [:]
    private let direct = DirectVerifier()

    package init() {}

    /// The record that is shared, or a new one. Simulated signers make each sequence number once.
    package func verify(
        _ encoded: [UInt8], by identity: any IdentityAuthority
    ) -> Result<AnnouncementRecord, AnnouncementFault> {
        if let (node, sequence) = Announcement.peek(encoded), let record = records[node], record.sequence == sequence,
            record.identity.grid == identity.own.grid
        {
            return .success(record)
        }
        let result = direct.verify(encoded, by: identity)
        if case .success(let record) = result, records[record.node].map({ $0.sequence < record.sequence }) ?? true {
            records[record.node] = record
        }
        return result
    }
}
