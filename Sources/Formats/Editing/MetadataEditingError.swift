import Bytes
import Tensors

/// An error of editing metadata.
public enum MetadataEditingError: IngotError {
  /// The layout of the file depends on the key.
  case layoutKey(String, reason: String)
  /// The file does not have the key.
  case noSuchKey(String)
  /// The type of a new key is unknown.
  case unknownKeyType(String)
  /// The type name is unknown.
  case unknownTypeName(String)
  /// The string is not a value of the type.
  case unreadableValue(String, type: String)
  /// The type is not string, in a file that has only strings.
  case stringOnly(type: String)
  /// The file is compressed.
  case compressed
  /// The container has no metadata.
  case noMetadata(Container)

  public var category: ErrorCategory {
    switch self {
    case .noSuchKey, .noMetadata, .compressed: .input
    case .layoutKey, .unknownKeyType, .unknownTypeName, .unreadableValue, .stringOnly: .usage
    }
  }

  public var description: String {
    switch self {
    case .layoutKey(let key, let reason): "key \(key.quoted) is not edited: \(reason)"
    case .noSuchKey(let key): "key \(key.quoted) is not there (ingot meta get lists the keys)"
    case .unknownKeyType(let key):
      "key \(key.quoted) is new and its type is unknown (name it with --type, such as u32, string or [string])"
    case .unknownTypeName(let name):
      "type \(name.quoted): unknown, expected one of \(MetadataValueParser.names.joined(separator: ", "))"
    case .unreadableValue(let text, let type):
      "value \(text.count > 60 ? (String(text.prefix(60)) + "…").quoted : text.quoted): is not of type \(type)"
    case .noMetadata(let container):
      "is a \(container.rawValue) file, whose metadata is not edited (convert it to GGUF or safetensors first)"
    case .compressed:
      "is compressed, expected a plain file to edit (--output writes one, under a name without .gz or .zst)"
    case .stringOnly(let type): "type \(type.quoted): safetensors metadata has only strings, expected string"
    }
  }
}
