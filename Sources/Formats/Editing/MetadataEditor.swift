import Bytes
import Tensors

/// One file of either container whose metadata is edited.
public enum MetadataEditor: Sendable {
  case gguf(GGUF.Editor)
  case safeTensors(SafeTensors.Editor)

  /// Reads only the file at `path`, not the set that it may belong to.
  ///
  /// - Throws: `FileError`, or `LocatedError` for an invalid file.
  public init(_ path: String) throws {
    let container = try FormatSniffer.container(of: InputLocation.openUnpacked(path))
    switch container {
    case .gguf: self = .gguf(try GGUF.Editor(path))
    case .safeTensors: self = .safeTensors(try SafeTensors.Editor(path))
    case .pyTorch, .numPy, .legacyGGML, .mlc, .distributed:
      throw LocatedError(path: path, reason: MetadataEditingError.noMetadata(container))
    }
  }

  /// The pairs, in the order of the file.
  public var metadata: Metadata {
    switch self {
    case .gguf(let editor): editor.metadata
    case .safeTensors(let editor): editor.metadata
    }
  }

  /// Throws unless `key` may be edited.
  public func requireEditable(_ key: String) throws(MetadataEditingError) {
    if case .gguf = self { try GGUF.Editor.requireEditable(key) }
  }

  /// Sets `key` to the value that `text` spells; returns the old and the new one.
  ///
  /// - Parameter type: the name of the type. The default is the type of the existing value, otherwise the conventional
  ///   one of the key; safetensors has only strings.
  public mutating func set(
    _ key: String, to text: String, type name: String?
  ) throws(MetadataEditingError) -> (old: MetadataValue?, new: MetadataValue) {
    try requireEditable(key)
    let old = metadata[key]
    let new = try type(of: key, old, named: name).value(text)
    change(key, to: new)
    return (old, new)
  }

  /// Removes `key`; returns its value.
  public mutating func remove(_ key: String) throws(MetadataEditingError) -> MetadataValue {
    try requireEditable(key)
    guard let old = metadata[key] else { throw .noSuchKey(key) }
    change(key, to: nil)
    return old
  }

  /// Writes the changes into the file, in place if they are small and fit, otherwise through a new file.
  public func save() throws -> EditOutcome {
    switch self {
    case .gguf(let editor): try editor.save()
    case .safeTensors(let editor): try editor.save()
    }
  }

  /// Writes the file with the changes under another name.
  ///
  /// - Throws: also for a name of a compressed file, which is not written.
  public func save(to path: String, overwrite policy: OverwritePolicy) throws {
    guard Compression.ending(path) == nil else {
      throw LocatedError(path: path, reason: MetadataEditingError.compressed)
    }
    switch self {
    case .gguf(let editor): try editor.save(to: path, overwrite: policy)
    case .safeTensors(let editor): try editor.save(to: path, overwrite: policy)
    }
  }

  private mutating func change(_ key: String, to value: MetadataValue?) {
    switch self {
    case .gguf(var editor):
      editor.metadata[key] = value
      self = .gguf(editor)
    case .safeTensors(var editor):
      editor.metadata[key] = value
      self = .safeTensors(editor)
    }
  }

  private func type(
    of key: String, _ old: MetadataValue?, named name: String?
  ) throws(MetadataEditingError) -> MetadataValueParser {
    if let name {
      guard let named = MetadataValueParser(name) else { throw .unknownTypeName(name) }
      if case .safeTensors = self, named != .scalar(.string) { throw .stringOnly(type: name) }
      return named
    }
    if case .safeTensors = self { return .scalar(.string) }
    guard let found = old.flatMap(MetadataValueParser.init(of:)) ?? MetadataValueParser(conventionOf: key) else {
      throw .unknownKeyType(key)
    }
    return found
  }
}
