package import NetworkTypes

/// One own export in the configuration that runs and in another one; one of the two at least has it.
package struct ExportChange: Equatable, Sendable {
    /// What becomes of it.
    package enum Kind: String, Sendable, CaseIterable {
        case added
        case removed
        /// It gets another virtual prefix.
        case mapped
        case kept
    }

    package let former: SubnetExport?
    package let new: SubnetExport?

    /// The subnet, as the LAN knows it.
    package var subnet: IPPrefix {
        guard let export = new ?? former else { preconditionFailure("an export is in one of the two configurations") }
        return export.subnet
    }

    /// What becomes of it.
    package var kind: Kind {
        guard let new else { return .removed }
        guard let former else { return .added }
        return former.virtual == new.virtual ? .kept : .mapped
    }

    /// The change in words; `nil` when there is none.
    var sentence: String? {
        switch kind {
        case .kept: nil
        case .removed: "export \(subnet) removed"
        case .added: "export \(subnet) added\(new?.isMapped == true ? ", \(target)" : "")"
        case .mapped: "export \(subnet) \(target)"
        }
    }

    private var target: String {
        guard let virtual = new?.virtual else { return "mapped to a leased prefix" }
        return virtual == subnet ? "not mapped" : "mapped to \(virtual)"
    }
}
