import Testing

/// A file that must be refused, and the whole of what is said about it behind its name.
struct HostileFile: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  let message: String

  var testDescription: String { name }
}

/// The text of the error that `body` throws; empty if it throws none.
func failure(_ body: () throws -> Any) -> String {
  do {
    _ = try body()
    return ""
  } catch {
    return "\(error)"
  }
}
