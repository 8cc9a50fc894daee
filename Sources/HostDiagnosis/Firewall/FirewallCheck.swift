package import ControlProtocol
package import NetworkTypes

/// What a firewall does to everything that passes between a LAN and the overlay, whatever its addresses.
package struct FirewallCheck {
    /// How a question about all packets came out.
    package enum Outcome: Equatable, Sendable {
        case passes
        /// All of it is stopped.
        case stops(FirewallFinding)
        /// Some of it may be.
        case mayStop(FirewallFinding)
    }

    private let lan: String
    private let device: String
    private let families: [AddressFamily]
    private let ruleset: FirewallRuleset

    package init(lan: String, device: String, families: [AddressFamily], ruleset: FirewallRuleset) {
        self.lan = lan
        self.device = device
        self.families = families
        self.ruleset = ruleset
    }

    /// Whether pings and their answers pass the forward hook, both ways.
    package var forwarding: Outcome {
        var doubt: FirewallFinding?
        for family in families {
            let icmp = ExplainedPacket.icmp(family)
            let packets = [(lan, device), (device, lan)].map {
                FirewallPacket(family: family, from: $0.0, to: $0.1, transport: icmp)
            }
            for packet in packets.flatMap({ [$0, $0.answer] }) {
                let ends = "what goes from \(packet.inputInterface) to \(packet.outputInterface)"
                switch FirewallWalk.forward(packet, ruleset) {
                case .passes: continue
                case .stops(let place):
                    let command = place.command(from: packet.inputInterface, to: packet.outputInterface)
                    return .stops(FirewallFinding(text: "\(place.text) drops \(ends)", fix: "\(command)."))
                case .mayStop(let place):
                    doubt =
                        doubt
                        ?? FirewallFinding(
                            text: "\(place.text) may drop some of \(ends)",
                            fix: "See the rule: nft -a list ruleset, or iptables-legacy-save.")
                }
            }
        }
        return doubt.map { .mayStop($0) } ?? .passes
    }

    /// Whether the source of what goes into the overlay is rewritten.
    package var sourceNAT: Outcome {
        let fix = "Restrict it to the uplink: oifname != \"\(device)\"; with iptables `! -o \(device)`."
        for family in families {
            switch FirewallWalk.sourceNAT(FirewallPacket(family: family, from: lan, to: device), ruleset) {
            case .passes: continue
            case .stops(let place):
                return .stops(
                    FirewallFinding(text: "\(place.text) rewrites the source of all that goes into \(device)", fix: fix)
                )
            case .mayStop(let place):
                return .mayStop(
                    FirewallFinding(
                        text: "\(place.text) may rewrite the source of some of what goes into \(device)", fix: fix))
            }
        }
        return .passes
    }
}
