/// One of several ways out that this host has, by a number that means something in this process only.
public struct Uplink: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The one that the kernel's routes choose; the only one where there are not several.
    public static let any = Uplink(rawValue: 0)

    public static func < (lhs: Uplink, rhs: Uplink) -> Bool { lhs.rawValue < rhs.rawValue }
}
