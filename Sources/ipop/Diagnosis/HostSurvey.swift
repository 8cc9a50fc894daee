import ControlProtocol
import GatewayConfiguration
import GatewayFiles
import HostDiagnosis
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import RouteControl
import RoutePlanning

/// Gathers what `ipop doctor` judges.
struct HostSurvey {
    let question: DaemonQuestion
    let paths: ConfigurationPaths
    /// A grid profile as the daemon has kept it, not verified yet.
    let publishedProfile: [UInt8]?

    /// The overlay device's name when nothing says another one.
    private static let usualDevice = "ipop0"

    /// Everything, as far as it can be seen.
    func facts() throws(CommandFailure) -> DoctorFacts {
        let report: Result<GatewayReport, DaemonAbsence>
        do throws(QuestionFailure) {
            report = .success(try question.report())
        } catch {
            report = .failure(error.absence)
        }
        let now = WallClock.unixSeconds()
        var check = ConfigurationCheck(paths: paths, now: now)
        check.publishedProfile = publishedProfile
        check.run()
        let running = try? report.get()
        let device = running?.host.device ?? check.settings?.device ?? Self.usualDevice
        let network = try network(device)
        let interface = running?.host.lanInterface ?? check.settings?.lan.interface
        let lan = interface.flatMap { network.lanLink(of: $0)?.name } ?? interface
        let port = check.settings?.listen.port
        return DoctorFacts(
            device: device, configuration: configuration(check), configurationFault: fault(check),
            report: report, capabilities: question.process.flatMap(Self.capabilities), tun: Self.tun,
            network: network, forwardsV4: Self.isSet("ipv4/ip_forward"),
            forwardsV6: Self.isSet("ipv6/conf/all/forwarding"),
            strictInterfaces: [lan, device].compactMap { $0 }.filter(InterfaceSettings.isReversePathStrict),
            hearsAdvertisements: network.links.map(\.name).filter { name in
                (try? InterfaceSettings.readNumber(.v6, device: name, "accept_ra")) == 1
            }, firewall: FirewallReader.read(links: network.links), filtersBridges: Self.bridgeFilters,
            connections: Self.connections, now: now,
            isClockSynchronised: WallClock.isSynchronised, udpPort: port.flatMap { Self.holder($0, .udp) },
            tcpPort: port.flatMap { Self.holder($0, .tcp) },
            networkPrograms: NetworkPrograms.found(network.link(named: device)))
    }

    private func network(_ device: String) throws(CommandFailure) -> HostNetworkState {
        do throws(NetlinkError) {
            return try HostNetworkReader().read(device: device)
        } catch {
            throw CommandFailure("cannot read the kernel's network state: \(error)", .degraded)
        }
    }

    private func configuration(_ check: ConfigurationCheck) -> DoctorFacts.Configuration? {
        guard let settings = check.settings else { return nil }
        let details = check.certificate?.details
        let validity = details.flatMap { $0.notBefore <= $0.notAfter ? $0.notBefore...$0.notAfter : nil }
        return DoctorFacts.Configuration(
            lanInterface: settings.lan.interface, port: settings.listen.port,
            families: check.exports.map(\.subnet.family), isBridged: settings.lan.mode == .bridged,
            validity: validity)
    }

    /// The first error of the files. A certificate that is past its end has a check of its own.
    private func fault(_ check: ConfigurationCheck) -> String? {
        check.problems.first { problem in
            problem.severity == .error && problem.code != .certificateExpired && problem.code != .certificateNotYetValid
        }?.description
    }

    private static var tun: DoctorFacts.TunDevice {
        do throws(SystemError) {
            try FileSystem.tryOpening("/dev/net/tun")
            return .usable
        } catch {
            return error.meansNoPermission ? .notPermitted : error.meansMissing ? .missing : .unusable(error.reason)
        }
    }

    /// `CapEff` of proc_pid_status(5).
    private static func capabilities(of process: Int32) -> UInt64? {
        guard let bytes = try? FileSystem.read("/proc/\(process)/status") else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
    }

    /// br_netfilter's settings; without that module there are none.
    private static var bridgeFilters: [AddressFamily] {
        let settings: [(AddressFamily, String)] = [(.v4, "iptables"), (.v6, "ip6tables")]
        return settings.filter { isSet("bridge/bridge-nf-call-\($0.1)") == true }.map(\.0)
    }

    private static var connections: (count: Int, limit: Int)? {
        guard let count = try? InterfaceSettings.readGlobalNumber("netfilter/nf_conntrack_count"),
            let limit = try? InterfaceSettings.readGlobalNumber("netfilter/nf_conntrack_max")
        else { return nil }
        return (count, limit)
    }

    private static func holder(_ port: UInt16, _ transport: SocketTable.Transport) -> DoctorFacts.PortHolder? {
        do throws(SystemError) {
            guard let holder = try SocketTable.holder(of: port, transport) else { return .nobody }
            return holder.program.map { .program($0) } ?? .somebody
        } catch {
            return nil
        }
    }

    private static func isSet(_ name: String) -> Bool? {
        (try? InterfaceSettings.readGlobalNumber(name)).map { $0 != 0 }
    }
}
