package import ControlProtocol
package import NetworkTypes
package import RoutePlanning

/// What was found of a host for `ipop doctor`. `nil` where something could not be seen.
package struct DoctorFacts: Sendable {
    /// What the files say, as far as it is needed here.
    package struct Configuration: Sendable {
        package var lanInterface: String
        package var port: UInt16
        package var families: [AddressFamily]
        package var isBridged: Bool
        /// The site's certificate in seconds since 1970; `nil` when it cannot be read.
        package var validity: ClosedRange<Int64>?

        package init(
            lanInterface: String, port: UInt16, families: [AddressFamily], isBridged: Bool = false,
            validity: ClosedRange<Int64>?
        ) {
            self.lanInterface = lanInterface
            self.port = port
            self.families = families
            self.isBridged = isBridged
            self.validity = validity
        }
    }

    /// Who has a port.
    package enum PortHolder: Equatable, Sendable {
        case nobody
        /// A process, by its name.
        case program(String)
        /// Somebody, who cannot be seen without root.
        case somebody
    }

    /// Whether /dev/net/tun can be used.
    package enum TunDevice: Equatable, Sendable {
        case usable
        case missing
        /// Opening fails, for the reason given.
        case unusable(String)
        /// This user may not open it, which says nothing of the daemon's.
        case notPermitted
    }

    /// A program that manages network interfaces, and how it treats the overlay's device.
    package struct NetworkProgram: Equatable, Sendable {
        package var name: String
        /// `nil` when it does not say.
        package var managesDevice: Bool?
        /// It removes routes that it did not make when it restarts; `nil` when that does not apply.
        package var removesForeignRoutes: Bool?

        package init(name: String, managesDevice: Bool?, removesForeignRoutes: Bool?) {
            self.name = name
            self.managesDevice = managesDevice
            self.removesForeignRoutes = removesForeignRoutes
        }
    }

    package var device: String
    /// `nil` when the files cannot be read; then `configurationFault` says why.
    package var configuration: Configuration?
    package var configurationFault: String?
    package var report: Result<GatewayReport, DaemonAbsence>
    /// Effective capabilities of the daemon (`CapEff` of proc_pid_status(5)).
    package var capabilities: UInt64?
    package var tun: TunDevice
    package var network: HostNetworkState
    package var forwardsV4: Bool?
    package var forwardsV6: Bool?
    /// Of the LAN interface and the overlay's device, those whose rp_filter is strict.
    package var strictInterfaces: [String]
    /// Interfaces with accept_ra = 1, which forwarding switches off.
    package var hearsAdvertisements: [String]
    package var firewall: FirewallFacts
    /// Families of which the firewall is asked for each packet that passes a bridge (`bridge-nf-call-iptables` and its
    /// kin); none where br_netfilter is not loaded.
    package var filtersBridges: [AddressFamily]
    package var connections: (count: Int, limit: Int)?
    /// Seconds since 1970.
    package var now: Int64
    package var isClockSynchronised: Bool?
    package var udpPort: PortHolder?
    package var tcpPort: PortHolder?
    package var networkPrograms: [NetworkProgram]

    package init(
        device: String, configuration: Configuration?, configurationFault: String? = nil,
        report: Result<GatewayReport, DaemonAbsence>, capabilities: UInt64? = nil, tun: TunDevice,
        network: HostNetworkState, forwardsV4: Bool?, forwardsV6: Bool?, strictInterfaces: [String] = [],
        hearsAdvertisements: [String] = [], firewall: FirewallFacts, filtersBridges: [AddressFamily] = [],
        connections: (count: Int, limit: Int)? = nil, now: Int64, isClockSynchronised: Bool? = nil,
        udpPort: PortHolder? = nil, tcpPort: PortHolder? = nil,
        networkPrograms: [NetworkProgram] = []
    ) {
        self.device = device
        self.configuration = configuration
        self.configurationFault = configurationFault
        self.report = report
        self.capabilities = capabilities
        self.tun = tun
        self.network = network
        self.forwardsV4 = forwardsV4
        self.forwardsV6 = forwardsV6
        self.strictInterfaces = strictInterfaces
        self.hearsAdvertisements = hearsAdvertisements
        self.firewall = firewall
        self.filtersBridges = filtersBridges
        self.connections = connections
        self.now = now
        self.isClockSynchronised = isClockSynchronised
        self.udpPort = udpPort
        self.tcpPort = tcpPort
        self.networkPrograms = networkPrograms
    }

    /// The LAN interface, as the daemon or the files name it.
    package var lanInterface: String? { (try? report.get())?.host.lanInterface ?? configuration?.lanInterface }

    /// Whether the LAN is to be bridged, as the daemon or the files say.
    package var isBridged: Bool {
        (try? report.get()).map { $0.host.lanMode == .bridged } ?? configuration?.isBridged ?? false
    }
}
