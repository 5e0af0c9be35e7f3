import Bytes
import Tensors

/// A form of checkpoint other than a model with plain weights.
///
/// `KnownForm+Table.swift` lists all of them. A form is read, by a function that composes its tensors, or named: then the
/// table says what a user can do.
public struct KnownForm: Sendable {
  /// The contents of such a checkpoint.
  public enum Content: Sendable {
    /// A model, whose matrices several stored tensors encode.
    case encodedModel
    /// A part of a model, which is quantized by the names of its tensors and not understood otherwise.
    case part
    /// Something other than a model.
    case other
  }

  /// Puts compositions in place of their sources, as the configuration says.
  typealias Reader = @Sendable (FormEvidence) throws(EncodingError) -> EncodedCheckpoint

  /// What is done with such a checkpoint.
  enum Treatment: Sendable {
    case read(Reader)
    /// It is not read; the text is what a user can do.
    case named(nextStep: String)
  }

  /// One kind of sign by which the form is recognized.
  enum Sign: Sendable {
    /// A value of `quantization_config.quant_method` in config.json, where tensors contain codes.
    case method(String)
    /// A word between dots in the name of a tensor.
    case word(String)
    /// A value of a metadata key.
    case metadata(String, String)
    /// Anything else, in words for the documentation: returns the tensor or key that shows it.
    case test(String, @Sendable (FormEvidence) -> String?)
  }

  /// The words after "is": `quantized by GPTQ`, `a LoRA adapter`.
  public let name: String
  public let content: Content
  let signs: [Sign]
  let treatment: Treatment

  init(_ name: String, _ content: Content, _ signs: [Sign], _ treatment: Treatment) {
    self.name = name
    self.content = content
    self.signs = signs
    self.treatment = treatment
  }

  /// A model whose encoding is not read.
  init(_ name: String, _ signs: [Sign], _ nextStep: String) {
    self.init(name, .encodedModel, signs, .named(nextStep: nextStep))
  }

  /// Whether its tensors are decoded.
  public var isRead: Bool { if case .read = treatment { true } else { false } }
}

extension KnownForm {
  /// The columns of `table`.
  public static let titles = ["the checkpoint is", "recognized by", "next step"]

  /// All forms, for the documentation.
  public static var table: [[String]] {
    all.map { form in
      let next = if case .named(let nextStep) = form.treatment { nextStep } else { "it is read" }
      return [form.name, form.signs.map(\.words).joined(separator: ", "), next]
    }
  }
}

extension KnownForm.Sign {
  fileprivate var words: String {
    switch self {
    case .method(let name): "`quant_method` `\(name)`"
    case .word(let word): "a tensor name with `\(word)`"
    case .metadata(let key, let value): "`\(key)` `\(value)`"
    case .test(let words, _): words
    }
  }
}

/// A form that a checkpoint was found to have.
public struct RecognizedForm: Sendable {
  public let form: KnownForm
  /// Further facts: `4 bits, groups of 128`; nil if nothing states any.
  public let detail: String?
  /// The key or tensor that shows the form.
  public let sign: String

  /// The form of the checkpoint, by the first entry of the table of which a sign is there; nil for plain weights.
  static func find(_ evidence: FormEvidence) -> RecognizedForm? {
    for form in KnownForm.all {
      for sign in form.signs {
        guard let shown = evidence.shows(sign) else { continue }
        let detail = form.content == .encodedModel ? evidence.quantizationDetail : nil
        return RecognizedForm(form: form, detail: detail, sign: shown)
      }
    }
    return nil
  }

  /// `quantized by GPTQ (4 bits, groups of 128; quantization_config.quant_method "gptq")`
  public var words: String { "\(form.name) (\((detail.map { $0 + "; " } ?? "") + sign))" }

  /// The reason why the checkpoint is not converted, and the next step.
  public var refusal: String {
    guard case .named(let nextStep) = form.treatment else { return "is \(words)" }
    return "is \(words), \(form.content == .encodedModel ? "which is not read" : "expected a model") (\(nextStep))"
  }
}
