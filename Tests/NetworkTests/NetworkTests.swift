import Foundation
import GatewayLab
import Testing

/// Everything that needs a real kernel: whole grids in network namespaces, one at a time.
///
/// They need root, /dev/net/tun and a few programs. Where these are missing the tests are left out with a message;
/// under `CI=true` they fail. `IPOP_LAB_PROGRAMS` names another directory of `ipop` and `ipopd` than the test's own,
/// such as that of a release build. `IPOP_LAB_KEEP=1` leaves a test's lab there to look at; `ipop lab down --name
/// NAME` removes it.
@Suite(.serialized, .enabled(if: Ground.isThere || Ground.isContinuousIntegration, Ground.explanation))
enum NetworkTests {}

/// What the network tests stand on.
enum Ground {
    static let isContinuousIntegration = ProcessInfo.processInfo.environment["CI"] == "true"

    /// What is missing on this machine; nil when nothing is.
    static let missing: String? = {
        do {
            try LabRequirements.check(gateways: true)
            for (name, package) in [
                ("nc", "netcat-openbsd"), ("iperf3", "iperf3"), ("nft", "nftables"), ("openssl", "openssl"),
                ("tcpdump", "tcpdump"), ("traceroute", "traceroute"), ("tracepath", "iputils-tracepath"),
                ("ethtool", "ethtool"), ("sha256sum", "coreutils"), ("timeout", "coreutils"), ("setpriv", "util-linux"),
            ] where ProgramPath.find(name) == nil {
                throw LabError.programMissing(name: name, package: package)
            }
            return nil
        } catch {
            return "\(error)"
        }
    }()

    static var isThere: Bool { missing == nil }
    static var explanation: Comment { "not run here: \(missing ?? "nothing is missing")" }
}
