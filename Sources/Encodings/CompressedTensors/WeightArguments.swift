import Bytes
import Tensors

/// The member `weights` of a config group: what a code is, and which codes share a scale.
struct WeightArguments: Hashable, Sendable {
  enum Kind: String, Hashable, Sendable {
    case integer = "int"
    case float
  }

  /// The codes that share a scale.
  enum Strategy: Hashable, Sendable {
    case tensor
    /// Those of a row.
    case channel
    /// So many after each other in a row.
    case group(Int)
    case block(rows: Int, columns: Int)
  }

  let bits: Int
  let kind: Kind
  let strategy: Strategy
  let isSymmetric: Bool

  /// No published group or block is larger; a larger number is a mistake.
  private static let largestDimension = 1 << 20
  private static let strategies = ["tensor", "channel", "group", "tensor_group", "block"]

  /// The members that are read, or that do not change the values of weights.
  static let members: Set<String> = [
    "num_bits", "type", "symmetric", "group_size", "strategy", "block_structure", "dynamic", "actorder", "scale_dtype",
    "zp_dtype", "observer", "observer_kwargs",
  ]

  init(bits: Int, kind: Kind = .integer, _ strategy: Strategy, isSymmetric: Bool = true) {
    (self.bits, self.kind, self.strategy, self.isSymmetric) = (bits, kind, strategy, isSymmetric)
  }

  /// Reads the member `path`; what is absent has the library's default.
  init(_ json: JSON, path: String) throws(EncodingError) {
    let members = StatedMembers(json, path: path)
    let type = try members.text("type") ?? "int"
    guard let kind = Kind(rawValue: type.lowercased()) else {
      throw .member("\(path).type", expected: "\"int\" or \"float\"")
    }
    self.kind = kind
    bits = try members.integer("num_bits", in: 1...8) ?? 8
    isSymmetric = try members.flag("symmetric") ?? true
    strategy = try Self.strategy(members)
  }

  private static func strategy(_ members: StatedMembers) throws(EncodingError) -> Strategy {
    let size = try members.integer("group_size", in: -1...largestDimension)
    let block = try blockStructure(members)
    let name: String
    switch (try members.text("strategy")?.lowercased(), size) {
    case (let stated?, _): name = stated
    // As the library infers it.
    case (nil, nil): name = "tensor"
    case (nil, -1): name = "channel"
    case (nil, _): name = "group"
    }
    guard strategies.contains(name) else {
      throw .member("\(members.path).strategy", expected: strategies.map(\.quoted).joined(separator: ", "))
    }
    switch (name, size, block) {
    case ("group", let size?, nil) where size > 0, ("tensor_group", let size?, nil) where size > 0: return .group(size)
    case ("group", _, nil), ("tensor_group", _, nil):
      throw .member("\(members.path).group_size", expected: "an integer above 0 for strategy \(name.quoted)")
    case ("block", nil, let block?): return .block(rows: block.0, columns: block.1)
    case ("block", nil, nil):
      throw .member("\(members.path).block_structure", expected: "two integers above 0 for strategy \"block\"")
    case (_, let size?, nil) where size > 0 || name == "block":
      throw .member("\(members.path).group_size", expected: "null for strategy \(name.quoted)")
    case (_, _, .some) where name != "block":
      throw .member("\(members.path).block_structure", expected: "null for strategy \(name.quoted)")
    case ("channel", _, _): return .channel
    default: return .tensor
    }
  }

  /// `[128, 128]`, or as first releases wrote it, `"128x128"`.
  private static func blockStructure(_ members: StatedMembers) throws(EncodingError) -> (Int, Int)? {
    guard let json = members["block_structure"] else { return nil }
    let parts = json.array?.map(\.integer) ?? json.string?.split(separator: "x").map { Int($0) } ?? []
    guard parts.count == 2, let rows = parts[0], let columns = parts[1], (1...largestDimension).contains(rows),
      (1...largestDimension).contains(columns)
    else { throw .member("\(members.path).block_structure", expected: "two integers above 0, or null") }
    return (rows, columns)
  }
}

/// The members of an object of `quantization_config`, of which null is as good as none.
struct StatedMembers {
  /// The key path below `quantization_config`.
  let path: String
  let object: JSON.Object

  init(_ json: JSON, path: String) {
    self.path = path
    object = json.object ?? [:]
  }

  subscript(_ key: String) -> JSON? {
    guard let value = object[ExactString(key)], !value.isNull else { return nil }
    return value
  }

  private func keyPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func text(_ key: String) throws(EncodingError) -> String? {
    guard let value = self[key] else { return nil }
    guard let text = value.string else { throw .member(keyPath(key), expected: "a string") }
    return text
  }

  func texts(_ key: String) throws(EncodingError) -> [String]? {
    guard let value = self[key] else { return nil }
    guard let items = value.array, case let texts = items.compactMap(\.string), texts.count == items.count else {
      throw .member(keyPath(key), expected: "a list of strings")
    }
    return texts
  }

  func flag(_ key: String) throws(EncodingError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard let flag = value.bool else { throw .member(keyPath(key), expected: "true or false") }
    return flag
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(EncodingError) -> Int? {
    guard let value = self[key] else { return nil }
    guard let integer = value.integer, range.contains(integer) else {
      throw .member(keyPath(key), expected: "an integer from \(range.lowerBound) to \(range.upperBound.grouped)")
    }
    return integer
  }

  /// The members that are not among `known`, by key path; null or not.
  func unread(_ known: Set<String>) -> [String] {
    object.keys.map(\.text).filter { !known.contains($0) }.map(keyPath)
  }
}

extension WeightArguments {
  /// The weights of one of the library's named schemes; nil inside for activations alone.
  struct Preset {
    let arguments: WeightArguments?
  }

  static func preset(_ name: String) -> Preset? {
    let name = name.uppercased()
    switch name {
    case "UNQUANTIZED": return Preset(arguments: nil)
    case "W8A8", "INT8": return Preset(arguments: Self(bits: 8, .channel))
    case "W4A16_ASYM": return Preset(arguments: Self(bits: 4, .group(128), isSymmetric: false))
    case "W4AFP8": return Preset(arguments: Self(bits: 4, .group(128)))
    case "FP8": return Preset(arguments: Self(bits: 8, kind: .float, .tensor))
    case "FP8_DYNAMIC": return Preset(arguments: Self(bits: 8, kind: .float, .channel))
    case "FP8_BLOCK": return Preset(arguments: Self(bits: 8, kind: .float, .block(rows: 128, columns: 128)))
    case "NVFP4", "NVFP4A16": return Preset(arguments: Self(bits: 4, kind: .float, .group(16)))
    case "MXFP4", "MXFP4A16", "MXFP4XFP8": return Preset(arguments: Self(bits: 4, kind: .float, .group(32)))
    case "MXFP8", "MXFP8A16": return Preset(arguments: Self(bits: 8, kind: .float, .group(32)))
    default: break
    }
    // W4A16: the bits of weights and of activations.
    let parts = name.dropFirst().split(separator: "A", omittingEmptySubsequences: false)
    guard name.hasPrefix("W"), parts.count == 2, let bits = Int(parts[0]), (2...8).contains(bits),
      ["4", "8", "16"].contains(parts[1])
    else { return nil }
    return Preset(arguments: Self(bits: bits, .group(128)))
  }
}
