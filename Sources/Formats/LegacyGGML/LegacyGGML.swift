import Bytes
import Tensors

/// The containers of ggml's programs from March to August 2023, before GGUF.
///
/// Files of llama.cpp are read whole: hyperparameters, vocabulary, and the tensors in every layout of blocks that these
/// months had. Those of other programs are told apart by their headers, and their tensors are listed.
enum LegacyGGML {
  // Limits on declared sizes. They are far above any real file and bound the memory that a hostile file can use.

  /// The maximum rank of a tensor (`GGML_MAX_DIMS` of ggml.h).
  static let maximumRank = 4
  /// The maximum bytes of a tensor's name; the longest of any program has 60.
  static let maximumNameByteCount = 255
  /// The maximum bytes of a token (4,096 in llama.cpp's convert_llama_ggml_to_gguf.py).
  static let maximumTokenByteCount = 4096
  /// The maximum tokens of a vocabulary.
  static let maximumTokenCount = 1 << 24
  /// The alignment of tensor data in `ggjt`.
  static let alignment = 32

  /// The three containers, by the letters of their magic.
  enum Magic: String {
    /// Without a version.
    case ggml
    /// With a version, and scores of tokens.
    case ggmf
    /// With the tensors' data aligned.
    case ggjt
    /// A LoRA adapter.
    case ggla
  }

  /// Magic and version, which decide how a file of llama.cpp is read.
  struct Revision: Hashable, Sendable, CustomStringConvertible {
    let magic: Magic
    /// Nil for `ggml`.
    let version: UInt32?

    var hasScores: Bool { magic != .ggml }
    var isAligned: Bool { magic == .ggjt }
    var description: String { magic.rawValue + (version.map { " v\($0)" } ?? "") }
  }

  /// Opens `file`, or the set of parts that it belongs to in `folder`.
  ///
  /// Header, vocabulary and the records of tensors are read and checked. Of tensor data at most a row of each block format
  /// is read, where a file does not say which of two layouts it has.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    let content = try contents(file)
    var first = content
    if let name = PartName(file.name)?.first, folder.hasFile(name),
      let other = try? contents(folder.open(name)), (try? other.partCount) ?? 1 > 1
    {
      first = other
    }
    return try LocatedError.naming(first.file.path) { () throws(LegacyGGMLError) in
      let partCount = try first.partCount
      guard partCount > 1 else { return content.checkpoint(path: file.path) }
      var parts = [first]
      for number in 1..<partCount {
        let name = PartName.name(of: number, after: first.file.name)
        guard folder.hasFile(name) else { throw .missingPart(name, count: partCount) }
        parts.append(try part(name, in: folder))
      }
      return try JoinedFile(parts).checkpoint(path: file.path)
    }
  }

  /// Reads a part after the first one.
  private static func part(_ name: String, in folder: any FileTree) throws(LegacyGGMLError) -> Contents {
    let file: any ByteSource
    do throws(FileError) { file = try folder.open(name) } catch { throw .unreadable(error) }
    do throws(LegacyGGMLError) { return try Contents(file) } catch { throw .part(name, "\(error)") }
  }

  /// Reads one file; errors name it.
  private static func contents(_ file: any ByteSource) throws -> Contents {
    do throws(LegacyGGMLError) {
      return try Contents(file)
    } catch {
      throw error.located(in: file.path)
    }
  }

  /// The name of a part after the first: `ggml-model-q4_0.bin.1`.
  struct PartName {
    /// The name of the first part, which has no number.
    let first: String

    init?(_ name: String) {
      guard let dot = name.lastIndex(of: "."), dot > name.startIndex, let number = Int(name[name.index(after: dot)...]),
        (1..<64).contains(number)
      else { return nil }
      first = String(name[..<dot])
    }

    static func name(of number: Int, after first: String) -> String { "\(first).\(number)" }
  }
}
