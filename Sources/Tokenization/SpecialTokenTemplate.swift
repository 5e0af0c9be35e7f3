import Bytes

/// The special tokens around a prompt.
public struct SpecialTokenTemplate: Sendable, Hashable {
  /// Token ids before the prompt.
  public var prefix: [Int]
  /// Token ids after the prompt.
  public var suffix: [Int]

  /// Creates a template of these ids.
  public init(prefix: [Int] = [], suffix: [Int] = []) {
    self.prefix = prefix
    self.suffix = suffix
  }
}

extension SpecialTokenTemplate {
  /// Reads the post-processor of a `tokenizer.json`; the template is empty if there is none.
  ///
  /// - Parameter id: returns the id of a token by its text.
  init(postProcessor: JSON?, id: (String) -> Int?) {
    self.init()
    guard let postProcessor else { return }
    for processor in postProcessor["processors"]?.array ?? [postProcessor] {
      switch processor["type"]?.string {
      case "TemplateProcessing":
        var isAfter = false
        for part in processor["single"]?.array ?? [] {
          guard let name = part["SpecialToken"]?["id"]?.string else {
            isAfter = isAfter || part["Sequence"] != nil
            continue
          }
          let listed = processor["special_tokens"]?[name]?["ids"]?.array?.compactMap(\.integer)
          let ids = listed ?? [id(name)].compactMap { $0 }
          if isAfter { suffix += ids } else { prefix += ids }
        }
      case "RobertaProcessing", "BertProcessing":
        prefix += [processor["cls"]?.array?.last?.integer].compactMap { $0 }
        suffix += [processor["sep"]?.array?.last?.integer].compactMap { $0 }
      default: break
      }
    }
  }
}

extension Vocabulary {
  /// The template that a file states, or else the one that follows from `additions`.
  ///
  /// Without either, BOS is added for SentencePiece vocabularies, EOS for unigram ones, and `[CLS]` and `[SEP]` for word
  /// pieces. A GGUF has llama.cpp's template.
  public var effectiveTemplate: SpecialTokenTemplate {
    if let specialTokenTemplate { return specialTokenTemplate }
    if reader == .llamaCpp { return llamaCppTemplate }
    let isWordPiece = kind == .wordPiece
    let addsStart = adds(.bos) ?? (kind.joinsPieces || isWordPiece || ignoresMerges)
    let addsEnd = adds(.eos) ?? (kind == .unigram || isWordPiece)
    let start = id(of: .bos) ?? (isWordPiece ? id(ofText: "[CLS]") : nil)
    let end = id(of: .eos) ?? (isWordPiece ? id(of: .sep) ?? id(ofText: "[SEP]") : nil)
    return SpecialTokenTemplate(
      prefix: addsStart ? [start].compactMap { $0 } : [], suffix: addsEnd ? [end].compactMap { $0 } : [])
  }

  /// The id that llama.cpp gives to a role that the metadata of a GGUF does not name; nil for byte-level vocabularies,
  /// whose defaults belong to one model.
  func defaultID(of role: SpecialToken) -> Int? {
    let number: Int? =
      switch (kind, role) {
      case (.sentencePiece, .unk), (.unigram, .pad), (.wordPiece, .pad): 0
      case (.sentencePiece, .bos), (.unigram, .eos): 1
      case (.sentencePiece, .eos), (.unigram, .unk): 2
      case (.wordPiece, .unk): 100
      case (.wordPiece, .bos): 101
      case (.wordPiece, .sep): 102
      case (.wordPiece, .mask): 103
      default: nil
      }
    return number.flatMap { $0 < count ? $0 : nil }
  }

  /// Whether a role has the same token in both vocabularies, one of which may leave it to llama.cpp's default.
  public func hasSameToken(_ role: SpecialToken, as other: Vocabulary) -> Bool {
    let (own, others) = (id(of: role), other.id(of: role))
    if own == others { return true }
    guard reader == .llamaCpp, other.reader == .llamaCpp else { return false }
    return own == nil && defaultID(of: role) == others || others == nil && other.defaultID(of: role) == own
  }

  /// The template of llama.cpp, which has default ids for some roles (`llama_vocab::impl::load`).
  ///
  /// Word pieces are always between BOS and SEP, even if the metadata denies it.
  private var llamaCppTemplate: SpecialTokenTemplate {
    func ids(_ role: SpecialToken, if isAdded: Bool = true) -> [Int] {
      // The default of byte-level vocabularies is Falcon's token.
      let byteLevel = kind == .byteLevel && count > 11 ? 11 : nil
      return isAdded ? [id(of: role) ?? defaultID(of: role) ?? byteLevel].compactMap { $0 } : []
    }
    switch kind {
    case .wordPiece: return SpecialTokenTemplate(prefix: ids(.bos), suffix: ids(.sep))
    case .mergedPieces:
      // llama.cpp adds BOS even if the metadata denies it.
      return SpecialTokenTemplate(prefix: ids(.bos), suffix: ids(.eos, if: adds(.eos) ?? false))
    case .sentencePiece, .unigram, .byteLevel:
      let addsStart =
        kind == .byteLevel ? PreTokenizer.named(preTokenizer)?.addsStart ?? false : kind == .sentencePiece
      return SpecialTokenTemplate(
        prefix: ids(.bos, if: adds(.bos) ?? addsStart), suffix: ids(.eos, if: adds(.eos) ?? (kind == .unigram)))
    }
  }
}
