import Bytes
import Tensors

/// A contradiction between two tokenizer files of one model, and the file that was followed; or a remark on one file.
public enum VocabularyConflict: Sendable, Hashable, CustomStringConvertible {
  /// Files give one role to different tokens.
  case specialToken(role: SpecialToken, used: Claim?, others: [Claim])
  /// Files differ in whether the token of a role is added while encoding.
  case addition(role: SpecialToken, used: Bool, usedFile: String, other: Bool, otherFile: String)
  /// A token replaced another one with the same id.
  case replacedToken(id: Int, old: String, oldFile: String, new: String, newFile: String)
  /// A special token has an id that the vocabulary does not have.
  case specialTokenBeyond(role: SpecialToken, id: Int, file: String, vocabularySize: Int)
  /// A token was dropped because the model has no row for it.
  case ignoredToken(text: String, id: Int, file: String, vocabularySize: Int)
  /// Many tokens of one file were dropped because the model has no rows for them.
  case ignoredTokens(count: Int, first: String, firstID: Int, file: String, vocabularySize: Int)
  /// No file names the pre-tokenizer, so that the one that a reader assumes is used.
  case assumedPreTokenizer(name: String, reader: Vocabulary.Reader)
  /// The steps of the pre-tokenizer are unknown, but its ids of a text are those of a known one.
  case recognizedPreTokenizer(name: String, structure: String)
  /// A token has one id in the file and another in effect, because ids of added tokens follow from their texts.
  case shiftedToken(text: String, fileID: Int, effectiveID: Int, file: String)
  /// A file is not quite JSON, in words that name it.
  case readAsPython(String)

  /// Pieces that no merge makes, but that joining by score makes.
  case unreachablePieces(count: Int, first: String, file: String)
  /// A name of a pre-tokenizer was given for pieces that have none.
  case unusedPreTokenizer(name: String)
  /// A step that changes text, and for which a GGUF has no key.
  case unusedStep(member: String, type: String, file: String)
  /// No file has a chat template for Tekken's version, and llama.cpp knows none by name.
  case noChatTemplate(version: String)

  /// The ids of a role in one file.
  public struct Claim: Sendable, Hashable {
    public let file: String
    /// The ids, usually one.
    public let ids: [Int]

    var wording: String { ids.map { "\($0)" }.joined(separator: " and ") }
  }

  public var description: String {
    switch self {
    case .specialToken(let role, let used, let others):
      let claims = others.map { "\($0.wording) in \($0.file)" }.joined(separator: ", ")
      guard let used else { return "\(role.rawValue) token: \(claims); none of them is used" }
      return "\(role.rawValue) token: \(used.wording) in \(used.file), but \(claims); \(used.wording) is used"
    case .addition(let role, let used, let usedFile, let other, let otherFile):
      return "add_\(role.rawValue)_token: \(used) in \(usedFile), but \(other) in \(otherFile); \(used) is used"
    case .replacedToken(let id, let old, let oldFile, let new, let newFile):
      return "token \(id): \(old.quoted) in \(oldFile), but \(new.quoted) in \(newFile); \(new.quoted) is used"
    case .specialTokenBeyond(let role, let id, let file, let size):
      return "\(role.rawValue) token: id \(id) in \(file) is none of the \(counted(size, "token")) of the vocabulary"
    case .ignoredToken(let text, let id, let file, let size):
      return "token \(text.quoted): id \(id) in \(file), but the model has \(size.grouped) rows; it is dropped"
    case .ignoredTokens(let count, let first, let id, let file, let size):
      return "\(counted(count, "token")) of \(file), beginning with \(first.quoted) of id \(id.grouped), have no row in"
        + " the model, which has \(size.grouped); they are dropped"
    case .unreachablePieces(let count, let first, let file):
      return
        "\(counted(count, "piece")) of \(file), beginning with \(first.quoted), no merge makes; a GGUF has scores in"
        + " place of merges, so llama.cpp gives other ids where they occur"
    case .unusedPreTokenizer(let name):
      return "pre-tokenizer \(name) is not used: these pieces have none in a GGUF"
    case .unusedStep(let member, let type, let file):
      return "\(member) \(type) of \(file) has no key in a GGUF; text that it changes gets other ids there"
    case .assumedPreTokenizer(let name, let reader):
      return "the pre-tokenizer is not stated: \(name.quoted) is assumed, as in \(reader.rawValue)"
        + " (convert --pre-tokenizer NAME states another)"
    case .recognizedPreTokenizer(let name, let structure):
      return "the steps of the pre-tokenizer are unknown (\(structure)): \(name.quoted) is used, because the ids of"
        + " llama.cpp's check text are those of this name"
    case .shiftedToken(let text, let fileID, let effectiveID, let file):
      return
        "token \(text.quoted): id \(fileID) in \(file), but \(effectiveID) by the order of added tokens; \(effectiveID) is used"
    case .noChatTemplate(let version):
      return "no file has a chat template, and llama.cpp knows none by name for version \(version) of tekken.json"
        + " (its converter copies one from its own collection; put chat_template.jinja into the folder)"
    case .readAsPython(let remark): return remark
    }
  }
}

extension VocabularyConflict {
  /// The conflict of a special token of a vocabulary of `size` tokens; nil if the vocabulary has it, or the id is -1, by
  /// which files state that there is none.
  static func beyond(_ role: SpecialToken, _ id: Int, in file: String, size: Int) -> VocabularyConflict? {
    let isNone = id == -1 || id == Int(UInt32.max)
    return (0..<size).contains(id) || isNone
      ? nil : .specialTokenBeyond(role: role, id: id, file: file, vocabularySize: size)
  }

  /// The assumption that a GGUF with a byte-level vocabulary needs if it does not name the pre-tokenizer.
  public static func assumedPreTokenizer(in metadata: Metadata) -> VocabularyConflict? {
    guard metadata[Vocabulary.Keys.model]?.text == Vocabulary.Kind.byteLevel.rawValue,
      Vocabulary.statedPreTokenizer(metadata) == nil
    else { return nil }
    return .assumedPreTokenizer(name: Vocabulary.defaultPreTokenizer, reader: .llamaCpp)
  }

  /// Whether it is something assumed about the pre-tokenizer, instead of a contradiction.
  public var isAssumption: Bool {
    switch self {
    case .assumedPreTokenizer, .recognizedPreTokenizer: true
    default: false
    }
  }

  /// Up to this many tokens of one file are listed one by one.
  private static let namedTokenCount = 8

  /// The same conflicts; more than `namedTokenCount` tokens of a file without a row are summarized as one conflict.
  static func summarized(_ conflicts: [VocabularyConflict]) -> [VocabularyConflict] {
    var counts: [String: Int] = [:]
    for case .ignoredToken(_, _, let file, _) in conflicts { counts[file, default: 0] += 1 }
    var summarized: Set<String> = []
    return conflicts.compactMap { conflict in
      guard case .ignoredToken(let text, let id, let file, let size) = conflict,
        let count = counts[file], count > namedTokenCount
      else { return conflict }
      guard summarized.insert(file).inserted else { return nil }
      return .ignoredTokens(count: count, first: text, firstID: id, file: file, vocabularySize: size)
    }
  }
}
