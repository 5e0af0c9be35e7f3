import Bytes
import Formats
import Models
import Tokenization

/// The tokenizers and chat templates of two models side by side.
struct TokenizerDifferences {
  private let reference: Model, candidate: Model
  private let check: String
  private let severities: Severities
  /// The vocabularies, which are large, read once.
  private let vocabularies: Result<(Vocabulary?, Vocabulary?), any Error>

  /// How much differences matter.
  struct Severities {
    /// Of differences that change ids.
    var ids = Finding.Severity.error
    /// Of other chat templates.
    var templates = Finding.Severity.error
    /// Of a tokenizer that the candidate lacks.
    var missing = Finding.Severity.error
  }

  /// Texts that tokenizers must agree about; each tells apart tokenizers of some kind.
  static let probes = [
    "The river runs past the mill, and the mill grinds the grain that the valley grows.", "It's 1984, or 2026?",
    "don't", "  two  spaces\n\nand\ta tab", "naïve café", "漢字とかな", "def f(x):\n    return x + 1\n", "🙂",
  ]

  init(_ reference: Model, _ candidate: Model, check: String, severities: Severities) {
    self.reference = reference
    self.candidate = candidate
    self.check = check
    self.severities = severities
    vocabularies = Result { (try reference.vocabulary()?.vocabulary, try candidate.vocabulary()?.vocabulary) }
  }

  /// Whether both models have a vocabulary that can be read.
  var hasBoth: Bool {
    guard case (_?, _?)? = try? vocabularies.get() else { return false }
    return true
  }

  /// Returns the differences of vocabularies and chat templates, and the first of `texts` with other ids.
  ///
  /// A tokenizer that one side lacks or that cannot be read is a finding too: then nothing is compared.
  func findings(_ texts: [String] = probes) -> [Finding] {
    let one: Vocabulary?, other: Vocabulary?
    do {
      (one, other) = try vocabularies.get()
    } catch {
      guard !haveSameFiles else {
        return [Finding(.note, check, .tokenizer, "cannot be read, but both models have the same files: \(error)")]
      }
      return [Finding(severities.ids, check, .tokenizer, "is not compared: \(error)")]
    }
    guard let one, let other else {
      if one == nil, other == nil { return [] }
      return [other == nil ? missing(candidate, isExpected: true) : missing(reference, isExpected: false)]
    }
    let (first, second) = Vocabulary.comparable(one, other)
    let differences =
      VocabularyDifferences.findings(first, second, check: check, severity: severities.ids) + templates(one, other)
    guard let tokenizer = try? Tokenizer(first), let otherTokenizer = try? Tokenizer(second) else { return differences }
    for text in texts {
      let ids = tokenizer.encode(text), others = otherTokenizer.encode(text)
      guard ids != others else { continue }
      let fact = disagreement(("the reference", ids), ("the candidate", others))
      return differences + [Finding(severities.ids, check, .text(text), "the tokenizers differ at \(fact)")]
    }
    return differences
  }

  /// A warning if the readers of the two containers encode `text` differently, although the vocabularies are the same.
  func readerFindings(_ text: String) -> [Finding] {
    guard case (let one?, let other?)? = try? vocabularies.get(), one.reader != other.reader else { return [] }
    func ids(_ vocabulary: Vocabulary) -> [Int]? { (try? Tokenizer(vocabulary))?.encode(text) }
    guard let own = ids(one), let others = ids(other), own != others else { return [] }
    let (first, second) = Vocabulary.comparable(one, other)
    guard ids(first) == ids(second) else { return [] }
    let fact = disagreement((one.reader.rawValue, own), (other.reader.rawValue, others))
    return [
      Finding(
        .warning, check, .text(text),
        "\(one.reader.rawValue) and \(other.reader.rawValue) encode it differently, at \(fact)")
    ]
  }

  /// A missing tokenizer is a loss in a candidate that should contain one.
  private func missing(_ model: Model, isExpected: Bool) -> Finding {
    let severity: Finding.Severity =
      !model.facts.includesTokenizer ? .note : isExpected ? severities.missing : .warning
    return Finding(
      severity, check, .tokenizer, "is not compared: \(model.checkpoint.path.escapedForDisplay) has none")
  }

  /// Whether both folders have the same tokenizer files, byte for byte.
  private var haveSameFiles: Bool {
    guard let first = reference.facts.folder, let second = candidate.facts.folder,
      reference.facts.ggufMetadata == nil, candidate.facts.ggufMetadata == nil
    else { return false }
    let names = [
      "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "spiece.model", "vocab.json", "merges.txt",
      "vocab.txt", "tekken.json", "tiktoken.model", "qwen.tiktoken",
    ].filter { first.tree.hasFile($0) || second.tree.hasFile($0) }
    return !names.isEmpty
      && names.allSatisfy { name in
        guard let one = try? first.tree.open(name), let other = try? second.tree.open(name),
          one.byteCount == other.byteCount,
          let bytes = try? one.wholeContent(limit: ModelFolder.maximumSideFileByteCount)
        else { return false }
        return bytes == (try? other.wholeContent(limit: ModelFolder.maximumSideFileByteCount))
      }
  }

  private func disagreement(_ one: (name: String, ids: [Int]), _ other: (name: String, ids: [Int])) -> String {
    let count = min(one.ids.count, other.ids.count)
    let position = (0..<count).first { one.ids[$0] != other.ids[$0] } ?? count
    func id(_ ids: [Int]) -> String { position < ids.count ? "\(ids[position])" : "the end" }
    return "token \(position.grouped): \(id(one.ids)) in \(one.name), \(id(other.ids)) in \(other.name)"
      + " (\(counted(one.ids.count, "token")) and \(other.ids.count.grouped))"
  }

  /// Templates that differ or that one side lacks: every prompt of a chat is another then.
  private func templates(_ one: Vocabulary, _ other: Vocabulary) -> [Finding] {
    guard reference.facts.includesTokenizer, candidate.facts.includesTokenizer else { return [] }
    func texts(_ vocabulary: Vocabulary) -> [String: String] {
      Dictionary(vocabulary.chatTemplates.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
    }
    let first = texts(one), second = texts(other)
    return Set(first.keys).union(second.keys).sorted().compactMap { name in
      let subject = name == "default" ? "the chat template" : "the chat template \(name.quoted)"
      switch (first[name], second[name]) {
      case (let text?, let otherText?):
        guard !text.utf8.elementsEqual(otherText.utf8) else { return nil }
        let line = zip(text.utf8, otherText.utf8).prefix { $0 == $1 }.count { $0.0 == 0x0A } + 1
        return Finding(severities.templates, check, .tokenizer, "\(subject) differs from line \(line.grouped) on")
      case (_?, nil): return Finding(severities.templates, check, .tokenizer, "\(subject) is in the reference only")
      case (nil, _): return Finding(severities.templates, check, .tokenizer, "\(subject) is in the candidate only")
      }
    }
  }
}
