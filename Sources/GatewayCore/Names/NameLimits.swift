/// Limits and intervals of questions for the names of hosts.
package enum NameLimits {
    /// Addresses of one name: a host has one of each family, and a gateway one in each exported subnet.
    package static let addresses = 8
    /// Names that are asked for at a time.
    package static let questions = 64
    /// Gateways of one site that are asked.
    static let gateways = 4
    /// How long an answer is waited for: a session may have to be made first. Resolvers ask again after 5 s.
    static let patience: Duration = .seconds(3)
    /// Questions of others that are answered: in the long run a second, and at once. An answer has 213 bytes at most.
    static let answerRate = 200
    static let answerBurst = 400
}
