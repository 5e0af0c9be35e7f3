import Bytes
import Tensors

/// Recognizes a file by its first bytes; its name only matters if they are ambiguous.
public enum FormatSniffer {
  /// The number of bytes to inspect.
  static let prefixByteCount = 4096

  /// The container of `file`.
  ///
  /// - Throws: `UnsupportedFileError` with the kind of a file that no reader is for.
  public static func container(of file: any ByteSource) throws -> Container {
    let prefix = try file.bytes(at: 0, count: min(prefixByteCount, file.byteCount))
    if prefix.starts(with: GGUF.magic) { return .gguf }
    // A safetensors file has no magic: its ninth byte is the brace of the header, whose length has high bytes of 0.
    if prefix.count > 8, prefix[8] == UInt8(ascii: "{"), prefix[5..<8].allSatisfy({ $0 == 0 }) { return .safeTensors }
    if let foreign = UnsupportedFileKind(prefix) {
      let content = try foreign.refined(by: file)
      if let container = content.container { return container }
      throw LocatedError(path: file.path, reason: UnsupportedFileError(content: content))
    }
    if let text = text(prefix) {
      throw LocatedError(path: file.path, reason: UnsupportedFileError(content: .text(text)))
    }
    let name = file.name
    if Path.hasEnding(name, ".safetensors") { return .safeTensors }
    if Path.hasEnding(name, ".gguf") {
      throw LocatedError(path: file.path, reason: GGUFError.magic(Array(prefix.prefix(4))))
    }
    // PyTorch's suffixes say nothing of content that is neither a zip archive nor a pickle.
    let named = ForeignFormat.named(name).flatMap { $0 == .pyTorch ? nil : UnsupportedFileKind.foreign($0) }
    let content = named ?? .unknown(Array(prefix.prefix(8)))
    throw LocatedError(path: file.path, reason: UnsupportedFileError(content: content))
  }

  /// Whether the container of `file` can have a tokenizer next to the tensors.
  public static func mayIncludeTokenizer(_ file: any ByteSource) throws -> Bool {
    [.gguf, .legacyGGML].contains(try container(of: file))
  }

  /// Refuses a side file whose content is known to be something else, such as a Git LFS pointer or a web page.
  public static func refuseForeign(_ content: [UInt8], path: String, expected: String) throws(LocatedError) {
    let prefix = Array(content.prefix(prefixByteCount))
    guard let foreign = UnsupportedFileKind(prefix) else { return }
    throw LocatedError(path: path, reason: UnsupportedFileError(content: foreign, expected: expected))
  }

  /// Returns the first words of plain text, which servers send instead of a missing file.
  private static func text(_ prefix: [UInt8]) -> String? {
    let isPrintable = prefix.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
    guard isPrintable, prefix.count >= 8 else { return nil }
    // The prefix may end within a scalar, which has at most four bytes.
    let text = (0...3).lazy.compactMap { String(validating: prefix.dropLast($0), as: UTF8.self) }.first
    return text.map { String(String.UnicodeScalarView($0.unicodeScalars.prefix(32))) }
  }
}
