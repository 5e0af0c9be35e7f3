import Bytes
import Quantization
import Tensors

/// The containers and storage formats that can be read, written, decoded and encoded.
public struct FormatCatalog: Sendable {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.formats/1"

  /// One storage format.
  public struct Entry: Hashable, Sendable {
    /// The format; its facts come from the table of storage formats.
    public let format: StorageFormat
    /// Whether it can be decoded.
    public let isDecodable: Bool
    /// Whether it can be encoded.
    public let isEncodable: Bool
  }

  /// The storage formats in the order of their table.
  public let entries: [Entry]

  /// Asks the table and the codecs.
  public init() {
    entries = StorageFormat.allCases.map {
      Entry(format: $0, isDecodable: Codec.canDecode($0), isEncodable: Codec.canEncode($0))
    }
  }

  /// The catalog as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema),
      "containers": .array(Container.allCases.map { .string($0.rawValue) }),
      "formats": .array(entries.map(\.json)),
      "recipes": .array(Recipe.names.map { .string($0) }),
    ])
  }
}

extension FormatCatalog.Entry {
  var json: JSON {
    let facts = format.facts
    return .members([
      "name": .string(format.name), "kind": .string(facts.kind.wording),
      "elements_per_block": .integer(facts.elementsPerBlock), "bytes_per_block": .integer(facts.bytesPerBlock),
      "bits_per_element": .real(format.bitsPerElement),
      "ggml_type": facts.ggmlType.map { .integer($0) } ?? .null, "safetensors": .bool(facts.isSafeTensorsType),
      "decoded": .bool(isDecodable), "encoded": .bool(isEncodable),
    ])
  }
}

extension StorageFormat.Kind {
  /// The name in listings.
  public var wording: String {
    switch self {
    case .float: "float"
    case .integer: "integer"
    case .complex: "complex"
    case .quantized: "quantized"
    }
  }
}
