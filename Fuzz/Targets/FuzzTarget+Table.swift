extension FuzzTarget {
  /// All targets, by the layer of what they read.
  public static let all: [FuzzTarget] =
    containers + compression + tokenizers + documents + models + codecs + unfinishedWork + measurements + network

  /// The target called `name`.
  public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}
