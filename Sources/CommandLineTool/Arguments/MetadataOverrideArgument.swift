import ArgumentParser
import Ingot

/// `KEY=TYPE:VALUE`: a pair of metadata as llama-quantize takes it.
///
/// Types are `int` (stored as uint32), `float` (float32), `bool` (true or false) and `str`. As there, a key or a string may
/// have 127 bytes; a number that the stored type cannot hold is refused.
struct MetadataOverrideArgument: ExpressibleByArgument {
  let override: ConversionRequest.MetadataOverride

  private static let maximumByteCount = 127

  init?(argument: String) {
    guard let separator = argument.firstIndex(of: "=") else { return nil }
    let key = String(argument[..<separator])
    let rest = argument[argument.index(after: separator)...]
    guard !key.isEmpty, key.utf8.count <= Self.maximumByteCount, let colon = rest.firstIndex(of: ":"),
      let value = Self.value(String(rest[..<colon]), String(rest[rest.index(after: colon)...]))
    else { return nil }
    override = ConversionRequest.MetadataOverride(key: key, value: value)
  }

  private static func value(_ type: String, _ text: String) -> MetadataValue? {
    switch type {
    case "int": UInt32(text).map(MetadataValue.uint32)
    case "float": Float(text).flatMap { $0.isFinite ? .float32($0) : nil }
    case "bool": ["true": true, "false": false][text].map(MetadataValue.bool)
    case "str": text.utf8.count <= maximumByteCount ? .string(ByteString(text)) : nil
    default: nil
    }
  }
}

/// `0,5,6`: the numbers of layers.
struct LayerList: ExpressibleByArgument {
  let layers: Set<Int>

  init?(argument: String) {
    guard let list = TokenList(argument: argument) else { return nil }
    layers = Set(list.ids)
  }
}
