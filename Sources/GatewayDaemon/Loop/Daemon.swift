import GatewayConfiguration
import GatewayCore
import GatewayFiles
import LANServices
import LinkSecurity
import LinuxSystem
import Logging
import NATTraversal
import NetworkTypes
import OpenSSLLink
import PacketForwarding
import RouteControl
import RoutePlanning

/// The gateway as a process: one thread, one epoll loop, the pure core in the middle.
///
///      TAP, UDP, TLS, netlink, control socket, signals, resolver, time
///                               |
///             ForwardingPlane --+-- Gateway (core)
///                               |
///            UDP, TLS, TAP, kernel routes, control answers, log
///
/// `+Loop` waits and dispatches, `+Effects` carries out what the core wants, `+Kernel` keeps the kernel in step,
/// `+Reload` applies a changed configuration, `+Report` answers status, `+Metrics` draws the page for Prometheus,
/// `+Streams` feeds the core with what TLS connections bring, `+Names` answers for names.
package final class Daemon {
    let arguments: DaemonArguments
    var logger: Logger
    var files: RunningConfiguration
    let identity: SiteIdentity
    var gateway: Gateway
    var effects = GatewayEffects()

    let poller: Poller
    let signals: SignalDescriptor
    let resolver: NameResolver
    let notifier: ServiceNotifier
    let streams: StreamPorts
    let ports: DatagramPorts
    let tap: TapPort
    let plane: ForwardingPlane
    let inbox = ControlInbox()
    let lanInbox = LANInbox()
    /// The bridged LAN that is served; `nil` where the LAN is routed.
    var lan: ServedLAN?
    let keeper: HostNetworkKeeper
    let bridge: BridgeKeeper
    let controlServer: ControlServer
    let metricsServer: MetricsServer
    /// The resolver of a routed LAN, and its sockets.
    var nameServer: NameServer
    let namePorts: NamePorts
    let portMapping: PortMappingClient
    let state: StateFiles

    let started: Instant
    var now: Instant
    var isRunning = true
    /// The device's MTU, as decided.
    var deviceMTU = 1_500
    /// Exports that are refused by the host or not covered, with the problem for status.
    var exportVerdicts: [ExportVerdict] = []
    /// This gateway's own addresses in its exports: what its site's name stands for.
    var ownAddresses: [IPAddress] = []
    /// Hosts of this site that have names in the grid by the configuration.
    var ownNames: [NamedHost] = []
    /// Errors of the last reload that failed; empty when the running configuration is that on disk.
    var reloadErrors: [String] = []
    var stateError: String?
    /// Names that could not be resolved, with the reason.
    var unresolved: [HostAndPort: String] = [:]
    var rates = TrafficRates()
    /// Where each member's path goes, as of the core's last word.
    var pathEndpoints: [NodeAddress: Endpoint?] = [:]
    var membersDirty = false
    /// What the resolver goes by may be other than it knows.
    var namesDirty = true
    var leasesDirty = false
    /// The store's Lamport time up to which a restart is provided for.
    var savedClock: UInt64 = 0
    /// When the core wants its timeouts handled, as of its last input.
    var coreWakeup: Instant?
    /// Control requests that wait for something.
    var pending: [PendingRequest] = []
    var nextEcho: UInt64 = 0
    /// The metrics page that was drawn last.
    var lastPage: (bytes: [UInt8], drawn: Instant)?
    var refusalTally = RefusalTally()
    var nextTick: Instant
    /// When traffic is looked at between ticks; `nil` while none flows.
    var nextGlance: Instant?
    var nextWatchdog: Instant?
    /// Datagrams that were dropped for their first byte.
    var unknownDatagrams: UInt64 = 0
    var responder = BindingResponder(seed: SystemRandom.seed())
    let answerBuffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: BindingAnswer.byteCountLimit, alignment: 8)
    let tapBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: TapDevice.readByteCount, alignment: 64)
    let datagramBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: UDPSocket.receiveByteCount, alignment: 64)

    /// Reads the configuration, opens everything, and leaves the loop to `run`.
    package init(arguments: DaemonArguments) throws(StartupError) {
        self.arguments = arguments
        let wallClock = WallClock.unixSeconds()
        files = try RunningConfiguration.load(arguments, now: wallClock)
        logger = Logger(label: "ipopd", factory: JournalLogHandler.init(label:))
        logger.logLevel = LogLevels.level(files.settings.log.level)
        now = MonotonicClock.now()
        started = now
        nextTick = now
        state = StateFiles(directory: arguments.stateDirectory)
        do {
            // What a signal does must be settled before anything takes long.
            signals = try SignalDescriptor()
            poller = try Poller()
            try Self.prepareDirectories(arguments)
            identity = try SiteIdentity(
                certificate: files.certificate, key: files.key, authority: files.authority, grid: files.settings.grid)
            streams = StreamPorts(poller: poller, provider: try TLSStreamProvider(identity: identity))
            let opened = try Self.openPorts(files.settings, streams: streams)
            ports = opened
            tap = try TapPort(name: files.settings.device, offloads: files.settings.offloads.vnet ? .all : [])
            keeper = try HostNetworkKeeper(device: files.settings.device, logger: logger)
            bridge = BridgeKeeper(stateDirectory: arguments.stateDirectory, logger: logger)
            controlServer = try ControlServer(
                path: "\(arguments.runDirectory)/control.sock", group: "ipop-admin", poller: poller,
                listenerToken: Token.control)
            metricsServer = MetricsServer(poller: poller, listenerToken: Token.metrics)
            nameServer = NameServer(
                settings: NameServerSettings(site: files.settings.site, grid: files.settings.grid))
            namePorts = NamePorts(poller: poller)
            portMapping = PortMappingClient(
                port: files.settings.listen.port, poller: poller, token: Token.portMapping, logger: logger)
            resolver = try NameResolver()
            plane = ForwardingPlane(datagrams: ports, frames: tap, control: inbox, seed: SystemRandom.seed())
            notifier = ServiceNotifier()
            let remembered = state.rememberedMembers()
            gateway = Gateway(
                settings: Self.coreSettings(files, exports: [], remembered: remembered), identity: identity,
                handshakes: try DTLSHandshakeProvider(identity: identity),
                authority: GridPublications(authority: files.authority), seed: SystemRandom.seed(),
                unixSeconds: wallClock, now: now)
        } catch {
            throw Self.explain(error)
        }
    }

    deinit {
        tapBuffer.deallocate()
        datagramBuffer.deallocate()
        answerBuffer.deallocate()
    }

    private static func prepareDirectories(_ arguments: DaemonArguments) throws(SystemError) {
        try FileSystem.makeDirectory(arguments.stateDirectory, mode: 0o700)
        try FileSystem.makeDirectory(arguments.runDirectory, mode: 0o755)
    }

    private static func openPorts(_ settings: GatewaySettings, streams: StreamPorts) throws -> DatagramPorts {
        var options = UDPSocketOptions()
        options.usesSegmentation = settings.offloads.gso
        options.usesCoalescing = settings.offloads.gro
        do {
            return try DatagramPorts(
                port: settings.listen.port, addresses: settings.listen.addresses, options: options,
                streams: streams)
        } catch {
            throw StartupError.system("cannot listen on UDP port \(settings.listen.port): \(error)")
        }
    }

    private static func explain(_ error: any Error) -> StartupError {
        switch error {
        case let error as StartupError:
            error
        case let error as SystemError where error.meansNoPermission:
            .permission("\(error); ipopd needs CAP_NET_ADMIN (start it as root or by its systemd unit)")
        case TapDeviceError.notPermitted:
            .permission("\(error); ipopd needs CAP_NET_ADMIN (start it as root or by its systemd unit)")
        default:
            .system("\(error)")
        }
    }

    /// What the core is to know of the configuration, with only those exports that may be announced.
    static func coreSettings(
        _ files: RunningConfiguration, exports: [SubnetExport], bridged: IPPrefix? = nil,
        addresses: [IPAddress] = [], names: [NamedHost] = [], reserved: [IPPrefix] = [], remembered: [Endpoint] = []
    ) -> CoreSettings {
        let settings = files.settings
        return CoreSettings(
            bootstrap: settings.bootstrap, remembered: remembered,
            exports: exports.compactMap { export in
                export.virtual.map { Announcement.Export(subnet: export.subnet, virtual: $0) }
            },
            leasedSubnets: exports.filter(\.isLeased).map(\.subnet), bridged: bridged, addresses: addresses,
            names: names,
            policy: RoutePolicy(
                lines: files.subnetMap.policy(for: settings.site), acceptance: settings.routes.accept),
            profile: files.terms, reserved: reserved,
            rekeyInterval: .seconds(Int64(settings.session.rekeyAfterSeconds)),
            firstSequence: UInt64(max(0, WallClock.unixSeconds())) * 1_000_000, isRelay: settings.isRelay)
    }
}

/// Levels of ipop.yaml as the log knows them.
enum LogLevels {
    static func level(_ level: GatewaySettings.Log.Level) -> Logger.Level {
        Logger.Level(rawValue: level.rawValue) ?? .info
    }
}
