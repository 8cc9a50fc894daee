import GatewayFiles
import LinuxSystem

extension ServiceUser {
    /// Who the daemon's secrets are to belong to: that user when it exists and this process may give files away.
    static func owner() throws(CommandFailure) -> FileSystem.Owner? {
        guard UserDatabase.currentUserID == 0 else { return nil }
        do throws(SystemError) {
            guard let user = try UserDatabase.userID(name), let group = try UserDatabase.primaryGroupID(ofUser: name)
            else { return nil }
            return FileSystem.Owner(user: user, group: group)
        } catch {
            throw CommandFailure("look up the user", error)
        }
    }
}
