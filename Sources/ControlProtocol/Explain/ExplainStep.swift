/// One thing that must be so for a packet to pass, and whether it is.
package struct ExplainStep: Equatable, Sendable {
    /// The site whose gateway was looked at.
    package var site: String
    /// An `ExplainStepName`, or a newer gateway's name for a step.
    package var name: String
    /// `nil` when it cannot be told.
    package var isPassed: Bool?
    /// What was found, one clause without a full stop.
    package var text: String
    /// Why it fails, an `ExplainCode` or a newer one; `nil` unless it does.
    package var code: String?
    /// What to do about it, one sentence; `nil` unless it fails.
    package var fix: String?

    package init(
        site: String, name: String, isPassed: Bool?, text: String, code: String? = nil, fix: String? = nil
    ) {
        self.site = site
        self.name = name
        self.isPassed = isPassed
        self.text = text
        self.code = code
        self.fix = fix
    }

    /// A step that passes, or that cannot be told.
    package init(_ site: String, _ name: ExplainStepName, _ isPassed: Bool?, _ text: String) {
        self.init(site: site, name: name.rawValue, isPassed: isPassed, text: text)
    }

    /// A step that fails. Without `fix` it is the code's own.
    package init(
        _ site: String, _ name: ExplainStepName, fails code: ExplainCode, _ text: String, fix: String? = nil
    ) {
        self.init(
            site: site, name: name.rawValue, isPassed: false, text: text, code: code.rawValue,
            fix: fix ?? code.explanation.fix)
    }

    var json: JSONValue {
        [
            "site": .string(site), "name": .string(name), "ok": .optional(isPassed) { JSONValue($0) },
            "text": .string(text),
        ]
    }
}

/// The steps from LAN host to LAN host, in the order that they have at this site; the far site's are some of the same.
/// A closed list; names are only ever added.
package enum ExplainStepName: String, Sendable, CaseIterable {
    case daemon
    case source
    case lanInterface = "lan-interface"
    case lanHost = "lan-host"
    case device
    case forwarding
    case reversePath = "reverse-path"
    case owner
    case route
    case firewall
    case defaultRouter = "default-router"
    case peer
    case pathMTU = "path-mtu"
    // At the far site only.
    case farGateway = "far-gateway"
    case export
    case sourceCheck = "source-check"

    /// What the step looks at, one sentence.
    package var meaning: String {
        switch self {
        case .daemon: "The daemon runs and is in the grid."
        case .source: "The source is in a subnet that this site exports and announces."
        case .lanInterface: "The LAN interface exists and is up."
        case .lanHost: "The kernel reaches the host through the LAN interface, and the host answers ARP or ND."
        case .device: "The overlay's device exists and is up."
        case .forwarding: "The kernel forwards the family's packets that come from the LAN and from the overlay."
        case .reversePath: "rp_filter lets packets of both directions pass."
        case .owner: "A site announces a prefix that the destination is in, and this gateway takes it."
        case .route: "The route that the kernel chooses leads into the overlay: to the destination here, back there."
        case .firewall: "No rule of nftables or iptables drops the packet or its answer, or rewrites its source."
        case .defaultRouter: "The gateway is its LAN's router, as far as its own default route tells."
        case .peer: "A path to the site's gateway is up."
        case .pathMTU: "How large a packet travels in one piece."
        case .farGateway: "The far gateway answers the question for its half."
        case .export: "The far site exports and announces a subnet that the destination is in."
        case .sourceCheck: "The far gateway takes packets with this source from this site."
        }
    }
}
