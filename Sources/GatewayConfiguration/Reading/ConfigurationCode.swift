/// The closed list of what can be wrong with a gateway's configuration: `code` in `ipop check --json`.
package enum ConfigurationCode: String, Sendable, CaseIterable {
    // The files.
    case unreadableFile = "E101"
    case syntax = "E102"
    case unknownKey = "E103"
    case duplicate = "E104"
    case wrongType = "E105"
    case invalidValue = "E106"
    case missingKey = "E107"
    case notOffered = "E108"
    case overlap = "E109"

    // The identity.
    case certificate = "E110"
    case keyFile = "E111"
    case gridProfile = "E112"

    // The host.
    case exportUnreachable = "E113"
    case noOwnAddress = "E114"
    case oneArmed = "E115"

    // The same as in `ipop status`.
    case certificateExpiresSoon = "E003"
    case certificateExpired = "E004"
    case certificateNotYetValid = "E005"
    case exportNotInCertificate = "E020"
    case exportOtherInterface = "E021"
    case exportRefused = "E023"
    case virtualPrefixOutsidePool = "E070"
    case poolExhausted = "E071"
    case virtualPrefixShared = "E074"
    case forwardingOff = "E033"
    case reversePathFilter = "E034"
    case lanInterfaceMissing = "E035"
    case forwardingDropped = "E045"
    case sourceRewritten = "E046"
    case lanNotBridged = "E080"

    /// Phrase, cause and fix, in the words of docs/codes.md; `nil` for a code that is a problem of `ipop status` too,
    /// which has them.
    package var explanation: (phrase: String, cause: String, fix: String)? {
        fileExplanation ?? siteExplanation
    }

    private var fileExplanation: (phrase: String, cause: String, fix: String)? {
        switch self {
        case .unreadableFile:
            (
                "file missing or unreadable", "A file of the configuration is not there, or may not be read.",
                "Join first (`ipop join`), or run the command as root."
            )
        case .syntax:
            (
                "not understood", "The file is not the text it should be: not YAML, not UTF-8, too long or too deep.",
                "Correct what stands at the place told; anchors, aliases and tags are not taken."
            )
        case .unknownKey:
            (
                "unknown key", "A key that this version does not know, most often a typing error.",
                "Write the key that is suggested, or remove the line."
            )
        case .duplicate:
            ("stands twice", "A key, an item of a list or a line is there twice.", "Keep one of the two.")
        case .wrongType:
            (
                "wrong type", "A number where a list belongs, a quoted number, and the like.",
                "Write the value as the message says; ipop.yaml(5) has an example of each."
            )
        case .invalidValue:
            (
                "value not allowed", "The right type, but out of range or not of the words that are allowed.",
                "Take a value that the message names."
            )
        case .missingKey:
            (
                "something is missing", "A key without a default, or a column of subnets.map, is not there.",
                "Add what the message names."
            )
        case .notOffered:
            (
                "not offered by this version", "A setting that is understood and has no function in this version.",
                "Leave it out until a later version."
            )
        case .overlap:
            (
                "overlap", "Two lines of subnets.map, or two pools, claim a common address or contradict each other.",
                "Keep one of the two, or split the larger."
            )
        default: nil
        }
    }

    private var siteExplanation: (phrase: String, cause: String, fix: String)? {
        switch self {
        case .certificate:
            (
                "certificate or key unusable",
                "The certificate is of another grid or site, not signed by the authority, or the key is not its own.",
                "Join again with the site's bundle: `ipop join FILE.ipop`."
            )
        case .keyFile:
            (
                "key file's mode or owner", "Others can read the key, or the daemon's user cannot.",
                "Set mode 0600 and the owner `ipop`, as the message says."
            )
        case .gridProfile:
            (
                "grid profile unusable", "grid.yaml was changed, or is of another grid or authority.",
                "Join again with a bundle of the grid."
            )
        case .exportUnreachable:
            (
                "export may not be reachable",
                "The LAN interface is down, or no address and no route of this host leads into the subnet through it.",
                "Set the interface up, or give it an address or a route."
            )
        case .noOwnAddress:
            (
                "no own address in the exports",
                "The gateway has no address in a subnet it exports, so other sites refuse its own packets.",
                "Give the LAN interface an address in an exported subnet, if the gateway itself is to be reached."
            )
        case .oneArmed:
            (
                "one-armed gateway", "LAN hosts seem to have another default router, which does not know the grid.",
                "Add a route on that router, or hand it out by DHCP option 121; source NAT is the last resort."
            )
        default: nil
        }
    }
}
