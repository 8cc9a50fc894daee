/// What `ipop doctor` found of this host.
package struct DoctorReport: Equatable, Sendable {
    package var checks: [DoctorCheck]

    package init(checks: [DoctorCheck]) {
        self.checks = checks
    }

    /// 1 with a failure, or with a warning that makes a gateway degraded.
    package var exit: ProgramExit { checks.contains(where: \.degrades) ? .degraded : .healthy }

    /// The document of `ipop doctor --json`.
    package var json: JSONValue {
        ["schema": JSONValue(StatusReport.schema), "checks": .list(checks, \.json)]
    }

    /// A line a check, with what to do below those that need it; then the counts. Every line ends with a line break.
    package func text(colour: Bool, width: Int?) -> String {
        let longest = checks.map(\.name.rawValue.count).max() ?? 0
        var lines: [String] = []
        for check in checks {
            let name = check.name.rawValue + String(repeating: " ", count: longest - check.name.rawValue.count)
            let mark = check.state.mark
            let indentation = name.count + 2 + mark.text.count + 1
            let front = "\(name)  \(mark.style.paint(mark.text, colour: colour)) "
            lines += check.text.printable.lines(behind: front, indentation: indentation, width: width)
            if let fix = check.fix {
                let blanks = String(repeating: " ", count: indentation)
                lines += fix.printable.lines(behind: blanks + "fix: ", indentation: indentation + 5, width: width)
            }
        }
        let counts = DoctorState.allCases.map { state in "\(checks.count { $0.state == state }) \(state.words)" }
        lines += ["", counts.joined(separator: ", ")]
        return lines.map { $0 + "\n" }.joined()
    }
}

/// One thing that was looked at.
package struct DoctorCheck: Equatable, Sendable {
    package var name: DoctorCheckName
    package var state: DoctorState
    /// What was found, one clause without a full stop.
    package var text: String
    /// What to do; `nil` when there is nothing to do.
    package var fix: String?
    /// A gateway with this is degraded.
    package var degrades: Bool

    /// A failure degrades; another state does when `degrades` says so.
    package init(
        _ name: DoctorCheckName, _ state: DoctorState, _ text: String, fix: String? = nil, degrades: Bool = false
    ) {
        self.name = name
        self.state = state
        self.text = text
        self.fix = fix
        self.degrades = degrades || state == .failure
    }

    var json: JSONValue {
        [
            "name": .string(name.rawValue), "state": .string(state.rawValue), "text": .string(text), "fix": .text(fix),
        ]
    }
}

/// How a check came out.
package enum DoctorState: String, Sendable, CaseIterable {
    case ok
    case warning
    case failure
    /// It could not be seen; the text says why.
    case unknown

    var mark: (text: String, style: TextStyle) {
        switch self {
        case .ok: ("ok  ", .good)
        case .warning: ("warn", .warning)
        case .failure: ("FAIL", .bad)
        case .unknown: ("?   ", .warning)
        }
    }

    fileprivate var words: String {
        switch self {
        case .ok: "ok"
        case .warning: "with a warning"
        case .failure: "failed"
        case .unknown: "not seen"
        }
    }
}

/// What is looked at. A closed list; names are only ever added.
package enum DoctorCheckName: String, Sendable, CaseIterable {
    case configuration
    case daemon
    case capabilities
    case tun
    case device
    case mtu
    case lanInterface = "lan-interface"
    case defaultRouter = "default-router"
    case forwardingIPv4 = "forwarding-ipv4"
    case forwardingIPv6 = "forwarding-ipv6"
    case reversePath = "reverse-path"
    case routerAdvertisements = "router-advertisements"
    case firewall
    case sourceNAT = "source-nat"
    case bridgeFilter = "bridge-filter"
    case connectionTracking = "connection-tracking"
    case certificate
    case clock
    case udpPort = "udp-port"
    case tcpPort = "tcp-port"
    case udp
    case nat
    case networkPrograms = "network-programs"

    /// What the check looks at, one sentence.
    package var meaning: String {
        switch self {
        case .configuration: "The files in /etc/ipop can be read; `ipop check` looks at them closely."
        case .daemon: "The daemon runs, answers, and is in the grid."
        case .capabilities: "The daemon has CAP_NET_ADMIN."
        case .tun: "/dev/net/tun is there and the daemon's user may open it."
        case .device: "The overlay's device exists and is up."
        case .mtu: "The overlay's device and the LAN have one MTU, and it is not under 1,280."
        case .lanInterface: "The LAN interface exists, is up and has a carrier."
        case .defaultRouter: "The gateway is its LAN's router, as far as its own default route tells."
        case .forwardingIPv4: "The kernel forwards IPv4."
        case .forwardingIPv6: "The kernel forwards IPv6, where a subnet needs it."
        case .reversePath: "rp_filter of the LAN interface and of the overlay's device is not strict."
        case .routerAdvertisements: "A default route learnt from router advertisements survives forwarding."
        case .firewall: "The firewall lets packets pass between the LAN interface and the overlay's device, both ways."
        case .sourceNAT: "No rule rewrites the source of what goes into the overlay."
        case .bridgeFilter:
            "On a bridged LAN: br_netfilter does not let the firewall drop what passes between the bridge's ports."
        case .connectionTracking: "The kernel's table of connections has room."
        case .certificate: "The site's certificate is valid now, and for 14 days more."
        case .clock: "The clock is synchronised."
        case .udpPort: "The listen port is the daemon's."
        case .tcpPort: "The TCP port of the same number: who listens there."
        case .udp: "UDP gets out and back."
        case .nat: "The NAT before this gateway (RFC 4787)."
        case .networkPrograms: "NetworkManager and systemd-networkd leave the overlay's device alone."
        }
    }
}
