import Bytes

/// The wording of missing bytes: `1,024 bytes are missing; is the download complete?`.
func missing(_ byteCount: Int, _ qualifier: String = "") -> String {
  "\(qualifier)\(counted(byteCount, "byte")) \(byteCount == 1 ? "is" : "are") missing; is the download complete?"
}

extension [String] {
  /// The first `limit` names, quoted, and the count of the others.
  func quotedList(limit: Int) -> String {
    let shown = prefix(limit).map(\.quoted).joined(separator: ", ")
    return count > limit ? "\(shown) and \((count - limit).grouped) more" : shown
  }
}
