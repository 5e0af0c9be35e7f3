import Bytes
import Models
import Tensors
import Tokenization

/// The problems of a checkpoint that its headers and side files show: what llama.cpp, transformers or the forward pass
/// would refuse, or compute wrongly. No tensor data is read.
struct HeaderCheck {
  /// What is checked.
  struct Parts: OptionSet {
    let rawValue: Int
    /// The architecture, coverage of its tensors, and hyperparameters.
    static let model = Parts(rawValue: 1)
    /// Tokens, scores, merges, special tokens and the pre-tokenizer.
    static let vocabulary = Parts(rawValue: 2)
    static let chatTemplates = Parts(rawValue: 4)
    /// `general.file_type` of a GGUF, `format` of safetensors.
    static let container = Parts(rawValue: 8)
    static let all: Parts = [.model, .vocabulary, .chatTemplates, .container]
  }

  let side: DiffSide
  private let parts: Parts
  /// Whether every tensor that does not fit gets a finding, and not every cause.
  let listsAll: Bool
  /// The vocabulary, if it is checked or has the chat templates; nil for a checkpoint without one.
  let vocabulary: Result<(vocabulary: Vocabulary, conflicts: [VocabularyConflict])?, any Error>

  init(_ side: DiffSide, _ parts: Parts = .all, listsAll: Bool = true) {
    self.side = side
    self.parts = parts
    self.listsAll = listsAll
    let isRead = parts.contains(.vocabulary) || parts.contains(.chatTemplates) && side.checkpoint.ggufMetadata == nil
    vocabulary = Result { try isRead ? Self.vocabulary(of: side) : nil }
  }

  private static func vocabulary(
    of side: DiffSide
  ) throws -> (vocabulary: Vocabulary, conflicts: [VocabularyConflict])? {
    if let model = side.model { return try model.vocabulary() }
    guard let metadata = side.checkpoint.ggufMetadata, metadata["tokenizer.ggml.tokens"] != nil else { return nil }
    let read = try Vocabulary.read(metadata)
    return (read.vocabulary, read.conflicts)
  }

  /// The path, as the subject of a finding.
  var subject: Finding.Subject { .checkpoint(side.path) }

  /// The problems, the causes of others first.
  var findings: [Finding] {
    var findings: [Finding] = []
    if parts.contains(.model) { findings += architectureFindings + modelFindings }
    if parts.contains(.vocabulary) { findings += vocabularyFindings }
    if parts.contains(.chatTemplates) { findings += templateFindings }
    if parts.contains(.container) { findings += fileTypeFindings + formatFindings }
    return findings
  }

  /// Creates a finding about a key of the GGUF.
  static func keyFinding(
    _ severity: Finding.Severity, _ check: String, _ key: String, _ message: String
  ) -> Finding {
    Finding(severity, check, .metadata(ExactString(key)), message)
  }

  /// Chat templates that Jinja cannot parse.
  private var templateFindings: [Finding] {
    let key = "tokenizer.chat_template"
    if let value = side.checkpoint.ggufMetadata?[key], value.text == nil {
      return [Self.keyFinding(.error, "template", key, "is \(value.display()), expected a string")]
    }
    return templates.compactMap { template in
      template.syntaxError.map {
        let name = template.name == "default" ? "" : " \(template.name.quoted)"
        return Finding(.error, "template", subject, "chat template\(name): \($0)")
      }
    }
  }

  private var templates: [ChatTemplate] {
    guard let metadata = side.checkpoint.ggufMetadata else {
      return (try? vocabulary.get())?.vocabulary.chatTemplates ?? []
    }
    return Vocabulary.chatTemplates(in: metadata)
  }
}
