/// The text of the error that `body` throws; empty if it throws none.
public func failure(_ body: () throws -> Any) -> String {
  do {
    _ = try body()
    return ""
  } catch {
    return "\(error)"
  }
}
