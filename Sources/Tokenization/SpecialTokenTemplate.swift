import Bytes

/// The special tokens that encoding puts around a text.
public struct SpecialTokenTemplate: Sendable, Hashable {
  /// The ids before the text.
  public var before: [Int]
  /// The ids behind the text.
  public var behind: [Int]

  /// A frame of these ids.
  public init(before: [Int] = [], behind: [Int] = []) {
    self.before = before
    self.behind = behind
  }
}

extension SpecialTokenTemplate {
  /// The frame that the post-processor of a `tokenizer.json` spells out; nothing is put where there is none.
  ///
  /// - Parameter id: gives the id of a token's text.
  init(postProcessor: JSON?, id: (String) -> Int?) {
    self.init()
    guard let postProcessor else { return }
    for processor in postProcessor["processors"]?.array ?? [postProcessor] {
      switch processor["type"]?.string {
      case "TemplateProcessing":
        var isBehind = false
        for part in processor["single"]?.array ?? [] {
          guard let name = part["SpecialToken"]?["id"]?.string else {
            isBehind = isBehind || part["Sequence"] != nil
            continue
          }
          let listed = processor["special_tokens"]?[name]?["ids"]?.array?.compactMap(\.integer)
          let ids = listed ?? [id(name)].compactMap { $0 }
          if isBehind { behind += ids } else { before += ids }
        }
      case "RobertaProcessing", "BertProcessing":
        before += [processor["cls"]?.array?.last?.integer].compactMap { $0 }
        behind += [processor["sep"]?.array?.last?.integer].compactMap { $0 }
      default: break
      }
    }
  }
}

extension Vocabulary {
  /// What encoding puts around a text: the frame a file spells out, or else what the additions say.
  ///
  /// Where a GGUF is silent, llama.cpp's assumptions hold: SentencePiece vocabularies have a start, unigram ones an end,
  /// and word pieces stand between `[CLS]` and `[SEP]`.
  var effectiveFrame: SpecialTokenTemplate {
    if let frame { return frame }
    let isWordPiece = kind == .wordPiece
    let addsStart = adds(.bos) ?? (kind == .sentencePiece || isWordPiece || ignoresMerges)
    let addsEnd = adds(.eos) ?? (kind == .unigram || isWordPiece)
    let start = id(of: .bos) ?? (isWordPiece ? id(ofText: "[CLS]") : nil)
    let end = id(of: .eos) ?? (isWordPiece ? id(of: .sep) ?? id(ofText: "[SEP]") : nil)
    return SpecialTokenTemplate(
      before: addsStart ? [start].compactMap { $0 } : [], behind: addsEnd ? [end].compactMap { $0 } : [])
  }
}
