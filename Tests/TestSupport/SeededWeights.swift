import Bytes

/// A tensor whose values follow from a few numbers: a line of `weights.json` (see `fixtures/generate/weights.py`).
public struct SeededTensor: Sendable {
  /// What is wrong with a line.
  public struct Malformed: Error, CustomStringConvertible {
    public let description: String
  }

  private enum Rule {
    /// `(low + k) × 2^exponent`, where `k` below `count` is drawn by the random numbers from number `start` on.
    case uniform(low: Int, count: UInt64, exponent: Int, start: UInt64)
    case positions
    case causalMask
  }

  /// The name in the file.
  public let name: String
  /// Slowest-varying first.
  public let dimensions: [Int]
  private let rule: Rule

  /// Parses `[name, dimensions, low, count, exponent, start]` or `[name, dimensions, "positions" or "causal mask"]`.
  public init(_ line: JSON) throws {
    let items = line.array ?? []
    guard items.count >= 3, let name = items[0].string, let dimensions = items[1].array?.compactMap(\.integer) else {
      throw Malformed(description: "\(line)")
    }
    self.name = name
    self.dimensions = dimensions
    let numbers = items[2...].compactMap(\.integer)
    switch (items[2].string, numbers.count) {
    case ("positions", _): rule = .positions
    case ("causal mask", _): rule = .causalMask
    case (nil, 4):
      rule = .uniform(low: numbers[0], count: UInt64(numbers[1]), exponent: numbers[2], start: UInt64(numbers[3]))
    default: throw Malformed(description: "\(line)")
    }
  }

  /// The element type as a safetensors header spells it.
  public var dataType: String { if case .positions = rule { "I64" } else { "BF16" } }

  private var elementCount: Int { dimensions.reduce(1, *) }

  /// The elements, slowest-varying dimension first.
  public var values: [Float] {
    switch rule {
    case .positions: return (0..<elementCount).map(Float.init)
    case .causalMask:
      let columnCount = dimensions[dimensions.count - 1], rowCount = dimensions[dimensions.count - 2]
      return (0..<elementCount).map { $0 % columnCount <= $0 / columnCount % rowCount ? 1 : 0 }
    case .uniform(let low, let count, let exponent, let start):
      let table = (0..<Int(count)).map { Float(sign: .plus, exponent: exponent, significand: Float(low + $0)) }
      var generator = SeededGenerator(seed: 0, skipping: start)
      return (0..<elementCount).map { _ in table[Int(((generator.next() >> 32) &* count) >> 32)] }
    }
  }

  /// The elements as the file has them.
  public var bytes: [UInt8] {
    if case .positions = rule {
      return (0..<elementCount).flatMap { withUnsafeBytes(of: Int64($0).littleEndian, Array.init) }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 * elementCount)
    for value in values {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> 16))
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> 24))
    }
    return bytes
  }

  /// A safetensors file of the tensors in the order of the lines.
  public static func safeTensors(_ lines: JSON) throws -> [UInt8] {
    var entries = [#""__metadata__":{"format":"pt"}"#], data: [UInt8] = []
    for tensor in try (lines.array ?? []).map(SeededTensor.init) {
      let begin = data.count
      data += tensor.bytes
      entries.append(
        SafeTensorsBytes.entry(tensor.name, tensor.dataType, tensor.dimensions, begin, data.count))
    }
    let header = "{" + entries.joined(separator: ",") + "}"
    var file = SafeTensorsBytes(header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8))
    file.data = data
    return file.bytes
  }
}

extension Fixtures {
  /// The path of the checkpoint `name`: its own folder or, if that has rules in place of weights, a copy in `parent`.
  public static func checkpoint(_ name: String, in parent: TemporaryFolder) throws -> String {
    guard FileSystem.kind(of: path(name, "weights.json")) == .regular else { return path(name) }
    let folder = parent.file(Path.name(of: name))
    if FileSystem.kind(of: folder) == nil { try copyFolder(path(name), to: folder) }
    return folder
  }

  private static func copyFolder(_ source: String, to folder: String) throws {
    try FileSystem.createFolder(folder)
    for name in try FileSystem.list(source) {
      let (inner, destination) = (Path.join(source, name), Path.join(folder, name))
      if FileSystem.kind(of: inner) == .folder {
        try copyFolder(inner, to: destination)
      } else {
        try copy(inner, to: destination)
      }
    }
  }

  /// Copies a file; of `weights.json` it makes `model.safetensors`.
  public static func copy(_ source: String, to destination: String) throws {
    let bytes = try LocalFile(source).wholeContent(limit: 16 << 20)
    guard Path.name(of: source) == "weights.json" else {
      return try AtomicFile.write(bytes, to: destination, overwrite: .replace)
    }
    let weights = destination.dropLast("weights.json".count) + "model.safetensors"
    try AtomicFile.write(SeededTensor.safeTensors(JSON(parsing: bytes)), to: String(weights), overwrite: .replace)
  }
}
