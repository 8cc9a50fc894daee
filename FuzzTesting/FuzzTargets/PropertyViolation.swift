/// What must hold for any input, and does not.
package struct PropertyViolation: Error, CustomStringConvertible {
    /// One sentence.
    package let description: String
}

/// Throws unless `condition` holds.
func expect(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(PropertyViolation) {
    guard condition else { throw PropertyViolation(description: sentence()) }
}
