/// Several files in one input, separated by the control character RS, which none of them has in itself.
struct InputParts {
  static let separator: UInt8 = 0x1E
  private let parts: [ArraySlice<UInt8>]

  init(_ input: [UInt8]) { parts = input.split(separator: Self.separator, omittingEmptySubsequences: false) }

  /// The part at `index`; nil if it is absent or empty, so that a mutation can remove a file.
  subscript(_ index: Int) -> [UInt8]? {
    index < parts.count && !parts[index].isEmpty ? Array(parts[index]) : nil
  }

  /// The parts as files with these names.
  func files(_ names: [String]) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for (index, name) in names.enumerated() { files[name] = self[index] }
    return files
  }
}
