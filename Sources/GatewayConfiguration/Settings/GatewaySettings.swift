package import NetworkTypes

/// Everything that ipop.yaml says, with the defaults of what it does not say.
package struct GatewaySettings: Equatable, Sendable {
    /// Name of the grid; must be the certificate's.
    package var grid: String
    /// Name of this site; must be the certificate's.
    package var site: String
    package var listen = Listen()
    /// What stands between this site and the TCP connections that it opens; `nil`: nothing.
    package var proxy: ProxySettings?
    /// Members to ask first; names are resolved again and again.
    package var bootstrap: [HostAndPort] = []
    package var lan: LAN
    package var dhcp = DHCP()
    package var names = Names()
    /// Name of the overlay's TAP device.
    package var device = "ipop0"
    package var routes = Routes()
    package var mtu: MTU = .automatic
    package var metrics = Metrics()
    package var log = Log()
    package var session = Session()
    /// Whether this gateway passes datagrams on between others that have no direct path.
    package var isRelay = true
    package var offloads = Offloads()

    package init(grid: String, site: String, lan: LAN) {
        self.grid = grid
        self.site = site
        self.lan = lan
    }

    /// `listen`: where the gateway hears, UDP and TLS over TCP on the same port number.
    package struct Listen: Equatable, Sendable {
        package static let defaultPort: UInt16 = 7867
        package var port = Self.defaultPort
        /// Local addresses to bind; empty means all.
        package var addresses: [IPAddress] = []
        /// Whether TLS over TCP is accepted; connections are opened to others either way.
        package var tcp = true
        package var portMapping: PortMapping = .automatic

        package init() {}

        /// Whether the router before the gateway is asked to map the port.
        package enum PortMapping: String, Sendable, CaseIterable {
            /// By PCP or NAT-PMP, where the router has a private address.
            case automatic = "auto"
            case off
        }
    }

    /// `lan`: the site's side.
    package struct LAN: Equatable, Sendable {
        /// How the LAN is attached.
        package enum Mode: String, Sendable, CaseIterable {
            case routed
            case bridged
        }

        package var interface: String
        package var mode: Mode
        /// In bridged mode: the bridge that the overlay device is a port of. `nil`: that which the interface is a port
        /// of, or one that the gateway makes.
        package var bridge: String?
        /// In bridged mode: whether hosts that have an address of the subnet by their own choice are registered.
        package var staticHosts = true

        package init(interface: String, mode: Mode = .routed) {
            self.interface = interface
            self.mode = mode
        }
    }

    /// `dhcp`: addresses for the hosts of a bridged LAN.
    package struct DHCP: Equatable, Sendable {
        package static let leaseRange = 120...604_800
        /// Whether clients are answered.
        package var isEnabled = true
        /// How long a client has its address.
        package var leaseSeconds = 3_600
        /// If there are any: the clients that are answered, by their Ethernet addresses.
        package var allowedMACs: [MACAddress] = []
        /// If there are any: the clients that are answered, by what their vendor class (option 60) begins with.
        package var allowedClasses: [String] = []

        package init() {}
    }

    /// `names`: the resolver.
    package struct Names: Equatable, Sendable {
        package static let hostLimit = 256, addressLimit = 8

        /// Where it listens, at port 53.
        package enum Listen: Equatable, Sendable, CustomStringConvertible {
            /// At the gateway's own addresses in the exported subnets; on a bridged LAN at the service address.
            case automatic
            case off
            /// On a routed LAN only.
            case address(IPAddress)

            package var description: String {
                switch self {
                case .automatic: "auto"
                case .off: "off"
                case .address(let address): "\(address)"
                }
            }
        }

        /// A host of a routed LAN that has a name.
        package struct Host: Equatable, Sendable {
            /// A DNS label.
            package var name: String
            /// In the LAN.
            package var addresses: [IPAddress]

            package init(name: String, addresses: [IPAddress]) {
                self.name = name
                self.addresses = addresses
            }
        }

        package var listen: Listen = .automatic
        package var hosts: [Host] = []

        package init() {}
    }

    /// `routes`: where and how the grid's prefixes go into the kernel.
    package struct Routes: Equatable, Sendable {
        package var table: Table = .main
        package var metric: UInt32 = 50
        package var accept: RouteAcceptance = .learned

        package init() {}

        /// A kernel routing table.
        package enum Table: Equatable, Sendable, CustomStringConvertible {
            case main
            case number(UInt32)

            /// The kernel's number of the table (RT_TABLE_MAIN is 254).
            package var number: UInt32 {
                switch self {
                case .main: 254
                case .number(let number): number
                }
            }

            package var description: String {
                switch self {
                case .main: "main"
                case .number(let number): "\(number)"
                }
            }
        }
    }

    /// `mtu`: of the overlay device.
    package enum MTU: Equatable, Sendable, CustomStringConvertible {
        /// From the path MTU search.
        case automatic
        /// In bytes, 576 to 65,535.
        case bytes(Int)

        package static let range = 576...65_535

        package var description: String {
            switch self {
            case .automatic: "auto"
            case .bytes(let count): "\(count)"
            }
        }
    }

    /// `metrics`: Prometheus text over HTTP.
    package struct Metrics: Equatable, Sendable {
        /// Where it is served; `nil` is off.
        package var listen: Endpoint?

        package init() {}
    }

    /// `log`.
    package struct Log: Equatable, Sendable {
        /// The least severe level that is written.
        package enum Level: String, Sendable, CaseIterable {
            case trace, debug, info, notice, warning, error
        }

        package var level: Level = .info

        package init() {}
    }

    /// `session`: the protected associations with other gateways.
    package struct Session: Equatable, Sendable {
        package static let rekeyRange = 10...86_400
        /// Age of a key at which a fresh handshake replaces it.
        package var rekeyAfterSeconds = 3_600

        package init() {}
    }

    /// `offloads`: each is probed at run time and used where the kernel has it; `false` leaves it alone.
    package struct Offloads: Equatable, Sendable {
        /// UDP_SEGMENT: one send for a train of datagrams.
        package var gso = true
        /// UDP_GRO: one receive for a train of datagrams.
        package var gro = true
        /// TSO and USO on the TAP device (IFF_VNET_HDR).
        package var vnet = true

        package init() {}
    }
}

/// `routes.accept`: which announcements become routes.
package enum RouteAcceptance: String, Sendable, CaseIterable {
    /// Every verified announcement that no line of subnets.map refuses.
    case learned
    /// Only what a line of subnets.map names.
    case mapped
}
