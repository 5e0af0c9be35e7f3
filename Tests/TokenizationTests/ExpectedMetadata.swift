import Bytes
import Tensors
import TestSupport

/// The metadata that the reference converter wrote, as the fixtures record it: key, type and value of each pair.
enum ExpectedMetadata {
  struct Unexpected: Error, CustomStringConvertible {
    let description: String
  }

  /// The pairs of `file` whose keys begin with `tokenizer.`, in order; `base` has those that are the same there.
  static func tokenizer(_ file: String, base: String? = nil) throws -> [(key: String, value: MetadataValue)] {
    let baseEntries = try base.map(entries) ?? []
    return try entries(file).compactMap { entry in
      guard let key = entry["key"]?.string, key.hasPrefix("tokenizer.") else { return nil }
      let own = entry["sameAsBase"]?.bool == true ? baseEntries.first { $0["key"] == entry["key"] } : entry
      return (key, try value(own ?? .null))
    }
  }

  private static func entries(_ file: String) throws -> [JSON] {
    try JSON(parsing: LocalFile(file).wholeContent(limit: 1 << 24)).array ?? []
  }

  private static func value(_ entry: JSON) throws -> MetadataValue {
    let type = entry["type"]?.string ?? ""
    let elements = entry["value"]?.array ?? []
    switch (type, entry["value"]) {
    case ("STRING", .string(let text)?): return .string(ByteString(text))
    case ("BOOL", .bool(let value)?): return .bool(value)
    case ("UINT32", .number(let number)?): return .uint32(UInt32(number.integer ?? -1))
    case ("[STRING]", _): return .array(.string(PackedStrings(elements.compactMap(\.string))))
    case ("[INT32]", _): return .array(.int32(elements.compactMap { $0.integer.map(Int32.init) }))
    case ("[UINT8]", _): return .array(.uint8(elements.compactMap { $0.integer.map(UInt8.init) }))
    case ("[FLOAT32]", _): return .array(.float32(elements.compactMap { $0.real.map { Float($0) } }))
    default: throw Unexpected(description: "\(entry["key"]?.string ?? ""): type \(type) is not expected")
    }
  }
}
