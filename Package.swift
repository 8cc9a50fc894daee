// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: the language's own future defaults, and no warning left standing.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Non-escapable readers over borrowed bytes need lifetime annotations; the feature is source-stable in practice
    // (SwiftNIO ships it) and stays confined to types that wrap a span.
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// What runs once a command or once a change is built for size: the Debian package has 20 MB for everything.
let compact: [SwiftSetting] = house + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

let collections = "swift-collections"
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let ordered: Target.Dependency = .product(name: "OrderedCollections", package: collections)
let heap: Target.Dependency = .product(name: "HeapModule", package: collections)

/// A pure target: no clock, no randomness, no input or output, no threads. `TidyTests` holds it to that.
func pure(_ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = house) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A target that talks to the outside world.
func outside(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = house) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: compact)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

let package = Package(
    name: "ipop-gateway",
    products: [
        .executable(name: "ipopd", targets: ["ipopd"]),
        .executable(name: "ipop", targets: ["ipop"]),
        .executable(name: "ipop-sim", targets: ["ipop-sim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    ],
    targets: [
        // Pure.
        pure("NetworkTypes"),
        pure("WireFormat", ["NetworkTypes"]),
        pure("LinkSecurity", ["NetworkTypes", "WireFormat"]),
        pure("PacketForwarding", ["NetworkTypes", "WireFormat", "LinkSecurity"]),
        pure("RoutePlanning", ["NetworkTypes"], settings: compact),
        pure("GatewayConfiguration", ["NetworkTypes"], settings: compact),
        pure("ControlProtocol", ["NetworkTypes"], settings: compact),
        pure("NATTraversal", ["NetworkTypes", "WireFormat"], settings: compact),
        pure("HostDiagnosis", ["NetworkTypes", "RoutePlanning", "ControlProtocol"], settings: compact),
        pure("OverlayRing", ["NetworkTypes", "WireFormat", ordered]),
        pure("OverlayStore", ["NetworkTypes", "WireFormat", "LinkSecurity", ordered], settings: compact),
        pure(
            "GatewayCore",
            [
                "NetworkTypes", "WireFormat", "LinkSecurity", "GatewayConfiguration", "OverlayRing", "OverlayStore",
                ordered,
            ]),
        pure("LANServices", ["NetworkTypes", "WireFormat", ordered], settings: compact),
        pure("WANEmulation", ["NetworkTypes"], settings: compact),
        pure("RingSimulation", ["NetworkTypes", "OverlayRing", heap]),
        pure(
            "SimulationKit",
            ["NetworkTypes", "WireFormat", "LinkSecurity", "GatewayCore", "OverlayRing", "OverlayStore"]),

        // The outside world.
        .systemLibrary(name: "CNetlink", pkgConfig: "libnl-route-3.0", providers: [.apt(["libnl-route-3-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CLinuxShims"),
        .target(name: "COpenSSLShims", dependencies: ["COpenSSL"]),
        outside("YAMLReader", ["GatewayConfiguration", "CYAML"], settings: compact),
        outside("LinuxSystem", ["NetworkTypes", "CLinuxShims"]),
        outside(
            "RouteControl",
            ["NetworkTypes", "RoutePlanning", "HostDiagnosis", "LinuxSystem", "CLinuxShims", "CNetlink"],
            settings: compact),
        outside("OpenSSLLink", ["NetworkTypes", "LinkSecurity", "COpenSSL", "COpenSSLShims"]),
        outside(
            "GatewayFiles",
            [
                "NetworkTypes", "LinkSecurity", "GatewayConfiguration", "ControlProtocol", "YAMLReader", "LinuxSystem",
                "OpenSSLLink",
            ], settings: compact),
        outside(
            "GatewayDaemon",
            [
                "NetworkTypes", "WireFormat", "LinkSecurity", "PacketForwarding", "RoutePlanning",
                "GatewayConfiguration", "ControlProtocol", "HostDiagnosis", "NATTraversal", "GatewayCore",
                "LANServices", "OverlayRing", "OverlayStore", "GatewayFiles", "LinuxSystem", "RouteControl",
                "OpenSSLLink", logging,
            ], settings: compact),
        outside(
            "GatewayLab", ["NetworkTypes", "WANEmulation", "ControlProtocol", "LinuxSystem"], settings: compact),

        // Programs.
        program("ipopd", ["GatewayDaemon"]),
        program(
            "ipop",
            [
                "NetworkTypes", "RoutePlanning", "GatewayConfiguration", "ControlProtocol", "HostDiagnosis",
                "YAMLReader", "LinuxSystem", "RouteControl", "LinkSecurity", "OpenSSLLink", "GatewayFiles",
                "GatewayLab", "GatewayDaemon", "WANEmulation", argumentParser,
            ]),
        program("ipop-sim", ["NetworkTypes", "SimulationKit", "ControlProtocol", "LinuxSystem", argumentParser]),

        // Benchmarks: in this package, because package access ends at its border.
        .target(name: "CAllocationCount", path: "Benchmarks/CAllocationCount"),
        .executableTarget(
            name: "forwarding-benchmark",
            dependencies: ["PacketForwarding", "LinkSecurity", "NetworkTypes", "CAllocationCount"],
            path: "Benchmarks/ForwardingBenchmark", swiftSettings: house),
        .target(name: "CHeapState", path: "Benchmarks/CHeapState"),
        .executableTarget(
            name: "directory-benchmark",
            dependencies: [
                "GatewayCore", "OpenSSLLink", "LinkSecurity", "PacketForwarding", "RoutePlanning", "NetworkTypes",
                "CHeapState",
            ],
            path: "Benchmarks/DirectoryBenchmark", swiftSettings: house),

        // Fuzzing: in this package too, and replayed by a test.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "PacketForwarding", "LinkSecurity", "WireFormat", "NetworkTypes", "GatewayCore", "SimulationKit",
                "OverlayRing", "OverlayStore", "OpenSSLLink", "YAMLReader", "GatewayConfiguration", "GatewayFiles",
                "ControlProtocol", "NATTraversal", "LANServices",
            ],
            path: "FuzzTesting/FuzzTargets", swiftSettings: house),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], path: "FuzzTesting/FuzzProgram", swiftSettings: house),

        // Tests.
        tests("NetworkTypesTests", ["NetworkTypes"]),
        tests("WireFormatTests", ["WireFormat", "NetworkTypes"]),
        tests("LinkSecurityTests", ["LinkSecurity", "WireFormat", "NetworkTypes"]),
        tests(
            "PacketForwardingTests",
            ["PacketForwarding", "LinkSecurity", "WireFormat", "NetworkTypes", "CAllocationCount"]),
        tests("RoutePlanningTests", ["RoutePlanning", "NetworkTypes"]),
        tests("HostDiagnosisTests", ["HostDiagnosis", "ControlProtocol", "RoutePlanning", "NetworkTypes"]),
        tests("GatewayConfigurationTests", ["GatewayConfiguration", "YAMLReader", "NetworkTypes"]),
        tests("NATTraversalTests", ["NATTraversal", "NetworkTypes", "CAllocationCount"]),
        tests("ControlProtocolTests", ["ControlProtocol", "NetworkTypes"]),
        tests(
            "GatewayCoreTests",
            [
                "GatewayCore", "GatewayConfiguration", "SimulationKit", "OverlayStore", "LinkSecurity", "WireFormat",
                "NetworkTypes",
            ]),
        tests(
            "SimulationTests",
            ["ipop-sim", "SimulationKit", "ControlProtocol", "GatewayCore", "LinkSecurity", "NetworkTypes"]),
        tests("LANServicesTests", ["LANServices", "WireFormat", "NetworkTypes"]),
        tests("WANEmulationTests", ["WANEmulation", "NetworkTypes"]),
        tests("OverlayRingTests", ["OverlayRing", "RingSimulation", "WireFormat", "NetworkTypes"]),
        tests("OverlayStoreTests", ["OverlayStore", "LinkSecurity", "WireFormat", "NetworkTypes", ordered]),
        tests("LinuxSystemTests", ["LinuxSystem", "NetworkTypes"]),
        tests(
            "RouteControlTests", ["RouteControl", "RoutePlanning", "HostDiagnosis", "LinuxSystem", "NetworkTypes"]),
        tests("OpenSSLLinkTests", ["OpenSSLLink", "LinkSecurity", "NetworkTypes", "COpenSSL", "COpenSSLShims"]),
        tests(
            "CommandTests",
            [
                "ipop", "ControlProtocol", "HostDiagnosis", "GatewayConfiguration", "GatewayCore", "LinkSecurity",
                "LinuxSystem", "NetworkTypes", "OpenSSLLink", "RoutePlanning", argumentParser,
            ]),
        tests("NetworkTests", ["GatewayLab", "WANEmulation", "LinuxSystem", "NetworkTypes"]),
        tests("FuzzReplayTests", ["FuzzTargets"]),
        tests("TidyTests", []),
    ],
    swiftLanguageModes: [.v6]
)
