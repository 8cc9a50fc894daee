package import ControlProtocol
import NetworkTypes
import RoutePlanning

/// Judges a host: the checks of `ipop doctor`, in order.
///
/// `+Network` has those of interfaces and forwarding, `+Service` those of the daemon, its port and its clock.
package struct HostExamination {
    let facts: DoctorFacts

    package init(_ facts: DoctorFacts) {
        self.facts = facts
    }

    /// One check for each name, in the names' order.
    package var checks: [DoctorCheck] {
        DoctorCheckName.allCases.map { name in
            switch name {
            case .configuration: configuration
            case .daemon: daemon
            case .capabilities: capabilities
            case .tun: tun
            case .device: device
            case .mtu: mtu
            case .lanInterface: lanInterface
            case .defaultRouter: defaultRouter
            case .forwardingIPv4: forwarding(.v4)
            case .forwardingIPv6: forwarding(.v6)
            case .reversePath: reversePath
            case .routerAdvertisements: routerAdvertisements
            case .firewall: firewall
            case .sourceNAT: sourceNAT
            case .bridgeFilter: bridgeFilter
            case .connectionTracking: connectionTracking
            case .certificate: certificate
            case .clock: clock
            case .udpPort: udpPort
            case .tcpPort: tcpPort
            case .udp: udp
            case .nat: nat
            case .networkPrograms: networkPrograms
            }
        }
    }

    var gateway: GatewayReport? { try? facts.report.get() }

    /// Families of the subnets that this site exports; IPv4 while that is not known.
    var families: [AddressFamily] {
        let exported = gateway?.exports.map(\.subnet.family) ?? facts.configuration?.families ?? []
        return exported.isEmpty ? [.v4] : [.v4, .v6].filter(exported.contains)
    }

    private var configuration: DoctorCheck {
        guard let fault = facts.configurationFault else {
            return DoctorCheck(.configuration, .ok, "the files can be read; ipop check looks at them closely")
        }
        let isRunning = gateway != nil
        return DoctorCheck(
            .configuration, isRunning ? .unknown : .failure, fault,
            fix: isRunning ? "Run this as root to have the files looked at." : "Run ipop check; it names file and line."
        )
    }
}
