/// The version of the programs and of the Debian package: the one place where it is written.
public enum ProgramVersion {
    /// `MAJOR.MINOR.PATCH`. `Packaging/build-deb` reads this line.
    public static let text = "0.1.0"
}
