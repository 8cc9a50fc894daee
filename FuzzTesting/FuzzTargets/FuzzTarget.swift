/// Every parser of remote or file input, by the name of its folder in FuzzTesting/Corpus.
///
/// libFuzzer and the replay in the tests go through the same `run`.
package enum FuzzTarget: String, CaseIterable, Sendable {
    // What the network sends.
    case sealedDatagrams = "sealed-datagrams"
    case tapFrames = "tap-frames"
    case mappedErrors = "mapped-errors"
    case controlMessage = "control-message"
    case announcement
    case gateway
    case handshake
    case stunRequest = "stun-request"
    case portMapping = "port-mapping"
    case streamFrames = "stream-frames"
    case proxyAnswer = "proxy-answer"
    case ringMessage = "ring-message"
    case storeMessage = "store-message"
    case publication

    // What stations of a bridged LAN send.
    case bridgedFrames = "bridged-frames"
    case arpPacket = "arp-packet"
    case neighbourMessage = "neighbour-message"
    case dhcpMessage = "dhcp-message"
    case dnsQuestion = "dns-question"
    case lanServices = "lan-services"

    // What a gateway finds in its state directory.
    case storeMemory = "store-memory"
    case publicationMemory = "publication-memory"
    case lanMemory = "lan-memory"

    // What the metrics server reads.
    case metricsRequest = "metrics-request"

    // What operators and authorities write.
    case settings
    case subnetMap = "subnet-map"
    case gridProfile = "grid-profile"
    case bundleSettings = "bundle-settings"
    case pemBundle = "pem-bundle"
    case certificate
    case signingRequest = "signing-request"
    case revocationList = "revocation-list"
    case addressText = "address-text"

    // What comes over the control socket.
    case json
    case controlRequest = "control-request"
    case controlReply = "control-reply"

    /// Hands one input to the code under test. Throws when a property does not hold; a trap is a fault anyhow.
    package func run(_ input: [UInt8]) throws(PropertyViolation) {
        switch self {
        case .sealedDatagrams: try SealedDatagramsTarget.run(input)
        case .tapFrames: try TapFramesTarget.run(input)
        case .mappedErrors: try MappedErrorsTarget.run(input)
        case .controlMessage: try ControlMessageTarget.run(input)
        case .announcement: try AnnouncementTarget.run(input)
        case .gateway: try GatewayTarget.run(input)
        case .handshake: try HandshakeTarget.run(input)
        case .stunRequest: try STUNRequestTarget.run(input)
        case .portMapping: try PortMappingTarget.run(input)
        case .streamFrames: try StreamFramesTarget.run(input)
        case .proxyAnswer: try ProxyAnswerTarget.run(input)
        case .ringMessage: try RingMessageTarget.run(input)
        case .storeMessage: try StoreMessageTarget.run(input)
        case .publication: try PublicationTarget.run(input)
        case .bridgedFrames: try BridgedFramesTarget.run(input)
        case .arpPacket: try ARPPacketTarget.run(input)
        case .neighbourMessage: try NeighbourMessageTarget.run(input)
        case .dhcpMessage: try DHCPMessageTarget.run(input)
        case .dnsQuestion: try DNSQuestionTarget.run(input)
        case .lanServices: try LANServicesTarget.run(input)
        case .storeMemory: try StoreMemoryTarget.run(input)
        case .publicationMemory: try PublicationMemoryTarget.run(input)
        case .lanMemory: try LANMemoryTarget.run(input)
        case .metricsRequest: try MetricsRequestTarget.run(input)
        case .settings: try SettingsTarget.run(input)
        case .subnetMap: try SubnetMapTarget.run(input)
        case .gridProfile: try GridProfileTarget.run(input)
        case .bundleSettings: try BundleSettingsTarget.run(input)
        case .pemBundle: try PEMBundleTarget.run(input)
        case .certificate: try CertificateTarget.run(input)
        case .signingRequest: try SigningRequestTarget.run(input)
        case .revocationList: try RevocationListTarget.run(input)
        case .addressText: try AddressTextTarget.run(input)
        case .json: try JSONTarget.run(input)
        case .controlRequest: try ControlRequestTarget.run(input)
        case .controlReply: try ControlReplyTarget.run(input)
        }
    }
}
