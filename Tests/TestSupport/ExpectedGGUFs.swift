import Bytes

/// What the reference makes of a checkpoint: `ggufs.json`, the size and digest of each file and what it holds.
public struct ExpectedGGUFs: Sendable {
  /// A tensor of one of the files.
  public struct Tensor: Sendable {
    public let name: String
    /// Slowest-varying first.
    public let dimensions: [Int]
    /// The name of the storage format.
    public let format: String
    /// The first eight digits of the SHA-256 of its bytes.
    public let digest: String
  }

  private let json: JSON

  /// Reads those of the checkpoint `name`.
  public init(_ name: String) throws { json = try Fixtures.json("expected", name, "ggufs.json") }

  /// The SHA-256 of a whole file, by the lowercase name of its type.
  public func digest(_ type: String) -> String? { json[type]?["sha256"]?.string }

  /// Its size.
  public func byteCount(_ type: String) -> Int? { json[type]?["byteCount"]?.integer }

  /// What the F32 file is with the configuration that transformers 5 writes; nil where there is none.
  public var transformers5: JSON? { json["transformers5"] }

  /// The tensors of a file in its order.
  public func tensors(_ type: String) -> [Tensor] {
    let types = (json.object ?? [:]).filter { $0.value["byteCount"] != nil }.map(\.key.text)
    guard let column = types.firstIndex(of: type) else { return [] }
    return (json["tensors"]?.array ?? []).compactMap { row in
      guard let row = row.array, row.count == types.count + 2, let name = row[0].string,
        let words = row[column + 2].string?.split(separator: " "), words.count == 2
      else { return nil }
      let dimensions = (row[1].array ?? []).compactMap(\.integer)
      return Tensor(
        name: name, dimensions: dimensions.reversed(), format: String(words[0]), digest: String(words[1]))
    }
  }

  /// The number of parameters.
  public var parameterCount: Int {
    tensors("f32").reduce(0) { $0 + $1.dimensions.reduce(1, *) }
  }
}
