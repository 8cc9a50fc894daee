/// The user as whom the packaged daemon runs.
package enum ServiceUser {
    /// Made by the package.
    package static let name = "ipop"
}
