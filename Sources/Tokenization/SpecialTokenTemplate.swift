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
  /// Without either, llama.cpp's defaults apply: BOS for SentencePiece vocabularies, EOS for unigram ones, and `[CLS]` and
  /// `[SEP]` for word pieces.
  var effectiveTemplate: SpecialTokenTemplate {
    if let specialTokenTemplate { return specialTokenTemplate }
    let isWordPiece = kind == .wordPiece
    let addsStart = adds(.bos) ?? (kind == .sentencePiece || isWordPiece || ignoresMerges)
    let addsEnd = adds(.eos) ?? (kind == .unigram || isWordPiece)
    let start = id(of: .bos) ?? (isWordPiece ? id(ofText: "[CLS]") : nil)
    let end = id(of: .eos) ?? (isWordPiece ? id(of: .sep) ?? id(ofText: "[SEP]") : nil)
    return SpecialTokenTemplate(
      prefix: addsStart ? [start].compactMap { $0 } : [], suffix: addsEnd ? [end].compactMap { $0 } : [])
  }
}
