import NetworkTypes
package import RoutePlanning

extension HostNetworkWriter {
    /// What one step makes possible is planned in the next round: a bridge, then what is in it.
    private static let rounds = 8

    /// Applies what `plan` asks for, reading the kernel anew before each round, until it asks for nothing more.
    ///
    /// - Throws: the first refusal; what was applied before it stays.
    package func carryOut(
        device: String, reader: borrowing HostNetworkReader, _ plan: (HostNetworkState) -> [HostNetworkStep]
    ) throws(NetlinkError) {
        for _ in 0..<Self.rounds {
            let steps = plan(try reader.read(device: device))
            if steps.isEmpty { return }
            for step in steps { try apply(step) }
        }
        if let step = plan(try reader.read(device: device)).first {
            throw NetlinkError(operation: "\(step)", cause: .withoutEffect)
        }
    }
}
