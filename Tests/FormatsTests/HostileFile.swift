import Testing

/// A file that must be refused, and the whole of what is said about it behind its name.
struct HostileFile: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  let message: String

  var testDescription: String { name }
}
